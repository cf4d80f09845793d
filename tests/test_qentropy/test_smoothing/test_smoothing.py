"""Smooth max-relative entropy: known answers over every route, and the laws that define it."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
import scs
from exact import (
    eigenvalues,
    fidelity,
    is_positive,
    largest_eigenvalue,
    matrix,
    normalised,
    positive_part_trace,
    trace,
)
from flint import arb
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import Array, apply_channel, block_pairs, channels, generators, pairs, states

from qentropy import max_relative_entropy, smooth_max_relative_entropy
from qentropy.blocks import BlockOperator
from qentropy.errors import (
    CertificationWarning,
    DimensionMismatchError,
    InvalidParameterError,
    InvalidStateError,
    SolverError,
)
from qentropy.results import CertifiedValue, Interval
from qentropy.smoothing import METHODS, low_rank, smooth_max_relative_entropy_curve
from qentropy.states import isotropic_state, random_state, random_unitary, werner_state

NORM, TRACE, PURIFIED = BALLS = ("trace-norm", "trace-distance", "purified-distance")
HALF_A_DIGIT = 6e-10  # the tables print nine or ten digits


@pytest.fixture(scope="module", autouse=True)
def impatience() -> Iterator[None]:
    """Where SCS does not converge it need not take long about it; laws hold for any interval."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qentropy.cones.MAX_ITERATIONS", 3000)
        yield


