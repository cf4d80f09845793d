"""The Fourier series, on a pair whose value is known, and its bounds in exact arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest
from exact import rational
from flint import acb, arb

from qentropy.convex_split import fourier
from qentropy.convex_split.classical import classical_distance
from qentropy.convex_split.likelihood import LikelihoodRatios, likelihood_ratios

PAIR = likelihood_ratios(np.array([0.5, 0.5]), np.array([0.25, 0.75]))


def random_pair(seed: int) -> LikelihoodRatios:
    """Ratios of two random distributions, some of them far from one."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 12))
    return likelihood_ratios(*rng.dirichlet(np.full(size, (0.1, 1.0, 5.0)[seed % 3]) + 1e-3, 2))


def exact_weights(pair: LikelihoodRatios) -> list[arb]:
    """The floats as weights, over their sum."""
    whole = [arb(rational(w)) for w in pair.weights.tolist()]
    return [w / sum(whole, arb(0)) for w in whole]


def test_two_copies() -> None:
    """``E |mean of two ratios - 1|`` is 1/16 + 6/16/3 + 9/16/3 = 3/8."""
    assert 0.375 in fourier.by_fourier(PAIR, 2)


@pytest.mark.parametrize("seed", range(9))
@pytest.mark.parametrize("n", [1, 30, 10**6])
def test_window_bounds_the_tails(seed: int, n: int) -> None:
    """Chernoff's inequality at the window holds exactly, for some rate on either side."""
    pair = random_pair(seed)
    half, tail = fourier._window(pair, n)
    weights = exact_weights(pair)
    deviation = math.sqrt(float(pair.weights @ (pair.ratios - 1) ** 2))
    rates = math.sqrt(2 * fourier.TAIL_EXPONENT / n) / deviation * 2.0 ** (np.arange(-96, 49) / 4)
    total = arb(0)
    for sign in (1, -1):
        bounds = []
        for rate in rates:
            t = arb(float(rate)) * sign
            growth = sum(
                (
                    (t * (arb(float(r)) - 1)).exp() * w
                    for r, w in zip(pair.ratios, weights, strict=True)
                ),
                arb(0),
            )
            # E (|Y| + H; Y > H) <= exp(n log growth - rate H) (2 H + 1/rate)
            power = (growth.log() * n - arb(float(rate)) * arb(half)).exp()
            bounds.append(power * (2 * arb(half) + 1 / arb(float(rate))))
        total += min(bounds, key=lambda x: float(x.mid()))
    assert bool(total <= arb(tail))


@pytest.mark.parametrize("seed", range(9))
@pytest.mark.parametrize("n", [1, 30, 10**6, 2**53])
def test_cosines_within_their_errors(seed: int, n: int) -> None:
    """Each mean cosine in floating point is as near to the exact one as it claims."""
    pair = random_pair(seed)
    half, _ = fourier._window(pair, n)
    odd = np.array([1.0, 3.0, 21.0, 1001.0])
    values, errors = fourier._mean_cosines(pair, n, odd, half)
    weights = exact_weights(pair)
    for m, value, error in zip(odd, values, errors, strict=True):
        rate = arb.pi() * arb(float(m)) / arb(half)
        mean = sum(
            (
                acb(0, rate * (arb(float(r)) - 1)).exp() * w
                for r, w in zip(pair.ratios, weights, strict=True)
            ),
            acb(0),
        )
        assert bool(abs((mean**n).real - arb(float(value))) <= arb(float(error)))


def test_very_many_copies() -> None:
    """Where rounding is all that is left the interval is wide and holds the central limit."""
    n = 2**53
    wide = fourier.by_fourier(PAIR, n)
    normal = classical_distance(np.array([0.5, 0.5]), np.array([0.25, 0.75]), n, "gaussian")
    assert wide.overlaps(normal)
