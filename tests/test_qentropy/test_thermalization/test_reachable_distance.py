"""The least reachable distance: against matrices, against swaps, and where swaps are not best."""

import itertools
import math
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from qentropy import convex_split_state, states, trace_distance
from qentropy.errors import (
    DimensionMismatchError,
    InvalidParameterError,
    InvalidStateError,
    ResourceLimitError,
)
from qentropy.thermalization import (
    Collision,
    CollisionModel,
    optimal_thermalization_distance,
    satisfies_energy_subspace_condition,
)

Array = NDArray[Any]


def power(sigma: Array, n: int) -> Array:
    """The target, n copies of sigma."""
    return np.asarray(reduce(np.kron, [sigma] * n))


def swap_distance(rho: Array, sigma: Array, n: int) -> float:
    """Trace norm from the convex-split state to the target."""
    return float(np.linalg.norm(convex_split_state(rho, sigma, n) - power(sigma, n), "nuc"))


def exact_distance(levels: list[int], p: list[Fraction], q: list[Fraction], n: int) -> Fraction:
    """The sum over energies in rational numbers, basis state by basis state."""
    difference: dict[int, Fraction] = {}
    for state in itertools.product(range(len(levels)), repeat=n):
        rest = math.prod((q[i] for i in state[1:]), start=Fraction(1))
        energy = sum(levels[i] for i in state)
        change = (p[state[0]] - q[state[0]]) * rest
        difference[energy] = difference.get(energy, Fraction(0)) + change
    return sum((abs(x) for x in difference.values()), start=Fraction(0))


def distributions(d: int) -> st.SearchStrategy[list[Fraction]]:
    """Probabilities that floats hold exactly, some of them zero."""
    cuts = st.lists(st.integers(0, 2**20), min_size=d - 1, max_size=d - 1).map(sorted)
    return cuts.map(
        lambda c: [Fraction(b - a, 2**20) for a, b in itertools.pairwise([0, *c, 2**20])]
    )


@given(
    st.lists(st.integers(0, 4), min_size=3, max_size=3),
    distributions(3),
    distributions(3),
    st.integers(1, 4),
)
def test_the_interval_contains_the_rational_value(
    levels: list[int], p: list[Fraction], q: list[Fraction], n: int
) -> None:
    """Exact arithmetic over all basis states lies inside, and the interval is narrow."""
    rho, sigma = (np.diag([float(x) for x in weights]) for weights in (p, q))
    found = optimal_thermalization_distance(levels, rho, sigma, n)
    exact = exact_distance(levels, p, q, n)
    assert Fraction(found.lower) <= exact <= Fraction(found.upper)
    assert found.width < 1e-12


@given(
    st.sampled_from([[0.0, 1.0, 2.5], [0.0, 1.0, 2.0], [0.0, 0.0, 1.0], [0.5, 0.5, 0.5]]),
    st.integers(0, 50),
    st.integers(2, 4),
)
def test_swaps_are_optimal_exactly_under_the_condition(
    levels: list[float], seed: int, n: int
) -> None:
    """Prop. 18: the swap model reaches the bound where types have their own energies only."""
    rng = np.random.default_rng(seed)
    rho, sigma = np.diag(rng.dirichlet(np.ones(3))), states.gibbs_state(np.diag(levels), 0.7)
    best = optimal_thermalization_distance(levels, rho, sigma, n)
    swaps = swap_distance(rho, sigma, n)
    assert swaps >= best.lower - 1e-12
    if satisfies_energy_subspace_condition(levels, n).holds:
        assert abs(swaps - best.upper) < 1e-12


@pytest.mark.parametrize("levels", [[0.0, 1.0, 2.0], [0.0, 0.0, 1.0], [0.5, 0.5, 0.5]])
def test_without_the_condition_swaps_fall_short(levels: list[float]) -> None:
    """Types of one energy on both sides of the target leave something to gain."""
    rho, sigma = np.diag([0.1, 0.8, 0.1]), states.gibbs_state(np.diag(levels), 0.7)
    best = optimal_thermalization_distance(levels, rho, sigma, 2)
    assert swap_distance(rho, sigma, 2) > best.upper + 0.01


@pytest.mark.parametrize("beta", [0.0, 0.2, 0.5])
def test_counterexample_with_four_levels(beta: float) -> None:
    """(C9) to (C13) and Figure 4: eigenvalues, and the gain ``p_4 (1 - 2 p_1)`` of rho*."""
    levels = [0.0, 0.5, 1.25, 1.75]
    tau = states.gibbs_state(np.diag(levels), beta)
    p = np.diagonal(tau)
    assert 0.25 <= p[0] <= 0.5
    split, target = convex_split_state(np.diag([1.0, 0, 0, 0]), tau, 2), power(tau, 2)
    # |1,4>, |4,1>, |2,3>, |3,2>
    inside = [3, 12, 6, 9]
    np.testing.assert_allclose(np.diagonal(target)[inside], [p[0] * p[3]] * 4, atol=1e-15)
    expected = [p[3] / 2, p[3] / 2, 0, 0]
    np.testing.assert_allclose(np.diagonal(split)[inside], expected, atol=1e-15)
    assert p[3] / 2 >= p[0] * p[3] > 0  # (C12)
    star = split.copy()
    star[inside, inside] = p[3] / 4
    gain = trace_distance(split, target) - trace_distance(star, target)
    assert math.isclose(gain, p[3] * (1 - 2 * p[0]), abs_tol=1e-14)
    best = optimal_thermalization_distance(levels, np.diag([1.0, 0, 0, 0]), tau, 2)
    assert abs(2 * trace_distance(star, target) - best.upper) < 1e-13


