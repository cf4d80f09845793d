"""The operator inequality of classical-quantum states."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.blocks import Array
from qentropy.certify.exact_operations import hermitian_part
from qentropy.lemmas.classical_quantum import (
    block_diagonal,
    classical_quantum_parts,
    ensemble_state,
)
from qentropy.lemmas.rounding import frobenius_norm
from qentropy.lemmas.statement import Normals, Statement
from qentropy.operators import check_epsilon
from qentropy.results import Interval, LemmaCheck

__all__ = ["STATEMENTS", "check_cq_operator_inequality"]

MOST_ROWS = 16


def check_cq_operator_inequality(
    rho_ab: ArrayLike, dims: Sequence[int], *, factor: float = 1.0
) -> LemmaCheck:
    r"""Classical-quantum operator inequality, ``rho_AB <= rho_A (x) Pi_B``.

    Parameters
    ----------
    rho_ab
        Classical-quantum state, classical on B, shape ``(d_A d_B, d_A d_B)``.
    dims
        ``(d_A, d_B)``.
    factor
        Multiplies the right-hand side, ``rho_A (x) Pi_B``.

    Returns
    -------
    LemmaCheck
        ``0 <= lambda_min(rho_A (x) Pi_B - rho_AB)``, on the support of Pi_B. Where intervals cannot
        tell whether an eigenvalue is zero or negative, the matrices of up to 16 rows of rho_A are
        eliminated in exact arithmetic. If rounding of rho_ab itself has made an eigenvalue
        negative, the verdict is UNDECIDED.

    Raises
    ------
    InvalidStateError
        rho_ab is not classical on B.
    DimensionMismatchError
        `dims` do not fit.

    References
    ----------
    Paper, Lemma 12, (B16).

    Examples
    --------
    >>> check_cq_operator_inequality(np.diag([0.4, 0.1, 0.2, 0.3]), (2, 2)).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    scale = check_epsilon(factor, name="factor")
    _, parts = classical_quantum_parts(rho_ab, dims)
    used = parts[np.einsum("bii->b", parts).real > 0]
    marginal = hermitian_part(used.sum(axis=0))
    gap = block_diagonal(scale * marginal - used)
    size = sum(frobenius_norm(p) for p in used)
    error = certify.up((1 + scale) * certify.gamma(len(used) + 4) * size)
    smallest = certify.eigenvalue_interval(gap, largest=False)
    low, high = certify.down(smallest.lower - error), certify.up(smallest.upper + error)
    if low < 0 <= high and len(marginal) <= MOST_ROWS and _is_positive(used, scale):
        low = 0.0
    if len(used) == 1 and scale == 1:
        low = high = 0.0  # both sides are the same matrix
    return LemmaCheck(
        statement="cq inequality",
        equation="(B16)",
        lhs=Interval(0.0, 0.0),
        rhs=Interval(low, high),
        instance=f"d_A = {len(marginal)}, d_B = {len(parts)}",
    )


def _is_positive(parts: Array, scale: float) -> bool:
    """Whether ``scale * sum_i p_i rho_i - p_b rho_b`` is positive for every b, exactly."""
    exact = np.vectorize(Fraction, otypes=[object])
    blocks = [np.block([[p.real, -p.imag], [p.imag, p.real]]) for p in parts]
    terms = [exact(block) for block in blocks]
    whole = sum(terms) * Fraction(scale)
    return all(_eliminates(whole - term) for term in terms)


def _eliminates(matrix: Array) -> bool:
    """Whether no pivot of a symmetric matrix is negative, or zero in a row that is not."""
    while len(matrix):
        pivot, column = matrix[0, 0], matrix[1:, 0]
        if pivot < 0 or (pivot == 0 and column.any()):
            return False
        matrix = matrix[1:, 1:] - np.outer(column, column) / (pivot or 1)
    return True


def _draw(normals: Normals, k: int) -> dict[str, Any]:
    """Outcomes whose states span the space even without one of them: nothing is exactly zero."""
    dims, rank = (
        ((2, 2), 2),
        ((2, 3), 1),
        ((3, 2), 3),
        ((4, 3), 2),
        ((3, 5), 1),
        ((5, 2), 5),
        ((4, 4), 3),
    )[k % 7]
    return {"rho_ab": ensemble_state(normals, dims, rank), "dims": dims}


STATEMENTS = (
    Statement(
        name="cq-operator-inequality",
        check=check_cq_operator_inequality,
        draw=_draw,
        false_variant={"factor": 0.5},
    ),
)
