"""Averages and straight lines, against numpy and against lines that are known."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import synthetic_study
from hypothesis import given
from hypothesis import strategies as st

from mbl_study import analysis
from mbl_study.tables import Tables

SIZES = [1, 2, 3, 4]


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Two chains, twelve realizations."""
    return analysis.tabulate(synthetic_study.results())


def scaling_of(means: list[float], length: int = 8, disorder: float = 4.0) -> pd.DataFrame:
    """Means at the region sizes 1, 2, … of one chain."""
    sizes = np.arange(1, len(means) + 1)
    return pd.DataFrame(
        {"length": length, "disorder": disorder, "region_size": sizes, "mean": means}
    )


def regions_of(values: np.ndarray, length: int = 8) -> pd.DataFrame:
    """Entropies, shape ``(realizations, sizes)``, of one chain at one disorder strength."""
    rows = [
        (length, 4.0, realization, size, value)
        for realization, line in enumerate(values)
        for size, value in enumerate(line, start=1)
    ]
    names = ["length", "disorder", "realization", "region_size", "max_relative_entropy"]
    return pd.DataFrame(rows, columns=names)


def test_region_scaling_is_mean_and_standard_error() -> None:
    """Standard error is the sample deviation over sqrt(n)."""
    values = np.array([[0.1, 0.5], [0.4, 0.9], [0.2, 1.3]])
    scaling = analysis.region_scaling(regions_of(values))
    np.testing.assert_allclose(scaling["mean"], values.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(scaling["standard_error"], values.std(axis=0, ddof=1) / 3**0.5)
    assert scaling["count"].tolist() == [3, 3]
    assert scaling["region_size"].tolist() == [1, 2]


def test_one_realization_has_a_mean_and_no_error() -> None:
    """One number says nothing about its spread."""
    scaling = analysis.region_scaling(regions_of(np.array([[0.1, 0.5]])))
    assert scaling["mean"].tolist() == [0.1, 0.5]
    assert scaling["standard_error"].isna().all()
    assert scaling["count"].tolist() == [1, 1]


def test_missing_records_are_left_out_of_the_count() -> None:
    """A study in progress is averaged over what is there."""
    regions = regions_of(np.array([[1.0, 2.0], [3.0, 6.0]])).iloc[:-1]
    scaling = analysis.region_scaling(regions)
    assert scaling["mean"].tolist() == [2.0, 2.0]
    assert scaling["count"].tolist() == [2, 1]


def test_infinite_entropy_makes_an_infinite_mean_and_no_slope() -> None:
    """An infinity is neither dropped nor turned into a number."""
    regions = regions_of(np.array([[1.0, 2, 3, 4], [1, 2, math.inf, 4]]))
    scaling = analysis.region_scaling(regions)
    assert scaling["mean"].tolist() == [1, 2, math.inf, 4]
    fit = analysis.fit_slopes(scaling).iloc[0]
    assert np.isnan([fit["slope"], fit["slope_error"], fit["intercept"]]).all()
    assert analysis.slope_per_realization(regions)["slope"].isna().tolist() == [False, True]


def test_lattice_and_collision_entropies_are_averaged_by_name(tables: Tables) -> None:
    """Appendix D: another thermal state, the same average."""
    of_region = analysis.region_scaling(tables.regions)
    of_lattice = analysis.region_scaling(tables.regions, "max_relative_entropy_lattice")
    np.testing.assert_allclose(of_region["mean"] - of_lattice["mean"], 0.05, rtol=1e-12)
    collision = analysis.region_scaling(tables.regions, "collision_relative_entropy")
    np.testing.assert_allclose(collision["mean"], 0.8 * of_region["mean"], rtol=1e-12)


@given(intercept=st.floats(-3, 3), slope=st.floats(-2, 2), length=st.integers(4, 20))
def test_points_on_a_line_give_that_line(intercept: float, slope: float, length: int) -> None:
    """Least squares reproduces a straight line, and its error is zero."""
    means = [intercept + slope * size for size in range(1, length - 1)]
    fit = analysis.fit_slopes(scaling_of(means, length)).iloc[0]
    assert fit["slope"] == pytest.approx(slope, abs=1e-12)
    assert fit["intercept"] == pytest.approx(intercept, abs=1e-12)
    assert length < 6 or fit["slope_error"] < 1e-12


@given(st.lists(st.floats(0, 10), min_size=5, max_size=12))
def test_slope_and_error_are_those_of_polyfit(means: list[float]) -> None:
    """The error is the root of numpy's covariance, scaled by the residuals."""
    fit = analysis.fit_slopes(scaling_of(means), (1, len(means))).iloc[0]
    (slope, intercept), covariance = np.polyfit(np.arange(1, len(means) + 1), means, 1, cov=True)
    assert fit["slope"] == pytest.approx(slope, abs=1e-9)
    assert fit["intercept"] == pytest.approx(intercept, abs=1e-9)
    assert fit["slope_error"] == pytest.approx(covariance[0, 0] ** 0.5, rel=1e-6, abs=1e-8)


def test_default_range_is_the_lower_half_of_the_chain() -> None:
    """Larger regions bend ([Sparaciari21]_, note 55), so they do not enter; 9 sites: 1 to 4."""
    straight = [0.5, 1.0, 1.5, 2.0]
    assert analysis.fit_slopes(scaling_of([*straight, 9, 9, 9], length=9))["slope"][0] == 0.5


def test_chosen_range_includes_both_ends() -> None:
    """Sizes 2 and 3 alone: their difference, without an error."""
    fit = analysis.fit_slopes(scaling_of([9, 1.0, 1.75, 9, 9, 9]), (2, 3)).iloc[0]
    assert fit["slope"] == pytest.approx(0.75)
    assert np.isnan(fit["slope_error"])


def test_each_length_and_disorder_is_fitted_by_itself() -> None:
    """Lengths have ranges of their own."""
    scaling = pd.concat(
        [
            scaling_of([1.0, 2, 9, 9], length=5, disorder=1.0),
            scaling_of([1.0, 2, 3, 9, 9], length=6, disorder=1.0),
            scaling_of([2.0, 4, 6, 9, 9], length=6, disorder=3.0),
        ]
    )
    fits = analysis.fit_slopes(scaling)
    assert fits[["length", "disorder"]].to_numpy().tolist() == [[5, 1], [6, 1], [6, 3]]
    np.testing.assert_allclose(fits["slope"], [1, 1, 2], rtol=1e-14)


def test_mean_slope_is_slope_of_the_mean(tables: Tables) -> None:
    """A fit is linear in its data, so the paper's order of averaging and fitting is free."""
    fits = analysis.fit_slopes(analysis.region_scaling(tables.regions))
    each = analysis.slope_per_realization(tables.regions)
    means = each.groupby(["length", "disorder"])["slope"].mean()
    np.testing.assert_allclose(means, fits["slope"], rtol=1e-12)


def test_slopes_of_the_synthetic_study_are_found(tables: Tables) -> None:
    """The mean over realizations is within three bootstrap errors of the law it was drawn from."""
    slopes = analysis.bootstrap_slopes(analysis.slope_per_realization(tables.regions))
    expected = slopes["disorder"].map(synthetic_study.slope)
    assert ((slopes["slope"] - expected).abs() < 3 * slopes["slope_error"]).all()


def test_realization_with_a_missing_size_has_no_slope() -> None:
    """A slope over other sizes is another quantity."""
    regions = regions_of(np.array([SIZES, SIZES], dtype=float)).iloc[:-1]
    assert analysis.slope_per_realization(regions)["slope"].isna().tolist() == [False, True]


def test_one_region_size_is_no_line() -> None:
    """The message names the length and the range."""
    with pytest.raises(ValueError, match="got 1 for length 8 between 3 and 3"):
        analysis.fit_slopes(scaling_of([1.0, 2, 3, 4]), (3, 3))
    with pytest.raises(ValueError, match="got 0 for length 8 between 7 and 9"):
        analysis.slope_per_realization(regions_of(np.ones((2, 4))), fit_range=(7, 9))


def test_level_spacing_is_the_mean_ratio(tables: Tables) -> None:
    """One row for each length and disorder strength."""
    spacing = analysis.level_spacing(tables.realizations)
    rows = tables.realizations.query("length == 8 and disorder == 3.0")["level_spacing_ratio"]
    found = spacing.query("length == 8 and disorder == 3.0").iloc[0]
    assert found["mean"] == pytest.approx(rows.mean())
    assert found["standard_error"] == pytest.approx(rows.std() / len(rows) ** 0.5)
    assert len(spacing) == 2 * len(synthetic_study.DISORDERS)


def test_bath_bounds_are_averaged_in_their_exponents(tables: Tables) -> None:
    """The upper bound averages to 2**(mean D_max)/epsilon**2, eq. (12)."""
    keys = ["length", "disorder", "region_size"]
    bounds = analysis.bath_scaling(tables.baths).query("epsilon == 0.01")
    scaling = analysis.region_scaling(tables.regions).set_index(keys)
    upper, lower, pinched = (
        bounds[bounds["bound"] == name].set_index(keys) for name in ("upper", "lower", "pinched")
    )
    np.testing.assert_allclose(upper["mean"], 2 ** scaling["mean"] / 1e-4, rtol=1e-12)
    np.testing.assert_allclose(upper["standard_error"], scaling["standard_error"], rtol=1e-9)
    np.testing.assert_allclose(lower["mean"], 2 ** (0.9 * scaling["mean"]), rtol=1e-12)
    np.testing.assert_allclose(pinched["mean"], lower["mean"] / 2**0.1, rtol=1e-12)
    assert (upper["count"] == 12).all()
    assert set(bounds["bound"]) == {
        *("upper", "collision", "lower", "pinched", "purified", "asymptotic")
    }
    purified = bounds[bounds["bound"] == "purified"].set_index(keys)
    np.testing.assert_allclose(purified["mean"], lower["mean"] / 2**0.05, rtol=1e-12)


@pytest.mark.parametrize(
    "compute",
    [
        lambda tables: analysis.region_scaling(tables.regions),
        lambda tables: analysis.slope_per_realization(tables.regions),
        lambda tables: analysis.level_spacing(tables.realizations),
        lambda tables: analysis.bath_scaling(tables.baths),
        lambda tables: analysis.fit_slopes(pd.DataFrame(columns=["length", "mean"])),
    ],
)
def test_nothing_to_average_is_said_clearly(compute: object) -> None:
    """A study without results is an error with a next step and not an empty figure."""
    assert callable(compute)
    with pytest.raises(ValueError, match=r"at least one row; got none\. Run the study first"):
        compute(analysis.tabulate([]))


def test_unknown_quantity_is_named(tables: Tables) -> None:
    """The message lists what there is."""
    with pytest.raises(ValueError, match="'dmax'; got length, disorder"):
        analysis.region_scaling(tables.regions, "dmax")


def test_tables_are_left_as_they_were(tables: Tables) -> None:
    """Analysis reads."""
    before = tables.regions.copy(), tables.baths.copy()
    analysis.slope_per_realization(tables.regions)
    analysis.bath_scaling(tables.baths)
    pd.testing.assert_frame_equal(tables.regions, before[0])
    pd.testing.assert_frame_equal(tables.baths, before[1])
