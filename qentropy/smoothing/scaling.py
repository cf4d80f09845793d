"""Following a path with Nesterov and Todd's scaling, and the Hermitian tools that it needs."""

from collections.abc import Callable
from typing import Protocol, TypeVar

import numpy as np

from qentropy.blocks import Array

__all__ = [
    "Coordinates",
    "congruence",
    "dagger",
    "follow",
    "hermitian",
    "joint_frame",
    "longest_step",
    "scaling_frame",
]

MAX_STEPS = 60


class _Point(Protocol):
    @property
    def gap(self) -> float: ...
    @property
    def t(self) -> float: ...


P = TypeVar("P", bound=_Point)


def follow(start: P, step: Callable[[P], P], tolerance: float) -> tuple[P, str, int]:
    """Step until the gap is at most `tolerance` times t, or no longer shrinks.

    Parameters
    ----------
    start
        A point with attributes `gap` and `t`.
    step
        Gives the next point. It may raise `numpy.linalg.LinAlgError`.
    tolerance
        Relative gap wanted.

    Returns
    -------
    tuple
        The last good point, how it ended, and the number of steps.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> halve = lambda point: SimpleNamespace(gap=point.gap / 2, t=1.0)
    >>> follow(SimpleNamespace(gap=1.0, t=1.0), halve, 0.2)[1:]
    ('converged', 3)
    """
    point = start
    for steps in range(1, MAX_STEPS + 1):
        try:
            with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
                following = step(point)
        except (np.linalg.LinAlgError, ZeroDivisionError):
            return point, "stopped at a singular Newton system", steps - 1
        if not following.gap < point.gap:
            return point, "stopped when the gap no longer shrank", steps - 1
        point = following
        if point.gap <= tolerance * point.t:
            return point, "converged", steps
    return point, "reached the iteration limit", MAX_STEPS


def scaling_frame(x: Array, s: Array) -> tuple[Array, Array, Array]:
    """G with ``G^dagger S G = G^{-1} X G^{-dagger} = diag(v)``, then ``G^{-1}``, then v.

    Parameters
    ----------
    x, s
        Positive definite matrices, shape ``(..., b, b)``.

    Returns
    -------
    tuple of ndarray
        Shapes ``(..., b, b)``, ``(..., b, b)`` and ``(..., b)``.

    Raises
    ------
    numpy.linalg.LinAlgError
        One of the matrices is not positive definite.

    Examples
    --------
    >>> import numpy as np
    >>> _, _, v = scaling_frame(np.diag([4.0, 1.0]), np.eye(2))
    >>> v
    array([2., 1.])
    """
    lower_x, lower_s = np.linalg.cholesky(x), np.linalg.cholesky(s)
    u, v, w = np.linalg.svd(dagger(lower_s) @ lower_x)
    root = np.sqrt(v)[..., None, :]
    return lower_x @ dagger(w) / root, dagger(lower_s @ u / root), v


def joint_frame(left: Array, right: Array) -> tuple[Array, Array, Array, Array]:
    """F in which both ``F^{-1} L`` and ``F^{-1} R`` have orthogonal rows: a joint eigenbasis.

    ``L L^dagger = F diag(a) F^dagger`` and ``R R^dagger = F diag(b) F^dagger`` with ``a + b = 1``.

    Parameters
    ----------
    left, right
        Invertible factors L and R, shape ``(b, b)``.

    Returns
    -------
    tuple of ndarray
        F, ``F^{-1}``, ``F^{-1} L`` and ``F^{-1} R``. Small rows are as accurate as large ones.

    Examples
    --------
    >>> import numpy as np
    >>> *_, a, b = joint_frame(np.eye(1), np.sqrt(3) * np.eye(1))
    >>> float(abs(a[0, 0])), float(abs(b[0, 0]))
    (0.5, 0.8660254)
    """
    orthonormal, triangle = np.linalg.qr(np.concatenate([dagger(left), dagger(right)]))
    size = len(left)
    v = np.linalg.svd(orthonormal[:size])[2]
    inverse = np.linalg.solve(triangle, dagger(v))
    first, second = orthonormal[:size] @ dagger(v), orthonormal[size:] @ dagger(v)
    return dagger(v @ triangle), dagger(inverse), dagger(first), dagger(second)


