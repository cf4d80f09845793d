"""A state as ``B B^dagger``, which is what its floats stand for in the purified ball."""

import math
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from qentropy.blocks import BlockOperator
from qentropy.certify.enclosures import inner
from qentropy.certify.exact_operations import hermitian_part
from qentropy.certify.rounding import TINY, UNIT, gamma, up
from qentropy.results import Interval

__all__ = [
    "factor_weight",
    "gram",
    "gram_error",
    "state_factor",
]

Array = NDArray[Any]
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


def factor_weight(factor: BlockOperator) -> Interval:
    """Interval of ``Tr B B^dagger``."""
    return inner(factor, factor)


def gram(factor: BlockOperator) -> BlockOperator:
    """``A^dagger A``."""
    return factor.map(lambda a: hermitian_part(a.conj().swapaxes(-1, -2) @ a))


def gram_error(factor: BlockOperator) -> float:
    """Bound of the Frobenius norm of the rounding of ``A^dagger A``; sqrt(2) for complex parts."""
    width = max(g.shape[-1] for g in factor.groups)
    return up(gamma(4 * width + 8) * factor_weight(factor).upper + TINY, 2)
