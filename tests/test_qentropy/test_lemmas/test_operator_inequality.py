"""The operator inequality of classical-quantum states."""

import numpy as np
import pytest

from qentropy import lemmas, states
from qentropy.blocks import Array
from qentropy.lemmas.operator_inequality import STATEMENTS
from qentropy.lemmas.search import RecordedNormals
from qentropy.operators import partial_trace
from qentropy.results import Verdict


def test_operator_inequality_smallest_eigenvalue() -> None:
    """The right-hand side is the smallest eigenvalue of ``rho_A (x) Pi_B - rho_AB``."""
    for k in range(7):
        arguments = STATEMENTS[0].draw(RecordedNormals(np.random.default_rng(k)), k)
        rho_ab, dims = arguments["rho_ab"], arguments["dims"]
        check = lemmas.check_cq_operator_inequality(rho_ab, dims)
        gap = np.kron(partial_trace(rho_ab, dims, 0), np.eye(dims[1])) - rho_ab
        assert np.linalg.eigvalsh(gap)[0] == pytest.approx(check.rhs.lower, abs=1e-12)
        assert check.rhs.lower > 1e-6
        assert check.verdict is Verdict.PROVED


def ensemble(*vectors: list[complex]) -> Array:
    """Equiprobable multiples of projectors on vectors, the multiples exact floats."""
    projectors = [np.outer(v, np.conj(v)) / (len(vectors) * np.vdot(v, v).real) for v in vectors]
    return sum(np.kron(p, np.diag(np.eye(len(vectors))[b])) for b, p in enumerate(projectors))  # type: ignore[return-value]


def test_operator_inequality_with_one_outcome_is_an_equality() -> None:
    """With one outcome of B both sides are the same operator."""
    rho_ab = np.kron(states.random_state(2, rng=9), np.diag([1.0, 0.0]))
    check = lemmas.check_cq_operator_inequality(rho_ab, (2, 2))
    assert check.verdict is Verdict.PROVED
    assert check.rhs.width == 0


@pytest.mark.parametrize(
    "rho_ab",
    [
        ensemble([1, 1], [1, -1]),
        ensemble([1, 1j], [1, -1j]),
        ensemble([1, 1, 1, 1], [1, 1j, -1, -1j], [1, -1, 1, -1], [2, 0, 0, 0]),
    ],
    ids=["real", "complex", "four"],
)
def test_an_eigenvalue_that_is_exactly_zero_is_proved(rho_ab: Array) -> None:
    """Without one outcome the others do not span the space; exact arithmetic sees the zero."""
    count = round(len(rho_ab) ** 0.5)
    check = lemmas.check_cq_operator_inequality(rho_ab, (count, count))
    assert check.rhs.lower == 0
    assert check.rhs.upper < 1e-13
    assert check.verdict is Verdict.PROVED


@pytest.mark.parametrize("factor", [1 - 2**-50, 1 - 2**-40])
def test_a_negative_eigenvalue_is_not_proved(factor: float) -> None:
    """A right-hand side too small by less than intervals resolve is not proved in any way."""
    check = lemmas.check_cq_operator_inequality(ensemble([1, 1], [1, -1]), (2, 2), factor=factor)
    assert check.rhs.lower < 0
    assert check.verdict is not Verdict.PROVED


def test_rounding_of_the_state_is_not_a_refutation() -> None:
    """Three random pure states miss a dimension of four; rounding leaves it open."""
    vectors = np.random.default_rng(1).normal(size=(3, 4))
    parts = [np.outer(v, v) / (3 * v @ v) for v in vectors]
    rho_ab = sum(np.kron(p, np.diag(np.eye(3)[b])) for b, p in enumerate(parts))
    check = lemmas.check_cq_operator_inequality(rho_ab, (4, 3))
    assert 0 in check.rhs
    assert check.verdict is not Verdict.REFUTED
