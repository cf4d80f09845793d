"""Diagonal blocks: found from shared zeros, taken apart and put together without loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse
from hypothesis import given, settings
from strategies import block_pairs, states

from qentropy.blocks import (
    LARGE,
    SUPPORT_TOLERANCE,
    BlockOperator,
    direct_sum,
    extract,
    is_diagonal,
    is_sparse,
    joint_blocks,
    largest_eigenvalue,
    one_group,
    require_memory,
)
from qentropy.errors import DimensionMismatchError, ResourceLimitError
from qentropy.states import random_state, random_unitary

few = settings(max_examples=40)


def shapes(matrix: Any) -> list[tuple[int, ...]]:
    """Count and size of the blocks of each group."""
    return [index.shape for index in joint_blocks(matrix)]


def test_shapes_of_blocks() -> None:
    """Blocks are connected components of the nonzero pattern, grouped by size, largest first."""
    assert shapes(np.eye(5)) == [(5, 1)]
    assert shapes(np.zeros((3, 3))) == [(3, 1)]
    assert shapes(np.ones((4, 4))) == [(1, 4)]
    chain = np.eye(6, k=1) + np.eye(6, k=-1)
    assert shapes(chain) == [(1, 6)]
    chain[2, 3] = chain[3, 2] = 0
    assert shapes(chain) == [(2, 3)]
    mixed = np.kron(np.diag([1, 0]), np.ones((2, 2)))
    assert shapes(mixed) == [(1, 2), (2, 1)]
    assert shapes(scipy.sparse.csr_array(mixed)) == [(1, 2), (2, 1)]


def test_blocks_are_joint() -> None:
    """Rows that any of the operators connects, in any place of a stack, are in one block."""
    first, second = np.eye(4), np.eye(4)
    first[0, 2] = first[2, 0] = 1
    second[2, 3] = second[3, 2] = 1
    (large, single) = joint_blocks(first, scipy.sparse.csr_array(second))
    assert np.array_equal(large, [[0, 2, 3]])
    assert np.array_equal(single, [[1]])
    (large, single) = joint_blocks(np.array([first, second]))
    assert np.array_equal(large, [[0, 2, 3]])


def test_explicit_zeros_of_sparse_matrices_do_not_connect() -> None:
    """A stored zero is a zero."""
    matrix = scipy.sparse.csr_array((np.array([1.0, 0, 0, 1]), ([0, 0, 1, 1], [0, 1, 0, 1])))
    assert matrix.nnz == 4
    assert shapes(matrix) == [(2, 1)]


@few
@given(block_pairs())
def test_taking_apart_and_putting_together(pair: tuple[Any, Any]) -> None:
    """The blocks of dense and of sparse matrices hold every nonzero entry at its place."""
    rho, sigma = pair
    index = joint_blocks(rho, sigma)
    for operator in pair:
        blocks = extract(operator, index)
        assert np.array_equal(blocks.dense(), operator)
        sparse = extract(scipy.sparse.csr_array(operator), index)
        assert all(map(np.array_equal, sparse.groups, blocks.groups))
        assert blocks.trace == pytest.approx(operator.trace().real)
        assert np.array_equal(one_group(operator).dense(), operator)


def test_entries_outside_the_blocks_are_dropped() -> None:
    """Extraction by foreign rows is a pinching."""
    matrix = np.arange(16.0).reshape(4, 4)
    index = [np.array([[0, 2]]), np.array([[1], [3]])]
    expected = np.where(
        [[1, 0, 1, 0], [0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]], matrix, 0
    )  # fmt: skip
    for operator in (matrix, scipy.sparse.csr_array(matrix)):
        assert np.array_equal(extract(operator, index).dense(), expected)


def test_stacks() -> None:
    """A stack only adds leading axes."""
    stack = np.array([[np.diag([1.0, 2, 3]), np.eye(3)]])
    blocks = extract(stack, joint_blocks(stack))
    assert [group.shape for group in blocks.groups] == [(1, 2, 3, 1, 1)]
    assert np.array_equal(blocks.trace, [[6, 3]])
    assert np.array_equal(blocks.dense(), stack)
    assert np.array_equal(blocks.spectrum.largest, [[3, 1]])


def test_map() -> None:
    """A function acts on the arrays of blocks, of several operators of one layout at once."""
    matrix = np.kron(np.diag([1, 2]), np.ones((2, 2)))
    blocks = extract(matrix, joint_blocks(matrix))
    assert np.array_equal(blocks.map(lambda x, y: x + 2 * y, blocks).dense(), 3 * matrix)


@few
@given(states())
def test_spectrum(rho: Any) -> None:
    """Powers and roots come from the eigenvalues, and zero stays zero."""
    spectrum = one_group(rho).spectrum
    (square,), (root,), (projector,) = spectrum.power(2), spectrum.roots, spectrum.power(0)
    assert square[0] == pytest.approx(rho @ rho, abs=1e-14)
    assert root[0] @ root[0] == pytest.approx(rho, abs=1e-13)
    assert projector[0] @ projector[0] == pytest.approx(projector[0], abs=1e-13)
    assert projector[0] @ rho == pytest.approx(rho, abs=1e-12)
    assert spectrum.largest == pytest.approx(np.linalg.norm(rho, 2))


def test_inverse_powers_live_on_the_support() -> None:
    """A negative power of a singular operator is its pseudo-inverse, without a warning."""
    (inverse,) = one_group(np.diag([4.0, 0.0])).spectrum.power(-0.5)
    assert np.array_equal(inverse[0], np.diag([0.5, 0]))
    small = np.diag([1.0, 2 * SUPPORT_TOLERANCE, SUPPORT_TOLERANCE / 2])
    (support,) = one_group(small).spectrum.support
    assert np.array_equal(np.sort(support[0]), [False, True, True])


@pytest.mark.parametrize("dimension", [2, 8, 64])
def test_rounding_is_cleaned(dimension: int) -> None:
    """Zero eigenvalues of a block come out as exact zeros, and those of 1 x 1 blocks are kept."""
    for seed in range(5):
        rank = 1 + dimension // 4
        state = random_state(dimension, rank=rank, rng=seed)
        (values,) = one_group(state).spectrum.cleaned
        assert np.count_nonzero(values) == rank
    diagonal = np.diag([1.0, 1e-30])
    (values,) = extract(diagonal, joint_blocks(diagonal)).spectrum.cleaned
    assert np.array_equal(values.ravel(), [1, 1e-30])


def test_a_small_block_next_to_a_large_one_is_not_rounding() -> None:
    """Cleaning compares an eigenvalue with its own block."""
    small = 1e-18 * random_state(2, rng=1)
    blocks = BlockOperator(
        (np.array([random_unitary(2, rng=2) @ np.diag([1, 0]) @ random_unitary(2, rng=2).conj().T,
                   small]),),
        (np.array([[0, 1], [2, 3]]),), 4,
    )  # fmt: skip
    (values,) = blocks.spectrum.cleaned
    assert np.count_nonzero(values, axis=-1).tolist() == [1, 2]


def test_sparse_or_not() -> None:
    """SciPy's sparse arrays and matrices are sparse."""
    assert is_sparse(scipy.sparse.eye_array(2))
    assert is_sparse(scipy.sparse.csr_matrix(np.eye(2)))
    assert not is_sparse(np.eye(2))


