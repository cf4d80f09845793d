"""Following a path with Nesterov and Todd's scaling, and the Hermitian tools that it needs."""

from collections.abc import Callable, Sequence
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


def follow(
    start: P, step: Callable[[P], P], tolerance: float, most: int = MAX_STEPS
) -> tuple[P, str, int]:
    """Step until the gap is at most `tolerance` times t, or no longer shrinks.

    Parameters
    ----------
    start
        A point with attributes `gap` and `t`.
    step
        Gives the next point. It may raise `numpy.linalg.LinAlgError`.
    tolerance
        Relative gap wanted.
    most
        The largest number of steps.

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
    for steps in range(1, most + 1):
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
    return point, "reached the iteration limit", most


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
    upper, lower = orthonormal[: len(left)], orthonormal[len(left) :]
    _, cosines, v = np.linalg.svd(upper)
    v = dagger(v)
    # Cosines near one do not tell their vectors apart; the sines do.
    large = cosines > np.sqrt(0.5)
    v[:, large] = v[:, large] @ dagger(np.linalg.svd(lower @ v[:, large], full_matrices=False)[2])
    inverse = np.linalg.solve(triangle, v)
    return dagger(dagger(v) @ triangle), dagger(inverse), dagger(upper @ v), dagger(lower @ v)


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
    return hermitian(frame.conj().swapaxes(-1, -2) @ matrix @ frame)


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
    out = matrix + matrix.conj().swapaxes(-1, -2)
    out /= 2
    return np.asarray(out)


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
        self.count = size + (1 + is_complex) * len(self.upper[0])

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

    def entries(self, weights: Array) -> Array:
        """The diagonal of ``Y -> weights * Y`` for a real symmetric matrix."""
        above = weights[self.upper]
        return np.concatenate([weights.diagonal(), *(1 + self.complex) * [above]])

    def products(
        self,
        pairs: Sequence[tuple[Array, Array]],
        frame: Array | None = None,
        weights: Array | None = None,
    ) -> Array:
        """The real matrix of ``Y -> sum A Y B + C (weights * (C^dagger Y C)) C^dagger``.

        Parameters
        ----------
        pairs
            A and B, such that the sum is Hermitian.
        frame, weights
            C, and a real symmetric matrix; without them the last term is left out. With them
            this takes ``b**5`` operations.
        """
        size, count = self.size, len(self.upper[0])
        out = np.empty((self.count, self.count))
        # The image of e_k e_l^dagger is the sum over c of left[:, c] and right[c, l].
        right = np.stack([b for _, b in pairs])
        if frame is not None:
            outer = (frame[:, None, :] * frame.conj()).transpose(2, 0, 1)
            right = np.concatenate([outer, right])
        first = size
        for k in range(size):
            last = first + size - k - 1
            left = np.stack([a[:, k] for a, _ in pairs], axis=1)
            if frame is not None:
                left = np.concatenate([frame * frame[k].conj() @ weights, left], axis=1)
            images = left @ right[:, k:].reshape(len(right), -1)
            rows = self._rows(images.reshape(size, -1, size).swapaxes(0, 1))
            out[k] = rows[0][0] / np.sqrt(2)
            for part, values in enumerate(rows):
                out[first + part * count : last + part * count] = values[1:]
            first = last
        return out

    def solver(self, matrix: Array) -> Callable[[Array], Array]:
        """Solutions of a system with a positive definite matrix, which is overwritten.

        Raises
        ------
        numpy.linalg.LinAlgError
            It is not positive definite.
        """
        from scipy.linalg.lapack import dpotrf, dpotrs  # slow to import

        scale = 1 / np.sqrt(matrix.diagonal())
        matrix *= scale[:, None]
        matrix *= scale
        factor, failed = dpotrf(matrix.T, lower=1, clean=0, overwrite_a=1)
        if failed:
            raise np.linalg.LinAlgError("the system is not positive definite")

        def solve(right: Array) -> Array:
            solution, _ = dpotrs(factor, scale * self.vector(right), lower=1)
            return self.matrix(scale * solution)

        return solve

    def _rows(self, images: Array) -> tuple[Array, ...]:
        """Coordinates of ``(Z + Z^dagger) / sqrt(2)`` and of ``i (Z - Z^dagger) / sqrt(2)``."""
        diagonal = np.sqrt(2) * np.einsum("lii->li", images)
        i, j = self.upper
        above, below = images[:, i, j], images[:, j, i]
        sums = above + below
        if not self.complex:
            return (np.concatenate([diagonal, sums], axis=1),)
        differences = above - below
        return (
            np.concatenate([diagonal.real, sums.real, differences.imag], axis=1),
            np.concatenate([-diagonal.imag, -sums.imag, differences.real], axis=1),
        )
