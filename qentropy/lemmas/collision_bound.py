r"""The collision divergence of a convex split, and the bound of the distance that follows from it.

``2**D_2 = Tr S rho S rho`` with ``S = sigma**(-1/2)``. Any positive T with ``|T sigma T - 1| <= g``
encloses S, ``T (1 + g)**(-1/2) <= S <= T (1 - g)**(-1/2)``, since the inverse and the root are
operator monotone; and ``Tr S rho S rho`` increases with S.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.blocks import Array, one_group
from qentropy.certify.exact_operations import hermitian_part, spectral
from qentropy.convex_split import convex_split_distance, convex_split_state
from qentropy.convex_split.dense import independent_copies
from qentropy.errors import InvalidStateError
from qentropy.lemmas.convex_split import draw_copies, drawn_full_rank_state
from qentropy.lemmas.equalities import equal_numbers
from qentropy.lemmas.gaussian_draws import drawn_state
from qentropy.lemmas.rounding import frobenius_norm, scaled, trace_defect
from qentropy.lemmas.statement import Normals, Statement
from qentropy.operators import check_count, check_epsilon, check_states
from qentropy.results import Interval, LemmaCheck

__all__ = [
    "STATEMENTS",
    "check_collision_bound",
    "check_collision_identity",
    "collision_interval",
]


def check_collision_bound(
    rho: ArrayLike, sigma: ArrayLike, n: int, *, factor: float = 1.0
) -> LemmaCheck:
    r"""Collision bound of the convex split, ``||rho^(n) - sigma^n||_1**2 <= (2**D_2 - 1) / n``.

    It is sharper than the convex-split lemma, since ``2**D_2 - 1 < 2**D_max``.

    Parameters
    ----------
    rho, sigma
        Density operators, shape ``(d, d)``.
    n
        Number of copies, at least 1; matrices of size ``d**n`` are built.
    factor
        Multiplies the right-hand side.

    Returns
    -------
    LemmaCheck
        Both sides without unit. The right-hand side is infinite if supp(rho) is not inside
        supp(sigma), and not bounded above if sigma is singular up to rounding.

    Raises
    ------
    InvalidStateError, DimensionMismatchError, InvalidParameterError, ResourceLimitError
        As `convex_split_distance`; and the factor must not be negative.

    References
    ----------
    Paper, Lemma 9; G. Gour, arXiv:2502.06526.

    Examples
    --------
    >>> rho, sigma = np.diag([0.9, 0.1]), np.diag([0.5, 0.5])
    >>> check_collision_bound(rho, sigma, 3).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    scale, copies = check_epsilon(factor, name="factor"), check_count(n)
    state, target = (operator.dense() for operator in check_states(rho, sigma))
    # Not by a route that knows the collision bound, which is the statement.
    distance = convex_split_distance(state, target, copies, method="dense")
    return LemmaCheck(
        statement="collision bound of the convex split",
        equation="cf. (B4)",
        lhs=Interval(max(0.0, certify.down(distance.lower**2)), certify.up(distance.upper**2)),
        rhs=scaled(_excess(state, target, copies), scale),
        instance=f"d = {len(state)}, n = {copies}",
    )


def check_collision_identity(
    rho: ArrayLike, sigma: ArrayLike, n: int, *, factor: float = 1.0
) -> LemmaCheck:
    r"""Collision divergence of a convex split, ``2**D_2(n) - 1 = (2**D_2(1) - 1) / n``.

    ``D_2(n)`` is the sandwiched Rényi divergence of order 2 of ``rho^(n)`` and ``sigma^n``. The
    left-hand side is evaluated on the matrices of size ``d**n``, and the check is that of
    `equal_numbers`: the difference of the two sides is at most what their intervals allow.

    Parameters
    ----------
    rho, sigma, n
        As in `check_collision_bound`; sigma has full rank on the rows where it is not zero.
    factor
        Multiplies the right-hand side.

    Returns
    -------
    LemmaCheck
        Both sides without unit.

    Raises
    ------
    InvalidStateError
        rho or sigma is not a density operator, or ``sigma^n`` is singular up to rounding.
    DimensionMismatchError, InvalidParameterError, ResourceLimitError
        As `convex_split_state`; and the factor must not be negative.

    References
    ----------
    G. Gour, arXiv:2502.06526.

    Examples
    --------
    >>> rho, sigma = np.diag([0.9, 0.1]), np.diag([0.5, 0.5])
    >>> check_collision_identity(rho, sigma, 3).verdict
    <Verdict.PROVED: 'PROVED'>
    >>> check_collision_identity(rho, sigma, 3, factor=0.99).verdict
    <Verdict.REFUTED: 'REFUTED'>
    """
    scale, copies = check_epsilon(factor, name="factor"), check_count(n)
    state, target = (operator.dense() for operator in check_states(rho, sigma))
    mixed = convex_split_state(state, target, copies)
    # Each entry is a sum of n products of n factors, of states that are divided by their traces.
    off = copies * (trace_defect(state) + trace_defect(target)) * (1 + 1e-9)
    rounding = certify.up(certify.gamma(8 * copies + 8) + 2 * off)
    size = frobenius_norm(target) ** (copies - 1) * (1 + 1e-9)
    whole = collision_interval(
        mixed,
        independent_copies(target, copies),
        rho_error=certify.up(rounding * size * frobenius_norm(state)),
        sigma_error=certify.up(rounding * size * frobenius_norm(target)),
    )
    right = scaled(_excess(state, target, copies), scale)
    if not math.isfinite(whole.upper + right.upper):
        raise InvalidStateError("sigma must have full rank, by far more than rounding")
    return equal_numbers(
        _less_one(whole),
        right,
        names=("collision divergence of the convex split", "cf. (B4)"),
        instance=f"d = {len(state)}, n = {copies}",
    )


