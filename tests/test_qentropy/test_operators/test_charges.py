"""A charge that the caller names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse
from numpy.typing import NDArray

from qentropy import smooth_max_relative_entropy
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError
from qentropy.operators import check_pair
from qentropy.operators.charges import conserving
from qentropy.states import random_state

CHARGE = [0, 1, 1, 0, 2]
ALLOWED = np.equal.outer(CHARGE, CHARGE)


def pair(noise: float = 0.0) -> tuple[NDArray[Any], NDArray[Any]]:
    """Two states of dimension 5 that conserve the charge up to noise."""
    mask = np.where(ALLOWED, 1.0, noise)
    return random_state(5, rng=1) * mask, random_state(5, rng=2) * mask


@pytest.mark.parametrize("form", [np.asarray, scipy.sparse.csr_array])
@pytest.mark.parametrize("noise", [0.0, 1e-12])
def test_blocks_are_those_of_the_charge(form: Any, noise: float) -> None:
    """Rounding between sectors does not merge them, and the note says that it was dropped."""
    rho, sigma = (form(matrix) for matrix in pair(noise))
    checked = check_pair(rho, sigma, charge=CHARGE)
    sizes = sorted(g.shape[-1] for g in checked.rho.groups for _ in range(g.shape[-3]))
    assert sizes == [1, 2, 2]
    assert any("between different charges" in note for note in checked.repairs) is (noise > 0)


def test_the_value_is_that_of_the_blocks() -> None:
    """With noise and a charge as without noise."""
    exact, noisy = (
        smooth_max_relative_entropy(*pair(noise), 0.1, charge=CHARGE) for noise in (0.0, 1e-13)
    )
    assert noisy.report is not None
    assert sorted(noisy.report.blocks) == [1, 2, 2]
    assert noisy.value == pytest.approx(exact.value, abs=1e-6)
    assert smooth_max_relative_entropy(*pair(), 0.1).interval.overlaps(exact.interval)


def test_words_are_charges_too() -> None:
    """Any labels will do."""
    words = [f"sector {value}" for value in CHARGE]
    rho = check_pair(*pair(1e-12), charge=words).rho
    assert sorted(g.shape for g in rho.groups) == [(1, 1, 1), (2, 2, 2)]


def test_what_is_not_conserved_is_refused() -> None:
    """The larger entry is named, and which argument has it."""
    rho, sigma = random_state(5, rng=1), pair()[1]
    with pytest.raises(InvalidStateError, match=r"rho must conserve the charge; got an entry of 0"):
        check_pair(rho, sigma, charge=CHARGE)
    with pytest.raises(InvalidStateError, match="sigma must conserve the charge"):
        check_pair(sigma, rho, charge=CHARGE)


@pytest.mark.parametrize("charge", [1, [[0, 1]], [0.0, np.nan, 0, 0, 0]])
def test_what_is_no_charge_is_refused(charge: Any) -> None:
    """One finite value for each basis vector."""
    with pytest.raises(InvalidParameterError, match="charge must be a sequence"):
        check_pair(*pair(), charge=charge)


def test_a_charge_of_another_space_is_refused() -> None:
    """With both sizes in the message."""
    with pytest.raises(DimensionMismatchError, match=r"each of 5 basis vectors; got 2"):
        check_pair(*pair(), charge=[0, 1])


def test_a_sparse_matrix_stays_sparse() -> None:
    """What is dropped leaves its pattern; what is too large is refused with its size."""
    labels = np.array([0, 0, 1])
    matrix = np.array([[0.5, 0.25, 1e-12], [0.25, 0.25, 0], [1e-12, 0, 0.25]])
    kept, notes = conserving(scipy.sparse.csr_array(matrix), labels, "rho", 1e-8)
    assert kept.nnz == 5
    assert notes == ("rho: entries of at most 1e-12 between different charges were dropped",)
    with pytest.raises(InvalidStateError, match="got an entry of 1e-12"):
        conserving(scipy.sparse.csr_array(matrix), labels, "rho", 1e-13)
