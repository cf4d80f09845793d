"""Proved bounds of ``2**D_max`` smoothed in purified distance."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qentropy.blocks import BlockOperator
from qentropy.certify.candidates import anchor_state, clean_candidate, mixed, norm_defect
from qentropy.certify.enclosures import (
    difference,
    inner,
    norm_bound,
    positive_part_trace,
    psd_shift,
    trace_interval,
)
from qentropy.certify.exact_operations import (
    adjoint_blocks,
    binary_exponent,
    congruence,
    couples,
    fill_outside,
    hermitian_part,
    is_finite,
    on_support,
    ones_like,
    raise_diagonal,
    rows_on_support,
    state_scales,
    support_rows,
)
from qentropy.certify.factors import (
    factor_weight,
    gram,
    gram_error,
    overlap_lower,
    state_factor,
)
from qentropy.certify.ratios import max_ratio
from qentropy.certify.rounding import UNIT, down, gamma, times_power, up
from qentropy.certify.trace_ball import slack_cost, slack_shift, smooth_lower

__all__ = [
    "dominating_center",
    "factor_distance",
    "in_purified_ball",
    "inverse_trace",
    "purified_gain",
    "purified_lower",
    "purified_trace_lower",
    "purified_upper",
]

Array = NDArray[Any]


def purified_lower(
    rho: BlockOperator,
    sigma: BlockOperator,
    epsilon: float,
    dual: BlockOperator,
    offset: float,
    *,
    normalized: bool = True,
) -> float:
    r"""Proved lower bound of ``2**D_max`` smoothed in purified distance, from any W and u.

    .. math::

        2^D \ge \frac{u + (1-\epsilon^2)/\mathrm{Tr}[(W - u)^{-1}\rho]}{\mathrm{Tr}\,\sigma W},
        \qquad W \ge 0, \; u < \lambda_{\min}(W),

    by Alberti's theorem; ``u <= 0`` without normalisation. The state is ``B B^dagger`` over its
    trace with the `state_factor` B of rho. X acts where sigma does, so that W and rho count on
    those rows only.
    """
    if not is_finite(dual) or not math.isfinite(offset):
        return 0.0
    dual = fill_outside(on_support(sigma, dual), support_rows(sigma))
    exponent = max(binary_exponent(dual.groups), math.frexp(offset)[1])
    slack = dual.map(lambda g: hermitian_part(times_power(g, -exponent)))
    offset = times_power(offset, -exponent)
    denominator = slack_cost(sigma, slack, slack_shift(sigma, slack, None))
    if not 0 < denominator < math.inf:
        return 0.0
    center = state_factor(rho), rows_on_support(sigma, state_factor(rho))
    gain = _gain(center, epsilon, slack, offset, normalized=normalized)
    return down(gain / denominator) if gain > 0 else 0.0


def purified_gain(
    rho: BlockOperator,
    epsilon: float,
    slack: BlockOperator,
    offset: float,
    *,
    normalized: bool,
) -> float:
    """Lower bound of ``Tr X W`` over the X of a purified ball, from any W and u of order one."""
    factor = state_factor(rho)
    return _gain((factor, factor), epsilon, slack, offset, normalized=normalized)


def _gain(
    center: tuple[BlockOperator, BlockOperator],
    epsilon: float,
    slack: BlockOperator,
    offset: float,
    *,
    normalized: bool,
) -> float:
    """As `purified_gain`, from the factor of rho and from its rows where X acts."""
    whole, factor = center
    square = max(0.0, down(1 - up(epsilon * epsilon)))
    fidelity = down(square * factor_weight(whole).lower)
    best = 0.0
    # The shift that proves W positive only helps W - u, so the candidate itself is used there.
    for gap in (1e-14, 1e-12, 1e-10, 1e-8, 1e-6):
        u = (offset if normalized else min(offset, 0.0)) - gap
        inverse = inverse_trace(slack, u, factor)
        if 0 < inverse < math.inf:
            best = max(best, down(u + down(fidelity / inverse)))
    return best


def inverse_trace(slack: BlockOperator, offset: float, factor: BlockOperator) -> float:
    """Upper bound of ``Tr B^dagger (W - u)^{-1} B``; inf if W - u is not provably positive.

    With ``Z = W - u``, any Y and the residual ``R = B - Z Y`` it equals
    ``Tr B^dagger Y + Tr Y^dagger R + Tr R^dagger Z^{-1} R``.
    """
    shifted = slack.map(lambda g: g - offset * np.eye(g.shape[-1]))
    rounding = up(UNIT * max(float(np.abs(g).max()) for g in shifted.groups), 2)
    floor = -psd_shift(shifted, rounding)
    if not floor > 0:
        return math.inf
    solution = factor.map(lambda b, z: np.linalg.solve(z, b), shifted)
    residual = factor.map(lambda b, z, y: b - z @ y, shifted, solution)
    total = up(inner(factor, solution).upper + inner(solution, residual).upper)
    squares = 0.0
    groups = (x.groups for x in (shifted, factor, solution, residual))
    for z, b, y, r in zip(*groups, strict=True):
        norm_z, norm_b, norm_y, norm_r = (norm_bound(x) for x in (z, b, y, r))
        # The rounding of b - z @ y, and of the diagonal of Z.
        error = gamma(4 * z.shape[-1] + 8) * (norm_z * norm_y + norm_b) + rounding * norm_y
        total = up(total + up(norm_y * error, 8))
        squares = up(squares + up((norm_r + error) ** 2, 8))
    return up(total + up(squares / floor))


def purified_trace_lower(
    rho: BlockOperator,
    sigma: BlockOperator,
    epsilon: float,
    dual: BlockOperator,
    *,
    normalized: bool = True,
) -> float:
    """Proved lower bound of ``2**D_max`` smoothed in purified distance, from any G.

    The trace distance is at most the purified distance, so the bound of `smooth_lower` at the same
    radius holds. It is sharp for a small radius, where that of `purified_lower` cancels. The radius
    is enlarged by the distance between rho and the ``B B^dagger`` that it stands for.
    """
    radius = up(epsilon + factor_distance(rho))
    return smooth_lower(rho, sigma, radius, dual, normalized=normalized)


def factor_distance(rho: BlockOperator) -> float:
    """Upper bound of ``Tr (rho - R)_+``, R the state ``B B^dagger`` over its trace.

    rho stands for itself over its trace.
    """
    factor = state_factor(rho)
    gap, error = difference(rho, gram(adjoint_blocks(factor)))
    bound = positive_part_trace(gap, up(error + gram_error(adjoint_blocks(factor))))
    for trace in (trace_interval(rho), factor_weight(factor)):
        bound = up(bound + norm_defect(trace))
    return bound


def purified_upper(
    rho: BlockOperator,
    sigma: BlockOperator,
    epsilon: float,
    primal: BlockOperator,
    *,
    normalized: bool = True,
) -> tuple[float, BlockOperator]:
    """Proved upper bound of ``2**D_max`` smoothed in purified distance, and its state.

    The candidate is mixed with rho, or multiplied if its trace may grow, until its fidelity is
    provably large enough. The last resort is rho itself, which is ``B B^dagger`` over its trace as
    in `purified_lower`.
    """
    best = _factor_ratio(sigma, state_factor(rho)), rho
    state = in_purified_ball(rho, sigma, epsilon, primal, normalized=normalized)
    if state is None:
        return best
    bound = max_ratio(state, sigma, normalized=normalized)
    return (bound, state) if bound < best[0] else best


def in_purified_ball(
    rho: BlockOperator,
    sigma: BlockOperator,
    epsilon: float,
    primal: BlockOperator,
    *,
    normalized: bool,
) -> BlockOperator | None:
    """A positive operator near the candidate that provably lies in the ball, or None.

    It lies on the support of sigma, which sets the scale of what is added to its diagonal.
    """
    candidate = clean_candidate(sigma, primal, normalized=normalized)
    if candidate is None:
        return None
    square = up(1 - down(epsilon * epsilon))
    target = up(math.sqrt(square), 2) if square > 0 else -math.inf
    anchor = anchor_state(rho, sigma)
    reach = 1.0 if anchor is rho else _with_fidelity(rho, sigma, anchor, normalized=normalized)[1]
    margin = 4 * UNIT
    for _ in range(8):
        candidate, fidelity = _with_fidelity(rho, sigma, candidate, normalized=normalized)
        if not math.isfinite(fidelity):
            return None
        if fidelity >= target:
            return candidate
        larger = None if normalized else _larger(candidate, fidelity, target * (1 + margin))
        if larger is None and reach <= target:
            return None
        if larger is None:
            share = (target - fidelity + margin) / (reach - fidelity)
            larger = mixed(candidate, anchor, share)
        candidate = larger
        margin *= 16
    return None


def _larger(candidate: BlockOperator, fidelity: float, target: float) -> BlockOperator | None:
    """A multiple of the candidate that reaches the target; None if its trace would reach one."""
    ratio = target / fidelity if fidelity > 0 else math.inf
    if not ratio * ratio * float(candidate.trace) < 1 - UNIT * candidate.dimension:
        return None
    return candidate.map(lambda g: g * ratio * ratio)


def _with_fidelity(
    rho: BlockOperator, sigma: BlockOperator, candidate: BlockOperator, *, normalized: bool
) -> tuple[BlockOperator, float]:
    """A state ``X >= A A^dagger`` near the candidate, and a lower bound of its fidelity.

    Fidelity is operator monotone, so ``F(rho, X) >= ||B^dagger A||_1``, and any A will do.
    """
    center, factor = state_factor(rho), rows_on_support(sigma, state_factor(candidate))
    # Without the negative part of the candidate the trace is larger.
    weight = math.sqrt(factor_weight(factor).upper)
    if (normalized and weight > 0) or weight > 1:
        factor = factor.map(lambda g: g / weight)
    state = _dominating(sigma, factor)
    if state is None:
        return candidate, -math.inf
    trace = trace_interval(state).upper
    weight = up(factor_weight(center).upper * (trace if normalized else max(1.0, trace)))
    return state, down(overlap_lower(center, factor) / up(math.sqrt(weight)))


def dominating_center(rho: BlockOperator) -> BlockOperator | None:
    """An operator a little above ``B B^dagger``, B the `state_factor` of rho."""
    return _dominating(rho.map(ones_like), state_factor(rho))


def _factor_ratio(sigma: BlockOperator, factor: BlockOperator) -> float:
    """Upper bound of the least t with ``B B^dagger / Tr B B^dagger <= t sigma``."""
    if couples(factor, support_rows(sigma)):
        return math.inf
    state = _dominating(sigma, factor)
    weight = factor_weight(factor).lower
    if state is None or not weight > 0:
        return math.inf
    return up(max_ratio(state, sigma, normalized=False) / weight)


def _dominating(sigma: BlockOperator, factor: BlockOperator) -> BlockOperator | None:
    """X on the support of sigma with ``X >= A A^dagger`` proved, a little above ``A A^dagger``.

    A has no rows outside the support.
    """
    support = support_rows(sigma)
    scale, inverse = state_scales(sigma, gram(adjoint_blocks(factor)))
    pairs = zip(factor.groups, inverse, strict=True)
    adjoint = adjoint_blocks(factor.with_groups([g * s[:, :, None] for g, s in pairs]))
    product, rounding = gram(adjoint), gram_error(adjoint)
    state = congruence(product, scale)
    for _ in range(4):
        scaled = congruence(state, inverse)
        gap, error = difference(scaled, product)
        shift = psd_shift(fill_outside(gap, support), up(error + rounding))
        if shift <= 0:
            return state
        if not math.isfinite(shift):
            break
        state = congruence(raise_diagonal(scaled, 1.5 * shift, support), scale)
    return None
