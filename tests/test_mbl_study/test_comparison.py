"""Paired differences and ratios, on pairs whose law is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import synthetic_study

from mbl_study import analysis
from mbl_study.comparison import compare_thermal_states, variance_gain

REALIZATIONS = 400


def slopes_of(values: np.ndarray, disorder: float = 4.0) -> pd.DataFrame:
    """Slopes of one chain at one disorder strength."""
    numbers = np.arange(len(values))
    return pd.DataFrame(
        {"length": 8, "disorder": disorder, "realization": numbers, "slope": values}
    )


def regions_of(first: np.ndarray, lattice: np.ndarray) -> pd.DataFrame:
    """Entropies against both thermal states, one region size."""
    return pd.DataFrame(
        {
            "length": 8,
            "disorder": 4.0,
            "realization": np.arange(len(first)),
            "region_size": 3,
            "max_relative_entropy": first,
            "max_relative_entropy_lattice": lattice,
        }
    )


def test_differences_are_taken_pair_by_pair() -> None:
    """What both sides have in common is no error; the share counts signs."""
    rng = np.random.default_rng(3)
    common, own = 5 * rng.standard_normal(50), 0.1 * rng.standard_normal(50) - 0.05
    (row,) = compare_thermal_states(regions_of(common, common + own)).to_dict("records")
    assert row["mean"] == pytest.approx(own.mean(), abs=1e-12)
    assert row["standard_error"] == pytest.approx(own.std(ddof=1) / 50**0.5, rel=1e-9)
    assert row["share_below"] == pytest.approx((own < 0).mean())
    assert 0.5 < row["share_below"] < 1
    assert (row["count"], row["region_size"]) == (50, 3)


def test_every_region_of_every_chain_has_a_row() -> None:
    """In the synthetic study the lattice entropy is 0.05 bits lower throughout."""
    comparison = compare_thermal_states(analysis.tabulate(synthetic_study.results()).regions)
    assert len(comparison) == len(synthetic_study.DISORDERS) * (6 + 8)
    np.testing.assert_allclose(comparison["mean"], -0.05, rtol=1e-9)
    assert (comparison["share_below"] == 1).all()
    assert comparison["standard_error"].max() < 1e-12


def test_infinite_on_both_sides_is_no_difference() -> None:
    """Infinity less infinity is left out, infinity on one side is kept."""
    entropies = np.array([np.inf, 1.0, 2.0]), np.array([np.inf, 0.5, 2.5])
    (row,) = compare_thermal_states(regions_of(*entropies)).to_dict("records")
    assert (row["mean"], row["count"], row["share_below"]) == (0.0, 2, 0.5)
    (row,) = compare_thermal_states(
        regions_of(np.array([1.0, 2.0]), np.array([np.inf, 1.0]))
    ).to_dict("records")
    assert (row["mean"], row["share_below"]) == (np.inf, 0.5)


def test_half_the_spread_is_four_times_less_variance() -> None:
    """A ratio that is the same in every resampled study has no error."""
    values = np.random.default_rng(4).standard_normal(30)
    (row,) = variance_gain(slopes_of(values), slopes_of(1 + values / 2)).to_dict("records")
    assert row["variance_ratio"] == pytest.approx(4, rel=1e-12)
    assert row["variance_ratio_error"] < 1e-12
    assert row["count"] == 30


def test_error_is_that_of_two_independent_normal_variances() -> None:
    """The logarithm of a ratio of two variances of n normal numbers has the variance 4/n."""
    rng = np.random.default_rng(5)
    first, second = 3 * rng.standard_normal(REALIZATIONS), rng.standard_normal(REALIZATIONS)
    (row,) = variance_gain(slopes_of(first), slopes_of(second), samples=2000).to_dict("records")
    expected = first.var(ddof=1) / second.var(ddof=1)
    assert row["variance_ratio"] == pytest.approx(expected, rel=1e-9)
    assert row["variance_ratio_error"] / expected == pytest.approx(
        (4 / REALIZATIONS) ** 0.5, rel=0.2
    )


def test_mean_of_independent_regions_gains_their_number() -> None:
    """Eight independent regions make the variance eight times smaller, within three errors."""
    regions = np.random.default_rng(6).standard_normal((REALIZATIONS, 8))
    (row,) = variance_gain(slopes_of(regions[:, 0]), slopes_of(regions.mean(axis=1))).to_dict(
        "records"
    )
    assert abs(row["variance_ratio"] - 8) < 3 * row["variance_ratio_error"]
    assert row["variance_ratio_error"] < 2


def test_realizations_are_paired_by_their_number() -> None:
    """Order does not matter, and what one side lacks or has no slope for is left out."""
    values = np.random.default_rng(7).standard_normal(20)
    averaged = slopes_of(values / 3).sample(frac=1, random_state=1)
    averaged.loc[averaged["realization"] == 2, "slope"] = np.nan
    (row,) = variance_gain(slopes_of(values[:18]), averaged).to_dict("records")
    assert row["variance_ratio"] == pytest.approx(9, rel=1e-12)
    assert row["count"] == 17


def test_each_disorder_strength_has_its_ratio_and_the_same_draws() -> None:
    """The same errors come again, and a second disorder strength changes none of them."""
    rng = np.random.default_rng(8)
    pairs = [
        (slopes_of(rng.standard_normal(40), d), slopes_of(rng.standard_normal(40), d))
        for d in (1.0, 2.0)
    ]
    both = variance_gain(*(pd.concat(side) for side in zip(*pairs, strict=True)))
    assert both["disorder"].tolist() == [1.0, 2.0]
    pd.testing.assert_frame_equal(both[:1], variance_gain(*pairs[0]))


def test_no_spread_has_no_ratio() -> None:
    """One realization, or slopes that are all the same."""
    one = variance_gain(slopes_of(np.array([1.0])), slopes_of(np.array([2.0])))
    flat = variance_gain(slopes_of(np.arange(5.0)), slopes_of(np.ones(5)))
    for found in (one, flat):
        assert found[["variance_ratio", "variance_ratio_error"]].isna().all(axis=None)


def test_studies_of_other_chains_are_no_pair() -> None:
    """The message says what both need in common."""
    with pytest.raises(ValueError, match=r"in common; got none\. Run both studies with one seed"):
        variance_gain(slopes_of(np.ones(3)), slopes_of(np.ones(3), disorder=5.0))
    with pytest.raises(ValueError, match="at least one row"):
        variance_gain(slopes_of(np.ones(0)), slopes_of(np.ones(3)))
