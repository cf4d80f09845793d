"""Joint spectra of pairs, and the numerical pieces that the closed forms are built from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import block_pairs, pairs, stacks

import qentropy
from qentropy import distances, divergences, entropies, hypothesis_testing
from qentropy.errors import SolverError
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
from qentropy.states import random_state

few = settings(max_examples=30)

CLOSED_FORMS: dict[str, Callable[[Any, Any], float]] = {
    "von_neumann_entropy": lambda rho, _: qentropy.von_neumann_entropy(rho),
    "renyi_entropy": lambda rho, _: qentropy.renyi_entropy(rho, 1e4),
    "relative_entropy": qentropy.relative_entropy,
    "max_relative_entropy": qentropy.max_relative_entropy,
    "min_relative_entropy": qentropy.min_relative_entropy,
    "petz_renyi_divergence": lambda *pair: qentropy.petz_renyi_divergence(*pair, 1e4),
    "sandwiched_renyi_divergence": lambda *pair: qentropy.sandwiched_renyi_divergence(*pair, 1e4),
    "chi_squared_divergence": qentropy.chi_squared_divergence,
    "hockey_stick_divergence": lambda *pair: qentropy.hockey_stick_divergence(*pair, 1e308),
    "hypothesis_testing_relative_entropy": (
        lambda *pair: qentropy.hypothesis_testing_relative_entropy(*pair, 0.1)
    ),
    "information_spectrum_relative_entropy": (
        lambda *pair: qentropy.information_spectrum_relative_entropy(*pair, 0.1)
    ),
    "trace_distance": qentropy.trace_distance,
    "fidelity": qentropy.fidelity,
    "purified_distance": qentropy.purified_distance,
}
GRADED = random_state(3, spectrum=[1 - 1e-6, 1e-6, 1e-12], rng=1), random_state(3, rng=2)


def test_every_closed_form_is_guarded() -> None:
    """The table below holds all functions of the four modules."""
    modules = (entropies, divergences, distances, hypothesis_testing)
    assert {name for module in modules for name in module.__all__} == set(CLOSED_FORMS)


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_lapack_that_fails_is_an_error_of_ours(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which function failed is said, and numpy's exception stays inside."""

    def fail(*_: object, **__: object) -> None:
        raise np.linalg.LinAlgError("Eigenvalues did not converge")

    for routine in ("eigh", "eigvalsh", "svd"):
        monkeypatch.setattr(np.linalg, routine, fail)
    with pytest.raises(SolverError, match=r"failed in LAPACK: Eigenvalues did not converge\."):
        CLOSED_FORMS[name](*GRADED)


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_settings_of_the_caller_change_nothing(name: str) -> None:
    """Whoever lets numpy raise for every underflow gets the same numbers."""
    expected = CLOSED_FORMS[name](*GRADED)
    with np.errstate(all="raise"):
        assert CLOSED_FORMS[name](*GRADED) == expected


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
