"""Hypothesis testing and the information spectrum: known values, other solvers, laws."""

from __future__ import annotations

import math
from typing import Any

import cvxpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import apply_channel, channels, generators, pairs, stacks, states

import qentropy.hypothesis_testing
from qentropy.divergences import (
    hockey_stick_divergence,
    max_relative_entropy,
    min_relative_entropy,
)
from qentropy.errors import InvalidParameterError, SolverError
from qentropy.hypothesis_testing import (
    hypothesis_testing_relative_entropy,
    information_spectrum_relative_entropy,
)
from qentropy.states import isotropic_state, random_state, random_unitary

few = settings(max_examples=40)
EPSILONS = st.sampled_from([1e-6, 1e-3, 0.05, 0.1, 0.3, 0.5, 0.9, 0.999])


def pure_pair(overlap: float) -> tuple[Any, Any]:
    """Two real pure qubit states with this squared inner product."""
    ket = np.sqrt([overlap, 1 - overlap])
    return np.diag([1.0, 0.0]), np.outer(ket, ket)


def pure_error(overlap: float, epsilon: float) -> float:
    """Least error of the second kind for two pure states; F. Buscemi, N. Datta, arXiv:0902.0158."""
    root = math.sqrt((1 - epsilon) * overlap) - math.sqrt(epsilon * (1 - overlap))
    return max(root, 0.0) ** 2


D_H, D_S = hypothesis_testing_relative_entropy, information_spectrum_relative_entropy
PLUS, TRIPLE = np.full((2, 2), 1 / 2), np.full((3, 3), 1 / 3)
BIASED, STEEP = np.diag([0.75, 0.25]), np.diag([0.98, 0.015, 0.005])

KNOWN = {
    # Closed form for pure states with overlap 1/2: beta = (sqrt(.45) - sqrt(.05))**2 = 1/5.
    "pure, overlap 1/2": (D_H, *pure_pair(0.5), 0.1, 2.3219280949),
    # Closed form: the best test is (1 - epsilon) times the projector.
    "pure, 1/4": (D_H, np.diag([1.0, 0, 0, 0]), np.eye(4) / 4, 0.5, 3.0),
    # Closed form: for equal states every test has beta = 1 - epsilon; all is kernel.
    "equal": (D_H, np.eye(3) / 3, np.eye(3) / 3, 0.75, 2.0),
    # No weight needs to be accepted, or none that sigma sees.
    "epsilon 1": (D_H, np.eye(2) / 2, np.eye(2) / 2, 1, math.inf),
    "outside": (D_H, np.eye(2) / 2, np.diag([1.0, 0]), 0.5, math.inf),
    "orthogonal": (D_H, np.diag([1.0, 0]), np.diag([0, 1.0]), 0.1, math.inf),
    # beta = 0.4 * 1: the part outside supp(sigma) costs nothing.
    "partly outside": (D_H, np.eye(2) / 2, np.diag([1.0, 0]), 0.3, -math.log2(0.4)),
    # Closed form: log2 d + log2(1 - epsilon) for a pure state against 1/d.
    "D_s, pure, 1/3": (D_S, TRIPLE, np.eye(3) / 3, 0.4, math.log2(3 * 0.6)),
    # Closed form: (1 - 3p/4 - epsilon) d**2, from the one eigenvalue that sticks out.
    "D_s, isotropic": (D_S, isotropic_state(2, 0.1), np.eye(4) / 4, 0.1, math.log2(3.3)),
    # Closed form: the root of (3/16) x**2 + (e - 1/2) x + e**2 - e.
    "D_s, |+>, .05": (D_S, PLUS, BIASED, 0.05, 1.3226673846),
    "D_s, |+>, .1": (D_S, PLUS, BIASED, 0.1, 1.2256362383),
    "D_s, |+>, .3": (D_S, PLUS, BIASED, 0.3, 0.7810876615),
    # The root of the hockey-stick alone, below the smooth max-relative entropy 5.450631035.
    "D_s, three levels": (D_S, TRIPLE, STEEP, 0.3, 5.448076419),
}


@pytest.mark.parametrize(
    ("quantity", "rho", "sigma", "epsilon", "expected"), KNOWN.values(), ids=KNOWN
)
def test_known_values(quantity: Any, rho: Any, sigma: Any, epsilon: float, expected: float) -> None:
    """Acceptance case 26, the roots of cases 16, 22 and 24, and others, all in closed form."""
    value = quantity(rho, sigma, epsilon)
    assert isinstance(value, float)
    assert value == pytest.approx(expected, abs=5e-10)


