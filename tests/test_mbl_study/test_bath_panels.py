"""What stands in a panel of the bath size: every bound once, and what is proved told apart."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pandas as pd
import pytest
import synthetic_study
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mbl_study import analysis, bath_panels
from mbl_study.bath_panels import plot_bath_size, plot_bath_size_of_regions
from mbl_study.plot_style import figure_of
from qentropy.thermalization import BathSize, bath_size

TAU = np.diag([0.3, 0.7])
EPSILONS = (0.5, 0.1, 0.2)


@pytest.fixture(scope="module")
def sizes() -> list[BathSize]:
    """A state without coherence, for which everything is proved."""
    return [bath_size(np.diag([0.95, 0.05]), TAU, epsilon) for epsilon in EPSILONS]


@pytest.fixture(scope="module")
def scaling() -> pd.DataFrame:
    """Mean bounds of two chains."""
    return analysis.bath_scaling(analysis.tabulate(synthetic_study.results()).baths)


def labels(ax: Axes) -> list[str]:
    """Names in the legend above the panel."""
    return [text.get_text() for text in ax.get_legend().get_texts()]


def hollow(ax: Axes) -> int:
    """Number of hollow markers that are drawn."""
    return sum(
        len(line.get_xdata()) for line in ax.get_lines() if line.get_markerfacecolor() == "white"
    )


def test_bounds_are_drawn_in_the_order_of_epsilon(sizes: list[BathSize]) -> None:
    """Each line goes through the values of the results, sorted by epsilon, on two log axes."""
    ax = plot_bath_size(sizes)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    first = ax.get_lines()[0]
    assert list(first.get_xdata()) == sorted(EPSILONS)
    assert list(first.get_ydata()) == [317, 80, 13]


def test_bounds_that_coincide_are_drawn_once(sizes: list[BathSize]) -> None:
    """Without coherence the pinched bounds are those of the state, and all is filled."""
    ax = plot_bath_size(sizes)
    assert len(labels(ax)) == 7
    assert not [label for label in labels(ax) if "pinched" in label]
    assert r"exact $n_\epsilon$" in labels(ax)
    assert hollow(ax) == 0
    assert not ax.artists


def test_what_is_not_proved_is_hollow() -> None:
    """With coherence two lower bounds have no proof; a second legend explains the markers."""
    state = np.array([[0.7, 0.3], [0.3, 0.3]])
    ax = plot_bath_size([bath_size(state, TAU, epsilon) for epsilon in (0.05, 0.1)])
    assert len(labels(ax)) == 10
    assert hollow(ax) == 4
    assert len(ax.artists) == 1


def test_unknown_exact_number_has_no_entry() -> None:
    """Where only an interval is known, no exact number is named."""
    ax = plot_bath_size([bath_size(np.diag([0.95, 0.05]), np.eye(2) / 2, 0.1)])
    assert r"exact $n_\epsilon$" not in labels(ax)


def test_infinite_bounds_leave_a_gap() -> None:
    """A violated support makes upper bounds infinite, and the panel is drawn all the same."""
    ax = plot_bath_size([bath_size(np.diag([0.5, 0.5]), np.diag([1.0, 0.0]), 0.1)])
    assert np.isnan(ax.get_lines()[0].get_ydata()).all()
    figure_of(ax).savefig(BytesIO())


@pytest.mark.parametrize("epsilons", [(), (0.0,)])
def test_nothing_to_draw_is_an_error(epsilons: tuple[float, ...]) -> None:
    """No sizes, or one that a logarithmic axis has no place for."""
    with pytest.raises(ValueError, match="sizes must hold"):
        plot_bath_size([bath_size(TAU, TAU, epsilon) for epsilon in epsilons])


def test_regions_show_every_bound_of_the_table(scaling: pd.DataFrame) -> None:
    """One line for each bound, through its means, with the lower ones hollow."""
    ax = plot_bath_size_of_regions(scaling, 0.01, 4.0, length=8)
    assert len(labels(ax)) == 6
    rows = scaling.query("length == 8 and epsilon == 0.01 and disorder == 4.0")
    upper = rows[rows["bound"] == "upper"].sort_values("region_size")
    np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), upper["mean"])
    assert hollow(ax) == 3 * len(upper)
    assert ax.get_yscale() == "log"


def test_rates_stand_behind_the_names_of_their_bounds(scaling: pd.DataFrame) -> None:
    """Value and larger error in brief, the unit above, and the range of the fit shaded."""
    rates = pd.DataFrame(
        {
            **{"length": 8, "disorder": 4.0, "epsilon": 0.01, "bound": ["upper", "lower"]},
            **{"rate": [0.5123, 0.25], "rate_error": [0.031, np.nan], "fit_error": [0.01, np.nan]},
            **{"first_size": 1, "last_size": 4},
        }
    )
    ax = plot_bath_size_of_regions(scaling, 0.01, 4.0, length=8, rates=rates)
    found = labels(ax)
    assert "upper, Theorem 1: 0.51(3)" in found
    assert "lower, Corollary 4: 0.250" in found
    assert "upper, collision entropy" in found
    assert ax.get_legend().get_title().get_text() == "bound: rate in bits per site"
    (span,) = ax.patches
    assert span.get_x() == 1
    assert span.get_width() == 3
    assert "shaded" in ax.texts[0].get_text()
    # Rates of other chains are no rates of this one.
    ax = plot_bath_size_of_regions(scaling, 0.01, 4.0, length=10, rates=rates)
    assert "upper, Theorem 1" in labels(ax)
    assert not ax.patches


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.51234, 0.0321, "0.51(3)"),
        (0.51234, 0.0141, "0.512(14)"),
        (0.51234, 0.0199, "0.512(20)"),
        (12.34, 2.6, "12(3)"),
        (0.5, 0.0, "0.500"),
        (0.5, np.nan, "0.500"),
    ],
)
def test_errors_are_written_in_the_last_digits(value: float, error: float, text: str) -> None:
    """One digit, or two from 1 to 2."""
    assert bath_panels._brief(value, error) == text


def test_swaps_are_drawn_once_in_the_legend(scaling: pd.DataFrame) -> None:
    """Both ends of the interval have the same mark, and one name."""
    upper = scaling[scaling["bound"] == "upper"]
    swaps = [
        upper.assign(bound=f"swap_{end}", mean=upper["mean"] / 3) for end in ("lower", "upper")
    ]
    ax = plot_bath_size_of_regions(pd.concat([scaling, *swaps]), 0.01, 4.0, length=8)
    assert labels(ax).count("swaps, pinched state") == 1
    crosses = [bars for bars in ax.containers if bars[0].get_marker() == "x"]
    assert len(crosses) == 2


def test_axes_of_the_caller_are_used(scaling: pd.DataFrame, sizes: list[BathSize]) -> None:
    """A figure of several panels takes both."""
    left, right = Figure().subplots(1, 2)
    assert plot_bath_size(sizes, ax=left) is left
    assert plot_bath_size_of_regions(scaling, 0.01, 4.0, length=8, ax=right) is right


@pytest.mark.parametrize(
    ("options", "column"),
    [
        ({"epsilon": 0.3, "disorder": 4.0, "length": 8}, "epsilon"),
        ({"epsilon": 0.01, "disorder": 0.123, "length": 8}, "disorder"),
        ({"epsilon": 0.01, "disorder": 4.0, "length": 9}, "length"),
        ({"epsilon": 0.01, "disorder": 4.0}, "length"),
    ],
)
def test_rows_that_are_not_there_are_named(
    scaling: pd.DataFrame, options: dict[str, float], column: str
) -> None:
    """What the table does not hold is an error that lists what it holds."""
    with pytest.raises(ValueError, match=f"{column} must be one of"):
        plot_bath_size_of_regions(scaling, **options)
