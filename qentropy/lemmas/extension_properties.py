r"""What the trace-distance lemma says of its extension besides the distance.

The equalities hold up to rounding, which is bounded by the measured residuals of the construction.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.blocks import Array
from qentropy.lemmas.classical_quantum import (
    block_diagonal,
    classical_quantum_parts,
    ensemble_state,
    from_parts,
)
from qentropy.lemmas.ensemble_extension import ensemble_extension, part_factors, side_by_side
from qentropy.lemmas.equalities import equal_matrices
from qentropy.lemmas.extension import Extension, draw_marginal, extension_parts
from qentropy.lemmas.fidelities import fidelity_interval
from qentropy.lemmas.gaussian_draws import drawn_state
from qentropy.lemmas.statement import Normals, Statement
from qentropy.operators import as_state
from qentropy.results import Interval, LemmaCheck

__all__ = [
    "STATEMENTS",
    "check_extension_fidelity",
    "check_extension_marginal",
    "check_extension_support",
]


def check_extension_marginal(
    rho_ab: ArrayLike,
    sigma_a: ArrayLike,
    dims: Sequence[int],
    *,
    extension: Extension | None = None,
) -> LemmaCheck:
    r"""The extension has the marginal that was asked for, ``Tr_B sigma_AB = sigma_A``.

    Checked as `equal_matrices` does, with `EnsembleExtension.marginal_error` of the construction
    by `trace_distance_extension`.

    Parameters
    ----------
    rho_ab
        Classical-quantum state on A (x) B, classical on B, shape ``(d_A d_B, d_A d_B)``.
    sigma_a
        Density operator on A.
    dims
        ``(d_A, d_B)``.
    extension
        Another construction of sigma_AB from the same three arguments, to be put to the test.

    Returns
    -------
    LemmaCheck
        ``||Tr_B sigma_AB - sigma_A||_1``, and what rounding allows, about 1e-14.

    Raises
    ------
    InvalidStateError
        An argument or the extension is not a state, or not classical on B.
    DimensionMismatchError
        `dims` do not fit.

    References
    ----------
    Paper, Lemma 11.

    Examples
    --------
    >>> rho_ab = np.diag([0.4, 0.1, 0.2, 0.3])
    >>> check_extension_marginal(rho_ab, np.diag([0.6, 0.4]), (2, 2)).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    parts, pieces = extension_parts(rho_ab, sigma_a, dims, extension)
    honest = ensemble_extension(rho_ab, sigma_a, dims)
    return equal_matrices(
        pieces.sum(axis=0),
        honest.target,
        honest.marginal_error(),
        names=("marginal of the extension", "Lemma 11"),
        instance=_shape(parts),
    )


