r"""The bounds of the bath size, against the exact distance of the convex split.

With n - 1 bath copies of sigma the uniform swap channel turns rho into the convex split, which
does not move away from ``sigma^n`` as n grows. So the size that suffices for the swap channel lies
below n if the distance at n is small enough, and above n if it is not.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.blocks import Array
from qentropy.convex_split import MOST_QUBITS, convex_split_distance
from qentropy.convex_split.exact_types import by_types, count_types
from qentropy.convex_split.fourier import by_fourier
from qentropy.convex_split.likelihood import likelihood_ratios
from qentropy.convex_split.moments import by_central_limit
from qentropy.errors import InvalidParameterError, ResourceLimitError
from qentropy.lemmas.gaussian_draws import drawn_distribution, drawn_state
from qentropy.lemmas.rounding import scaled, trace_defect
from qentropy.lemmas.statement import Normals, Statement
from qentropy.operators import check_count, check_epsilon, check_states
from qentropy.results import Interval, LemmaCheck
from qentropy.smoothing import smooth_max_relative_entropy

__all__ = ["STATEMENTS", "check_bath_size_lower_bound", "check_bath_size_upper_bound"]

MOST_TYPES = 2**18


def check_bath_size_upper_bound(
    rho: ArrayLike, sigma: ArrayLike, epsilon: float, *, factor: float = 1.0
) -> LemmaCheck:
    r"""Upper bound of the bath size, ``||rho^(n) - sigma^n||_1 <= eps``, ``n = 2**D_max / eps**2``.

    The size is rounded down: it bounds an integer. The statement holds for eps up to one; beyond
    that the number can fall below one, as it does for ``rho = sigma``.

    Parameters
    ----------
    rho, sigma
        Density operators, shape ``(d, d)``: the region and one copy of the bath.
    epsilon
        Distance wanted, above 0 and at most 1.
    factor
        Multiplies the number before it is rounded down; the size is at least 1.

    Returns
    -------
    LemmaCheck
        The distance, without unit, and epsilon; in `details` the number n. Proved with an infinite
        right-hand side if ``2**D_max`` is infinite, since nothing is claimed then.

    Raises
    ------
    InvalidStateError, DimensionMismatchError, ResourceLimitError
        As `convex_split_distance`; or qubits that are not diagonal would need more than 10**4
        copies.
    InvalidParameterError
        A number is out of range.

    References
    ----------
    Paper, Theorem 10, (B8); Theorem 1.

    Examples
    --------
    >>> rho, sigma = np.diag([0.95, 0.05]), np.diag([0.3, 0.7])
    >>> check = check_bath_size_upper_bound(rho, sigma, 0.1)
    >>> check.details["number of systems"].lower, check.verdict
    (316, <Verdict.PROVED: 'PROVED'>)
    """
    scale, radius = check_epsilon(factor, name="factor"), check_epsilon(epsilon, 1.0)
    if radius == 0:
        raise InvalidParameterError("epsilon must be above 0")
    state, target = (operator.dense() for operator in check_states(rho, sigma))
    entropy = smooth_max_relative_entropy(state, target, 0.0)
    off = (trace_defect(state) + trace_defect(target)) * (1 + 1e-9)
    low = certify.down(2.0**entropy.lower * (1 - off) * scale / radius**2, 6)
    high = certify.up(2.0**entropy.upper * (1 + off) * scale / radius**2, 6)
    claim = math.isfinite(high)
    few, many = (max(1, math.floor(x)) if claim else 1 for x in (low, high))
    # The distance does not increase with n, so the one at the exact size lies between these two.
    most = _distance(state, target, few)
    least = most if few == many else _distance(state, target, many)
    return LemmaCheck(
        statement="upper bound of the bath size",
        equation="(B8)",
        lhs=Interval(least.lower if claim else 0.0, most.upper),
        rhs=Interval(radius, radius) if claim else Interval(math.inf, math.inf),
        instance=f"d = {len(state)}, epsilon = {radius:g}",
        details={"number of systems": Interval(few, many)} if claim else {},
    )


def check_bath_size_lower_bound(
    rho: ArrayLike, sigma: ArrayLike, n: int, *, factor: float = 1.0
) -> LemmaCheck:
    r"""Lower bound of the bath size, ``2**D_max^{2 sqrt(eps)}(rho||sigma) <= n``.

    Here eps is the distance ``||rho^(n) - sigma^n||_1`` itself, the smallest for which n systems
    suffice. The smooth max-relative entropy falls as its radius grows, so the ends of the interval
    of eps give the ends of the left-hand side.

    Parameters
    ----------
    rho, sigma
        Density operators, shape ``(d, d)``: the region and one copy of the bath.
    n
        Number of systems, at least 1. With one, both sides are equal to 1.
    factor
        Multiplies the right-hand side.

    Returns
    -------
    LemmaCheck
        Both sides without unit.

    Raises
    ------
    InvalidStateError, DimensionMismatchError, InvalidParameterError, ResourceLimitError
        As `convex_split_distance`; and the factor must not be negative.

    References
    ----------
    Paper, Theorem 13, (B18); Corollary 4.

    Examples
    --------
    >>> rho, sigma = np.diag([0.95, 0.05]), np.diag([0.3, 0.7])
    >>> check_bath_size_lower_bound(rho, sigma, 100).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    scale, copies = check_epsilon(factor, name="factor"), check_count(n)
    state, target = (operator.dense() for operator in check_states(rho, sigma))
    distance = _distance(state, target, copies)
    # The radius is rounded outwards, by more than the states' traces are off one.
    off = 4 * (trace_defect(state) + trace_defect(target))
    small = certify.down(2 * math.sqrt(distance.lower), 2) - off
    large = certify.up(2 * math.sqrt(distance.upper), 2) + off
    high = smooth_max_relative_entropy(state, target, max(0.0, small)).upper
    low = smooth_max_relative_entropy(state, target, large).lower
    room = (1 - off) * 2.0**low, (1 + off) * 2.0**high
    return LemmaCheck(
        statement="lower bound of the bath size",
        equation="(B18)",
        lhs=Interval(certify.down(room[0], 6), certify.up(room[1], 6)),
        rhs=scaled(Interval(copies, copies), scale),
        instance=f"d = {len(state)}, n = {copies}",
    )


