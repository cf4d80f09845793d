"""The panels that figures are made of: each draws one table and computes nothing.

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
from matplotlib.legend import Legend
from matplotlib.lines import Line2D

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
    symbol_of,
)

__all__ = ["plot_bath_bounds", "plot_level_spacing", "plot_region_scaling", "plot_slope"]

_BOUND_LABELS = {
    "upper": "upper bound, Theorem 1",
    "lower": "lower bound, Corollary 4",
    "pinched": "lower bound, without coherence",
}
_UPPER: dict[str, Any] = {"linestyle": "-"}
_LOWER: dict[str, Any] = {"linestyle": (0, (4, 1.5))}


@mpl.rc_context(STYLE)
def plot_region_scaling(
    scaling: pd.DataFrame,
    quantity: str = "max_relative_entropy",
    *,
    length: int | None = None,
    fit_range: tuple[int, int] | None = None,
    ax: Axes | None = None,
) -> Axes:
    r"""Max-relative entropy against region size, one line per disorder strength.

    Parameters
    ----------
    scaling
        What `region_scaling` returned, in bits; error bars are standard errors.
    quantity
        Which quantity that was, for the label.
    length
        Which chain to draw; needed only if the table holds several.
    fit_range
        Region sizes to shade, as those of the fit.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes that were drawn on.

    Raises
    ------
    ValueError
        The table does not hold the length, or holds several and none was named; there is no such
        quantity.

    References
    ----------
    [Sparaciari21]_, FIG. 2, top, and FIG. 5.

    Examples
    --------
    >>> scaling = pd.DataFrame(
    ...     {"length": 8, "disorder": 4.0, "region_size": [1, 2], "mean": [0.4, 0.9],
    ...      "standard_error": 0.1}
    ... )
    >>> plot_region_scaling(scaling).get_ylabel()
    '$D_{\\max}(\\omega_R\\,\\Vert\\,\\tau_\\beta(H_R))$ (bits)'
    """
    chain, lines = rows_of_length(scaling, length)
    ax = ax or new_axes()
    note = f"$L = {chain}$"
    if fit_range is not None:
        ax.axvspan(*fit_range, color="0.94", zorder=0)
        note += "\nshaded: range of the fit"
    disorders = sorted(lines["disorder"].unique())
    for disorder, style in zip(disorders, line_styles(len(disorders)), strict=True):
        line = lines[lines["disorder"] == disorder]
        sizes, errors = line["region_size"], line["standard_error"]
        ax.errorbar(sizes, line["mean"], errors, label=f"{disorder:g}", **style)
    ax.set(xlabel=REGION_LABEL, ylabel=f"{symbol_of(quantity)} (bits)")
    ax.set_ylim(bottom=0)
    count_axis(ax.xaxis)
    note_in_corner(ax, note)
    legend_above(ax, DISORDER_LABEL)
    return ax


@mpl.rc_context(STYLE)
def plot_slope(
    slopes: pd.DataFrame,
    derivative: pd.DataFrame | None = None,
    critical: pd.DataFrame | None = None,
    *,
    curve: pd.DataFrame | None = None,
    quantity: str = "max_relative_entropy",
    ax: Axes | None = None,
) -> Axes:
    r"""Slope of the max-relative entropy against disorder strength, its derivative as an inset.

    Parameters
    ----------
    slopes
        What `fit_slopes` or `bootstrap_slopes` returned, in bits per site: the error bars say how
        straight the line is, or how much other fields would change it.
    derivative
        What `slope_derivative` returned; no inset without it.
    critical
        What `critical_disorder` returned: named in the legend, and drawn as lines in the inset,
        with their errors as bands.
    curve
        What `rise_curve` returned; without it the slopes are joined by straight lines.
    quantity
        Of which quantity, for the label.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes that were drawn on.

    Raises
    ------
    ValueError
        There are no slopes, or no such quantity.

    References
    ----------
    [Sparaciari21]_, FIG. 2, bottom.

    Examples
    --------
    >>> slopes = pd.DataFrame(
    ...     {"length": 8, "disorder": [1.0, 8.0], "slope": [0.2, 0.6], "slope_error": 0.05}
    ... )
    >>> plot_slope(slopes).get_ylabel()
    'slope of $D_{\\max}(\\omega_R\\,\\Vert\\,\\tau_\\beta(H_R))$ (bits per site)'
    """
    ax = ax or new_axes()
    lengths = sorted(slopes["length"].unique())
    styles = dict(zip(lengths, line_styles(len(lengths), dashed=True), strict=True))
    for length, style in styles.items():
        label = f"$L = {length}${_critical_label(*_critical_of(critical, length))}"
        points = slopes[slopes["length"] == length]
        _draw_points(ax, points, _curve_of(curve, length), "slope", label=label, **style)
    ax.set(xlabel=DISORDER_LABEL, ylabel=f"slope of {symbol_of(quantity)} (bits per site)")
    ax.set_xlim(left=0)
    count_axis(ax.xaxis)
    legend_without_bars(ax, loc="upper left")
    ax.set_ylim(min(0, ax.dataLim.ymin), 1.12 * ax.get_ylim()[1])
    if derivative is not None and not derivative.empty:
        inset = _derivative_inset(ax)
        for length, style in styles.items():
            points = derivative[derivative["length"] == length]
            look = style | {"markersize": 2.5}
            _draw_points(inset, points, _curve_of(curve, length), "derivative", **look)
            _draw_critical(inset, *_critical_of(critical, length), style)
        inset.set_xlim(left=0)
        count_axis(inset.xaxis)
    return ax


@mpl.rc_context(STYLE)
def plot_bath_bounds(
    scaling: pd.DataFrame,
    epsilon: float,
    disorders: Sequence[float] | None = None,
    *,
    length: int | None = None,
    lower: str = "lower",
    ax: Axes | None = None,
) -> Axes:
    """Upper and lower bound on the bath size against region size, on a logarithmic axis.

    Parameters
    ----------
    scaling
        What `bath_scaling` returned: numbers of bath components.  Error bars are standard errors
        of the exponent.
    epsilon
        The distance from the thermal state that is accepted.
    disorders
        Which disorder strengths to draw, in Pauli units; least, middle and largest by default.
    length
        Which chain to draw; needed only if the table holds several.
    lower
        ``"lower"``, Corollary 4 as in the paper, or ``"pinched"``, without coherence.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes that were drawn on.

    Raises
    ------
    ValueError
        The table does not hold the length, epsilon, bound or disorder strength.

    References
    ----------
    [Sparaciari21]_, Theorem 1 and Corollary 4.

    Examples
    --------
    >>> scaling = pd.DataFrame(
    ...     {"length": 8, "disorder": 4.0, "region_size": 1, "epsilon": 0.1,
    ...      "bound": ["upper", "lower"], "mean": [200.0, 2.0], "standard_error": 0.1}
    ... )
    >>> plot_bath_bounds(scaling, epsilon=0.1).get_yscale()
    'log'
    """
    chain, bounds = rows_of_length(scaling, length)
    bounds = bounds[bounds["epsilon"] == _held(bounds, "epsilon", epsilon)]
    _held(bounds, "bound", lower)
    ax = ax or new_axes()
    drawn = [_held(bounds, "disorder", one) for one in disorders or _three_of(bounds["disorder"])]
    for disorder, style in zip(drawn, line_styles(len(drawn)), strict=True):
        for bound, look in (("upper", _UPPER), (lower, _LOWER | _hollow(style["color"]))):
            line = bounds[(bounds["disorder"] == disorder) & (bounds["bound"] == bound)]
            label = f"{disorder:g}" if bound == "upper" else None
            _draw_bound(ax, line, label=label, **(style | look))
    ax.set_yscale("log")
    ax.set(xlabel=REGION_LABEL, ylabel=r"bath size $n_\epsilon$ (components)")
    count_axis(ax.xaxis)
    note = rf"$L = {chain}$, $\epsilon = {epsilon:g}$"
    note_in_corner(ax, note)
    _add_legend_of_bounds(ax, lower)
    legend_above(ax, DISORDER_LABEL)
    return ax


@mpl.rc_context(STYLE)
def plot_level_spacing(spacing: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Mean gap ratio against disorder strength, one line per length.

    Parameters
    ----------
    spacing
        What `level_spacing` returned, no unit; error bars are standard errors.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes that were drawn on.

    Raises
    ------
    ValueError
        There are no rows.

    Examples
    --------
    >>> spacing = pd.DataFrame(
    ...     {"length": 8, "disorder": [1.0, 8.0], "mean": [0.52, 0.42], "standard_error": 0.01}
    ... )
    >>> plot_level_spacing(spacing).get_ylabel()
    'mean gap ratio'
    """
    ax = ax or new_axes()
    draw_ratio_limits(ax)
    lengths = sorted(spacing["length"].unique())
    for length, style in zip(lengths, line_styles(len(lengths), dashed=True), strict=True):
        line = spacing[spacing["length"] == length]
        label = f"$L = {length}$"
        ax.errorbar(line["disorder"], line["mean"], line["standard_error"], label=label, **style)
    ax.set(xlabel=DISORDER_LABEL, ylabel="mean gap ratio")
    ax.margins(y=0.1)
    ax.set_xlim(left=0)
    count_axis(ax.xaxis)
    # Below the upper limit, right of the fall.
    legend_without_bars(ax, loc="upper right", bbox_to_anchor=(1.0, 0.85))
    return ax


