"""The convex-split state: rho hidden uniformly among n - 1 copies of sigma."""

from functools import reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qentropy.blocks import Array, require_memory
from qentropy.errors import DimensionMismatchError, InvalidParameterError
from qentropy.operators import as_state

__all__ = ["convex_split_state"]


def convex_split_state(rho: ArrayLike, sigma: ArrayLike, n: int) -> NDArray[np.inexact]:
    r"""Convex-split state, ``(1/n) sum_m sigma^(m-1) (x) rho (x) sigma^(n-m)``, as a dense matrix.

    Parameters
    ----------
    rho, sigma
        Density operators, shape ``(d, d)``.
    n
        Number of copies, at least 1.

    Returns
    -------
    ndarray
        Density operator, shape ``(d**n, d**n)``.

    Raises
    ------
    InvalidStateError
        rho or sigma is not a density operator.
    DimensionMismatchError
        They act on different spaces.
    InvalidParameterError
        n is not a positive integer.
    ResourceLimitError
        The matrix would not fit into memory.

    References
    ----------
    Paper, (B3); Anshu, Devabathini, Jain, Phys. Rev. Lett. 119 (2017) 120506.

    Examples
    --------
    >>> rho, sigma = np.diag([1.0, 0.0]), np.diag([0.5, 0.5])
    >>> np.diag(convex_split_state(rho, sigma, 2))
    array([0.5 , 0.25, 0.25, 0.  ])
    """
    left, right = as_state(rho, "rho"), as_state(sigma, "sigma")
    if left.shape != right.shape or left.ndim != 2:
        raise DimensionMismatchError(
            f"rho and sigma must be two matrices of one size; got {left.shape} and {right.shape}"
        )
    if isinstance(n, bool) or n != int(n) or n < 1:
        raise InvalidParameterError(f"n must be an integer of at least 1; got {n!r}")
    # A float, so that a hopeless n is refused instead of being computed exactly.
    require_memory(48.0 * float(len(left)) ** min(2 * int(n), 300), "the convex-split state")
    terms = (reduce(np.kron, _factors(left, right, place, int(n))) for place in range(int(n)))
    return np.asarray(sum(terms) / n)


def _factors(rho: Array, sigma: Array, place: int, n: int) -> list[Array]:
    return [rho if k == place else sigma for k in range(n)]