def solve(rho: Any, sigma: Any, epsilon: float, **options: Any) -> CertifiedValue | None:
    """The result, wide or not; None where the one route asked for does not apply or fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CertificationWarning)
        try:
            return smooth_max_relative_entropy(rho, sigma, epsilon, **options)
        except SolverError:
            assert options.get("method", "auto") in {"low-rank", "path-following", "conic"}
            return None


def interval(rho: Any, sigma: Any, epsilon: float, **options: Any) -> Interval:
    """The proved interval; everything where there is no result."""
    result = solve(rho, sigma, epsilon, **options)
    return Interval(-math.inf, math.inf) if result is None else result.interval


def assert_same(first: Interval, second: Interval, slack: float = 1e-8) -> None:
    """Two intervals of one number overlap, up to what rounding has done to the operators."""
    assert first.lower - slack <= second.upper
    assert second.lower - slack <= first.upper


# Known answers


class Case(NamedTuple):
    """One row of a table of known answers, in bits."""

    source: str
    rho: Array
    sigma: Array
    ball: str
    epsilon: float
    value: float
    normalized: bool = True


def bloch(*vector: float) -> Array:
    """The qubit state with this Bloch vector."""
    x, y, z = vector
    return np.array([[1 + z, x - 1j * y], [x + 1j * y, 1 - z]]) / 2


def pure(*amplitudes: float) -> Array:
    """The pure state with these amplitudes, up to a factor."""
    ket = np.array(amplitudes) / np.linalg.norm(amplitudes)
    return np.outer(ket, ket)


def known_answers() -> list[Case]:
    """Every row that is about the smooth max-relative entropy, and its cases of radius 0."""
    first, second = bloch(0.9, 0.05, -0.02), bloch(-0.8, 0.1, 0.1)
    classical, uniform = np.diag([0.5] + [0.5 / 7] * 7), np.eye(8) / 8
    plus, tilted = pure(1, 1), np.diag([0.75, 0.25])
    schmidt = pure(math.sqrt(0.9), 0, 0, math.sqrt(0.1))
    marginals = np.diag([0.81, 0.09, 0.09, 0.01])
    graded = np.diag([0.98, 0.015, 0.005])
    noisy, mixed = isotropic_state(2, 0.1), np.eye(4) / 4
    cases = [
        Case("qubit formula", first, second, TRACE, 0.0, 3.3284370118),
        *(
            Case("certified brackets", first, second, ball, epsilon, value)
            for ball, epsilon, value in (
                (TRACE, 0.05, 3.249849018),
                (TRACE, 0.1, 3.166740753),
                (TRACE, 0.3, 2.776290758),
                (PURIFIED, 0.05, 3.289169579),
                (PURIFIED, 0.1, 3.242015325),
                (PURIFIED, 0.3, 2.962583394),
            )
        ),
        Case("closed form, depolarised", noisy, mixed, TRACE, 0.0, 1.8875252707),
        Case("closed form, depolarised", isotropic_state(2, 0.5), mixed, TRACE, 0, 1.3219280949),
        Case("closed form, depolarised", noisy, mixed, TRACE, 0.1, math.log2(3.3)),
        Case("closed form, Werner", werner_state(3, 0.2), np.eye(9) / 9, NORM, 0.0, 1.2630344058),
        Case("closed form, Schmidt", schmidt, marginals, TRACE, 0.0, 3.4739311883),
        *(
            Case("water-filling", classical, uniform, TRACE, epsilon, value)
            for epsilon, value in ((0.1, 1.6780719051), (0.3, 0.6780719051), (0.45, 0.0))
        ),
        Case("no covering", classical, uniform, TRACE, 0.45, -0.8624964763, normalized=False),
        *(
            Case("minus H_min^eps, sub-normalised", classical, np.eye(8), TRACE, e, v, False)
            for e, v in ((0.0, -1.0), (0.1, -1.3219280949), (0.3, -2.3219280949))
        ),
        Case("scaled water-filling", classical, uniform, PURIFIED, 0.1, 1.6798786732),
        Case("scaled water-filling", classical, uniform, PURIFIED, 0.3, 0.7744568312),
        *(
            Case("root of (3/16)x^2 + (e-1/2)x + e^2 - e", plus, tilted, TRACE, epsilon, value)
            for epsilon, value in (
                (0.0, 1.4150374993),
                (0.05, 1.3226673846),
                (0.1, 1.2256362383),
                (0.3, 0.7810876615),
            )
        ),
        *(
            Case("rotation", plus, tilted, PURIFIED, epsilon, value)
            for epsilon, value in ((0.05, 1.3411318883), (0.1, 1.2638376932), (0.3, 0.9286661702))
        ),
        Case("hockey-stick only bounds", pure(1, 1, 1), graded, TRACE, 0.3, 5.450631035),
        *(
            Case("pure bipartite state", schmidt, marginals, ball, epsilon, value)
            for ball, epsilon, value in (
                (PURIFIED, 0.05, 3.0616699411),
                (PURIFIED, 0.1, 2.5861673015),
                (PURIFIED, 0.3, 0.3372008055),
                (TRACE, 0.3, 0.337185582),
            )
        ),
    ]
    for size, epsilon in itertools.product((2, 3), (0.05, 0.3, 0.9)):
        psi = pure(*range(1, size + 1))
        for ball, loss in ((TRACE, epsilon), (PURIFIED, epsilon**2)):
            value = max(0.0, math.log2(size) + math.log2(1 - loss))
            cases.append(Case("pure against 1/d", psi, np.eye(size) / size, ball, epsilon, value))
    return cases


CASES = known_answers()
NAMES = [f"{c.source}, {c.ball} {c.epsilon:g}{'' if c.normalized else ', sub'}" for c in CASES]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_known_answer_lies_in_the_interval(case: Case, method: str) -> None:
    """Acceptance cases 9, 12, 14, 16 to 25; the source of each row is in its name.

    Every route that applies proves an interval around the printed value.
    """
    result = solve(
        case.rho,
        case.sigma,
        case.epsilon,
        ball=case.ball,
        normalized=case.normalized,
        method=method,
    )
    if result is None:
        return
    assert result.lower - HALF_A_DIGIT <= case.value <= result.upper + HALF_A_DIGIT
    assert (result.ball, result.radius) == (case.ball, case.epsilon)
    assert result.normalized is case.normalized
    assert result.value == result.upper
    if method == "auto":
        assert result.converged
        assert result.value == pytest.approx(case.value, abs=2e-9)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_routes_agree(case: Case) -> None:
    """The intervals of all routes have a point in common, pairwise."""
    data = case.rho, case.sigma, case.epsilon
    options = {"ball": case.ball, "normalized": case.normalized}
    found = [interval(*data, method=method, **options) for method in METHODS]
    assert all(a.overlaps(b) for a, b in itertools.combinations(found, 2))


@pytest.mark.parametrize(
    ("ball", "epsilon", "method"),
    [
        (TRACE, 0.3, "path-following"),
        (TRACE, 0.3, "conic"),
        (PURIFIED, 0.1, "path-following"),
        (PURIFIED, 0.1, "conic"),
    ],
)
def test_solvers_converge_where_they_are_needed(ball: str, epsilon: float, method: str) -> None:
    """Neither solver hides behind an answer that is always wide."""
    result = solve(pure(1, 1, 1), np.diag([0.98, 0.015, 0.005]), epsilon, ball=ball, method=method)
    assert result is not None
    assert result.converged
    assert result.method == method


# Laws, over every route


RADII = st.sampled_from([0.0, 1e-18, 1e-9, 0.01, 0.1, 0.3, 0.7, 1.0, 2.5])
OPTIONS = st.fixed_dictionaries(
    {
        "ball": st.sampled_from(BALLS),
        "normalized": st.booleans(),
        "method": st.sampled_from(METHODS),
    }
)
SIZES = st.integers(1, 3)
PAIRS = st.one_of(pairs(SIZES), pairs(SIZES, supported=False), block_pairs())


@given(PAIRS, RADII, RADII, OPTIONS)
@settings(max_examples=40)
def test_value_falls_with_the_radius(
    pair: tuple[Array, Array], first: float, second: float, options: dict[str, Any]
) -> None:
    """A larger ball holds a state at least as near to sigma."""
    small, large = sorted((first, second))
    below = interval(*pair, large, **options)
    above = interval(*pair, small, **options)
    assert below.lower <= above.upper + 1e-9


@given(PAIRS, RADII, OPTIONS)
@settings(max_examples=40)
def test_purified_ball_lies_in_the_trace_distance_ball(
    pair: tuple[Array, Array], epsilon: float, options: dict[str, Any]
) -> None:
    """The trace distance is at most the purified distance, so its value is at most the other's."""
    outer = interval(*pair, epsilon, **(options | {"ball": TRACE}))
    inner = interval(*pair, epsilon, **(options | {"ball": PURIFIED}))
    assert outer.lower <= inner.upper + 1e-9


