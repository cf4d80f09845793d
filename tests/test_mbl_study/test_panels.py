"""What stands in a panel: lines, labels, legends, and nothing that was computed there."""

from __future__ import annotations

import warnings
from io import BytesIO

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import synthetic_study
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend

from mbl_study import analysis
from mbl_study.panels import (
    plot_bath_bounds,
    plot_level_spacing,
    plot_region_scaling,
    plot_slope,
)
from mbl_study.plot_style import figure_of
from mbl_study.tables import Tables

DISORDER_LABEL = r"disorder strength $\Delta$ (Pauli units; $W = \Delta/2$)"
DISORDERS = synthetic_study.DISORDERS


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Two chains, twelve realizations."""
    return analysis.tabulate(synthetic_study.results())


@pytest.fixture(scope="module")
def scaling(tables: Tables) -> pd.DataFrame:
    """Means over realizations."""
    return analysis.region_scaling(tables.regions)


@pytest.fixture(scope="module")
def bounds(tables: Tables) -> pd.DataFrame:
    """Mean bounds on the bath."""
    return analysis.bath_scaling(tables.baths)


@pytest.fixture(scope="module")
def transition(tables: Tables) -> dict[str, pd.DataFrame]:
    """What the lower panel of FIG. 2 is drawn from."""
    each = analysis.slope_per_realization(tables.regions)
    critical = analysis.critical_disorder(each, samples=30)
    return {
        "slopes": analysis.fit_slopes(analysis.region_scaling(tables.regions)),
        "derivative": analysis.slope_derivative(each, samples=30),
        "critical": critical,
        "curve": analysis.rise_curve(critical),
    }


def drawn(ax: Axes) -> list[np.ndarray]:
    """Points of every error bar container, shape ``(points, 2)``."""
    return [np.column_stack(bars[0].get_data()) for bars in ax.containers]


def bar_ends(ax: Axes, index: int) -> np.ndarray:
    """Lower and upper end of each error bar of one container."""
    (bars,) = ax.containers[index][2]
    return np.array([segment[:, 1] for segment in bars.get_segments()])


def legend_texts(legend: Legend | None) -> list[str]:
    """Entries of a legend."""
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


def save(ax: Axes) -> None:
    """Draw everything; a warning is an error."""
    figure_of(ax).savefig(BytesIO(), format="png", dpi=40)


def test_region_scaling_has_a_line_for_each_disorder(scaling: pd.DataFrame) -> None:
    """Figure 2, top: the means of the table with their standard errors, lightest last."""
    ax = plot_region_scaling(scaling, length=8, fit_range=(1, 4))
    lines = drawn(ax)
    assert len(lines) == len(DISORDERS)
    for index, disorder in enumerate(DISORDERS):
        rows = scaling[(scaling["length"] == 8) & (scaling["disorder"] == disorder)]
        np.testing.assert_array_equal(lines[index], rows[["region_size", "mean"]])
        ends = np.array(
            [rows["mean"] - rows["standard_error"], rows["mean"] + rows["standard_error"]]
        )
        np.testing.assert_allclose(bar_ends(ax, index), ends.T)
    save(ax)


def test_region_scaling_says_what_it_shows(scaling: pd.DataFrame) -> None:
    """Symbols, units, the length, the disorder strengths and the convention that they are in."""
    ax = plot_region_scaling(scaling, length=10)
    assert ax.get_xlabel() == r"region size $|R|$ (sites)"
    assert ax.get_ylabel() == r"$D_{\max}(\omega_R\,\Vert\,\tau_\beta(H_R))$ (bits)"
    legend = ax.get_legend()
    assert legend_texts(legend) == [f"{disorder:g}" for disorder in DISORDERS]
    assert legend is not None
    assert legend.get_title().get_text() == DISORDER_LABEL
    assert [text.get_text() for text in ax.texts] == ["$L = 10$"]
    assert ax.get_ylim()[0] == 0


def test_region_scaling_shades_the_range_of_the_fit(scaling: pd.DataFrame) -> None:
    """Only where there is one, and with a word of explanation."""
    assert not plot_region_scaling(scaling, length=8).patches
    ax = plot_region_scaling(scaling, length=8, fit_range=(1, 4))
    (span,) = ax.patches
    assert span.get_window_extent().width > 0
    assert "range of the fit" in ax.texts[0].get_text()


def test_quantity_is_named_on_the_axis(scaling: pd.DataFrame) -> None:
    """FIG. 5 has another thermal state; what is unknown is refused and not mislabelled."""
    ax = plot_region_scaling(scaling, "max_relative_entropy_lattice", length=8)
    assert ax.get_ylabel() == r"$D_{\max}(\omega_R\,\Vert\,\tau_R)$ (bits)"
    with pytest.raises(ValueError, match=r"quantity must be one of max_relative_entropy, .*'dmax'"):
        plot_region_scaling(scaling, "dmax", length=8)


def test_length_must_be_named_where_there_are_several(scaling: pd.DataFrame) -> None:
    """Chains are not mixed in one panel."""
    with pytest.raises(ValueError, match=r"length must be one of \[8, 10\]; got None"):
        plot_region_scaling(scaling)
    with pytest.raises(ValueError, match=r"length must be one of \[8, 10\]; got 9"):
        plot_region_scaling(scaling, length=9)
    alone = scaling[scaling["length"] == 8]
    assert len(drawn(plot_region_scaling(alone))) == len(DISORDERS)


def test_panels_are_drawn_where_they_are_told(
    tables: Tables,
    scaling: pd.DataFrame,
    bounds: pd.DataFrame,
    transition: dict[str, pd.DataFrame],
) -> None:
    """Every function returns the Axes that it was given and makes no other figure."""
    panels = Figure(layout="constrained").subplots(2, 2).ravel()
    assert plot_region_scaling(scaling, length=8, ax=panels[0]) is panels[0]
    assert plot_slope(**transition, ax=panels[1]) is panels[1]
    assert plot_bath_bounds(bounds, 0.01, length=8, ax=panels[2]) is panels[2]
    spacing = analysis.level_spacing(tables.realizations)
    assert plot_level_spacing(spacing, ax=panels[3]) is panels[3]
    save(panels[0])


def test_settings_of_the_caller_are_left_alone(scaling: pd.DataFrame) -> None:
    """The style holds while a panel is drawn."""
    before = dict(mpl.rcParams)
    plot_region_scaling(scaling, length=8)
    assert dict(mpl.rcParams) == before


def test_slope_has_points_with_error_bars_for_each_length(
    transition: dict[str, pd.DataFrame],
) -> None:
    """Figure 2, bottom: the slopes of the table, least-squares errors, disorder in Pauli units."""
    ax = plot_slope(transition["slopes"])
    assert len(ax.containers) == 2
    for index, length in enumerate((8, 10)):
        rows = transition["slopes"][transition["slopes"]["length"] == length]
        np.testing.assert_array_equal(drawn(ax)[index], rows[["disorder", "slope"]])
        ends = np.array([rows["slope"] - rows["slope_error"], rows["slope"] + rows["slope_error"]])
        np.testing.assert_allclose(bar_ends(ax, index), ends.T)
    assert ax.get_xlabel() == DISORDER_LABEL
    assert (
        ax.get_ylabel() == r"slope of $D_{\max}(\omega_R\,\Vert\,\tau_\beta(H_R))$ (bits per site)"
    )
    assert legend_texts(ax.get_legend()) == ["$L = 8$", "$L = 10$"]
    assert not ax.child_axes
    save(ax)


def test_inset_shows_the_derivative_and_the_critical_disorder(
    transition: dict[str, pd.DataFrame],
) -> None:
    """Points, fitted curve, and a line with a band at the critical disorder of each length."""
    ax = plot_slope(**transition)
    (inset,) = ax.child_axes
    assert len(inset.containers) == 2
    expected = transition["derivative"].query("length == 8")[["disorder", "derivative"]]
    np.testing.assert_array_equal(drawn(inset)[0], expected)
    left, right = inset.get_xlim()
    assert left == 0
    assert right > max(DISORDERS) - 2
    assert inset.get_xlabel() == r"$\Delta$ (Pauli units; $W = \Delta/2$)"
    values = transition["critical"]["critical_disorder"].tolist()
    verticals = [line for line in inset.lines if len(set(line.get_xdata())) == 1]
    assert [line.get_xdata()[0] for line in verticals if line.get_xdata()[0] > 1] == values
    assert len(inset.patches) == 2
    save(ax)


def test_critical_disorder_is_in_the_legend_with_its_error(
    transition: dict[str, pd.DataFrame],
) -> None:
    """One realization has no error, and no fit has no number."""
    critical = transition["critical"].assign(
        critical_disorder=[3.674, np.nan], critical_disorder_error=[0.126, np.nan]
    )
    ax = plot_slope(transition["slopes"], transition["derivative"], critical)
    assert legend_texts(ax.get_legend()) == [
        r"$L = 8$, $\Delta_c = 3.67(13)$",
        "$L = 10$",
    ]
    ax = plot_slope(
        transition["slopes"],
        transition["derivative"],
        critical.assign(critical_disorder_error=np.nan),
    )
    assert legend_texts(ax.get_legend())[0] == r"$L = 8$, $\Delta_c = 3.67$"
    save(ax)


def test_points_are_joined_only_where_there_is_no_curve(
    transition: dict[str, pd.DataFrame],
) -> None:
    """A length without a fit keeps its line."""
    curve = transition["curve"].query("length == 8")
    ax = plot_slope(transition["slopes"], curve=curve)
    fitted, joined = (bars[0].get_linestyle() for bars in ax.containers)
    assert fitted == "None"
    assert joined != "None"
    rows = [line for line in ax.lines if len(line.get_xdata()) == len(curve)]
    np.testing.assert_array_equal(rows[0].get_ydata(), curve["slope"])


def test_negative_slopes_are_not_cut_off() -> None:
    """Zero is in sight, and so is what lies below it."""
    slopes = pd.DataFrame(
        {"length": 8, "disorder": [1.0, 8.0], "slope": [-0.2, 0.6], "slope_error": 0.05}
    )
    low, high = plot_slope(slopes).get_ylim()
    assert low <= -0.25
    assert high > 0.65
    assert plot_slope(slopes.assign(slope=[0.2, 0.6])).get_ylim()[0] == 0


def test_slope_without_neighbours_has_no_inset(transition: dict[str, pd.DataFrame]) -> None:
    """A single disorder strength has no derivative."""
    one = transition["slopes"].query("disorder == 3.0")
    ax = plot_slope(one, transition["derivative"].iloc[:0])
    assert not ax.child_axes
    save(ax)


def test_bath_bounds_are_on_a_logarithmic_axis(bounds: pd.DataFrame) -> None:
    """Theorem 1 above Corollary 4, for the disorder strengths that were asked for."""
    ax = plot_bath_bounds(bounds, 0.01, [0.5, 15.0], length=8)
    assert ax.get_yscale() == "log"
    assert ax.get_ylabel() == r"bath size $n_\epsilon$ (components)"
    assert ax.get_xlabel() == r"region size $|R|$ (sites)"
    weak_upper, weak_lower, strong_upper, strong_lower = drawn(ax)
    for upper, lower in ((weak_upper, weak_lower), (strong_upper, strong_lower)):
        assert (upper[:, 1] > lower[:, 1]).all()
    rows = bounds.query("length == 8 and epsilon == 0.01 and disorder == 15.0")
    for name, points in (("upper", strong_upper), ("lower", strong_lower)):
        expected = rows.loc[rows["bound"] == name, ["region_size", "mean"]]
        np.testing.assert_array_equal(points, expected)
    save(ax)


def test_bath_error_bars_are_factors(bounds: pd.DataFrame) -> None:
    """The standard error is one of the binary logarithm: the bar runs from n/2**s to n 2**s."""
    ax = plot_bath_bounds(bounds, 0.01, [15.0], length=8)
    rows = bounds.query("length == 8 and epsilon == 0.01 and disorder == 15.0 and bound == 'upper'")
    factor = 2 ** rows["standard_error"]
    ends = np.array([rows["mean"] / factor, rows["mean"] * factor])
    np.testing.assert_allclose(bar_ends(ax, 0), ends.T, rtol=1e-12)


def test_bath_bounds_have_two_legends(bounds: pd.DataFrame) -> None:
    """One for the disorder strengths, least, middle and largest by default; one for the bounds."""
    ax = plot_bath_bounds(bounds, 0.1, length=8, lower="pinched")
    main = ax.get_legend()
    assert legend_texts(main) == ["0.5", "6", "15"]
    assert main is not None
    assert main.get_title().get_text() == DISORDER_LABEL
    (other,) = [child for child in ax.artists if isinstance(child, Legend)]
    assert legend_texts(other) == ["upper bound, Theorem 1", "lower bound, without coherence"]
    assert ax.texts[0].get_text() == r"$L = 8$, $\epsilon = 0.1$"


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"epsilon": 0.2}, r"epsilon must be one of \[0\.001, 0\.01, 0\.1\]; got 0\.2"),
        ({"disorders": [7.0]}, r"disorder must be one of .*got 7\.0"),
        ({"lower": "exact"}, "bound must be one of .*got 'exact'"),
        ({"length": 12}, r"length must be one of \[8, 10\]; got 12"),
    ],
)
def test_what_the_table_does_not_hold_is_refused(
    bounds: pd.DataFrame, choice: dict[str, object], message: str
) -> None:
    """No empty panel for a mistyped number."""
    with pytest.raises(ValueError, match=message):
        plot_bath_bounds(bounds, **({"epsilon": 0.1, "length": 8} | choice))


def test_level_spacing_stands_between_its_two_limits(tables: Tables) -> None:
    """Poisson 0.386294 and 0.5307(1) for the orthogonal ensemble, Atas et al. 2013."""
    spacing = analysis.level_spacing(tables.realizations)
    ax = plot_level_spacing(spacing)
    assert len(ax.containers) == 2
    levels = [line.get_ydata()[0] for line in ax.lines if len(set(line.get_ydata())) == 1]
    assert levels[:2] == pytest.approx([0.5307, 0.386294], abs=1e-4)
    assert [text.get_text() for text in ax.texts] == ["orthogonal ensemble", "Poisson"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == (DISORDER_LABEL, "mean gap ratio")
    assert legend_texts(ax.get_legend()) == ["$L = 8$", "$L = 10$"]
    save(ax)


def test_empty_tables_are_refused(
    tables: Tables, scaling: pd.DataFrame, transition: dict[str, pd.DataFrame]
) -> None:
    """An empty panel would look like a result."""
    with pytest.raises(ValueError, match=r"length must be one of \[\]; got None"):
        plot_region_scaling(scaling.iloc[:0])
    with pytest.raises(ValueError, match="at least one row; got none"):
        plot_slope(transition["slopes"].iloc[:0])
    with pytest.raises(ValueError, match="at least one row; got none"):
        plot_level_spacing(analysis.level_spacing(tables.realizations).iloc[:0])


def test_one_realization_is_drawn_without_error_bars() -> None:
    """NaN errors draw nothing and warn of nothing."""
    tables = analysis.tabulate(synthetic_study.results(lengths=(6,), realizations=1))
    each = analysis.slope_per_realization(tables.regions)
    critical = analysis.critical_disorder(each, samples=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save(plot_region_scaling(analysis.region_scaling(tables.regions)))
        save(plot_slope(analysis.bootstrap_slopes(each), analysis.slope_derivative(each), critical))
        save(plot_bath_bounds(analysis.bath_scaling(tables.baths), 0.1))
        save(plot_level_spacing(analysis.level_spacing(tables.realizations)))
