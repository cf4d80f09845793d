"""Bounds of the largest fidelity with ``1 (x) sigma``, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from bipartite_cases import SPOILS
from flint import arb

from qentropy.blocks import one_group
from qentropy.certify import marginal_fidelity_lower, marginal_fidelity_upper

JOINT = np.diag([0.5, 0.0625, 0.125, 0.3125])
ROOTS = [[arb(x).sqrt() for x in column] for column in ((0.5, 0.125), (0.0625, 0.3125))]
EXACT = sum(((a + b) ** 2 for a, b in ROOTS), arb(0))  # sum_b (sum_a sqrt p(a, b))**2
WEIGHTS = np.array([float(((a + b) ** 2).mid()) for a, b in ROOTS])
SIGMA = np.diag(WEIGHTS / WEIGHTS.sum())
Z = np.diag(np.sqrt(np.diag(JOINT)) / np.tile(np.sqrt(WEIGHTS), 2))
CASES = {"right": np.array} | SPOILS


@pytest.mark.parametrize("kind", CASES)
def test_the_exact_value_is_never_left(kind: str) -> None:
    """Whatever is proposed."""
    low, sigma = marginal_fidelity_lower(one_group(JOINT), CASES[kind](SIGMA), (2, 2))
    high = marginal_fidelity_upper(one_group(JOINT), one_group(CASES[kind](Z)), (2, 2))
    assert not low > EXACT
    assert not high < EXACT
    assert high < 2 + 1e-12
    assert np.isfinite(sigma).all()
    if kind == "right":
        assert high - low < 1e-11


def test_a_pure_state_needs_a_singular_point() -> None:
    """For a pure state the best Z is its projector, which is raised by next to nothing."""
    ket = np.sqrt([0.75, 0, 0, 0.25])
    state = np.outer(ket, ket)
    high = marginal_fidelity_upper(one_group(state), one_group(state), (2, 2))
    assert 0.75 <= high < 0.75 + 1e-9
