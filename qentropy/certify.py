r"""From any floating-point primal or dual point to a rigorous interval; knows no solver.

The data are the exact real numbers that the floats are, a state being ``rho / Tr rho``. One
primitive carries every proof: `psd_shift` proves ``H + c >= 0`` by a Cholesky factorisation that
ran to completion, with the rounding bound of Higham, *Accuracy and Stability of Numerical
Algorithms*, Theorems 10.3 and 10.5, in the form of Rump, BIT 46 (2006) 433. A wrong candidate
makes an interval wide, never false.

Two conventions settle what the floats of a state mean where rounding has left them with a negative
eigenvalue. A trace ball always holds rho itself. In the purified ball rho stands for
``B B^dagger``, B its `state_factor`.
"""

import math
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from qentropy.blocks import BlockOperator
from qentropy.results import Interval

__all__ = [
    "down",
    "eigenvalue_interval",
    "gamma",
    "inner",
    "log2_interval",
    "max_ratio",
    "max_relative_entropy_interval",
    "outside_weight",
    "positive_part_trace",
    "psd_shift",
    "purified_lower",
    "purified_upper",
    "ratio_projector",
    "scaled_floor",
    "smooth_lower",
    "smooth_upper",
    "state_factor",
    "support_radius",
    "trace_interval",
    "trace_norm_interval",
    "up",
]

Array = NDArray[Any]
UNIT = 2.0**-53
TINY = 2.0**-1000  # covers underflow wherever the data are of order one
ATTEMPTS = 40


def gamma(count: int) -> float:
    """Bound of the relative error of `count` roundings, ``k u / (1 - k u)``, rounded up."""
    return count * UNIT / (1 - count * UNIT) * (1 + 4 * UNIT)


def up(value: float, steps: int = 1) -> float:
    """A double above `value`."""
    for _ in range(steps):
        value = math.nextafter(value, math.inf)
    return value


def down(value: float, steps: int = 1) -> float:
    """A double below `value`."""
    return -up(-value, steps)


def log2_interval(lower: float, upper: float, exponent: int = 0) -> Interval:
    """Interval of ``log2(x) - exponent`` for x in ``[lower, upper]``, widened by 2 ulp.

    Examples
    --------
    >>> log2_interval(4.0, 4.0).width < 1e-14
    True
    """
    low, high = -math.inf, math.inf
    if lower > 0:
        low = math.inf if lower == math.inf else down(down(math.log2(lower), 2) - exponent)
    if upper <= 0:
        high = -math.inf
    elif upper < math.inf:
        high = up(up(math.log2(upper), 2) - exponent)
    return Interval(low, high)


# Positivity


def psd_shift(operator: BlockOperator, error: float = 0.0) -> float:
    r"""Number c with ``H + c 1 >= 0``, proved; negative if H is provably positive definite.

    Parameters
    ----------
    operator
        Exactly Hermitian blocks.
    error
        Bound of the spectral norm of what H differs by from `operator`.

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
    >>> -1.0 < psd_shift(one_group(np.eye(3))) < -0.99
    True
    """
    shift = max(_group_shift(group) for group in operator.groups)
    if error:
        shift = up(shift + error)
    return math.inf if math.isnan(shift) else shift


def _group_shift(group: Array) -> float:
    if not np.isfinite(group).all():
        return math.inf
    if group.shape[-1] == 1:
        return float(-group.real.min())
    if not group.any():
        return 0.0
    exponent = _exponent([group])
    return up(_power(_unit_shift(_real_embedding(_scaled(group, -exponent))), exponent))


def _unit_shift(group: Array) -> float:
    """`psd_shift` of real matrices with entries of at most one."""
    size = group.shape[-1]
    growth = gamma(2 * (size + 1))  # doubled: kernels may multiply by reciprocals
    growth = growth / (1 - growth)
    trace = float(np.abs(np.einsum("mii->mi", group)).sum(axis=-1).max())
    margin = 2 * growth * trace + 4 * UNIT
    shift = margin - _smallest_eigenvalue(group)
    for _ in range(ATTEMPTS):
        shifted = group + shift * np.eye(size)
        if _factorises(shifted):
            diagonal = np.einsum("mii->mi", shifted)
            rounding = UNIT * float(np.abs(diagonal).max()) * (1 + 4 * UNIT)
            trace = float(diagonal.sum(axis=-1).max()) * (1 + gamma(size + 4))
            return up(shift + (growth * trace + rounding + size * TINY) * (1 + 8 * UNIT))
        shift, margin = shift + margin, 2 * margin
    return math.inf


def _smallest_eigenvalue(group: Array) -> float:
    """A guess, from which the search for a shift starts."""
    try:
        guess = float(np.linalg.eigvalsh(group).min())
    except np.linalg.LinAlgError:
        guess = math.nan
    return guess if math.isfinite(guess) else -float(group.shape[-1])


