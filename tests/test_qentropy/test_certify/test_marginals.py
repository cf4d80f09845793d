"""Bounds of the least marginal above a state, against values that are known exactly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from bipartite_cases import SPOILS
from exact import largest_eigenvalue, matrix
from hostile_matrices import KINDS, Array, hermitian_matrix

from qentropy import certify
from qentropy.blocks import one_group
from qentropy.certify.marginals import marginal_norm
from qentropy.operators import partial_trace
from qentropy.states import random_state

JOINT = np.diag([0.5, 0.0625, 0.125, 0.3125])  # p(a, b), exact in binary
DIMS = (2, 2)
GUESS = Fraction(13, 16)  # sum over b of the largest p(a, b)
NEAR = Fraction(11, 16)  # the same less 1/8, where both largest entries may be lowered
BEST_Y, BEST_W = np.diag([0.5, 0.3125]), np.diag([1.0, 0.0, 0.0, 1.0])


def candidates(good: Array) -> dict[str, Array]:
    """The right matrix, what a broken solver makes of it, and hostile ones."""
    rng = np.random.default_rng(3)
    hostile = {kind: hermitian_matrix(kind, len(good), False, rng) for kind in KINDS}
    return {"right": good} | {name: spoil(good) for name, spoil in SPOILS.items()} | hostile


@pytest.mark.parametrize("kind", candidates(BEST_W))
def test_no_dual_point_proves_too_much(kind: str) -> None:
    """Lower ends never exceed the guessing probability, known exactly."""
    dual = one_group(candidates(BEST_W)[kind])
    low = certify.marginal_lower(one_group(JOINT), dual, DIMS)
    assert low >= 0
    assert Fraction(low) <= GUESS
    low = certify.smooth_marginal_lower(
        one_group(JOINT), 0.125, (dual, dual), DIMS, normalized=False
    )
    assert low >= 0
    assert Fraction(low) <= NEAR
    for offset in (-0.1, 0.1, np.nan, 1e300):
        low = certify.purified_marginal_lower(
            one_group(JOINT), 0.125, (dual, offset), DIMS, normalized=True
        )
        assert low >= 0
        assert Fraction(low) <= GUESS


@pytest.mark.parametrize("kind", candidates(BEST_Y))
def test_no_primal_point_proves_too_much(kind: str) -> None:
    """Upper ends never fall below the exact value, whatever Y and X are proposed."""
    marginal = candidates(BEST_Y)[kind]
    high, raised = certify.marginal_upper(one_group(JOINT), marginal, DIMS)
    assert high == np.inf or Fraction(high) >= GUESS
    assert np.isfinite(raised).all() or high == np.inf
    for name, state in candidates(JOINT).items():
        high, _ = certify.smooth_marginal_upper(
            one_group(JOINT),
            0.125,
            (one_group(state), marginal),
            DIMS,
            purified=False,
            normalized=False,
        )
        assert high == np.inf or Fraction(high) >= NEAR, name


def test_right_points_are_tight() -> None:
    """From the optimal points both ends are within rounding of the exact values."""
    state = one_group(JOINT)
    low = certify.marginal_lower(state, one_group(BEST_W), DIMS)
    high, _ = certify.marginal_upper(state, BEST_Y, DIMS)
    assert 13 / 16 - 1e-14 < low <= high < 13 / 16 + 1e-14
    lowered = one_group(np.diag([0.4375, 0.0625, 0.125, 0.25]))
    high, _ = certify.smooth_marginal_upper(
        state, 0.125, (lowered, BEST_Y - 0.0625 * np.eye(2)), DIMS, purified=False, normalized=False
    )
    pair = one_group(BEST_W), one_group(BEST_W)
    low = certify.smooth_marginal_lower(state, 0.125, pair, DIMS, normalized=False)
    assert 11 / 16 - 1e-12 < low <= high < 11 / 16 + 1e-12


def test_a_weight_takes_the_place_of_the_identity() -> None:
    """``diag(1/2, 1/4) (x) Y >= X``, X diagonal: a maximum of ratios for each entry of Y."""
    weight = np.diag([0.5, 0.25])
    state = one_group(JOINT)
    exact = Fraction(1) + Fraction(5, 4)  # max(1/2 / 1/2, 1/8 / 1/4) + max(1/8, 5/4)
    dual = one_group(np.diag([2.0, 0.0, 0.0, 4.0]))
    low = certify.marginal_lower(state, dual, DIMS, weight)
    high, _ = certify.marginal_upper(state, np.diag([1.0, 1.25]), DIMS, weight)
    assert Fraction(low) <= exact <= Fraction(high)
    assert high - low < 1e-13
    assert certify.marginal_upper(state, np.eye(2), DIMS, np.diag([1.0, 0.0]))[0] == np.inf


@pytest.mark.parametrize("seed", range(3))
def test_norm_of_a_marginal_is_an_upper_bound(seed: int) -> None:
    """Never below the exact largest eigenvalue, with and without a weight."""
    operator = random_state(6, rng=seed)
    marginal = sum((matrix(operator[i : i + 3, i : i + 3]) for i in (0, 3)), 0 * matrix(np.eye(3)))
    bound = marginal_norm(one_group(operator), (2, 3))
    assert largest_eigenvalue(marginal) <= bound
    assert bound < np.linalg.eigvalsh(partial_trace(operator, (2, 3), 1))[-1] + 1e-13
    assert marginal_norm(one_group(operator), (2, 3), 2 * np.eye(2)) >= 2 * bound - 1e-13
    assert marginal_norm(one_group(np.full((6, 6), np.nan)), (2, 3)) == np.inf


def test_a_small_radius_keeps_the_ends_together() -> None:
    """At radius 1e-9 the purified ends still meet, by the bound of the trace-distance ball."""
    state = one_group(JOINT)
    low = certify.purified_marginal_lower(
        state, 1e-9, (one_group(BEST_W), 0.0), DIMS, normalized=True
    )
    high, _ = certify.smooth_marginal_upper(
        state, 1e-9, (state, BEST_Y), DIMS, purified=True, normalized=True
    )
    assert 13 / 16 - 1e-8 < low <= high < 13 / 16 + 1e-12
