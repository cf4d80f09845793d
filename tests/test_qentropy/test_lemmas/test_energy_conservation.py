"""Words of collisions conserve the energy, and random unitary channels its weights."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from statement_instances import drawn

from qentropy import states
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError
from qentropy.lemmas.energy_conservation import (
    STATEMENTS,
    check_energy_preservation,
    check_energy_weights,
)
from qentropy.results import Verdict
from qentropy.thermalization import CollisionModel, RandomUnitaryChannel

SWAP = np.eye(4)[[0, 2, 1, 3]]
ENERGIES = [0.0, 1.0, 1.0, 2.0]


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.name)
def test_true_statements_are_proved_and_false_ones_refuted(statement: Any) -> None:
    """On every instance the statement is PROVED, and its false variant REFUTED."""
    for arguments in drawn(statement, 10):
        assert statement.check(**arguments).verdict is Verdict.PROVED
        assert statement.check(**arguments, **statement.false_variant).verdict is Verdict.REFUTED


def test_a_channel_that_mixes_energies_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    """One unitary that does not commute with H is enough, though its weight is zero."""
    right = CollisionModel.channel

    def wrong(self: CollisionModel, *args: Any, **options: Any) -> RandomUnitaryChannel:
        channel = right(self, *args, **options)
        return RandomUnitaryChannel(
            weights=np.append(channel.weights, 0.0),
            unitaries=np.concatenate([channel.unitaries, np.eye(4)[None, [1, 0, 2, 3]]]),
            remainder=channel.remainder,
        )

    monkeypatch.setattr(CollisionModel, "channel", wrong)
    check = check_energy_preservation([SWAP], [1.0], energies=ENERGIES, time=0.2)
    assert check.verdict is Verdict.REFUTED
    # ||[U, H]|| = sqrt 2 for a swap of levels 0 and 1, and ||H|| = sqrt 6.
    assert abs(check.lhs.lower - 3**-0.5) < 1e-12


def test_energy_weights_move_with_other_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    """A map that moves weight by a billionth between two energies is refuted."""
    right = RandomUnitaryChannel.apply

    def wrong(self: RandomUnitaryChannel, rho: Any) -> NDArray[Any]:
        return right(self, rho) + 1e-9 * np.diag([1, -1, 0, 0])

    monkeypatch.setattr(RandomUnitaryChannel, "apply", wrong)
    rho = states.random_state(4, rng=1)
    check = check_energy_weights(rho, [SWAP], [1.0], energies=ENERGIES)
    assert check.verdict is Verdict.REFUTED


def test_a_hamiltonian_of_zero_has_no_commutators() -> None:
    """Without energies every unitary is allowed."""
    u = states.random_unitary(3, rng=1)
    check = check_energy_preservation([u], [1.0], energies=[0, 0, 0], time=0.1)
    assert check.verdict is Verdict.PROVED
    assert check.lhs.upper < 1e-300


def test_commutators_that_are_rounding_add_up() -> None:
    """Unitaries that conserve the energy to nine digits make words that do so to eight."""
    turn = np.eye(4)
    turn[:2, :2] = [[1, 1e-9], [-1e-9, 1]]
    check = check_energy_preservation([turn @ SWAP], [1.0], energies=ENERGIES, time=0.5)
    assert check.verdict is Verdict.PROVED
    assert 1e-10 < check.lhs.lower < check.rhs.lower < 1e-7


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (
            lambda _: check_energy_preservation([SWAP], [1.0], energies=[0, 1, 2, 3], time=0.1),
            InvalidStateError,
        ),
        (
            lambda _: check_energy_preservation([SWAP], [1.0], energies=[0, 1, 1], time=0.1),
            DimensionMismatchError,
        ),
        (
            lambda _: check_energy_preservation(
                [SWAP], [1.0], energies=ENERGIES, time=0.1, tilt=-1.0
            ),
            InvalidParameterError,
        ),
        (
            lambda rho: check_energy_weights(rho, [SWAP], [1.0], energies=[0, 1, 2, 3]),
            InvalidStateError,
        ),
        (
            lambda rho: check_energy_weights(rho, [SWAP], [1.0], energies=[0, 1]),
            DimensionMismatchError,
        ),
        (
            lambda rho: check_energy_weights(2 * rho, [SWAP], [1.0], energies=ENERGIES),
            InvalidStateError,
        ),
        (
            lambda rho: check_energy_weights(rho, [SWAP], [1.0], energies=ENERGIES, factor=-1),
            InvalidParameterError,
        ),
    ],
)
def test_bad_input(call: Any, error: type[Exception]) -> None:
    """What cannot be checked is refused with an exception of this package."""
    with pytest.raises(error):
        call(np.eye(4) / 4)