@given(PAIRS, OPTIONS)
@settings(max_examples=40)
def test_radius_zero_recovers_the_max_relative_entropy(
    pair: tuple[Array, Array], options: dict[str, Any]
) -> None:
    """With no smoothing every route gives D_max, infinite where the supports do not fit."""
    result = solve(*pair, 0.0, **options)
    exact = max_relative_entropy(*pair)
    assert result is not None
    assert_same(result.interval, Interval(exact, exact))
    assert result.converged
    assert math.isinf(result.value) == math.isinf(exact)


@given(PAIRS, RADII, OPTIONS, st.sampled_from([1e-300, 2.0**-5, 3.7, 1e300]))
@settings(max_examples=20)
def test_sigma_scales_out(
    pair: tuple[Array, Array], epsilon: float, options: dict[str, Any], factor: float
) -> None:
    """``D(rho||a sigma) = D(rho||sigma) - log2 a``, also for a trace of 1e-300 and 1e300."""
    plain = interval(*pair, epsilon, **options)
    scaled = interval(pair[0], factor * pair[1], epsilon, **options)
    shift = math.log2(factor)
    assert_same(Interval(plain.lower - shift, plain.upper - shift), scaled)


@given(PAIRS, RADII, OPTIONS, generators(), st.integers(0, 2))
@settings(max_examples=40)
def test_isometries_change_nothing(
    pair: tuple[Array, Array],
    epsilon: float,
    options: dict[str, Any],
    rng: np.random.Generator,
    extra: int,
) -> None:
    """Neither a unitary nor an embedding into a larger space changes the value."""
    size = len(pair[0])
    isometry = random_unitary(size + extra, rng=rng)[:, :size]
    turned = [isometry @ x @ isometry.conj().T for x in pair]
    turned = [(x + x.conj().T) / 2 for x in turned]
    assert_same(interval(*pair, epsilon, **options), interval(*turned, epsilon, **options), 1e-6)


@given(PAIRS, RADII, OPTIONS, st.integers(1, 3), st.data())
@settings(max_examples=30)
def test_channels_do_not_increase_it(
    pair: tuple[Array, Array], epsilon: float, options: dict[str, Any], output: int, data: Any
) -> None:
    """Data processing: what a channel does to both brings them nearer."""
    kraus = data.draw(channels(len(pair[0]), output))
    image = [apply_channel(kraus, x) for x in pair]
    after = interval(*image, epsilon, **options)
    assert after.lower <= interval(*pair, epsilon, **options).upper + 1e-6


@given(PAIRS, RADII, OPTIONS)
@settings(max_examples=40)
def test_subnormalised_states_reach_lower(
    pair: tuple[Array, Array], epsilon: float, options: dict[str, Any]
) -> None:
    """The ball of sub-normalised states contains the ball of states."""
    below = interval(*pair, epsilon, **(options | {"normalized": False}))
    above = interval(*pair, epsilon, **(options | {"normalized": True}))
    assert below.lower <= above.upper


@given(pairs(SIZES, real=True), RADII, OPTIONS)
@settings(max_examples=30)
def test_real_path_equals_complex_path(
    pair: tuple[Array, Array], epsilon: float, options: dict[str, Any]
) -> None:
    """A complex type changes nothing at all; complex phases change rounding only."""
    plain = interval(*pair, epsilon, **options)
    assert interval(*(x.astype(complex) for x in pair), epsilon, **options) == plain
    phases = np.exp(1j * np.arange(len(pair[0])))
    turned = [phases[:, None] * x * phases.conj() for x in pair]
    assert_same(plain, interval(*turned, epsilon, **options), 1e-6)


