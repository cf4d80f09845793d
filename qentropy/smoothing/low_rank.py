r"""Trace balls around a state of low rank, in a subspace that is little larger than its range.

For X on the range of V the inequality ``X <= t sigma`` says ``x <= t (V^dagger sigma^{-1} V)^{-1}``
with ``X = V x V^dagger``, so that the problem on a subspace is one of the same kind, and an upper end.
Optimal X lie on the range of rho and of the part N that smoothing adds. Where N has to be, the
multiplier W tells: ``t sigma W = X W`` determines W on the whole space from W on the subspace, and N
lies in the sum of the ranges of X and W. A few subspaces, each from the last, converge fast.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qentropy.blocks import Array, BlockOperator
from qentropy.errors import SolverError
from qentropy.smoothing import hockey_stick, trace_path
from qentropy.smoothing.balls import Proposal, SmoothingProblem
from qentropy.smoothing.trace_newton import Point
from qentropy.smoothing.scaling import congruence, dagger, hermitian

__all__ = ["applies", "propose"]

MOST_SUBSPACES = 8
LARGEST_SHARE = 0.75  # of the rows; a larger subspace is not worth the detour
SMALLEST_DIMENSION = 12
FIRST_TOLERANCE = 1e-4
NEGLIGIBLE = 1e-9  # relative size of what adds nothing to a subspace


def applies(problem: SmoothingProblem) -> bool:
    """Whether this is a trace ball, with a rho of low rank and a sigma of full rank."""
    if problem.ball == "purified-distance" or problem.rho.dimension < SMALLEST_DIMENSION:
        return False
    rank = sum(int(s.sum()) for s in problem.rho.spectrum.support)
    full = all(bool(s.all()) for s in problem.sigma.spectrum.support)
    return full and rank < LARGEST_SHARE * problem.rho.dimension


def propose(problem: SmoothingProblem, tolerance: float = 1e-8) -> Proposal:
    """Points whose relative gap is about `tolerance`.

    Raises
    ------
    SolverError
        The route does not apply, or the subspace became as large as the space.
    ResourceLimitError
        As from the path on the subspace.
    """
    if not applies(problem):
        raise SolverError("the low-rank route needs a rho of low rank and a sigma of full rank")
    blocks = _blocks(problem)
    bases, steps = _first_bases(problem, blocks), 0
    best: _Lifted | None = None
    lifted: _Lifted | None = None
    for attempt in range(MOST_SUBSPACES):
        goal = tolerance if attempt else FIRST_TOLERANCE
        lifted = _solved(problem, blocks, bases, goal, lifted)
        steps += lifted.steps
        stalled = best is not None and attempt > 1 and lifted.gap > best.gap / 2
        best = lifted if best is None or lifted.gap < best.gap else best
        if stalled or best.gap <= tolerance:
            break
        bases = [
            _basis(b.support, added, multiplier)
            for b, added, multiplier in zip(blocks, lifted.added, lifted.multipliers, strict=True)
        ]
    assert best is not None
    rows = sum(v.shape[1] for v in bases)
    return Proposal(
        best.primal,
        best.dual,
        status=f"converged on {rows} of {problem.rho.dimension} dimensions",
        iterations=steps,
    )


@dataclass(frozen=True, eq=False)
class _Block:
    """rho and sigma on one block."""

    rho: Array
    sigma: Array
    root: Array
    inverse: Array
    support: Array

    def restricted(self, basis: Array) -> tuple[Array, Array]:
        """rho on a subspace, and the sigma that X on that subspace is to be compared with."""
        inner = np.linalg.inv(congruence(basis, self.inverse))
        return congruence(basis, self.rho), hermitian(inner)


@dataclass(frozen=True, eq=False)
class _Lifted:
    """Points of the whole problem that come from a subspace, and directions for the next one."""

    primal: BlockOperator
    dual: BlockOperator
    gap: float
    steps: int
    added: list[Array]
    multipliers: list[Array]
    bases: list[Array]
    near: Point


def _blocks(problem: SmoothingProblem) -> list[_Block]:
    rho, sigma = problem.rho, problem.sigma
    sigmas = zip(sigma.groups, sigma.spectrum.power(0.5), sigma.spectrum.power(-1.0), strict=True)
    parts = zip(rho.groups, rho.spectrum.vectors, rho.spectrum.support, sigmas, strict=True)
    return [
        _Block(r, s, root, inverse, vectors[:, inside])
        for group, frames, supports, (targets, roots, inverses) in parts
        for r, vectors, inside, s, root, inverse in zip(
            group, frames, supports, targets, roots, inverses, strict=True
        )
    ]


def _first_bases(problem: SmoothingProblem, blocks: list[_Block]) -> list[Array]:
    """The range of rho, and W at the hockey-stick root with where it points."""
    bases = []
    for block, cut in zip(blocks, hockey_stick.positive_directions(problem), strict=True):
        bases.append(_basis(block.support, cut, block.inverse @ cut))
    return bases


def _basis(*columns: Array) -> Array:
    """An orthonormal basis of the sum of ranges, whatever the lengths of the columns."""
    together = np.concatenate(columns, axis=1)
    together = together[:, np.linalg.norm(together, axis=0) > 0]
    together = together / np.linalg.norm(together, axis=0)
    u, s, _ = np.linalg.svd(together, full_matrices=False)
    return u[:, s > NEGLIGIBLE]


def _solved(
    problem: SmoothingProblem, blocks: list[_Block], bases: list[Array], tolerance: float, last: "_Lifted | None" = None
) -> _Lifted:
    """Solve on the subspace; lift X and G to the whole space."""
    kept = [i for i, v in enumerate(bases) if v.shape[1]]
    pairs = [blocks[i].restricted(bases[i]) for i in kept]
    inner = SmoothingProblem(
        _layout([r for r, _ in pairs]),
        _layout([s for _, s in pairs]),
        problem.ball,
        problem.epsilon,
        problem.normalized,
    )
    if inner.rho.dimension > LARGEST_SHARE * problem.rho.dimension:
        raise SolverError("the low-rank route ends where the subspace is as large as the space")
    maps = None if last is None else [dagger(bases[i]) @ last.bases[i] for i in kept]
    found, near = trace_path.solve(inner, tolerance, None if last is None else last.near, maps)
    states: list[Array | None] = [None] * len(blocks)
    duals: list[Array | None] = [None] * len(blocks)
    for i, x, g in zip(kept, found.primal.groups, found.dual.groups, strict=True):
        states[i], duals[i] = x[0], g[0]
    lowest = min(float(np.linalg.eigvalsh(g).min()) for g in duals if g is not None)
    highest = max(float(np.linalg.eigvalsh(g).max()) for g in duals if g is not None)
    mu = max(0.0, -lowest)
    parts = [
        _lift(b, v, x, g, mu, mu + highest, 10 * tolerance)
        for b, v, x, g in zip(blocks, bases, states, duals, strict=True)
    ]
    primal = problem.rho.with_blocks([p.state for p in parts])
    dual = problem.rho.with_blocks([p.dual for p in parts])
    upper = max(p.ratio for p in parts)
    if problem.normalized:
        upper /= float(primal.trace)
    lower = _value(problem, blocks, [p.dual for p in parts])
    return _Lifted(
        primal,
        dual,
        upper / lower - 1 if lower > 0 else np.inf,
        found.iterations,
        [p.added for p in parts],
        [p.multiplier for p in parts],
        bases,
        near,
    )


@dataclass(frozen=True, eq=False)
class _Part:
    """What one block contributes: X, G, the least t, and columns that span N and W."""

    state: Array
    dual: Array
    ratio: float
    added: Array
    multiplier: Array


def _lift(
    block: _Block, basis: Array, x: Array | None, g: Array | None, mu: float, nu: float, tolerance: float
) -> _Part:
    """X and G on the whole block from those on the subspace.

    ``W = sigma^{-1} V s w s V^dagger sigma^{-1}`` with s the sigma of the subspace. G is ``M - mu``
    with the least M that has the columns of ``mu + W`` on the range of X, cut off at nu.
    """
    size = len(block.rho)
    if x is None or g is None:
        nothing = np.zeros((size, 0), block.rho.dtype)
        flat = np.zeros_like(block.rho)
        return _Part(flat, flat - mu * np.eye(size), 0.0, nothing, nothing)
    rho, sigma = block.restricted(basis)
    values, vectors = np.linalg.eigh(sigma)
    root, inverse = ((vectors * values**p) @ dagger(vectors) for p in (0.5, -0.5))
    ratio = float(np.linalg.eigvalsh(congruence(inverse, x)).max())
    slopes, frame = np.linalg.eigh(congruence(root, g))
    positive = _heavy(slopes, tolerance)
    w = block.inverse @ (basis @ (root @ (frame[:, positive] * np.sqrt(slopes[positive]))))
    weights, frame = np.linalg.eigh(x)
    inside = basis @ frame[:, _heavy(weights, tolerance)]
    losses, frame = np.linalg.eigh(rho - x)
    added, removed = (basis @ frame[:, _heavy(s * losses, tolerance)] for s in (-1, 1))
    columns = mu * inside + w @ (dagger(w) @ inside)
    corner = np.linalg.cholesky(hermitian(dagger(inside) @ columns))
    # At the optimum these columns vanish on N, and M is nu on P. With both exactly so, what the
    # columns lack costs the lower end only its square.
    for part in (added, removed):
        columns = columns - part @ (dagger(part) @ columns)
    left, cut, _ = np.linalg.svd(
        dagger(np.linalg.solve(corner, dagger(columns))), full_matrices=False
    )
    m = (left * np.minimum(cut**2, nu)) @ dagger(left) + nu * removed @ dagger(removed)
    state = hermitian(basis @ x @ dagger(basis))
    return _Part(state, hermitian(m) - mu * np.eye(size), ratio, added, w)


def _heavy(values: Array, tolerance: float) -> Array:
    """Which positive entries, ascending, are more than what a path ends with instead of zero."""
    positive = np.maximum(values, 0)
    share = np.cumsum(np.sort(positive)) / positive.sum()
    return np.asarray(positive >= np.sort(positive)[np.searchsorted(share, tolerance)])


def _value(problem: SmoothingProblem, blocks: list[_Block], duals: list[Array]) -> float:
    """The lower end that G gives, in floating point."""
    spectra = [np.linalg.eigvalsh(g) for g in duals]
    bottom, top = min(v[0] for v in spectra), max(v[-1] for v in spectra)
    if not problem.normalized:
        bottom, top = min(bottom, 0.0), max(top, 0.0)
    gain = sum(float(np.vdot(b.rho, g).real) for b, g in zip(blocks, duals, strict=True))
    slopes = [np.linalg.eigvalsh(congruence(b.root, g)) for b, g in zip(blocks, duals, strict=True)]
    price = sum(float(np.maximum(v, 0).sum()) for v in slopes)
    return (gain - problem.radius * float(top - bottom)) / price if price > 0 else 0.0


def _layout(matrices: Sequence[Array]) -> BlockOperator:
    """An operator with these diagonal blocks."""
    sizes = [len(m) for m in matrices]
    rows = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
    return BlockOperator(tuple(m[None] for m in matrices), tuple(r[None] for r in rows), sum(sizes))
