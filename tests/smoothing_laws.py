"""Laws of the smooth max-relative entropy, each a check of one hostile problem.

Ends are proved for the floats of the operators, so laws that leave them alone hold to the last
bit. A law that transforms them rounds: what rounding may do to the value is bounded by `blur`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from hostile_pairs import BALLS, Array, Problem, hermitian, pair, problem, turned
from strategies import apply_channel

from qentropy import max_relative_entropy, smooth_max_relative_entropy
from qentropy.blocks import SUPPORT_TOLERANCE
from qentropy.errors import CertificationWarning, ResourceLimitError, SolverError
from qentropy.operators import partial_trace
from qentropy.results import CertifiedValue
from qentropy.smoothing import METHODS
from qentropy.states import random_state, random_unitary

PURIFIED = BALLS[2]
Law = Callable[[Problem, np.random.Generator], None]


def solve(task: Problem, **options: Any) -> CertifiedValue | None:
    """The result, checked from the raw data; None if the one route asked for does not apply."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", CertificationWarning)
        try:
            result = smooth_max_relative_entropy(*task[:3], **task.options, **options)
        except (SolverError, ResourceLimitError):
            assert options.get("method", "auto") != "auto"
            return None
    assert result.lower <= result.value == result.upper
    seen = task._replace(rho=supported(task))
    check_state(seen, result)
    check_witness(seen, result)
    return result


def solved(task: Problem) -> CertifiedValue:
    """The result of all routes."""
    result = solve(task)
    assert result is not None
    return result


def supported(task: Problem) -> Array:
    """rho, without what counts as rounding outside the support of sigma."""
    values, vectors = np.linalg.eigh(task.sigma)
    outside = vectors[:, values <= SUPPORT_TOLERANCE * values[-1]]
    lost = np.vdot(outside, task.rho @ outside).real
    if lost > SUPPORT_TOLERANCE * len(values):
        return task.rho
    rest = np.eye(len(values)) - outside @ outside.conj().T
    return hermitian(rest @ task.rho @ rest)


def tilt(task: Problem) -> float:
    """By how much rounding may turn the support of a singular sigma."""
    values = np.linalg.eigvalsh(task.sigma) / np.linalg.eigvalsh(task.sigma)[-1]
    kept = values > SUPPORT_TOLERANCE
    return 0.0 if kept.all() else 1e-15 * len(values) / float(values[kept][0])


# What is returned proves the interval, as far as floating point can see.


def check_state(task: Problem, result: CertifiedValue) -> None:
    """Positive, of the right trace, in the ball, and below ``2**upper sigma``."""
    if result.upper == math.inf:
        return
    state = result.state
    assert state is not None
    trace = np.trace(state).real
    assert abs(trace - 1) < 1e-9 or (not task.normalized and trace < 1 + 1e-9)
    assert np.linalg.eigvalsh(state)[0] > -1e-12
    state = state / trace if task.normalized or trace > 1 else state
    if task.epsilon > 0:
        assert _distance(task, state) <= task.epsilon + 1e-9 + tilt(task)
    weight = np.trace(task.sigma).real
    level = 2.0 ** (result.upper + math.log2(weight))
    gap = np.linalg.eigvalsh(hermitian(level * (task.sigma / weight) - state))
    assert gap[0] > -1e-12 * (1 + level)


def _distance(task: Problem, state: Array) -> float:
    """How far the state is from rho; in the purified ball, how far at least."""
    if task.ball != PURIFIED:
        excess = float(np.maximum(np.linalg.eigvalsh(task.rho - state), 0).sum())
        return 2 * excess if task.ball == "trace-norm" else excess
    factors = []
    for matrix in (task.rho, state):
        values, vectors = np.linalg.eigh(matrix)
        factors.append(vectors * np.sqrt(np.maximum(values, 0)))
    fidelity = np.linalg.svd(factors[0].conj().T @ factors[1], compute_uv=False).sum()
    return math.sqrt(max(0.0, 1 - (fidelity + 1e-12) ** 2)) - 1e-6


