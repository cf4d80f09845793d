"""The start of a path: strictly feasible, and near its end."""

from __future__ import annotations

import numpy as np
import pytest
from smoothing_problems import certified, problem

from qentropy.smoothing import trace_path, trace_start
from qentropy.states import random_state


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("radius", [1e-3, 0.1, 0.5])
@pytest.mark.parametrize("rank", [1, 3, 12])
def test_the_start_is_near_the_end(rank: int, radius: float, normalized: bool) -> None:
    """Its t is a small multiple of the least one, also where that of rho is far above."""
    rho, sigma = random_state(12, rank=rank, rng=rank), random_state(12, rng=2)
    task = problem(rho, sigma, radius, normalized=normalized)
    level = task.order_of_magnitude
    found = trace_start.start(trace_path._data(task, level))
    _, _, (beside, _), (x, _) = found.pairs[0]
    assert np.allclose(beside + x, found.t * found.data.blocks[0].sigma)
    for first, second in found.pairs[0]:
        assert min(np.linalg.eigvalsh(first)[0], np.linalg.eigvalsh(second)[0]) > 0
    assert np.abs(found.lacking).max() < 1e-9
    assert level * found.t < 6 * certified(task, trace_path.propose(task))[1]


def test_rows_on_which_sigma_is_zero() -> None:
    """What rho has there is taken away, and the rest is as feasible."""
    rho = 0.9 * random_state(4, real=True, rng=1) + 0.1 * np.eye(4) / 4
    task = problem(rho, np.diag([0.0, 0.2, 0.3, 0.5]), 0.6)
    found = trace_start.start(trace_path._data(task, 1.0))
    assert np.abs(found.lacking).max() < 1e-9
    for first, second in found.pairs[0]:
        assert min(np.linalg.eigvalsh(first)[0], np.linalg.eigvalsh(second)[0]) > 0


def test_a_state_that_never_gets_near_is_taken_as_far_as_it_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A mixture with rho lies in the ball then."""
    monkeypatch.setattr(trace_start, "MOST_DOUBLINGS", 1)
    task = problem(random_state(5, rank=1, rng=1), random_state(5, rng=2), 1e-3)
    found = trace_start.start(trace_path._data(task, 1.0))
    assert np.abs(found.lacking).max() < 1e-9
