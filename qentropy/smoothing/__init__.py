"""Smooth max-relative entropy: the cheapest exact route proposes, `certify` proves.

Routes, in the order in which they are tried: a ball that reaches a multiple of sigma, a commuting
pair, hockey-stick with completion, path following, two closed forms that are near the truth for a
tiny radius and for a pair that nearly commutes, the conic program. Each hands over a primal and a
dual point; the intervals of all routes that were tried are intersected.
"""

import math
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.blocks import Array, BlockOperator
from qentropy.errors import (
    CertificationWarning,
    InvalidParameterError,
    QEntropyError,
    ResourceLimitError,
    SolverError,
)
from qentropy.operators import StatePair, check_epsilon, check_pair
from qentropy.results import CertifiedValue, SolverReport
from qentropy.smoothing import commuting, covering, hockey_stick, purified_path, trace_path
from qentropy.smoothing.balls import Ball, Proposal, SmoothingProblem, check_ball

__all__ = ["METHODS", "smooth_max_relative_entropy", "smooth_max_relative_entropy_curve"]

METHODS = ("auto", "commuting", "hockey-stick", "path-following", "conic")

LARGEST_CONIC = 100  # rows of a block from which on SCS takes minutes and ends wide
WELL_CONDITIONED = 1e-4  # below, a rotation costs less than the proof in the basis given

FAILURES = (SolverError, ResourceLimitError, ArithmeticError, np.linalg.LinAlgError)


def smooth_max_relative_entropy(
    rho: ArrayLike,
    sigma: ArrayLike,
    epsilon: float,
    *,
    ball: str = "trace-norm",
    normalized: bool = True,
    rtol: float = 1e-6,
    method: str = "auto",
    charge: ArrayLike | None = None,
) -> CertifiedValue:
    r"""Smooth max-relative entropy, ``min over X in B_epsilon(rho) of D_max(X||sigma)``.

    Parameters
    ----------
    rho
        Density operator, shape ``(d, d)``: array, SciPy sparse matrix or ``Qobj``.
    sigma
        Positive semidefinite operator of any trace, shape ``(d, d)``.
    epsilon
        Radius of the ball, at least 0. A ball that covers ``sigma / Tr sigma`` is legal.
    ball
        ``"trace-norm"`` (``||X - rho||_1 <= epsilon``, the paper's), ``"trace-distance"``
        (half of that norm) or ``"purified-distance"`` (``sqrt(1 - F(rho, X)**2)``).
    normalized
        Smooth over normalised states; otherwise over sub-normalised ones, under the generalised
        distances.
    rtol
        Relative gap wanted of ``2**D``.
    method
        ``"auto"``, or one route: ``"commuting"``, ``"hockey-stick"``, ``"path-following"``,
        ``"conic"``.
    charge
        A quantity that rho and sigma conserve, as one number or word for each basis vector; the
        problem is solved in its blocks. Without it, blocks come from the entries that are zero in
        both. Entries between different charges are dropped if they are no larger than 1e-8 of the
        largest, with a note, and refused otherwise.

    Returns
    -------
    CertifiedValue
        In bits. `lower` and `upper` are proved; `state` is the smoothed state that attains
        `upper`, `witness` the dual point that proves `lower`.

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        rho or sigma is not what it has to be.
    InvalidParameterError
        The radius, the ball, the tolerance, the method or the charge is not valid.
    SolverError, ResourceLimitError
        The one route asked for, or every route, failed or is too large for this machine.

    Warns
    -----
    CertificationWarning
        The interval is valid but wider than `rtol`.

    Notes
    -----
    The value is ``inf`` as long as no state in the ball is supported by sigma; the report says up
    to which radius that is proved. A route that fails is left out when the method is ``"auto"``.

    References
    ----------
    Paper, (11) and (B2); Datta, IEEE Trans. Inf. Theory 55 (2009) 2816.

    Examples
    --------
    >>> import numpy as np
    >>> plus = np.full((2, 2), 0.5)
    >>> sigma = np.diag([0.75, 0.25])
    >>> bits = smooth_max_relative_entropy(plus, sigma, 0.1, ball="trace-distance")
    >>> round(bits.value, 8), bits.method
    (1.22563624, 'hockey-stick')
    """
    options = _Options(ball, normalized, rtol, method)
    known, radius = check_ball(ball, epsilon)
    result = _solved(_prepared(_single_pair(rho, sigma, charge)), known, radius, options)
    _warn_if_wide(result)
    return result


