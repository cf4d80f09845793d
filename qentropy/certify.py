"""From any floating-point primal or dual point to a rigorous interval; knows no solver.

The data are the exact real numbers that the floats are, a state being ``rho / Tr rho``. One
primitive carries every proof: `psd_shift` proves ``H + c >= 0`` by a Cholesky factorisation that
ran to completion, with the rounding bound of Higham, *Accuracy and Stability of Numerical
Algorithms*, Theorems 10.3 and 10.5, in the form of Rump, BIT 46 (2006) 433. A wrong candidate
makes an interval wide, never false.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qentropy.blocks import BlockOperator
from qentropy.results import Interval

__all__ = [
    "eigenvalue_interval",
    "log2_interval",
    "max_relative_entropy_interval",
    "positive_part_trace",
    "psd_shift",
    "purified_lower",
    "purified_upper",
    "ratio_projector",
    "scaled_floor",
    "smooth_lower",
    "smooth_upper",
    "trace_interval",
    "trace_norm_interval",
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
    if lower == math.inf:
        return Interval(math.inf, math.inf)
    low = down(down(math.log2(lower), 2) - exponent) if lower > 0 else -math.inf
    high = up(up(math.log2(upper), 2) - exponent) if upper > 0 else -math.inf
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
        The shift; ``inf`` if an entry is not finite.

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
    return up(shift + error) if error else shift


def _group_shift(group: Array) -> float:
    if not np.isfinite(group).all():
        return math.inf
    if group.shape[-1] == 1:
        return float(-group.real.min())
    # Scaled by a power of two, which is exact, so that the underflow term stays negligible.
    largest = float(np.abs(group).max())
    if largest == 0:
        return 0.0
    scale = math.frexp(largest)[1]
    if not -900 < scale < 900:
        return math.inf if scale > 0 else group.shape[-1] * 2.0**scale
    return math.ldexp(_unit_shift(_real_embedding(np.ldexp(1.0, -scale) * group)), scale)


def _unit_shift(group: Array) -> float:
    size = group.shape[-1]
    growth = gamma(2 * (size + 1))  # doubled: kernels may multiply by reciprocals
    growth = growth / (1 - growth)
    trace = float(np.abs(np.einsum("mii->mi", group)).sum(axis=-1).max())
    margin = 2 * growth * trace + 4 * UNIT
    shift = margin - float(np.linalg.eigvalsh(group).min())
    for _ in range(ATTEMPTS):
        shifted = group + shift * np.eye(size)
        try:
            np.linalg.cholesky(shifted)
        except np.linalg.LinAlgError:
            shift, margin = shift + margin, 2 * margin
            continue
        diagonal = np.einsum("mii->mi", shifted)
        rounding = UNIT * float(np.abs(diagonal).max()) * (1 + 4 * UNIT)
        trace = float(diagonal.sum(axis=-1).max()) * (1 + gamma(size + 4))
        return up(shift + (growth * trace + rounding + size * TINY) * (1 + 8 * UNIT))
    return math.inf


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
    if not largest:
        flipped = eigenvalue_interval(_negative(operator), largest=True)
        return Interval(-flipped.upper, -flipped.lower)
    high = psd_shift(_negative(operator))
    # The Rayleigh quotient of any vector is a lower bound.
    low = -math.inf
    for group, values, vectors in _eigh(operator):
        block = int(values[:, -1].argmax())
        vector = vectors[block, :, -1]
        image = _product(group[block], vector[:, None])
        size = 2 * group.shape[-1]
        bound = gamma(4 * size) * float(np.abs(vector) @ np.abs(group[block]) @ np.abs(vector))
        quotient = float(np.vdot(vector, image[:, 0]).real)
        norm = float(np.vdot(vector, vector).real)
        numerator = quotient - 2 * bound - TINY
        spread = 1 + (1 if numerator < 0 else -1) * gamma(4 * size)
        low = max(low, down(numerator / norm * spread, 4))
    return Interval(min(low, high), high)


# Traces


def inner(left: BlockOperator, right: BlockOperator) -> Interval:
    """Interval of ``Tr A B`` for Hermitian A and B in the same blocks."""
    rows: list[float] = []
    absolute: list[float] = []
    width = 0
    for a, b in zip(left.groups, right.groups, strict=True):
        parts = [(a.real, b.real)]
        if np.iscomplexobj(a) and np.iscomplexobj(b):
            parts.append((a.imag, b.imag))
        for x, y in parts:
            rows.extend(np.einsum("mij,mij->mi", x, y).ravel().tolist())
            absolute.extend(np.einsum("mij,mij->mi", np.abs(x), np.abs(y)).ravel().tolist())
        width = max(width, a.shape[-1])
    if not np.isfinite(absolute).all():
        return Interval(-math.inf, math.inf)
    value = math.fsum(rows)
    error = gamma(width + 2) * math.fsum(absolute) * (1 + gamma(2 * width + 8)) + TINY
    return Interval(down(value - error, 2), up(value + error, 2))


def trace_interval(operator: BlockOperator) -> Interval:
    """Interval of the trace; the sum is exact before its one rounding."""
    diagonal = np.concatenate([np.einsum("mii->mi", g).real.ravel() for g in operator.groups])
    if not np.isfinite(diagonal).all():
        return Interval(-math.inf, math.inf)
    value = math.fsum(diagonal.tolist())
    return Interval(down(value), up(value))


def positive_part_trace(operator: BlockOperator, error: float = 0.0) -> float:
    """Upper bound of ``Tr (A)_+`` for A within `error` (spectral norm) of `operator`."""
    if not all(np.isfinite(group).all() for group in operator.groups):
        return math.inf
    part = operator.with_groups(
        [_hermitian_part(_spectral(w, v, np.maximum(w, 0))) for _, w, v in _eigh(operator)]
    )
    gap, gap_error = _difference(part, operator)
    shift = max(0.0, psd_shift(part), psd_shift(gap, up(gap_error + error)))
    return up(trace_interval(part).upper + up(shift * _size(operator)), 2)


def trace_norm_interval(operator: BlockOperator, error: float = 0.0) -> Interval:
    """Interval of ``||A||_1`` for A within `error` (Frobenius norm) of `operator`.

    Examples
    --------
    >>> from qentropy.blocks import one_group
    >>> 3.0 in trace_norm_interval(one_group(np.diag([1.0, -2.0])))
    True
    """
    trace = trace_interval(operator)
    size = _size(operator)
    high = up(2 * positive_part_trace(operator) - trace.lower, 2)
    # Any Hermitian S with -1 <= S <= 1 gives ||A||_1 >= Tr A S.
    sign = operator.with_groups(
        [_hermitian_part(_spectral(w, v, np.sign(w))) for _, w, v in _eigh(operator)]
    )
    norm = max(1.0, psd_shift(sign), psd_shift(_negative(sign)))
    low = max(0.0, down(inner(operator, sign).lower / norm, 2))
    spread = up(math.sqrt(size) * error, 3)
    return Interval(max(0.0, down(min(low, high) - spread)), up(high + spread))


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
    if not all(np.isfinite(group).all() for group in dual.groups):
        return 0.0
    top, bottom = psd_shift(_negative(dual)), psd_shift(dual)
    if not normalized:
        top, bottom = max(top, 0.0), max(bottom, 0.0)
    cost = up(radius * max(0.0, up(top + bottom)))
    numerator = down(_quotient_low(inner(rho, dual).lower, trace_interval(rho)) - cost)
    slack = _dual_slack(sigma, dual)
    denominator = _slack_cost(sigma, slack, _on_support(sigma, dual))
    if not numerator > 0 or not 0 < denominator < math.inf:
        return 0.0
    return down(numerator / denominator)


def _slack_cost(sigma: BlockOperator, slack: BlockOperator, dual: BlockOperator | None) -> float:
    """Upper bound of ``Tr sigma W`` for a W near `slack` with ``W >= 0`` and ``W >= dual``.

    What is missing to positivity is added as ``c D**2`` with D a diagonal of powers of two, about
    ``sigma_ii**(-1/2)``; congruence with D is exact.
    """
    scale = _root_scale(sigma, sign=1)
    shift = max(0.0, psd_shift(_congruence(slack, scale)))
    if dual is not None:
        gap, error = _difference(*(_congruence(x, scale) for x in (slack, dual)))
        shift = max(shift, psd_shift(gap, error))
    inverse = _root_scale(sigma, sign=-1)
    price = trace_interval(_congruence(sigma, inverse)).upper
    return up(inner(sigma, slack).upper + up(shift * price), 2)


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
        A state in the ball that attains the bound.
    """
    best = max_ratio(rho, sigma), rho
    if radius == 0:
        return best
    state = _in_ball(rho, sigma, radius, primal, normalized=normalized)
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
    if not floor > 0 or _couples(state, support):
        return math.inf
    inverse_root = sigma.with_groups(sigma.spectrum.power(-0.5))
    whitened = inverse_root.map(lambda r, x: _hermitian_part(r @ x @ r), state)
    ratio = max(0.0, *(float(np.linalg.eigvalsh(g).max()) for g in whitened.groups))
    gap, error = _difference(scaled.map(lambda g: ratio * g), state_scaled)
    error = up(error + UNIT * ratio * _frobenius(scaled), 2)
    shift = max(0.0, psd_shift(_fill(gap, support), error))
    bound = up(ratio + up(shift / floor))
    return up(bound / trace_interval(state).lower, 2) if normalized else bound


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
    """Proved lower bound of the smallest eigenvalue of sigma after scaling its diagonal to one."""
    return -psd_shift(_congruence(sigma, _root_scale(sigma, sign=-1)))


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
    if not all(np.isfinite(group).all() for group in dual.groups) or not math.isfinite(offset):
        return 0.0
    denominator = _slack_cost(sigma, dual, None)
    if not 0 < denominator < math.inf:
        return 0.0
    factor = state_factor(rho)
    fidelity = down(down(1 - up(epsilon * epsilon)) * _factor_weight(factor).lower)
    # The shift that proves W positive only helps W - u, so the candidate itself is used in Z.
    size = max(*(float(np.abs(g).max()) for g in dual.groups), abs(offset))
    best = 0.0
    for gap in (1e-14, 1e-12, 1e-10, 1e-8, 1e-6):
        u = (offset if normalized else min(offset, 0.0)) - gap * size
        inverse = _inverse_trace(dual, u, factor)
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

    The candidate is mixed with rho until its fidelity is provably large enough.
    """
    best = max_ratio(rho, sigma), rho
    candidate = _on_support(sigma, primal)
    scale = float(candidate.trace)
    if not math.isfinite(scale) or scale <= 0:
        return best
    if normalized or scale > 1:
        candidate = candidate.map(lambda g: g / scale)
    target = up(math.sqrt(max(0.0, up(1 - down(epsilon * epsilon)))), 2)
    anchor = _anchor(rho, sigma)
    reach = 1.0 if anchor is rho else _with_fidelity(rho, sigma, anchor, normalized=normalized)[1]
    margin = 4 * UNIT
    for _ in range(8):
        candidate, fidelity = _with_fidelity(rho, sigma, candidate, normalized=normalized)
        if fidelity >= target:
            bound = max_ratio(candidate, sigma, normalized=normalized)
            return (bound, candidate) if bound < best[0] else best
        if not math.isfinite(fidelity) or reach <= target:
            return best
        candidate = _mixed(candidate, anchor, (target - fidelity) / (reach - fidelity) + margin)
        margin *= 16
    return best


def state_factor(rho: BlockOperator) -> BlockOperator:
    """Square blocks B with ``B B^dagger`` equal to rho up to rounding, zero off its support."""
    spectrum = rho.spectrum
    rows = zip(spectrum.vectors, spectrum.values, spectrum.support, strict=True)
    return rho.with_groups([v * np.sqrt(np.where(s, w, 0.0))[..., None, :] for v, w, s in rows])


def _factor_weight(factor: BlockOperator) -> Interval:
    """Interval of ``Tr B B^dagger``."""
    squares = [float(x) for g in factor.groups for x in (np.abs(g) ** 2).ravel()]
    value = math.fsum(squares)
    error = gamma(8) * value + TINY
    return Interval(down(value - error, 2), up(value + error, 2))


def _inverse_trace(slack: BlockOperator, offset: float, factor: BlockOperator) -> float:
    """Upper bound of ``Tr B^dagger (W - u)^{-1} B``; inf if W - u is not provably positive.

    With any Y and the residual ``R = B - Z Y`` it equals
    ``Tr B^dagger Y + Tr Y^dagger R + Tr R^dagger Z^{-1} R``.
    """
    shifted = slack.map(lambda g: g - offset * np.eye(g.shape[-1]))
    rounding = up(UNIT * max(float(np.abs(g).max()) for g in shifted.groups), 2)
    floor = -psd_shift(shifted, rounding)
    if not floor > 0:
        return math.inf
    total, squares = 0.0, 0.0
    for z, b in zip(shifted.groups, factor.groups, strict=True):
        y = np.linalg.solve(z, b)
        residual = b - z @ y
        count = gamma(4 * z.shape[-1] + 8)
        norm_y, norm_b = (float(np.linalg.norm(a)) * (1 + count * 8) for a in (y, b))
        norm_z = float(np.linalg.norm(z)) * (1 + count * 8)
        # R is known up to the rounding of b - z @ y and of the diagonal of Z.
        error = count * (norm_z * norm_y + norm_b) + rounding * norm_y
        norm_r = float(np.linalg.norm(residual)) * (1 + count * 8) + error
        value = float(np.vdot(b, y).real) + float(np.vdot(y, residual).real)
        slop = gamma(2 * b.size + 8) * norm_y * (norm_b + norm_r) + norm_y * error
        total, squares = up(total + up(value + slop, 2)), up(squares + up(norm_r * norm_r, 2))
    return up(total + up(squares / floor, 2))


def _with_fidelity(
    rho: BlockOperator, sigma: BlockOperator, candidate: BlockOperator, *, normalized: bool
) -> tuple[BlockOperator, float]:
    """A state ``X >= A A^dagger`` near the candidate, and a lower bound of its fidelity.

    Fidelity is operator monotone, so ``F(rho, X) >= ||B^dagger A||_1 >= Re Tr V^dagger B^dagger A``
    for any contraction V.
    """
    factor, center = state_factor(candidate), state_factor(rho)
    state = _dominating(sigma, factor)
    if state is None:
        return candidate, -math.inf
    contraction = factor.map(_polar, center)
    identity = factor.map(lambda a: np.broadcast_to(np.eye(a.shape[-1]), a.shape))
    gap, error = _difference(identity, _gram(contraction))
    norm = up(math.sqrt(up(1 + max(0.0, psd_shift(gap, up(error + _gram_error(contraction)))))))
    overlap = sum(
        float(np.vdot(v, b.conj().swapaxes(-1, -2) @ a).real)
        for v, b, a in zip(contraction.groups, center.groups, factor.groups, strict=True)
    )
    weights = _factor_weight(center).upper, _factor_weight(factor).upper
    slop = gamma(8 * _size(rho) + 8) * math.sqrt(_size(rho) * weights[0] * weights[1])
    trace = trace_interval(state).upper
    scale = up(math.sqrt(up(weights[0] * (trace if normalized else max(1.0, trace)))))
    return state, down(down(overlap - up(slop * norm)) / up(norm * scale), 2)


def _dominating(sigma: BlockOperator, factor: BlockOperator) -> BlockOperator | None:
    """X on the support of sigma with ``X >= A A^dagger`` proved, a little above ``A A^dagger``."""
    support = _support(sigma)
    product = _on_support(sigma, _gram(factor.map(lambda a: a.conj().swapaxes(-1, -2))))
    rounding = _gram_error(factor)
    state = product
    for _ in range(4):
        gap, error = _difference(state, product)
        shift = psd_shift(_fill(gap, support), up(error + rounding))
        if shift <= 0:
            return state
        state = _raised(state, 1.5 * shift, support)
    return None


def _gram(factor: BlockOperator) -> BlockOperator:
    """``A^dagger A``."""
    return factor.map(lambda a: _hermitian_part(a.conj().swapaxes(-1, -2) @ a))


def _gram_error(factor: BlockOperator) -> float:
    width = max(g.shape[-1] for g in factor.groups)
    return up(gamma(2 * width + 8) * _factor_weight(factor).upper, 2)


def _polar(left: Array, right: Array) -> Array:
    """Unitary V that maximises ``Re Tr V^dagger B^dagger A``."""
    u, _, v = np.linalg.svd(right.conj().swapaxes(-1, -2) @ left)
    return np.asarray(u @ v)


def _in_ball(
    rho: BlockOperator,
    sigma: BlockOperator,
    radius: float,
    primal: BlockOperator,
    *,
    normalized: bool,
) -> BlockOperator | None:
    """A positive operator near `primal` that provably lies in the ball, or None."""
    candidate = _on_support(sigma, primal)
    support = _support(sigma)
    scale = float(candidate.trace) if normalized else max(1.0, float(candidate.trace))
    if not np.isfinite(scale) or scale <= 0:
        return None
    candidate = candidate.map(lambda g: g / scale)
    anchor = _anchor(rho, sigma)
    reach = _distance(rho, anchor, normalized=normalized) if anchor is not rho else 0.0
    margin = 4 * UNIT
    for _ in range(8):
        candidate = _lifted(candidate, support, normalized=normalized)
        distance = _distance(rho, candidate, normalized=normalized)
        if distance <= radius and psd_shift(_fill(candidate, support)) <= 0:
            return candidate
        if not math.isfinite(distance) or reach >= radius:
            return None
        if distance > radius:
            candidate = _mixed(candidate, anchor, (distance - radius) / (distance - reach) + margin)
        margin *= 16
    return None


def _anchor(rho: BlockOperator, sigma: BlockOperator) -> BlockOperator:
    """A state on the support of sigma near rho: rho itself, or its normalised compression."""
    if not _couples(rho, _support(sigma)):
        return rho
    inside = _on_support(sigma, rho)
    weight = max(float(inside.trace), TINY)
    return inside.map(lambda g: g / weight)


def _mixed(candidate: BlockOperator, anchor: BlockOperator, weight: float) -> BlockOperator:
    share = min(1.0, weight)
    return candidate.map(lambda x, r: _hermitian_part((1 - share) * x + share * r), anchor)


def _lifted(
    candidate: BlockOperator, support: Sequence[NDArray[np.bool_]], *, normalized: bool
) -> BlockOperator:
    """Add a multiple of the identity until positivity is provable, and renormalise."""
    for _ in range(4):
        shift = psd_shift(_fill(candidate, support))
        if shift <= 0 or not math.isfinite(shift):
            return candidate
        candidate = _raised(candidate, 1.5 * shift, support)
        scale = float(candidate.trace) if normalized else max(1.0, float(candidate.trace))
        candidate = candidate.map(lambda g, s=scale: g / s)
    return candidate


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
        bound = up(bound + up(2 * off / max(TINY, 1 - off), 3))
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


def _support(sigma: BlockOperator) -> list[NDArray[np.bool_]]:
    """Rows on which sigma acts; a positive operator with a zero on its diagonal has a zero row."""
    return [np.einsum("mii->mi", g).real > 0 for g in sigma.groups]


def _on_support(sigma: BlockOperator, operator: BlockOperator) -> BlockOperator:
    pairs = zip(operator.groups, _support(sigma), strict=True)
    return operator.with_groups([g * (s[:, :, None] & s[:, None, :]) for g, s in pairs])


def _root_scale(sigma: BlockOperator, *, sign: int) -> list[Array]:
    """Powers of two near ``sigma_ii**(sign/2)``, shape ``(m, b)``; one outside the support."""
    scales = []
    for group in sigma.groups:
        diagonal = np.einsum("mii->mi", group).real
        exponent = np.frexp(np.where(diagonal > 0, diagonal, 1.0))[1] // 2
        scales.append(np.ldexp(1.0, sign * exponent))
    return scales


def _congruence(operator: BlockOperator, scale: list[Array]) -> BlockOperator:
    """``D A D`` for a diagonal D of powers of two: exact."""
    pairs = zip(operator.groups, scale, strict=True)
    return operator.with_groups([g * s[:, :, None] * s[:, None, :] for g, s in pairs])


def _fill(operator: BlockOperator, support: Sequence[NDArray[np.bool_]]) -> BlockOperator:
    """Put the largest entry on the diagonal of the rows outside the support."""
    if all(s.all() for s in support):
        return operator
    top = max(float(np.abs(g).max()) for g in operator.groups) or 1.0
    pairs = zip(operator.groups, support, strict=True)
    return operator.with_groups(
        [g + top * (~s[:, :, None] * np.eye(g.shape[-1])) for g, s in pairs]
    )


def _raised(
    operator: BlockOperator, shift: float, support: Sequence[NDArray[np.bool_]]
) -> BlockOperator:
    """Add `shift` on the diagonal of the rows inside the support."""
    pairs = zip(operator.groups, support, strict=True)
    return operator.with_groups(
        [g + shift * (s[:, :, None] * np.eye(s.shape[-1])) for g, s in pairs]
    )


def _couples(rho: BlockOperator, support: Sequence[NDArray[np.bool_]]) -> bool:
    """Whether rho acts outside the support."""
    return any(bool(np.any(g[~s])) for g, s in zip(rho.groups, support, strict=True))


def _difference(left: BlockOperator, right: BlockOperator) -> tuple[BlockOperator, float]:
    """Rounded difference and a bound of the spectral norm of its rounding error."""
    gap = left.map(np.subtract, right)
    return gap, up(UNIT * _frobenius(gap), 2)


def _frobenius(operator: BlockOperator) -> float:
    """Upper bound of the largest block's Frobenius norm."""
    norms = [
        float(np.linalg.norm(g, axis=(-2, -1)).max()) * (1 + gamma(2 * g.shape[-1] ** 2 + 4))
        for g in operator.groups
    ]
    return up(max(norms), 2)


def _quotient_low(numerator: float, divisor: Interval) -> float:
    return down(numerator / (divisor.upper if numerator > 0 else divisor.lower))


def _negative(operator: BlockOperator) -> BlockOperator:
    return operator.map(np.negative)


def _size(operator: BlockOperator) -> int:
    return sum(int(np.prod(g.shape[:-1])) for g in operator.groups)


def _product(matrix: Array, columns: Array) -> Array:
    return np.asarray(matrix @ columns)


def _eigh(operator: BlockOperator) -> list[tuple[Array, Array, Array]]:
    return [(g, *np.linalg.eigh(g)) for g in operator.groups]


def _spectral(values: Array, vectors: Array, new_values: Array) -> Array:
    return np.asarray((vectors * new_values[..., None, :]) @ vectors.conj().swapaxes(-1, -2))


def _hermitian_part(group: Array) -> Array:
    return np.asarray((group + group.conj().swapaxes(-1, -2)) / 2)
