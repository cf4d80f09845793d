"""Quantities of hypothesis testing, from the tests of Neyman and Pearson, in bits.

A test Lambda is a point ``(Tr Lambda rho, Tr Lambda sigma)``. The projectors ``{rho > x sigma}``
are the extreme points of the lower boundary of all such points, and mixtures of two of them fill
the gaps that kernels of ``rho - x sigma`` leave. Both functions walk along this boundary.
"""

import numpy as np
from numpy.typing import ArrayLike

from qentropy.blocks import SUPPORT_TOLERANCE, Array
from qentropy.divergences import max_relative_entropy, min_relative_entropy
from qentropy.errors import SolverError
from qentropy.operators import StatePair, check_epsilon, check_pair
from qentropy.results import FloatOrArray, float_or_array
from qentropy.spectra import closed_form, diagonal_matrices, in_eigenbasis_of_sigma

__all__ = ["hypothesis_testing_relative_entropy", "information_spectrum_relative_entropy"]

MAX_STEPS = 500
ROUNDING = 4 * np.finfo(float).eps


@closed_form
def hypothesis_testing_relative_entropy(
    rho: ArrayLike, sigma: ArrayLike, epsilon: float
) -> FloatOrArray:
    r"""Hypothesis-testing relative entropy ``D_H^epsilon(rho||sigma) = -log2 beta``.

    ``beta = min {Tr Lambda sigma : 0 <= Lambda <= 1, Tr Lambda rho >= 1 - epsilon}``. The optimal
    test is a projector ``{rho > x sigma}`` plus a fraction of the kernel of ``rho - x sigma``.

    Parameters
    ----------
    rho
        Density operator, shape ``(d, d)`` or a stack ``(..., d, d)``.
    sigma
        Positive semidefinite operator of any trace, shape ``(..., d, d)``.
    epsilon
        Error of the first kind that is allowed, between 0 and 1. Zero gives
        `min_relative_entropy`, one gives ``inf``.

    Returns
    -------
    float or ndarray
        In bits, at least ``-log2((1 - epsilon) Tr sigma)``. ``inf`` if rho has weight
        ``1 - epsilon`` or more outside supp(sigma).

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        As `relative_entropy`.
    InvalidParameterError
        `epsilon` is not between 0 and 1.

    References
    ----------
    F. Buscemi, N. Datta, arXiv:0902.0158; L. Wang, R. Renner, arXiv:1007.5456.

    Examples
    --------
    >>> hypothesis_testing_relative_entropy([[1, 0], [0, 0]], [[0.5, 0], [0, 0.5]], 0.5)
    2.0
    """
    allowed = check_epsilon(epsilon, 1.0)
    if allowed == 0:
        return min_relative_entropy(rho, sigma)
    pair = check_pair(rho, sigma)
    margin = 1 - SUPPORT_TOLERANCE * pair.rho.dimension
    finite = pair.outside_weight < (1 - allowed) * margin
    error = np.where(finite, _least_error(pair, 1 - allowed, finite), 1.0)
    return float_or_array(np.where(finite, -np.log2(error) - pair.exponent, np.inf))


@closed_form
def information_spectrum_relative_entropy(
    rho: ArrayLike, sigma: ArrayLike, epsilon: float
) -> FloatOrArray:
    r"""Information-spectrum relative entropy, ``log2 min{x : Tr(rho - x sigma)_+ <= epsilon}``.

    Equally ``log2 max (Tr Lambda rho - epsilon)/Tr Lambda sigma`` over tests Lambda.

    Parameters
    ----------
    rho, sigma
        As in `hypothesis_testing_relative_entropy`.
    epsilon
        Weight that may stick out, at least 0. Zero gives `max_relative_entropy`.

    Returns
    -------
    float or ndarray
        In bits. ``inf`` if rho has more weight than `epsilon` outside supp(sigma), and ``-inf``
        if ``epsilon >= 1``, where ``x = 0`` already does.

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        As `relative_entropy`.
    InvalidParameterError
        `epsilon` is not a number, or negative.

    References
    ----------
    M. Tomamichel, M. Hayashi, arXiv:1208.1478; N. Datta, F. Leditzky, arXiv:1403.2543.

    Examples
    --------
    >>> information_spectrum_relative_entropy([[1, 0], [0, 0]], [[0.5, 0], [0, 0.5]], 0.5)
    0.0
    """
    allowed = check_epsilon(epsilon)
    if allowed == 0:
        return max_relative_entropy(rho, sigma)
    pair = check_pair(rho, sigma)
    if allowed >= 1:
        return float_or_array(np.full(pair.exponent.shape, -np.inf))
    finite = pair.outside_weight <= allowed + SUPPORT_TOLERANCE * pair.rho.dimension
    threshold = _least_threshold(pair, allowed, finite)
    return float_or_array(np.where(finite, np.log2(threshold) - pair.exponent, np.inf))


