"""The Fourier series, on a pair whose value is known."""

import numpy as np

from qentropy.convex_split import fourier
from qentropy.convex_split.likelihood import likelihood_ratios

PAIR = likelihood_ratios(np.array([0.5, 0.5]), np.array([0.25, 0.75]))


def test_two_copies() -> None:
    """``E |mean of two ratios - 1|`` is 1/16 + 6/16/3 + 9/16/3 = 3/8."""
    assert 0.375 in fourier.by_fourier(PAIR, 2)