def check_extension_fidelity(
    rho_ab: ArrayLike,
    sigma_a: ArrayLike,
    dims: Sequence[int],
    *,
    extension: Extension | None = None,
) -> LemmaCheck:
    r"""The extension is as close as its marginal, ``F(rho_AB, sigma_AB) = F(rho_A, sigma_A)``.

    States stand for their factors, ``sum_b B_b B_b^dagger`` for the marginal, so that both
    fidelities are of one pair of states. The second is never smaller (data processing); by how
    much it may be larger, `EnsembleExtension.fidelity_error` says, twice.

    Parameters
    ----------
    rho_ab, sigma_a, dims, extension
        As in `check_extension_marginal`.

    Returns
    -------
    LemmaCheck
        The distance of the two fidelities, and what rounding allows: of the order of its root,
        about 1e-7, since the fidelity of singular states is not Lipschitz, and more if rho_A has
        small eigenvalues, by which the construction divides.

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        As `check_extension_marginal`.

    References
    ----------
    Paper, Lemma 11, (B13).

    Examples
    --------
    >>> rho_ab = np.diag([0.4, 0.1, 0.2, 0.3])
    >>> check_extension_fidelity(rho_ab, np.diag([0.6, 0.4]), (2, 2)).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    parts, pieces = extension_parts(rho_ab, sigma_a, dims, extension)
    factors = [part_factors(x) for x in (parts, pieces)]
    whole = fidelity_interval(factors[0], factors[1])
    marginal = fidelity_interval(*map(side_by_side, factors))
    apart = max(0.0, whole.lower - marginal.upper, marginal.lower - whole.upper)
    most = max(whole.upper - marginal.lower, marginal.upper - whole.lower)
    # Twice, since the two fidelities are themselves intervals.
    tolerance = 2 * ensemble_extension(rho_ab, sigma_a, dims).fidelity_error()
    return LemmaCheck(
        statement="fidelity of the extension",
        equation="(B13)",
        lhs=Interval(max(0.0, certify.down(apart)), certify.up(most)),
        rhs=Interval(tolerance, tolerance),
        instance=_shape(parts),
    )


def check_extension_support(
    rho_ab: ArrayLike,
    sigma_a: ArrayLike,
    dims: Sequence[int],
    *,
    extension: Extension | None = None,
) -> LemmaCheck:
    r"""The extension has no new outcomes, ``Tr sigma_AB (1 (x) (1 - Pi_B)) <= 0``.

    Pi_B is the projector on the outcomes of rho_AB whose weight is not exactly zero.

    Parameters
    ----------
    rho_ab, sigma_a, dims, extension
        As in `check_extension_marginal`.

    Returns
    -------
    LemmaCheck
        The weight outside supp(rho_B), and zero.

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        As `check_extension_marginal`.

    References
    ----------
    Paper, Lemma 11.

    Examples
    --------
    >>> rho_ab = np.diag([0.4, 0.0, 0.6, 0.0])
    >>> check_extension_support(rho_ab, np.diag([0.5, 0.5]), (2, 2)).lhs
    Interval(lower=0.0, upper=0.0)
    """
    parts, pieces = extension_parts(rho_ab, sigma_a, dims, extension)
    outside = pieces[np.einsum("bii->b", parts).real == 0]
    weight = Interval(0.0, 0.0)
    if outside.any():
        weight = certify.trace_interval(block_diagonal(outside))
    return LemmaCheck(
        statement="support of the extension",
        equation="Lemma 11",
        lhs=weight,
        rhs=Interval(0.0, 0.0),
        instance=f"{_shape(parts)}, {len(outside)} unused",
    )


def _shape(parts: Array) -> str:
    return f"d_A = {parts.shape[1]}, d_B = {parts.shape[0]}"


def _draw_unused(normals: Normals, k: int) -> dict[str, Any]:
    """As `draw_marginal`, with an outcome that has no weight."""
    dims = ((2, 3), (3, 2), (2, 2), (3, 4), (4, 3), (2, 5))[k % 6]
    return {
        "rho_ab": ensemble_state(normals, dims, 1 + k % dims[0], unused=1),
        "sigma_a": drawn_state(normals, dims[0], 1 + (k + 1) % dims[0]),
        "dims": dims,
    }


def _unchanged(rho_ab: ArrayLike, sigma_a: ArrayLike, dims: Sequence[int]) -> Array:
    """No extension at all: rho_AB itself."""
    del sigma_a
    return classical_quantum_parts(rho_ab, dims)[0]


def _product(rho_ab: ArrayLike, sigma_a: ArrayLike, dims: Sequence[int]) -> Array:
    """``sigma_A (x) rho_B``: an extension, but not a close one."""
    _, parts = classical_quantum_parts(rho_ab, dims)
    weights = np.einsum("bii->b", parts).real
    return from_parts(weights[:, None, None] * as_state(sigma_a, "sigma_a"))


def _uniform(rho_ab: ArrayLike, sigma_a: ArrayLike, dims: Sequence[int]) -> Array:
    """``sigma_A (x) 1/d_B``: outcomes that rho_B does not have come up."""
    _, parts = classical_quantum_parts(rho_ab, dims)
    return from_parts(np.stack([as_state(sigma_a, "sigma_a") / len(parts)] * len(parts)))


STATEMENTS = (
    Statement(
        name="extension-marginal",
        check=check_extension_marginal,
        draw=draw_marginal,
        false_variant={"extension": _unchanged},
    ),
    Statement(
        name="extension-fidelity",
        check=check_extension_fidelity,
        draw=draw_marginal,
        false_variant={"extension": _product},
    ),
    Statement(
        name="extension-support",
        check=check_extension_support,
        draw=_draw_unused,
        false_variant={"extension": _uniform},
    ),
)
