"""Proved upper bounds of ``2**D_max``: the least t with ``X <= t sigma``."""

import math
from collections.abc import Iterator

import numpy as np

from qentropy.blocks import Array, BlockOperator, is_diagonal, largest_eigenvalue
from qentropy.certify.enclosures import difference, frobenius_bound, psd_shift, trace_interval
from qentropy.certify.exact_operations import (
    congruence,
    couples,
    fill_outside,
    hermitian_part,
    is_finite,
    root_scale,
    support_rows,
)
from qentropy.certify.rounding import TINY, UNIT, up
from qentropy.spectra import positive_power

__all__ = [
    "diagonal_ratio",
    "max_ratio",
    "scaled_floor",
]


CLOSE = 1e-9
ROUNDING = 16 * UNIT


def max_ratio(
    state: BlockOperator,
    sigma: BlockOperator,
    *,
    normalized: bool = True,
    guess: float | None = None,
) -> float:
    """Proved upper bound of the least t with ``X/Tr X <= t sigma``; without division if asked.

    A `guess` of the least t, if it is good, saves an eigenvalue problem.
    """
    weight = trace_interval(state).lower if normalized else 1.0
    # Part by part, so that little is held in addition.
    pairs = [_Pair(*pair) for pair in zip(state.parts(), sigma.parts(), strict=True)]
    if not weight > 0 or not all(pair.is_bounded for pair in pairs):
        return math.inf
    best = math.inf
    for ratio in _candidates(state, sigma, guess):
        excess, shift, rounding = map(max, zip(*(pair.lack(ratio) for pair in pairs), strict=True))
        best = min(best, up(up(ratio + excess) / weight))
        if best * weight <= ratio * (1 + CLOSE) or shift <= rounding:
            break
    return best


class _Pair:
    """Some blocks of a state and of sigma, whose diagonal is scaled to about one."""

    def __init__(self, state: BlockOperator, sigma: BlockOperator) -> None:
        self._state, self._sigma = state, sigma
        self._support = support_rows(sigma)
        self._scale = root_scale(sigma, sign=-1)
        scaled = congruence(sigma, self._scale)
        self._norm = frobenius_bound(scaled)
        self._floor = -psd_shift(fill_outside(scaled, self._support))

    @property
    def is_bounded(self) -> bool:
        """Whether a multiple of sigma is provably above the state."""
        finite = is_finite(congruence(self._state, self._scale))
        return finite and self._floor > 0 and not couples(self._state, self._support)

    def lack(self, ratio: float) -> tuple[float, float, float]:
        """How much to add to the ratio, the shift that demands it, and that of rounding alone."""
        multiple = congruence(self._sigma, self._scale).map(lambda g: ratio * g)
        gap, error = difference(multiple, congruence(self._state, self._scale))
        error = up(error + up(UNIT * ratio * self._norm + TINY, 2))
        shift = max(0.0, psd_shift(fill_outside(gap, self._support), error, guess=0.0))
        return up(shift / self._floor), shift, error + _rounding(gap)


def _rounding(gap: BlockOperator) -> float:
    """About what `psd_shift` asks for where a gap is positive; no other ratio does better."""
    terms = [g.shape[-1] * np.abs(np.einsum("mii->mi", g)).sum(axis=-1).max() for g in gap.groups]
    return ROUNDING * float(max(terms))


def _candidates(state: BlockOperator, sigma: BlockOperator, guess: float | None) -> Iterator[float]:
    if guess is not None and 0 < guess < math.inf:
        # Above by what rounding may have done to the state, so that one factorisation settles it.
        yield guess * (1 + min(CLOSE, 2.0**-45 * sigma.dimension**3))
    yield _ratio(state, sigma)


def _ratio(state: BlockOperator, sigma: BlockOperator) -> float:
    """A guess of the least t with ``X <= t sigma``."""
    with np.errstate(over="ignore", invalid="ignore"):
        if all(map(is_diagonal, sigma.groups)):
            whitened = state.map(_divided, sigma)
        else:
            inverse_root = sigma.with_groups(sigma.spectrum.power(-0.5))
            whitened = inverse_root.map(lambda r, x: hermitian_part(r @ x @ r), state)
    if not is_finite(whitened):
        return 0.0
    return max(0.0, *(float(largest_eigenvalue(g).max()) for g in whitened.groups))


def _divided(state: Array, sigma: Array) -> Array:
    """``sigma^{-1/2} X sigma^{-1/2}`` for a diagonal sigma, on its support."""
    root = positive_power(np.einsum("mii->mi", sigma).real, -0.5)
    return root[:, :, None] * state * root[:, None, :]


def diagonal_ratio(state: BlockOperator, sigma: BlockOperator) -> float:
    """About the largest ratio of diagonal entries, which no t with ``X <= t sigma`` is below."""
    best = 0.0
    for x, s in zip(state.groups, sigma.groups, strict=True):
        above, below = (np.einsum("mii->mi", g).real for g in (x, s))
        inside = below > 0
        best = max(best, float((above[inside] / below[inside]).max(initial=0.0)))
    return best


def scaled_floor(sigma: BlockOperator) -> float:
    """Proved lower bound of the smallest eigenvalue of sigma after scaling its diagonal to one.

    To about one: between 1/2 and 2 times the largest diagonal entry.
    """
    return -psd_shift(congruence(sigma, root_scale(sigma, sign=-1)))