def _factorises(group: Array) -> bool:
    """Whether a Cholesky factorisation runs to completion; some kernels carry a NaN to the end."""
    try:
        return bool(np.isfinite(np.linalg.cholesky(group)).all())
    except np.linalg.LinAlgError:
        return False


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
    if not _is_finite(operator):
        return Interval(-math.inf, math.inf)
    if not largest:
        flipped = eigenvalue_interval(_negative(operator), largest=True)
        return Interval(-flipped.upper, -flipped.lower)
    high = psd_shift(_negative(operator))
    unit, exponent = _to_order_one(operator)
    low = max(_rayleigh_quotient(*parts) for parts in _eigh(unit))
    low = down(_power(low, exponent))
    return Interval(min(low, high), high)


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


# Traces


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
    scale = _exact_sum(absolute)
    if not math.isfinite(scale):
        return Interval(-math.inf, math.inf)
    value = _exact_sum(rows)
    error = gamma(width + 2) * scale * (1 + gamma(2 * width + 8)) + TINY
    return Interval(down(value - error, 2), up(value + error, 2))


def trace_interval(operator: BlockOperator) -> Interval:
    """Interval of the trace; the sum is exact before its one rounding."""
    value = _exact_sum([x for diagonal in _diagonal(operator) for x in diagonal.ravel().tolist()])
    if not math.isfinite(value):
        return Interval(-math.inf, math.inf)
    return Interval(down(value), up(value))


def _exact_sum(values: list[float]) -> float:
    """Sum with one rounding; NaN if a term is not finite or the sum overflows on its way."""
    try:
        return math.fsum(values) if np.isfinite(values).all() else math.nan
    except OverflowError:
        return math.nan


def positive_part_trace(operator: BlockOperator, error: float = 0.0) -> float:
    """Upper bound of ``Tr (A)_+`` for A within `error` (spectral norm) of `operator`."""
    if not _is_finite(operator):
        return math.inf
    unit, exponent = _to_order_one(operator)
    part = unit.with_groups(
        [_hermitian_part(_spectral(w, v, np.maximum(w, 0))) for _, w, v in _eigh(unit)]
    )
    gap, gap_error = _difference(part, unit)
    shift = max(0.0, psd_shift(part), psd_shift(gap, up(gap_error + TINY)))
    size = _size(operator)
    bound = up(trace_interval(part).upper + up(shift * size), 2)
    return up(up(_power(bound, exponent)) + up(error * size))


def trace_norm_interval(operator: BlockOperator, error: float = 0.0) -> Interval:
    """Interval of ``||A||_1`` for A within `error` (Frobenius norm) of `operator`.

    Examples
    --------
    >>> from qentropy.blocks import one_group
    >>> 3.0 in trace_norm_interval(one_group(np.diag([1.0, -2.0])))
    True
    """
    if not _is_finite(operator):
        return Interval(0.0, math.inf)
    unit, exponent = _to_order_one(operator)
    high = up(2 * positive_part_trace(unit) - trace_interval(unit).lower + TINY, 3)
    # Any Hermitian S with -1 <= S <= 1 gives ||A||_1 >= Tr A S.
    sign = unit.with_groups(
        [_hermitian_part(_spectral(w, v, np.sign(w))) for _, w, v in _eigh(unit)]
    )
    norm = max(1.0, psd_shift(sign), psd_shift(_negative(sign)))
    low = min(high, max(0.0, down(inner(unit, sign).lower / norm, 2)))
    spread = up(math.sqrt(_size(operator)) * error, 3)
    low, high = down(_power(low, exponent)), up(_power(high, exponent))
    return Interval(max(0.0, down(low - spread)), up(high + spread))


# Max-relative entropy and its smooth version, as t = 2**D


def smooth_lower(
    rho: BlockOperator,
    sigma: BlockOperator,
    radius: float,
    dual: BlockOperator,
    *,
    normalized: bool = True,
) -> float:
    r"""Proved lower bound of ``2**D_max^e`` from any Hermitian G, trace-distance radius e.

    .. math::

        2^{D_{\max}^e(\rho\|\sigma)} \ge
        \frac{\mathrm{Tr}\,\rho G - e\,(\lambda_{\max}(G) - \lambda_{\min}(G))}
             {\mathrm{Tr}\,\sigma W}, \qquad W \ge 0, \; W \ge G.

    Without normalisation the spread is ``max(lambda_max, 0) + max(-lambda_min, 0)``.

    Parameters
    ----------
    rho, sigma
        The data, in the same blocks.
    radius
        Trace-distance radius e.
    dual
        The candidate G; W is derived from it.
    normalized
        Whether the ball holds normalised states only.

    Returns
    -------
    float
        A number not above ``2**D_max^e``; 0 if the candidate is useless.
    """
    if not _is_finite(dual):
        return 0.0
    whole = _to_order_one(dual)[0].map(_hermitian_part)
    part = _on_support(sigma, whole)
    slack = _dual_slack(sigma, whole)
    shift = _slack_shift(sigma, slack, part)
    denominator = _slack_cost(sigma, slack, shift)
    if not 0 < denominator < math.inf:
        return 0.0
    top, bottom = psd_shift(_negative(whole)), psd_shift(whole)
    if not normalized:
        top, bottom = max(top, 0.0), max(bottom, 0.0)
    cost = up(radius * max(0.0, up(top + bottom)))
    gain, weight = inner(rho, whole).lower, trace_interval(rho)
    # The X of the ball are positive, so Tr X W >= Tr X G. For rho itself, which may miss
    # positivity by rounding, Tr rho W >= Tr rho G - c Tr (W - G) where rho + c >= 0.
    lack = max(0.0, psd_shift(rho))
    fault = up(lack * _excess(sigma, slack, shift, part)) if lack else 0.0
    numerator = min(
        down(_quotient_low(gain, weight) - cost), _quotient_low(down(gain - fault), weight)
    )
    return down(numerator / denominator) if numerator > 0 else 0.0


