"""The ball that reaches a multiple of sigma."""

from __future__ import annotations

import math

import numpy as np
import pytest
from smoothing_problems import PURIFIED, TRACE, certified, problem

from qentropy import fidelity, smooth_max_relative_entropy
from qentropy.smoothing import covering
from qentropy.smoothing.balls import Ball
from qentropy.states import random_state

BALLS: tuple[Ball, ...] = ("trace-norm", TRACE, PURIFIED)


@pytest.mark.parametrize("ball", BALLS)
def test_it_covers_from_the_distance_of_sigma_on(ball: Ball) -> None:
    """The threshold is the distance of rho from ``sigma / Tr sigma``."""
    rho, sigma = np.diag([0.7, 0.3]), np.diag([2.0, 2.0])
    reach = {"trace-norm": 0.4, TRACE: 0.2, PURIFIED: math.sqrt(0.5 - math.sqrt(0.21))}[ball]
    assert not covering.covers(problem(rho, sigma, reach - 1e-9, ball))
    assert covering.covers(problem(rho, sigma, reach + 1e-9, ball))


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("epsilon", [0.9, 0.999, 0.999999])
@pytest.mark.parametrize("ball", [TRACE, PURIFIED])
@pytest.mark.parametrize("rank", [1, 2, 4])
def test_its_two_points_enclose_the_value(
    rank: int, ball: Ball, epsilon: float, normalized: bool
) -> None:
    """A normalised state gives ``1 / Tr sigma``; else the gap is small although t is, too."""
    rho, sigma = random_state(4, rank=rank, rng=rank), random_state(4, rng=9)
    task = problem(rho, 3 * sigma, epsilon, ball, normalized=normalized)
    assert covering.covers(task)
    low, high = certified(task, covering.propose(task))
    if normalized:
        assert high == pytest.approx(1 / float(task.sigma.trace), rel=1e-12)
        return
    assert 0 < low <= high <= low * (1 + 1e-6)
    if ball == PURIFIED:
        weight = float(task.sigma.trace)
        exact = (1 - epsilon**2) / (fidelity(rho, sigma) ** 2 * weight)
        assert exact == pytest.approx(high, rel=1e-6)


def test_subnormalized_state_is_a_multiple_of_sigma() -> None:
    """At radius 0.999 the state is small, and of the shape of sigma."""
    rho, sigma = random_state(3, rng=1), random_state(3, rng=2)
    for ball in BALLS:
        radius = 1.998 if ball == "trace-norm" else 0.999
        result = smooth_max_relative_entropy(rho, sigma, radius, ball=ball, normalized=False)
        assert result.method == "covering"
        assert result.converged
        assert result.state is not None
        assert np.abs(result.state - 2.0**result.upper * sigma).max() < 1e-10


def test_singular_sigma() -> None:
    """What rho has outside the support of sigma counts for the radius only."""
    rho, sigma = np.diag([0.6, 0.3, 0.1]), np.diag([0.5, 0.5, 0.0])
    exact = 2 * math.log2(math.sqrt(0.3) + math.sqrt(0.15))
    result = smooth_max_relative_entropy(rho, sigma, 0.9, ball=PURIFIED, normalized=False)
    assert result.lower <= math.log2(1 - 0.81) - exact <= result.upper
    assert result.converged
