r"""Proved bounds of the least ``Tr Y`` with ``R (x) Y >= X``, Y positive on the second system.

With R the identity and X a state it is ``2**-H_min(A|B)``, with R the marginal of X on the first
system ``2**I_max``. The dual is the largest ``Tr X W`` with ``W >= 0`` and
``Tr_A (R (x) 1) W <= 1``, for ``Tr Y >= Tr Y Tr_A (R (x) 1) W = Tr (R (x) Y) W >= Tr X W``. A ball
of X replaces ``Tr X W`` by its least value there, bounded as for the smooth max-relative entropy.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qentropy.blocks import BlockOperator, one_group
from qentropy.certify.enclosures import (
    difference,
    frobenius_bound,
    inner,
    psd_shift,
    trace_interval,
)
from qentropy.certify.exact_operations import (
    binary_exponent,
    hermitian_part,
    is_finite,
    negative,
    ones_like,
    to_order_one,
)
from qentropy.certify.factors import state_factor
from qentropy.certify.purified_ball import (
    dominating_center,
    factor_distance,
    in_purified_ball,
    purified_gain,
)
from qentropy.certify.rounding import TINY, down, gamma, times_power, up
from qentropy.certify.trace_ball import ball_gain, in_trace_ball

__all__ = [
    "marginal_lower",
    "marginal_norm",
    "marginal_upper",
    "purified_marginal_lower",
    "smooth_marginal_lower",
    "smooth_marginal_upper",
]

Array = NDArray[Any]
Dims = tuple[int, int]


def marginal_norm(operator: BlockOperator, dims: Dims, weight: Array | None = None) -> float:
    """Upper bound of the largest eigenvalue of ``Tr_A (R (x) 1) W``.

    Parameters
    ----------
    operator
        W, a single block on A (x) B.
    dims
        Dimensions of A and B.
    weight
        R, Hermitian; the identity if left out.

    Examples
    --------
    >>> 2.0 <= marginal_norm(one_group(np.eye(6)), (2, 3)) < 2.000001
    True
    """
    if not is_finite(operator):
        return math.inf
    first, second = dims
    factor = np.eye(first) if weight is None else weight
    tensor = operator.groups[0][0].reshape(first, second, first, second)
    marginal = one_group(hermitian_part(np.einsum("xy,ybxc->bc", factor, tensor)))
    size = up(frobenius_bound(one_group(factor)) * frobenius_bound(operator))
    # A sum of first**2 products, of complex numbers at worst, and the Hermitian part.
    error = up(gamma(4 * first**2 + 8) * size + TINY)
    return psd_shift(negative(marginal), error)


def marginal_lower(
    state: BlockOperator, dual: BlockOperator, dims: Dims, weight: Array | None = None
) -> float:
    """Proved lower bound of the least ``Tr Y`` from any Hermitian W; 0 if it is useless.

    Parameters
    ----------
    state
        X, of any trace, a single block on A (x) B.
    dual
        The candidate W.
    dims, weight
        As in `marginal_norm`; the weight is positive.
    """
    if not is_finite(dual):
        return 0.0
    slack = to_order_one(dual)[0].map(hermitian_part)
    price = _price(slack, max(0.0, psd_shift(slack, guess=0.0)), dims, weight)
    # X is positive up to rounding, so that the shift of W only helps.
    gain = inner(state, slack).lower
    return _quotient(gain, price) if trace_interval(state).lower >= 0 else 0.0


def marginal_upper(
    state: BlockOperator, marginal: Array, dims: Dims, weight: Array | None = None
) -> tuple[float, Array]:
    """Proved upper bound of the least ``Tr Y`` from any candidate, and the Y that attains it.

    The candidate is shifted until ``R (x) Y >= X`` and ``Y >= 0`` are proved.

    Parameters
    ----------
    state
        X, a single block on A (x) B.
    marginal
        The candidate Y.
    dims, weight
        As in `marginal_norm`; ``inf`` if the weight is not provably positive.
    """
    first, second = dims
    finite = bool(np.isfinite(marginal).all())
    candidate = hermitian_part(marginal) if finite else np.zeros((second, second))
    factor = np.eye(first) if weight is None else weight
    product = one_group(np.kron(factor, candidate))
    gap, error = difference(product, state)
    local = one_group(candidate)
    if weight is not None:
        sizes = up(frobenius_bound(one_group(factor)) * frobenius_bound(local))
        error = up(error + up(gamma(8) * sizes + TINY))
    shift = psd_shift(gap, error)
    if weight is not None:
        floor = -psd_shift(one_group(factor))
        shift = up(max(0.0, shift) / floor) if floor > 0 else math.inf
    shift = max(shift, psd_shift(local))
    if not math.isfinite(shift):
        return math.inf, candidate
    bound = up(trace_interval(local).upper + up(shift * second))
    return bound, candidate + shift * np.eye(second)


def smooth_marginal_lower(
    rho: BlockOperator,
    radius: float,
    dual: tuple[BlockOperator, BlockOperator],
    dims: Dims,
    *,
    normalized: bool,
) -> float:
    r"""Proved lower bound of the least ``Tr Y`` with ``1 (x) Y >= X``, X in a trace ball.

    .. math::

        \mathrm{Tr}\,Y \ge \frac{\mathrm{Tr}\,\rho G - e\,(\lambda_{\max}(G) - \lambda_{\min}(G))}
             {\lambda_{\max}(\mathrm{Tr}_A W)}, \qquad W \ge 0, \; W \ge G,

    the spread as in `smooth_lower`.

    Parameters
    ----------
    rho, radius
        The ball, with its trace-distance radius e.
    dual
        Candidates for G and W.
    dims
        Dimensions of A and B.
    normalized
        Whether the ball holds normalised states only.
    """
    if not all(is_finite(x) for x in dual):
        return 0.0
    exponent = max(binary_exponent(x.groups) for x in dual)
    tilt, slack = (x.map(lambda g: hermitian_part(times_power(g, -exponent))) for x in dual)
    gap, error = difference(slack, tilt)
    shift = max(0.0, psd_shift(slack, guess=0.0), psd_shift(gap, up(error + TINY), guess=0.0))
    top, bottom = psd_shift(negative(tilt)), psd_shift(tilt)
    if not normalized:
        top, bottom = max(top, 0.0), max(bottom, 0.0)
    excess = up(trace_interval(slack).upper - trace_interval(tilt).lower)
    excess = max(0.0, up(excess + up(shift * slack.dimension)))
    gain = ball_gain(rho, radius, tilt, max(0.0, up(top + bottom)), excess)
    return _quotient(gain, _price(slack, shift, dims))


def purified_marginal_lower(
    rho: BlockOperator,
    epsilon: float,
    dual: tuple[BlockOperator, float],
    dims: Dims,
    *,
    normalized: bool,
) -> float:
    """Proved lower bound of the least ``Tr Y`` with ``1 (x) Y >= X``, X in a purified ball.

    From any W and u, as in `purified_lower`, and from W in the place of G in the trace-distance
    ball that holds the purified one, which is better for a small radius.
    """
    candidate, offset = dual
    if not is_finite(candidate) or not math.isfinite(offset):
        return 0.0
    exponent = max(binary_exponent(candidate.groups), math.frexp(offset)[1])
    slack = candidate.map(lambda g: hermitian_part(times_power(g, -exponent)))
    price = _price(slack, max(0.0, psd_shift(slack, TINY, guess=0.0)), dims)
    level = times_power(offset, -exponent)
    gain = purified_gain(rho, epsilon, slack, level, normalized=normalized)
    wide = up(epsilon + factor_distance(rho))
    near = smooth_marginal_lower(rho, wide, (slack, slack), dims, normalized=normalized)
    return max(_quotient(gain, price), near)


def smooth_marginal_upper(
    rho: BlockOperator,
    radius: float,
    primal: tuple[BlockOperator, Array],
    dims: Dims,
    *,
    purified: bool,
    normalized: bool,
) -> tuple[float, BlockOperator]:
    """Proved upper bound of the least ``Tr Y`` with ``1 (x) Y >= X`` for an X in the ball.

    Parameters
    ----------
    rho, radius
        The ball, in trace distance or, if `purified`, in purified distance.
    primal
        Candidates for X and Y.
    dims, purified, normalized
        Which problem it is.

    Returns
    -------
    float
        The bound.
    BlockOperator
        An operator that attains it: what is in the ball is ``X / Tr X``, or ``X / max(1, Tr X)``
        without normalisation.
    """
    candidate, marginal = primal
    center, weight = (
        (dominating_center(rho), inner(*2 * [state_factor(rho)]).lower)
        if purified
        else (rho, trace_interval(rho).lower)
    )
    best = _divided(center, marginal, dims, weight), rho
    inside: Callable[..., BlockOperator | None] = in_purified_ball if purified else in_trace_ball
    state = inside(rho, rho.map(ones_like), radius, candidate, normalized=normalized)
    if state is None:
        return best
    weight = trace_interval(state).lower if normalized else 1.0
    bound = _divided(state, marginal, dims, weight)
    return (bound, state) if bound < best[0] else best


def _divided(state: BlockOperator | None, marginal: Array, dims: Dims, weight: float) -> float:
    """Upper bound for the state over this weight."""
    if state is None or not weight > 0:
        return math.inf
    return up(marginal_upper(state, marginal, dims)[0] / weight)


def _price(slack: BlockOperator, shift: float, dims: Dims, weight: Array | None = None) -> float:
    """Upper bound of the largest eigenvalue of ``Tr_A (R (x) 1)(W + c)``."""
    trace = dims[0] if weight is None else trace_interval(one_group(weight)).upper
    return up(marginal_norm(slack, dims, weight) + up(shift * trace))


def _quotient(gain: float, price: float) -> float:
    return down(gain / price) if gain > 0 and 0 < price < math.inf else 0.0
