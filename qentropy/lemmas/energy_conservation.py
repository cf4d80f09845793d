"""Random unitary channels of collisions conserve the energy, and so the weight of each energy."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qentropy import certify
from qentropy.blocks import Array
from qentropy.lemmas.collision_models import whole_space_model
from qentropy.lemmas.gaussian_draws import (
    drawn_distribution,
    drawn_energy_preserving_unitaries,
    drawn_state,
)
from qentropy.lemmas.random_unitary_channels import (
    MOST_TERMS,
    draw_collisions,
    draw_labels,
    word_errors,
)
from qentropy.lemmas.statement import Normals, Statement
from qentropy.lemmas.total_energies import (
    channel_error,
    energy_labels,
    energy_preserving_channel,
    subspace_weights,
)
from qentropy.operators import as_state, check_epsilon
from qentropy.results import Interval, LemmaCheck
from qentropy.thermalization.energy_types import Energies
from qentropy.thermalization.parameters import check_time

__all__ = ["STATEMENTS", "check_energy_preservation", "check_energy_weights"]


def check_energy_preservation(
    unitaries: ArrayLike,
    rates: Sequence[float],
    *,
    energies: ArrayLike,
    time: float,
    left_out: float = 1e-3,
    tilt: float = 0.0,
) -> LemmaCheck:
    r"""Words of collisions conserve the energy, ``max_w ||[U_w, H]|| = 0``, Frobenius norm.

    Parameters
    ----------
    unitaries
        The ``U_k``, shape ``(K, D, D)``; they commute with H up to rounding.
    rates, time, left_out
        As in `check_random_unitary_channel`.
    energies
        Energies of the basis states, shape ``(D,)``.
    tilt
        Multiplies a linear rise of the energies from 0 to 1 over the basis states, which is added
        for the commutators with the words but not for those with the ``U_k``.

    Returns
    -------
    LemmaCheck
        The largest commutator of the words that are kept, over ``||H||``, and what those of their
        factors and the rounding of the products allow.

    Raises
    ------
    InvalidStateError
        A matrix is not unitary or does not conserve the energy.
    DimensionMismatchError, InvalidParameterError, ResourceLimitError
        As `CollisionModel` and `CollisionModel.channel`.

    References
    ----------
    Paper, Def. 7 and Cor. 8.

    Examples
    --------
    >>> swap = np.eye(4)[[0, 2, 1, 3]]
    >>> check_energy_preservation([swap], [1.0], energies=[0, 1, 1, 2], time=0.5).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    until, slope = check_time(time), check_epsilon(tilt, name="tilt")
    levels = np.asarray(energies, dtype=float)
    model = whole_space_model(len(levels), unitaries, rates, energies=levels)
    channel = model.channel(until, tolerance=left_out, max_terms=MOST_TERMS)
    words = word_errors(model, until, left_out)
    # A product has at most the sum of the commutators of its factors.
    single = _largest_commutator(np.stack([c.matrix for c in model.collisions]), levels)
    rhs = 1.001 * words.length * single.upper + 2 * words.product
    return LemmaCheck(
        statement="energy preservation",
        equation="(A11)",
        lhs=_largest_commutator(
            channel.unitaries, levels + slope * np.linspace(0.0, 1.0, len(levels))
        ),
        rhs=Interval(certify.up(rhs, 4), certify.up(rhs, 4)),
        instance=f"D = {len(levels)}, {len(channel.weights)} unitaries",
    )


def check_energy_weights(
    rho: ArrayLike,
    unitaries: ArrayLike,
    weights: ArrayLike,
    *,
    energies: Energies,
    factor: float = 1.0,
) -> LemmaCheck:
    r"""Energy weights are conserved, ``sum_E |Tr E(rho) Pi_E - Tr rho Pi_E| = 0``.

    Parameters
    ----------
    rho
        Density operator, shape ``(D, D)``.
    unitaries
        Unitaries without entries between different energies, shape ``(K, D, D)``.
    weights
        Their probabilities, shape ``(K,)``.
    energies
        Energies of the basis states, shape ``(D,)``; equal numbers are one subspace.
    factor
        Multiplies the weights of rho.

    Returns
    -------
    LemmaCheck
        The sum over the energies as computed, and a bound of its rounding.

    Raises
    ------
    InvalidStateError
        rho is not a density operator, a matrix is not unitary or does not conserve the energy, or
        the weights are no probabilities.
    DimensionMismatchError, InvalidParameterError
        The shapes do not fit, or the energies are not real numbers.

    References
    ----------
    Paper, Lemma 14, (C1).

    Examples
    --------
    >>> rho, flip = np.diag([0.1, 0.2, 0.7]), np.eye(3)[[1, 0, 2]]
    >>> check_energy_weights(rho, [flip], [1.0], energies=[0, 0, 1]).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    state, labels = as_state(rho), energy_labels(energies)
    scale = check_epsilon(factor, name="factor")
    channel = energy_preserving_channel(weights, unitaries, labels)
    before = np.diagonal(state).real
    after = np.diagonal(channel.apply(state)).real
    moved = subspace_weights(after, labels) - scale * subspace_weights(before, labels)
    value = float(np.abs(moved).sum())
    rounding = certify.gamma(len(labels) + 8) * (1 + scale) * 1.001
    # The diagonal's absolute sum is at most the root of D times the Frobenius norm.
    tolerance = math.sqrt(len(labels)) * channel_error(channel, state) + 2 * rounding
    return LemmaCheck(
        statement="energy weights",
        equation="(C1)",
        lhs=Interval(max(0.0, value - rounding), certify.up(value + rounding)),
        rhs=Interval(certify.up(tolerance, 2), certify.up(tolerance, 2)),
        instance=f"D = {len(labels)}, {len(moved)} energies, {len(channel.weights)} unitaries",
    )


def _largest_commutator(unitaries: Array, energies: NDArray[np.float64]) -> Interval:
    """Interval of the largest ``||[U, H]|| / ||H||``, Frobenius norms; zero where H is."""
    # The entries of [U, H] are U_ij (E_j - E_i).
    gaps = np.abs(energies[:, None] - energies)
    size = float(np.linalg.norm(energies)) or 1.0
    value = float(np.linalg.norm(unitaries * gaps, axis=(-2, -1)).max()) / size
    error = value * certify.gamma(4 * gaps.size + 16)
    return Interval(max(0.0, certify.down(value - error)), certify.up(value + error))


def _draw_mixture(normals: Normals, k: int) -> dict[str, Any]:
    labels = draw_labels(k)
    count = 1 + k % 4
    return {
        "rho": drawn_state(normals, len(labels), 1 + k % len(labels)),
        "unitaries": drawn_energy_preserving_unitaries(normals, labels, count),
        "weights": drawn_distribution(normals, count),
        "energies": labels.astype(float),
    }


STATEMENTS = (
    Statement(
        name="energy-preservation",
        check=check_energy_preservation,
        draw=draw_collisions,
        false_variant={"tilt": 0.1},
    ),
    Statement(
        name="energy-weights",
        check=check_energy_weights,
        draw=_draw_mixture,
        false_variant={"factor": 0.9},
    ),
)