def test_memory_is_checked_before_it_is_taken() -> None:
    """What exceeds the machine is refused with the estimate; sparse blocks are such a case."""
    with pytest.raises(ResourceLimitError, match=r"the plan would need about 1000000\.0 GiB"):
        require_memory(1e6 * 2**30, "the plan")
    size = 10**6
    rows = [np.arange(size)[None, :]]
    with pytest.raises(ResourceLimitError, match="blocks would need"):
        extract(scipy.sparse.eye_array(size, format="csr"), rows)


def test_direct_sum_puts_blocks_in_order() -> None:
    """Blocks of equal size share a group, and each occupies its own rows."""
    first, second, third = np.array([[1.0]]), np.full((2, 2), 2.0), np.array([[3.0]])
    whole = direct_sum([first, second, third])
    assert [group.shape for group in whole.groups] == [(1, 2, 2), (2, 1, 1)]
    assert np.array_equal(whole.dense(), scipy.linalg.block_diag(first, second, third))
    stacked = direct_sum([np.stack([second, 2 * second])])
    assert np.array_equal(stacked.dense(), scipy.linalg.block_diag(second, 2 * second))


@pytest.mark.parametrize("blocks", [[], [[1.0, 2.0]], [np.ones((1, 2))], [np.ones((0, 0))]])
def test_direct_sum_refuses_what_is_not_square(blocks: list[Any]) -> None:
    """No block, vectors, rectangles and nothing are refused."""
    with pytest.raises(DimensionMismatchError, match="blocks must be"):
        direct_sum(blocks)


@pytest.mark.parametrize("size", [3, LARGE + 6])
@pytest.mark.parametrize("dtype", [float, complex])
def test_largest_eigenvalue(size: int, dtype: type) -> None:
    """Alone and with a metric, for small and for large matrices of a stack."""
    rng = np.random.default_rng(size)
    raw = rng.normal(size=(2, 2, size, size)).astype(dtype)
    if dtype is complex:
        raw += 1j * rng.normal(size=raw.shape)
    group, metric = raw[0] + raw[0].conj().swapaxes(-1, -2), raw[1] @ raw[1].conj().swapaxes(-1, -2)
    expected = np.linalg.eigvalsh(group)[:, -1]
    assert np.allclose(largest_eigenvalue(group), expected, rtol=1e-12)
    ratios = np.linalg.eigvals(np.linalg.solve(metric, group)).real.max(axis=-1)
    assert np.allclose(largest_eigenvalue(group, metric), ratios, rtol=1e-6)


def test_diagonal_means_exactly() -> None:
    """A single entry off the diagonal, wherever it is, decides."""
    group = np.stack([np.eye(3), np.diag([1.0, 0.0, 2.0])])
    assert is_diagonal(group)
    group[1, 2, 1] = 1e-300
    assert not is_diagonal(group)


def test_parts_are_large_blocks_and_sizes() -> None:
    """Together they are the operator; a large block stands alone, small ones of a size together."""
    sizes = [LARGE, 1, 3, LARGE, 3]
    whole = direct_sum([random_state(size, rng=size) for size in sizes])
    parts = whole.parts()
    assert [part.groups[0].shape for part in parts] == [
        (1, LARGE, LARGE),
        (1, LARGE, LARGE),
        (2, 3, 3),
        (1, 1, 1),
    ]
    assert np.array_equal(sum(part.dense() for part in parts), whole.dense())
    assert all(any(np.shares_memory(part.groups[0], g) for g in whole.groups) for part in parts)
