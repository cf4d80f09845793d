"""Results: intervals that cannot lie, values that show what is certain, verdicts."""

from __future__ import annotations

import dataclasses
import json
import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qentropy.blocks import one_group
from qentropy.errors import InvalidParameterError
from qentropy.results import (
    CertifiedValue,
    Interval,
    LemmaCheck,
    SolverReport,
    Verdict,
    float_or_array,
)

ENDS = st.tuples(st.floats(allow_nan=False), st.floats(allow_nan=False)).map(sorted)


def certified(lower: float, upper: float, **changed: Any) -> CertifiedValue:
    """A certified value with these ends."""
    options: dict[str, Any] = {"method": "commuting", "rtol": 1e-6}
    return CertifiedValue(value=upper, lower=lower, upper=upper, **options | changed)


def lemma(lhs: tuple[float, float], rhs: tuple[float, float]) -> LemmaCheck:
    """A check of a statement with these sides."""
    return LemmaCheck(
        statement="Lemma 0",
        equation="(1)",
        lhs=Interval(*lhs),
        rhs=Interval(*rhs),
        instance="a pair",
        details={"gap": Interval(0, 1)},
    )


@given(ENDS, st.floats(allow_nan=False))
def test_interval_contains_what_lies_between_its_ends(ends: list[float], value: float) -> None:
    """Both ends belong to the interval, infinite ones too."""
    interval = Interval(*ends)
    assert interval.lower in interval
    assert interval.upper in interval
    assert (value in interval) == (ends[0] <= value <= ends[1])
    assert interval.width >= 0


@pytest.mark.parametrize("ends", [(1, 0), (math.nan, 1), (0, math.nan), (math.inf, -math.inf)])
def test_interval_is_never_empty_and_never_nan(ends: tuple[float, float]) -> None:
    """Ends in the wrong order, or NaN, are an error."""
    with pytest.raises(InvalidParameterError, match="lower <= upper"):
        Interval(*ends)


@given(ENDS, ENDS)
def test_overlap_is_symmetric(first: list[float], second: list[float]) -> None:
    """Two intervals overlap if and only if the later start is in both."""
    a, b = Interval(*first), Interval(*second)
    start = max(a.lower, b.lower)
    assert a.overlaps(b) == b.overlaps(a) == (start in a and start in b)


@given(ENDS)
def test_value_of_infinite_or_finite_intervals(ends: list[float]) -> None:
    """The gap is never negative or NaN, and text and JSON can always be made."""
    result = certified(*ends)
    assert result.gap >= 0
    assert result.interval == Interval(*ends)
    assert float(result) == ends[1]
    assert repr(ends[0]) in repr(result)
    assert result.to_dict()["lower"] == ends[0]


def test_gap_and_convergence() -> None:
    """The gap is relative to the quantity under the logarithm."""
    assert certified(1.0, 1.0).gap == 0
    assert certified(1.0, 2.0).gap == pytest.approx(1.0)
    assert certified(0.0, 2000.0).gap == math.inf
    assert certified(math.inf, math.inf).gap == 0
    assert certified(1.0, 1.0 + 1e-7).converged
    assert not certified(1.0, 1.0 + 1e-5).converged


@given(st.floats(-1e3, 1e3), st.floats(1e-14, 1))
def test_repr_shows_only_certain_digits(lower: float, width: float) -> None:
    """Every digit that is shown is that of both ends, or a single decimal is left."""
    result = certified(lower, lower + width)
    assume(result.lower < result.upper)
    shown = repr(result).removeprefix("CertifiedValue(").partition(" ")[0]
    digits = -Decimal(shown).as_tuple().exponent
    same = [f"{end:.{digits}f}" for end in (result.lower, result.upper)]
    assert digits == 1 or float(same[0]) == float(same[1]) == float(shown)


def test_repr_of_what_is_not_finite() -> None:
    """Infinity is shown if it is certain, and a question mark if it is not."""
    assert "CertifiedValue(inf bits" in repr(certified(math.inf, math.inf))
    assert "CertifiedValue(? bits" in repr(certified(0.0, math.inf))
    assert "ball='trace-norm', radius=0.1)" in repr(certified(0, 1, ball="trace-norm", radius=0.1))


def test_points_are_assembled_read_only() -> None:
    """The optimal points come out as matrices that cannot be changed by accident."""
    point = one_group(np.eye(2) / 2)
    result = certified(0.0, 1.0, primal=point)
    assert result.witness is None
    assert np.array_equal(result.state, np.eye(2) / 2)
    with pytest.raises(ValueError, match="read-only"):
        result.state[0, 0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.value = 2.0
    assert certified(0.0, 1.0) != certified(0.0, 1.0)


def test_dictionary_is_json() -> None:
    """Numbers, options and the solver's report survive a round trip through JSON."""
    report = SolverReport(solver="scs", status="solved", iterations=7, seconds=0.5, blocks=(2, 1))
    dictionary = certified(0.0, 1.0, ball="purified-distance", radius=0.2, report=report).to_dict()
    again = json.loads(json.dumps(dictionary))
    assert again["report"]["blocks"] == [2, 1]
    assert again["converged"] is False
    assert again["ball"] == "purified-distance"
    assert certified(0.0, 1.0).to_dict()["report"] is None


VERDICTS = {
    "apart": ((0, 1), (2, 3), Verdict.PROVED),
    "touching": ((0, 1), (1, 3), Verdict.PROVED),
    "overlapping": ((0, 2), (1, 3), Verdict.UNDECIDED),
    "reversed": ((2, 3), (0, 1), Verdict.REFUTED),
    "reversed and touching": ((1, 3), (0, 1), Verdict.UNDECIDED),
    "infinite": ((0, 1), (math.inf, math.inf), Verdict.PROVED),
}


@pytest.mark.parametrize(("lhs", "rhs", "verdict"), VERDICTS.values(), ids=VERDICTS)
def test_verdicts(lhs: tuple[float, float], rhs: tuple[float, float], verdict: Verdict) -> None:
    """Proved or refuted if the intervals are ordered, undecided if they overlap."""
    assert lemma(lhs, rhs).verdict is verdict


def test_slack_encloses_the_difference() -> None:
    """The slack is rounded outwards, and its sign agrees with the verdict."""
    slack = lemma((0.1, 0.2), (0.3, 0.4)).slack
    assert slack.lower < 0.3 - 0.2 < slack.upper
    assert slack.upper > 0.4 - 0.1
    assert slack.lower > 0


def test_check_as_dictionary() -> None:
    """A check becomes numbers and text."""
    dictionary = json.loads(json.dumps(lemma((0, 1), (2, 3)).to_dict()))
    assert dictionary["verdict"] == "PROVED"
    assert dictionary["details"] == {"gap": [0, 1]}


def test_float_or_array() -> None:
    """One operator gives a float of Python, a stack an array."""
    assert type(float_or_array(np.array(2))) is float
    assert np.array_equal(float_or_array([[1, 2]]), [[1.0, 2.0]])


def test_what_has_no_unit_is_no_logarithm() -> None:
    """Its gap is the width, and its repr does not speak of bits."""
    result = CertifiedValue(value=1.0, lower=1.0, upper=1.5, method="conic", rtol=0.5, unit="")
    assert result.gap == 0.5
    assert result.converged
    assert "bits" not in repr(result)
    assert result.to_dict()["unit"] == ""
