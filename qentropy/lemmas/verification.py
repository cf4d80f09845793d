"""Every statement on many instances, and the verdict on each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qentropy.errors import InvalidParameterError
from qentropy.lemmas import convex_split, extension, operator_inequality
from qentropy.results import LemmaCheck, Verdict

__all__ = ["STATEMENTS", "LemmaReport", "verify"]

STATEMENTS: dict[str, Callable[[np.random.Generator, int], LemmaCheck]] = {
    "convex-split": convex_split.random_check,
    "trace-distance-extension": extension.random_check,
    "cq-operator-inequality": operator_inequality.random_check,
}
"""For each statement: a check of its k-th random instance."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LemmaReport:
    """A statement on many instances.

    Parameters
    ----------
    statement, equation
        Name and equation number in the paper.
    checks
        One check per instance.
    """

    statement: str
    equation: str
    checks: tuple[LemmaCheck, ...]

    @property
    def tightest(self) -> LemmaCheck:
        """The check with the smallest proved slack."""
        return min(self.checks, key=lambda check: check.slack.lower)

    @property
    def verdict(self) -> Verdict:
        """REFUTED if any instance is, else UNDECIDED if any is, else PROVED."""
        verdicts = {check.verdict for check in self.checks}
        for verdict in (Verdict.REFUTED, Verdict.UNDECIDED):
            if verdict in verdicts:
                return verdict
        return Verdict.PROVED

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and strings, ready for JSON."""
        return {
            "statement": self.statement,
            "equation": self.equation,
            "instances": len(self.checks),
            "verdict": self.verdict.value,
            "worst_slack": self.tightest.slack.lower,
            "tightest": self.tightest.to_dict(),
        }


def verify(
    names: Sequence[str] = (), *, samples: int = 20, rng: int | np.random.Generator = 0
) -> Iterator[LemmaReport]:
    """Check statements on random instances of several shapes and ranks, one report each.

    Parameters
    ----------
    names
        Keys of `STATEMENTS`; none means all.
    samples
        Instances per statement, at least 1.
    rng
        Seed or generator; each statement draws from a stream of its own.

    Yields
    ------
    LemmaReport

    Raises
    ------
    InvalidParameterError
        A name is unknown, or `samples` is not positive.

    Examples
    --------
    >>> [report.verdict.value for report in verify(["convex-split"], samples=3)]
    ['PROVED']
    """
    unknown = [name for name in names if name not in STATEMENTS]
    if unknown:
        raise InvalidParameterError(
            f"unknown statement {unknown[0]!r}; known are {', '.join(STATEMENTS)}"
        )
    if samples < 1:
        raise InvalidParameterError(f"samples must be at least 1; got {samples}")
    streams = np.random.default_rng(rng).spawn(len(STATEMENTS))
    for (name, make), stream in zip(STATEMENTS.items(), streams, strict=True):
        if not names or name in names:
            checks = tuple(make(stream, k) for k in range(samples))
            yield LemmaReport(
                statement=checks[0].statement, equation=checks[0].equation, checks=checks
            )