def _held(table: pd.DataFrame, column: str, value: Any) -> Any:
    held = sorted(table[column].unique().tolist())
    if value not in held:
        raise ValueError(f"{column} must be one of {held}; got {value!r}")
    return value


def _three_of(disorders: pd.Series[float]) -> list[float]:
    held = sorted(disorders.unique().tolist())
    return sorted({held[0], held[len(held) // 2], held[-1]})


def _curve_of(curve: pd.DataFrame | None, length: int) -> pd.DataFrame | None:
    """Fitted curve of one length, None where there is none."""
    line = None if curve is None else curve[curve["length"] == length]
    return None if line is None or line.empty else line


def _critical_of(critical: pd.DataFrame | None, length: int) -> tuple[float, float]:
    """Critical disorder and its error, NaN where there is none."""
    rows = [] if critical is None else critical[critical["length"] == length].to_dict("records")
    found = [(row["critical_disorder"], row["critical_disorder_error"]) for row in rows]
    return found[0] if found else (np.nan, np.nan)


def _critical_label(value: float, error: float) -> str:
    """The value with its error in units of the last digit, as in 3.66(19)."""
    if not np.isfinite(value):
        return ""
    spread = f"({max(1, round(100 * error))})" if np.isfinite(error) else ""
    return rf", $\Delta_c = {value:.2f}{spread}$"


def _draw_points(
    ax: Axes, points: pd.DataFrame, curve: pd.DataFrame | None, column: str, **style: Any
) -> None:
    """Points with error bars, on a curve, or joined by straight lines where there is none."""
    if curve is not None:
        dash = style.pop("linestyle")
        ax.plot(curve["disorder"], curve[column], color=style["color"], linestyle=dash)
        style["linestyle"] = "none"
    ax.errorbar(points["disorder"], points[column], points[f"{column}_error"], **style)


def _derivative_inset(ax: Axes) -> Axes:
    # The corner below a curve that rises and levels off.
    inset = ax.inset_axes((0.44, 0.155, 0.42, 0.40))
    inset.axhline(0, color=GREY, linewidth=0.4, zorder=0)
    inset.tick_params(labelsize=6)
    # On the left the labels would stand where the curve comes near.
    inset.yaxis.tick_right()
    inset.yaxis.set_label_position("right")
    small: dict[str, Any] = {"fontsize": 6.5, "labelpad": 1}
    inset.set_xlabel(r"$\Delta$ (Pauli units; $W = \Delta/2$)", **small)
    inset.set_ylabel(r"$\mathrm{d}\,\mathrm{slope}/\mathrm{d}\Delta$", **small)
    return inset


def _draw_critical(ax: Axes, value: float, error: float, style: dict[str, Any]) -> None:
    if np.isfinite(error):
        ax.axvspan(value - error, value + error, color="0.85", zorder=-1)
    if np.isfinite(value):
        look = {"color": style["color"], "linestyle": style["linestyle"]}
        ax.axvline(value, linewidth=0.7, zorder=0, **look)


def _hollow(color: Any) -> dict[str, Any]:
    return {"markerfacecolor": "white", "markeredgecolor": color}


def _draw_bound(ax: Axes, line: pd.DataFrame, **style: Any) -> None:
    # The error is one of the binary logarithm.
    factor = line["standard_error"].transform(np.exp2)
    errors = (line["mean"] * (1 - 1 / factor), line["mean"] * (factor - 1))
    ax.errorbar(line["region_size"], line["mean"], errors, **style)


def _add_legend_of_bounds(ax: Axes, lower: str) -> None:
    handles = [
        Line2D([], [], color="0.3", marker="o", **look)
        for look in (_UPPER, _LOWER | _hollow("0.3"))
    ]
    labels = [_BOUND_LABELS["upper"], _BOUND_LABELS[lower]]
    ax.add_artist(Legend(ax, handles, labels, loc="center right"))
