"""Density operators that examples and tests start from: random, standard, mixed from others.

They are plain arrays. Composite systems have the leftmost factor of the Kronecker product first.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qentropy.blocks import Array, extract, joint_blocks, require_memory
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError
from qentropy.operators import (
    as_hermitian,
    as_state,
    check_count,
    check_epsilon,
    is_real_number,
)

__all__ = [
    "classical_quantum_state",
    "gibbs_state",
    "isotropic_state",
    "maximally_entangled_state",
    "maximally_mixed_state",
    "random_state",
    "random_unitary",
    "werner_state",
]


def random_state(
    dimension: int,
    *,
    rank: int | None = None,
    spectrum: ArrayLike | None = None,
    real: bool = False,
    rng: Any = None,
) -> Array:
    r"""Random density operator ``G G^dagger / Tr G G^dagger``, or one with a given spectrum.

    Parameters
    ----------
    dimension
        Dimension d.
    rank
        Number of columns of the Gaussian matrix G. With d columns, the default, the state is
        uniform in the Hilbert-Schmidt measure; with one it is a random pure state.
    spectrum
        Eigenvalues, d numbers; then a random unitary turns them and `rank` must be left out.
    real
        Whether to draw a real matrix.
    rng
        Anything that `numpy.random.default_rng` takes.

    Returns
    -------
    ndarray
        Shape ``(d, d)``.

    Raises
    ------
    InvalidParameterError
        `dimension` or `rank` is not a positive integer, `rank` exceeds d, or both are given.
    InvalidStateError
        `spectrum` is not a probability distribution.
    DimensionMismatchError
        `spectrum` does not have d entries.

    References
    ----------
    K. Życzkowski, H.-J. Sommers, arXiv:quant-ph/0012101.

    Examples
    --------
    >>> random_state(3, rank=1, rng=0).trace().real
    np.float64(1.0)
    """
    size = _check_dimension(dimension)
    generator = np.random.default_rng(rng)
    if spectrum is None:
        columns = size if rank is None else check_count(rank, "rank", size)
        factor = _gaussian((size, columns), real, generator)
        return _normalized(factor @ factor.conj().T)
    if rank is not None:
        raise InvalidParameterError(f"rank must be left out with a spectrum; got {rank!r}")
    values = _check_probabilities(spectrum, "spectrum", size)
    unitary = random_unitary(size, real=real, rng=generator)
    return _normalized((unitary * values) @ unitary.conj().T)


def random_unitary(dimension: int, *, real: bool = False, rng: Any = None) -> Array:
    r"""Random unitary, or real orthogonal, matrix from the Haar measure.

    Parameters
    ----------
    dimension
        Dimension d.
    real
        Whether to draw an orthogonal matrix.
    rng
        Anything that `numpy.random.default_rng` takes.

    Returns
    -------
    ndarray
        Shape ``(d, d)``.

    Raises
    ------
    InvalidParameterError
        `dimension` is not a positive integer.

    References
    ----------
    F. Mezzadri, arXiv:math-ph/0609050.

    Examples
    --------
    >>> u = random_unitary(3, rng=0)
    >>> bool(np.allclose(u @ u.conj().T, np.eye(3)))
    True
    """
    size = _check_dimension(dimension)
    q, r = np.linalg.qr(_gaussian((size, size), real, np.random.default_rng(rng)))
    phases = np.diagonal(r) / abs(np.diagonal(r))
    return np.asarray(q * phases)


def maximally_mixed_state(dimension: int) -> Array:
    r"""Maximally mixed state ``1/d``.

    Parameters
    ----------
    dimension
        Dimension d.

    Returns
    -------
    ndarray
        Shape ``(d, d)``.

    Raises
    ------
    InvalidParameterError
        `dimension` is not a positive integer.

    Examples
    --------
    >>> maximally_mixed_state(2)
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    size = _check_dimension(dimension)
    return np.eye(size) / size


def maximally_entangled_state(dimension: int) -> Array:
    r"""Maximally entangled state ``Phi_d``, the projector on ``sum_i |ii> / sqrt(d)``.

    Parameters
    ----------
    dimension
        Dimension d of each of the two subsystems.

    Returns
    -------
    ndarray
        Shape ``(d**2, d**2)``.

    Raises
    ------
    InvalidParameterError
        `dimension` is not a positive integer.

    Examples
    --------
    >>> maximally_entangled_state(2)[0]
    array([0.5, 0. , 0. , 0.5])
    """
    size = _check_dimension(dimension, 2)
    ket = np.eye(size).ravel()
    return np.outer(ket, ket) / size


def isotropic_state(dimension: int, noise: float) -> Array:
    r"""Depolarised maximally entangled state, ``(1 - p) Phi_d + p 1/d**2``.

    Parameters
    ----------
    dimension
        Dimension d of each of the two subsystems.
    noise
        Weight p of the maximally mixed state, between 0 and 1.

    Returns
    -------
    ndarray
        Shape ``(d**2, d**2)``.

    Raises
    ------
    InvalidParameterError
        An argument is out of range.

    References
    ----------
    M. Horodecki, P. Horodecki, arXiv:quant-ph/9708015.

    Examples
    --------
    >>> isotropic_state(2, 1.0).diagonal()
    array([0.25, 0.25, 0.25, 0.25])
    """
    weight = check_epsilon(noise, 1.0, name="noise")
    entangled = maximally_entangled_state(dimension)
    return (1 - weight) * entangled + weight * maximally_mixed_state(len(entangled))


