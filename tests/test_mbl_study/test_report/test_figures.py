"""What a page says about a figure is what the figure shows."""

from __future__ import annotations

import json

import numpy as np
import pytest
from html_structure import Page
from matplotlib.figure import Figure

from mbl_study import analysis, plots
from mbl_study.report import figures
from mbl_study.report.figures import Panel, Point, draw_panels, read_series
from mbl_study.report.words import WORDS
from mbl_study.tables import Tables


def test_every_figure_is_there_in_reading_order(panels: dict[str, Panel]) -> None:
    """The slope first, then what it comes from, and the lattice last; lengths ascend."""
    assert [name for name, panel in panels.items() if panel.kind in WORDS] == [
        *("slope", "region_scaling_L6", "region_scaling_L8", "bath_bounds_L6", "bath_bounds_L8"),
        *("bath_size_L6", "bath_size_L8", "transition", "critical_drift"),
        *("thermal_states_L6", "thermal_states_L8", "level_spacing", "slope_lattice"),
        *("region_scaling_lattice_L6", "region_scaling_lattice_L8"),
    ]
    assert panels["bath_bounds_L8"].kind == "bath_bounds"
    assert panels["bath_bounds_L8"].title.endswith("L\u00a0=\u00a08")
    known = [panel.kind in WORDS for panel in panels.values()]
    assert known == sorted(known, reverse=True)


@pytest.mark.parametrize("quantity", ["max_relative_entropy", "max_relative_entropy_lattice"])
def test_the_numbers_of_a_figure_are_those_of_the_analysis(
    panels: dict[str, Panel], tables: Tables, quantity: str
) -> None:
    """Each point has the mean of `region_scaling`, and its bar ends a standard error away."""
    scaling = analysis.region_scaling(tables.regions, quantity)
    ending = quantity.removeprefix("max_relative_entropy")
    panel = panels[f"region_scaling{ending}_L8"]
    read = [
        (float(one.group.removeprefix("Δ = ")), point)
        for one in panel.series
        for point in one.points
    ]
    expected = scaling[scaling["length"] == 8].to_dict("records")
    assert len(read) == len(expected)
    for (disorder, point), row in zip(read, expected, strict=True):
        assert (disorder, point.x) == (row["disorder"], row["region_size"])
        assert point.y == pytest.approx(row["mean"], rel=1e-12)
        assert point.high - point.y == pytest.approx(row["standard_error"], rel=1e-9, abs=1e-12)
        assert point.y - point.low == pytest.approx(row["standard_error"], rel=1e-9, abs=1e-12)


def test_markers_and_table_say_the_same(panels: dict[str, Panel]) -> None:
    """A marker has a text for each point of its line, with the number of the table."""
    for panel in (panel for panel in panels.values() if panel.kind in WORDS):
        texts = [json.loads(held) for held in Page.of(panel.svg).attribute("data-points")]
        # The drawing has its own order; a text begins with the name of its line.
        by_label = {held[0].split("; ")[0]: held for held in texts}
        assert len(by_label) == len(panel.series)
        for column, one in enumerate(panel.series, start=1):
            held = by_label[one.label]
            assert len(held) == len(one.points)
            cells = [row[column] for row in panel.rows if row[column]]
            assert cells == [str(point) for point in one.points]
            assert all(cell in text for cell, text in zip(cells, held, strict=True))
            assert all(text.endswith(panel.unit) for text in held)


def test_lines_of_one_colour_belong_together(panels: dict[str, Panel]) -> None:
    """Both bounds of a disorder strength have one number, and so has a curve with its inset."""
    bounds = panels["bath_bounds_L6"]
    assert [(one.number, one.label) for one in bounds.series[:2]] == [
        (0, "Δ = 0.5, upper bound"),
        (0, "Δ = 0.5, lower bound"),
    ]
    assert [(number, name) for number, name, _ in bounds.choices] == [
        (0, "Δ = 0.5"),
        (1, "Δ = 6"),
        (2, "Δ = 15"),
    ]
    slope = panels["slope"]
    assert [one.label for one in slope.series] == ["L = 6", "L = 8"]
    marks = Page.of(slope.svg).attribute("data-series")
    # Line, bars, caps and curve, and in the inset the same and the critical disorder.
    assert marks.count("0") == marks.count("1") >= 8


def test_the_description_says_where_lines_begin_and_end(panels: dict[str, Panel]) -> None:
    """Those who do not see the figure are told its title and the ends of each line."""
    panel = panels["level_spacing"]
    (root,) = Page.of(panel.svg).named("svg")
    one = panel.series[0]
    assert root["aria-label"].startswith(f"{panel.title}. L = 6: from ")
    assert f"from {one.points[0].y:.3g} to {one.points[-1].y:.3g}" in root["aria-label"]


def test_values_without_errors_and_infinite_ones() -> None:
    """An error that is NaN is not written, and a point that is not drawn is left out."""
    figure = Figure()
    axes = figure.add_subplot()
    axes.errorbar([1, 2, 3], [1.5, np.inf, 20000.0], [np.nan, 0.1, 100.0], label="a")
    axes.errorbar([1, 2], [np.nan, np.nan], [1.0, 1.0], label="b")
    axes.errorbar([1], [2.0], label="c", fmt="o")
    first, second, third = read_series(figure)
    assert [str(point) for point in first.points] == ["1.5", "20000 ± 100"]
    assert second.points == ()
    assert [str(point) for point in third.points] == ["2"]
    assert figures._description("Title", [first, second]) == "Title. a: from 1.5 to 2e+04"


@pytest.mark.parametrize(
    ("point", "text"),
    [
        (Point(0, 1.23456, 1.22356, 1.24556), "1.235 ± 0.011"),
        (Point(0, 500.0, 400.0, 600.0), "500 ± 100"),
        (Point(0, 0.5, 0.5, 0.5), "0.500000 ± 0.000000"),
        (Point(0, 2e8, 1e8, 4e8), "2e+08 (1e+08 to 4e+08)"),
        (Point(0, 12345.0, 11000.0, 14000.0), "12345 (11000 to 14000)"),
    ],
)
def test_numbers_are_written_for_people(point: Point, text: str) -> None:
    """Two digits of the error, and both ends where they lie at different distances."""
    assert str(point) == text


def test_a_figure_without_words_is_shown_all_the_same(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `plots` may draw one day stands last, under its name, with nothing to choose."""
    new, scaling = Figure(), Figure()
    new.add_subplot().plot([1, 2], [3, 4])
    scaling.add_subplot()
    named = [("bath_size_of_regions_L6", new), ("region_scaling_L6", scaling), ("empty", Figure())]
    monkeypatch.setattr(plots, "draw_figures", lambda *_, **__: iter(named))
    first, second, third = draw_panels(tables)
    assert first.name == "region_scaling_L6"
    assert second.title == "Bath size of regions, L\u00a0=\u00a06"
    assert (second.caption, second.series, second.rows, second.choices) == ("", (), [], [])
    assert third.title == "Empty"


def test_more_columns_in_the_tables_change_nothing(
    tables: Tables, panels: dict[str, Panel]
) -> None:
    """Quantities that a later version adds to the tables do not reach the figures."""
    extra = {
        name: table[table["length"] == 6].assign(later=1.0) for name, table in vars(tables).items()
    }
    again = {panel.name: panel for panel in draw_panels(Tables(**extra), samples=2)}
    common = [name for name in panels if name.endswith("_L6")]
    assert len(common) >= 3
    for name in common:
        assert again[name].svg == panels[name].svg
