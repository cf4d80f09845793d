"""Proved bounds of eigenvalues, traces and norms of blocks.

One primitive carries every proof: `psd_shift` proves ``H + c >= 0`` by a Cholesky factorisation
that ran to completion, with the rounding bound of Higham, *Accuracy and Stability of Numerical
Algorithms*, Theorems 10.3 and 10.5, in the form of Rump, BIT 46 (2006) 433. Assumed are IEEE
doubles rounded to nearest, and matrix products that add up products, in any order. Where doubles
are too coarse the factorisation can run in the extended precision of the machine, if it has one.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qentropy.blocks import BlockOperator, is_diagonal
from qentropy.certify.exact_operations import (
    all_finite,
    binary_exponent,
    diagonals,
    eigendecompositions,
    is_finite,
    negative,
    spectral,
    to_order_one,
    total_size,
)
from qentropy.certify.rounding import (
    EXTENDED,
    TINY,
    UNIT,
    down,
    exact_sum,
    gamma,
    times_power,
    up,
)
from qentropy.results import Interval

__all__ = [
    "difference",
    "eigenvalue_interval",
    "frobenius_bound",
    "inner",
    "norm_bound",
    "positive_part_trace",
    "psd_shift",
    "trace_interval",
    "trace_norm_interval",
]

Array = NDArray[Any]
ATTEMPTS = 40


def psd_shift(
    operator: BlockOperator,
    error: float = 0.0,
    *,
    guess: float | None = None,
    extended: bool = False,
) -> float:
    r"""Number c with ``H + c 1 >= 0``, proved; negative if H is provably positive definite.

    Parameters
    ----------
    operator
        Exactly Hermitian blocks.
    error
        Bound of the spectral norm of what H differs by from `operator`.
    guess
        About how large c has to be. Without one the smallest eigenvalue is computed; 0 saves that
        where H is expected to be positive and only this matters.
    extended
        Factorise in extended precision, which is much slower.

    Returns
    -------
    float
        The shift; ``inf`` if an entry or the error is not finite.

    References
    ----------
    Rump, BIT 46 (2006) 433.

    Examples
    --------
    >>> from qentropy.blocks import one_group
    >>> -1.0 < psd_shift(one_group(np.eye(3) + 0.1)) < -0.99
    True
    """
    kind = EXTENDED if extended else np.float64
    shift = max(_group_shift(part.groups[0], guess, kind) for part in operator.parts())
    if error:
        shift = up(shift + error)
    return math.inf if math.isnan(shift) else shift


def _group_shift(group: Array, guess: float | None, kind: type[np.floating]) -> float:
    if not all_finite(group):
        return math.inf
    if is_diagonal(group):
        return -float(np.einsum("mii->mi", group).real.min())
    exponent = binary_exponent([group])
    scaled = _real_embedding(times_power(group, -exponent))
    start = None if guess is None else times_power(guess, -exponent)
    return up(times_power(_unit_shift(scaled.astype(kind, copy=False), start), exponent))


def _unit_shift(group: Array, guess: float | None) -> float:
    """`psd_shift` of real matrices with entries of at most one, in their own precision."""
    size, unit = group.shape[-1], float(np.finfo(group.dtype).eps) / 2
    growth = gamma(2 * (size + 1), unit)  # doubled: kernels may multiply by reciprocals
    growth = growth / (1 - growth)
    trace = float(np.abs(np.einsum("mii->mi", group)).sum(axis=-1).max())
    margin = 2 * growth * trace + 4 * unit
    for shift in _attempts(group, margin, guess):
        shifted = group.copy()
        diagonal = np.einsum("mii->mi", shifted)
        diagonal += shift
        if _factorises(shifted):
            rounding = unit * float(np.abs(diagonal).max()) * (1 + 4 * UNIT)
            trace = float(diagonal.sum(axis=-1).max()) * (1 + gamma(size + 4))
            return up(shift + (growth * trace + rounding + size * TINY) * (1 + 8 * UNIT))
    return math.inf


def _attempts(group: Array, margin: float, guess: float | None) -> Iterator[float]:
    """Shifts to try; a factorisation costs a small part of an eigenvalue."""
    if guess is not None and abs(guess) <= group.shape[-1]:  # no eigenvalue is larger
        yield from (guess - margin, guess + margin)
    shift = margin - _smallest_eigenvalue(group)
    for _ in range(ATTEMPTS):
        yield shift
        shift, margin = shift + margin, 2 * margin


def _smallest_eigenvalue(group: Array) -> float:
    """A guess, from which the search for a shift starts."""
    try:
        guess = float(np.linalg.eigvalsh(group.astype(float)).min())
    except np.linalg.LinAlgError:
        guess = math.nan
    return guess if math.isfinite(guess) else -float(group.shape[-1])


def _factorises(group: Array) -> bool:
    """Whether a Cholesky factorisation runs to completion.

    Some kernels carry a NaN to the end; one anywhere in a row is one on the diagonal, too.
    """
    if group.dtype != np.float64:
        return _factorises_slowly(group)
    try:
        factor = np.linalg.cholesky(group)
    except np.linalg.LinAlgError:
        return False
    return bool(np.isfinite(np.einsum("mii->mi", factor)).all())


def _factorises_slowly(group: Array) -> bool:
    """The same, column by column, in a precision that LAPACK does not know."""
    rest = group.copy()
    for k in range(group.shape[-1]):
        pivots = rest[:, k, k]
        if not ((pivots > 0) & np.isfinite(pivots)).all():
            return False
        column = rest[:, k + 1 :, k] / np.sqrt(pivots)[:, None]
        rest[:, k + 1 :, k + 1 :] -= column[:, :, None] * column[:, None, :]
    return True


def _real_embedding(group: Array) -> Array:
    if not np.iscomplexobj(group):
        return group
    return np.block([[group.real, -group.imag], [group.imag, group.real]])


def eigenvalue_interval(operator: BlockOperator, *, largest: bool) -> Interval:
    """Interval of the largest or of the smallest eigenvalue.

    Examples
    --------
    >>> from qentropy.blocks import one_group
    >>> 2.0 in eigenvalue_interval(one_group(np.diag([1.0, 2.0])), largest=True)
    True
    """
    if not is_finite(operator):
        return Interval(-math.inf, math.inf)
    if not largest:
        flipped = eigenvalue_interval(negative(operator), largest=True)
        return Interval(-flipped.upper, -flipped.lower)
    high = psd_shift(negative(operator))
    unit, exponent = to_order_one(operator)
    pairs = zip(unit.groups, eigendecompositions(unit), strict=True)
    low = max(_rayleigh_quotient(group, *parts) for group, parts in pairs)
    return Interval(down(times_power(low, exponent)), high)


def _rayleigh_quotient(group: Array, values: Array, vectors: Array) -> float:
    """Lower bound of the largest eigenvalue; any vector gives one."""
    block = int(values[:, -1].argmax())
    vector = vectors[block, :, -1]
    size = 2 * group.shape[-1]
    # A complex product costs a factor sqrt(2); 4 size covers the two products with room.
    bound = gamma(4 * size) * float(np.abs(vector) @ np.abs(group[block]) @ np.abs(vector))
    quotient = float(np.vdot(vector, group[block] @ vector).real)
    norm = float(np.vdot(vector, vector).real)
    numerator = quotient - 2 * bound - TINY
    spread = 1 + (1 if numerator < 0 else -1) * gamma(4 * size)
    return down(numerator / norm * spread, 4)


def inner(left: BlockOperator, right: BlockOperator) -> Interval:
    """Interval of ``Re Tr A^dagger B`` for A and B in the same blocks."""
    rows: list[float] = []
    absolute: list[float] = []
    width = 0
    for a, b in zip(left.groups, right.groups, strict=True):
        parts = [(a.real, b.real)]
        if np.iscomplexobj(a) and np.iscomplexobj(b):
            parts.append((a.imag, b.imag))
        for x, y in parts:
            with np.errstate(over="ignore", invalid="ignore"):
                rows.extend(np.einsum("mij,mij->mi", x, y).ravel().tolist())
                absolute.extend(np.einsum("mij,mij->mi", np.abs(x), np.abs(y)).ravel().tolist())
        width = max(width, a.shape[-1])
    scale = exact_sum(absolute)
    if not math.isfinite(scale):
        return Interval(-math.inf, math.inf)
    value = exact_sum(rows)
    error = gamma(width + 2) * scale * (1 + gamma(2 * width + 8)) + TINY
    return Interval(down(value - error, 2), up(value + error, 2))


def trace_interval(operator: BlockOperator) -> Interval:
    """Interval of the trace; the sum is exact before its one rounding."""
    value = exact_sum([x for diagonal in diagonals(operator) for x in diagonal.ravel().tolist()])
    if not math.isfinite(value):
        return Interval(-math.inf, math.inf)
    return Interval(down(value), up(value))


def positive_part_trace(operator: BlockOperator, error: float = 0.0) -> float:
    """Upper bound of ``Tr (A)_+`` for A within `error` (spectral norm) of `operator`."""
    if not is_finite(operator):
        return math.inf
    unit, exponent = to_order_one(operator)
    part = unit.with_groups([spectral(v, np.maximum(w, 0)) for w, v in eigendecompositions(unit)])
    gap, gap_error = difference(part, unit)
    shift = max(0.0, psd_shift(part, guess=0.0), psd_shift(gap, up(gap_error + TINY)))
    size = total_size(operator)
    bound = up(trace_interval(part).upper + up(shift * size), 2)
    return up(up(times_power(bound, exponent)) + up(error * size))


def trace_norm_interval(operator: BlockOperator, error: float = 0.0) -> Interval:
    """Interval of ``||A||_1`` for A within `error` (Frobenius norm) of `operator`.

    Examples
    --------
    >>> from qentropy.blocks import one_group
    >>> 3.0 in trace_norm_interval(one_group(np.diag([1.0, -2.0])))
    True
    """
    if not is_finite(operator):
        return Interval(0.0, math.inf)
    unit, exponent = to_order_one(operator)
    high = up(2 * positive_part_trace(unit) - trace_interval(unit).lower + TINY, 3)
    # Any Hermitian S with -1 <= S <= 1 gives ||A||_1 >= Tr A S.
    sign = unit.with_groups([spectral(v, np.sign(w)) for w, v in eigendecompositions(unit)])
    norm = max(1.0, psd_shift(sign), psd_shift(negative(sign)))
    low = max(0.0, down(inner(unit, sign).lower / norm, 2))
    spread = up(math.sqrt(total_size(operator)) * error, 3)
    low, high = down(times_power(low, exponent)), up(times_power(high, exponent))
    return Interval(max(0.0, down(low - spread)), up(high + spread))


def difference(left: BlockOperator, right: BlockOperator) -> tuple[BlockOperator, float]:
    """Rounded difference and a bound of the spectral norm of its rounding error."""
    gap = left.map(np.subtract, right)
    return gap, up(UNIT * frobenius_bound(gap), 2)


def frobenius_bound(operator: BlockOperator) -> float:
    """Upper bound of the largest block's Frobenius norm."""
    if not is_finite(operator):
        return math.inf
    unit, exponent = to_order_one(operator)
    norms = [
        math.sqrt(max(_squares(g).tolist())) * (1 + gamma(2 * g.shape[-1] ** 2 + 8))
        for g in unit.groups
    ]
    return up(times_power(up(max(norms)), exponent))


def _squares(group: Array) -> Array:
    """Square of the Frobenius norm of each matrix."""
    parts = (group.real, group.imag) if np.iscomplexobj(group) else (group,)
    return np.asarray(sum(np.einsum("mij,mij->m", part, part) for part in parts))


def norm_bound(group: Array) -> float:
    """Upper bound of the Frobenius norm of all blocks together, of order one."""
    return up(float(np.linalg.norm(group)) * (1 + gamma(2 * group.size + 8)) + TINY, 2)
