"""Likelihood ratios, on pairs whose values are known."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from qentropy.convex_split.likelihood import WEIGHT_ERROR, likelihood_ratios
from qentropy.results import Interval

PAIR = likelihood_ratios(np.array([0.5, 0.5]), np.array([0.25, 0.75]))


def test_mean_is_one() -> None:
    """The ratios of states with one support have the mean one."""
    assert abs(PAIR.weights @ PAIR.ratios - 1) < 1e-15


def test_equal_ratios_are_merged() -> None:
    """Letters of one ratio become one letter, whose weights add up."""
    merged = likelihood_ratios(np.array([0.2, 0.2, 0.6]), np.array([0.3, 0.3, 0.4]))
    assert len(merged.ratios) == 2
    assert merged.weights.tolist() == [0.6, 0.4]


@pytest.mark.parametrize("seed", range(10))
def test_exact_rationals(seed: int) -> None:
    """Weights are within their error, and the ratios differ by no more than the error says."""
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.ones(4), 2) * rng.uniform(0.5, 2, (2, 1))
    q[3] = 0.0
    found = likelihood_ratios(p, q)
    total_p, total_q = (sum(map(Fraction, x.tolist())) for x in (p, q))
    exact = sorted(
        (Fraction(x) / total_p / (Fraction(y) / total_q), Fraction(y) / total_q)
        for x, y in zip(p[:3].tolist(), q[:3].tolist(), strict=True)
    )
    moved = Fraction(0)
    for (ratio, weight), r, w in zip(
        exact, found.ratios.tolist(), found.weights.tolist(), strict=True
    ):
        assert abs(Fraction(w) / weight - 1) <= WEIGHT_ERROR
        moved += weight * abs(ratio - Fraction(r))
    assert moved <= found.error < 1e-14
    assert (
        Fraction(found.outside.lower) <= Fraction(p[3]) / total_p <= Fraction(found.outside.upper)
    )
    assert found.error_per_copy == 0.0


def test_letters_that_sigma_hardly_has() -> None:
    """A letter that sigma weighs next to nothing counts as outside, at a price for each copy."""
    found = likelihood_ratios(np.array([0.5, 0.5]), np.array([1e-80, 1.0]))
    assert 0.5 in found.outside
    assert found.error_per_copy >= 2e-80
    assert found.distance(Interval(0.5, 0.5), 10).overlaps(Interval(1.0, 1.0))
