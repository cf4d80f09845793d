"""How far a state is from the support of sigma: the radii at which the value is infinite."""

import numpy as np

from qentropy.blocks import BlockOperator
from qentropy.certify.candidates import anchor_state
from qentropy.certify.enclosures import inner, psd_shift, trace_interval
from qentropy.certify.exact_operations import (
    eigendecompositions,
    negative,
    on_support,
    ones_like,
    rows_on_support,
    spectral,
)
from qentropy.certify.factors import factor_weight, state_factor
from qentropy.certify.rounding import TINY, down, quotient_down, up
from qentropy.results import Interval

__all__ = [
    "outside_weight",
    "support_radius",
]

ROUNDING = 1e-13


def outside_weight(rho: BlockOperator, sigma: BlockOperator) -> Interval:
    """Interval of ``Tr rho (1 - Pi)`` with the projector on the rows of sigma that are not zero.

    The state is ``B B^dagger`` over its trace with the `state_factor` B of rho. No state on those
    rows has a purified distance from it whose square is smaller.
    """
    factor = state_factor(rho)
    inside = rows_on_support(sigma, factor)
    part, whole = factor_weight(factor.map(np.subtract, inside)), factor_weight(factor)
    return Interval(
        max(0.0, down(part.lower / whole.upper)), up(part.upper / max(TINY, whole.lower))
    )


def support_radius(rho: BlockOperator, sigma: BlockOperator) -> float:
    r"""Proved lower bound of the trace distance from rho to the states on the support of sigma.

    With ``Pi G Pi <= 0`` it is at least ``Tr rho G`` over the spread of G as in `smooth_lower`.
    Tried are ``1 - Pi`` and the projector of ``rho - X > 0``, X the compression of rho, minus a
    multiple of the identity. Exact for a pure rho and for a commuting pair.
    """
    identity = sigma.map(ones_like)
    gap = rho.map(np.subtract, anchor_state(rho, sigma))
    parts = eigendecompositions(gap)
    # Eigenvalues that are rounding would raise the level for nothing.
    cut = ROUNDING * max(float(w.max()) for w, _ in parts)
    above = gap.with_groups([spectral(v, (w > cut).astype(float)) for w, v in parts])
    best = 0.0
    for candidate in (identity.map(np.subtract, on_support(sigma, identity)), above):
        top, bottom = psd_shift(negative(candidate)), psd_shift(candidate)
        level = max(0.0, psd_shift(negative(on_support(sigma, candidate))))
        gain = quotient_down(inner(rho, candidate).lower, trace_interval(rho))
        spread = up(max(0.0, up(top - level)) + max(0.0, up(bottom + level)))
        best = max(best, down(down(gain - level) / spread) if spread > 0 else 0.0)
    return best
