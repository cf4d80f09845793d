"""The trace-distance lemma: an extension of a nearby marginal that stays near."""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.blocks import Array, one_group
from qentropy.certify.exact_operations import hermitian_part
from qentropy.lemmas.classical_quantum import (
    block_diagonal,
    classical_quantum_parts,
    ensemble_state,
    from_parts,
)
from qentropy.lemmas.ensemble_extension import ensemble_extension
from qentropy.lemmas.gaussian_draws import drawn_state
from qentropy.lemmas.rounding import frobenius_norm, trace_defect
from qentropy.lemmas.statement import Normals, Statement
from qentropy.operators import check_epsilon
from qentropy.results import Interval, LemmaCheck

__all__ = [
    "STATEMENTS",
    "Extension",
    "check_sharp_extension_distance",
    "check_trace_distance_extension",
    "draw_marginal",
    "extension_parts",
    "trace_distance_extension",
]

Extension: TypeAlias = Callable[[ArrayLike, ArrayLike, Sequence[int]], Array]
"""What constructs sigma_AB from rho_AB, sigma_A and the dimensions."""


def check_trace_distance_extension(
    rho_ab: ArrayLike,
    sigma_a: ArrayLike,
    dims: Sequence[int],
    *,
    factor: float = 1.0,
    extension: Extension | None = None,
) -> LemmaCheck:
    r"""Trace-distance lemma, ``||rho_AB - sigma_AB||_1 <= 2 sqrt(||rho_A - sigma_A||_1)``.

    The classical-quantum extension sigma_AB is constructed by `trace_distance_extension`. The
    statement is evaluated at the marginal that this matrix exactly has; that it is sigma_A is
    another statement, `check_extension_marginal`.

    Parameters
    ----------
    rho_ab
        Classical-quantum state on A (x) B, classical on B, shape ``(d_A d_B, d_A d_B)``.
    sigma_a
        Density operator on A.
    dims
        ``(d_A, d_B)``.
    factor
        Multiplies the right-hand side.
    extension
        Another construction of sigma_AB from the same three arguments, to be put to the test.

    Returns
    -------
    LemmaCheck
        Both sides without unit.

    Raises
    ------
    InvalidStateError
        rho_ab is not classical on B, or an operator is not a state.
    DimensionMismatchError
        `dims` do not fit.

    References
    ----------
    Paper, Lemma 11, (B12).

    Examples
    --------
    >>> import numpy as np
    >>> rho_ab = np.diag([0.4, 0.1, 0.2, 0.3])
    >>> check = check_trace_distance_extension(rho_ab, np.diag([0.6, 0.4]), (2, 2))
    >>> check.verdict, round(check.rhs.upper, 6)
    (<Verdict.PROVED: 'PROVED'>, 0.894427)
    """
    scale = check_epsilon(factor, name="factor")
    parts, pieces = extension_parts(rho_ab, sigma_a, dims, extension)
    lhs, marginal = _distances(parts, pieces)
    ends = [2 * scale * math.sqrt(t) for t in (marginal.lower, marginal.upper)]
    return LemmaCheck(
        statement="trace distance of an extension",
        equation="(B12)",
        lhs=lhs,
        rhs=Interval(max(0.0, certify.down(ends[0], 3)), certify.up(ends[1], 3)),
        instance=f"d_A = {parts.shape[1]}, d_B = {len(parts)}",
    )


def check_sharp_extension_distance(
    rho_ab: ArrayLike,
    sigma_a: ArrayLike,
    dims: Sequence[int],
    *,
    factor: float = 1.0,
    extension: Extension | None = None,
) -> LemmaCheck:
    r"""Sharper lemma, ``||rho_AB - sigma_AB||_1 <= 2 sqrt(t - t**2/4)``, t the marginals' distance.

    By (B13) both pairs have one fidelity F, which by (B14) is at least ``1 - t/2``, and the
    left-hand side is at most ``2 sqrt(1 - F**2)``. Orthogonal marginals attain equality, as they
    do not in (B12).

    Parameters
    ----------
    rho_ab, sigma_a, dims, factor, extension
        As in `check_trace_distance_extension`.

    Returns
    -------
    LemmaCheck
        Both sides without unit.

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        As `check_trace_distance_extension`.

    References
    ----------
    Paper, (B13) and (B14), before they are weakened to (B12).

    Examples
    --------
    >>> import numpy as np
    >>> rho_ab = np.diag([0.4, 0.1, 0.2, 0.3])
    >>> check = check_sharp_extension_distance(rho_ab, np.diag([0.6, 0.4]), (2, 2))
    >>> check.verdict, round(check.rhs.upper, 6)
    (<Verdict.PROVED: 'PROVED'>, 0.871780)
    """
    scale = check_epsilon(factor, name="factor")
    parts, pieces = extension_parts(rho_ab, sigma_a, dims, extension)
    lhs, marginal = _distances(parts, pieces)
    # t - t**2/4 increases up to t = 2.
    ends = [2 * scale * math.sqrt(t - t**2 / 4) for t in (marginal.lower, min(2.0, marginal.upper))]
    return LemmaCheck(
        statement="trace distance of an extension, from its fidelity",
        equation="cf. (B12)",
        lhs=lhs,
        rhs=Interval(max(0.0, certify.down(ends[0], 8)), certify.up(ends[1], 8)),
        instance=f"d_A = {parts.shape[1]}, d_B = {len(parts)}",
    )


