"""Drift with the length, and the limit of strong disorder, each by a second route."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import curve_fit

import qentropy
from mbl_study.chain import HeisenbergChain
from mbl_study.finite_size import critical_drift, strong_disorder_limit, uncoupled_slope
from mbl_study.realization import simulate

LENGTHS = np.array([8.0, 10.0, 12.0, 13.0])
ERRORS = np.array([0.3, 0.2, 0.1, 0.25])
NEXT_ORDER = 9 / 20


def critical_of(values: np.ndarray, errors: np.ndarray = ERRORS) -> pd.DataFrame:
    """Critical disorder strengths of four chains."""
    return pd.DataFrame(
        {
            "length": LENGTHS.astype(int),
            "critical_disorder": values,
            "critical_disorder_error": errors,
        }
    )


def test_points_on_a_line_give_that_line() -> None:
    """Whatever the weights, and without a misfit."""
    (row,) = critical_drift(critical_of(7.2 - 30 / LENGTHS)).to_dict("records")
    assert row["limit"] == pytest.approx(7.2, abs=1e-9)
    assert row["rate"] == pytest.approx(-30, abs=1e-7)
    assert row["chi_squared"] < 1e-12
    assert row["lengths"] == 4


def test_fit_and_errors_are_those_of_scipy_with_absolute_errors() -> None:
    """Weights are one over the squared errors, which are not scaled by the misfit."""
    values = np.array([3.2, 3.6, 3.5, 4.1])
    (row,) = critical_drift(critical_of(values)).to_dict("records")
    line, covariance = curve_fit(
        lambda length, limit, rate: limit + rate / length,
        LENGTHS,
        values,
        sigma=ERRORS,
        absolute_sigma=True,
    )
    assert [row["limit"], row["rate"]] == pytest.approx(line, rel=1e-6)
    errors = np.sqrt(np.diag(covariance))
    assert [row["limit_error"], row["rate_error"]] == pytest.approx(errors, rel=1e-5)
    misses = (line[0] + line[1] / LENGTHS - values) / ERRORS
    assert row["chi_squared"] == pytest.approx(misses @ misses, rel=1e-6)


def test_error_of_the_limit_is_its_scatter() -> None:
    """Over many studies of a straight drift with normal errors."""
    rng = np.random.default_rng(9)
    truth = 6 - 20 / LENGTHS
    rows = [
        critical_drift(critical_of(truth + ERRORS * rng.standard_normal(4))).iloc[0]
        for _ in range(300)
    ]
    limits = np.array([row["limit"] for row in rows])
    assert limits.std() == pytest.approx(rows[0]["limit_error"], rel=0.12)
    assert abs(limits.mean() - 6) < 3 * limits.std() / 300**0.5
    assert np.mean([row["chi_squared"] for row in rows]) == pytest.approx(2, abs=0.4)


def test_fewer_than_three_lengths_are_no_test_of_a_line() -> None:
    """Lengths without a value or an error do not count."""
    values = np.array([3.2, np.nan, 3.5, 4.1])
    errors = np.array([0.1, 0.2, np.nan, 0.1])
    (row,) = critical_drift(critical_of(values, errors)).to_dict("records")
    assert row.pop("lengths") == 2
    assert np.isnan(list(row.values())).all()


@pytest.mark.parametrize("state", ["tilted-neel", "tilted-neel:0,3"])
def test_strong_disorder_drives_the_chain_to_the_limit(state: str) -> None:
    """Both thermal states, realization by realization, at a disorder of 50,000."""
    for seed in range(4):
        fields = np.random.default_rng(seed).uniform(-1, 1, 6)
        chain = HeisenbergChain(length=6, disorder=5e4, fields=tuple(fields.tolist()))
        record = simulate(chain, state, epsilons=(0.1,), region_sizes=(1, 2, 3))
        (limit,) = uncoupled_slope(fields, state)
        for name in ("max_relative_entropy", "max_relative_entropy_lattice"):
            bits = [getattr(region, name) for region in record.regions]
            assert np.polyfit([1, 2, 3], bits, 1)[0] == pytest.approx(limit, abs=1e-3)


def test_translations_have_a_limit_of_their_own() -> None:
    """The sites along x lie in some of the regions, so the limit is lower."""
    fields = np.random.default_rng(0).uniform(-1, 1, 6)
    chain = HeisenbergChain(length=6, disorder=5e4, fields=tuple(fields.tolist()))
    record = simulate(chain, epsilons=(0.1,), region_sizes=(1, 2, 3), regions="translations")
    slope = np.polyfit([1, 2, 3], [region.max_relative_entropy for region in record.regions], 1)[0]
    (limit,) = uncoupled_slope(fields, regions="translations")
    assert limit == pytest.approx(slope, abs=1e-3)
    assert limit < uncoupled_slope(fields)[0] - 0.1
    realizations = pd.DataFrame(
        {"length": 6, "initial_state": "tilted-neel", "regions": ["first", "translations"]}
    )
    found = strong_disorder_limit(realizations, samples=500).set_index("regions")["slope"]
    assert found["translations"] < found["first"] - 0.05


def test_plain_neel_state_goes_to_its_limit_too() -> None:
    """Unless its energy is extreme without exchange, where a little exchange decides."""
    fields = np.array([0.5, -0.25, -0.75, -0.8, 0.1, 0.6])
    chain = HeisenbergChain(length=6, disorder=5e4, fields=tuple(fields.tolist()))
    record = simulate(chain, "neel", epsilons=(0.1,), region_sizes=(1, 2, 3))
    bits = [region.max_relative_entropy for region in record.regions]
    slope = np.polyfit([1, 2, 3], bits, 1)[0]
    assert uncoupled_slope(fields, "neel")[0] == pytest.approx(slope, abs=1e-3)


def test_energy_at_the_edge_leaves_a_pure_thermal_state() -> None:
    """Every spin against its field: the state is the ground state, and the entropy is zero."""
    fields = [-0.5, 0.25, -0.75, 0.8, -0.1, 0.6]
    assert abs(uncoupled_slope(fields, "neel")[0]) < 1e-9


def test_entropy_is_that_of_the_product_states() -> None:
    """One region as matrices: the second site along x, at a temperature found by hand."""
    fields = np.array([0.5, 0.5, 0.5, 0.5])
    # The sites along z are up and down and up: sum_i 0.5 tanh(t/2) = -0.5, so tanh(t/2) = -1/4.
    p_up = (1 + 0.25) / 2
    tau = np.diag([p_up, 1 - p_up])
    omegas = [np.diag([1.0, 0.0]), np.eye(2) / 2]
    bits = [qentropy.max_relative_entropy(omega, tau) for omega in omegas]
    # Of two sizes the slope is what the second site adds.
    assert uncoupled_slope(fields, "tilted-neel:1")[0] == pytest.approx(bits[1], abs=1e-9)
    (slope,) = uncoupled_slope(fields, "tilted-neel:1", fit_range=(1, 3))
    assert slope == pytest.approx((bits[1] + bits[0]) / 2, abs=1e-9)


@pytest.mark.parametrize(("state", "along_x"), [("neel", 0), ("tilted-neel", 2)])
def test_mean_slope_has_the_expansion_of_its_docstring(state: str, along_x: int) -> None:
    """Both orders in 1/L: the first alone misses the tilted state by many errors."""
    realizations = pd.DataFrame(
        {"length": [12, 24, 12], "initial_state": state, "regions": "first"}
    )
    limit = strong_disorder_limit(realizations)
    assert limit["length"].tolist() == [12, 24]
    for row in limit.to_dict("records"):
        first = 1 - 1 / (2 * row["length"] * np.log(2))
        second = first - (NEXT_ORDER + along_x / 2) / row["length"] ** 2 / np.log(2)
        assert abs(row["slope"] - second) < 3.5 * row["slope_error"] + 3 / row["length"] ** 3
        assert row["slope_error"] < 0.003
    if along_x:
        short = limit.iloc[0]
        assert 1 - 1 / (24 * np.log(2)) - short["slope"] > 5 * short["slope_error"]


def test_each_state_of_a_length_has_its_limit_and_a_ket_without_name_has_none() -> None:
    """The draws are the same every time, and for both states."""
    states = ["neel", "tilted-neel", "custom"]
    realizations = pd.DataFrame({"length": 6, "initial_state": states, "regions": "first"})
    limit = strong_disorder_limit(realizations, samples=500)
    assert limit["initial_state"].tolist() == ["neel", "tilted-neel"]
    pd.testing.assert_frame_equal(limit, strong_disorder_limit(realizations, samples=500))
    other = strong_disorder_limit(realizations, samples=500, rng=1)
    assert (limit["slope"] != other["slope"]).all()


def test_fields_may_be_one_draw_or_many() -> None:
    """Each row is a draw of its own."""
    fields = np.random.default_rng(10).uniform(-1, 1, (5, 8))
    together = uncoupled_slope(fields)
    assert together.shape == (5,)
    np.testing.assert_allclose(together, [uncoupled_slope(row)[0] for row in fields], rtol=1e-12)
