r"""Proved bounds of ``max_sigma F(rho, 1 (x) sigma)**2``, which is ``2**H_max(A|B)``.

rho stands for ``B B^dagger`` over its trace, B its `state_factor`. Any sigma gives a lower bound,
and any ``Z > 0`` an upper one by ``F(rho, X)**2 <= Tr rho Z^{-1} Tr X Z`` (Alberti).
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qentropy.blocks import BlockOperator, one_group
from qentropy.certify.exact_operations import hermitian_part, is_finite, to_order_one
from qentropy.certify.factors import factor_weight, overlap_lower, state_factor
from qentropy.certify.marginals import marginal_norm
from qentropy.certify.purified_ball import inverse_trace
from qentropy.certify.rounding import down, up

__all__ = ["marginal_fidelity_lower", "marginal_fidelity_upper"]

Array = NDArray[Any]
GAPS = (1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6)


def marginal_fidelity_lower(
    rho: BlockOperator, marginal: Array, dims: tuple[int, int]
) -> tuple[float, Array]:
    """Proved lower bound of the largest ``F**2``, and the sigma that attains it.

    Parameters
    ----------
    rho
        A state, a single block on A (x) B.
    marginal
        The candidate for sigma, of any trace.
    dims
        Dimensions of A and B.
    """
    first, second = dims
    finite = bool(np.isfinite(marginal).all())
    values, vectors = np.linalg.eigh(hermitian_part(marginal) if finite else np.eye(second))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    weight = factor_weight(one_group(root)).upper
    center = state_factor(rho)
    overlap = overlap_lower(center, one_group(np.kron(np.eye(first), root)))
    sigma = hermitian_part(root @ root.conj().T)
    if not (overlap > 0 and 0 < weight < math.inf):
        return 0.0, sigma
    return down(down(overlap**2) / up(weight * factor_weight(center).upper)), sigma / weight


def marginal_fidelity_upper(
    rho: BlockOperator, dual: BlockOperator, dims: tuple[int, int]
) -> float:
    """Proved upper bound of the largest ``F**2`` from any candidate Z; at most about ``d_A``.

    Parameters
    ----------
    rho, dims
        As in `marginal_fidelity_lower`.
    dual
        The candidate Z, which is raised until it is provably positive.
    """
    center = state_factor(rho)
    best = up(float(dims[0]) * factor_weight(center).upper)  # Z = 1
    if is_finite(dual):
        raised = to_order_one(dual)[0].map(hermitian_part)
        norm = marginal_norm(raised, dims)
        for gap in GAPS:
            price = up(norm + up(gap * dims[0]))
            if price > 0:
                best = min(best, up(inverse_trace(raised, -gap, center) * price))
    return up(best / factor_weight(center).lower)
