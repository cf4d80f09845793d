r"""Newton's systems of the path for the trace balls.

`trace_path` states the problem. A system has two unknown matrices. The one for W is solved in
closed form in the joint frame of the third and the fourth scaling; what remains for M is a sum of
congruences in the joint frame of the first two, factorised as a real matrix of ``b**2`` rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qentropy.blocks import Array
from qentropy.smoothing.scaling import (
    Coordinates,
    congruence,
    dagger,
    hermitian,
    joint_frame,
    longest_step,
    scaling_frame,
)

__all__ = ["Block", "Change", "Data", "Newton", "Pairs", "Point", "SlowConvergenceError"]

PRECISION = 1e-4  # of conjugate gradients, relative and in the norm of the preconditioner
LEAST_PRODUCTS = 120  # that conjugate gradients may take
PRODUCTS = 1e-3  # and this many times b**3: beyond, a factorisation takes less time
MENDING = 30.0  # a state outside the ball is mixed with rho, which is dear
ROUNDING = 1e-10  # a relative change of nu, mu and t that is not worth another pass
SHARED = 1e-2  # from here on an eigenvector counts as shared by the first two scalings

Pairs = list[tuple[Array, Array]]
_Response = tuple[Array, Array, Array]


@dataclass(frozen=True, eq=False)
class Block:
    """One block: rho on all its rows, sigma rescaled on the `rows` on which it acts."""

    rho: Array
    sigma: Array
    rows: Array

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
        pairs = sum(2 * len(b.rho) + 2 * len(b.rows) for b in self.blocks)
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
        return sum(_dot(x, s) for block in self.pairs for x, s in block) + self.s * self.mu

    @cached_property
    def gap(self) -> float:
        """Complementarity, and what it may cost to mend the traces."""
        price = np.abs(self.lacking) @ np.array([self.nu, self.mu, self.t])
        return self.complementarity + MENDING * float(price)

    @cached_property
    def lacking(self) -> Array:
        """What ``Tr P = e``, ``Tr X + s = 1`` and ``Tr sigma W = 1`` lack."""
        p = sum(_trace(block[1][0]) for block in self.pairs)
        x = sum(_trace(block[3][0]) for block in self.pairs)
        zipped = zip(self.data.blocks, self.pairs, strict=True)
        price = sum(_dot(b.sigma, pairs[2][1]) for b, pairs in zipped)
        return np.array([self.data.radius - p, 1 - x - self.s, 1 - price])


@dataclass(frozen=True, eq=False)
class Change:
    """A direction: the scalars, and for each block its pairs in the scaled frames."""

    nu: float
    mu: float
    t: float
    s: float
    pairs: list[Pairs]


class SlowConvergenceError(ArithmeticError):
    """Conjugate gradients do not get there."""


class Newton:
    """The Newton systems at a point: for each right-hand side a direction.

    Parameters
    ----------
    point
        Where.
    direct
        Whether to factorise; otherwise conjugate gradients, which may raise `SlowConvergenceError`.
    """

    def __init__(self, point: Point, *, direct: bool) -> None:
        self.point = point
        blocks = point.data.blocks
        self.scalings = [
            _Scaling(b, pairs, point, direct=direct)
            for b, pairs in zip(blocks, point.pairs, strict=True)
        ]
        # What a unit of nu, mu and t does.
        self.responses = [
            [s.solved(to_m=s.nu_load) for s in self.scalings],
            [s.solved(mu=1.0) for s in self.scalings],
            [s.solved(to_w=-s.price) for s in self.scalings],
        ]
        self.system = np.stack([self._measured(r) for r in self.responses], axis=-1)
        self.system[0, 0] -= sum(_dot(s.ones[0], s.ones[0]) for s in self.scalings)
        if not point.data.normalized:
            self.system[1, 1] -= point.s / point.mu

    def _measured(self, response: list["_Response"]) -> Array:
        """What a response does to ``Tr P``, ``Tr X`` and ``Tr sigma W``."""
        total = np.zeros(3)
        for s, (m, w, low) in zip(self.scalings, response, strict=True):
            total += [_dot(s.nu_load, m), _dot(s.mu_load, low), _dot(s.price, w)]
        return total

    def direction(self, targets: list[list[Array]], delta: float, correction: float) -> Change:
        """The direction along which each scaled pair changes by its target in total."""
        point = self.point
        free = [s.pulled(z) for s, z in zip(self.scalings, targets, strict=True)]
        normalized = point.data.normalized
        push = 0.0 if normalized else (delta - correction) / point.mu - point.s
        yielding = 0.0 if normalized else point.s / point.mu
        scalars, wanted = np.zeros(3), point.lacking
        pairs = self._changes(targets, free, scalars)
        for _ in range(2):  # once more for what rounding left of the right-hand side
            done = self._traces(pairs)
            done[1] += push - yielding * scalars[1]
            missing = np.linalg.solve(self.system, wanted - done)
            if (np.abs(missing) <= ROUNDING * np.abs(scalars)).all():
                break
            scalars = scalars + missing
            pairs = self._changes(targets, free, scalars)
        nu, mu, t = (float(value) for value in scalars)
        return Change(nu, mu, t, push - yielding * mu, pairs)

    def _changes(
        self, targets: list[list[Array]], free: list["_Response"], scalars: Array
    ) -> list[Pairs]:
        nu, mu, t = (float(value) for value in scalars)
        out = []
        for s, z, *parts in zip(self.scalings, targets, free, *self.responses, strict=True):
            total = (a + nu * b + mu * c + t * d for a, b, c, d in zip(*parts, strict=True))
            out.append(s.changes(z, *total, nu=nu))
        return out

    def _traces(self, pairs: list[Pairs]) -> Array:
        """Changes of ``Tr P``, ``Tr X`` and ``Tr sigma W``."""
        total = np.zeros(3)
        for s, changes in zip(self.scalings, pairs, strict=True):
            total += [
                _dot(s.ones[0], changes[1][0]),
                _dot(s.ones[1], changes[3][0]),
                _dot(s.local_price, changes[2][1]),
            ]
        return total

    def lengths(self, change: Change) -> tuple[float, float]:
        """The longest primal and dual steps."""
        both = [
            (longest_step(v, dx), longest_step(v, ds))
            for s, changes in zip(self.scalings, change.pairs, strict=True)
            for v, (dx, ds) in zip(s.values, changes, strict=True)
        ]
        primal, dual = min(p for p, _ in both), min(d for _, d in both)
        if not self.point.data.normalized:
            primal = min(primal, -self.point.s / change.s if change.s < 0 else primal)
            dual = min(dual, -self.point.mu / change.mu if change.mu < 0 else dual)
        return primal, dual

    def moved(self, change: Change, primal: float, dual: float) -> Point:
        """The next point, positive by construction: the scaled pairs move and are unscaled."""
        point = self.point
        return Point(
            data=point.data,
            pairs=[
                s.moved(changes, primal, dual)
                for s, changes in zip(self.scalings, change.pairs, strict=True)
            ],
            mu=point.mu + dual * change.mu,
            nu=point.nu + dual * change.nu,
            t=point.t + primal * change.t,
            s=point.s + primal * change.s,
        )


class _Scaling:
    """The four scalings ``P_i = G_i G_i^dagger`` of one block, and its two matrix equations.

    With the slacks' changes ``dS_i`` and given right-hand sides they read
    ``P1 dS1 P1 - P2 dS2 P2 - P4 dS4 P4 = to_m`` and ``P3 dS3 P3 + P4 dS4 P4 = to_w``. Everything is
    expressed in two frames, in which small numbers keep their accuracy: M and what multiplies it in
    the frame F of P1 and P2, W and what multiplies it in the frame C of P3 and P4.
    """

    def __init__(self, block: Block, pairs: Pairs, point: Point, *, direct: bool) -> None:
        self.block = block
        frames = [scaling_frame(x, s) for x, s in pairs]
        self.direct, self.inverse, self.values = zip(*frames, strict=True)
        _, outer, first, second = joint_frame(self.direct[0], self.direct[1])
        inner_frame, inner, third, fourth = joint_frame(self.direct[2], self.direct[3])
        c, d = _squares(third), _squares(fourth)
        # Where P1 and P2 are both small, the other two decide: turn F to what they have in common.
        mixed = outer[:, block.rows] @ inner_frame
        turn = dagger(_turn(np.minimum(_squares(first), _squares(second)) > SHARED, mixed, c * d))
        self.mixed = turn @ mixed
        outer = turn @ outer
        self.local = turn @ first, turn @ second, third, fourth
        metrics = [hermitian(g @ dagger(g)) for g in self.local[:2]]
        total = np.outer(c, c) + np.outer(d, d)
        self.total = total
        self.shares = np.outer(c, c) / total, np.outer(d, d) / total
        self.weights = np.outer(c, c) * self.shares[1]
        self.ones = [hermitian(dagger(g) @ g) for g in self.direct[1::2]]
        self.inner_one = hermitian(dagger(inner_frame) @ inner_frame)
        self.nu_load = congruence(dagger(self.local[1]), self.ones[0])
        self.mu_load = congruence(dagger(self.local[3]), self.ones[1])
        self.local_price = congruence(dagger(self.inverse[2]), block.sigma)
        self.price = congruence(dagger(inner), block.sigma)
        # What the current point lacks of its equations: nothing but rounding.
        (n, m), (p, above), (y, w), (x, low) = pairs
        self.missing = (
            congruence(dagger(outer), block.rho + n - p - block.embedded(x)),
            congruence(dagger(inner), point.t * block.sigma - x - y),
        )
        self.drift = [
            congruence(self.direct[1], point.nu * np.eye(len(m)) - m - above),
            congruence(self.direct[3], w - block.compressed(m) + point.mu * np.eye(len(w)) - low),
        ]
        system = _System(metrics, self.mixed, self.weights)
        self.system = system.factorised() if direct else system.iterative()

    def pulled(self, targets: Sequence[Array]) -> _Response:
        """The response to what the scaled pairs are to change by."""
        first, second, third, fourth = targets
        pulls = (first, second - self.drift[0], third, fourth - self.drift[1])
        first, second, third, fourth = (
            congruence(dagger(g), z) for g, z in zip(self.local, pulls, strict=True)
        )
        outer, inner = self.missing
        return self.solved(outer + first - second, third + fourth - inner, to_x=-fourth)

    def solved(
        self,
        to_m: Array | float = 0.0,
        to_w: Array | float = 0.0,
        *,
        to_x: Array | float = 0.0,
        mu: float = 0.0,
    ) -> _Response:
        """dM in F, dW in C, and ``dM - mu - dW`` in C; `to_x` belongs to `to_m`, but is in C."""
        lifted = to_w / self.total
        through = to_x + self.shares[1] * to_w + mu * self.weights * self.inner_one
        m = self.system(to_m + congruence(dagger(self.mixed), through))
        shadow = congruence(self.mixed, m) - mu * self.inner_one
        third, fourth = self.shares
        return m, lifted + fourth * shadow, third * shadow - lifted

    def changes(
        self, targets: Sequence[Array], m: Array, w: Array, low: Array, *, nu: float
    ) -> Pairs:
        """The scaled changes of ``X_i`` and ``S_i``."""
        scaled = [congruence(g, s) for g, s in zip(self.local, (m, -m, w, -low), strict=True)]
        scaled[1] = scaled[1] + nu * self.ones[0] + self.drift[0]
        scaled[3] = scaled[3] + self.drift[1]
        return [(z - s, s) for z, s in zip(targets, scaled, strict=True)]

    def moved(self, changes: Pairs, primal: float, dual: float) -> Pairs:
        zipped = zip(self.direct, self.inverse, self.values, changes, strict=True)
        return [
            (
                congruence(dagger(g), np.diag(v) + primal * dx),
                congruence(h, np.diag(v) + dual * ds),
            )
            for g, h, v, (dx, ds) in zipped
        ]


def _squares(rows: Array) -> Array:
    return np.asarray((np.abs(rows) ** 2).sum(axis=1))


def _turn(shared: Array, mixed: Array, weights: Array) -> Array:
    """The unitary that diagonalises ``C diag(weights) C^dagger`` on the shared rows."""
    rows = np.flatnonzero(shared)
    turn = np.eye(len(mixed), dtype=mixed.dtype)
    if len(rows):
        part = mixed[rows]
        turn[np.ix_(rows, rows)] = np.linalg.eigh(hermitian(part * weights @ dagger(part)))[1]
    return turn


class _System:
    """``A Y A + B Y B + C (weights * (C^dagger Y C)) C^dagger``."""

    def __init__(self, metrics: Sequence[Array], mixed: Array, weights: Array) -> None:
        self.metrics, self.mixed, self.weights = metrics, mixed, weights

    def applied(self, y: Array) -> Array:
        """The image of a Hermitian matrix."""
        inner = self.weights * (dagger(self.mixed) @ y @ self.mixed)
        first, second = self.metrics
        return np.asarray(
            first @ y @ first + second @ y @ second + self.mixed @ inner @ dagger(self.mixed)
        )

    def factorised(self) -> Callable[[Array], Array]:
        """The solution, by a factorisation in real coordinates of Hermitian matrices."""
        from scipy.linalg import cho_factor, cho_solve  # slow to import

        basis = Coordinates(len(self.mixed), np.iscomplexobj(self.mixed))
        matrix = basis.congruences(self.metrics, self.mixed, self.weights)
        scale = 1 / np.sqrt(matrix.diagonal())
        matrix *= scale[:, None]
        matrix *= scale
        factor = cho_factor(matrix.T, lower=True, overwrite_a=True, check_finite=False)

        def solve(right: Array) -> Array:
            return basis.matrix(
                scale * cho_solve(factor, scale * basis.vector(right), check_finite=False)
            )

        return solve

    def iterative(self) -> Callable[[Array], Array]:
        """The solution, by conjugate gradients preconditioned with the diagonal."""
        first, second = (np.outer(*2 * [m.diagonal().real]) for m in self.metrics)
        squares = np.abs(self.mixed) ** 2
        inverse = 1 / (first + second + squares @ self.weights @ squares.T)
        most = max(LEAST_PRODUCTS, int(PRODUCTS * len(squares) ** 3))

        def solve(right: Array) -> Array:
            solution, residual = np.zeros_like(right), right
            step = inverse * residual
            start = energy = _dot(residual, step)
            for _ in range(most):
                if energy <= PRECISION**2 * start:
                    return solution
                image = self.applied(step)
                curvature = _dot(step, image)
                if not curvature > 0:  # what is left is smaller than rounding
                    break
                length = energy / curvature
                solution = solution + length * step
                residual = residual - length * image
                previous, preconditioned = energy, inverse * residual
                energy = _dot(residual, preconditioned)
                step = preconditioned + energy / previous * step
            raise SlowConvergenceError

        return solve


def _trace(matrix: Array) -> float:
    return float(np.trace(matrix).real)


def _dot(left: Array, right: Array) -> float:
    return float(np.vdot(left, right).real)
