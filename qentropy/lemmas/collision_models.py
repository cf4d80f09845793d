"""Collisional dynamics on one space, and how far a computed evolution can be from the exact one.

Errors are in Frobenius norm, which mixtures of unitaries do not increase. What floats call a
unitary is one up to rounding; its squared norm is bounded and enters as a growth per collision.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qentropy import certify
from qentropy.blocks import Array
from qentropy.errors import DimensionMismatchError, InvalidParameterError, ResourceLimitError
from qentropy.lemmas.rounding import frobenius_norm
from qentropy.thermalization import Collision, CollisionModel
from qentropy.thermalization.poisson import poisson_weights

__all__ = [
    "EVOLUTION_TOLERANCE",
    "collision_error",
    "evolution_error",
    "poisson_tail",
    "poisson_terms",
    "squared_norm_bound",
    "weight_defect",
    "whole_space_model",
]

EVOLUTION_TOLERANCE = 1e-14
"""Weight of many collisions that an evolution leaves out where a statement is checked."""

MOST_COLLISIONS = 500.0
"""Above this mean the first Poisson probabilities underflow."""


def whole_space_model(
    dimension: int,
    unitaries: ArrayLike,
    rates: Sequence[float],
    *,
    energies: ArrayLike | None = None,
) -> CollisionModel:
    """Model with one system, the whole space, that is hit by ``U_k`` at ``rates[k]``.

    Parameters
    ----------
    dimension
        Dimension D of the whole space.
    unitaries
        The ``U_k``, shape ``(K, D, D)``.
    rates
        Their rates, K positive numbers.
    energies
        Energies of the basis states, shape ``(D,)``; if given the unitaries have to conserve them.

    Raises
    ------
    DimensionMismatchError
        The numbers of unitaries and rates differ, or a shape does not fit.
    InvalidParameterError
        There is no unitary, or a rate is not positive.
    InvalidStateError
        As `Collision` and `CollisionModel`.

    Examples
    --------
    >>> whole_space_model(2, [np.eye(2)], [0.5]).rate
    0.5
    """
    matrices, speeds = list(np.asarray(unitaries)), np.ravel(rates).tolist()
    if not matrices:
        raise InvalidParameterError("there must be at least one unitary; got none")
    if len(matrices) != len(speeds):
        raise DimensionMismatchError(
            f"there must be one rate for each unitary; got {len(speeds)} for {len(matrices)}"
        )
    collisions = [Collision(u, (0,), rate) for u, rate in zip(matrices, speeds, strict=True)]
    hamiltonian = None if energies is None else np.diag(np.asarray(energies, dtype=float))
    return CollisionModel(dimension, 1, collisions, hamiltonian)


def squared_norm_bound(unitaries: Sequence[Array]) -> float:
    """Upper bound of ``||U||**2`` for all of them, ``1 + ||U^dagger U - 1||``; at least one.

    Examples
    --------
    >>> 1 <= squared_norm_bound([np.eye(3)]) < 1 + 1e-13
    True
    """
    defects = [0.0]
    for unitary in unitaries:
        size = len(unitary)
        gap = unitary.conj().T @ unitary - np.eye(size)
        rounding = certify.gamma(4 * size + 10) * frobenius_norm(unitary) ** 2
        defects.append(frobenius_norm(gap) + rounding)
    return certify.up(1 + max(defects), 2)


def collision_error(size: int, kinds: int) -> float:
    """Relative error of one computed mixture ``sum_k s_k U_k X U_k^dagger``, Frobenius norm.

    Examples
    --------
    >>> collision_error(4, 2) < 1e-13
    True
    """
    # A complex product of matrices has the error gamma(4 D + 8) ||A||_F ||B||_F, and ||U||_F is
    # about the root of D. There are two products, and a sum of K terms with a share each.
    return certify.gamma((math.isqrt(size) + 1) * (8 * size + 16) + kinds + 16)


def poisson_terms(mean: float, count: int) -> tuple[NDArray[np.float64], float]:
    """Poisson probabilities of 0 to count - 1, by recurrence, and a bound of their relative error.

    Parameters
    ----------
    mean
        Mean, up to two roundings, at most 500.
    count
        Number of terms.

    Raises
    ------
    ResourceLimitError
        The mean is larger.

    Examples
    --------
    >>> poisson_terms(1.0, 3)[0]
    array([0.36787944, 0.36787944, 0.18393972])
    """
    if not mean <= MOST_COLLISIONS:
        raise ResourceLimitError(
            f"{mean:.3g} collisions are expected; at most {MOST_COLLISIONS:g} can be checked"
        )
    terms = np.cumprod(np.concatenate([[math.exp(-mean)], mean / np.arange(1.0, count)]))
    # Two roundings in each factor, two in the exponential; those of the mean count m + mean times.
    return terms, certify.gamma(4 * count + 2 * math.ceil(mean) + 16)


def poisson_tail(mean: float, count: int, growth: float = 1.0) -> float:
    """Upper bound of ``sum_(m >= count) Poisson(m) growth**m``; ``inf`` for too small a count.

    Examples
    --------
    >>> 0.0803 < poisson_tail(1.0, 3) < 0.085
    True
    """
    larger = certify.up(mean * growth, 4)
    if count + 1 <= larger:
        return math.inf
    # exp(-mean) instead of exp(-larger): the terms are growth**m times the probabilities.
    terms, error = poisson_terms(larger, count + 1)
    first = float(terms[-1]) * math.exp(larger - mean)
    return certify.up(first / (1 - larger / (count + 1)) * (1 + 2 * error) + 2.0**-1000, 4)


def evolution_error(model: CollisionModel, rho: Array, time: float, tolerance: float) -> float:
    """Bound of how far `CollisionModel.evolve` is from the exact Poisson mixture.

    Parameters
    ----------
    model, rho, time, tolerance
        As in `CollisionModel.evolve`.

    Returns
    -------
    float
        Bound in Frobenius norm: from rounding, from the terms that are left out, and from the
        weights, which are compared with probabilities of proved error.

    Examples
    --------
    >>> model = whole_space_model(2, [[[0, 1], [1, 0]]], [1.0])
    >>> evolution_error(model, np.eye(2) / 2, 1.0, 1e-14) < 1e-12
    True
    """
    mean = model.rate * time
    weights, _ = poisson_weights(mean, tolerance)
    weights = weights / weights.sum()
    growth = squared_norm_bound([c.matrix for c in model.collisions])
    rounding = collision_error(len(rho), len(model.collisions))
    relative = len(weights) * rounding + certify.gamma(2 * len(weights) + 16)
    relative += weight_defect(mean, weights) + poisson_tail(mean, len(weights), growth)
    # The margin covers the rounding of this bound and products of errors.
    return certify.up(1.001 * frobenius_norm(rho) * growth ** len(weights) * relative)


def weight_defect(mean: float, weights: NDArray[np.float64]) -> float:
    """Bound of ``sum_m |w_m - Poisson(m)|`` over the terms that are there.

    Examples
    --------
    >>> weight_defect(1.0, np.exp([-1.0, -1.0])) < 1e-14
    True
    """
    terms, error = poisson_terms(mean, len(weights))
    return certify.up((float(np.abs(weights - terms).sum()) + error) * (1 + 1e-9))
