"""The energy subspace condition, pinching, and how close to thermal the best process comes."""

import math
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qentropy.blocks import Array, extract, joint_blocks
from qentropy.errors import DimensionMismatchError
from qentropy.operators import as_hermitian, as_state, check_count, check_epsilon
from qentropy.thermalization.energy_types import (
    Energies,
    ExactLevels,
    exact_levels,
    occupations,
    type_count,
)

__all__ = ["EnergySubspaceCondition", "pinched", "satisfies_energy_subspace_condition"]

ENTRY_LIMIT = 2.0**23
ROUNDING = 64 * float(np.finfo(float).eps)

Type = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class EnergySubspaceCondition:
    """Whether types of n systems can be told apart by their total energy, with the closest pair.

    Parameters
    ----------
    holds
        True or False where it was decided, None where it was not.
    smallest_gap
        Smallest difference between the energies of two types that were compared, in the unit of
        the levels; ``inf`` if there is only one type. Of all types of n systems if `holds` is not
        None and `compared` is n, otherwise an upper bound.
    pair
        The two types of n systems that make it, occupation numbers; None if there is only one.
    compared
        The largest number of systems of which all types were compared, at most n.
    tolerance
        Gaps of at most this counted as none.
    """

    holds: bool | None
    smallest_gap: float
    pair: tuple[Type, Type] | None
    compared: int
    tolerance: float

    @property
    def relation(self) -> Type | None:
        """Integers k, first not zero positive, with ``sum k = 0`` and ``|sum k E|`` the gap."""
        if self.pair is None:
            return None
        difference = tuple(a - b for a, b in zip(*self.pair, strict=True))
        first = next(k for k in difference if k)
        return difference if first > 0 else tuple(-k for k in difference)


def satisfies_energy_subspace_condition(
    energies: Energies, n: int, *, tolerance: float = 0.0
) -> EnergySubspaceCondition:
    r"""Energy subspace condition up to n, ``m . E != m' . E`` for types ``m != m'`` of n systems.

    Parameters
    ----------
    energies
        Energy levels of one system, d numbers in any unit; a degenerate level is listed as often
        as its degeneracy. They are taken as the exact rational numbers that they are.
    n
        Number of systems, at least 1. What holds for n holds for fewer.
    tolerance
        Largest difference of total energies, in the unit of the levels, that counts as none. With
        levels that were computed, n times their error.

    Returns
    -------
    EnergySubspaceCondition
        Decided exactly if d is at most 2, or if all types have at most ``2**23`` occupation
        numbers together, which covers d = 8 with n = 20. Beyond, only as many systems are compared
        as that allows: a pair of equal energies proves that the condition fails for n as well, and
        without one `holds` is None.

    Raises
    ------
    InvalidParameterError
        The energies are not real numbers of at most ``2**900``, n is not a positive integer, or
        the tolerance is negative.
    ResourceLimitError
        Not even the levels of one system fit into memory.

    Notes
    -----
    The definition asks for every n. Rational energies of three or more levels always fail for a
    large enough n, so that for floats only the condition up to a given n means anything; with many
    levels that n is small, since ``2**53`` values leave no room for more types than that.

    References
    ----------
    Paper, Definitions 2 and 16.

    Examples
    --------
    >>> satisfies_energy_subspace_condition([0.0, 1.0], 1000).holds
    True
    >>> found = satisfies_energy_subspace_condition([0.0, 1.0, 2.0], 2)
    >>> found.holds, found.smallest_gap, found.pair
    (False, 0.0, ((0, 2, 0), (1, 0, 1)))
    """
    levels, count = exact_levels(energies), check_count(n, "n")
    slack = check_epsilon(tolerance, name="tolerance")
    if len(levels.steps) <= 2:
        gap, pair = _few_levels(levels, count)
        compared = count
    else:
        d = len(levels.steps)
        sizes = range(1, count + 1)
        # Types of one system, the levels themselves, are always compared.
        compared = max(1, bisect_right(sizes, ENTRY_LIMIT, key=lambda k: d * type_count(d, k)))
        gap, pair = _closest_types(levels, compared, count)
    distinct = gap is None or gap > Fraction(slack)
    return EnergySubspaceCondition(
        holds=(True if compared == count else None) if distinct else False,
        smallest_gap=math.inf if gap is None else float(gap),
        pair=pair,
        compared=compared,
        tolerance=slack,
    )


