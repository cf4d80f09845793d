"""How many systems uniform swaps need, from the exact distance of the convex split."""

import math
from dataclasses import dataclass

import numpy as np

from qentropy import certify
from qentropy.blocks import Array, extract, joint_blocks
from qentropy.convex_split import convex_split_distance
from qentropy.results import Interval
from qentropy.thermalization.bath_sizes.divergence_bounds import (
    chi_squared_bound,
    outside_bound,
    systems_for,
)
from qentropy.thermalization.bath_sizes.swap_count import (
    MOST_SYSTEMS,
    Bracket,
    Distance,
    least_count,
)

__all__ = ["Slack", "swap_bracket"]

MARGIN = 1e-9  # share of epsilon that rounding of the states may take from the collision bound
APART = 1e-12  # beyond what two traces differ by


@dataclass(frozen=True)
class Slack:
    """Bound ``once + n * each`` of how far a distance of n systems is from the one meant."""

    once: float = 0.0
    each: float = 0.0

    def at(self, n: float) -> float:
        """The bound for n systems, rounded up; exactly zero if both parts are."""
        total = self.once + n * self.each
        return certify.up(total, 2) if total else 0.0


def swap_bracket(omega: Array, tau: Array, epsilon: float, slack: Slack) -> Bracket:
    """A number of systems that is proved too small for uniform swaps, and one proved enough.

    Parameters
    ----------
    omega, tau
        Density operators, shape ``(d, d)``.
    epsilon
        Accepted distance in trace norm.
    slack
        What the states may be off by.

    Examples
    --------
    >>> swap_bracket(np.diag([0.95, 0.05]), np.diag([0.3, 0.7]), 0.5, Slack())
    (5, 6)
    """
    if np.array_equal(omega, tau) and not slack.at(1):
        return 0, 1
    if _never(omega, tau, epsilon, slack):
        return math.inf, math.inf
    rough, fine = (_distance(omega, tau, slack, method) for method in ("gaussian", "auto"))
    bracket = 0, _enough(omega, tau, epsilon, slack)
    diagonal = all(np.count_nonzero(a) == np.count_nonzero(a.diagonal()) for a in (omega, tau))
    # Beyond, the slack alone is more than epsilon.
    most = min(MOST_SYSTEMS, int(epsilon / slack.each)) if slack.each else MOST_SYSTEMS
    return least_count(rough if diagonal else None, fine, epsilon, bracket, most)


def _distance(omega: Array, tau: Array, slack: Slack, method: str) -> Distance:
    def distance(n: int) -> Interval:
        found, off = convex_split_distance(omega, tau, n, method=method), slack.at(n)
        if not off:
            return found
        return Interval(max(0.0, certify.down(found.lower - off)), certify.up(found.upper + off))

    return distance


def _enough(omega: Array, tau: Array, epsilon: float, slack: Slack) -> float:
    """Number of systems from the collision bound, if rounding leaves it true."""
    bound = chi_squared_bound(omega, tau)
    if not slack.at(1):
        return systems_for(bound, epsilon)
    count = systems_for(bound, epsilon * (1 - 2 * MARGIN))
    return count if count < math.inf and slack.at(float(count)) <= MARGIN * epsilon else math.inf


def _never(omega: Array, tau: Array, epsilon: float, slack: Slack) -> bool:
    """Whether no number of systems is enough.

    The weight w of omega outside the support of tau stays outside that of all copies, so that the
    distance is at least 2 w. A single system always differs by ``||omega - tau||_1 / n``.
    """
    if epsilon == 0:
        gap = omega - tau
        apart = certify.trace_norm_interval(extract(gap, joint_blocks(gap))).lower
        return apart > APART + slack.at(1)
    return not slack.each and certify.down(2 * outside_bound(omega, tau) - slack.once) > epsilon