def _distances(parts: Array, pieces: Array) -> tuple[Interval, Interval]:
    """``||rho_AB - sigma_AB||_1`` and ``||rho_A - Tr_B sigma_AB||_1``, over their traces."""
    gap = parts.sum(axis=0) - pieces.sum(axis=0)
    rounding = certify.gamma(len(parts) + 1) * sum(frobenius_norm(p) for p in (*parts, *pieces))
    # A state over its trace a differs from itself by |a - 1|.
    defect = 4 * (trace_defect(from_parts(parts)) + trace_defect(from_parts(pieces)))
    whole = certify.trace_norm_interval(block_diagonal(parts - pieces), certify.UNIT * 4 + defect)
    marginal = certify.trace_norm_interval(
        one_group(hermitian_part(gap)), certify.up(rounding + defect + 4 * certify.UNIT)
    )
    return whole, Interval(min(2.0, marginal.lower), marginal.upper)


def trace_distance_extension(rho_ab: ArrayLike, sigma_a: ArrayLike, dims: Sequence[int]) -> Array:
    r"""Classical-quantum extension of sigma_A with ``F(rho_AB, sigma_AB) = F(rho_A, sigma_A)``.

    With the ensemble measurement ``E_i = rho_A^{-1/2} p_i rho_i rho_A^{-1/2}`` and the unitary U
    that makes ``Tr sqrt(rho_A) sqrt(sigma_A) U`` the fidelity,
    ``sigma_i = sqrt(sigma_A) U E_i U^dagger sqrt(sigma_A)``.

    Parameters
    ----------
    rho_ab, sigma_a, dims
        As in `check_trace_distance_extension`.

    Returns
    -------
    ndarray
        Shape ``(d_A d_B, d_A d_B)``, block-diagonal in B.

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        As `check_trace_distance_extension`.

    References
    ----------
    Paper, Lemma 11; Anshu, Hsieh, Jain, Phys. Rev. Lett. 121 (2018) 190504, Fact 4.

    Examples
    --------
    >>> import numpy as np
    >>> extension = trace_distance_extension(np.eye(4) / 4, np.diag([1.0, 0.0]), (2, 2))
    >>> np.diag(extension).round(12)
    array([0.5, 0.5, 0. , 0. ])
    """
    return from_parts(ensemble_extension(rho_ab, sigma_a, dims).pieces)


def extension_parts(
    rho_ab: ArrayLike, sigma_a: ArrayLike, dims: Sequence[int], extension: Extension | None = None
) -> tuple[Array, Array]:
    """The parts of rho_AB and of its extension, each of shape ``(d_B, d_A, d_A)``.

    Raises
    ------
    InvalidStateError
        An argument or the extension is not a state, or not classical on B.
    """
    _, parts = classical_quantum_parts(rho_ab, dims)
    construct = trace_distance_extension if extension is None else extension
    _, pieces = classical_quantum_parts(construct(rho_ab, sigma_a, dims), dims)
    return parts, pieces


def draw_marginal(normals: Normals, k: int) -> dict[str, Any]:
    """An ensemble and a marginal, the k-th of several shapes and ranks."""
    dims = ((2, 2), (2, 3), (3, 2), (4, 3), (3, 5), (5, 2))[k % 6]
    rank, unused = 1 + k % dims[0], int(k % 6 in {1, 4})
    return {
        "rho_ab": ensemble_state(normals, dims, rank, unused=unused),
        "sigma_a": drawn_state(normals, dims[0], rank),
        "dims": dims,
    }


STATEMENTS = (
    Statement(
        name="trace-distance-extension",
        check=check_trace_distance_extension,
        draw=draw_marginal,
        false_variant={"factor": 0.1},
    ),
    Statement(
        name="sharp-extension-distance",
        check=check_sharp_extension_distance,
        draw=draw_marginal,
        false_variant={"factor": 0.1},
    ),
)
