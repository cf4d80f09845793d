"""Trace norms of tridiagonal matrices, against closed forms and exact arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest
from exact import matrix, trace_norm
from flint import arb

from qentropy.blocks import Array
from qentropy.convex_split import tridiagonal
from qentropy.convex_split.tridiagonal import trace_norms
from qentropy.results import Interval


def contains(interval: Interval, value: arb) -> bool:
    """Whether a number known to 90 digits lies inside."""
    return bool(arb(interval.lower) <= value) and bool(value <= arb(interval.upper))


def exact_norm(diagonal: Array, off: Array) -> arb:
    """The norm from the isolated roots of the characteristic polynomial."""
    return trace_norm(matrix(np.diag(diagonal) + np.diag(off, 1) + np.diag(off, -1)))


@pytest.mark.parametrize("size", [1, 2, 7, 40])
def test_path_graph(size: int) -> None:
    """A path has the eigenvalues ``2 cos(pi k/(N + 1))``; half of a unit off in the sum at most."""
    values = [2 * math.cos(math.pi * k / (size + 1)) for k in range(1, size + 1)]
    norm = trace_norms([(np.zeros(size), np.ones(size - 1))])
    assert norm.lower - 1e-14 <= math.fsum(map(abs, values)) <= norm.upper + 1e-14
    assert norm.width < 1e-13 * size


@pytest.mark.parametrize("seed", range(6))
def test_exact_arithmetic(seed: int) -> None:
    """Entries over hundreds of orders of magnitude, zeros among them, are enclosed."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 9))
    span = (1, 20, 300)[seed % 3]
    diagonal, off = rng.normal(size=size), rng.normal(size=size - 1)
    diagonal *= 10.0 ** -rng.uniform(0, span, size)
    off *= 10.0 ** -rng.uniform(0, span, size - 1)
    off[rng.integers(size - 1)] = 0.0
    assert contains(trace_norms([(diagonal, off)]), exact_norm(diagonal, off))


def test_sum_of_matrices_of_several_sizes() -> None:
    """The order of the matrices does not matter, and their norms add up."""
    parts = [
        (np.array([-3.0]), np.zeros(0)),
        (np.zeros(2), np.array([0.5])),
        (np.ones(3), np.ones(2)),
    ]
    # The eigenvalues of the last one are 1 and 1 +- sqrt(2).
    exact = arb(3) + 1 + 1 + 2 * arb(2).sqrt()
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        assert contains(trace_norms([parts[k] for k in order]), exact)
    assert trace_norms([]) == Interval(0.0, 0.0)


def test_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting a few shifts at once or all of them gives the same interval."""
    rng = np.random.default_rng(1)
    parts = [(rng.normal(size=k), rng.normal(size=k - 1)) for k in (5, 9, 2, 5)]
    whole = trace_norms(parts)
    monkeypatch.setattr(tridiagonal, "SHIFTS", 3)
    assert trace_norms(parts) == whole


@pytest.mark.parametrize("fault", ["shifted", "reversed", "nan", "huge"])
def test_wrong_proposals(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What LAPACK proposes is not believed: the interval gets wide and stays true."""
    rng = np.random.default_rng(2)
    diagonal, off = rng.normal(size=6), rng.normal(size=5)
    faults = {
        "shifted": lambda values: values + 1e-6,
        "reversed": lambda values: values[::-1],
        "nan": lambda values: np.full_like(values, np.nan),
        "huge": lambda values: values * 1e300,
    }
    right = tridiagonal._eigenvalues
    monkeypatch.setattr(tridiagonal, "_eigenvalues", lambda d, e: faults[fault](right(d, e)))
    norm = trace_norms([(diagonal, off)])
    assert contains(norm, exact_norm(diagonal, off))
    assert norm.width > 1e-6


def test_vanishing_pivots() -> None:
    """Pivots that are exactly zero do not upset the count."""
    diagonal, off = np.array([1.0, 1.0, 1.0, -1.0, -1.0]), np.array([1.0, 1.0, 0.0, 2.0])
    assert contains(trace_norms([(diagonal, off)]), arb(1) + 2 * arb(2).sqrt() + 4)


def test_count_is_exact() -> None:
    """The number of eigenvalues below a shift is right on both sides of each of them."""
    diagonal, off = np.array([0.25, 0.5, -0.5]), np.array([0.5, 0.25])
    values = np.linalg.eigvalsh(np.diag(diagonal) + np.diag(off, 1) + np.diag(off, -1))
    tables = diagonal[:, None], np.append(0.0, off**2)[:, None]
    shifts = np.concatenate([values - 1e-12, values + 1e-12])
    counts = tridiagonal._counts(shifts, np.zeros(6, dtype=int), np.array([3]), tables)
    assert counts.tolist() == [0, 1, 2, 1, 2, 3]
