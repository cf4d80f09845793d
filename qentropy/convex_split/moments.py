"""Bounds of ``E |mean of n ratios - 1|`` by moments, and the central limit with a proved error."""

import math
from dataclasses import dataclass

import numpy as np

from qentropy import certify
from qentropy.convex_split.likelihood import WEIGHT_ERROR, LikelihoodRatios
from qentropy.results import Interval

__all__ = ["Moments", "by_central_limit", "by_moments", "moments"]

SLACK = 1e-14  # relative, for the dozen roundings of a formula


@dataclass(frozen=True)
class Moments:
    """Moments of ``X = L - 1 - mean``, and the mean of ``L - 1``.

    Parameters
    ----------
    mean
        ``E L - 1``: minus the weight of rho outside the support of sigma.
    variance
        ``E X**2``.
    third, fourth
        ``E |X|**3`` and ``E X**4``.
    """

    mean: Interval
    variance: Interval
    third: Interval
    fourth: Interval


def moments(pair: LikelihoodRatios) -> Moments:
    """Enclosures of the moments.

    Examples
    --------
    >>> from qentropy.convex_split.likelihood import likelihood_ratios
    >>> pair = likelihood_ratios(np.array([0.5, 0.5]), np.array([0.25, 0.75]))
    >>> 1 / 3 in moments(pair).variance
    True
    """
    # The exact weights add up to one, which ties the mean to the ratios less one.
    shifted = pair.ratios - 1
    relative = certify.gamma(len(shifted) + 16) + 2 * WEIGHT_ERROR
    mean = float(pair.weights @ shifted)
    off = relative * float(pair.weights @ abs(shifted))
    x = abs(shifted - mean)
    wobble = off + certify.UNIT * (x + abs(shifted) + abs(mean))
    ends = []
    for order in (2, 3, 4):
        low = float(pair.weights @ np.maximum(0.0, x - wobble) ** order)
        high = float(pair.weights @ (x + wobble) ** order)
        ends.append(Interval(low * (1 - 2 * relative), high * (1 + 2 * relative)))
    return Moments(Interval(mean - 2 * off, mean + 2 * off), *ends)


def by_moments(pair: LikelihoodRatios, n: int) -> Interval:
    r"""Bounds that hold for every n and cost nothing.

    Above by ``(E Y**2)**(1/2)``, which is the collision bound, and by ``1 + E L``. Below by
    ``|E Y|``, and by Hölder's inequality ``E |Y| >= (E Y**2)**(3/2) / (E Y**4)**(1/2)``.

    Examples
    --------
    >>> from qentropy.convex_split.likelihood import likelihood_ratios
    >>> pair = likelihood_ratios(np.array([0.5, 0.5]), np.array([0.25, 0.75]))
    >>> round(by_moments(pair, 3).upper, 9)
    0.333333333
    """
    m = moments(pair)
    drift = max(abs(m.mean.lower), abs(m.mean.upper))
    least = max(0.0, m.mean.lower, -m.mean.upper)
    high = min(math.sqrt(m.variance.upper / n + drift**2), 2 + max(0.0, m.mean.upper))
    low = 0.0
    # The fourth moment of the sum is n E X**4 + 3 n (n - 1) (E X**2)**2.
    flatness = m.fourth.upper / n + 3 * (1 - 1 / n) * m.variance.upper**2
    if 0 < flatness < math.inf:
        low = m.variance.lower * math.sqrt(m.variance.lower / (flatness * n))
    return Interval(max(low * (1 - SLACK) - drift, least * (1 - SLACK)), high * (1 + SLACK))


def by_central_limit(pair: LikelihoodRatios, n: int) -> Interval:
    r"""Central-limit interval, ``sqrt(2 chi**2 / (pi n))`` with the error of the normal law.

    The Wasserstein distance of a standardised sum from the normal law is at most
    ``E |X|**3 / (s**3 sqrt(n))``, and ``|x|`` is 1-Lipschitz.

    References
    ----------
    L. Goldstein, Ann. Probab. 38 (2010) 1672, Theorem 1.1.

    Examples
    --------
    >>> from qentropy.convex_split.likelihood import likelihood_ratios
    >>> pair = likelihood_ratios(np.array([0.5, 0.5]), np.array([0.25, 0.75]))
    >>> by_central_limit(pair, 10**12).width < 1e-11
    True
    """
    m = moments(pair)
    if not m.variance.lower > 0:
        return Interval(0.0, math.inf)
    error = certify.up(m.third.upper / m.variance.lower / n * (1 + SLACK), 2)
    # The mean modulus of a normal variable increases with its variance and with |mean|.
    least = max(0.0, m.mean.lower, -m.mean.upper)
    most = max(abs(m.mean.lower), abs(m.mean.upper))
    low = _folded_normal(least, math.sqrt(m.variance.lower / n)) * (1 - SLACK)
    high = _folded_normal(most, math.sqrt(m.variance.upper / n)) * (1 + SLACK)
    return Interval(max(0.0, certify.down(low - error)), certify.up(high + error))


def _folded_normal(mean: float, deviation: float) -> float:
    """``E |mean + deviation Z|`` for a standard normal Z."""
    ratio = mean / deviation
    bell = math.sqrt(2 / math.pi) * math.exp(-min(ratio**2, 1e3) / 2)
    return deviation * bell + mean * math.erf(ratio / math.sqrt(2))
