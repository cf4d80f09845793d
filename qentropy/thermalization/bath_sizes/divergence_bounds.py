r"""Numbers of systems from divergences: enough by the convex-split lemma, too few by its converse.

A pair of diagonal states is treated in rational numbers, exactly; any other by proved bounds.
"""

import math
import warnings
from fractions import Fraction

import numpy as np

from qentropy import certify
from qentropy.blocks import Array, one_group
from qentropy.errors import CertificationWarning
from qentropy.operators import check_pair
from qentropy.smoothing import smooth_max_relative_entropy
from qentropy.thermalization.bath_sizes.energy_eigenbasis import EnergyBasis
from qentropy.thermalization.bath_sizes.population_bounds import (
    exact_ratios,
    purified_bound,
    rounded_down,
    trace_norm_bound,
)

__all__ = [
    "chi_squared_bound",
    "largest_ratio_bound",
    "outside_bound",
    "pinched_bound",
    "smoothed_bound",
    "systems_for",
]

RTOL = 1e-4
"""Relative gap asked for where the states do not commute; half of it is what a bound loses."""


def systems_for(bound: Fraction | float, epsilon: float) -> float:
    """The integer ``ceil(bound / epsilon**2)``, at least 1, without rounding; ``inf`` if infinite.

    Examples
    --------
    >>> systems_for(Fraction(1, 4), 0.25), systems_for(math.inf, 0.25)
    (4, inf)
    """
    if bound == 0:
        return 1
    if epsilon == 0 or not bound < math.inf:
        return math.inf
    return max(1, math.ceil(Fraction(bound) / Fraction(epsilon) ** 2))


def largest_ratio_bound(omega: Array, tau: Array) -> Fraction | float:
    """Upper bound of ``2**D_max(omega||tau)``, exact for diagonal states.

    Examples
    --------
    >>> largest_ratio_bound(np.diag([0.75, 0.25]), np.diag([0.5, 0.5]))
    Fraction(3, 2)
    """
    if ratios := _exact_ratios(omega, tau):
        return max(ratio for ratio, _ in ratios)
    if np.array_equal(omega, tau):
        return 1.0
    bits = smooth_max_relative_entropy(omega, tau, 0.0).upper
    # tau is meant divided by its trace, which raises the ratio.
    weight = certify.trace_interval(one_group(tau)).upper
    return certify.up(_power_of_two(bits, 1) * weight)


def chi_squared_bound(omega: Array, tau: Array) -> Fraction | float:
    r"""Upper bound of ``2**D_2(omega||tau) - 1``, exact for diagonal states.

    Examples
    --------
    >>> chi_squared_bound(np.diag([0.75, 0.25]), np.diag([0.5, 0.5]))
    Fraction(1, 4)
    """
    if ratios := _exact_ratios(omega, tau):
        return sum((ratio * weight for ratio, weight in ratios), Fraction(-1))
    if np.array_equal(omega, tau):
        return 0.0
    pair = check_pair(omega, tau)
    if not pair.supported:
        return math.inf
    state, target, basis = pair.rotated()
    defect = certify.RotationDefect()
    rho, sigma = state.dense(), target.dense().diagonal().real
    inside = sigma > 0
    if inside.all():
        defect = certify.rotation_defect(pair.rho, pair.sigma, basis, state, target)
    if not defect.price < 1:
        return math.inf
    # With tau >= (1 - price) sigma its inverse root is smaller than that of the right-hand side,
    # and Tr A rho A rho grows with A; what the rotation did to rho counts at most like this.
    scale = sigma[inside] ** -0.25
    part = rho[np.ix_(inside, inside)] * scale[:, None] * scale
    norm = float(np.linalg.norm(part)) * (1 + certify.gamma(2 * part.size + 16))
    traces = [certify.trace_interval(operator) for operator in (state, target)]
    # The distance is one between states, half a trace norm.
    moved = 2.02 * defect.distance * traces[0].upper / math.sqrt(float(sigma[inside].min()))
    total = (norm + moved) ** 2 * traces[1].upper / traces[0].lower ** 2 / (1 - defect.price)
    return max(0.0, certify.up(total * (1 + 1e-14) - 1, 2))


def outside_bound(omega: Array, tau: Array) -> float:
    """Lower bound of the weight of omega outside the support of tau.

    Examples
    --------
    >>> outside_bound(np.diag([0.75, 0.25]), np.diag([1.0, 0.0]))
    0.25
    """
    if ratios := _exact_ratios(omega, tau):
        weight = sum((w for ratio, w in ratios if ratio == math.inf), Fraction(0))
        return rounded_down(weight)
    pair = check_pair(omega, tau)
    if pair.supported:
        return 0.0
    state, target, _ = pair.rotated()
    return certify.outside_weight(state, target).lower


def smoothed_bound(omega: Array, tau: Array, radius: float, ball: str) -> float:
    """Lower bound of ``2**D_max^radius(omega||tau)``, at least 1.

    Examples
    --------
    >>> bound = smoothed_bound(np.diag([0.75, 0.25]), np.diag([0.5, 0.5]), 0.5, "trace-norm")
    >>> 1 - 1e-9 < bound <= 1
    True
    """
    with warnings.catch_warnings():
        # The end is proved all the same, and only it is used.
        warnings.simplefilter("ignore", CertificationWarning)
        value = smooth_max_relative_entropy(omega, tau, radius, ball=ball, rtol=RTOL)
    if value.lower == math.inf:
        return math.inf
    weight = certify.trace_interval(one_group(tau)).lower
    return max(1.0, certify.down(_power_of_two(value.lower, -1) * weight, 2))


def pinched_bound(basis: EnergyBasis, radius: float, ball: str) -> float:
    """`smoothed_bound` of the pinched states, valid for those pinched exactly.

    Examples
    --------
    >>> from qentropy.thermalization.bath_sizes.energy_eigenbasis import energy_basis
    >>> basis = energy_basis(np.full((2, 2), 0.5), np.diag([0.75, 0.25]), None)
    >>> round(pinched_bound(basis, 0.1, "trace-norm"), 6)
    1.8
    """
    share = basis.omega_error
    if ball == "purified-distance":
        share = math.sqrt(share)  # P**2 <= 2 T for the trace distance T
    wide = certify.up(radius + share, 2) if share else radius
    floor = float(basis.populations[1].min())
    if basis.tau_error and not floor > 0:
        return 1.0
    if not basis.is_nondegenerate:
        bound = smoothed_bound(basis.omega, basis.tau, wide, ball)
    elif ball == "trace-norm":
        bound = trace_norm_bound(*basis.populations, wide / 2)
    else:
        bound = purified_bound(*basis.populations, wide)
    if not basis.tau_error:
        return bound
    # tau exactly is at most (1 + price) times what is used here.
    return max(1.0, certify.down(bound / certify.up(1 + basis.tau_error / floor, 2), 3))


def _exact_ratios(omega: Array, tau: Array) -> list[tuple[Fraction | float, Fraction]] | None:
    """Ratios ``p/q`` with their weights p, as fractions of diagonal states; else None."""
    if any(np.count_nonzero(a) > np.count_nonzero(a.diagonal()) for a in (omega, tau)):
        return None
    return exact_ratios(omega.diagonal().real, tau.diagonal().real)


def _power_of_two(bits: float, direction: int) -> float:
    """``2**bits`` rounded to one side; ``inf`` where it overflows."""
    if bits > 1023:
        return math.inf if direction > 0 else 2.0**1023
    value = math.exp2(bits)
    return certify.up(value, 4) if direction > 0 else max(0.0, certify.down(value, 4))
