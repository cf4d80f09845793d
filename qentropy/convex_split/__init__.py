"""Convex split: rho hidden uniformly among n - 1 copies of sigma, and how far that is from i.i.d.

A commuting pair is classical, and its distance the mean deviation of a mean of likelihood ratios:
summed over types where they are few, else through the characteristic function.
"""

import numpy as np
from numpy.typing import ArrayLike

from qentropy.blocks import Array
from qentropy.convex_split.bell import bell_convex_split_spectrum
from qentropy.convex_split.bounds import convex_split_bound
from qentropy.convex_split.copies import check_copies
from qentropy.convex_split.exact_types import by_types, count_types
from qentropy.convex_split.fourier import by_fourier
from qentropy.convex_split.likelihood import LikelihoodRatios, likelihood_ratios
from qentropy.convex_split.moments import by_central_limit, by_moments
from qentropy.convex_split.state import convex_split_state
from qentropy.errors import DimensionMismatchError, InvalidParameterError
from qentropy.operators import check_states
from qentropy.results import Interval

__all__ = [
    "bell_convex_split_spectrum",
    "convex_split_bound",
    "convex_split_distance",
    "convex_split_state",
]

MOST_TYPES = 2**20


def convex_split_distance(
    rho: ArrayLike, sigma: ArrayLike, n: int, *, method: str = "auto"
) -> Interval:
    r"""Distance to independent copies, ``||rho^(n) - sigma^n||_1``, of two diagonal states.

    Parameters
    ----------
    rho, sigma
        Diagonal density operators, shape ``(d, d)``. The support of rho may stick out.
    n
        Number of copies, at least 1.
    method
        ``"types"``, ``"fourier"``, ``"gaussian"``, or ``"auto"``, the cheapest narrow one.

    Returns
    -------
    Interval
        No unit, within ``[0, 2]``; contains the exact value.

    Raises
    ------
    InvalidStateError
        rho or sigma is not a density operator.
    DimensionMismatchError
        They act on different spaces, or are stacks.
    InvalidParameterError
        n is not a positive integer, a state is not diagonal, or the method is unknown or would
        need too many types.

    References
    ----------
    Paper, Lemma 9, (B3), (B4).

    Examples
    --------
    >>> 0.375 in convex_split_distance(np.diag([0.5, 0.5]), np.diag([0.25, 0.75]), 2)
    True
    """
    copies = check_copies(n)
    pair = likelihood_ratios(*_diagonals(rho, sigma))
    best = by_moments(pair, copies)
    for extra in _intervals(pair, copies, method):
        best = Interval(max(best.lower, extra.lower), min(best.upper, extra.upper))
    whole = pair.distance(best, copies)
    return Interval(min(2.0, whole.lower), min(2.0, whole.upper))


def _diagonals(rho: ArrayLike, sigma: ArrayLike) -> tuple[Array, Array]:
    left, right = (operator.dense() for operator in check_states(rho, sigma))
    if left.ndim != 2:
        raise DimensionMismatchError(f"rho and sigma must be single matrices; got {left.shape}")
    if any(np.count_nonzero(a) > np.count_nonzero(a.diagonal()) for a in (left, right)):
        raise InvalidParameterError(
            "rho and sigma must both be diagonal; rotate a commuting pair to its eigenbasis"
        )
    return left.diagonal().real, right.diagonal().real


def _intervals(pair: LikelihoodRatios, n: int, method: str) -> list[Interval]:
    if method not in {"auto", "types", "fourier", "gaussian"}:
        raise InvalidParameterError(
            f"method must be 'auto', 'types', 'fourier' or 'gaussian'; got {method!r}"
        )
    if len(pair.ratios) == 1:
        return []
    few = n <= MOST_TYPES and count_types(pair, n) <= MOST_TYPES
    if method == "types" and not few:
        raise InvalidParameterError(f"method 'types' takes at most {MOST_TYPES} types; n is {n}")
    if method == "types" or (method == "auto" and few):
        return [by_types(pair, n)]
    if method == "gaussian":
        return [by_central_limit(pair, n)]
    routes = [by_fourier(pair, n)]
    return [*routes, by_central_limit(pair, n)] if method == "auto" else routes