def _distance(rho: Array, sigma: Array, n: int) -> Interval:
    """The distance by a route that does not know the collision bound, which proves Theorem 10."""
    if any(np.count_nonzero(x) > np.count_nonzero(x.diagonal()) for x in (rho, sigma)):
        if len(rho) == 2 and n > MOST_QUBITS:
            raise ResourceLimitError(
                f"rho and sigma must be diagonal for more than {MOST_QUBITS} copies; n is {n}"
            )
        method = "irreducible" if len(rho) == 2 else "dense"
        return convex_split_distance(rho, sigma, n, method=method)
    pair = likelihood_ratios(rho.diagonal().real, sigma.diagonal().real)
    if count_types(pair, n) <= MOST_TYPES:
        return pair.distance(by_types(pair, n), n)
    series, normal = by_fourier(pair, n), by_central_limit(pair, n)
    both = Interval(max(series.lower, normal.lower), min(series.upper, normal.upper))
    return pair.distance(both, n)


def _draw_radius(normals: Normals, k: int) -> dict[str, Any]:
    dimension, epsilon = ((2, 0.5), (3, 0.5), (2, 0.1), (4, 0.7), (2, 0.02), (3, 0.3))[k % 6]
    return {**_draw_pair(normals, dimension, k), "epsilon": epsilon}


def _draw_size(normals: Normals, k: int) -> dict[str, Any]:
    dimension, n = ((2, 2), (2, 30), (3, 4), (2, 1000), (3, 40), (4, 9))[k % 6]
    return {**_draw_pair(normals, dimension, k), "n": n}


def _draw_pair(normals: Normals, dimension: int, k: int) -> dict[str, Any]:
    """A region of some rank and a thermal bath: diagonal as the paper's, but some of the qubits."""
    rank = 1 + (k + 1) % dimension
    # No level of the bath is so rare that an astronomical number of copies is needed.
    q = 0.02 + (1 - 0.02 * dimension) * drawn_distribution(normals, dimension)
    if dimension == 2 and k % 12 in {6, 7}:
        return {"rho": drawn_state(normals, 2, rank), "sigma": np.diag(q)}
    p = np.append(drawn_distribution(normals, rank), np.zeros(dimension - rank))
    return {"rho": np.diag(p), "sigma": np.diag(q)}


STATEMENTS = (
    Statement(
        name="bath-size-upper-bound",
        check=check_bath_size_upper_bound,
        draw=_draw_radius,
        false_variant={"factor": 0.1},
    ),
    Statement(
        name="bath-size-lower-bound",
        check=check_bath_size_lower_bound,
        draw=_draw_size,
        false_variant={"factor": 0.1},
    ),
)
