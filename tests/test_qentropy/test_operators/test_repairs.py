"""Small defects are repaired, larger ones refused, at every scale."""

from __future__ import annotations

import math

import numpy as np
import pytest

from qentropy import divergences
from qentropy.errors import InvalidStateError
from qentropy.operators import as_positive, as_state, check_pair
from qentropy.states import isotropic_state, random_state, random_unitary

RHO = isotropic_state(2, 0.3)
NEGATIVE = np.diag([0.5, 0.5, 0.5, -0.5])


def test_slightly_negative_eigenvalues_are_clipped() -> None:
    """Down to -1e-8 of the largest they become zero, the trace stays one, and a note says so."""
    unitary = random_unitary(3, rng=1)
    for values, repaired in (([0.6, 0.4 + 3e-9, -3e-9], True), ([0.6, 0.4 + 3e-8, -3e-8], False)):
        state = (unitary * values) @ unitary.conj().T
        state = (state + state.conj().T) / 2
        if not repaired:
            with pytest.raises(InvalidStateError, match="-3e-08"):
                as_state(state)
            continue
        pair = check_pair(state, 5 * state)
        assert [note.split(" ")[0] for note in pair.repairs] == ["negative", "rho", "negative"]
        for operator in (as_state(state), pair.rho.dense()):
            assert np.linalg.eigvalsh(operator)[0] >= -1e-16
            assert operator.trace() == pytest.approx(1, abs=1e-15)
            assert operator == pytest.approx(state, abs=1e-8)
        assert np.linalg.eigvalsh(as_positive(5 * state))[0] >= -1e-15


def test_trace_within_the_tolerance_is_divided_out() -> None:
    """Single precision is good enough for a state, and leaves a note."""
    state = random_state(5, rng=3).astype(np.complex64)
    assert as_state(state).trace() == pytest.approx(1, abs=1e-15)
    assert check_pair(1.000000001 * RHO, RHO).repairs == ("rho was divided by its trace",)
    assert check_pair(RHO, 7 * RHO).repairs == ()


def test_the_offender_in_a_stack_is_named() -> None:
    """An error in a stack says which of its operators is wrong."""
    stack = np.array([[RHO, RHO], [RHO, 3 * RHO]])
    with pytest.raises(InvalidStateError, match=r"got 3 .*at stack position \(1, 1\)"):
        as_state(stack)


@pytest.mark.parametrize("scale", [5e-324, 1e-310, 1e-300, 1e-5, 1.0, 1e300, 1.5e308])
def test_sigma_of_any_size(scale: float) -> None:
    """Sigma is scaled by a power of two, so that nothing under- or overflows."""
    pair = check_pair(np.eye(2) / 2, np.diag([scale, 0.0]))
    assert 0.5 <= pair.sigma.dense().max() < 1
    assert np.ldexp(pair.sigma.dense(), pair.exponent)[0, 0] == scale
    assert pair.trace_bits == pytest.approx(math.log2(scale))
    assert divergences.max_relative_entropy(np.diag([1.0, 0.0]), np.diag([scale, 0.0])) == (
        pytest.approx(-math.log2(scale), abs=1e-12)
    )


def test_messages_speak_of_the_sigma_that_was_given() -> None:
    """The eigenvalue in an error is that of the argument, not of the scaled operator."""
    with pytest.raises(InvalidStateError, match="got smallest eigenvalue -5e-201 "):
        check_pair(RHO, 1e-200 * NEGATIVE)
    (note,) = check_pair(RHO, np.diag([1e9, 1e9, 1e9, -0.5])).repairs
    assert note == "negative eigenvalues of sigma down to -0.5 were set to zero"


def test_stack_of_sizes() -> None:
    """Each sigma of a stack has its own power of two."""
    sigma = np.array([1e-200, 1.0, 1e200])[:, None, None] * np.eye(2)
    values = divergences.relative_entropy(np.eye(2) / 2, sigma)
    expected = -np.log2([1e-200, 1.0, 1e200]) - 1
    assert values == pytest.approx(expected)
