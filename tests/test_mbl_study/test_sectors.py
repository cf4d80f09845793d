"""Spin configurations and block operators agree with QuTiP's tensor products."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
import qutip
from hypothesis import given
from hypothesis import strategies as st

from mbl_study.sectors import SectorOperator, checked_sites, configurations, spins


def random_operator(sites: int, pairs: list[tuple[int, int]]) -> SectorOperator:
    """Operator with random complex blocks between the given sectors."""
    rng = np.random.default_rng(5)
    blocks = {}
    for row, column in pairs:
        shape = math.comb(sites, row), math.comb(sites, column)
        blocks[row, column] = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    return SectorOperator(sites=sites, blocks=blocks)


def magnetization(sites: int) -> np.ndarray:
    """Diagonal of the total ``sigma_z``, from QuTiP."""
    total = sum(
        qutip.tensor([qutip.sigmaz() if site == other else qutip.qeye(2) for other in range(sites)])
        for site in range(sites)
    )
    return total.diag().real


@pytest.mark.parametrize("sites", range(1, 9))
def test_configurations_are_the_sectors_of_total_magnetization(sites: int) -> None:
    """Each sector holds, ascending, the basis states with its magnetisation; all are read-only."""
    for up, sector in enumerate(configurations(sites)):
        assert sector.tolist() == np.flatnonzero(magnetization(sites) == 2 * up - sites).tolist()
        with pytest.raises(ValueError, match="read-only"):
            sector[:] = 0


def test_spins_are_the_eigenvalues_of_sigma_z() -> None:
    """Site 0 is the leftmost factor, and ``|0>`` is up."""
    table = spins(np.arange(8), 3)
    for site in range(3):
        factors = [qutip.sigmaz() if site == other else qutip.qeye(2) for other in range(3)]
        assert table[:, site].tolist() == qutip.tensor(factors).diag().real.tolist()


@pytest.mark.parametrize("sites", [[], [0, 0], [-1], [4], [0.5], ["0"], [None]])
def test_sites_outside_the_lattice_are_refused(sites: list[object]) -> None:
    """A region is a non-empty set of distinct integer sites of the lattice."""
    with pytest.raises(ValueError, match="sites must be"):
        checked_sites(sites, 4)


@given(st.sets(st.integers(0, 9), min_size=1), st.randoms())
def test_sites_come_out_ascending(sites: set[int], random: object) -> None:
    """The order in which sites are named does not matter."""
    shuffled = sorted(sites, key=lambda _: random.random())
    assert checked_sites(np.array(shuffled), 10) == tuple(sorted(sites))


EVERY_PAIR = list(product(range(5), repeat=2))
DIAGONAL = [(up, up) for up in range(5)]


@pytest.mark.parametrize("pairs", [EVERY_PAIR, DIAGONAL, [(1, 1), (2, 2)], [(1, 2), (2, 1)]])
def test_blocks_become_the_entries_between_their_configurations(
    pairs: list[tuple[int, int]],
) -> None:
    """A block holds the matrix elements between the configurations of its two sectors."""
    operator = random_operator(4, pairs)
    full = operator.to_qobj().full()
    for row, column in EVERY_PAIR:
        entries = full[np.ix_(configurations(4)[row], configurations(4)[column])]
        assert np.array_equal(entries, operator.blocks.get((row, column), 0 * entries))
    assert operator.is_block_diagonal == (set(pairs) <= set(DIAGONAL))


def test_sorting_by_sector_permutes_the_basis() -> None:
    """The basis sorted by sector is the tensor basis in another order, with sparse data."""
    operator = random_operator(3, [(1, 1), (2, 1), (1, 2), (3, 3)])
    order = np.concatenate(configurations(3))
    assert np.array_equal(
        operator.to_sparse(by_sector=True).toarray(),
        operator.to_sparse().toarray()[np.ix_(order, order)],
    )
    assert operator.to_sparse().nnz == 28


def test_exact_zeros_are_not_stored() -> None:
    """A block of zeros leaves no entry, so that sparsity shows the structure."""
    operator = SectorOperator(sites=1, blocks={(0, 0): np.zeros((1, 1)), (1, 1): np.ones((1, 1))})
    assert operator.to_sparse().nnz == 1


@pytest.mark.parametrize("pairs", [EVERY_PAIR, DIAGONAL])
@pytest.mark.parametrize("position", range(4))
def test_partial_trace_is_that_of_qutip(pairs: list[tuple[int, int]], position: int) -> None:
    """Tracing out a site gives what ``Qobj.ptrace`` gives, coherences included."""
    operator = random_operator(4, pairs)
    kept = [site for site in range(4) if site != position]
    expected = operator.to_qobj().ptrace(kept)
    assert operator.trace_out(position).to_qobj().dims == expected.dims
    assert np.allclose(operator.trace_out(position).to_qobj().full(), expected.full(), atol=1e-14)
