"""Proved bounds of ``2**D_max`` and of its smooth version in trace distance."""

import math

import numpy as np

from qentropy.blocks import BlockOperator
from qentropy.certify.candidates import anchor_state, clean_candidate, distance_bound, lifted, mixed
from qentropy.certify.enclosures import difference, inner, psd_shift, trace_interval
from qentropy.certify.exact_operations import (
    congruence,
    eigendecompositions,
    hermitian_part,
    is_finite,
    largest_guess,
    negative,
    on_support,
    ones_like,
    root_scale,
    spectral,
    to_order_one,
)
from qentropy.certify.factors import factor_norm, factored_inner
from qentropy.certify.ratios import diagonal_ratio, max_ratio
from qentropy.certify.rounding import TINY, UNIT, down, log2_interval, quotient_down, up
from qentropy.results import Interval

__all__ = [
    "ball_gain",
    "factored_lower",
    "in_trace_ball",
    "max_relative_entropy_interval",
    "ratio_projector",
    "slack_cost",
    "slack_shift",
    "smooth_lower",
    "smooth_upper",
]


NEARLY_POSITIVE = 1e-11
COARSE = 1e-8  # of the price: a shift that costs more is worth a proof in extended precision
LARGEST_EXTENDED = 128  # rows of a block up to which that takes a fraction of a second


def smooth_lower(
    rho: BlockOperator,
    sigma: BlockOperator,
    radius: float,
    dual: BlockOperator,
    *,
    normalized: bool = True,
) -> float:
    r"""Proved lower bound of ``2**D_max^e`` from any Hermitian G, trace-distance radius e.

    .. math::

        2^{D_{\max}^e(\rho\|\sigma)} \ge
        \frac{\mathrm{Tr}\,\rho G - e\,(\lambda_{\max}(G) - \lambda_{\min}(G))}
             {\mathrm{Tr}\,\sigma W}, \qquad W \ge 0, \; W \ge G.

    Without normalisation the spread is ``max(lambda_max, 0) + max(-lambda_min, 0)``.

    Parameters
    ----------
    rho, sigma
        The data, in the same blocks.
    radius
        Trace-distance radius e.
    dual
        The candidate G; W is derived from it.
    normalized
        Whether the ball holds normalised states only.

    Returns
    -------
    float
        A number not above ``2**D_max^e``; 0 if the candidate is useless.
    """
    if not is_finite(dual):
        return 0.0
    whole = to_order_one(dual)[0].map(hermitian_part)
    part = on_support(sigma, whole)
    # A positive G, such as a projector, is the best W itself.
    bottom = psd_shift(whole, guess=0.0)
    if bottom < 0:
        bottom = psd_shift(whole)  # positive definite: its smallest eigenvalue narrows the spread
    is_positive = bottom <= NEARLY_POSITIVE
    slack, shift, denominator = _priced(sigma, part, part) if is_positive else (part, 0.0, 0.0)
    if not is_positive or shift * sigma.dimension > NEARLY_POSITIVE * denominator:
        slack, shift, denominator = _priced(sigma, _dual_slack(sigma, whole), part)
    if not 0 < denominator < math.inf:
        return 0.0
    top = psd_shift(negative(whole), guess=largest_guess(whole) if is_positive else None)
    if not normalized:
        top, bottom = max(top, 0.0), max(bottom, 0.0)
    spread = max(0.0, up(top + bottom))
    gain = ball_gain(rho, radius, whole, spread, _excess(sigma, slack, shift, part))
    return down(gain / denominator) if gain > 0 else 0.0


def factored_lower(
    rho: BlockOperator, sigma: BlockOperator, radius: float, factor: BlockOperator
) -> float:
    r"""Proved lower bound as `smooth_lower`, at ``G = F F^dagger`` for any F.

    That G is exactly positive and so the best W. The smallest eigenvalue of G counts as zero,
    which it is for an F of low rank, and then the ball may hold sub-normalised states too.

    Parameters
    ----------
    rho, sigma, radius
        As in `smooth_lower`.
    factor
        Blocks F, one column or more each.

    Returns
    -------
    float
        A number not above ``2**D_max^e``; 0 if the candidate is useless.
    """
    if not is_finite(factor):
        return 0.0
    price = factored_inner(sigma, factor).upper
    if not 0 < price < math.inf:
        return 0.0
    gain = quotient_down(factored_inner(rho, factor).lower, trace_interval(rho))
    return max(0.0, down(down(gain - up(radius * factor_norm(factor))) / price))


