"""Panels that compare: lengths with each other, the slope with the gap ratio, two thermal states.

Every function draws on the Axes that it is given, or on new ones of the width of a journal column,
and returns them.  Disorder strengths are in Pauli units; the ``W`` of the spin-1/2 literature is
``Delta/2``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mbl_study.plot_style import (
    DISORDER_LABEL,
    GREY,
    REGION_LABEL,
    STYLE,
    count_axis,
    draw_ratio_limits,
    legend_above,
    legend_without_bars,
    line_styles,
    new_axes,
    note_in_corner,
    rows_of_length,
    stacked_axes,
    symbol_of,
)

__all__ = ["plot_critical_drift", "plot_thermal_states", "plot_transition"]

# The paper's own value, for 15 sites and without an error, and W = 3.5 to 3.7 of the literature
# that it cites ([Sparaciari21]_, Sec. IV, refs. 56 and 57), in Pauli units.
_PAPER_LENGTH, _PAPER_CRITICAL = 15, 4.5
_LITERATURE = (7.0, 7.4)
_MOST_LINES = 6


@mpl.rc_context(STYLE)
def plot_critical_drift(
    critical: pd.DataFrame, drift: pd.DataFrame | None = None, *, ax: Axes | None = None
) -> Axes:
    """Critical disorder against the inverse length, beside the values of the literature.

    Parameters
    ----------
    critical
        What `critical_disorder` returned; error bars are bootstrap errors.
    drift
        What `critical_drift` returned: its line is drawn to infinite length, with its error there.
        Without it, or with fewer than three lengths, there is no line.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes that were drawn on.

    References
    ----------
    [Sparaciari21]_, Sec. IV.

    Examples
    --------
    >>> critical = pd.DataFrame(
    ...     {"length": [8, 10], "critical_disorder": [4.5, 4.8], "critical_disorder_error": 0.1}
    ... )
    >>> plot_critical_drift(critical).get_xlabel()
    'inverse length $1/L$'
    """
    ax = ax or new_axes()
    # The longest first, so that the line runs to the right.
    found = critical.dropna(subset="critical_disorder").sort_values("length", ascending=False)
    lengths = found["length"].to_numpy(dtype=float)
    (style,) = line_styles(1)
    style |= {"linestyle": "none"}
    errors = found["critical_disorder_error"]
    ax.errorbar(1 / lengths, found["critical_disorder"], errors, label="this study", **style)
    paper = style | {"color": "black", "marker": "*", "markersize": 6}
    where = 1 / _PAPER_LENGTH
    ax.errorbar([where], [_PAPER_CRITICAL], label=f"paper, $L = {_PAPER_LENGTH}$", **paper)
    middle, half = np.mean(_LITERATURE), np.ptp(_LITERATURE) / 2
    known = style | {"color": GREY, "marker": "s", "elinewidth": 3.5, "capsize": 0}
    known["markeredgecolor"] = GREY
    ax.errorbar([0], [middle], [half], label=r"literature, $L \to \infty$", **known)
    if drift is not None:
        _draw_line(ax, drift.iloc[0].to_dict(), 1 / min([*lengths, _PAPER_LENGTH]))
    ax.set(xlabel="inverse length $1/L$")
    ax.set_ylabel("critical disorder $\\Delta_c$\n(Pauli units; $W = \\Delta/2$)")
    ax.margins(y=0.12)
    ax.set_xlim(-0.004, 1.1 / min([*lengths, _PAPER_LENGTH]))
    legend_without_bars(ax, loc="best")
    _length_axis(ax, [*lengths.astype(int).tolist(), _PAPER_LENGTH])
    return ax


@mpl.rc_context(STYLE)
def plot_transition(
    slopes: pd.DataFrame,
    spacing: pd.DataFrame,
    limit: pd.DataFrame | None = None,
    *,
    quantity: str = "max_relative_entropy",
    axes: tuple[Axes, Axes] | None = None,
) -> tuple[Axes, Axes]:
    r"""Slope of the max-relative entropy and gap ratio over one axis of the disorder strength.

    Parameters
    ----------
    slopes
        What `bootstrap_slopes` returned, in bits per site.
    spacing
        What `level_spacing` returned, no unit.
    limit
        What `strong_disorder_limit` returned: a mark at the right edge for each length.
    quantity
        Of which quantity the slopes are, for the label.
    axes
        Where to draw, upper and lower; a new figure by default.

    Returns
    -------
    tuple of Axes
        The axes that were drawn on.

    Raises
    ------
    ValueError
        There are no slopes, or no such quantity.

    Examples
    --------
    >>> slopes = pd.DataFrame(
    ...     {"length": 8, "disorder": [1.0, 8.0], "slope": [0.2, 0.6], "slope_error": 0.05}
    ... )
    >>> spacing = pd.DataFrame(
    ...     {"length": 8, "disorder": [1.0, 8.0], "mean": [0.52, 0.42], "standard_error": 0.01}
    ... )
    >>> upper, lower = plot_transition(slopes, spacing)
    >>> lower.get_ylabel()
    'mean gap ratio'
    """
    upper, lower = stacked_axes() if axes is None else axes
    lengths = sorted({*slopes["length"], *spacing["length"]})
    for length, style in zip(lengths, line_styles(len(lengths), dashed=True), strict=True):
        line = slopes[slopes["length"] == length]
        label = f"$L = {length}$"
        upper.errorbar(line["disorder"], line["slope"], line["slope_error"], label=label, **style)
        ratios = spacing[spacing["length"] == length]
        errors = ratios["standard_error"]
        lower.errorbar(ratios["disorder"], ratios["mean"], errors, label=label, **style)
        if limit is not None:
            for value in limit.loc[limit["length"] == length, "slope"]:
                upper.plot([0.94, 1], [value, value], color=style["color"], **_edge(upper))
    draw_ratio_limits(lower)
    if limit is not None and not limit.empty:
        top = limit["slope"].max()
        state = str(limit["initial_state"].iloc[0]).replace("-", " ").replace("neel", "N\u00e9el")
        note = f"no coupling, {state}"
        place: dict[str, Any] = {"ha": "right", "va": "bottom", "fontsize": 7}
        upper.text(0.985, top + 0.012, note, transform=upper.get_yaxis_transform(), **place)
        upper.set_ylim(top=max(upper.get_ylim()[1], 1.1 * top))
    upper.set_ylabel(f"slope of {symbol_of(quantity)}\n(bits per site)")
    upper.set_ylim(bottom=min(0, upper.dataLim.ymin))
    lower.set(xlabel=DISORDER_LABEL, ylabel="mean gap ratio")
    lower.margins(y=0.16)
    lower.set_xlim(left=0)
    count_axis(lower.xaxis)
    legend_without_bars(upper, loc="upper left")
    return upper, lower


@mpl.rc_context(STYLE)
def plot_thermal_states(
    comparison: pd.DataFrame,
    disorders: Sequence[float] | None = None,
    *,
    length: int | None = None,
    axes: tuple[Axes, Axes] | None = None,
) -> tuple[Axes, Axes]:
    r"""Max-relative entropy against ``tau_R`` less that against ``tau_beta(H_R)``, pairwise.

    Parameters
    ----------
    comparison
        What `compare_thermal_states` returned, in bits; error bars are standard errors of the
        paired differences.
    disorders
        Which disorder strengths to draw; six, evenly spread over those of the table, by default.
    length
        Which chain to draw; needed only if the table holds several.
    axes
        Where to draw, upper and lower; a new figure by default.

    Returns
    -------
    tuple of Axes
        The axes that were drawn on: mean differences, and below the share of realizations in which
        ``tau_R`` is the closer one.

    Raises
    ------
    ValueError
        The table does not hold the length or a disorder strength.

    References
    ----------
    [Sparaciari21]_, Appendix D.

    Examples
    --------
    >>> comparison = pd.DataFrame(
    ...     {"length": 8, "disorder": 4.0, "region_size": [1, 2], "mean": [-0.1, 0.1],
    ...      "standard_error": 0.02, "share_below": [0.9, 0.2], "count": 40}
    ... )
    >>> upper, lower = plot_thermal_states(comparison)
    >>> upper.texts[0].get_text()
    '$L = 8$, 40 realizations'
    """
    chain, rows = rows_of_length(comparison, length)
    held = sorted(rows["disorder"].unique().tolist())
    drawn = list(disorders) if disorders is not None else _spread(held)
    if missing := [disorder for disorder in drawn if disorder not in held]:
        raise ValueError(f"disorder must be one of {held}; got {missing[0]!r}")
    upper, lower = stacked_axes() if axes is None else axes
    for disorder, style in zip(drawn, line_styles(len(drawn)), strict=True):
        line = rows[rows["disorder"] == disorder]
        sizes, label = line["region_size"], f"{disorder:g}"
        upper.errorbar(sizes, line["mean"], line["standard_error"], label=label, **style)
        share = {name: value for name, value in style.items() if name != "elinewidth"}
        lower.plot(sizes, line["share_below"], **share)
    upper.axhline(0, color=GREY, linewidth=0.7, zorder=0)
    lower.axhline(0.5, color=GREY, linewidth=0.7, zorder=0)
    difference = r"$D_{\max}(\omega_R\Vert\tau_R) - D_{\max}(\omega_R\Vert\tau_\beta(H_R))$"
    upper.set_ylabel(f"{difference}\n(bits)", fontsize=8)
    upper.margins(y=0.14)
    note_in_corner(upper, f"$L = {chain}$, {rows['count'].max()} realizations")
    lower.set(xlabel=REGION_LABEL, ylabel="share with $\\tau_R$\ncloser", ylim=(0, 1))
    count_axis(lower.xaxis)
    legend_above(upper, DISORDER_LABEL)
    return upper, lower


def _draw_line(ax: Axes, fit: dict[Any, float], last: float) -> None:
    """Line of `critical_drift` from infinite length on, and its error there."""
    if not np.isfinite(fit["limit"]):
        return
    x = np.array([0.0, last])
    style: dict[str, Any] = {"color": "0.3", "linestyle": (0, (4, 1.5)), "zorder": 1}
    ax.plot(x, fit["limit"] + fit["rate"] * x, **style)
    style |= {"marker": "o", "markerfacecolor": "white", "markeredgewidth": 0.6, "elinewidth": 0.6}
    label = "straight line in $1/L$"
    ax.errorbar([0], [fit["limit"]], [fit["limit_error"]], label=label, **style)


def _length_axis(ax: Axes, lengths: list[int]) -> None:
    """Name the lengths along the upper edge."""
    ax.tick_params(axis="x", top=False)
    above = ax.secondary_xaxis("top")
    shown = sorted(set(lengths))
    above.set_xticks([0, *(1 / length for length in reversed(shown))])
    above.set_xticklabels([r"$\infty$", *map(str, reversed(shown))], fontsize=5.5)
    above.set_xlabel("length $L$ (sites)")


def _edge(ax: Axes) -> dict[str, Any]:
    """Settings of a mark at the right edge, which is no part of the data."""
    return {"transform": ax.get_yaxis_transform(), "linewidth": 1.2, "clip_on": False, "zorder": 4}


def _spread(disorders: list[float]) -> list[float]:
    places = np.linspace(0, len(disorders) - 1, min(len(disorders), _MOST_LINES))
    return [disorders[place] for place in places.round().astype(int).tolist()]
