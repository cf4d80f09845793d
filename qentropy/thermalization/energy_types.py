"""Types of n systems: how many of them are in each level, with what energy and how many ways.

Energies are taken as the exact rational numbers that they are, so that equal total energies are
found by integer arithmetic and not by a tolerance.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qentropy.blocks import require_memory
from qentropy.errors import InvalidParameterError
from qentropy.operators import check_count, check_epsilon, is_real_number

__all__ = [
    "Energies",
    "EnergyTypes",
    "ExactLevels",
    "energy_types",
    "exact_levels",
    "occupations",
    "type_count",
]

Energies: TypeAlias = Sequence[float] | Sequence[Fraction] | NDArray[Any]
"""Energy levels of one system: numbers that a computer holds exactly."""

LARGEST = 2**900


@dataclass(frozen=True, kw_only=True)
class ExactLevels:
    """Energies as ``lowest + unit * steps``, exactly.

    Parameters
    ----------
    lowest
        The lowest energy.
    unit
        A positive number of which all differences are multiples.
    steps
        One integer for each level, the smallest 0, without a common divisor.
    """

    lowest: Fraction
    unit: Fraction
    steps: tuple[int, ...]

    def totals(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Exact total steps of types, shape ``(N,)``; machine integers where they suffice."""
        count = int(rows[0].sum())
        kind = np.int64 if count * max(self.steps) < 2**62 else object
        weights = np.array(self.steps, dtype=kind)
        out = np.zeros(len(rows), dtype=kind)
        for column, weight in zip(rows.T, weights, strict=True):
            out += column.astype(kind) * weight
        return out

    def whole_steps(self, tolerance: float) -> int:
        """The largest number of steps that is at most `tolerance` in units of energy."""
        # At most so many that a machine integer holds them; then all energies are equal.
        return min(math.floor(Fraction(tolerance) / self.unit), 2**62)


@dataclass(frozen=True, kw_only=True, eq=False)
class EnergyTypes:
    """All types of n systems, sorted by total energy; arrays are read-only.

    Parameters
    ----------
    occupations
        Numbers of systems in each level, shape ``(N, d)``; each row sums to n.
    energies
        Total energies, shape ``(N,)``, in the unit of the levels, rounded to doubles.
    labels
        Number of the total energy in ascending order, from 0, shape ``(N,)``. Types have the same
        label exactly where their energies count as equal.
    log2_multiplicities
        Numbers of basis states of each type, ``log2 (n! / prod_i m_i!)``, shape ``(N,)``, in bits.
    """

    occupations: NDArray[Any]
    energies: NDArray[Any]
    labels: NDArray[Any]
    log2_multiplicities: NDArray[Any]


def energy_types(energies: Energies, n: int, *, tolerance: float = 0.0) -> EnergyTypes:
    r"""Types of n systems, ``m`` in N^d with ``sum_i m_i = n``, and their energies ``m . E``.

    Parameters
    ----------
    energies
        Energy levels of one system, d numbers in any unit; one for each dimension, so that a
        degenerate level is listed as often as its degeneracy.
    n
        Number of systems, at least 1.
    tolerance
        Neighbouring total energies that differ by at most this, in the unit of the levels, count
        as equal. Zero compares them exactly.

    Returns
    -------
    EnergyTypes
        All ``binom(n + d - 1, d - 1)`` of them.

    Raises
    ------
    InvalidParameterError
        The energies are not real numbers of at most ``2**900``, n is not a positive integer, or
        the tolerance is negative.
    ResourceLimitError
        The types would not fit into memory.

    References
    ----------
    Paper, (C5).

    Examples
    --------
    >>> types = energy_types([0.0, 1.0, 2.0], 2)
    >>> types.energies
    array([0., 1., 2., 2., 3., 4.])
    >>> types.labels
    array([0, 1, 2, 2, 3, 4])
    >>> types.occupations[2:4]
    array([[0, 2, 0],
           [1, 0, 1]])
    """
    from scipy.special import gammaln

    levels = exact_levels(energies)
    steps = levels.whole_steps(check_epsilon(tolerance, name="tolerance"))
    rows = occupations(len(levels.steps), check_count(n, "n"))
    totals = levels.totals(rows)
    order = np.argsort(totals, kind="stable")
    rows, totals = rows[order], totals[order]
    new = np.concatenate([[0], np.diff(totals) > steps]).astype(np.intp)
    logs = gammaln(n + 1) - gammaln(rows + 1.0).sum(axis=1)
    floats = np.array([float(levels.lowest + step * levels.unit) for step in levels.steps])
    out = EnergyTypes(
        occupations=rows,
        energies=rows @ floats,
        labels=np.cumsum(new),
        log2_multiplicities=logs / math.log(2),
    )
    for array in vars(out).values():
        array.flags.writeable = False
    return out