@given(block_pairs(), RADII, OPTIONS, generators())
@settings(max_examples=20)
def test_block_path_equals_dense_path(
    pair: tuple[Array, Array], epsilon: float, options: dict[str, Any], rng: np.random.Generator
) -> None:
    """Hiding the blocks in a rotated basis does not change the value."""
    turn = random_unitary(len(pair[0]), rng=rng)
    dense = [turn @ x @ turn.conj().T for x in pair]
    dense = [(x + x.conj().T) / 2 for x in dense]
    assert_same(interval(*pair, epsilon, **options), interval(*dense, epsilon, **options), 1e-6)


@given(states(SIZES, diagonal=True), generators(), RADII, OPTIONS)
@settings(max_examples=20)
def test_classical_equals_diagonal(
    rho: Array, rng: np.random.Generator, epsilon: float, options: dict[str, Any]
) -> None:
    """Two distributions have the value of the diagonal matrices in any joint eigenbasis."""
    sigma = np.diag(rng.dirichlet(np.ones(len(rho))))
    turn = random_unitary(len(rho), rng=rng)
    dense = [turn @ x @ turn.conj().T for x in (rho, sigma)]
    dense = [(x + x.conj().T) / 2 for x in dense]
    assert_same(
        interval(rho, sigma, epsilon, **options), interval(*dense, epsilon, **options), 1e-6
    )


@given(PAIRS, RADII, st.booleans(), st.sampled_from(METHODS))
@settings(max_examples=30)
def test_trace_norm_is_twice_the_trace_distance(
    pair: tuple[Array, Array], epsilon: float, normalized: bool, method: str
) -> None:
    """The two balls are one: the ends agree to the last bit."""
    options = {"normalized": normalized, "method": method}
    by_norm = interval(*pair, 2 * epsilon, ball=NORM, **options)
    assert by_norm == interval(*pair, epsilon, ball=TRACE, **options)


@given(PAIRS, st.sampled_from([1.0, 1.5, 1e300]), OPTIONS)
@settings(max_examples=30)
def test_ball_that_covers_everything(
    pair: tuple[Array, Array], reach: float, options: dict[str, Any]
) -> None:
    """Normalised states reach ``-log2 Tr sigma``, sub-normalised ones zero: minus infinity."""
    epsilon = 2 * reach if options["ball"] == NORM else reach
    result = solve(*pair, epsilon, **options)
    assume(result is not None)
    if not options["normalized"]:
        assert result.lower == result.upper == -math.inf
        assert result.converged
        return
    floor = -math.log2(np.trace(pair[1]).real)
    assert result.lower == pytest.approx(floor, abs=1e-9)
    assert result.upper >= floor - 1e-12
    if options["method"] == "auto":
        assert result.converged


# Supports


UNSUPPORTED = [
    # rho, sigma, ball, the largest radius with no state on the support
    (np.diag([0.75, 0.25]), np.diag([1.0, 0.0]), TRACE, 0.25),
    (np.diag([0.75, 0.25]), np.diag([1.0, 0.0]), NORM, 0.5),
    (np.diag([0.75, 0.25]), np.diag([1.0, 0.0]), PURIFIED, 0.5),
    (pure(1, 1), np.diag([1.0, 0.0]), TRACE, math.sqrt(0.5)),
    (pure(1, 1), np.diag([1.0, 0.0]), PURIFIED, math.sqrt(0.5)),
    (pure(1, 1), pure(3, 4), TRACE, math.sqrt(1 - 0.98)),
    (pure(1, 0, 1, 0), np.diag([0.3, 0.3, 0.0, 0.4]), NORM, math.sqrt(2)),
    (pure(0, 1), np.diag([0.5, 0.0]), TRACE, 1.0),
]


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize(("rho", "sigma", "ball", "threshold"), UNSUPPORTED)
def test_value_is_infinite_until_the_ball_meets_the_support(
    rho: Array, sigma: Array, ball: str, threshold: float, normalized: bool
) -> None:
    """Below the threshold the infinity is proved and the radius named, above it is finite."""
    options: dict[str, Any] = {"ball": ball, "normalized": normalized}
    before = smooth_max_relative_entropy(rho, sigma, threshold * (1 - 1e-6), **options)
    assert before.lower == before.upper == before.value == math.inf
    assert before.converged
    assert before.state is None
    assert before.report is not None
    assert any("infinite for every epsilon below" in note for note in before.report.notes)
    after = solve(rho, sigma, threshold * (1 + 1e-6), **options)
    assert after is not None
    assert after.upper < math.inf
    at_it = solve(rho, sigma, threshold, **options)
    assert at_it is not None
    assert at_it.lower < math.inf or threshold != 0.25  # the boundary itself is in the ball


