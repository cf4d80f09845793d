"""The convex-split state: rho hidden uniformly among n - 1 copies of sigma."""

import math
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qentropy.blocks import Array, require_memory
from qentropy.errors import DimensionMismatchError
from qentropy.operators import as_state, check_count

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
    copies = check_count(n)
    # A float that cannot overflow, so that a hopeless n is refused at once.
    entries = 2.0 ** min(1000.0, 2 * copies * math.log2(len(left)))
    require_memory(48 * entries, "the convex-split state")
    terms = (reduce(np.kron, _factors(left, right, place, copies)) for place in range(copies))
    return np.asarray(sum(terms) / copies)


def _factors(rho: Array, sigma: Array, place: int, n: int) -> list[Array]:
    return [rho if k == place else sigma for k in range(n)]
