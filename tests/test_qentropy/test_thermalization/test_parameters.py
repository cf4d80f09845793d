"""Rates and times."""

import math

import numpy as np
import pytest

from qentropy.errors import InvalidParameterError
from qentropy.thermalization.parameters import check_rate, check_time


def test_numbers_of_numpy_are_accepted() -> None:
    """What is accepted comes back as a number of Python."""
    checked = (check_rate(np.float64(2)), check_time(np.float32(0)))
    assert [type(value) for value in checked] == [float, float]


@pytest.mark.parametrize("value", [0, -1.0, math.inf, math.nan, "1", None, True])
def test_bad_rate(value: object) -> None:
    """A rate is positive and finite."""
    with pytest.raises(InvalidParameterError):
        check_rate(value)


@pytest.mark.parametrize("value", [-1e-300, math.inf, math.nan, "1", None, True])
def test_bad_time(value: object) -> None:
    """A time is finite and not negative."""
    with pytest.raises(InvalidParameterError):
        check_time(value)