def _least_error(pair: StatePair, weight: float, active: Array) -> Array:
    """Least ``Tr Lambda sigma`` of a test with ``Tr Lambda rho = weight``.

    Two tests enclose the weight; their mixture is an upper bound. The best test for the slope of
    the line between them is a lower bound, and replaces one of the two.
    """
    blocks = list(in_eigenbasis_of_sigma(pair))
    low_rho, low_sigma = np.zeros(active.shape), np.zeros(active.shape)
    high_rho, high_sigma = np.ones(active.shape), pair.sigma.trace
    for _ in range(MAX_STEPS):
        slope = (high_sigma - low_sigma) / (high_rho - low_rho)
        mixture = low_sigma + slope * (weight - low_rho)
        new_rho, new_sigma = _best_test(blocks, slope, np.ones_like(slope))
        bound = new_sigma + slope * (weight - new_rho)
        scale = new_sigma + slope * np.maximum(new_rho, weight)
        better = active & (bound < mixture - ROUNDING * scale)
        if not better.any():
            return np.asarray(mixture)
        is_low = new_rho < weight
        low_rho = np.where(better & is_low, new_rho, low_rho)
        low_sigma = np.where(better & is_low, new_sigma, low_sigma)
        high_rho = np.where(better & ~is_low, new_rho, high_rho)
        high_sigma = np.where(better & ~is_low, new_sigma, high_sigma)
    raise SolverError(f"the search for the optimal test did not end in {MAX_STEPS} steps")


def _least_threshold(pair: StatePair, allowed: float, finite: Array) -> Array:
    """Newton's method from below for the convex function ``Tr(rho - x sigma)_+ - allowed``."""
    blocks = list(in_eigenbasis_of_sigma(pair))
    threshold = np.asarray((1 - allowed) / pair.sigma.trace)
    for _ in range(MAX_STEPS):
        on_rho, on_sigma = _best_test(blocks, np.ones_like(threshold), threshold)
        usable = finite & (on_sigma > 0)
        proposal = (on_rho - allowed) / np.where(usable, on_sigma, 1.0)
        better = usable & (proposal > threshold * (1 + ROUNDING))
        if not better.any():
            return threshold
        threshold = np.where(better, proposal, threshold)
    raise SolverError(f"the search for the threshold did not end in {MAX_STEPS} steps")


def _best_test(
    blocks: list[tuple[Array, Array]], rho_factor: Array, sigma_factor: Array
) -> tuple[Array, Array]:
    """``Tr P rho`` and ``Tr P sigma`` of ``P = {rho_factor rho > sigma_factor sigma}``."""
    on_rho: Array = np.zeros(rho_factor.shape)
    on_sigma: Array = np.zeros(rho_factor.shape)
    a, b = rho_factor[..., None, None, None], sigma_factor[..., None, None]
    for state, values in blocks:
        gains, vectors = np.linalg.eigh(a * state - diagonal_matrices(b * values))
        chosen = (gains > 0)[..., None, :]
        weights = np.where(chosen, abs(vectors) ** 2, 0.0)
        on_sigma = on_sigma + (weights * values[..., :, None]).sum(axis=(-1, -2, -3))
        images = np.where(chosen, vectors.conj() * (state @ vectors), 0.0).real
        on_rho = on_rho + images.sum(axis=(-1, -2, -3))
    return on_rho, on_sigma
