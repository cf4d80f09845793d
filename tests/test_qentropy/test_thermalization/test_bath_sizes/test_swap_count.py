"""Tests of the search for the least number that is enough, from intervals of a falling distance."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from qentropy.results import Interval
from qentropy.thermalization.bath_sizes.swap_count import (
    MOST_SYSTEMS,
    count_interval,
    least_count,
)


def falling(width: float = 0.0, power: float = 0.5) -> Callable[[int], Interval]:
    """``n**-power`` with an interval of some width around it."""
    return lambda n: Interval(max(0.0, n**-power - width), n**-power + width)


@pytest.mark.parametrize("power", [0.1, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("high", [10**6, math.inf])
@pytest.mark.parametrize("target", [1, 2, 3, 17, 1000])
def test_exact_distances_give_the_number(power: float, high: float, target: int) -> None:
    """For any law of decay the first number that is small enough is found."""
    epsilon = target**-power
    assert least_count(None, falling(power=power), epsilon, (0, high)) == (target - 1, target)


def test_steps_and_plateaus_are_no_trap() -> None:
    """A distance that is constant for long stretches has its step found."""
    steps = lambda n: Interval(*[1.0 if n < 777 else 0.01] * 2)  # noqa: E731
    assert least_count(None, steps, 0.1, (0, 10**5)) == (776, 777)


def test_wide_intervals_enclose_the_number() -> None:
    """The number that exact distances would give lies in the range, whose ends are proved."""
    for width in (1e-4, 1e-3, 1e-2):
        distance = falling(width)
        few, enough = least_count(None, distance, 0.1, (0, 10**4))
        assert few + 1 <= 100 <= enough
        assert few == 0 or distance(int(few)).lower > 0.1
        assert distance(int(enough)).upper <= 0.1 or enough == 10**4
        assert enough - few < 3 + 100 * 60 * width


def test_hopeless_intervals_keep_the_bracket() -> None:
    """Intervals that say nothing leave what was known before."""
    assert least_count(None, lambda _: Interval(0, 2), 0.1, (4, 90)) == (4, 90)
    assert least_count(None, lambda _: Interval(0, 2), 0.1, (0, math.inf)) == (0, math.inf)


def test_distance_that_stays_large() -> None:
    """Where every number is proved too small, the largest that was asked for is returned."""
    found = least_count(None, lambda _: Interval(1, 1), 0.1, (0, math.inf))
    assert found == (MOST_SYSTEMS, math.inf)


def test_cheap_intervals_spare_dear_ones() -> None:
    """The rough distance narrows the bracket first; the fine one is asked a few times only."""
    asked = []

    def fine(n: int) -> Interval:
        asked.append(n)
        return falling()(n)

    assert least_count(falling(1e-4), fine, 0.01, (0, 10**9)) == (9999, 10000)
    assert len(asked) < 8
    asked.clear()
    least_count(falling(1e-12), fine, 1e-5, (0, math.inf))
    assert not asked  # so many systems that no interval tells neighbours apart


@pytest.mark.parametrize("count", [1, 5, 2**53 + 1, 2**80 + 1, 10**400, math.inf])
def test_ends_are_rounded_outwards(count: float) -> None:
    """An integer that is no double lies between the ends."""
    interval = count_interval((count - 1, count))
    assert interval.lower <= count <= interval.upper
    if count < 2**53:
        assert interval.width == 0
