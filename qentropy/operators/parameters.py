"""Numbers and names that users pass: radii, orders, factors, counts, smoothing balls."""

import math
from typing import Any, Literal, get_args

import numpy as np

from qentropy.errors import InvalidParameterError

__all__ = ["Ball", "check_ball", "check_count", "check_epsilon", "is_real_number"]

Ball = Literal["trace-norm", "trace-distance", "purified-distance"]
"""Names of the smoothing balls."""


def check_epsilon(epsilon: float, upper: float = math.inf, *, name: str = "epsilon") -> float:
    """A real number between 0 and `upper`.

    Raises
    ------
    InvalidParameterError
        It is not a real number, or out of range.

    Examples
    --------
    >>> check_epsilon(0.1)
    0.1
    """
    if not is_real_number(epsilon) or not 0 <= epsilon <= upper:
        bound = f"0 <= {name} <= {upper:g}" if math.isfinite(upper) else f"{name} >= 0"
        raise InvalidParameterError(f"{name} must be a real number, {bound}; got {epsilon!r}")
    return float(epsilon)


LARGEST_COUNT = 2**53


def check_count(value: Any, name: str = "n", upper: int = LARGEST_COUNT) -> int:
    """A positive integer of Python or numpy, small enough to be exact as a float.

    Raises
    ------
    InvalidParameterError
        It is anything else.

    Examples
    --------
    >>> check_count(3)
    3
    """
    is_integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not is_integer or not 1 <= value <= upper:
        most = "2**53" if upper == LARGEST_COUNT else upper
        raise InvalidParameterError(f"{name} must be an integer from 1 to {most}; got {value!r}")
    return int(value)


def is_real_number(value: object) -> bool:
    """Whether this is a real number of Python or numpy, and not a bool.

    Examples
    --------
    >>> is_real_number(1), is_real_number(True), is_real_number("1")
    (True, False, False)
    """
    is_number = isinstance(value, (int, float, np.integer, np.floating))
    return is_number and not isinstance(value, bool)


def check_ball(ball: str, epsilon: float) -> tuple[Ball, float]:
    """The name of a smoothing ball and its radius, checked together.

    Raises
    ------
    InvalidParameterError
        The name is unknown, or the radius is negative or not a real number.

    Examples
    --------
    >>> check_ball("trace-norm", 0.1)
    ('trace-norm', 0.1)
    """
    for known in get_args(Ball):
        if ball == known:
            return known, check_epsilon(epsilon)
    raise InvalidParameterError(f"ball must be one of {', '.join(get_args(Ball))}; got {ball!r}")
