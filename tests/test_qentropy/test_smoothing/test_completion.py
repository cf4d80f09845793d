"""The least X between two bounds: against a semidefinite program, and in cases that are known."""

from __future__ import annotations

from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from numpy.typing import NDArray
from smoothing_problems import certified, problem

from qentropy import smooth_max_relative_entropy
from qentropy.smoothing import hockey_stick
from qentropy.smoothing.completion import Frame, frame, least_between
from qentropy.states import random_state, random_unitary

Array = NDArray[Any]

CLOSE = 0.1  # relative: from here on a completion that exists is found


def framed(lower: Array, upper: Array) -> Frame:
    """One block."""
    values, vectors = np.linalg.eigh(upper)
    return frame(lower[None], np.where(values > 1e-12, values, 0.0)[None], vectors[None])


def bounds(size: int, seed: int, *, is_real: bool, touching: int = 0) -> tuple[Array, Array]:
    """Some S > 0, and an R that is at most S and touches it in some directions."""
    rng = np.random.default_rng(seed)
    upper = size * random_state(size, rng=rng, real=is_real) + 0.1 * np.eye(size)
    z = rng.uniform(-2, 0.95, size)
    z[:touching] = 1
    half = np.linalg.cholesky(upper) @ random_unitary(size, rng=rng, real=is_real)
    return (half * z) @ half.conj().T, upper


def least_trace(lower: Array, upper: Array) -> float:
    """The least trace of X by a solver.

    Where R touches S nothing is left to choose, so that the solver is only given the rest.
    """
    half = np.linalg.cholesky(upper)
    inverse = np.linalg.inv(half)
    z, vectors = np.linalg.eigh(inverse @ lower @ inverse.conj().T)
    free = z < 1 - 1e-9
    price = (half @ vectors).conj().T @ half @ vectors
    y = cp.Variable(2 * [int(free.sum())], hermitian=True)
    program = cp.Problem(
        cp.Minimize(cp.real(cp.trace(price[np.ix_(free, free)] @ y))),
        [y >> 0, y - np.diag(z[free]) >> 0, np.eye(int(free.sum())) - y >> 0],
    )
    program.solve(solver=cp.CLARABEL)
    return float(program.value) + float(price.diagonal()[~free].real.sum())


def assert_between(x: Array, lower: Array, upper: Array) -> None:
    """``0, R <= X <= S`` up to rounding."""
    for difference in (x, x - lower, upper - x):
        assert np.linalg.eigvalsh(difference)[0] > -1e-9


@pytest.mark.parametrize("is_real", [True, False])
@pytest.mark.parametrize("touching", [0, 1])
@pytest.mark.parametrize("seed", range(6))
def test_it_finds_what_a_program_finds(seed: int, touching: int, is_real: bool) -> None:
    """Never an X below the least trace, and one wherever there is some room."""
    lower, upper = bounds(5, seed, is_real=is_real, touching=touching)
    least = least_trace(lower, upper)
    assert least_between([framed(lower, upper)], least * (1 - 1e-4)) is None
    found = least_between([framed(lower, upper)], least * (1 + CLOSE))
    assert found is not None
    assert_between(found[0][0], lower, upper)
    assert np.trace(found[0][0]).real <= least * (1 + CLOSE) + 1e-12


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_it_finds_less_than_the_closed_form(share: float) -> None:
    """Between the least trace and that of ``K Z_+ K^dagger`` the steps find an X."""
    lower, upper = bounds(6, 4, is_real=False)
    block = framed(lower, upper)
    closed = float((np.abs(block.half[0]) ** 2 @ np.maximum(block.z[0], 0)).sum())
    least = least_trace(lower, upper)
    assert closed > least * (1 + 2 * CLOSE)
    most = least * (1 + CLOSE) + share * (closed - least * (1 + CLOSE))
    found = least_between([block], most)
    assert found is not None
    assert_between(found[0][0], lower, upper)


def test_diagonal_blocks_have_the_positive_part() -> None:
    """Where R and S commute, X is ``R_+``."""
    lower, upper = np.diag([0.5, -0.2, 0.3, 1.0]), np.diag([0.7, 0.1, 0.3, 1.5])
    found = least_between([framed(lower, upper)], 1.8)
    assert found is not None
    assert found[0][0] == pytest.approx(np.diag([0.5, 0, 0.3, 1]), abs=1e-12)
    assert least_between([framed(lower, upper)], 1.79) is None


def test_blocks_share_the_trace() -> None:
    """What one block does not need the others may have."""
    cases = [bounds(4, seed, is_real=False) for seed in (1, 2)]
    least = [least_trace(*case) for case in cases]
    frames = [framed(*case) for case in cases]
    assert least_between(frames, sum(least) * (1 - 1e-4)) is None
    found = least_between(frames, sum(least) * (1 + CLOSE))
    assert found is not None
    for (x,), case in zip(found, cases, strict=True):
        assert_between(x, *case)
    assert sum(np.trace(x[0]).real for x in found) <= sum(least) * (1 + CLOSE) + 1e-12


def test_rows_where_the_upper_bound_is_zero_stay_zero() -> None:
    """X vanishes there, and the rest is as without them."""
    lower, upper = bounds(4, 5, is_real=True)
    wide = [np.pad(x, (0, 2)) for x in (lower, upper)]
    most = least_trace(lower, upper) * (1 + CLOSE)
    (found,), (expected,) = (least_between([framed(*x)], most) for x in (wide, (lower, upper)))
    assert found[0] == pytest.approx(np.pad(expected[0], (0, 2)), abs=1e-7)


@pytest.mark.parametrize(
    ("size", "rank", "seed", "radius"), [(8, 2, 3, 0.37), (12, 3, 1, 0.455), (24, 6, 0, 0.435)]
)
def test_the_root_is_the_answer_where_the_closed_form_is_too_large(
    size: int, rank: int, seed: int, radius: float
) -> None:
    """Radii for which ``K Z_+ K^dagger`` has a trace above one, and a smaller X has not."""
    rho, sigma = random_state(size, rank=rank, rng=seed), random_state(size, rng=seed + 1)
    task = problem(rho, sigma, radius)
    [rest] = hockey_stick._kept(task)
    spectrum = task.sigma.spectrum
    block = frame(rest, task.cut.level * spectrum.values[0], spectrum.vectors[0])
    closed = float((np.abs(block.half[0]) ** 2 @ np.maximum(block.z[0], 0)).sum()) + block.fixed
    assert closed > 1 + 1e-3
    least = hockey_stick.least_completion(task)
    assert least is not None
    low, high = certified(task, least)
    assert high <= low * (1 + 1e-7)
    found = smooth_max_relative_entropy(rho, sigma, radius, ball="trace-distance")
    assert (found.method, found.converged) == ("hockey-stick", True)
    other = smooth_max_relative_entropy(
        rho, sigma, radius, ball="trace-distance", method="path-following"
    )
    assert other.lower <= found.upper
    assert found.lower <= other.upper
