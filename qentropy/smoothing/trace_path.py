r"""Primal-dual path following for the trace balls.

Dual: maximise ``Tr M rho - mu - nu e`` with the slacks ``S = (M, nu - M, W, W - M + mu)`` positive
and ``Tr sigma W = 1``. Primal: the least t with the multipliers ``X = (N, P, t sigma - X, X)``
positive, ``P - N = rho - X``, ``Tr X = 1`` and ``Tr P = e``. The pairs follow ``X_i S_i = delta``
along Nesterov and Todd's directions, each with Mehrotra's predictor and corrector. Without
normalisation ``Tr X + s = 1`` and ``mu s = delta``.

M lives on the whole block; W and X on the rows on which sigma acts. A Newton system has two unknown
matrices. The one for W is solved in closed form in the joint frame of the third and the fourth
scaling; what remains for M is, in the joint frame of the first two, a diagonal plus one congruence
with real weights, which is factorised as a real matrix of ``b**2`` rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from qentropy.blocks import Array, BlockOperator, require_memory
from qentropy.errors import SolverError
from qentropy.smoothing import hockey_stick
from qentropy.smoothing.balls import Proposal, SmoothingProblem
from qentropy.smoothing.scaling import (
    congruence,
    dagger,
    hermitian,
    joint_frame,
    longest_step,
    scaling_frame,
)

__all__ = ["LARGEST_BLOCK", "applies", "propose"]

LARGEST_BLOCK = 48
MOST_BLOCKS = 64
MAX_STEPS = 60
BOUNDARY = 0.95
MIXED = 1e-2  # from here on an eigenvector counts as shared by the first two scalings


def applies(problem: SmoothingProblem) -> bool:
    """Whether this is a trace ball in few blocks of moderate size, with sigma acting on each."""
    groups = problem.sigma.groups
    acting = all(bool(_diagonal(g).any(axis=-1).all()) for g in groups)
    few = sum(len(g) for g in groups) <= MOST_BLOCKS
    small = max(g.shape[-1] for g in groups) <= LARGEST_BLOCK
    return problem.ball != "purified-distance" and acting and few and small


def propose(problem: SmoothingProblem, tolerance: float = 1e-8) -> Proposal:
    """Points whose relative gap is about `tolerance`.

    Raises
    ------
    SolverError
        The route does not apply, or no usable point was found.
    ResourceLimitError
        The Newton systems, of ``b**2`` unknowns for a block of size b, would not fit into memory.
    """
    if not applies(problem):
        raise SolverError(
            f"path following needs at most {MOST_BLOCKS} blocks of at most {LARGEST_BLOCK} rows, "
            "and a sigma that acts on each of them"
        )
    largest = max(g.shape[-1] for g in problem.rho.groups)
    require_memory(8.0 * 8 * largest**4, "a Newton system")
    level = hockey_stick.root(problem.rho, problem.sigma, problem.radius)
    data = _data(problem, max(level, 1 / float(problem.sigma.trace)))
    point, status, steps = _start(data), "reached the iteration limit", 0
    while steps < MAX_STEPS:
        try:
            following = _step(point)
        except np.linalg.LinAlgError:
            status = "stopped at a singular Newton system"
            break
        if not following.gap < 2 * point.gap:
            status = "stopped when the gap no longer shrank"
            break
        point, steps = following, steps + 1
        if point.gap <= tolerance * point.t:
            status = "converged"
            break
    layout = problem.rho
    return Proposal(
        _gathered(
            layout, [b.embedded(p[3][0]) for b, p in zip(data.blocks, point.pairs, strict=True)]
        ),
        _gathered(layout, [p[0][1] - point.mu * np.eye(len(p[0][1])) for p in point.pairs]),
        status=status,
        iterations=steps,
    )


@dataclass(frozen=True, eq=False)
class _Block:
    """One block: rho on all its rows, sigma rescaled on the `rows` on which it acts."""

    rho: Array
    sigma: Array
    rows: Array

    def embedded(self, inner: Array) -> Array:
        if len(self.rows) == len(self.rho):
            return inner
        out = np.zeros(self.rho.shape, inner.dtype)
        out[np.ix_(self.rows, self.rows)] = inner
        return out

    def compressed(self, outer: Array) -> Array:
        return outer if len(self.rows) == len(outer) else outer[np.ix_(self.rows, self.rows)]


@dataclass(frozen=True, eq=False)
class _Data:
    blocks: list[_Block]
    radius: float
    normalized: bool

    @property
    def order(self) -> int:
        """Number of complementary eigenvalues."""
        pairs = sum(2 * len(b.rho) + 2 * len(b.rows) for b in self.blocks)
        return pairs + int(not self.normalized)


@dataclass(frozen=True, eq=False)
class _Point:
    """For each block the four ``(X_i, S_i)``, and mu, nu, t and s."""

    data: _Data
    pairs: list[list[tuple[Array, Array]]]
    mu: float
    nu: float
    t: float
    s: float

    @cached_property
    def gap(self) -> float:
        return sum(_dot(x, s) for block in self.pairs for x, s in block) + self.s * self.mu

    @property
    def lacking(self) -> Array:
        """What ``Tr P = e``, ``Tr X + s = 1`` and ``Tr sigma W = 1`` lack."""
        p = sum(_trace(block[1][0]) for block in self.pairs)
        x = sum(_trace(block[3][0]) for block in self.pairs)
        zipped = zip(self.data.blocks, self.pairs, strict=True)
        price = sum(_dot(b.sigma, pairs[2][1]) for b, pairs in zipped)
        return np.array([self.data.radius - p, 1 - x - self.s, 1 - price])


def _data(problem: SmoothingProblem, level: float) -> _Data:
    blocks = []
    for rhos, sigmas in zip(problem.rho.groups, problem.sigma.groups, strict=True):
        for rho, sigma in zip(rhos, sigmas, strict=True):
            rows = np.flatnonzero(_diagonal(sigma))
            kind = np.result_type(rho, sigma)
            inner = level * sigma[np.ix_(rows, rows)]
            blocks.append(_Block(rho.astype(kind), inner.astype(kind), rows))
    return _Data(blocks, problem.radius, problem.normalized)


def _start(data: _Data) -> _Point:
    """A strictly feasible point: X between rho and ``sigma / Tr sigma``, W about ``1 / sigma``."""
    blocks, e = data.blocks, min(data.radius, 1.0)
    size, inner = sum(len(b.rho) for b in blocks), sum(len(b.rows) for b in blocks)
    weight = sum(_trace(b.sigma) for b in blocks)
    away = [b.rho - b.embedded(b.sigma) / weight for b in blocks]
    reach = sum(float(np.maximum(np.linalg.eigvalsh(g), 0).sum()) for g in away)
    share = min(1.0, e / (2 * reach)) if reach > 0 else 1.0
    slack = 0.0 if data.normalized else e / 4
    x = [(1 - slack) * b.compressed(b.rho - share * g) for b, g in zip(blocks, away, strict=True)]
    parts = [np.linalg.eigh(b.rho - b.embedded(g)) for b, g in zip(blocks, x, strict=True)]
    spare = data.radius - sum(float(np.maximum(values, 0).sum()) for values, _ in parts)
    floor = max(spare, e / 8) / size
    n = [hermitian(v * (np.maximum(-values, 0) + floor) @ dagger(v)) for values, v in parts]
    w = [hermitian(np.linalg.inv(b.sigma)) / inner for b in blocks]
    t = 1.3 * max(
        float(np.linalg.eigvals(b_w @ g).real.max()) * inner for b_w, g in zip(w, x, strict=True)
    )
    m = (t - sum(_dot(g, h) for g, h in zip(x, w, strict=True))) / (inner * floor)
    pairs = []
    for b, g, h, k in zip(blocks, n, x, w, strict=True):
        flat = m * np.eye(len(b.rho), dtype=b.rho.dtype)
        pairs.append([(g, flat), (b.rho + g - b.embedded(h), flat), (t * b.sigma - h, k), (h, k)])
    return _Point(data, pairs, m, 2 * m, t, slack)


def _step(point: _Point) -> _Point:
    """Mehrotra's predictor, then the step with the centring and the correction it suggests."""
    newton = _Newton(point)
    values = [s.values for s in newton.scalings]
    predictor = newton.direction([[np.diag(-v) for v in vs] for vs in values], 0.0, 0.0)
    primal, dual = newton.lengths(predictor)
    primal, dual = min(1.0, primal), min(1.0, dual)
    reached = sum(
        _dot(np.diag(v) + primal * dx, np.diag(v) + dual * ds)
        for vs, changes in zip(values, predictor.pairs, strict=True)
        for v, (dx, ds) in zip(vs, changes, strict=True)
    ) + (point.s + primal * predictor.s) * (point.mu + dual * predictor.mu)
    centring = min(1.0, max((reached / point.gap) ** 3, 1e-6))
    delta = centring * point.gap / point.data.order
    targets = [
        [
            2 * (np.diag(delta - v**2) - hermitian(dx @ ds)) / (v[:, None] + v)
            for v, (dx, ds) in zip(vs, changes, strict=True)
        ]
        for vs, changes in zip(values, predictor.pairs, strict=True)
    ]
    change = newton.direction(targets, delta, predictor.s * predictor.mu)
    primal, dual = newton.lengths(change)
    return newton.moved(change, min(1.0, BOUNDARY * primal), min(1.0, BOUNDARY * dual))


