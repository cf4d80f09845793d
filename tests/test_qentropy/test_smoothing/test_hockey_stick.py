"""The bound that a cut proves, and when its completion exists."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from smoothing_problems import certified, problem
from strategies import Array, pairs

from qentropy import certify, smooth_max_relative_entropy
from qentropy.smoothing import hockey_stick
from qentropy.states import gibbs_state, random_state

KET = np.sqrt([0.9, 0, 0, 0.1])
PURE = np.outer(KET, KET)
MARGINALS = np.diag([0.81, 0.09, 0.09, 0.01])


@given(pairs(st.integers(1, 4)), st.sampled_from([0.01, 0.1, 0.4]))
@settings(max_examples=60)
def test_root_is_proved_as_a_lower_bound(pair: tuple[Array, Array], radius: float) -> None:
    """The projector proves the root to rounding, whether or not a completion exists."""
    task = problem(*pair, radius)
    level = task.cut.level
    low, high = certified(task, hockey_stick.propose(task))
    # Close to the support tolerance the proof of W >= G costs a little.
    assert level * (1 - 1e-7) <= low <= high


@pytest.mark.parametrize("normalized", [True, False])
def test_completion_makes_it_the_answer(normalized: bool) -> None:
    """|+> against diag(3/4, 1/4) at 0.1: root of (3/16)x^2 + (e - 1/2)x + e^2 - e (case 22)."""
    task = problem(np.full((2, 2), 0.5), np.diag([0.75, 0.25]), 0.1, normalized=normalized)
    low, high = certified(task, hockey_stick.propose(task))
    e = 0.1
    b, c = e - 0.5, e * e - e
    exact = (-b + math.sqrt(b * b - 0.75 * c)) / 0.375
    assert low * (1 - 1e-12) <= exact <= high * (1 + 1e-12)
    assert high <= low * (1 + 1e-12)


def test_it_is_only_a_bound_where_no_completion_exists() -> None:
    """Case 24: the root is 5.448076419 bits where the value is 5.450631035."""
    third = np.full((3, 3), 1 / 3)
    task = problem(third, np.diag([0.98, 0.015, 0.005]), 0.3)
    low, high = certified(task, hockey_stick.propose(task))
    assert math.log2(low) == pytest.approx(5.448076419, abs=1e-9)
    assert math.log2(high) > 5.450631035
    assert hockey_stick.least_completion(task) is None


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize(("size", "rank"), [(4, 1), (6, 2), (12, 3), (70, 18)])
def test_a_large_radius_has_a_completion(size: int, rank: int, normalized: bool) -> None:
    """Where the state with Q in proportion to N is none, the least completion is the answer."""
    rho, sigma = random_state(size, rank=rank, rng=size), random_state(size, rng=size + 1)
    task = problem(rho, sigma, 0.6, normalized=normalized)
    assert np.linalg.eigvalsh(hockey_stick.propose(task).primal.dense())[0] < -1e-6
    least = hockey_stick.least_completion(task)
    assert least is not None
    low, high = certified(task, least)
    assert high <= low * (1 + 1e-6)
    bits = smooth_max_relative_entropy(
        rho, sigma, 0.6, ball="trace-distance", normalized=normalized
    )
    assert (bits.method, bits.converged) == ("hockey-stick", True)


@given(pairs(st.integers(1, 5)), st.sampled_from([0.1, 0.3, 0.5, 0.8]), st.booleans())
@settings(max_examples=60)
def test_the_least_completion_is_never_a_wrong_answer(
    pair: tuple[Array, Array], radius: float, normalized: bool
) -> None:
    """It closes the gap wherever Q in proportion to N does, whatever the ranks and the spectra."""
    task = problem(*pair, radius, normalized=normalized)
    low, high = certified(task, hockey_stick.propose(task))
    least = hockey_stick.least_completion(task)
    if least is None:
        is_covered = task.cut.level * float(task.sigma.trace) <= 1 + 1e-9
        assert high > low * (1 + 1e-9) or is_covered
        return
    floor, ceiling = certified(task, least)
    assert floor <= high
    assert low <= ceiling


def test_pure_bipartite_state_is_far_from_its_root() -> None:
    """sqrt(.9)|00> + sqrt(.1)|11> against its marginals at e = 0.1: the root is 0.64 bit low."""
    task = problem(PURE, MARGINALS, 0.1)
    low, _ = certified(task, hockey_stick.propose(task))
    exact = smooth_max_relative_entropy(PURE, MARGINALS, 0.1, ball="trace-distance")
    assert exact.converged
    assert exact.value - math.log2(low) == pytest.approx(0.64, abs=0.005)


@pytest.mark.parametrize("radius", [1.0, 1.5, 1e300])
def test_radius_beyond_every_state_ends_the_search(radius: float) -> None:
    """No root is left; the points are still finite, and the bounds true."""
    task = problem(np.full((2, 2), 0.5), np.diag([0.75, 0.25]), radius)
    low, high = certified(task, hockey_stick.propose(task))
    assert low <= 1.0  # sigma / Tr sigma is in the ball
    assert high >= 1.0
    assert np.isfinite(hockey_stick.propose(task).primal.dense()).all()


def test_large_blocks_reach_the_answer_of_small_ones() -> None:
    """A direct sum of copies of |+> against diag(3/4, 1/4) has the value of one."""
    count = 40
    rotation = np.linalg.qr(np.random.default_rng(2).normal(size=(2 * count, 2 * count)))[0]
    rho = rotation @ np.kron(np.eye(count), np.full((2, 2), 0.5)) @ rotation.T / count
    sigma = rotation @ np.kron(np.eye(count), np.diag([0.75, 0.25])) @ rotation.T / count
    e = 0.1
    b, c = e - 0.5, e * e - e
    exact = math.log2((-b + math.sqrt(b * b - 0.75 * c)) / 0.375)
    bits = smooth_max_relative_entropy(rho, sigma, e, ball="trace-distance")
    assert bits.method == "hockey-stick"
    assert bits.lower - 1e-8 <= exact <= bits.upper + 1e-8
    assert bits.converged


def test_a_repaired_state_is_measured_anew() -> None:
    """Where the completion is no state, what was removed from rho is no longer known."""
    rho = random_state(4, rank=2, rng=1)
    sigma = gibbs_state(np.diag([0, 1, 1, 2]), 1.0)
    task = problem(rho, sigma, 0.1)
    proposal = hockey_stick.propose(task)
    assert np.linalg.eigvalsh(proposal.primal.dense())[0] < -1e-6
    given, without = (
        certify.smooth_upper(
            task.rho, task.sigma, 0.1, proposal.primal, guess=proposal.level, removed=removed
        )[0]
        for removed in (proposal.removed, None)
    )
    assert given == without