@given(pairs(st.integers(2, 3), supported=False), RADII, OPTIONS)
@settings(max_examples=40)
def test_infinity_is_only_claimed_where_it_is_true(
    pair: tuple[Array, Array], epsilon: float, options: dict[str, Any]
) -> None:
    """Where no state is said to be in reach, the compression of rho is not in the ball either."""
    result = solve(*pair, epsilon, **options)
    if result is None or result.lower < math.inf:
        return
    values, vectors = np.linalg.eigh(pair[1])
    inside = vectors[:, values > 1e-12]
    projector = inside @ inside.conj().T
    state = projector @ pair[0] @ projector
    weight = np.trace(state).real
    if weight < 1e-9:
        return
    gap = np.linalg.eigvalsh(pair[0] - state / weight)
    distance = np.maximum(gap, 0).sum() * (2 if options["ball"] == NORM else 1)
    reach = math.sqrt(max(0, 1 - weight)) if options["ball"] == PURIFIED else distance
    assert epsilon < reach + 1e-7


# Extremes


@pytest.mark.parametrize("ball", BALLS)
@pytest.mark.parametrize("epsilon", [1e-300, 1e-18, 1e-9])
def test_tiny_radius_gives_nearly_the_unsmoothed_value(ball: str, epsilon: float) -> None:
    """A radius below or near rounding is no excuse for a wide interval."""
    rho, sigma = random_state(3, rng=1), random_state(3, rng=2)
    result = smooth_max_relative_entropy(rho, sigma, epsilon, ball=ball)
    exact = max_relative_entropy(rho, sigma)
    assert result.converged
    assert result.lower <= exact + 1e-12
    assert result.value == pytest.approx(exact, abs=1e-6)


@pytest.mark.parametrize("ball", BALLS)
@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.9, 1.0, 3.0])
@pytest.mark.parametrize("weight", [1.0, 0.5, 1e-300, 1e300])
def test_one_dimension(ball: str, epsilon: float, weight: float) -> None:
    """One state only: ``-log2 Tr sigma``; sub-normalised ones lose what the ball allows."""
    result = smooth_max_relative_entropy([[1]], [[weight]], epsilon, ball=ball)
    assert result.lower <= -math.log2(weight) <= result.upper
    assert result.converged
    smaller = smooth_max_relative_entropy([[1]], [[weight]], epsilon, ball=ball, normalized=False)
    left = {NORM: 1 - epsilon / 2, TRACE: 1 - epsilon, PURIFIED: 1 - epsilon**2}[ball]
    if left <= 0:
        assert smaller.upper == -math.inf
    else:
        exact = math.log2(left) - math.log2(weight)
        assert smaller.lower - 1e-12 <= exact <= smaller.upper + 1e-12
        assert smaller.converged


@pytest.mark.parametrize("ball", BALLS)
def test_graded_diagonal_sigma_keeps_its_precision(ball: str) -> None:
    """A reference of condition 1e12 that is diagonal costs no digits for a dense state."""
    sigma = np.diag([1.0, 1e-4, 1e-8, 1e-12])
    rho = random_state(4, rng=5)
    exact = largest_eigenvalue(matrix(sigma).inv() * normalised(matrix(rho))).log() / arb(2).log()
    result = smooth_max_relative_entropy(rho, sigma, 0.0, ball=ball)
    assert arb(result.lower) < exact < arb(result.upper)
    assert result.gap < 1e-11
    assert smooth_max_relative_entropy(rho, sigma, 0.1, ball=PURIFIED).converged


@pytest.mark.parametrize("condition", [5, 7, 9, 12])
def test_ill_conditioned_dense_sigma_is_not_beautified(condition: int) -> None:
    """The exact value of the floats given is inside, though that makes the interval wide."""
    spectrum = 10.0 ** -np.linspace(0, condition, 3)
    sigma = random_state(3, spectrum=spectrum / spectrum.sum(), rng=condition)
    rho = random_state(3, rng=3)
    result = solve(rho, sigma, 0.0)
    exact = largest_eigenvalue(matrix(sigma).inv() * normalised(matrix(rho))).log() / arb(2).log()
    assert result is not None
    assert arb(result.lower) < exact < arb(result.upper)
    assert result.gap < 1e-15 * 10**condition + 1e-8


