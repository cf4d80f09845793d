"""The figure of the four-level counterexample: eigenvalues where swaps are not optimal."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes

import qentropy
from mbl_study.plot_style import GREY, STYLE, line_styles, new_axes

__all__ = ["plot_swap_counterexample"]

_STATES = (r"$|1,4\rangle$", r"$|4,1\rangle$", r"$|2,3\rangle$", r"$|3,2\rangle$")
_ENDS = (-0.5, 3.5)
_WIDTH = 0.62


@mpl.rc_context(STYLE)
def plot_swap_counterexample(check: qentropy.LemmaCheck, *, ax: Axes | None = None) -> Axes:
    r"""Eigenvalues on the energy ``E1 + E4 = E2 + E3``, after swaps, smoothed, and of the target.

    Parameters
    ----------
    check
        What `qentropy.lemmas.check_swap_counterexample` returned.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes that were drawn on.

    Raises
    ------
    ValueError
        It is the check of another statement.

    References
    ----------
    [Sparaciari21]_, FIG. 4.

    Examples
    --------
    >>> check = qentropy.lemmas.check_swap_counterexample(
    ...     [0.7, 0.1, 0.15, 0.05], [0.0, 1.0, 2.5, 3.5], beta=0.1
    ... )
    >>> plot_swap_counterexample(check).get_ylabel()
    'eigenvalue'
    """
    if check.statement != "swap counterexample":
        raise ValueError(f"check must be of the swap counterexample; got {check.statement!r}")
    values = {name: (x.lower + x.upper) / 2 for name, x in check.details.items()}
    outer, inner = values["swaps on |1,4>, |4,1>"], values["swaps on |2,3>, |3,2>"]
    target, smooth = values["tau on E1 + E4"], values["uniform on E1 + E4"]
    ax = ax or new_axes()
    dark, light = (style["color"] for style in line_styles(2, dashed=True))
    swaps = np.array([outer, outer, inner, inner])
    bars = ax.bar(range(4), swaps, _WIDTH, color="0.9", edgecolor=dark, linewidth=0.9)
    # Excess and deficit; the hatching has the colour of the edge, which itself is left out.
    look: dict[str, Any] = {"color": "none", "edgecolor": GREY, "linewidth": 0, "hatch": "////"}
    gaps = ax.bar(range(4), target - swaps, _WIDTH, swaps, **look)
    (smoothed,) = ax.plot(_ENDS, [smooth] * 2, color=light, linestyle=(0, (4, 1.5)), linewidth=1.3)
    (thermal,) = ax.plot(_ENDS, [target] * 2, color="black", linewidth=1.3)
    ax.set_xticks(range(4), _STATES)
    ax.tick_params(axis="x", length=0)
    ax.set(xlim=_ENDS, xlabel="state of energy $E_1 + E_4 = E_2 + E_3$", ylabel="eigenvalue")
    ax.set_ylim(0, 1.08 * max(target, outer, inner))
    labels = [
        _label(r"\rho^{(2)}", "uniform swaps", values["distance of swaps"]),
        _label(r"\rho^{*}", "smoothed", values["least distance"]),
        r"target $\tau^{(2)}$",
        "excess or deficit of the swaps",
    ]
    handles: Any = [bars, smoothed, thermal, gaps]
    ax.legend(handles, labels, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return ax


def _label(symbol: str, name: str, distance: float) -> str:
    norm = rf"\Vert {symbol} - \tau^{{(2)}} \Vert_1"
    return rf"{name} ${symbol}$, ${norm} = {distance:.3f}$"
