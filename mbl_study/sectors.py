"""Magnetisation sectors: spin configurations, and operators of a region stored block by block.

A configuration of ``n`` sites is its index in QuTiP's tensor basis: site 0 is the most significant
bit, and a bit that is 0 means ``|0>``, spin up.  Inside a sector configurations ascend, so fixing
the spins of some sites leaves the others in ascending order too: every partial trace here rests on
that.  Nothing of dimension ``2**length`` is ever squared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

import qentropy

if TYPE_CHECKING:
    from qutip import Qobj

__all__ = [
    "SectorOperator",
    "add_block",
    "by_sector",
    "checked_sites",
    "configurations",
    "spins",
]


@lru_cache(maxsize=64)
def configurations(sites: int) -> tuple[NDArray[np.int64], ...]:
    """Spin configurations of ``sites`` sites, one ascending array per number of up spins.

    Parameters
    ----------
    sites
        Number of sites, at least 0.

    Returns
    -------
    tuple of arrays
        Entry ``k`` holds the ``binomial(sites, k)`` configurations with ``k`` spins up; read-only.

    Examples
    --------
    >>> [array.tolist() for array in configurations(2)]
    [[3], [1, 2], [0]]
    """
    every = np.arange(2**sites, dtype=np.int64)
    ups = sites - np.bitwise_count(every).astype(np.int64)
    order = np.argsort(ups, kind="stable")
    sectors = np.split(every[order], np.cumsum(np.bincount(ups, minlength=sites + 1))[:-1])
    for sector in sectors:
        sector.flags.writeable = False
    return tuple(sectors)


def by_sector(values: NDArray[Any], sites: int) -> list[NDArray[Any]]:
    """Cut an array over the basis sorted by sector into one array per number of up spins.

    Parameters
    ----------
    values
        Shape ``(2**sites,)``.
    sites
        Number of sites.

    Returns
    -------
    list of arrays
        Entry ``k`` has ``binomial(sites, k)`` values.

    Examples
    --------
    >>> [part.tolist() for part in by_sector(np.arange(4), 2)]
    [[0], [1, 2], [3]]
    """
    sizes = [len(sector) for sector in configurations(sites)]
    return np.split(values, np.cumsum(sizes)[:-1])


def spins(configuration: NDArray[np.int64], sites: int) -> NDArray[np.float64]:
    """Eigenvalues of ``sigma_z`` on every site, +1 for up and -1 for down.

    Parameters
    ----------
    configuration
        Configurations, shape ``(n,)``.
    sites
        Number of sites.

    Returns
    -------
    array
        Shape ``(n, sites)``, entries +1 and -1.

    Examples
    --------
    >>> spins(np.array([1, 2]), 2).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    shifts = np.arange(sites - 1, -1, -1)
    down = (configuration[:, None] >> shifts) & 1
    return (1 - 2 * down).astype(np.float64)


def checked_sites(sites: Iterable[int], length: int) -> tuple[int, ...]:
    """Sites of a region in ascending order.

    Parameters
    ----------
    sites
        Distinct site numbers between 0 and ``length - 1``, in any order.
    length
        Number of sites of the lattice.

    Returns
    -------
    tuple of int
        The same sites, ascending: the order of the tensor factors, as in ``Qobj.ptrace``.

    Raises
    ------
    InvalidParameterError
        No site, a site twice, or a site outside the lattice.

    Examples
    --------
    >>> checked_sites([3, 0], 4)
    (0, 3)
    """
    try:
        found = sorted(index(site) for site in sites)
    except TypeError as error:
        raise qentropy.InvalidParameterError(f"sites must be integers; got {sites!r}") from error
    if not found or len(set(found)) < len(found) or found[0] < 0 or found[-1] >= length:
        raise qentropy.InvalidParameterError(
            f"sites must be distinct numbers from 0 to {length - 1}, at least one; got {found}"
        )
    return tuple(found)