def ball_gain(
    rho: BlockOperator, radius: float, dual: BlockOperator, spread: float, excess: float
) -> float:
    """Lower bound of ``Tr X W`` over the X of a trace ball, for any ``W >= 0`` with ``W >= G``.

    Parameters
    ----------
    rho, radius
        The ball, with its trace-distance radius.
    dual
        The matrix G.
    spread
        Upper bound of its largest minus its smallest eigenvalue, as in `smooth_lower`.
    excess
        Upper bound of ``Tr (W - G)``.

    Returns
    -------
    float
        At least 0.
    """
    cost = up(radius * spread)
    gain, weight = inner(rho, dual).lower, trace_interval(rho)
    # The X of the ball are positive, so Tr X W >= Tr X G. For rho itself, which may miss
    # positivity by rounding, Tr rho W >= Tr rho G - c Tr (W - G) where rho + c >= 0.
    lack = max(0.0, psd_shift(rho, guess=0.0))
    fault = up(lack * excess) if lack else 0.0
    in_ball = down(quotient_down(gain, weight) - cost)
    at_rho = quotient_down(down(gain - fault), weight)
    return max(0.0, min(in_ball, at_rho))


def _priced(
    sigma: BlockOperator, slack: BlockOperator, dual: BlockOperator
) -> tuple[BlockOperator, float, float]:
    """W, the shift c that makes it feasible, and what it then costs."""
    shift = slack_shift(sigma, slack, dual)
    cost = slack_cost(sigma, slack, shift)
    largest = max(g.shape[-1] for g in sigma.groups)
    if largest <= LARGEST_EXTENDED and shift * sigma.dimension > COARSE * cost:
        shift = min(shift, slack_shift(sigma, slack, dual, extended=True))
        cost = slack_cost(sigma, slack, shift)
    return slack, shift, cost


def _dual_slack(sigma: BlockOperator, dual: BlockOperator) -> BlockOperator:
    """Candidate ``W = S^{-1} (S G S)_+ S^{-1}`` with ``S = sigma^{1/2}`` on its support."""
    groups = []
    root, inverse = sigma.spectrum.power(0.5), sigma.spectrum.power(-0.5)
    for s, r, g in zip(root, inverse, dual.groups, strict=True):
        values, vectors = np.linalg.eigh(hermitian_part(s @ g @ s))
        factor = r @ (vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :])
        groups.append(hermitian_part(factor @ factor.conj().swapaxes(-1, -2)))
    return on_support(sigma, dual.with_groups(groups))


def slack_shift(
    sigma: BlockOperator,
    slack: BlockOperator,
    dual: BlockOperator | None,
    *,
    extended: bool = False,
) -> float:
    """Number c with ``W + c D**2 >= 0`` and ``W + c D**2 >= dual``, W the slack.

    D is a diagonal of powers of two, about ``sigma_ii**(-1/2)``, so that congruence with it is
    exact but for underflow. With `extended` the proofs run in extended precision.
    """
    scale = root_scale(sigma, sign=1)
    scaled = congruence(slack, scale)
    shift = max(0.0, psd_shift(scaled, TINY, guess=0.0, extended=extended))
    if dual is not None:
        gap, error = difference(scaled, congruence(dual, scale))
        shift = max(shift, psd_shift(gap, up(error + TINY), guess=0.0, extended=extended))
    return shift


def slack_cost(sigma: BlockOperator, slack: BlockOperator, shift: float) -> float:
    """Upper bound of ``Tr sigma (W + c D**2)``."""
    price = trace_interval(congruence(sigma, root_scale(sigma, sign=-1))).upper
    return up(inner(sigma, slack).upper + up(shift * price), 2)


def _excess(sigma: BlockOperator, slack: BlockOperator, shift: float, dual: BlockOperator) -> float:
    """Upper bound of ``Tr (W + c D**2 - G)`` on the support of sigma."""
    identity = on_support(sigma, sigma.map(ones_like))
    weight = trace_interval(congruence(identity, root_scale(sigma, sign=-1))).upper
    gap = up(trace_interval(slack).upper - trace_interval(dual).lower)
    return max(0.0, up(gap + up(shift * weight)))


