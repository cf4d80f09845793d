"""The statements that ``docs/theory.md`` proves, on instances that are small enough to compute."""

from __future__ import annotations

import math
from functools import reduce
from itertools import combinations_with_replacement, pairwise, product
from typing import Any, TypeAlias

import numpy as np
import pytest
from flint import acb_mat, arb, ctx, fmpq
from numpy.typing import NDArray

import qentropy
from qentropy import states, thermalization

Matrix: TypeAlias = NDArray[Any]


def trace_norm(h: Matrix) -> float:
    """Sum of the moduli of the eigenvalues."""
    return float(abs(np.linalg.eigvalsh(h)).sum())


def positive_part(h: Matrix) -> Matrix:
    """Keep the positive eigenvalues."""
    values, vectors = np.linalg.eigh(h)
    return np.asarray((vectors * np.maximum(values, 0)) @ vectors.conj().T)


def power(h: Matrix, exponent: float) -> Matrix:
    """Real power of a positive matrix."""
    values, vectors = np.linalg.eigh(h)
    return np.asarray((vectors * values**exponent) @ vectors.conj().T)


def copies(sigma: Matrix, n: int) -> Matrix:
    """Make n independent copies."""
    return reduce(np.kron, [sigma] * n)


def gibbs(levels: Any, beta: float) -> Matrix:
    """Thermal state of these levels."""
    weights = np.exp(-beta * np.asarray(levels, dtype=float))
    return np.diag(weights / weights.sum())


def swap_with_first(place: int, n: int) -> Matrix:
    """Exchange of the first qubit and another one."""
    out = np.zeros((2**n, 2**n))
    for word in product((0, 1), repeat=n):
        turned = list(word)
        turned[0], turned[place] = word[place], word[0]
        out[np.ravel_multi_index(turned, (2,) * n), np.ravel_multi_index(word, (2,) * n)] = 1
    return out


def swap_channel(operator: Matrix, n: int) -> Matrix:
    """Apply the paper's (15)."""
    swaps = [swap_with_first(i, n) for i in range(n)]
    return np.asarray(sum(s @ operator @ s for s in swaps) / n)


@pytest.mark.parametrize("seed", range(6))
def test_any_multipliers_bound_from_below(seed: int) -> None:
    """(G) for any Hermitian G, and the last formula of section 1.4 for any W and any u below it."""
    rng = np.random.default_rng(seed)
    rho, sigma = states.random_state(4, rank=2, rng=rng), states.random_state(4, rng=rng)
    S, e = power(sigma, 0.5), 0.2
    # From rho sigma**(-1) outwards, so that some of the bounds are not trivial.
    hint, noise = power(sigma, -0.5) @ rho @ power(sigma, -0.5), states.random_state(4, rng=rng)
    for share, normalized in product((0.0, 0.3, 1.0), (True, False)):
        options = {"normalized": normalized, "rtol": 1e-6}
        G = (1 - share) * (hint - 0.1 * np.eye(4)) + share * (noise - np.eye(4) / 3)
        low, high = np.linalg.eigvalsh(G)[[0, -1]]
        spread = high - low if normalized else high + max(0.0, -low)
        bound = (np.trace(rho @ G).real - e * spread) / np.trace(positive_part(S @ G @ S)).real
        trace = qentropy.smooth_max_relative_entropy(
            rho, sigma, e, ball="trace-distance", **options
        )
        assert bound <= 2**trace.upper * (1 + 1e-9)
        W = (1 - share) * hint + share * noise + 0.05 * np.eye(4)
        purified = qentropy.smooth_max_relative_entropy(
            rho, sigma, e, ball="purified-distance", **options
        )
        for u in (-0.2, -0.01, 0.9 * np.linalg.eigvalsh(W)[0]):
            if normalized or u <= 0:
                inverse = np.linalg.inv(W - u * np.eye(4))
                gain = u + (1 - e**2) / np.trace(rho @ inverse).real
                assert gain / np.trace(sigma @ W).real <= 2**purified.upper * (1 + 1e-9)


