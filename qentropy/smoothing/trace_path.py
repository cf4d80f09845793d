r"""Primal-dual path following for the trace balls.

Dual: maximise ``Tr M rho - mu - nu e`` with the slacks ``S = (M, nu - M, W, W - M + mu)`` positive
and ``Tr sigma W = 1``. Primal: the least t with the multipliers ``X = (N, P, t sigma - X, X)``
positive, ``P - N = rho - X``, ``Tr X = 1`` and ``Tr P = e``. The pairs follow ``X_i S_i = delta``
along Nesterov and Todd's directions, each with Mehrotra's predictor and corrector. Without
normalisation ``Tr X + s = 1`` and ``mu s = delta``.

M lives on whole blocks; W and X on the rows on which sigma acts.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from qentropy.blocks import Array, require_memory
from qentropy.errors import SolverError
from qentropy.smoothing import trace_start
from qentropy.smoothing.balls import Proposal, SmoothingProblem
from qentropy.smoothing.scaling import MAX_STEPS, congruence, dagger, follow, hermitian
from qentropy.smoothing.trace_newton import Change, Newton
from qentropy.smoothing.trace_point import Block, Data, Pairs, Point, inner_product, real_trace
from qentropy.smoothing.trace_system import SlowConvergenceError
from qentropy.spectra import diagonal_matrices

__all__ = ["LARGEST_BLOCK", "SMALLEST_ITERATIVE", "Start", "applies", "propose", "solve"]

LARGEST_BLOCK = 128
SMALLEST_ITERATIVE = 40
MOST_BLOCKS = 64
BOUNDARY = 0.99
MOST_DIRECTIONS = 3
LONG = 1.2  # the length of a direction that needs no better one
INSIDE = 0.05  # of the tolerance
ROUGH = 1e-9  # the relative rounding of a distance where sigma is badly conditioned
TINY = 1e-300
MOST_FROM_NEAR = 15  # steps of a path that is no longer worth its start
WARM = 0.01  # the relative gap of a point that a similar problem can start from


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
    return solve(problem, tolerance, Start())[0]


@dataclass(frozen=True, eq=False)
class Start:
    """Where a path may start.

    Parameters
    ----------
    near
        What an earlier call of `solve` returned, for a similar problem; or two of them, for radii
        on both sides of the problem's.
    maps
        For each of them and each block the contraction from its rows to those of the problem.
    reaches
        For each block the columns whose span N and P are confined to; it needs a `near`.
    rough
        Whether to end where conjugate gradients do, instead of going on with factorisations.
    """

    near: Sequence[Point] = ()
    maps: Sequence[Sequence[Array]] = ()
    reaches: Sequence[Array] | None = None
    rough: bool = False


def solve(problem: SmoothingProblem, tolerance: float, hint: Start) -> tuple[Proposal, Point]:
    """The same, from a point of a similar problem if there is one; and a point for the next one.

    Parameters
    ----------
    problem, tolerance
        As in `propose`.
    hint
        A path from near by is shorter; if it gets lost, the usual start is taken.

    Returns
    -------
    tuple
        The proposal, and the first point of the path whose relative gap is below `WARM`, else the
        last one.

    Raises
    ------
    SolverError, ResourceLimitError
        As `propose`; also if N and P are confined and the path gets lost.
    """
    if not applies(problem):
        raise SolverError(
            f"path following needs at most {MOST_BLOCKS} blocks of at most {LARGEST_BLOCK} rows, "
            "and a sigma that acts on each of them"
        )
    largest = max(g.shape[-1] for g in problem.rho.groups)
    require_memory(8.0 * 2 * largest**4, "a Newton system")
    if hint.near:
        data = _data(problem, hint.near[0].data.level, tolerance, hint.reaches)
        with contextlib.suppress(np.linalg.LinAlgError, SolverError):
            with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
                moved = [
                    _transported(_leveled(near, data.level), data, maps)
                    for near, maps in zip(hint.near, hint.maps, strict=True)
                ]
                start = moved[0] if len(moved) == 1 else _between(moved, hint.near)
            return _followed(problem, start, tolerance, is_near=True)
    if hint.reaches is not None:
        raise SolverError("the confined path got lost")
    data = _data(problem, problem.order_of_magnitude, tolerance)
    return _followed(problem, trace_start.start(data), tolerance, rough=hint.rough)


def _followed(
    problem: SmoothingProblem,
    start: Point,
    tolerance: float,
    *,
    is_near: bool = False,
    rough: bool = False,
) -> tuple[Proposal, Point]:
    """Follow the path; keep a point early on it."""
    data = start.data
    confined = any(b.reach is not None for b in data.blocks)
    small = max(len(b.rho) for b in data.blocks) < SMALLEST_ITERATIVE
    stepper = _Stepper(direct=confined or small, rough=rough)
    most = MOST_FROM_NEAR if is_near else MAX_STEPS
    point, status, steps = follow(start, stepper, tolerance, most)
    if is_near and status != "converged":
        raise SolverError(status)
    zipped = list(zip(data.blocks, point.pairs, strict=True))
    proposal = Proposal(
        problem.rho.with_blocks([b.embedded(pairs[3][0]) for b, pairs in zipped]),
        problem.rho.with_blocks([_dual(b, pairs, point.mu) for b, pairs in zipped]),
        status=status,
        iterations=steps,
    )
    return proposal, stepper.early or point


def _transported(near: Point, data: Data, maps: Sequence[Array]) -> Point:
    """The point of another problem, moved to the rows of this one.

    Rows that the other problem did not have get what the path has where nothing happens. X is cut
    off below ``t sigma``. What else does not fit, the next steps mend.
    """
    delta = near.complementarity / near.data.order
    mu = max(near.mu, near.nu / 10)
    p0, x0 = delta / near.nu, 2 * delta / mu
    pairs: list[Pairs] = []
    zipped = zip(data.blocks, near.data.blocks, near.pairs, maps, strict=True)
    for block, last, old, o in zipped:
        narrow = _narrowed(block, last, o)
        (n, m), (p, q) = ([narrow @ a @ dagger(narrow) for a in pair] for pair in old[:2])
        (_, w), (x, z) = ([o @ a @ dagger(o) for a in pair] for pair in old[2:])
        new, fresh = (hermitian(np.eye(len(a)) - a @ dagger(a)) for a in (o, narrow))
        price = near.t * max(inner_product(new, block.sigma), 0.0) / max(real_trace(new), TINY)
        w0 = mu * delta / (delta + mu * price)
        root = np.linalg.cholesky(block.sigma)
        values, vectors = np.linalg.eigh(congruence(dagger(np.linalg.inv(root)), x + x0 * new))
        frame = root @ vectors
        x, y = (frame * v @ dagger(frame) for v in _split(values, near.t, 2 * delta))
        moved = [
            (n + (x0 + p0) * fresh, m + mu / 2 * fresh),
            (p + p0 * fresh, q + (near.nu - mu / 2) * fresh),
            (y, w + w0 * new),
            (x, z + (w0 + mu / 2) * new),
        ]
        pairs.append([(hermitian(primal), hermitian(dual)) for primal, dual in moved])
    point = _restored(replace(near, data=data, pairs=pairs))
    scale = 1 / (1 - float(point.lacking[2]))
    pairs = [[(primal, scale * dual) for primal, dual in block] for block in point.pairs]
    return replace(point, pairs=pairs, mu=scale * point.mu, nu=scale * point.nu)


def _leveled(point: Point, level: float) -> Point:
    """The point for another level of sigma, which measures t and the dual side."""
    factor = point.data.level / level
    if factor == 1:
        return point
    pairs = [[(x, factor * s) for x, s in block] for block in point.pairs]
    mu, nu, t = (factor * value for value in (point.mu, point.nu, point.t))
    data = replace(point.data, level=level)
    return replace(point, data=data, pairs=pairs, mu=mu, nu=nu, t=t)


def _between(moved: Sequence[Point], near: Sequence[Point]) -> Point:
    """The mean whose radius is that of the problem: as feasible as both points are.

    The balls and the bounds ``X <= t sigma`` are jointly convex in X, t and the radius.
    """
    first, second = moved
    ends = [point.data.radius for point in near]
    share = (first.data.radius - ends[0]) / (ends[1] - ends[0])
    pairs = [
        [
            ((1 - share) * x + share * y, (1 - share) * s + share * r)
            for (x, s), (y, r) in zip(*blocks, strict=True)
        ]
        for blocks in zip(first.pairs, second.pairs, strict=True)
    ]
    scalars = (
        (1 - share) * a + share * b
        for a, b in zip(*((p.mu, p.nu, p.t, p.s) for p in moved), strict=True)
    )
    return Point(first.data, pairs, *scalars)


def _narrowed(block: Block, last: Block, contraction: Array) -> Array:
    """The contraction between the rows on which N and P act."""
    out = contraction if last.reach is None else contraction @ last.reach
    return np.asarray(out if block.reach is None else dagger(block.reach) @ out)


def _split(values: Array, total: float, least: float) -> tuple[Array, Array]:
    """Two parts of a total, the first near the values, the second at least `least`."""
    first = np.minimum(values, total - least)
    return first, total - first


def _dual(block: Block, pairs: Pairs, mu: float) -> Array:
    """``G = M - mu``; where sigma acts as ``W - S_4``, which is as accurate as sigma is large."""
    (_, m), _, (_, w), (_, s) = pairs
    if block.reach is not None:
        return np.asarray(w - s)
    out = m - mu * np.eye(len(m))
    out[np.ix_(block.rows, block.rows)] = w - s
    return np.asarray(out)


def _data(
    problem: SmoothingProblem,
    level: float,
    tolerance: float = 0.0,
    reaches: Sequence[Array] | None = None,
) -> Data:
    blocks: list[Block] = []
    for rhos, sigmas in zip(problem.rho.groups, problem.sigma.groups, strict=True):
        for rho, sigma in zip(rhos, sigmas, strict=True):
            rows = np.flatnonzero(_diagonal(sigma))
            kind = np.result_type(rho, sigma)
            inner = level * sigma[np.ix_(rows, rows)]
            reach = None if reaches is None else reaches[len(blocks)]
            blocks.append(Block(rho.astype(kind), inner.astype(kind), rows, reach))
    # A little inside the ball: a state outside has to be mixed with rho, which is dear.
    radius = problem.radius * (1 - INSIDE * tolerance - min(tolerance / 2, ROUGH))
    return Data(blocks, radius, problem.normalized, level)


class _Stepper:
    """Conjugate gradients as long as they converge, then factorisations, or the end."""

    def __init__(self, *, direct: bool, rough: bool) -> None:
        self.direct, self.rough = direct, rough
        self.early: Point | None = None

    def __call__(self, point: Point) -> Point:
        if self.early is None and point.gap < WARM * point.t:
            self.early = point
        if not self.direct:
            with contextlib.suppress(SlowConvergenceError):
                following = _restored(_step(point, direct=False))
                if following.gap < point.gap:
                    return following
            if self.rough:
                return point
            self.direct = True
        return _step(point, direct=True)


def _restored(point: Point) -> Point:
    """Exactly feasible: what conjugate gradients left of ``rho + N - P - X`` goes to N and P."""
    out = []
    for block, pairs in zip(point.data.blocks, point.pairs, strict=True):
        (n, m), (p, q), *others = pairs
        left = block.reached(block.smoothed(n, p) - block.embedded(others[1][0]))
        values, vectors = np.linalg.eigh(hermitian(left))
        below, above = (vectors * np.maximum(s * values, 0) @ dagger(vectors) for s in (-1, 1))
        out.append([(hermitian(n + below), m), (hermitian(p + above), q), *others])
    return replace(point, pairs=out)


def _step(point: Point, *, direct: bool) -> Point:
    """Mehrotra's predictor, then directions to the centre that it suggests.

    Each direction takes the second order of the last into account, so that a few of them end close
    to the path. There the next predictor nearly reaches the end.
    """
    newton = Newton(point, direct=direct)
    change = newton.direction(_targets(newton, 0.0), 0.0, 0.0)
    primal, dual = (min(1.0, length) for length in newton.lengths(change))
    left = _complementarity(newton, change, primal, dual) / point.complementarity
    delta = min(1.0, max(left**2, 1e-6)) * point.complementarity / point.data.order
    best, steps, share = change, (0.0, 0.0), primal * dual
    for _ in range(MOST_DIRECTIONS):
        targets = _targets(newton, delta, change, share)
        change = newton.direction(targets, delta, share * change.s * change.mu)
        lengths, share = newton.lengths(change), 1.0
        boundary = min(BOUNDARY, 0.9 + 0.09 * min(lengths))
        primal, dual = (min(1.0, boundary * length) for length in lengths)
        if primal + dual <= sum(steps):
            break
        best, steps = change, (primal, dual)
        if min(lengths) >= LONG:
            break
    moved = newton.moved(best, *steps)
    # Steps of one length always shrink the gap; two lengths mostly shrink it more.
    return moved if moved.gap < point.gap else newton.moved(best, *2 * [min(steps)])


def _targets(
    newton: Newton, delta: float, last: Change | None = None, share: float = 0.0
) -> list[list[Array]]:
    """What the scaled pairs are to change by, with a share of the second order of the last."""
    out = []
    for k, scaling in enumerate(newton.scalings):
        wanted = [diagonal_matrices(delta - v**2) for v in scaling.values]
        if last is not None:
            products = [share * hermitian(dx @ ds) for dx, ds in last.pairs[k]]
            wanted = [a - b for a, b in zip(wanted, products, strict=True)]
        sums = [v[..., :, None] + v[..., None, :] for v in scaling.values]
        out.append([2 * z / total for z, total in zip(wanted, sums, strict=True)])
    return out


def _complementarity(newton: Newton, change: Change, primal: float, dual: float) -> float:
    """The gap after a step, were the point feasible."""
    point = newton.point
    return sum(
        float((v * (v + primal * _diagonal(dx) + dual * _diagonal(ds))).sum())
        + primal * dual * inner_product(dx, ds)
        for scaling, changes in zip(newton.scalings, change.pairs, strict=True)
        for v, (dx, ds) in zip(scaling.values, changes, strict=True)
    ) + (point.s + primal * change.s) * (point.mu + dual * change.mu)


def _diagonal(group: Array) -> Array:
    return np.asarray(np.einsum("...ii->...i", group).real)