def smooth_max_relative_entropy_curve(
    rho: ArrayLike,
    sigma: ArrayLike,
    epsilons: Iterable[float],
    *,
    ball: str = "trace-norm",
    normalized: bool = True,
    rtol: float = 1e-6,
    method: str = "auto",
    charge: ArrayLike | None = None,
) -> tuple[CertifiedValue, ...]:
    """Smooth max-relative entropy as a function of the radius.

    The operators are checked and prepared once for all radii.

    Parameters
    ----------
    rho, sigma, ball, normalized, rtol, method, charge
        As in `smooth_max_relative_entropy`.
    epsilons
        Radii, each at least 0, in any order.

    Returns
    -------
    tuple of CertifiedValue
        One for each radius, in the order given; in bits.

    Raises
    ------
    InvalidStateError, DimensionMismatchError, InvalidParameterError
        As `smooth_max_relative_entropy`.

    Warns
    -----
    CertificationWarning
        An interval is valid but wider than `rtol`.

    References
    ----------
    Paper, (11) and (B2).

    Examples
    --------
    >>> import numpy as np
    >>> plus, sigma = np.full((2, 2), 0.5), np.diag([0.75, 0.25])
    >>> curve = smooth_max_relative_entropy_curve(plus, sigma, [0.0, 0.1, 0.2])
    >>> [round(point.value, 6) for point in curve]
    [1.415037, 1.322667, 1.225636]
    """
    options = _Options(ball, normalized, rtol, method)
    if not isinstance(epsilons, Iterable):
        raise InvalidParameterError(f"epsilons must be a sequence of radii; got {epsilons!r}")
    radii = [check_ball(ball, epsilon) for epsilon in epsilons]
    data = _prepared(_single_pair(rho, sigma, charge))
    results = tuple(_solved(data, known, radius, options) for known, radius in radii)
    for result in results:
        _warn_if_wide(result)
    return results


@dataclass(frozen=True)
class _Options:
    """What the user asks for beside the operators and the radius, checked."""

    ball: str
    normalized: bool
    rtol: float
    method: str

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise InvalidParameterError(
                f"method must be one of {', '.join(METHODS)}; got {self.method!r}"
            )
        if check_epsilon(self.rtol, name="rtol") == 0:
            raise InvalidParameterError("rtol must be positive; got 0")


def _single_pair(rho: ArrayLike, sigma: ArrayLike, charge: ArrayLike | None = None) -> StatePair:
    pair = check_pair(rho, sigma, charge=charge)
    if pair.rho.groups[0].ndim != 3:  # a stack
        raise InvalidParameterError("rho and sigma must be single operators here; got a stack")
    return pair


def _solved(data: "_Prepared", ball: Ball, radius: float, options: _Options) -> CertifiedValue:
    start = time.perf_counter()
    problem = SmoothingProblem(data.rho, data.sigma, ball, radius, options.normalized)
    best = _search(data, problem, options.method, options.rtol)
    bounds = certify.log2_interval(best.lower, best.upper, int(data.pair.exponent))
    return CertifiedValue(
        value=bounds.upper,
        lower=bounds.lower,
        upper=bounds.upper,
        method=best.method,
        rtol=options.rtol,
        ball=ball,
        radius=radius,
        normalized=options.normalized,
        report=_report(best, data, problem, time.perf_counter() - start),
        primal=None if best.primal is None else data.restored(best.primal),
        dual=None if best.dual is None else data.restored(best.dual),
    )


def _warn_if_wide(result: CertifiedValue) -> None:
    if not result.converged:
        warnings.warn(
            f"the relative gap is {result.gap:.2g}, wider than rtol = {result.rtol:.2g}; the "
            f"interval [{result.lower:.10g}, {result.upper:.10g}] is valid all the same",
            CertificationWarning,
            stacklevel=3,
        )


@dataclass(frozen=True, eq=False)
class _Prepared:
    """The pair in the basis in which it is solved and certified."""

    pair: StatePair
    rho: BlockOperator
    sigma: BlockOperator
    basis: BlockOperator | None
    notes: tuple[str, ...]
    defect: certify.RotationDefect = field(default_factory=certify.RotationDefect)

    def restored(self, operator: BlockOperator) -> "_Rotated | BlockOperator":
        return operator if self.basis is None else _Rotated(operator, self.basis)


@dataclass(frozen=True, eq=False)
class _Rotated:
    """An operator in another basis, ``V A V^dagger`` on demand."""

    operator: BlockOperator
    basis: BlockOperator

    def dense(self) -> Array:
        basis = self.basis.dense()
        out = basis @ self.operator.dense() @ basis.conj().T
        return np.asarray((out + out.conj().T) / 2)


@dataclass(eq=False)
class _Best:
    """The intersection of what the routes have proved so far, as ``t = 2**D``."""

    lower: float
    upper: float
    method: str = "none"
    primal: BlockOperator | None = None
    dual: BlockOperator | None = None
    status: str = "closed form"
    iterations: int = 0
    tried: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def is_within(self, rtol: float) -> bool:
        return self.upper <= self.lower * (1 + rtol) or self.lower == self.upper


