r"""Trace balls around a state of low rank, in a subspace that is little larger than its range.

For X on the range of V the inequality ``X <= t sigma`` says ``x <= t (V^dagger sigma^{-1} V)^{-1}``
with ``X = V x V^dagger``, so that the problem on a subspace is one of the same kind, and an upper
end. Optimal X lie on the range of rho and of the part N that smoothing adds. Where N has to be, the
multiplier W tells: ``t sigma W = X W`` determines W on the whole space from W on the subspace, and
N lies in the sum of the ranges of X and W. A few subspaces, each from the last, converge fast.

The ranks of N and P are far below that of X. In large subspaces they are confined to where they are
expected, which makes Newton's systems much smaller, and a few more subspaces mend what that lacks.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from qentropy.blocks import Array, BlockOperator
from qentropy.errors import SolverError
from qentropy.smoothing import trace_path
from qentropy.smoothing.balls import Gram, Proposal, SmoothingProblem
from qentropy.smoothing.lifting import Lift, Piece, absent, lift, lower_end, pieces, spanned
from qentropy.smoothing.scaling import congruence, dagger
from qentropy.smoothing.trace_point import Point

__all__ = ["Landmark", "applies", "propose", "solve"]

SMALLEST_DIMENSION = 12
LARGEST_SHARE = 0.75  # of the rows; a larger subspace is not worth the detour
LARGEST_JOINT = 32  # rows up to which the subspace of two ends may be larger
MOST_SUBSPACES = 14
FIRST_TOLERANCE = 0.02  # of the first path, which only shows where to go
SMALLEST_ROUGH = 52  # rows from which on a factorisation takes longer than what it brings there
SHARPER = 0.02  # how much smaller the next gap is to be: a dual point far beyond it is no guide
LIGHT = 1e-2  # the largest share of N, P or X that is left out of their ranges
FAINT = 1e-9  # the share of W
MOST_MISSES = (1, 2)  # subspaces that bring little before N and P go free: small, large
MORE_MISSES = 3  # and after that
SMALL = 6  # dimensions up to which a subspace is kept, since that is cheap
SMALLEST_CONFINED = 40  # rows from which on it pays to confine N and P
CONFINED_SHARE = 0.85  # of the rows, at most, to which they are confined
ROUGH = 4e-16  # times the cubed dimension: how far a proof of positivity may move X out of the ball
MOST_ROUGH = 1e-8  # of the radius, or the tolerance if that is larger: what is kept clear of that
NEW = 0.1  # the sine from which on a direction is not yet in a subspace


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
    SolverError, ResourceLimitError
        As `solve`.
    """
    return solve(problem, tolerance)[0]


@dataclass(frozen=True, eq=False)
class Landmark:
    """What the solution for one radius tells those for others.

    Bases of its subspace, columns on which N lies, columns near which N and P lie, and a point of
    its path, all block by block.
    """

    bases: list[Array]
    added: list[Array]
    reached: list[Array]
    near: Point


