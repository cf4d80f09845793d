"""Operators as diagonal blocks, found from the exact zeros that they share.

Blocks of one size are held in one array, so that a diagonal matrix is a single group of 1 x 1
blocks and a stack of matrices only adds leading axes. Support decisions use one tolerance,
`SUPPORT_TOLERANCE`, relative to the largest eigenvalue.
"""

import math
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qentropy.errors import DimensionMismatchError, ResourceLimitError

__all__ = [
    "LARGE",
    "SUPPORT_TOLERANCE",
    "BlockOperator",
    "Spectrum",
    "as_csr",
    "direct_sum",
    "extract",
    "is_diagonal",
    "is_sparse",
    "joint_blocks",
    "largest_eigenvalue",
    "one_group",
    "require_memory",
]

Array: TypeAlias = NDArray[Any]
Operator: TypeAlias = Any
"""An array or a SciPy sparse array."""

SUPPORT_TOLERANCE = 1e-13
"""Eigenvalues below this fraction of the largest one count as zero."""


LARGE = 64
"""Rows from which on some eigenvalues cost less than all, and little of the time is Python's."""


@dataclass(frozen=True, eq=False)
class BlockOperator:
    """A Hermitian operator, or a stack of them, as diagonal blocks grouped by size.

    Parameters
    ----------
    groups
        One array per block size, shape ``(..., m, b, b)``: m blocks of size b.
    index
        For each group the rows that its blocks occupy, shape ``(m, b)``.
    dimension
        Dimension d of the whole space.
    """

    groups: tuple[Array, ...]
    index: tuple[NDArray[np.intp], ...]
    dimension: int

    def has_blocks_of(self, other: "BlockOperator") -> bool:
        """Whether the blocks of both occupy the same rows."""
        same = len(self.index) == len(other.index)
        return same and all(map(np.array_equal, self.index, other.index))

    def with_groups(self, groups: Sequence[Array]) -> "BlockOperator":
        """The same layout with other blocks."""
        return BlockOperator(tuple(groups), self.index, self.dimension)

    def with_blocks(self, blocks: Sequence[Array]) -> "BlockOperator":
        """The same layout of a single operator with other blocks, one matrix for each, in order."""
        counts = np.cumsum([len(group) for group in self.groups])
        starts = (0, *counts[:-1])
        return self.with_groups(
            [np.stack(blocks[a:b]) for a, b in zip(starts, counts, strict=True)]
        )

    def map(self, function: Callable[..., Array], *others: "BlockOperator") -> "BlockOperator":
        """Apply `function` to the arrays of each group, block by block."""
        rows = zip(self.groups, *(other.groups for other in others), strict=True)
        return self.with_groups([function(*row) for row in rows])

    def parts(self) -> list["BlockOperator"]:
        """Views of it that need little memory each: large blocks one by one, others by size."""
        out = []
        for group, index in zip(self.groups, self.index, strict=True):
            step = 1 if group.shape[-2] >= LARGE else max(1, len(index))
            for start in range(0, len(index), step):
                chosen = slice(start, start + step)
                blocks = (group[..., chosen, :, :],)
                out.append(BlockOperator(blocks, (index[chosen],), self.dimension))
        return out

    @property
    def trace(self) -> Array:
        """Trace, shape ``(...)``."""
        return np.asarray(sum(np.einsum("...mii->...", g).real for g in self.groups))

    def dense(self) -> Array:
        """The whole matrix, shape ``(..., d, d)``."""
        batch = self.groups[0].shape[:-3]
        out = np.zeros((*batch, self.dimension, self.dimension), np.result_type(*self.groups))
        for group, index in zip(self.groups, self.index, strict=True):
            out[..., index[:, :, None], index[:, None, :]] = group
        return out

    @cached_property
    def spectrum(self) -> "Spectrum":
        """Eigenvalues and eigenvectors, computed once."""
        values, vectors = zip(*(_eigh(group) for group in self.groups), strict=True)
        return Spectrum(values, vectors)


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Eigenvalues, shape ``(..., m, b)``, and eigenvectors, ``(..., m, b, b)``, of each group."""

    values: tuple[Array, ...]
    vectors: tuple[Array, ...]

    @cached_property
    def largest(self) -> Array:
        """Largest eigenvalue of the whole operator, shape ``(...)``."""
        return np.asarray(np.maximum.reduce([v.max(axis=(-1, -2)) for v in self.values]))

    @cached_property
    def support(self) -> tuple[NDArray[np.bool_], ...]:
        """For each group, which eigenvalues are nonzero by `SUPPORT_TOLERANCE`."""
        cut = SUPPORT_TOLERANCE * self.largest[..., None, None]
        return tuple(v > cut for v in self.values)

    @cached_property
    def cleaned(self) -> tuple[Array, ...]:
        """The eigenvalues of a positive operator, with those that are rounding set to zero.

        A 1 x 1 block has no rounding. In a larger block zeros come out of the eigensolver as
        some units of rounding of the block's norm, and a root would make them large.
        """
        out = []
        for values in self.values:
            size = values.shape[-1]
            noise = (4 + math.sqrt(size)) * np.finfo(float).eps if size > 1 else 0.0
            cut = noise * values.max(axis=-1, keepdims=True)
            out.append(np.where(values > cut, np.maximum(values, 0.0), 0.0))
        return tuple(out)

    @cached_property
    def roots(self) -> list[Array]:
        """Blocks of the square root, of the eigenvalues that are not rounding."""
        return [
            (vectors * np.sqrt(values)[..., None, :]) @ vectors.conj().swapaxes(-1, -2)
            for values, vectors in zip(self.cleaned, self.vectors, strict=True)
        ]

    def power(self, exponent: float) -> list[Array]:
        """Blocks of the operator to a real power on its support, zero elsewhere."""
        out = []
        for values, vectors, support in zip(self.values, self.vectors, self.support, strict=True):
            powered = np.where(support, np.where(support, values, 1.0) ** exponent, 0.0)
            out.append((vectors * powered[..., None, :]) @ vectors.conj().swapaxes(-1, -2))
        return out


def _eigh(group: Array) -> tuple[Array, Array]:
    """Eigenvalues, ascending, and eigenvectors; diagonal blocks are only sorted."""
    if not is_diagonal(group):
        values, vectors = np.linalg.eigh(group)
        return values, vectors
    diagonal = np.einsum("...ii->...i", group).real
    order = np.argsort(diagonal, axis=-1, kind="stable")
    places = np.arange(group.shape[-1])[:, None]
    vectors = (places == order[..., None, :]).astype(group.dtype)
    return np.take_along_axis(diagonal, order, axis=-1), vectors


def is_diagonal(group: Array) -> bool:
    """Whether all matrices of a stack are exactly diagonal.

    Examples
    --------
    >>> is_diagonal(np.eye(2))
    True
    """
    size = group.shape[-1]
    if size > 1 and group[..., 0, 1:].any():
        return False
    return bool(np.count_nonzero(group) == np.count_nonzero(np.einsum("...ii->...i", group)))


def largest_eigenvalue(group: Array, metric: Array | None = None) -> Array:
    """Largest eigenvalue of each matrix of a stack, ``A x = k x`` or ``A x = k B x``.

    Parameters
    ----------
    group
        Hermitian matrices A, shape ``(..., b, b)``.
    metric
        Positive definite matrices B of the same shape.

    Examples
    --------
    >>> largest_eigenvalue(np.diag([1.0, 3.0]), np.diag([1.0, 2.0]))
    array(1.5)
    """
    size = group.shape[-1]
    if size < LARGE and metric is None:
        return np.asarray(np.linalg.eigvalsh(group)[..., -1])
    from scipy.linalg import eigh  # slow to import

    options: Any = {
        "eigvals_only": True,
        "subset_by_index": [size - 1, size - 1],
        "check_finite": False,
    }
    matrices = group.reshape(-1, size, size)
    metrics: Any = repeat(None) if metric is None else metric.reshape(-1, size, size)
    largest = [eigh(a, b, **options)[0] for a, b in zip(matrices, metrics, strict=False)]
    return np.reshape(largest, group.shape[:-2])


def as_csr(matrix: Operator) -> Operator:
    """A sparse matrix in SciPy's compressed rows."""
    from scipy.sparse import csr_array

    return csr_array(matrix)