@given(st.floats(0.01, 0.99), st.floats(1e-4, 0.999), generators())
def test_pure_states(overlap: float, epsilon: float, rng: np.random.Generator) -> None:
    """Two pure states, in any basis of a larger space, have the closed form for qubits."""
    isometry = random_unitary(4, rng=rng)[None, :, :2]
    pair = [apply_channel(isometry, operator) for operator in pure_pair(overlap)]
    error = 2.0 ** -hypothesis_testing_relative_entropy(*pair, epsilon)
    assert error == pytest.approx(pure_error(overlap, epsilon), rel=1e-9, abs=1e-13)


def neyman_pearson(p: Any, q: Any, epsilon: float) -> float:
    """Least error of a classical test: accept by decreasing likelihood ratio."""
    order = np.argsort(-p / q)
    accepted, errors = np.cumsum(p[order]), np.cumsum(q[order])
    return float(np.interp(1 - epsilon, [0, *accepted], [0, *errors]))


@given(generators(), st.integers(2, 50), EPSILONS, st.booleans())
def test_classical(rng: np.random.Generator, size: int, epsilon: float, ties: bool) -> None:
    """Diagonal operators give the lemma of Neyman and Pearson, ties in the ratio included."""
    p, q = 0.9 * rng.dirichlet(np.ones(size), 2) + 0.1 / size
    if ties:
        p = q * np.repeat(rng.uniform(0.5, 2, size), 3)[:size]
        p /= p.sum()
    value = hypothesis_testing_relative_entropy(np.diag(p), np.diag(q), epsilon)
    expected = -math.log2(neyman_pearson(p, q, epsilon))
    assert value == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("epsilon", [0.01, 0.3, 0.8])
@pytest.mark.parametrize("rank", [1, 3])
def test_against_a_semidefinite_program(epsilon: float, rank: int) -> None:
    """A general solver finds the same least error over all tests."""
    rho, sigma = random_state(3, rank=rank, rng=7), random_state(3, rng=8)
    test = cvxpy.Variable((3, 3), hermitian=True)
    accepted = cvxpy.real(cvxpy.trace(test @ rho))
    error = cvxpy.real(cvxpy.trace(test @ sigma))
    constraints = [test >> 0, np.eye(3) - test >> 0, accepted >= 1 - epsilon]
    expected = cvxpy.Problem(cvxpy.Minimize(error), constraints).solve(solver="CLARABEL")
    value = 2.0 ** -hypothesis_testing_relative_entropy(rho, sigma, epsilon)
    assert value == pytest.approx(expected, abs=1e-7)


@few
@given(pairs(supported=False))
def test_epsilon_zero(pair: tuple[Any, Any]) -> None:
    """Without error the two quantities are D_0 and D_max."""
    assert hypothesis_testing_relative_entropy(*pair, 0) == min_relative_entropy(*pair)
    assert information_spectrum_relative_entropy(*pair, 0) == max_relative_entropy(*pair)


@few
@given(pairs(supported=False), EPSILONS, EPSILONS)
def test_monotone_in_epsilon(pair: tuple[Any, Any], first: float, second: float) -> None:
    """More error means a better test and a lower threshold."""
    small, large = sorted((first, second))
    tests = [hypothesis_testing_relative_entropy(*pair, epsilon) for epsilon in (small, large)]
    assert tests[0] <= tests[1] + 1e-12
    # Guessing without looking is a test.
    assert tests[0] >= -math.log2(1 - small) - 1e-12
    spectra = [information_spectrum_relative_entropy(*pair, epsilon) for epsilon in (small, large)]
    assert spectra[0] >= spectra[1] - 1e-12


@few
@given(pairs(st.integers(1, 5), supported=False), EPSILONS)
def test_information_spectrum_is_what_its_formula_says(
    pair: tuple[Any, Any], epsilon: float
) -> None:
    """At the threshold the hockey-stick is epsilon, and just below it is larger."""
    bits = information_spectrum_relative_entropy(*pair, epsilon)
    if bits == math.inf:
        outside = hockey_stick_divergence(*pair, math.inf)
        assert outside > epsilon
        return
    threshold = 2.0**bits
    assert hockey_stick_divergence(*pair, threshold) <= epsilon + 1e-10
    assert hockey_stick_divergence(*pair, threshold * (1 - 1e-6)) >= epsilon - 1e-10


@few
@given(pairs(supported=False), EPSILONS, EPSILONS)
def test_the_two_quantities_bound_each_other(
    pair: tuple[Any, Any], epsilon: float, other: float
) -> None:
    """D_s^eps >= D_H^eps' + log2(1 - eps - eps'): the best test for eps' bounds the threshold."""
    if epsilon + other >= 1:
        epsilon, other = epsilon / 2, other / 2.1
    lower = hypothesis_testing_relative_entropy(*pair, other) + math.log2(1 - epsilon - other)
    upper = information_spectrum_relative_entropy(*pair, epsilon)
    assert lower <= upper + 1e-9


