"""Smooth conditional entropies: known answers, duality and other laws, broken solvers."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from bipartite_cases import RANDOM, ROUNDING, SPIKE, SPOILS, assert_known, break_solver, quietly
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import Array, apply_channel, channels, states

from qentropy import (
    conditional_max_entropy,
    conditional_min_entropy,
    smooth_conditional_max_entropy,
    smooth_conditional_min_entropy,
    smooth_max_relative_entropy,
)
from qentropy.errors import (
    CertificationWarning,
    DimensionMismatchError,
    InvalidParameterError,
    InvalidStateError,
)
from qentropy.operators import partial_trace
from qentropy.states import maximally_entangled_state, maximally_mixed_state, random_unitary

NORM, TRACE, PURIFIED = BALLS = ("trace-norm", "trace-distance", "purified-distance")
KINDS = list(itertools.product(BALLS, (True, False)))
kinds = pytest.mark.parametrize(("ball", "normalized"), KINDS)


@pytest.mark.parametrize(
    ("epsilon", "value"), [(0.0, 1.0), (0.1, 1.3219280949), (0.3, 2.3219280949)]
)
def test_classical_state_without_side_information(epsilon: float, value: float) -> None:
    """Acceptance case 9, by cutting the largest weights: sub-normalised, in trace distance.

    The same in the trace norm at twice the radius.
    """
    assert_known(smooth_conditional_min_entropy(SPIKE, (8, 1), epsilon, ball=TRACE), value)
    assert_known(smooth_conditional_min_entropy(SPIKE, (8, 1), 2 * epsilon, ball=NORM), value)


@pytest.mark.parametrize("epsilon", [0.1, 0.6])
def test_closed_forms_in_the_default_ball(epsilon: float) -> None:
    """Pure and flat states lose ``log2(1 - epsilon**2)``: scaling them down is optimal."""
    loss = math.log2(1 - epsilon**2)
    phi, flat = maximally_entangled_state(2), maximally_mixed_state(4)
    assert_known(smooth_conditional_min_entropy(phi, (2, 2), epsilon), -1 - loss)
    assert_known(smooth_conditional_min_entropy(flat, (2, 2), epsilon), 1 - loss)
    assert_known(smooth_conditional_max_entropy(phi, (2, 2), epsilon), -1 + loss)
    assert_known(smooth_conditional_max_entropy(flat, (2, 2), epsilon), 1 + loss)


@kinds
@pytest.mark.parametrize("name", RANDOM)
def test_without_side_information_it_is_the_smooth_max_relative_entropy(
    name: str, ball: str, normalized: bool
) -> None:
    """``H_min^epsilon(A) = -D_max^epsilon(rho||1)``: another program and another certificate."""
    rho = RANDOM[name][0]
    options = {"ball": ball, "normalized": normalized}
    left = smooth_conditional_min_entropy(rho, (len(rho), 1), 0.2, **options)
    right = quietly(smooth_max_relative_entropy, rho, np.eye(len(rho)), 0.2, **options)
    assert left.converged
    assert left.lower <= -right.lower + ROUNDING
    assert -right.upper <= left.upper + ROUNDING
    assert (left.ball, left.radius, left.normalized) == (ball, 0.2, normalized)


@pytest.mark.parametrize("epsilon", [0.01, 0.3])
@pytest.mark.parametrize("name", RANDOM)
def test_duality(name: str, epsilon: float) -> None:
    """``H_max^epsilon(A|B) = -H_min^epsilon(A|C)`` for a purification with a larger C."""
    rho, (first, second) = RANDOM[name]
    values, vectors = np.linalg.eigh(rho)
    ket = (vectors * np.sqrt(np.maximum(values, 0)) @ random_unitary(len(rho), rng=1)).ravel()
    other = partial_trace(np.outer(ket, ket.conj()), (first, second, len(rho)), (0, 2))
    left = smooth_conditional_max_entropy(rho, (first, second), epsilon)
    right = smooth_conditional_min_entropy(other, (first, len(rho)), epsilon)
    assert left.converged
    assert right.converged
    assert left.lower <= -right.lower + 1e-6
    assert -right.upper <= left.upper + 1e-6


@pytest.mark.parametrize("name", RANDOM)
def test_state_of_the_max_entropy_attains_its_upper_end(name: str) -> None:
    """The state on A (x) B that is returned lies in the ball and has that max-entropy."""
    rho, dims = RANDOM[name]
    result = smooth_conditional_max_entropy(rho, dims, 0.3)
    trace = np.trace(result.state).real
    values, vectors = np.linalg.eigh(rho)
    root = vectors * np.sqrt(np.maximum(values, 0))
    inside = np.linalg.eigvalsh(root.conj().T @ result.state @ root)
    assert np.sqrt(np.maximum(inside, 0)).sum() >= math.sqrt(1 - 0.3**2) - 1e-6
    entropy = conditional_max_entropy(result.state / trace, dims).value + math.log2(trace)
    assert entropy == pytest.approx(result.value, abs=1e-5)


@pytest.mark.parametrize("name", RANDOM)
def test_state_of_the_min_entropy_attains_its_lower_end(name: str) -> None:
    """Its own min-entropy is the value."""
    rho, dims = RANDOM[name]
    result = smooth_conditional_min_entropy(rho, dims, 0.3)
    trace = np.trace(result.state).real
    entropy = conditional_min_entropy(result.state / trace, dims).value - math.log2(trace)
    assert entropy == pytest.approx(result.value, abs=1e-5)


@kinds
@pytest.mark.parametrize("name", RANDOM)
def test_radius_zero_is_no_smoothing(name: str, ball: str, normalized: bool) -> None:
    """At radius 0 both give the entropies themselves; a tiny radius is next to them."""
    rho, dims = RANDOM[name]
    options = {"ball": ball, "normalized": normalized}
    plain, high = conditional_min_entropy(rho, dims), conditional_max_entropy(rho, dims)
    same = smooth_conditional_min_entropy(rho, dims, 0, **options)
    assert (same.lower, same.upper) == (plain.lower, plain.upper)
    assert smooth_conditional_max_entropy(rho, dims, 0).value == high.value
    near = quietly(smooth_conditional_min_entropy, rho, dims, 1e-12, **options)
    assert near.lower <= plain.upper + 1e-6
    assert plain.lower <= near.upper + ROUNDING


@given(
    states(4), st.sampled_from(KINDS), st.tuples(*2 * [st.sampled_from([0, 1e-6, 0.1, 0.4, 0.9])])
)
@settings(max_examples=20)
def test_value_rises_with_the_radius(
    rho: Array, kind: tuple[str, bool], radii: tuple[float, float]
) -> None:
    """A larger ball holds a state of more min-entropy and one of less max-entropy."""
    small, large = sorted(radii)
    options = {"ball": kind[0], "normalized": kind[1]}
    first, second = (
        quietly(smooth_conditional_min_entropy, rho, (2, 2), e, **options) for e in (small, large)
    )
    assert first.lower <= second.upper + ROUNDING
    first, second = (
        quietly(smooth_conditional_max_entropy, rho, (2, 2), e) for e in (small, large)
    )
    assert second.lower <= first.upper + ROUNDING


@given(states(4), channels(2, 2), st.sampled_from([0.05, 0.3]))
@settings(max_examples=15)
def test_data_processing_on_the_side(rho: Array, kraus: Array, epsilon: float) -> None:
    """A channel on B raises both smooth entropies."""
    image = apply_channel(np.array([np.kron(np.eye(2), k) for k in kraus]), rho)
    for quantity in (smooth_conditional_min_entropy, smooth_conditional_max_entropy):
        before, after = (quietly(quantity, x, (2, 2), epsilon) for x in (rho, image))
        assert after.upper >= before.lower - ROUNDING


@pytest.mark.parametrize("name", RANDOM)
def test_balls_are_nested(name: str) -> None:
    """Normalised lies in sub-normalised, purified in trace distance."""
    rho, dims = RANDOM[name]
    found = {
        kind: smooth_conditional_min_entropy(rho, dims, 0.2, ball=kind[0], normalized=kind[1])
        for kind in KINDS
    }
    for ball in BALLS:
        assert found[ball, True].lower <= found[ball, False].upper + ROUNDING
    for normalized in (True, False):
        assert found[PURIFIED, normalized].lower <= found[TRACE, normalized].upper + ROUNDING


def test_real_and_complex_arithmetic_agree() -> None:
    """A local complex basis changes nothing but the arithmetic."""
    rho, dims = RANDOM["real, low rank"]
    turn = np.kron(*(random_unitary(d, rng=d) for d in dims))
    turned = turn @ rho @ turn.conj().T
    for quantity in (smooth_conditional_min_entropy, smooth_conditional_max_entropy):
        first, second = (quantity(x, dims, 0.2) for x in (rho, (turned + turned.conj().T) / 2))
        assert first.lower <= second.upper + ROUNDING
        assert second.lower <= first.upper + ROUNDING


@kinds
def test_a_ball_that_holds_zero(ball: str, normalized: bool) -> None:
    """Sub-normalised the entropy is infinite; normalised it is that of a flat state."""
    rho, dims = RANDOM["qubits"]
    radius = 2.0 if ball == NORM else 1.0
    result = smooth_conditional_min_entropy(rho, dims, radius, ball=ball, normalized=normalized)
    if normalized:
        assert_known(result, 1.0)
    else:
        assert result.value == result.lower == math.inf
        assert not result.state.any()
    assert smooth_conditional_max_entropy(rho, dims, 1.0).value == -math.inf


@kinds
@pytest.mark.parametrize("spoil", SPOILS)
def test_a_broken_solver_leaves_the_interval_true(
    monkeypatch: pytest.MonkeyPatch, spoil: str, ball: str, normalized: bool
) -> None:
    """Wrong points make the interval wide, never false."""
    rho, dims = RANDOM["qubits"]
    options = {"ball": ball, "normalized": normalized}
    truth = smooth_conditional_min_entropy(rho, dims, 0.2, **options)
    other = smooth_conditional_max_entropy(rho, dims, 0.2)
    break_solver(monkeypatch, SPOILS[spoil])
    result = quietly(smooth_conditional_min_entropy, rho, dims, 0.2, **options)
    assert result.lower <= truth.upper
    assert truth.lower <= result.upper
    result = quietly(smooth_conditional_max_entropy, rho, dims, 0.2)
    assert result.lower <= other.upper
    assert other.lower <= result.upper
    assert np.isfinite(result.state).all()


def test_a_wide_interval_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    """One warning, which points at the caller; also where there is nothing to smooth."""
    break_solver(monkeypatch, SPOILS["noisy"])
    for epsilon in (0, 0.1):
        with pytest.warns(CertificationWarning, match="wider than rtol") as caught:
            smooth_conditional_min_entropy(*RANDOM["qubits"], epsilon)
        assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize(
    "quantity", [smooth_conditional_min_entropy, smooth_conditional_max_entropy]
)
def test_wrong_input_is_refused(quantity: Any) -> None:
    """Dimensions, states, radii, balls and tolerances have their errors."""
    rho = np.eye(4) / 4
    with pytest.raises(DimensionMismatchError, match="dims"):
        quantity(rho, (2, 3), 0.1)
    with pytest.raises(InvalidStateError, match="trace 1"):
        quantity(np.eye(4), (2, 2), 0.1)
    for epsilon in (-0.1, math.nan, 0.1j, True, "0.1"):
        with pytest.raises(InvalidParameterError, match="epsilon"):
            quantity(rho, (2, 2), epsilon)
    with pytest.raises(InvalidParameterError, match="ball must be"):
        quantity(rho, (2, 2), 0.1, ball="Hilbert-Schmidt")
    with pytest.raises(InvalidParameterError, match="rtol"):
        quantity(rho, (2, 2), 0.1, rtol=-1)


def test_max_entropy_has_one_ball() -> None:
    """The others would need a program that is not convex."""
    with pytest.raises(InvalidParameterError, match="not convex"):
        smooth_conditional_max_entropy(np.eye(4) / 4, (2, 2), 0.1, ball=TRACE)
