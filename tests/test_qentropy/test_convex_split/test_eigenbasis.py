"""What another basis costs, against pairs that were moved by known amounts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from strategies import pairs

from qentropy import states
from qentropy.blocks import Array
from qentropy.convex_split.classical import classical_distance
from qentropy.convex_split.dense import dense_distance
from qentropy.convex_split.eigenbasis import (
    commuting_basis,
    measurement_basis,
    rotated_pair,
    sigma_basis,
)
from qentropy.results import Interval


def trace_norm(operator: Array) -> float:
    """The trace norm in plain floating point."""
    return float(np.linalg.norm(operator, "nuc"))


@given(pairs(3))
@settings(max_examples=40)
def test_rotation_keeps_the_states(pair: tuple[Array, Array]) -> None:
    """Rotated back the matrices are the original ones, and the errors are a few roundings."""
    rho, sigma = pair
    found = rotated_pair(rho, sigma, sigma_basis(sigma))
    basis = sigma_basis(sigma).astype(complex)
    assert trace_norm(basis @ found.rho @ basis.conj().T - rho) < 1e-14
    assert max(found.rho_error, found.sigma_error) < 1e-12


@pytest.mark.parametrize("n", [1, 2, 4])
@pytest.mark.parametrize("step", [1e-1, 1e-3, 1e-6])
def test_change_bounds_the_change(n: int, step: float) -> None:
    """Where the states move by known trace norms, the distance changes by at most the bound."""
    rng = np.random.default_rng(n)
    for _ in range(5):
        rho, sigma, other, target = (states.random_state(2, rng=rng) for _ in range(4))
        moved_rho, moved_sigma = (1 - step) * rho + step * other, (1 - step) * sigma + step * target
        pair = rotated_pair(rho, sigma, sigma_basis(sigma))
        moves = step * trace_norm(rho - other), step * trace_norm(sigma - target)
        before, after = dense_distance(rho, sigma, n), dense_distance(moved_rho, moved_sigma, n)
        bound = pair.change(moves, n)
        assert abs(after.lower - before.lower) <= bound + before.width + after.width
        assert bound <= 1.01 * (
            moves[0] + (2 * n - 1) * moves[1] * (1 + step) ** n + 4 * step**2 * n
        )


def test_change_is_nearly_attained() -> None:
    """For one copy the bound is the triangle inequality, which orthogonal moves attain."""
    rho, sigma = np.diag([1.0, 0, 0]), np.diag([0, 1.0, 0])
    pair = rotated_pair(rho, sigma, np.eye(3))
    assert np.isclose(pair.change((0.25, 0.5), 1), 0.75, rtol=1e-5)
    # Replacing sigma by |2><2| for three copies: all terms differ.
    assert pair.change((0.0, 2.0), 3) >= 2.0


@pytest.mark.parametrize("n", [2, 3])
def test_measured_interval(n: int) -> None:
    """In any basis the interval from the two diagonals holds the distance of the pair."""
    rng = np.random.default_rng(n)
    for seed in range(8):
        rho, sigma = (states.random_state(3, rng=10 * seed + k) for k in range(2))
        dense = dense_distance(rho, sigma, n)
        for basis in (states.random_unitary(3, rng=rng), measurement_basis(rho, sigma)):
            pair = rotated_pair(rho, sigma, basis)
            found = pair.measured(classical_distance(*pair.probabilities, n), n)
            assert found.lower <= dense.upper
            assert found.upper >= dense.lower
            assert found.lower > 0


def test_commuting_basis_of_a_degenerate_pair() -> None:
    """Where each of two states is degenerate, and differently, both become diagonal."""
    u = states.random_unitary(4, rng=1)
    rho, sigma = ((u * x) @ u.conj().T for x in ([0.4, 0.4, 0.1, 0.1], [0.3, 0.2, 0.3, 0.2]))
    pair = rotated_pair(rho, sigma, commuting_basis(rho, sigma))
    assert pair.is_diagonal
    assert not rotated_pair(rho, np.eye(4) / 4, np.eye(4)).is_diagonal


def test_rounding_of_sigma_is_no_likelihood_ratio() -> None:
    """Eigenvalues of sigma that are rounding count as zero, at a cost; exact ones stay."""
    u = states.random_unitary(3, rng=2)
    sigma = (u * [0.7, 0.3, 0.0]) @ u.conj().T
    pair = rotated_pair(sigma, sigma, sigma_basis(sigma))
    assert np.count_nonzero(pair.probabilities[1]) == 2
    small = np.diag([1 - 1e-12, 1e-12])
    assert rotated_pair(small, small, np.eye(2)).probabilities[1][1] == 1e-12


def test_measurement_basis_keeps_chi_squared() -> None:
    """For a close pair this measurement beats the eigenbasis of sigma and random ones."""
    rng = np.random.default_rng(3)
    sigma = np.diag([0.6, 0.3, 0.1])
    rho = 0.99 * sigma + 0.01 * states.random_state(3, rank=1, rng=rng)

    def chi_squared(basis: Array) -> float:
        p, q = (np.einsum("ji,jk,ki->i", basis.conj(), x, basis).real for x in (rho, sigma))
        return float(((p - q) ** 2 / q).sum())

    best = chi_squared(measurement_basis(rho, sigma))
    assert all(chi_squared(states.random_unitary(3, rng=rng)) < best for _ in range(20))
    assert chi_squared(np.eye(3)) < best


@pytest.mark.parametrize("size", [2, 300])
def test_basis_that_is_not_unitary(size: int) -> None:
    """The defect of a basis is part of the errors, with and without extended precision."""
    state = np.eye(size) / size
    found = rotated_pair(state, state, np.eye(size) * (1 + 1e-5))
    # In extended precision one Newton step leaves the square of the defect.
    assert found.sigma_error >= (1e-10 if size == 2 else 1e-5)
    assert isinstance(found.measured(Interval(0.0, 1.0), 2), Interval)