def test_commuting_pairs_by_prefix_sums() -> None:
    """``2**D = max_k (P_k - e)/Q_k``, and 1 where the ball covers sigma."""
    p, q = np.array([0.5, 0.3, 0.15, 0.05]), np.array([0.1, 0.2, 0.3, 0.4])
    sums = np.cumsum([p, q], axis=1)  # the ratios p/q fall already
    for e in (0.05, 0.2, 0.4, 0.49, 0.6):
        value = max(1.0, float(((sums[0] - e) / sums[1]).max()))
        found = qentropy.smooth_max_relative_entropy(
            np.diag(p), np.diag(q), e, ball="trace-distance"
        )
        assert 2**found.value == pytest.approx(value, rel=1e-9)
    assert abs(p - q).sum() / 2 == pytest.approx(0.5)


def test_optimal_points_satisfy_complementary_slackness() -> None:
    """(S) of section 1.1 and ``range(N)`` inside ``range(X) + range(W X)``, at solved points."""
    rho, sigma = states.random_state(5, rank=1, rng=3), states.random_state(5, rng=4)
    found = qentropy.smooth_max_relative_entropy(rho, sigma, 0.3, ball="trace-distance", rtol=1e-8)
    assert found.state is not None
    assert found.witness is not None
    X, t, root = found.state, 2**found.value, power(sigma, 0.5)
    W = power(sigma, -0.5) @ positive_part(root @ found.witness @ root) @ power(sigma, -0.5)
    scale = float(np.trace(sigma @ W).real)
    G, W = found.witness / scale, W / scale
    mu, nu = -np.linalg.eigvalsh(G)[0], float(np.ptp(np.linalg.eigvalsh(G)))
    M, P, N = G + mu * np.eye(5), positive_part(rho - X), positive_part(X - rho)
    for left, right in [(t * sigma @ W, X @ W), (M @ X, mu * X + W @ X), (M @ P, nu * P)]:
        assert abs(left - right).max() < 1e-3 * max(1.0, float(abs(right).max()))
    assert abs(M @ N).max() < 1e-3
    columns = np.linalg.svd(np.hstack([X, W @ X]))[0][:, : np.linalg.matrix_rank(X, 1e-4) + 1]
    assert abs(N - columns @ (columns.conj().T @ N)).max() < 1e-3
    assert np.linalg.matrix_rank(N, 1e-4) > 0


@pytest.mark.parametrize("seed", range(5))
def test_comparison_on_a_subspace(seed: int) -> None:
    """``V x V^dagger <= t sigma`` exactly if ``x <= t (V^dagger sigma^{-1} V)^{-1}``."""
    rng = np.random.default_rng(seed)
    sigma, x = states.random_state(6, rng=rng), states.random_state(3, rank=2, rng=rng)
    V = np.linalg.qr(rng.normal(size=(6, 3)) + 1j * rng.normal(size=(6, 3)))[0]
    s = np.linalg.inv(V.conj().T @ np.linalg.inv(sigma) @ V)
    whole = qentropy.max_relative_entropy(V @ x @ V.conj().T, sigma)
    assert qentropy.max_relative_entropy(x, (s + s.conj().T) / 2) == pytest.approx(whole, abs=1e-8)
    # The compression of sigma itself is larger, and would give less.
    assert qentropy.max_relative_entropy(x, V.conj().T @ sigma @ V) < whole - 1e-3


