"""Bounds of the diamond-norm program, against values that are known exactly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from bipartite_cases import SPOILS

from qentropy.blocks import one_group
from qentropy.certify import distinguishing_lower, distinguishing_upper, trace_defect
from qentropy.states import random_unitary

# Classical channels, the output y first: N(y|x) - M(y|x), rows x = 0, 1.
GAP = np.diag([0.25, 0.5, -0.25, -0.5])
EXACT = Fraction(1, 2)  # the largest sum over y of the positive entries of one x
EFFECT, INPUT, DUAL = np.diag([0.0, 1, 0, 0]), np.diag([0.0, 1.0]), np.diag([0.25, 0.5, 0, 0])
CASES = {"right": np.array} | SPOILS


@pytest.mark.parametrize("kind", CASES)
def test_the_exact_value_is_never_left(kind: str) -> None:
    """Whatever is proposed."""
    spoil = CASES[kind]
    low, state = distinguishing_lower(one_group(GAP), (spoil(EFFECT), spoil(INPUT)), (2, 2))
    high = distinguishing_upper(one_group(GAP), spoil(DUAL), (2, 2))
    assert 0 <= Fraction(low) <= EXACT <= Fraction(high)
    assert np.isfinite(state).all()
    if kind == "right":
        assert high - low < 1e-13


@pytest.mark.parametrize("kind", CASES)
def test_a_kernel_restricts_the_effect(kind: str) -> None:
    """On the rows 0 and 2 only the entry 1/4 is left; a rotation within them changes nothing."""
    spoil = CASES[kind]
    kernel = np.eye(4)[:, [0, 2]]
    for turn in (np.eye(2), random_unitary(2, rng=1)):
        columns = kernel @ turn
        effect = turn.conj().T @ np.diag([1.0, 0.0]) @ turn
        pair = spoil((effect + effect.conj().T) / 2), spoil(np.diag([1.0, 0.0]))
        low, _ = distinguishing_lower(one_group(GAP), pair, (2, 2), kernel=columns)
        high = distinguishing_upper(
            one_group(GAP), spoil(DUAL * [1, 0, 1, 0]), (2, 2), kernel=columns
        )
        assert low <= 0.25 + 1e-15
        assert high >= 0.25 - 1e-15
        if kind == "right":
            assert high - low < 1e-12


def test_an_error_of_the_data_widens_both_ends() -> None:
    """The value moves by at most the error times the dimension of the output."""
    pair = EFFECT, INPUT
    low, _ = distinguishing_lower(one_group(GAP), pair, (2, 2), error=1e-3)
    high = distinguishing_upper(one_group(GAP), DUAL, (2, 2), error=1e-3)
    assert 0.498 < low < 0.5 - 0.9e-3
    assert 0.5 + 0.9e-3 < high < 0.503


def test_trace_defect_bounds_the_marginal() -> None:
    """Zero for a difference of channels, one for a channel, up to rounding or what was put in."""
    assert trace_defect(one_group(GAP), (2, 2)) < 1e-14
    assert trace_defect(one_group(np.eye(4) / 2), (2, 2), whole=1.0) < 1e-14
    off = one_group(GAP + np.diag([0, 1e-3, 0, 0]))
    assert 1e-3 <= trace_defect(off, (2, 2)) < 1.001e-3
    assert 3e-3 <= trace_defect(off, (2, 2), error=1e-3) < 3.001e-3
