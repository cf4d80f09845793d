"""The least number of systems at which a distance that never increases with it is small enough.

The distance is known by intervals only, so that a number is proved enough, proved too small, or
neither; the search ends at the last one proved too small and the first one proved enough.
"""

import math
from collections.abc import Callable
from functools import cache

from qentropy import certify
from qentropy.results import Interval

__all__ = ["MOST_SYSTEMS", "count_interval", "least_count"]

MOST_SYSTEMS = 2**53
FINE = 2**24  # beyond, no interval is narrow enough to tell neighbours apart
EDGE_TRIES = 12  # evaluations for each end of an undecided range

Distance = Callable[[int], Interval]
Bracket = tuple[float, float]


def least_count(
    rough: Distance | None,
    fine: Distance,
    epsilon: float,
    bracket: Bracket,
    most: int = MOST_SYSTEMS,
) -> Bracket:
    """A number of systems proved too small, and one proved enough or ``inf``.

    Parameters
    ----------
    rough, fine
        Intervals of a distance that does not increase with the number; the first is cheap.
    epsilon
        The distance wanted.
    bracket
        What is known: a number too small, 0 if none, and one that is enough, ``inf`` if none.
    most
        No larger number is asked for.

    Returns
    -------
    tuple
        Where the intervals decide, neighbours.

    Examples
    --------
    >>> least_count(None, lambda n: Interval(1 / n, 1 / n), 0.1, (0, 1000))
    (9, 10)
    """
    if rough is not None:
        bracket = _searched(rough, epsilon, bracket, most)
    if rough is None or bracket[0] <= FINE:
        bracket = _searched(fine, epsilon, bracket, most)
    return bracket


def count_interval(bracket: Bracket) -> Interval:
    """Interval of the least number that is enough, from a bracket; its ends are rounded outwards.

    Examples
    --------
    >>> count_interval((9, 10))
    Interval(lower=10.0, upper=10.0)
    """
    return Interval(_float(bracket[0] + 1, -1), _float(bracket[1], 1))


def _float(count: float, direction: int) -> float:
    """A double on one side of an integer, the integer itself if it is a double."""
    try:
        value = float(count)
    except OverflowError:
        return math.inf if direction > 0 else math.nextafter(math.inf, 0)
    if value == count or (value > count) == (direction > 0):
        return value
    return certify.up(value) if direction > 0 else certify.down(value)


def _searched(distance: Distance, epsilon: float, bracket: Bracket, most: int) -> Bracket:
    at = cache(distance)
    low, high = bracket
    if high > most:
        low, high = _doubled(at, epsilon, bracket, most)
        if high > most:
            return low, high
    ends, place, tries = (int(low), int(high)), (low + high) / 2, 0
    while ends[1] - ends[0] > 1:
        n = _inside(place, ends)
        found = at(n)
        if found.lower <= epsilon < found.upper:
            few = _edge(lambda k: at(k).lower, epsilon, (ends[0], n), n)[0]
            return few, _edge(lambda k: at(k).upper, epsilon, (n, ends[1]), n)[1]
        ends = (ends[0], n) if found.upper <= epsilon else (n, ends[1])
        tries += 1
        place = _place(n, (found.lower + found.upper) / 2, epsilon, ends, tries)
    return ends


def _doubled(at: Distance, epsilon: float, bracket: Bracket, most: int) -> Bracket:
    """Double until a number is enough, or too large to be asked for."""
    low, high = bracket
    n = int(low) + 1
    while n <= most:
        found = at(n)
        if found.upper <= epsilon:
            return low, n
        low = n if found.lower > epsilon else low
        n = 2 * n if n == most else min(2 * n, most)
    return low, high


def _edge(
    value: Callable[[int], float], epsilon: float, ends: tuple[int, int], start: int
) -> tuple[int, int]:
    """Numbers on both sides of where a value falls to epsilon, neighbours if that is found soon."""
    place = _place(start, value(start), epsilon, ends, 1)
    for tries in range(2, EDGE_TRIES):
        if ends[1] - ends[0] <= 1:
            break
        n = _inside(place, ends)
        ends = (ends[0], n) if value(n) <= epsilon else (n, ends[1])
        place = _place(n, value(n), epsilon, ends, tries)
    return ends


def _place(n: int, value: float, epsilon: float, ends: tuple[int, int], tries: int) -> float:
    """Where a value that falls like one over the square root is epsilon; the middle at times."""
    if epsilon > 0 and tries % 3 and math.isfinite(value):
        return n * (value / epsilon) ** 2
    return sum(ends) / 2


def _inside(place: float, ends: tuple[int, int]) -> int:
    return min(max(int(place), ends[0] + 1), ends[1] - 1)
