"""Swaps: relaxation to the steady state (14), and the uniform swap channel (15)."""

import math
from typing import Any

import numpy as np
import pytest
from statement_instances import drawn

from qentropy import states
from qentropy.convex_split import convex_split_state
from qentropy.errors import (
    DimensionMismatchError,
    InvalidParameterError,
    InvalidStateError,
    ResourceLimitError,
)
from qentropy.lemmas.swap_collisions import (
    STATEMENTS,
    check_steady_state,
    check_uniform_swaps,
    hidden_state,
    hidden_state_error,
    state_and_copies,
)
from qentropy.results import Verdict
from qentropy.thermalization import swap_model, time_to_thermalize

MIXED = np.eye(2) / 2


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.name)
def test_true_statements_are_proved_and_false_ones_refuted(statement: Any) -> None:
    """On every instance the statement is PROVED, and its false variant REFUTED."""
    for arguments in drawn(statement, 10):
        check = statement.check(**arguments)
        assert check.verdict is Verdict.PROVED
        assert check.rhs.upper < 1e-9
        assert statement.check(**arguments, **statement.false_variant).verdict is Verdict.REFUTED


def test_the_distance_decays_exponentially() -> None:
    """From the steady state it is ``exp(-n t / tau)`` times what it was, as p_1(t) says."""
    rho, sigma = states.random_state(2, rng=1), states.random_state(2, rng=2)
    check = check_steady_state(rho, sigma, 3, time=0.4, rate=0.9)
    after, before = check.details.values()
    decay = math.exp(-3 * 0.4 * 0.9)
    assert after.lower <= decay * before.upper
    assert after.upper >= decay * before.lower
    assert before.width < 1e-10


def test_the_steady_state_is_the_convex_split_state() -> None:
    """Long collisions end in (14)."""
    rho, sigma = states.random_state(2, rng=1), states.random_state(2, rng=2)
    check = check_steady_state(rho, sigma, 3, time=20.0)
    assert check.verdict is Verdict.PROVED
    assert check.details["distance from the steady state"].upper < 1e-10
    start = hidden_state(rho, sigma, [1, 0, 0])
    steady = swap_model(2, 3).steady_state(start)
    np.testing.assert_allclose(steady, convex_split_state(rho, sigma, 3), atol=1e-12)


def test_the_time_to_thermalize_follows() -> None:
    """At the time that `time_to_thermalize` gives, the evolved state is that far from sigma^n."""
    rho, sigma = np.diag([1.0, 0.0]), MIXED
    time = time_to_thermalize(rho, sigma, 0.75, copies=2)
    assert time.lower > 0
    assert check_steady_state(rho, sigma, 2, time=time.upper).verdict is Verdict.PROVED
    evolved = swap_model(2, 2).evolve(np.kron(rho, sigma), time.upper)
    assert math.isclose(np.linalg.norm(evolved - np.kron(sigma, sigma), "nuc"), 0.75, rel_tol=1e-9)


def test_swaps_from_elsewhere_need_a_permutation_average() -> None:
    """On another initial state (15) does not give the steady state of the collisions."""
    start = np.zeros((8, 8))
    start[1, 1] = 0.5  # |001>
    start[4, 4] = 0.5  # |100>
    steady = np.diagonal(swap_model(2, 3).steady_state(start)).real
    once = np.zeros(8)
    for place in range(3):
        order = np.arange(8).reshape(2, 2, 2).swapaxes(0, place).ravel()
        once += np.diagonal(start)[order] / 3
    np.testing.assert_allclose(steady[[1, 2, 4]], 1 / 3, atol=1e-12)
    assert abs(once - steady).max() > 0.1


def test_hidden_states() -> None:
    """Uniform weights give the convex-split state, within the bound of the rounding."""
    rho, sigma = states.random_state(3, rng=1), states.random_state(3, rng=2)
    hidden = hidden_state(rho, sigma, [1 / 3, 1 / 3, 1 / 3])
    gap = np.linalg.norm(hidden - convex_split_state(rho, sigma, 3))
    assert gap <= 2 * hidden_state_error(rho, sigma, 3) < 1e-12
    np.testing.assert_array_equal(hidden_state(rho, sigma, [0, 1]), np.kron(sigma, rho))


def test_one_system_alone_stays() -> None:
    """Without a bath nothing changes, and both statements hold."""
    rho = states.random_state(3, rng=1)
    assert check_steady_state(rho, rho, 1, time=1.0).verdict is Verdict.PROVED
    assert check_uniform_swaps(rho, rho, 1).verdict is Verdict.PROVED


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: check_uniform_swaps(np.eye(2), MIXED, 2), InvalidStateError),
        (lambda: check_uniform_swaps(MIXED, np.eye(3) / 3, 2), DimensionMismatchError),
        (lambda: check_uniform_swaps(MIXED, MIXED, 0), InvalidParameterError),
        (lambda: check_uniform_swaps(MIXED, MIXED, 2, factor=-1), InvalidParameterError),
        (lambda: check_steady_state(MIXED, MIXED, 2, time=-1), InvalidParameterError),
        (lambda: check_steady_state(MIXED, MIXED, 2, time=1, rate=0), InvalidParameterError),
        (lambda: check_steady_state(MIXED, MIXED, 2, time=1, factor=-1), InvalidParameterError),
        (lambda: check_steady_state(MIXED, MIXED, 2, time=600), ResourceLimitError),
        (lambda: state_and_copies(MIXED, MIXED, 40), ResourceLimitError),
        (lambda: state_and_copies(np.stack([MIXED] * 2), MIXED, 2), DimensionMismatchError),
    ],
)
def test_bad_input(call: Any, error: type[Exception]) -> None:
    """What cannot be checked is refused with an exception of this package."""
    with pytest.raises(error):
        call()