def _slack_shift(sigma: BlockOperator, slack: BlockOperator, dual: BlockOperator | None) -> float:
    """Number c with ``W + c D**2 >= 0`` and ``W + c D**2 >= dual``, W the slack.

    D is a diagonal of powers of two, about ``sigma_ii**(-1/2)``, so that congruence with it is
    exact but for underflow.
    """
    scale = _root_scale(sigma, sign=1)
    scaled = _congruence(slack, scale)
    shift = max(0.0, psd_shift(scaled, TINY))
    if dual is not None:
        gap, error = _difference(scaled, _congruence(dual, scale))
        shift = max(shift, psd_shift(gap, up(error + TINY)))
    return shift


def _slack_cost(sigma: BlockOperator, slack: BlockOperator, shift: float) -> float:
    """Upper bound of ``Tr sigma (W + c D**2)``."""
    price = trace_interval(_congruence(sigma, _root_scale(sigma, sign=-1))).upper
    return up(inner(sigma, slack).upper + up(shift * price), 2)


def _excess(sigma: BlockOperator, slack: BlockOperator, shift: float, dual: BlockOperator) -> float:
    """Upper bound of ``Tr (W + c D**2 - G)`` on the support of sigma."""
    identity = _on_support(sigma, sigma.map(_ones_like))
    weight = trace_interval(_congruence(identity, _root_scale(sigma, sign=-1))).upper
    gap = up(trace_interval(slack).upper - trace_interval(dual).lower)
    return max(0.0, up(gap + up(shift * weight)))


def smooth_upper(
    rho: BlockOperator,
    sigma: BlockOperator,
    radius: float,
    primal: BlockOperator,
    *,
    normalized: bool = True,
) -> tuple[float, BlockOperator]:
    """Proved upper bound of ``2**D_max^e`` from any proposed state, trace-distance radius e.

    The candidate is shifted to be positive, normalised and mixed with rho until it provably lies
    in the ball. The state rho itself is always feasible and is the last resort.

    Parameters
    ----------
    rho, sigma, radius, normalized
        As in `smooth_lower`.
    primal
        The candidate X.

    Returns
    -------
    float
        A number not below ``2**D_max^e``; ``inf`` if sigma is not provably positive.
    BlockOperator
        A state in the ball that attains the bound, up to its trace: what is in the ball is
        ``X / Tr X``, or ``X / max(1, Tr X)`` without normalisation.
    """
    best = max_ratio(rho, sigma), rho
    candidate = _candidate(sigma, primal, normalized=normalized)
    if radius == 0 or candidate is None:
        return best
    state = _in_ball(rho, sigma, radius, candidate, normalized=normalized)
    if state is None:
        return best
    bound = max_ratio(state, sigma, normalized=normalized)
    return (bound, state) if bound < best[0] else best


def max_ratio(state: BlockOperator, sigma: BlockOperator, *, normalized: bool = True) -> float:
    """Proved upper bound of the least t with ``X/Tr X <= t sigma``; without division if asked."""
    support = _support(sigma)
    scale = _root_scale(sigma, sign=-1)
    scaled, state_scaled = _congruence(sigma, scale), _congruence(state, scale)
    floor = -psd_shift(_fill(scaled, support))
    weight = trace_interval(state).lower if normalized else 1.0
    if not _is_finite(state_scaled) or not (floor > 0 and weight > 0) or _couples(state, support):
        return math.inf
    ratio = _ratio(state, sigma)
    gap, error = _difference(scaled.map(lambda g: ratio * g), state_scaled)
    error = up(error + up(UNIT * ratio * _frobenius(scaled) + TINY, 2))
    shift = max(0.0, psd_shift(_fill(gap, support), error))
    return up(up(ratio + up(shift / floor)) / weight)


def _ratio(state: BlockOperator, sigma: BlockOperator) -> float:
    """A guess of the least t with ``X <= t sigma``."""
    inverse_root = sigma.with_groups(sigma.spectrum.power(-0.5))
    whitened = inverse_root.map(lambda r, x: _hermitian_part(r @ x @ r), state)
    if not _is_finite(whitened):
        return 0.0
    return max(0.0, *(float(np.linalg.eigvalsh(g).max()) for g in whitened.groups))


