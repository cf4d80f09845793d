r"""Proved trace norms of symmetric tridiagonal matrices, by counting eigenvalues.

The negative pivots of ``T - z`` that floating point counts are those of a matrix whose diagonal is
that of T and whose other entries are relatively within 2.5 units of rounding of those of T. So
each eigenvalue that LAPACK proposes is checked from both sides, whatever the proposal is worth.
J. W. Demmel, *Applied Numerical Linear Algebra*, Lemma 5.4.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qentropy import certify
from qentropy.blocks import Array
from qentropy.results import Interval

__all__ = ["trace_norms"]

Indices = NDArray[np.intp]

NEGLIGIBLE = 2.0**-200  # smaller off-diagonal entries are left out, so that no square underflows
PIVOT = 2.0**-300  # smaller pivots are replaced, so that no quotient overflows
# Entries are below one, so that Weyl's inequality moves an eigenvalue by 2 * 2.5 units, and by
# nothing more than that again for entries and pivots left out and for the ends of the sum.
BACKWARD = 16 * certify.UNIT
RADIUS = 16 * certify.UNIT  # of the first attempt to enclose an eigenvalue
NORM = 4.0  # above the norm of a tridiagonal matrix with entries below one
SHIFTS = 2**16  # counted at once


def trace_norms(matrices: Sequence[tuple[Array, Array]]) -> Interval:
    """Sum of the trace norms of matrices with these diagonals and off-diagonals.

    Examples
    --------
    >>> swap = np.zeros(2), np.ones(1)
    >>> 5.0 in trace_norms([swap, swap, (np.array([-1.0]), np.zeros(0))])
    True
    """
    if not matrices:
        return Interval(0.0, 0.0)
    ordered = sorted(matrices, key=lambda part: -len(part[0]))
    sizes = np.array([len(diagonal) for diagonal, _ in ordered])
    exponents = np.array([_exponent(*part) for part in ordered])
    diagonals, squares = np.zeros((2, sizes[0], len(sizes)))
    proposals = []
    for k, (diagonal, off) in enumerate(ordered):
        scaled = np.ldexp(diagonal, -exponents[k])
        rest = np.ldexp(off, -exponents[k])
        rest = np.where(abs(rest) < NEGLIGIBLE, 0.0, rest)
        diagonals[: sizes[k], k], squares[1 : sizes[k], k] = scaled, rest**2
        proposals.append(_eigenvalues(scaled, rest))
    owner = np.repeat(np.arange(len(sizes)), sizes)
    ranks = np.concatenate([np.arange(size) for size in sizes])
    values = np.concatenate(proposals)
    low, high = _enclosures(values, ranks, owner, sizes, (diagonals, squares))
    least = np.maximum(0.0, np.maximum(low, -high) - BACKWARD)
    most = np.maximum(-low, high) + BACKWARD
    lower, upper = (math.fsum(np.ldexp(x, exponents[owner])) for x in (least, most))
    tiny = 2.0**-1000 * len(values)
    return Interval(max(0.0, certify.down(lower - tiny)), certify.up(upper + tiny))


def _exponent(diagonal: Array, off: Array) -> int:
    return math.frexp(max(float(abs(x).max(initial=0.0)) for x in (diagonal, off)))[1]


def _eigenvalues(diagonal: Array, off: Array) -> Array:
    """Approximate eigenvalues, increasing."""
    from scipy.linalg import eigvalsh_tridiagonal

    return diagonal if len(diagonal) == 1 else np.asarray(eigvalsh_tridiagonal(diagonal, off))


def _enclosures(
    values: Array, ranks: Indices, owner: Indices, sizes: Indices, tables: tuple[Array, Array]
) -> tuple[Array, Array]:
    """Ends between which the eigenvalues lie, up to the backward error of a count."""
    radius = np.full(len(values), RADIUS)
    pending = np.arange(len(values))
    while len(pending):
        below, above = (
            _counts(values[pending] + sign * radius[pending], owner[pending], sizes, tables)
            for sign in (-1, 1)
        )
        proved = (below <= ranks[pending]) & (above > ranks[pending])
        pending = pending[~proved]
        radius[pending] *= 4
        pending = pending[radius[pending] < NORM]
    hopeless = radius >= NORM
    low, high = (
        np.where(hopeless, -NORM, values - radius),
        np.where(hopeless, NORM, values + radius),
    )
    return low, high


def _counts(
    shifts: Array, owner: Indices, sizes: Indices, tables: tuple[Array, Array]
) -> NDArray[np.intp]:
    """How many eigenvalues of the matrix of each shift are below it; the largest matrices first."""
    parts = [slice(k, k + SHIFTS) for k in range(0, len(shifts), SHIFTS)]
    return np.concatenate([_count(shifts[p], owner[p], sizes, *tables) for p in parts])


def _count(
    shifts: Array, owner: Indices, sizes: Indices, diagonals: Array, squares: Array
) -> NDArray[np.intp]:
    count = np.zeros(len(shifts), dtype=np.intp)
    rows = np.arange(sizes[owner[0]])
    # Those that have a row x come first.
    active = np.searchsorted(-sizes[owner], -rows)
    pivots = np.ones(len(shifts))
    for x, some in zip(rows, active.tolist(), strict=True):
        here = owner[:some]
        pivots = (diagonals[x, here] - shifts[:some]) - squares[x, here] / pivots[:some]
        pivots = np.where(abs(pivots) < PIVOT, -PIVOT, pivots)
        count[:some] += pivots < 0
    return count