def check_witness(task: Problem, result: CertifiedValue) -> None:
    """The witness gives at least the lower end, up to rounding."""
    # On the edge of the radii with a finite value the last bits of the data decide.
    if not np.isfinite([result.lower, result.upper]).all() or tilt(task) > 1e-10:
        return
    witness = result.witness
    assert witness is not None
    values, vectors = np.linalg.eigh(task.sigma / np.trace(task.sigma).real)
    kept = np.where(values > SUPPORT_TOLERANCE * values[-1], values, 0)
    root = np.sqrt(kept)[:, None] * vectors.conj().T
    price = np.maximum(np.linalg.eigvalsh(hermitian(root @ witness @ root.conj().T)), 0).sum()
    gain = _trace_gain(task, witness)
    if task.ball == PURIFIED and task.epsilon > 0:
        inside = vectors[:, kept > 0]  # X acts where sigma does, so W and rho count only there
        parts = [inside.conj().T @ x @ inside for x in (task.rho, witness)]
        gain = max(gain, _purified_gain(task._replace(rho=parts[0]), hermitian(parts[1])))
    level = 2.0 ** (result.lower + math.log2(np.trace(task.sigma).real))
    noise = 1e-13 * float(abs(witness).max()) * len(values)
    slack = 1e-9
    if task.ball == PURIFIED:
        # Of rho, rounding leaves some r where W vanishes, beside a fidelity f that may be small.
        # The best u costs 2 sqrt(r f) then.
        slack = 1e-6 + 1e-7 / math.sqrt(max(1 - task.epsilon**2, 1e-12))
    condition = values[-1] / kept[kept > 0].min()
    assert gain + noise >= level * price * (1 - slack - 1e-13 * condition) - noise * level


def _trace_gain(task: Problem, witness: Array) -> float:
    """``Tr rho G - e spread(G)``."""
    radius = task.epsilon / 2 if task.ball == "trace-norm" else task.epsilon
    bottom, top = np.linalg.eigvalsh(witness)[[0, -1]]
    if not task.normalized:
        bottom, top = min(bottom, 0), max(top, 0)
    return float(np.vdot(witness, task.rho).real - radius * (top - bottom))


def _purified_gain(task: Problem, witness: Array) -> float:
    """The largest ``u + (1 - epsilon**2) / Tr (W - u)^{-1} rho``."""
    values, vectors = np.linalg.eigh(witness)
    weights = np.maximum(np.einsum("ij,ij->j", vectors.conj(), task.rho @ vectors).real, 0)
    top = values[0] if task.normalized else min(values[0], 0.0)
    scales, best = np.linspace(-17, 9, 200), -math.inf
    for _ in range(4):  # the function is concave, and its maximum between two neighbours
        levels = top - np.abs(values).max() * 10**scales
        sums = (weights / np.maximum(values - levels[:, None], 1e-300)).sum(axis=1)
        gains = levels + max(0.0, 1 - task.epsilon**2) / np.maximum(sums, 1e-300)
        place = int(np.argmax(gains))
        best = max(best, float(gains[place]))
        scales = np.linspace(scales[max(place - 1, 0)], scales[min(place + 1, 199)], 200)
    return best


# What rounding may do.


def blur(task: Problem) -> tuple[float, float] | None:
    """What rounding the operators may do to the radius and to the value; None if anything."""
    values, vectors = np.linalg.eigh(task.sigma)
    size, relative = len(values), values / values[-1]
    outside = relative < 1e-15 * size
    lowest = relative[~outside].min()
    if lowest < (1e-4 if outside.any() else 1e-11):
        return None
    lost = np.einsum("ij,ij->j", vectors.conj(), task.rho @ vectors).real[outside].sum()
    if 1e-15 * size < lost < 1e-11:
        return None
    price = 1e-14 * size / lowest
    return (1e-6 if task.ball == PURIFIED else 1e-11), 1e-9 - math.log2(1 - min(price, 0.5))