# What is returned


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("ball", BALLS)
@pytest.mark.parametrize("size", [1, 2, 3])
def test_state_and_witness_prove_the_interval(size: int, ball: str, normalized: bool) -> None:
    """Both ends can be checked from the returned matrices and the data alone, exactly."""
    rho, sigma = random_state(size, rng=10 + size), random_state(size, rng=20 + size)
    epsilon = 0.1
    result = solve(rho, sigma, epsilon, ball=ball, normalized=normalized)
    assert result is not None
    assert result.converged
    assert result.state is not None
    assert result.witness is not None
    state, weight, center = matrix(result.state), matrix(sigma), normalised(matrix(rho))
    assert is_positive(state)
    if normalized or trace(state) > 1:
        state = normalised(state)
    bits = largest_eigenvalue(weight.inv() * state).log() / arb(2).log()
    assert bits < arb(result.upper)
    if ball == PURIFIED:
        # rho stands for its factor, from which it differs by rounding
        assert fidelity(center, state) ** 2 + arb(epsilon) ** 2 >= 1 - arb(1e-13)
        return
    radius = arb(epsilon) / (2 if ball == NORM else 1)
    assert positive_part_trace(center - state) <= radius
    witness = matrix(result.witness)
    bottom, top = eigenvalues(witness)[0], eigenvalues(witness)[-1]
    if not normalized:
        bottom, top = (bottom - abs(bottom)) / 2, (top + abs(top)) / 2
    gain = arb(trace(center * witness)) - radius * (top - bottom)
    value = (gain / positive_part_trace(witness * weight)).log() / arb(2).log()
    assert value > arb(result.lower)


def test_rotated_state_comes_back_in_the_original_basis() -> None:
    """For a singular sigma in a general basis the state lies on its support, near rho."""
    basis = random_unitary(3, rng=4)[:, :2]
    rho, sigma = (basis @ random_state(2, rng=k) @ basis.conj().T for k in (1, 2))
    rho, sigma = ((x + x.conj().T) / 2 for x in (rho, sigma))
    result = smooth_max_relative_entropy(rho, sigma, 0.1, ball=TRACE)
    assert result.state is not None
    assert result.witness is not None
    outside = np.eye(3) - basis @ basis.conj().T
    assert abs(outside @ result.state).max() < 1e-12
    assert np.maximum(np.linalg.eigvalsh(rho - result.state), 0).sum() <= 0.1 + 1e-12
    assert result.state.shape == result.witness.shape == (3, 3)
    assert not result.state.flags.writeable


def test_report_says_what_was_done() -> None:
    """Blocks, status, routes tried and repairs are on record; none of it is proof."""
    rho, sigma = np.zeros((2, 5, 5))
    rho[:3, :3], rho[3:, 3:] = random_state(3, rng=1, real=True) / 2, np.eye(2) / 4
    sigma[:3, :3], sigma[3:, 3:] = random_state(3, rng=2, real=True) / 2, np.eye(2) / 4
    report = smooth_max_relative_entropy(rho, sigma, 0.1, ball=PURIFIED).report
    assert report is not None
    assert report.blocks == (3, 1, 1)
    assert report.seconds > 0
    assert any("path-following" in note for note in report.notes)
    conic = smooth_max_relative_entropy(
        pure(1, 1, 1), np.diag([0.98, 0.015, 0.005]), 0.3, ball=TRACE, method="conic"
    )
    assert conic.report is not None
    assert (conic.method, conic.report.solver, conic.report.status) == ("conic", "scs", "solved")
    assert conic.report.iterations > 0


def test_one_radius_is_no_curve() -> None:
    """A number where radii are expected is refused as such."""
    with pytest.raises(InvalidParameterError, match=r"sequence of radii; got 0\.1"):
        smooth_max_relative_entropy_curve(np.eye(2) / 2, np.eye(2), 0.1)


@pytest.mark.parametrize("ball", BALLS)
def test_curve_is_the_function_point_by_point(ball: str) -> None:
    """One result for each radius, in the order given, equal to the single calls."""
    rho, sigma, radii = random_state(3, rng=1), random_state(3, rng=2), [0.3, 0.0, 0.1]
    curve = smooth_max_relative_entropy_curve(rho, sigma, iter(radii), ball=ball)
    single = [smooth_max_relative_entropy(rho, sigma, e, ball=ball) for e in radii]
    assert [point.radius for point in curve] == radii
    assert [point.interval for point in curve] == [point.interval for point in single]
    assert smooth_max_relative_entropy_curve(rho, sigma, [], ball=ball) == ()


