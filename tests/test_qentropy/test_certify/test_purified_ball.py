"""Bounds in purified distance: every witness re-evaluated in exact arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest
from exact import (
    fidelity,
    identity,
    is_positive,
    largest_eigenvalue,
    matrix,
    meant_state,
    normalised,
    rational,
    trace,
)
from flint import arb, fmpq, fmpq_mat
from hostile_matrices import (
    PRIMAL_CANDIDATES,
    Array,
    gaussian,
    hermitian_matrices,
    in_blocks,
    in_layout,
    primal_candidate,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import block_pairs, generators, pairs

from qentropy.blocks import BlockOperator
from qentropy.certify.factors import state_factor
from qentropy.certify.purified_ball import purified_lower, purified_trace_lower, purified_upper
from qentropy.certify.ratios import max_ratio, scaled_floor
from qentropy.certify.trace_ball import ratio_projector
from qentropy.states import random_unitary

PAIRS = st.one_of(pairs(st.integers(1, 4)), block_pairs())
RADII = st.sampled_from([1e-18, 1e-9, 1e-3, 0.1, 0.3, 0.7, 0.95, 1.2])
GAPS = (1e-14, 1e-12, 1e-10, 1e-8, 1e-6)


def certified_state(rho: BlockOperator) -> fmpq_mat:
    """The exact ``B B^dagger`` over its trace."""
    factor = matrix(state_factor(rho).dense())
    return normalised(factor * factor.transpose())


@given(PAIRS, RADII, generators(), st.booleans(), st.floats(-3, 3))
@settings(max_examples=50)
def test_lower_bound_is_below_the_exact_dual_value(
    pair: tuple[Array, Array],
    epsilon: float,
    rng: np.random.Generator,
    normalized: bool,
    offset: float,
) -> None:
    """For any W >= 0 and u it is at most ``(u + f^2/Tr (W-u)^{-1} rho)/Tr sigma W``, exactly."""
    rho, sigma = in_blocks(*pair)
    noise = gaussian(len(pair[0]), False, rng)
    dual = in_layout((noise @ noise.conj().T + np.eye(len(noise))) / 2, rho)
    dual = dual.map(lambda g: (g + g.conj().swapaxes(-1, -2)) / 2)
    bound = purified_lower(rho, sigma, epsilon, dual, offset, normalized=normalized)
    slack, state = matrix(dual.dense()), certified_state(rho)
    if bound == 0 or not is_positive(slack):
        return
    square = max(fmpq(0), 1 - rational(epsilon) ** 2)
    price = trace(matrix(pair[1]) * slack)
    parts = max(abs(dual.dense().real).max(), abs(np.imag(dual.dense())).max())
    size = max(math.frexp(parts)[1], math.frexp(offset)[1])
    top = math.ldexp(offset if normalized else min(offset, 0.0), -size)
    best = None
    for gap in GAPS:
        u = rational(math.ldexp(top - gap, size))
        shifted = slack - identity(slack) * u
        if is_positive(shifted) and shifted.det() != 0:
            value = (u + square / trace(shifted.inv() * state)) / price
            best = value if best is None else max(best, value)
    assert best is not None
    assert rational(bound) <= best


@pytest.mark.parametrize("seed", range(12))
def test_lower_bound_pays_for_a_nearly_singular_slack(seed: int) -> None:
    """Where ``W - u`` is singular to rounding, the residual of its inverse is in the bound."""
    rng = np.random.default_rng(seed)
    turn = random_unitary(3, rng=rng)
    dual = (turn * np.array([0.0, 0.4, 0.9])) @ turn.conj().T
    dual = (dual + dual.conj().T) / 2 + 2e-16 * np.eye(3)
    state = (turn * np.array([0.3, 0.3, 0.4])) @ turn.conj().T
    rho, sigma = in_blocks((state + state.conj().T) / 2, np.eye(3) / 2)
    bound = purified_lower(rho, sigma, 0.1, in_layout(dual, rho), 0.0)
    slack, center = matrix(dual), certified_state(rho)
    values = []
    for gap in GAPS:
        shifted = slack + identity(slack) * rational(gap)
        if is_positive(shifted):
            inverse = trace(shifted.inv() * center)
            square = 1 - rational(0.1) ** 2
            values.append((square / inverse - rational(gap)) / (trace(slack) / 2))
    assert rational(bound) <= max(values)


@given(PAIRS, st.sampled_from([0.05, 0.2, 0.5]), st.booleans())
@settings(max_examples=30)
def test_optimal_multipliers_give_a_tight_bound(
    pair: tuple[Array, Array], epsilon: float, normalized: bool
) -> None:
    """With sigma = rho the value is 1, and ``W = 1, u = 0`` comes close as the radius shrinks."""
    rho, _ = in_blocks(*pair)
    full = np.linalg.eigvalsh(pair[0]).min() > 1e-3
    sigma = rho
    one = rho.map(lambda g: np.broadcast_to(np.eye(g.shape[-1]), g.shape))
    bound = purified_lower(rho, sigma, epsilon, one, 0.0, normalized=normalized)
    assert bound <= 1
    if full:
        assert bound >= (1 - epsilon**2) * (1 - 1e-9)


@given(PAIRS, RADII, hermitian_matrices(4), st.booleans(), st.sampled_from(PRIMAL_CANDIDATES))
@settings(max_examples=60)
def test_upper_bound_is_attained_in_the_ball(
    pair: tuple[Array, Array], epsilon: float, noise: Array, normalized: bool, kind: str
) -> None:
    """The state is positive, below ``t sigma`` and has the fidelity of the ball, all exactly."""
    rho, sigma = in_blocks(*pair)
    primal = primal_candidate(kind, pair, noise)
    bound, state = purified_upper(
        rho, sigma, epsilon, in_layout(primal, rho), normalized=normalized
    )
    if not math.isfinite(bound):
        assert scaled_floor(sigma) <= 1e-12
        return
    weight, center = matrix(pair[1]), certified_state(rho)
    if state is rho:
        assert is_positive(weight * rational(bound) - center)
        return
    whole = meant_state(state.dense(), normalized=normalized)
    assert is_positive(weight * rational(bound) - whole)
    overlap = fidelity(center, whole)
    assert overlap**2 + arb(epsilon) ** 2 >= 1


@given(PAIRS, RADII, st.sampled_from(["projector", "one", "difference"]), st.booleans())
@settings(max_examples=30)
def test_bounds_never_cross(
    pair: tuple[Array, Array], epsilon: float, kind: str, normalized: bool
) -> None:
    """Any lower bound is below any upper bound, the trace-distance bound included."""
    rho, sigma = in_blocks(*pair)
    values, vectors = np.linalg.eigh(pair[0] - 0.9 * pair[1])
    table = {
        "projector": (vectors * (values > 0)) @ vectors.conj().T,
        "one": np.eye(len(values)),
        "difference": pair[0] - pair[1],
    }
    dual = in_layout(table[kind], rho).map(lambda g: (g + g.conj().swapaxes(-1, -2)) / 2)
    low = max(
        purified_trace_lower(rho, sigma, epsilon, dual, normalized=normalized),
        *(
            purified_lower(rho, sigma, epsilon, dual, u, normalized=normalized)
            for u in (-10.0, -1.0, -0.1, 0.0, 0.1)
        ),
    )
    flat = sigma.map(lambda g: g / float(sigma.trace))
    for primal in (rho, flat):
        high, _ = purified_upper(rho, sigma, epsilon, primal, normalized=normalized)
        assert low <= high


def two_level_value(p: Array, q: Array, epsilon: float) -> arb:
    """``2**D`` of two levels with p1/q1 > p0/q0: rotate ``sqrt(p)`` by the angle of the ball."""
    first, second = (arb(float(x)).sqrt() for x in p)
    angle = (second / first).atan() - arb(epsilon).asin()
    lowest = (arb(float(q[1])) / arb(float(q[0]))).sqrt().atan()
    if angle < lowest:
        return 1 / (arb(float(q[0])) + arb(float(q[1])))
    return angle.sin() ** 2 / arb(float(q[1]))


@pytest.mark.parametrize("tail", [0.4, 1e-2, 1e-12, 5e-14, 1e-15, 1e-20])
def test_small_weights_count(tail: float) -> None:
    """A level of weight 1e-15 moves the value by 1e-9, and the interval contains the exact one."""
    p, q, epsilon = np.array([tail, 1 - tail]), np.array([0.9, 0.1]), 1e-3
    rho, sigma = in_blocks(np.diag(p), np.diag(q))
    exact = two_level_value(p, q, epsilon)
    top = float(exact.mid()) * q[1]
    state = np.array([1 - top, top])
    slope = np.sqrt(p / state)
    price = (slope[1] - slope[0]) * q[1]
    low = purified_lower(
        rho, sigma, epsilon, in_layout(np.diag([0.0, 1 / q[1]]), rho), -slope[0] / price
    )
    high, _ = purified_upper(rho, sigma, epsilon, in_layout(np.diag(state), rho))
    assert arb(low) < exact < arb(high)
    assert high <= low * (1 + 1e-9)


@given(pairs(st.integers(1, 4)), st.sampled_from([1e-18, 1e-12, 1e-9]))
@settings(max_examples=20)
def test_small_ball_gives_nearly_the_unsmoothed_value(
    pair: tuple[Array, Array], epsilon: float
) -> None:
    """For a tiny radius the trace-distance bound with the top projector meets that of rho."""
    rho, sigma = in_blocks(*pair)
    if scaled_floor(sigma) < 1e-3:
        return
    low = purified_trace_lower(rho, sigma, epsilon, ratio_projector(rho, sigma))
    high, _ = purified_upper(rho, sigma, epsilon, rho)
    exact = largest_eigenvalue(matrix(pair[1]).inv() * certified_state(rho))
    assert arb(low) < exact < arb(high)
    assert low >= high * (1 - 1e-9) - 1e3 * (epsilon + 1e-14)


@pytest.mark.parametrize("shift", [math.inf, 1.0])
def test_without_a_proof_of_positivity_nothing_is_claimed(
    monkeypatch: pytest.MonkeyPatch, shift: float
) -> None:
    """If no operator is ever proved to be above ``A A^dagger`` there is no upper bound."""
    rho, sigma = in_blocks(np.full((2, 2), 0.5), np.eye(2) / 2)
    monkeypatch.setattr("qentropy.certify.purified_ball.psd_shift", lambda *_, **__: shift)
    bound, state = purified_upper(rho, sigma, 0.1, sigma)
    assert bound == math.inf
    assert state is rho


def test_price_beyond_the_doubles_proves_nothing() -> None:
    """If ``Tr sigma W`` overflows the lower bound is zero."""
    rho, sigma = in_blocks(np.eye(2) / 2, 1.7e308 * np.eye(2))
    assert purified_lower(rho, sigma, 0.1, in_layout(np.eye(2), rho), 0.0) == 0


def test_state_outside_the_support_has_no_bound() -> None:
    """B with a row outside the support of sigma has an infinite ratio."""
    rho, sigma = in_blocks(np.full((2, 2), 0.5), np.diag([1.0, 0.0]))
    bound, state = purified_upper(rho, sigma, 0.1, rho)
    assert bound == math.inf
    assert state is rho
    bound, state = purified_upper(rho, sigma, 0.71, in_layout(np.diag([1.0, 0.0]), rho))
    assert bound == pytest.approx(1.0, rel=1e-12)
    assert max_ratio(state, sigma) == pytest.approx(1.0, rel=1e-12)


def test_subnormalized_candidate_grows_into_the_ball() -> None:
    """Where the trace has room a multiple costs less than a part of rho far from sigma."""
    rho, sigma = in_blocks(np.diag([0.5, 0.5]), np.diag([1.0, 1e-9]))
    level = 0.5 * (1 - 1e-9)  # just outside the ball: 0.5 sigma has the fidelity that it asks for
    target = math.sqrt(0.25) * (1 + math.sqrt(1e-9))
    bound, _ = purified_upper(
        rho, sigma, math.sqrt(1 - target**2), sigma.map(lambda g: level * g), normalized=False
    )
    assert 0.5 <= bound <= 0.5 * (1 + 1e-12)


def test_state_has_trace_one_where_the_candidate_was_indefinite() -> None:
    """Dropping a negative part makes the trace larger; the state that is returned is normalised."""
    rho, sigma = in_blocks(np.diag([0.5, 0.5]), np.diag([0.9, 0.1]))
    (candidate,) = in_blocks(np.diag([1.01, -0.01]))
    _, state = purified_upper(rho, sigma, 0.9, candidate)
    assert float(state.trace) == pytest.approx(1, abs=1e-12)
