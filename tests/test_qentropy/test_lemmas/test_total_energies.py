"""Labels of energy subspaces, and channels that keep them apart."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from qentropy import states
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError
from qentropy.lemmas.total_energies import (
    channel_error,
    energy_labels,
    energy_preserving_channel,
    require_energy_preserving,
    subspace_weights,
)
from qentropy.thermalization import RandomUnitaryChannel, energy_types

LABELS = np.array([0, 1, 1])
MIX = np.array([[1, 0, 0], [0, 0.6, 0.8], [0, -0.8, 0.6]])


def test_labels_are_those_of_the_types() -> None:
    """Each basis state has the label of its type, and equal energies are found exactly."""
    energies = [0.0, 0.5, 1.25, 1.75]
    labels = energy_labels(energies, 2).reshape(4, 4)
    types = energy_types(energies, 2)
    for row, label in zip(types.occupations, types.labels, strict=True):
        first, second = np.repeat(np.arange(4), row)
        assert labels[first, second] == labels[second, first] == label
    assert labels[0, 3] == labels[1, 2]


def test_labels_are_exact() -> None:
    """The floats 0.1 + 0.2 and 0.3 are different energies, the fractions are not."""
    floats = energy_labels([0.1, 0.2, 0.3, 0.0], 2).reshape(4, 4)
    assert (floats[0, 1], floats[2, 3]) == (4, 3)
    tenths = energy_labels([Fraction(k, 10) for k in (1, 2, 3, 0)], 2).reshape(4, 4)
    assert tenths[0, 1] == tenths[2, 3]
    assert energy_labels([-1.0, 1e-200, 1.0], 2).reshape(3, 3)[0, 2] == 2


def test_weights_of_subspaces() -> None:
    """Each weight is the sum over its basis states."""
    np.testing.assert_array_equal(subspace_weights(np.array([0.5, 0.125, 0.375]), LABELS), 0.5)


def test_the_polar_parts_are_within_the_error() -> None:
    """A matrix that is unitary to nine digits acts like a unitary within the bound."""
    rough = MIX * (1 + 1e-9)
    channel = energy_preserving_channel([0.25, 0.75], [np.eye(3), rough], LABELS)
    rho = states.random_state(3, rng=1)
    exact = 0.25 * rho + 0.75 * MIX @ rho @ MIX.T
    gap = np.linalg.norm(channel.apply(rho) - exact)
    assert 1e-10 < gap <= channel_error(channel, rho) < 1e-8


@pytest.mark.parametrize(
    ("weights", "unitaries", "error"),
    [
        ([1.0], [np.eye(3)[[1, 0, 2]]], InvalidStateError),
        ([1.0], [2 * np.eye(3)], InvalidStateError),
        ([0.5], [np.eye(3)], InvalidStateError),
        ([1.5, -0.5], [np.eye(3), MIX], InvalidStateError),
        ([1.0], [np.eye(2)], DimensionMismatchError),
        ([0.5, 0.5], [np.eye(3)], DimensionMismatchError),
        ([1.0], np.eye(3), DimensionMismatchError),
    ],
)
def test_bad_channels(weights: Any, unitaries: Any, error: type[Exception]) -> None:
    """What is no energy-preserving random unitary channel is refused."""
    with pytest.raises(error):
        energy_preserving_channel(weights, unitaries, LABELS)


def test_good_channels() -> None:
    """Its parts are what was given, and no entry lies between energies."""
    channel = energy_preserving_channel([1.0], [MIX], LABELS)
    assert isinstance(channel, RandomUnitaryChannel)
    np.testing.assert_array_equal(channel.unitaries[0], MIX)
    require_energy_preserving(MIX, LABELS, "matrix")
    with pytest.raises(InvalidParameterError):
        energy_labels([], 2)
