"""What counts as a Hermitian matrix, in whatever format it comes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import qutip
import scipy.sparse

from qentropy import distances, divergences, entropies
from qentropy.errors import InvalidStateError, ResourceLimitError
from qentropy.operators import as_hermitian, as_positive, as_state, check_state


def test_integers() -> None:
    """A matrix of integers is a matrix of numbers."""
    assert as_state([[1, 0], [0, 0]]).dtype == float
    assert np.array_equal(as_positive(np.array([[2, 1], [1, 3]], np.uint8)), [[2, 1], [1, 3]])


def test_real_numbers_stay_real() -> None:
    """A complex array without imaginary part becomes real, any other complex one stays."""
    assert np.isrealobj(as_hermitian(np.eye(2, dtype=complex)))
    assert np.iscomplexobj(as_hermitian([[1, 1j], [-1j, 1]]))


def test_asymmetry_within_the_tolerance_is_averaged() -> None:
    """The result is exactly Hermitian, and larger defects are refused."""
    nearly = np.array([[0.5, 0.1 + 4e-9], [0.1, 0.5]])
    assert np.array_equal(as_hermitian(nearly), as_hermitian(nearly).T)
    nearly[0, 1] += 8e-9
    with pytest.raises(InvalidStateError, match=r"got \|A - A\^dagger\| = 1.2e-08"):
        as_hermitian(nearly)


@pytest.mark.parametrize("amplitudes", [[1, 0], [0.6, 0.8j], [1j, 2]])
def test_kets_and_bras_are_projectors(amplitudes: list[complex]) -> None:
    """The ket and its bra stand for the same state, complex amplitudes included."""
    ket = qutip.Qobj(np.array(amplitudes)[:, None]).unit()
    expected = qutip.ket2dm(ket).full()
    assert as_state(ket) == pytest.approx(expected, abs=1e-15)
    assert as_state(ket.dag()) == pytest.approx(expected, abs=1e-15)
    assert divergences.relative_entropy(ket, np.eye(2) / 2) == pytest.approx(1)


def test_entries_near_the_largest_double() -> None:
    """Neither the modulus of an entry nor the defect of symmetry overflows."""
    huge = 1.5e308
    with pytest.raises(InvalidStateError, match="got smallest eigenvalue -"):
        as_positive([[huge, huge * (1 + 1j)], [huge * (1 - 1j), huge]])
    with pytest.raises(InvalidStateError, match=r"got \|A - A\^dagger\| = inf"):
        as_positive([[huge, huge], [-huge, huge]])


def test_symmetry_is_judged_for_each_operator_of_a_stack() -> None:
    """A large operator in a stack does not excuse the asymmetry of a small one."""
    small = np.array([[0.5, 0.1], [0.0, 0.5]])
    with pytest.raises(InvalidStateError, match="must be Hermitian"):
        as_hermitian([1e9 * np.eye(2), small])


def test_huge_sparse_operators() -> None:
    """A large diagonal costs little; a large block is refused before it is allocated."""
    size = 10**5
    identity = scipy.sparse.eye_array(size, format="csr")
    value = divergences.max_relative_entropy(identity / size, identity)
    assert value == pytest.approx(-math.log2(size))
    assert distances.trace_distance(identity / size, identity / size) == 0
    size = 10**6
    identity = scipy.sparse.eye_array(size, format="csr")
    chain = scipy.sparse.diags_array([1.0] * (size - 1), offsets=1)
    tridiagonal = (identity + (chain + chain.T) / 2).tocsr() / size
    for function in (entropies.von_neumann_entropy, check_state, as_state, as_hermitian):
        with pytest.raises(ResourceLimitError, match="GiB; this machine has"):
            function(tridiagonal)
    with pytest.raises(ResourceLimitError, match="a dense matrix would need"):
        as_positive(identity)
    with pytest.raises(ResourceLimitError, match="GiB; this machine has"):
        divergences.relative_entropy(tridiagonal, identity)


def test_a_ket_too_large_for_its_projector_is_refused() -> None:
    """The projector of a ket of 2**20 amplitudes does not fit."""
    ket = qutip.Qobj(scipy.sparse.csr_array(([1.0], ([0], [0])), shape=(2**20, 1)))
    with pytest.raises(ResourceLimitError, match="the projector on rho"):
        as_state(ket, "rho")


def test_sparse_entries_given_twice_are_added() -> None:
    """Repeated entries of a sparse matrix are summed, and its arrays are left alone."""
    rows = np.array([0, 0, 1])
    matrix = scipy.sparse.csr_array((np.array([0.25, 0.25, 0.5]), rows, np.array([0, 2, 3])))
    assert matrix.nnz == 3
    doubled = scipy.sparse.csr_array(
        (np.array([0.25, 0.25, 0.5]), np.array([0, 0, 1]), np.array([0, 2, 3])), shape=(2, 2)
    )
    assert as_state(doubled) == pytest.approx(np.eye(2) / 2)
    assert doubled.nnz == 3


def test_a_sparse_matrix_of_any_size_is_a_matrix() -> None:
    """Beyond the size where sparse storage pays, too, it equals its dense form, and is checked."""
    diagonal = np.arange(300.0)
    assert np.array_equal(as_hermitian(scipy.sparse.diags_array(diagonal)), np.diag(diagonal))
    diagonal[7] = np.inf
    with pytest.raises(InvalidStateError, match=r"got inf at entry \(7, 7\)"):
        as_hermitian(scipy.sparse.diags_array(diagonal))
