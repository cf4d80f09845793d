"""Rates and times that users pass to the models of thermalization."""

import math
from typing import Any

from qentropy.errors import InvalidParameterError
from qentropy.operators import check_epsilon, is_real_number

__all__ = ["check_rate", "check_time"]


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
