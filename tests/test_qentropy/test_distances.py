"""Distances of states: known values, peers, accuracy for close states, and laws."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import qutip
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import apply_channel, block_pairs, channels, generators, pairs, states

import qentropy.operators
from qentropy.distances import fidelity, purified_distance, trace_distance
from qentropy.divergences import hockey_stick_divergence, sandwiched_renyi_divergence
from qentropy.errors import InvalidStateError
from qentropy.states import maximally_entangled_state, random_state, random_unitary

DISTANCES = {"trace": trace_distance, "purified": purified_distance}
each_distance = pytest.mark.parametrize("distance", DISTANCES.values(), ids=DISTANCES)
few = settings(max_examples=40)

PLUS = np.full((2, 2), 0.5)
BELL_SPLIT = np.kron(maximally_entangled_state(2), np.eye(2) / 2).reshape([2] * 6)
BELL_SPLIT = (BELL_SPLIT + BELL_SPLIT.transpose(0, 2, 1, 3, 5, 4)).reshape(8, 8) / 2

KNOWN = {
    # toqito, tests/test_state_metrics/test_fidelity.py
    "toqito 1": (fidelity, np.diag([3 / 4, 1 / 4]), np.diag([2 / 3, 1 / 3]), 0.9957819158),
    "toqito 2": (fidelity, np.diag([3 / 4, 1 / 4]), np.diag([1 / 8, 7 / 8]), 0.7738933912),
    # Closed form: |<0|+>|
    "|0>, |+>": (fidelity, np.diag([1.0, 0]), PLUS, math.sqrt(0.5)),
    "|0>, |+>, purified": (purified_distance, np.diag([1.0, 0]), PLUS, math.sqrt(0.5)),
    "|0>, |+>, trace": (trace_distance, np.diag([1.0, 0]), PLUS, math.sqrt(0.5)),
    "orthogonal": (fidelity, np.diag([1.0, 0]), np.diag([0, 1.0]), 0.0),
    "orthogonal, purified": (purified_distance, np.diag([1.0, 0]), np.diag([0, 1.0]), 1.0),
    "orthogonal, trace": (trace_distance, np.diag([1.0, 0]), np.diag([0, 1.0]), 1.0),
    # S. Ishizaka, T. Hiroshima, arXiv:0807.4568: eigenvalues 3/8, 3/8, 1/8, 1/8 and four zeros.
    "split Bell pair": (trace_distance, BELL_SPLIT, np.eye(8) / 8, 0.5),
    # Closed form: half the sum of |p - q|
    "diagonal, trace": (trace_distance, np.diag([0.5, 0.3, 0.2]), np.eye(3) / 3, 1 / 6),
}


@pytest.mark.parametrize(("distance", "rho", "sigma", "expected"), KNOWN.values(), ids=KNOWN)
def test_known_values(
    distance: Callable[..., float], rho: Any, sigma: Any, expected: float
) -> None:
    """Acceptance cases 11 (toqito's tests) and 27 (Ishizaka, Hiroshima), and closed forms."""
    value = distance(rho, sigma)
    assert isinstance(value, float)
    assert value == pytest.approx(expected, abs=2e-10)


@few
@given(pairs(st.integers(2, 5)))
def test_against_qutip(pair: tuple[Any, Any]) -> None:
    """QuTiP's fidelity and trace distance are the same numbers."""
    first, second = map(qutip.Qobj, pair)
    assert fidelity(*pair) == pytest.approx(qutip.fidelity(first, second), abs=1e-7)
    assert trace_distance(*pair) == pytest.approx(qutip.tracedist(first, second), abs=1e-7)


@few
@given(pairs(supported=False))
def test_fidelity_is_a_nuclear_norm(pair: tuple[Any, Any]) -> None:
    """It is ||sqrt(rho) sqrt(sigma)||_1, and 2**(-D/2) of the sandwiched order 1/2."""
    roots = []
    for operator in pair:
        values, vectors = np.linalg.eigh(operator)
        roots.append((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.conj().T)
    # The root of a rounding error of 1e-16 is 1e-8.
    expected = np.linalg.norm(roots[0] @ roots[1], "nuc")
    assert fidelity(*pair) == pytest.approx(expected, abs=1e-7)
    order_half = sandwiched_renyi_divergence(*pair, 0.5)
    assert 2 ** (-order_half / 2) == pytest.approx(fidelity(*pair), abs=1e-8)


def test_trace_distance_is_a_hockey_stick() -> None:
    """Of two states, Tr(rho - sigma)_+ is their trace distance."""
    rho, sigma = random_state(5, rng=1), random_state(5, rank=2, rng=2)
    expected = pytest.approx(hockey_stick_divergence(rho, sigma, 1), abs=1e-14)
    assert trace_distance(rho, sigma) == expected


@pytest.mark.parametrize("exponent", range(1, 16))
def test_purified_distance_of_close_states_keeps_its_digits(exponent: int) -> None:
    """At distance delta the error is of the size of rounding, where 1 - F**2 would be all error."""
    delta = 2.0**-exponent / 10**exponent
    p = np.array([0.5, 0.3, 0.2])
    q = p + delta * np.array([0.25, -0.5, 0.25])
    before, ctx.dps = ctx.dps, 60
    overlap = sum((arb(x) * arb(y)).sqrt() for x, y in zip(p, q, strict=True))
    total = arb(q[0]) + arb(q[1]) + arb(q[2])
    expected = float((1 - overlap**2 / total).sqrt())
    ctx.dps = before
    unitary = random_unitary(3, rng=exponent)[None]
    rotated = apply_channel(unitary, np.diag(p)), apply_channel(unitary, np.diag(q))
    assert purified_distance(np.diag(p), np.diag(q)) == pytest.approx(expected, abs=1e-15)
    assert purified_distance(*rotated) == pytest.approx(expected, abs=3e-15)


@few
@given(states())
def test_equal_states(rho: Any) -> None:
    """A state has distance zero and fidelity one to itself."""
    assert fidelity(rho, rho) == pytest.approx(1, abs=1e-14)
    assert 0 <= purified_distance(rho, rho) <= 1e-14
    assert trace_distance(rho, rho) == 0


@few
@given(pairs(supported=False))
def test_ranges_and_inequalities(pair: tuple[Any, Any]) -> None:
    """Fuchs and van de Graaf: 1 - F <= T <= P, all between 0 and 1, symmetric in the states."""
    f, t, p = fidelity(*pair), trace_distance(*pair), purified_distance(*pair)
    assert 0 <= 1 - f <= t + 1e-13
    assert t <= p + 1e-13
    assert p <= 1
    assert p**2 + f**2 == pytest.approx(1, abs=1e-12)
    assert fidelity(*pair[::-1]) == pytest.approx(f, abs=1e-9)
    assert trace_distance(*pair[::-1]) == pytest.approx(t, abs=1e-14)


@each_distance
@few
@given(st.data())
def test_metric_and_contractive(distance: Callable[..., float], data: st.DataObject) -> None:
    """The triangle inequality holds, and no channel increases a distance."""
    rho, sigma, tau = (data.draw(states(3)) for _ in range(3))
    assert distance(rho, tau) <= distance(rho, sigma) + distance(sigma, tau) + 1e-12
    kraus = data.draw(channels(3, 2))
    images = apply_channel(kraus, rho), apply_channel(kraus, sigma)
    assert distance(*images) <= distance(rho, sigma) + 1e-12


@few
@given(pairs(2), pairs(3))
def test_fidelity_is_multiplicative(first: tuple[Any, Any], second: tuple[Any, Any]) -> None:
    """The fidelity of tensor products is the product of the fidelities."""
    product = fidelity(np.kron(first[0], second[0]), np.kron(first[1], second[1]))
    assert product == pytest.approx(fidelity(*first) * fidelity(*second), abs=1e-8)


@few
@given(pairs(3), generators())
def test_isometry(pair: tuple[Any, Any], rng: np.random.Generator) -> None:
    """An embedding into a larger space changes neither distance."""
    isometry = random_unitary(5, rng=rng)[None, :, :3]
    images = [apply_channel(isometry, operator) for operator in pair]
    assert trace_distance(*images) == pytest.approx(trace_distance(*pair), abs=1e-13)
    assert purified_distance(*images) == pytest.approx(purified_distance(*pair), abs=1e-7)


@pytest.mark.parametrize("function", [fidelity, trace_distance, purified_distance])
@settings(max_examples=20)
@given(pair=block_pairs())
def test_one_block_equals_many(function: Callable[..., float], pair: tuple[Any, Any]) -> None:
    """A pair with shared blocks has the same value when it is treated as a single block."""
    one = [np.arange(len(pair[0]))[None, :]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(qentropy.operators, "joint_blocks", lambda *_: one)
        expected = function(*pair)
    assert function(*pair) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("function", [fidelity, trace_distance, purified_distance])
def test_both_must_be_states(function: Callable[..., float]) -> None:
    """Unlike in a divergence, the second operator has trace one as well."""
    with pytest.raises(InvalidStateError, match="sigma must have trace 1"):
        function(np.eye(2) / 2, np.eye(2))
