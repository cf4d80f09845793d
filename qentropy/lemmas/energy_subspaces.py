"""The energy subspace condition, and what swaps achieve under it: uniform subspaces, optimality.

The checks do not insist on the hypotheses. Where the condition fails, or a state has coherence, a
statement may be false, and then it comes out REFUTED.
"""

from fractions import Fraction
from itertools import combinations_with_replacement, pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.convex_split import convex_split_distance
from qentropy.errors import DimensionMismatchError, InvalidParameterError, ResourceLimitError
from qentropy.lemmas.equalities import equal_matrices, equal_numbers
from qentropy.lemmas.gaussian_draws import drawn_distribution, drawn_levels
from qentropy.lemmas.rounding import scaled
from qentropy.lemmas.statement import Normals, Statement
from qentropy.lemmas.swap_collisions import hidden_state, hidden_state_error, state_and_copies
from qentropy.lemmas.total_energies import energy_labels, subspace_weights
from qentropy.operators import check_count, check_epsilon
from qentropy.results import Interval, LemmaCheck
from qentropy.thermalization import (
    optimal_thermalization_distance,
    satisfies_energy_subspace_condition,
)
from qentropy.thermalization.energy_types import Energies, exact_levels, type_count

__all__ = [
    "STATEMENTS",
    "check_energy_subspace_condition",
    "check_optimal_swaps",
    "check_uniform_subspaces",
]

MOST_NUMBERS = 2**22


def check_energy_subspace_condition(
    energies: Energies, n: int, *, factor: float = 1.0
) -> LemmaCheck:
    r"""Energy subspace condition, ``min |m . E - m' . E|`` by its decision and by enumeration.

    Parameters
    ----------
    energies
        Energy levels of one system, at least two numbers, taken as exact.
    n
        Number of systems, at least 1.
    factor
        Multiplies what enumeration gives.

    Returns
    -------
    LemmaCheck
        Difference of the two smallest gaps, and the rounding of both to doubles. The condition
        holds up to n exactly if the gap is not zero. All pairs of multisets of n levels are
        compared in rational arithmetic.

    Raises
    ------
    InvalidParameterError
        There are fewer than two levels, they are not real numbers, or n is not a positive integer.
    ResourceLimitError
        The types have more than ``2**22`` occupation numbers together.

    References
    ----------
    Paper, Definitions 2 and 16, (16) and (C3), for vectors m and m' that differ.

    Examples
    --------
    >>> check_energy_subspace_condition([0.0, 1.0, 2.5], 3).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    scale, copies = check_epsilon(factor, name="factor"), check_count(n)
    levels = exact_levels(energies)
    if len(levels.steps) < 2:
        raise InvalidParameterError(f"energies must have at least two levels; got {energies!r}")
    if len(levels.steps) * type_count(len(levels.steps), copies) > MOST_NUMBERS:
        raise ResourceLimitError(f"{copies} systems have more types than are enumerated here")
    totals = sorted(sum(chosen) for chosen in combinations_with_replacement(levels.steps, copies))
    smallest = min(high - low for low, high in pairwise(totals))
    found = satisfies_energy_subspace_condition(energies, copies)
    return equal_numbers(
        _around(found.smallest_gap),
        scaled(_around(float(smallest * Fraction(levels.unit))), scale),
        names=("energy subspace condition", "(16)"),
        instance=f"d = {len(levels.steps)}, n = {copies}, holds: {found.holds}",
    )


def check_uniform_subspaces(
    rho: ArrayLike, sigma: ArrayLike, n: int, *, energies: Energies, factor: float = 1.0
) -> LemmaCheck:
    r"""Uniform subspaces, ``Pi_E rho^(n) Pi_E = Tr(rho^(n) Pi_E) Pi_E / Tr Pi_E`` for all E.

    Parameters
    ----------
    rho, sigma
        Density operators, diagonal in the eigenbasis of the Hamiltonian, shape ``(d, d)``.
    n
        Number of systems, at least 1; matrices of size ``d**n`` are built.
    energies
        Energy levels of one system, d numbers, which satisfy the energy subspace condition up to n.
    factor
        Multiplies the weight of rho in the first place, before the weights are normalised.

    Returns
    -------
    LemmaCheck
        Trace norm of the difference of both sides as computed, all energies together, and a bound
        of its rounding.

    Raises
    ------
    InvalidStateError, DimensionMismatchError, InvalidParameterError, ResourceLimitError
        As `optimal_thermalization_distance`.

    References
    ----------
    Paper, Lemma 17, (C7).

    Examples
    --------
    >>> rho, sigma = np.diag([0.9, 0.1]), np.diag([0.4, 0.6])
    >>> check_uniform_subspaces(rho, sigma, 3, energies=[0.0, 1.0]).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    scale = check_epsilon(factor, name="factor")
    first, other, copies = state_and_copies(rho, sigma, n)
    labels = energy_labels(energies, copies)
    if len(labels) != len(first) ** copies:
        raise DimensionMismatchError(
            f"there must be one energy for each of {len(first)} basis vectors; got {energies!r}"
        )
    weights = np.full(copies, 1.0)
    weights[0] = scale
    split = hidden_state(first, other, weights / weights.sum())
    totals = subspace_weights(np.diagonal(split).real, labels)
    uniform = np.diag((totals / np.bincount(labels))[labels])
    return equal_matrices(
        split,
        uniform,
        # An average over a subspace does not increase the error; it is rounded, too.
        3 * hidden_state_error(first, other, copies),
        names=("uniform subspaces", "(C7)"),
        instance=_instance(energies, copies),
    )


