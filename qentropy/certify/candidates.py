"""Repair of a proposed state: positive, of trace one, and closer to rho."""

import math
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from qentropy.blocks import Array, BlockOperator
from qentropy.certify.enclosures import difference, positive_part_trace, psd_shift, trace_interval
from qentropy.certify.exact_operations import (
    binary_exponent,
    congruence,
    couples,
    fill_outside,
    hermitian_part,
    is_finite,
    on_support,
    raise_diagonal,
    state_scales,
    support_rows,
)
from qentropy.certify.factors import covered_trace
from qentropy.certify.rounding import TINY, times_power, up
from qentropy.results import Interval

__all__ = [
    "anchor_state",
    "clean_candidate",
    "distance_bound",
    "lifted",
    "mixed",
    "norm_defect",
]


def clean_candidate(
    sigma: BlockOperator, primal: BlockOperator, *, normalized: bool
) -> BlockOperator | None:
    """The candidate on the support of sigma, of trace about one, or None if it is hopeless."""
    if not is_finite(primal):
        return None
    exponent = binary_exponent(primal.groups)
    scale = 0 if not normalized and exponent <= 1 else -exponent
    unit = primal.map(lambda g: hermitian_part(times_power(g, scale)))
    candidate = on_support(sigma, unit)
    trace = float(candidate.trace)
    # No entry of a positive operator is larger than its trace.
    if trace < 1e-3 * max(float(np.abs(g).max()) for g in candidate.groups) or trace <= 0:
        return None
    return _rescaled(candidate, normalized=normalized)


def _rescaled(candidate: BlockOperator, *, normalized: bool) -> BlockOperator:
    """Of trace one up to rounding; of at most that without normalisation."""
    scale = float(candidate.trace) if normalized else max(1.0, float(candidate.trace))
    return candidate.map(lambda g: g / scale)


def anchor_state(rho: BlockOperator, sigma: BlockOperator) -> BlockOperator:
    """A state on the support of sigma near rho: rho itself, or its normalised compression."""
    if not couples(rho, support_rows(sigma)):
        return rho
    inside = on_support(sigma, rho)
    weight = float(inside.trace)
    return inside.map(lambda g: g / weight) if weight > TINY else inside


def mixed(candidate: BlockOperator, anchor: BlockOperator, weight: float) -> BlockOperator:
    """``(1 - w) X + w R`` with w at most one."""
    share = min(1.0, weight)
    return candidate.map(lambda x, r: hermitian_part((1 - share) * x + share * r), anchor)


def lifted(
    candidate: BlockOperator, sigma: BlockOperator, *, normalized: bool
) -> tuple[BlockOperator, bool]:
    """Add to the diagonal until positivity is proved, and rescale."""
    support = support_rows(sigma)
    scale, inverse = state_scales(sigma, candidate)
    for _ in range(4):
        shift = _scaled_shift(candidate, inverse, support)
        if shift <= 0:
            return candidate, True
        if not math.isfinite(shift):
            break
        scaled = congruence(candidate, inverse)
        raised = congruence(raise_diagonal(scaled, 1.5 * shift, support), scale)
        candidate = _rescaled(raised, normalized=normalized)
    return candidate, False


def _scaled_shift(
    operator: BlockOperator, scale: list[Array], support: list[NDArray[np.bool_]]
) -> float:
    """`psd_shift` of ``D A D`` inside the support, one group held at a time."""
    rows = zip(operator.groups, operator.index, scale, support, strict=True)
    shifts = []
    for group, index, s, inside in rows:
        part = congruence(BlockOperator((group,), (index,), operator.dimension), [s])
        shifts.append(psd_shift(fill_outside(part, [inside]), guess=0.0))
    return max(shifts)


def distance_bound(
    rho: BlockOperator,
    state: BlockOperator,
    *,
    normalized: bool,
    removed: BlockOperator | None = None,
) -> float:
    """Upper bound of ``Tr (rho/Tr rho - X)_+``, with ``X/Tr X`` for X if normalised.

    The traces differ from one by rounding only; ||rho||_1 and ||X||_1 are at most 2. A factor F
    with ``(rho - X)_+`` about ``F F^dagger`` saves an eigenvalue problem.
    """
    bound = 0.0
    factors = repeat(None) if removed is None else removed.parts()
    # Part by part, so that little is held in addition.
    for left, right, factor in zip(rho.parts(), state.parts(), factors, strict=False):
        gap, error = difference(left, right)
        if factor is None:
            bound = up(bound + positive_part_trace(gap, error))
        else:
            bound = up(bound + covered_trace(gap, factor, error))
    trace = trace_interval(state)
    if normalized or trace.upper > 1:
        bound = up(bound + norm_defect(trace))
    return up(bound + norm_defect(trace_interval(rho)))


def norm_defect(trace: Interval) -> float:
    """Upper bound of ``||A/Tr A - A||_1`` if ``||A||_1 <= 2``."""
    off = max(abs(trace.lower - 1), abs(trace.upper - 1))
    return up(2 * off / max(TINY, 1 - off), 4)
