"""How the figures of a study look: settings, sizes, and what tells lines apart.

Lines differ by colour, marker and, where they are few, by dash, so that they survive grey print
and colour blindness.
"""

from __future__ import annotations

from math import ceil, log
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

__all__ = [
    "DISORDER_LABEL",
    "GREY",
    "REGION_LABEL",
    "STYLE",
    "count_axis",
    "draw_ratio_limits",
    "figure_of",
    "legend_above",
    "legend_without_bars",
    "line_styles",
    "new_axes",
    "note_in_corner",
    "rows_of_length",
    "stacked_axes",
    "symbol_of",
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

_RATIO_LIMITS = (
    # Atas, Bogomolny, Giraud, Roux, Phys. Rev. Lett. 110, 084101 (2013).
    (0.5307, "orthogonal ensemble", "bottom"),
    (2 * log(2) - 1, "Poisson", "top"),
)

DISORDER_LABEL = r"disorder strength $\Delta$ (Pauli units; $W = \Delta/2$)"
REGION_LABEL = r"region size $|R|$ (sites)"
_SYMBOLS = {
    "max_relative_entropy": r"$D_{\max}(\omega_R\,\Vert\,\tau_\beta(H_R))$",
    "max_relative_entropy_lattice": r"$D_{\max}(\omega_R\,\Vert\,\tau_R)$",
    "collision_relative_entropy": r"$D_2(\omega_R\,\Vert\,\tau_\beta(H_R))$",
}


def new_axes(height: float = _PANEL_HEIGHT) -> Axes:
    """Axes as wide as a column, in a figure of their own, of a height in inches."""
    # Not through pyplot, which would keep every figure alive.
    figure = Figure(figsize=(_COLUMN_WIDTH, height), layout="constrained")
    return figure.add_subplot()


def stacked_axes() -> tuple[Axes, Axes]:
    """Two axes as wide as a column, one above the other, with one horizontal axis."""
    figure = Figure(figsize=(_COLUMN_WIDTH, 1.45 * _PANEL_HEIGHT), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(1.4, 1))
    return upper, lower


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


def rows_of_length(table: pd.DataFrame, length: int | None) -> tuple[int, pd.DataFrame]:
    """Rows of one length, the only one there is if none is named, and that length.

    Raises
    ------
    ValueError
        The table does not hold the length, or holds several and none was named.
    """
    lengths = [int(held) for held in sorted(table["length"].unique())]
    chosen = lengths[0] if length is None and len(lengths) == 1 else length
    if chosen is None or chosen not in lengths:
        raise ValueError(f"length must be one of {lengths}; got {length}")
    return chosen, table[table["length"] == chosen]


def symbol_of(quantity: str) -> str:
    """Formula of a column of `Tables.regions`.

    Raises
    ------
    ValueError
        There is none.
    """
    if quantity not in _SYMBOLS:
        raise ValueError(f"quantity must be one of {', '.join(_SYMBOLS)}; got {quantity!r}")
    return _SYMBOLS[quantity]


def draw_ratio_limits(ax: Axes) -> None:
    """Mark the gap ratios of random matrices and of independent levels."""
    for value, name, side in _RATIO_LIMITS:
        ax.axhline(value, color=GREY, linewidth=0.7, zorder=0)
        ax.text(0.96, value, name, transform=ax.get_yaxis_transform(), ha="right", va=side)
