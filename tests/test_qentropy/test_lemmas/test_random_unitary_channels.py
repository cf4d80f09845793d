"""Cor. 8: collisions make a random unitary channel."""

from typing import Any

import numpy as np
import pytest
from statement_instances import drawn

from qentropy import states
from qentropy.errors import InvalidParameterError
from qentropy.lemmas.random_unitary_channels import (
    STATEMENTS,
    check_random_unitary_channel,
    draw_collisions,
    draw_labels,
)
from qentropy.results import Verdict
from qentropy.thermalization import CollisionModel, RandomUnitaryChannel

SWAP = np.eye(4)[[0, 2, 1, 3]]


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.name)
def test_true_statements_are_proved_and_false_ones_refuted(statement: Any) -> None:
    """On every instance the statement is PROVED, and its false variant REFUTED."""
    for arguments in drawn(statement, 10):
        assert statement.check(**arguments).verdict is Verdict.PROVED
        assert statement.check(**arguments, **statement.false_variant).verdict is Verdict.REFUTED


@pytest.mark.parametrize("left_out", [1e-2, 1e-6, 1e-12])
def test_the_right_hand_side_is_twice_what_is_left_out(left_out: float) -> None:
    """With fewer words left out the channel comes closer to the dynamics."""
    rho = states.random_state(4, rng=1)
    check = check_random_unitary_channel(rho, [SWAP], [1.0], time=0.7, left_out=left_out)
    assert check.verdict is Verdict.PROVED
    assert 0 < check.rhs.upper <= 2 * left_out + 1e-8


def test_a_channel_with_a_wrong_weight_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The remainder is part of the statement: without it the distance is too large."""
    right = CollisionModel.channel

    def wrong(self: CollisionModel, *args: Any, **options: Any) -> RandomUnitaryChannel:
        channel = right(self, *args, **options)
        return RandomUnitaryChannel(
            weights=channel.weights.copy(), unitaries=channel.unitaries.copy(), remainder=0.0
        )

    monkeypatch.setattr(CollisionModel, "channel", wrong)
    u, rho = states.random_unitary(4, rng=1), states.random_state(4, rng=2)
    check = check_random_unitary_channel(rho, [u], [1.0], time=0.7, left_out=0.1)
    assert check.verdict is Verdict.REFUTED


@pytest.mark.parametrize("options", [{"time": -0.1}, {"time": 0.1, "left_out": 0.0}])
def test_bad_input(options: dict[str, float]) -> None:
    """A time before the start is refused, and leaving nothing out."""
    with pytest.raises(InvalidParameterError):
        check_random_unitary_channel(np.eye(4) / 4, [SWAP], [1.0], **options)


@pytest.mark.parametrize("k", range(4))
def test_the_collisions_that_are_drawn_conserve_the_energy(k: int) -> None:
    """They have no entries between different energies, and there are different ones."""
    rng = np.random.default_rng(k)
    arguments, labels = draw_collisions(lambda *shape: rng.normal(size=shape), k), draw_labels(k)
    between = labels[:, None] != labels
    assert between.any()
    assert not (arguments["unitaries"] * between).any()