def max_relative_entropy_interval(
    rho: BlockOperator, sigma: BlockOperator, exponent: int = 0
) -> Interval:
    """Interval of ``D_max(rho||sigma) - exponent`` in bits, sigma positive definite.

    Examples
    --------
    >>> from qentropy.blocks import one_group
    >>> rho, sigma = one_group(np.diag([1.0, 0.0])), one_group(np.eye(2) / 2)
    >>> 1.0 in max_relative_entropy_interval(rho, sigma)
    True
    """
    low = smooth_lower(rho, sigma, 0.0, ratio_projector(rho, sigma))
    return log2_interval(low, max_ratio(rho, sigma), exponent)


def ratio_projector(rho: BlockOperator, sigma: BlockOperator) -> BlockOperator:
    """Candidate G for radius 0: ``sigma^{-1/2} |v><v| sigma^{-1/2}`` with the top vector v.

    v is an eigenvector of ``sigma^{-1/2} rho sigma^{-1/2}`` for its largest eigenvalue.
    """
    inverse = sigma.with_groups(sigma.spectrum.power(-0.5))
    whitened = inverse.map(lambda r, x: _hermitian_part(r @ x @ r), rho)
    parts = _eigh(whitened)
    best = max(float(values.max()) for _, values, _ in parts)
    groups = []
    for (_, values, vectors), root in zip(parts, inverse.groups, strict=True):
        top = _spectral(values, vectors, (values >= best).astype(float))
        groups.append(_hermitian_part(root @ top @ root))
    return rho.with_groups(groups)


def scaled_floor(sigma: BlockOperator) -> float:
    """Proved lower bound of the smallest eigenvalue of sigma after scaling its diagonal to one.

    To about one: between 1/2 and 2 times the largest diagonal entry.
    """
    return -psd_shift(_congruence(sigma, _root_scale(sigma, sign=-1)))


# The purified ball


def purified_lower(
    rho: BlockOperator,
    sigma: BlockOperator,
    epsilon: float,
    dual: BlockOperator,
    offset: float,
    *,
    normalized: bool = True,
) -> float:
    r"""Proved lower bound of ``2**D_max`` smoothed in purified distance, from any W and u.

    .. math::

        2^D \ge \frac{u + (1-\epsilon^2)/\mathrm{Tr}[(W - u)^{-1}\rho]}{\mathrm{Tr}\,\sigma W},
        \qquad W \ge 0, \; u < \lambda_{\min}(W),

    by Alberti's theorem; ``u <= 0`` without normalisation. The state is ``B B^dagger`` over its
    trace with the `state_factor` B of rho.
    """
    if not _is_finite(dual) or not math.isfinite(offset):
        return 0.0
    exponent = max(_exponent(dual.groups), math.frexp(offset)[1])
    slack = dual.map(lambda g: _hermitian_part(_scaled(g, -exponent)))
    offset = _power(offset, -exponent)
    denominator = _slack_cost(sigma, slack, _slack_shift(sigma, slack, None))
    if not 0 < denominator < math.inf:
        return 0.0
    factor = state_factor(rho)
    square = max(0.0, down(1 - up(epsilon * epsilon)))
    fidelity = down(square * _factor_weight(factor).lower)
    best = 0.0
    # The shift that proves W positive only helps W - u, so the candidate itself is used there.
    for gap in (1e-14, 1e-12, 1e-10, 1e-8, 1e-6):
        u = (offset if normalized else min(offset, 0.0)) - gap
        inverse = _inverse_trace(slack, u, factor)
        if 0 < inverse < math.inf:
            best = max(best, down(down(u + down(fidelity / inverse)) / denominator))
    return best


def purified_upper(
    rho: BlockOperator,
    sigma: BlockOperator,
    epsilon: float,
    primal: BlockOperator,
    *,
    normalized: bool = True,
) -> tuple[float, BlockOperator]:
    """Proved upper bound of ``2**D_max`` smoothed in purified distance, and its state.

    The candidate is mixed with rho until its fidelity is provably large enough. The last resort
    is rho itself, which is ``B B^dagger`` over its trace as in `purified_lower`.
    """
    best = _factor_ratio(sigma, state_factor(rho)), rho
    candidate = _candidate(sigma, primal, normalized=normalized)
    if candidate is None:
        return best
    square = up(1 - down(epsilon * epsilon))
    target = up(math.sqrt(square), 2) if square > 0 else -math.inf
    anchor = _anchor(rho, sigma)
    reach = 1.0 if anchor is rho else _with_fidelity(rho, sigma, anchor, normalized=normalized)[1]
    margin = 4 * UNIT
    for _ in range(8):
        candidate, fidelity = _with_fidelity(rho, sigma, candidate, normalized=normalized)
        if not math.isfinite(fidelity):
            return best
        if fidelity >= target:
            bound = max_ratio(candidate, sigma, normalized=normalized)
            return (bound, candidate) if bound < best[0] else best
        if reach <= target:
            return best
        candidate = _mixed(candidate, anchor, (target - fidelity + margin) / (reach - fidelity))
        margin *= 16
    return best


_factors: WeakKeyDictionary[BlockOperator, BlockOperator] = WeakKeyDictionary()