def test_smoothing_reduces_to_a_subspace() -> None:
    """Smoothing a pure state in 6 dimensions is smoothing in the two that the optimum lives on."""
    rho, sigma = states.random_state(6, rank=1, rng=1), states.random_state(6, rng=2)
    whole = qentropy.smooth_max_relative_entropy(rho, sigma, 0.1, ball="trace-distance")
    assert whole.state is not None
    columns, sizes, _ = np.linalg.svd(np.hstack([rho, whole.state]))
    V = columns[:, sizes > 1e-5]
    assert V.shape[1] == 2
    r, s = V.conj().T @ rho @ V, np.linalg.inv(V.conj().T @ np.linalg.inv(sigma) @ V)
    inner = qentropy.smooth_max_relative_entropy(r / r.trace(), s, 0.1, ball="trace-distance")
    assert inner.value == pytest.approx(whole.value, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_a_completion_makes_the_hockey_stick_root_exact(seed: int) -> None:
    """A pair that is built to have a completion has the root as its smooth D_max."""
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    rho, e = states.random_state(5, rng=rng), 0.02
    P = e * np.outer(basis[0], basis[0])
    N = basis[1:].T @ np.diag(rng.uniform(0.1, 1, 4)) @ basis[1:]
    Q = e / np.trace(N) * N
    assert np.linalg.eigvalsh(rho - P + Q)[0] > 0
    scaled = rho - P + N
    level = float(np.trace(scaled).real)
    found = qentropy.smooth_max_relative_entropy(rho, scaled / level, e, ball="trace-distance")
    assert found.lower - 1e-9 <= math.log2(level) <= found.upper + 1e-9


def test_fourier_series_of_the_modulus() -> None:
    """K odd frequencies leave out at most ``H/(pi**2 K)``, and more than a third of that."""
    half, K = 2.5, 40
    y, odd = np.linspace(-half, half, 1001), 2 * np.arange(K) + 1
    series = (np.cos(np.pi * np.outer(y, odd) / half) / odd**2).sum(axis=1)
    worst = abs(abs(y) - half / 2 + 4 * half / math.pi**2 * series).max()
    assert half / (3 * math.pi**2 * K) < worst <= half / (math.pi**2 * K)


def test_tail_of_the_fourier_series() -> None:
    """``2H + z <= (2H + 1/r) exp(r z)``, which the periodic extension of ``|y|`` costs at most."""
    half, z = 1.5, np.linspace(0, 20, 400)
    for r in (0.05, 0.3, 2.0):
        assert (2 * half + z <= (2 * half + 1 / r) * np.exp(r * z)).all()
    y = half + z
    extension = abs((y + half) % (2 * half) - half)
    assert (abs(y - extension) <= 2 * half + z).all()


@pytest.mark.parametrize("n", [1, 2, 5, 12])
def test_moments_enclose_the_mean_deviation(n: int) -> None:
    """Cauchy-Schwarz, Hölder's inequality and the normal law, for all words of n letters."""
    p, q = np.array([0.6, 0.3, 0.1]), np.array([0.3, 0.3, 0.4])
    L = p / q
    types = [np.array(m) for m in product(range(n + 1), repeat=3) if sum(m) == n]
    shares = [math.factorial(n) * math.prod(q**m / [math.factorial(k) for k in m]) for m in types]
    Y = np.array([m @ (L - 1) for m in types])
    first, second, fourth = (float(shares @ abs(Y) ** k) for k in (1, 2, 4))
    chi2, third, last = (float(q @ abs(L - 1) ** k) for k in (2, 3, 4))
    assert second == pytest.approx(n * chi2)
    assert fourth == pytest.approx(n * last + 3 * n * (n - 1) * chi2**2)
    assert second**1.5 / fourth**0.5 <= first <= second**0.5
    assert abs(first / n - math.sqrt(2 * chi2 / (math.pi * n))) <= third / (chi2 * n)
    distance = qentropy.convex_split_distance(np.diag(p), np.diag(q), n)
    assert distance.lower - 1e-12 <= first / n <= distance.upper + 1e-12


def spin_blocks_distance(rho: Matrix, sigma: Matrix, n: int) -> float:
    """Section 3.3: multiplicity times trace norm of the block of each spin."""
    (a, c), (_, b) = rho
    (s0, _), (_, s1) = sigma
    total = 0.0
    for k in range(n // 2 + 1):
        x = np.arange(k, n - k + 1)
        diagonal = s0 ** (n - x) * s1**x * (((n - x) * a / s0 + x * b / s1) / n - 1)
        x = x[:-1]
        beside = c / n * np.sqrt((x - k + 1) * (n - k - x)) * s0 ** (n - x - 1) * s1**x
        block = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
        total += math.comb(n, k) * (n - 2 * k + 1) // (n - k + 1) * trace_norm(block)
    return total


def test_spin_blocks() -> None:
    """They have the trace norm of the matrix; at 60 copies that of the proved route."""
    rho, sigma = np.array([[0.6, 0.3], [0.3, 0.4]]), np.diag([0.8, 0.2])
    for n in range(1, 7):
        split = qentropy.convex_split_state(rho, sigma, n) - copies(sigma, n)
        assert spin_blocks_distance(rho, sigma, n) == pytest.approx(trace_norm(split), abs=1e-12)
    found = qentropy.convex_split_distance(rho, sigma, 60, method="irreducible")
    assert spin_blocks_distance(rho, sigma, 60) == pytest.approx(found.upper, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_distance_does_not_increase_for_pairs_that_do_not_commute(seed: int) -> None:
    """``T_{n+1} <= T_n``, and ``T_n**2 <= chi2/n``."""
    rng = np.random.default_rng(seed)
    rho, sigma = (states.random_state(2, rng=rng) for _ in range(2))
    chi2 = qentropy.chi_squared_divergence(rho, sigma)
    distances = [
        trace_norm(qentropy.convex_split_state(rho, sigma, n) - copies(sigma, n))
        for n in range(1, 7)
    ]
    assert all(after <= before + 1e-12 for before, after in pairwise(distances))
    assert all(t <= math.sqrt(chi2 / n) + 1e-12 for n, t in enumerate(distances, start=1))


@pytest.mark.parametrize("seed", range(6))
def test_purified_lower_bound_of_the_number_of_copies(seed: int) -> None:
    """Theorem D for pairs that do not commute, and that it is at least the paper's bound."""
    rng = np.random.default_rng(seed)
    omega, tau = states.random_state(2, rank=1, rng=rng), states.random_state(2, rng=rng)
    n = 1 + seed % 4
    epsilon = trace_norm(qentropy.convex_split_state(omega, tau, n) - copies(tau, n))
    r = math.sqrt(epsilon - epsilon**2 / 4)
    purified = qentropy.smooth_max_relative_entropy(
        omega, tau, min(r, 1.0), ball="purified-distance", rtol=1e-4
    )
    paper = qentropy.smooth_max_relative_entropy(omega, tau, 2 * math.sqrt(epsilon), rtol=1e-4)
    assert 2**purified.lower <= n * (1 + 1e-12)
    assert paper.lower <= purified.upper


def test_mixing_energy_subspaces_reaches_the_weights() -> None:
    """Theorem A: the limit of its collisions has the distance delta_n, for a coherent state."""
    levels, rng = [0, 1, 2], np.random.default_rng(5)
    omega, tau, n = states.random_state(3, rng=rng), gibbs(levels, 0.7), 2
    start = np.kron(omega, tau)
    total = np.add.outer(levels, levels).ravel()
    ends = np.zeros_like(start)
    for energy in np.unique(total):
        inside = np.diag((total == energy).astype(float))
        ends = ends + np.trace(inside @ start) * inside / inside.trace()
    delta = thermalization.optimal_thermalization_distance(levels, omega, tau, n)
    assert trace_norm(ends - copies(tau, n)) == pytest.approx(delta.upper, abs=1e-12)
    swaps = trace_norm(qentropy.convex_split_state(omega, tau, n) - copies(tau, n))
    assert swaps > delta.upper + 0.1


def test_pinching_the_total_energy_is_pinching_the_first_system() -> None:
    """``P_n(omega (x) tau^(n-1)) = P_1(omega) (x) tau^(n-1)``, with a degenerate level and gap."""
    levels, n = np.array([0, 1, 1, 2]), 2
    omega, tau = states.random_state(4, rng=3), gibbs(levels, 0.4)
    totals = np.add.outer(levels, levels).ravel()
    pinched = np.kron(omega, tau) * (totals[:, None] == totals)
    first = thermalization.pinched(omega, np.diag(levels.astype(float)))
    np.testing.assert_allclose(pinched, np.kron(first, copies(tau, n - 1)), atol=1e-15)


@pytest.mark.parametrize(("seed", "mixed"), [(0, True), (1, True), (7, False), (8, False)])
def test_swaps_are_optimal_if_no_subspace_holds_two_signs(seed: int, mixed: bool) -> None:
    """Section 4.1: exactly then ``T_n = delta_n``, for diagonal omega, with or without the ESC."""
    levels, n = [0, 1, 2], 2
    p, q = np.random.default_rng(seed).dirichlet(np.ones(3)), np.diag(gibbs(levels, 0.8))
    signs: dict[int, set[bool]] = {}
    for m in product(range(n + 1), repeat=3):
        if sum(m) == n:
            excess = float(np.array(m) @ (p / q) / n - 1)
            signs.setdefault(int(np.dot(m, levels)), set()).add(excess > 0)
    assert any(len(found) == 2 for found in signs.values()) == mixed
    swaps = qentropy.convex_split_distance(np.diag(p), np.diag(q), n)
    best = thermalization.optimal_thermalization_distance(levels, np.diag(p), np.diag(q), n)
    assert (swaps.lower > best.upper + 1e-9) == mixed


@pytest.mark.parametrize("n", [2, 3, 4])
def test_the_swap_channel_is_singular(n: int) -> None:
    """(15) maps a non-zero operator to zero, which no exponential of a generator does."""
    A, B = np.diag([1.0, 0.0]), np.diag([0.0, 1.0])
    e = [reduce(np.kron, [A if i == k else B for i in range(n)]) for k in range(n)]
    difference = e[0] - sum(e[1:]) / (n - 1)
    assert abs(difference).max() > 0
    assert abs(swap_channel(difference, n)).max() < 1e-15
    # On the initial states of interest it leads to the convex split, elsewhere not.
    np.testing.assert_allclose(swap_channel(e[0], n), sum(e) / n, atol=1e-15)
    if n > 2:
        assert abs(swap_channel(e[1], n) - sum(e) / n).max() > 0.1


@pytest.mark.parametrize(("n", "attained"), [(3, True), (4, False), (5, True), (8, False)])
def test_optimum_at_finite_time(n: int, attained: bool) -> None:
    """Theorem C: for a qubit bath with q = 1/4 swaps attain it unless n/4 is an integer."""
    omega, tau, y = np.diag([0.9, 0.1]), np.diag([0.75, 0.25]), 0.01
    start = np.kron(omega, copies(tau, n - 1))
    later = y * start + (1 - y) * qentropy.convex_split_state(omega, tau, n)
    best = thermalization.optimal_thermalization_distance([0, 1], omega, tau, n).upper
    assert (trace_norm(later - copies(tau, n)) < best + 1e-12) == attained


def test_swaps_may_be_optimal_without_uniformity() -> None:
    """Two types of one energy whose weights both exceed the target's need not be mixed."""
    levels, omega = [0, 1, 2], np.diag([0.1, 0.3, 0.6])
    tau = gibbs(levels, 1.0)
    split = np.diag(qentropy.convex_split_state(omega, tau, 2)).reshape(3, 3)
    assert abs(split[0, 2] - split[1, 1]) > 0.05
    swaps = qentropy.convex_split_distance(omega, tau, 2)
    best = thermalization.optimal_thermalization_distance(levels, omega, tau, 2)
    assert swaps.upper == pytest.approx(best.upper, abs=1e-12)


def test_counterexample_of_the_paper() -> None:
    """(C9) to (C13): the swaps lose ``p_4 (1 - 2 p_1)`` in trace distance, nothing at p_1 = 1/2."""
    levels, pure = [0.0, 1.0, 2.5, 3.5], np.diag([1.0, 0, 0, 0])
    for beta, warm in ((0.1, True), (0.3, True), (2.0, False)):
        tau = gibbs(levels, beta)
        p_1, p_4 = tau[0, 0], tau[3, 3]
        swaps = qentropy.convex_split_distance(pure, tau, 2)
        best = thermalization.optimal_thermalization_distance(levels, pure, tau, 2)
        gain = (swaps.upper - best.upper) / 2
        assert (p_1 < 0.5) == warm
        assert gain == pytest.approx(p_4 * (1 - 2 * p_1) if warm else 0.0, abs=1e-12)


@pytest.mark.parametrize(("a", "b"), [(1, 2), (1, 7), (3, 8), (5, 12), (13, 21)])
def test_three_rational_levels_fail_first_at_b(a: int, b: int) -> None:
    """Levels 0, a, b without a common divisor tell types apart up to n = b - 1, and no further."""
    levels = [0.0, a / 1024, b / 1024]
    assert thermalization.satisfies_energy_subspace_condition(levels, b - 1).holds
    assert thermalization.satisfies_energy_subspace_condition(levels, b).holds is False


def test_pigeonholes_for_seven_spins() -> None:
    """128 levels of 53 bits have more types than energies from n = 13 on."""
    crowded = [n for n in range(1, 20) if math.comb(n + 127, 127) > n * 2**53 + 1]
    assert crowded[0] == 13


@pytest.mark.parametrize("r", [3, 4, 5, 6])
def test_relation_of_the_energies_of_a_chain(r: int) -> None:
    """Theorem F, for random fields and couplings between any two spins; a wrong one fails."""
    rng = np.random.default_rng(r)
    spins = 1 - 2 * ((np.arange(2**r)[:, None] >> np.arange(r)) & 1)
    fields = rng.uniform(-3, 3, r)
    H = np.diag(spins @ fields)
    for i in range(r):
        for j in range(i):
            H += np.diag(rng.normal() * spins[:, i] * spins[:, j])
            strength = rng.normal()
            for word in np.flatnonzero(spins[:, i] != spins[:, j]):
                H[word, word ^ (1 << i) ^ (1 << j)] += strength
    down = (r - spins.sum(axis=1)) // 2
    t = [np.linalg.eigvalsh(H[np.ix_(down == k, down == k)]).sum() for k in range(r + 1)]
    assert np.array_equal(H, H.T)
    assert t[1] + (r - 2) * t[r] == pytest.approx(t[r - 1] + (r - 2) * t[0], abs=1e-9)
    assert abs(t[1] + (r - 1) * t[r] - t[r - 1] - (r - 1) * t[0]) > 1e-3


def sector_of_chain(fields: list[fmpq], down: int) -> list[list[fmpq]]:
    """Open Heisenberg chain with so many spins down, in rational numbers."""
    words = [w for w in range(2 ** len(fields)) if w.bit_count() == down]
    sector = [[fmpq(0)] * len(words) for _ in words]
    for row, w in enumerate(words):
        spins = [1 - 2 * (w >> i & 1) for i in range(len(fields))]
        sector[row][row] = sum((h * s for h, s in zip(fields, spins, strict=True)), fmpq(0))
        sector[row][row] += sum(s * t for s, t in pairwise(spins))
        for i in range(len(fields) - 1):
            if spins[i] != spins[i + 1]:
                sector[row][words.index(w ^ (3 << i))] += 2
    return sector


@pytest.mark.parametrize("r", [3, 4])
def test_the_condition_of_a_chain_fails_first_at_2r_minus_2(r: int) -> None:
    """For these rational fields one pair of types meets at n = 2r - 2, and provably none before."""
    fields = [fmpq(k, 977) for k in (1234, -2101, 875, 2417)[:r]]
    with ctx.workprec(400):
        # Balls that contain the eigenvalues, isolated from each other.
        sectors = [acb_mat(sector_of_chain(fields, down)) for down in range(r + 1)]
        levels = [x.real for matrix in sectors for x in eigenvalue_balls(matrix)]
        for n in range(1, 2 * r - 1):
            words = combinations_with_replacement(levels, n)
            totals = sorted((sum(w, arb(0)) for w in words), key=lambda x: x.mid())
            meeting = [gap for gap in (y - x for x, y in pairwise(totals)) if not gap > 0]
            assert len(meeting) == (n == 2 * r - 2)
            assert all(abs(gap) < 1e-100 for gap in meeting)


def eigenvalue_balls(matrix: acb_mat) -> list[Any]:
    """Eigenvalues with error bounds, which the library does not give for a single number."""
    return matrix.eig() if matrix.nrows() > 1 else [matrix[0, 0]]


def test_levels_of_two_sites() -> None:
    """``1 +- (h_1 + h_2)`` and ``-1 +- sqrt(4 + (h_1 - h_2)**2)``."""
    first, second = 0.7, -1.9
    z = np.diag([1.0, -1.0])
    bonds = [np.kron(p, p) for p in ([[0, 1], [1, 0]], [[0, -1j], [1j, 0]], z)]
    H = sum(bonds) + first * np.kron(z, np.eye(2)) + second * np.kron(np.eye(2), z)
    root, total = math.sqrt(4 + (first - second) ** 2), first + second
    levels = sorted([1 + total, 1 - total, -1 + root, -1 - root])
    np.testing.assert_allclose(np.linalg.eigvalsh(H), levels, atol=1e-12)


def test_what_remains_of_the_lower_bound_without_the_condition() -> None:
    """``n >= min(2**D, N)`` at epsilon = delta_n, N = 7 for these levels, D that of Theorem D."""
    levels, omega = [0, 3, 7], np.diag([0.1, 0.2, 0.7])
    tau = gibbs(levels, 0.3)
    holds = [thermalization.satisfies_energy_subspace_condition(levels, n).holds for n in (6, 7)]
    assert holds == [True, False]
    for n in range(1, 10):
        epsilon = thermalization.optimal_thermalization_distance(levels, omega, tau, n).upper
        D = qentropy.smooth_max_relative_entropy(
            omega, tau, math.sqrt(epsilon - epsilon**2 / 4), ball="purified-distance"
        )
        assert min(2**D.lower, 7) <= n * (1 + 1e-9)
        assert n > 1 or 2**D.upper > 1 - 1e-9


def test_coherence_defeats_the_lower_bound() -> None:
    """Corollary 4 for a coherent state: phase kicks thermalize what it says needs three copies."""
    omega, tau = np.full((3, 3), 1 / 3), np.eye(3) / 3
    levels = [0.0, 1.0, math.sqrt(2)]
    kicks = [np.diag(np.exp(1j * angle * np.array(levels))) for angle in range(4000)]
    output = sum(k @ omega @ k.conj() for k in kicks) / len(kicks)
    assert trace_norm(output - tau) < 0.01
    bound = qentropy.smooth_max_relative_entropy(omega, tau, 2 * math.sqrt(0.01))
    assert 2**bound.lower > 2.69
    assert thermalization.optimal_thermalization_distance(levels, omega, tau, 1).upper < 1e-12


def test_asymptotics_without_the_condition() -> None:
    """Theorem G: with a relation the limit is chi2_K and not chi2."""
    levels, n = [0.0, 1.0, math.sqrt(2), 1 + math.sqrt(2)], 60
    p, q = np.array([0.2, 0.1, 0.2, 0.5]), np.diag(gibbs(levels, 0.3))
    k, chi2 = np.array([1, -1, -1, 1]), float(((p - q) ** 2 / q).sum())
    chi2_k = chi2 - (k @ ((p - q) / q)) ** 2 / (k**2 / q).sum()
    best = thermalization.optimal_thermalization_distance(
        levels, np.diag(p), np.diag(q), n, tolerance=1e-9
    )
    swaps = qentropy.convex_split_distance(np.diag(p), np.diag(q), n)
    assert n * best.upper**2 == pytest.approx(2 * chi2_k / math.pi, rel=0.02)
    assert n * swaps.upper**2 == pytest.approx(2 * chi2 / math.pi, rel=0.02)
    assert chi2_k < 0.9 * chi2


@pytest.mark.parametrize("epsilon", [0.05, 0.3, 1.0])
def test_printed_upper_bound_needs_no_ceiling_up_to_one(epsilon: float) -> None:
    """(12) as printed holds for epsilon <= 1, and fails for rho = sigma and epsilon = 3/2."""
    for weight in (0.3, 0.31, 0.6, 0.95):
        omega, tau = np.diag([weight, 1 - weight]), np.diag([0.3, 0.7])
        bound = 2 ** qentropy.max_relative_entropy(omega, tau) / epsilon**2
        largest = max(1, math.floor(bound * (1 + 1e-12)))
        assert bound > 1 - 1e-12
        assert qentropy.convex_split_distance(omega, tau, largest).lower <= epsilon
    assert 2 ** qentropy.max_relative_entropy(tau, tau) / 1.5**2 < 1
