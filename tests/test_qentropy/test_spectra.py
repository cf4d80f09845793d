"""Joint spectra of pairs, and the numerical pieces that the closed forms are built from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import block_pairs, pairs, stacks

from qentropy.operators import check_pair
from qentropy.spectra import (
    adjoint,
    diagonal_matrices,
    flat,
    in_eigenbasis_of_sigma,
    joint_spectrum,
    log_of_sum,
    positive_logarithm,
    positive_power,
    sandwich_eigenvalues,
    scaled_growth,
)

few = settings(max_examples=30)


@few
@given(block_pairs() | pairs(supported=False))
def test_overlaps_are_doubly_stochastic(pair: tuple[Any, Any]) -> None:
    """The weights sum to d, to p along i and to q along j, block by block."""
    rho, sigma = pair
    joint = joint_spectrum(check_pair(rho, 3 * sigma))
    assert joint.weight.sum() == pytest.approx(len(rho))
    assert (joint.weight * joint.p).sum() == pytest.approx(1)
    assert (joint.weight * joint.q).sum() == pytest.approx(1)
    assert (joint.weight * joint.p * joint.q).sum() == pytest.approx(np.trace(rho @ sigma).real)


def test_orthogonal_supports() -> None:
    """The overlap of orthogonal supports is zero, and of others it is Tr Pi_rho sigma."""
    plus, minus = np.full((2, 2), 0.5), np.array([[0.5, -0.5], [-0.5, 0.5]])
    assert joint_spectrum(check_pair(plus, minus)).orthogonal
    joint = joint_spectrum(check_pair(plus, np.diag([1.0, 3.0])))
    assert not joint.orthogonal
    assert joint.overlap == pytest.approx(0.5)


@few
@given(pairs())
def test_sandwich_eigenvalues(pair: tuple[Any, Any]) -> None:
    """They are the eigenvalues of sigma**s rho sigma**s."""
    rho, sigma = pair
    values, vectors = np.linalg.eigh(sigma)
    for power in (0.5, -0.25):
        root = (vectors * values**power) @ vectors.conj().T
        expected = np.linalg.eigvalsh(root @ rho @ root)
        found = np.sort(sandwich_eigenvalues(check_pair(rho, sigma), power))
        assert found == pytest.approx(expected, abs=1e-12)


@few
@given(stacks())
def test_in_eigenbasis_of_sigma(stack: tuple[Any, Any]) -> None:
    """The turned pair is unitarily equivalent to the given one, with sigma diagonal."""
    pair = check_pair(*stack)
    overlap = np.zeros(pair.exponent.shape)
    for state, values in in_eigenbasis_of_sigma(pair):
        assert np.array_equal(state, adjoint(state))
        overlap += np.einsum("...mii,...mi->...", state, values).real
    expected = np.einsum("...ij,...ji->...", stack[0], stack[1]).real
    assert np.ldexp(overlap, pair.exponent) == pytest.approx(expected, abs=1e-12)


def test_pieces() -> None:
    """The small functions do what their names say at zero and near a pole."""
    assert flat(np.zeros((2, 3, 4, 5)), 3).shape == (2, 60)
    assert np.array_equal(diagonal_matrices(np.array([[1.0], [2.0]])), [[[1.0]], [[2.0]]])
    assert np.array_equal(positive_power(np.array([-1e-17, 0, 4]), -0.5), [0, 0, 0.5])
    assert np.array_equal(positive_logarithm(np.array([0, np.e]), np.array([False, True])), [0, 1])
    x = np.array([-1.0, 0.0, 2.0])
    assert scaled_growth(x, 1e-12) == pytest.approx(scaled_growth(x, 0), rel=1e-11)
    assert scaled_growth(np.array([1e4]), 1) == np.inf


@few
@given(st.lists(st.floats(-50, 50), min_size=1, max_size=5), st.floats(-1e5, 1e5))
def test_log_of_sum(exponents: list[float], shift: float) -> None:
    """A common shift of the exponents comes out in front; the empty sum is -inf."""
    weights = np.linspace(0.5, 1, len(exponents))
    direct = np.log((weights * np.exp(exponents)).sum())
    shifted = log_of_sum(np.array(exponents) + shift, weights)
    assert shifted - shift == pytest.approx(direct, abs=1e-9)
    assert log_of_sum(np.array(exponents), 0 * weights) == -np.inf