def werner_state(dimension: int, symmetric_weight: float) -> Array:
    r"""Werner state ``p P_sym / Tr P_sym + (1 - p) P_anti / Tr P_anti``.

    Parameters
    ----------
    dimension
        Dimension d, at least 2, of each of the two subsystems.
    symmetric_weight
        Weight p on the symmetric subspace, between 0 and 1.

    Returns
    -------
    ndarray
        Shape ``(d**2, d**2)``.

    Raises
    ------
    InvalidParameterError
        An argument is out of range.

    References
    ----------
    R. F. Werner, Phys. Rev. A 40, 4277 (1989).

    Examples
    --------
    >>> werner_state(2, 0.0)[1]
    array([ 0. ,  0.5, -0.5,  0. ])
    """
    size = _check_dimension(dimension, 2)
    if size == 1:
        raise InvalidParameterError("dimension must be at least 2 for a Werner state; got 1")
    weight = check_epsilon(symmetric_weight, 1.0, name="symmetric_weight")
    identity = np.eye(size**2)
    swap = identity.reshape(size, size, size, size).swapaxes(0, 1).reshape(identity.shape)
    symmetric = weight / (size * (size + 1)) * (identity + swap)
    return np.asarray(symmetric + (1 - weight) / (size * (size - 1)) * (identity - swap))


def classical_quantum_state(probabilities: ArrayLike, states: Sequence[ArrayLike]) -> Array:
    r"""Classical-quantum state ``sum_x p_x |x><x| (x) rho_x`` of an ensemble.

    Parameters
    ----------
    probabilities
        The distribution p, n numbers.
    states
        The n density operators ``rho_x`` of one dimension d.

    Returns
    -------
    ndarray
        Shape ``(n d, n d)``; the classical register is the left factor.

    Raises
    ------
    InvalidStateError
        A state is not a density operator, or `probabilities` not a distribution.
    DimensionMismatchError
        The numbers of states and probabilities differ, or the dimensions of the states.

    Examples
    --------
    >>> classical_quantum_state([0.25, 0.75], [[[1]], [[1]]])
    array([[0.25, 0.  ],
           [0.  , 0.75]])
    """
    checked = [as_state(state, f"states[{x}]") for x, state in enumerate(states)]
    weights = _check_probabilities(probabilities, "probabilities", len(checked))
    shapes = sorted({state.shape for state in checked})
    if len(shapes) != 1 or len(shapes[0]) != 2:
        raise DimensionMismatchError(f"states must have one shape (d, d); got {shapes}")
    count, size = len(checked), len(checked[0])
    out = np.zeros((count, size, count, size), np.result_type(*checked))
    for x, (weight, state) in enumerate(zip(weights, checked, strict=True)):
        out[x, :, x, :] = weight * state
    return out.reshape(count * size, count * size)


def gibbs_state(hamiltonian: ArrayLike, beta: float) -> Array:
    r"""Gibbs state ``exp(-beta H) / Tr exp(-beta H)``.

    Parameters
    ----------
    hamiltonian
        Hermitian operator H, shape ``(d, d)`` or a stack ``(..., d, d)``.
    beta
        Inverse temperature in units of one over those of H; finite, of either sign.

    Returns
    -------
    ndarray
        Shape ``(..., d, d)``. Zeros between blocks of H stay exactly zero.

    Raises
    ------
    InvalidStateError
        `hamiltonian` is not Hermitian.
    InvalidParameterError
        `beta` is not a finite real number.

    Examples
    --------
    >>> gibbs_state([[0, 0], [0, 1]], math.log(3)).diagonal()
    array([0.75, 0.25])
    """
    if not is_real_number(beta) or not math.isfinite(beta):
        raise InvalidParameterError(f"beta must be a finite real number; got {beta!r}")
    matrix = as_hermitian(hamiltonian, "hamiltonian")
    blocks = extract(matrix, joint_blocks(matrix))
    exponents = [-beta * values for values in blocks.spectrum.values]
    top = np.maximum.reduce([values.max(axis=(-1, -2)) for values in exponents])
    weights = [np.exp(values - top[..., None, None]) for values in exponents]
    total = np.asarray(sum(values.sum(axis=(-1, -2)) for values in weights))
    powers = [
        (vectors * (values / total[..., None, None])[..., None, :])
        @ vectors.conj().swapaxes(-1, -2)
        for values, vectors in zip(weights, blocks.spectrum.vectors, strict=True)
    ]
    state = blocks.with_groups(powers).dense()
    return np.asarray((state + state.conj().swapaxes(-1, -2)) / 2)


def _check_dimension(dimension: Any, copies: int = 1) -> int:
    """A dimension d such that a matrix on `copies` systems of dimension d fits into memory."""
    size = check_count(dimension, "dimension", 2**31)
    require_memory(64.0 * float(size) ** (2 * copies), f"a matrix of dimension {size**copies}")
    return size


def _check_probabilities(values: ArrayLike, name: str, count: int) -> Array:
    """A distribution: the diagonal of a state."""
    try:
        vector = np.asarray(values)
    except ValueError as error:
        raise InvalidStateError(f"{name} must be a list of numbers; got nested lists") from error
    if vector.shape != (count,):
        raise DimensionMismatchError(
            f"{name} must be {count} numbers; got an array of shape {vector.shape}"
        )
    return as_state(np.diag(vector), name).diagonal()


def _gaussian(shape: tuple[int, int], real: bool, rng: np.random.Generator) -> Array:
    matrix = rng.normal(size=shape)
    return matrix if real else matrix + 1j * rng.normal(size=shape)


def _normalized(matrix: Array) -> Array:
    """A positive matrix made exactly Hermitian, and of trace one."""
    symmetric = (matrix + matrix.conj().T) / 2
    return np.asarray(symmetric / symmetric.trace().real)
