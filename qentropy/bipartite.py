"""Operators on two systems: the door for bipartite states and for Choi operators of channels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from qentropy.blocks import Array, BlockOperator, one_group, require_memory
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError
from qentropy.operators import (
    INPUT_TOLERANCE,
    as_positive,
    as_state,
    check_dims,
    check_pair,
    partial_trace,
)

__all__ = [
    "BipartiteState",
    "check_bipartite",
    "check_channel",
    "check_two",
    "in_marginal_frame",
    "purification",
    "purified_partner",
    "swapped",
]


@dataclass(frozen=True, eq=False)
class BipartiteState:
    """A density operator on A (x) B, and what was changed in the input.

    Parameters
    ----------
    matrix
        Shape ``(d, d)`` with d the product of `dims`.
    dims
        Dimensions of A and B.
    repairs
        One sentence each.
    """

    matrix: Array
    dims: tuple[int, int]
    repairs: tuple[str, ...] = ()

    @property
    def operator(self) -> BlockOperator:
        """The matrix as a single block."""
        return one_group(self.matrix)


def check_bipartite(rho_ab: ArrayLike, dims: Sequence[int]) -> BipartiteState:
    """A single density operator on two systems.

    Raises
    ------
    InvalidStateError
        Not a density operator.
    DimensionMismatchError
        `dims` are not two positive integers that multiply to its dimension.
    InvalidParameterError
        A stack of operators.

    Examples
    --------
    >>> check_bipartite(np.eye(6) / 6, (2, 3)).dims
    (2, 3)
    """
    whole = as_state(rho_ab, "rho_ab")
    if whole.ndim != 2:
        raise InvalidParameterError(
            f"rho_ab must be a single operator here; got a stack of shape {whole.shape}"
        )
    pair = check_pair(rho_ab, np.eye(len(whole)))
    return BipartiteState(pair.rho.dense(), check_two(dims, len(whole)), pair.repairs)


def check_two(dims: Sequence[int], dimension: int) -> tuple[int, int]:
    """Two dimensions that multiply to `dimension`.

    Raises
    ------
    DimensionMismatchError
        They do not, or there are not two.

    Examples
    --------
    >>> check_two([2, 3], 6)
    (2, 3)
    """
    checked = check_dims(dims, dimension)
    if len(checked) != 2:
        raise DimensionMismatchError(f"dims must be those of two systems; got {dims!r}")
    return checked[0], checked[1]


def check_channel(choi: ArrayLike, dims: Sequence[int], name: str) -> Array:
    """Choi operator ``sum_ij |i><j| (x) N(|i><j|)`` of a channel, or a stack of them.

    A trace that is preserved up to a relative 1e-8 only is repaired.

    Parameters
    ----------
    choi
        Shape ``(..., d, d)`` with d the product of `dims`.
    dims
        Dimensions of the input and of the output, in this order.
    name
        What the argument is called in error messages.

    Raises
    ------
    InvalidStateError
        Not positive (the map is not completely positive), or the trace is not preserved.
    DimensionMismatchError
        `dims` are not two positive integers that multiply to its dimension.

    Examples
    --------
    >>> check_channel(np.eye(4) / 2, (2, 2), "choi").shape
    (4, 4)
    """
    positive = as_positive(choi, name)
    pair = check_two(dims, positive.shape[-1])
    effect = partial_trace(positive, pair, 0)
    defect = float(abs(effect - np.eye(pair[0])).max())
    if defect > INPUT_TOLERANCE * pair[1]:
        raise InvalidStateError(
            f"{name} must preserve the trace, that is have the identity as its partial trace over "
            f"the output; got a deviation of {defect:.3g}. Check the order of dims, input first."
        )
    if defect <= 8 * pair[1] * np.finfo(float).eps:
        return positive
    values, vectors = np.linalg.eigh(effect)
    root = (vectors * values[..., None, :] ** -0.5) @ vectors.conj().swapaxes(-1, -2)
    lifted = np.kron(root, np.eye(pair[1]))
    repaired = lifted @ positive @ lifted
    return np.asarray((repaired + repaired.conj().swapaxes(-1, -2)) / 2)


def swapped(matrix: Array, dims: tuple[int, int]) -> Array:
    """The operator on B (x) A that a matrix on A (x) B is; the entries change their place only.

    Examples
    --------
    >>> swapped(np.diag([1.0, 2.0, 3.0, 4.0]), (2, 2)).diagonal()
    array([1., 3., 2., 4.])
    """
    first, second = dims
    tensor = matrix.reshape(first, second, first, second).transpose(1, 0, 3, 2)
    return np.asarray(tensor.reshape(matrix.shape))


def in_marginal_frame(data: BipartiteState) -> tuple[BipartiteState, Array]:
    """The state on the support of its marginal on A, with the diagonal of that scaled to about one.

    It is ``(M (x) 1)^dagger rho (M (x) 1)`` with the frame M, which is returned with it. If the
    marginal is not singular, M is a diagonal of powers of two, and nothing is rounded.
    """
    first, second = data.dims
    spectrum = one_group(partial_trace(data.matrix, data.dims, 0)).spectrum
    kept = spectrum.support[0][0]
    matrix, frame, notes = data.matrix, np.eye(first), data.repairs
    if not kept.all():
        frame = spectrum.vectors[0][0][:, kept]
        turn = np.kron(frame, np.eye(second))
        matrix = _hermitian(turn.conj().T @ matrix @ turn)
        notes = (*notes, "A was replaced by the support of rho_A; certified for that")
    diagonal = partial_trace(matrix, (int(kept.sum()), second), 0).diagonal().real
    scale = np.ldexp(1.0, -(np.frexp(diagonal)[1] // 2))
    rows = np.repeat(scale, second)
    scaled = matrix * rows[:, None] * rows[None, :]
    return BipartiteState(scaled, (int(kept.sum()), second), notes), frame * scale


def purification(factor: Array, dims: tuple[int, int]) -> Array:
    """K with ``K K^dagger = rho_AC``, square, for the purification that the factor of rho is.

    Its rows are those of A (x) C, its columns those of B and zeros; the entries are those of the
    factor, whose columns that are zero are left out.

    Examples
    --------
    >>> purification(np.diag([1.0, 0.0]), (2, 1))
    array([[1., 0.],
           [0., 0.]])
    """
    first, second = dims
    columns = factor[:, abs(factor).max(axis=0) > 0]
    extra = max(columns.shape[1], -(-second // first))
    require_memory(16.0 * (first * extra) ** 2, "the complementary state")
    tensor = np.zeros((first, extra, first * extra), factor.dtype)
    tensor[:, : columns.shape[1], :second] = columns.reshape(first, second, -1).transpose(0, 2, 1)
    return np.asarray(tensor.reshape(first * extra, -1))


def purified_partner(state: Array, factor: Array, dims: tuple[int, int]) -> Array:
    """X_AB of the purification of X_AC that is nearest to another one (Uhlmann).

    Parameters
    ----------
    state
        X_AC, shape ``(c, c)``.
    factor
        The other one, as `purification` returns it.
    dims
        Dimensions of A and B.
    """
    first, second = dims
    root = one_group(state).spectrum.roots[0][0]
    left, _, right = np.linalg.svd(root.conj().T @ factor[:, :second], full_matrices=False)
    tensor = (root @ left @ right).reshape(first, -1, second).transpose(0, 2, 1)
    columns = tensor.reshape(first * second, -1)
    return _hermitian(columns @ columns.conj().T)


def _hermitian(matrix: Array) -> Array:
    return np.asarray((matrix + matrix.conj().T) / 2)