def smooth_upper(
    rho: BlockOperator,
    sigma: BlockOperator,
    radius: float,
    primal: BlockOperator,
    *,
    normalized: bool = True,
    guess: float | None = None,
    removed: BlockOperator | None = None,
) -> tuple[float, BlockOperator]:
    """Proved upper bound of ``2**D_max^e`` from any proposed state, trace-distance radius e.

    The candidate is shifted to be positive, normalised and mixed with rho until it provably lies
    in the ball. The state rho itself is always feasible and is the last resort.

    Parameters
    ----------
    rho, sigma, radius, normalized
        As in `smooth_lower`.
    primal
        The candidate X.
    guess
        About the least t with ``X <= t sigma``, if it is known. One too small costs time, one too
        large makes the bound wide.
    removed
        A factor F with ``(rho - X)_+`` about ``F F^dagger``, if it is known; it saves an
        eigenvalue problem.

    Returns
    -------
    float
        A number not below ``2**D_max^e``; ``inf`` if sigma is not provably positive.
    BlockOperator
        A state in the ball that attains the bound, up to its trace: what is in the ball is
        ``X / Tr X``, or ``X / max(1, Tr X)`` without normalisation.
    """
    state = in_trace_ball(rho, sigma, radius, primal, normalized=normalized, removed=removed)
    if state is None:
        return max_ratio(rho, sigma), rho
    bound = max_ratio(state, sigma, normalized=normalized, guess=guess)
    if bound <= diagonal_ratio(rho, sigma):
        return bound, state
    fallback = max_ratio(rho, sigma)
    return (bound, state) if bound < fallback else (fallback, rho)


def in_trace_ball(
    rho: BlockOperator,
    sigma: BlockOperator,
    radius: float,
    primal: BlockOperator,
    *,
    normalized: bool,
    removed: BlockOperator | None = None,
) -> BlockOperator | None:
    """A positive operator near the candidate that provably lies in the ball, or None.

    It lies on the support of sigma, which sets the scale of what is added to its diagonal.
    `removed` is as in `smooth_upper`.
    """
    candidate = clean_candidate(sigma, primal, normalized=normalized)
    if candidate is None or not radius > 0:
        return None
    anchor = anchor_state(rho, sigma)
    reach = distance_bound(rho, anchor, normalized=normalized) if anchor is not rho else 0.0
    margin = 4 * UNIT
    for _ in range(8):
        before = candidate
        candidate, positive = lifted(before, sigma, normalized=normalized)
        removed = removed if candidate is before else None
        distance = distance_bound(rho, candidate, normalized=normalized, removed=removed)
        if positive and distance <= radius:
            return candidate
        if not math.isfinite(distance) or reach >= radius:
            return None
        if distance > radius:
            share = (distance - radius + margin) / (distance - reach)
            candidate = mixed(candidate, anchor, share)
            removed = _shrunk(removed, share) if anchor is rho else None
        margin *= 16
    return None


def _shrunk(removed: BlockOperator | None, share: float) -> BlockOperator | None:
    """The factor of ``(rho - X)_+`` after X was mixed with rho."""
    if removed is None:
        return None
    root = math.sqrt(max(0.0, 1 - share))
    return removed.map(lambda f: root * f)


def max_relative_entropy_interval(
    rho: BlockOperator, sigma: BlockOperator, exponent: int = 0
) -> Interval:
    """Interval of ``D_max(rho||sigma) - exponent`` in bits, sigma positive definite.

    Examples
    --------
    >>> from qentropy.blocks import one_group
    >>> rho, sigma = one_group(np.diag([1.0, 0.0])), one_group(np.eye(2) / 2)
    >>> 1.0 in max_relative_entropy_interval(rho, sigma)
    True
    """
    low = smooth_lower(rho, sigma, 0.0, ratio_projector(rho, sigma))
    return log2_interval(low, max_ratio(rho, sigma), exponent)


def ratio_projector(rho: BlockOperator, sigma: BlockOperator) -> BlockOperator:
    """Candidate G for radius 0: ``sigma^{-1/2} |v><v| sigma^{-1/2}`` with the top vector v.

    v is an eigenvector of ``sigma^{-1/2} rho sigma^{-1/2}`` for its largest eigenvalue.
    """
    inverse = sigma.with_groups(sigma.spectrum.power(-0.5))
    whitened = inverse.map(lambda r, x: hermitian_part(r @ x @ r), rho)
    parts = eigendecompositions(whitened)
    best = max(float(values.max()) for values, _ in parts)
    groups = []
    for (values, vectors), root in zip(parts, inverse.groups, strict=True):
        top = spectral(vectors, (values >= best).astype(float))
        groups.append(hermitian_part(root @ top @ root))
    return rho.with_groups(groups)
