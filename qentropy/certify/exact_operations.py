"""Operations on blocks: powers of two and rows of a support, which round nothing; shorthands."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qentropy.blocks import BlockOperator
from qentropy.certify.rounding import TINY, times_power

__all__ = [
    "adjoint_blocks",
    "all_finite",
    "binary_exponent",
    "congruence",
    "couples",
    "diagonals",
    "eigendecompositions",
    "fill_outside",
    "hermitian_part",
    "is_finite",
    "largest_guess",
    "negative",
    "on_support",
    "ones_like",
    "raise_diagonal",
    "root_scale",
    "rows_on_support",
    "spectral",
    "state_scales",
    "support_rows",
    "to_order_one",
    "total_size",
]

Array = NDArray[Any]


def is_finite(operator: BlockOperator) -> bool:
    """Whether every entry is a finite number."""
    return all(map(all_finite, operator.groups))


def all_finite(group: Array) -> bool:
    """The same for an array; a sum, which is infinite or NaN with an entry, is read only once."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(group.sum()) or np.isfinite(group).all())


def binary_exponent(groups: Sequence[Array]) -> int:
    """Binary exponent of the largest real or imaginary part; all parts are below its power."""
    parts = [part for g in groups for part in ((g.real, g.imag) if np.iscomplexobj(g) else (g,))]
    largest = max(max(float(part.max()), -float(part.min())) for part in parts)
    return math.frexp(largest)[1]


def to_order_one(operator: BlockOperator) -> tuple[BlockOperator, int]:
    """``2**-k A`` with the largest part in [1/2, 1), and k."""
    exponent = binary_exponent(operator.groups)
    return operator.map(lambda g: times_power(g, -exponent)), exponent


def diagonals(operator: BlockOperator) -> list[Array]:
    """The diagonal of each group, shape ``(m, b)``."""
    return [np.einsum("mii->mi", group).real for group in operator.groups]


def root_scale(sigma: BlockOperator, *, sign: int) -> list[Array]:
    """Powers of two near ``sigma_ii**(sign/2)``, shape ``(m, b)``; one outside the support.

    The largest is one if `sign` is 1, so that a congruence with ``sign = -1`` does not underflow.
    """
    return _root_powers(diagonals(sigma), sign)


def state_scales(sigma: BlockOperator, state: BlockOperator) -> tuple[list[Array], list[Array]]:
    """Powers of two near the root of ``min(1, t sigma_ii)``, t the least by diagonals; inverses.

    Neither the trace of X nor t grows by more than rounding when rounding on this scale is added.
    """
    prices = diagonals(sigma)
    pairs = list(zip(diagonals(state), prices, strict=True))
    largest = max(float(s.max()) for s in prices)
    ratios = [np.divide(x, s, out=np.zeros_like(s), where=s > largest * TINY) for x, s in pairs]
    level = max(1 / largest, *(float(r.max()) for r in ratios))
    weights = [np.minimum(level * s, 1.0) for s in prices]
    return _root_powers(weights, 1), _root_powers(weights, -1)


def _root_powers(weights: list[Array], sign: int) -> list[Array]:
    """Powers of two near ``w**(sign/2)`` over the largest of them, one where w is zero."""
    exponents = [np.frexp(w)[1] // 2 for w in weights]
    top = max(int(e[w > 0].max(initial=-9999)) for e, w in zip(exponents, weights, strict=True))
    return [
        np.where(w > 0, np.ldexp(1.0, sign * (e - top)), 1.0)
        for e, w in zip(exponents, weights, strict=True)
    ]


def congruence(operator: BlockOperator, scale: list[Array]) -> BlockOperator:
    """``D A D`` for a diagonal D of powers of two: exact but for underflow, or infinite."""
    pairs = zip(operator.groups, scale, strict=True)
    with np.errstate(over="ignore", invalid="ignore"):
        return operator.with_groups([g * s[:, :, None] * s[:, None, :] for g, s in pairs])


def support_rows(sigma: BlockOperator) -> list[NDArray[np.bool_]]:
    """Rows on which sigma acts; a positive operator with a zero on its diagonal has a zero row."""
    return [diagonal > 0 for diagonal in diagonals(sigma)]


def on_support(sigma: BlockOperator, operator: BlockOperator) -> BlockOperator:
    """``Pi A Pi`` with the projector on the rows on which sigma acts."""
    support = support_rows(sigma)
    if all(s.all() for s in support):
        return operator
    pairs = zip(operator.groups, support, strict=True)
    return operator.with_groups([g * (s[:, :, None] & s[:, None, :]) for g, s in pairs])


def rows_on_support(sigma: BlockOperator, factor: BlockOperator) -> BlockOperator:
    """``Pi A`` with the projector on the rows on which sigma acts."""
    pairs = zip(factor.groups, support_rows(sigma), strict=True)
    return factor.with_groups([g * s[:, :, None] for g, s in pairs])


def fill_outside(operator: BlockOperator, support: list[NDArray[np.bool_]]) -> BlockOperator:
    """Put the largest entry on the diagonal of the rows outside the support."""
    if all(s.all() for s in support):
        return operator
    top = max(float(np.abs(g).max()) for g in operator.groups) or 1.0
    pairs = zip(operator.groups, support, strict=True)
    return operator.with_groups(
        [g + top * (~s[:, :, None] * np.eye(g.shape[-1])) for g, s in pairs]
    )


def raise_diagonal(
    operator: BlockOperator, shift: float, support: list[NDArray[np.bool_]]
) -> BlockOperator:
    """Add `shift` on the diagonal of the rows inside the support."""
    pairs = zip(operator.groups, support, strict=True)
    return operator.with_groups(
        [g + shift * (s[:, :, None] * np.eye(s.shape[-1])) for g, s in pairs]
    )


def couples(operator: BlockOperator, support: list[NDArray[np.bool_]]) -> bool:
    """Whether an operator has entries in rows outside the support."""
    return any(bool(np.any(g[~s])) for g, s in zip(operator.groups, support, strict=True))


def negative(operator: BlockOperator) -> BlockOperator:
    """``-A``."""
    return operator.map(np.negative)


def total_size(operator: BlockOperator) -> int:
    """Sum of the sizes of all blocks."""
    return sum(int(np.prod(g.shape[:-1])) for g in operator.groups)


def ones_like(group: Array) -> Array:
    """Identity matrices in the shape of a group."""
    return np.broadcast_to(np.eye(group.shape[-1]), group.shape)


def adjoint_blocks(factor: BlockOperator) -> BlockOperator:
    """``A^dagger``."""
    return factor.map(lambda a: a.conj().swapaxes(-1, -2))


def hermitian_part(group: Array) -> Array:
    """``(A + A^dagger) / 2``, exactly Hermitian."""
    return np.asarray((group + group.conj().swapaxes(-1, -2)) / 2)


def spectral(vectors: Array, values: Array) -> Array:
    """``V diag(w) V^dagger`` up to rounding, exactly Hermitian."""
    return hermitian_part((vectors * values[..., None, :]) @ vectors.conj().swapaxes(-1, -2))


def largest_guess(operator: BlockOperator) -> float | None:
    """``Tr A**2 / Tr A``: never above the largest eigenvalue of a positive A, and often it."""
    square = sum(float(np.vdot(g, g).real) for g in operator.groups)
    trace = float(operator.trace)
    return square / trace if trace > 0 else None


def eigendecompositions(operator: BlockOperator) -> list[tuple[Array, Array]]:
    """Approximate eigenvalues and eigenvectors of each group."""
    return [(x.eigenvalues, x.eigenvectors) for x in map(np.linalg.eigh, operator.groups)]
