"""Parts of classical-quantum states, and the matrices that they come from."""

import math

import numpy as np
import pytest

from qentropy.blocks import Array
from qentropy.errors import DimensionMismatchError, InvalidStateError
from qentropy.lemmas.classical_quantum import (
    block_diagonal,
    classical_quantum_parts,
    conditional_parts,
    ensemble_state,
    from_parts,
)
from qentropy.operators import partial_trace
from qentropy.states import maximally_entangled_state

DIMS = (2, 3)


def normals(*shape: int) -> Array:
    """Normal numbers that are the same in every call."""
    return np.random.default_rng(math.prod(shape)).standard_normal(shape)


STATE = ensemble_state(normals, DIMS, 2)


def test_a_drawn_ensemble_is_classical_on_b() -> None:
    """Its matrix is that of an ensemble, the quantum system first, of states of the rank wanted."""
    _, parts = classical_quantum_parts(STATE, DIMS)
    expected = sum(np.kron(part, np.diag(row)) for part, row in zip(parts, np.eye(3), strict=True))
    assert pytest.approx(expected, abs=1e-15) == STATE
    assert pytest.approx(partial_trace(STATE, DIMS, 0)) == parts.sum(axis=0)
    pure = ensemble_state(normals, DIMS, 1, unused=1)
    assert [np.linalg.matrix_rank(part) for part in conditional_parts(pure, DIMS)] == [1, 1, 0]


def test_parts_and_matrix_stand_for_each_other() -> None:
    """The matrix of the parts of a state is the state, as a matrix and as blocks."""
    parts = conditional_parts(STATE, DIMS)
    assert np.array_equal(from_parts(parts), STATE)
    assert block_diagonal(parts).dense() == pytest.approx(STATE, abs=1e-16)


def test_what_is_not_classical_on_b_is_refused() -> None:
    """The largest entry between two blocks is named, and dimensions have to be two."""
    with pytest.raises(InvalidStateError, match=r"classical on B.* size 0.5 between"):
        classical_quantum_parts(maximally_entangled_state(2), (2, 2))
    for dims in ((6,), (2, 2), (1, 2, 3)):
        with pytest.raises(DimensionMismatchError, match="dims"):
            classical_quantum_parts(STATE, dims)
