"""Factors: of a state of the purified ball, and of positive operators of low rank."""

from __future__ import annotations

import numpy as np
import pytest
from exact import is_positive, largest_eigenvalue, matrix, positive_part_trace, rational, trace
from flint import arb
from hostile_matrices import Array, gaussian, hermitian_matrices, in_blocks
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import generators, states

from qentropy.blocks import one_group
from qentropy.certify.exact_operations import adjoint_blocks
from qentropy.certify.factors import (
    covered_trace,
    factor_norm,
    factor_weight,
    factored_inner,
    gram,
    gram_error,
    overlap_lower,
    state_factor,
    state_of_factor,
)


@given(states(st.integers(1, 5)))
def test_factor_reproduces_the_state_entry_by_entry(rho: Array) -> None:
    """``B B^dagger`` differs from rho by units of rounding of ``sqrt(rho_ii rho_jj)``."""
    (operator,) = in_blocks(rho)
    factor = state_factor(operator).dense()
    scale = np.sqrt(np.maximum(np.diag(rho).real, 1e-14))
    defect = abs(factor @ factor.conj().T - rho)
    assert (defect <= 1e-14 * len(rho) * np.outer(scale, scale)).all()


def test_row_that_is_rounding_does_not_spoil_the_others() -> None:
    """A row that only rounding has filled is not positive with its neighbour; the trace stays."""
    rho = np.diag([2.777e-04, -3e-18, 0.0, 0.5, 0.5 - 2.777e-04])
    rho[0, 1] = rho[1, 0] = 8.5e-11
    rho[0, 3] = rho[3, 0] = 1e-16
    factor = state_factor(one_group(rho)).dense()
    assert abs(np.trace(factor @ factor.T) - 1) < 1e-15
    assert abs(factor @ factor.T - rho).max() < 1e-15 + 8.5e-11
    assert not factor[2].any()


@given(generators(), st.floats(1, 6))
def test_graded_state_keeps_its_small_entries(rng: np.random.Generator, reach: float) -> None:
    """A tail of weight 1e-12 comes out with its own relative precision."""
    a = gaussian(3, False, rng)
    scale = 10.0 ** -np.array([0.0, reach / 2, reach])
    rho = (a @ a.conj().T + np.eye(3)) * scale[:, None] * scale
    rho = (rho + rho.conj().T) / 2 / np.trace(rho).real
    factor = state_factor(one_group(rho)).dense()
    diagonal = np.diag(rho).real
    relative = abs(factor @ factor.conj().T - rho) / np.sqrt(np.outer(diagonal, diagonal))
    assert relative.max() <= 1e-14


def test_distribution_keeps_its_tail() -> None:
    """For a diagonal state no weight is dropped, however small."""
    weights = np.array([1 - 1e-14, 1e-14, 1e-200, 0.0])
    factor = state_factor(in_blocks(np.diag(weights))[0]).dense()
    assert np.allclose(np.diag(factor) ** 2, weights, rtol=1e-15, atol=0)


@given(states(4, ("pure", "low rank"), diagonal=False))
@settings(max_examples=30)
def test_eigenvalues_that_are_rounding_are_left_out(rho: Array) -> None:
    """The factor has the rank of the state, which its floats do not have exactly."""
    factor = state_factor(one_group(rho)).dense()
    assert np.linalg.matrix_rank(factor, tol=1e-12) == np.linalg.matrix_rank(rho, tol=1e-12)
    assert (np.linalg.svd(factor, compute_uv=False) > 1e-12).sum() == np.count_nonzero(
        np.linalg.norm(factor, axis=0)
    )


def test_one_operator_has_one_factor() -> None:
    """Both ends of an interval are about the same state."""
    operator = one_group(np.eye(2) / 2)
    assert state_factor(operator) is state_factor(operator)
    assert state_factor(operator) is not state_factor(one_group(np.eye(2) / 2))


def test_rows_without_weight_stay_empty() -> None:
    """A zero, or a negative rounding, on the diagonal gives a zero row."""
    rho = np.array([[0.5, 0.0, 0.5], [0.0, -1e-18, 1e-18], [0.5, 1e-18, 0.5]])
    assert not state_factor(one_group(rho)).dense()[1].any()


