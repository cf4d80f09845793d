"""Numbers and names that are accepted or refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from qentropy.errors import InvalidParameterError
from qentropy.operators import check_ball, check_count, check_epsilon, is_real_number


def test_numbers() -> None:
    """Real numbers of Python and numpy are numbers; bools, complex numbers and text are not."""
    assert all(map(is_real_number, (0, 1.5, np.int8(1), np.float32(2), math.nan)))
    assert not any(map(is_real_number, (True, np.True_, 1j, "1", None, np.array([1.0]))))
    assert check_epsilon(np.float64(0.5), 1.0) == 0.5
    with pytest.raises(InvalidParameterError, match=r"0 <= radius <= 2; got 3"):
        check_epsilon(3, 2.0, name="radius")


def test_counts() -> None:
    """Every integer from 1 to 2**53 passes, and comes back as an int of Python."""
    assert check_count(2**53) == 2**53
    assert type(check_count(np.int64(3))) is int


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "3", None, 2**53 + 1, math.nan])
def test_bad_counts(value: object) -> None:
    """A count is a positive integer that floats hold; the message names it."""
    with pytest.raises(InvalidParameterError, match="copies must be an integer"):
        check_count(value, "copies")


def test_balls() -> None:
    """A ball is known by its name, and its radius is a number from 0 on."""
    assert check_ball("purified-distance", 0) == ("purified-distance", 0.0)
    with pytest.raises(InvalidParameterError, match=r"ball must be one of .*; got 'euclidean'"):
        check_ball("euclidean", 0.1)
    with pytest.raises(InvalidParameterError, match="epsilon >= 0"):
        check_ball("trace-norm", -0.1)