def state_factor(rho: BlockOperator) -> BlockOperator:
    r"""Square blocks B with ``B B^dagger`` equal to rho up to rounding.

    Rounding means some units of ``sqrt(rho_ii rho_jj)`` in entry (i, j). Eigenvalues that are
    rounding are left out: a root would make them large. One operator has one factor, so that both
    ends of an interval speak of the same state.
    """
    if rho not in _factors:
        _factors[rho] = rho.with_groups([_group_factor(g) for g in rho.groups])
    return _factors[rho]


def _group_factor(group: Array) -> Array:
    size = group.shape[-1]
    diagonal = np.einsum("mii->mi", group).real
    # Below this a diagonal entry is itself rounding, and scaling it to one would blow that up.
    floor = 64 * size * UNIT * diagonal.max(axis=-1, keepdims=True) if size > 1 else TINY
    exponent = np.frexp(np.maximum(diagonal, np.maximum(floor, TINY)))[1] // 2
    scale = np.ldexp(1.0, exponent)
    values, vectors = np.linalg.eigh(group / (scale[:, :, None] * scale[:, None, :]))
    noise = (4 + math.sqrt(size)) * 2 * UNIT * values.max(axis=-1, keepdims=True)
    kept = np.where(values > (noise if size > 1 else 0.0), values, 0.0)
    rows = np.where(diagonal > 0, scale, 0.0)[:, :, None]
    return np.asarray(rows * vectors * np.sqrt(np.maximum(kept, 0.0))[:, None, :])


def _factor_weight(factor: BlockOperator) -> Interval:
    """Interval of ``Tr B B^dagger``."""
    return inner(factor, factor)


def _factor_ratio(sigma: BlockOperator, factor: BlockOperator) -> float:
    """Upper bound of the least t with ``B B^dagger / Tr B B^dagger <= t sigma``."""
    if _couples(factor, _support(sigma)):
        return math.inf
    state = _dominating(sigma, factor)
    weight = _factor_weight(factor).lower
    if state is None or not weight > 0:
        return math.inf
    return up(max_ratio(state, sigma, normalized=False) / weight)


def _inverse_trace(slack: BlockOperator, offset: float, factor: BlockOperator) -> float:
    """Upper bound of ``Tr B^dagger (W - u)^{-1} B``; inf if W - u is not provably positive.

    With ``Z = W - u``, any Y and the residual ``R = B - Z Y`` it equals
    ``Tr B^dagger Y + Tr Y^dagger R + Tr R^dagger Z^{-1} R``.
    """
    shifted = slack.map(lambda g: g - offset * np.eye(g.shape[-1]))
    rounding = up(UNIT * max(float(np.abs(g).max()) for g in shifted.groups), 2)
    floor = -psd_shift(shifted, rounding)
    if not floor > 0:
        return math.inf
    solution = factor.map(lambda b, z: np.linalg.solve(z, b), shifted)
    residual = factor.map(lambda b, z, y: b - z @ y, shifted, solution)
    total = up(inner(factor, solution).upper + inner(solution, residual).upper)
    squares = 0.0
    groups = (x.groups for x in (shifted, factor, solution, residual))
    for z, b, y, r in zip(*groups, strict=True):
        norm_z, norm_b, norm_y, norm_r = (_norm(x) for x in (z, b, y, r))
        # The rounding of b - z @ y, and of the diagonal of Z.
        error = gamma(4 * z.shape[-1] + 8) * (norm_z * norm_y + norm_b) + rounding * norm_y
        total = up(total + up(norm_y * error, 8))
        squares = up(squares + up((norm_r + error) ** 2, 8))
    return up(total + up(squares / floor))


def _with_fidelity(
    rho: BlockOperator, sigma: BlockOperator, candidate: BlockOperator, *, normalized: bool
) -> tuple[BlockOperator, float]:
    """A state ``X >= A A^dagger`` near the candidate, and a lower bound of its fidelity.

    Fidelity is operator monotone, so ``F(rho, X) >= ||B^dagger A||_1 >= Re Tr V^dagger B^dagger A``
    for any contraction V, and any A will do.
    """
    center, factor = state_factor(rho), _rows_on_support(sigma, state_factor(candidate))
    state = _dominating(sigma, factor)
    if state is None:
        return candidate, -math.inf
    product = center.map(lambda b, a: b.conj().swapaxes(-1, -2) @ a, factor)
    contraction = product.map(_polar)
    gap, error = _difference(factor.map(_ones_like), _gram(contraction))
    excess = max(0.0, psd_shift(gap, up(error + _gram_error(contraction))))
    norm = up(math.sqrt(up(1 + excess)))
    weights = _factor_weight(center).upper, _factor_weight(factor).upper
    width = max(g.shape[-1] for g in product.groups)
    slop = up(gamma(4 * width + 8) * math.sqrt(width * up(weights[0] * weights[1])), 4)
    trace = trace_interval(state).upper
    scale = up(math.sqrt(up(weights[0] * (trace if normalized else max(1.0, trace)))))
    overlap = down(inner(contraction, product).lower - up(slop * norm))
    return state, down(overlap / up(norm * scale))


