"""Entropies of one state: von Neumann and Rényi, in bits."""

import math

import numpy as np
from numpy.typing import ArrayLike

from qentropy.blocks import Array, BlockOperator
from qentropy.operators import check_epsilon, check_state
from qentropy.results import FloatOrArray, float_or_array
from qentropy.spectra import (
    LARGEST_ORDER,
    closed_form,
    flat,
    log_of_sum,
    positive_logarithm,
    scaled_growth,
)

__all__ = ["renyi_entropy", "von_neumann_entropy"]


@closed_form
def von_neumann_entropy(rho: ArrayLike) -> FloatOrArray:
    r"""Von Neumann entropy, ``H(rho) = -Tr rho log2 rho``.

    Parameters
    ----------
    rho
        Density operator, shape ``(d, d)`` or a stack ``(..., d, d)``.

    Returns
    -------
    float or ndarray
        In bits, between 0 and ``log2 d``.

    Raises
    ------
    InvalidStateError
        `rho` is not a density operator.

    References
    ----------
    M. A. Nielsen, I. L. Chuang, eq. (11.51).

    Examples
    --------
    >>> von_neumann_entropy([[0.5, 0], [0, 0.5]])
    1.0
    """
    return renyi_entropy(rho, 1.0)


@closed_form
def renyi_entropy(rho: ArrayLike, alpha: float) -> FloatOrArray:
    r"""Rényi entropy, ``H_alpha(rho) = log2(Tr rho**alpha) / (1 - alpha)``.

    Parameters
    ----------
    rho
        Density operator, shape ``(d, d)`` or a stack ``(..., d, d)``.
    alpha
        Order, at least 0. Order 0 is ``log2 rank``, order 1 is `von_neumann_entropy`, and
        ``math.inf`` is the min-entropy ``-log2 lambda_max``.

    Returns
    -------
    float or ndarray
        In bits, between 0 and ``log2 d``.

    Raises
    ------
    InvalidStateError
        `rho` is not a density operator.
    InvalidParameterError
        `alpha` is not a number, or negative.

    References
    ----------
    A. Rényi, Proc. 4th Berkeley Symp. 1, 547 (1961); M. Tomamichel, arXiv:1504.00233.

    Examples
    --------
    >>> renyi_entropy([[0.5, 0], [0, 0.5]], 2)
    1.0
    >>> renyi_entropy([[0.75, 0], [0, 0.25]], math.inf)
    0.415037499278844
    """
    order = check_epsilon(alpha, name="alpha")
    state = check_state(rho)
    nats = _nats(state, order)
    return float_or_array(np.clip(nats / math.log(2), 0.0, math.log2(state.dimension)))


def _nats(state: BlockOperator, order: float) -> Array:
    spectrum = state.spectrum
    if order == 0:
        kept = np.concatenate([flat(support, 2) for support in spectrum.support], axis=-1)
        return np.asarray(np.log(kept.sum(axis=-1)))
    if math.isinf(order):
        return np.asarray(-np.log(spectrum.largest))
    order = min(order, LARGEST_ORDER)
    p = np.concatenate([flat(values, 2) for values in spectrum.cleaned], axis=-1)
    logs = positive_logarithm(p, p > 0)
    excess = order - 1
    # Tr rho^alpha = 1 + (alpha - 1) near, where nothing is divided by a small alpha - 1.
    near = (p * scaled_growth(logs, excess)).sum(axis=-1)
    if excess == 0:
        return np.asarray(-near)
    small = abs(excess * near) <= 0.5
    close = np.log1p(np.where(small, excess * near, 0.0))
    return np.asarray(-np.where(small, close, log_of_sum(order * logs, p > 0)) / excess)
