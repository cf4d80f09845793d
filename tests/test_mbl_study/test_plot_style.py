"""Lines that can be told apart, in colour, in grey and by those who see no red or green."""

from __future__ import annotations

from itertools import pairwise

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from mbl_study.plot_style import (
    STYLE,
    count_axis,
    draw_ratio_limits,
    figure_of,
    legend_above,
    line_styles,
    new_axes,
    note_in_corner,
    rows_of_length,
    stacked_axes,
    symbol_of,
)

# Rec. 601, what a grey print makes of a colour.
LUMINANCE = np.array([0.299, 0.587, 0.114])


@pytest.mark.parametrize(("count", "dashed"), [(1, False), (3, True), (12, False), (23, False)])
def test_grey_print_keeps_the_order_and_the_lightest_line(count: int, dashed: bool) -> None:
    """Luminance rises from line to line, and even the lightest stands out from white paper."""
    colors = [to_rgb(style["color"]) for style in line_styles(count, dashed=dashed)]
    grey = np.array(colors) @ LUMINANCE
    assert (np.diff(grey) > 0).all()
    assert grey[-1] < 0.8


def test_neighbouring_lines_differ_by_more_than_colour() -> None:
    """Twelve lines have twelve markers; few lines have dashes too."""
    assert len({style["marker"] for style in line_styles(12)}) == 12
    assert len({str(style["linestyle"]) for style in line_styles(4, dashed=True)}) == 4
    many = line_styles(23)
    assert len({(style["color"], style["marker"]) for style in many}) == 23
    assert all(one["marker"] != two["marker"] for one, two in pairwise(many))


def test_figure_has_the_width_of_a_column() -> None:
    """3.375 inches, one column of a two-column page."""
    ax = new_axes()
    assert figure_of(ax).get_size_inches()[0] == 3.375


def test_axes_without_a_figure_are_refused() -> None:
    """What was taken out of its figure cannot be saved."""
    ax = new_axes()
    ax.remove()
    with pytest.raises(ValueError, match="must belong to a figure of its own; got one of None"):
        figure_of(ax)


def test_legend_shows_what_was_named_and_no_error_bars() -> None:
    """One entry for each name, with the line alone."""
    ax = new_axes()
    ax.errorbar([1, 2], [1, 2], [0.1, 0.1], label="named")
    ax.errorbar([1, 2], [2, 3], [0.1, 0.1])
    legend_above(ax, "title")
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["named"]
    assert legend.get_title().get_text() == "title"
    assert [type(handle).__name__ for handle in legend.legend_handles] == ["Line2D"]


@pytest.mark.parametrize(("entries", "columns"), [(1, 1), (6, 6), (7, 4), (12, 6), (23, 6)])
def test_legend_above_fills_its_rows_evenly(entries: int, columns: int) -> None:
    """Seven entries stand in rows of four and three, and not of six and one."""
    ax = new_axes()
    for entry in range(entries):
        ax.errorbar([1, 2], [1, 2], label=str(entry))
    legend_above(ax, "title")
    assert ax.get_legend()._ncols == columns


def test_whole_numbers_have_whole_ticks() -> None:
    """Sites are counted."""
    ax = new_axes()
    ax.set_xlim(0.7, 3.3)
    count_axis(ax.xaxis)
    assert [tick for tick in ax.get_xticks() if 0.7 < tick < 3.3] == [1, 2, 3]


def test_note_stands_in_the_upper_left() -> None:
    """Where rising lines are not."""
    ax = new_axes()
    note_in_corner(ax, "$L = 8$")
    x, y = ax.texts[0].get_position()
    assert x < 0.1
    assert y > 0.9


def test_every_setting_is_one_of_matplotlib() -> None:
    """A misspelt setting would be an error only when a figure is drawn."""
    assert set(STYLE) <= set(mpl.rcParams)


def test_new_axes_are_unknown_to_pyplot() -> None:
    """A study draws many figures, and none is kept alive after its file is written."""
    before = plt.get_fignums()
    new_axes()
    assert plt.get_fignums() == before


def test_stacked_axes_share_their_horizontal_axis() -> None:
    """One above the other, the upper one without numbers below it."""
    upper, lower = stacked_axes()
    assert upper.get_position().y0 > lower.get_position().y1
    lower.set_xlim(2, 5)
    assert upper.get_xlim() == (2, 5)
    assert figure_of(upper).get_figwidth() == 3.375


def test_rows_of_a_length_are_its_own() -> None:
    """The only length needs no name."""
    table = pd.DataFrame({"length": [8, 8, 10], "value": [1, 2, 3]})
    assert rows_of_length(table, 10)[1]["value"].tolist() == [3]
    assert rows_of_length(table[:2], None)[0] == 8
    for length in (None, 9):
        with pytest.raises(ValueError, match=rf"length must be one of \[8, 10\]; got {length}"):
            rows_of_length(table, length)


def test_symbols_tell_the_thermal_states_apart() -> None:
    """A column without a formula is named."""
    assert r"\tau_R" in symbol_of("max_relative_entropy_lattice")
    assert r"\tau_\beta(H_R)" in symbol_of("max_relative_entropy")
    with pytest.raises(ValueError, match=r"quantity must be one of .*; got 'coherence'"):
        symbol_of("coherence")


def test_gap_ratios_of_both_ensembles_are_marked() -> None:
    """2 ln 2 - 1 is the mean of min(a, b)/max(a, b) for two exponential gaps."""
    gaps = np.random.default_rng(1).exponential(size=(2, 400_000))
    ratio = (gaps.min(axis=0) / gaps.max(axis=0)).mean()
    ax = new_axes()
    draw_ratio_limits(ax)
    orthogonal, poisson = (line.get_ydata()[0] for line in ax.get_lines())
    assert poisson == pytest.approx(ratio, abs=0.002)
    assert (orthogonal, round(poisson, 6)) == (0.5307, 0.386294)
    assert [text.get_text() for text in ax.texts] == ["orthogonal ensemble", "Poisson"]
