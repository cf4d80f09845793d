r"""Primal-dual path following for the purified ball, on the dual with its structure.

Maximise ``u + f**2 / phi`` with ``phi = Tr (W - u)^{-1} rho``, ``f**2 = 1 - epsilon**2``, over
``W >= 0`` with ``Tr sigma W = 1``. With ``Z = W - u`` and ``c = (f/phi)**2`` the smoothed state is
``X = c R``, ``R = Z^{-1} rho Z^{-1}``; it has fidelity f with rho at every point of the path. The
slack ``Y = t sigma - X`` follows ``Y W = delta`` (Nesterov and Todd's directions);
``-u`` and ``s = 1 - Tr X`` are a further complementary pair. One path serves normalised and
sub-normalised states: where the ball does not reach a multiple of sigma that is a state, both have
one value, and X is filled up to trace one below ``t sigma``.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qentropy.blocks import Array, BlockOperator, extract, joint_blocks, require_memory
from qentropy.errors import SolverError
from qentropy.smoothing.balls import Proposal, SmoothingProblem
from qentropy.smoothing.scaling import (
    Coordinates,
    congruence,
    dagger,
    follow,
    hermitian,
    longest_step,
    scaling_frame,
)
from qentropy.threads import many_threads

__all__ = ["applies", "propose"]

LARGEST_BLOCK = 100
CENTERING = 0.1
MAX_DEPTH = 120
BOUNDARY = 0.95
GROWTH = 4.0

Blocks = list[Array]
Solver = Callable[[Array], Array]


def applies(problem: SmoothingProblem) -> bool:
    """Whether this is a purified ball, in blocks of moderate size."""
    small = max(g.shape[-1] for g in problem.sigma.groups) <= LARGEST_BLOCK
    return problem.ball == "purified-distance" and small


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
            f"path following needs a purified ball and blocks of at most {LARGEST_BLOCK} rows"
        )
    require_memory(
        16.0 * sum(len(g) * g.shape[-1] ** 4 for g in problem.rho.groups), "a Newton system"
    )
    scale = problem.order_of_magnitude
    rho, sigma = _on_support(problem)
    data = _Data(
        rho=list(rho.groups),
        sigma=[scale * g for g in sigma.groups],
        fidelity=float(np.sqrt(max(0.0, 1 - problem.epsilon**2))),
    )
    stepper = _Stepper(data, _start(data))
    _, status, steps = follow(stepper.best, stepper, tolerance)
    point = stepper.best
    gradient = _gradient(data, point.w, point.u)
    state = [gradient.c * r for r in gradient.r]
    if problem.normalized:
        state = _completed(data, state)
    return Proposal(
        _embedded(problem, rho.with_groups(state)),
        _embedded(problem, rho.with_groups(point.w)),
        offset=point.u,
        status=status,
        iterations=steps,
    )


def _on_support(problem: SmoothingProblem) -> tuple[BlockOperator, BlockOperator]:
    """rho and sigma on the rows on which sigma acts: the fidelity with X asks for no others."""
    rows = _acting(problem.sigma)
    if rows.all():
        return problem.rho, problem.sigma
    rho, sigma = (x.dense()[np.ix_(rows, rows)] for x in (problem.rho, problem.sigma))
    index = joint_blocks(rho, sigma)
    return extract(rho, index), extract(sigma, index)


def _embedded(problem: SmoothingProblem, part: BlockOperator) -> BlockOperator:
    """A matrix on the rows on which sigma acts, in the blocks of the problem."""
    rows = _acting(problem.sigma)
    if rows.all():
        return part
    whole = np.zeros((len(rows), len(rows)), part.groups[0].dtype)
    whole[np.ix_(rows, rows)] = part.dense()
    return extract(whole, problem.rho.index)


def _acting(sigma: BlockOperator) -> NDArray[np.bool_]:
    rows = np.zeros(sigma.dimension, dtype=bool)
    for group, index in zip(sigma.groups, sigma.index, strict=True):
        rows[index] = np.einsum("mii->mi", group).real > 0
    return rows


@dataclass(frozen=True, eq=False)
class _Data:
    rho: Blocks
    sigma: Blocks
    fidelity: float

    @property
    def one(self) -> Blocks:
        return [np.broadcast_to(np.eye(g.shape[-1]), g.shape) for g in self.rho]

    @property
    def order(self) -> int:
        """Number of complementary pairs."""
        return int(sum(len(g) * g.shape[-1] for g in self.rho)) + 1

    @cached_property
    def roots(self) -> Blocks:
        """``sigma^{-1/2}``."""
        return [_power(g, -0.5) for g in self.sigma]

    def ratio(self, states: Blocks) -> float:
        """The least t with ``X <= t sigma``."""
        return max(
            float(np.linalg.eigvalsh(hermitian(s @ x @ s)).max())
            for s, x in zip(self.roots, states, strict=True)
        )


@dataclass(frozen=True, eq=False)
class _Point:
    """An interior point: W, u, t, and the slacks Y and s."""

    w: Blocks
    u: float
    t: float
    y: Blocks
    s: float

    @property
    def gap(self) -> float:
        """Complementarity ``Tr W Y + s v``."""
        return _dot(self.w, self.y) - self.s * self.u


@dataclass(frozen=True, eq=False)
class _Gradient:
    """``Z^{-1}``, R, phi and c at a point, and the second derivative ``A[K]`` built from them."""

    inverse: Blocks
    r: Blocks
    phi: float
    c: float

    @property
    def coupling(self) -> float:
        """``A[K] = c (Z^{-1} K R + R K Z^{-1}) - coupling R Tr R K``."""
        return 2 * self.c / self.phi

    def of_identity(self, one: Blocks) -> Blocks:
        """``A[1]``."""
        weight = self.coupling * _dot(one, self.r)
        return [
            self.c * (z @ r + r @ z) - weight * r for z, r in zip(self.inverse, self.r, strict=True)
        ]


def _gradient(data: _Data, w: Blocks, u: float) -> _Gradient:
    inverse = [np.linalg.inv(g - u * i) for g, i in zip(w, data.one, strict=True)]
    r = [hermitian(z @ g @ z) for z, g in zip(inverse, data.rho, strict=True)]
    phi = _dot(inverse, data.rho)
    return _Gradient(inverse, r, phi, (data.fidelity / phi) ** 2)


def _start(data: _Data) -> _Point:
    """``W = sigma^{-1}/d``, exactly feasible Y and s, and u where s is centred."""
    count = sum(len(g) * g.shape[-1] for g in data.rho)
    w = [_power(g, -1.0) / count for g in data.sigma]
    depth = min(float(np.linalg.eigvalsh(g).min()) for g in w) / 2
    for _ in range(MAX_DEPTH):
        gradient = _gradient(data, w, -depth)
        states = [gradient.c * r for r in gradient.r]
        slack = 1 - _dot(data.one, states)
        t = 1.5 * data.ratio(states)
        y = [t * g - x for g, x in zip(data.sigma, states, strict=True)]
        if slack * depth > _dot(w, y) / count:
            break
        depth *= 2
    return _Point(w, -depth, t, y, max(slack, 1e-3))


class _Stepper:
    """Newton's steps, and the point so far that proves most as it is."""

    def __init__(self, data: _Data, start: _Point) -> None:
        self.data, self.best = data, start
        self.gap = np.inf
        self.at_rho = data.ratio(data.rho)

    def __call__(self, point: _Point) -> _Point:
        following = _step(self.data, point)
        gap = self._proved(following)
        if gap < self.gap:
            self.best, self.gap = following, gap
        return following

    def _proved(self, point: _Point) -> float:
        """The gap between t of a state in the ball and the bound of the dual."""
        data, gradient = self.data, _gradient(self.data, point.w, point.u)
        states = [gradient.c * r for r in gradient.r]
        weight = max(1.0, _dot(data.one, states))
        loss = data.fidelity * (1 - 1 / np.sqrt(weight))
        share = loss / (loss + 1 - data.fidelity) if loss > 0 else 0.0
        upper = (1 - share) * data.ratio(states) / weight + share * self.at_rho
        lower = (point.u + data.fidelity**2 / gradient.phi) / _dot(data.sigma, point.w)
        return float(upper / lower - 1) if lower > 0 else np.inf


