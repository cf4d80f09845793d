"""The directions of the path for the trace balls: they solve the equations that define them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from smoothing_problems import problem

from qentropy.smoothing import trace_path, trace_start
from qentropy.smoothing.scaling import congruence, dagger
from qentropy.smoothing.trace_newton import Change, Newton
from qentropy.smoothing.trace_point import Point
from qentropy.smoothing.trace_system import SlowConvergenceError
from qentropy.spectra import diagonal_matrices
from qentropy.states import random_state

TIGHT = 1e-8

Array = NDArray[Any]


def start(*, real: bool, normalized: bool, singular: bool) -> Point:
    """The first point for a random pair of dimension 5."""
    rho = random_state(5, rank=2, real=real, rng=1)
    sigma = random_state(5, real=real, rng=2)
    if singular:
        sigma = np.diag([0.0, 0.1, 0.2, 0.3, 0.4])
    task = problem(rho, sigma, 0.3, normalized=normalized)
    return trace_start.start(trace_path._data(task, 1.0))


def unscaled(newton: Newton, change: Change) -> tuple[list[Array], list[Array]]:
    """``dX_i`` and ``dS_i`` of the only block."""
    scaling, pairs = newton.scalings[0], change.pairs[0]
    xs = [congruence(dagger(g), dx) for g, (dx, _) in zip(scaling.direct, pairs, strict=True)]
    ss = [congruence(h, ds) for h, (_, ds) in zip(scaling.inverse, pairs, strict=True)]
    return [*xs[0], *xs[1]], [*ss[0], *ss[1]]


def towards(newton: Newton, product: float, share: float = 1.0) -> list[list[Array]]:
    """Targets that shift the scaled pairs to the same diagonal."""
    return [[diagonal_matrices(product - share * v) for v in newton.scalings[0].values]]


@pytest.mark.parametrize("singular", [True, False])
@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("real", [True, False])
def test_a_direction_keeps_both_sides_feasible(
    real: bool, normalized: bool, singular: bool
) -> None:
    """All linear equations of the primal and of the dual hold after a full step."""
    point = start(real=real, normalized=normalized, singular=singular)
    newton, block = Newton(point, direct=True), point.data.blocks[0]
    targets = towards(newton, 0.1)
    change = newton.direction(targets, 0.1, 0.0)
    (n, p, y, x), (m, q, w, z) = unscaled(newton, change)
    one, inner = np.eye(len(m)), np.eye(len(w))
    assert np.allclose(n - p - block.embedded(x), 0, atol=TIGHT)
    assert np.allclose(x + y, change.t * block.sigma, atol=TIGHT)
    assert np.allclose(q, change.nu * one - m, atol=TIGHT * np.abs(m).max())
    assert np.allclose(z, w - block.compressed(m) + change.mu * inner, atol=TIGHT * np.abs(m).max())
    lacking = [np.trace(p), np.trace(x) + change.s, np.vdot(block.sigma, w)]
    assert np.allclose(lacking, point.lacking, atol=TIGHT)


def test_a_direction_meets_the_scaled_target() -> None:
    """The scaled changes of a pair add up to what was asked for."""
    newton = Newton(start(real=False, normalized=True, singular=False), direct=True)
    targets = towards(newton, 0.1)
    change = newton.direction(targets, 0.1, 0.0)
    for target, (dx, ds) in zip(targets[0], change.pairs[0], strict=True):
        assert np.allclose(dx + ds, target, atol=TIGHT)


@pytest.mark.parametrize("normalized", [True, False])
def test_a_step_within_the_lengths_stays_positive(normalized: bool) -> None:
    """Just inside the longest steps every slack is positive, and the equations hold."""
    point = start(real=False, normalized=normalized, singular=False)
    newton = Newton(point, direct=True)
    change = newton.direction(towards(newton, 0.0), 0.0, 0.0)
    primal, dual = newton.lengths(change)
    following = newton.moved(change, 0.99 * primal, 0.99 * dual)
    smallest = [np.linalg.eigvalsh(part)[0] for pair in following.pairs[0] for part in pair]
    assert min(smallest) > 0
    assert (following.s > 0) is not normalized
    block, ((n, _), (p, _), (y, _), (x, _)) = point.data.blocks[0], following.pairs[0]
    assert np.allclose(block.rho + n - p - x, 0, atol=TIGHT)
    assert np.allclose(following.t * block.sigma - x - y, 0, atol=TIGHT)


def test_the_gap_is_the_difference_of_the_objectives() -> None:
    """At a feasible point ``sum Tr X_i S_i = t - (Tr M rho - mu - nu e)``."""
    point = start(real=False, normalized=True, singular=False)
    following = trace_path._step(point, direct=True)
    m, rho = following.pairs[0][0][1], point.data.blocks[0].rho
    dual = np.vdot(m, rho).real - following.mu - following.nu * point.data.radius
    assert following.gap == pytest.approx(following.t - dual, rel=1e-8)
    assert following.gap < point.gap


def test_a_lower_trace_is_made_up_for() -> None:
    """What the point lacks of its traces, the direction adds."""
    point = start(real=True, normalized=True, singular=False)
    point = dataclasses.replace(point, data=dataclasses.replace(point.data, radius=0.31))
    newton = Newton(point, direct=True)
    change = newton.direction(towards(newton, 0.0, 0.0), 0.0, 0.0)
    following = newton.moved(change, 1.0, 1.0)
    assert np.allclose(following.lacking, 0, atol=TIGHT)


@pytest.mark.parametrize("real", [True, False])
def test_conjugate_gradients_find_the_direction_of_the_factorisation(
    monkeypatch: pytest.MonkeyPatch, real: bool
) -> None:
    """Both ways solve the same equations, to their precision."""
    monkeypatch.setattr("qentropy.smoothing.trace_system.PRECISION", 1e-10)
    point = start(real=real, normalized=True, singular=False)
    found = []
    for direct in (True, False):
        newton = Newton(point, direct=direct)
        targets = towards(newton, 0.1)
        found.append(newton.direction(targets, 0.1, 0.0))
    for exact, close in zip(*(change.pairs[0] for change in found), strict=True):
        for a, b in zip(exact, close, strict=True):
            assert np.linalg.norm(a - b) <= 1e-6 * np.linalg.norm(a)


def test_conjugate_gradients_that_do_not_get_there_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the products that they may take."""
    monkeypatch.setattr("qentropy.smoothing.trace_system.LEAST_PRODUCTS", 1)
    with pytest.raises(SlowConvergenceError):
        Newton(start(real=True, normalized=True, singular=False), direct=False)
