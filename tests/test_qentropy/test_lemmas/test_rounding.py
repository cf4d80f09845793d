"""Bounds of rounding are above what exact arithmetic gives."""

from fractions import Fraction

import numpy as np
import pytest

from qentropy.lemmas.rounding import frobenius_norm, product_rounding, scaled, trace_defect
from qentropy.results import Interval


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


@pytest.mark.parametrize("scale", [2.0**-1060, 2.0**-600, 2.0**600])
def test_norms_of_small_and_large_entries(scale: float) -> None:
    """Squares that underflow or overflow are no excuse, and zero has the norm zero."""
    norm = frobenius_norm(np.array([[3.0, 0.0], [0.0, 4.0]]) * scale)
    assert 5 * scale <= norm <= 5 * scale * (1 + 1e-9) + 1e-322
    assert frobenius_norm(np.zeros((2, 2))) == 0
    assert frobenius_norm(np.array([1.0, np.inf])) == np.inf


def test_product_rounding_holds_in_exact_arithmetic() -> None:
    """The bound is above the error of a product, in the Frobenius norm."""
    rng = np.random.default_rng(4)
    for left, right in (rng.normal(size=(2, 1, 5, 3)), rng.normal(size=(2, 2, 3, 4))):
        product = left.swapaxes(-1, -2) @ right
        a, b = (np.vectorize(Fraction)(x) for x in (left, right))
        exact = np.einsum("bji,bjk->bik", a, b)
        error = sum((Fraction(x) - y) ** 2 for x, y in zip(product.flat, exact.flat, strict=True))
        assert 0 < error <= Fraction(product_rounding(left, right)) ** 2


def test_scaled_intervals_contain_the_product() -> None:
    """A factor times an interval is rounded outwards, zero wipes out, infinity stays."""
    third = scaled(Interval(0.1, 0.1), 1 / 3)
    exact = Fraction(0.1) * Fraction(1 / 3)
    assert Fraction(third.lower) < exact < Fraction(third.upper)
    assert 0.0 in scaled(Interval(1.0, np.inf), 0.0)
    assert scaled(Interval(1.0, np.inf), 0.0).upper < 1e-300
    assert scaled(Interval(np.inf, np.inf), 2.0) == Interval(np.inf, np.inf)
