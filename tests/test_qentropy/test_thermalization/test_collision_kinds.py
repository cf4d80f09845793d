"""One kind of collision, and what is refused as one."""

import math

import numpy as np
import pytest

from qentropy import states
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError
from qentropy.thermalization import Collision
from qentropy.thermalization.collision_kinds import check_energy, check_fits

SWAP = np.eye(4)[[0, 2, 1, 3]]


def test_what_is_given_is_copied_and_frozen() -> None:
    """The unitary is a read-only copy, real where it can be."""
    given = SWAP.astype(complex)
    collision = Collision(given, [np.int64(2), 0], 3)  # type: ignore[list-item]
    given[0, 0] = 5
    assert collision.systems == (2, 0)
    assert collision.rate == 3.0
    assert collision.matrix.dtype == float
    np.testing.assert_array_equal(collision.matrix, SWAP)
    with pytest.raises(ValueError, match="read-only"):
        collision.matrix[0, 0] = 2


@pytest.mark.parametrize(
    ("unitary", "systems", "rate", "error"),
    [
        (2 * SWAP, (0, 1), 1, InvalidStateError),
        (SWAP[:2], (0, 1), 1, InvalidStateError),
        ([[math.nan, 0], [0, 1]], (0,), 1, InvalidStateError),
        ([[1e300, 1e300], [1e300, 1e300]], (0,), 1, InvalidStateError),
        ("swap", (0, 1), 1, InvalidStateError),
        ([[1, 0], [0]], (0, 1), 1, InvalidStateError),
        (np.zeros((0, 0)), (0, 1), 1, InvalidStateError),
        (SWAP, (0, 0), 1, InvalidParameterError),
        (SWAP, (0, -1), 1, InvalidParameterError),
        (SWAP, (), 1, InvalidParameterError),
        (SWAP, 0, 1, InvalidParameterError),
        (SWAP, (0, 1.0), 1, InvalidParameterError),
        (SWAP, (0, True), 1, InvalidParameterError),
        (SWAP, "01", 1, InvalidParameterError),
        (SWAP, (0, 1), 0, InvalidParameterError),
        (SWAP, (0, 1), math.inf, InvalidParameterError),
    ],
)
def test_bad_input(unitary: object, systems: object, rate: object, error: type[Exception]) -> None:
    """What is no collision is refused with an exception of this package."""
    with pytest.raises(error):
        Collision(unitary, systems, rate)  # type: ignore[arg-type]


def test_a_collision_has_to_fit_the_systems() -> None:
    """Another thing, an absent system and a unitary of the wrong size are told apart."""
    with pytest.raises(InvalidParameterError, match="must be a Collision"):
        check_fits(SWAP, 2, 3, "collisions[0]")
    with pytest.raises(InvalidParameterError, match="systems 0 to 1"):
        check_fits(Collision(SWAP, (0, 2)), 2, 2, "collisions[0]")
    with pytest.raises(DimensionMismatchError, match="9, 9"):
        check_fits(Collision(SWAP, (0, 1)), 3, 2, "collisions[0]")


def test_the_commutator_is_named() -> None:
    """Flipping one of two levels at distance 2 has the commutator norm ``2 sqrt(2)``."""
    flip = Collision([[0, 1], [1, 0]], (0,))
    with pytest.raises(InvalidStateError, match=r"\[U, H\].* = 2\.83"):
        check_energy(flip, np.diag([-1.0, 1.0]), "collisions[0]")


def test_what_preserves_the_energy_passes() -> None:
    """Swaps and functions of the total energy preserve it, generic unitaries do not."""
    energy = states.random_state(2, rng=1)
    total = np.kron(energy, np.eye(2)) + np.kron(np.eye(2), energy)
    values, vectors = np.linalg.eigh(total)
    phases = (vectors * np.exp(3j * values)) @ vectors.conj().T
    for unitary in (SWAP, phases):
        check_energy(Collision(unitary, (0, 1)), energy, "collisions[0]")
    with pytest.raises(InvalidStateError):
        check_energy(Collision(states.random_unitary(4, rng=2), (0, 1)), energy, "collisions[0]")
