"""The search for points that prove enough: routes in the order of their cost, each one certified.

The routes know no certificate, and the certificates know no route; only this module knows both.
"""

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from qentropy import certify
from qentropy.blocks import Array, BlockOperator, is_diagonal
from qentropy.errors import QEntropyError, ResourceLimitError, SolverError
from qentropy.operators import StatePair
from qentropy.results import SolverReport
from qentropy.smoothing import (
    commuting,
    covering,
    hockey_stick,
    low_rank,
    purified_path,
    trace_path,
)
from qentropy.smoothing.balls import Gram, Proposal, SmoothingProblem

__all__ = ["METHODS", "Best", "Prepared", "prepare", "report", "search"]

METHODS = ("auto", "commuting", "hockey-stick", "low-rank", "path-following", "conic")

MOST_UNKNOWNS = 10_000  # of a block, beyond which path following is not started unasked
LARGEST_CONIC = 100  # rows beyond which SCS is not, which takes minutes there and ends wide
NARROW = 1e-7  # a small relative gap to ask for
QUICK_PATH = 24  # up to here another path is worth a try even where one has converged
WELL_CONDITIONED = 1e-4  # below, a rotation costs less than the proof in the basis given
PROOF = 1e-14  # times the squared dimension: ten times what the proof costs a sigma with floor one

FAILURES = (SolverError, ResourceLimitError, ArithmeticError, np.linalg.LinAlgError)


@dataclass(frozen=True, eq=False)
class Prepared:
    """The pair in the basis in which it is solved and certified."""

    pair: StatePair
    rho: BlockOperator
    sigma: BlockOperator
    basis: BlockOperator | None
    notes: tuple[str, ...]
    defect: certify.RotationDefect = field(default_factory=certify.RotationDefect)

    def restored(self, operator: BlockOperator | Gram) -> "_Rotated | BlockOperator | Gram":
        """An operator of the search in the basis of the user."""
        return operator if self.basis is None else _Rotated(operator, self.basis)


@dataclass(frozen=True, eq=False)
class _Rotated:
    """An operator in another basis, ``V A V^dagger`` on demand."""

    operator: BlockOperator | Gram
    basis: BlockOperator

    def dense(self) -> Array:
        basis = self.basis.dense()
        out = basis @ self.operator.dense() @ basis.conj().T
        return np.asarray((out + out.conj().T) / 2)


@dataclass(eq=False)
class Best:
    """The intersection of what the routes have proved so far, as ``t = 2**D``."""

    lower: float
    upper: float
    method: str = "none"
    primal: BlockOperator | None = None
    dual: BlockOperator | Gram | None = None
    status: str = "closed form"
    iterations: int = 0
    tried: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    landmark: low_rank.Landmark | None = None

    def is_within(self, rtol: float) -> bool:
        """Whether the interval is narrow enough."""
        return self.upper <= self.lower * (1 + rtol) or self.lower == self.upper


def prepare(pair: StatePair, rtol: float) -> Prepared:
    """Go to the eigenbasis of sigma where sigma is too badly conditioned for the gap wanted."""
    full = pair.is_definite or all(s.all() for s in pair.sigma.spectrum.support)
    if full and all(is_diagonal(group) for group in pair.sigma.groups):
        return Prepared(pair, pair.rho, pair.sigma, None, pair.repairs)
    largest = max(g.shape[-1] for g in pair.sigma.groups)
    enough = max(WELL_CONDITIONED, PROOF * largest**2 / rtol)
    if full and certify.scaled_floor(pair.sigma) > enough:
        return Prepared(pair, pair.rho, pair.sigma, None, pair.repairs)
    rho, sigma, basis = pair.rotated()
    if not full:
        note = "sigma was replaced by its eigendecomposition on its support; certified for that"
        return Prepared(pair, rho, sigma, basis, (*pair.repairs, note))
    defect = certify.rotation_defect(pair.rho, pair.sigma, basis, rho, sigma)
    note = f"solved in the eigenbasis of sigma, which costs a relative {defect.price:.2g}"
    return Prepared(pair, rho, sigma, basis, (*pair.repairs, note), defect)


