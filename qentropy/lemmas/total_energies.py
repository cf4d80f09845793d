"""Energy subspaces of n systems: one label for each basis state, equal where the energies are.

The Hamiltonian is diagonal, and its levels are taken as the exact numbers that they are. What
conserves the energy then has exact zeros between different labels.
"""

import math
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qentropy import certify
from qentropy.blocks import Array
from qentropy.errors import DimensionMismatchError, InvalidStateError
from qentropy.lemmas.collision_models import collision_error, squared_norm_bound
from qentropy.lemmas.rounding import frobenius_norm
from qentropy.thermalization import RandomUnitaryChannel
from qentropy.thermalization.energy_types import Energies, exact_levels

__all__ = [
    "channel_error",
    "energy_labels",
    "energy_preserving_channel",
    "require_energy_preserving",
    "subspace_weights",
]


def energy_labels(energies: Energies, n: int = 1) -> NDArray[np.intp]:
    """Number of the total energy of each basis state, from 0 upwards, shape ``(d**n,)``.

    Examples
    --------
    >>> energy_labels([0.0, 1.0], 2)
    array([0, 1, 1, 2])
    """
    # Python's integers, since the common unit of floats can be tiny.
    steps = np.array(exact_levels(energies).steps, dtype=object)
    totals = reduce(np.add.outer, [steps] * n).ravel()
    return np.unique(totals, return_inverse=True)[1].reshape(-1).astype(np.intp)


def require_energy_preserving(matrix: Array, labels: NDArray[np.intp], name: str) -> None:
    """Refuse a matrix, or a stack, with entries between different energies.

    Raises
    ------
    DimensionMismatchError
        It does not have as many rows as there are basis states.
    InvalidStateError
        There is such an entry.

    Examples
    --------
    >>> require_energy_preserving(np.eye(2), np.array([0, 1]), "unitaries")
    """
    if matrix.shape[-2:] != (len(labels), len(labels)):
        raise DimensionMismatchError(
            f"{name} must have shape {(len(labels), len(labels))} for {len(labels)} basis states; "
            f"got {matrix.shape[-2:]}"
        )
    between = float(np.abs(matrix * (labels[:, None] != labels)).max(initial=0.0))
    if between > 0:
        raise InvalidStateError(
            f"{name} must have no entries between different energies; got one of size "
            f"{between:.3g}. Set those that are rounding to zero"
        )


def energy_preserving_channel(
    weights: ArrayLike, unitaries: ArrayLike, labels: NDArray[np.intp]
) -> RandomUnitaryChannel:
    """Random unitary channel of unitaries that conserve the energy.

    Parameters
    ----------
    weights
        Probabilities of the unitaries, shape ``(K,)``.
    unitaries
        Shape ``(K, D, D)``.
    labels
        What `energy_labels` returned, shape ``(D,)``.

    Raises
    ------
    DimensionMismatchError
        The shapes do not fit.
    InvalidStateError
        A matrix is not unitary or does not conserve the energy, or the weights are no
        probabilities.

    Examples
    --------
    >>> energy_preserving_channel([1.0], [np.eye(2)], np.array([0, 1])).apply(np.eye(2) / 2)
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    chances, matrices = np.array(weights, dtype=float), np.array(unitaries)
    if chances.ndim != 1 or matrices.ndim != 3 or len(chances) != len(matrices):
        raise DimensionMismatchError(
            f"weights and unitaries must have shapes (K,) and (K, D, D); got {chances.shape} and "
            f"{matrices.shape}"
        )
    if not (chances >= 0).all() or abs(chances.sum() - 1) > 1e-8:
        raise InvalidStateError(f"weights must be probabilities that sum to one; got {chances}")
    require_energy_preserving(matrices, labels, "unitaries")
    if not squared_norm_bound(list(matrices)) < 1 + 1e-8:
        raise InvalidStateError("unitaries must be unitary; the product with an adjoint is not 1")
    return RandomUnitaryChannel(weights=chances, unitaries=matrices, remainder=0.0)


def channel_error(channel: RandomUnitaryChannel, rho: Array) -> float:
    """How far `RandomUnitaryChannel.apply` is from exact unitaries near the given ones.

    The bound is in Frobenius norm. Those unitaries are the polar parts ``U (U^dagger U)**(-1/2)``,
    which conserve what U conserves.

    Examples
    --------
    >>> channel = energy_preserving_channel([1.0], [np.eye(2)], np.array([0, 1]))
    >>> channel_error(channel, np.eye(2) / 2) < 1e-13
    True
    """
    # |x**(-1/2) - 1| <= defect for x within a small defect of one, on either side of rho.
    defect = squared_norm_bound(list(channel.unitaries)) - 1
    rounding = collision_error(len(rho), len(channel.weights))
    return certify.up(1.001 * frobenius_norm(rho) * (rounding + 3 * defect))


def subspace_weights(
    diagonal: NDArray[np.float64], labels: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Weights ``Tr rho Pi_E`` by label, from the diagonal of rho.

    Examples
    --------
    >>> subspace_weights(np.array([0.5, 0.25, 0.25]), np.array([0, 1, 1]))
    array([0.5, 0.5])
    """
    # Exact sums before their one rounding, so that small weights are right relatively.
    parts = (diagonal[labels == label].tolist() for label in range(int(labels.max()) + 1))
    return np.array([math.fsum(part) for part in parts])