@few
@given(st.data(), EPSILONS)
def test_data_processing(data: st.DataObject, epsilon: float) -> None:
    """No channel makes two states easier to tell apart."""
    pair = data.draw(pairs(3, supported=False))
    kraus = data.draw(channels(3, 2))
    images = [apply_channel(kraus, operator) for operator in pair]
    for quantity in (hypothesis_testing_relative_entropy, information_spectrum_relative_entropy):
        assert quantity(*images, epsilon) <= quantity(*pair, epsilon) + 1e-8


@few
@given(pairs(), EPSILONS, st.floats(-290, 290))
def test_a_factor_on_sigma_shifts_the_bits(
    pair: tuple[Any, Any], epsilon: float, exponent: float
) -> None:
    """A factor a on sigma subtracts log2 a, for 1e-290 and 1e290 too."""
    rho, sigma = pair
    for quantity in (hypothesis_testing_relative_entropy, information_spectrum_relative_entropy):
        expected = quantity(rho, sigma, epsilon) - exponent * math.log2(10)
        value = quantity(rho, 10.0**exponent * sigma, epsilon)
        assert value == pytest.approx(expected, abs=1e-8)


@few
@given(states(), EPSILONS)
def test_equal_states(rho: Any, epsilon: float) -> None:
    """Of equal states all tests are as good as guessing."""
    expected = -math.log2(1 - epsilon)
    value = hypothesis_testing_relative_entropy(rho, rho, epsilon)
    assert value == pytest.approx(expected, abs=1e-11)
    value = information_spectrum_relative_entropy(rho, rho, epsilon)
    assert value == pytest.approx(-expected, abs=1e-11)


@settings(max_examples=15)
@given(stacks(), EPSILONS)
def test_stack_equals_loop(stack: tuple[Any, Any], epsilon: float) -> None:
    """A stack gives an array with the value of each pair."""
    rho, sigma = stack
    for quantity in (hypothesis_testing_relative_entropy, information_spectrum_relative_entropy):
        expected = [
            [quantity(x, y, epsilon) for x, y in zip(row, sigma, strict=True)] for row in rho
        ]
        assert quantity(rho, sigma, epsilon) == pytest.approx(np.array(expected), abs=1e-9)


def test_information_spectrum_at_the_ends() -> None:
    """Nothing sticks out at epsilon >= 1, and too much does if the weight outside exceeds it."""
    rho, sigma = np.eye(2) / 2, np.diag([1.0, 0.0])
    assert information_spectrum_relative_entropy(rho, sigma, 1) == -math.inf
    assert information_spectrum_relative_entropy(rho, sigma, 1.5) == -math.inf
    assert information_spectrum_relative_entropy(rho, sigma, 0.4) == math.inf
    assert information_spectrum_relative_entropy(rho, sigma, 0.5) == pytest.approx(-1)
    stack = np.array([rho, sigma])
    assert np.array_equal(information_spectrum_relative_entropy(stack, sigma, 1), [-np.inf] * 2)


def test_epsilon_close_to_one() -> None:
    """With almost no weight to accept, the divergence is close to -log2(1 - epsilon) + D_max."""
    rho, sigma = random_state(3, rng=1), random_state(3, rng=2)
    value = hypothesis_testing_relative_entropy(rho, sigma, 1 - 1e-13)
    limit = max_relative_entropy(rho, sigma) - math.log2(1e-13)
    assert value == pytest.approx(limit, abs=1e-2)


@pytest.mark.parametrize("epsilon", [-0.1, math.nan, 1j, True, "x", None, 1.1])
def test_epsilon_out_of_range(epsilon: Any) -> None:
    """An allowed error that is not a number between 0 and 1 is refused."""
    rho = np.eye(2) / 2
    with pytest.raises(InvalidParameterError, match="0 <= epsilon <= 1"):
        hypothesis_testing_relative_entropy(rho, rho, epsilon)
    if epsilon != 1.1:
        with pytest.raises(InvalidParameterError, match="epsilon >= 0"):
            information_spectrum_relative_entropy(rho, rho, epsilon)


@pytest.mark.parametrize(
    "quantity", [hypothesis_testing_relative_entropy, information_spectrum_relative_entropy]
)
def test_a_search_that_does_not_end_is_an_error(
    quantity: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the steps run out there is no number, but an exception."""
    monkeypatch.setattr(qentropy.hypothesis_testing, "MAX_STEPS", 1)
    with pytest.raises(SolverError, match="did not end in 1 steps"):
        quantity(random_state(3, rng=1), random_state(3, rng=2), 0.1)