@dataclass(frozen=True, eq=False)
class _Change:
    """A direction: the scalars, and for each block its pairs in the scaled frames."""

    nu: float
    mu: float
    t: float
    s: float
    pairs: list[list[tuple[Array, Array]]]


class _Newton:
    """The Newton systems at a point: for each right-hand side a direction."""

    def __init__(self, point: _Point) -> None:
        self.point = point
        blocks = point.data.blocks
        self.scalings = [
            _Scaling(b, pairs, point.t) for b, pairs in zip(blocks, point.pairs, strict=True)
        ]
        # What a unit of nu, mu and t does.
        self.responses = [
            [s.solved(to_m=s.nu_load) for s in self.scalings],
            [s.solved(mu=1.0) for s in self.scalings],
            [s.solved(to_w=-s.price) for s in self.scalings],
        ]
        self.system = np.stack([self._measured(r) for r in self.responses], axis=-1)
        self.system[0, 0] -= sum(_dot(s.nu_load, s.one) for s in self.scalings)
        if not point.data.normalized:
            self.system[1, 1] -= point.s / point.mu

    def _measured(self, response: list["_Response"]) -> Array:
        """What a response does to ``Tr P``, ``Tr X`` and ``Tr sigma W``."""
        total = np.zeros(3)
        for s, (m, w, low) in zip(self.scalings, response, strict=True):
            total += [_dot(s.nu_load, m), _dot(s.mu_load, low), _dot(s.price, w)]
        return total

    def direction(self, targets: list[list[Array]], delta: float, correction: float) -> _Change:
        """The direction along which each scaled pair changes by its target in total."""
        point = self.point
        free = [s.pulled(z) for s, z in zip(self.scalings, targets, strict=True)]
        right = point.lacking - self._measured(free)
        for s, z in zip(self.scalings, targets, strict=True):
            right[:2] -= [s.weight(1, z[1]), s.weight(3, z[3])]
        push = 0.0
        if not point.data.normalized:
            push = (delta - correction) / point.mu - point.s
            right[1] -= push
        nu, mu, t = (float(x) for x in np.linalg.solve(self.system, right))
        pairs = []
        for s, z, *parts in zip(self.scalings, targets, free, *self.responses, strict=True):
            total = (a + nu * b + mu * c + t * d for a, b, c, d in zip(*parts, strict=True))
            pairs.append(s.changes(z, *total, nu))
        slack = 0.0 if point.data.normalized else push - mu * point.s / point.mu
        return _Change(nu, mu, t, slack, pairs)

    def lengths(self, change: _Change) -> tuple[float, float]:
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

    def moved(self, change: _Change, primal: float, dual: float) -> _Point:
        """The next point, positive by construction: the scaled pairs move and are unscaled."""
        point = self.point
        return _Point(
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


_Response = tuple[Array, Array, Array]


class _Scaling:
    """The four scalings ``P_i = G_i G_i^dagger`` of one block, and its two matrix equations.

    With the slacks' changes ``dS_i`` and given right-hand sides they read
    ``P1 dS1 P1 - P2 dS2 P2 - P4 dS4 P4 = to_m`` and ``P3 dS3 P3 + P4 dS4 P4 = to_w``. Everything is
    expressed in two frames, in which small numbers keep their accuracy: M and what multiplies it in
    the frame F of P1 and P2, W and what multiplies it in the frame C of P3 and P4.
    """

    def __init__(self, block: _Block, pairs: list[tuple[Array, Array]], t: float) -> None:
        self.block = block
        frames = [scaling_frame(x, s) for x, s in pairs]
        self.direct, self.inverse, self.values = zip(*frames, strict=True)
        outer, first, second = joint_frame(self.direct[0], self.direct[1])
        inner, third, fourth = joint_frame(self.direct[2], self.direct[3])
        c, d = _squares(third), _squares(fourth)
        inner_frame, outer_frame = np.linalg.inv(inner), np.linalg.inv(outer)
        # Where P1 and P2 are both small, the other two decide: turn F to what they have in common.
        mixed = outer[:, block.rows] @ inner_frame
        turn = dagger(_turn(np.minimum(_squares(first), _squares(second)) > MIXED, mixed, c * d))
        self.mixed = turn @ mixed
        outer, outer_frame = turn @ outer, outer_frame @ dagger(turn)
        self.local = turn @ first, turn @ second, third, fourth
        self.metrics = [hermitian(g @ dagger(g)) for g in self.local[:2]]
        total = np.outer(c, c) + np.outer(d, d)
        self.total = total
        self.shares = np.outer(c, c) / total, np.outer(d, d) / total
        self.weights = np.outer(c, c) * self.shares[1]
        self.one = hermitian(dagger(outer_frame) @ outer_frame)
        self.inner_one = hermitian(dagger(inner_frame) @ inner_frame)
        self.nu_load = congruence(self.metrics[1], self.one)
        self.mu_load = np.outer(d, d) * self.inner_one
        self.price = congruence(dagger(inner), block.sigma)
        (n, _), (p, _), (y, _), (x, _) = pairs
        # What the current point lacks: nothing but rounding.
        self.missing = (
            congruence(dagger(outer), block.rho + n - p - block.embedded(x)),
            congruence(dagger(inner), t * block.sigma - x - y),
        )
        self.system = _factorised(*self.metrics, self.mixed, self.weights)

    def pulled(self, targets: Sequence[Array]) -> _Response:
        """The response to what the scaled pairs are to change by."""
        first, second, third, fourth = (
            congruence(dagger(g), z) for g, z in zip(self.local, targets, strict=True)
        )
        outer, inner = self.missing
        return self.solved(outer + first - second, third + fourth - inner, to_x=-fourth)

    def weight(self, index: int, target: Array) -> float:
        """``Tr G Z G^dagger``."""
        return _dot(dagger(self.direct[index]) @ self.direct[index], target)

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
        self, targets: Sequence[Array], m: Array, w: Array, low: Array, nu: float
    ) -> list[tuple[Array, Array]]:
        """The scaled changes of ``X_i`` and ``S_i``."""
        slacks = (m, nu * self.one - m, w, -low)
        scaled = [congruence(g, s) for g, s in zip(self.local, slacks, strict=True)]
        return [(z - s, s) for z, s in zip(targets, scaled, strict=True)]

    def moved(
        self, changes: list[tuple[Array, Array]], primal: float, dual: float
    ) -> list[tuple[Array, Array]]:
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


