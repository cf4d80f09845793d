"""The frames of Nesterov and Todd, and following a path."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from qentropy.smoothing.scaling import (
    MAX_STEPS,
    Coordinates,
    congruence,
    dagger,
    follow,
    hermitian,
    joint_frame,
    longest_step,
    scaling_frame,
)

SIZE = 4


def matrix(seed: int, *, real: bool = False) -> NDArray[Any]:
    """A random square matrix."""
    rng = np.random.default_rng(seed)
    imaginary = 0 if real else 1j * rng.normal(size=(SIZE, SIZE))
    return np.asarray(rng.normal(size=(SIZE, SIZE)) + imaginary)


def positive(seed: int, spread: float = 0.0) -> NDArray[Any]:
    """A positive matrix; its eigenvalues range over `spread` decades."""
    values = 10.0 ** np.linspace(0, -spread, SIZE)
    vectors = np.linalg.qr(matrix(seed))[0]
    return hermitian(vectors * values @ dagger(vectors))


@pytest.mark.parametrize("spread", [0.0, 3.0, 6.0])
def test_the_frame_makes_both_diagonal(spread: float) -> None:
    """``G^dagger S G = G^{-1} X G^{-dagger} = diag(v)``."""
    x, s = positive(1, spread), positive(2, spread)
    direct, inverse, v = scaling_frame(x, s)
    assert np.allclose(direct @ inverse, np.eye(SIZE), atol=1e-9)
    assert np.allclose(congruence(direct, s), np.diag(v), atol=1e-9 * v.max())
    assert np.allclose(congruence(dagger(inverse), x), np.diag(v), atol=1e-9 * v.max())
    assert np.allclose(np.sort(v) ** 2, np.sort(np.linalg.eigvals(x @ s).real), rtol=1e-6)


def test_frames_of_a_stack_are_the_frames_of_its_members() -> None:
    """A leading axis runs over blocks."""
    x, s = (np.stack([positive(k), positive(k + 1)]) for k in (1, 5))
    _, _, v = scaling_frame(x, s)
    assert np.allclose(v[1], scaling_frame(x[1], s[1])[2])


def test_the_joint_frame_makes_both_diagonal() -> None:
    """``L L^dagger = F diag(a) F^dagger`` and likewise for R, with ``a + b = 1``."""
    left, right = matrix(1), 1e-9 * matrix(2)
    frame, inverse, first, second = joint_frame(left, right)
    a, b = ((np.abs(rows) ** 2).sum(axis=1) for rows in (first, second))
    assert np.allclose(frame @ inverse, np.eye(SIZE))
    assert np.allclose(a + b, 1)
    assert np.allclose(frame * a @ dagger(frame), left @ dagger(left))
    assert np.allclose(frame * b @ dagger(frame), right @ dagger(right), rtol=1e-6, atol=1e-30)
    assert np.allclose(inverse @ left, first)


def test_the_longest_step_ends_at_the_boundary() -> None:
    """There the smallest eigenvalue is zero; with nothing in the way it is infinite."""
    v, change = np.array([1.0, 2.0, 3.0, 4.0]), hermitian(matrix(3))
    length = longest_step(v, change)
    assert np.linalg.eigvalsh(np.diag(v) + length * change)[0] == pytest.approx(0, abs=1e-12)
    assert longest_step(v, positive(1)) == np.inf


@pytest.mark.parametrize("real", [True, False])
def test_coordinates_keep_inner_products(real: bool) -> None:
    """``Tr A B`` is the product of the vectors, and the way back gives the matrix."""
    a, b = hermitian(matrix(1, real=real)), hermitian(matrix(2, real=real))
    basis = Coordinates(SIZE, not real)
    assert basis.vector(a) @ basis.vector(b) == pytest.approx(np.trace(a @ b).real)
    assert np.allclose(basis.matrix(basis.vector(a)), a)


@pytest.mark.parametrize("real", [True, False])
def test_coordinates_of_a_sum_of_congruences(real: bool) -> None:
    """The matrix does to the vector what the sum does to Y; the frame may have fewer columns."""
    y, frame = hermitian(matrix(1, real=real)), matrix(2, real=real)[:, :3]
    metrics = [positive(3), positive(4)] if not real else [hermitian(matrix(3, real=True))]
    weights = hermitian(np.abs(matrix(5, real=True)))[:3, :3]
    image = frame @ (weights * (dagger(frame) @ y @ frame)) @ dagger(frame)
    image = hermitian(image + sum(a @ y @ a for a in metrics))
    basis = Coordinates(SIZE, not real)
    found = basis.products([(a, a) for a in metrics], frame, weights)
    assert np.allclose(found @ basis.vector(y), basis.vector(image))
    assert np.allclose(found, found.T)


@pytest.mark.parametrize("real", [True, False])
def test_coordinates_of_entrywise_weights(real: bool) -> None:
    """Without a frame there are congruences only; weights act entry by entry."""
    y, metric = (
        hermitian(matrix(1, real=real)),
        positive(3) if not real else np.diag([1.0, 2, 3, 4]),
    )
    weights = hermitian(np.abs(matrix(5, real=True)))
    basis = Coordinates(SIZE, not real)
    found = basis.products([(metric, metric)]) + np.diag(basis.entries(weights))
    assert np.allclose(found @ basis.vector(y), basis.vector(metric @ y @ metric + weights * y))


@pytest.mark.parametrize("real", [True, False])
def test_coordinates_of_a_sum_of_products(real: bool) -> None:
    """``A Y B + B Y A`` is Hermitian, too; the solver inverts it."""
    y, a, b = hermitian(matrix(1, real=real)), positive(3), positive(4)
    a, b = (x.real if real else x for x in (a, b))
    basis = Coordinates(SIZE, not real)
    found = basis.products([(a, b), (b, a)])
    image = a @ y @ b + b @ y @ a
    assert np.allclose(found @ basis.vector(y), basis.vector(image))
    assert np.allclose(basis.solver(found)(image), y)


def test_a_solver_needs_a_positive_matrix() -> None:
    """It says so."""
    with pytest.raises(np.linalg.LinAlgError, match="positive definite"):
        Coordinates(2, is_complex=False).solver(np.array([[1.0, 2, 0], [2, 1, 0], [0, 0, 1]]))


def test_a_path_that_stops_says_why() -> None:
    """Converged, stalled, not a number, singular, out of steps; the last good point is kept."""

    def halved(point: Any) -> Any:
        return SimpleNamespace(gap=point.gap / 2, t=1.0)

    def slower(point: Any) -> Any:
        return SimpleNamespace(gap=point.gap * 0.99, t=1.0)

    def singular(point: Any) -> Any:
        if point.gap < 0.5:
            raise np.linalg.LinAlgError
        return halved(point)

    def undefined(_: Any) -> Any:
        return SimpleNamespace(gap=np.float64(0) / np.float64(0), t=1.0)

    start = SimpleNamespace(gap=1.0, t=1.0)
    assert follow(start, halved, 1e-3)[1:] == ("converged", 10)
    assert follow(start, lambda p: p, 1e-3)[1:] == ("stopped when the gap no longer shrank", 0)
    assert follow(start, undefined, 1e-3)[0] is start
    point, status, steps = follow(start, singular, 1e-3)
    assert (point.gap, status, steps) == (0.25, "stopped at a singular Newton system", 2)
    assert follow(start, slower, 1e-3)[1:] == ("reached the iteration limit", MAX_STEPS)