def assert_below(first: Problem, second: Problem, shift: float = 0.0) -> None:
    """The value of the first, plus the shift, is not above that of the second; up to rounding."""
    blurs = blur(first), blur(second)
    if None in blurs:
        return
    reach, slack = (max(x) for x in zip(*blurs, strict=True))
    upper = solved(second).upper + slack
    if solved(first).lower + shift > upper:
        # Not at this radius; but a larger one is a rigorous bound.
        wider = first._replace(epsilon=first.epsilon + reach)
        assert solved(wider).lower + shift <= upper


def assert_same(first: Problem, second: Problem, shift: float = 0.0) -> None:
    """The values differ by the shift, up to rounding."""
    assert_below(first, second, shift)
    assert_below(second, first, -shift)


# The laws.


def routes_agree(task: Problem, rng: np.random.Generator) -> None:
    """The intervals of all routes have a point in common."""
    found = [x for method in METHODS if (x := solve(task, method=method)) is not None]
    assert max(x.lower for x in found) <= min(x.upper for x in found)


def falls_with_the_radius(task: Problem, rng: np.random.Generator) -> None:
    """A larger ball holds a state at least as near to sigma."""
    larger = task._replace(epsilon=task.epsilon + float(rng.choice([1e-15, 1e-9, 1e-3, 0.1])))
    at_zero = task.ball == PURIFIED and task.epsilon == 0  # rho itself there, else its factor
    assert solved(larger).lower <= solved(task).upper + (1e-9 if at_zero else 0)


def subnormalized_states_reach_lower(task: Problem, rng: np.random.Generator) -> None:
    """The ball of sub-normalised states contains the ball of states."""
    below, above = (solved(task._replace(normalized=flag)) for flag in (False, True))
    assert below.lower <= above.upper


def balls_are_nested(task: Problem, rng: np.random.Generator) -> None:
    """``T <= P <= sqrt(2 T - T**2)`` for the trace distance T and the purified distance P."""
    inner = task._replace(ball=PURIFIED, epsilon=min(task.epsilon, 1))
    outer = inner._replace(ball="trace-distance", epsilon=inner.epsilon + 1e-12)
    assert solved(outer).lower <= solved(inner).upper
    reach = math.sqrt(inner.epsilon * (2 - inner.epsilon)) + 1e-6
    wide, exact = inner._replace(epsilon=reach), outer._replace(epsilon=inner.epsilon)
    assert solved(wide).lower <= solved(exact).upper


def radius_zero_is_no_smoothing(task: Problem, rng: np.random.Generator) -> None:
    """``D_max`` itself."""
    start = task._replace(epsilon=0.0)
    limits = blur(start)
    if limits is not None:
        exact = max_relative_entropy(task.rho, task.sigma)
        result = solved(start)
        assert result.lower - limits[1] <= exact <= result.upper + limits[1]


def sigma_scales_out(task: Problem, rng: np.random.Generator) -> None:
    """``D(rho||a sigma) = D(rho||sigma) - log2 a``, to the last bit for a power of two."""
    factor = 2.0 ** rng.integers(-20, 20)
    scaled, plain = solved(task._replace(sigma=factor * task.sigma)), solved(task)
    shift = math.log2(factor)
    assert scaled.lower - 1e-12 <= plain.upper - shift
    assert plain.lower - shift <= scaled.upper + 1e-12
    factor = 10.0 ** rng.uniform(-5, 5)
    assert_same(task._replace(sigma=factor * task.sigma), task, math.log2(factor))


def unitaries_change_nothing(task: Problem, rng: np.random.Generator) -> None:
    """Neither does the value of a direct sum tell whether its blocks are hidden."""
    turn = random_unitary(len(task.rho), rng=rng)
    assert_same(task, task._replace(rho=turned(task.rho, turn), sigma=turned(task.sigma, turn)))


