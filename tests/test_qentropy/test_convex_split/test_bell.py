"""The convex split of a Bell pair."""

from fractions import Fraction

import numpy as np
import pytest

from qentropy import states
from qentropy.convex_split.bell import bell_convex_split_spectrum
from qentropy.operators import partial_trace


def _distance(n: int) -> Fraction:
    values, counts = bell_convex_split_spectrum(n)
    flat = Fraction(1, 2 ** (n + 1))
    return sum((abs(x - flat) * k for x, k in zip(values, counts, strict=True)), Fraction(0)) / 2


def test_known_distances() -> None:
    """Cases 27 and 28 of the acceptance list."""
    assert [float(_distance(n)) for n in (2, 3, 4, 8)] == [0.5, 0.4375, 0.375, 0.2734375]
    for epsilon, n in (("1/5", 16), ("1/10", 64), ("1/20", 255)):
        assert _distance(n) <= Fraction(epsilon) < _distance(n - 1)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_against_the_matrix(n: int) -> None:
    """The closed form has the eigenvalues of the matrix."""
    start = np.kron(states.maximally_entangled_state(2), np.eye(2 ** (n - 1)) / 2 ** (n - 1))
    split = sum(
        partial_trace(start, (2,) * (n + 1), [0, *np.roll(np.arange(1, n + 1), m).tolist()])
        for m in range(n)
    )
    values, counts = bell_convex_split_spectrum(n)
    expected = np.repeat([float(x) for x in values], counts)
    np.testing.assert_allclose(np.linalg.eigvalsh(split / n), expected, atol=1e-14)


def test_500_copies() -> None:
    """Multiplicities fill the space and the trace is one, exactly."""
    values, counts = bell_convex_split_spectrum(500)
    assert sum(counts) == 2**501
    assert sum(x * k for x, k in zip(values, counts, strict=True)) == 1
