"""What stands in the panels that compare, and nothing that was computed there."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pandas as pd
import pytest
import synthetic_study
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mbl_study import analysis
from mbl_study.comparison_panels import (
    plot_critical_drift,
    plot_thermal_states,
    plot_transition,
)
from mbl_study.plot_style import figure_of
from mbl_study.tables import Tables


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Two chains, twelve realizations."""
    return analysis.tabulate(synthetic_study.results())


@pytest.fixture(scope="module")
def critical() -> pd.DataFrame:
    """Three lengths, of which one is not found."""
    return pd.DataFrame(
        {
            "length": [8, 10, 12, 13],
            "critical_disorder": [3.5, 3.9, 4.1, np.nan],
            "critical_disorder_error": [0.2, 0.1, 0.15, np.nan],
        }
    )


def drawn(ax: Axes) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Points and ends of the bars of each container, by its name."""
    found = {}
    for bars in ax.containers:
        ends = [segment[:, 1] for part in bars[2] for segment in part.get_segments()]
        found[str(bars.get_label())] = (
            np.column_stack(bars[0].get_data()).astype(float),
            np.array(ends),
        )
    return found


def save(ax: Axes) -> None:
    """Draw everything; a warning is an error."""
    figure_of(ax).savefig(BytesIO(), format="png", dpi=40)


def test_drift_shows_the_points_and_the_values_of_the_literature(critical: pd.DataFrame) -> None:
    """Over 1/L: our points with their errors, 4.5 at 15 sites, 7 to 7.4 at infinite length."""
    ax = plot_critical_drift(critical)
    found = drawn(ax)
    points, ends = found["this study"]
    np.testing.assert_allclose(points, [[1 / 12, 4.1], [0.1, 3.9], [1 / 8, 3.5]])
    np.testing.assert_allclose(ends, [[3.95, 4.25], [3.8, 4.0], [3.3, 3.7]])
    np.testing.assert_allclose(found["paper, $L = 15$"][0], [[1 / 15, 4.5]])
    np.testing.assert_allclose(found[r"literature, $L \to \infty$"][1], [[7.0, 7.4]])
    assert "Pauli units" in ax.get_ylabel()
    assert len(found) == 3
    (above,) = ax.child_axes
    assert [text.get_text() for text in above.get_xticklabels()] == [
        *(r"$\infty$", "15", "12", "10", "8"),
    ]
    save(ax)


def test_drift_line_is_the_one_that_was_fitted(critical: pd.DataFrame) -> None:
    """From infinite length on, with the error of the limit as a bar there."""
    drift = analysis.critical_drift(critical)
    fit = drift.iloc[0]
    ax = plot_critical_drift(critical, drift)
    points, ends = drawn(ax)["straight line in $1/L$"]
    np.testing.assert_allclose(points, [[0, fit["limit"]]])
    np.testing.assert_allclose(
        ends, [[fit["limit"] - fit["limit_error"], fit["limit"] + fit["limit_error"]]]
    )
    lines = [line for line in ax.get_lines() if len(line.get_xdata()) == 2]
    assert any(
        np.allclose(line.get_ydata(), [fit["limit"], fit["limit"] + fit["rate"] / 8])
        for line in lines
    )
    save(ax)


def test_drift_of_two_lengths_has_no_line(critical: pd.DataFrame) -> None:
    """Nor is there one where nothing was found at all, and the panel is drawn."""
    few = critical[:2]
    ax = plot_critical_drift(few, analysis.critical_drift(few))
    assert "straight line in $1/L$" not in drawn(ax)
    none = critical[3:]
    ax = plot_critical_drift(none, analysis.critical_drift(none))
    assert len(drawn(ax)["this study"][0]) == 0
    save(ax)


def test_transition_has_both_witnesses_over_one_axis(tables: Tables) -> None:
    """The values of both tables with their errors, and one axis of the disorder strength."""
    slopes = analysis.bootstrap_slopes(analysis.slope_per_realization(tables.regions), samples=20)
    spacing = analysis.level_spacing(tables.realizations)
    limit = pd.DataFrame(
        {
            "length": [8, 10],
            "initial_state": "tilted-neel",
            "regions": "first",
            "slope": [0.87, 0.91],
        }
    )
    upper, lower = plot_transition(slopes, spacing, limit)
    assert upper.get_shared_x_axes().joined(upper, lower)
    for ax, table, names in (
        (upper, slopes, ("slope", "slope_error")),
        (lower, spacing, ("mean", "standard_error")),
    ):
        for length in (8, 10):
            rows = table[table["length"] == length]
            points, ends = drawn(ax)[f"$L = {length}$"]
            np.testing.assert_allclose(points, rows[["disorder", names[0]]])
            np.testing.assert_allclose(ends[:, 1] - ends[:, 0], 2 * rows[names[1]])
    levels = [line.get_ydata()[0] for line in lower.get_lines() if len(line.get_ydata()) == 2]
    assert 0.5307 in levels
    assert 2 * np.log(2) - 1 in levels
    marks = [line for line in upper.get_lines() if line.get_xdata()[0] == 0.94]
    assert [line.get_ydata()[0] for line in marks] == [0.87, 0.91]
    assert [text.get_text() for text in upper.texts] == ["no coupling, tilted Néel"]
    assert upper.get_ylim()[1] > 0.95
    save(upper)


def test_transition_without_a_limit_has_no_mark(tables: Tables) -> None:
    """A state without a name has no limit that is known."""
    slopes = analysis.bootstrap_slopes(
        analysis.slope_per_realization(tables.regions, "max_relative_entropy_lattice"), samples=2
    )
    spacing = analysis.level_spacing(tables.realizations)
    none = pd.DataFrame({"length": [], "initial_state": [], "slope": []})
    for limit in (None, none):
        upper, lower = plot_transition(
            slopes,
            spacing,
            limit,
            quantity="max_relative_entropy_lattice",
            axes=Figure().subplots(2, 1),
        )
        assert not upper.texts
        assert r"\tau_R" in upper.get_ylabel()
        save(lower)


def test_thermal_states_show_differences_and_shares(tables: Tables) -> None:
    """Six disorder strengths from least to largest; zero and one half are marked."""
    comparison = analysis.compare_thermal_states(tables.regions)
    upper, lower = plot_thermal_states(comparison, length=8)
    found = drawn(upper)
    assert list(found) == ["0.5", "3", "5", "6", "10", "15"]
    for name, (points, _) in found.items():
        rows = comparison.query(f"length == 8 and disorder == {name}")
        np.testing.assert_allclose(points, rows[["region_size", "mean"]])
    shares = [line for line in lower.get_lines() if len(line.get_ydata()) == 6]
    assert all((line.get_ydata() == 1).all() for line in shares)
    assert len(shares) == 6
    assert upper.texts[0].get_text() == "$L = 8$, 12 realizations"
    save(upper)


def test_thermal_states_can_be_chosen(tables: Tables) -> None:
    """Disorder strengths by name, axes of the caller."""
    comparison = analysis.compare_thermal_states(tables.regions)
    axes = Figure().subplots(2, 1)
    upper, lower = plot_thermal_states(comparison, [4.0, 8.0], length=10, axes=axes)
    assert (upper, lower) == tuple(axes)
    assert list(drawn(upper)) == ["4", "8"]
    with pytest.raises(ValueError, match=r"disorder must be one of .*; got 7\.0"):
        plot_thermal_states(comparison, [7.0], length=10)
    with pytest.raises(ValueError, match="length must be one of"):
        plot_thermal_states(comparison)
