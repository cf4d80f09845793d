r"""Proved bounds of ``max Tr J K : 0 <= K <= 1 (x) rho``, rho a state on the second system.

With J the difference of two Choi operators, output first, it is half of the diamond norm. The
dual is the least ``|Tr_A Z|`` with ``Z >= 0`` and ``Z >= J``. If K is to live on the span of some
columns Q, it is ``Q k Q^dagger`` and the dual asks for ``Q^dagger (Z - J) Q >= 0`` only.
"""

import math
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
from qentropy.certify.exact_operations import hermitian_part, negative
from qentropy.certify.marginals import marginal_norm
from qentropy.certify.rounding import TINY, down, gamma, up

__all__ = ["distinguishing_lower", "distinguishing_upper", "trace_defect"]

Array = NDArray[Any]
Dims = tuple[int, int]


def distinguishing_lower(
    gap: BlockOperator,
    primal: tuple[Array, Array],
    dims: Dims,
    *,
    error: float = 0.0,
    kernel: Array | None = None,
) -> tuple[float, Array]:
    """Proved lower bound of the maximum, at least 0, and the state rho that attains it.

    Parameters
    ----------
    gap
        J, a single block on A (x) B.
    primal
        Candidates for K, or k with a kernel, and for rho of any trace.
    dims
        Dimensions of A and B.
    error
        Bound of the spectral norm of what J differs by from `gap`.
    kernel
        The columns Q, nearly orthonormal; all of the space if left out.
    """
    first, second = dims
    if not all(np.isfinite(x).all() for x in primal):
        return 0.0, np.eye(second) / second
    effect, marginal = (hermitian_part(x) for x in primal)
    local, inside = one_group(marginal), one_group(effect)
    shift = max(0.0, psd_shift(inside))
    seen, seen_error = _compressed(gap, error, kernel)
    whole, whole_error, norm = _embedded(inside, kernel)
    size = up(trace_interval(inside).upper + up(shift * len(effect)))
    gain = down(inner(seen, inside).lower + down(shift * trace_interval(seen).lower))
    gain = down(gain - up(seen_error * size))
    room, rounding = difference(one_group(np.kron(np.eye(first), marginal)), whole)
    raise_by = up(psd_shift(room, up(rounding + whole_error)) + up(shift * norm))
    trace = up(trace_interval(local).upper + up(raise_by * second))
    state = marginal + raise_by * np.eye(second)
    if not (gain > 0 and 0 < trace < math.inf):
        return 0.0, np.eye(second) / second
    return down(gain / trace), state / trace


def distinguishing_upper(
    gap: BlockOperator,
    dual: Array,
    dims: Dims,
    *,
    error: float = 0.0,
    kernel: Array | None = None,
) -> float:
    """Proved upper bound of the maximum from any candidate Z.

    Parameters
    ----------
    gap, dims, error, kernel
        As in `distinguishing_lower`.
    dual
        The candidate Z, which is raised until the constraints are proved.
    """
    finite = bool(np.isfinite(dual).all())
    candidate = one_group(hermitian_part(dual) if finite else np.zeros_like(gap.groups[0][0]))
    seen, seen_error = _compressed(gap, error, kernel)
    inside, inside_error = _compressed(candidate, 0.0, kernel)
    excess, rounding = difference(inside, seen)
    lack = psd_shift(excess, up(rounding + up(seen_error + inside_error)))
    if kernel is not None:
        floor = -psd_shift(*_gram(kernel))
        lack = up(max(0.0, lack) / floor) if floor > 0 else math.inf
    shift = max(lack, psd_shift(candidate))
    return max(0.0, up(marginal_norm(candidate, dims) + up(shift * dims[0])))


def trace_defect(
    gap: BlockOperator, dims: Dims, *, whole: float = 0.0, error: float = 0.0
) -> float:
    """Upper bound of ``|Tr_A J - w 1|``, by which a map with ``w = 0`` or 1 misses its trace.

    Where the difference of two channels does not have trace zero, ``|A|_1`` and ``2 Tr A_+``
    differ by that.

    Parameters
    ----------
    gap, dims, error
        As in `distinguishing_lower`.
    whole
        The number w.
    """
    above = up(marginal_norm(gap, dims) - whole)
    below = up(marginal_norm(negative(gap), dims) + whole)
    return up(max(above, below, 0.0) + up(error * dims[0]))


def _compressed(
    operator: BlockOperator, error: float, kernel: Array | None
) -> tuple[BlockOperator, float]:
    """``Q^dagger A Q`` and a bound of its error, A within `error` of the operator."""
    if kernel is None:
        return operator, error
    inside = hermitian_part(kernel.conj().T @ operator.groups[0][0] @ kernel)
    return one_group(inside), _product_error(operator, error, kernel)


def _embedded(inside: BlockOperator, kernel: Array | None) -> tuple[BlockOperator, float, float]:
    """``Q k Q^dagger``, a bound of its error, and one of ``|Q|**2``."""
    if kernel is None:
        return inside, 0.0, 1.0
    whole = hermitian_part(kernel @ inside.groups[0][0] @ kernel.conj().T)
    product, error = _gram(kernel)
    return (
        one_group(whole),
        _product_error(inside, 0.0, kernel),
        psd_shift(negative(product), error),
    )


def _gram(kernel: Array) -> tuple[BlockOperator, float]:
    """``Q^dagger Q`` and a bound of its error."""
    identity = one_group(np.eye(len(kernel)))
    return _compressed(identity, 0.0, kernel)


def _product_error(operator: BlockOperator, error: float, kernel: Array) -> float:
    """Bound for both products with Q, of complex numbers at worst, and for the error within."""
    square = up(float(np.linalg.norm(kernel)) ** 2 * (1 + gamma(2 * kernel.size + 8)), 2)
    rounding = gamma(8 * len(kernel) + 16) * frobenius_bound(operator)
    return up(up(square * up(rounding + error), 2) + TINY)
