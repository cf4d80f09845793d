"""The uniform swap model: its steady state, where the first state is, and how long it takes."""

import itertools
import math
from functools import reduce
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies import pairs

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
    position_probabilities,
    swap_model,
    time_to_thermalize,
)

Array = NDArray[Any]


def in_place(rho: Array, sigma: Array, place: int, n: int) -> Array:
    """Rho in one place, sigma in the n - 1 others."""
    return np.asarray(reduce(np.kron, [rho if k == place else sigma for k in range(n)]))


def distance(rho: Array, sigma: Array, n: int, time: float, rate: float = 1.0) -> float:
    """Trace norm to the target after some time, from the master equation."""
    later = swap_model(len(rho), n, rate=rate).evolve(in_place(rho, sigma, 0, n), time)
    return float(np.linalg.norm(later - in_place(sigma, sigma, 0, n), "nuc"))


@pytest.mark.parametrize(("d", "n"), [(2, 2), (2, 4), (3, 3)])
def test_the_steady_state_is_the_convex_split(d: int, n: int) -> None:
    """Rho ends up in each place with probability 1/n: (14)."""
    rho, sigma = states.random_state(d, rng=1), states.random_state(d, rng=2)
    steady = swap_model(d, n, rate=0.3).steady_state(in_place(rho, sigma, 0, n))
    np.testing.assert_allclose(steady, convex_split_state(rho, sigma, n), atol=1e-13)


def test_one_use_of_the_uniform_swap_channel_is_the_steady_state() -> None:
    """(15) maps the initial state to (14), but is no steady state of states in general."""
    rho, sigma, n = states.random_state(2, rng=1), states.random_state(2, rng=2), 3
    swaps = [np.eye(8).reshape((2,) * 6).swapaxes(0, k).reshape(8, 8) for k in range(n)]

    def channel(state: Array) -> Array:
        return np.asarray(sum(swap @ state @ swap.T for swap in swaps) / n)

    split = channel(in_place(rho, sigma, 0, n))
    np.testing.assert_allclose(split, convex_split_state(rho, sigma, n), atol=1e-14)
    other = states.random_state(8, rng=3)
    assert trace_distance(channel(other), swap_model(2, n).steady_state(other)) > 0.01


def test_the_steady_state_averages_over_permutations() -> None:
    """From any state the swaps lead to the average over all orders of the systems."""
    rho = states.random_state(8, rng=3)
    tensor = rho.reshape((2,) * 6)
    orders = list(itertools.permutations(range(3)))
    terms = [tensor.transpose(*o, *(3 + k for k in o)).reshape(8, 8) for o in orders]
    steady = swap_model(2, 3).steady_state(rho)
    np.testing.assert_allclose(steady, sum(terms) / 6, atol=1e-13)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("time", [0.0, 0.1, 0.7])
def test_positions_are_those_of_the_master_equation(n: int, time: float) -> None:
    """``p_1(t) = 1/n + (1 - 1/n) exp(-n t / tau)`` with ``1/tau`` the rate of each pair."""
    rho, sigma = states.random_state(2, rng=1), states.random_state(2, rng=2)
    later = swap_model(2, n, rate=0.8).evolve(in_place(rho, sigma, 0, n), time)
    weights = position_probabilities(time, n, rate=0.8)
    mixed = sum(w * in_place(rho, sigma, k, n) for k, w in enumerate(weights))
    np.testing.assert_allclose(later, mixed, atol=1e-11)
    assert math.isclose(weights[0], 1 / n + (1 - 1 / n) * math.exp(-n * 0.8 * time))


def test_swaps_with_the_first_system_alone_do_the_same() -> None:
    """Swaps within the bath change nothing for this initial state."""
    rho, sigma, n = states.random_state(2, rng=1), states.random_state(2, rng=2), 4
    swap = np.eye(4)[[0, 2, 1, 3]]
    star = CollisionModel(2, n, [Collision(swap, (0, k), 1.0) for k in range(1, n)])
    start = in_place(rho, sigma, 0, n)
    later = swap_model(2, n).evolve(start, 0.3)
    np.testing.assert_allclose(star.evolve(start, 0.3), later, atol=1e-11)


