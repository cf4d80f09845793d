"""Rates of the bounds on the bath size, on exponents that are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import synthetic_study

from mbl_study import analysis
from mbl_study.bath_rates import bath_exponents, fit_bath_rates

BOUNDS = ["asymptotic", "collision", "lower", "pinched", "purified", "upper"]


@pytest.fixture(scope="module")
def baths() -> pd.DataFrame:
    """Bounds of two chains, twelve realizations, whose entropies are lines through zero."""
    return analysis.tabulate(synthetic_study.results()).baths


def with_swaps(baths: pd.DataFrame, unknown: int) -> pd.DataFrame:
    """Add numbers of swaps that double with each site; one realization lacks the large ones."""
    sizes = 3.0 * 2.0 ** baths["region_size"]
    large = (baths["realization"] == 5) & (baths["region_size"] >= unknown)
    sizes = sizes.mask(large)
    return baths.assign(bath_size_swap_lower=sizes, bath_size_swap_upper=sizes + 1)


def test_exponents_are_binary_logarithms_of_the_sizes(baths: pd.DataFrame) -> None:
    """One row for each bound and row of the table; the pinched bound is an exponent already."""
    exponents = bath_exponents(baths)
    assert sorted(exponents["bound"].unique()) == BOUNDS
    assert len(exponents) == len(BOUNDS) * len(baths)
    upper = exponents.loc[exponents["bound"] == "upper", "exponent"]
    np.testing.assert_allclose(2.0**upper, baths["bath_size_upper"])
    pinched = exponents.loc[exponents["bound"] == "pinched", "exponent"]
    np.testing.assert_array_equal(pinched, baths["pinched_lower"])


def test_rates_of_the_paper_s_bounds_follow_the_entropy(baths: pd.DataFrame) -> None:
    """The upper bound grows as the slope of D_max, the lower as 90 % of it, for every epsilon."""
    rates = fit_bath_rates(baths).set_index(["length", "disorder", "epsilon", "bound"])["rate"]
    slopes = analysis.bootstrap_slopes(
        analysis.slope_per_realization(analysis.tabulate(synthetic_study.results()).regions)
    )
    for row in slopes.to_dict("records"):
        for epsilon in (0.1, 0.01, 0.001):
            key = (row["length"], row["disorder"], epsilon)
            assert rates[(*key, "upper")] == pytest.approx(row["slope"], rel=1e-9)
            assert rates[(*key, "lower")] == pytest.approx(0.9 * row["slope"], rel=1e-9)
            assert rates[(*key, "pinched")] == pytest.approx(0.9 * row["slope"], rel=1e-9)


def test_rate_and_errors_are_those_of_the_geometric_mean(baths: pd.DataFrame) -> None:
    """The curved collision bound: slope and least-squares error by polyfit through its means."""
    rates = fit_bath_rates(baths).set_index(["length", "disorder", "epsilon", "bound"])
    found = rates.loc[(10, 4.0, 0.01, "collision")]
    rows = baths.query("length == 10 and disorder == 4.0 and epsilon == 0.01")
    exponents = np.log2(
        rows.pivot(index="realization", columns="region_size")["bath_size_collision"]
    )[[1, 2, 3, 4, 5]]
    (rate, _), covariance = np.polyfit([1, 2, 3, 4, 5], exponents.mean(axis=0), 1, cov=True)
    assert found["rate"] == pytest.approx(rate, rel=1e-9)
    assert found["fit_error"] == pytest.approx(covariance[0, 0] ** 0.5, rel=1e-6)
    each = np.polyfit([1, 2, 3, 4, 5], exponents.T, 1)[0]
    assert found["rate_error"] == pytest.approx(each.std(ddof=1) / 12**0.5, rel=1e-9)
    assert (found["first_size"], found["last_size"], found["count"]) == (1, 5, 12)


def test_the_range_can_be_chosen(baths: pd.DataFrame) -> None:
    """Both ends belong to it, and the rows say which sizes were fitted."""
    rates = fit_bath_rates(baths, fit_range=(2, 4))
    assert rates[["first_size", "last_size"]].drop_duplicates().to_numpy().tolist() == [[2, 4]]


def test_swaps_are_fitted_where_every_realization_has_a_number(baths: pd.DataFrame) -> None:
    """What is known for the small ones only would bend the line; two sizes have no fit error."""
    rates = fit_bath_rates(with_swaps(baths, unknown=3)).query("bound == 'swap_lower'")
    assert (rates["rate"] - 1).abs().max() < 1e-12
    assert rates[["first_size", "last_size"]].drop_duplicates().to_numpy().tolist() == [[1, 2]]
    assert rates["fit_error"].isna().all()
    assert len(rates) == 2 * 10 * 3
    few = fit_bath_rates(with_swaps(baths, unknown=2))
    assert not few["bound"].isin(["swap_lower", "swap_upper"]).any()


def test_swaps_that_no_realization_has_are_no_bound(baths: pd.DataFrame) -> None:
    """Columns of NaN are as good as no columns."""
    missing = baths.assign(bath_size_swap_lower=np.nan, bath_size_swap_upper=np.nan)
    pd.testing.assert_frame_equal(fit_bath_rates(missing), fit_bath_rates(baths))


def test_swaps_are_averaged_where_every_realization_has_a_number(baths: pd.DataFrame) -> None:
    """The geometric mean leaves out the region sizes that some realizations lack."""
    scaling = analysis.bath_scaling(with_swaps(baths, unknown=3))
    swaps = scaling[scaling["bound"] == "swap_lower"]
    assert sorted(swaps["region_size"].unique()) == [1, 2]
    np.testing.assert_allclose(swaps["mean"], 3 * 2.0 ** swaps["region_size"])
    assert (swaps["count"] == 12).all()


def test_an_infinite_bound_is_no_point_of_the_line(baths: pd.DataFrame) -> None:
    """One infinite realization takes its size away for all; one realization has no error."""
    rows = baths.query("length == 8 and disorder == 4.0 and epsilon == 0.1")
    odd = (rows["realization"] == 0) & (rows["region_size"] == 4)
    rates = fit_bath_rates(rows.assign(bath_size_upper=rows["bath_size_upper"].mask(odd, np.inf)))
    sizes = rates.set_index("bound")["last_size"]
    assert (sizes["upper"], sizes["lower"]) == (3, 4)
    one = fit_bath_rates(rows[rows["realization"] == 1])
    assert one["rate_error"].isna().all()
    assert (one["count"] == 1).all()


def test_nothing_to_fit_is_said_clearly() -> None:
    """The message has the next step."""
    with pytest.raises(ValueError, match=r"got none\. Run the study first"):
        fit_bath_rates(analysis.tabulate([]).baths)
