r"""Trace balls around a state of low rank, in a subspace that is little larger than its range.

For X on the range of V the inequality ``X <= t sigma`` says ``x <= t (V^dagger sigma^{-1} V)^{-1}``
with ``X = V x V^dagger``, so that the problem on a subspace is one of the same kind, and an upper
end. Optimal X lie on the range of rho and of the part N that smoothing adds. Where N has to be, the
multiplier W tells: ``t sigma W = X W`` determines W on the whole space from W on the subspace, and
N lies in the sum of the ranges of X and W. A few subspaces, each from the last, converge fast.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qentropy.blocks import Array, BlockOperator
from qentropy.errors import SolverError
from qentropy.smoothing import hockey_stick, trace_path
from qentropy.smoothing.balls import Proposal, SmoothingProblem
from qentropy.smoothing.scaling import congruence, dagger, hermitian
from qentropy.smoothing.trace_newton import Point

__all__ = ["applies", "propose"]

SMALLEST_DIMENSION = 12
LARGEST_SHARE = 0.75  # of the rows; a larger subspace is not worth the detour
MOST_SUBSPACES = 8
TOLERANCES = (1e-3, 1e-5)  # of the first two paths, which only have to show where to go
SMALL = 6  # dimensions up to which a subspace is always kept, since that is cheap
NEGLIGIBLE = 1e-9  # what adds nothing to a subspace


def applies(problem: SmoothingProblem) -> bool:
    """Whether this is a trace ball, rho has low rank, and sigma is invertible where rho acts."""
    dimension = problem.rho.dimension
    if problem.ball == "purified-distance" or dimension < SMALLEST_DIMENSION:
        return False
    supports = zip(problem.rho.spectrum.support, problem.sigma.spectrum.support, strict=True)
    rank, invertible = 0, True
    for rho, sigma in supports:
        rank += int(rho.sum())
        invertible &= bool((sigma.all(axis=-1) | ~rho.any(axis=-1)).all())
    return invertible and 0 < rank <= LARGEST_SHARE * dimension


def propose(problem: SmoothingProblem, tolerance: float = 1e-8) -> Proposal:
    """Points whose relative gap is about `tolerance`.

    Raises
    ------
    SolverError
        The route does not apply, or its first subspace is as large as the space.
    ResourceLimitError
        As from the path on the subspace.
    """
    if not applies(problem):
        raise SolverError(
            "the low-rank route needs a trace ball, a rho of low rank, and a sigma that is "
            "invertible where rho acts"
        )
    blocks, most = _blocks(problem), LARGEST_SHARE * problem.rho.dimension
    bases = _first_bases(problem, blocks)
    if sum(v.shape[1] for v in bases) > most:
        raise SolverError("the low-rank route needs a subspace that is smaller than the space")
    best = found = _solved(problem, blocks, bases, TOLERANCES[0])
    steps, slow = found.steps, False
    for attempt in range(1, MOST_SUBSPACES):
        goal = max([tolerance, *TOLERANCES[attempt : attempt + 1]])
        bases = found.next(blocks, keep=slow)
        if sum(v.shape[1] for v in bases) > most:
            break
        found = _solved(problem, blocks, bases, goal, found)
        steps += found.steps
        stalled = slow and found.gap > best.gap / 2
        slow = goal == tolerance and found.gap > best.gap / 10
        best = min(best, found, key=lambda lifted: lifted.gap)
        if stalled or best.gap <= tolerance:
            break
    rows = sum(v.shape[1] for v in best.bases)
    return Proposal(
        best.primal,
        best.dual,
        status="converged" if best.gap <= tolerance else "stopped when the gap no longer shrank",
        iterations=steps,
        note=f"solved on {rows} of {problem.rho.dimension} dimensions",
    )


@dataclass(frozen=True, eq=False)
class _Block:
    """rho and sigma on one block; the root and the inverse of sigma; columns that span rho."""

    rho: Array
    sigma: Array
    root: Array
    inverse: Array
    support: Array

    def restricted(self, basis: Array) -> tuple[Array, Array]:
        """rho on a subspace, and what X on that subspace has to be compared with."""
        inner = np.linalg.inv(congruence(basis, self.inverse))
        return congruence(basis, self.rho), hermitian(inner)


@dataclass(frozen=True, eq=False)
class _Part:
    """What a block contributes: X, G, the least t, and columns that span N and W."""

    state: Array
    dual: Array
    ratio: float
    added: Array
    multiplier: Array


@dataclass(frozen=True, eq=False)
class _Lifted:
    """Points of the whole problem that come from a subspace."""

    primal: BlockOperator
    dual: BlockOperator
    gap: float
    steps: int
    parts: list[_Part]
    bases: list[Array]
    near: Point

    def next(self, blocks: list[_Block], *, keep: bool) -> list[Array]:
        """The subspaces that these points suggest, with these subspaces if they are to be kept."""
        small = sum(v.shape[1] for v in self.bases) <= SMALL
        return [
            _basis(b.support, p.added, p.multiplier, v[:, : v.shape[1] if keep or small else 0])
            for b, p, v in zip(blocks, self.parts, self.bases, strict=True)
        ]


def _blocks(problem: SmoothingProblem) -> list[_Block]:
    rho, sigma = problem.rho, problem.sigma
    powers = (sigma.spectrum.power(p) for p in (0.5, -1.0))
    groups = zip(
        rho.groups,
        sigma.groups,
        *powers,
        rho.spectrum.vectors,
        rho.spectrum.support,
        strict=True,
    )
    return [
        _Block(r, s, root, inverse, vectors[:, inside])
        for group in groups
        for r, s, root, inverse, vectors, inside in zip(*group, strict=True)
    ]


def _first_bases(problem: SmoothingProblem, blocks: list[_Block]) -> list[Array]:
    """The range of rho, what the hockey-stick root cuts off as W, and where that points."""
    return [
        _basis(block.support, cut, block.inverse @ cut)
        for block, cut in zip(blocks, hockey_stick.positive_directions(problem), strict=True)
    ]


def _basis(*columns: Array) -> Array:
    """An orthonormal basis of the sum of ranges, whatever the lengths of the columns."""
    together = np.concatenate(columns, axis=1)
    together = together / np.linalg.norm(together, axis=0)
    u, s, _ = np.linalg.svd(together, full_matrices=False)
    return np.asarray(u[:, s > NEGLIGIBLE])


def _solved(
    problem: SmoothingProblem,
    blocks: list[_Block],
    bases: list[Array],
    tolerance: float,
    last: _Lifted | None = None,
) -> _Lifted:
    """Solve on the subspace, from where the last one ended, and lift X and G to the whole space."""
    kept = [i for i, v in enumerate(bases) if v.shape[1]]
    rhos, sigmas = zip(*(blocks[i].restricted(bases[i]) for i in kept), strict=True)
    inner = SmoothingProblem(
        _layout(rhos), _layout(sigmas), problem.ball, problem.epsilon, problem.normalized
    )
    maps = None if last is None else [dagger(bases[i]) @ last.bases[i] for i in kept]
    found, near = trace_path.solve(inner, tolerance, None if last is None else last.near, maps)
    states, duals = (
        dict(zip(kept, (g[0] for g in x.groups), strict=True)) for x in (found.primal, found.dual)
    )
    mu = max(0.0, -min(float(np.linalg.eigvalsh(g)[0]) for g in duals.values()))
    nu = mu + max(float(np.linalg.eigvalsh(g)[-1]) for g in duals.values())
    parts = [
        _lift(b, bases[i], (states[i], duals[i]), (mu, nu), 10 * tolerance)
        if i in states
        else _nothing(b, mu)
        for i, b in enumerate(blocks)
    ]
    primal = problem.rho.with_blocks([p.state for p in parts])
    dual = problem.rho.with_blocks([p.dual for p in parts])
    upper = max(p.ratio for p in parts)
    upper = upper / float(primal.trace) if problem.normalized else upper
    lower = _lower(problem, blocks, parts)
    gap = upper / lower - 1 if lower > 0 else np.inf
    return _Lifted(primal, dual, gap, found.iterations, parts, bases, near)


def _layout(matrices: Sequence[Array]) -> BlockOperator:
    """An operator with these diagonal blocks."""
    ends = np.cumsum([len(m) for m in matrices])
    rows = np.split(np.arange(ends[-1]), ends[:-1])
    return BlockOperator(
        tuple(m[None] for m in matrices), tuple(r[None] for r in rows), int(ends[-1])
    )


def _nothing(block: _Block, mu: float) -> _Part:
    """A block on which the subspace has no column: X and M are zero."""
    flat, empty = np.zeros_like(block.rho), np.zeros((len(block.rho), 0), block.rho.dtype)
    return _Part(flat, flat - mu * np.eye(len(flat)), 0.0, empty, empty)


def _lift(
    block: _Block,
    basis: Array,
    points: tuple[Array, Array],
    ends: tuple[float, float],
    tolerance: float,
) -> _Part:
    """X and G on the whole block from those on the subspace.

    With s the sigma of the subspace ``W = sigma^{-1} V s w s V^dagger sigma^{-1}``, and G is
    ``M - mu`` with the least M that has the columns of ``mu + W`` on the range of X. At the optimum
    those columns vanish on N, and M is nu on P. Both are imposed, so that what the columns lack
    costs the lower end only its square.
    """
    (x, g), (mu, nu) = points, ends
    rho, sigma = block.restricted(basis)
    values, vectors = np.linalg.eigh(sigma)
    root, inverse = ((vectors * values**p) @ dagger(vectors) for p in (0.5, -0.5))
    ratio = float(np.linalg.eigvalsh(congruence(inverse, x))[-1])
    slopes, frame = np.linalg.eigh(congruence(root, g))
    heavy = _heavy(slopes, tolerance)
    w = block.inverse @ (basis @ (root @ (frame[:, heavy] * np.sqrt(slopes[heavy]))))
    weights, frame = np.linalg.eigh(x)
    inside = basis @ frame[:, _heavy(weights, tolerance)]
    losses, frame = np.linalg.eigh(rho - x)
    added, removed = (basis @ frame[:, _heavy(sign * losses, tolerance)] for sign in (-1, 1))
    columns = max(mu, NEGLIGIBLE * nu) * inside + w @ (dagger(w) @ inside)
    factor = np.linalg.cholesky(hermitian(dagger(inside) @ columns))
    for part in (added, removed):
        columns = columns - part @ (dagger(part) @ columns)
    scaled = dagger(np.linalg.solve(factor, dagger(columns)))
    left, cosines, _ = np.linalg.svd(scaled, full_matrices=False)
    m = (left * np.minimum(cosines**2, nu)) @ dagger(left) + nu * removed @ dagger(removed)
    state = hermitian(basis @ x @ dagger(basis))
    return _Part(state, hermitian(m) - mu * np.eye(len(m)), ratio, added, w)


def _heavy(values: Array, tolerance: float) -> Array:
    """Which entries are positive and together make up all but a share of the positive ones."""
    positive = np.maximum(values, 0)
    ascending = np.sort(positive)
    light = np.cumsum(ascending) <= tolerance * positive.sum()
    return np.asarray(positive > (ascending[light][-1] if light.any() else 0.0))


def _lower(problem: SmoothingProblem, blocks: list[_Block], parts: list[_Part]) -> float:
    """The lower end that G gives, in floating point."""
    zipped = list(zip(blocks, parts, strict=True))
    spectra = np.concatenate([np.linalg.eigvalsh(p.dual) for p in parts])
    bottom, top = float(spectra.min()), float(spectra.max())
    if not problem.normalized:
        bottom, top = min(bottom, 0.0), max(top, 0.0)
    slopes = [np.linalg.eigvalsh(congruence(b.root, p.dual)) for b, p in zipped]
    price = sum(float(np.maximum(v, 0).sum()) for v in slopes)
    gain = sum(float(np.vdot(b.rho, p.dual).real) for b, p in zipped)
    return (gain - problem.radius * (top - bottom)) / price if price > 0 else 0.0
