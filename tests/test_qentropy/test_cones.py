"""Matrices as the vectors of SCS, and the one call of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import scs

from qentropy.cones import Cone, solve
from qentropy.errors import SolverError
from qentropy.states import random_state

ROWS = [(sp.eye_array(1), np.zeros(1))]
CONES = [Cone(size, flag) for size in (1, 2, 4) for flag in (False, True)]


@pytest.mark.parametrize("cone", CONES, ids=str)
def test_vectors_keep_inner_products(cone: Cone) -> None:
    """And come back as the matrix that they were."""
    first, second = (random_state(cone.size, real=not cone.complex, rng=k) for k in (1, 2))
    vectors = cone.vector(first), cone.vector(second)
    assert vectors[0].shape == (cone.length,)
    assert vectors[0] @ vectors[1] == pytest.approx(np.trace(first @ second).real)
    np.testing.assert_allclose(cone.matrix(vectors[0]), first, atol=1e-15)
    assert cone.identity @ vectors[0] == pytest.approx(1)


@pytest.mark.parametrize("flag", [False, True])
def test_places_of_a_submatrix(flag: bool) -> None:
    """The vector of a submatrix is a part of the vector of the whole."""
    cone, rows = Cone(4, flag), np.array([1, 3])
    whole = random_state(4, real=not flag, rng=3)
    part = Cone(2, flag).vector(whole[np.ix_(rows, rows)])
    np.testing.assert_allclose(cone.vector(whole)[cone.places(rows)], part)


@pytest.mark.parametrize("cone", CONES, ids=str)
def test_weights_are_a_congruence(cone: Cone) -> None:
    """Entry by entry, ``D A D`` for a diagonal D."""
    matrix, scale = (
        random_state(cone.size, real=not cone.complex, rng=5),
        np.arange(1.0, cone.size + 1),
    )
    scaled = cone.vector(scale[:, None] * matrix * scale)
    np.testing.assert_allclose(cone.weights(scale) * cone.vector(matrix), scaled)


@pytest.mark.parametrize("flag", [False, True])
def test_the_transpose_of_a_map_is_its_adjoint(flag: bool) -> None:
    """``Y -> 1 (x) Y`` and the partial trace."""
    small, large = Cone(2, flag), Cone(6, flag)
    lift = small.map_of(lambda y: np.kron(np.eye(3), y), large)
    rho = random_state(6, real=not flag, rng=4)
    marginal = small.matrix(lift.T @ large.vector(rho))
    np.testing.assert_allclose(marginal, rho.reshape(3, 2, 3, 2).trace(axis1=0, axis2=2))


def test_largest_eigenvalue_as_a_program() -> None:
    """``min t : t 1 >= H``, with its multiplier, a state."""
    cone = Cone(2, True)
    matrix = np.array([[0, -1j], [1j, 0]])
    found = solve(
        [(sp.csc_array(-cone.identity[:, None]), -cone.vector(matrix))],
        np.ones(1),
        [cone],
        size=2,
        tolerance=1e-9,
    )
    assert found.x[0] == pytest.approx(1)
    assert np.trace(cone.matrix(found.y) @ matrix).real == pytest.approx(1)
    assert found.status == "solved"
    assert found.iterations > 0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(
    monkeypatch: pytest.MonkeyPatch, bad: float
) -> None:
    """What SCS returns when it fails becomes our error, with SCS's own word."""

    def fail(data: dict[str, Any], cones: dict[str, Any], **options: Any) -> dict[str, Any]:
        y = np.zeros(data["A"].shape[0])
        return {"x": np.full(data["A"].shape[1], bad), "y": y, "info": {"status": "bad", "iter": 3}}

    monkeypatch.setattr(scs, "solve", fail)
    with pytest.raises(SolverError, match="'bad'"):
        solve(ROWS, np.ones(1), [Cone(1, False)], size=1, tolerance=1e-9)


@pytest.mark.parametrize(("size", "lookbacks"), [(16, [None, 0]), (17, [None])])
def test_a_small_program_gets_a_second_attempt(
    monkeypatch: pytest.MonkeyPatch, size: int, lookbacks: list[int | None]
) -> None:
    """Without acceleration, which may have led SCS astray."""
    seen: list[int | None] = []

    def stop(data: dict[str, Any], cones: dict[str, Any], **options: Any) -> dict[str, Any]:
        seen.append(options.get("acceleration_lookback"))
        zero = np.zeros(1)
        return {"x": zero, "y": zero, "info": {"status": "solved_inaccurate", "iter": 3}}

    monkeypatch.setattr(scs, "solve", stop)
    solve(ROWS, np.ones(1), [Cone(1, False)], size=size, tolerance=1e-9)
    assert seen == lookbacks
