"""The figures of a report: drawn by `plots`, with words, the numbers behind them, and marks.

The numbers are read from what was drawn, so the table under a figure cannot differ from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

from mbl_study import plots
from mbl_study.report.svg import inline_svg, swatch
from mbl_study.report.words import WORDS, Words, plain_label
from mbl_study.tables import Tables

__all__ = ["Panel", "Point", "Series", "draw_panels", "read_series"]


class Point(NamedTuple):
    """One marker with the ends of its error bar, NaN without one."""

    x: float
    y: float
    low: float
    high: float

    def __str__(self) -> str:
        """Value and error; the error has two digits.

        Examples
        --------
        >>> print(Point(1, 2.5, 2.25, 2.75), Point(1, 8, 4, 16), Point(1, 0.3, np.nan, np.nan))
        2.50 ± 0.25 8 (4 to 16) 0.3
        """
        if not (np.isfinite(self.low) and np.isfinite(self.high)):
            return _number(self.y)
        below, above = self.y - self.low, self.high - self.y
        if not np.isclose(below, above, rtol=1e-6):
            return f"{_number(self.y)} ({_number(self.low)} to {_number(self.high)})"
        digits = int(np.clip(1 - np.floor(np.log10(above)), 0, 6)) if above > 0 else 6
        return f"{self.y:.{digits}f} ± {above:.{digits}f}"


def _number(value: float) -> str:
    """Four digits, and no exponent where people can do without."""
    return f"{value:.0f}" if 1e4 <= abs(value) < 1e7 else f"{value:.4g}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Series:
    """One line of a figure.

    Attributes
    ----------
    number
        Equal for lines of one colour, which belong together.
    label, group
        Its name in words, and the name of the lines of its colour.
    colour
        A CSS value.
    points
        What is drawn, without what is infinite or NaN.
    """

    number: int
    label: str
    group: str
    colour: str
    points: tuple[Point, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    """A figure with everything that a page says about it.

    Attributes
    ----------
    name, kind
        Name of the figure, and the same without its length.
    title, caption
        Words around the figure.
    axis, unit
        What the horizontal axis counts, and the unit of the other.
    svg
        The figure.
    series
        The lines, in the order of the legend.
    """

    name: str
    kind: str
    title: str
    caption: str
    axis: str
    unit: str
    svg: Markup
    series: tuple[Series, ...]

    @property
    def choices(self) -> list[tuple[int, str, str]]:
        """Number, name and colour of the lines that can be shown or not, each colour once."""
        return list(dict.fromkeys((one.number, one.group, one.colour) for one in self.series))

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """Table of the numbers: place on the horizontal axis, and a cell for each line."""
        cells = [{point.x: str(point) for point in one.points} for one in self.series]
        places = sorted(set().union(*cells))
        return [(f"{place:g}", *(column.get(place, "") for column in cells)) for place in places]


def draw_panels(tables: Tables, *, samples: int = 500) -> Iterator[Panel]:
    """Every figure of a study for a page, in reading order.

    Parameters
    ----------
    tables
        What `tabulate` returned.
    samples
        How many times the realizations are drawn anew for the bootstrap errors.

    Yields
    ------
    Panel
        A figure that this module has no words for comes last, under its name.

    Raises
    ------
    ValueError
        As for `plots.draw_figures`.
    """
    panels = [_panel(name, figure) for name, figure in plots.draw_figures(tables, samples=samples)]
    order = {kind: place for place, kind in enumerate(WORDS)}
    # Stable, so that lengths stay in their order.
    yield from sorted(panels, key=lambda panel: order.get(panel.kind, len(order)))


def read_series(figure: Figure, prefix: str = "", parts: tuple[str, ...] = ()) -> list[Series]:
    """Lines with error bars that a figure shows, as they are drawn.

    Parameters
    ----------
    figure
        Its first axes are read.
    prefix
        What stands before the label of a line.
    parts
        Names of lines of one colour, of which only the first has a label in the legend.

    Returns
    -------
    list of Series
        Empty for a figure without error bars.

    Examples
    --------
    >>> figure = Figure()
    >>> _ = figure.add_subplot().errorbar([1, 2], [3, 4], [0.5, 0.25], label="4.5")
    >>> [line] = read_series(figure, "disorder ")
    >>> line.label, [str(point) for point in line.points]
    ('disorder 4.5', ['3.00 ± 0.50', '4.00 ± 0.25'])
    """
    found: list[Series] = []
    names: dict[str, str] = {}
    for bars in _error_bars(figure):
        colour = to_hex(bars[0].get_color())
        label = str(bars.get_label())
        # Matplotlib's own names for what was given none.
        names.setdefault(colour, plain_label(label) if not label.startswith("_") else "unnamed")
        number = list(names).index(colour)
        drawn = sum(one.number == number for one in found)
        part = f", {parts[drawn]}" if drawn < len(parts) else ""
        group = f"{prefix}{names[colour]}"
        series = Series(
            number=number,
            label=f"{group}{part}",
            group=group,
            colour=swatch(colour),
            points=tuple(_points(bars)),
        )
        found.append(series)
    return found


def _panel(name: str, figure: Figure) -> Panel:
    kind, length = re.fullmatch(r"(.+?)(?:_L(\d+))?", name).groups()  # type: ignore[union-attr]
    plain = kind.replace("_", " ").capitalize()
    words = WORDS.get(kind, Words(plain, ""))
    series = read_series(figure, words.prefix, words.parts)
    title = words.title + (f", L\u00a0=\u00a0{length}" if length else "")
    points = _tag(figure, series, words)
    return Panel(
        name=name,
        kind=kind,
        title=title,
        caption=words.caption,
        axis=words.axis,
        unit=words.unit,
        svg=Markup(inline_svg(figure, name, label=_description(title, series), points=points)),
        series=tuple(series),
    )


def _tag(figure: Figure, series: list[Series], words: Words) -> dict[str, list[str]]:
    """Mark what belongs to each line; return what the markers say, by mark."""
    numbers = {one.colour: one.number for one in series}
    ticket = count()
    for axes in (*figure.axes, *(inner for outer in figure.axes for inner in outer.child_axes)):
        for artist in _coloured(axes):
            if (number := numbers.get(swatch(_colour_of(artist)))) is not None:
                artist.set_gid(f"series-{number}-{next(ticket)}")
    points = {}
    for place, (bars, one) in enumerate(zip(_error_bars(figure), series, strict=True)):
        gid = f"points-{one.number}-{place}"
        bars[0].set_gid(gid)
        place_of = f"{words.axis} = " if words.axis else ""
        points[gid] = [
            f"{one.label}; {place_of}{point.x:g}: {point} {words.unit}".rstrip()
            for point in one.points
        ]
    return points


def _error_bars(figure: Figure) -> list[Any]:
    containers = figure.axes[0].containers if figure.axes else []
    return [held for held in containers if isinstance(held, ErrorbarContainer)]


def _coloured(axes: Any) -> list[Any]:
    return [*axes.lines, *(held for held in axes.collections if isinstance(held, LineCollection))]


def _colour_of(artist: Any) -> Any:
    colour = artist.get_color()
    return colour[0] if isinstance(artist, LineCollection) else colour


def _points(bars: Any) -> Iterator[Point]:
    line, _, collections = bars
    # Not the segments, which leave out what is NaN.
    ends = [path.vertices[:, 1] for path in collections[0].get_paths()] if collections else []
    for place, (x, y) in enumerate(zip(*line.get_data(), strict=True)):
        if np.isfinite(x) and np.isfinite(y):
            low, high = sorted(ends[place]) if place < len(ends) else (np.nan, np.nan)
            yield Point(float(x), float(y), float(low), float(high))


def _description(title: str, series: list[Series]) -> str:
    """Say in words what the lines do, for those who do not see them."""
    ends = [
        f"{one.label}: from {one.points[0].y:.3g} to {one.points[-1].y:.3g}"
        for one in series
        if one.points
    ]
    return f"{title}. {'; '.join(ends)}".strip()