def _prepared(pair: StatePair) -> _Prepared:
    """Go to the eigenbasis of sigma where sigma is singular or badly conditioned."""
    full = all(s.all() for s in pair.sigma.spectrum.support)
    if full and certify.scaled_floor(pair.sigma) > WELL_CONDITIONED:
        return _Prepared(pair, pair.rho, pair.sigma, None, pair.repairs)
    rho, sigma, basis = pair.rotated()
    if not full:
        note = "sigma was replaced by its eigendecomposition on its support; certified for that"
        return _Prepared(pair, rho, sigma, basis, (*pair.repairs, note))
    defect = certify.rotation_defect(pair.rho, pair.sigma, basis, rho, sigma)
    note = f"solved in the eigenbasis of sigma, which costs a relative {defect.price:.2g}"
    return _Prepared(pair, rho, sigma, basis, (*pair.repairs, note), defect)


def _search(data: _Prepared, problem: SmoothingProblem, method: str, rtol: float) -> _Best:
    """Try routes until the proved gap is small enough."""
    if not problem.normalized and problem.diameter <= problem.epsilon:
        zero = problem.sigma.map(np.zeros_like)
        return _Best(0.0, 0.0, "covering", zero)
    reach = 0.0 if data.pair.supported else _support_epsilon(problem)
    outside = () if reach == 0 else (f"infinite for every epsilon below {reach:.6g}",)
    if problem.epsilon < reach:
        return _Best(math.inf, math.inf, "support", notes=outside)
    best = _Best(0.0, math.inf, notes=outside)
    if problem.normalized:
        # X <= t sigma and Tr X = 1 already give t >= 1 / Tr sigma, with G = 1.
        flat = math.nextafter(1 / certify.trace_interval(problem.sigma).upper, 0)
        best.lower = data.defect.lower(flat)
        best.dual = problem.sigma.map(_ones_like)
    for name, propose in _routes(best, problem, method, rtol):
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
    best: _Best, problem: SmoothingProblem, method: str, rtol: float
) -> Iterator[tuple[str, Callable[[], Proposal]]]:
    """Routes that apply, cheapest first; `best` tells what the last one has come to."""
    automatic = method == "auto"
    if problem.epsilon == 0:
        yield "generalised eigenvalue", partial(_unsmoothed, problem)
        return
    if automatic and covering.covers(problem):
        yield "covering", partial(covering.propose, problem)
    if method == "commuting" or (automatic and commuting.commutes(problem)):
        yield "commuting", partial(commuting.propose, problem)
    if method == "hockey-stick" or automatic:
        # The purified ball lies in the trace-distance ball of its radius, and a small one is near.
        yield "hockey-stick", partial(hockey_stick.propose, problem)
    # A distance to the boundary of the purified ball costs its square root in the fidelity.
    path, share = (
        (purified_path, 1e-4) if problem.ball == "purified-distance" else (trace_path, 1e-3)
    )
    if method == "path-following" or (automatic and path.applies(problem)):
        yield "path-following", partial(path.propose, problem, max(share * rtol, 1e-13))
    # Where the path of a trace ball converged, what is left is rounding, and SCS rounds worse.
    done = best.status == "converged" and path is trace_path
    if automatic:
        # Cheap, and near the truth for a tiny radius and for a pair that nearly commutes.
        yield "generalised eigenvalue", partial(_unsmoothed, problem)
        yield "commuting", partial(commuting.propose, problem)
    largest = max(g.shape[-1] for g in problem.rho.groups)
    if automatic and not done and largest > LARGEST_CONIC:
        left_out = f"conic was left out, since it takes long for a block of {largest} rows"
        best.notes = (*best.notes, f"{left_out}; method='conic' asks for it")
    elif method == "conic" or (automatic and not done):
        yield from _conic_routes(best, problem, rtol)


def _conic_routes(
    best: _Best, problem: SmoothingProblem, rtol: float
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
    best: _Best,
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
    best.tried = (*best.tried, name)


def _certified_lower(problem: SmoothingProblem, proposal: Proposal, distance: float) -> float:
    """Lower bound for every state within `distance` of rho."""
    pair, normalized = (problem.rho, problem.sigma), problem.normalized
    if problem.ball == "purified-distance" and problem.epsilon > 0:
        dual, epsilon = proposal.dual, problem.epsilon
        wide = certify.up(epsilon + distance)
        return max(
            certify.purified_lower(*pair, epsilon, dual, proposal.offset, normalized=normalized),
            certify.purified_trace_lower(*pair, wide, dual, normalized=normalized),
        )
    radius = certify.up(problem.radius + distance) if distance else problem.radius
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
        *pair, radius, proposal.primal, normalized=normalized, guess=proposal.level
    )


def _support_epsilon(problem: SmoothingProblem) -> float:
    """Radius below which provably no state of the ball lies on the support of sigma."""
    if problem.ball == "purified-distance":
        weight = certify.outside_weight(problem.rho, problem.sigma).lower
        return max(0.0, certify.down(math.sqrt(weight)))
    return certify.support_radius(problem.rho, problem.sigma) * problem.diameter


def _report(
    best: _Best, data: _Prepared, problem: SmoothingProblem, seconds: float
) -> SolverReport:
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
