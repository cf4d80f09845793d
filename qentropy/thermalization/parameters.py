"""Counts, rates and times that users pass to the models of thermalization."""

import math
from typing import Any

import numpy as np

from qentropy.errors import InvalidParameterError
from qentropy.operators import check_epsilon, is_real_number

__all__ = ["check_count", "check_rate", "check_time"]


def check_count(value: Any, name: str) -> int:
    """A positive integer of Python or numpy, small enough to be exact as a float.

    Raises
    ------
    InvalidParameterError
        It is anything else.

    Examples
    --------
    >>> check_count(3, "n")
    3
    """
    is_integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not is_integer or not 1 <= value <= 2**53:
        raise InvalidParameterError(
            f"{name} must be an integer of at least 1 and at most 2**53; got {value!r}"
        )
    return int(value)


def check_rate(value: Any, name: str = "rate") -> float:
    """A positive finite real number.

    Raises
    ------
    InvalidParameterError
        It is anything else.

    Examples
    --------
    >>> check_rate(2)
    2.0
    """
    if not is_real_number(value) or not 0 < value < math.inf:
        raise InvalidParameterError(f"{name} must be a positive real number; got {value!r}")
    return float(value)


def check_time(value: Any) -> float:
    """A finite real number that is not negative.

    Raises
    ------
    InvalidParameterError
        It is anything else.

    Examples
    --------
    >>> check_time(0.5)
    0.5
    """
    time = check_epsilon(value, name="time")
    if math.isinf(time):
        raise InvalidParameterError(
            "time must be finite; got inf. Use steady_state() for the limit."
        )
    return time
