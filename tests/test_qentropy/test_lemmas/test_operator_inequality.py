"""The operator inequality of classical-quantum states."""

import numpy as np
import pytest

from qentropy import lemmas, states
from qentropy.lemmas.classical_quantum import random_ensemble
from qentropy.operators import partial_trace
from qentropy.results import Verdict


def test_operator_inequality_smallest_eigenvalue() -> None:
    """The right-hand side is the smallest eigenvalue of ``rho_A (x) Pi_B - rho_AB``."""
    dims = (2, 3)
    rho_ab = random_ensemble(np.random.default_rng(8), dims, 2)
    check = lemmas.check_cq_operator_inequality(rho_ab, dims)
    gap = np.kron(partial_trace(rho_ab, dims, 0), np.eye(3)) - rho_ab
    assert np.linalg.eigvalsh(gap)[0] == pytest.approx(check.rhs.lower, abs=1e-12)
    assert check.verdict is Verdict.PROVED


def test_operator_inequality_with_one_outcome_is_an_equality() -> None:
    """With one outcome of B both sides are the same operator."""
    rho_ab = np.kron(states.random_state(2, rng=9), np.diag([1.0, 0.0]))
    check = lemmas.check_cq_operator_inequality(rho_ab, (2, 2))
    assert check.verdict is Verdict.PROVED
    assert check.rhs.width == 0


def test_operator_inequality_is_honest_about_zero() -> None:
    """A smallest eigenvalue that is exactly zero is neither proved nor refuted."""
    vectors = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    rho_ab = sum(
        0.5 * np.kron(np.outer(v, v), np.diag(np.eye(2)[b])) for b, v in enumerate(vectors)
    )
    check = lemmas.check_cq_operator_inequality(rho_ab, (2, 2))
    assert check.verdict in {Verdict.UNDECIDED, Verdict.PROVED}
    assert 0 in check.rhs
