"""The structured solver of the trace balls, judged by what its points prove."""

from __future__ import annotations

import numpy as np
import pytest
from smoothing_problems import PURIFIED, TRACE, certified, problem

from qentropy import smooth_max_relative_entropy
from qentropy.errors import ResourceLimitError, SolverError
from qentropy.smoothing import conic, trace_path, trace_system
from qentropy.smoothing.trace_path import Start
from qentropy.states import random_state


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("real", [True, False])
@pytest.mark.parametrize(
    ("dimension", "rank", "radius"),
    [(1, 1, 0.1), (2, 1, 0.1), (3, 3, 1e-4), (4, 1, 0.5), (6, 2, 0.1), (8, 2, 0.01), (12, 3, 0.1)],
)
def test_its_two_points_enclose_the_value(
    dimension: int, rank: int, radius: float, real: bool, normalized: bool
) -> None:
    """The certified gap of what it proposes is below 1e-6, for real and complex states."""
    rng = np.random.default_rng([dimension, rank])
    rho = random_state(dimension, rank=rank, real=real, rng=rng)
    task = problem(rho, random_state(dimension, real=real, rng=rng), radius, normalized=normalized)
    proposal = trace_path.propose(task, 1e-9)
    low, high = certified(task, proposal)
    assert 0 < low <= high <= low * (1 + 1e-6)


@pytest.mark.parametrize("smallest", [1e-4, 1e-8, 1e-10])
def test_a_badly_conditioned_sigma(smallest: float) -> None:
    """Eigenvalues of sigma over ten decades; the value may be thirty bits."""
    rho = random_state(6, rank=3, rng=4)
    sigma = np.diag(np.geomspace(smallest, 1, 6))
    result = smooth_max_relative_entropy(rho, sigma, 0.01, ball=TRACE, method="path-following")
    assert result.converged


def test_a_nearly_commuting_pair() -> None:
    """Off-diagonal entries of 1e-6 change the value by as much, and not how it is found."""
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5])
    near = np.diag(p) + 1e-6 * (1 - np.eye(3))
    exact = smooth_max_relative_entropy(np.diag(p), np.diag(q), 0.05, ball=TRACE)
    found = smooth_max_relative_entropy(near, np.diag(q), 0.05, ball=TRACE, method="path-following")
    assert found.converged
    assert found.value == pytest.approx(exact.value, abs=1e-4)


def test_rows_on_which_sigma_is_zero() -> None:
    """There X is zero and M is not: the value agrees with SCS's."""
    rho = random_state(4, real=True, rng=1)
    task = problem(0.9 * rho + 0.1 * np.eye(4) / 4, np.diag([0.0, 0.2, 0.3, 0.5]), 0.6)
    first = certified(task, trace_path.propose(task, 1e-9))
    second = certified(task, conic.propose(task, 1e-10))
    assert first[1] <= first[0] * (1 + 1e-6)
    assert first[0] <= second[1]
    assert second[0] <= first[1]


def test_blocks_are_solved_together() -> None:
    """A direct sum gives the value of the dense matrix that it is, by the conic route."""
    rng = np.random.default_rng(3)
    rho, sigma = np.zeros((2, 5, 5))
    for rows, weight in ((slice(0, 2), 0.3), (slice(2, 5), 0.7)):
        size = rows.stop - rows.start
        rho[rows, rows] = weight * random_state(size, real=True, rng=rng)
        sigma[rows, rows] = (1 - weight) * random_state(size, real=True, rng=rng)
    by_path, by_cone = (
        smooth_max_relative_entropy(rho, sigma, 0.1, ball=TRACE, method=method)
        for method in ("path-following", "conic")
    )
    assert by_path.interval.overlaps(by_cone.interval)
    assert by_path.converged
    assert by_path.report is not None
    assert by_path.report.blocks == (3, 2)


def test_where_it_does_not_apply() -> None:
    """A purified ball, a block without sigma, large blocks and many blocks are refused."""
    size, many = trace_path.LARGEST_BLOCK + 1, trace_path.MOST_BLOCKS + 1
    rho, sigma = random_state(3, rng=1), random_state(3, rng=2)
    rows = np.arange(many)
    tasks = [
        problem(rho, sigma, 0.1, PURIFIED),
        problem(np.diag([0.5, 0.25, 0.25]), np.diag([0.5, 0.5, 0.0]), 0.6),
        problem(random_state(size, rng=1), random_state(size, rng=2), 0.1),
        problem(np.eye(many) / many, np.diag(1.0 + rows), 0.1),
    ]
    for task in tasks:
        assert not trace_path.applies(task)
        with pytest.raises(SolverError, match="path following needs"):
            trace_path.propose(task)


