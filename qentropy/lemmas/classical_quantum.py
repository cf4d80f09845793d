"""Classical-quantum states as lists of their parts ``p_b rho_b``, one for each outcome of B."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from qentropy.blocks import Array, BlockOperator
from qentropy.certify.exact_operations import hermitian_part
from qentropy.errors import DimensionMismatchError, InvalidStateError
from qentropy.operators import as_state, check_dims
from qentropy.states import random_state

__all__ = [
    "block_diagonal",
    "classical_quantum_parts",
    "conditional_parts",
    "from_parts",
    "random_ensemble",
]


def classical_quantum_parts(rho_ab: ArrayLike, dims: Sequence[int]) -> tuple[Array, Array]:
    """A state that is classical on B, and its parts ``p_b rho_b``, shape ``(d_B, d_A, d_A)``."""
    state = as_state(rho_ab, "rho_ab")
    parts = conditional_parts(state, dims)
    coherence = float(np.abs(state - from_parts(parts)).max())
    if coherence > 0:
        raise InvalidStateError(
            f"rho_ab must be classical on B, block-diagonal in the basis of B; got an entry of "
            f"size {coherence:.3g} between two blocks"
        )
    return state, parts


def conditional_parts(state: Array, dims: Sequence[int]) -> Array:
    """The parts ``<b| state |b>``, shape ``(d_B, d_A, d_A)``; what is between them is left out."""
    dims = check_dims(dims, state.shape[-1])
    if len(dims) != 2 or state.ndim != 2:
        raise DimensionMismatchError(
            f"one matrix and dims = (d_A, d_B) are needed; got shape {state.shape} and {dims}"
        )
    tensor = state.reshape(*dims, *dims)
    return np.asarray(np.einsum("abcb->bac", tensor))


def from_parts(parts: Array) -> Array:
    """The matrix on A (x) B that has these parts, and zeros between them."""
    count, size = parts.shape[:2]
    out = np.zeros((size, count, size, count), parts.dtype)
    out[:, np.arange(count), :, np.arange(count)] = parts
    return out.reshape(size * count, size * count)


def block_diagonal(parts: Array) -> BlockOperator:
    """Blocks of an operator that is block-diagonal in B."""
    count, size = parts.shape[:2]
    index = np.arange(size)[None, :] * count + np.arange(count)[:, None]
    return BlockOperator((hermitian_part(parts),), (index,), size * count)


def random_ensemble(rng: np.random.Generator, dims: tuple[int, int], rank: int) -> Array:
    """A random classical-quantum state whose conditional states have this rank."""
    states = [random_state(dims[0], rank=rank, rng=rng) for _ in range(dims[1])]
    weights = rng.dirichlet(np.ones(dims[1]))
    return from_parts(weights[:, None, None] * np.stack(states))
