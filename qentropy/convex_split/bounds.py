"""Bounds of the distance between the convex split and independent copies."""

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from qentropy.convex_split.copies import check_copies
from qentropy.divergences import chi_squared_divergence, max_relative_entropy
from qentropy.errors import InvalidParameterError
from qentropy.operators import as_state

__all__ = ["convex_split_bound"]


def convex_split_bound(
    rho: ArrayLike, sigma: ArrayLike, n: int, *, kind: Literal["collision", "max"] = "collision"
) -> float:
    r"""Upper bound of the distance, ``sqrt((2**D_2 - 1)/n)`` or ``sqrt(2**D_max/n)``.

    Parameters
    ----------
    rho, sigma
        Density operators, shape ``(d, d)``.
    n
        Number of copies, at least 1.
    kind
        ``"collision"`` takes the sandwiched Rényi divergence of order 2, ``"max"`` is the paper's.

    Returns
    -------
    float
        No unit; ``inf`` if supp(rho) is not inside supp(sigma).

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        As `max_relative_entropy`; sigma has to be a density operator too.
    InvalidParameterError
        n is not a positive integer, or the kind is unknown.

    References
    ----------
    Paper, (B4); G. Gour, arXiv:2502.06526 (collision).

    Examples
    --------
    >>> rho, sigma = np.diag([0.75, 0.25]), np.diag([0.5, 0.5])
    >>> convex_split_bound(rho, sigma, 25), convex_split_bound(rho, sigma, 6, kind="max")
    (0.1, 0.5)
    """
    copies, target = check_copies(n), as_state(sigma, "sigma")
    if kind == "collision":
        return math.sqrt(max(0.0, float(chi_squared_divergence(rho, target))) / copies)
    if kind == "max":
        return float(np.exp2((float(max_relative_entropy(rho, target)) - math.log2(copies)) / 2))
    raise InvalidParameterError(f"kind must be 'collision' or 'max'; got {kind!r}")