@dataclass(frozen=True, eq=False, kw_only=True)
class SectorOperator:
    """Operator on a region of spins, stored as blocks between magnetisation sectors.

    Attributes
    ----------
    sites
        Number of sites of the region.
    blocks
        ``blocks[m, k]`` maps the sector with ``k`` spins up to the one with ``m``; a block that is
        not there is zero.
    """

    sites: int
    blocks: Mapping[tuple[int, int], NDArray[Any]]

    @property
    def is_block_diagonal(self) -> bool:
        """Whether the operator conserves the magnetisation: no block off the diagonal."""
        return all(row == column for row, column in self.blocks)

    @property
    def diagonal_blocks(self) -> list[NDArray[Any]]:
        """The block of each sector, by number of up spins; zero where there is none."""
        sizes = [len(sector) for sector in configurations(self.sites)]
        return [self.blocks.get((up, up), np.zeros((size, size))) for up, size in enumerate(sizes)]

    def to_sparse(self, *, by_sector: bool = False) -> scipy.sparse.csr_matrix:
        """Sparse matrix, in the tensor basis or with the basis sorted by sector.

        Parameters
        ----------
        by_sector
            Order the basis by number of up spins, then by configuration.

        Returns
        -------
        scipy.sparse.csr_matrix
            Shape ``(2**sites, 2**sites)``; exact zeros are not stored.
        """
        rows = [self._row_of_blocks(row) for row in range(self.sites + 1)]
        entries, columns, lengths = (np.concatenate(parts) for parts in zip(*rows, strict=True))
        sparse = scipy.sparse.csr_matrix(
            (entries, columns, np.concatenate([[0], np.cumsum(lengths)])),
            shape=(2**self.sites, 2**self.sites),
        )
        if by_sector:
            return sparse
        tensor_basis = np.argsort(np.concatenate(configurations(self.sites)))
        return scipy.sparse.csr_matrix(sparse[tensor_basis][:, tensor_basis])

    def _row_of_blocks(self, row: int) -> tuple[NDArray[Any], NDArray[np.int32], NDArray[np.int64]]:
        """Entries of one row of blocks that are not 0, their columns, and how many in each row."""
        sizes = [len(sector) for sector in configurations(self.sites)]
        starts = np.cumsum([0, *sizes], dtype=np.int32)
        found = sorted(column for other, column in self.blocks if other == row)
        if not found:
            nothing = np.zeros(0, dtype=np.int32)
            return np.zeros(0), nothing, np.zeros(sizes[row], dtype=np.int64)
        columns = np.concatenate(
            [np.arange(*starts[column : column + 2], dtype=np.int32) for column in found]
        )
        entries = np.hstack([self.blocks[row, column] for column in found])
        kept = entries != 0
        lengths = np.count_nonzero(kept, axis=1)
        if lengths.sum() == kept.size:
            return entries.ravel(), np.tile(columns, sizes[row]), lengths
        return entries[kept], columns[np.nonzero(kept)[1]], lengths

    def to_blocks(self) -> qentropy.BlockOperator | scipy.sparse.csr_matrix:
        """For `qentropy`, the basis sorted by sector: in blocks, or sparse if sectors are coupled.

        Returns
        -------
        BlockOperator or scipy.sparse.csr_matrix
            Of dimension ``2**sites``.
        """
        if not self.is_block_diagonal:
            return self.to_sparse(by_sector=True)
        return qentropy.direct_sum(self.diagonal_blocks)

    def to_qobj(self) -> Qobj:
        """QuTiP operator with sparse (CSR) data and one tensor factor per site."""
        from qutip import Qobj

        return Qobj(self.to_sparse(), dims=[[2] * self.sites] * 2)

    def trace_out(self, position: int) -> SectorOperator:
        """Partial trace over one site.

        Parameters
        ----------
        position
            Which of the region's sites goes, counted from 0.

        Returns
        -------
        SectorOperator
            The operator on the other sites.
        """
        shift = self.sites - 1 - position
        rows_by_spin = [
            [np.flatnonzero((sector >> shift) & 1 == down) for sector in configurations(self.sites)]
            for down in (0, 1)
        ]
        blocks: dict[tuple[int, int], NDArray[Any]] = {}
        for ((row, column), block), down in product(self.blocks.items(), (0, 1)):
            pick = rows_by_spin[down]
            part = block[np.ix_(pick[row], pick[column])]
            if part.size:
                add_block(blocks, (row - 1 + down, column - 1 + down), part)
        return SectorOperator(sites=self.sites - 1, blocks=blocks)


def add_block(
    blocks: dict[tuple[int, int], NDArray[Any]], key: tuple[int, int], block: NDArray[Any]
) -> None:
    """Add to a block that may not be there yet."""
    blocks[key] = blocks[key] + block if key in blocks else block
