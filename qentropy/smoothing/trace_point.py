"""Points on the path for the trace balls: what `trace_path` moves and `trace_newton` looks at."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qentropy.blocks import Array
from qentropy.smoothing.scaling import congruence, dagger, hermitian

__all__ = ["Block", "Data", "Pairs", "Point", "Stacks", "inner_product", "real_trace"]

MENDING = 30.0  # a state outside the ball is mixed with rho, which is dear

Pairs = list[tuple[Array, Array]]
Stacks = list[tuple[Array, Array]]  # the first two pairs in one, and the last two


@dataclass(frozen=True, eq=False)
class Block:
    """One block: rho on all its rows, sigma rescaled on the `rows` on which it acts.

    If N and P may only act on a subspace, `reach` has orthonormal columns that span it, and sigma
    acts on all rows.
    """

    rho: Array
    sigma: Array
    rows: Array
    reach: Array | None = None

    @property
    def width(self) -> int:
        """Rows of N, P and M."""
        return len(self.rho) if self.reach is None else self.reach.shape[1]

    def embedded(self, inner: Array) -> Array:
        """A matrix on `rows` as one on all rows."""
        if len(self.rows) == len(self.rho):
            return inner
        out = np.zeros(self.rho.shape, inner.dtype)
        out[np.ix_(self.rows, self.rows)] = inner
        return out

    def compressed(self, outer: Array) -> Array:
        """The submatrix on `rows`."""
        return outer if len(self.rows) == len(outer) else outer[np.ix_(self.rows, self.rows)]

    def smoothed(self, added: Array, removed: Array) -> Array:
        """``rho + N - P`` on all rows."""
        change = added - removed
        if self.reach is not None:
            change = hermitian(self.reach @ change @ dagger(self.reach))
        return np.asarray(self.rho + change)

    def reached(self, outer: Array) -> Array:
        """What N and P see of a matrix on all rows."""
        return outer if self.reach is None else congruence(self.reach, outer)


@dataclass(frozen=True, eq=False)
class Data:
    """The problem, block by block, with sigma multiplied by `level`."""

    blocks: list[Block]
    radius: float
    normalized: bool
    level: float

    @property
    def order(self) -> int:
        """Number of complementary eigenvalues."""
        pairs = sum(2 * b.width + 2 * len(b.rows) for b in self.blocks)
        return pairs + int(not self.normalized)


@dataclass(frozen=True, eq=False)
class Point:
    """For each block the four ``(X_i, S_i)``, and mu, nu, t and s."""

    data: Data
    pairs: list[Pairs]
    mu: float
    nu: float
    t: float
    s: float

    @cached_property
    def complementarity(self) -> float:
        """The gap of a feasible point."""
        return sum(inner_product(x, s) for block in self.pairs for x, s in block) + self.s * self.mu

    @cached_property
    def gap(self) -> float:
        """Complementarity, and what it may cost to mend the traces and X."""
        price = np.abs(self.lacking) @ np.array([self.nu, self.mu, self.t])
        return self.complementarity + MENDING * float(price) + self.nu * self.apart

    @cached_property
    def apart(self) -> float:
        """How far X is from ``rho + N - P`` where N and P are confined to a subspace."""
        zipped = zip(self.data.blocks, self.pairs, strict=True)
        return sum(
            float(np.linalg.norm(b.smoothed(n, p) - x))
            for b, ((n, _), (p, _), _, (x, _)) in zipped
            if b.reach is not None
        )

    @cached_property
    def lacking(self) -> Array:
        """What ``Tr P = e``, ``Tr X + s = 1`` and ``Tr sigma W = 1`` lack."""
        p = sum(real_trace(block[1][0]) for block in self.pairs)
        x = sum(real_trace(block[3][0]) for block in self.pairs)
        zipped = zip(self.data.blocks, self.pairs, strict=True)
        price = sum(inner_product(b.sigma, pairs[2][1]) for b, pairs in zipped)
        return np.array([self.data.radius - p, 1 - x - self.s, 1 - price])


def real_trace(matrix: Array) -> float:
    """The trace of a Hermitian matrix.

    Examples
    --------
    >>> import numpy as np
    >>> real_trace(np.eye(2))
    2.0
    """
    return float(np.trace(matrix).real)


def inner_product(left: Array, right: Array) -> float:
    """``Tr A B`` of Hermitian matrices.

    Examples
    --------
    >>> import numpy as np
    >>> inner_product(np.eye(2), np.diag([1.0, 2.0]))
    3.0
    """
    return float(np.vdot(left, right).real)