def solve(
    problem: SmoothingProblem, tolerance: float, ends: Sequence[Landmark] = ()
) -> tuple[Proposal, Landmark]:
    """The same, from the solutions for a smaller and a larger radius if there are any.

    Parameters
    ----------
    problem, tolerance
        As in `propose`.
    ends
        None, or two of those that earlier calls returned, for the same states and other radii.

    Returns
    -------
    tuple
        The proposal, and what it tells the solutions for radii near by.

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
    dimension = problem.rho.dimension
    clear = min(ROUGH * dimension**3 / max(problem.radius, ROUGH), max(MOST_ROUGH, tolerance))
    cuts = problem.cut.directions
    inside = replace(problem, epsilon=problem.epsilon * (1 - clear))
    whole = _Whole(inside, pieces(inside), problem)
    blocks, most = whole.blocks, LARGEST_SHARE * dimension
    bases = _bases_between(cuts, blocks, ends) if ends else _first_bases(cuts, blocks)
    if _width(bases) > (max(most, LARGEST_JOINT) if ends else most):
        raise SolverError("the low-rank route needs a subspace that is smaller than the space")
    large = _width(bases) >= trace_path.SMALLEST_ITERATIVE
    rough = not ends and _width(bases) >= SMALLEST_ROUGH
    goal = tolerance / 2 if ends else max(tolerance, FIRST_TOLERANCE)
    reaches = _reached_between(bases, ends)
    best = found = _continued(whole, bases, goal, last=ends, reaches=reaches, rough=rough)
    steps, misses = found.steps, 0
    for _ in range(1, MOST_SUBSPACES):
        if best.gap <= tolerance or misses >= MOST_MISSES[large] + MORE_MISSES:
            break
        goal = max(tolerance, SHARPER * min(goal, found.gap))
        confined, keep = misses <= MOST_MISSES[large], misses > MOST_MISSES[large] + 1
        bases = found.next(blocks, keep=keep)
        if _width(bases) > most:
            break
        reaches = found.reaches(bases, more=misses > 0) if confined else None
        try:
            found = _continued(whole, bases, goal, last=[found.landmark], reaches=reaches)
        except (SolverError, np.linalg.LinAlgError):
            break
        steps += found.steps
        misses += goal == tolerance and found.gap > best.gap / 3
        best = min(best, found, key=lambda lifted: lifted.gap)
    rows = _width(best.bases)
    proposal = Proposal(
        best.primal,
        best.dual,
        status="converged" if best.gap <= tolerance else "stopped when the gap no longer shrank",
        iterations=steps,
        note=f"solved on {rows} of {dimension} dimensions",
    )
    return proposal, best.landmark


@dataclass(frozen=True, eq=False)
class _Whole:
    """The problem, a little inside the ball, and its blocks.

    The root of the hockey-stick of the `outer` one, as it was given, is a known lower end.
    """

    problem: SmoothingProblem
    blocks: list[Piece]
    outer: SmoothingProblem


@dataclass(frozen=True, eq=False)
class _Subspace:
    """The bases of a subspace, block by block; where N and P may act; points of the whole problem.

    `near` is a point from which a path on a similar subspace can start.
    """

    bases: list[Array]
    reached: list[Array]
    near: Point
    lifts: list[Lift]
    primal: BlockOperator
    dual: BlockOperator | Gram
    gap: float
    steps: int

    @property
    def landmark(self) -> Landmark:
        """What this tells other solutions."""
        added = [part.added for part in self.lifts]
        reached = [np.concatenate([part.added, part.removed], axis=1) for part in self.lifts]
        return Landmark(self.bases, added, reached, self.near)

    def next(self, blocks: list[Piece], *, keep: bool) -> list[Array]:
        """The subspaces that these points suggest; with `keep` also what of these still fits in."""
        keep, out = keep or _width(self.bases) <= SMALL, []
        for block, part, old in zip(blocks, self.lifts, self.bases, strict=True):
            most = int(LARGEST_SHARE * len(old))
            new = spanned(block.support, part.added)
            new = spanned(new, part.before[:, : max(most - new.shape[1], 0)])
            out.append(_extended(new, old, most if keep else 0))
        return out

    def reaches(self, bases: list[Array], *, more: bool) -> list[Array]:
        """Where N and P are expected to lie in given subspaces.

        With `more`, also as many of the directions that they had before as are still cheap.
        """
        out = []
        for v, part, old in zip(bases, self.lifts, self.reached, strict=True):
            columns = [part.added, part.before, part.removed]
            reach = spanned(dagger(v) @ np.concatenate(columns, axis=1))
            most = int(CONFINED_SHARE * v.shape[1]) if more else 0
            out.append(_extended(reach, dagger(v) @ old, most))
        return out


def _extended(basis: Array, others: Array, most: int) -> Array:
    """The basis with what is newest in other columns, up to a number of columns."""
    spare = most - basis.shape[1]
    if spare <= 0:
        return basis
    left, sines, _ = np.linalg.svd(others - basis @ (dagger(basis) @ others), full_matrices=False)
    return np.concatenate([basis, left[:, : min(spare, int((sines > NEW).sum()))]], axis=1)


def _width(columns: Sequence[Array]) -> int:
    return sum(v.shape[1] for v in columns)


def _first_bases(cuts: list[Array], blocks: list[Piece]) -> list[Array]:
    """The range of rho, what the hockey-stick root cuts off as W, and where that points."""
    return [
        spanned(block.support, cut, block.inverse @ cut)
        for block, cut in zip(blocks, cuts, strict=True)
    ]


def _bases_between(cuts: list[Array], blocks: list[Piece], ends: Sequence[Landmark]) -> list[Array]:
    """The range of rho, where N lies for other radii, and where the hockey-stick root points."""
    added = zip(*(end.added for end in ends), strict=True)
    return [
        spanned(block.support, *near, block.inverse @ cut)
        for block, near, cut in zip(blocks, added, cuts, strict=True)
    ]


def _reached_between(bases: list[Array], ends: Sequence[Landmark]) -> list[Array] | None:
    """Where N and P are expected to lie if that is known for a smaller and a larger radius."""
    if not ends:
        return None
    reached = zip(*(end.reached for end in ends), strict=True)
    return [
        spanned(dagger(v) @ np.concatenate(columns, axis=1))
        for v, columns in zip(bases, reached, strict=True)
    ]


def _continued(
    whole: _Whole,
    bases: list[Array],
    tolerance: float,
    *,
    last: Sequence[Landmark],
    reaches: list[Array] | None,
    rough: bool = False,
) -> _Subspace:
    """Solve on the next subspace, with N and P confined if that makes it much cheaper."""
    rows = _width(bases)
    narrow = reaches is not None and _width(reaches) <= CONFINED_SHARE * rows
    if narrow and rows > SMALLEST_CONFINED:
        with contextlib.suppress(SolverError):
            return _solved(whole, bases, tolerance, last=last, reaches=reaches)
    return _solved(whole, bases, tolerance, last=last, rough=rough)


def _solved(
    whole: _Whole,
    bases: list[Array],
    tolerance: float,
    *,
    last: Sequence[Landmark],
    reaches: list[Array] | None = None,
    rough: bool = False,
) -> _Subspace:
    """Solve on the subspace, from where others ended, and lift X and G to the whole space."""
    problem, blocks = whole.problem, whole.blocks
    kept = [i for i, v in enumerate(bases) if v.shape[1]]
    rhos, sigmas = zip(*(blocks[i].restricted(bases[i]) for i in kept), strict=True)
    inner = SmoothingProblem(
        _layout(rhos), _layout(sigmas), problem.ball, problem.epsilon, problem.normalized
    )
    start = trace_path.Start(
        near=[mark.near for mark in last],
        maps=[[dagger(bases[i]) @ mark.bases[i] for i in kept] for mark in last],
        reaches=None if reaches is None else [reaches[i] for i in kept],
        rough=rough,
    )
    found, near = trace_path.solve(inner, tolerance, start)
    states, duals = (
        dict(zip(kept, (g[0] for g in x.groups), strict=True))
        for x in (found.primal, found.dual_operator)
    )
    # Only where N and P may act is G bounded.
    seen = duals if reaches is None else {i: congruence(reaches[i], duals[i]) for i in kept}
    slopes = np.concatenate([np.linalg.eigvalsh(g) for g in seen.values()])
    mu = max(0.0, -float(slopes.min()))
    ends, light = (mu, mu + float(slopes.max())), min(10 * tolerance, LIGHT)
    # M is sensitive to faint parts of W, which are known where N and P are free.
    shares = (FAINT if reaches is None else light, light)
    lifts = [
        lift(b, bases[i], (states[i], duals[i]), ends, shares) if i in states else absent(b, mu)
        for i, b in enumerate(blocks)
    ]
    primal = problem.rho.with_blocks([x.state for x in lifts])
    dual: BlockOperator | Gram = problem.rho.with_blocks([x.dual for x in lifts])
    upper = max(x.ratio for x in lifts)
    upper = upper / float(primal.trace) if problem.normalized else upper
    lower = lower_end(problem, list(zip(blocks, lifts, strict=True)))
    if lower < whole.outer.cut.level:
        lower, dual = whole.outer.cut.level, whole.outer.projector
    return _Subspace(
        bases=bases,
        reached=bases if reaches is None else [v @ u for v, u in zip(bases, reaches, strict=True)],
        near=near,
        lifts=lifts,
        primal=primal,
        dual=dual,
        gap=upper / lower - 1 if lower > 0 else np.inf,
        steps=found.iterations,
    )


def _layout(matrices: Sequence[Array]) -> BlockOperator:
    """An operator with these diagonal blocks."""
    ends = np.cumsum([len(m) for m in matrices])
    rows = np.split(np.arange(ends[-1]), ends[:-1])
    return BlockOperator(
        tuple(m[None] for m in matrices), tuple(r[None] for r in rows), int(ends[-1])
    )
