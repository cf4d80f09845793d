"""The dual programs in SCS form: each answer is judged by its certified gap."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scs
from smoothing_problems import PURIFIED, TRACE, certified, problem

from qentropy.blocks import BlockOperator, one_group
from qentropy.errors import ResourceLimitError, SolverError
from qentropy.smoothing import conic
from qentropy.smoothing.balls import Ball, SmoothingProblem
from qentropy.states import random_state


def random_problem(
    size: int, rank: int, ball: Ball, *, real: bool = False, normalized: bool = True
) -> SmoothingProblem:
    """A random pair, rho of this rank, radius 0.1."""
    rng = np.random.default_rng([size, rank])
    rho = random_state(size, rank=rank, real=real, rng=rng)
    return problem(rho, random_state(size, real=real, rng=rng), 0.1, ball, normalized=normalized)


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("real", [True, False])
@pytest.mark.parametrize("ball", [TRACE, PURIFIED])
@pytest.mark.parametrize(("size", "rank"), [(1, 1), (2, 2), (3, 3), (4, 2)])
def test_points_enclose_the_value(
    size: int, rank: int, ball: Ball, real: bool, normalized: bool
) -> None:
    """Real and complex, both balls, both normalisations: the certified gap is small."""
    task = random_problem(size, rank, ball, real=real, normalized=normalized)
    proposal = conic.propose(task, 1e-10)
    low, high = certified(task, proposal)
    assert proposal.status.startswith("solved")
    assert proposal.iterations > 0
    assert 0 < low <= high <= low * (1 + 1e-6)


@pytest.mark.parametrize("ball", [TRACE, PURIFIED])
def test_blocks_couple_through_the_price_only(ball: Ball) -> None:
    """A direct sum is solved in its blocks, and encloses the same value as one dense block."""
    rng = np.random.default_rng(1)
    rho, sigma = np.zeros((2, 4, 4))
    for rows in (slice(0, 1), slice(1, 4)):
        size = rows.stop - rows.start
        rho[rows, rows] = random_state(size, real=True, rng=rng) * size / 4
        sigma[rows, rows] = random_state(size, real=True, rng=rng) / 2
    blocks = problem(rho, sigma, 0.1, ball)
    dense = SmoothingProblem(_dense(blocks.rho), _dense(blocks.sigma), ball, 0.1, True)
    first, second = (certified(task, conic.propose(task, 1e-10)) for task in (blocks, dense))
    assert first[0] <= second[1]
    assert second[0] <= first[1]
    if ball == TRACE:
        assert first[1] <= first[0] * (1 + 1e-6)


def _dense(operator: BlockOperator) -> BlockOperator:
    return one_group(operator.dense())


def test_support_of_a_singular_sigma_is_kept() -> None:
    """Rows on which sigma vanishes get no weight in the state."""
    rho = np.diag([0.5, 0.4, 0.1]) + 0.02 * (np.ones((3, 3)) - np.eye(3))
    task = problem(rho, np.diag([0.6, 0.4, 0.0]), 0.2)
    proposal = conic.propose(task, 1e-9)
    low, high = certified(task, proposal)
    assert abs(proposal.primal.dense()[2]).max() < 1e-9
    assert 0 < low <= high <= low * (1 + 1e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("ball", [TRACE, PURIFIED])
def test_numbers_that_are_not_finite_are_refused(
    monkeypatch: pytest.MonkeyPatch, ball: Ball, bad: float
) -> None:
    """What SCS returns when it fails becomes our error, with SCS's own word."""

    def fail(data: dict[str, Any], cones: dict[str, Any], **options: Any) -> dict[str, Any]:
        x, y = np.full(data["A"].shape[1], bad), np.zeros(data["A"].shape[0])
        return {"x": x, "y": y, "s": y, "info": {"status": "failure", "iter": 3}}

    monkeypatch.setattr(scs, "solve", fail)
    with pytest.raises(SolverError, match="failure"):
        conic.propose(random_problem(2, 2, ball))


def test_problem_beyond_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The estimate is compared with the memory before anything is allocated."""
    task = random_problem(2, 2, TRACE)
    monkeypatch.setattr("qentropy.blocks.os.sysconf", lambda name: 1)
    with pytest.raises(ResourceLimitError, match="conic program"):
        conic.propose(task)
