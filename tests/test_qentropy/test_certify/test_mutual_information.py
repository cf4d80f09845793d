"""Bounds of the max-information, against a value that is known exactly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from bipartite_cases import SPOILS

from qentropy.blocks import one_group
from qentropy.certify import information_lower, information_upper

JOINT = np.diag([0.5, 0.0625, 0.125, 0.3125])
EXACT = Fraction(8, 9) + Fraction(5, 7)  # sum over b of the largest p(b|a)
Y, W = np.diag([8 / 9, 5 / 7]), np.diag([16 / 9, 0.0, 0.0, 16 / 7])
CASES = {"right": np.array} | SPOILS


@pytest.mark.parametrize("scale", [1.0, 2.0**-20, 3.0])
@pytest.mark.parametrize("kind", CASES)
def test_the_exact_value_is_never_left(kind: str, scale: float) -> None:
    """Whatever is proposed, and whatever the trace of rho is."""
    state = one_group(scale * JOINT)
    low = information_lower(state, one_group(CASES[kind](W)), (2, 2))
    high, _ = information_upper(state, CASES[kind](Y), (2, 2))
    assert Fraction(low) <= EXACT <= Fraction(high)
    if kind == "right":
        assert high - low < 1e-12


def test_a_singular_marginal_proves_nothing() -> None:
    """It has to be compressed to its support first."""
    state = one_group(np.diag([0.5, 0.5, 0.0, 0.0]))
    assert information_upper(state, Y, (2, 2))[0] == np.inf
    assert information_lower(state, one_group(W), (2, 2)) == 0
