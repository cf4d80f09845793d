"""The route for states of low rank, judged by what its points prove."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hostile_pairs import Problem, problems
from hypothesis import given
from smoothing_laws import routes_agree
from smoothing_problems import PURIFIED, TRACE, certified, problem
from strategies import generators

from qentropy import smooth_max_relative_entropy
from qentropy.errors import SolverError
from qentropy.operators import check_pair
from qentropy.smoothing import lifting, low_rank, trace_path
from qentropy.states import random_state


def pair(dimension: int, rank: int, *, real: bool = False, seed: int = 0) -> tuple[Any, Any]:
    """A random pair with a first state of this rank."""
    rng = np.random.default_rng([dimension, rank, seed])
    rho = random_state(dimension, rank=rank, real=real, rng=rng)
    return rho, random_state(dimension, real=real, rng=rng)


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("real", [True, False])
@pytest.mark.parametrize(
    ("dimension", "rank", "radius"),
    [(12, 1, 0.1), (20, 10, 0.1), (16, 4, 0.01), (30, 4, 0.3), (24, 6, 0.1), (40, 5, 0.2)],
)
def test_its_two_points_enclose_the_value(
    dimension: int, rank: int, radius: float, real: bool, normalized: bool
) -> None:
    """The certified gap of what it proposes is below 1e-6."""
    result = smooth_max_relative_entropy(
        *pair(dimension, rank, real=real),
        radius,
        ball=TRACE,
        normalized=normalized,
        method="low-rank",
    )
    assert result.converged
    assert result.report is not None
    assert any(f"of {dimension} dimensions" in note for note in result.report.notes)


@pytest.mark.slow
@pytest.mark.parametrize(("dimension", "rtol"), [(64, 1e-8), (128, 1e-6)])
def test_large_states(dimension: int, rtol: float) -> None:
    """The gap that was asked for is proved, whichever route ends it."""
    states = pair(dimension, dimension // 4)
    assert smooth_max_relative_entropy(*states, 0.1, ball=TRACE, rtol=rtol).converged


@pytest.mark.parametrize("seed", range(3))
def test_it_agrees_with_the_path_on_the_whole_space(seed: int) -> None:
    """Two intervals of the same number."""
    task = problem(*pair(14, 3, seed=seed), 0.15)
    first = certified(task, low_rank.propose(task, 1e-8))
    second = certified(task, trace_path.propose(task, 1e-9))
    assert max(first[0], second[0]) <= min(first[1], second[1])


def test_blocks_in_some_of_which_rho_vanishes() -> None:
    """The value is that of the whole path; a block without rho needs no column."""
    rng = np.random.default_rng(2)
    rho, sigma = np.zeros((2, 24, 24))
    rho[:14, :14] = random_state(14, rank=3, real=True, rng=rng)
    for rows, weight in ((slice(0, 14), 0.6), (slice(14, 20), 0.3), (slice(20, 24), 0.1)):
        size = rows.stop - rows.start
        sigma[rows, rows] = weight * random_state(size, real=True, rng=rng)
    found, whole = (
        smooth_max_relative_entropy(rho, sigma, 0.1, ball=TRACE, method=method)
        for method in ("low-rank", "path-following")
    )
    assert found.interval.overlaps(whole.interval)
    assert found.converged


def test_a_singular_sigma_whose_support_holds_rho() -> None:
    """Solved on the support, where sigma is invertible."""
    rho, sigma = (np.zeros((20, 20), complex) for _ in range(2))
    rho[:16, :16], sigma[:16, :16] = pair(16, 4)
    turn = np.linalg.qr(np.random.default_rng(6).normal(size=(20, 20)))[0]
    inside = smooth_max_relative_entropy(rho[:16, :16], sigma[:16, :16], 0.1, ball=TRACE)
    both = (turn @ x @ turn.T for x in (rho, sigma))
    result = smooth_max_relative_entropy(*((x + x.conj().T) / 2 for x in both), 0.1, ball=TRACE)
    assert result.method == inside.method == "low-rank"
    assert result.value == pytest.approx(inside.value, abs=1e-6)


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("real", [True, False])
def test_between_two_radii_the_way_is_short(real: bool, normalized: bool) -> None:
    """Fewer steps than from nowhere, and an interval as narrow that overlaps."""
    states = pair(16, 4, real=real)
    ends = [
        low_rank.solve(problem(*states, radius, normalized=normalized), 2e-7)[1]
        for radius in (0.1, 0.13)
    ]
    task = problem(*states, 0.11, normalized=normalized)
    cold, (warm, _) = low_rank.propose(task, 2e-7), low_rank.solve(task, 2e-7, ends)
    assert warm.status == "converged"
    assert warm.iterations < cold.iterations
    (low, high), other = (certified(task, proposal) for proposal in (warm, cold))
    assert 0 < low <= high <= low * (1 + 1e-6)
    assert max(low, other[0]) <= min(high, other[1])


def test_where_p_ends_m_need_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """An eigenvalue of M just below nu, on which P vanishes, does not keep the gap open."""
    shares, least = [], lifting._least_multiplier

    def recorded(inside: Any, w: Any, ends: tuple[float, float], most: int) -> Any:
        m, added, removed = least(inside, w, ends, most)
        shares.append(np.linalg.eigvalsh(m)[-1 - most] / ends[1])
        return m, added, removed

    monkeypatch.setattr(lifting, "_least_multiplier", recorded)
    rng = np.random.default_rng([32, 0, 0])
    rho, sigma = random_state(32, rank=8, rng=rng), random_state(32, rng=rng)
    found = low_rank.propose(problem(rho, sigma, 0.11), 2e-7)
    assert lifting.NEARLY < shares[-1] < 0.9
    assert found.status == "converged"


def test_a_start_that_leads_nowhere_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the path begins from its own start."""

    def lost(*_: object) -> None:
        raise np.linalg.LinAlgError

    monkeypatch.setattr(trace_path, "_transported", lost)
    task = problem(*pair(16, 4), 0.1)
    low, high = certified(task, low_rank.propose(task, 2e-7))
    assert 0 < low <= high <= low * (1 + 1e-6)


