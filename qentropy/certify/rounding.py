"""Directed rounding, and the bound of a logarithm."""

import math
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from qentropy.results import Interval

__all__ = [
    "EXTENDED",
    "TINY",
    "UNIT",
    "down",
    "exact_sum",
    "gamma",
    "log2_interval",
    "quotient_down",
    "times_power",
    "up",
]

Number = TypeVar("Number", float, NDArray[Any])
UNIT = 2.0**-53
# Two doubles that pose as one number round in no simple way.
EXTENDED: type[np.floating] = (
    np.longdouble if np.finfo(np.longdouble).nmant in {52, 63, 112} else np.float64
)
TINY = 2.0**-1000  # covers underflow wherever the data are of order one


def gamma(count: int, unit: float = UNIT) -> float:
    """Bound of the relative error of `count` roundings, ``k u / (1 - k u)``, rounded up."""
    return count * unit / (1 - count * unit) * (1 + 4 * UNIT)


def up(value: float, steps: int = 1) -> float:
    """A double above `value`."""
    for _ in range(steps):
        value = math.nextafter(value, math.inf)
    return value


def down(value: float, steps: int = 1) -> float:
    """A double below `value`."""
    return -up(-value, steps)


def exact_sum(values: list[float]) -> float:
    """Sum with one rounding; NaN if a term is not finite or the sum overflows on its way."""
    try:
        return math.fsum(values) if np.isfinite(values).all() else math.nan
    except OverflowError:
        return math.nan


def times_power(value: Number, exponent: int) -> Number:
    """``2**exponent`` times a number or an array: exact, unless it underflows or is infinite.

    In two steps where 2**k itself is not a double or its inverse is none.
    """
    if exponent == 0:
        return value
    if abs(exponent) < 1000:
        return value * 2.0**exponent
    half = exponent // 2
    return value * 2.0**half * 2.0 ** (exponent - half)


def quotient_down(numerator: float, divisor: Interval) -> float:
    """Lower bound of a number, exact, over a positive one; ``-inf`` if it may not be positive."""
    if not divisor.lower > 0:
        return -math.inf
    return down(numerator / (divisor.upper if numerator > 0 else divisor.lower))


def log2_interval(lower: float, upper: float, exponent: int = 0) -> Interval:
    """Interval of ``log2(x) - exponent`` for x in ``[lower, upper]``, widened by 2 ulp.

    Examples
    --------
    >>> log2_interval(4.0, 4.0).width < 1e-14
    True
    """
    low, high = -math.inf, math.inf
    if lower > 0:
        low = math.inf if lower == math.inf else down(down(math.log2(lower), 2) - exponent)
    if upper <= 0:
        high = -math.inf
    elif upper < math.inf:
        high = up(up(math.log2(upper), 2) - exponent)
    return Interval(low, high)
