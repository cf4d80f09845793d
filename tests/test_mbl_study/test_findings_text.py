"""The text of `plot` says what the numbers say."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from mbl_study.findings_text import show_findings

SLOPES = [
    {"length": 6, "disorder": 1.0, "slope": 0.25, "slope_error": 0.01},
    {"length": 6, "disorder": 9.0, "slope": 0.75, "slope_error": 0.02},
]


def shown(**changes: Any) -> str:
    """Text for a report, its white space as one space."""
    report = {"slopes": SLOPES, "critical_disorder": [], "figures": []} | changes
    console = Console(file=io.StringIO(), width=80, soft_wrap=True)
    show_findings(report, console)
    assert isinstance(console.file, io.StringIO)
    return " ".join(console.file.getvalue().split())


def test_slopes_have_a_column_for_each_length() -> None:
    """A length that lacks a disorder strength leaves its cell empty."""
    text = shown(slopes=[*SLOPES, SLOPES[0] | {"length": 8}])
    assert "disorder L = 6 L = 8" in text
    assert "1 0.2500 ± 0.0100 0.2500 ± 0.0100" in text
    assert "9 0.7500 ± 0.0200" in text


def test_the_drift_is_told_with_its_assumption() -> None:
    """Three lengths make a line; without one nothing is said."""
    drift = {"limit": 5.5, "limit_error": 0.5, "chi_squared": 1.25, "lengths": 4}
    assert (
        "L to infinity: 5.5000 ± 0.5000, if it is a straight line in 1/L through 4 lengths"
        " (chi squared 1.2, expected 2)" in shown(critical_drift=drift)
    )
    none = {"limit": None, "limit_error": None, "chi_squared": None, "lengths": 2}
    assert "infinity" not in shown(critical_drift=none)


def test_the_limit_of_strong_disorder_stands_beside_the_last_slope() -> None:
    """The state that it holds for is named."""
    limit = {
        "length": 6,
        "initial_state": "neel",
        "regions": "first",
        "slope": 0.9,
        "slope_error": 0.001,
    }
    text = shown(strong_disorder_limit=[limit, limit | {"length": 7}])
    assert (
        "at L = 6, neel, first sites: 0.9000 ± 0.0010 bits per site; at disorder 9: 0.7500 ± 0.0200"
        in text
    )
    assert "at L = 7" not in text


def test_the_gap_ratio_is_told_at_its_top_and_its_end() -> None:
    """Rows without a mean are left out."""
    row = {"length": 6, "disorder": 1.0, "mean": 0.5, "standard_error": 0.01}
    rows = [row, row | {"disorder": 9.0, "mean": 0.4}, row | {"disorder": 0.5, "mean": None}]
    assert (
        "L = 6, largest and last: 0.5000 ± 0.0100 at disorder 1, 0.4000 ± 0.0100 at disorder 9"
        in shown(level_spacing=[rows[2], *rows[:2]])
    )
    assert "gap ratio" not in shown(level_spacing=[rows[2]])


def test_thermal_states_are_counted() -> None:
    """The share is over realizations, so rows count by their number; clear signs are counted."""
    row = {"length": 6, "count": 10, "standard_error": 0.1}
    rows = [
        row | {"mean": -0.5, "share_below": 0.9},
        row | {"mean": 0.5, "share_below": 0.1, "count": 30},
        row | {"mean": 0.1, "share_below": 0.5},
        row | {"mean": None, "share_below": None, "count": 0},
    ]
    text = shown(thermal_states=rows)
    # (9 + 3 + 5) of 50.
    assert "at L = 6: negative for 34% of realizations" in text
    assert "errors at 1, and positive at 1, of 3 pairs" in text


def test_rates_are_those_of_the_strongest_disorder_and_least_epsilon() -> None:
    """One row for each bound, with the range of the fit."""
    rate = {
        **{"length": 6, "disorder": 9.0, "epsilon": 0.01, "bound": "upper", "rate": 0.5},
        **{"rate_error": 0.05, "fit_error": 0.25, "first_size": 1, "last_size": 3},
    }
    rates = [
        rate,
        rate | {"bound": "lower", "fit_error": None, "rate_error": None},
        rate | {"disorder": 1.0, "rate": 0.1},
        rate | {"epsilon": 0.1, "rate": 0.2},
    ]
    text = shown(bath_rates=rates)
    assert "6 9 0.01 upper 0.5000 ± 0.0500 0.2500 1 to 3" in text
    assert "6 9 0.01 lower 0.5000 1 to 3" in text
    assert "0.1000" not in text
    assert "0.2000" not in text