def test_a_later_subspace_that_fails_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the first one gave is proposed."""
    solve = trace_path.solve

    def once(task: Any, tolerance: float, hint: trace_path.Start) -> Any:
        if hint.near:
            raise SolverError("lost")
        return solve(task, tolerance, hint)

    monkeypatch.setattr(trace_path, "solve", once)
    task = problem(*pair(16, 4), 0.1)
    found = low_rank.propose(task, 2e-7)
    assert found.status == "stopped when the gap no longer shrank"
    low, high = certified(task, found)
    assert 0 < low <= high <= low * 1.2


def test_half_the_rank_is_not_too_much() -> None:
    """Where the subspaces are nearly as large as they may be, they are not joined with the last."""
    task = problem(*pair(20, 10, real=True, seed=5), 0.1)
    found = low_rank.propose(task, 2e-7)
    assert found.status == "converged"


@pytest.fixture
def confines(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Confines N and P also in small subspaces; a record of which paths were confined."""
    record, solve = [], trace_path.solve

    def recorded(task: Any, tolerance: float, hint: trace_path.Start) -> Any:
        record.append(hint.reaches is not None)
        return solve(task, tolerance, hint)

    monkeypatch.setattr(low_rank, "SMALLEST_CONFINED", 8)
    monkeypatch.setattr(trace_path, "solve", recorded)
    return record


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("real", [True, False])
@pytest.mark.parametrize("seed", range(2))
def test_confining_n_and_p_changes_no_value(
    confines: list[bool], seed: int, real: bool, normalized: bool
) -> None:
    """The interval is as narrow, and overlaps that of the path on the whole space."""
    task = problem(*pair(40, 10, real=real, seed=seed), 0.1, normalized=normalized)
    low, high = certified(task, low_rank.propose(task, 2e-7))
    assert any(confines)
    assert 0 < low <= high <= low * (1 + 1e-6)
    other = certified(task, trace_path.propose(task, 1e-6))
    assert max(low, other[0]) <= min(high, other[1])