def _few_levels(levels: ExactLevels, n: int) -> tuple[Fraction | None, tuple[Type, Type] | None]:
    """One level has one type; with two, neighbours differ by one system in the other level."""
    if len(levels.steps) == 1:
        return None, None
    return levels.unit * max(levels.steps), ((n, 0), (n - 1, 1))


def _closest_types(
    levels: ExactLevels, compared: int, n: int
) -> tuple[Fraction, tuple[Type, Type]]:
    """Smallest gap, exactly, and its pair, filled up with systems in the first level."""
    rows = occupations(len(levels.steps), compared)
    totals = levels.totals(rows)
    order = np.argsort(totals, kind="stable")
    gaps = np.diff(totals[order])
    place = int(gaps.argmin())
    pair = rows[order[place : place + 2]].copy()
    pair[:, 0] += n - compared
    first, second = (tuple(int(m) for m in row) for row in pair)
    return levels.unit * int(gaps[place]), (first, second)


def pinched(rho: ArrayLike, hamiltonian: ArrayLike, *, tolerance: float | None = None) -> Array:
    r"""State without coherence between different energies, ``sum_E Pi_E rho Pi_E``.

    Parameters
    ----------
    rho
        Density operator, shape ``(d, d)``.
    hamiltonian
        Hermitian operator H, shape ``(d, d)``.
    tolerance
        Neighbouring eigenvalues of H that differ by at most this, in the unit of H, belong to one
        energy; by default ``64 d`` units of rounding of the largest one.

    Returns
    -------
    ndarray
        Density operator, shape ``(d, d)``. Where H is diagonal, entries are kept or set to zero
        without rounding.

    Raises
    ------
    InvalidStateError
        rho is not a density operator, or H is not Hermitian.
    DimensionMismatchError
        They are not two matrices of one size.
    InvalidParameterError
        The tolerance is negative.

    References
    ----------
    Paper, condition 2 of Lemma 17: what is pinched is diagonal in an eigenbasis of H.

    Examples
    --------
    >>> plus = [[0.5, 0.5], [0.5, 0.5]]
    >>> pinched(plus, np.diag([0, 1]))
    array([[0.5, 0. ],
           [0. , 0.5]])
    >>> pinched(plus, [[0, 1], [1, 0]]).round(12)
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    state, energy = as_state(rho), as_hermitian(hamiltonian, "hamiltonian")
    if state.shape != energy.shape or state.ndim != 2:
        raise DimensionMismatchError(
            f"rho and hamiltonian must be two matrices of one size; got {state.shape} and "
            f"{energy.shape}"
        )
    blocks = extract(energy, joint_blocks(energy))
    values = np.empty(len(energy))
    for index, part in zip(blocks.index, blocks.spectrum.values, strict=True):
        values[index] = part
    basis = blocks.with_groups(blocks.spectrum.vectors).dense()
    width = float(ROUNDING * len(values) * abs(values).max())
    if tolerance is not None:
        width = check_epsilon(tolerance, name="tolerance")
    labels = _clusters(values, width)
    turned = (basis.conj().T @ state @ basis) * (labels[:, None] == labels)
    out = basis @ turned @ basis.conj().T
    return np.asarray((out + out.conj().T) / 2)


def _clusters(values: NDArray[Any], width: float) -> NDArray[Any]:
    """Numbers of the groups of values that lie no further apart than `width` from neighbours."""
    order = np.argsort(values)
    labels = np.empty(len(values), np.intp)
    labels[order] = np.cumsum(np.diff(values[order], prepend=values[order[:1]]) > width)
    return labels
