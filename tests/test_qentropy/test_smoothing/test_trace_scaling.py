"""The equations of a block: confined to everything, N and P do what they do unconfined."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from smoothing_problems import problem

from qentropy.smoothing import trace_path, trace_start
from qentropy.smoothing.scaling import congruence, dagger
from qentropy.smoothing.trace_newton import Change, Newton
from qentropy.smoothing.trace_point import Point
from qentropy.spectra import diagonal_matrices
from qentropy.states import random_state


def start(*, real: bool = False, normalized: bool = True) -> Point:
    """The first point for a random pair of dimension 5."""
    rho = random_state(5, rank=2, real=real, rng=1)
    task = problem(rho, random_state(5, real=real, rng=2), 0.3, normalized=normalized)
    return trace_start.start(trace_path._data(task, 1.0))


def confined(point: Point, reach: np.ndarray) -> Point:
    """N and P restricted to a subspace; the point then lacks some of its equations."""
    blocks = [dataclasses.replace(b, reach=reach) for b in point.data.blocks]
    (n, m), (p, q), *others = point.pairs[0]
    pairs = [[(congruence(reach, a), congruence(reach, b)) for a, b in ((n, m), (p, q))] + others]
    return dataclasses.replace(
        point, data=dataclasses.replace(point.data, blocks=blocks), pairs=pairs
    )


def direction(point: Point) -> tuple[Newton, Change]:
    """Towards pairs whose products are 0.1."""
    newton = Newton(point, direct=True)
    targets = [[diagonal_matrices(0.1 - v) for v in newton.scalings[0].values]]
    return newton, newton.direction(targets, 0.1, 0.0)


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("real", [True, False])
def test_confined_to_everything_is_not_confined(real: bool, normalized: bool) -> None:
    """Both eliminations give the same direction, whatever the basis of the whole space."""
    point = start(real=real, normalized=normalized)
    turn = np.linalg.qr(random_state(5, real=real, rng=3))[0]
    (_, whole), (_, same) = direction(point), direction(confined(point, turn))
    for name in ("nu", "mu", "t", "s"):
        assert getattr(same, name) == pytest.approx(getattr(whole, name), rel=1e-7, abs=1e-9)
    moved = [
        Newton(p, direct=True).moved(c, 0.5, 0.5)
        for p, c in ((point, whole), (confined(point, turn), same))
    ]
    for k, (left, right) in enumerate(zip(*(m.pairs[0] for m in moved), strict=True)):
        for a, b in zip(left, right, strict=True):
            assert np.allclose(congruence(turn, a) if k < 2 else a, b, atol=1e-7)


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("real", [True, False])
def test_a_direction_mends_what_a_confined_point_lacks(real: bool, normalized: bool) -> None:
    """After a full step every linear equation of the primal and of the dual holds."""
    point = start(real=real, normalized=normalized)
    reach = np.linalg.qr(random_state(5, real=real, rng=3)[:, :3])[0]
    point = confined(point, reach)
    newton, change = direction(point)
    scaling, pairs = newton.scalings[0], change.pairs[0]
    xs = [congruence(dagger(g), dx) for g, (dx, _) in zip(scaling.direct, pairs, strict=True)]
    ss = [congruence(h, ds) for h, (_, ds) in zip(scaling.inverse, pairs, strict=True)]
    (n, p, z, x), (m, q, w, low) = (
        [a + da for a, da in zip(old, [*new[0], *new[1]], strict=True)]
        for old, new in zip(zip(*point.pairs[0], strict=True), (xs, ss), strict=True)
    )
    block, mu, nu = point.data.blocks[0], point.mu + change.mu, point.nu + change.nu
    size = np.abs(m).max()
    assert np.allclose(block.smoothed(n, p), x, atol=1e-8)
    assert np.allclose(z + x, (point.t + change.t) * block.sigma, atol=1e-8)
    assert np.allclose(m, block.reached(w - low) + mu * np.eye(3), atol=1e-8 * size)
    assert np.allclose(m + q, nu * np.eye(3), atol=1e-8 * size)
    traces = [np.trace(p).real, np.trace(x).real + point.s + change.s, np.vdot(block.sigma, w).real]
    assert np.allclose(traces, [point.data.radius, 1, 1], atol=1e-8)
