"""Tests of the number of systems that uniform swaps need, and of what rounding takes from it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from qentropy.convex_split import convex_split_distance
from qentropy.states import random_state
from qentropy.thermalization.bath_sizes.swaps_needed import Slack, swap_bracket

OMEGA, TAU = np.diag([0.95, 0.05]), np.diag([0.3, 0.7])


@pytest.mark.parametrize("epsilon", [0.6, 0.25, 0.15])
def test_neighbours_enclose_epsilon(epsilon: float) -> None:
    """The distance is proved larger at the one and not larger at the other, coherent or not."""
    for omega in (OMEGA, np.array([[0.6, 0.3], [0.3, 0.4]])):
        few, enough = swap_bracket(omega, TAU, epsilon, Slack())
        assert enough == few + 1
        assert convex_split_distance(omega, TAU, int(enough)).upper <= epsilon
        assert convex_split_distance(omega, TAU, int(few)).lower > epsilon


def test_wide_distances_end_in_a_range() -> None:
    """Three levels that do not commute have a range that the collision bound closes."""
    few, enough = swap_bracket(random_state(3, rng=1), random_state(3, rng=2), 0.05, Slack())
    assert 0 < few + 1 < enough < math.inf


def test_slack_widens_the_range() -> None:
    """States that may be off by some amount have a number in a wider range around the same."""
    few, enough = swap_bracket(OMEGA, TAU, 0.1, Slack(once=1e-3))
    assert 110 < few < 128
    assert 129 < enough < 140
    assert Slack().at(10) == 0
    assert Slack(1e-3, 1e-4).at(10) >= 2e-3


def test_large_slack_proves_nothing_above() -> None:
    """If rounding of each copy adds up to epsilon, no number is proved enough."""
    assert swap_bracket(OMEGA, TAU, 0.1, Slack(each=1e-2))[1] == math.inf


def test_distance_zero_is_never_reached() -> None:
    """Different states stay different; equal ones need one system; rounding leaves it open."""
    assert swap_bracket(OMEGA, TAU, 0.0, Slack()) == (math.inf, math.inf)
    assert swap_bracket(TAU, TAU, 0.0, Slack()) == (0, 1)
    few, enough = swap_bracket(TAU, TAU, 0.0, Slack(once=1e-12))
    assert few == 0
    assert enough == math.inf


def test_weight_outside_the_support_costs_twice_itself() -> None:
    """With weight 1/10 outside a distance of 1/5 is not reached, and a larger one is."""
    omega, tau = np.diag([0.5, 0.4, 0.1]), np.diag([0.5, 0.5, 0.0])
    assert swap_bracket(omega, tau, 0.19, Slack()) == (math.inf, math.inf)
    assert swap_bracket(omega, tau, 0.25, Slack())[1] < math.inf
