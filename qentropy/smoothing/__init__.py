"""Smooth max-relative entropy: the cheapest exact route proposes, `certify` proves.

Routes, in the order in which they are tried: a ball that reaches a multiple of sigma, a commuting
pair, hockey-stick with completion, a path on a subspace if rho has low rank, path following on the
whole space, two closed forms that are near the truth for a tiny radius and for a pair that nearly
commutes, the conic program. Each hands over a primal and a dual point; the intervals of all routes
that were tried are intersected.
"""

import time
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.errors import CertificationWarning, InvalidParameterError
from qentropy.operators import StatePair, check_epsilon, check_pair
from qentropy.results import CertifiedValue
from qentropy.smoothing.balls import Ball, SmoothingProblem, check_ball
from qentropy.smoothing.low_rank import Landmark
from qentropy.smoothing.routes import METHODS, Prepared, prepare, report, search
from qentropy.threads import one_thread

__all__ = ["METHODS", "smooth_max_relative_entropy", "smooth_max_relative_entropy_curve"]

NEAR = 1.0  # of a radius: how far apart those may be between which its path starts


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
        ``"auto"``, or one route: ``"commuting"``, ``"hockey-stick"``, ``"low-rank"``,
        ``"path-following"``, ``"conic"``.
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
    data = prepare(_single_pair(rho, sigma, charge), rtol)
    result, _ = _solved(data, known, radius, options)
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

    The operators are checked and prepared once for all radii, and where rho has low rank the
    solution for a radius starts from those for a smaller and a larger one.

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
    data = prepare(_single_pair(rho, sigma, charge), rtol)
    known = _curve(data, radii, options)
    results = tuple(known[radius] for _, radius in radii)
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


def _curve(
    data: Prepared, radii: list[tuple[Ball, float]], options: _Options
) -> dict[float, CertifiedValue]:
    """The value for each radius, the outer ones first, then those between two that are known."""
    balls = {radius: ball for ball, radius in radii}
    found: dict[float, tuple[CertifiedValue, Landmark | None]] = {}
    for radius, *outer in _outer_first(sorted(balls)):
        marks = [mark for _, mark in (found[end] for end in outer) if mark is not None]
        is_near = len(marks) == 2 and outer[1] - outer[0] <= NEAR * radius
        ends = marks if is_near else []
        found[radius] = _solved(data, balls[radius], radius, options, ends)
    return {radius: value for radius, (value, _) in found.items()}


def _outer_first(radii: list[float]) -> Iterator[tuple[float, ...]]:
    """The first and the last; then each with the two nearest that came before on either side."""
    first = next((k for k, radius in enumerate(radii) if radius > 0), len(radii))
    yield from ((radius,) for radius in (*radii[:first], *radii[first : first + 1]))
    if len(radii) > first + 1:
        yield (radii[-1],)
    gaps = deque([(first, len(radii) - 1)])
    while gaps:
        left, right = gaps.popleft()
        if right - left > 1:
            middle = (left + right) // 2
            yield radii[middle], radii[left], radii[right]
            gaps += (left, middle), (middle, right)


def _solved(
    data: Prepared, ball: Ball, radius: float, options: _Options, ends: Sequence[Landmark] = ()
) -> tuple[CertifiedValue, Landmark | None]:
    start = time.perf_counter()
    problem = SmoothingProblem(data.rho, data.sigma, ball, radius, options.normalized)
    with one_thread(max(group.shape[-1] for group in data.rho.groups)):
        best = search(data, problem, options.method, options.rtol, ends)
    bounds = certify.log2_interval(best.lower, best.upper, int(data.pair.exponent))
    value = CertifiedValue(
        value=bounds.upper,
        lower=bounds.lower,
        upper=bounds.upper,
        method=best.method,
        rtol=options.rtol,
        ball=ball,
        radius=radius,
        normalized=options.normalized,
        report=report(best, data, problem, time.perf_counter() - start),
        primal=None if best.primal is None else data.restored(best.primal),
        dual=None if best.dual is None else data.restored(best.dual),
    )
    return value, best.landmark


def _warn_if_wide(result: CertifiedValue) -> None:
    if not result.converged:
        warnings.warn(
            f"the relative gap is {result.gap:.2g}, wider than rtol = {result.rtol:.2g}; the "
            f"interval [{result.lower:.10g}, {result.upper:.10g}] is valid all the same",
            CertificationWarning,
            stacklevel=3,
        )
