"""Routes of a commuting pair."""

from __future__ import annotations

import numpy as np
import pytest

from qentropy.convex_split.classical import classical_distance
from qentropy.errors import InvalidParameterError

P, Q = np.array([0.95, 0.05]), np.array([0.3, 0.7])


def test_two_copies() -> None:
    """``E |mean of two ratios - 1|`` is 1/16 + 6/16/3 + 9/16/3 = 3/8."""
    for method in ("auto", "types", "fourier", "gaussian"):
        assert 0.375 in classical_distance(np.array([0.5, 0.5]), np.array([0.25, 0.75]), 2, method)


def test_too_many_types() -> None:
    """More types than fit are refused if asked for, and left to another route otherwise."""
    with pytest.raises(InvalidParameterError):
        classical_distance(P, Q, 2**40, "types")
    assert classical_distance(P, Q, 2**40).width < 1e-10


def test_one_ratio() -> None:
    """Proportional eigenvalues have one ratio and no distance."""
    assert classical_distance(Q, 2 * Q, 7).upper < 1e-14


@pytest.mark.parametrize("smallest", [1e-20, 1e-60, 1e-69, 1e-100, 1e-190, 1e-320])
@pytest.mark.parametrize("n", [1, 100, 2**53])
def test_tiny_eigenvalues(smallest: float, n: int) -> None:
    """Ratios up to 1e70, and supports that stick out, overflow nowhere."""
    for p in ([0.5, 0.5], [1.0, 0.0]):
        found = classical_distance(np.array(p), np.array([smallest, 1.0]), n)
        # Words without the first letter carry the rest of rho.
        assert found.lower <= 2 * p[0] + 1e-12
        assert found.upper >= p[0]
        if n * smallest < 1e-12:
            assert found.overlaps(classical_distance(np.array(p), np.array([0.0, 1.0]), n))
