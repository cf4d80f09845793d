"""A state and a positive operator seen through their eigenvalues: what the closed forms sum over.

Everything works block by block on whole groups. A sum over all pairs of eigenvectors runs along
one last axis, so that stacks and block structures need no loop of their own.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ParamSpec, TypeVar

import numpy as np

from qentropy.blocks import SUPPORT_TOLERANCE, Array, is_diagonal
from qentropy.errors import SolverError
from qentropy.operators import StatePair

__all__ = [
    "LARGEST_ORDER",
    "JointSpectrum",
    "adjoint",
    "closed_form",
    "diagonal_matrices",
    "flat",
    "in_eigenbasis_of_sigma",
    "joint_spectrum",
    "log_of_sum",
    "positive_logarithm",
    "positive_power",
    "sandwich_eigenvalues",
    "scaled_growth",
]


LARGEST_ORDER = 1e15
"""Beyond this order no Rényi quantity changes by more than rounding."""

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def closed_form(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Decorator of the public functions: no exception and no setting of numpy goes through.

    They compute with numpy's default floating-point errors, whatever the caller has set: an
    exponential that underflows to zero is not a fault. LAPACK that fails is a `SolverError`.

    Examples
    --------
    >>> root = closed_form(np.linalg.cholesky)
    >>> root(np.array([[-1.0]]))
    Traceback (most recent call last):
    qentropy.errors.SolverError: cholesky failed in LAPACK: Matrix is not positive definite. ...
    """

    @functools.wraps(function)
    def guarded(*args: _Arguments.args, **options: _Arguments.kwargs) -> _Result:
        try:
            with np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"):
                return function(*args, **options)
        except np.linalg.LinAlgError as error:
            raise SolverError(
                f"{function.__name__} failed in LAPACK: {error}. Entries of less spread, or "
                "another build of numpy, may help."
            ) from error

    return guarded


@dataclass(frozen=True, eq=False)
class JointSpectrum:
    """All pairs (i, j) of eigenvectors of rho and sigma in all blocks, along the last axis.

    Parameters
    ----------
    p, q
        Eigenvalues of rho and of ``sigma / Tr sigma``; those of sigma are 0 off its support.
    weight
        ``|<i|j>|**2``.
    kept
        Whether i belongs to the support of rho.
    """

    p: Array
    q: Array
    weight: Array
    kept: Array

    @cached_property
    def overlap(self) -> Array:
        """``Tr Pi_rho sigma / Tr sigma``, shape ``(...)``."""
        return np.asarray(np.minimum((self.weight * self.q * self.kept).sum(axis=-1), 1.0))

    @cached_property
    def orthogonal(self) -> Array:
        """Whether the supports are orthogonal by `SUPPORT_TOLERANCE`, shape ``(...)``."""
        return np.asarray(self.overlap <= SUPPORT_TOLERANCE * self.q.max(axis=-1))


def joint_spectrum(pair: StatePair) -> JointSpectrum:
    """Eigenvalues and overlaps of the eigenvectors of a pair.

    Examples
    --------
    >>> from qentropy.operators import check_pair
    >>> joint_spectrum(check_pair([[1, 0], [0, 0]], [[1, 0], [0, 3]])).q
    array([0.25, 0.75])
    """
    columns: list[list[Array]] = [[], [], [], []]
    for p, kept, q, amplitude in _eigenpairs(pair):
        rows = (p[..., :, None], q[..., None, :], abs(amplitude) ** 2, kept[..., :, None])
        for column, values in zip(columns, rows, strict=True):
            column.append(flat(np.broadcast_to(values, amplitude.shape), 3))
    return JointSpectrum(*(np.concatenate(column, axis=-1) for column in columns))


def sandwich_eigenvalues(pair: StatePair, power: float) -> Array:
    """Eigenvalues of ``rho^{1/2} sigma^{2 power} rho^{1/2}``, shape ``(..., d)``.

    Here sigma is divided by its trace. The eigenvalues are squared singular
    values, so a zero comes out as the square of a rounding error.

    Examples
    --------
    >>> from qentropy.operators import check_pair
    >>> sandwich_eigenvalues(check_pair([[1, 0], [0, 0]], [[1, 0], [0, 3]]), 0.5)
    array([0.25, 0.  ])
    """
    parts = []
    for p, _, q, amplitude in _eigenpairs(pair):
        root = np.sqrt(p)[..., :, None] * amplitude * positive_power(q, power)[..., None, :]
        parts.append(flat(np.linalg.svd(root, compute_uv=False) ** 2, 2))
    return np.concatenate(parts, axis=-1)


