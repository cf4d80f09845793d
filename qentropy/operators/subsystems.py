"""Composite systems: dimensions of the subsystems, and what is left when some are traced out."""

import math
from collections.abc import Sequence

import numpy as np

from qentropy.blocks import Array
from qentropy.errors import DimensionMismatchError, InvalidParameterError

__all__ = ["check_dims", "partial_trace"]


def check_dims(dims: Sequence[int], dimension: int) -> tuple[int, ...]:
    """Subsystem dimensions that multiply to `dimension`.

    Raises
    ------
    DimensionMismatchError
        They do not, or one of them is not a positive integer.

    Examples
    --------
    >>> check_dims([2, 3], 6)
    (2, 3)
    """
    try:
        checked: tuple[int, ...] = tuple(int(n) for n in dims)
        whole = all(n == m and n > 0 for n, m in zip(checked, dims, strict=True))
    except (TypeError, ValueError):
        whole = False
    if not whole or math.prod(checked) != dimension:
        raise DimensionMismatchError(
            f"dims must be positive integers that multiply to {dimension}; got {dims!r}"
        )
    return checked


def partial_trace(rho: Array, dims: Sequence[int], keep: int | Sequence[int]) -> Array:
    """Partial trace over all subsystems that are not in `keep`.

    Parameters
    ----------
    rho
        Matrix or stack, shape ``(..., d, d)`` with d the product of `dims`.
    dims
        Subsystem dimensions, the leftmost factor of the Kronecker product first.
    keep
        Subsystems to keep, counted from 0, in the order that they get in the result.

    Returns
    -------
    ndarray
        Shape ``(..., k, k)`` with k the product of the kept dimensions.

    Raises
    ------
    DimensionMismatchError
        `dims` do not fit the matrix.
    InvalidParameterError
        `keep` names a subsystem that does not exist, or one twice.

    Examples
    --------
    >>> bell = np.array([1, 0, 0, 1]) / np.sqrt(2)
    >>> partial_trace(np.outer(bell, bell), (2, 2), 0).round(3)
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    dims = check_dims(dims, rho.shape[-1])
    kept = (keep,) if isinstance(keep, int) else tuple(keep)
    if len(set(kept)) != len(kept) or not all(0 <= k < len(dims) for k in kept):
        raise InvalidParameterError(f"keep must name subsystems 0 to {len(dims) - 1}; got {keep!r}")
    count = len(dims)
    rows = list(range(count))
    columns = [count + k if k in kept else k for k in range(count)]
    tensor = rho.reshape(*rho.shape[:-2], *dims, *dims)
    out = [*kept, *(count + k for k in kept)]
    reduced = np.einsum(tensor, [..., *rows, *columns], [..., *out])
    size = math.prod(dims[k] for k in kept)
    return np.asarray(reduced.reshape(*rho.shape[:-2], size, size))