def test_the_better_state_of_the_counterexample_is_reached_by_collisions() -> None:
    """Energy-preserving collisions that mix the two types beat swaps and come to the bound."""
    levels = [0.0, 0.5, 1.25, 1.75]
    tau = states.gibbs_state(np.diag(levels), 0.3)
    cycle = np.eye(16)
    cycle[[3, 6, 9, 12]] = cycle[[6, 9, 12, 3]]
    swap = np.eye(16).reshape(4, 4, 4, 4).swapaxes(0, 1).reshape(16, 16)
    kinds = [Collision(cycle, (0, 1)), Collision(swap, (0, 1))]
    model = CollisionModel(4, 2, kinds, np.diag(levels))
    rho = np.diag([1.0, 0, 0, 0])
    steady = model.steady_state(np.kron(rho, tau))
    reached = 2 * trace_distance(steady, power(tau, 2))
    best = optimal_thermalization_distance(levels, rho, tau, 2)
    assert abs(reached - best.upper) < 1e-12
    assert reached < swap_distance(rho, tau, 2) - 0.01


@given(st.integers(0, 50), st.floats(0, 3))
def test_no_energy_preserving_collisions_beat_the_bound(seed: int, time: float) -> None:
    """Lemmas 14 and 15, for states with coherence and a target that is not thermal, too."""
    rho, sigma = states.random_state(2, rng=seed), states.random_state(2, rng=seed + 1000)
    unitary = np.eye(4, dtype=complex)
    unitary[1:3, 1:3] = states.random_unitary(2, rng=seed)
    kinds = [Collision(unitary, (0, 1)), Collision(unitary, (2, 0)), Collision(unitary, (1, 2))]
    model = CollisionModel(2, 3, kinds, np.diag([0, 1]))
    later = model.evolve(np.kron(rho, power(sigma, 2)), time)
    best = optimal_thermalization_distance([0, 1], rho, sigma, 3)
    assert 2 * trace_distance(later, power(sigma, 3)) >= best.lower - 1e-11


@pytest.mark.parametrize(
    ("epsilon", "n"), [(0.5, 6), (0.2, 33), (0.1, 129), (0.05, 513), (0.02, 3203)]
)
def test_exact_bath_sizes(epsilon: float, n: int) -> None:
    """Qubits p = (.95, .05), q = (.3, .7): the least n of theory.md, section 5."""
    rho, sigma = np.diag([0.95, 0.05]), np.diag([0.3, 0.7])
    assert optimal_thermalization_distance([0, 1], rho, sigma, n).upper <= epsilon
    assert optimal_thermalization_distance([0, 1], rho, sigma, n - 1).lower > epsilon


def test_no_bath_is_needed_for_a_trivial_hamiltonian() -> None:
    """Remark 19: with one energy only, the distance is zero."""
    rho = states.random_state(3, rng=1)
    found = optimal_thermalization_distance([1.0] * 3, rho, np.eye(3) / 3, 1)
    assert found.lower == 0
    assert found.upper < 1e-14


def test_a_state_outside_the_support_stays_far() -> None:
    """With the other systems in the ground state the excitation is always seen."""
    found = optimal_thermalization_distance([0, 1], np.diag([0.0, 1]), np.diag([1.0, 0]), 50)
    assert found.upper == 2
    assert found.lower > 2 - 1e-12


def test_tiny_probabilities_lose_nothing() -> None:
    """Powers beyond the range of doubles are kept apart until they are multiplied."""
    rho, sigma = np.diag([0.5, 0.5]), np.diag([1e-290, 1.0])
    found = optimal_thermalization_distance([0, 1], rho, sigma, 40)
    assert 1.0 in found
    assert found.width < 1e-12


def test_a_tolerance_joins_energies() -> None:
    """Levels that count as one make the distance smaller."""
    rho, sigma = np.diag([0.9, 0.1]), np.eye(2) / 2
    assert 0.8 in optimal_thermalization_distance([0, 1e-9], rho, sigma, 1)
    assert optimal_thermalization_distance([0, 1e-9], rho, sigma, 1, tolerance=1e-8).upper < 1e-14


@pytest.mark.parametrize(
    ("energies", "rho", "sigma", "n", "error"),
    [
        ([0, 1], np.eye(2), np.eye(2) / 2, 2, InvalidStateError),
        ([0, 1], np.eye(2) / 2, np.eye(3) / 3, 2, DimensionMismatchError),
        ([0, 1, 2], np.eye(2) / 2, np.eye(2) / 2, 2, DimensionMismatchError),
        ([0, math.nan], np.eye(2) / 2, np.eye(2) / 2, 2, InvalidParameterError),
        (7, np.eye(2) / 2, np.eye(2) / 2, 2, InvalidParameterError),
        ([0, 1], np.eye(2) / 2, np.eye(2) / 2, 0, InvalidParameterError),
        ([0, 1], np.eye(2) / 2, np.eye(2) / 2, 2**52, ResourceLimitError),
    ],
)
def test_bad_input(energies: Any, rho: Any, sigma: Any, n: Any, error: type[Exception]) -> None:
    """What makes no sense is refused with an exception of this package."""
    with pytest.raises(error):
        optimal_thermalization_distance(energies, rho, sigma, n)
