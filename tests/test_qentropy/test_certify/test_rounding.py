"""Directed rounding against exact rational and ball arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from qentropy.certify.rounding import (
    UNIT,
    down,
    exact_sum,
    gamma,
    log2_interval,
    quotient_down,
    times_power,
    up,
)
from qentropy.results import Interval

FINITE = st.floats(allow_nan=False, allow_infinity=False)
POSITIVE = st.floats(min_value=5e-324, allow_infinity=False)


@given(st.integers(1, 10**7))
def test_gamma_is_an_upper_bound(count: int) -> None:
    """``gamma(k)`` is not below ``k u / (1 - k u)``, and above it by some roundings only."""
    exact = Fraction(count, 2**53) / (1 - Fraction(count, 2**53))
    assert exact <= Fraction(gamma(count)) <= exact * (1 + Fraction(16, 2**53))


@given(FINITE, st.integers(1, 5))
def test_up_and_down_leave_the_number_between_them(value: float, steps: int) -> None:
    """`down` and `up` move by whole steps of the doubles, away from each other."""
    assert down(value, steps) < value < up(value, steps)
    assert math.nextafter(value, math.inf) == up(value)
    assert down(value) == -up(-value)


@given(POSITIVE, st.integers(-1074, 1074))
def test_logarithm_is_enclosed(value: float, exponent: int) -> None:
    """The interval of ``log2(x) - exponent`` contains the exact number, subnormal x included."""
    interval = log2_interval(value, value, exponent)
    exact = arb(value).log() / arb(2).log() - exponent
    assert arb(interval.lower) < exact < arb(interval.upper)
    assert interval.width <= 8 * math.ulp(1100.0)


@pytest.mark.parametrize(
    ("lower", "upper", "ends"),
    [
        (0.0, 0.0, (-math.inf, -math.inf)),
        (0.0, math.inf, (-math.inf, math.inf)),
        (math.inf, math.inf, (math.inf, math.inf)),
        (0.0, math.nan, (-math.inf, math.inf)),
        (math.nan, math.inf, (-math.inf, math.inf)),
        (-1.0, math.inf, (-math.inf, math.inf)),
    ],
)
def test_logarithm_of_what_is_not_a_positive_number(
    lower: float, upper: float, ends: tuple[float, float]
) -> None:
    """Zero and infinity keep their meaning, and NaN proves nothing."""
    assert log2_interval(lower, upper) == Interval(*ends)


@given(FINITE, POSITIVE, POSITIVE)
def test_quotient_is_rounded_down(numerator: float, first: float, second: float) -> None:
    """A number over anything in an interval is at least the bound."""
    divisor = Interval(min(first, second), max(first, second))
    bound = quotient_down(numerator, divisor)
    for end in (divisor.lower, divisor.upper):
        assert bound == -math.inf or Fraction(bound) <= Fraction(numerator) / Fraction(end)


@pytest.mark.parametrize("lower", [0.0, -1.0, -math.inf])
def test_quotient_by_what_may_not_be_positive(lower: float) -> None:
    """A divisor that may vanish proves nothing."""
    assert quotient_down(1.0, Interval(lower, 1.0)) == -math.inf


@given(FINITE, st.integers(-2000, 2000))
def test_power_of_two_rounds_once(value: float, exponent: int) -> None:
    """The product lies within one step of the exact one, and overflows to infinity."""
    exact = Fraction(value) * Fraction(2) ** exponent
    result = times_power(value, exponent)
    if math.isinf(result):
        assert abs(exact) > Fraction(1.79e308)
        return
    if up(abs(result)) < math.inf:
        assert Fraction(down(result)) <= exact <= Fraction(up(result))
    if abs(exact) >= Fraction(2) ** -1022:
        assert Fraction(result) == exact


@given(st.lists(FINITE, max_size=20))
def test_sum_has_one_rounding(values: list[float]) -> None:
    """The sum is the exact one, rounded, or NaN where it overflows."""
    result = exact_sum(values)
    exact = sum((Fraction(x) for x in values), Fraction(0))
    if math.isnan(result):
        assert sum(abs(x) for x in values) > 1e307
    elif up(abs(result)) < math.inf:
        assert Fraction(down(result)) < exact < Fraction(up(result))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_sum_of_what_is_not_finite_is_nan(bad: float) -> None:
    """A term that is not finite proves nothing."""
    assert math.isnan(exact_sum([1.0, bad]))


def test_sum_that_overflows_is_nan() -> None:
    """No rounding of a number beyond the doubles is a bound."""
    assert math.isnan(exact_sum([1e308, 1e308, -1e308]))


def test_unit_is_half_the_spacing_of_the_doubles() -> None:
    """``u = 2**-53``."""
    assert math.ulp(1.0) == 2 * UNIT
