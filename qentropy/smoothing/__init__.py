"""Smooth max-relative entropy: the cheapest exact route proposes, `certify` proves.

Routes, in the order in which they are tried: a ball that covers ``sigma / Tr sigma``, a commuting
pair, hockey-stick with completion, the conic program. Each hands over a primal and a dual point;
the intervals of all routes that were tried are intersected.
"""

import math
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.blocks import Array, BlockOperator
from qentropy.errors import CertificationWarning, InvalidParameterError
from qentropy.operators import StatePair, check_epsilon, check_pair
from qentropy.results import CertifiedValue, SolverReport
from qentropy.smoothing import commuting, hockey_stick, path_following
from qentropy.smoothing.balls import Proposal, SmoothingProblem, check_ball

__all__ = ["METHODS", "smooth_max_relative_entropy"]

METHODS = ("auto", "commuting", "hockey-stick", "path-following", "conic")

WELL_CONDITIONED = 1e-6


def smooth_max_relative_entropy(
    rho: ArrayLike,
    sigma: ArrayLike,
    epsilon: float,
    *,
    ball: str = "trace-norm",
    normalized: bool = True,
    rtol: float = 1e-6,
    method: str = "auto",
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
        ``"auto"``, or one route: ``"commuting"``, ``"hockey-stick"``, ``"conic"``.

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
        The radius, the ball, the tolerance or the method is not valid.

    Warns
    -----
    CertificationWarning
        The interval is valid but wider than `rtol`.

    Notes
    -----
    The value is ``inf`` as long as no state in the ball is supported by sigma.

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
    start = time.perf_counter()
    known, radius = check_ball(ball, epsilon)
    if method not in METHODS:
        raise InvalidParameterError(f"method must be one of {', '.join(METHODS)}; got {method!r}")
    if check_epsilon(rtol, name="rtol") == 0:
        raise InvalidParameterError("rtol must be positive; got 0")
    pair = check_pair(rho, sigma)
    if pair.rho.groups[0].ndim != 3:  # a stack
        raise InvalidParameterError("rho and sigma must be single operators here; got a stack")
    data = _prepared(pair)
    problem = SmoothingProblem(data.rho, data.sigma, known, radius, normalized)
    best = _search(pair, problem, method, rtol)
    bounds = certify.log2_interval(best.lower, best.upper, int(pair.exponent))
    result = CertifiedValue(
        value=bounds.upper,
        lower=bounds.lower,
        upper=bounds.upper,
        method=best.method,
        rtol=rtol,
        ball=known,
        radius=radius,
        normalized=normalized,
        report=_report(best, data, pair, problem, time.perf_counter() - start),
        primal=None if best.primal is None else data.restored(best.primal),
        dual=None if best.dual is None else data.restored(best.dual),
    )
    if not result.converged:
        warnings.warn(
            f"the relative gap is {result.gap:.2g}, wider than rtol = {rtol:.2g}; the interval "
            f"[{result.lower:.10g}, {result.upper:.10g}] is valid all the same",
            CertificationWarning,
            stacklevel=2,
        )
    return result


@dataclass(frozen=True, eq=False)
class _Prepared:
    """The pair in the basis in which it is solved and certified."""

    rho: BlockOperator
    sigma: BlockOperator
    basis: BlockOperator | None
    notes: tuple[str, ...]

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

    def is_within(self, rtol: float) -> bool:
        return self.upper <= self.lower * (1 + rtol) or self.lower == self.upper


def _prepared(pair: StatePair) -> _Prepared:
    """Go to the eigenbasis of sigma where sigma is singular or badly conditioned."""
    full = all(s.all() for s in pair.sigma.spectrum.support)
    if full and certify.scaled_floor(pair.sigma) > WELL_CONDITIONED:
        return _Prepared(pair.rho, pair.sigma, None, pair.repairs)
    rho, sigma, basis = pair.rotated()
    note = "sigma was replaced by its eigendecomposition on its support; certified for that"
    return _Prepared(rho, sigma, basis, (*pair.repairs, note))


def _search(pair: StatePair, problem: SmoothingProblem, method: str, rtol: float) -> _Best:
    """Try routes until the proved gap is small enough."""
    if not problem.normalized and problem.diameter <= problem.epsilon:
        zero = problem.sigma.map(np.zeros_like)
        return _Best(0.0, 0.0, "covering", zero)
    if _outside(pair, problem) is not None:
        return _Best(math.inf, math.inf, "support")
    best = _Best(0.0, math.inf)
    if problem.normalized:
        # X <= t sigma and Tr X = 1 already give t >= 1 / Tr sigma, with G = 1.
        best.lower = math.nextafter(1 / certify.trace_interval(problem.sigma).upper, 0)
        best.dual = problem.sigma.map(_ones_like)
    for name, proposal in _proposals(problem, method, rtol):
        _improve(best, problem, name, proposal)
        if best.is_within(rtol):
            break
    return best


def _proposals(
    problem: SmoothingProblem, method: str, rtol: float
) -> Iterator[tuple[str, Proposal]]:
    automatic = method == "auto"
    if problem.epsilon == 0:
        yield "generalised eigenvalue", _unsmoothed(problem)
        return
    if automatic and problem.normalized and _covers(problem):
        weight = float(problem.sigma.trace)
        yield "covering", Proposal(problem.sigma.map(lambda g: g / weight), problem.sigma)
    if method == "commuting" or (automatic and commuting.commutes(problem)):
        yield "commuting", commuting.propose(problem)
    if method == "hockey-stick" or (automatic and problem.ball != "purified-distance"):
        yield "hockey-stick", hockey_stick.propose(problem)
    if method == "path-following" or (method == "auto" and path_following.applies(problem)):
        # A distance to the boundary of the ball costs its square root in the fidelity.
        yield "path-following", path_following.propose(problem, max(1e-4 * rtol, 1e-13))
    if method in {"auto", "conic"}:
        from qentropy.smoothing import conic  # SCS and SciPy's sparse matrices are slow to import

        for factor in (1e-2, 1e-4):
            proposal = conic.propose(problem, max(factor * rtol, 1e-13))
            yield "conic", proposal
            if proposal.status != "solved":
                break


def _unsmoothed(problem: SmoothingProblem) -> Proposal:
    """Radius 0: the state is rho and the value D_max."""
    return Proposal(problem.rho, certify.ratio_projector(problem.rho, problem.sigma))


def _covers(problem: SmoothingProblem) -> bool:
    """Whether ``sigma / Tr sigma`` lies in the ball, as far as floating point can tell."""
    flat = problem.sigma.map(lambda g: g / float(problem.sigma.trace))
    if problem.ball == "purified-distance":
        product = [
            a @ b
            for a, b in zip(problem.rho.spectrum.power(0.5), flat.spectrum.power(0.5), strict=True)
        ]
        fidelity = sum(float(np.linalg.svd(g, compute_uv=False).sum()) for g in product)
        return fidelity**2 >= 1 - problem.epsilon**2
    gaps = problem.rho.map(np.subtract, flat).groups
    return sum(float(np.maximum(np.linalg.eigvalsh(g), 0).sum()) for g in gaps) <= problem.radius


def _improve(best: _Best, problem: SmoothingProblem, name: str, proposal: Proposal) -> None:
    """Certify a proposal and intersect its interval with what is known."""
    rho, sigma, normalized = problem.rho, problem.sigma, problem.normalized
    if problem.ball == "purified-distance" and problem.epsilon > 0:
        width = problem.epsilon
        low = certify.purified_lower(
            rho, sigma, width, proposal.dual, proposal.offset, normalized=normalized
        )
        high, state = certify.purified_upper(
            rho, sigma, width, proposal.primal, normalized=normalized
        )
    else:
        width = problem.radius
        low = certify.smooth_lower(rho, sigma, width, proposal.dual, normalized=normalized)
        high, state = certify.smooth_upper(
            rho, sigma, width, proposal.primal, normalized=normalized
        )
    if low > best.lower:
        best.lower, best.dual = low, proposal.dual
    if high < best.upper:
        best.upper, best.primal = high, state
    best.method, best.status, best.iterations = name, proposal.status, proposal.iterations
    best.tried = (*best.tried, name)


def _outside(pair: StatePair, problem: SmoothingProblem) -> str | None:
    """Why the value is infinite, or None: too much weight of rho lies off supp(sigma)."""
    weight = float(pair.outside_weight)
    if pair.supported:
        return None
    reach = problem.epsilon**2 if problem.ball == "purified-distance" else problem.radius
    if reach > weight:
        return None
    if problem.ball == "purified-distance":
        return f"infinite: finite for epsilon > {math.sqrt(weight):.6g}"
    factor = 2 if problem.ball == "trace-norm" else 1
    return f"infinite: finite only for epsilon > {factor * weight:.6g}"


def _report(
    best: _Best, data: _Prepared, pair: StatePair, problem: SmoothingProblem, seconds: float
) -> SolverReport:
    sizes = [g.shape[-1] for g in data.rho.groups for _ in range(g.shape[-3])]
    why = _outside(pair, problem)
    notes = data.notes if why is None else (*data.notes, why)
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
