"""Relative entropies: known values, exact oracles, and the laws that define them."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import qutip
import scipy.linalg
from flint import acb, acb_mat, ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import apply_channel, channels, generators, pairs, random_spectrum, states

import qentropy.operators
from qentropy.divergences import (
    chi_squared_divergence,
    hockey_stick_divergence,
    max_relative_entropy,
    min_relative_entropy,
    petz_renyi_divergence,
    relative_entropy,
    sandwiched_renyi_divergence,
)
from qentropy.errors import InvalidParameterError
from qentropy.operators import partial_trace
from qentropy.states import (
    isotropic_state,
    maximally_entangled_state,
    maximally_mixed_state,
    random_state,
    random_unitary,
    werner_state,
)

Divergence = Callable[[Any, Any], Any]


def petz(alpha: float) -> Divergence:
    """Fix the order."""
    return lambda rho, sigma: petz_renyi_divergence(rho, sigma, alpha)


def sandwiched(alpha: float) -> Divergence:
    """Fix the order."""
    return lambda rho, sigma: sandwiched_renyi_divergence(rho, sigma, alpha)


def hockey_stick(gamma: float) -> Divergence:
    """Fix the factor of sigma."""
    return lambda rho, sigma: hockey_stick_divergence(rho, sigma, gamma)


# Those that are additive, scale with sigma as -log2, and vanish for equal states.
BITS: dict[str, Divergence] = {
    "D": relative_entropy,
    "D_max": max_relative_entropy,
    "D_0": min_relative_entropy,
    "Petz 0.3": petz(0.3),
    "Petz 1 - 1e-9": petz(1 - 1e-9),
    "Petz 1.5": petz(1.5),
    "Petz 2": petz(2),
    "sandwiched 0.5": sandwiched(0.5),
    "sandwiched 0.8": sandwiched(0.8),
    "sandwiched 1 + 1e-9": sandwiched(1 + 1e-9),
    "sandwiched 2": sandwiched(2),
    "sandwiched 7": sandwiched(7),
}
ALL: dict[str, Divergence] = BITS | {
    "chi squared": chi_squared_divergence,
    "hockey stick 0.4": hockey_stick(0.4),
    "hockey stick 1": hockey_stick(1),
    "hockey stick 3": hockey_stick(3),
}
# Finite also where supp(rho) is not inside supp(sigma).
TOLERANT = {"D_0", "Petz 0.3", "Petz 1 - 1e-9", "sandwiched 0.5", "sandwiched 0.8"}

each_in_bits = pytest.mark.parametrize("divergence", BITS.values(), ids=BITS)
each = pytest.mark.parametrize("divergence", ALL.values(), ids=ALL)
few = settings(max_examples=20)


def projector(*amplitudes: complex) -> Any:
    """Pure state with these amplitudes, normalised."""
    ket = np.array(amplitudes) / np.linalg.norm(amplitudes)
    return np.outer(ket, ket.conj())


def qubit(x: float, y: float, z: float) -> Any:
    """Qubit state with this Bloch vector."""
    return np.array([[1 + z, x - 1j * y], [x + 1j * y, 1 - z]]) / 2


def marginals(rho: Any, dimension: int) -> Any:
    """Tensor product of the two marginals of a bipartite state."""
    dims = (dimension, dimension)
    return np.kron(partial_trace(rho, dims, 0), partial_trace(rho, dims, 1))


QUTRIT = projector(1, 2j, -1)
BELL = maximally_entangled_state(3)
SCHMIDT = projector(math.sqrt(0.9), 0, 0, math.sqrt(0.1))
R, S = qubit(0.9, 0.05, -0.02), qubit(-0.8, 0.1, 0.1)

BELL_SPLIT = np.kron(maximally_entangled_state(2), np.eye(2) / 2).reshape([2] * 6)
BELL_SPLIT = (BELL_SPLIT + BELL_SPLIT.transpose(0, 2, 1, 3, 5, 4)).reshape(8, 8) / 2

KNOWN = {
    # Closed form: the largest eigenvalue of d rho.
    "pure qutrit, 1/3": (max_relative_entropy, QUTRIT, np.eye(3) / 3, math.log2(3)),
    # The support condition.
    "1/3, pure qutrit": (max_relative_entropy, np.eye(3) / 3, QUTRIT, math.inf),
    "orthogonal": (max_relative_entropy, projector(1, 1j), projector(1, -1j), math.inf),
    "orthogonal, D": (relative_entropy, projector(1, 1j), projector(1, -1j), math.inf),
    # QuTiP, tests/test_entropy.py, class TestRelativeEntropy.
    "|00>, 1/4": (relative_entropy, projector(1, 0, 0, 0), np.eye(4) / 4, 2.0),
    "|00>, 1/4, D_max": (max_relative_entropy, projector(1, 0, 0, 0), np.eye(4) / 4, 2.0),
    # Closed form: Phi_d <= t 1/d**2 exactly for t >= d**2.
    "Phi_3, marginals": (max_relative_entropy, BELL, marginals(BELL, 3), 2 * math.log2(3)),
    # Closed form for Bloch vectors r and s: 2**D_max = ((1 - r.s) + sqrt((1 - r.s)**2
    # - (1 - |r|**2)(1 - |s|**2)))/(1 - |s|**2).
    "qubits": (max_relative_entropy, R, S, 3.3284370118),
    # Closed form: log2(4 (1 - 3p/4)).
    "isotropic .1": (max_relative_entropy, isotropic_state(2, 0.1), np.eye(4) / 4, 1.8875252707),
    "isotropic .5": (max_relative_entropy, isotropic_state(2, 0.5), np.eye(4) / 4, 1.3219280949),
    # Closed form: log2(9 * 0.8/3).
    "Werner": (max_relative_entropy, werner_state(3, 0.2), np.eye(9) / 9, 1.2630344058),
    # Closed forms: 2**D_max = sum of 1/s_i, and 2**D_2 = (sum 1/...)**2 for Schmidt weights s.
    "Schmidt": (max_relative_entropy, SCHMIDT, marginals(SCHMIDT, 2), 3.4739311883),
    "Schmidt, D_2": (sandwiched(2), SCHMIDT, marginals(SCHMIDT, 2), 2.0),
    # S. Ishizaka, T. Hiroshima, arXiv:0807.4568: the spectrum of this convex split of a Bell pair,
    # the state of port-based teleportation with two ports, is 3/8, 3/8, 1/8, 1/8, and zeros.
    "split Bell pair": (relative_entropy, BELL_SPLIT, np.eye(8) / 8, 1.1887218755),
    # Closed form: log2 <+|sigma^-1|+>.
    "|+>": (max_relative_entropy, projector(1, 1), np.diag([0.75, 0.25]), 1.4150374993),
}


@pytest.mark.parametrize(("divergence", "rho", "sigma", "expected"), KNOWN.values(), ids=KNOWN)
def test_known_values(divergence: Divergence, rho: Any, sigma: Any, expected: float) -> None:
    """Acceptance cases 1, 2, 4, 12, 14, 17, 19, 22 (closed forms), 3 (QuTiP's tests) and 27.

    That is the state of port-based teleportation (Ishizaka, Hiroshima).
    """
    value = divergence(rho, sigma)
    assert isinstance(value, float)
    assert value == pytest.approx(expected, abs=2e-10)


# Oracles that share no code with the package


def exact_function(operator: acb_mat, function: Callable[[acb], acb]) -> acb_mat:
    """Function of a positive definite matrix in high-precision arithmetic."""
    values, vectors = operator.eig(right=True, algorithm="approx")
    diagonal = acb_mat(len(values), len(values))
    for i, value in enumerate(values):
        diagonal[i, i] = function(value)
    return vectors * diagonal * vectors.inv()


def exact_power(operator: acb_mat, exponent: float) -> acb_mat:
    """Power of a positive definite matrix in high-precision arithmetic."""
    return exact_function(operator, lambda value: value ** acb(exponent))


def exact_trace(operator: acb_mat) -> acb:
    """Trace in high-precision arithmetic."""
    return sum((operator[i, i] for i in range(operator.nrows())), acb(0))


def bits(value: acb) -> float:
    """From nats in high precision to a float in bits."""
    return float((value / acb(2).log()).real)


def exact_relative_entropy(rho: acb_mat, sigma: acb_mat) -> float:
    """Relative entropy to 60 digits."""
    logarithms = exact_function(rho, acb.log) - exact_function(sigma, acb.log)
    return bits(exact_trace(rho * logarithms))


def exact_petz(rho: acb_mat, sigma: acb_mat, alpha: float) -> float:
    """Petz divergence to 60 digits."""
    value = exact_trace(exact_power(rho, alpha) * exact_power(sigma, 1 - alpha))
    return bits(value.log() / (acb(alpha) - 1))


def exact_sandwiched(rho: acb_mat, sigma: acb_mat, alpha: float) -> float:
    """Sandwiched divergence to 60 digits."""
    root = exact_power(sigma, (1 - alpha) / (2 * alpha))
    value = exact_trace(exact_power(root * rho * root, alpha))
    return bits(value.log() / (acb(alpha) - 1))


def exact(matrix: Any) -> acb_mat:
    """The matrix as exact numbers, divided by its exact trace."""
    converted = acb_mat([[acb(float(x.real), float(x.imag)) for x in row] for row in matrix])
    return converted * (1 / exact_trace(converted))


@pytest.fixture
def sixty_digits() -> Any:
    """Precision of the exact oracle for one test."""
    before, ctx.dps = ctx.dps, 60
    yield
    ctx.dps = before


@pytest.mark.usefixtures("sixty_digits")
@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.9, 1 - 2.0**-20, 1 + 2.0**-20, 1.5, 2, 3, 20])
@pytest.mark.parametrize("seed", range(3))
def test_renyi_divergences_against_high_precision(alpha: float, seed: int) -> None:
    """Both Rényi families agree with 60-digit arithmetic to 13 digits, close to order 1 too."""
    rho, sigma = (random_state(4, rng=rng) for rng in np.random.default_rng(seed).spawn(2))
    # What the oracle computes is for trace one; a float matrix has it only up to rounding.
    expected = exact_petz(exact(rho), exact(sigma), alpha)
    assert petz_renyi_divergence(rho, sigma, alpha) == pytest.approx(expected, rel=1e-13)
    if alpha >= 0.5:
        expected = exact_sandwiched(exact(rho), exact(sigma), alpha)
        assert sandwiched_renyi_divergence(rho, sigma, alpha) == pytest.approx(expected, rel=1e-13)


@pytest.mark.usefixtures("sixty_digits")
@pytest.mark.parametrize("step", [1e-2, 1e-5, 1e-8])
def test_divergences_of_close_states_keep_their_digits(step: float) -> None:
    """For states at distance delta, D is of order delta**2 and still has digits left."""
    sigma = random_state(3, rng=1)
    rho = (1 - step) * sigma + step * random_state(3, rng=2)
    expected = exact_relative_entropy(exact(rho), exact(sigma))
    assert relative_entropy(rho, sigma) == pytest.approx(expected, rel=1e-14 / step)
    # 2**D_2 - 1 = expm1(D_2 ln 2)
    expected = math.expm1(exact_sandwiched(exact(rho), exact(sigma), 2) * math.log(2))
    assert chi_squared_divergence(rho, sigma) == pytest.approx(expected, rel=1e-14 / step)


@given(pairs(st.integers(2, 6)))
def test_max_relative_entropy_is_a_generalised_eigenvalue(pair: tuple[Any, Any]) -> None:
    """LAPACK's generalised eigenvalue of the pencil (rho, sigma) is 2**D_max."""
    rho, sigma = pair
    largest = scipy.linalg.eigh(rho, sigma, eigvals_only=True)[-1]
    # The pencil is as ill-conditioned as sigma is.
    tolerance = 1e-15 * np.linalg.cond(sigma) + 1e-13
    assert max_relative_entropy(rho, sigma) == pytest.approx(math.log2(largest), abs=tolerance)


def test_max_relative_entropy_of_well_conditioned_states_is_accurate() -> None:
    """With sigma far from singular, 2**D_max has a relative error of some units of rounding."""
    for seed in range(20):
        rho = random_state(6, rng=seed)
        sigma = (random_state(6, rng=seed + 100) + np.eye(6) / 6) / 2
        cholesky = np.linalg.inv(np.linalg.cholesky(sigma))
        largest = np.linalg.norm(cholesky @ rho @ cholesky.conj().T, 2)
        assert 2 ** max_relative_entropy(rho, sigma) == pytest.approx(largest, rel=1e-14)


@given(pairs(st.integers(2, 5)))
def test_relative_entropy_against_qutip(pair: tuple[Any, Any]) -> None:
    """QuTiP's entropy_relative is the same number."""
    rho, sigma = map(qutip.Qobj, pair)
    expected = qutip.entropy_relative(rho, sigma, base=2)
    assert relative_entropy(rho, sigma) == pytest.approx(expected, abs=1e-9)


@given(pairs(st.integers(2, 5)))
def test_chi_squared_is_what_its_formula_says(pair: tuple[Any, Any]) -> None:
    """It is Tr(sigma^-1/2 rho sigma^-1/2 rho) - 1, and 2**D_2 - 1."""
    rho, sigma = pair
    root = scipy.linalg.inv(scipy.linalg.sqrtm(sigma))
    expected = np.trace(root @ rho @ root @ rho).real - 1
    tolerance = 1e-14 * np.linalg.cond(sigma) + 1e-12
    value = chi_squared_divergence(rho, sigma)
    assert value == pytest.approx(expected, abs=tolerance, rel=tolerance)
    collision = sandwiched_renyi_divergence(rho, sigma, 2)
    assert math.log2(1 + value) == pytest.approx(collision, abs=1e-12)


@given(pairs(st.integers(2, 5), supported=False), st.floats(0, 10))
def test_hockey_stick_is_what_its_formula_says(pair: tuple[Any, Any], gamma: float) -> None:
    """It is the sum of the positive eigenvalues of rho - gamma sigma."""
    rho, sigma = pair
    eigenvalues = np.linalg.eigvalsh(rho - gamma * sigma)
    expected = eigenvalues[eigenvalues > 0].sum()
    assert hockey_stick_divergence(rho, sigma, gamma) == pytest.approx(expected, abs=1e-13)


# Classical distributions, where everything is a sum


def classical(p: Any, q: Any) -> dict[str, float]:
    """Textbook formulas for distributions without zeros."""
    return {
        "D": np.sum(p * np.log2(p / q)),
        "D_max": np.max(np.log2(p / q)),
        "D_0": 0.0,
        "Petz 0.3": np.log2(np.sum(p**0.3 * q**0.7)) / -0.7,
        "Petz 2": np.log2(np.sum(p**2 / q)),
        "sandwiched 0.5": -2 * np.log2(np.sum(np.sqrt(p * q))),
        "sandwiched 7": np.log2(np.sum(p**7 / q**6)) / 6,
        "chi squared": np.sum((p - q) ** 2 / q),
        "hockey stick 0.4": np.sum(np.maximum(p - 0.4 * q, 0)),
        "hockey stick 3": np.sum(np.maximum(p - 3 * q, 0)),
    }


@given(generators(), st.integers(2, 40))
def test_diagonal_operators_are_classical_distributions(
    rng: np.random.Generator, size: int
) -> None:
    """Of diagonal operators every divergence is the classical sum."""
    p, q = 0.9 * rng.dirichlet(np.ones(size), 2) + 0.1 / size
    for name, expected in classical(p, q).items():
        value = ALL[name](np.diag(p), np.diag(q))
        assert value == pytest.approx(expected, rel=1e-12, abs=1e-13), name


def test_a_diagonal_pair_of_dimension_1000_is_one_array_operation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A thousand blocks of size one go through LAPACK together, never one by one."""
    rng = np.random.default_rng(5)
    p, q = rng.dirichlet(np.ones(1000), 2)
    shapes = []
    for name in ("eigh", "eigvalsh"):
        solve = getattr(np.linalg, name)
        recorded = lambda a, solve=solve: shapes.append(a.shape) or solve(a)  # noqa: E731
        monkeypatch.setattr(np.linalg, name, recorded)
    value = max_relative_entropy(np.diag(p), np.diag(q))
    assert value == pytest.approx(np.log2(np.max(p / q)), rel=1e-14)
    assert set(shapes) == {(1000, 1, 1)}


# Laws


@each_in_bits
@few
@given(first=pairs(2), second=pairs(st.integers(2, 3)))
def test_additive(divergence: Divergence, first: Any, second: Any) -> None:
    """The divergence of tensor products, and so of powers, is the sum of the divergences."""
    product = divergence(np.kron(first[0], second[0]), np.kron(first[1], second[1]))
    expected = divergence(*first) + divergence(*second)
    assert product == pytest.approx(expected, rel=1e-6, abs=1e-6)


@each
@few
@given(pair=pairs(st.integers(2, 5)), rng=generators())
def test_invariant_under_an_isometry(divergence: Divergence, pair: Any, rng: Any) -> None:
    """A unitary, and an embedding into a larger space, change nothing."""
    rho, sigma = pair
    size = len(rho)
    isometry = random_unitary(size + 2, rng=rng)[:, :size][None]
    images = apply_channel(isometry, rho), apply_channel(isometry, sigma)
    expected = pytest.approx(divergence(rho, sigma), rel=1e-6, abs=1e-6)
    assert divergence(*images) == expected
    unitary = random_unitary(size, rng=rng)[None]
    assert divergence(apply_channel(unitary, rho), apply_channel(unitary, sigma)) == expected


@each
@few
@given(data=st.data())
def test_data_processing(divergence: Divergence, data: st.DataObject) -> None:
    """No channel increases a divergence."""
    rho, sigma = data.draw(pairs(st.sampled_from([2, 3, 4])))
    kraus = data.draw(channels(len(rho), data.draw(st.integers(1, 4))))
    images = apply_channel(kraus, rho), apply_channel(kraus, sigma)
    before = divergence(rho, sigma)
    assert divergence(*images) <= before + 1e-8 * max(1, before)


@each
@few
@given(pair=pairs(4))
def test_data_processing_under_partial_trace(divergence: Divergence, pair: Any) -> None:
    """Discarding a subsystem does not increase a divergence."""
    rho, sigma = pair
    reduced = partial_trace(rho, (2, 2), 1), partial_trace(sigma, (2, 2), 1)
    before = divergence(rho, sigma)
    assert divergence(*reduced) <= before + 1e-8 * max(1, before)


@given(pair=pairs(st.integers(1, 5), supported=False))
def test_ordered(pair: Any) -> None:
    """``D_min <= D <= D_2 <= D_max``: both families increase, the sandwiched one lies below."""
    orders = [0.5, 0.75, 1 - 1e-6, 1, 1 + 1e-6, 1.5, 2]
    slack = 1e-7
    lower = [sandwiched_renyi_divergence(*pair, alpha) for alpha in [*orders, 10, math.inf]]
    upper = [petz_renyi_divergence(*pair, alpha) for alpha in [0, *orders]]
    assert all(a <= b + slack for a, b in pairwise(lower))
    assert all(a <= b + slack for a, b in pairwise(upper))
    assert all(a <= b + slack for a, b in zip(lower, upper[1:], strict=False))
    assert min_relative_entropy(*pair) == upper[0]
    assert relative_entropy(*pair) == upper[4] == lower[3]
    assert max_relative_entropy(*pair) == lower[-1]


@each_in_bits
@few
@given(pair=pairs(st.integers(1, 4)), exponent=st.integers(-320, 300), factor=st.floats(1, 9))
def test_a_factor_on_sigma_shifts_the_bits(
    divergence: Divergence, pair: Any, exponent: int, factor: float
) -> None:
    """D(rho||a sigma) = D(rho||sigma) - log2 a, for factors from 1e-300 to 1e300 too."""
    rho, sigma = pair
    scaled = factor * 10.0 ** max(exponent, -300) * sigma
    shift = math.log2(factor) + max(exponent, -300) * math.log2(10)
    expected = pytest.approx(divergence(rho, sigma) - shift, rel=1e-12, abs=1e-9)
    assert divergence(rho, scaled) == expected


@given(pair=pairs(st.integers(1, 4)), factor=st.floats(1e-3, 1e3), gamma=st.floats(0, 10))
def test_a_factor_on_sigma_in_the_divergences_without_unit(
    pair: Any, factor: float, gamma: float
) -> None:
    """It divides chi**2 + 1, and moves between sigma and gamma."""
    rho, sigma = pair
    chi_squared = chi_squared_divergence(rho, sigma)
    scaled = chi_squared_divergence(rho, factor * sigma)
    assert factor * (scaled + 1) == pytest.approx(chi_squared + 1, rel=1e-9)
    stick = hockey_stick_divergence(rho, sigma, gamma)
    moved = hockey_stick_divergence(rho, factor * sigma, gamma / factor)
    assert moved == pytest.approx(stick, abs=1e-12)


@each
@few
@given(rho=states())
def test_equal_states_are_at_distance_zero(divergence: Divergence, rho: Any) -> None:
    """D(rho||rho) is zero up to rounding, and never negative."""
    limit = 1 - 0.4 if divergence is ALL["hockey stick 0.4"] else 0.0
    assert limit <= divergence(rho, rho) + (limit > 0) * 1e-12 <= limit + 1e-7


@each
@few
@given(pair=pairs(supported=False))
def test_range(divergence: Divergence, pair: Any) -> None:
    """Between normalised states nothing is negative or NaN, and the input is left alone."""
    rho, sigma = pair
    before = rho.copy(), sigma.copy()
    assert divergence(rho, sigma) >= 0
    assert np.array_equal(before[0], rho)
    assert np.array_equal(before[1], sigma)


@each
@few
@given(rng=generators())
def test_support(divergence: Divergence, rng: np.random.Generator) -> None:
    """Without support above order 1 is infinite, below only if the supports are orthogonal."""
    name = next(key for key, value in ALL.items() if value is divergence)
    basis = random_unitary(4, rng=rng)
    p, q = random_spectrum(4, "generic", rng), np.array([0.3, 0.7, 0.0, 0.0])
    first = apply_channel(basis[None], np.diag(p))
    second = apply_channel(basis[None], np.diag(q))
    orthogonal = apply_channel(basis[None], np.diag([0, 0, 0.5, 0.5]))
    if name.startswith("hockey"):
        assert p[2] + p[3] <= divergence(first, second) + 1e-12 <= 1 + 1e-12
        assert divergence(orthogonal, second) == pytest.approx(1, abs=1e-12)
    else:
        assert math.isfinite(divergence(first, second)) == (name in TOLERANT)
        assert divergence(orthogonal, second) == math.inf


@each
@few
@given(pair=pairs(st.integers(2, 4), real=True), rng=generators())
def test_real_path_equals_complex_path(divergence: Divergence, pair: Any, rng: Any) -> None:
    """Phases on the basis make a real pair complex and change no value."""
    phases = np.exp(2j * np.pi * rng.random(len(pair[0])))
    turned = [phases[:, None] * operator * phases.conj() for operator in pair]
    assert divergence(*turned) == pytest.approx(divergence(*pair), rel=1e-8, abs=1e-8)


def test_hockey_stick_at_the_ends() -> None:
    """gamma = 0 gives 1, gamma above 2**D_max gives 0, and infinity the weight outside."""
    rho, sigma = random_state(4, rng=1), random_state(4, rng=2)
    assert hockey_stick_divergence(rho, sigma, 0) == 1
    top = 2 ** max_relative_entropy(rho, sigma)
    assert hockey_stick_divergence(rho, sigma, 1.001 * top) == 0
    assert hockey_stick_divergence(rho, sigma, 0.999 * top) > 0
    assert hockey_stick_divergence(rho, sigma, math.inf) == 0
    singular = np.diag([0.5, 0.5, 0, 0])
    outside = rho[2, 2].real + rho[3, 3].real
    for gamma in (1e12, 1e200, math.inf):
        value = hockey_stick_divergence(rho, singular, gamma)
        assert value == pytest.approx(outside, abs=1e-4)
        assert value >= outside - 1e-15


@pytest.mark.parametrize("alpha", [1e6, 1e20, 1e308])
def test_large_orders_approach_the_largest_ratio(alpha: float) -> None:
    """Orders that make every power overflow give D_max, without a warning."""
    rho, sigma = random_state(3, rng=1), random_state(3, rng=2)
    limit = max_relative_entropy(rho, sigma)
    value = sandwiched_renyi_divergence(rho, sigma, alpha)
    assert value == pytest.approx(limit, rel=10 / alpha + 1e-13)
    p, q = np.diag([0.5, 0.3, 0.2]), np.diag([0.1, 0.2, 0.7])
    value = petz_renyi_divergence(p, q, alpha)
    assert value == pytest.approx(math.log2(5), rel=10 / alpha + 1e-13)


def test_chi_squared_beyond_the_largest_double_is_infinite() -> None:
    """2**D_2 of a sigma with a subnormal trace is not a double, and no warning is raised."""
    assert chi_squared_divergence(maximally_mixed_state(2), 1e-310 * np.eye(2)) == math.inf


@pytest.mark.parametrize(
    "call",
    [
        lambda rho: petz_renyi_divergence(rho, rho, -0.1),
        lambda rho: petz_renyi_divergence(rho, rho, math.inf),
        lambda rho: petz_renyi_divergence(rho, rho, math.nan),
        lambda rho: sandwiched_renyi_divergence(rho, rho, 0.49),
        lambda rho: sandwiched_renyi_divergence(rho, rho, math.nan),
        lambda rho: hockey_stick_divergence(rho, rho, -1),
        lambda rho: hockey_stick_divergence(rho, rho, math.nan),
    ],
)
def test_orders_out_of_range(call: Callable[[Any], Any]) -> None:
    """An order or a factor for which the divergence is not defined is refused."""
    with pytest.raises(InvalidParameterError):
        call(maximally_mixed_state(2))


@each
def test_one_block_equals_many(divergence: Divergence, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pair with shared blocks has the same value when it is treated as a single block."""
    rng = np.random.default_rng(3)
    rho, sigma = np.zeros((2, 7, 7), complex)
    for rows in ([0, 3, 5], [1, 6], [2], [4]):
        for operator in (rho, sigma):
            block = random_state(len(rows), rng=rng) + np.eye(len(rows)) / 10
            operator[np.ix_(rows, rows)] = rng.uniform(0.5, 1) * block
    rho /= rho.trace()
    blocked = divergence(rho, sigma)
    one = [np.arange(7)[None, :]]
    monkeypatch.setattr(qentropy.operators, "joint_blocks", lambda *_: one)
    assert divergence(rho, sigma) == pytest.approx(blocked, rel=1e-12)
