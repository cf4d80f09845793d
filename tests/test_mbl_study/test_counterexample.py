"""The figure of the counterexample shows the numbers of the check, and no others."""

from __future__ import annotations

from io import BytesIO

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.container import BarContainer

import qentropy
from mbl_study.counterexample import plot_swap_counterexample
from mbl_study.plot_style import figure_of, new_axes
from qentropy import Interval, LemmaCheck

ENERGIES = [0.0, 1.0, 2.5, 3.5]


def counterexample(start: list[float], beta: float = 0.1) -> LemmaCheck:
    """Swaps of a state with these probabilities and one thermal copy."""
    return qentropy.lemmas.check_swap_counterexample(start, ENERGIES, beta=beta)


@pytest.mark.parametrize("start", [[0.7, 0.1, 0.15, 0.05], [0.1, 0.5, 0.35, 0.05]])
def test_bars_and_lines_are_the_eigenvalues(start: list[float]) -> None:
    """Bars are ``(q_i p_j + q_j p_i) / 2``, lines ``p_1 p_4`` and the mean of the bars: (C11)."""
    ax = plot_swap_counterexample(counterexample(start))
    weights = np.exp(-0.1 * np.array(ENERGIES))
    p = weights / weights.sum()
    pairs = ((0, 3), (3, 0), (1, 2), (2, 1))
    expected = [(start[i] * p[j] + start[j] * p[i]) / 2 for i, j in pairs]
    swaps, gaps = (bars for bars in ax.containers if isinstance(bars, BarContainer))
    heights = np.array([bar.get_height() for bar in swaps])
    np.testing.assert_allclose(heights, expected, atol=1e-14)
    smoothed, target = (line.get_ydata() for line in ax.lines)
    np.testing.assert_allclose(smoothed, np.mean(expected), atol=1e-14)
    np.testing.assert_allclose(target, p[0] * p[3], atol=1e-14)
    ends = [bar.get_y() + bar.get_height() for bar in gaps]
    np.testing.assert_allclose(ends, p[0] * p[3], atol=1e-14)
    assert [label.get_text() for label in ax.get_xticklabels()] == [
        rf"$|{i + 1},{j + 1}\rangle$" for i, j in pairs
    ]


def test_the_legend_names_both_distances() -> None:
    """In the paper's example, q_1 = 1, they differ by ``2 p_4 (1 - 2 p_1)`` in trace norm."""
    check = counterexample([1.0, 0.0, 0.0, 0.0])
    legend = plot_swap_counterexample(check).get_legend()
    assert legend is not None
    texts = [text.get_text() for text in legend.get_texts()]
    swaps, smoothed = (float(text.split("= ")[1].rstrip("$")) for text in texts[:2])
    weights = np.exp(-0.1 * np.array(ENERGIES))
    p = weights / weights.sum()
    assert abs(swaps - smoothed - 2 * p[3] * (1 - 2 * p[0])) < 2e-3
    assert texts[2] == r"target $\tau^{(2)}$"


def test_axes_are_kept_and_the_figure_can_be_saved() -> None:
    """The function draws where it is told, leaves global settings alone, and a PNG comes out."""
    ax, before = new_axes(), dict(mpl.rcParams)
    assert plot_swap_counterexample(counterexample([1.0, 0.0, 0.0, 0.0]), ax=ax) is ax
    assert dict(mpl.rcParams) == before
    assert ax.get_ylim()[0] == 0
    file = BytesIO()
    figure_of(ax).savefig(file, format="png")
    assert file.getvalue().startswith(b"\x89PNG")


def test_another_statement_is_refused() -> None:
    """There is nothing to draw for it."""
    one = Interval(0.0, 1.0)
    other = LemmaCheck(statement="convex split", equation="(B4)", lhs=one, rhs=one, instance="")
    with pytest.raises(ValueError, match="swap counterexample"):
        plot_swap_counterexample(other)