def longest_step(v: Array, change: Array) -> float:
    """The longest step along which ``diag(v) + step * change`` stays positive; may be ``inf``.

    Parameters
    ----------
    v
        Positive, shape ``(..., b)``.
    change
        Hermitian, shape ``(..., b, b)``.

    Returns
    -------
    float
        Positive.

    Examples
    --------
    >>> import numpy as np
    >>> longest_step(np.array([1.0, 2.0]), np.diag([1.0, -4.0]))
    0.5
    """
    scaled = change / np.sqrt(v[..., :, None] * v[..., None, :])
    lowest = float(np.linalg.eigvalsh(hermitian(scaled)).min(initial=0.0))
    return -1 / lowest if lowest < 0 else float("inf")


def congruence(frame: Array, matrix: Array) -> Array:
    """``G^dagger A G``, Hermitian.

    Parameters
    ----------
    frame
        G, shape ``(..., a, b)``.
    matrix
        A, Hermitian, shape ``(..., a, a)``.

    Returns
    -------
    ndarray
        Shape ``(..., b, b)``.

    Examples
    --------
    >>> import numpy as np
    >>> congruence(np.ones((2, 1)), np.eye(2))
    array([[2.]])
    """
    return hermitian(dagger(frame) @ matrix @ frame)


def dagger(matrix: Array) -> Array:
    """The conjugate transpose of the last two axes.

    Parameters
    ----------
    matrix
        Shape ``(..., a, b)``.

    Returns
    -------
    ndarray
        Shape ``(..., b, a)``.

    Examples
    --------
    >>> import numpy as np
    >>> dagger(np.array([[0, 1j]])).shape
    (2, 1)
    """
    return np.asarray(matrix.conj().swapaxes(-1, -2))


def hermitian(matrix: Array) -> Array:
    """The Hermitian part.

    Parameters
    ----------
    matrix
        Shape ``(..., b, b)``.

    Returns
    -------
    ndarray
        Of the same shape.

    Examples
    --------
    >>> import numpy as np
    >>> hermitian(np.array([[0.0, 2.0], [0.0, 0.0]]))
    array([[0., 1.],
           [1., 0.]])
    """
    return np.asarray((matrix + dagger(matrix)) / 2)


class Coordinates:
    """Real coordinates of Hermitian matrices of one size, which keep inner products.

    The diagonal, then the upper triangle times the root of two, real parts before imaginary ones.

    Parameters
    ----------
    size
        Number of rows.
    is_complex
        Whether there are imaginary parts.

    Examples
    --------
    >>> import numpy as np
    >>> basis = Coordinates(2, is_complex=True)
    >>> basis.matrix(np.array([1.0, 2.0, 0.0, np.sqrt(2)]))
    array([[1.+0.j, 0.+1.j],
           [0.-1.j, 2.+0.j]])
    """

    def __init__(self, size: int, is_complex: bool) -> None:
        self.size, self.complex = size, is_complex
        self.upper = np.triu_indices(size, 1)

    def vector(self, matrix: Array) -> Array:
        """The coordinates of a matrix."""
        above = np.sqrt(2) * matrix[self.upper]
        parts = [matrix.diagonal().real, above.real]
        return np.concatenate([*parts, above.imag] if self.complex else parts)

    def matrix(self, vector: Array) -> Array:
        """The matrix with these coordinates."""
        count = len(self.upper[0])
        above = vector[self.size : self.size + count] / np.sqrt(2)
        if self.complex:
            above = above + 1j * vector[self.size + count :] / np.sqrt(2)
        out = np.diag(vector[: self.size]).astype(above.dtype)
        out[self.upper] = above
        out.T[self.upper] = above.conj()
        return out

    def congruence(self, left: Array, weights: Array | None = None) -> Array:
        """The real matrix of ``Y -> weights * (L Y L^dagger)``, one when there are no weights."""
        target = Coordinates(len(left), self.complex)
        rows, columns = (np.concatenate([np.arange(len(left)), upper]) for upper in target.upper)
        first, second = left[rows], left[columns].conj()
        if weights is not None:
            first = first * weights[rows, columns][:, None]
        i, j = self.upper
        forth, back = first[:, i] * second[:, j], first[:, j] * second[:, i]
        parts = [first * second, (forth + back) / np.sqrt(2)]
        if self.complex:
            parts.append(1j * (forth - back) / np.sqrt(2))
        images = np.concatenate(parts, axis=1)
        above = np.sqrt(2) * images[len(left) :]
        out = [images[: len(left)].real, above.real]
        return np.concatenate([*out, above.imag] if self.complex else out)
