"""Water-filling: the closed form of commuting pairs."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from smoothing_problems import PURIFIED, TRACE, certified, problem
from strategies import Array, generators, random_spectrum

from qentropy.operators import check_pair
from qentropy.smoothing import commuting
from qentropy.smoothing.balls import Ball
from qentropy.states import random_state, random_unitary

SPECTRA = ("generic", "degenerate", "graded", "flat", "pure", "low rank")


def water_level(p: Array, q: Array, radius: float, *, normalized: bool) -> Fraction:
    """``max_k (P_k - e)/Q_k`` in fractions, and at least ``1/Tr sigma`` if normalised."""
    first, second = [Fraction(float(x)) for x in p], [Fraction(float(x)) for x in q]
    total = sum(first)
    order = sorted(range(len(p)), key=lambda i: first[i] / second[i], reverse=True)
    heads = [
        (sum(first[i] for i in order[:k]) / total - Fraction(radius))
        / sum(second[i] for i in order[:k])
        for k in range(1, len(p) + 1)
    ]
    return max(*heads, 1 / sum(second) if normalized else Fraction(0))


@given(
    generators(),
    st.integers(1, 6),
    st.sampled_from([1e-9, 1e-3, 0.1, 0.3, 0.6, 0.9]),
    st.booleans(),
)
@settings(max_examples=80)
def test_trace_ball_is_exact(
    rng: np.random.Generator, size: int, radius: float, normalized: bool
) -> None:
    """The interval contains the exact rational optimum and is as narrow as rounding allows."""
    p = rng.permutation(random_spectrum(size, str(rng.choice(SPECTRA)), rng))
    q = rng.permutation(random_spectrum(size, str(rng.choice(SPECTRA[:4])), rng))
    task = problem(np.diag(p), np.diag(q), radius, normalized=normalized)
    p, q = (np.diag(x.dense()).real for x in (task.rho, task.sigma))  # what the door made of them
    exact = water_level(p, q, radius, normalized=normalized)
    low, high = certified(task, commuting.propose(task))
    assert low == 0 or Fraction(low) <= exact
    assert exact <= Fraction(high)
    floor = normalized / sum(Fraction(float(x)) for x in q)  # known without any point
    if exact > max(floor, Fraction(1, 1000)):
        # What it takes to get inside the ball is paid in the coin of the distance to rho.
        entry = 1e-14 * float((p / q).max()) / radius
        assert high - low <= float(exact) * (1e-11 + 1e-13 / radius) + entry


@given(generators(), st.integers(2, 5), st.sampled_from([0.01, 0.1, 0.4, 0.8]), st.booleans())
@settings(max_examples=40)
def test_purified_ball_is_solved(
    rng: np.random.Generator, size: int, epsilon: float, normalized: bool
) -> None:
    """The two points of the purified ball meet, for distributions of full support."""
    p = rng.permutation(random_spectrum(size, str(rng.choice(["generic", "graded"])), rng))
    q = rng.permutation(random_spectrum(size, str(rng.choice(SPECTRA[:4])), rng))
    task = problem(np.diag(p), np.diag(q), epsilon, PURIFIED, normalized=normalized)
    low, high = certified(task, commuting.propose(task))
    floor = 1 / float(task.sigma.trace)  # known without any point if normalised
    assert low <= high <= max(low, floor * normalized) * (1 + 1e-6)


@pytest.mark.parametrize("real", [True, False])
def test_joint_eigenbasis_is_found(real: bool) -> None:
    """A commuting pair that is not diagonal has the value of its spectra, degenerate or not."""
    rng = np.random.default_rng(5)
    p, q = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.1, 0.1, 0.4, 0.4])
    turn = random_unitary(4, real=real, rng=rng)
    rho, sigma = ((turn * x) @ turn.conj().T for x in (p, q))
    task = problem(rho, sigma, 0.1)
    assert commuting.commutes(task)
    low, high = certified(task, commuting.propose(task))
    exact = float(water_level(p, q, 0.1, normalized=True)) * 2.0 ** int(
        check_pair(rho, sigma).exponent
    )
    assert low * (1 - 1e-12) <= exact <= high * (1 + 1e-12)
    assert high <= low * (1 + 1e-9)


def test_commutator_decides() -> None:
    """Equal eigenbases commute, generic ones do not, and a diagonal pair does so at once."""
    rng = np.random.default_rng(2)
    rho, sigma = random_state(3, rng=rng), random_state(3, rng=rng)
    assert not commuting.commutes(problem(rho, sigma, 0.1))
    assert commuting.commutes(problem(rho, rho, 0.1))
    assert commuting.commutes(problem(rho, np.eye(3), 0.1))
    assert commuting.commutes(problem(np.diag([0.9, 0.1]), np.diag([0.2, 0.8]), 0.1))


@pytest.mark.parametrize("ball", [TRACE, PURIFIED])
@pytest.mark.parametrize("normalized", [True, False])
def test_wrong_use_is_wide_but_true(ball: Ball, normalized: bool) -> None:
    """For a pair that does not commute the points prove an interval around the value."""
    rho, sigma = np.full((2, 2), 0.5), np.diag([0.75, 0.25])
    task = problem(rho, sigma, 0.1, ball, normalized=normalized)
    low, high = certified(task, commuting.propose(task))
    # Acceptance cases 22 and 23, for sigma with its largest entry in [1/2, 1).
    value = 2 ** (1.2256362383 if ball == TRACE else 1.2638376932)
    assert low <= value * (1 + 1e-9)
    assert high >= value * (1 - 1e-9)
