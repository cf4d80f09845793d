"""What functions return: proved intervals, certified values, verdicts on lemmas.

An `Interval` is a proof; a `SolverReport` is only evidence of how a number was found.
The two are kept apart on purpose.
"""

import json
import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qentropy.errors import InvalidParameterError

__all__ = [
    "CertifiedValue",
    "FloatOrArray",
    "Interval",
    "LemmaCheck",
    "SolverReport",
    "Verdict",
    "float_or_array",
]

FloatOrArray: TypeAlias = Any
"""A float for one operator, an array for a stack. As in numpy, the type does not tell which."""


def float_or_array(values: ArrayLike) -> FloatOrArray:
    """What a closed form returns: a float for one operator, an array for a stack.

    Parameters
    ----------
    values
        One number per operator, shape ``(...)``.

    Returns
    -------
    float or ndarray
        A float if there are no leading axes, otherwise an array of shape ``(...)``.

    Examples
    --------
    >>> float_or_array(np.float64(1.5))
    1.5
    >>> float_or_array([1.0, 2.0])
    array([1., 2.])
    """
    array = np.asarray(values, dtype=float)
    return float(array) if array.ndim == 0 else array


@dataclass(frozen=True)
class Interval:
    """Closed interval that contains the exact value, ``lower <= x <= upper``.

    Infinite ends are allowed. An interval is never empty and never NaN.

    Raises
    ------
    InvalidParameterError
        An end is NaN, or the ends are in the wrong order.

    Examples
    --------
    >>> bits = Interval(1.0, 1.5)
    >>> 1.2 in bits, bits.width
    (True, 0.5)
    """

    lower: float
    upper: float

    def __post_init__(self) -> None:
        if not self.lower <= self.upper:
            raise InvalidParameterError(
                f"an interval must have lower <= upper; got [{self.lower}, {self.upper}]"
            )

    @property
    def width(self) -> float:
        """``upper - lower``; zero if both ends are the same infinity."""
        return 0.0 if self.lower == self.upper else self.upper - self.lower

    def __contains__(self, value: float) -> bool:
        return self.lower <= value <= self.upper

    def overlaps(self, other: "Interval") -> bool:
        """Whether the two intervals have a point in common."""
        return self.lower <= other.upper and other.lower <= self.upper


@dataclass(frozen=True, kw_only=True)
class SolverReport:
    """How a number was found. Evidence, not proof.

    Parameters
    ----------
    solver
        Name of the algorithm or library that proposed the points.
    status
        The solver's own last word, in its own words.
    iterations
        Iterations that the solver reports; 0 for a closed form.
    seconds
        Wall-clock time of the whole computation, in seconds.
    blocks
        Sizes of the joint diagonal blocks, largest first.
    notes
        Repairs of the input and choices of route, one sentence each.
    """

    solver: str
    status: str
    iterations: int
    seconds: float
    blocks: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


class _Dense(Protocol):
    def dense(self) -> NDArray[Any]: ...


