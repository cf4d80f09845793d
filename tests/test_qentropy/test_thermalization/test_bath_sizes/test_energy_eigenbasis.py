"""Tests of the eigenbasis of the Hamiltonian: exact if it is diagonal, bounded if it is not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from qentropy.thermalization import pinched
from qentropy.thermalization.bath_sizes import energy_eigenbasis
from qentropy.thermalization.bath_sizes.energy_eigenbasis import energy_basis

ROTATION = np.array([[3.0, 4.0], [-4.0, 3.0]]) / 5  # exact up to the rounding of a fifth
PLUS = np.full((2, 2), 0.5)
TAU = np.diag([0.3, 0.7])


def test_diagonal_hamiltonian_is_exact() -> None:
    """Entries are kept or set to zero, with no error."""
    basis = energy_basis(PLUS, TAU, np.diag([2.0, 1.0]))
    assert basis.omega.tolist() == [[0.5, 0], [0, 0.5]]
    assert basis.levels.tolist() == [2.0, 1.0]
    assert (basis.omega_error, basis.tau_error, basis.level_error) == (0, 0, 0)
    assert basis.is_nondegenerate is True
    assert not basis.is_diagonal
    assert 1.0 in basis.coherence


def test_equal_levels_keep_their_coherence() -> None:
    """Inside a level nothing is pinched."""
    basis = energy_basis(PLUS, TAU, np.eye(2))
    assert basis.is_nondegenerate is False
    assert basis.is_diagonal
    assert basis.omega.tolist() == PLUS.tolist()


@pytest.mark.parametrize("p", [0.5, 0.9, 1.0])
def test_error_of_a_rotation_is_bounded(p: float) -> None:
    """Populations differ from those before an exact rotation by no more than the bound."""
    omega, tau, h = (ROTATION @ np.diag(x) @ ROTATION.T for x in ([p, 1 - p], [0.3, 0.7], [1, 2]))
    basis = energy_basis(omega, tau, h)
    # The factor allows for the rounding of the three matrices above.
    assert abs(basis.populations[0] - [p, 1 - p]).sum() <= basis.omega_error + 1e-15
    assert abs(basis.populations[1] - [0.3, 0.7]).sum() <= basis.tau_error + 1e-15
    assert abs(basis.levels - [1, 2]).max() <= basis.level_error + 1e-15
    assert 0 < basis.omega_error < 1e-11
    assert basis.is_nondegenerate
    assert basis.is_diagonal
    assert basis.is_stationary


def test_pinching_agrees_with_the_public_function() -> None:
    """The pinched state, rotated back, is that of `pinched`."""
    rng = np.random.default_rng(4)
    matrix = rng.standard_normal((4, 4))
    h = (matrix + matrix.T) / 2
    omega = matrix @ matrix.T / np.trace(matrix @ matrix.T)
    basis = energy_basis(omega, np.eye(4) / 4, h)
    vectors = np.linalg.eigh(h)[1]
    back = vectors @ basis.omega @ vectors.T
    assert abs(back - pinched(omega, h)).max() < 1e-14
    norm = np.linalg.norm(omega - pinched(omega, h), "nuc")
    assert basis.coherence.lower <= norm <= basis.coherence.upper
    assert basis.coherence.width < 1e-10


def test_levels_that_rounding_hides_are_undecided() -> None:
    """Equal levels of a rotated Hamiltonian can be neither proved nor refuted."""
    u = np.linalg.qr(np.random.default_rng(2).standard_normal((3, 3)))[0]
    h = u @ np.diag([0.0, 1.0, 1.0]) @ u.T
    basis = energy_basis(np.eye(3) / 3, np.eye(3) / 3, (h + h.T) / 2)
    assert basis.is_nondegenerate is None


def test_thermal_levels_are_minus_logarithms() -> None:
    """Without a Hamiltonian tau gives levels, and commutes with itself."""
    for tau in (TAU, ROTATION @ TAU @ ROTATION.T):
        basis = energy_basis(PLUS, tau, None)
        error = abs(np.sort(basis.levels) - np.sort(-np.log([0.3, 0.7]))).max()
        assert error <= basis.level_error + 1e-15 < 1e-12
        assert basis.tau_coherence.upper == 0


def test_vectors_that_are_no_basis_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the eigensolver returns equal vectors the bounds are as wide as states can be apart."""
    monkeypatch.setattr(
        energy_eigenbasis, "eigh", lambda a: (np.linalg.eigh(a)[0], np.ones((2, 2)) / 2)
    )
    basis = energy_basis(PLUS, TAU, ROTATION @ TAU @ ROTATION.T)
    assert basis.omega_error >= 2
    assert not basis.is_diagonal
    assert basis.coherence.upper == 2


def test_singular_thermal_state_has_no_levels() -> None:
    """Where tau is zero the energy is infinite, and nothing can be said about gaps."""
    basis = energy_basis(PLUS, np.diag([1.0, 0.0]), None)
    assert basis.levels.tolist() == [0.0, math.inf]
    assert basis.level_error == math.inf