def is_sparse(matrix: Operator) -> bool:
    """Whether this is a SciPy sparse matrix."""
    # The name is enough, and importing SciPy to ask would take longer than most answers.
    return type(matrix).__module__.startswith("scipy.sparse")


def joint_blocks(*matrices: Operator) -> list[NDArray[np.intp]]:
    """Rows of the joint diagonal blocks, one array ``(m, b)`` for each block size b."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    dimension = matrices[0].shape[-1]
    pattern: Operator = None
    for matrix in matrices:
        if is_sparse(matrix):
            nonzero = abs(matrix) > 0
        else:
            nonzero = (matrix != 0).any(axis=tuple(range(matrix.ndim - 2)))
            if nonzero[0].all():
                return [np.arange(dimension)[None, :]]
        pattern = nonzero if pattern is None else pattern + nonzero
    _, labels = connected_components(csr_array(pattern), directed=False)
    order = np.argsort(labels, kind="stable")
    sizes = np.bincount(labels)
    starts = np.cumsum(sizes) - sizes
    return [
        order[starts[sizes == size][:, None] + np.arange(size)] for size in np.unique(sizes)[::-1]
    ]


def extract(matrix: Operator, index: Sequence[NDArray[np.intp]]) -> BlockOperator:
    """The blocks of a matrix or stack whose rows are `index`; entries outside are dropped."""
    dimension = matrix.shape[-1]
    if not is_sparse(matrix):
        groups = [np.asarray(matrix)[..., i[:, :, None], i[:, None, :]] for i in index]
        return BlockOperator(tuple(groups), tuple(index), dimension)
    require_memory(4.0 * matrix.dtype.itemsize * sum(i.size * i.shape[1] for i in index), "blocks")
    return BlockOperator(tuple(_scattered(matrix, index)), tuple(index), dimension)


def _scattered(matrix: Operator, index: Sequence[NDArray[np.intp]]) -> list[Array]:
    """Blocks of a sparse matrix, each entry sent to its place without a loop over blocks."""
    entries = matrix.tocoo()
    rows, columns = entries.coords
    groups = []
    for i in index:
        count, size = i.shape
        block = np.full(matrix.shape[-1], -1)
        block[i] = np.arange(count)[:, None]
        place = np.zeros(matrix.shape[-1], dtype=np.intp)
        place[i] = np.arange(size)
        inside = (block[rows] >= 0) & (block[rows] == block[columns])
        row, column = rows[inside], columns[inside]
        group = np.zeros((count, size, size), matrix.dtype)
        group[block[row], place[row], place[column]] = entries.data[inside]
        groups.append(group)
    return groups


def direct_sum(blocks: Iterable[ArrayLike]) -> BlockOperator:
    """Operator from its diagonal blocks, for every function that takes states.

    Nothing of the size of the whole matrix is formed where rho and sigma are given in the same
    blocks, such as the sectors of a conserved charge.

    Parameters
    ----------
    blocks
        Square matrices ``(b, b)``, from the first rows to the last; an array ``(m, b, b)`` stands
        for m of them.

    Returns
    -------
    BlockOperator

    Raises
    ------
    DimensionMismatchError
        There are no blocks, or one is not a square matrix.

    Examples
    --------
    >>> direct_sum([[[0.5]], [[0.25, 0.1], [0.1, 0.25]]]).dense()
    array([[0.5 , 0.  , 0.  ],
           [0.  , 0.25, 0.1 ],
           [0.  , 0.1 , 0.25]])
    """
    by_size: dict[int, tuple[list[Array], list[Array]]] = {}
    rows = 0
    for block in map(np.asarray, blocks):
        stack = block[None] if block.ndim == 2 else block
        if stack.ndim != 3 or stack.shape[-1] != stack.shape[-2] or 0 in stack.shape:
            raise DimensionMismatchError(
                f"blocks must be square matrices (b, b) or stacks (m, b, b); got {block.shape}"
            )
        count, size = stack.shape[:2]
        matrices, places = by_size.setdefault(size, ([], []))
        matrices.append(stack)
        places.append(rows + np.arange(count * size).reshape(count, size))
        rows += count * size
    if not rows:
        raise DimensionMismatchError("blocks must be at least one matrix; got none")
    ordered = [by_size[size] for size in sorted(by_size, reverse=True)]
    groups = tuple(np.concatenate(matrices) for matrices, _ in ordered)
    for group in groups:
        group.setflags(write=False)  # what is known about an operator is kept with it
    return BlockOperator(groups, tuple(np.concatenate(places) for _, places in ordered), rows)


def one_group(matrix: Array) -> BlockOperator:
    """A matrix or stack as a single block."""
    dimension = matrix.shape[-1]
    return BlockOperator((matrix[..., None, :, :],), (np.arange(dimension)[None, :],), dimension)


def require_memory(needed: float, what: str) -> None:
    """Refuse a computation that cannot fit, before anything is allocated.

    Parameters
    ----------
    needed
        Estimate in bytes.
    what
        What needs it, for the message.

    Raises
    ------
    ResourceLimitError
        The estimate is larger than the memory of this machine.

    Examples
    --------
    >>> require_memory(1e3, "a 2 x 2 matrix")
    """
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > total:
        raise ResourceLimitError(
            f"{what} would need about {needed / 2**30:.1f} GiB; this machine has "
            f"{total / 2**30:.1f} GiB. Use a smaller dimension or operators with more zeros."
        )
