r"""Proved bounds of the least ``Tr Y`` with ``rho_A (x) Y >= rho``, which is ``2**I_max(A:B)``.

The exact marginal lies between ``(1 - eta) R`` and ``(1 + eta) R`` for its rounded value R, which
moves the optimum by no more than such a factor. A factor on rho drops out.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qentropy.blocks import BlockOperator, one_group
from qentropy.certify.enclosures import frobenius_bound, psd_shift
from qentropy.certify.exact_operations import hermitian_part
from qentropy.certify.marginals import marginal_lower, marginal_upper
from qentropy.certify.rounding import TINY, down, gamma, up

__all__ = ["information_lower", "information_upper"]

Array = NDArray[Any]
Dims = tuple[int, int]


def information_lower(state: BlockOperator, dual: BlockOperator, dims: Dims) -> float:
    """Proved lower bound from any Hermitian W; 0 if it is useless.

    Parameters
    ----------
    state
        rho of any trace, a single block on A (x) B, its marginal on A positive definite.
    dual
        The candidate W.
    dims
        Dimensions of A and B.
    """
    weight, eta = _marginal(state, dims)
    bound = marginal_lower(state, dual, dims, weight)
    return max(0.0, down(bound / up(1 + eta)))


def information_upper(state: BlockOperator, marginal: Array, dims: Dims) -> tuple[float, Array]:
    """Proved upper bound from any candidate, and the Y that attains it, up to rounding.

    Parameters
    ----------
    state, dims
        As in `information_lower`.
    marginal
        The candidate Y.
    """
    weight, eta = _marginal(state, dims)
    bound, raised = marginal_upper(state, marginal, dims, weight)
    return (up(bound / down(1 - eta)) if eta < 0.5 else math.inf), raised


def _marginal(state: BlockOperator, dims: Dims) -> tuple[Array, float]:
    """The rounded marginal R on A, and eta; infinite if R is not provably positive."""
    first, second = dims
    tensor = state.groups[0][0].reshape(first, second, first, second)
    weight = hermitian_part(np.einsum("xbyb->xy", tensor))
    # Each entry is a sum of `second` numbers; by Cauchy-Schwarz the errors add up to this.
    size = up(math.sqrt(second) * frobenius_bound(state), 2)
    error = up(gamma(2 * second + 8) * size + TINY)
    floor = -psd_shift(one_group(weight))
    return weight, (up(error / floor) if floor > 0 else math.inf)