def signed_permutations_change_nothing(task: Problem, rng: np.random.Generator) -> None:
    """Reordering rows, and phases 1, i, -1 and -i, do not even round."""
    rows, phases = rng.permutation(len(task.rho)), 1j ** rng.integers(0, 4, len(task.rho))
    factors = np.outer(phases, phases.conj())
    first, second = (x[np.ix_(rows, rows)] * factors for x in (task.rho, task.sigma))
    assert_same(task, task._replace(rho=first, sigma=second))


def direct_sums_may_be_hidden(task: Problem, rng: np.random.Generator) -> None:
    """Blocks, permuted at random, have the value of the dense matrix that a rotation makes."""
    other = problem(int(rng.integers(1, 4)), rng)
    size = len(task.rho) + len(other.rho)
    rows, share = rng.permutation(size), 10.0 ** -rng.uniform(0, 6)
    blocks = []
    for first, second in ((task.rho, other.rho), (task.sigma, other.sigma)):
        whole = np.zeros((size, size), complex)
        whole[: len(first), : len(first)] = (1 - share) * first / np.trace(first).real
        whole[len(first) :, len(first) :] = share * second / np.trace(second).real
        blocks.append(whole[np.ix_(rows, rows)])
    rho, sigma = blocks
    unitaries_change_nothing(task._replace(rho=rho, sigma=sigma), rng)


def ancillas_change_nothing(task: Problem, rng: np.random.Generator) -> None:
    """The same state beside both."""
    beside = random_state(2, rank=int(rng.integers(1, 3)), rng=rng)
    beside = beside if rng.integers(2) else np.diag(np.diag(beside).real)
    both = task._replace(rho=np.kron(task.rho, beside), sigma=np.kron(task.sigma, beside))
    assert_same(task, both)


def channels_do_not_increase_it(task: Problem, rng: np.random.Generator) -> None:
    """Data processing, by a random channel."""
    size, output = len(task.rho), int(rng.integers(1, 4))
    count = -(-size // output) + int(rng.integers(0, 3))
    kraus = random_unitary(count * output, rng=rng)[:, :size].reshape(count, output, size)
    weight = np.trace(task.sigma).real
    rho, sigma = (apply_channel(kraus, x) for x in (task.rho, task.sigma / weight))
    assert_below(task._replace(rho=rho, sigma=weight * sigma), task)


def pinching_does_not_increase_it(task: Problem, rng: np.random.Generator) -> None:
    """Data processing, by a pinching in a random basis or in that of sigma."""
    size = len(task.rho)
    basis = np.linalg.eigh(task.sigma)[1] if rng.integers(2) else random_unitary(size, rng=rng)
    labels = rng.integers(0, 3, size)
    inside = labels[:, None] == labels
    rho, sigma = (
        turned(np.where(inside, turned(x, basis.conj().T), 0), basis)
        for x in (task.rho, task.sigma)
    )
    assert_below(task._replace(rho=rho, sigma=sigma), task)


def partial_traces_do_not_increase_it(task: Problem, rng: np.random.Generator) -> None:
    """Data processing, by forgetting a qubit."""
    kinds = str(rng.choice(["generic", "graded", "low rank"])), "mildly graded", "independent"
    rho, sigma = pair(kinds, 4, False, rng)
    rho = rho / np.trace(rho).real
    first, second = (partial_trace(x, (2, 2), 0) for x in (rho, sigma))
    assert_below(task._replace(rho=first, sigma=second), task._replace(rho=rho, sigma=sigma))


LAWS: tuple[Law, ...] = (
    routes_agree,
    falls_with_the_radius,
    subnormalized_states_reach_lower,
    balls_are_nested,
    radius_zero_is_no_smoothing,
    sigma_scales_out,
    unitaries_change_nothing,
    signed_permutations_change_nothing,
    direct_sums_may_be_hidden,
    ancillas_change_nothing,
    channels_do_not_increase_it,
    pinching_does_not_increase_it,
    partial_traces_do_not_increase_it,
)
