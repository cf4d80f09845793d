"""Classical-quantum states as lists of their parts ``p_b rho_b``, one for each outcome of B."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from qentropy.blocks import Array, BlockOperator
from qentropy.certify.exact_operations import hermitian_part
from qentropy.errors import DimensionMismatchError, InvalidStateError
from qentropy.lemmas.gaussian_draws import drawn_distribution, drawn_state
from qentropy.lemmas.statement import Normals
from qentropy.operators import as_state, check_dims

__all__ = [
    "block_diagonal",
    "classical_quantum_parts",
    "conditional_parts",
    "ensemble_state",
    "from_parts",
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


def ensemble_state(normals: Normals, dims: tuple[int, int], rank: int, *, unused: int = 0) -> Array:
    """Classical-quantum state whose conditional states have a rank, from normal numbers.

    Parameters
    ----------
    normals
        Where the numbers come from.
    dims
        ``(d_A, d_B)``.
    rank
        Rank of each conditional state.
    unused
        How many of the d_B outcomes, the last ones, have probability zero.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> ensemble_state(lambda *shape: rng.normal(size=shape), (2, 3), 1).shape
    (6, 6)
    """
    parts = np.zeros((dims[1], dims[0], dims[0]), dtype=complex)
    for outcome, weight in enumerate(drawn_distribution(normals, dims[1] - unused)):
        parts[outcome] = weight * drawn_state(normals, dims[0], rank)
    return from_parts(parts)
