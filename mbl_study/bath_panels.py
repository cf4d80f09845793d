"""Panels of the bath size: every bound against epsilon, or against the size of the region.

Upper bounds are solid and lower ones dashed. A filled marker stands for what is proved, a hollow
one for a bound of which an assumption fails or is undecided.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

import qentropy
from mbl_study.plot_style import (
    GREY,
    REGION_LABEL,
    STYLE,
    count_axis,
    new_axes,
    note_in_corner,
)

__all__ = ["plot_bath_size", "plot_bath_size_of_regions"]


class _Look(NamedTuple):
    label: str
    color: Any
    marker: str
    dash: Any


# Dark to light each, and two families, so that upper and lower bounds differ in colour as well.
_UPPER, _LOWER = mpl.colormaps["viridis"], mpl.colormaps["plasma"]
_DASHED, _DOTTED = (0, (4, 1.5)), (0, (1, 1.3))
_SIZE_LOOKS = {
    "upper_max": _Look("upper, Theorem 1", _UPPER(0.0), "^", "-"),
    "upper_collision": _Look("upper, collision entropy", _UPPER(0.25), "D", "-"),
    "upper_swap": _Look("upper, swaps", _UPPER(0.45), "s", "-"),
    "upper_pinched": _Look("upper, phases and swaps", _UPPER(0.62), "p", "-"),
    "lower_purified": _Look("lower, purified ball", _LOWER(0.3), "v", _DASHED),
    "lower_smooth": _Look("lower, Corollary 4", _LOWER(0.45), "<", _DASHED),
    "lower_pinched": _Look("lower, purified ball, pinched", _LOWER(0.6), ">", _DASHED),
    "lower_pinched_smooth": _Look("lower, Corollary 4, pinched", _LOWER(0.75), "h", _DASHED),
}
_EXACT = _Look(r"exact $n_\epsilon$", "black", "x", "none")
_ASYMPTOTIC = _Look(r"$2\chi^2/(\pi\epsilon^2)$", GREY, "", _DOTTED)
_SWAPS = _Look("swaps, pinched state", "black", "x", "none")
_REGION_LOOKS = {
    "upper": _SIZE_LOOKS["upper_max"],
    "collision": _SIZE_LOOKS["upper_collision"],
    "swap_upper": _SWAPS,
    "swap_lower": _SWAPS,
    "asymptotic": _ASYMPTOTIC,
    "purified": _SIZE_LOOKS["lower_pinched"],
    "pinched": _SIZE_LOOKS["lower_pinched_smooth"],
    "lower": _SIZE_LOOKS["lower_smooth"],
}
_TALL = 3.4
_SIZE_LABEL = r"bath size $n_\epsilon$ (components)"


@mpl.rc_context(STYLE)
def plot_bath_size(
    sizes: Sequence[qentropy.thermalization.BathSize], *, ax: Axes | None = None
) -> Axes:
    r"""Bounds of the bath size against epsilon, on logarithmic axes.

    Bounds that coincide with another one throughout are left out: the pinched state of a state
    without coherence is that state.

    Parameters
    ----------
    sizes
        What `qentropy.thermalization.bath_size` returned for one pair of states and several
        epsilons, in any order.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes that were drawn on.

    Raises
    ------
    ValueError
        There are no sizes, or an epsilon is not positive.

    References
    ----------
    [Sparaciari21]_, Theorem 1 and Corollary 4.

    Examples
    --------
    >>> from qentropy.thermalization import bath_size
    >>> omega, tau = np.diag([0.95, 0.05]), np.diag([0.3, 0.7])
    >>> sizes = [bath_size(omega, tau, epsilon) for epsilon in (0.1, 0.5)]
    >>> plot_bath_size(sizes).get_xscale()
    'log'
    """
    drawn = sorted(sizes, key=lambda size: size.epsilon)
    if not drawn or drawn[0].epsilon <= 0:
        raise ValueError("sizes must hold at least one, each for an epsilon above 0")
    ax = ax or new_axes()
    epsilons = np.array([size.epsilon for size in drawn])
    looks = _distinct(drawn)
    for name, look in looks.items():
        proved = [size.is_proved(name) is True for size in drawn]
        values = np.array([float(getattr(size, name)) for size in drawn])
        _draw(ax, (epsilons, values), look, np.array(proved))
    exact = np.array([np.nan if size.exact is None else size.exact for size in drawn])
    asymptotic = np.array([size.asymptotic for size in drawn])
    for values, look in ((asymptotic, _ASYMPTOTIC), (exact, _EXACT)):
        _draw(ax, (epsilons, values), look, np.ones(len(drawn), bool))
    ax.set(xscale="log", yscale="log", xlabel=r"accepted distance $\epsilon$", ylabel=_SIZE_LABEL)
    # Few epsilons span much more than a decade.
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_ylim(bottom=0.7)
    missing = [not all(size.is_proved(name) for size in drawn) for name in looks]
    upper = [look for look in looks.values() if look.dash == "-"]
    lower = [look for look in looks.values() if look.dash != "-"]
    found = [_EXACT] if np.isfinite(exact).any() else []
    _add_legends(ax, [*upper, *found, *lower, _ASYMPTOTIC], hollow=any(missing))
    return ax


@mpl.rc_context(STYLE)
def plot_bath_size_of_regions(
    scaling: pd.DataFrame,
    epsilon: float,
    disorder: float,
    *,
    length: int | None = None,
    rates: pd.DataFrame | None = None,
    ax: Axes | None = None,
) -> Axes:
    r"""Bounds of the bath size against region size, on a logarithmic axis.

    Parameters
    ----------
    scaling
        What `bath_scaling` returned: numbers of bath components. Error bars are standard errors of
        the exponent.
    epsilon
        The distance from the thermal state that is accepted.
    disorder
        Disorder strength, in Pauli units.
    length
        Which chain to draw; needed only if the table holds several.
    rates
        What `fit_bath_rates` returned: written behind the names of the bounds, with the larger of
        both errors, and the range of the fit is shaded.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes that were drawn on. Lower bounds have hollow markers, since the table does not
        tell whether the energy subspace condition holds.

    Raises
    ------
    ValueError
        The table does not hold the length, epsilon or disorder strength.

    References
    ----------
    [Sparaciari21]_, Theorem 1 and Corollary 4.

    Examples
    --------
    >>> scaling = pd.DataFrame(
    ...     {"length": 8, "disorder": 4.0, "region_size": 1, "epsilon": 0.1,
    ...      "bound": ["upper", "lower"], "mean": [200.0, 2.0], "standard_error": 0.1}
    ... )
    >>> plot_bath_size_of_regions(scaling, 0.1, 4.0).get_yscale()
    'log'
    """
    chain, bounds = _chosen(scaling, "length", length)
    _, bounds = _chosen(bounds, "epsilon", epsilon)
    _, bounds = _chosen(bounds, "disorder", disorder)
    ax = ax or new_axes(_TALL)
    looks = _REGION_LOOKS
    held = [name for name in looks if (bounds["bound"] == name).any()]
    for name in held:
        line = bounds[bounds["bound"] == name].sort_values("region_size")
        sizes, means = line["region_size"].to_numpy(), line["mean"].to_numpy()
        proved = np.full(len(line), looks[name].dash != _DASHED)
        factor = np.exp2(line["standard_error"].to_numpy())
        _draw(ax, (sizes, means), looks[name], proved, factor=factor)
    ax.set(yscale="log", xlabel=REGION_LABEL, ylabel=_SIZE_LABEL)
    count_axis(ax.xaxis)
    note = rf"$L = {chain}$, $\Delta = {disorder:g}$, $\epsilon = {epsilon:g}$"
    named = {looks[name]: name for name in reversed(held)}
    entries = [look for look in dict.fromkeys(looks.values()) if look in named]
    title = ""
    if rates is not None:
        title = "bound: rate in bits per site"
        fits = _rows(rates, length=chain, disorder=disorder, epsilon=epsilon).set_index("bound")
        entries = [_with_rate(look, fits, named[look]) for look in entries]
        note += _shade_fit(ax, fits)
    _add_legends(ax, entries, hollow=True, title=title)
    note_in_corner(ax, note)
    return ax


def _rows(table: pd.DataFrame, **values: float) -> pd.DataFrame:
    for name, value in values.items():
        table = table[table[name] == value]
    return table


def _with_rate(look: _Look, fits: pd.DataFrame, bound: str) -> _Look:
    """Look whose label names the rate, as ``0.52(3)``."""
    if bound not in fits.index:
        return look
    rate, *errors = fits.loc[[bound], ["rate", "rate_error", "fit_error"]].to_numpy(float)[0]
    return look._replace(label=f"{look.label}: {_brief(rate, np.nanmax([*errors, 0.0]))}")


def _brief(value: float, error: float) -> str:
    """Value with its error, of one digit or two that begin with 1, in its last digits.

    Examples
    --------
    >>> _brief(0.51234, 0.0321), _brief(0.5, 0.014), _brief(0.5, 0.0)
    ('0.51(3)', '0.500(14)', '0.500')
    """
    if not error > 0:
        return f"{value:.3f}"
    digits = max(0, -int(np.floor(np.log10(error / 2))))
    return f"{value:.{digits}f}({round(error * 10**digits):d})"


def _shade_fit(ax: Axes, fits: pd.DataFrame) -> str:
    """Shade the range of the fit; return what the note says about it."""
    if fits.empty:
        return ""
    ax.axvspan(fits["first_size"].min(), fits["last_size"].max(), color="0.94", zorder=0)
    return "\nshaded: fit of the rates"


def _distinct(sizes: Sequence[qentropy.thermalization.BathSize]) -> dict[str, _Look]:
    """Bounds of which none equals an earlier one throughout."""
    kept: dict[str, _Look] = {}
    seen: list[list[float]] = []
    for name, look in _SIZE_LOOKS.items():
        values = [getattr(size, name) for size in sizes]
        if values not in seen:
            seen.append(values)
            kept[name] = look
    return kept


def _draw(
    ax: Axes, points: tuple[Any, Any], look: _Look, proved: Any, *, factor: Any = None
) -> None:
    """One bound: its line, filled markers where it is proved and hollow ones elsewhere.

    With error bars all of its markers are alike, so that the line carries them.
    """
    x, finite = points[0], np.where(np.isfinite(points[1]), points[1], np.nan)
    style: dict[str, Any] = {"color": look.color, "zorder": 3 if look is _EXACT else 2}
    marks: dict[str, Any] = {"marker": look.marker, "markeredgewidth": 0.6}
    if factor is not None:
        marks |= {"markerfacecolor": look.color if proved.all() else "white", "elinewidth": 0.6}
        errors = (finite * (1 - 1 / factor), finite * (factor - 1))
        label = look.label
        ax.errorbar(x, finite, errors, linestyle=look.dash, label=label, **style, **marks)
        return
    ax.plot(x, finite, linestyle=look.dash, **style)
    style |= marks | {"linestyle": "none"}
    for chosen, face in ((proved, look.color), (~proved, "white")):
        ax.plot(x[chosen], finite[chosen], markerfacecolor=face, **style)


def _add_legends(ax: Axes, looks: Sequence[_Look], *, hollow: bool, title: str = "") -> None:
    """Name the bounds above the panel, and what a hollow marker means inside it."""
    handles = [
        Line2D([], [], color=look.color, marker=look.marker, linestyle=look.dash) for look in looks
    ]
    place: dict[str, Any] = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0)}
    ax.legend(
        handles, [look.label for look in looks], ncols=1 if title else 2, title=title, **place
    )
    if hollow:
        marks: dict[str, Any] = {"color": "0.3", "marker": "o", "linestyle": "none"}
        pair = [Line2D([], [], **marks), Line2D([], [], markerfacecolor="white", **marks)]
        labels = ["proved", "under an assumption"]
        ax.add_artist(Legend(ax, pair, labels, loc="center right", handlelength=0.8))


def _chosen(table: pd.DataFrame, column: str, value: Any) -> tuple[Any, pd.DataFrame]:
    """Rows with one value of a column, the only one there is if none is named."""
    held = sorted(table[column].unique().tolist())
    chosen = held[0] if value is None and len(held) == 1 else value
    if chosen not in held:
        raise ValueError(f"{column} must be one of {held}; got {value!r}")
    return chosen, table[table[column] == chosen]
