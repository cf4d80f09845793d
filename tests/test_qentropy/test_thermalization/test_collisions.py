"""The collisional master equation against other ways to solve it, and its laws."""

import itertools
import math
from functools import reduce
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.linalg import expm
from scipy.stats import poisson
from strategies import states as density_operators

from qentropy import states, trace_distance
from qentropy.errors import (
    DimensionMismatchError,
    InvalidParameterError,
    InvalidStateError,
    ResourceLimitError,
)
from qentropy.operators import partial_trace
from qentropy.thermalization import Collision, CollisionModel
from qentropy.thermalization.collisions import require_density_operator

Array = NDArray[Any]
FLIP = np.array([[0, 1], [1, 0]])


def full(collision: Collision, copies: int) -> Array:
    """A collision's unitary on all qubits, entry by entry."""
    out = np.zeros((2**copies, 2**copies), complex)
    basis = list(itertools.product((0, 1), repeat=copies))
    place = {bits: index for index, bits in enumerate(basis)}
    for column, bits in enumerate(basis):
        before = int("".join(str(bits[s]) for s in collision.systems), 2)
        for after in range(len(collision.matrix)):
            changed = list(bits)
            digits = f"{after:0{len(collision.systems)}b}"
            for system, digit in zip(collision.systems, digits, strict=True):
                changed[system] = int(digit)
            out[place[tuple(changed)], column] = collision.matrix[after, before]
    return out


def generic_model(copies: int = 3) -> CollisionModel:
    """Complex unitaries on one, two and three qubits, in any order of the systems."""
    return CollisionModel(
        2,
        copies,
        [
            Collision(states.random_unitary(4, rng=1), (2, 0), 0.7),
            Collision(states.random_unitary(2, rng=2), (1,), 1.3),
            Collision(states.random_unitary(8, rng=3), (1, 2, 0), 0.2),
        ],
    )


def generator(model: CollisionModel) -> Array:
    """The Liouvillian on vectorised operators, row by row."""
    size = model.dimension**model.copies
    out = np.zeros((size**2, size**2), complex)
    for collision in model.collisions:
        unitary = full(collision, model.copies)
        out += collision.rate * (np.kron(unitary, unitary.conj()) - np.eye(size**2))
    return out


@pytest.mark.parametrize("time", [0.0, 0.3, 2.0])
def test_evolution_is_the_exponential_of_the_liouvillian(time: float) -> None:
    """The Poisson mixture solves the master equation (A8), Prop. 6."""
    model, rho = generic_model(), states.random_state(8, rng=4)
    expected = (expm(time * generator(model)) @ rho.ravel()).reshape(8, 8)
    np.testing.assert_allclose(model.evolve(rho, time), expected, atol=1e-11)


def test_evolution_agrees_with_qutip() -> None:
    """QuTiP's integrator of the master equation (7) ends in the same state."""
    qutip = pytest.importorskip("qutip")
    model, rho = generic_model(), states.random_state(8, rng=4)
    jumps = [qutip.Qobj(math.sqrt(c.rate) * full(c, 3)) for c in model.collisions]
    options = {"atol": 1e-10, "rtol": 1e-9, "progress_bar": ""}
    still = qutip.Qobj(np.zeros((8, 8)))
    solved = qutip.mesolve(still, qutip.Qobj(rho), [0, 0.8], jumps, options=options)
    np.testing.assert_allclose(model.evolve(rho, 0.8), solved.states[-1].full(), atol=1e-7)


def test_the_solution_is_a_product_of_poisson_distributions() -> None:
    """One Poisson distribution for each kind of collision, and all orders alike: (A16)."""
    first, second = states.random_unitary(2, rng=1), states.random_unitary(2, rng=2)
    model = CollisionModel(2, 1, [Collision(first, (0,), 0.3), Collision(second, (0,), 0.5)])
    rho, time = states.random_state(2, rng=3), 0.4
    expected = np.zeros((2, 2), complex)
    for counts in itertools.product(range(7), repeat=2):
        orders = list(itertools.combinations(range(sum(counts)), counts[0]))
        mixed = np.zeros((2, 2), complex)
        for order in orders:
            word = [first if k in order else second for k in range(sum(counts))]
            unitary = reduce(np.matmul, word, np.eye(2))
            mixed += unitary @ rho @ unitary.conj().T / len(orders)
        expected += poisson.pmf(counts[0], 0.12) * poisson.pmf(counts[1], 0.2) * mixed
    np.testing.assert_allclose(model.evolve(rho, time), expected, atol=1e-8)