def test_curve_of_a_state_of_low_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    """Radii between others start from them, and prove what a call for one radius proves.

    Any order and repetition of radii is fine, a zero among them too.
    """
    rho, sigma = random_state(16, rank=4, rng=1), random_state(16, rng=2)
    radii = [0.12, 0.1, 0.0, 0.14, 0.11, 0.1, 0.13]
    starts, solve = [], low_rank.solve

    def recorded(problem: Any, tolerance: float, ends: Any = ()) -> Any:
        starts.append((problem.epsilon, len(ends)))
        return solve(problem, tolerance, ends)

    monkeypatch.setattr(low_rank, "solve", recorded)
    curve = smooth_max_relative_entropy_curve(rho, sigma, radii, ball="trace-distance")
    assert starts == [(0.1, 0), (0.14, 0), (0.12, 2), (0.11, 2), (0.13, 2)]
    assert [point.radius for point in curve] == radii
    assert curve[1] is curve[5]
    for point in curve:
        single = smooth_max_relative_entropy(rho, sigma, point.radius, ball="trace-distance")
        assert point.converged
        assert point.interval.overlaps(single.interval)


def test_radii_far_apart_start_from_nowhere() -> None:
    """Where those on both sides are no help, a curve is what single calls are."""
    rho, sigma = random_state(16, rank=4, rng=1), random_state(16, rng=2)
    radii = [0.02, 0.06, 0.2]
    curve = smooth_max_relative_entropy_curve(rho, sigma, radii, ball="trace-distance")
    single = [smooth_max_relative_entropy(rho, sigma, e, ball="trace-distance") for e in radii]
    assert [point.interval for point in curve] == [point.interval for point in single]


