"""Radii below which no state of the ball lies on the support of sigma."""

from __future__ import annotations

import numpy as np
import pytest
from exact import matrix, normalised, trace, trace_norm
from flint import arb
from hostile_matrices import Array, in_blocks
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import states

from qentropy.blocks import one_group
from qentropy.certify.factors import state_factor
from qentropy.certify.support import outside_weight, support_radius


def projector(size: int, rank: int) -> Array:
    """Onto the first levels."""
    return np.diag((np.arange(size) < rank).astype(float))


@given(states(4), st.integers(1, 3), states(3))
@settings(max_examples=80)
def test_no_state_on_the_support_is_nearer(rho: Array, rank: int, inside: Array) -> None:
    """Exact trace distances to states on the support are at least the bound."""
    bound = support_radius(*in_blocks(rho, projector(4, rank)))
    state = np.zeros((4, 4), complex)
    state[:rank, :rank] = inside[:rank, :rank] + 1e-9 * np.eye(rank)
    for candidate in (state, projector(4, rank) @ rho @ projector(4, rank) + 1e-12 * state):
        distance = trace_norm(normalised(matrix(rho)) - normalised(matrix(candidate))) / 2
        assert arb(bound) < distance or bound == 0


@given(states(4, ("pure",)), st.integers(1, 3))
@settings(max_examples=40)
def test_radius_of_a_pure_state_is_exact(rho: Array, rank: int) -> None:
    """It is the root of the weight outside, by the nearest state ``Pi psi``."""
    bound = support_radius(*in_blocks(rho, projector(4, rank)))
    weight = max(0.0, float(np.trace(rho[rank:, rank:]).real))
    assert bound == pytest.approx(np.sqrt(weight), abs=1e-7)


@given(states(4, diagonal=True), st.integers(1, 3))
def test_radius_of_a_commuting_pair_is_exact(rho: Array, rank: int) -> None:
    """It is the weight outside."""
    for layout in (in_blocks, lambda *x: [one_group(y) for y in x]):
        bound = support_radius(*layout(rho, projector(4, rank)))
        weight = np.trace(rho[rank:, rank:])
        assert bound <= weight
        assert bound == pytest.approx(weight, abs=1e-14)


@given(states(4), st.integers(1, 3))
@settings(max_examples=40)
def test_outside_weight_is_enclosed(rho: Array, rank: int) -> None:
    """``Tr rho (1 - Pi)`` of the exact ``B B^dagger`` lies in the interval."""
    operator, sigma = in_blocks(rho, projector(4, rank))
    factor = matrix(state_factor(operator).dense())
    state = normalised(factor * factor.transpose())
    exact = 1 - trace(state * matrix(projector(4, rank)))
    weight = outside_weight(operator, sigma)
    assert arb(weight.lower) <= exact <= arb(weight.upper)
    assert weight.width < 1e-13


def test_supported_state_has_radius_zero() -> None:
    """Nothing is outside the support of a positive definite sigma."""
    rho, sigma = in_blocks(np.full((2, 2), 0.5), np.diag([0.9, 0.1]))
    assert support_radius(rho, sigma) == 0
    assert outside_weight(rho, sigma).lower == 0
