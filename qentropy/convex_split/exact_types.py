"""``E |mean of n ratios - 1|`` as a sum over types, that is over how often each ratio occurs.

Probabilities of types are computed as logarithms, with Stirling's series and a bound of every
rounding. Assumed is that numpy's exponential and logarithm are within 4 units in the last place.
"""

import math

import numpy as np

from qentropy import certify
from qentropy.blocks import Array
from qentropy.convex_split.likelihood import LikelihoodRatios
from qentropy.results import Interval

__all__ = ["by_types", "count_types"]

SERIES_FROM = 16
SERIES_ERROR = 3e-14  # 1/(1188 k**9) at 16 is 1.3e-14; the short table rounds by less


def count_types(pair: LikelihoodRatios, n: int) -> int:
    """Number of types, ``binomial(n + m - 1, m - 1)`` for m distinct ratios.

    Examples
    --------
    >>> from qentropy.convex_split.likelihood import likelihood_ratios
    >>> count_types(likelihood_ratios(np.array([0.5, 0.5]), np.array([0.25, 0.75])), 9)
    10
    """
    return math.comb(n + len(pair.ratios) - 1, len(pair.ratios) - 1)


def by_types(pair: LikelihoodRatios, n: int) -> Interval:
    """Sum over all types, with bounds of its rounding.

    Examples
    --------
    >>> from qentropy.convex_split.likelihood import likelihood_ratios
    >>> pair = likelihood_ratios(np.array([0.5, 0.5]), np.array([0.25, 0.75]))
    >>> 0.375 in by_types(pair, 2)
    True
    """
    counts = np.arange(n + 1, dtype=float)
    remaining = np.array([n])
    # Rows: logarithm of the probability, its error, the sum of the ratios, of their moduli.
    sums = np.array([[float(_stirling_terms(np.array([float(n)]))[0])], [SERIES_ERROR], [0], [0]])
    last = len(pair.ratios) - 1
    for k, (ratio, weight) in enumerate(zip(pair.ratios, pair.weights, strict=True)):
        table = np.stack([*_letter(counts, weight, n, last + 1), counts * ratio, counts * ratio])
        table[3] = abs(table[3])
        if k < last:
            parent = np.repeat(np.arange(len(remaining)), remaining + 1)
            first = np.cumsum(remaining + 1) - (remaining + 1)
            chosen = np.arange(len(parent)) - first[parent]
            sums, remaining = sums[:, parent], remaining[parent] - chosen
        else:
            chosen = remaining
        sums = sums + table[:, chosen]
    return _total(sums, n, last + 1)


def _letter(counts: Array, weight: float, n: int, letters: int) -> tuple[Array, Array]:
    """Share ``k log(n w) - log k! - k`` of one ratio in the logarithm, and its error."""
    positive = np.maximum(counts, 1.0)
    logarithm = np.log(n * weight / positive)
    value = np.where(counts > 0, counts * logarithm - _stirling_terms(positive), 0.0)
    # The weight has an error too; adding up the shares rounds once for each letter.
    rounding = counts * (12 + 8 * abs(logarithm)) + 8 * np.log(7 * positive)
    rounding = rounding + (letters + 2) * abs(value)
    return value, certify.UNIT * (rounding + 4) + SERIES_ERROR


def _stirling_terms(counts: Array) -> Array:
    """``log k! - k log k + k`` for ``k >= 1``."""
    inverse = 1 / counts
    square = inverse**2
    series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
    table = np.array(
        [
            0.0,
            *(
                math.log(math.factorial(k)) - k * math.log(k) + k - math.log(2 * math.pi * k) / 2
                for k in range(1, SERIES_FROM)
            ),
        ]
    )
    small = counts < SERIES_FROM
    series = np.where(small, table[np.where(small, counts, 0).astype(int)], series)
    return np.asarray(np.log(2 * math.pi * counts) / 2 + series)


def _total(sums: Array, n: int, letters: int) -> Interval:
    logarithm, error, total, size = sums
    # Probabilities that underflow are covered by TINY.
    probability = np.exp(logarithm)
    error = error + 16 * certify.UNIT * (1 + abs(logarithm))
    deviation = abs(total / n - 1)
    wobble = (letters + 6) * certify.UNIT * (size / n + 1)
    value = float(probability @ deviation)
    spread = float(probability @ (deviation * np.expm1(error) + wobble * np.exp(error)))
    count = len(probability)
    bound = spread * (1 + 1e-9) + certify.gamma(count + 8) * value + 1e-280 * count
    return Interval(max(0.0, certify.down(value - bound)), certify.up(value + bound))
