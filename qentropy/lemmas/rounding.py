"""How large rounding can be on either side of a statement."""

import math

import numpy as np

from qentropy import certify
from qentropy.blocks import Array, one_group
from qentropy.results import Interval

__all__ = [
    "frobenius_norm",
    "product_rounding",
    "scaled",
    "trace_defect",
]


def frobenius_norm(matrix: Array) -> float:
    """Upper bound of the Frobenius norm of a matrix or of a stack of them."""
    # Squares of small entries would underflow.
    largest = float(np.abs(matrix).max(initial=0.0))
    if largest == 0 or not math.isfinite(largest):
        return largest
    error = certify.gamma(2 * matrix.size + 24)
    return certify.up(largest * float(np.linalg.norm(matrix / largest)) * (1 + error), 2)


def trace_defect(state: Array) -> float:
    """Upper bound of how far the trace of a state is from one."""
    trace = certify.trace_interval(one_group(state))
    return certify.up(max(abs(trace.lower - 1), abs(trace.upper - 1)))


def product_rounding(left: Array, right: Array) -> float:
    """Bound of the Frobenius norm of the rounding of ``A^dagger B``, or of ``A A^dagger``.

    A sum of s complex products has a relative error of at most ``gamma(4 s)`` of the sum of their
    moduli; the longer axis is taken for s.
    """
    width = max(left.shape[-2:])
    norms = frobenius_norm(left) * frobenius_norm(right)
    return certify.up(certify.gamma(4 * width + 8) * norms, 3)


def scaled(interval: Interval, factor: float) -> Interval:
    """A factor, zero or more, times an interval, an ulp wider; infinite ends stay infinite."""
    low, high = (0.0 if factor == 0 else factor * end for end in (interval.lower, interval.upper))
    return Interval(low if math.isinf(low) else certify.down(low), certify.up(high))
