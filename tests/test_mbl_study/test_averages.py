"""Means and lines, against numpy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mbl_study.averages import averages, column, least_squares, resampled


def test_averages_are_those_of_numpy() -> None:
    """Mean, sample deviation over sqrt(n) and count of each group, groups sorted."""
    values = np.random.default_rng(1).normal(size=12)
    table = pd.DataFrame({"length": [8] * 7 + [6] * 5, "energy": values})
    found = averages(table, ["length"], "energy")
    assert found["length"].tolist() == [6, 8]
    parts = [values[7:], values[:7]]
    np.testing.assert_allclose(found["mean"], [part.mean() for part in parts])
    errors = [part.std(ddof=1) / len(part) ** 0.5 for part in parts]
    np.testing.assert_allclose(found["standard_error"], errors)
    assert found["count"].tolist() == [5, 7]


def test_lines_are_those_of_polyfit_and_errors_those_of_its_covariance() -> None:
    """Each row by itself; the range of sizes may have gaps."""
    sizes = np.array([1.0, 2.0, 4.0, 7.0])
    values = np.random.default_rng(2).normal(size=(3, 4))
    lines = least_squares(sizes, values)
    for row in range(3):
        (slope, intercept), covariance = np.polyfit(sizes, values[row], 1, cov=True)
        assert lines["slope"][row] == pytest.approx(slope)
        assert lines["intercept"][row] == pytest.approx(intercept)
        assert lines["slope_error"][row] == pytest.approx(covariance[0, 0] ** 0.5)


def test_what_is_not_finite_has_no_line_and_two_sizes_have_no_error() -> None:
    """An infinity is NaN in its own row only."""
    lines = least_squares(np.array([1.0, 2.0]), np.array([[1.0, np.inf], [1.0, 3.0]]))
    np.testing.assert_array_equal(lines["slope"], [np.nan, 2.0])
    assert np.isnan(lines["slope_error"]).all()


def test_a_missing_column_and_an_empty_table_are_named() -> None:
    """The message says what there is, or what to do."""
    with pytest.raises(ValueError, match="'beta'; got energy"):
        column(pd.DataFrame({"energy": [1.0]}), "beta")
    with pytest.raises(ValueError, match=r"got none\. Run the study first"):
        column(pd.DataFrame({"energy": []}), "energy")


def test_resampling_draws_as_often_as_there_are_things() -> None:
    """Each thing once on average, with the spread of draws with replacement."""
    weights = resampled(5, 20_000, np.random.default_rng(1))
    assert (weights.sum(axis=1) == 5).all()
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=0.03)
    np.testing.assert_allclose(weights.var(axis=0), 0.8, atol=0.03)