def search(
    data: Prepared,
    problem: SmoothingProblem,
    method: str,
    rtol: float,
    ends: Sequence[low_rank.Landmark] = (),
) -> Best:
    """Try routes until the proved gap is small enough.

    Where `ends`, the landmarks of a smaller and a larger radius, are given, the path between them
    comes first.
    """
    if not problem.normalized and problem.diameter <= problem.epsilon:
        zero = problem.sigma.map(np.zeros_like)
        return Best(0.0, 0.0, "covering", zero)
    reach = 0.0 if data.pair.supported else _support_epsilon(problem)
    outside = () if reach == 0 else (f"infinite for every epsilon below {reach:.6g}",)
    if problem.epsilon < reach:
        return Best(math.inf, math.inf, "support", notes=outside)
    best = Best(0.0, math.inf, notes=outside)
    if problem.normalized:
        # X <= t sigma and Tr X = 1 already give t >= 1 / Tr sigma, with G = 1.
        flat = math.nextafter(1 / certify.trace_interval(problem.sigma).upper, 0)
        best.lower = data.defect.lower(flat)
        best.dual = problem.sigma.map(_ones_like)
    for name, propose in _routes(best, problem, method, rtol, ends):
        try:
            _improve(best, problem, name, propose(), data.defect)
        except FAILURES as error:
            if method != "auto" and isinstance(error, QEntropyError):
                raise
            if method != "auto":
                raise SolverError(f"{name} failed: {error}") from error
            best.notes = (*best.notes, f"{name} failed: {error}")
        if best.is_within(rtol):
            break
    if not best.tried:
        raise SolverError(f"no route proved anything: {'; '.join(best.notes)}")
    return best


def _routes(
    best: Best,
    problem: SmoothingProblem,
    method: str,
    rtol: float,
    ends: Sequence[low_rank.Landmark],
) -> Iterator[tuple[str, Callable[[], Proposal]]]:
    """Routes that apply, cheapest first; `best` tells what the last one has come to."""
    automatic = method == "auto"
    if problem.epsilon == 0:
        yield "generalised eigenvalue", partial(_unsmoothed, problem)
        return
    # What proofs cost does not shrink with rtol: of a small one less is left for the points.
    tolerance = max(rtol / (1.5 if rtol >= NARROW else 10), 1e-13)
    if ends:
        yield "low-rank", partial(_low_rank, best, problem, tolerance, ends)
    if automatic and covering.covers(problem):
        yield "covering", partial(covering.propose, problem)
    if method == "commuting" or (automatic and commuting.commutes(problem)):
        yield "commuting", partial(commuting.propose, problem)
    if method == "hockey-stick" or automatic:
        # The purified ball lies in the trace-distance ball of its radius, and a small one is near.
        yield "hockey-stick", partial(hockey_stick.propose, problem)
        least = None if problem.ball == "purified-distance" else _least_completion(problem)
        if least is not None:
            yield "hockey-stick", lambda: least
    largest = max(g.shape[-1] for g in problem.rho.groups)
    if method == "low-rank" or (automatic and low_rank.applies(problem)):
        yield "low-rank", partial(_low_rank, best, problem, tolerance)
    # A distance to the boundary of the purified ball costs its square root in the fidelity.
    path, share = (
        (purified_path, 1e-4) if problem.ball == "purified-distance" else (trace_path, 1e-2)
    )
    unasked = path.applies(problem) and _unknowns(problem) <= MOST_UNKNOWNS
    if method == "path-following" or (
        automatic and unasked and (best.status != "converged" or largest <= QUICK_PATH)
    ):
        yield "path-following", partial(path.propose, problem, max(share * rtol, 1e-13))
    # Where the path of a trace ball converged, what is left is rounding, and SCS rounds worse.
    done = best.status == "converged" and path is trace_path
    if automatic:
        # Cheap, and near the truth for a tiny radius and for a pair that nearly commutes.
        yield "generalised eigenvalue", partial(_unsmoothed, problem)
        yield "commuting", partial(commuting.propose, problem)
    if automatic and not done and not unasked and path.applies(problem):
        _leave_out(best, "path-following", largest)
    if automatic and not done and largest > LARGEST_CONIC:
        _leave_out(best, "conic", largest)
    elif method == "conic" or (automatic and not done):
        yield from _conic_routes(best, problem, rtol)


def _unknowns(problem: SmoothingProblem) -> int:
    """Real parameters of a Hermitian matrix as large as the largest block."""
    groups = [*problem.rho.groups, *problem.sigma.groups]
    rows: int = max(g.shape[-1] for g in groups)
    return rows * rows if any(np.iscomplexobj(g) for g in groups) else rows * (rows + 1) // 2


def _least_completion(problem: SmoothingProblem) -> Proposal | None:
    with contextlib.suppress(*FAILURES):
        return hockey_stick.least_completion(problem)
    return None


def _low_rank(
    best: Best,
    problem: SmoothingProblem,
    tolerance: float,
    ends: Sequence[low_rank.Landmark] = (),
) -> Proposal:
    """The low-rank route, which leaves a landmark for the radii near by."""
    if ends:
        with contextlib.suppress(*FAILURES):
            proposal, best.landmark = low_rank.solve(problem, tolerance, ends)
            return proposal
    proposal, best.landmark = low_rank.solve(problem, tolerance)
    return proposal


