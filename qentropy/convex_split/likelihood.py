"""A commuting pair as the likelihood ratios that its convex split averages.

With eigenvalues p of rho and q of sigma, ``||rho^(n) - sigma^n||_1`` is the weight of rho outside
the support of sigma plus ``E |L_1 + ... + L_n - n| / n``, the L's independent and equal to
``p_i/q_i`` with probability ``q_i``. Words with a letter outside the support carry nothing of
sigma^n, and that weight of rho^(n).
"""

import math
from dataclasses import dataclass

import numpy as np

from qentropy import certify
from qentropy.blocks import Array
from qentropy.results import Interval

__all__ = ["WEIGHT_ERROR", "LikelihoodRatios", "likelihood_ratios"]

WEIGHT_ERROR = 4 * certify.UNIT
"""Bound of the relative error of each weight."""
SMALLEST = 1e-70  # what sigma weighs less counts as outside: fourth powers of ratios are finite
EQUAL = 16 * certify.UNIT


@dataclass(frozen=True, eq=False)
class LikelihoodRatios:
    """The distinct likelihood ratios of a commuting pair, up to small errors that are bounded.

    Parameters
    ----------
    ratios
        Increasing, shape ``(m,)``: exact floats that stand for the ratios of a pair close to the
        one meant.
    weights
        Their probabilities under sigma, each with a relative error of at most `WEIGHT_ERROR`.
    outside
        Weight of rho where sigma has none.
    error, error_per_copy
        The distance differs from the one of these ratios by at most
        ``error + n * error_per_copy``.
    """

    ratios: Array
    weights: Array
    outside: Interval
    error: float
    error_per_copy: float

    def distance(self, mean_deviation: Interval, n: int) -> Interval:
        """Interval of the distance from one of ``E |mean of n ratios - 1|``."""
        error = certify.up(self.error + certify.up(n * self.error_per_copy))
        low = certify.down(certify.down(self.outside.lower + mean_deviation.lower) - error)
        high = certify.up(certify.up(self.outside.upper + mean_deviation.upper) + error)
        return Interval(max(0.0, low), max(0.0, high))


def likelihood_ratios(p: Array, q: Array) -> LikelihoodRatios:
    """Distinct likelihood ratios of two diagonals, which need not be normalised.

    Examples
    --------
    >>> ratios = likelihood_ratios(np.array([0.5, 0.5]), np.array([0.25, 0.75]))
    >>> ratios.ratios.round(3), ratios.weights
    (array([0.667, 2.   ]), array([0.75, 0.25]))
    """
    total_p, total_q = math.fsum(p), math.fsum(q)
    kept = q > SMALLEST
    lost = math.fsum(abs(q[~kept])) / total_q
    outside = math.fsum(abs(p[~kept])) / total_p
    ratios = (p[kept] / q[kept]) * (total_q / total_p)
    order = np.argsort(ratios, kind="stable")
    ratios, shares = ratios[order], q[kept][order] / total_q
    new = np.diff(ratios) > EQUAL * abs(ratios[1:])
    groups = np.split(np.arange(len(ratios)), np.flatnonzero(new) + 1)
    weights = np.array([math.fsum(q[kept][order][g]) / total_q for g in groups])
    merged = np.array([ratios[g[len(g) // 2]] for g in groups])
    # Moving the ratios moves rho by so much, and the distance by no more.
    moved = abs(ratios - np.repeat(merged, [len(g) for g in groups])) + 8 * certify.UNIT * abs(
        ratios
    )
    return LikelihoodRatios(
        ratios=merged,
        weights=weights,
        outside=Interval(certify.down(outside, 4), certify.up(outside, 4)),
        error=certify.up(float(shares @ moved) * (1 + 1e-9) + SMALLEST),
        # Words with such a letter: sigma^n has at most n times the weight, rho^(n) as much besides.
        error_per_copy=4 * lost,
    )
