"""Tests of the result of a bath size: which bounds count as proved, and how it reads."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from qentropy.errors import InvalidParameterError
from qentropy.results import Interval
from qentropy.thermalization.bath_sizes.result import Assumption, BathSize, number_text

SIZE = BathSize(
    epsilon=0.1,
    upper_max=317,
    upper_collision=202,
    upper_swap=129,
    upper_pinched=129,
    swaps=Interval(129, 129),
    lower_smooth=2.1,
    lower_purified=2.4,
    lower_pinched_smooth=2.1,
    lower_pinched=2.4,
    exact=None,
    interval=Interval(3, 129),
    asymptotic=128.08,
    coherence=Interval(0, 0),
    assumptions=(
        Assumption(statement="first", holds=True, reason="seen", needed_by=("lower_pinched",)),
        Assumption(statement="second", holds=None, reason="unseen", needed_by=("lower_smooth",)),
        Assumption(
            statement="third", holds=False, reason="no", needed_by=("lower_smooth", "exact")
        ),
    ),
)


def test_a_bound_is_proved_if_all_its_assumptions_hold() -> None:
    """One that fails decides, one that is undecided leaves it open, none at all proves."""
    assert SIZE.is_proved("upper_max") is True
    assert SIZE.is_proved("lower_pinched") is True
    assert SIZE.is_proved("lower_smooth") is False
    undecided = replace(SIZE, assumptions=SIZE.assumptions[:2])
    assert undecided.is_proved("lower_smooth") is None
    assert [one.statement for one in SIZE.assumptions_of("exact")] == ["third"]


def test_unknown_bound_is_refused() -> None:
    """A name that is no bound is refused, and the known ones are listed."""
    with pytest.raises(InvalidParameterError, match="upper_swap"):
        SIZE.is_proved("asymptotic")


def test_short_form_tells_what_is_known() -> None:
    """The number if it is known, else its bounds."""
    assert repr(SIZE) == "BathSize(epsilon=0.1, 3 <= n <= 129)"
    assert repr(replace(SIZE, exact=129)) == "BathSize(epsilon=0.1, n = 129)"


def test_long_form_tells_bounds_and_assumptions() -> None:
    """Each bound and each assumption has a line, with its standing."""
    text = str(SIZE)
    assert "upper_collision               202" in text
    assert "an assumption fails" in text
    assert "undecided: second: unseen" in text
    assert len(text.splitlines()) == 1 + 8 + 1 + 3


def test_plain_dictionary() -> None:
    """Intervals become lists and assumptions dictionaries."""
    plain = SIZE.to_dict()
    assert plain["interval"] == [3, 129]
    assert plain["assumptions"][2]["needed_by"] == ["lower_smooth", "exact"]


def test_numbers_read_well() -> None:
    """Integers in full, the rest with six digits."""
    assert number_text(1e20) == "1e+20"
    assert number_text(2.0) == "2"
    assert number_text(math.inf) == "inf"
