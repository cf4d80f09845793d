"""Marginal, fidelity and support of the extension in the trace-distance lemma."""

import numpy as np
import pytest

from qentropy import lemmas, states
from qentropy.blocks import Array
from qentropy.distances import fidelity
from qentropy.errors import InvalidStateError
from qentropy.lemmas.classical_quantum import ensemble_state
from qentropy.lemmas.search import RecordedNormals
from qentropy.operators import partial_trace
from qentropy.results import Verdict

DIMS = (3, 4)


def instance(rank: int, unused: int = 0) -> tuple[Array, Array]:
    """A classical-quantum state, and another marginal of the same rank."""
    normals = RecordedNormals(np.random.default_rng(11))
    rho_ab = ensemble_state(normals, DIMS, rank, unused=unused)
    return rho_ab, states.random_state(DIMS[0], rank=rank, rng=6)


def shifted(rho_ab: Array, sigma_a: Array, by: float) -> Array:
    """The right extension with a bit of weight moved from one outcome to another."""
    extension = lemmas.trace_distance_extension(rho_ab, sigma_a, DIMS)
    tensor = extension.reshape(*DIMS, *DIMS).copy()
    moved = by * tensor[:, 0, :, 0]
    tensor[:, 0, :, 0] -= moved
    tensor[:, 1, :, 1] += moved
    return np.asarray(tensor.reshape(extension.shape))


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_extension_is_what_the_lemma_promises(rank: int) -> None:
    """All three statements are proved, at states of any rank and with unused outcomes."""
    rho_ab, sigma_a = instance(rank, unused=1)
    checks = (
        lemmas.check_extension_marginal(rho_ab, sigma_a, DIMS),
        lemmas.check_extension_fidelity(rho_ab, sigma_a, DIMS),
        lemmas.check_extension_support(rho_ab, sigma_a, DIMS),
    )
    assert [check.verdict for check in checks] == [Verdict.PROVED] * 3
    assert checks[2].lhs.upper == 0


def test_a_marginal_that_is_off_is_refuted() -> None:
    """A marginal that differs by 1e-9 is told from rounding."""
    rho_ab, sigma_a = instance(2)
    other = sigma_a + 1e-9 * np.diag([1.0, -1.0, 0.0])
    other += 1e-8 * (np.eye(3) / 3 - sigma_a)  # stays positive
    check = lemmas.check_extension_marginal(
        rho_ab,
        sigma_a,
        DIMS,
        extension=lambda *_: lemmas.trace_distance_extension(rho_ab, other, DIMS),
    )
    assert check.verdict is Verdict.REFUTED
    assert check.lhs.lower == pytest.approx(np.linalg.norm(other - sigma_a, "nuc"), rel=1e-4)


def test_a_wrong_extension_loses_fidelity() -> None:
    """An extension with the right marginal that is not the lemma's has a smaller fidelity."""
    rho_ab, sigma_a = instance(3)
    wrong = shifted(rho_ab, sigma_a, 0.3)
    assert partial_trace(wrong, DIMS, 0) == pytest.approx(sigma_a, abs=1e-12)
    check = lemmas.check_extension_fidelity(rho_ab, sigma_a, DIMS, extension=lambda *_: wrong)
    gap = fidelity(partial_trace(rho_ab, DIMS, 0), sigma_a) - fidelity(rho_ab, wrong)
    assert check.lhs.lower == pytest.approx(gap, abs=1e-7)
    assert check.verdict is Verdict.REFUTED
    right = lemmas.check_extension_marginal(rho_ab, sigma_a, DIMS, extension=lambda *_: wrong)
    assert right.verdict is Verdict.PROVED


def test_weight_on_a_new_outcome_is_refuted() -> None:
    """However little an outcome weighs that rho_B does not have, it is seen."""
    rho_ab, sigma_a = np.kron(states.random_state(2, rng=7), np.diag([1.0, 0.0])), np.eye(2) / 2
    wrong = np.kron(sigma_a, np.diag([1 - 1e-30, 1e-30]))
    check = lemmas.check_extension_support(rho_ab, sigma_a, (2, 2), extension=lambda *_: wrong)
    assert check.lhs.lower == pytest.approx(1e-30)
    assert check.verdict is Verdict.REFUTED
    assert lemmas.check_extension_support(rho_ab, sigma_a, (2, 2)).verdict is Verdict.PROVED


def test_an_extension_has_to_be_classical_on_b() -> None:
    """A construction that gives a coherent state is refused."""
    rho_ab, sigma_a = np.eye(4) / 4, np.eye(2) / 2
    with pytest.raises(InvalidStateError, match="classical on B"):
        lemmas.check_extension_marginal(
            rho_ab, sigma_a, (2, 2), extension=lambda *_: states.maximally_entangled_state(2)
        )
