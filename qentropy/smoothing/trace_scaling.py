r"""The equations of one block for Newton's direction, in frames in which they are sparse.

With the scalings ``P_i = G_i G_i^dagger`` of Nesterov and Todd ``dX_i + P_i dS_i P_i`` is given for
each of the four pairs. A block answers a right-hand side with dM in the frame F of P1 and P2, and
with dW and -dS_4 in the frame C of P3 and P4. Small numbers keep their accuracy there.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import numpy as np

from qentropy.blocks import Array
from qentropy.smoothing.scaling import congruence, dagger, hermitian, joint_frame, scaling_frame
from qentropy.smoothing.trace_point import Block, Pairs, Point, Stacks, inner_product
from qentropy.smoothing.trace_system import System
from qentropy.spectra import diagonal_matrices

__all__ = ["ReachedScaling", "Response", "Scaling", "WholeScaling"]

SHARED = 1e-2  # from here on an eigenvector counts as shared by the first two scalings

Response = tuple[Array, Array, Array]


class Scaling(ABC):
    """The four scalings of one block, and what a right-hand side brings about.

    Parameters
    ----------
    block, pairs, point
        The block, its pairs, and the point to which they belong.
    direct
        Whether to factorise; otherwise conjugate gradients.
    """

    def __init__(self, block: Block, pairs: Pairs, point: Point, *, direct: bool) -> None:
        self.block = block
        stacks = [map(np.stack, zip(*pairs[k : k + 2], strict=True)) for k in (0, 2)]
        frames = [scaling_frame(x, s) for x, s in stacks]
        self.direct, self.inverse, self.values = zip(*frames, strict=True)
        outer_frame, outer, *outer_local = joint_frame(*self.direct[0])
        inner_frame, inside, *inner_local = joint_frame(*self.direct[1])
        self.third, self.fourth = (_squares(g) for g in inner_local)
        self.local = [np.stack(outer_local), np.stack(inner_local)]
        self.frames, self.coframes = (outer_frame, inner_frame), (outer, inside)
        self.ones = [hermitian(dagger(g[1]) @ g[1]) for g in self.direct]
        self.local_price = congruence(dagger(self.inverse[1][0]), block.sigma)
        self.price = congruence(dagger(inside), block.sigma)
        # What the current point lacks of its equations: little more than rounding.
        (n, m), (p, above), (z, _), (x, _) = pairs
        self.missing = (
            block.smoothed(n, p) - block.embedded(x),
            congruence(dagger(inside), point.t * block.sigma - x - z),
        )
        drift = congruence(self.direct[0][1], point.nu * np.eye(len(m)) - m - above)
        drifts = drift, self._drift(pairs, point)
        self.drifts = [np.stack([np.zeros_like(d), d]) for d in drifts]
        system = self._system()
        self.nu_load = congruence(dagger(self.local[0][1]), self.ones[0])
        self.system = system.factorised() if direct else system.iterative()

    @abstractmethod
    def _drift(self, pairs: Pairs, point: Point) -> Array:
        """What the fourth slack lacks of its equation, scaled."""

    @abstractmethod
    def _system(self) -> System:
        """What remains to be solved."""

    @abstractmethod
    def pulled(self, targets: Sequence[Array]) -> Response:
        """The response to what the scaled pairs are to change by."""

    @abstractmethod
    def solved(
        self, to_m: Array | float = 0.0, to_w: Array | float = 0.0, *, mu: float = 0.0
    ) -> Response:
        """The response to a change of mu and to these right-hand sides.

        They are those of ``P1 dS_1 P1 - P2 dS_2 P2`` and whatever X has to do with it, in F, and of
        ``P3 dS_3 P3 + P4 dS_4 P4``, in C.
        """

    def _pulls(self, targets: Sequence[Array]) -> Iterator[Array]:
        for g, z, drift in zip(self.local, targets, self.drifts, strict=True):
            yield from congruence(dagger(g), z - drift)

    def scaled(self, response: Response, *, nu: float = 0.0) -> list[Array]:
        """The scaled changes of the ``S_i`` that a response and a change of nu bring about."""
        m, w, low = response
        outer, inner = np.stack([m, -m]), np.stack([w, -low])
        changes = [congruence(g, s) for g, s in zip(self.local, (outer, inner), strict=True)]
        changes[0][1] += nu * self.ones[0]
        return changes

    def kept(self, primal: Sequence[Array]) -> Array:
        """Changes of ``Tr P`` and ``Tr X`` along scaled changes of the ``X_i``."""
        return np.array(
            [inner_product(one, x[1]) for one, x in zip(self.ones, primal, strict=True)]
        )

    def traces(self, dual: Sequence[Array]) -> Array:
        """Those that go with scaled changes of the ``S_i``, and that of ``Tr sigma W``."""
        return np.array([*-self.kept(dual), inner_product(self.local_price, dual[1][0])])

    def moved(self, changes: Stacks, primal: float, dual: float) -> Pairs:
        """The pairs after a step, positive by construction."""
        out: Pairs = []
        zipped = zip(self.direct, self.inverse, self.values, changes, strict=True)
        for g, h, v, (dx, ds) in zipped:
            old = diagonal_matrices(v)
            x, s = congruence(dagger(g), old + primal * dx), congruence(h, old + dual * ds)
            out += zip(x, s, strict=True)
        return out


class WholeScaling(Scaling):
    """N and P act on all rows: dW is eliminated in C, and a system for dM remains.

    ``P1 dS_1 P1 - P2 dS_2 P2 - P4 dS_4 P4`` and ``P3 dS_3 P3 + P4 dS_4 P4`` are given, and
    ``dS_4 = dW - dM + dmu``.
    """

    def _drift(self, pairs: Pairs, point: Point) -> Array:
        (_, m), _, (_, w), (_, low) = pairs
        lack = w - self.block.compressed(m) + point.mu * np.eye(len(w)) - low
        return congruence(self.direct[1][1], lack)

    def _system(self) -> System:
        c, d = self.third, self.fourth
        first, second = self.local[0]
        # Where P1 and P2 are both small, the other two decide: turn F to what they have in common.
        mixed = self.coframes[0][:, self.block.rows] @ self.frames[1]
        shared = np.minimum(_squares(first), _squares(second)) > SHARED
        turn = dagger(_turn(shared, mixed, c * d))
        self.mixed = turn @ mixed
        self.missing = congruence(dagger(turn @ self.coframes[0]), self.missing[0]), self.missing[1]
        self.local[0] = turn @ self.local[0]
        total = np.outer(c, c) + np.outer(d, d)
        self.total = total
        self.shares = np.outer(c, c) / total, np.outer(d, d) / total
        self.weights = np.outer(c, c) * self.shares[1]
        self.inner_one = hermitian(dagger(self.frames[1]) @ self.frames[1])
        metrics = hermitian(self.local[0] @ dagger(self.local[0]))
        return System(list(metrics), self.weights, self.mixed)

    def pulled(self, targets: Sequence[Array]) -> Response:
        """The response to what the scaled pairs are to change by."""
        first, second, third, fourth = self._pulls(targets)
        outer, inside = self.missing
        return self.solved(outer + first - second, third + fourth - inside, to_x=-fourth)

    def solved(
        self,
        to_m: Array | float = 0.0,
        to_w: Array | float = 0.0,
        *,
        mu: float = 0.0,
        to_x: Array | float = 0.0,
    ) -> Response:
        """`to_x` belongs to `to_m`, but is in C."""
        lifted = to_w / self.total
        through = to_x + self.shares[1] * to_w + mu * self.weights * self.inner_one
        m = self.system(to_m + congruence(dagger(self.mixed), through))
        shadow = congruence(self.mixed, m) - mu * self.inner_one
        third, fourth = self.shares
        return m, lifted + fourth * shadow, third * shadow - lifted


class ReachedScaling(Scaling):
    """N and P act on the range of U: a system for ``dY = dN - dP`` remains, in F.

    With ``dX = U dY U^dagger`` the last two pairs give dW and dS_4, and from them
    ``dM = U^dagger (dW - dS_4) U + dmu``, which the first two pairs turn into dY.
    """

    def _drift(self, pairs: Pairs, point: Point) -> Array:
        (_, m), _, (_, w), (_, low) = pairs
        lack = self.block.reached(w - low) + point.mu * np.eye(len(m)) - m
        self.to_dual = congruence(self.frames[0], lack)
        return np.zeros_like(w)

    def _system(self) -> System:
        reach = self.block.reach
        assert reach is not None
        self.mixed = self.coframes[1] @ reach @ self.frames[0]
        self.missing = congruence(dagger(self.coframes[1]), self.missing[0]), self.missing[1]
        a, b = _squares(self.local[0])
        self.total = np.outer(a, a) + np.outer(b, b)
        self.outer_one = hermitian(dagger(self.frames[0]) @ self.frames[0])
        self.metrics = [
            hermitian(dagger(self.mixed) / v @ self.mixed) for v in (self.third, self.fourth)
        ]
        system = System(self.metrics, 1 / self.total)
        squares = sum(np.outer(*2 * [k.diagonal().real]) for k in self.metrics)
        self.stiff = 1 / self.total < squares
        return system

    def pulled(self, targets: Sequence[Array]) -> Response:
        """The response to what the scaled pairs are to change by."""
        first, second, third, fourth = self._pulls(targets)
        outer, inside = self.missing
        return self.solved(
            first - second, third + fourth - inside, to_x=fourth - outer, to_dual=self.to_dual
        )

    def solved(
        self,
        to_m: Array | float = 0.0,
        to_w: Array | float = 0.0,
        *,
        mu: float = 0.0,
        to_x: Array | float = 0.0,
        to_dual: Array | float = 0.0,
    ) -> Response:
        """`to_x` is what ``P4 dS_4 P4 + dX`` is, in C, and `to_dual` what M lacks, in F."""
        c, d = (np.outer(v, v) for v in (self.third, self.fourth))
        known = (to_w - to_x) / c - to_x / d
        pushed = congruence(self.mixed, known) + mu * self.outer_one + to_dual
        y = self.system(hermitian(to_m / self.total - pushed))
        pulled = pushed + sum(k @ y @ k for k in self.metrics)
        # Both are dM; each is accurate where the other cancels.
        m = hermitian(np.where(self.stiff, (to_m - y) / self.total, pulled))
        x = congruence(dagger(self.mixed), y)
        return m, (to_w - to_x + x) / c, (x - to_x) / d


def _squares(rows: Array) -> Array:
    return np.asarray((np.abs(rows) ** 2).sum(axis=-1))


def _turn(shared: Array, mixed: Array, weights: Array) -> Array:
    """The unitary that diagonalises ``C diag(weights) C^dagger`` on the shared rows."""
    rows = np.flatnonzero(shared)
    turn = np.eye(len(mixed), dtype=mixed.dtype)
    if len(rows):
        part = mixed[rows]
        turn[np.ix_(rows, rows)] = np.linalg.eigh(hermitian(part * weights @ dagger(part)))[1]
    return turn
