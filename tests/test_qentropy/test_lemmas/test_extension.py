"""The distance of the extension in the trace-distance lemma."""

import math

import numpy as np
import pytest

from qentropy import lemmas, states
from qentropy.blocks import Array
from qentropy.lemmas.classical_quantum import ensemble_state
from qentropy.lemmas.extension import extension_parts
from qentropy.lemmas.search import RecordedNormals
from qentropy.operators import partial_trace
from qentropy.results import Verdict


def ensemble(dims: tuple[int, int], rank: int) -> Array:
    """A classical-quantum state."""
    return ensemble_state(RecordedNormals(np.random.default_rng(5)), dims, rank)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_both_sides_by_an_independent_route(rank: int) -> None:
    """Both sides contain the norms in plain floating point."""
    dims = (3, 4)
    rho_ab, sigma_a = ensemble(dims, rank), states.random_state(3, rank=rank, rng=6)
    extension = lemmas.trace_distance_extension(rho_ab, sigma_a, dims)
    np.testing.assert_allclose(partial_trace(extension, dims, 0), sigma_a, atol=1e-12)
    assert np.linalg.eigvalsh(extension).min() > -1e-14
    check = lemmas.check_trace_distance_extension(rho_ab, sigma_a, dims)
    marginal = np.linalg.norm(partial_trace(rho_ab, dims, 0) - sigma_a, "nuc")
    assert np.linalg.norm(rho_ab - extension, "nuc") == pytest.approx(check.lhs.lower, rel=1e-9)
    assert 2 * math.sqrt(marginal) == pytest.approx(check.rhs.upper, rel=1e-9)
    assert check.verdict is Verdict.PROVED


def test_product_extension_does_not_do() -> None:
    """The bound (B12) is about this extension: ``sigma_A (x) rho_B`` violates it."""
    rho_ab, sigma_a = np.diag([0.5, 0.0, 0.0, 0.5]), np.diag([0.51, 0.49])
    product = np.kron(sigma_a, np.diag([0.5, 0.5]))
    wrong = lemmas.check_trace_distance_extension(
        rho_ab, sigma_a, (2, 2), extension=lambda *_: product
    )
    assert 1.0 in wrong.lhs
    assert wrong.verdict is Verdict.REFUTED
    assert lemmas.check_trace_distance_extension(rho_ab, sigma_a, (2, 2)).verdict is Verdict.PROVED


def test_parts_of_the_extension() -> None:
    """The parts are those of rho_AB and of what was constructed."""
    rho_ab, sigma_a = ensemble((2, 3), 2), states.random_state(2, rng=7)
    parts, pieces = extension_parts(rho_ab, sigma_a, (2, 3))
    assert parts.sum(axis=0) == pytest.approx(partial_trace(rho_ab, (2, 3), 0))
    assert pieces.sum(axis=0) == pytest.approx(sigma_a)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_sharper_bound_by_an_independent_route(rank: int) -> None:
    """``2 sqrt(t - t**2/4)`` of the marginals' trace norm t, below ``2 sqrt(t)``."""
    dims = (3, 4)
    rho_ab, sigma_a = ensemble(dims, rank), states.random_state(3, rank=rank, rng=6)
    sharp = lemmas.check_sharp_extension_distance(rho_ab, sigma_a, dims)
    t = np.linalg.norm(partial_trace(rho_ab, dims, 0) - sigma_a, "nuc")
    assert sharp.rhs.upper == pytest.approx(2 * math.sqrt(t - t**2 / 4), rel=1e-9)
    assert sharp.verdict is Verdict.PROVED
    assert sharp.lhs == lemmas.check_trace_distance_extension(rho_ab, sigma_a, dims).lhs


def test_orthogonal_marginals_attain_the_sharper_bound() -> None:
    """There both sides are 2, and the printed bound is ``2 sqrt(2)``."""
    rho_ab, sigma_a = np.diag([0.3, 0.7, 0.0, 0.0]), np.diag([0.0, 1.0])
    sharp = lemmas.check_sharp_extension_distance(rho_ab, sigma_a, (2, 2))
    assert 2.0 in sharp.lhs
    assert 2.0 in sharp.rhs
    assert sharp.rhs.width < 1e-12
    refuted = lemmas.check_sharp_extension_distance(rho_ab, sigma_a, (2, 2), factor=0.999)
    assert refuted.verdict is Verdict.REFUTED


def test_the_sharper_bound_refutes_a_construction_that_the_printed_one_lets_pass() -> None:
    """A product extension at distance 1, where the two bounds are 1.02 and 0.99."""
    rho_ab, sigma_a = np.diag([0.5, 0.0, 0.0, 0.5]), np.diag([0.63, 0.37])
    product = np.kron(sigma_a, np.diag([0.5, 0.5]))
    options = {"extension": lambda *_: product}
    loose = lemmas.check_trace_distance_extension(rho_ab, sigma_a, (2, 2), **options)
    sharp = lemmas.check_sharp_extension_distance(rho_ab, sigma_a, (2, 2), **options)
    assert (loose.verdict, sharp.verdict) == (Verdict.PROVED, Verdict.REFUTED)
