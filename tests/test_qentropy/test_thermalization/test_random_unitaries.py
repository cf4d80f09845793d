"""Random unitary channels and mixtures over sequences of collisions."""

import numpy as np
import pytest

from qentropy import states
from qentropy.errors import DimensionMismatchError, InvalidStateError
from qentropy.thermalization.random_unitaries import RandomUnitaryChannel, collision_mixture


def test_a_generic_product_of_each_order_is_a_term() -> None:
    """Two generic unitaries have 1 + 2 + 4 + 8 different products of up to three factors."""
    unitaries = [states.random_unitary(3, rng=k) for k in (1, 2)]
    channel = collision_mixture([0.1, 0.2, 0.3, 0.4], [0.25, 0.75], unitaries, max_terms=100)
    assert len(channel.weights) == 15
    assert channel.remainder < 1e-15
    np.testing.assert_allclose(channel.weights[1:3], [0.05, 0.15], atol=1e-16)


def test_equal_products_are_one_term() -> None:
    """A reflection has two different powers, however its zeros are signed."""
    flip = np.array([[0.0, 1.0], [1.0, -0.0]])
    channel = collision_mixture([0.2] * 5, [1.0], [flip], max_terms=10)
    np.testing.assert_allclose(channel.weights, [0.6, 0.4], atol=1e-15)


def test_a_limit_leaves_longer_products_to_the_remainder() -> None:
    """With room for seven products, those of two factors are the last that are complete."""
    unitaries = [states.random_unitary(3, rng=k) for k in (1, 2)]
    channel = collision_mixture([0.1, 0.2, 0.3, 0.4], [0.5, 0.5], unitaries, max_terms=7)
    assert len(channel.weights) == 7
    assert abs(channel.remainder - 0.4) < 1e-15


def test_arrays_are_read_only() -> None:
    """A channel does not change after it was made."""
    channel = collision_mixture([1.0], [1.0], [np.eye(2)], max_terms=1)
    with pytest.raises(ValueError, match="read-only"):
        channel.weights[0] = 0


@pytest.mark.parametrize(
    ("rho", "error"), [(np.eye(3) / 3, DimensionMismatchError), (np.eye(2), InvalidStateError)]
)
def test_bad_input(rho: object, error: type[Exception]) -> None:
    """A channel acts on states of its dimension."""
    channel = RandomUnitaryChannel(
        weights=np.ones(1), unitaries=np.eye(2)[None, :, :], remainder=0.0
    )
    with pytest.raises(error):
        channel.apply(rho)  # type: ignore[arg-type]