def _dominating(sigma: BlockOperator, factor: BlockOperator) -> BlockOperator | None:
    """X on the support of sigma with ``X >= A A^dagger`` proved, a little above ``A A^dagger``.

    A has no rows outside the support.
    """
    support = _support(sigma)
    scale, inverse = _state_scales(sigma, _gram(_adjoint(factor)))
    pairs = zip(factor.groups, inverse, strict=True)
    adjoint = _adjoint(factor.with_groups([g * s[:, :, None] for g, s in pairs]))
    product, rounding = _gram(adjoint), _gram_error(adjoint)
    state = _congruence(product, scale)
    for _ in range(4):
        scaled = _congruence(state, inverse)
        gap, error = _difference(scaled, product)
        shift = psd_shift(_fill(gap, support), up(error + rounding))
        if shift <= 0:
            return state
        if not math.isfinite(shift):
            break
        state = _congruence(_raised(scaled, 1.5 * shift, support), scale)
    return None


def _adjoint(factor: BlockOperator) -> BlockOperator:
    return factor.map(lambda a: a.conj().swapaxes(-1, -2))


def _gram(factor: BlockOperator) -> BlockOperator:
    """``A^dagger A``."""
    return factor.map(lambda a: _hermitian_part(a.conj().swapaxes(-1, -2) @ a))


def _gram_error(factor: BlockOperator) -> float:
    """Bound of the Frobenius norm of the rounding of ``A^dagger A``; sqrt(2) for complex parts."""
    width = max(g.shape[-1] for g in factor.groups)
    return up(gamma(4 * width + 8) * _factor_weight(factor).upper + TINY, 2)


def _polar(product: Array) -> Array:
    """Unitary V that maximises ``Re Tr V^dagger M``."""
    u, _, v = np.linalg.svd(product)
    return np.asarray(u @ v)


# States in a ball, and on a support


def outside_weight(rho: BlockOperator, sigma: BlockOperator) -> Interval:
    """Interval of ``Tr rho (1 - Pi)`` with the projector on the rows of sigma that are not zero.

    The state is ``B B^dagger`` over its trace with the `state_factor` B of rho. No state on those
    rows has a purified distance from it whose square is smaller.
    """
    factor = state_factor(rho)
    inside = _rows_on_support(sigma, factor)
    part, whole = _factor_weight(factor.map(np.subtract, inside)), _factor_weight(factor)
    return Interval(
        max(0.0, down(part.lower / whole.upper)), up(part.upper / max(TINY, whole.lower))
    )


def support_radius(rho: BlockOperator, sigma: BlockOperator) -> float:
    r"""Proved lower bound of the trace distance from rho to the states on the support of sigma.

    With ``Pi G Pi <= 0`` it is at least ``Tr rho G`` over the spread of G as in `smooth_lower`.
    Tried are ``1 - Pi`` and the projector of ``rho - X > 0``, X the compression of rho, minus a
    multiple of the identity. Exact for a pure rho and for a commuting pair.
    """
    identity = sigma.map(_ones_like)
    gap = rho.map(np.subtract, _anchor(rho, sigma))
    above = gap.with_groups(
        [_hermitian_part(_spectral(w, v, (w > 0).astype(float))) for _, w, v in _eigh(gap)]
    )
    best = 0.0
    for candidate in (identity.map(np.subtract, _on_support(sigma, identity)), above):
        top, bottom = psd_shift(_negative(candidate)), psd_shift(candidate)
        level = max(0.0, psd_shift(_negative(_on_support(sigma, candidate))))
        gain = _quotient_low(inner(rho, candidate).lower, trace_interval(rho))
        spread = up(max(0.0, up(top - level)) + max(0.0, up(bottom + level)))
        best = max(best, down(down(gain - level) / spread) if spread > 0 else 0.0)
    return best


def _candidate(
    sigma: BlockOperator, primal: BlockOperator, *, normalized: bool
) -> BlockOperator | None:
    """The candidate on the support of sigma, of trace about one, or None if it is hopeless."""
    if not _is_finite(primal):
        return None
    unit, exponent = _to_order_one(primal)
    if not normalized and exponent <= 1:
        unit = unit.map(lambda g: _scaled(g, exponent))
    candidate = _on_support(sigma, unit.map(_hermitian_part))
    trace = float(candidate.trace)
    # No entry of a positive operator is larger than its trace.
    if trace < 1e-3 * max(float(np.abs(g).max()) for g in candidate.groups) or trace <= 0:
        return None
    return _rescaled(candidate, normalized=normalized)


def _rescaled(candidate: BlockOperator, *, normalized: bool) -> BlockOperator:
    """Of trace one up to rounding; of at most that without normalisation."""
    scale = float(candidate.trace) if normalized else max(1.0, float(candidate.trace))
    return candidate.map(lambda g: g / scale)


def _in_ball(
    rho: BlockOperator,
    sigma: BlockOperator,
    radius: float,
    candidate: BlockOperator,
    *,
    normalized: bool,
) -> BlockOperator | None:
    """A positive operator near the candidate that provably lies in the ball, or None."""
    anchor = _anchor(rho, sigma)
    reach = _distance(rho, anchor, normalized=normalized) if anchor is not rho else 0.0
    margin = 4 * UNIT
    for _ in range(8):
        candidate, positive = _lifted(candidate, sigma, normalized=normalized)
        distance = _distance(rho, candidate, normalized=normalized)
        if positive and distance <= radius:
            return candidate
        if not math.isfinite(distance) or reach >= radius:
            return None
        if distance > radius:
            share = (distance - radius + margin) / (distance - reach)
            candidate = _mixed(candidate, anchor, share)
        margin *= 16
    return None


