"""How the figures of a study look: settings, sizes, and what tells lines apart.

Lines differ by colour, marker and, where they are few, by dash, so that they survive grey print
and colour blindness.
"""

from __future__ import annotations

from math import ceil
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

__all__ = [
    "GREY",
    "STYLE",
    "count_axis",
    "figure_of",
    "legend_above",
    "legend_without_bars",
    "line_styles",
    "new_axes",
    "note_in_corner",
]

STYLE: dict[Any, Any] = {
    "axes.labelsize": 9,
    "axes.linewidth": 0.6,
    "errorbar.capsize": 1.5,
    "figure.dpi": 150,
    # Times-like letters that come with matplotlib, so every machine draws the same figure.
    "font.family": "STIXGeneral",
    "font.size": 8,
    "legend.borderaxespad": 0.3,
    "legend.columnspacing": 1.0,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "legend.handlelength": 1.8,
    "legend.handletextpad": 0.4,
    "legend.labelspacing": 0.25,
    "legend.title_fontsize": 7,
    "lines.linewidth": 0.9,
    "lines.markersize": 3.8,
    "mathtext.fontset": "stix",
    # Text in the PDF stays text.
    "pdf.fonttype": 42,
    "savefig.dpi": 400,
    "xtick.direction": "in",
    "xtick.labelsize": 8,
    "xtick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "xtick.top": True,
    "ytick.direction": "in",
    "ytick.labelsize": 8,
    "ytick.major.width": 0.6,
    "ytick.minor.width": 0.4,
    "ytick.right": True,
}
"""Settings of matplotlib under which the figures are drawn and saved."""

# Inches: one column of a two-column page, and the height of a panel.
_COLUMN_WIDTH = 3.375
_PANEL_HEIGHT = 2.75

# The light end of the map would vanish on white paper.
_COLOURS = mpl.colormaps["viridis"].resampled(256)
_LIGHTEST_OF_MANY, _LIGHTEST_OF_FEW = 0.85, 0.68
_MARKERS = "osD^vp<>hdXP"
_DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (5, 1.2, 1.2, 1.2)))
GREY = "0.55"
"""Lines that are no data."""


def new_axes() -> Axes:
    """Axes as wide as a column, in a figure of their own."""
    # Not through pyplot, which would keep every figure alive.
    figure = Figure(figsize=(_COLUMN_WIDTH, _PANEL_HEIGHT), layout="constrained")
    return figure.add_subplot()


def figure_of(ax: Axes) -> Figure:
    """Figure that an Axes belongs to.

    Raises
    ------
    ValueError
        It was taken out of its figure, or is in a part of one.
    """
    figure = ax.get_figure()
    if not isinstance(figure, Figure):
        raise ValueError(f"ax must belong to a figure of its own; got one of {figure}")
    return figure


def line_styles(count: int, *, dashed: bool = False) -> list[dict[str, Any]]:
    """Colour, from dark to light, and marker of each of ``count`` lines; dashes for few lines.

    Examples
    --------
    >>> [style["marker"] for style in line_styles(3)]
    ['o', 's', 'D']
    """
    lightest = _LIGHTEST_OF_FEW if dashed else _LIGHTEST_OF_MANY
    return [
        {
            "color": _COLOURS(lightest * index / max(count - 1, 1)),
            "marker": _MARKERS[index % len(_MARKERS)],
            "linestyle": _DASHES[index % len(_DASHES)] if dashed else "-",
            # The light rim keeps overlapping markers apart.
            "markeredgecolor": "white",
            "markeredgewidth": 0.5,
            "elinewidth": 0.6,
        }
        for index in range(count)
    ]


def legend_without_bars(ax: Axes, columns: int = 1, **options: Any) -> None:
    """Legend of what `Axes.errorbar` drew, with the lines and without the bars.

    There are as many rows as so many columns need, and they are filled evenly.

    Raises
    ------
    ValueError
        There is no line with a name.
    """
    lines = {str(bars.get_label()): bars[0] for bars in ax.containers}
    # Matplotlib's own names for what was given none.
    named = {label: line for label, line in lines.items() if not label.startswith("_")}
    if not named:
        raise ValueError("the table must have at least one row; got none. Run the study first")
    rows = ceil(len(named) / columns)
    ax.legend(list(named.values()), list(named), ncols=ceil(len(named) / rows), **options)


def legend_above(ax: Axes, title: str) -> None:
    """Put the legend over the panel, where it hides no data."""
    place = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0)}
    legend_without_bars(ax, columns=6, title=title, **place)


def note_in_corner(ax: Axes, note: str) -> None:
    """Write into the upper left corner, which rising lines leave free."""
    ax.text(0.03, 0.96, note, transform=ax.transAxes, va="top", fontsize=7, linespacing=1.4)


def count_axis(axis: Axis) -> None:
    """Ticks at whole numbers only."""
    axis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 4, 5, 10]))
