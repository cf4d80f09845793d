"""Bounds of rounding are above what exact arithmetic gives."""

from fractions import Fraction

import numpy as np
import pytest

from qentropy.lemmas.rounding import frobenius_norm, trace_defect


@pytest.mark.parametrize("size", [1, 3, 40])
def test_bounds_hold_in_exact_arithmetic(size: int) -> None:
    """The norm and the defect of the trace bound the exact ones, and barely exceed them."""
    matrix = np.random.default_rng(size).normal(size=(size, size))
    matrix = (matrix + matrix.T) / size
    square = sum(Fraction(x) ** 2 for x in matrix.ravel())
    norm = frobenius_norm(matrix)
    assert square <= Fraction(norm) ** 2 <= square * (1 + Fraction(1, 10**11))
    defect = abs(sum(map(Fraction, matrix.diagonal())) - 1)
    assert defect <= Fraction(trace_defect(matrix)) <= defect + Fraction(1, 10**12)