def _anchor(rho: BlockOperator, sigma: BlockOperator) -> BlockOperator:
    """A state on the support of sigma near rho: rho itself, or its normalised compression."""
    if not _couples(rho, _support(sigma)):
        return rho
    inside = _on_support(sigma, rho)
    weight = float(inside.trace)
    return inside.map(lambda g: g / weight) if weight > TINY else inside


def _mixed(candidate: BlockOperator, anchor: BlockOperator, weight: float) -> BlockOperator:
    share = min(1.0, weight)
    return candidate.map(lambda x, r: _hermitian_part((1 - share) * x + share * r), anchor)


def _lifted(
    candidate: BlockOperator, sigma: BlockOperator, *, normalized: bool
) -> tuple[BlockOperator, bool]:
    """Add to the diagonal until positivity is proved, and rescale."""
    support = _support(sigma)
    scale, inverse = _state_scales(sigma, candidate)
    for _ in range(4):
        scaled = _congruence(candidate, inverse)
        shift = psd_shift(_fill(scaled, support))
        if shift <= 0:
            return candidate, True
        if not math.isfinite(shift):
            break
        raised = _congruence(_raised(scaled, 1.5 * shift, support), scale)
        candidate = _rescaled(raised, normalized=normalized)
    return candidate, False


def _distance(rho: BlockOperator, state: BlockOperator, *, normalized: bool) -> float:
    """Upper bound of ``Tr (rho/Tr rho - X)_+``, with ``X/Tr X`` for X if normalised.

    The traces differ from one by rounding only; ||rho||_1 and ||X||_1 are at most 2.
    """
    gap, error = _difference(rho, state)
    bound = positive_part_trace(gap, error)
    traces = [trace_interval(rho)]
    top = trace_interval(state)
    if normalized or top.upper > 1:
        traces.append(top)
    for trace in traces:
        off = max(abs(trace.lower - 1), abs(trace.upper - 1))
        bound = up(bound + up(2 * off / max(TINY, 1 - off), 4))
    return bound


def _dual_slack(sigma: BlockOperator, dual: BlockOperator) -> BlockOperator:
    """Candidate ``W = S^{-1} (S G S)_+ S^{-1}`` with ``S = sigma^{1/2}`` on its support."""
    groups = []
    root, inverse = sigma.spectrum.power(0.5), sigma.spectrum.power(-0.5)
    for s, r, g in zip(root, inverse, dual.groups, strict=True):
        values, vectors = np.linalg.eigh(_hermitian_part(s @ g @ s))
        factor = r @ (vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :])
        groups.append(_hermitian_part(factor @ factor.conj().swapaxes(-1, -2)))
    return _on_support(sigma, dual.with_groups(groups))


# Small tools


def _is_finite(operator: BlockOperator) -> bool:
    return all(bool(np.isfinite(group).all()) for group in operator.groups)


def _exponent(groups: list[Array] | tuple[Array, ...]) -> int:
    """Binary exponent of the largest real or imaginary part; all parts are below its power."""
    largest = max(float(np.abs(part).max()) for g in groups for part in (g.real, g.imag))
    return math.frexp(largest)[1]


def _scaled(group: Array, exponent: int) -> Array:
    """``2**exponent`` times an array, exact but for underflow; 2**1074 itself is not a double."""
    half = exponent // 2
    return np.asarray(group * 2.0**half * 2.0 ** (exponent - half))


def _power(value: float, exponent: int) -> float:
    """``2**exponent`` times a number, with at most one rounding, or an infinity."""
    half = exponent // 2
    return value * 2.0**half * 2.0 ** (exponent - half)


def _to_order_one(operator: BlockOperator) -> tuple[BlockOperator, int]:
    """``2**-k A`` with the largest part in [1/2, 1), and k."""
    exponent = _exponent(operator.groups)
    return operator.map(lambda g: _scaled(g, -exponent)), exponent


def _support(sigma: BlockOperator) -> list[NDArray[np.bool_]]:
    """Rows on which sigma acts; a positive operator with a zero on its diagonal has a zero row."""
    return [diagonal > 0 for diagonal in _diagonal(sigma)]


def _on_support(sigma: BlockOperator, operator: BlockOperator) -> BlockOperator:
    pairs = zip(operator.groups, _support(sigma), strict=True)
    return operator.with_groups([g * (s[:, :, None] & s[:, None, :]) for g, s in pairs])


def _rows_on_support(sigma: BlockOperator, factor: BlockOperator) -> BlockOperator:
    pairs = zip(factor.groups, _support(sigma), strict=True)
    return factor.with_groups([g * s[:, :, None] for g, s in pairs])


