"""The convex split of a Bell pair."""

import math
from fractions import Fraction

import numpy as np
import pytest

from qentropy import certify, states
from qentropy.blocks import one_group
from qentropy.convex_split.bell import bell_convex_split_spectrum
from qentropy.operators import partial_trace


def _distance(n: int) -> Fraction:
    values, counts = bell_convex_split_spectrum(n)
    flat = Fraction(1, 2 ** (n + 1))
    return sum((abs(x - flat) * k for x, k in zip(values, counts, strict=True)), Fraction(0)) / 2


def _relative_entropy(n: int) -> float:
    """To the maximally mixed state of P and n qubits Q, in bits."""
    values, counts = bell_convex_split_spectrum(n)
    terms = [
        float(k * x) * math.log2(x * 2 ** (n + 1))
        for x, k in zip(values, counts, strict=True)
        if x > 0
    ]
    return math.fsum(terms)


def test_two_copies() -> None:
    """Acceptance case 27: 3/8 twice, 1/8 twice, and zeros (Ishizaka, Hiroshima)."""
    assert bell_convex_split_spectrum(2) == ([0, Fraction(1, 8), Fraction(3, 8)], [4, 2, 2])


@pytest.mark.parametrize(
    ("n", "distance", "entropy"),
    [
        (2, 0.5, 1.1887218755),
        (3, 0.4375, 0.8112781245),
        (4, 0.375, 0.6006025297),
        (8, 0.2734375, 0.2819571079),
        (16, 0.1963806152, 0.1371191414),
        (64, 0.0993467537, 0.0339069927),
    ],
)
def test_known_distances(n: int, distance: float, entropy: float) -> None:
    """Acceptance case 27: trace distance and relative entropy, from its spectrum (as above)."""
    assert abs(_distance(n) - Fraction(distance)) <= 5e-11
    assert abs(_relative_entropy(n) - entropy) <= 5e-11


def test_least_number_of_copies() -> None:
    """Acceptance case 28: it falls to 1/5, 1/10, 1/20 at 16, 64, 255 copies, in fractions."""
    for epsilon, n in (("1/5", 16), ("1/10", 64), ("1/20", 255)):
        assert _distance(n) <= Fraction(epsilon) < _distance(n - 1)


def test_bounds_of_the_copies() -> None:
    """The paper's bound holds: D_max of a Bell pair from its marginals is 2 bits."""
    for n in range(1, 40):
        assert (2 * _distance(n)) ** 2 <= Fraction(4 - 1, n)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
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
    gap = one_group(split / n - np.eye(2 ** (n + 1)) / 2 ** (n + 1))
    assert 2 * float(_distance(n)) in certify.trace_norm_interval(gap, 1e-14)


def test_500_copies() -> None:
    """Multiplicities fill the space and the trace is one, exactly."""
    values, counts = bell_convex_split_spectrum(500)
    assert sum(counts) == 2**501
    assert sum(x * k for x, k in zip(values, counts, strict=True)) == 1
