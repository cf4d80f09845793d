"""The operator inequality of classical-quantum states."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.certify.exact_operations import hermitian_part
from qentropy.lemmas.classical_quantum import (
    block_diagonal,
    classical_quantum_parts,
    random_ensemble,
)
from qentropy.lemmas.rounding import frobenius_norm
from qentropy.operators import check_epsilon
from qentropy.results import Interval, LemmaCheck

__all__ = ["check_cq_operator_inequality", "random_check"]


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
        ``0 <= lambda_min(rho_A (x) Pi_B - rho_AB)``, on the support of Pi_B. A smallest eigenvalue
        that is exactly zero cannot be told from a small negative one and comes out UNDECIDED.

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
    if len(used) == 1 and scale == 1:
        smallest = Interval(0.0, 0.0)  # both sides are the same matrix
        error = 0.0
    return LemmaCheck(
        statement="cq inequality",
        equation="(B16)",
        lhs=Interval(0.0, 0.0),
        rhs=Interval(smallest.lower - error, smallest.upper + error),
        instance=f"d_A = {len(marginal)}, d_B = {len(parts)}",
    )


def random_check(rng: np.random.Generator, k: int) -> LemmaCheck:
    """The statement on the k-th of several shapes and ranks, with random states."""
    dims = ((2, 2), (2, 3), (3, 2), (4, 3), (3, 5), (5, 2))[k % 6]
    return check_cq_operator_inequality(random_ensemble(rng, dims, dims[0]), dims)