def _factorised(
    first: Array, second: Array, mixed: Array, weights: Array
) -> Callable[[Array], Array]:
    """The solution of ``A Y A + B Y B + C (weights * (C^dagger Y C)) C^dagger = right``.

    In real coordinates of Hermitian matrices, in which inner products are kept.
    """
    basis = _Coordinates(len(first), np.iscomplexobj(mixed))
    rows = basis.map(dagger(mixed), np.sqrt(weights))
    matrix = rows.T @ rows
    for part in (first, second):
        matrix += basis.map(part, np.ones(part.shape))
    scale = 1 / np.sqrt(matrix.diagonal())
    matrix *= scale[:, None] * scale
    factor = cho_factor(matrix, overwrite_a=True, check_finite=False)

    def solve(right: Array) -> Array:
        return basis.matrix(scale * cho_solve(factor, scale * basis.vector(right)))

    return solve


class _Coordinates:
    """Real coordinates of Hermitian matrices of one size: the diagonal, then the upper triangle."""

    def __init__(self, size: int, is_complex: bool) -> None:
        self.size, self.complex = size, is_complex
        self.upper = np.triu_indices(size, 1)

    def vector(self, matrix: Array) -> Array:
        above = np.sqrt(2) * matrix[self.upper]
        parts = [matrix.diagonal().real, above.real]
        return np.concatenate([*parts, above.imag] if self.complex else parts)

    def matrix(self, vector: Array) -> Array:
        count = len(self.upper[0])
        above = vector[self.size : self.size + count] / np.sqrt(2)
        if self.complex:
            above = above + 1j * vector[self.size + count :] / np.sqrt(2)
        out = np.diag(vector[: self.size]).astype(above.dtype)
        out[self.upper] = above
        out.T[self.upper] = above.conj()
        return out

    def map(self, left: Array, weights: Array) -> Array:
        """The matrix of ``Y -> weights * (L Y L^dagger)``."""
        target = _Coordinates(len(left), self.complex)
        rows = np.concatenate([np.arange(len(left)), target.upper[0]])
        columns = np.concatenate([np.arange(len(left)), target.upper[1]])
        first, second = left[rows], left[columns].conj()
        i, j = self.upper
        forth, back = first[:, i] * second[:, j], first[:, j] * second[:, i]
        parts = [first * second, (forth + back) / np.sqrt(2)]
        if self.complex:
            parts.append(1j * (forth - back) / np.sqrt(2))
        images = np.concatenate(parts, axis=1) * weights[rows, columns][:, None]
        above = np.sqrt(2) * images[len(left) :]
        out = [images[: len(left)].real, above.real]
        return np.concatenate([*out, above.imag] if self.complex else out)


def _gathered(layout: BlockOperator, matrices: list[Array]) -> BlockOperator:
    """The matrices, block by block, as one operator."""
    groups, start = [], 0
    for group in layout.groups:
        groups.append(np.stack(matrices[start : start + len(group)]))
        start += len(group)
    return layout.with_groups(groups)


def _diagonal(group: Array) -> Array:
    return np.asarray(np.einsum("...ii->...i", group).real)


def _trace(matrix: Array) -> float:
    return float(np.trace(matrix).real)


def _dot(left: Array, right: Array) -> float:
    return float(np.vdot(left, right).real)
