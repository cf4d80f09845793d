"""Bounds of the distance between the convex split and independent copies."""

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.convex_split.eigenbasis import RotatedPair
from qentropy.divergences import chi_squared_divergence, max_relative_entropy
from qentropy.errors import InvalidParameterError
from qentropy.operators import as_state, check_count

__all__ = ["collision_upper", "convex_split_bound"]

SLACK = 1 + 1e-9  # covers the rounding of a sum of terms that are not negative


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
    copies, target = check_count(n), as_state(sigma, "sigma")
    if kind == "collision":
        return math.sqrt(max(0.0, float(chi_squared_divergence(rho, target))) / copies)
    if kind == "max":
        return float(np.exp2((float(max_relative_entropy(rho, target)) - math.log2(copies)) / 2))
    raise InvalidParameterError(f"kind must be 'collision' or 'max'; got {kind!r}")


def collision_upper(pair: RotatedPair, n: int) -> float:
    r"""Proved upper bound of the distance, ``sqrt((2**D_2 - 1)/n)`` and what the basis costs.

    With ``S = sigma^n`` Hölder's inequality gives ``||X||_1 <= ||S^(-1/4) X S^(-1/4)||_2``, and
    the cross terms of ``X = (1/n) sum_m sigma^(m-1) (x) (rho - sigma) (x) sigma^(n-m)`` vanish.

    Parameters
    ----------
    pair
        A pair in an eigenbasis of sigma.
    n
        Number of copies.

    Examples
    --------
    >>> from qentropy.convex_split.eigenbasis import rotated_pair
    >>> pair = rotated_pair(np.diag([0.75, 0.25]), np.diag([0.5, 0.5]), np.eye(2))
    >>> round(collision_upper(pair, 25), 9)
    0.1
    """
    levels = pair.probabilities[1]
    inside = np.flatnonzero(levels)
    block = np.ix_(inside, inside)
    weight = math.fsum(pair.rho[block].diagonal().real)
    if weight < 0.5:
        return 2.0  # So much of rho sticks out that nothing better would follow.
    q, rho = levels[inside] / math.fsum(levels), pair.rho[block] / weight
    sizes = abs(rho - np.diag(q)) + 16 * certify.UNIT * (abs(rho) + np.diag(q))
    square = float((sizes**2 / np.sqrt(np.outer(q, q))).sum()) * SLACK
    kept = np.zeros_like(pair.rho)
    kept[block] = pair.rho[block]
    moves = pair.moves(kept, np.diag(levels))
    bound = math.sqrt(square / n) * SLACK + pair.change(moves, n)
    # If sigma has full rank, sigma >= (1 - lack) diag q, and no error is multiplied by n.
    least = float(q.min()) if len(q) == len(levels) else 0.0
    if moves[1] < least / 2:
        norm = math.sqrt(square) + sum(moves) / math.sqrt(least)
        bound = min(bound, norm / math.sqrt(n * (1 - moves[1] / least)) * SLACK)
    return certify.up(bound)