def _leave_out(best: Best, method: str, largest: int) -> None:
    reason = f"{method} was left out, since it takes long for a block of {largest} rows"
    best.notes = (*best.notes, f"{reason}; method={method!r} asks for it")


def _conic_routes(
    best: Best, problem: SmoothingProblem, rtol: float
) -> Iterator[tuple[str, Callable[[], Proposal]]]:
    """SCS, and once more with a smaller tolerance if it got where it was to go."""
    from qentropy.smoothing import conic  # SCS and SciPy's sparse matrices are slow to import

    yield "conic", partial(conic.propose, problem, max(1e-2 * rtol, 1e-13))
    if best.status == "solved":
        yield "conic", partial(conic.propose, problem, max(1e-4 * rtol, 1e-13))


def _unsmoothed(problem: SmoothingProblem) -> Proposal:
    """Radius 0: the state is rho and the value D_max."""
    return Proposal(problem.rho, certify.ratio_projector(problem.rho, problem.sigma))


def _improve(
    best: Best,
    problem: SmoothingProblem,
    name: str,
    proposal: Proposal,
    defect: certify.RotationDefect,
) -> None:
    """Certify a proposal and intersect its interval with what is known."""
    low = defect.lower(_certified_lower(problem, proposal, defect.distance))
    high, state = _certified_upper(problem, proposal, defect.distance)
    high = defect.upper_at_rho(high) if state is problem.rho else defect.upper(high)
    if low > best.lower or high < best.upper or not best.tried:
        best.method, best.status, best.iterations = name, proposal.status, proposal.iterations
    if low > best.lower:
        best.lower, best.dual = low, proposal.dual
    if high < best.upper:
        best.upper, best.primal = high, state
    best.tried = best.tried if name in best.tried[-1:] else (*best.tried, name)
    if proposal.note:
        best.notes = (*best.notes, f"{name}: {proposal.note}")


def _certified_lower(problem: SmoothingProblem, proposal: Proposal, distance: float) -> float:
    """Lower bound for every state within `distance` of rho."""
    pair, normalized = (problem.rho, problem.sigma), problem.normalized
    if problem.ball == "purified-distance" and problem.epsilon > 0:
        dual, epsilon = proposal.dual_operator, problem.epsilon
        wide = certify.up(epsilon + distance)
        return max(
            certify.purified_lower(*pair, epsilon, dual, proposal.offset, normalized=normalized),
            certify.purified_trace_lower(*pair, wide, dual, normalized=normalized),
        )
    radius = certify.up(problem.radius + distance) if distance else problem.radius
    if isinstance(proposal.dual, Gram):
        return certify.factored_lower(*pair, radius, proposal.dual.factor)
    return certify.smooth_lower(*pair, radius, proposal.dual, normalized=normalized)


def _certified_upper(
    problem: SmoothingProblem, proposal: Proposal, distance: float
) -> tuple[float, BlockOperator]:
    """Upper bound for every state within `distance` of rho, and the state that attains it."""
    pair, normalized = (problem.rho, problem.sigma), problem.normalized
    if problem.ball == "purified-distance" and problem.epsilon > 0:
        return certify.purified_upper(
            *pair, problem.epsilon, proposal.primal, normalized=normalized
        )
    radius = max(0.0, certify.down(problem.radius - distance)) if distance else problem.radius
    return certify.smooth_upper(
        *pair,
        radius,
        proposal.primal,
        normalized=normalized,
        guess=proposal.level,
        removed=proposal.removed,
    )


def _support_epsilon(problem: SmoothingProblem) -> float:
    """Radius below which provably no state of the ball lies on the support of sigma."""
    if problem.ball == "purified-distance":
        weight = certify.outside_weight(problem.rho, problem.sigma).lower
        return max(0.0, certify.down(math.sqrt(weight)))
    return certify.support_radius(problem.rho, problem.sigma) * problem.diameter


def report(best: Best, data: Prepared, problem: SmoothingProblem, seconds: float) -> SolverReport:
    """What was tried, and how the best route ended."""
    sizes = [g.shape[-1] for g in data.rho.groups for _ in range(g.shape[-3])]
    notes = (*data.notes, *best.notes)
    if len(best.tried) > 1:
        notes = (*notes, f"tried in this order: {', '.join(best.tried)}")
    return SolverReport(
        solver="scs" if best.method == "conic" else "qentropy",
        status=best.status,
        iterations=best.iterations,
        seconds=seconds,
        blocks=tuple(sizes),
        notes=notes,
    )


def _ones_like(group: Array) -> Array:
    return np.broadcast_to(np.eye(group.shape[-1]), group.shape)
