"""Lifting: what a subspace gives is feasible for the whole space, and exact where it holds X."""

from __future__ import annotations

import numpy as np
import pytest
from smoothing_problems import certified, problem

from qentropy.smoothing import trace_path
from qentropy.smoothing.lifting import absent, lift, lower_end, pieces, spanned
from qentropy.states import random_state

TASK = problem(random_state(14, rank=3, rng=1), random_state(14, rng=2), 0.15)


def test_on_the_whole_space_the_optimal_points_come_back() -> None:
    """The lifted dual point proves the same lower end, and the ratio is the upper one."""
    found = trace_path.propose(TASK, 1e-10)
    (piece,) = pieces(TASK)
    x, g = (operator.dense() for operator in (found.primal, found.dual))
    slopes = np.linalg.eigvalsh(g)
    ends = (-slopes[0], slopes[-1] - slopes[0])
    lifted = lift(piece, np.eye(14), (x, g), ends, (1e-7, 1e-7))
    low, high = certified(TASK, found)
    assert lifted.ratio == pytest.approx(high, rel=1e-6)
    assert lower_end(TASK, [(piece, lifted)]) == pytest.approx(low, rel=1e-6)
    eigenvalues = np.linalg.eigvalsh(lifted.dual)
    assert eigenvalues[0] >= -ends[0] - 1e-9
    assert eigenvalues[-1] <= ends[1] - ends[0] + 1e-9


def test_where_n_and_p_lie_is_told_without_them() -> None:
    """Both are found in the lifted columns to within the gap's root."""
    found = trace_path.propose(TASK, 1e-10)
    (piece,) = pieces(TASK)
    x, g = (operator.dense() for operator in (found.primal, found.dual))
    slopes = np.linalg.eigvalsh(g)
    lifted = lift(piece, np.eye(14), (x, g), (-slopes[0], slopes[-1] - slopes[0]), (1e-7, 1e-7))
    change, frame = np.linalg.eigh(TASK.rho.dense() - x)
    for columns, part in (
        (lifted.added, frame[:, change < -1e-5]),
        (lifted.before, frame[:, change < -1e-5]),
        (lifted.removed, frame[:, change > 1e-5]),
    ):
        basis = spanned(columns)
        assert np.allclose(basis @ (basis.conj().T @ part), part, atol=1e-3)


def test_restricted_to_a_range_the_order_is_the_same() -> None:
    """``V x V^dagger <= t sigma`` where the least t is that of the restricted sigma."""
    (piece,) = pieces(TASK)
    basis = np.linalg.qr(random_state(14, rng=3)[:, :4])[0]
    inner = random_state(4, rng=4)
    _, sigma = piece.restricted(basis)
    least = np.linalg.eigvals(np.linalg.solve(sigma, inner)).real.max()
    state = basis @ inner @ basis.conj().T
    whole = np.linalg.eigvals(piece.inverse @ state).real.max()
    assert least == pytest.approx(whole)


def test_columns_of_any_length_span_what_they_span() -> None:
    """A short column counts as a long one, and what is there already adds nothing."""
    columns = np.array([[1.0, 0.0], [0.0, 1e-12], [0.0, 0.0]])
    assert spanned(columns, columns[:, :1]).shape == (3, 2)


def test_a_block_without_columns_holds_nothing() -> None:
    """X and M are zero there."""
    (piece,) = pieces(TASK)
    empty = absent(piece, 0.5)
    assert not empty.state.any()
    assert np.allclose(empty.dual, -0.5 * np.eye(14))
    assert empty.added.shape == empty.removed.shape == (14, 0)


def test_a_dual_point_that_costs_nothing_proves_nothing() -> None:
    """The lower end is zero where G has no positive part."""
    (piece,) = pieces(TASK)
    assert lower_end(TASK, [(piece, absent(piece, 0.5))]) == 0
