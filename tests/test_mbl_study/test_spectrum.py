"""Spectra are right, and wrong answers of LAPACK never get through."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipy.linalg

from mbl_study import HeisenbergChain, spectrum
from mbl_study.errors import ScratchDiskError
from mbl_study.scratch import ScratchMatrix
from mbl_study.spectrum import (
    DRIVERS,
    DiagonalizationError,
    diagonalize,
    diagonalize_sector,
)

CHAIN = HeisenbergChain.random(7, 4.0, rng=0)
TRUE_EIGH = scipy.linalg.eigh


def sabotage(
    monkeypatch: pytest.MonkeyPatch, drivers: tuple[str, ...], damage: Callable[[Any], Any]
) -> None:
    """Let LAPACK's answer be damaged where one of these drivers gives it."""

    def eigh(matrix: np.ndarray, **options: Any) -> Any:
        answer = TRUE_EIGH(matrix, **options)
        return damage(answer) if options["driver"] in drivers else answer

    monkeypatch.setattr(scipy.linalg, "eigh", eigh)


def fail(_: Any) -> Any:
    """LAPACK does not converge."""
    raise np.linalg.LinAlgError("did not converge")


def with_nan(answer: Any) -> Any:
    """A NaN among the eigenvalues."""
    energies = answer[0].copy()
    energies[2] = np.nan
    return energies, answer[1]


def with_shifted_level(answer: Any) -> Any:
    """One wrong eigenvalue."""
    energies = answer[0].copy()
    energies[2] += 1e-6
    return energies, answer[1]


def with_exchanged_weight(answer: Any) -> Any:
    """Two wrong eigenvalues whose sum is right."""
    energies = answer[0].copy()
    energies[2] += 1e-4
    energies[3] -= 1e-4
    return energies, answer[1]


def with_unnormalised_vector(answer: Any) -> Any:
    """An eigenvector of the wrong length."""
    vectors = answer[1].copy()
    vectors[:, 4] *= 1 + 1e-6
    return answer[0], vectors


def with_swapped_vectors(answer: Any) -> Any:
    """Eigenvectors in the wrong order."""
    vectors = answer[1].copy()
    vectors[:, [0, 5]] = vectors[:, [5, 0]]
    return answer[0], vectors


def with_nan_vector(answer: Any) -> Any:
    """A NaN among the eigenvectors."""
    vectors = answer[1].copy()
    vectors[3, 3] = np.nan
    return answer[0], vectors


DAMAGES = [
    fail,
    with_nan,
    with_shifted_level,
    with_exchanged_weight,
    with_unnormalised_vector,
    with_swapped_vectors,
    with_nan_vector,
]


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("up", range(8))
def test_eigenvectors_diagonalize_the_sector(
    up: int, driver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``V`` is orthogonal and ``V diag(E) V^T`` is the sector's Hamiltonian, with either driver."""
    monkeypatch.setattr(spectrum, "DRIVERS", (driver,))
    found = diagonalize_sector(CHAIN, up)
    basis = found.basis
    assert found.driver == driver
    assert np.allclose(basis.T @ basis, np.eye(len(basis)), atol=1e-13)
    assert np.allclose((basis * found.energies) @ basis.T, CHAIN.sector_matrix(up), atol=1e-12)
    assert max(found.trace_residual, found.norm_residual) < 1e-14
    assert found.seconds > 0


@pytest.mark.parametrize("up", range(8))
def test_eigenvalues_alone_are_the_same(up: int) -> None:
    """Leaving out the eigenvectors changes no eigenvalue, and asking for them is an error."""
    found = diagonalize_sector(CHAIN, up, eigenvectors=False)
    assert np.allclose(found.energies, diagonalize_sector(CHAIN, up).energies, atol=1e-12)
    with pytest.raises(ValueError, match=r"eigenvectors .* were left out"):
        _ = found.basis


@pytest.mark.parametrize("damage", DAMAGES)
def test_second_driver_steps_in(
    damage: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where ``evd`` fails or its answer is wrong, the right answer of ``evr`` is taken."""
    expected = diagonalize_sector(CHAIN, 3)
    sabotage(monkeypatch, ("evd",), damage)
    found = diagonalize_sector(CHAIN, 3)
    assert found.driver == "evr"
    assert np.allclose(found.energies, expected.energies, atol=1e-12)


@pytest.mark.parametrize("damage", DAMAGES)
def test_wrong_answers_of_all_drivers_are_refused(
    damage: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If no driver gives a spectrum of the matrix there is an error that names both."""
    sabotage(monkeypatch, DRIVERS, damage)
    with pytest.raises(DiagonalizationError, match=r"3 spins up.*evd: .*evr: "):
        diagonalize_sector(CHAIN, 3)


def test_wrong_eigenvalues_alone_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks of the trace and of the norm need no eigenvectors."""
    sabotage(monkeypatch, DRIVERS, lambda energies: energies * (1 + 1e-9))
    with pytest.raises(DiagonalizationError, match="does not belong to the matrix"):
        diagonalize_sector(CHAIN, 3, eigenvectors=False)


@pytest.mark.parametrize("eigenvectors", [True, False])
def test_largest_sectors_go_to_numpy(eigenvectors: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes whose workspace overflows 32-bit integers never reach SciPy's ``evd``."""
    expected = diagonalize_sector(CHAIN, 3)
    monkeypatch.setattr(spectrum, "_LONGEST_SCIPY_EVD", 34)
    sabotage(monkeypatch, ("evd",), fail)
    found = diagonalize_sector(CHAIN, 3, eigenvectors=eigenvectors)
    assert found.driver == "evd"
    assert np.allclose(found.energies, expected.energies, atol=1e-12)
    assert (found.vectors is not None) == eigenvectors
    assert diagonalize_sector(CHAIN, 2, eigenvectors=eigenvectors).driver == "evr"


def test_diagonalize_gives_eigenvectors_where_they_are_wanted() -> None:
    """Sectors come in order, with eigenvectors where they were asked for and only there."""
    spectra = diagonalize(CHAIN, eigenvectors=[2, 3])
    assert [item.up for item in spectra] == list(range(8))
    assert [item.up for item in spectra if item.vectors is not None] == [2, 3]


@pytest.mark.parametrize("in_files", [False, True])
def test_eigenvectors_wait_in_files(in_files: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of large sectors, and they are the same; small ones stay in memory."""
    monkeypatch.setattr(spectrum, "_SMALL_SECTOR", 7)
    expected = [diagonalize_sector(CHAIN, up) for up in range(8)]
    found = diagonalize(CHAIN, eigenvectors=range(8), in_files=in_files)
    waiting = [item.up for item in found if isinstance(item.vectors, ScratchMatrix)]
    assert waiting == ([2, 3, 4, 5] if in_files else [])
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one.basis, other.basis)


def test_a_full_disk_is_found_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """All files together have to fit, and no sector is diagonalized if they do not."""
    monkeypatch.setattr(spectrum, "_SMALL_SECTOR", 7)
    sabotage(monkeypatch, DRIVERS, fail)
    needed = 8 * (2 * 35**2 + 2 * 21**2)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=needed - 1))
    with pytest.raises(ScratchDiskError):
        diagonalize(CHAIN, eigenvectors=range(8), in_files=True)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=needed))
    with pytest.raises(DiagonalizationError):
        diagonalize(CHAIN, eigenvectors=range(8), in_files=True)
