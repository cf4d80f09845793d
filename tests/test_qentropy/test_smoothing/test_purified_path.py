"""The structured solver of the purified ball."""

import math

import numpy as np
import pytest

from qentropy import certify, smooth_max_relative_entropy, states
from qentropy.errors import SolverError
from qentropy.operators import check_pair
from qentropy.smoothing import purified_path as path_following
from qentropy.smoothing.balls import SmoothingProblem


def problem(
    rho: np.ndarray, sigma: np.ndarray, epsilon: float, *, normalized: bool = True
) -> SmoothingProblem:
    """The purified ball around rho."""
    pair = check_pair(rho, sigma)
    return SmoothingProblem(pair.rho, pair.sigma, "purified-distance", epsilon, normalized)


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("real", [True, False])
@pytest.mark.parametrize(("dimension", "rank"), [(2, 1), (2, 2), (4, 1), (5, 3), (8, 2)])
def test_its_two_points_enclose_the_value(
    dimension: int, rank: int, real: bool, normalized: bool
) -> None:
    """The certified gap of what it proposes is below 1e-6, for real and complex states."""
    rng = np.random.default_rng([dimension, rank])
    rho = states.random_state(dimension, rank=rank, real=real, rng=rng)
    sigma = states.random_state(dimension, real=real, rng=rng)
    task = problem(rho, sigma, 0.05, normalized=normalized)
    proposal = path_following.propose(task, 1e-10)
    low = certify.purified_lower(
        task.rho, task.sigma, 0.05, proposal.dual, proposal.offset, normalized=normalized
    )
    high, _ = certify.purified_upper(
        task.rho, task.sigma, 0.05, proposal.primal, normalized=normalized
    )
    assert 0 < low <= high <= low * (1 + 1e-6)
    assert proposal.status == "converged"


def test_its_state_has_the_fidelity_of_the_ball() -> None:
    """``X = c Z^{-1} rho Z^{-1}`` has root fidelity sqrt(1 - epsilon^2) with rho."""
    rho = states.random_state(3, rng=1)
    proposal = path_following.propose(problem(rho, states.random_state(3, rng=2), 0.2), 1e-10)
    state = proposal.primal.dense()
    overlap = np.linalg.svd(_root(rho) @ _root(state), compute_uv=False).sum()
    assert overlap == pytest.approx(math.sqrt(1 - 0.04), abs=1e-9)
    assert state.trace().real == pytest.approx(1, abs=1e-8)


def test_blocks_are_solved_together() -> None:
    """A direct sum gives the value of the dense matrix that it is, by the conic route."""
    rng = np.random.default_rng(3)
    rho, sigma = np.zeros((5, 5)), np.zeros((5, 5))
    for rows, weight in ((slice(0, 2), 0.3), (slice(2, 5), 0.7)):
        size = rows.stop - rows.start
        rho[rows, rows] = weight * states.random_state(size, real=True, rng=rng)
        sigma[rows, rows] = (1 - weight) * states.random_state(size, real=True, rng=rng)
    by_path, by_cone = (
        smooth_max_relative_entropy(rho, sigma, 0.1, ball="purified-distance", method=method)
        for method in ("path-following", "conic")
    )
    assert by_path.interval.overlaps(by_cone.interval)
    assert by_path.converged
    assert by_path.report is not None
    assert by_path.report.blocks == (3, 2)


def test_pure_state_known_answer() -> None:
    """|+> against diag(3/4, 1/4) at 0.1: 1.2638376932 bits (acceptance case 23, by rotation)."""
    value = smooth_max_relative_entropy(
        np.full((2, 2), 0.5), np.diag([0.75, 0.25]), 0.1, ball="purified-distance"
    )
    assert value.method == "path-following"
    assert value.lower - 1e-10 <= 1.2638376932 <= value.upper + 1e-10


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("blocks", [True, False])
def test_singular_sigma_is_solved_on_its_support(blocks: bool, normalized: bool) -> None:
    """The conic route agrees, whether rho is supported by sigma or not."""
    rho, sigma = states.random_state(4, rng=1), np.diag([0.6, 0.3, 0.0, 0.1])
    if blocks:
        rho = np.where(np.eye(2).repeat(2, axis=0).repeat(2, axis=1) == 1, rho, 0)
    reach = math.sqrt(rho[2, 2].real)
    for center, epsilon in ((rho, reach + 0.05), (_inside(rho), 0.1)):
        by_path, by_cone = (
            smooth_max_relative_entropy(
                center,
                sigma,
                epsilon,
                ball="purified-distance",
                normalized=normalized,
                method=method,
            )
            for method in ("path-following", "conic")
        )
        assert by_path.interval.overlaps(by_cone.interval)
        assert by_path.converged


def _inside(rho: np.ndarray) -> np.ndarray:
    rows = np.arange(4) != 2
    state = np.where(np.outer(rows, rows), rho, 0)
    return state / np.trace(state).real


@pytest.mark.parametrize("epsilon", [1e-4, 1e-3, 0.3])
@pytest.mark.parametrize("spectrum", [[1, 0, 0], [0.5, 0.5, 0], [1, 1e-6, 1e-14], [1, 1, 1 + 1e-9]])
def test_both_kinds_of_states_have_one_value(spectrum: list[float], epsilon: float) -> None:
    """Where the ball does not reach sigma a sub-normalised state is no better; the path finds it.

    The trace of the best X is then one, or may be made one where ``t sigma`` leaves room.
    """
    values = np.array(spectrum) / sum(spectrum)
    rho = states.random_state(3, spectrum=values, rng=3)
    sigma = np.diag([1e-3, 1e-5, 1.0])
    with_trace_one, without = (
        smooth_max_relative_entropy(
            rho,
            sigma,
            epsilon,
            ball="purified-distance",
            normalized=flag,
            method="path-following",
        )
        for flag in (True, False)
    )
    assert with_trace_one.interval.overlaps(without.interval)
    assert with_trace_one.converged
    assert without.converged


def test_where_it_does_not_apply() -> None:
    """A trace ball and a large block are refused."""
    rho, sigma = states.random_state(3, rng=1), states.random_state(3, rng=2)
    pair = check_pair(rho, sigma)
    trace_ball = SmoothingProblem(pair.rho, pair.sigma, "trace-norm", 0.1, True)
    size = path_following.LARGEST_BLOCK + 1
    large = problem(states.random_state(size, rng=1), states.random_state(size, rng=2), 0.1)
    for task in (trace_ball, large):
        assert not path_following.applies(task)
        with pytest.raises(SolverError):
            path_following.propose(task)


def test_a_singular_newton_system_ends_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found before the failure is handed over, and the status says what happened."""
    task = problem(states.random_state(3, rng=1), states.random_state(3, rng=2), 0.1)

    def fail(*_: object) -> None:
        raise np.linalg.LinAlgError

    monkeypatch.setattr(path_following, "_step", fail)
    proposal = path_following.propose(task)
    assert proposal.status == "stopped at a singular Newton system"
    assert np.isfinite(proposal.primal.dense()).all()


def _root(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.conj().T
