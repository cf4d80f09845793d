"""Bounds in trace distance: every witness re-evaluated in exact arithmetic."""

from __future__ import annotations

import math
import warnings
from fractions import Fraction

import numpy as np
import pytest
from exact import (
    eigenvalues,
    is_positive,
    largest_eigenvalue,
    matrix,
    meant_state,
    normalised,
    positive_part_trace,
    rational,
    trace,
)
from flint import arb, fmpq_mat
from hostile_matrices import (
    PRIMAL_CANDIDATES,
    Array,
    hermitian_matrices,
    in_blocks,
    in_layout,
    primal_candidate,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import block_pairs, pairs

from qentropy import smooth_max_relative_entropy
from qentropy.blocks import BlockOperator, one_group
from qentropy.certify import max_ratio
from qentropy.certify.ratios import scaled_floor
from qentropy.certify.rounding import EXTENDED
from qentropy.certify.trace_ball import (
    factored_lower,
    max_relative_entropy_interval,
    ratio_projector,
    slack_cost,
    slack_shift,
    smooth_lower,
    smooth_upper,
)
from qentropy.errors import CertificationWarning
from qentropy.states import random_state

PAIRS = st.one_of(pairs(st.integers(1, 4)), block_pairs())
RADII = st.sampled_from([0.0, 1e-18, 1e-9, 0.01, 0.1, 0.3, 0.7, 1.2])
CANDIDATES = ("noise", "projector", "hockey-stick", "difference", "minus one", "huge noise")


def dual_candidate(kind: str, rho: Array, sigma: Array, rng: np.random.Generator) -> Array:
    """Matrices G as routes propose them, and others that nobody should."""
    values, vectors = np.linalg.eigh(rho - rng.uniform(0.3, 2) * sigma)
    noise = rng.normal(size=rho.shape) + 1j * rng.normal(size=rho.shape)
    table = {
        "noise": noise + noise.conj().T,
        "projector": (vectors * (values == values.max())) @ vectors.conj().T,
        "hockey-stick": (vectors * (values > 0)) @ vectors.conj().T,
        "difference": rho - sigma,
        "minus one": -np.eye(len(rho)),
        "huge noise": 1e25 * (noise + noise.conj().T),
    }
    return table[kind]


def dual_value(
    rho: fmpq_mat, sigma: fmpq_mat, radius: float, dual: fmpq_mat, *, normalized: bool
) -> tuple[arb, arb]:
    """Numerator and denominator of ``(Tr rho G - e spread(G)) / Tr (S G S)_+``, enclosed."""
    bottom, *_, top = [eigenvalues(dual)[0], *eigenvalues(dual)]
    if not normalized:
        bottom, top = (bottom - abs(bottom)) / 2, (top + abs(top)) / 2
    gain = arb(trace(normalised(rho) * dual))
    return gain - arb(radius) * (top - bottom), positive_part_trace(dual * sigma)


def assert_in_ball(
    rho: Array, radius: float, state: BlockOperator, *, normalized: bool
) -> fmpq_mat:
    """The state, normalised as it is meant, is exactly positive and provably in the ball."""
    whole = meant_state(state.dense(), normalized=normalized)
    assert positive_part_trace(normalised(matrix(rho)) - whole) <= arb(radius)
    return whole


@given(PAIRS, RADII, st.sampled_from(CANDIDATES), st.booleans(), st.integers(0, 99))
@settings(max_examples=80)
def test_lower_bound_is_below_the_exact_dual_value(
    pair: tuple[Array, Array], radius: float, kind: str, normalized: bool, seed: int
) -> None:
    """For any G the bound is at most the dual objective, evaluated in rational arithmetic."""
    rho, sigma = in_blocks(*pair)
    candidate = dual_candidate(kind, *pair, np.random.default_rng(seed))
    dual = in_layout((candidate + candidate.conj().T) / 2, rho)
    bound = smooth_lower(rho, sigma, radius, dual, normalized=normalized)
    if bound == 0:
        return
    numerator, denominator = dual_value(
        *(matrix(x) for x in pair), radius, matrix(dual.dense()), normalized=normalized
    )
    assert numerator > 0
    assert arb(bound) * denominator < numerator


@given(PAIRS, RADII, st.integers(0, 99))
@settings(max_examples=60)
def test_lower_bound_of_any_factor_is_below_the_exact_dual_value(
    pair: tuple[Array, Array], radius: float, seed: int
) -> None:
    """For ``G = F F^dagger``, evaluated in rational arithmetic, with 0 in the spread of G."""
    rng = np.random.default_rng(seed)
    size = len(pair[0])
    values, vectors = np.linalg.eigh(pair[0] - rng.uniform(0.3, 2) * pair[1])
    noise = rng.normal(size=(size, size)) * 10.0 ** -rng.integers(0, 18)
    factor = vectors * (values > 0) + noise
    rho, sigma = in_blocks(*pair)
    bound = factored_lower(rho, sigma, radius, in_layout(factor, rho))
    whole = matrix(in_layout(factor, rho).dense())
    numerator, denominator = dual_value(
        *(matrix(x) for x in pair), radius, whole * whole.transpose(), normalized=False
    )
    assert bound == 0 or (numerator > 0 and arb(bound) * denominator < numerator)


def test_lower_bound_of_a_projector_is_exact() -> None:
    """One column: ``(1/2 - e) / (3/8 + 1/8)`` for |+> and diag(3/4, 1/4)."""
    factor = one_group(np.full((2, 1), math.sqrt(0.5)))
    rho, sigma = one_group(np.full((2, 2), 0.5)), one_group(np.diag([0.75, 0.25]))
    bound = factored_lower(rho, sigma, 0.1, factor)
    assert 1.8 * (1 - 1e-14) < bound <= 1.8
    assert factored_lower(rho, sigma, 0.1, one_group(np.full((2, 1), math.nan))) == 0
    assert factored_lower(rho, sigma, 0.1, one_group(np.zeros((2, 1)))) == 0
    assert factored_lower(rho, sigma, 1.1, factor) == 0


@given(PAIRS, st.sampled_from([1e-9, 0.01, 0.1, 0.3]), st.booleans(), st.integers(0, 99))
@settings(max_examples=40)
def test_what_is_said_to_be_removed_is_not_trusted(
    pair: tuple[Array, Array], radius: float, normalized: bool, seed: int
) -> None:
    """With any factor of ``(rho - X)_+`` the state that is returned lies in the ball."""
    rho, sigma = in_blocks(*pair)
    rng = np.random.default_rng(seed)
    primal = primal_candidate("mixed", pair, rng.normal(size=pair[0].shape))
    removed = in_layout(rng.normal(size=pair[0].shape) * rng.uniform(0, 0.3), rho)
    bound, state = smooth_upper(
        rho, sigma, radius, in_layout(primal, rho), normalized=normalized, removed=removed
    )
    if state is rho or not math.isfinite(bound):
        return
    whole = assert_in_ball(pair[0], radius, state, normalized=normalized)
    assert is_positive(matrix(pair[1]) * rational(bound) - whole)


@given(PAIRS, st.sampled_from([0.0, 0.01, 0.1]), st.booleans())
@settings(max_examples=30)
def test_lower_bound_of_a_good_candidate_is_tight(
    pair: tuple[Array, Array], radius: float, normalized: bool
) -> None:
    """For a projector the bound is the dual objective to rounding."""
    rho, sigma = in_blocks(*pair)
    if scaled_floor(sigma) < 1e-6:
        return
    dual = ratio_projector(rho, sigma)
    bound = smooth_lower(rho, sigma, radius, dual, normalized=normalized)
    numerator, denominator = dual_value(
        *(matrix(x) for x in pair), radius, matrix(dual.dense()), normalized=normalized
    )
    if numerator > 1e-3 * denominator:
        assert bound >= float((numerator / denominator).mid()) * (1 - 1e-9)


@given(PAIRS, RADII, hermitian_matrices(4), st.booleans(), st.sampled_from(PRIMAL_CANDIDATES))
@settings(max_examples=60)
def test_upper_bound_is_attained_in_the_ball(
    pair: tuple[Array, Array], radius: float, noise: Array, normalized: bool, kind: str
) -> None:
    """The state that is returned is positive, in the ball and below ``t sigma``, all exactly."""
    rho, sigma = in_blocks(*pair)
    primal = primal_candidate(kind, pair, noise)
    bound, state = smooth_upper(rho, sigma, radius, in_layout(primal, rho), normalized=normalized)
    if not math.isfinite(bound):
        assert scaled_floor(sigma) <= 0
        return
    weight = matrix(pair[1])
    if state is rho:
        assert is_positive(weight * rational(bound) - normalised(matrix(pair[0])))
        return
    whole = assert_in_ball(pair[0], radius, state, normalized=normalized)
    assert is_positive(weight * rational(bound) - whole)
    assert bound <= max_ratio(rho, sigma)


@given(pairs(st.integers(1, 4)), st.sampled_from([1e-9, 0.01, 0.2]), st.booleans())
@settings(max_examples=30)
def test_upper_bound_is_close_for_a_state_on_the_boundary(
    pair: tuple[Array, Array], radius: float, normalized: bool
) -> None:
    """A candidate just outside the ball is taken in at the cost of rounding."""
    rho, sigma = in_blocks(*pair)
    gap = normalised(matrix(pair[1])) - normalised(matrix(pair[0]))
    reach = float(positive_part_trace(gap).mid())
    if scaled_floor(sigma) < 1e-6 or reach <= 1.01 * radius:
        return
    share = radius / reach * (1 + 1e-13)
    primal = (1 - share) * pair[0] + share * pair[1] / np.trace(pair[1]).real
    bound, _ = smooth_upper(rho, sigma, radius, in_layout(primal, rho), normalized=normalized)
    (whole,) = in_blocks(primal)
    exact = float(largest_eigenvalue(matrix(pair[1]).inv() * matrix(whole.dense())).mid())
    # What it takes to get inside, about 1e-14, is paid in the coin of the distance to rho.
    assert bound <= exact + 1e-12 * (1 + max_ratio(rho, sigma) / radius)


def test_graded_state_is_lifted_on_its_own_scale() -> None:
    """Making a singular graded state positive costs rounding of t, though sigma is tiny there."""
    ket = np.array([1.0, 1e-3, 1e-6])
    state = np.outer(ket, ket) / (ket @ ket)
    rho, sigma = np.diag([0.6, 0.4, 1e-11]), np.diag([0.5, 0.5e-6, 0.5e-12])
    center, weight = one_group(rho / np.trace(rho)), one_group(sigma)
    bound, _ = smooth_upper(center, weight, 0.9, one_group(state))
    exact = float(largest_eigenvalue(matrix(sigma).inv() * normalised(matrix(state))).mid())
    assert bound == pytest.approx(exact, rel=1e-10)


@given(PAIRS)
@settings(max_examples=40)
def test_max_relative_entropy_is_enclosed(pair: tuple[Array, Array]) -> None:
    """``log2`` of the exact largest eigenvalue of ``sigma^{-1} rho`` lies in the interval."""
    rho, sigma = in_blocks(*pair)
    if scaled_floor(sigma) <= 0:
        return
    interval = max_relative_entropy_interval(rho, sigma, exponent=3)
    exact = largest_eigenvalue(matrix(pair[1]).inv() * normalised(matrix(pair[0])))
    bits = exact.log() / arb(2).log() - 3
    # The floats of a singular rho may miss positivity, which the lower end allows for.
    assert arb(interval.lower) < bits < arb(interval.upper)


def test_state_that_misses_positivity_by_rounding() -> None:
    """An eigenvalue of -3e-15 in rho cannot be turned into a false bound by a huge -G there."""
    rho, sigma = in_blocks(np.diag([1 + 3e-15, -3e-15]), np.eye(2) / 2)
    for size in (1e8, 1e12, 1e14, 1e16, 1e30):
        dual = in_layout(np.diag([1.0, -size]), rho)
        assert smooth_lower(rho, sigma, 0.0, dual) <= max_ratio(rho, sigma)


@given(
    st.lists(st.integers(1, 1000), min_size=2, max_size=5),
    st.randoms(use_true_random=False),
    st.sampled_from([0.0, 1e-18, 1e-9, 0.125, 0.3]),
)
@settings(max_examples=40)
def test_classical_optimum_is_enclosed(weights: list[int], random, radius: float) -> None:
    """``max_k (P_k - e)/Q_k``, in fractions, lies between the bounds for its own points."""
    p = np.array(weights) / sum(weights)
    q = np.array([random.randint(1, 1000) for _ in weights]) / 1000
    rho, sigma = one_group(np.diag(p)), one_group(np.diag(q))
    first, second = [Fraction(x) for x in p], [Fraction(x) for x in q]
    total = sum(first)
    order = sorted(range(len(p)), key=lambda i: first[i] / second[i], reverse=True)
    heads, dual = [1 / sum(second)], np.zeros(len(p))
    best = heads[0]
    for k in range(1, len(p) + 1):
        above, below = (sum(x[i] for i in order[:k]) for x in (first, second))
        value = (above / total - Fraction(radius)) / below
        if value > best:
            best = value
            dual[:] = 0
            dual[order[:k]] = 1
    low = smooth_lower(rho, sigma, radius, one_group(np.diag(dual)))
    level = np.minimum(p, float(best) * q)
    room = np.maximum(float(best) * q - level, 0)
    state = level + room * (1 - level.sum()) / room.sum() if room.sum() > 0 else level
    high, _ = smooth_upper(rho, sigma, radius, one_group(np.diag(state)))
    assert Fraction(low) <= best <= Fraction(high)
    assert high <= float(best) * (1 + 1e-12) + 1e-12 / max(radius, 1e-2)


def test_state_without_proof_of_positivity_is_not_returned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A candidate in the ball that may be negative does not count."""
    rho, sigma = in_blocks(np.diag([0.75, 0.25]), np.eye(2) / 2)
    better, _ = smooth_upper(rho, sigma, 0.5, sigma)
    monkeypatch.setattr(
        "qentropy.certify.trace_ball.lifted", lambda candidate, *_, **__: (candidate, False)
    )
    bound, state = smooth_upper(rho, sigma, 0.5, sigma)
    assert state is rho
    assert better < bound == max_ratio(rho, sigma)


def test_price_beyond_the_doubles_proves_nothing() -> None:
    """If ``Tr sigma W`` overflows the lower bound is zero."""
    rho, sigma = one_group(np.eye(2) / 2), one_group(1.7e308 * np.eye(2))
    assert smooth_lower(rho, sigma, 0.1, one_group(np.eye(2))) == 0


def test_slack_is_paid_for() -> None:
    """``W + c D**2`` is above both 0 and the dual, and its cost is not below the exact one."""
    sigma = one_group(np.diag([0.5, 1e-6]))
    slack = one_group(np.array([[1.0, 0.0], [0.0, -0.5]]))
    dual = one_group(np.diag([2.0, 0.0]))
    shift = slack_shift(sigma, slack, dual)
    # D**2 is 1 and 2**20 here, so positivity of the second entry costs about 2**-21.
    assert shift == pytest.approx(1.0, abs=1e-12)
    assert slack_shift(sigma, slack, None) == pytest.approx(2.0**-21, rel=1e-6)
    assert slack_shift(sigma, slack, dual, extended=True) == pytest.approx(1.0, abs=1e-12)
    assert slack_cost(sigma, slack, shift) >= 0.5 - 0.5e-6 + 0.5 + 2**20 * 1e-6


@pytest.mark.skipif(EXTENDED is np.float64, reason="no precision beyond doubles")
def test_a_shift_that_costs_more_than_w_is_proved_in_extended_precision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For a badly conditioned sigma G is far below zero where sigma is large; both bounds hold."""
    rng = np.random.default_rng(1)
    rho, turn = random_state(12, rank=3, rng=rng), np.linalg.eigh(random_state(12, rng=rng))[1]
    sigma = turn * np.geomspace(1e-10, 1, 12) @ turn.conj().T
    sigma = (sigma + sigma.conj().T) / 2
    fine = smooth_max_relative_entropy(rho, sigma, 0.1, ball="trace-distance", rtol=1e-4)
    monkeypatch.setattr("qentropy.certify.trace_ball.COARSE", math.inf)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CertificationWarning)
        coarse = smooth_max_relative_entropy(rho, sigma, 0.1, ball="trace-distance", rtol=1e-4)
    assert fine.interval.overlaps(coarse.interval)
    assert fine.converged
    assert fine.gap < coarse.gap / 2