def test_a_system_that_does_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is allocated."""

    def refuse(*_: object) -> None:
        raise ResourceLimitError("too large")

    monkeypatch.setattr(trace_path, "require_memory", refuse)
    with pytest.raises(ResourceLimitError):
        trace_path.propose(problem(random_state(3, rng=1), random_state(3, rng=2), 0.1))


def test_a_similar_problem_takes_fewer_steps() -> None:
    """From a point on the path of the first one; and it proves as much."""
    rho, sigma = random_state(8, rank=2, real=True, rng=1), random_state(8, real=True, rng=2)
    _, near = trace_path.solve(problem(rho, sigma, 0.1), 1e-9, Start())
    assert near.gap < trace_path.WARM * near.t
    second = problem(rho, sigma + 1e-4 * random_state(8, real=True, rng=3), 0.1)
    cold, _ = trace_path.solve(second, 1e-9, Start())
    warm, _ = trace_path.solve(second, 1e-9, Start([near], [[np.eye(8)]]))
    assert warm.iterations < cold.iterations
    low, high = certified(second, warm)
    assert 0 < low <= high <= low * (1 + 1e-6)


def test_a_rough_path_factorises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends where conjugate gradients do."""
    size = 18
    monkeypatch.setattr(trace_path, "SMALLEST_ITERATIVE", size)
    rho = random_state(size, rank=4, real=True, rng=3)
    task = problem(rho, random_state(size, real=True, rng=4), 0.1)
    exact, _ = trace_path.solve(task, 1e-8, Start())
    monkeypatch.setattr(trace_system.System, "factorised", None)
    found, _ = trace_path.solve(task, 1e-8, Start(rough=True))
    assert 0 < found.iterations < exact.iterations
    low, high = certified(task, found)
    assert 0 < low <= high <= 2 * low


@pytest.mark.parametrize("normalized", [True, False])
def test_between_two_radii_the_path_is_short(normalized: bool) -> None:
    """The mean of two points has the radius between, also where their sigmas differ in level."""
    rho, sigma = random_state(8, rank=2, rng=1), random_state(8, rng=2)
    near = []
    for radius, level in ((0.12, 1.0), (0.16, 4.0)):
        task = problem(rho, sigma, radius, normalized=normalized)
        near.append(trace_path._leveled(trace_path.solve(task, 1e-9, Start())[1], level))
    task = problem(rho, sigma, 0.13, normalized=normalized)
    data = trace_path._data(task, near[0].data.level, 1e-9)
    moved = [
        trace_path._transported(trace_path._leveled(point, data.level), data, [np.eye(8)])
        for point in near
    ]
    mean = trace_path._between(moved, near)
    assert np.abs(mean.lacking).max() < 0.05 * np.abs(moved[0].lacking).max()
    warm, _ = trace_path.solve(task, 1e-9, Start(near, 2 * [[np.eye(8)]]))
    cold, _ = trace_path.solve(task, 1e-9, Start())
    assert warm.iterations < cold.iterations
    low, high = certified(task, warm)
    assert 0 < low <= high <= low * (1 + 1e-6)


def test_a_point_of_another_problem_does_no_harm() -> None:
    """A start that leads nowhere is replaced by the usual one."""
    rho, sigma = random_state(6, rank=2, real=True, rng=1), random_state(6, real=True, rng=2)
    _, near = trace_path.solve(problem(rho, sigma, 0.1), 1e-9, Start())
    other = problem(np.diag(np.arange(8) < 2) / 2, random_state(8, real=True, rng=4), 0.1)
    cold, _ = trace_path.solve(other, 1e-9, Start())
    warm, _ = trace_path.solve(other, 1e-9, Start([near], [[np.eye(8)[:, :6]]]))
    assert (warm.iterations, warm.status) == (cold.iterations, "converged")


def test_larger_blocks_begin_with_conjugate_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until they no longer converge; the certified gap is that of small blocks."""
    size = 18
    monkeypatch.setattr(trace_path, "SMALLEST_ITERATIVE", size)
    rho = random_state(size, rank=4, real=True, rng=3)
    task = problem(rho, random_state(size, real=True, rng=4), 0.1)
    proposal = trace_path.propose(task, 1e-8)
    low, high = certified(task, proposal)
    assert proposal.status == "converged"
    assert 0 < low <= high <= low * (1 + 1e-6)


def test_a_pure_state_among_many_dimensions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Conjugate gradients stop where their rounding is larger than what is left."""
    size = 16
    monkeypatch.setattr(trace_path, "SMALLEST_ITERATIVE", size)
    task = problem(random_state(size, rank=1, rng=1), random_state(size, rng=2), 0.1)
    proposal = trace_path.propose(task, 1e-9)
    low, high = certified(task, proposal)
    assert 0 < low <= high <= low * (1 + 1e-6)
