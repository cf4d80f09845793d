"""Bootstrap, derivative and critical disorder, on slopes whose law is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mbl_study.transition import bootstrap_slopes, critical_disorder, rise_curve, slope_derivative

DISORDERS = np.array([0.5, 1.5, 3.0, 3.75, 4.5, 5.25, 6.0, 7.0, 8.0, 10.0, 12.5, 15.0])
EMPTY = pd.DataFrame(columns=["length", "disorder", "realization", "slope"])


def frame(values: np.ndarray, disorders: np.ndarray = DISORDERS, length: int = 8) -> pd.DataFrame:
    """Slopes, shape ``(realizations, disorders)``, as a table."""
    count, points = values.shape
    return pd.DataFrame(
        {
            "length": length,
            "disorder": np.tile(disorders, count),
            "realization": np.repeat(np.arange(count), points),
            "slope": values.ravel(),
        }
    )


def rise(disorders: np.ndarray, scale: float = 5.0, exponent: float = 2.0) -> np.ndarray:
    """Slope that is steepest at ``scale (exponent/(exponent + 1))**(1/exponent)``."""
    return 0.2 + 0.6 * np.exp(-((scale / disorders) ** exponent))


def noisy(curve: np.ndarray, realizations: int, seed: int, spread: float = 0.15) -> np.ndarray:
    """Realizations with a noise in common over all disorder strengths, and one of their own.

    The critical disorder scatters as on chains of 8 and 10 sites.
    """
    rng = np.random.default_rng(seed)
    common = spread * rng.standard_normal((realizations, 1)) * np.sqrt(curve)
    return curve + common + 0.15 * rng.standard_normal((realizations, curve.size)) * np.sqrt(curve)


def test_bootstrap_error_is_the_standard_error_of_the_mean() -> None:
    """For a mean the bootstrap has a closed form, the population deviation over sqrt(n)."""
    values = noisy(rise(DISORDERS), realizations=40, seed=1)
    slopes = bootstrap_slopes(frame(values), samples=4000)
    np.testing.assert_allclose(slopes["slope"], values.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(slopes["slope_error"], values.std(axis=0) / 40**0.5, rtol=0.05)
    assert (slopes["count"] == 40).all()


def test_noise_in_common_drops_out_of_the_derivative() -> None:
    """The fields serve every disorder strength, so a shift of a whole realization is no error."""
    rng = np.random.default_rng(2)
    values = rise(DISORDERS) + rng.standard_normal((30, 1))
    derivative = slope_derivative(frame(values))
    assert (derivative["derivative_error"] < 1e-12).all()
    assert (bootstrap_slopes(frame(values))["slope_error"] > 0.1).all()


def test_derivative_error_is_that_of_the_paired_differences() -> None:
    """Neither the errors added nor those of independent slopes, but those of the differences."""
    values = noisy(rise(DISORDERS), realizations=40, seed=3)
    derivative = slope_derivative(frame(values), samples=4000)
    quotients = np.diff(values, axis=1) / np.diff(DISORDERS)
    np.testing.assert_allclose(derivative["derivative"], quotients.mean(axis=0), rtol=1e-10)
    errors = quotients.std(axis=0) / 40**0.5
    np.testing.assert_allclose(derivative["derivative_error"], errors, rtol=0.05)


def test_derivative_stands_in_the_middle() -> None:
    """Exact for a parabola: its difference quotient is the derivative half-way."""
    derivative = slope_derivative(frame(DISORDERS[np.newaxis] ** 2))
    np.testing.assert_allclose(derivative["derivative"], 2 * derivative["disorder"], rtol=1e-12)
    assert len(derivative) == len(DISORDERS) - 1
    assert derivative["derivative_error"].isna().all()


def test_one_disorder_strength_has_no_derivative() -> None:
    """An empty table, with its columns."""
    derivative = slope_derivative(frame(np.ones((3, 1)), DISORDERS[:1]))
    assert derivative.empty
    assert list(derivative) == ["length", "disorder", "derivative", "derivative_error"]


def test_critical_disorder_is_exact_without_noise() -> None:
    """The steepest point of the curve that is fitted, in closed form."""
    row = critical_disorder(frame(rise(DISORDERS)[np.newaxis]), samples=2).iloc[0]
    assert row["critical_disorder"] == pytest.approx(5 * (2 / 3) ** 0.5, rel=1e-6)
    found = row[["baseline", "height", "scale", "exponent"]].to_list()
    assert found == pytest.approx([0.2, 0.6, 5.0, 2.0], rel=1e-5)
    assert row["located"] == 1
    assert np.isnan(row["critical_disorder_error"])


@pytest.mark.parametrize("seed", range(6))
def test_critical_disorder_is_found_within_its_error(seed: int) -> None:
    """40 realizations at the disorder strengths of the quick study: within 3 errors, each < 0.4."""
    values = noisy(rise(DISORDERS), realizations=40, seed=seed)
    row = critical_disorder(frame(values), samples=100).iloc[0]
    assert 0.05 < row["critical_disorder_error"] < 0.4
    deviation = abs(row["critical_disorder"] - 5 * (2 / 3) ** 0.5)
    assert deviation < 3 * row["critical_disorder_error"]
    assert row["located"] == 1


def test_error_bar_is_the_spread_between_studies() -> None:
    """The bootstrap of one study says how far other studies would be off."""
    rows = [
        critical_disorder(frame(noisy(rise(DISORDERS), 40, seed)), samples=40).iloc[0]
        for seed in range(100, 120)
    ]
    spread = np.std([row["critical_disorder"] for row in rows])
    error = np.mean([row["critical_disorder_error"] for row in rows])
    assert 0.6 < error / spread < 1.7


@pytest.mark.parametrize("center", [4.0, 5.0, 6.0])
def test_rise_of_another_shape_betrays_itself(center: float) -> None:
    """A logistic rise is read 0.8 too low, with a residual far above that of the right shape."""
    curve = 0.2 + 0.6 / (1 + np.exp(-(DISORDERS - center)))
    row = critical_disorder(frame(curve[np.newaxis]), samples=2).iloc[0]
    assert row["critical_disorder"] == pytest.approx(center - 0.8, abs=0.1)
    assert row["residual"] > 0.01
    assert critical_disorder(frame(rise(DISORDERS)[np.newaxis]), samples=2)["residual"][0] < 1e-6


def test_branch_below_the_least_slope_is_left_out() -> None:
    """The chain without fields is integrable: its slope falls before it rises."""
    curve = rise(DISORDERS)
    falling = curve + 0.3 * (DISORDERS == 0.5)
    row = critical_disorder(frame(falling[np.newaxis]), samples=2).iloc[0]
    assert row["first_disorder"] == 1.5
    assert row["critical_disorder"] == pytest.approx(5 * (2 / 3) ** 0.5, rel=1e-6)


def test_chain_without_disorder_may_be_the_first_point() -> None:
    """At zero disorder the curve is at its baseline, and its derivative is zero."""
    disorders = np.array([0.0, *DISORDERS])
    with np.errstate(divide="ignore"):
        curve = rise(disorders)
    critical = critical_disorder(frame(curve[np.newaxis], disorders), samples=2)
    assert critical["critical_disorder"][0] == pytest.approx(5 * (2 / 3) ** 0.5, rel=1e-6)
    first = rise_curve(critical, points=3).iloc[0]
    assert first[["disorder", "derivative"]].to_list() == [0, 0]
    assert first["slope"] == pytest.approx(0.2, rel=1e-6)


@pytest.mark.parametrize(
    ("values", "disorders"),
    [
        pytest.param(np.ones((4, 12)), DISORDERS, id="flat"),
        pytest.param(np.tile(-DISORDERS, (4, 1)), DISORDERS, id="falling"),
        pytest.param(np.tile(DISORDERS**2, (4, 1)), DISORDERS, id="steepest at the end"),
        pytest.param(np.tile(rise(DISORDERS[:4]), (4, 1)), DISORDERS[:4], id="four points"),
        pytest.param(np.full((4, 12), np.nan), DISORDERS, id="no slope at all"),
    ],
)
def test_what_is_not_bracketed_is_not_located(values: np.ndarray, disorders: np.ndarray) -> None:
    """No number where the study does not show one."""
    critical = critical_disorder(frame(values, disorders), samples=3)
    assert critical["critical_disorder"].isna().all()
    assert critical["critical_disorder_error"].isna().all()
    assert critical["located"].tolist() == [0]
    assert rise_curve(critical).empty
    assert list(rise_curve(critical)) == ["length", "disorder", "slope", "derivative"]


def test_pure_noise_is_located_in_few_resamples() -> None:
    """The share of resampled studies with a steepest point inside warns of too little data."""
    rng = np.random.default_rng(5)
    noise = critical_disorder(frame(0.5 + 0.1 * rng.standard_normal((5, 12))), samples=60)
    signal = critical_disorder(frame(noisy(rise(DISORDERS), 40, seed=0)), samples=60)
    assert noise["located"][0] < 0.9 < signal["located"][0]


def test_missing_records_count_for_nothing() -> None:
    """A study in progress: means over what is there, errors where there are two or more."""
    values = np.array([[0.2, 0.4, 0.9], [0.4, 0.8, np.nan], [0.6, np.nan, np.nan]])
    table = frame(values, DISORDERS[:3]).dropna()
    slopes = bootstrap_slopes(table)
    np.testing.assert_allclose(slopes["slope"], [0.4, 0.6, 0.9], rtol=1e-12)
    assert slopes["count"].tolist() == [3, 2, 1]
    assert slopes["slope_error"].isna().tolist() == [False, False, True]
    assert slope_derivative(table)["derivative_error"].isna().tolist() == [False, True]


def test_critical_disorder_of_a_study_in_progress() -> None:
    """A disorder strength that only one realization has reached does not stop the rest."""
    values = noisy(rise(DISORDERS), realizations=30, seed=7)
    values[10:, 5] = np.nan
    values[1:, -1] = np.nan
    row = critical_disorder(frame(values).dropna(), samples=60).iloc[0]
    assert abs(row["critical_disorder"] - 5 * (2 / 3) ** 0.5) < 3 * row["critical_disorder_error"]


def test_lengths_are_analysed_by_themselves() -> None:
    """Another length changes neither value."""
    short, long = rise(DISORDERS, scale=4.0), rise(DISORDERS, scale=6.0)
    both = pd.concat([frame(long[np.newaxis], length=10), frame(short[np.newaxis], length=8)])
    critical = critical_disorder(both, samples=2)
    assert critical["length"].tolist() == [8, 10]
    np.testing.assert_allclose(
        critical["critical_disorder"], np.array([4, 6]) * (2 / 3) ** 0.5, rtol=1e-6
    )
    assert rise_curve(critical, points=5)["length"].tolist() == [8] * 5 + [10] * 5


def test_same_seed_gives_the_same_errors() -> None:
    """Figures can be made again; another seed changes the errors a little, the values never."""
    table = frame(noisy(rise(DISORDERS), realizations=10, seed=8))
    first, again = critical_disorder(table, samples=20), critical_disorder(table, samples=20)
    pd.testing.assert_frame_equal(first, again)
    other = critical_disorder(table, samples=20, rng=np.random.default_rng(1))
    assert other["critical_disorder"][0] == first["critical_disorder"][0]
    assert other["critical_disorder_error"][0] != first["critical_disorder_error"][0]


def test_curve_and_its_derivative_belong_together() -> None:
    """The derivative that is drawn is the gradient of the slope that is drawn, with its peak."""
    critical = critical_disorder(frame(rise(DISORDERS)[np.newaxis]), samples=2)
    curve = rise_curve(critical, points=2001)
    gradient = np.gradient(curve["slope"], curve["disorder"])
    np.testing.assert_allclose(curve["derivative"][1:-1], gradient[1:-1], atol=1e-5)
    steepest = curve["disorder"][curve["derivative"].argmax()]
    assert steepest == pytest.approx(critical["critical_disorder"][0], abs=0.01)


@pytest.mark.parametrize("compute", [bootstrap_slopes, slope_derivative, critical_disorder])
def test_no_slopes_and_no_samples_are_said_clearly(compute: object) -> None:
    """An error with the number and the way out."""
    assert callable(compute)
    with pytest.raises(ValueError, match=r"at least one row; got none\. Run the study first"):
        compute(EMPTY)
    with pytest.raises(ValueError, match="samples must be 2 or more; got 1"):
        compute(frame(np.ones((2, 12))), samples=1)