def _completed(data: _Data, states: Blocks) -> Blocks:
    """Filled up to trace one below ``t sigma``, which does not lower the fidelity."""
    t, missing = data.ratio(states), 1 - _dot(data.one, states)
    if missing <= 0:
        return states
    room = [t * g - x for g, x in zip(data.sigma, states, strict=True)]
    share = missing / max(_dot(data.one, room), missing)
    return [x + share * y for x, y in zip(states, room, strict=True)]


def _step(data: _Data, point: _Point) -> _Point:
    """One Newton step towards the point of the path with a tenth of the gap.

    It is computed in the variables ``G^{-1} W G^{-dagger} = G^dagger Y G = diag(x)``, in which the
    linear systems are well conditioned.
    """
    delta = CENTERING * point.gap / data.order
    gradient = _gradient(data, point.w, point.u)
    frames = [scaling_frame(w, y) for w, y in zip(point.w, point.y, strict=True)]
    direct, inverse, x = (list(parts) for parts in zip(*frames, strict=True))
    sigma = _congruence(direct, data.sigma)
    r = _congruence(direct, gradient.r)
    target = [gradient.c * g + delta * _diagonal(1 / v) for g, v in zip(r, x, strict=True)]
    one = gradient.of_identity(data.one)
    identity = _congruence(direct, one)
    solvers = _solvers(gradient, _congruence(direct, gradient.inverse), r)
    h0, h1, h2 = _solved(solvers, gradient, r, [target, identity, sigma])
    excess = gradient.c * _dot(data.one, gradient.r) - 1
    curvature, push = -point.s / point.u, -delta / point.u
    # H = h0 + du h1 - t h2 keeps Tr sigma W = 1 and brings the trace of X to 1 - s.
    system = np.array(
        [
            [_dot(sigma, h1), -_dot(sigma, h2)],
            [_dot(identity, h1) - _dot(one, data.one) - curvature, -_dot(identity, h2)],
        ]
    )
    right = np.array(
        [
            1 - _dot(data.sigma, point.w) - _dot(sigma, h0),
            excess + push - _dot(identity, h0),
        ]
    )
    du, t = (float(value) for value in np.linalg.solve(system, right))
    dw = [hermitian(a + du * b - t * c) for a, b, c in zip(h0, h1, h2, strict=True)]
    dy = [_diagonal(delta / v - v) - h for v, h in zip(x, dw, strict=True)]
    ds = push + curvature * du - point.s
    change = _Point(
        _congruence([dagger(g) for g in direct], dw),
        du,
        t - point.t,
        _congruence(inverse, dy),
        ds,
    )
    length = min(_length(data, point, change), *(_longest(x, d) for d in (dw, dy)))
    return _moved(point, change, length)