def _root_scale(sigma: BlockOperator, *, sign: int) -> list[Array]:
    """Powers of two near ``sigma_ii**(sign/2)``, shape ``(m, b)``; one outside the support.

    The largest is one if `sign` is 1, so that a congruence with ``sign = -1`` does not underflow.
    """
    return _root_powers(_diagonal(sigma), sign)


def _state_scales(sigma: BlockOperator, state: BlockOperator) -> tuple[list[Array], list[Array]]:
    """Powers of two near the root of ``min(1, t sigma_ii)``, t the least by diagonals; inverses.

    Neither the trace of X nor t grows by more than rounding when rounding on this scale is added.
    """
    diagonals = _diagonal(sigma)
    pairs = list(zip(_diagonal(state), diagonals, strict=True))
    largest = max(float(s.max()) for s in diagonals)
    ratios = [np.divide(x, s, out=np.zeros_like(s), where=s > largest * TINY) for x, s in pairs]
    level = max(1 / largest, *(float(r.max()) for r in ratios))
    weights = [np.minimum(level * s, 1.0) for s in diagonals]
    return _root_powers(weights, 1), _root_powers(weights, -1)


def _diagonal(operator: BlockOperator) -> list[Array]:
    return [np.einsum("mii->mi", group).real for group in operator.groups]


def _root_powers(weights: list[Array], sign: int) -> list[Array]:
    """Powers of two near ``w**(sign/2)`` over the largest of them, one where w is zero."""
    exponents = [np.frexp(w)[1] // 2 for w in weights]
    top = max(int(e[w > 0].max(initial=-9999)) for e, w in zip(exponents, weights, strict=True))
    return [
        np.where(w > 0, np.ldexp(1.0, sign * (e - top)), 1.0)
        for e, w in zip(exponents, weights, strict=True)
    ]


def _congruence(operator: BlockOperator, scale: list[Array]) -> BlockOperator:
    """``D A D`` for a diagonal D of powers of two: exact but for underflow."""
    pairs = zip(operator.groups, scale, strict=True)
    return operator.with_groups([g * s[:, :, None] * s[:, None, :] for g, s in pairs])


def _fill(operator: BlockOperator, support: list[NDArray[np.bool_]]) -> BlockOperator:
    """Put the largest entry on the diagonal of the rows outside the support."""
    if all(s.all() for s in support):
        return operator
    top = max(float(np.abs(g).max()) for g in operator.groups) or 1.0
    pairs = zip(operator.groups, support, strict=True)
    return operator.with_groups(
        [g + top * (~s[:, :, None] * np.eye(g.shape[-1])) for g, s in pairs]
    )


def _raised(
    operator: BlockOperator, shift: float, support: list[NDArray[np.bool_]]
) -> BlockOperator:
    """Add `shift` on the diagonal of the rows inside the support."""
    pairs = zip(operator.groups, support, strict=True)
    return operator.with_groups(
        [g + shift * (s[:, :, None] * np.eye(s.shape[-1])) for g, s in pairs]
    )


def _couples(operator: BlockOperator, support: list[NDArray[np.bool_]]) -> bool:
    """Whether an operator has entries in rows outside the support."""
    return any(bool(np.any(g[~s])) for g, s in zip(operator.groups, support, strict=True))


def _difference(left: BlockOperator, right: BlockOperator) -> tuple[BlockOperator, float]:
    """Rounded difference and a bound of the spectral norm of its rounding error."""
    gap = left.map(np.subtract, right)
    return gap, up(UNIT * _frobenius(gap), 2)


def _frobenius(operator: BlockOperator) -> float:
    """Upper bound of the largest block's Frobenius norm."""
    if not _is_finite(operator):
        return math.inf
    unit, exponent = _to_order_one(operator)
    norms = [
        float(np.linalg.norm(g, axis=(-2, -1)).max()) * (1 + gamma(2 * g.shape[-1] ** 2 + 8))
        for g in unit.groups
    ]
    return up(_power(up(max(norms)), exponent))


def _norm(group: Array) -> float:
    """Upper bound of the Frobenius norm of all blocks together, of order one."""
    return up(float(np.linalg.norm(group)) * (1 + gamma(2 * group.size + 8)) + TINY, 2)


def _quotient_low(numerator: float, divisor: Interval) -> float:
    if not divisor.lower > 0:
        return -math.inf
    return down(numerator / (divisor.upper if numerator > 0 else divisor.lower))


def _negative(operator: BlockOperator) -> BlockOperator:
    return operator.map(np.negative)


def _size(operator: BlockOperator) -> int:
    return sum(int(np.prod(g.shape[:-1])) for g in operator.groups)


def _eigh(operator: BlockOperator) -> list[tuple[Array, Array, Array]]:
    return [(g, *np.linalg.eigh(g)) for g in operator.groups]


def _spectral(values: Array, vectors: Array, new_values: Array) -> Array:
    return np.asarray((vectors * new_values[..., None, :]) @ vectors.conj().swapaxes(-1, -2))


def _hermitian_part(group: Array) -> Array:
    return np.asarray((group + group.conj().swapaxes(-1, -2)) / 2)


def _ones_like(group: Array) -> Array:
    return np.broadcast_to(np.eye(group.shape[-1]), group.shape)