@dataclass(frozen=True, kw_only=True, eq=False)
class CertifiedValue:
    """A number with a proved interval and the points that prove it.

    Parameters
    ----------
    value
        The end of the interval that a returned feasible point attains, in bits.
    lower, upper
        Proved ends, in bits. The exact value lies between them.
    method
        The route that was taken, for instance ``"commuting"`` or ``"conic"``.
    rtol
        Relative gap that was asked for, relative to ``2**value``.
    ball, radius, normalized
        The smoothing ball, its radius, and whether it holds normalised states only.
    unit
        ``"bits"``, or ``""`` for what has no unit and is no logarithm, such as a norm.
    report
        How the points were found, or None.

    Notes
    -----
    ``float(result)`` is `value`. The matrices `state` and `witness` are assembled on access.
    """

    value: float
    lower: float
    upper: float
    method: str
    rtol: float
    ball: str = ""
    radius: float = 0.0
    normalized: bool = True
    unit: str = "bits"
    report: SolverReport | None = None
    primal: _Dense | None = field(default=None, repr=False)
    dual: _Dense | None = field(default=None, repr=False)

    @property
    def interval(self) -> Interval:
        """The proved interval, in the unit of the value."""
        return Interval(self.lower, self.upper)

    @property
    def gap(self) -> float:
        """Relative gap ``2**(upper - lower) - 1`` of the quantity under the logarithm.

        The width itself if the value is not in bits.
        """
        width = self.interval.width
        if self.unit != "bits":
            return width
        return math.expm1(width * math.log(2)) if width < 1000 else math.inf

    @property
    def converged(self) -> bool:
        """Whether the proved relative gap is at most `rtol`."""
        return self.gap <= self.rtol

    @property
    def state(self) -> NDArray[Any] | None:
        """Primal point (the smoothed state), shape ``(d, d)``, read-only, or None."""
        return _read_only(self.primal)

    @property
    def witness(self) -> NDArray[Any] | None:
        """Dual point that proves the lower end, shape ``(d, d)``, read-only, or None."""
        return _read_only(self.dual)

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        ball = f", ball={self.ball!r}, radius={self.radius:g}" if self.ball else ""
        unit = f" {self.unit}" if self.unit else ""
        return (
            f"CertifiedValue({_certain_digits(self.interval)}{unit} in "
            f"[{self.lower!r}, {self.upper!r}], method={self.method!r}{ball})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and strings, ready for JSON; the matrices are left out."""
        report = None if self.report is None else dict(vars(self.report))
        return {
            "value": self.value,
            "lower": self.lower,
            "upper": self.upper,
            "gap": self.gap,
            "converged": self.converged,
            "method": self.method,
            "rtol": self.rtol,
            "ball": self.ball,
            "radius": self.radius,
            "normalized": self.normalized,
            "unit": self.unit,
            "report": report,
        }


class Verdict(StrEnum):
    """What the intervals of both sides say about a statement."""

    PROVED = "PROVED"
    REFUTED = "REFUTED"
    UNDECIDED = "UNDECIDED"


@dataclass(frozen=True, kw_only=True, eq=False)
class LemmaCheck:
    """One inequality ``lhs <= rhs`` of the paper on one instance.

    Parameters
    ----------
    statement, equation
        Name of the statement and its equation number in the paper.
    lhs, rhs
        Proved intervals of both sides.
    instance
        What the statement was evaluated on, in one line.
    details
        Further intervals that belong to the statement, by name.
    """

    statement: str
    equation: str
    lhs: Interval
    rhs: Interval
    instance: str
    details: dict[str, Interval] = field(default_factory=dict)

    @property
    def slack(self) -> Interval:
        """Interval of ``rhs - lhs``; proved when its lower end is not negative."""
        return Interval(
            math.nextafter(self.rhs.lower - self.lhs.upper, -math.inf),
            math.nextafter(self.rhs.upper - self.lhs.lower, math.inf),
        )

    @property
    def verdict(self) -> Verdict:
        """PROVED or REFUTED if the intervals are ordered, UNDECIDED if they overlap."""
        if self.lhs.upper <= self.rhs.lower:
            return Verdict.PROVED
        if self.lhs.lower > self.rhs.upper:
            return Verdict.REFUTED
        return Verdict.UNDECIDED

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and strings, ready for JSON."""
        return {
            "statement": self.statement,
            "equation": self.equation,
            "instance": self.instance,
            "lhs": [self.lhs.lower, self.lhs.upper],
            "rhs": [self.rhs.lower, self.rhs.upper],
            "verdict": self.verdict.value,
            "details": {name: [x.lower, x.upper] for name, x in self.details.items()},
        }


def _read_only(matrix: _Dense | None) -> NDArray[Any] | None:
    if matrix is None:
        return None
    array = matrix.dense()
    array.flags.writeable = False
    return array


def _certain_digits(interval: Interval) -> str:
    """Decimal form with as many digits as both ends share, at least one decimal."""
    if not np.isfinite([interval.lower, interval.upper]).all():
        return str(interval.upper) if interval.width == 0 else "?"
    middle = (interval.lower + interval.upper) / 2
    for digits in range(15, 0, -1):
        if f"{interval.lower:.{digits}f}" == f"{interval.upper:.{digits}f}":
            return json.dumps(round(middle, digits))
    return f"{middle:.1f}"
