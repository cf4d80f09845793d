r"""The least X above 0 and R that lies below S, or a proof that its trace is too large.

For the root lambda of the hockey-stick, with ``R = rho - P`` and ``S = lambda sigma``, this decides
whether the root is the answer: X has to have a trace of at most one. With ``S = K K^dagger`` and
the eigenvalues z and eigenvectors U of ``K^{-1} R K^{-dagger}`` the problem is

    X = K U y U^dagger K^dagger,    y >= 0,    y >= z,    y <= 1,    Tr X = Tr s y,

and ``y = z_+`` solves it apart from the trace. Of all y above 0 and z the one of least ``Tr c y``
is ``H^{-1} (H z H^dagger)_+ H^{-dagger}`` where ``c = H^dagger H``. So with a positive b

    Tr s y >= Tr c y - Tr b >= Tr (H z H^dagger)_+ - Tr b,    c = s + b,

for every y that solves the problem. The steps turn b into ``b^{1/2} ((1 + y) / 2)^2 b^{1/2}`` with
the y of least ``Tr c y``: more where that is above 1 and less where it is below, so that either y
comes to solve the problem or the bound shows that none does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qentropy.blocks import Array
from qentropy.smoothing.scaling import congruence, dagger, hermitian
from qentropy.spectra import diagonal_matrices, positive_power

__all__ = ["Frame", "frame", "least_between"]

PINNED = 1e-9  # below one: an eigenvalue of z from which on y is one there
MOST_STEPS = 30
ROUNDING = 1e-12  # of the trace: how much larger a bound has to be


@dataclass(frozen=True, eq=False)
class Frame:
    """The problem in blocks of one size, in the eigenbasis of z.

    `half` is ``K U``, shape ``(m, n, n)``; `pinned`, shape ``(m, n)``, tells where z is one and y
    has to be one, too; `z` is zero there.
    """

    half: Array
    z: Array
    pinned: Array

    @property
    def price(self) -> Array:
        """s, without what is pinned."""
        half = self.half * ~self.pinned[:, None, :]
        return hermitian(dagger(half) @ half)

    @property
    def fixed(self) -> float:
        """What is pinned contributes this to the trace."""
        return float((np.abs(self.half * self.pinned[:, None, :]) ** 2).sum())

    @property
    def floor(self) -> Array:
        """``z_+``."""
        return diagonal_matrices(np.maximum(self.z, 0.0))

    def bound(self) -> float:
        """The bound of the trace for ``b = 0``."""
        steep = hermitian(self.half * self.z[:, None, :] @ dagger(self.half))
        return float(np.maximum(np.linalg.eigvalsh(steep), 0).sum())

    def above(self, cost: Array) -> tuple[float, Array]:
        """``Tr c y`` and y for a c."""
        lower = np.linalg.cholesky(cost + diagonal_matrices(self.pinned.astype(float)))
        values, vectors = np.linalg.eigh(congruence(lower, diagonal_matrices(self.z)))
        values = np.maximum(values, 0)
        half = np.linalg.solve(dagger(lower), vectors * np.sqrt(values)[:, None, :])
        return float(values.sum()), hermitian(half @ dagger(half))

    def below_one(self, y: Array) -> Array:
        """The mixture with ``z_+`` that is certainly at most one."""
        excess = np.maximum(np.linalg.eigvalsh(y)[:, -1] - 1, 0)
        room = 1 - np.maximum(self.z.max(axis=-1), 0)
        share = (excess / (excess + room))[:, None, None]
        return np.asarray((1 - share) * y + share * self.floor)

    def state(self, y: Array) -> Array:
        """X."""
        full = y + diagonal_matrices(self.pinned.astype(float))
        return hermitian(self.half @ full @ dagger(self.half))


def frame(rest: Array, values: Array, vectors: Array) -> Frame:
    """The problem for blocks of R and of S, which is at least R.

    Parameters
    ----------
    rest
        R, shape ``(m, n, n)``.
    values, vectors
        Eigenvalues ``(m, n)`` and eigenvectors ``(m, n, n)`` of S; R is zero where S is.

    Returns
    -------
    Frame

    Examples
    --------
    >>> import numpy as np
    >>> found = frame(np.diag([1.0, -1.0])[None], np.array([[1.0, 2.0]]), np.eye(2)[None])
    >>> found.fixed, found.z, found.pinned
    (1.0, array([[-0.5,  0. ]]), array([[False,  True]]))
    """
    # Any factor of S serves as its root.
    root = vectors * np.sqrt(values)[:, None, :]
    inverse = vectors * positive_power(values, -0.5)[:, None, :]
    z, turn = np.linalg.eigh(congruence(inverse, rest))
    pinned = z >= 1 - PINNED
    return Frame(root @ turn, np.where(pinned, 0.0, z), pinned)


def least_between(frames: Sequence[Frame], most: float) -> list[Array] | None:
    """X of a trace of at most `most`, or None where there is none or none was found.

    Parameters
    ----------
    frames
        One for each size of blocks.
    most
        The trace.

    Returns
    -------
    list of ndarray or None
        The blocks of X, one array for each frame.

    Raises
    ------
    numpy.linalg.LinAlgError
        An iteration of LAPACK does not converge.

    Examples
    --------
    >>> import numpy as np
    >>> block = np.array([[0.5, 0.3], [0.3, -0.2]])[None]
    >>> problem = [frame(block, np.array([[0.9, 0.4]]), np.eye(2)[None])]
    >>> [x] = least_between(problem, 0.7)
    >>> round(np.trace(x[0]).item(), 3), least_between(problem, 0.5)
    (0.628, None)
    """
    room = most - sum(f.fixed for f in frames)
    prices = [f.price for f in frames]
    scale = sum(map(_trace, prices)) / sum(f.z.size for f in frames)
    extra = [np.broadcast_to(scale * np.eye(f.z.shape[-1]), f.half.shape) for f in frames]
    found, bound, limit = [f.floor for f in frames], 0.0, room + ROUNDING * most
    # The bound for b = 0 is the cheapest, but where z_+ will do there is no need of one.
    if _total(prices, found) > room and sum(f.bound() for f in frames) > limit:
        return None
    for _ in range(MOST_STEPS):
        if _total(prices, found) <= room:
            return [f.state(y) for f, y in zip(frames, found, strict=True)]
        if bound > limit:
            break
        costs = [s + b for s, b in zip(prices, extra, strict=True)]
        gains, least = zip(*(f.above(c) for f, c in zip(frames, costs, strict=True)), strict=True)
        found = [f.below_one(y) for f, y in zip(frames, least, strict=True)]
        bound = sum(gains) - sum(map(_trace, extra))
        extra = [_weighted(b, y) for b, y in zip(extra, least, strict=True)]
    return None


def _weighted(extra: Array, y: Array) -> Array:
    """``b^{1/2} ((1 + y) / 2)^2 b^{1/2}``."""
    values, vectors = np.linalg.eigh(extra)
    root = vectors * np.sqrt(np.maximum(values, 0))[:, None, :] @ dagger(vectors)
    half = root @ (y + np.eye(y.shape[-1])) / 2
    return hermitian(half @ dagger(half))


def _trace(blocks: Array) -> float:
    return float(np.einsum("mii->", blocks).real)


def _total(prices: Sequence[Array], found: Sequence[Array]) -> float:
    """``Tr s y``."""
    return sum(float(np.vdot(s, y).real) for s, y in zip(prices, found, strict=True))
