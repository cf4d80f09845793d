"""How close energy-preserving channels bring a system and a bath to the thermal state."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.blocks import Array
from qentropy.convex_split.dense import independent_copies
from qentropy.lemmas.equalities import distance_interval
from qentropy.lemmas.gaussian_draws import (
    drawn_distribution,
    drawn_energy_preserving_unitaries,
    drawn_levels,
    drawn_state,
)
from qentropy.lemmas.rounding import frobenius_norm, scaled, trace_defect
from qentropy.lemmas.statement import Normals, Statement
from qentropy.lemmas.swap_collisions import hidden_state, hidden_state_error, state_and_copies
from qentropy.lemmas.total_energies import (
    channel_error,
    energy_labels,
    energy_preserving_channel,
    require_energy_preserving,
)
from qentropy.operators import as_state, check_epsilon
from qentropy.results import Interval, LemmaCheck
from qentropy.thermalization import RandomUnitaryChannel, optimal_thermalization_distance, pinched
from qentropy.thermalization.energy_types import Energies

__all__ = ["STATEMENTS", "check_pinching", "check_reachable_distance"]


def check_reachable_distance(
    rho: ArrayLike,
    sigma: ArrayLike,
    n: int,
    *,
    energies: Energies,
    unitaries: ArrayLike,
    weights: ArrayLike,
    factor: float = 1.0,
) -> LemmaCheck:
    r"""Energy bound, ``sum_E |w_E - w'_E| <= ||E(rho (x) sigma^(n-1)) - sigma^n||_1``.

    Parameters
    ----------
    rho, sigma
        State of the first system, and the target, which is the state of the others, in the
        eigenbasis of the Hamiltonian; shape ``(d, d)``.
    n
        Number of systems, at least 1; matrices of size ``d**n`` are built.
    energies
        Energy levels of one system, d numbers; equal totals are one subspace.
    unitaries
        Unitaries of all systems without entries between different energies,
        ``(K, d**n, d**n)``.
    weights
        Their probabilities in the channel E, shape ``(K,)``.
    factor
        Multiplies the right-hand side.

    Returns
    -------
    LemmaCheck
        ``w`` and ``w'`` are the weights of ``rho (x) sigma^(n-1)`` and of ``sigma^n`` on the energy
        subspaces. Their distance is what `optimal_thermalization_distance` gives.

    Raises
    ------
    InvalidStateError
        An operator is not a density operator, a matrix is not unitary or does not conserve the
        energy, or the weights are no probabilities.
    DimensionMismatchError, InvalidParameterError, ResourceLimitError
        As `optimal_thermalization_distance`.

    References
    ----------
    Paper, Lemmas 14 and 15, as in the proof of Prop. 18.

    Examples
    --------
    >>> rho, sigma, swap = np.diag([1.0, 0.0]), np.diag([0.5, 0.5]), np.eye(4)[[0, 2, 1, 3]]
    >>> check_reachable_distance(
    ...     rho, sigma, 2, energies=[0.0, 1.0], unitaries=[np.eye(4), swap], weights=[0.8, 0.2]
    ... ).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    scale = check_epsilon(factor, name="factor")
    first, other, copies = state_and_copies(rho, sigma, n)
    labels = energy_labels(energies, copies)
    channel = energy_preserving_channel(weights, unitaries, labels)
    return LemmaCheck(
        statement="reachable distance",
        equation="(C1), (C2)",
        lhs=optimal_thermalization_distance(energies, first, other, copies),
        rhs=scaled(_distance_after(channel, first, other, copies), scale),
        instance=f"d = {len(first)}, n = {copies}, {len(channel.weights)} unitaries",
    )


def check_pinching(
    rho: ArrayLike,
    sigma: ArrayLike,
    n: int,
    *,
    energies: Energies,
    unitaries: ArrayLike,
    weights: ArrayLike,
    factor: float = 1.0,
) -> LemmaCheck:
    r"""Pinching, ``||E(P(rho) (x) sigma^(n-1)) - sigma^n||_1`` is at most what it is for rho.

    Parameters
    ----------
    rho
        State of the first system, shape ``(d, d)``; P removes what it has between different
        energies.
    sigma
        The target, without entries between different energies, shape ``(d, d)``.
    n, energies, unitaries, weights
        As in `check_reachable_distance`.
    factor
        Multiplies the right-hand side.

    Returns
    -------
    LemmaCheck
        Both sides in trace norm. Pinching in the total energy commutes with E and does to the
        first system what P does, so that the bath of rho is at least as large as that of P(rho).

    Raises
    ------
    InvalidStateError
        As `check_reachable_distance`; or sigma has entries between different energies.
    DimensionMismatchError, InvalidParameterError, ResourceLimitError
        As `check_reachable_distance`.

    References
    ----------
    Paper, Corollary 4, (18), whose proof takes rho to be diagonal; the pinched state is.

    Examples
    --------
    >>> rho, sigma = np.full((2, 2), 0.5), np.diag([0.6, 0.4])
    >>> check_pinching(
    ...     rho, sigma, 2, energies=[0.0, 1.0], unitaries=[np.eye(4)], weights=[1.0]
    ... ).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    scale = check_epsilon(factor, name="factor")
    first, other, copies = state_and_copies(rho, sigma, n)
    single = energy_labels(energies)
    require_energy_preserving(other, single, "sigma")
    channel = energy_preserving_channel(weights, unitaries, energy_labels(energies, copies))
    # Labels instead of energies, so that levels are equal exactly where the totals count as such.
    diagonal = pinched(first, np.diag(single.astype(float)))
    return LemmaCheck(
        statement="pinching",
        equation="(18)",
        lhs=_distance_after(channel, diagonal, other, copies),
        rhs=scaled(_distance_after(channel, first, other, copies), scale),
        instance=f"d = {len(first)}, n = {copies}, {len(channel.weights)} unitaries",
    )


def _distance_after(channel: RandomUnitaryChannel, rho: Array, sigma: Array, n: int) -> Interval:
    """Interval of ``||E(rho (x) sigma^(n-1)) - sigma^n||_1``."""
    product = hidden_state(rho, sigma, np.eye(n)[0])
    start = as_state(product)
    target = independent_copies(sigma, n)
    error = channel_error(channel, start) + frobenius_norm(start - product)
    error += hidden_state_error(rho, sigma, n) + hidden_state_error(sigma, sigma, n)
    # States of trace one are meant, and rounding takes the traces off it.
    error += 1.001 * n * (trace_defect(rho) + 2 * trace_defect(sigma))
    return distance_interval(channel.apply(start), target, certify.up(error))


def _draw_channel(normals: Normals, k: int) -> dict[str, Any]:
    d, n = ((2, 2), (2, 3), (3, 2), (2, 4), (3, 3))[k % 5]
    # Equal spacing every other time, so that subspaces hold several types.
    energies = np.arange(float(d)) if k % 2 else drawn_levels(normals, d)
    boltzmann = np.exp(-0.5 * energies)
    count = 1 + k % 6
    return {
        "rho": drawn_state(normals, d, 1 + k % d),
        "sigma": np.diag(boltzmann / boltzmann.sum()),
        "n": n,
        "energies": energies,
        "unitaries": drawn_energy_preserving_unitaries(normals, energy_labels(energies, n), count),
        "weights": drawn_distribution(normals, count),
    }


STATEMENTS = (
    Statement(
        name="reachable-distance",
        check=check_reachable_distance,
        draw=_draw_channel,
        false_variant={"factor": 0.02},
    ),
    Statement(
        name="pinching",
        check=check_pinching,
        draw=_draw_channel,
        false_variant={"factor": 0.02},
    ),
)
