"""Tests of the bounds from populations: against the certified programs, and never above them."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import qentropy
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError
from qentropy.thermalization import bath_size, bath_size_lower_bound
from qentropy.thermalization.bath_sizes import population_bounds
from qentropy.thermalization.bath_sizes.population_bounds import (
    exact_ratios,
    purified_bound,
    purified_radius,
    rounded_down,
    trace_norm_bound,
)


def distributions(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two distributions of some length, rough or smooth, one of them perhaps with a zero."""
    rng = np.random.default_rng(seed)
    d = (2, 3, 9, 40)[seed % 4]
    p, q = (rng.dirichlet(np.full(d, (0.2, 1.0, 5.0)[(seed + k) % 3])) for k in range(2))
    if seed % 5 == 0:
        p[0] = 0.0
    return p / p.sum(), q


@pytest.mark.parametrize("seed", range(12))
def test_bounds_meet_the_certified_programs(seed: int) -> None:
    """They reach the proved interval of the smooth entropy and do not pass its upper end."""
    p, q = distributions(seed)
    radius = (0.05, 0.3, 0.7)[seed % 3]
    for ball, bound in (
        ("purified-distance", purified_bound(p, q, radius)),
        ("trace-distance", trace_norm_bound(p, q, radius)),
    ):
        value = qentropy.smooth_max_relative_entropy(np.diag(p), np.diag(q), radius, ball=ball)
        assert math.log2(bound) <= value.upper + 1e-13
        assert math.log2(bound) >= value.lower - 1e-5


def test_public_bound_is_that_of_the_bath_size() -> None:
    """The bound from populations is the field of the full answer."""
    p, q = [0.8, 0.15, 0.05], [0.2, 0.3, 0.5]
    size = bath_size(np.diag(p), np.diag(q), 0.2)
    assert bath_size_lower_bound(p, q, 0.2) == pytest.approx(size.lower_pinched, rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_a_state_in_the_ball_refutes_larger_bounds(seed: int) -> None:
    """Mixtures of p and q that lie in the ball have a larger ratio than the bound."""
    p, q = distributions(4 * seed + 1)
    radius = 0.4
    bound = purified_bound(p, q, radius)
    for share in np.linspace(0, 1, 21):
        mixed = (1 - share) * p + share * q
        if math.sqrt(max(0.0, 1 - np.sqrt(p * mixed).sum() ** 2)) <= radius:
            assert (mixed / q).max() >= bound


def test_weight_where_q_vanishes() -> None:
    """With weight w outside the support the bound is infinite for radii below ``sqrt(w)``."""
    p, q = np.array([0.75, 0.25]), np.array([1.0, 0.0])
    assert purified_bound(p, q, 0.499) == math.inf
    assert purified_bound(p, q, 0.501) < 1.001
    assert trace_norm_bound(p, q, 0.2) == math.inf
    assert trace_norm_bound(p, q, 0.25) == 1


def test_tiny_populations() -> None:
    """Populations down to the smallest double give finite bounds that grow with the ratio."""
    p = np.array([0.5, 0.5])
    bounds = [purified_bound(p, np.array([1.0, x]), 0.3) for x in (1e-5, 1e-18, 1e-200, 5e-324)]
    assert bounds == sorted(bounds)
    assert 1e199 < bounds[2] < 1e200
    assert bounds[3] < math.inf
    assert trace_norm_bound(p, np.array([1.0, 5e-324]), 0.0) == 2.0**1023


def test_radii_at_the_ends() -> None:
    """Radius 0 gives the largest ratio, radius 1 holds every state."""
    p, q = np.array([0.75, 0.25]), np.array([0.5, 0.5])
    assert purified_bound(p, q, 0.0) == 1.5
    assert purified_bound(p, q, 1.0) == 1
    assert (purified_radius(0.0), purified_radius(2.0)) == (0, 1)
    assert purified_radius(0.1) >= math.sqrt(0.1 - 0.0025)


def test_ratios_are_exact() -> None:
    """Ratios of normalised populations are rational numbers without rounding."""
    ratios = exact_ratios(np.array([0.5, 0.25, 0.0]), np.array([0.25, 0.0, 0.25]))
    assert ratios == [(Fraction(4, 3), Fraction(2, 3)), (math.inf, Fraction(1, 3))]
    assert rounded_down(Fraction(1, 3)) < Fraction(1, 3)


def test_wrong_weights_only_loosen_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the search stops early the bound is smaller and still true."""
    p, q = distributions(1)
    best = purified_bound(p, q, 0.3)
    monkeypatch.setattr(population_bounds, "STEPS", 3)
    assert 1 <= purified_bound(p, q, 0.3) <= best


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (([0.5, 0.5], [0.5, 0.4], 0.1), InvalidStateError),
        (([1.5, -0.5], [0.5, 0.5], 0.1), InvalidStateError),
        (([math.nan, 1.0], [0.5, 0.5], 0.1), InvalidStateError),
        ((["a", "b"], [0.5, 0.5], 0.1), InvalidStateError),
        (([[0.5, 0.5]], [0.5, 0.5], 0.1), DimensionMismatchError),
        (([1.0], [0.5, 0.5], 0.1), DimensionMismatchError),
        (([0.5, 0.5], [0.5, 0.5], 2.5), InvalidParameterError),
    ],
)
def test_bad_input_is_refused(arguments: tuple, error: type[Exception]) -> None:
    """What is no pair of distributions, or no distance, is refused."""
    with pytest.raises(error):
        bath_size_lower_bound(*arguments)