def test_the_channel_is_a_mixture_of_energy_preserving_unitaries() -> None:
    """Cor. 8: what is kept acts like the dynamics up to the remainder and commutes with H."""
    energy = np.diag([0.0, 1.0])
    total = np.kron(energy, np.eye(2)) + np.kron(np.eye(2), energy)
    rotation = np.eye(4)
    rotation[1:3, 1:3] = [[math.cos(0.4), -math.sin(0.4)], [math.sin(0.4), math.cos(0.4)]]
    kinds = [Collision(rotation, (0, 1), 0.6), Collision(np.diag([1, 1j]), (1,), 0.4)]
    model = CollisionModel(2, 2, kinds, energy)
    channel = model.channel(0.5, tolerance=1e-4)
    assert channel.remainder <= 1e-4
    assert math.isclose(channel.weights.sum() + channel.remainder, 1, abs_tol=1e-12)
    for unitary in channel.unitaries:
        np.testing.assert_allclose(unitary @ unitary.conj().T, np.eye(4), atol=1e-12)
        np.testing.assert_allclose(unitary @ total, total @ unitary, atol=1e-12)
    rho = states.random_state(4, rng=5)
    assert trace_distance(channel.apply(rho), model.evolve(rho, 0.5)) <= 1e-4


def test_a_channel_cut_short_says_so() -> None:
    """Where the terms do not suffice, the remainder is what is missing and still a bound."""
    model, rho = generic_model(), states.random_state(8, rng=4)
    channel = model.channel(1.0, max_terms=50)
    assert len(channel.weights) <= 50
    assert channel.remainder > 0.1
    assert trace_distance(channel.apply(rho), model.evolve(rho, 1.0)) <= channel.remainder


@given(density_operators(4), st.floats(0, 5))
def test_evolution_keeps_states_and_energies(rho: Array, time: float) -> None:
    """The trace stays one, no eigenvalue is negative, and no energy weight moves (Lemma 14)."""
    rotation = np.eye(4, dtype=complex)
    rotation[1:3, 1:3] = states.random_unitary(2, rng=1)
    model = CollisionModel(2, 2, [Collision(rotation, (0, 1), 1.0)], np.diag([0, 1]))
    for later in (model.evolve(rho, time), model.steady_state(rho)):
        assert abs(later.trace() - 1) < 1e-12
        assert np.linalg.eigvalsh(later).min() > -1e-12
        weights = [np.diagonal(x).real for x in (rho, later)]
        np.testing.assert_allclose(weights[0][[0, 3]], weights[1][[0, 3]], atol=1e-12)


@given(st.floats(0, 3), st.floats(0, 3))
def test_evolution_is_a_semigroup(first: float, second: float) -> None:
    """Evolving twice is evolving for the sum of the times."""
    model, rho = generic_model(), states.random_state(8, rng=4)
    twice = model.evolve(model.evolve(rho, first), second)
    assert trace_distance(twice, model.evolve(rho, first + second)) < 1e-11


def test_the_steady_state_stays_and_is_reached() -> None:
    """It is a fixed point, and long times lead there."""
    rotation = np.eye(4, dtype=complex)
    rotation[1:3, 1:3] = states.random_unitary(2, rng=1)
    kinds = [Collision(rotation, (0, 1), 2.0), Collision(rotation, (1, 2), 1.0)]
    model, rho = CollisionModel(2, 3, kinds), states.random_state(8, rng=2)
    steady = model.steady_state(rho)
    assert trace_distance(model.evolve(steady, 1.0), steady) < 1e-11
    assert trace_distance(model.evolve(rho, 200.0), steady) < 1e-9
    slower = CollisionModel(2, 3, [Collision(c.unitary, c.systems, 0.1) for c in kinds])
    assert trace_distance(slower.steady_state(rho), steady) < 1e-11


