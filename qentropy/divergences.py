"""Relative entropies with a closed form, in bits.

``inf`` stands for a violated support condition. The sums are arranged so that no large terms
cancel when the two states, or the order and one, are close to each other.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from qentropy.blocks import LARGE, SUPPORT_TOLERANCE, Array, is_diagonal, largest_eigenvalue
from qentropy.errors import InvalidParameterError
from qentropy.operators import StatePair, check_epsilon, check_pair
from qentropy.results import FloatOrArray, float_or_array
from qentropy.spectra import (
    LARGEST_ORDER,
    JointSpectrum,
    closed_form,
    diagonal_matrices,
    in_eigenbasis_of_sigma,
    joint_spectrum,
    log_of_sum,
    positive_logarithm,
    positive_power,
    sandwich_eigenvalues,
    scaled_growth,
)

__all__ = [
    "chi_squared_divergence",
    "hockey_stick_divergence",
    "max_relative_entropy",
    "min_relative_entropy",
    "petz_renyi_divergence",
    "relative_entropy",
    "sandwiched_renyi_divergence",
]

LN2 = math.log(2)


@closed_form
def relative_entropy(rho: ArrayLike, sigma: ArrayLike) -> FloatOrArray:
    r"""Umegaki relative entropy, ``D(rho||sigma) = Tr rho (log2 rho - log2 sigma)``.

    Parameters
    ----------
    rho
        Density operator, shape ``(d, d)`` or a stack ``(..., d, d)``.
    sigma
        Positive semidefinite operator of any trace, shape ``(..., d, d)``.

    Returns
    -------
    float or ndarray
        In bits, at least ``-log2 Tr sigma``; ``inf`` if supp(rho) is not inside supp(sigma).

    Raises
    ------
    InvalidStateError
        `rho` is not a density operator, or `sigma` not positive semidefinite.
    DimensionMismatchError
        The operators act on different spaces.

    References
    ----------
    H. Umegaki, Kodai Math. Sem. Rep. 14, 59 (1962); M. Tomamichel, arXiv:1504.00233.

    Examples
    --------
    >>> relative_entropy([[1, 0], [0, 0]], [[0.5, 0], [0, 0.5]])
    1.0
    """
    return float_or_array(_petz(check_pair(rho, sigma), 1.0))


@closed_form
def max_relative_entropy(rho: ArrayLike, sigma: ArrayLike) -> FloatOrArray:
    r"""Max-relative entropy, ``D_max(rho||sigma) = log2 min{t : rho <= t sigma}``.

    It is the logarithm of the largest eigenvalue of ``sigma^{-1/2} rho sigma^{-1/2}`` on the
    support of sigma.

    Parameters
    ----------
    rho, sigma
        As in `relative_entropy`.

    Returns
    -------
    float or ndarray
        In bits, at least ``-log2 Tr sigma``; ``inf`` if supp(rho) is not inside supp(sigma).

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        As `relative_entropy`.

    References
    ----------
    N. Datta, arXiv:0803.2770, Definition 1.

    Examples
    --------
    >>> max_relative_entropy([[0.75, 0], [0, 0.25]], [[0.5, 0], [0, 0.5]])
    0.584962500721156
    >>> max_relative_entropy([[0.5, 0], [0, 0.5]], [[1, 0], [0, 0]])
    inf
    """
    return float_or_array(_max(check_pair(rho, sigma)))


@closed_form
def min_relative_entropy(rho: ArrayLike, sigma: ArrayLike) -> FloatOrArray:
    r"""Min-relative entropy, ``D_0(rho||sigma) = -log2 Tr Pi_rho sigma``.

    ``Pi_rho`` projects onto the support of rho. This is the Petz divergence of order 0.

    Parameters
    ----------
    rho, sigma
        As in `relative_entropy`.

    Returns
    -------
    float or ndarray
        In bits, at least ``-log2 Tr sigma``; ``inf`` if the supports are orthogonal.

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        As `relative_entropy`.

    References
    ----------
    N. Datta, arXiv:0803.2770, Definition 2.

    Examples
    --------
    >>> min_relative_entropy([[1, 0], [0, 0]], [[0.25, 0], [0, 0.75]])
    2.0
    """
    return float_or_array(_petz(check_pair(rho, sigma), 0.0))


@closed_form
def petz_renyi_divergence(rho: ArrayLike, sigma: ArrayLike, alpha: float) -> FloatOrArray:
    r"""Petz-Rényi divergence, ``log2(Tr rho^alpha sigma^(1 - alpha)) / (alpha - 1)``.

    Parameters
    ----------
    rho, sigma
        As in `relative_entropy`.
    alpha
        Order, finite and at least 0. Order 0 is `min_relative_entropy`, order 1 is
        `relative_entropy`. Data processing holds up to order 2, and above it rounding in the
        eigenvectors grows like a power of the eigenvalue ratios.

    Returns
    -------
    float or ndarray
        In bits, at least ``-log2 Tr sigma``. ``inf`` if the supports are orthogonal, and for
        ``alpha >= 1`` also if supp(rho) is not inside supp(sigma).

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        As `relative_entropy`.
    InvalidParameterError
        `alpha` is not a finite number, or negative.

    References
    ----------
    D. Petz, Rep. Math. Phys. 23, 57 (1986); M. Tomamichel, arXiv:1504.00233.

    Examples
    --------
    >>> petz_renyi_divergence([[0.75, 0], [0, 0.25]], [[0.5, 0], [0, 0.5]], 2)
    0.321928094887362
    """
    order = check_epsilon(alpha, name="alpha")
    if math.isinf(order):
        raise InvalidParameterError(
            f"alpha must be finite for the Petz family; got {alpha!r}. "
            "Use sandwiched_renyi_divergence, whose order inf is max_relative_entropy."
        )
    return float_or_array(_petz(check_pair(rho, sigma), min(order, LARGEST_ORDER)))


@closed_form
def sandwiched_renyi_divergence(rho: ArrayLike, sigma: ArrayLike, alpha: float) -> FloatOrArray:
    r"""Sandwiched Rényi divergence of order alpha.

    ``log2(Tr (sigma^c rho sigma^c)^alpha) / (alpha - 1)`` with ``c = (1 - alpha)/(2 alpha)``.

    Parameters
    ----------
    rho, sigma
        As in `relative_entropy`.
    alpha
        Order, at least 1/2, which is where data processing holds. Order 1/2 is ``-2 log2 F``,
        order 1 is `relative_entropy`, 2 the collision divergence, ``math.inf`` is
        `max_relative_entropy`.

    Returns
    -------
    float or ndarray
        In bits, at least ``-log2 Tr sigma``. ``inf`` if the supports are orthogonal, and for
        ``alpha >= 1`` also if supp(rho) is not inside supp(sigma).

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        As `relative_entropy`.
    InvalidParameterError
        `alpha` is not a number, or below 1/2.

    References
    ----------
    M. Müller-Lennert et al., arXiv:1306.3142; M. M. Wilde, A. Winter, D. Yang, arXiv:1306.1586;
    R. L. Frank, E. H. Lieb, arXiv:1306.5358 (the range of data processing).

    Examples
    --------
    >>> sandwiched_renyi_divergence([[0.75, 0], [0, 0.25]], [[0.5, 0], [0, 0.5]], 2)
    0.321928094887362
    """
    order = check_epsilon(alpha, name="alpha")
    if order < 0.5:
        raise InvalidParameterError(
            f"alpha must be at least 1/2 for the sandwiched family; got {alpha!r}. "
            "Use petz_renyi_divergence for smaller orders."
        )
    return float_or_array(_sandwiched(check_pair(rho, sigma), order))


@closed_form
def chi_squared_divergence(rho: ArrayLike, sigma: ArrayLike) -> FloatOrArray:
    r"""Chi-squared divergence, ``Tr(sigma^{-1/2} rho sigma^{-1/2} rho) - 1``.

    Of the many quantum versions this is the one that belongs to the collision divergence: it is
    ``2**D_2 - 1`` with the sandwiched Rényi divergence of order 2.

    Parameters
    ----------
    rho, sigma
        As in `relative_entropy`. A factor a on sigma divides the divergence plus one by a.

    Returns
    -------
    float or ndarray
        No unit, at least ``1/Tr sigma - 1``; ``inf`` if supp(rho) is not inside supp(sigma).

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        As `relative_entropy`.

    References
    ----------
    K. Temme et al., arXiv:1005.2358; G. Gour, arXiv:2502.06526.

    Examples
    --------
    >>> chi_squared_divergence([[0.75, 0], [0, 0.25]], [[0.5, 0], [0, 0.5]])
    0.25
    """
    pair = check_pair(rho, sigma)
    with np.errstate(over="ignore"):  # For a sigma of trace 1e-308 the answer is beyond doubles.
        shifted = np.expm1(np.log1p(_chi_squared(pair)) - pair.trace_bits * LN2)
    return float_or_array(np.where(pair.supported, shifted, np.inf))


@closed_form
def hockey_stick_divergence(rho: ArrayLike, sigma: ArrayLike, gamma: float) -> FloatOrArray:
    r"""Hockey-stick divergence, ``Tr (rho - gamma sigma)_+``.

    Parameters
    ----------
    rho, sigma
        As in `relative_entropy`.
    gamma
        Any number from 0 on; ``math.inf`` gives the limit, the weight of rho outside supp(sigma).

    Returns
    -------
    float or ndarray
        No unit, between 0 and 1. For two states and gamma = 1 it is their trace distance.
        The absolute error is some units of rounding of ``1 + gamma ||sigma||``.

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        As `relative_entropy`.
    InvalidParameterError
        `gamma` is not a number, or negative.

    References
    ----------
    N. Sharma, N. A. Warsi, arXiv:1205.1712; C. Hirche, M. Tomamichel, arXiv:2306.12343.

    Examples
    --------
    >>> hockey_stick_divergence([[1, 0], [0, 0]], [[0.5, 0], [0, 0.5]], 1)
    0.5
    """
    factor = check_epsilon(gamma, name="gamma")
    pair = check_pair(rho, sigma)
    with np.errstate(over="ignore"):
        gammas = np.ldexp(factor, pair.exponent)
    # So heavy that nothing of rho sticks out of the support of sigma.
    far = gammas >= 1 / (SUPPORT_TOLERANCE * np.finfo(float).eps)
    near = np.where(far, 1.0, gammas)
    total: Array = np.zeros(near.shape)
    for state, values in in_eigenbasis_of_sigma(pair):
        difference = state - near[..., None, None, None] * diagonal_matrices(values)
        total = total + np.maximum(np.linalg.eigvalsh(difference), 0.0).sum(axis=(-1, -2))
    outside = np.clip(pair.outside_weight, 0.0, 1.0)
    least = np.maximum(outside, 1 - near * pair.sigma.trace)
    return float_or_array(np.where(far, outside, np.clip(total, least, 1.0)))


def _max(pair: StatePair) -> Array:
    largest: Array = np.zeros(pair.exponent.shape)
    for ratios in _largest_ratios(pair):
        largest = np.maximum(largest, ratios.max(axis=-1))
    bits = np.log2(np.where(pair.supported, largest, 1.0)) - pair.exponent
    return np.where(pair.supported, np.maximum(bits, -pair.trace_bits), np.inf)


def _largest_ratios(pair: StatePair) -> Iterator[Array]:
    """For each group of blocks the largest eigenvalues of ``sigma^{-1/2} rho sigma^{-1/2}``."""
    groups = list(zip(pair.rho.groups, pair.sigma.groups, strict=True))
    large = groups[0][0].shape[-1] >= LARGE and not all(is_diagonal(sigma) for _, sigma in groups)
    if large and pair.is_definite:
        for rho, sigma in groups:
            yield largest_eigenvalue(rho, sigma)
        return
    for state, values in in_eigenbasis_of_sigma(pair):
        root = positive_power(values, -0.5)
        yield largest_eigenvalue(root[..., :, None] * state * root[..., None, :])


def _petz(pair: StatePair, order: float) -> Array:
    """The Petz family, order 1 included.

    With p, q the eigenvalues of rho and ``sigma / Tr sigma``, ``w = |<i|j>|**2`` and
    ``b = alpha - 1``, the trace ``Tr rho^alpha sigma^(1 - alpha)`` is ``1 + b H``, where H is the
    sum of ``w (p ((p/q)^b - 1)/b - p + q)``. No term is negative, and none has a pole at b = 0.
    """
    joint = joint_spectrum(pair)
    if order == 0:
        bits = -positive_logarithm(joint.overlap, ~joint.orthogonal) / LN2
        return np.where(joint.orthogonal, np.inf, bits) - pair.trace_bits
    excess = order - 1
    p, q = joint.p, joint.q
    both = (p > 0) & (q > 0)
    log_p, log_q = positive_logarithm(p, both), positive_logarithm(q, both)
    # The difference of the logarithms loses the digits of a ratio close to one.
    ratio = np.where(both, (p - q) / np.where(both, q, 1.0), 0.0)
    log_ratio = np.where(abs(ratio) < 0.5, np.log1p(np.maximum(ratio, -0.5)), log_p - log_q)
    with np.errstate(over="ignore", invalid="ignore"):
        terms = np.where(both, p * scaled_growth(log_ratio, excess), 0.0) - (p - q)
        near = np.where(q > 0, joint.weight * terms, 0.0).sum(axis=-1)
    far = log_of_sum(order * log_p - excess * log_q, joint.weight * both)
    return _renyi_bits(pair, joint, order, (near, far))


def _sandwiched(pair: StatePair, order: float) -> Array:
    """The sandwiched family.

    With k the eigenvalues of ``rho^{1/2} sigma^{2c} rho^{1/2}``, ``b = alpha - 1`` and
    ``sigma^{2c} = 1 + b E``, the sum of ``k^alpha`` is ``1 + b (Tr rho E + sum k (k^b - 1)/b)``.
    """
    if order == 1:
        return _petz(pair, order)
    if math.isinf(order):
        return _max(pair)
    if order == 2 and pair.supported.all():
        return np.log1p(_chi_squared(pair)) / LN2 - pair.trace_bits
    order = min(order, LARGEST_ORDER)
    excess = order - 1
    joint = joint_spectrum(pair)
    change = scaled_growth(-positive_logarithm(joint.q, joint.q > 0) / order, excess)
    k = sandwich_eigenvalues(pair, -excess / (2 * order))
    logs = positive_logarithm(k, k > 0)
    with np.errstate(over="ignore", invalid="ignore"):
        near = (joint.weight * joint.p * change).sum(axis=-1)
        near = near + (k * scaled_growth(logs, excess)).sum(axis=-1)
    return _renyi_bits(pair, joint, order, (near, log_of_sum(order * logs, k > 0)))


def _chi_squared(pair: StatePair) -> Array:
    """Chi-squared divergence from ``sigma' = sigma / Tr sigma``, for a supported rho.

    It is ``||sigma'^{-1/4} (rho - sigma') sigma'^{-1/4}||^2`` in Hilbert and Schmidt's norm, which
    is accurate for nearly equal states and needs no eigenvalues of rho.
    """
    total: Array = np.zeros(pair.exponent.shape)
    for state, values in in_eigenbasis_of_sigma(pair):
        normalized = values / pair.sigma.trace[..., None, None]
        root = positive_power(normalized, -0.25)
        difference = state - diagonal_matrices(normalized)
        scaled = root[..., :, None] * difference * root[..., None, :]
        total = total + (abs(scaled) ** 2).sum(axis=(-1, -2, -3))
    return total


def _renyi_bits(
    pair: StatePair, joint: JointSpectrum, order: float, forms: tuple[Array, Array]
) -> Array:
    """``log2 Q / (alpha - 1)`` from two forms of Q: ``(Q - 1)/(alpha - 1)`` and ``ln Q``.

    The first is accurate if Q is close to 1 and rho is supported, the second everywhere else.
    Both are for a sigma of trace one, where the result cannot be negative.
    """
    near, far = forms
    excess = order - 1
    nats = np.maximum(near, 0.0)
    if excess != 0:
        small = pair.supported & (abs(excess) * nats <= 0.5)
        close = np.log1p(excess * np.where(small, nats, 0.0)) / excess
        nats = np.where(small, close, np.maximum(far / excess, 0.0))
    finite = pair.supported if order >= 1 else ~joint.orthogonal
    return np.where(finite, nats / LN2, np.inf) - pair.trace_bits
