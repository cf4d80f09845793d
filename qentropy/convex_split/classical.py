"""The distance of a commuting pair from its eigenvalues, by the cheapest narrow route."""

from qentropy.blocks import Array
from qentropy.convex_split.exact_types import by_types, count_types
from qentropy.convex_split.fourier import by_fourier
from qentropy.convex_split.likelihood import LikelihoodRatios, likelihood_ratios
from qentropy.convex_split.moments import by_central_limit, by_moments
from qentropy.errors import InvalidParameterError
from qentropy.results import Interval

__all__ = ["classical_distance"]

MOST_TYPES = 2**20


def classical_distance(p: Array, q: Array, n: int, method: str = "auto") -> Interval:
    """``E |mean of n likelihood ratios - 1|`` and the weight of p outside the support of q.

    Examples
    --------
    >>> import numpy as np
    >>> 0.375 in classical_distance(np.array([0.5, 0.5]), np.array([0.25, 0.75]), 2)
    True
    """
    pair = likelihood_ratios(p, q)
    best = by_moments(pair, n)
    for extra in _intervals(pair, n, method):
        best = Interval(max(best.lower, extra.lower), min(best.upper, extra.upper))
    return pair.distance(best, n)


def _intervals(pair: LikelihoodRatios, n: int, method: str) -> list[Interval]:
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
