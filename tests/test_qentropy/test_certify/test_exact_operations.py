"""What claims to round nothing rounds nothing."""

from __future__ import annotations

import numpy as np
import pytest
from exact import identity, is_positive, matrix, rational
from hostile_matrices import KINDS, hermitian_matrices, hermitian_matrix, in_blocks
from hypothesis import given
from strategies import Array, states

from qentropy.blocks import BlockOperator, one_group
from qentropy.certify.exact_operations import (
    adjoint_blocks,
    binary_exponent,
    congruence,
    couples,
    eigendecompositions,
    fill_outside,
    hermitian_part,
    is_finite,
    negative,
    on_support,
    ones_like,
    raise_diagonal,
    root_scale,
    rows_on_support,
    spectral,
    state_scales,
    support_rows,
    to_order_one,
    total_size,
)

SIGMA = one_group(np.array([[0.5, 0.0, 0.1], [0.0, 0.0, 0.0], [0.1, 0.0, 1e-9]]))


def dense_scale(scale: list[Array], layout: BlockOperator) -> Array:
    """The diagonal matrix whose blocks have these diagonals."""
    return layout.with_groups([s[:, :, None] * np.eye(s.shape[1]) for s in scale]).dense()


@given(states(kinds=("generic", "graded", "pure")))
def test_congruence_is_exact_and_undone(sigma: Array) -> None:
    """``D A D`` with powers of two is the rational product, and the inverse powers undo it."""
    (operator,) = in_blocks(sigma)
    there, back = root_scale(operator, sign=-1), root_scale(operator, sign=1)
    scaled = congruence(operator, there)
    scale = matrix(dense_scale(there, operator))
    assert matrix(scaled.dense()) == scale * matrix(sigma) * scale
    assert np.array_equal(congruence(scaled, back).dense(), sigma)
    diagonal = np.diag(scaled.dense())
    assert diagonal[diagonal > 0].max() / diagonal[diagonal > 0].min() <= 16


@given(states(4, kinds=("generic", "graded")), states(4))
def test_state_scales_are_inverse_powers_of_two(sigma: Array, state: Array) -> None:
    """The two lists are inverse to each other, and the first is at most one."""
    sigma_blocks, state_blocks = in_blocks(sigma, state)
    there, back = state_scales(sigma_blocks, state_blocks)
    for x, y in zip(there, back, strict=True):
        assert (x * y == 1).all()
        assert (x <= 1).all()
        assert (np.frexp(x)[0] == 0.5).all()


@given(hermitian_matrices())
def test_scaling_to_order_one_keeps_the_large_entries(values: Array) -> None:
    """The largest part gets into [1/2, 1), and what does not underflow is unchanged."""
    (operator,) = in_blocks(values)
    unit, exponent = to_order_one(operator)
    assert exponent == binary_exponent(operator.groups)
    largest = max(np.abs(values.real).max(), np.abs(np.imag(values)).max())
    assert largest == 0 or 0.5 <= max(abs(g).max() for g in unit.groups) < np.sqrt(2)
    back = np.ldexp(np.ldexp(unit.dense().real, exponent // 2), exponent - exponent // 2)
    assert abs(back - values.real).max() <= 1e-307 * max(largest, 1e-17)


def test_support_is_the_rows_on_which_sigma_acts() -> None:
    """A zero on the diagonal of sigma is a zero row; the rest is kept to the last bit."""
    (rows,) = support_rows(SIGMA)
    assert rows.tolist() == [[True, False, True]]
    full = one_group(np.arange(1.0, 10.0).reshape(3, 3))
    assert on_support(SIGMA, full).dense().tolist() == [[1, 0, 3], [0, 0, 0], [7, 0, 9]]
    assert rows_on_support(SIGMA, full).dense().tolist() == [[1, 2, 3], [0, 0, 0], [7, 8, 9]]
    assert couples(full, [rows])
    assert not couples(on_support(SIGMA, full), [rows])


def test_filling_and_raising_keep_to_their_side_of_the_support() -> None:
    """`fill_outside` touches the rows outside, `raise_diagonal` those inside."""
    support = support_rows(SIGMA)
    assert np.diag(fill_outside(SIGMA, support).dense()).tolist() == [0.5, 0.5, 1e-9]
    assert np.diag(raise_diagonal(SIGMA, 1.0, support).dense()).tolist() == [1.5, 0, 1 + 1e-9]
    everywhere = [np.ones((1, 3), bool)]
    assert fill_outside(SIGMA, everywhere) is SIGMA
    nothing = SIGMA.map(np.zeros_like)
    assert is_positive(matrix(fill_outside(nothing, support).dense()))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_shorthands_are_what_they_say(kind: str) -> None:
    """Hermitian part, negative, adjoint and the identity of a layout are exact."""
    (operator,) = in_blocks(hermitian_matrix(kind, 4, False, np.random.default_rng(0)))
    dense = operator.dense()
    assert is_finite(operator)
    assert not is_finite(operator.map(lambda g: g * np.nan))
    assert np.array_equal(operator.map(hermitian_part).dense(), dense)
    assert np.array_equal(negative(operator).dense(), -dense)
    assert np.array_equal(adjoint_blocks(operator).dense(), dense.conj().T)
    assert matrix(operator.map(ones_like).dense()) == identity(matrix(dense))
    assert total_size(operator) == 4


def test_spectral_decomposition_is_exactly_hermitian() -> None:
    """``V diag(w) V^dagger`` is rebuilt to rounding and equals its adjoint."""
    (operator,) = in_blocks(hermitian_matrix("blocks", 4, False, np.random.default_rng(1)))
    parts = [spectral(v, w) for w, v in eigendecompositions(operator)]
    rebuilt = operator.with_groups(parts).dense()
    assert np.array_equal(rebuilt, rebuilt.conj().T)
    assert np.allclose(rebuilt, operator.dense(), rtol=0, atol=1e-14)
    assert rational(rebuilt[0, 0].imag) == 0
