"""States, unitaries and energies as functions of normal numbers, so that a search can move them."""

import numpy as np
from numpy.typing import NDArray

from qentropy.blocks import Array
from qentropy.lemmas.statement import Normals

__all__ = [
    "drawn_distribution",
    "drawn_energy_preserving_unitaries",
    "drawn_levels",
    "drawn_state",
    "drawn_unitary",
]


def drawn_state(normals: Normals, dimension: int, rank: int | None = None) -> Array:
    """Density operator ``G G^dagger / Tr G G^dagger``, exactly Hermitian, shape ``(d, d)``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> drawn_state(lambda *shape: rng.normal(size=shape), 3, 1).trace().real.round(12)
    np.float64(1.0)
    """
    factor = _complex_normals(normals, dimension, dimension if rank is None else rank)
    matrix = factor @ factor.conj().T
    matrix = (matrix + matrix.conj().T) / 2
    return np.asarray(matrix / matrix.trace().real)


def drawn_distribution(normals: Normals, count: int) -> NDArray[np.float64]:
    """Probabilities, shape ``(count,)``: squares of normal numbers over their sum.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> drawn_distribution(lambda *shape: rng.normal(size=shape), 4).sum().round(12)
    np.float64(1.0)
    """
    squares = normals(count) ** 2
    return np.asarray(squares / squares.sum())


def drawn_levels(normals: Normals, count: int) -> NDArray[np.float64]:
    """Energy levels in ascending order from zero, shape ``(count,)``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> bool((np.diff(drawn_levels(lambda *shape: rng.normal(size=shape), 4)) > 0.1).all())
    True
    """
    # A distance from level to level keeps the Boltzmann weights apart.
    gaps = 0.25 + np.abs(normals(count - 1))
    return np.concatenate([[0.0], np.cumsum(gaps)])


def drawn_unitary(normals: Normals, dimension: int) -> Array:
    """Unitary matrix, Haar-random for independent normal numbers, shape ``(d, d)``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> u = drawn_unitary(lambda *shape: rng.normal(size=shape), 3)
    >>> bool(np.allclose(u @ u.conj().T, np.eye(3)))
    True
    """
    q, r = np.linalg.qr(_complex_normals(normals, dimension, dimension))
    diagonal = np.diagonal(r)
    return np.asarray(q * (diagonal / np.abs(diagonal)))


def drawn_energy_preserving_unitaries(
    normals: Normals, labels: NDArray[np.intp], count: int
) -> Array:
    """Unitaries without entries between basis states of different labels, ``(count, D, D)``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> draw = lambda *shape: rng.normal(size=shape)
    >>> u = drawn_energy_preserving_unitaries(draw, np.array([0, 1, 1, 2]), 1)
    >>> (u[0] != 0).astype(int)
    array([[1, 0, 0, 0],
           [0, 1, 1, 0],
           [0, 1, 1, 0],
           [0, 0, 0, 1]])
    """
    size = len(labels)
    out = np.zeros((count, size, size), complex)
    for unitary in out:
        for label in range(int(labels.max()) + 1):
            rows = np.flatnonzero(labels == label)
            unitary[np.ix_(rows, rows)] = drawn_unitary(normals, len(rows))
    return out


def _complex_normals(normals: Normals, rows: int, columns: int) -> Array:
    parts = normals(2, rows, columns)
    return np.asarray(parts[0] + 1j * parts[1])