def in_eigenbasis_of_sigma(pair: StatePair) -> Iterator[tuple[Array, Array]]:
    """For each group of blocks: rho in sigma's eigenbasis, and sigma's eigenvalues, 0 off support.

    Examples
    --------
    >>> from qentropy.operators import check_pair
    >>> pair = check_pair([[1, 0], [0, 0]], [[1, 0], [0, 1]])
    >>> [values.ravel() for _, values in in_eigenbasis_of_sigma(pair)]
    [array([0.5, 0.5])]
    """
    diagonal = all(is_diagonal(group) for group in pair.sigma.groups)
    if diagonal and pair.is_definite:
        for rho, sigma in zip(pair.rho.groups, pair.sigma.groups, strict=True):
            yield rho, np.einsum("...ii->...i", sigma).real
        return
    spectrum = pair.sigma.spectrum
    rows = zip(pair.rho.groups, spectrum.values, spectrum.vectors, spectrum.support, strict=True)
    for rho, values, vectors, support in rows:
        state = adjoint(vectors) @ rho @ vectors
        yield (state + adjoint(state)) / 2, np.where(support, values, 0.0)


def _eigenpairs(pair: StatePair) -> Iterator[tuple[Array, Array, Array, Array]]:
    """For each group of blocks: p, which p are support, q with sum one, and ``<i|j>``."""
    trace = pair.sigma.trace[..., None, None]
    rho, sigma = pair.rho.spectrum, pair.sigma.spectrum
    states = zip(rho.cleaned, rho.support, rho.vectors, strict=True)
    operators = zip(sigma.values, sigma.support, sigma.vectors, strict=True)
    for (p, kept, u), (q, support, v) in zip(states, operators, strict=True):
        yield p, kept, np.where(support, q, 0.0) / trace, adjoint(u) @ v


# Arrays of matrices and of eigenvalues


def flat(values: Array, axes: int) -> Array:
    """The last axes as one.

    Examples
    --------
    >>> flat(np.ones((2, 3, 4)), 2).shape
    (2, 12)
    """
    return values.reshape(*values.shape[:-axes], -1)


def adjoint(matrix: Array) -> Array:
    """Conjugate transpose of each matrix of a stack.

    Examples
    --------
    >>> adjoint(np.array([[1, 2], [3, 4]]))
    array([[1, 3],
           [2, 4]])
    """
    return matrix.conj().swapaxes(-1, -2)


def diagonal_matrices(values: Array) -> Array:
    """Diagonal matrices ``(..., b, b)`` from their diagonals ``(..., b)``.

    Examples
    --------
    >>> diagonal_matrices(np.array([1.0, 2.0]))
    array([[1., 0.],
           [0., 2.]])
    """
    return np.asarray(values[..., None] * np.eye(values.shape[-1]))


def positive_power(values: Array, exponent: float) -> Array:
    """Power of the positive entries, zero for the others.

    Examples
    --------
    >>> positive_power(np.array([0.0, 4.0]), -0.5)
    array([0. , 0.5])
    """
    positive = values > 0
    return np.where(positive, np.where(positive, values, 1.0) ** exponent, 0.0)


def positive_logarithm(values: Array, where: Array) -> Array:
    """Natural logarithm of the entries chosen by `where`, zero for the others.

    Examples
    --------
    >>> positive_logarithm(np.array([0.0, 1.0]), np.array([False, True]))
    array([0., 0.])
    """
    return np.asarray(np.log(np.where(where, values, 1.0)))


def scaled_growth(exponent: Array, factor: float) -> Array:
    """``(exp(factor x) - 1)/factor``, which is x at ``factor = 0``.

    Examples
    --------
    >>> scaled_growth(np.array([0.5]), 0.0)
    array([0.5])
    """
    if factor == 0:
        return exponent
    with np.errstate(over="ignore"):
        return np.asarray(np.expm1(factor * exponent) / factor)


def log_of_sum(exponents: Array, weights: Array) -> Array:
    """``ln sum weights exp(exponents)`` over the last axis without overflow; ``-inf`` if empty.

    Examples
    --------
    >>> log_of_sum(np.array([1000.0, 0.0]), np.array([1.0, 0.0]))
    array(1000.)
    """
    top = np.where(weights > 0, exponents, -np.inf).max(axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    total = (weights * np.exp(np.minimum(exponents - top, 0.0))).sum(axis=-1)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(total) + top[..., 0])
