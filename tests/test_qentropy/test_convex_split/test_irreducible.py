"""Qubits through the irreducible blocks of the permutation group."""

from __future__ import annotations

import math
from fractions import Fraction

import exact_copies
import numpy as np
import pytest
from flint import arb

from qentropy import states
from qentropy.blocks import Array
from qentropy.convex_split import convex_split_state, irreducible
from qentropy.convex_split.dense import dense_distance, independent_copies
from qentropy.convex_split.eigenbasis import rotated_pair, sigma_basis
from qentropy.convex_split.irreducible import irreducible_distance
from qentropy.results import Interval

PLUS = np.full((2, 2), 0.5)


def distance(rho: Array, sigma: Array, n: int) -> Interval:
    """The distance in the eigenbasis of sigma."""
    return irreducible_distance(rotated_pair(rho, sigma, sigma_basis(sigma)), n)


@pytest.mark.parametrize("n", range(1, 9))
def test_blocks_have_the_spectrum_of_the_matrix(n: int) -> None:
    """Each eigenvalue of a block, over its multiplicity, occurs so often in the whole matrix."""
    rng = np.random.default_rng(n)
    a, s = rng.uniform(0.1, 0.9, 2)
    c = rng.uniform(0, math.sqrt(a * (1 - a)))
    rho, sigma = np.array([[a, c], [c, 1 - a]]), np.diag([s, 1 - s])
    gap = convex_split_state(rho, sigma, n) - independent_copies(sigma, n)
    blocks, _ = irreducible._blocks((a, 1 - a, c), [s, 1 - s], n)
    found = []
    for k, (diagonal, off) in enumerate(blocks):
        copies = math.comb(n, k) * (n - 2 * k + 1) // (n - k + 1)
        block = np.diag(diagonal) + np.diag(off, 1) + np.diag(off, -1)
        found.append(np.repeat(np.linalg.eigvalsh(block) / copies, copies))
    np.testing.assert_allclose(
        np.sort(np.concatenate(found)), np.linalg.eigvalsh(gap), atol=1e-14, rtol=0
    )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("ranks", [(1, 2), (2, 1), (1, 1), (2, 2)])
def test_agrees_with_the_matrix(seed: int, ranks: tuple[int, int]) -> None:
    """The blocks and the matrix enclose the same number, pure and singular states included."""
    rho = states.random_state(2, rank=ranks[0], rng=seed)
    sigma = states.random_state(2, rank=ranks[1], rng=seed + 10)
    n = 1 + seed
    found = distance(rho, sigma, n)
    assert found.overlaps(dense_distance(rho, sigma, n))
    assert found.width < 1e-11


@pytest.mark.parametrize("seed", range(8))
def test_exact_rationals(seed: int) -> None:
    """The interval holds the exact norm of the rational matrices that the floats are."""
    rho = states.random_state(2, rank=1 + seed % 2, real=True, rng=seed)
    sigma = states.random_state(2, real=True, rng=seed + 10)
    n = 2 + seed % 3
    exact, found = exact_copies.distance(rho, sigma, n), distance(rho, sigma, n)
    assert bool(arb(found.lower) <= exact)
    assert bool(exact <= arb(found.upper))
    assert found.width < 1e-11


@pytest.mark.parametrize("sigma", [(0.5, 0.5), (0.75, 0.25), (1.0, 0.0), (1e-9, 1 - 1e-9)])
def test_weights_of_the_blocks_add_up(sigma: tuple[float, float]) -> None:
    """The weights of sigma over all blocks add up to one, and so do those of a derivative."""
    n, total, moved = 30, Fraction(0), Fraction(0)
    for k, weights, shifted in irreducible._weights(list(sigma), n):
        total += sum(map(Fraction, weights.tolist()))
        x = range(k, n - k + 1)
        moved += sum(y * Fraction(w) for y, w in zip(x, shifted[:-1].tolist(), strict=True))
    assert abs(total - 1) < 1e-14
    # d/dt (s + t)**n = n (s + t)**(n - 1)
    assert abs(moved - n) < 1e-12


@pytest.mark.parametrize(("n", "width"), [(200, 1e-8), (1000, 1e-7)])
def test_many_copies(n: int, width: float) -> None:
    """The relative width stays below 1e-7 up to a thousand copies."""
    rho, sigma = states.random_state(2, rank=1, rng=1), states.random_state(2, rng=11)
    found = distance(rho, sigma, n)
    assert found.width < width * found.lower
    larger = distance(rho, sigma, n + 1)
    assert larger.upper < found.lower


def test_nearly_maximally_mixed() -> None:
    """With sigma near 1/2 the pair nearly commutes, and the value nearly is the classical one."""
    n, tilt = 100, 1e-9
    found = distance(PLUS, np.diag([0.5 + tilt, 0.5 - tilt]), n)
    # E |mean of n ratios - 1| for ratios 2 and 0 of equal probability.
    exact = sum(Fraction(math.comb(n, k) * abs(2 * k - n), n * 2**n) for k in range(n + 1))
    assert abs(found.lower - float(exact)) < 4 * n * tilt
    assert found.width < 1e-10


def test_one_copy_is_the_trace_norm() -> None:
    """For n = 1 nothing is hidden: ``|+>`` and ``diag(3/4, 1/4)`` are sqrt(5)/2 apart."""
    found = distance(PLUS, np.diag([0.75, 0.25]), 1)
    assert math.isclose(found.lower, math.sqrt(5) / 2, rel_tol=1e-12)
    assert math.isclose(found.upper, math.sqrt(5) / 2, rel_tol=1e-12)


def test_pure_target() -> None:
    """``|+>`` among n - 1 copies of ``|0>``: the eigenvalues follow from one block of two rows.

    On the symmetric block the rows are 0 and 1 flips, ``[[-1/2, c], [c, 1/(2n)]]`` with
    ``c = 1/(2 sqrt(n))``; the n - 1 other states with one flip have the weight ``1/(2n)``.
    """
    for n in (2, 5, 50):
        found = distance(PLUS, np.diag([1.0, 0.0]), n)
        exact = math.hypot((n + 1) / (2 * n), 1 / math.sqrt(n)) + (n - 1) / (2 * n)
        assert found.lower - 1e-13 <= exact <= found.upper + 1e-13
        assert found.width < 1e-9


@pytest.mark.parametrize("tilt", [1e-3, 1e-6, 1e-9])
def test_a_wrong_basis_costs_width_and_no_truth(tilt: float) -> None:
    """In a basis that is neither quite orthonormal nor quite the right one the interval is true."""
    rho, sigma = states.random_state(2, rng=3), states.random_state(2, rng=4)
    basis = sigma_basis(sigma) + tilt * np.array([[0.3, -1], [0.5, 0.2]])
    found = irreducible_distance(rotated_pair(rho, sigma, basis), 6)
    right = distance(rho, sigma, 6)
    assert found.lower <= right.lower <= right.upper <= found.upper
    assert found.width > 0.1 * tilt


def test_left_out_rows_are_paid_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dropping rows that matter widens the interval around the same number."""
    rho, sigma = states.random_state(2, rng=5), states.random_state(2, rng=6)
    right = distance(rho, sigma, 40)
    monkeypatch.setattr(irreducible, "NEGLIGIBLE", 10.0)
    found = distance(rho, sigma, 40)
    assert found.lower <= right.lower <= right.upper <= found.upper
    assert found.width > 1e-3