def _solvers(gradient: _Gradient, z: Blocks, r: Blocks) -> list[list[Solver]]:
    """Solutions of ``H + c (z H r + r H z)``, block by block."""
    return [
        [_solver(gradient.c * a, b) for a, b in zip(zs, rs, strict=True)]
        for zs, rs in zip(z, r, strict=True)
    ]


def _solver(z: Array, r: Array) -> Solver:
    basis = Coordinates(len(z), np.iscomplexobj(z) or np.iscomplexobj(r))
    with many_threads(basis.count):
        matrix = basis.products([(z, r), (r, z)])
        matrix[np.diag_indices(len(matrix))] += 1
        return basis.solver(matrix)


def _solved(
    solvers: list[list[Solver]], gradient: _Gradient, r: Blocks, rights: list[Blocks]
) -> list[Blocks]:
    """Solutions of the systems with the rank-one term ``- coupling r Tr r H`` added."""
    found = [
        [
            np.stack([solve(b) for solve, b in zip(group, right, strict=True)])
            for group, right in zip(solvers, blocks, strict=True)
        ]
        for blocks in (*rights, r)
    ]
    *firsts, pole = found
    denominator = 1 - gradient.coupling * _dot(r, pole)
    out = []
    for first in firsts:
        weight = gradient.coupling * _dot(r, first) / denominator
        out.append([a + weight * b for a, b in zip(first, pole, strict=True)])
    return out


def _length(data: _Data, point: _Point, change: _Point) -> float:
    """A step that keeps Z, s and v positive, and Z from growing too fast."""
    z = [w - point.u * i for w, i in zip(point.w, data.one, strict=True)]
    dz = [w - change.u * i for w, i in zip(change.w, data.one, strict=True)]
    lowest, highest = -BOUNDARY, GROWTH
    for a, d in zip(z, dz, strict=True):
        factor = np.linalg.inv(np.linalg.cholesky(a))
        values = np.linalg.eigvalsh(hermitian(factor @ d @ dagger(factor)))
        lowest, highest = min(lowest, float(values.min())), max(highest, float(values.max()))
    return min(
        1.0,
        BOUNDARY / -lowest,
        GROWTH / highest,
        BOUNDARY * point.s / -change.s if change.s < 0 else 1.0,
        BOUNDARY * -point.u / change.u if change.u > 0 else 1.0,
    )


def _longest(x: Blocks, change: Blocks) -> float:
    """A step along which ``diag(x) + step * change`` stays positive."""
    return BOUNDARY * min(longest_step(v, d) for v, d in zip(x, change, strict=True))


def _moved(point: _Point, change: _Point, length: float) -> _Point:
    return replace(
        point,
        w=[a + length * b for a, b in zip(point.w, change.w, strict=True)],
        y=[a + length * b for a, b in zip(point.y, change.y, strict=True)],
        u=point.u + length * change.u,
        t=point.t + length * change.t,
        s=point.s + length * change.s,
    )


def _congruence(frames: Blocks, blocks: Blocks) -> Blocks:
    """``G^dagger A G``."""
    return [congruence(g, a) for g, a in zip(frames, blocks, strict=True)]


def _diagonal(values: Array) -> Array:
    return np.asarray(values[..., :, None] * np.eye(values.shape[-1]))


def _power(group: Array, exponent: float) -> Array:
    values, vectors = np.linalg.eigh(group)
    floor = np.finfo(float).eps ** 2 * values[..., -1:]
    powered = np.maximum(values, floor) ** exponent
    return hermitian((vectors * powered[..., None, :]) @ dagger(vectors))


def _dot(left: Blocks, right: Blocks) -> float:
    return float(sum(np.vdot(a, b).real for a, b in zip(left, right, strict=True)))
