r"""``E |Y|`` for a sum Y of independent ratios less one, through its characteristic function.

On ``[-H, H]`` the modulus is ``H/2 - (4 H/pi**2) sum over odd m of cos(pi m y/H) / m**2``, so its
mean needs nothing but ``phi(pi m/H)**n``, at a cost that does not depend on n, and no lattice. What
is left out is bounded: the frequencies beyond M by ``2 H / (pi**2 M)``, since ``|phi| <= 1``, and
the values of Y beyond H by Chernoff's inequality. Assumed is that numpy's elementary functions are
within 4 units in the last place.
"""

import math

import numpy as np

from qentropy import certify
from qentropy.blocks import Array
from qentropy.convex_split.likelihood import LikelihoodRatios
from qentropy.results import Interval

__all__ = ["by_fourier"]

EVALUATIONS = 2**23  # of the exponential, in all
FREQUENCIES = 2**18
CHUNK = 2**18
TAIL_EXPONENT = 45.0  # the tails have a probability of at most exp(-45) = 3e-20 each


def by_fourier(pair: LikelihoodRatios, n: int) -> Interval:
    """``E |mean of n ratios - 1|`` from a Fourier series, with bounds of all that is left out.

    Examples
    --------
    >>> from qentropy.convex_split.likelihood import likelihood_ratios
    >>> pair = likelihood_ratios(np.array([0.5, 0.5]), np.array([0.25, 0.75]))
    >>> 0.375 in by_fourier(pair, 2)
    True
    """
    half, tail = _window(pair, n)
    count = max(1, min(FREQUENCIES, EVALUATIONS // len(pair.ratios)))
    odd = 2.0 * np.arange(count) + 1
    step = max(1, CHUNK // len(pair.ratios))
    chunks = np.split(odd, range(step, count, step))
    # Mean cosines and their errors, by frequency.
    means, bounds = np.concatenate([_mean_cosines(pair, n, m, half) for m in chunks], axis=1)
    series, errors = math.fsum(means / odd**2), math.fsum(bounds / odd**2)
    scale = 4 * half / math.pi**2
    value = half / 2 - scale * series
    bound = scale * (errors * (1 + 1e-9) + 1 / (4 * count - 2)) + 16 * certify.UNIT * half + tail
    slack = 1 + 1e-14
    low, high = (value - bound * slack) / n, (value + bound * slack) / n
    return Interval(max(0.0, certify.down(low, 2)), certify.up(high, 2))


def _window(pair: LikelihoodRatios, n: int) -> tuple[float, float]:
    """H, and a bound of what the values of Y beyond it change."""
    shifted = pair.ratios - 1
    deviation = math.sqrt(float(pair.weights @ shifted**2))
    scale = math.sqrt(2 * TAIL_EXPONENT / n) / deviation
    rates = scale * 2.0 ** (np.arange(-96, 49) / 4)
    ends = []
    for sign in (1.0, -1.0):
        exponents = sign * rates[:, None] * shifted
        top = exponents.max(axis=1)
        growth = np.log(np.exp(exponents - top[:, None]) @ pair.weights) + top
        # Of the exponents, the exponential, the sum, and the logarithm, of at most twice the size.
        rounding = certify.UNIT * (2 * len(shifted) + 32 + 24 * abs(exponents).max(axis=1))
        bounds = (n * (growth + rounding) + TAIL_EXPONENT) / rates * (1 + 1e-12)
        best = int(np.argmin(bounds))
        ends.append((float(bounds[best]), float(rates[best])))
    half = max(end for end, _ in ends)
    # On either side E (|Y| + H; |Y| > H) <= E exp(rate (|Y| - H)) (2 H + 1/rate).
    tail = sum(math.exp(-TAIL_EXPONENT) * (2 * half + 1 / rate) for _, rate in ends)
    return half, tail * (1 + 1e-9)


def _mean_cosines(pair: LikelihoodRatios, n: int, odd: Array, half: float) -> tuple[Array, Array]:
    """``E cos(pi m Y/H)`` for odd m, and bounds of its errors."""
    shifted = pair.ratios - 1
    rates = odd * (math.pi / half)
    phases = rates[:, None] * shifted
    real, imaginary = np.cos(phases) @ pair.weights, np.sin(phases) @ pair.weights
    error = certify.UNIT * (2 * len(shifted) + 32 + 8 * rates * float(pair.weights @ abs(shifted)))
    # The exact number is in the unit disc, so that a computed one outside is brought nearer to it.
    modulus = np.minimum(1.0, np.hypot(real, imaginary))
    logarithm = np.log(np.maximum(modulus, 1e-300))
    angle = np.arctan2(imaginary, real)
    power = np.exp(n * logarithm)
    # |z**n - w**n| <= n |z - w| max(|z|, |w|)**(n - 1)
    larger = np.log(np.minimum(1.0, modulus + error))
    spread = n * error * np.exp((n - 1) * larger)
    rounding = 10 * certify.UNIT * (n * (abs(logarithm) + abs(angle)) + 4)
    return power * np.cos(n * angle), spread + power * rounding + 1e-290
