"""Prop. 6 and (A16): true on all instances, refuted when a formula is wrong."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import expm
from statement_instances import drawn

from qentropy import states
from qentropy.errors import (
    DimensionMismatchError,
    InvalidParameterError,
    InvalidStateError,
    ResourceLimitError,
)
from qentropy.lemmas import master_equation
from qentropy.lemmas.master_equation import (
    STATEMENTS,
    check_poisson_mixture,
    check_product_of_poissons,
)
from qentropy.results import Verdict
from qentropy.thermalization import CollisionModel

CHECKS = (check_poisson_mixture, check_product_of_poissons)
FLIP = np.array([[0.0, 1.0], [1.0, 0.0]])


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.name)
def test_true_statements_are_proved_and_false_ones_refuted(statement: Any) -> None:
    """On every instance the statement is PROVED, and its false variant REFUTED."""
    for arguments in drawn(statement, 10):
        check = statement.check(**arguments)
        assert check.verdict is Verdict.PROVED
        assert check.rhs.upper < 1e-9
        assert statement.check(**arguments, **statement.false_variant).verdict is Verdict.REFUTED


def test_the_exponential_is_that_of_the_liouvillian() -> None:
    """SciPy's exponential of the matrix of L gives the state that the check compares with."""
    unitaries = np.stack([states.random_unitary(3, rng=k) for k in (1, 2)])
    rho, rates = states.random_state(3, rng=3), np.array([0.7, 2.1])
    generator = sum(
        rate * (np.kron(u, u.conj()) - np.eye(9)) for rate, u in zip(rates, unitaries, strict=True)
    )
    expected = (expm(1.3 * generator) @ rho.ravel()).reshape(3, 3)
    model = master_equation.whole_space_model(3, unitaries, rates.tolist())
    exponential, error = master_equation._liouvillian_exponential(model, rho, 1.3)
    np.testing.assert_allclose(exponential, expected, atol=1e-13)
    assert np.linalg.norm(exponential - expected) <= error + 1e-13
    assert error < 1e-12


def test_orders_can_be_dropped_for_commuting_unitaries() -> None:
    """With commuting unitaries ``U_1**m_1 U_2**m_2`` stands for all orders, below (A6)."""
    phases = np.exp(1j * np.array([[0.3, -0.8], [1.1, 0.2]]))
    rho, rates, time = states.random_state(2, rng=1), (0.5, 0.3), 0.8
    expected = np.zeros((2, 2), complex)
    for first, second in itertools.product(range(25), repeat=2):
        turn = phases[0] ** first * phases[1] ** second
        weight = math.prod(
            math.exp(-rate * time) * (rate * time) ** m / math.factorial(m)
            for rate, m in zip(rates, (first, second), strict=True)
        )
        expected += weight * (turn[:, None] * rho * turn.conj())
    model = master_equation.whole_space_model(2, [np.diag(p) for p in phases], rates)
    product, _ = master_equation._product_of_poissons(model, rho, time)
    np.testing.assert_allclose(product, expected, atol=1e-13)


@pytest.mark.parametrize("check", CHECKS)
def test_nothing_happens_at_time_zero(check: Any) -> None:
    """Without time both sides are the initial state."""
    result = check(states.random_state(2, rng=1), [FLIP], [1.0], time=0.0)
    assert result.verdict is Verdict.PROVED
    assert result.lhs.upper < 1e-14


@pytest.mark.parametrize("check", CHECKS)
def test_a_wrong_evolution_is_refuted(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An evolution that is off by a millionth is no rounding."""
    right = CollisionModel.evolve

    def wrong(self: CollisionModel, *args: Any, **options: Any) -> NDArray[Any]:
        return right(self, *args, **options) + 1e-6 * np.diag([1.0, -1.0])

    monkeypatch.setattr(CollisionModel, "evolve", wrong)
    result = check(states.random_state(2, rng=1), [FLIP], [1.0], time=1.0)
    assert result.verdict is Verdict.REFUTED


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(
    ("arguments", "options", "error"),
    [
        ((np.eye(2), [FLIP], [1.0]), {"time": 1.0}, InvalidStateError),
        ((np.eye(2) / 2, [2 * FLIP], [1.0]), {"time": 1.0}, InvalidStateError),
        ((np.eye(2) / 2, [FLIP], [1.0, 2.0]), {"time": 1.0}, DimensionMismatchError),
        ((np.eye(3) / 3, [FLIP], [1.0]), {"time": 1.0}, DimensionMismatchError),
        ((np.eye(2) / 2, [FLIP], [-1.0]), {"time": 1.0}, InvalidParameterError),
        ((np.eye(2) / 2, [FLIP], [1.0]), {"time": -1.0}, InvalidParameterError),
        ((np.eye(2) / 2, [FLIP], [1.0]), {"time": 1.0, "factor": -1.0}, InvalidParameterError),
        ((np.eye(2) / 2, [FLIP], [1.0]), {"time": 600.0}, ResourceLimitError),
    ],
)
def test_bad_input(
    check: Any, arguments: tuple[Any, ...], options: dict[str, float], error: type[Exception]
) -> None:
    """What cannot be checked is refused with an exception of this package."""
    with pytest.raises(error):
        check(*arguments, **options)


def test_no_collisions_are_refused() -> None:
    """There must be at least one kind of collision."""
    with pytest.raises(InvalidParameterError):
        check_poisson_mixture(np.eye(2) / 2, np.empty((0, 2, 2)), [], time=1.0)
