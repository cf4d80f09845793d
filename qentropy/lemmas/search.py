"""Search for the instances that come closest to breaking a statement.

The normal numbers that an instance is drawn from are moved by a derivative-free method, so that the
relative slack between the middles of both sides falls. Every instance on the way is checked by
intervals like any other.
"""

import math
import warnings
from collections.abc import Callable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from qentropy.errors import CertificationWarning, QEntropyError
from qentropy.lemmas.reports import Instance, relative_slack
from qentropy.lemmas.statement import Normals, Statement
from qentropy.results import Interval, Verdict

__all__ = ["RecordedNormals", "adversarial_instance", "replayed"]

Vector = NDArray[np.float64]
FIRST_STEP = 0.5  # of numbers of order one


class RecordedNormals:
    """Standard normal numbers of a generator, which are remembered.

    Parameters
    ----------
    rng
        The generator.

    Examples
    --------
    >>> normals = RecordedNormals(np.random.default_rng(0))
    >>> drawn = normals(2, 3)
    >>> bool((replayed(normals.numbers)(2, 3) == drawn).all())
    True
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._parts: list[Vector] = []

    def __call__(self, *shape: int) -> Vector:
        """The next numbers, in an array of this shape."""
        drawn = self._rng.standard_normal(shape)
        self._parts.append(drawn.ravel())
        return drawn

    @property
    def numbers(self) -> Vector:
        """All numbers so far, in the order in which they were asked for."""
        return np.concatenate([np.empty(0), *self._parts])


def replayed(numbers: Vector) -> Normals:
    """The numbers as a source of normal numbers, in the order in which they stand."""
    place = 0

    def normals(*shape: int) -> Vector:
        nonlocal place
        start, place = place, place + math.prod(shape)
        return numbers[start:place].reshape(shape)

    return normals


def adversarial_instance(
    statement: Statement,
    k: int,
    start: Vector,
    *,
    evaluations: int,
    progress: Callable[[], None] = lambda: None,
) -> Instance | None:
    """The tightest decided instance that a search from given normal numbers meets.

    Parameters
    ----------
    statement
        The statement to break.
    k
        Which of its shapes and ranks.
    start
        The normal numbers to start from.
    evaluations
        How many instances are checked at most.
    progress
        Called after each of them.

    Returns
    -------
    Instance or None
        A refuted one, if there is any. Where equality is attained, the search ends in instances
        whose intervals overlap. Those say nothing and are passed over.
    """
    from scipy.optimize import minimize

    search = _Search(statement, k, evaluations, progress)
    with suppress(_BudgetSpentError):
        minimize(search.slack, start, method="COBYLA", options={"rhobeg": FIRST_STEP})
    return search.tightest


class _BudgetSpentError(Exception):
    """Ends a search in the middle of a step."""


class _Search:
    """The slack as a function of the numbers, and the tightest decided instance so far."""

    def __init__(
        self, statement: Statement, k: int, evaluations: int, progress: Callable[[], None]
    ) -> None:
        self.tightest: Instance | None = None
        self._statement, self._k = statement, k
        self._left, self._progress = evaluations, progress

    def slack(self, numbers: Vector) -> float:
        """Relative slack of the middles; infinite where the numbers make no instance."""
        if self._left == 0:
            raise _BudgetSpentError
        self._left -= 1
        instance = _instance(self._statement, self._k, numbers)
        self._progress()
        if instance is None:
            return math.inf
        if instance.check.verdict is not Verdict.UNDECIDED:
            known = self.tightest
            if known is None or instance.relative_slack < known.relative_slack:
                self.tightest = instance
        return relative_slack(_middle(instance.check.lhs), _middle(instance.check.rhs))


def _instance(statement: Statement, k: int, numbers: Vector) -> Instance | None:
    """The checked instance, or None where the numbers make none."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", CertificationWarning)
        try:
            arguments = statement.draw(replayed(numbers), k)
            check = statement.check(**arguments)
        except QEntropyError:
            return None
    return Instance(arguments=arguments, check=check, adversarial=True)


def _middle(interval: Interval) -> float:
    if math.isinf(interval.upper):
        return interval.lower
    return (interval.lower + interval.upper) / 2
