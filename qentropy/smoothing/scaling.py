"""Nesterov and Todd's scaling: the frames in which a complementary pair becomes one diagonal."""

import numpy as np

from qentropy.blocks import Array

__all__ = ["congruence", "dagger", "hermitian", "joint_frame", "longest_step", "scaling_frame"]


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


def joint_frame(left: Array, right: Array) -> tuple[Array, Array, Array]:
    """F with ``F^{-1} L`` and ``F^{-1} R``, whose rows are orthogonal: a joint eigenbasis.

    ``L L^dagger = F diag(a) F^dagger`` and ``R R^dagger = F diag(b) F^dagger`` with ``a + b = 1``.

    Parameters
    ----------
    left, right
        Invertible factors L and R, shape ``(b, b)``.

    Returns
    -------
    tuple of ndarray
        ``F^{-1}``, ``F^{-1} L`` and ``F^{-1} R``; small rows are accurate relative to themselves.

    Examples
    --------
    >>> import numpy as np
    >>> _, a, b = joint_frame(np.eye(1), np.sqrt(3) * np.eye(1))
    >>> float(abs(a[0, 0])), float(abs(b[0, 0]))
    (0.5, 0.8660254)
    """
    orthonormal, triangle = np.linalg.qr(np.concatenate([dagger(left), dagger(right)]))
    size = len(left)
    v = np.linalg.svd(orthonormal[:size])[2]
    inverse = np.linalg.solve(triangle, dagger(v))
    first, second = orthonormal[:size] @ dagger(v), orthonormal[size:] @ dagger(v)
    return dagger(inverse), dagger(first), dagger(second)


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