def test_the_steady_state_without_symmetry_is_maximally_mixed() -> None:
    """Only multiples of the identity commute with generic unitaries."""
    steady = generic_model().steady_state(states.random_state(8, rng=4))
    np.testing.assert_allclose(steady, np.eye(8) / 8, atol=1e-10)


def test_nothing_happens_without_collisions() -> None:
    """An empty list of collisions leaves every state as it is."""
    model, rho = CollisionModel(2, 2, []), states.random_state(4, rng=1)
    for later in (model.evolve(rho, 3.0), model.steady_state(rho), model.channel(3.0).apply(rho)):
        np.testing.assert_allclose(later, rho, atol=1e-15)


def test_the_rest_is_left_alone() -> None:
    """Systems that never collide keep their state."""
    model = CollisionModel(2, 3, [Collision(states.random_unitary(2, rng=1), (1,), 1.0)])
    rho = states.random_state(8, rng=2)
    later = model.evolve(rho, 2.0)
    for keep in (0, 2, (0, 2)):
        dims = (2, 2, 2)
        np.testing.assert_allclose(
            partial_trace(later, dims, keep), partial_trace(rho, dims, keep), atol=1e-12
        )


def test_systems_of_dimension_one_are_no_trouble() -> None:
    """Even a hundred of them have one state only."""
    model = CollisionModel(1, 100, [Collision([[1j]], (99,), 1.0)])
    np.testing.assert_allclose(model.evolve([[1.0]], 1.0), [[1.0]], atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((0, 2, []), InvalidParameterError),
        ((2, 2.0, []), InvalidParameterError),
        ((2, 40, []), ResourceLimitError),
        ((2, 2**50, []), ResourceLimitError),
        ((2, 2, [FLIP]), InvalidParameterError),
        ((2, 2, [Collision(FLIP, (2,))]), InvalidParameterError),
        ((3, 2, [Collision(FLIP, (1,))]), DimensionMismatchError),
        ((2, 2, [Collision(FLIP, (1,))], np.diag([0, 1])), InvalidStateError),
        ((2, 2, [Collision(FLIP, (1,))], np.eye(3)), DimensionMismatchError),
        ((2, 2, [Collision(FLIP, (1,))], [[0, 1], [0, 0]]), InvalidStateError),
    ],
)
def test_bad_model(arguments: tuple[Any, ...], error: type[Exception]) -> None:
    """A model that makes no sense is refused with an exception of this package."""
    with pytest.raises(error):
        CollisionModel(*arguments)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda m: m.evolve(np.eye(2), 1.0), InvalidStateError),
        (lambda m: m.evolve(np.eye(4) / 4, 1.0), DimensionMismatchError),
        (lambda m: m.evolve(np.stack([np.eye(2) / 2] * 2), 1.0), DimensionMismatchError),
        (lambda m: m.steady_state(np.eye(4) / 4), DimensionMismatchError),
        (lambda m: m.evolve(np.eye(2) / 2, -1.0), InvalidParameterError),
        (lambda m: m.evolve(np.eye(2) / 2, math.inf), InvalidParameterError),
        (lambda m: m.evolve(np.eye(2) / 2, 1.0, tolerance=0.0), InvalidParameterError),
        (lambda m: m.evolve(np.eye(2) / 2, 1e9), ResourceLimitError),
        (lambda m: m.channel(math.nan), InvalidParameterError),
        (lambda m: m.channel(1.0, max_terms=0), InvalidParameterError),
        (lambda m: m.channel(1.0, max_terms=2**50), ResourceLimitError),
    ],
)
def test_bad_use(call: Any, error: type[Exception]) -> None:
    """So is a use that makes none."""
    with pytest.raises(error):
        call(CollisionModel(2, 1, [Collision(FLIP, (0,))]))


def test_memory_is_asked_for_before_it_is_used() -> None:
    """Five qubits fit, forty do not."""
    require_density_operator(2, 5)
    with pytest.raises(ResourceLimitError):
        require_density_operator(2, 40)