def collision_interval(
    rho: Array, sigma: Array, *, rho_error: float = 0.0, sigma_error: float = 0.0
) -> Interval:
    r"""Interval of ``2**D_2 = Tr sigma**(-1/2) rho sigma**(-1/2) rho``, not normalised.

    Parameters
    ----------
    rho, sigma
        Exactly Hermitian and positive up to rounding, shape ``(d, d)``.
    rho_error, sigma_error
        Bounds in Frobenius norm of what the operators meant differ by from these.

    Returns
    -------
    Interval
        ``inf`` if rho has a row where that of sigma is zero, ``[0, inf]`` if sigma is otherwise
        singular up to rounding.

    Examples
    --------
    >>> 1.64 in collision_interval(np.diag([0.9, 0.1]), np.diag([0.5, 0.5]))
    True
    """
    rows = sigma.diagonal().real > 0
    if rho[~rows].any():
        return Interval(math.inf, math.inf)
    rho, sigma = rho[np.ix_(rows, rows)], sigma[np.ix_(rows, rows)]
    values, vectors = np.linalg.eigh(sigma)
    if not values[0] > certify.UNIT * values[-1]:
        return Interval(0.0, math.inf)
    root = spectral(vectors, values**-0.5)
    norm, products = frobenius_norm(root), certify.gamma(8 * len(root) + 32)
    residual = hermitian_part(root @ sigma @ root) - np.eye(len(root))
    spread = frobenius_norm(residual) + norm**2 * (products * frobenius_norm(sigma) + sigma_error)
    spread = certify.up(spread * (1 + 1e-9))
    if certify.psd_shift(one_group(root)) >= 0 or spread >= 1:
        return Interval(0.0, math.inf)
    value = certify.inner(one_group(hermitian_part(root @ rho @ root)), one_group(rho))
    size = frobenius_norm(rho)
    slop = norm**2 * (products * size**2 + 2 * size * rho_error + rho_error**2) * (1 + 1e-9)
    return Interval(
        max(0.0, certify.down((value.lower - slop) / (1 + spread), 4)),
        certify.up((value.upper + slop) / (1 - spread), 4),
    )


def _draw_few_copies(normals: Normals, k: int) -> dict[str, Any]:
    dimension, n = ((2, 2), (2, 4), (3, 2), (2, 3), (4, 2), (3, 3))[k % 6]
    rho = drawn_state(normals, dimension, 1 + k % dimension)
    return {"rho": rho, "sigma": drawn_full_rank_state(normals, dimension), "n": n}


def _excess(state: Array, target: Array, n: int) -> Interval:
    """``(2**D_2 - 1) / n`` of the two states divided by their traces."""
    errors = [frobenius_norm(x) * trace_defect(x) * (1 + 1e-9) for x in (state, target)]
    value = collision_interval(state, target, rho_error=errors[0], sigma_error=errors[1])
    excess = _less_one(value)
    if math.isinf(excess.lower):
        return excess
    return Interval(certify.down(excess.lower / n), certify.up(excess.upper / n))


def _less_one(value: Interval) -> Interval:
    """``2**D_2 - 1``, which is not negative."""
    if math.isinf(value.lower):
        return value
    return Interval(max(0.0, certify.down(value.lower - 1)), certify.up(value.upper - 1))


STATEMENTS = (
    Statement(
        name="collision-bound",
        check=check_collision_bound,
        draw=draw_copies,
        false_variant={"factor": 0.5},
    ),
    Statement(
        name="collision-identity",
        check=check_collision_identity,
        draw=_draw_few_copies,
        false_variant={"factor": 0.99},
    ),
)
