"""Tests of the numbers from divergences: exact for diagonal states, on the safe side otherwise."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import unitary_group

import qentropy
from qentropy import certify
from qentropy.states import random_state
from qentropy.thermalization.bath_sizes.divergence_bounds import (
    chi_squared_bound,
    largest_ratio_bound,
    outside_bound,
    pinched_bound,
    smoothed_bound,
    systems_for,
)
from qentropy.thermalization.bath_sizes.energy_eigenbasis import energy_basis


def test_numbers_are_rounded_up_and_never_twice() -> None:
    """A quotient that is an integer is that integer; one just above needs one more."""
    assert systems_for(Fraction(1, 4), 0.5) == 1
    assert systems_for(Fraction(1, 4), 0.125) == 16
    assert systems_for(math.nextafter(0.25, 1), 0.125) == 17
    assert systems_for(0.01, 2.0) == 1
    assert systems_for(1.0, 0.0) == systems_for(math.inf, 0.1) == math.inf
    assert systems_for(0, 0.0) == 1
    assert isinstance(systems_for(3.0, 1e-200), int)


@pytest.mark.parametrize("seed", range(8))
def test_bounds_lie_just_above_the_divergences(seed: int) -> None:
    """Neither falls below the float, nor lies above it by more than rounding."""
    d = 2 + seed % 4
    omega, tau = random_state(d, rank=1 + seed % d, rng=seed), random_state(d, rng=100 + seed)
    chi, ratio = (
        qentropy.chi_squared_divergence(omega, tau),
        2 ** qentropy.max_relative_entropy(omega, tau),
    )
    assert chi * (1 - 1e-12) <= chi_squared_bound(omega, tau) <= chi * (1 + 1e-6)
    assert ratio * (1 - 1e-12) <= largest_ratio_bound(omega, tau) <= ratio * (1 + 1e-6)


def test_rotation_keeps_the_bounds() -> None:
    """For a rotated pair the bounds are at least the exact ones, by no more than rounding."""
    u = unitary_group.rvs(3, random_state=5)
    p, q = np.diag([0.75, 0.25, 0.0]), np.diag([0.5, 0.25, 0.25])
    omega, tau = (u @ x @ u.conj().T for x in (p, q))
    assert chi_squared_bound(p, q) == Fraction(3, 8)
    assert largest_ratio_bound(p, q) == Fraction(3, 2)
    assert 0.375 - 1e-15 <= chi_squared_bound(omega, tau) < 0.375 + 1e-10
    assert 1.5 - 1e-15 <= largest_ratio_bound(omega, tau) < 1.5 + 1e-9


def test_equal_states_have_no_divergence() -> None:
    """Equal matrices need no rounding, whatever their basis."""
    tau = random_state(3, rng=1)
    assert chi_squared_bound(tau, tau) == 0
    assert largest_ratio_bound(tau, tau) == 1


def test_violated_support_is_infinite() -> None:
    """Weight outside the support of tau makes both bounds infinite."""
    omega, tau = np.eye(2) / 2, np.full((2, 2), 0.5)
    assert chi_squared_bound(omega, tau) == largest_ratio_bound(omega, tau) == math.inf
    assert chi_squared_bound(omega, np.diag([1.0, 0.0])) == math.inf
    assert largest_ratio_bound(omega, np.diag([1.0, 0.0])) == math.inf


def test_weight_outside_the_support() -> None:
    """The weight of a diagonal pair is exact, that of a rotated one bounded below."""
    p, q = np.diag([0.5, 0.25, 0.25]), np.diag([0.5, 0.5, 0.0])
    u = unitary_group.rvs(3, random_state=2)
    omega, tau = (u @ x @ u.conj().T for x in (p, q))
    assert outside_bound(p, q) == 0.25
    assert outside_bound(p, np.diag([0.5, 0.5, 1e-30])) == 0
    assert 0.25 - 1e-12 < outside_bound(omega, tau) <= 0.25 + 1e-15
    assert outside_bound(omega, np.eye(3) / 3) == 0


def test_singular_tau_counts_on_its_support() -> None:
    """A pair inside a subspace has the divergences of the pair there."""
    u = unitary_group.rvs(3, random_state=2)
    omega, tau = (u @ np.diag(x) @ u.conj().T for x in ([0.75, 0.25, 0.0], [0.5, 0.5, 0.0]))
    assert chi_squared_bound(omega, tau) == pytest.approx(0.25, rel=1e-9)


def test_untrusted_rotation_gives_no_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the eigenvectors cannot be trusted the bound is infinite."""
    monkeypatch.setattr(certify, "rotation_defect", lambda *_: certify.RotationDefect(price=1.0))
    assert chi_squared_bound(random_state(2, rng=1), random_state(2, rng=2)) == math.inf


@pytest.mark.parametrize("epsilon", [0.02, 0.3, 1.0, 2.0])
def test_purified_ball_lies_inside_the_papers(epsilon: float) -> None:
    """The bound in the ball of (B13) is at least the paper's, (B18)."""
    purified = min(1.0, math.sqrt(epsilon * (1 - epsilon / 4)))
    for seed in range(4):
        omega, tau = random_state(3, rng=seed), random_state(3, rng=50 + seed)
        paper = smoothed_bound(omega, tau, 2 * math.sqrt(epsilon), "trace-norm")
        sharper = smoothed_bound(omega, tau, purified, "purified-distance")
        assert sharper >= paper * (1 - 1e-4)


def test_bound_is_infinite_where_no_state_near_is_supported() -> None:
    """Half of the weight lies outside, farther than the ball reaches."""
    assert smoothed_bound(np.eye(2) / 2, np.diag([1.0, 0.0]), 0.3, "trace-norm") == math.inf


def test_enormous_ratios_stay_finite() -> None:
    """A ratio near the largest double gives a large bound and not an overflow."""
    omega, tau = np.diag([0.5, 0.5]), np.diag([1.0, 1e-300])
    basis = energy_basis(omega, tau, None)
    for ball in ("trace-norm", "purified-distance"):
        assert pinched_bound(basis, 0.0, ball) == pytest.approx(5e299)
        assert 1e299 < pinched_bound(basis, 0.1, ball) < 5e299
    assert systems_for(largest_ratio_bound(omega, tau), 1e-200) > 10**690


def test_pinched_bound_of_a_rotated_pair_is_on_the_safe_side() -> None:
    """It is at most the bound of the diagonal pair, by no more than the price of the rotation."""
    u = unitary_group.rvs(2, random_state=6)
    p, q = np.diag([0.95, 0.05]), np.diag([0.3, 0.7])
    straight = energy_basis(p, q, None)
    turned = energy_basis(u @ p @ u.conj().T, u @ q @ u.conj().T, None)
    for ball, loss in (("trace-norm", 1e-9), ("purified-distance", 1e-4)):
        bound = pinched_bound(straight, 0.3, ball)
        assert bound - loss < pinched_bound(turned, 0.3, ball) <= bound + 1e-13


def test_pinched_bound_without_full_rank_says_nothing() -> None:
    """Where a rotated tau may have a population of zero, one is all that is claimed."""
    u = unitary_group.rvs(2, random_state=1)
    tau = u @ np.diag([1.0, 0.0]) @ u.conj().T
    basis = energy_basis(u @ np.diag([0.9, 0.1]) @ u.conj().T, tau, None)
    basis.tau[:] = np.diag([1.0, 0.0])
    assert pinched_bound(basis, 0.1, "trace-norm") == 1
