"""Numbers and names that users pass: radii, orders, factors, smoothing balls."""

import math
from typing import Literal, get_args

import numpy as np

from qentropy.errors import InvalidParameterError

__all__ = ["Ball", "check_ball", "check_epsilon", "is_real_number"]

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
