"""Bounds by moments, against exact rationals."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from qentropy.convex_split import moments
from qentropy.convex_split.likelihood import LikelihoodRatios, likelihood_ratios
from qentropy.results import Interval

PAIR = likelihood_ratios(np.array([0.5, 0.5]), np.array([0.25, 0.75]))


def random_pair(seed: int) -> LikelihoodRatios:
    """Ratios of two random distributions; of some the supports differ, some nearly agree."""
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.full(5, (0.2, 1.0)[seed % 2]) + 1e-2, 2)
    if seed % 3 == 0:
        q[0] = 0.0
    if seed % 3 == 1:
        p = q * (1 + 1e-9 * rng.normal(size=5))
    return likelihood_ratios(p, q)


def contains(interval: Interval, value: Fraction) -> bool:
    """Whether an exact number lies inside."""
    return Fraction(interval.lower) <= value <= Fraction(interval.upper)


def test_two_copies() -> None:
    """``E |mean of two ratios - 1|`` is 1/16 + 6/16/3 + 9/16/3 = 3/8."""
    assert 0.375 in moments.by_moments(PAIR, 2)
    assert 0.375 in moments.by_central_limit(PAIR, 2)


@pytest.mark.parametrize("seed", range(18))
def test_exact_moments(seed: int) -> None:
    """Every moment encloses the one of the floats, whose weights are taken over their sum."""
    pair = random_pair(seed)
    found = moments.moments(pair)
    whole = [Fraction(w) for w in pair.weights.tolist()]
    weights = [w / sum(whole) for w in whole]
    shifted = [Fraction(r) - 1 for r in pair.ratios.tolist()]
    mean = sum(w * x for w, x in zip(weights, shifted, strict=True))
    assert contains(found.mean, Fraction(mean))
    for order, interval in ((2, found.variance), (3, found.third), (4, found.fourth)):
        exact = sum(w * abs(x - mean) ** order for w, x in zip(weights, shifted, strict=True))
        assert contains(interval, Fraction(exact))


@pytest.mark.parametrize("seed", range(18))
@pytest.mark.parametrize("n", [1, 2, 4])
def test_exact_mean_deviation(seed: int, n: int) -> None:
    """Both intervals contain the mean deviation of the floats, summed over all words."""
    pair = random_pair(seed)
    whole = [Fraction(w) for w in pair.weights.tolist()]
    weights = [w / sum(whole) for w in whole]
    law = {Fraction(0): Fraction(1)}
    for _ in range(n):
        longer: dict[Fraction, Fraction] = {}
        for total, chance in law.items():
            for ratio, weight in zip(pair.ratios.tolist(), weights, strict=True):
                key = total + Fraction(ratio)
                longer[key] = longer.get(key, Fraction(0)) + chance * weight
        law = longer
    exact = sum((abs(x / n - 1) * w for x, w in law.items()), Fraction(0))
    assert contains(moments.by_moments(pair, n), exact)
    central = moments.by_central_limit(pair, n)
    assert Fraction(central.lower) <= exact
    assert central.upper == math.inf or exact <= Fraction(central.upper)


def test_one_ratio() -> None:
    """Without a variance the central limit says nothing, and the other bounds say all."""
    pair = likelihood_ratios(np.array([0.5, 0.5]), np.array([0.5, 0.5]))
    assert moments.by_central_limit(pair, 5) == Interval(0.0, math.inf)
    assert moments.by_moments(pair, 5).upper < 1e-14


def test_ratios_that_nearly_agree() -> None:
    """Two ratios a few units of rounding apart still have a mean deviation that is not zero."""
    step = 2.0**-50
    pair = LikelihoodRatios(
        np.array([1.0, 1 + step]), np.array([0.5, 0.5]), Interval(0.0, 0.0), 0.0, 0.0
    )
    # The mean of the ratios is 1 + step/2, and no ratio is below one.
    for found in (moments.by_central_limit(pair, 5), moments.by_moments(pair, 5)):
        assert contains(found, Fraction(step) / 2)
        assert found.upper < 4 * step


@pytest.mark.parametrize("mean", [0.0, 0.01, 0.3, 5.0, 1e3])
def test_folded_normal(mean: float) -> None:
    """The closed form agrees with the integral, and increases with the mean and the deviation."""
    x, step = np.linspace(-12, 12, 200001, retstep=True)
    bell = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    integral = float((abs(mean + x) * bell).sum() * step)
    assert math.isclose(moments._folded_normal(mean, 1.0), integral, rel_tol=1e-7)
    assert moments._folded_normal(mean + 0.1, 1.0) > moments._folded_normal(mean, 1.0)
    assert moments._folded_normal(mean, 1.5) >= moments._folded_normal(mean, 1.0)