@pytest.mark.parametrize("real", [True, False])
@pytest.mark.parametrize("size", [1, 3, 16])
def test_gram_matrix_and_weight_bound_their_rounding(size: int, real: bool) -> None:
    """``A^dagger A`` and its trace are within their errors of the exact ones."""
    factor = one_group(gaussian(size, real, np.random.default_rng(size)))
    whole = matrix(factor.dense())
    exact = whole.transpose() * whole
    missing = exact - matrix(gram(factor).dense())
    bound = rational(gram_error(factor))
    identity = matrix(np.eye(size)) * bound
    assert is_positive(identity - missing)
    assert is_positive(identity + missing)
    weight = factor_weight(factor)
    assert arb(weight.lower) < trace(exact) < arb(weight.upper)
    assert factor_weight(adjoint_blocks(factor)).overlaps(weight)


def test_a_state_keeps_the_factor_it_was_made_of() -> None:
    """``B B^dagger`` up to rounding, and B itself as its factor."""
    factor = one_group(np.random.default_rng(5).normal(size=(3, 3)))
    state = state_of_factor(factor)
    assert state_factor(state) is factor
    np.testing.assert_allclose(state.dense(), factor.dense() @ factor.dense().T, atol=1e-14)


def test_overlap_is_a_lower_bound_of_the_fidelity() -> None:
    """The sum of singular values of ``B^dagger A``, from below and close."""
    rng = np.random.default_rng(6)
    left, right = (one_group(rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))) for _ in "BA")
    exact = np.linalg.svd(left.dense().conj().T @ right.dense(), compute_uv=False).sum()
    assert exact * (1 - 1e-12) < overlap_lower(left, right) <= exact * (1 + 1e-15)


def tall_factor(rows: int, columns: int, *, real: bool, seed: int) -> Array:
    """Random columns, the last of them zero."""
    factor = gaussian(max(rows, columns), real, np.random.default_rng(seed))[:rows, :columns]
    factor[:, -1] = 0
    return factor


@pytest.mark.parametrize("real", [True, False])
@given(operator=hermitian_matrices(3), seed=st.integers(0, 99))
@settings(max_examples=40)
def test_trace_with_a_factor_is_enclosed(operator: Array, seed: int, real: bool) -> None:
    """``Tr A F F^dagger`` is inside its interval, which is as narrow as its largest term."""
    factor = tall_factor(3, 2, real=real, seed=seed)
    whole = matrix(factor)
    exact = arb(trace(matrix(operator) * whole * whole.transpose()))
    found = factored_inner(one_group(operator), one_group(factor))
    if not np.isfinite(found.lower):
        return
    assert arb(found.lower) < exact < arb(found.upper)
    terms = np.abs(factor).T @ np.abs(operator) @ np.abs(factor)
    assert found.width <= 1e-13 * np.trace(terms) + 1e-290


@pytest.mark.parametrize("real", [True, False])
@pytest.mark.parametrize("columns", [1, 2, 4])
def test_norm_of_a_factor(columns: int, real: bool) -> None:
    """The largest eigenvalue of ``F F^dagger``, from above and close."""
    factor = tall_factor(4, columns, real=real, seed=columns)
    factor[:, 0] += 1
    whole = matrix(factor)
    exact = largest_eigenvalue(whole * whole.transpose())
    found = factor_norm(one_group(factor))
    assert exact < arb(found)
    assert found <= float(exact.mid()) * (1 + 1e-13)


@given(operator=hermitian_matrices(3), seed=st.integers(0, 99))
@settings(max_examples=40)
def test_any_factor_covers_the_positive_part(operator: Array, seed: int) -> None:
    """For any F the bound is above ``Tr (A)_+``."""
    bound = covered_trace(one_group(operator), one_group(tall_factor(3, 2, real=False, seed=seed)))
    if np.isfinite(bound):
        assert not positive_part_trace(matrix(operator)) > arb(bound)


def test_the_right_factor_covers_it_closely() -> None:
    """With the eigenvectors of the positive eigenvalues the bound is the trace to rounding."""
    rng = np.random.default_rng(8)
    operator = rng.normal(size=(5, 5)) + 1j * rng.normal(size=(5, 5))
    operator = operator + operator.conj().T
    values, vectors = np.linalg.eigh(operator)
    factor = vectors * np.sqrt(np.maximum(values, 0))
    exact = np.maximum(values, 0).sum()
    assert exact < covered_trace(one_group(operator), one_group(factor)) < exact * (1 + 1e-12)
    moved = covered_trace(one_group(operator), one_group(factor), 1e-3)
    assert moved == pytest.approx(exact + 5e-3, rel=1e-10)
