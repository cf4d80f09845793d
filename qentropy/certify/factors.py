"""Operators as ``B B^dagger``: states of the purified ball, and positive operators of low rank."""

import math
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from qentropy.blocks import BlockOperator
from qentropy.certify.enclosures import difference, inner, psd_shift
from qentropy.certify.exact_operations import (
    adjoint_blocks,
    hermitian_part,
    negative,
    ones_like,
    total_size,
)
from qentropy.certify.rounding import TINY, UNIT, down, gamma, up
from qentropy.results import Interval

__all__ = [
    "covered_trace",
    "factor_norm",
    "factor_weight",
    "factored_inner",
    "gram",
    "gram_error",
    "overlap_lower",
    "state_factor",
    "state_of_factor",
]

Array = NDArray[Any]
_factors: WeakKeyDictionary[BlockOperator, BlockOperator] = WeakKeyDictionary()


def state_factor(rho: BlockOperator) -> BlockOperator:
    r"""Square blocks B with ``B B^dagger`` equal to rho up to rounding.

    Rounding means some units of ``sqrt(rho_ii rho_jj)`` in entry (i, j). Eigenvalues that are
    rounding are left out: a root would make them large. One operator has one factor, so that both
    ends of an interval speak of the same state.
    """
    if rho not in _factors:
        _factors[rho] = rho.with_groups([_group_factor(g) for g in rho.groups])
    return _factors[rho]


def state_of_factor(factor: BlockOperator) -> BlockOperator:
    """``B B^dagger`` for square blocks B, which from then on are its `state_factor`."""
    state = gram(factor.map(lambda b: b.conj().swapaxes(-1, -2)))
    _factors[state] = factor
    return state


def _group_factor(group: Array) -> Array:
    """The factor in scaled rows, unless rows that are rounding have spoilt it there."""
    scaled, plain = _scaled_factor(group), _plain_factor(group)
    tolerance = 16 * group.shape[-1] * UNIT * np.abs(group).max(axis=(-1, -2))
    defect = np.abs(scaled @ scaled.conj().swapaxes(-1, -2) - group).max(axis=(-1, -2))
    return np.where((defect <= tolerance)[:, None, None], scaled, plain)


def _plain_factor(group: Array) -> Array:
    values, vectors = np.linalg.eigh(group)
    acting = np.einsum("mii->mi", group).real != 0
    return np.asarray(acting[:, :, None] * vectors * np.sqrt(_cleaned(values))[:, None, :])


def _cleaned(values: Array) -> Array:
    size = values.shape[-1]
    noise = (4 + math.sqrt(size)) * 2 * UNIT * values.max(axis=-1, keepdims=True)
    kept = np.where(values > (noise if size > 1 else 0.0), values, 0.0)
    return np.maximum(kept, 0.0)


def _scaled_factor(group: Array) -> Array:
    size = group.shape[-1]
    diagonal = np.einsum("mii->mi", group).real
    # Below this a diagonal entry is itself rounding, and scaling it to one would blow that up.
    floor = 64 * size * UNIT * diagonal.max(axis=-1, keepdims=True) if size > 1 else TINY
    exponent = np.frexp(np.maximum(diagonal, np.maximum(floor, TINY)))[1] // 2
    scale = np.ldexp(1.0, exponent)
    values, vectors = np.linalg.eigh(group / (scale[:, :, None] * scale[:, None, :]))
    rows = np.where(diagonal > 0, scale, 0.0)[:, :, None]
    return np.asarray(rows * vectors * np.sqrt(_cleaned(values))[:, None, :])


def factor_weight(factor: BlockOperator) -> Interval:
    """Interval of ``Tr B B^dagger``."""
    return inner(factor, factor)


def gram(factor: BlockOperator) -> BlockOperator:
    """``A^dagger A``."""
    return factor.map(lambda a: hermitian_part(a.conj().swapaxes(-1, -2) @ a))


def gram_error(factor: BlockOperator) -> float:
    """Bound of the Frobenius norm of the rounding of ``A^dagger A``; sqrt(2) for complex parts."""
    length = max(g.shape[-2] for g in factor.groups)
    return up(gamma(4 * length + 8) * factor_weight(factor).upper + TINY, 2)


def factor_norm(factor: BlockOperator) -> float:
    """Upper bound of the largest eigenvalue of ``F F^dagger``."""
    return max(0.0, psd_shift(negative(gram(factor)), gram_error(factor)))


def factored_inner(operator: BlockOperator, factor: BlockOperator) -> Interval:
    """Interval of ``Tr A F F^dagger`` for a Hermitian A.

    Examples
    --------
    >>> from qentropy.blocks import one_group
    >>> operator, factor = one_group(np.diag([1.0, 2.0])), one_group(np.array([[0.0], [1.0]]))
    >>> 2.0 in factored_inner(operator, factor)
    True
    """
    image = operator.map(np.matmul, factor)
    sizes = operator.map(lambda a, f: np.abs(a) @ np.abs(f), factor)
    length = max(g.shape[-1] for g in operator.groups)
    rounding = gamma(4 * length + 8) * inner(factor.map(np.abs), sizes).upper
    value, error = inner(factor, image), up(rounding * (1 + gamma(4 * length + 8)) + TINY, 4)
    return Interval(down(value.lower - error), up(value.upper + error))


def covered_trace(operator: BlockOperator, factor: BlockOperator, error: float = 0.0) -> float:
    """Upper bound of ``Tr (A)_+`` from any F, sharp where ``F F^dagger`` is the positive part.

    It is the trace of ``F F^dagger + c`` with c such that this is at least A, for every A within
    `error` (spectral norm) of `operator`.

    Examples
    --------
    >>> from qentropy.blocks import one_group
    >>> operator, factor = one_group(np.diag([1.0, -2.0])), one_group(np.array([[1.0], [0.0]]))
    >>> 1 <= covered_trace(operator, factor) < 1 + 1e-12
    True
    """
    part = gram(adjoint_blocks(factor))
    gap, rounding = difference(part, operator)
    slop = up(rounding + gram_error(adjoint_blocks(factor)) + error, 2)
    shift = max(0.0, psd_shift(gap, slop, guess=0.0))
    return up(factor_weight(factor).upper + up(shift * total_size(operator)))


def overlap_lower(left: BlockOperator, right: BlockOperator) -> float:
    """Lower bound of ``||B^dagger A||_1``, the root fidelity of ``B B^dagger`` and ``A A^dagger``.

    It is at least ``Re Tr V^dagger B^dagger A`` for any contraction V.
    """
    product = left.map(lambda b, a: b.conj().swapaxes(-1, -2) @ a, right)
    contraction = product.map(_polar)
    gap, error = difference(right.map(ones_like), gram(contraction))
    excess = max(0.0, psd_shift(gap, up(error + gram_error(contraction))))
    norm = up(math.sqrt(up(1 + excess)))
    weights = factor_weight(left).upper, factor_weight(right).upper
    width = max(g.shape[-1] for g in product.groups)
    slop = up(gamma(4 * width + 8) * math.sqrt(width * up(weights[0] * weights[1])), 4)
    return down(down(inner(contraction, product).lower - up(slop * norm)) / norm)


def _polar(product: Array) -> Array:
    """Unitary V that maximises ``Re Tr V^dagger M``."""
    u, _, v = np.linalg.svd(product)
    return np.asarray(u @ v)
