"""The distance from the matrices, and the rounding of these."""

from __future__ import annotations

import math

import numpy as np
import pytest
from exact import rational
from exact_copies import deviation, distance
from flint import arb, fmpq

from qentropy import certify, states
from qentropy.blocks import one_group
from qentropy.convex_split import convex_split_state, dense
from qentropy.convex_split.dense import (
    dense_distance,
    deviation_error,
    independent_copies,
    largest_block,
)
from qentropy.errors import ResourceLimitError
from qentropy.results import Interval


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("d", "n"), [(2, 1), (2, 3), (3, 2)])
def test_exact_rationals(d: int, n: int, seed: int) -> None:
    """The interval holds the exact norm of the rational matrices that the floats are."""
    rho = states.random_state(d, rank=1 + seed % d, real=True, rng=seed)
    sigma = states.random_state(d, real=True, rng=seed + 10)
    exact = distance(rho, sigma, n)
    found = dense_distance(rho, sigma, n)
    assert bool(arb(found.lower) <= exact)
    assert bool(exact <= arb(found.upper))
    assert found.width < 1e-11


@pytest.mark.parametrize("seed", range(4))
def test_error_covers_the_rounding(seed: int) -> None:
    """The matrix in floating point is so near to the exact one, and the bound is not wild."""
    rho = states.random_state(2, real=True, rng=seed) * (1 + 3e-16)
    sigma = states.random_state(2, real=True, rng=seed + 20) * (1 - 3e-16)
    n = 4
    gap = convex_split_state(rho, sigma, n) - independent_copies(sigma, n)
    exact = deviation(rho, sigma, n)
    missed = [rational(gap[i, j]) - exact[i, j] for i in range(2**n) for j in range(2**n)]
    square = sum((x * x for x in missed), fmpq(0))
    square = float(square.p) / float(square.q)
    assert square**0.5 <= deviation_error(rho, sigma, n) < 1e-13


@pytest.mark.parametrize(("d", "n"), [(2, 2), (2, 5), (2, 6), (3, 4), (4, 3), (5, 2)])
@pytest.mark.parametrize("real", [True, False])
def test_blocks_have_the_spectrum_of_the_matrix(d: int, n: int, real: bool) -> None:
    """Each block occurs as often as so many of the pairs can be the antisymmetric ones."""
    rho = states.random_state(d, rank=1 + n % d, real=real, rng=1)
    sigma = states.random_state(d, real=real, rng=2)
    whole = convex_split_state(rho, sigma, n) - independent_copies(sigma, n)
    found = []
    for k in range(n // 2 + 1):
        values = np.linalg.eigvalsh(dense._block(rho, sigma, n, k))
        found.append(np.repeat(values, math.comb(n // 2, k)))
    np.testing.assert_allclose(
        np.sort(np.concatenate(found)), np.linalg.eigvalsh(whole), atol=1e-14, rtol=0
    )
    norm = certify.trace_norm_interval(one_group(whole), 1e-14)
    assert dense_distance(rho, sigma, n).overlaps(norm)


@pytest.mark.parametrize(("d", "n", "rows"), [(2, 1, 2), (2, 4, 9), (3, 5, 108), (10, 2, 55)])
def test_largest_block(d: int, n: int, rows: int) -> None:
    """The largest block is the one where all pairs are symmetric."""
    assert largest_block(d, n) == rows
    if rows < 100:
        state = np.eye(d) / d
        assert dense._block(state, state, n, 0).shape == (rows, rows)


def test_one_dimension() -> None:
    """There all states are equal, and no number of copies takes long."""
    assert dense_distance(np.ones((1, 1)), np.ones((1, 1)), 2**53) == Interval(0.0, 0.0)


def test_too_large() -> None:
    """What would not fit is refused before it is built."""
    for n in (30, 2**53):
        with pytest.raises(ResourceLimitError):
            dense_distance(np.eye(2) / 2, np.eye(2) / 2, n)
