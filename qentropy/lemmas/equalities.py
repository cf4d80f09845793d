"""Two computed matrices that a statement says are equal, and how far rounding may part them.

The distance of what was computed is on the left-hand side, the bound of all errors on the right.
A true statement is then PROVED, and one that is wrong by more than rounding REFUTED.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType

from qentropy import certify
from qentropy.blocks import Array, extract, joint_blocks
from qentropy.certify.exact_operations import hermitian_part
from qentropy.lemmas.rounding import frobenius_norm
from qentropy.results import Interval, LemmaCheck

__all__ = ["distance_interval", "equal_matrices", "equal_numbers"]

NO_DETAILS: Mapping[str, Interval] = MappingProxyType({})


def distance_interval(left: Array, right: Array, error: float = 0.0) -> Interval:
    """Interval of ``||A - B||_1`` for Hermitian A - B within `error`, Frobenius, of the floats'.

    Examples
    --------
    >>> import numpy as np
    >>> 2.0 in distance_interval(np.diag([1.0, 0.0]), np.diag([0.0, 1.0]))
    True
    """
    gap = hermitian_part(left - right)
    # One rounding by the difference, one by the mean with the adjoint.
    rounding = certify.gamma(4) * frobenius_norm(gap)
    return certify.trace_norm_interval(
        extract(gap, joint_blocks(gap)), certify.up(error + rounding)
    )


def equal_matrices(
    left: Array,
    right: Array,
    error: float,
    *,
    names: tuple[str, str],
    instance: str,
    details: Mapping[str, Interval] = NO_DETAILS,
) -> LemmaCheck:
    """Check ``||A - B||_1 <= 2 sqrt(D) error`` of two computed Hermitian matrices.

    Parameters
    ----------
    left, right
        What was computed for the two sides, shape ``(D, D)``.
    error
        Bound of how far they are, together, from the exact ones, in Frobenius norm.
    names
        Statement and equation.
    instance, details
        As in `LemmaCheck`.

    Examples
    --------
    >>> import numpy as np
    >>> check = equal_matrices(np.eye(2), np.eye(2), 1e-15, names=("", ""), instance="")
    >>> check.verdict.value, equal_matrices(
    ...     np.eye(2), 2 * np.eye(2), 1e-15, names=("", ""), instance=""
    ... ).verdict.value
    ('PROVED', 'REFUTED')
    """
    # Twice, since the distance of the floats is itself an interval, relatively far more narrow.
    tolerance = certify.up(2 * math.sqrt(len(left)) * error, 4)
    return LemmaCheck(
        statement=names[0],
        equation=names[1],
        lhs=distance_interval(left, right),
        rhs=Interval(tolerance, tolerance),
        instance=instance,
        details=dict(details),
    )


def equal_numbers(
    left: Interval,
    right: Interval,
    *,
    names: tuple[str, str],
    instance: str,
    details: Mapping[str, Interval] = NO_DETAILS,
) -> LemmaCheck:
    """Check ``|a - b| <= width(a) + width(b)`` of two numbers that are known as intervals.

    PROVED where the intervals overlap, REFUTED where they are further apart than that sum.

    Examples
    --------
    >>> left, right = Interval(0.0, 0.25), Interval(0.125, 0.5)
    >>> equal_numbers(left, right, names=("", ""), instance="").verdict.value
    'PROVED'
    """
    apart = max(0.0, certify.down(max(left.lower - right.upper, right.lower - left.upper)))
    most = max(left.upper - right.lower, right.upper - left.lower)
    # The widest that two overlapping intervals allow, with the roundings of the differences.
    allowed = certify.up(left.width + right.width, 2)
    overlap = left.overlaps(right)
    high = min(certify.up(most), allowed) if overlap else certify.up(most)
    return LemmaCheck(
        statement=names[0],
        equation=names[1],
        lhs=Interval(apart, max(apart, high)),
        rhs=Interval(allowed, allowed),
        instance=instance,
        details=dict(details),
    )