def exact_levels(energies: Energies) -> ExactLevels:
    """The rational numbers that these energies are, in a common unit.

    Parameters
    ----------
    energies
        Real numbers, or fractions.

    Raises
    ------
    InvalidParameterError
        There are none, or one is not a real number of at most ``2**900``.

    Examples
    --------
    >>> exact_levels([0.5, 0.75, 1.5]).steps
    (0, 1, 4)
    """
    try:
        values = [_exact(energy) for energy in energies]
    except TypeError as error:
        raise InvalidParameterError(
            f"energies must be real numbers of at most 2**900; got {energies!r}"
        ) from error
    if not values:
        raise InvalidParameterError("energies must have at least one level; got none")
    lowest = min(values)
    shared = math.lcm(*(value.denominator for value in values))
    steps = [int((value - lowest) * shared) for value in values]
    divisor = math.gcd(*steps) or 1
    return ExactLevels(
        lowest=lowest,
        unit=Fraction(divisor, shared),
        steps=tuple(step // divisor for step in steps),
    )


def _exact(value: Any) -> Fraction:
    """A number as a fraction; what is none, or so large that sums overflow, is a `TypeError`."""
    if isinstance(value, (int, np.integer)) and is_real_number(value):
        exact = Fraction(int(value))
    elif isinstance(value, Fraction):
        exact = value
    elif is_real_number(value) and np.isfinite(value):
        exact = Fraction(*value.as_integer_ratio())
    else:
        raise TypeError(f"not a finite real number: {value!r}")
    if abs(exact) > LARGEST:
        raise TypeError(f"too large: {value!r}")
    return exact


def type_count(levels: int, n: int) -> float:
    """About ``binom(n + d - 1, d - 1)``, the number of types; ``inf`` if it exceeds the floats.

    Examples
    --------
    >>> round(type_count(8, 20))
    888030
    """
    # A difference of two log-gamma functions would lose all digits for large n.
    small, large = sorted((levels - 1, n))
    exponent = float(np.log1p(large / np.arange(1, small + 1)).sum())
    return math.exp(exponent) if exponent < 700 else math.inf


def occupations(levels: int, n: int) -> NDArray[Any]:
    """All vectors of `levels` natural numbers that sum to n, in lexicographic order.

    Parameters
    ----------
    levels
        Number of levels d.
    n
        Number of systems.

    Returns
    -------
    ndarray
        Integers, shape ``(N, d)``.

    Raises
    ------
    ResourceLimitError
        They would not fit into memory.

    Examples
    --------
    >>> occupations(2, 2)
    array([[0, 2],
           [1, 1],
           [2, 0]])
    """
    count = type_count(levels, n)
    require_memory(16.0 * (levels + 8) * count, f"{count:.3g} types of {n} systems")
    if n == 1:  # the only size that is asked for with thousands of levels
        return np.eye(levels, dtype=np.int64)[::-1]
    left = np.array([n])
    columns: list[NDArray[Any]] = []
    for _ in range(levels - 1):
        choices = left + 1
        firsts = np.cumsum(choices) - choices
        taken = np.arange(choices.sum()) - np.repeat(firsts, choices)
        columns = [np.repeat(column, choices) for column in columns] + [taken]
        left = np.repeat(left, choices) - taken
    return np.stack([*columns, left], axis=1)