@settings(max_examples=25)
@given(pairs(2), st.integers(1, 4), st.floats(0.01, 1.9))
def test_the_time_separates_too_far_from_close_enough(
    pair: tuple[Array, Array], n: int, epsilon: float
) -> None:
    """Before the interval the distance exceeds epsilon, after it never does."""
    rho, sigma = pair
    found = time_to_thermalize(rho, sigma, epsilon, copies=n, rate=0.5)
    if math.isfinite(found.upper):
        assert distance(rho, sigma, n, found.upper, 0.5) <= epsilon + 1e-9
    if math.isfinite(found.lower) and found.lower > 0:
        assert distance(rho, sigma, n, found.lower, 0.5) >= epsilon - 1e-9
    limit = np.linalg.norm(convex_split_state(rho, sigma, n) - in_place(sigma, sigma, 0, n), "nuc")
    if found.lower == math.inf:
        assert limit > epsilon - 1e-9


def test_the_ends_of_the_time() -> None:
    """Close from the start is zero, too far in the limit is infinite, the limit itself open."""
    rho, sigma = np.diag([1.0, 0.0]), np.diag([0.5, 0.5])
    start = time_to_thermalize(rho, sigma, 1.01, copies=2)
    assert (start.lower, start.upper) == (0, 0)
    assert time_to_thermalize(rho, sigma, 0.49, copies=2).lower == math.inf
    limit = time_to_thermalize(rho, sigma, 0.5, copies=2)
    assert limit.upper == math.inf
    assert limit.lower > 10
    near = time_to_thermalize(rho, sigma, 1.0, copies=2)
    assert near.lower == 0
    assert near.upper < 1e-12
    assert time_to_thermalize(rho, sigma, 0.0, copies=1).lower == math.inf


def test_the_least_distance_may_be_reached_after_a_finite_time() -> None:
    """Where in no type the two signs meet, the limit is attained before infinity."""
    rho, sigma = np.diag([0.5, 0.42, 0.08]), np.diag([0.4, 0.4, 0.2])
    split = convex_split_state(rho, sigma, 2)
    limit = np.linalg.norm(split - in_place(sigma, sigma, 0, 2), "nuc")
    found = time_to_thermalize(rho, sigma, limit + 1e-13, copies=2)
    assert found.upper < 2
    assert abs(distance(rho, sigma, 2, found.upper) - limit) < 1e-11


def test_swaps_conserve_any_energy() -> None:
    """A Hamiltonian of a single system is accepted, whatever it is."""
    energy = states.random_state(3, rng=1)
    model = swap_model(3, 3, rate=2.0, hamiltonian=energy)
    assert [c.systems for c in model.collisions] == [(0, 1), (0, 2), (1, 2)]
    assert model.rate == 6.0
    assert swap_model(2, 1).collisions == ()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: swap_model(2, 0), InvalidParameterError),
        (lambda: swap_model(2.0, 2), InvalidParameterError),  # type: ignore[arg-type]
        (lambda: swap_model(2, 2, rate=-1), InvalidParameterError),
        (lambda: swap_model(2, 10**6), ResourceLimitError),
        (lambda: swap_model(1, 10**6), ResourceLimitError),
        (lambda: swap_model(2, 2, hamiltonian=np.eye(3)), DimensionMismatchError),
        (lambda: position_probabilities(-1.0, 2), InvalidParameterError),
        (lambda: position_probabilities(1.0, 0), InvalidParameterError),
        (lambda: position_probabilities(1.0, 2, rate=0.0), InvalidParameterError),
        (
            lambda: time_to_thermalize(np.eye(2) / 2, np.eye(2) / 2, -0.1, copies=2),
            InvalidParameterError,
        ),
        (
            lambda: time_to_thermalize(np.eye(2) / 2, np.eye(3) / 3, 0.1, copies=2),
            DimensionMismatchError,
        ),
        (
            lambda: time_to_thermalize(np.eye(2), np.eye(2) / 2, 0.1, copies=2),
            InvalidStateError,
        ),
        (
            lambda: time_to_thermalize(np.eye(2) / 2, np.eye(2) / 2, 0.1, copies=60),
            ResourceLimitError,
        ),
    ],
)
def test_bad_input(call: Any, error: type[Exception]) -> None:
    """What makes no sense is refused with an exception of this package."""
    with pytest.raises(error):
        call()
