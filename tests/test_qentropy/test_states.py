"""States: each is a density operator with the properties that its name promises."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import qutip
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import generators

from qentropy.entropies import von_neumann_entropy
from qentropy.errors import (
    DimensionMismatchError,
    InvalidParameterError,
    InvalidStateError,
    QEntropyError,
    ResourceLimitError,
)
from qentropy.operators import as_state, partial_trace
from qentropy.states import (
    classical_quantum_state,
    gibbs_state,
    isotropic_state,
    maximally_entangled_state,
    maximally_mixed_state,
    random_state,
    random_unitary,
    werner_state,
)

few = settings(max_examples=30)

KNOWN = {
    "maximally mixed": (maximally_mixed_state(4), [0.25] * 4),
    "maximally entangled": (maximally_entangled_state(2), [0, 0, 0, 1]),
    # 1 - 3p/4 once and p/4 three times.
    "isotropic": (isotropic_state(2, 0.4), [0.1, 0.1, 0.1, 0.7]),
    # p/6 six times and (1 - p)/3 three times.
    "Werner": (werner_state(3, 0.6), [0.1] * 6 + [0.4 / 3] * 3),
    "ensemble": (classical_quantum_state([0.3, 0.7], [np.diag([1, 0]), np.eye(2) / 2]),
                 [0, 0.3, 0.35, 0.35]),
    "Gibbs": (gibbs_state(np.diag([0, math.log(3)]), 1), [0.25, 0.75]),
    "spectrum": (random_state(3, spectrum=[0.2, 0.3, 0.5], rng=1), [0.2, 0.3, 0.5]),
}  # fmt: skip


@pytest.mark.parametrize(("state", "spectrum"), KNOWN.values(), ids=KNOWN)
def test_known_spectra(state: Any, spectrum: list[float]) -> None:
    """Spectra in closed form."""
    assert np.array_equal(state, state.conj().T)
    assert np.linalg.eigvalsh(state) == pytest.approx(np.array(spectrum), abs=1e-15)


@few
@given(generators(), st.integers(1, 6), st.booleans(), st.data())
def test_random_state(
    rng: np.random.Generator, dimension: int, real: bool, data: st.DataObject
) -> None:
    """A random state is a density operator of the rank and the kind that was asked for."""
    rank = data.draw(st.none() | st.integers(1, dimension))
    state = random_state(dimension, rank=rank, real=real, rng=rng)
    assert np.array_equal(as_state(state), state)
    assert np.isrealobj(state) == real
    assert np.linalg.matrix_rank(state, tol=1e-12, hermitian=True) == (rank or dimension)


def test_a_seed_gives_the_same_state() -> None:
    """The same seed gives the same state, and another seed another one."""
    assert np.array_equal(random_state(3, rng=4), random_state(3, rng=4))
    assert not np.array_equal(random_state(3, rng=4), random_state(3, rng=5))


@pytest.mark.parametrize(("real", "expected"), [(False, 1 / 3), (True, 3 / 8)])
def test_random_unitaries_are_haar_distributed(real: bool, expected: float) -> None:
    """In dimension 2 the mean of |u_00|**4 is 1/3 for unitary and 3/8 for orthogonal matrices."""
    rng = np.random.default_rng(0)
    entries = np.array([random_unitary(2, real=real, rng=rng)[0, 0] for _ in range(4000)])
    assert np.mean(abs(entries) ** 4) == pytest.approx(expected, abs=0.02)
    # Without the correction of the phases of the QR factors this mean is not zero.
    assert abs(np.mean(entries)) < 0.05


def test_maximally_entangled_and_isotropic_marginals_are_mixed() -> None:
    """Both marginals of a noisy maximally entangled state are 1/d."""
    for state in (maximally_entangled_state(3), isotropic_state(3, 0.3)):
        for keep in (0, 1):
            assert partial_trace(state, (3, 3), keep) == pytest.approx(np.eye(3) / 3)


@few
@given(generators(), st.floats(0, 1))
def test_symmetry_of_werner_and_isotropic_states(rng: np.random.Generator, weight: float) -> None:
    """Werner states commute with U (x) U, isotropic states with U (x) conj(U)."""
    unitary = random_unitary(3, rng=rng)
    for state, second in (
        (werner_state(3, weight), unitary),
        (isotropic_state(3, weight), unitary.conj()),
    ):
        turn = np.kron(unitary, second)
        assert turn @ state @ turn.conj().T == pytest.approx(state, abs=1e-14)


@few
@given(generators(), st.integers(1, 4))
def test_holevo_information_of_an_ensemble(rng: np.random.Generator, count: int) -> None:
    """H(X) + sum p H(rho_x) is the entropy of the classical-quantum state."""
    probabilities = rng.dirichlet(np.ones(count))
    states = [random_state(2, rng=rng) for _ in range(count)]
    joint = classical_quantum_state(probabilities, states)
    entropies = np.array([von_neumann_entropy(state) for state in states])
    expected = von_neumann_entropy(np.diag(probabilities)) + probabilities @ entropies
    assert von_neumann_entropy(joint) == pytest.approx(expected, abs=1e-12)
    reduced = partial_trace(joint, (count, 2), 0)
    assert reduced == pytest.approx(np.diag(probabilities), abs=1e-15)


@few
@given(generators(), st.floats(-3, 3))
def test_gibbs_state_is_the_matrix_exponential(rng: np.random.Generator, beta: float) -> None:
    """It is exp(-beta H)/Z, and real for a real H."""
    matrix = rng.normal(size=(4, 4))
    hamiltonian = matrix + matrix.T
    exponential = scipy.linalg.expm(-beta * hamiltonian)
    state = gibbs_state(hamiltonian, beta)
    assert state == pytest.approx(exponential / exponential.trace(), abs=1e-11)
    assert np.isrealobj(state)
    assert gibbs_state(qutip.Qobj(hamiltonian), beta) == pytest.approx(state, abs=1e-14)


def test_gibbs_state_at_low_temperature_and_in_blocks() -> None:
    """Large exponents neither overflow nor warn, and zeros between blocks stay zero."""
    hamiltonian = np.zeros((4, 4))
    hamiltonian[np.ix_([0, 2], [0, 2])] = [[1, 2], [2, 1]]
    hamiltonian[np.ix_([1, 3], [1, 3])] = [[0, 1], [1, 5]]
    for beta in (1e5, -1e5, 0.3):
        state = gibbs_state(hamiltonian, beta)
        assert state.trace() == pytest.approx(1)
        assert not state[np.ix_([0, 2], [1, 3])].any()
    assert gibbs_state(hamiltonian, 1e5)[0, 2] == pytest.approx(-0.5)
    stack = gibbs_state(np.array([hamiltonian, 2 * hamiltonian]), 0.3)
    assert stack[1] == pytest.approx(gibbs_state(hamiltonian, 0.6), abs=1e-15)


HALF = np.eye(2) / 2
BAD = {
    "zero dimension": (lambda: random_state(0), InvalidParameterError),
    "fraction": (lambda: maximally_mixed_state(2.5), InvalidParameterError),
    "bool": (lambda: maximally_mixed_state(True), InvalidParameterError),
    "text": (lambda: random_unitary("2"), InvalidParameterError),
    "rank above d": (lambda: random_state(2, rank=3), InvalidParameterError),
    "rank and spectrum": (lambda: random_state(1, rank=1, spectrum=[1]), InvalidParameterError),
    "short spectrum": (lambda: random_state(2, spectrum=[1]), DimensionMismatchError),
    "ragged spectrum": (lambda: random_state(2, spectrum=[1, [0]]), InvalidStateError),
    "wrong sum": (lambda: random_state(2, spectrum=[1, 1]), InvalidStateError),
    "noise": (lambda: isotropic_state(2, 1.5), InvalidParameterError),
    "symmetric weight": (lambda: werner_state(2, -0.1), InvalidParameterError),
    "no antisymmetric part": (lambda: werner_state(1, 0.5), InvalidParameterError),
    "counts": (lambda: classical_quantum_state([0.5, 0.5], [HALF]), DimensionMismatchError),
    "nothing": (lambda: classical_quantum_state([], []), QEntropyError),
    "negative": (lambda: classical_quantum_state([1.5, -0.5], [HALF, HALF]), InvalidStateError),
    "no state": (lambda: classical_quantum_state([1], [np.eye(2)]), InvalidStateError),
    "sizes": (lambda: classical_quantum_state([0, 1], [HALF, [[1]]]), DimensionMismatchError),
    "stack": (lambda: classical_quantum_state([1], [HALF[None]]), DimensionMismatchError),
    "beta nan": (lambda: gibbs_state(HALF, math.nan), InvalidParameterError),
    "beta inf": (lambda: gibbs_state(HALF, math.inf), InvalidParameterError),
    "beta text": (lambda: gibbs_state(HALF, "1"), InvalidParameterError),
    "not Hermitian": (lambda: gibbs_state([[0, 1], [0, 0]], 1), InvalidStateError),
    "too large": (lambda: maximally_mixed_state(2**25), ResourceLimitError),
    "squared too large": (lambda: werner_state(2**14, 0.5), ResourceLimitError),
}


@pytest.mark.parametrize(("call", "error"), BAD.values(), ids=BAD)
def test_bad_arguments(call: Callable[[], Any], error: type[Exception]) -> None:
    """What is out of range ends in an exception of this package, before any allocation."""
    with pytest.raises(error):
        call()