def test_a_start_that_does_no_good_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the solutions on both sides lead nowhere, the radius is solved like a single one."""
    rho, sigma = random_state(16, rank=4, rng=1), random_state(16, rng=2)
    solve = low_rank.solve

    def broken(problem: Any, tolerance: float, ends: Any = ()) -> Any:
        if ends:
            raise SolverError("lost")
        return solve(problem, tolerance)

    monkeypatch.setattr(low_rank, "solve", broken)
    for method in ("auto", "low-rank"):
        curve = smooth_max_relative_entropy_curve(
            rho, sigma, [0.1, 0.11, 0.12], ball="trace-distance", method=method
        )
        assert all(point.converged for point in curve)


# Failures


@pytest.mark.parametrize("ball", BALLS)
def test_tolerance_out_of_reach_is_a_warning(ball: str) -> None:
    """At ``rtol = 1e-15`` the interval is still valid, and the warning says how wide it is."""
    rho, sigma = random_state(3, rng=1), random_state(3, rng=2)
    with pytest.warns(CertificationWarning, match="valid all the same"):
        result = smooth_max_relative_entropy(rho, sigma, 0.1, ball=ball, rtol=1e-15)
    assert not result.converged
    assert result.gap > 1e-15
    assert result.interval.overlaps(
        smooth_max_relative_entropy(rho, sigma, 0.1, ball=ball).interval
    )
    with pytest.warns(CertificationWarning):
        smooth_max_relative_entropy_curve(rho, sigma, [0.1], ball=ball, rtol=1e-15)


def scs_answer(kind: str) -> Any:
    """What a broken SCS might return in the right shape."""

    def answer(data: dict[str, Any], cones: dict[str, Any], **options: Any) -> dict[str, Any]:
        rng = np.random.default_rng(0)
        rows, columns = data["A"].shape
        x, y = {
            "NaN": (np.full(columns, np.nan), np.full(rows, np.nan)),
            "infinite": (np.full(columns, np.inf), np.zeros(rows)),
            "noise": (rng.normal(size=columns), rng.normal(size=rows)),
            "huge": (1e300 * rng.normal(size=columns), 1e300 * rng.normal(size=rows)),
            "zero": (np.zeros(columns), np.zeros(rows)),
        }[kind]
        return {"x": x, "y": y, "s": y, "info": {"status": "solved", "iter": 1}}

    return answer


@pytest.mark.parametrize("kind", ["NaN", "infinite", "noise", "huge", "zero"])
@pytest.mark.parametrize(
    "case", [c for c in CASES if c.epsilon == 0.3], ids=lambda c: f"{c.source}, {c.ball}"
)
def test_broken_solver_leaves_the_interval_true(
    monkeypatch: pytest.MonkeyPatch, case: Case, kind: str
) -> None:
    """Whatever SCS returns, what is proved contains the known value, from the other routes."""
    monkeypatch.setattr(scs, "solve", scs_answer(kind))
    options: dict[str, Any] = {"ball": case.ball, "normalized": case.normalized}
    result = solve(case.rho, case.sigma, case.epsilon, **options)
    assert result is not None
    assert result.lower - HALF_A_DIGIT <= case.value <= result.upper + HALF_A_DIGIT
    assert result.upper < math.inf
    alone = solve(case.rho, case.sigma, case.epsilon, method="conic", **options)
    assert (alone is None) is (kind in {"NaN", "infinite"})
    if alone is not None:
        assert alone.lower - HALF_A_DIGIT <= case.value <= alone.upper + HALF_A_DIGIT


FAILURES = [
    SolverError("no point"),
    np.linalg.LinAlgError("no convergence"),
    ZeroDivisionError("0"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda e: type(e).__name__)
def test_failing_route_is_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    """In automatic mode the others go on; the one route asked for fails with our exception."""

    def fail(*_: Any) -> Any:
        raise failure

    for function in ("propose", "least_completion"):
        monkeypatch.setattr(f"qentropy.smoothing.hockey_stick.{function}", fail)
    rho, sigma = pure(1, 1), np.diag([0.75, 0.25])
    result = smooth_max_relative_entropy(rho, sigma, 0.1, ball=TRACE)
    assert result.method == "path-following"
    assert result.value == pytest.approx(1.2256362383, abs=1e-6)
    assert result.report is not None
    assert any("hockey-stick failed" in note for note in result.report.notes)
    with pytest.raises(SolverError):
        smooth_max_relative_entropy(rho, sigma, 0.1, ball=TRACE, method="hockey-stick")


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("ball", BALLS)
def test_rho_itself_is_the_last_resort(
    monkeypatch: pytest.MonkeyPatch, ball: str, normalized: bool
) -> None:
    """If every route fails, D_max of rho is still a proved upper end."""

    def fail(*_: Any) -> Any:
        raise SolverError("no point")

    for route in ("commuting", "hockey_stick", "purified_path", "trace_path", "conic"):
        monkeypatch.setattr(f"qentropy.smoothing.{route}.propose", fail)
    monkeypatch.setattr("qentropy.smoothing.hockey_stick.least_completion", fail)
    rho, sigma = pure(1, 1), np.diag([0.75, 0.25])
    result = solve(rho, sigma, 0.1, ball=ball, normalized=normalized)
    assert result is not None
    assert result.upper == pytest.approx(1.4150374993, abs=1e-9)
    assert result.lower <= (1.2638376932 if ball == PURIFIED else 1.3226673846)


def test_nothing_proved_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """If not even rho can be certified there is no result."""

    def fail(*_: Any, **__: Any) -> Any:
        raise np.linalg.LinAlgError("no convergence")

    monkeypatch.setattr("qentropy.certify.smooth_upper", fail)
    with pytest.raises(SolverError, match="no convergence"):
        smooth_max_relative_entropy(pure(1, 1), np.diag([0.75, 0.25]), 0.1)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"ball": "diamond"}, InvalidParameterError, "ball must be one of"),
        ({"method": "magic"}, InvalidParameterError, "method must be one of auto"),
        ({"rtol": 0}, InvalidParameterError, "rtol"),
        ({"rtol": -1e-6}, InvalidParameterError, "rtol"),
        ({"rtol": math.nan}, InvalidParameterError, "rtol"),
        ({"epsilon": -0.1}, InvalidParameterError, "epsilon >= 0"),
        ({"epsilon": math.nan}, InvalidParameterError, "epsilon >= 0"),
        ({"epsilon": 0.1j}, InvalidParameterError, "epsilon >= 0"),
        ({"epsilon": True}, InvalidParameterError, "epsilon >= 0"),
        ({"rho": np.eye(2)}, InvalidStateError, "trace 1"),
        ({"sigma": np.eye(3)}, DimensionMismatchError, "same space"),
        ({"sigma": np.zeros((2, 2))}, InvalidStateError, "zero"),
        ({"rho": np.array([np.eye(2) / 2] * 3)}, InvalidParameterError, "stack"),
    ],
)
def test_wrong_arguments_are_refused(
    change: dict[str, Any], error: type[Exception], message: str
) -> None:
    """Each wrong argument has its own exception, with the way out in the message."""
    arguments: dict[str, Any] = {"rho": np.eye(2) / 2, "sigma": np.eye(2), "epsilon": 0.1} | change
    rho, sigma, epsilon = (arguments.pop(name) for name in ("rho", "sigma", "epsilon"))
    with pytest.raises(error, match=message):
        smooth_max_relative_entropy(rho, sigma, epsilon, **arguments)
    with pytest.raises(error, match=message):
        smooth_max_relative_entropy_curve(rho, sigma, [0.2, epsilon], **arguments)


def test_arguments_are_left_alone() -> None:
    """The operators are neither changed nor handed out again."""
    rho, sigma = random_state(3, rng=1), random_state(3, rng=2)
    copies = rho.copy(), sigma.copy()
    result = smooth_max_relative_entropy(rho, sigma, 0.1)
    assert np.array_equal(rho, copies[0])
    assert np.array_equal(sigma, copies[1])
    assert result.primal is not None
    assert not isinstance(result.primal, BlockOperator) or not any(
        np.shares_memory(g, rho) for g in result.primal.groups
    )
