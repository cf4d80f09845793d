r"""Smooth max-relative entropies of populations, as lower bounds in a fraction of a millisecond.

The trace-norm ball is water-filling in rational numbers. The purified ball holds no state below
``lambda q`` if the fidelity of any such state is too small, which weights prove: by
``2 sqrt(p x) <= w x + p / w`` it is at most ``w_0 + sum (w - w_0) lambda q + sum p / w``, halved,
for any weights w that are at least w_0.
"""

import math
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.blocks import Array
from qentropy.errors import DimensionMismatchError, InvalidStateError
from qentropy.operators import INPUT_TOLERANCE, check_epsilon

__all__ = [
    "bath_size_lower_bound",
    "exact_ratios",
    "purified_bound",
    "purified_radius",
    "rounded_down",
    "trace_norm_bound",
]

STEPS = 44  # bisections; the last one is far below what anybody reads off a bound
LARGEST = 2.0**1000


def bath_size_lower_bound(p: ArrayLike, q: ArrayLike, epsilon: float) -> float:
    r"""Lower bound of the bath size, ``2**D_max^r(p||q)`` with ``r**2 = epsilon - epsilon**2 / 4``.

    Parameters
    ----------
    p, q
        Populations of the energy levels, of the region and of one thermal system, shape ``(d,)``.
    epsilon
        Accepted distance in trace norm, from 0 to 2.

    Returns
    -------
    float
        A number of systems, region and bath together, at least 1: the field `lower_pinched` of
        `bath_size`, with the same assumptions. ``inf`` if too much of p lies where q is zero.

    Raises
    ------
    InvalidStateError
        p or q is not a probability distribution.
    DimensionMismatchError
        They do not have one length.
    InvalidParameterError
        epsilon is not a number from 0 to 2.

    References
    ----------
    Paper, Theorem 13, with (B13) kept as a fidelity.

    Examples
    --------
    >>> round(bath_size_lower_bound([0.95, 0.05], [0.3, 0.7], 0.1), 6)
    2.443163
    """
    radius = purified_radius(check_epsilon(epsilon, 2.0))
    first, second = _distribution(p, "p"), _distribution(q, "q")
    if first.shape != second.shape:
        raise DimensionMismatchError(
            f"p and q must be vectors of one length; got {first.shape} and {second.shape}"
        )
    return purified_bound(first, second, radius)


def _distribution(values: ArrayLike, name: str) -> Array:
    """Populations, without the negative ones that are rounding."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise InvalidStateError(f"{name} must be real numbers") from error
    if array.ndim != 1 or not array.size:
        raise DimensionMismatchError(f"{name} must be a vector; got shape {array.shape}")
    off = abs(array.sum() - 1)
    if not (off <= INPUT_TOLERANCE and array.min() >= -INPUT_TOLERANCE):
        raise InvalidStateError(
            f"{name} must be a probability distribution; its sum is {array.sum():.9g} and its "
            f"least entry {array.min():.3g}"
        )
    return np.asarray(np.maximum(array, 0.0))


def purified_radius(epsilon: float) -> float:
    """``sqrt(epsilon - epsilon**2 / 4)``, rounded up: a larger ball has a smaller bound.

    Examples
    --------
    >>> purified_radius(2.0), purified_radius(0.0)
    (1.0, 0.0)
    """
    value = math.sqrt(epsilon * (1 - epsilon / 4))
    return min(1.0, certify.up(value, 4)) if value else 0.0


@np.errstate(over="ignore")  # an infinite ratio or weight proves nothing, and harms nothing
def purified_bound(p: Array, q: Array, radius: float) -> float:
    """Lower bound of ``2**D_max^radius(p||q)`` in the purified ball, at least 1; not normalised.

    Examples
    --------
    >>> round(purified_bound(np.array([0.75, 0.25]), np.array([0.5, 0.5]), 0.0), 9)
    1.5
    """
    if radius == 0:
        return trace_norm_bound(p, q, 0.0)
    inside = q > 0
    # Upwards, since a larger q makes the bound smaller, and tiny ones round coarsely.
    p, q = p / math.fsum(p), np.nextafter(q / math.fsum(q), 1)
    outside = math.fsum(p[~inside])
    target = certify.down(math.sqrt(max(0.0, certify.down((1 - radius) * (1 + radius), 2))), 2)
    if certify.up(math.sqrt(certify.up(1 - certify.down(outside, 8))), 2) < target:
        return math.inf
    ratios = p[inside] / q[inside]
    order = np.argsort(-ratios)
    sorted_pair = p[inside][order], q[inside][order]
    low, high = 0.0, math.log2(min(LARGEST, max(1.0, float(ratios.max(initial=1.0)))))
    for _ in range(STEPS):
        middle = (low + high) / 2
        if _largest_fidelity(*sorted_pair, outside, math.exp2(middle)) < target:
            low = middle
        else:
            high = middle
    return max(1.0, math.exp2(low)) if low else 1.0


def _largest_fidelity(p: Array, q: Array, outside: float, level: float) -> float:
    """Upper bound of the fidelity of p and any distribution below ``level * q``.

    The ratios p/q fall. The best distribution is level q for the first of them and c p beyond.
    """
    below = level * np.cumsum(q)
    left = np.maximum(np.append(1 - outside, 1 - outside - np.cumsum(p)[:-1]), 1e-300)
    room = np.maximum(1 - np.append(0.0, below[:-1]), 1e-300)
    factors = room / left
    fits = factors * p <= level * q
    first = int(fits.argmax()) if fits.any() else len(p) - 1
    base = math.sqrt(1 / factors[first])
    weights = np.maximum(np.sqrt(p / (level * q)), base)
    total = base + float((weights - base) @ q) * level + float((p / weights).sum())
    # Rounding of q in the product is relative, as is everything else: no term is negative.
    return total / 2 * (1 + certify.gamma(2 * len(p) + 64))


def trace_norm_bound(p: Array, q: Array, distance: float) -> float:
    """``max_k (P_k - e) / Q_k`` over the largest ratios, in rational numbers, rounded down.

    Examples
    --------
    >>> trace_norm_bound(np.array([0.75, 0.25]), np.array([0.5, 0.5]), 0.125)
    1.25
    """
    best, inside, below = Fraction(1), -Fraction(distance), Fraction(0)
    for ratio, weight in sorted(exact_ratios(p, q), reverse=True):
        inside += weight
        below += weight / Fraction(ratio) if ratio < math.inf else 0
        if inside > 0 and not below:
            return math.inf
        best = max(best, inside / below if below else best)
    return 2.0**1023 if best >= 2**1023 else rounded_down(best)


def exact_ratios(p: Array, q: Array) -> list[tuple[Fraction | float, Fraction]]:
    """Ratios ``p/q`` of normalised populations with their weights p, where p is not zero.

    Examples
    --------
    >>> exact_ratios(np.array([1.0, 0.0]), np.array([0.25, 0.75]))
    [(Fraction(4, 1), Fraction(1, 1))]
    """
    first, second = ([Fraction(x) for x in values.tolist()] for values in (p, q))
    total_p, total_q = sum(first), sum(second)
    return [
        ((x / total_p) / (y / total_q) if y else math.inf, x / total_p)
        for x, y in zip(first, second, strict=True)
        if x
    ]


def rounded_down(value: Fraction) -> float:
    """The nearest double that is not above.

    Examples
    --------
    >>> rounded_down(Fraction(1, 10)) < Fraction(1, 10)
    True
    """
    rounded = float(value)
    return rounded if rounded <= value else certify.down(rounded)
