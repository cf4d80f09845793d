"""The sum over types, against exact arithmetic."""

from fractions import Fraction
from itertools import product
from math import comb, prod

import numpy as np
import pytest

from qentropy import Interval
from qentropy.convex_split import convex_split_distance, exact_types
from qentropy.convex_split.likelihood import likelihood_ratios


def test_two_copies() -> None:
    """``E |mean of two ratios - 1|`` is 1/16 + 6/16/3 + 9/16/3 = 3/8, by hand."""
    pair = likelihood_ratios(np.array([0.5, 0.5]), np.array([0.25, 0.75]))
    assert 0.375 in exact_types.by_types(pair, 2)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("method", ["types", "fourier", "gaussian"])
def test_exact_rationals(seed: int, method: str) -> None:
    """Every route contains the exact distance of the rational numbers that the floats are."""
    rng, n = np.random.default_rng(seed), 4
    p, q = rng.dirichlet(np.ones(3), 2)
    if seed % 2:
        q = np.array([q[0] + q[1], q[2], 0.0])
    first, second = ([Fraction(x) / sum(map(Fraction, v)) for x in v] for v in (p, q))
    exact = Fraction(0)
    for word in product(range(3), repeat=n):
        terms = [
            prod(first[i] if m == k else second[i] for m, i in enumerate(word)) for k in range(n)
        ]
        exact += abs(sum(terms, Fraction(0)) / n - prod(second[i] for i in word))
    found: Interval = convex_split_distance(np.diag(p), np.diag(q), n, method=method)
    assert Fraction(found.lower) <= exact <= Fraction(found.upper)


@pytest.mark.parametrize("n", [20, 150, 400])
@pytest.mark.parametrize("seed", range(3))
def test_many_copies_of_two_letters(seed: int, n: int) -> None:
    """With two letters the sum over types is short enough for rational numbers, and is enclosed."""
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.full(2, (0.1, 1.0, 5.0)[seed]), 2)
    (p_0, p_1), (q_0, q_1) = ([Fraction(x) / sum(map(Fraction, v)) for x in v] for v in (p, q))
    exact = Fraction(0)
    for k in range(n + 1):
        ratio = (k * p_0 / q_0 + (n - k) * p_1 / q_1) / n
        exact += comb(n, k) * q_0**k * q_1 ** (n - k) * abs(ratio - 1)
    pair = likelihood_ratios(p, q)
    found = pair.distance(exact_types.by_types(pair, n), n)
    assert Fraction(found.lower) <= exact <= Fraction(found.upper)
    assert found.width < 1e-11
