"""The door for two systems: checks, the frame of a marginal, purifications."""

from __future__ import annotations

import numpy as np
import pytest

from qentropy.bipartite import (
    check_bipartite,
    check_channel,
    in_marginal_frame,
    purification,
    purified_partner,
    swapped,
)
from qentropy.errors import DimensionMismatchError, InvalidStateError
from qentropy.operators import partial_trace
from qentropy.states import random_state


def test_a_sparse_state_or_lists_are_accepted() -> None:
    """Whatever the door of the package takes."""
    scipy_sparse = pytest.importorskip("scipy.sparse")
    for value in (np.eye(4) / 4, (np.eye(4) / 4).tolist(), scipy_sparse.eye_array(4) / 4):
        data = check_bipartite(value, [2, 2])
        assert (data.matrix == np.eye(4) / 4).all()
        assert data.dims == (2, 2)


def test_two_systems_are_wanted() -> None:
    """Three dimensions are an error even if they multiply to the right number."""
    with pytest.raises(DimensionMismatchError, match="two systems"):
        check_bipartite(np.eye(8) / 8, (2, 2, 2))


def test_swapping_twice_is_nothing() -> None:
    """And swapping a product swaps its factors."""
    first, second = random_state(2, rng=1), random_state(3, rng=2)
    product = np.kron(first, second)
    np.testing.assert_allclose(swapped(product, (2, 3)), np.kron(second, first), atol=1e-15)
    assert (swapped(swapped(product, (2, 3)), (3, 2)) == product).all()


def test_a_repaired_channel_keeps_the_trace() -> None:
    """A defect of 1e-9 is removed, one of 1e-3 refused; a stack is checked as a whole."""
    near = np.eye(4) / 2 + 1e-9 * np.diag([1, 0, 0, 0])
    for value in (near, np.stack([near, np.eye(4) / 2])):
        repaired = check_channel(value, (2, 2), "choi")
        traces = partial_trace(repaired, (2, 2), 0)
        np.testing.assert_allclose(traces, np.broadcast_to(np.eye(2), traces.shape), atol=1e-15)
    with pytest.raises(InvalidStateError, match=r"deviation of 0\.001"):
        check_channel(np.eye(4) / 2 + 1e-3 * np.diag([1, 0, 0, 0]), (2, 2), "choi")


def test_the_frame_of_a_marginal_is_undone_exactly() -> None:
    """A full marginal is only scaled by powers of two; its diagonal becomes of order one."""
    rho = check_bipartite(np.kron(np.diag([1 - 1e-9, 1e-9]), random_state(2, rng=3)), (2, 2))
    data, frame = in_marginal_frame(rho)
    undo = np.kron(np.diag(1 / np.diag(frame)), np.eye(2))
    assert (undo @ data.matrix @ undo == rho.matrix).all()
    diagonal = partial_trace(data.matrix, data.dims, 0).diagonal().real
    assert diagonal.min() >= 0.25
    assert diagonal.max() <= 2


def test_a_singular_marginal_is_compressed() -> None:
    """A pure state of A leaves one dimension."""
    rho = check_bipartite(np.kron(np.full((2, 2), 0.5), random_state(2, rng=3)), (2, 2))
    data, frame = in_marginal_frame(rho)
    assert data.dims == (1, 2)
    assert frame.shape == (2, 1)
    assert len(data.repairs) == 1


@pytest.mark.parametrize(("dims", "rank"), [((2, 3), 1), ((2, 3), 4), ((3, 2), 2), ((1, 4), 3)])
def test_purification_has_both_marginals(dims: tuple[int, int], rank: int) -> None:
    """The rows belong to A and C, the columns to B, and the entries are those of the factor."""
    size = dims[0] * dims[1]
    factor = np.zeros((size, size), complex)
    rng = np.random.default_rng(rank)
    factor[:, :rank] = rng.normal(size=(size, rank)) + 1j * rng.normal(size=(size, rank))
    matrix = purification(factor, dims)
    assert matrix.shape[0] == matrix.shape[1]
    assert not matrix[:, dims[1] :].any()
    assert sorted(matrix[matrix != 0].tolist(), key=abs) == sorted(
        factor[factor != 0].tolist(), key=abs
    )
    other = purified_partner(matrix @ matrix.conj().T, matrix, dims)
    np.testing.assert_allclose(other, factor @ factor.conj().T, atol=1e-10)
