"""What is drawn from normal numbers is what it is called, and depends on nothing else."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from qentropy.lemmas.gaussian_draws import (
    drawn_distribution,
    drawn_energy_preserving_unitaries,
    drawn_levels,
    drawn_state,
    drawn_unitary,
)


def normals(*shape: int) -> NDArray[np.float64]:
    """The same numbers on each call."""
    return np.random.default_rng(3).normal(size=shape)


@pytest.mark.parametrize(("dimension", "rank"), [(1, None), (3, None), (4, 1), (5, 2)])
def test_states_have_trace_one_and_their_rank(dimension: int, rank: Any) -> None:
    """A drawn state is exactly Hermitian, positive and of the rank that was asked for."""
    rho = drawn_state(normals, dimension, rank)
    np.testing.assert_array_equal(rho, rho.conj().T)
    values = np.linalg.eigvalsh(rho)
    assert abs(values.sum() - 1) < 1e-14
    assert values.min() > -1e-15
    assert (values > 1e-10).sum() == (rank or dimension)


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_unitaries_are_unitary(dimension: int) -> None:
    """A drawn unitary times its adjoint is the identity."""
    u = drawn_unitary(normals, dimension)
    np.testing.assert_allclose(u @ u.conj().T, np.eye(dimension), atol=1e-14)


def test_blocks_keep_labels_apart() -> None:
    """Energy-preserving unitaries are unitary and have exact zeros between labels."""
    labels = np.array([1, 0, 1, 2, 1])
    matrices = drawn_energy_preserving_unitaries(normals, labels, 2)
    assert matrices.shape == (2, 5, 5)
    for u in matrices:
        np.testing.assert_allclose(u @ u.conj().T, np.eye(5), atol=1e-14)
        np.testing.assert_array_equal(u != 0, labels[:, None] == labels)


def test_distributions_and_levels() -> None:
    """Probabilities are positive and sum to one; levels ascend from zero."""
    p = drawn_distribution(normals, 6)
    assert p.min() > 0
    assert abs(p.sum() - 1) < 1e-15
    levels = drawn_levels(normals, 6)
    assert levels[0] == 0
    assert (np.diff(levels) >= 0.25).all()


def test_the_same_numbers_give_the_same_state() -> None:
    """A state is a function of the normal numbers alone."""
    np.testing.assert_array_equal(drawn_state(normals, 3), drawn_state(normals, 3))
