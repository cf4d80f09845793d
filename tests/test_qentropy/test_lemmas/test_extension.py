"""The extension of the trace-distance lemma has what the lemma promises."""

import math

import numpy as np
import pytest

from qentropy import lemmas, states
from qentropy.lemmas.classical_quantum import random_ensemble
from qentropy.operators import partial_trace
from qentropy.results import Verdict


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_extension_is_what_the_lemma_promises(rank: int) -> None:
    """Marginal, fidelity equality (B13) and support of the constructed extension."""
    dims = (3, 4)
    rho_ab = random_ensemble(np.random.default_rng(5), dims, rank)
    sigma_a = states.random_state(3, rank=rank, rng=6)
    extension = lemmas.trace_distance_extension(rho_ab, sigma_a, dims)
    np.testing.assert_allclose(partial_trace(extension, dims, 0), sigma_a, atol=1e-12)
    assert np.linalg.eigvalsh(extension).min() > -1e-14
    check = lemmas.check_trace_distance_extension(rho_ab, sigma_a, dims)
    assert check.verdict is Verdict.PROVED
    pair = check.details["F(rho_AB, sigma_AB)"], check.details["F(rho_A, sigma_A)"]
    assert abs(pair[0].lower - pair[1].lower) < 1e-7
    assert check.details["weight of sigma_B outside supp(rho_B)"].upper == 0
    assert check.details["distance of the marginal from sigma_A"].upper < 1e-12


def test_extension_of_a_state_with_an_unused_outcome() -> None:
    """An outcome of probability zero keeps probability zero."""
    rho_ab = np.kron(states.random_state(2, rng=7), np.diag([1.0, 0.0]))
    check = lemmas.check_trace_distance_extension(rho_ab, np.diag([0.3, 0.7]), (2, 2))
    assert check.details["weight of sigma_B outside supp(rho_B)"].upper == 0
    assert check.verdict is Verdict.PROVED


def test_product_extension_does_not_do() -> None:
    """The bound (B12) is about this extension: sigma_A (x) rho_B violates it."""
    rho_ab = np.diag([0.5, 0.0, 0.0, 0.5])
    sigma_a = np.diag([0.51, 0.49])
    product = np.kron(sigma_a, np.diag([0.5, 0.5]))
    bound = 2 * math.sqrt(np.abs(np.diag(sigma_a) - 0.5).sum())
    assert np.abs(np.diag(rho_ab - product)).sum() > bound
    assert lemmas.check_trace_distance_extension(rho_ab, sigma_a, (2, 2)).verdict is Verdict.PROVED
