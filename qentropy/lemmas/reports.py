"""What checks of one statement on many instances amount to: tightest instance and verdict."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qentropy.results import LemmaCheck, Verdict

__all__ = ["Instance", "LemmaReport", "relative_slack"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Instance:
    """One instance of a statement, and what came out.

    Parameters
    ----------
    arguments
        Keyword arguments of the statement's check.
    check
        Both sides and the verdict.
    adversarial
        Whether a search found it; otherwise it was drawn at random.
    """

    arguments: Mapping[str, Any] = field(repr=False)
    check: LemmaCheck
    adversarial: bool = False

    @property
    def relative_slack(self) -> float:
        """Proved lower end of the relative slack, no unit, at most 1."""
        return relative_slack(self.check.lhs.upper, self.check.rhs.lower)

    @property
    def shape(self) -> tuple[object, ...]:
        """Shapes of the arrays among the arguments, and the integers."""
        values = self.arguments.values()
        return tuple(x if isinstance(x, int) else np.shape(x) for x in values)


@dataclass(frozen=True, kw_only=True, eq=False)
class LemmaReport:
    """A statement on many instances.

    Parameters
    ----------
    name
        Key of the statement.
    instances
        The random instances and, after them, what the search found.
    evaluations
        How many instances the search looked at.
    """

    name: str
    instances: tuple[Instance, ...]
    evaluations: int = 0

    @property
    def statement(self) -> str:
        """What the statement is about."""
        return self.instances[0].check.statement

    @property
    def equation(self) -> str:
        """Equation number in the paper."""
        return self.instances[0].check.equation

    @property
    def shapes(self) -> int:
        """How many different shapes the instances have."""
        return len({instance.shape for instance in self.instances})

    @property
    def adversarial(self) -> int:
        """How many of the instances a search found."""
        return sum(instance.adversarial for instance in self.instances)

    @property
    def tightest(self) -> Instance:
        """The instance with the smallest proved relative slack."""
        return min(self.instances, key=lambda instance: instance.relative_slack)

    @property
    def verdict(self) -> Verdict:
        """REFUTED if any instance is, else UNDECIDED if any is, else PROVED."""
        verdicts = {instance.check.verdict for instance in self.instances}
        for verdict in (Verdict.REFUTED, Verdict.UNDECIDED):
            if verdict in verdicts:
                return verdict
        return Verdict.PROVED

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and strings, ready for JSON."""
        return {
            "name": self.name,
            "statement": self.statement,
            "equation": self.equation,
            "instances": len(self.instances),
            "random": len(self.instances) - self.adversarial,
            "adversarial": self.adversarial,
            "search_evaluations": self.evaluations,
            "shapes": self.shapes,
            "verdict": self.verdict.value,
            "worst_slack": self.tightest.relative_slack,
            "tightest": {
                **self.tightest.check.to_dict(),
                "adversarial": self.tightest.adversarial,
            },
        }


def relative_slack(lhs: float, rhs: float) -> float:
    """Relative slack ``(rhs - lhs) / |rhs|``, or ``rhs - lhs`` if either side is exactly zero.

    Examples
    --------
    >>> relative_slack(1.0, 4.0), relative_slack(0.0, 4.0), relative_slack(1.0, math.inf)
    (0.75, 4.0, 1.0)
    """
    if math.isinf(rhs) and not math.isinf(lhs):
        return math.copysign(1.0, rhs)
    if lhs == rhs:
        return 0.0
    scale = 1.0 if 0.0 in {lhs, rhs} or math.isinf(rhs) else abs(rhs)
    return (rhs - lhs) / scale