def test_confined_paths_that_get_lost_are_followed_unconfined(
    monkeypatch: pytest.MonkeyPatch, confines: list[bool]
) -> None:
    """And the value is found all the same."""
    transported = trace_path._transported

    def lost(near: Any, data: Any, maps: Any) -> Any:
        if data.blocks[0].reach is not None:
            raise np.linalg.LinAlgError
        return transported(near, data, maps)

    monkeypatch.setattr(trace_path, "_transported", lost)
    task = problem(*pair(40, 10), 0.1)
    low, high = certified(task, low_rank.propose(task, 2e-7))
    assert any(confines)
    assert 0 < low <= high <= low * (1 + 1e-6)


def test_subspaces_that_bring_little_end_the_confinement(
    monkeypatch: pytest.MonkeyPatch, confines: list[bool]
) -> None:
    """Directions of before are added, and then N and P act everywhere."""
    monkeypatch.setattr(low_rank, "CONFINED_SHARE", 0.95)
    task = problem(*pair(40, 10, seed=1), 0.1)
    low_rank.propose(task, 1e-13)
    assert confines[1]
    assert not confines[-1]


def test_where_it_does_not_apply() -> None:
    """A purified ball, few dimensions, a rho of full rank, a sigma that is singular under rho."""
    tilted = np.diag(np.append(np.ones(15), 0) / 15)
    tasks = [
        problem(*pair(16, 4), 0.1, PURIFIED),
        problem(*pair(4, 1), 0.1),
        problem(*pair(16, 16), 0.1),
        problem(pair(16, 4)[0], tilted, 0.6),
    ]
    for task in tasks:
        assert not low_rank.applies(task)
        with pytest.raises(SolverError, match="low-rank route needs"):
            low_rank.propose(task)


def test_a_subspace_as_large_as_the_space_is_given_up() -> None:
    """Where N needs as many dimensions as are left, other routes answer."""
    rho, sigma = pair(12, 9)
    result = smooth_max_relative_entropy(rho, sigma, 0.3, ball=TRACE)
    assert result.converged
    with pytest.raises(SolverError, match="smaller than the space"):
        smooth_max_relative_entropy(rho, sigma, 0.3, ball=TRACE, method="low-rank")


@given(task=problems(), rng=generators())
def test_it_agrees_with_all_routes_on_hostile_pairs(
    task: Problem, rng: np.random.Generator
) -> None:
    """Also in the few dimensions in which it is not taken unasked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qentropy.cones.MAX_ITERATIONS", 400)
        patch.setattr(low_rank, "SMALLEST_DIMENSION", 1)
        patch.setattr(low_rank, "LARGEST_SHARE", 1.0)
        routes_agree(task, rng)


@pytest.mark.parametrize(("size", "rank", "radius"), [(16, 4, 0.5), (24, 8, 0.4)])
def test_it_stops_where_the_subspaces_outgrow_the_space(
    size: int, rank: int, radius: float
) -> None:
    """What it has come to is handed over all the same, and true; other routes know better."""
    rho, sigma = random_state(size, rank=rank, rng=size), random_state(size, rng=size + 1)
    task = problem(rho, sigma, radius)
    proposal = low_rank.propose(task)
    assert proposal.status.startswith("stopped")
    low, high = certified(task, proposal)
    known = smooth_max_relative_entropy(rho, sigma, radius, ball="trace-distance")
    assert known.converged
    scale = 2.0 ** int(check_pair(rho, sigma).exponent)
    assert low <= 2**known.upper * scale * (1 + 1e-12)
    assert 2**known.lower * scale <= high * (1 + 1e-12)
