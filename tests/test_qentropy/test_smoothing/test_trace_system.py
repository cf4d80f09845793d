"""The linear systems: the solution is one, whichever way it is found."""

from __future__ import annotations

import numpy as np
import pytest

from qentropy.smoothing import trace_system
from qentropy.smoothing.trace_system import SlowConvergenceError, System
from qentropy.states import random_state


def system(*, real: bool, mixed: bool) -> System:
    """A system of five rows whose metrics, weights and frame are random."""
    rng = np.random.default_rng(1)
    metrics = [random_state(5, real=real, rng=rng) + np.eye(5) for _ in range(2)]
    weights = rng.random((5, 5))
    frame = None
    if mixed:
        frame = rng.normal(size=(5, 5)) + (0 if real else 1j) * rng.normal(size=(5, 5))
    return System(metrics, weights + weights.T, frame)


@pytest.mark.parametrize("mixed", [True, False])
@pytest.mark.parametrize("real", [True, False])
@pytest.mark.parametrize("direct", [True, False])
def test_the_image_of_the_solution_is_the_right_hand_side(
    monkeypatch: pytest.MonkeyPatch, direct: bool, real: bool, mixed: bool
) -> None:
    """By a factorisation and by conjugate gradients, with the third frame and without."""
    monkeypatch.setattr(trace_system, "PRECISION", 1e-10)
    task = system(real=real, mixed=mixed)
    right = random_state(5, real=real, rng=2)
    solution = (task.factorised() if direct else task.iterative())(right)
    assert np.allclose(task.applied(solution), right, atol=1e-8)


def test_conjugate_gradients_that_may_not_go_on_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the products that they may take."""
    monkeypatch.setattr(trace_system, "LEAST_PRODUCTS", 1)
    with pytest.raises(SlowConvergenceError):
        system(real=True, mixed=True).iterative()(random_state(5, real=True, rng=3))


def test_a_residual_that_is_rounding_is_not_followed() -> None:
    """A system that maps a residual to nothing has no curvature to step along."""
    zero = np.zeros((2, 2))
    flat = System([zero, zero], np.ones((2, 2)), None)
    flat.applied = lambda y: 0 * y  # type: ignore[method-assign]
    with pytest.raises(SlowConvergenceError):
        flat.iterative()(np.eye(2))