def check_optimal_swaps(
    rho: ArrayLike, sigma: ArrayLike, n: int, *, energies: Energies, factor: float = 1.0
) -> LemmaCheck:
    r"""Optimal swaps, ``||rho^(n) - sigma^n||_1 = sum_E |w_E - w'_E|``.

    Parameters
    ----------
    rho, sigma
        Density operators, diagonal in the eigenbasis of the Hamiltonian, shape ``(d, d)``.
    n
        Number of systems, at least 1.
    energies
        Energy levels of one system, d numbers, which satisfy the energy subspace condition up to n.
    factor
        Multiplies the right-hand side.

    Returns
    -------
    LemmaCheck
        Difference of both sides, and the widths of their proved intervals. The right-hand side,
        with the weights w of ``rho (x) sigma^(n-1)`` and w' of ``sigma^n``, is a lower bound for
        every energy-preserving random unitary channel, so that equality is optimality.

    Raises
    ------
    InvalidStateError, DimensionMismatchError, InvalidParameterError, ResourceLimitError
        As `convex_split_distance` and `optimal_thermalization_distance`.

    References
    ----------
    Paper, Theorem 3, (17), and Prop. 18, (C8).

    Examples
    --------
    >>> rho, sigma = np.diag([0.9, 0.1]), np.diag([0.4, 0.6])
    >>> check_optimal_swaps(rho, sigma, 3, energies=[0.0, 1.0]).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    scale = check_epsilon(factor, name="factor")
    optimum = optimal_thermalization_distance(energies, rho, sigma, n)
    swaps = convex_split_distance(rho, sigma, n)
    return equal_numbers(
        swaps,
        scaled(optimum, scale),
        names=("optimal swaps", "(C8)"),
        instance=_instance(energies, n),
        details={"distance of swaps": swaps, "least distance": optimum},
    )


def _around(value: float) -> Interval:
    """The numbers that may have been rounded to this one."""
    return Interval(certify.down(value), certify.up(value))


def _instance(energies: Energies, n: int) -> str:
    condition = satisfies_energy_subspace_condition(energies, n)
    return f"d = {len(energies)}, n = {n}, condition holds: {condition.holds}"


def _draw_levels(normals: Normals, k: int) -> dict[str, Any]:
    d, n = ((2, 7), (3, 5), (4, 4), (5, 3), (8, 2))[k % 5]
    return {"energies": drawn_levels(normals, d), "n": n}


def _draw(normals: Normals, k: int) -> dict[str, Any]:
    d, n = ((2, 2), (2, 6), (3, 3), (4, 2), (3, 4))[k % 5]
    energies = drawn_levels(normals, d)
    boltzmann = np.exp(-energies * (0.2 + 0.2 * (k % 4)))
    return {
        "rho": np.diag(drawn_distribution(normals, d)),
        "sigma": np.diag(boltzmann / boltzmann.sum()),
        "n": n,
        "energies": energies,
    }


STATEMENTS = (
    Statement(
        name="energy-subspace-condition",
        check=check_energy_subspace_condition,
        draw=_draw_levels,
        false_variant={"factor": 0.5},
    ),
    Statement(
        name="uniform-subspaces",
        check=check_uniform_subspaces,
        draw=_draw,
        false_variant={"factor": 0.5},
    ),
    Statement(
        name="optimal-swaps",
        check=check_optimal_swaps,
        draw=_draw,
        false_variant={"factor": 0.9},
    ),
)
