r"""Partial traces onto a region: ``omega_R = sum_c V_c diag(w) V_c^T``, nothing larger.

``V_c`` are the rows of an eigenvector matrix whose sites outside the region are in configuration
``c``.  A region inside one that is known is traced out of that one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbl_study.sectors import SectorOperator, add_block, configurations

__all__ = ["NestedRegions", "SectorVectors", "reduce_to_region"]

_CHUNK_ENTRIES = 2**22
"""Rows of eigenvectors are gathered in chunks of about this many entries, to bound memory."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SectorVectors:
    r"""Orthogonal vectors of one sector, ``|E> = scale[E] * vectors[:, E]``, and their levels.

    Attributes
    ----------
    up
        Number of up spins of the sector.
    vectors
        Columns in the sector's basis, shape ``(n, q)``.
    scale
        Factors of the columns, shape ``(q,)``, real and not negative.
    levels
        Label of each column, shape ``(q,)``, no label twice; columns of two sectors that share a
        label are coherent with each other.  None: coherent with nothing.
    """

    up: int
    vectors: NDArray[Any]
    scale: NDArray[np.float64]
    levels: NDArray[np.int64] | None


def reduce_to_region(
    ensemble: Sequence[SectorVectors], sites: tuple[int, ...], length: int
) -> SectorOperator:
    r"""Partial trace of ``sum_E |E><E|`` onto a region, ``sum_c V_c diag(scale**2) V_c^dagger``.

    ``|E>`` is the sum over sectors of the columns labelled ``E``, and ``V_c`` the rows of the
    eigenvector matrix whose complement of the region has configuration ``c``.

    Parameters
    ----------
    ensemble
        The vectors, at most one entry per sector.
    sites
        The region, ascending.
    length
        Number of sites of the lattice.

    Returns
    -------
    SectorOperator
        Operator on the region; blocks off the diagonal exist only where sectors share a label.
    """
    blocks: dict[tuple[int, int], NDArray[Any]] = {}
    for sector in ensemble:
        for ups, rows in _rows_by_complement(sector.up, sites, length).items():
            key = (sector.up - ups, sector.up - ups)
            for part in _gathered(sector, rows, slice(None)):
                add_block(blocks, key, part.T @ part.conj())
    for left, right in combinations(ensemble, 2):
        if left.levels is None or right.levels is None:
            continue
        _, picks_left, picks_right = np.intersect1d(
            left.levels, right.levels, assume_unique=True, return_indices=True
        )
        if picks_left.size:
            _add_coherence(blocks, (left, picks_left), (right, picks_right), (sites, length))
    return SectorOperator(sites=len(sites), blocks=blocks)


class NestedRegions:
    """States of regions, each traced out of the smallest larger one that is known.

    The known ones form a stack of nested regions, which never holds more than 4/3 of its largest.

    Parameters
    ----------
    compute
        Finds the state of a region from nothing.
    """

    def __init__(self, compute: Callable[[tuple[int, ...]], SectorOperator]) -> None:
        self._compute = compute
        self._stack: list[tuple[tuple[int, ...], SectorOperator]] = []

    def within(self, region: tuple[int, ...]) -> NestedRegions:
        """The regions inside one, without what others would have to be computed from."""
        whole = self.state(region)

        def traced(other: tuple[int, ...]) -> SectorOperator:
            if not set(other) <= set(region):
                raise ValueError(f"region {other} must lie within {region}; no other one was kept")
            return _traced_out(region, whole, other)

        return NestedRegions(traced)

    def state(self, region: tuple[int, ...]) -> SectorOperator:
        """State of a region, its sites ascending."""
        while self._stack and not set(region) <= set(self._stack[-1][0]):
            self._stack.pop()
        if not self._stack:
            self._stack.append((region, self._compute(region)))
        sites, state = self._stack[-1]
        if sites != region:
            state = _traced_out(sites, state, region)
            self._stack.append((region, state))
        return state


def _traced_out(
    sites: tuple[int, ...], state: SectorOperator, region: tuple[int, ...]
) -> SectorOperator:
    """State of a region from that of a larger one."""
    for position in reversed(range(len(sites))):
        if sites[position] not in region:
            state = state.trace_out(position)
    return state


def _add_coherence(
    blocks: dict[tuple[int, int], NDArray[Any]],
    left: tuple[SectorVectors, NDArray[np.intp]],
    right: tuple[SectorVectors, NDArray[np.intp]],
    region: tuple[tuple[int, ...], int],
) -> None:
    """Add the blocks between two sectors, from the columns that share a level."""
    rows_right = _rows_by_complement(right[0].up, *region)
    for ups, rows in _rows_by_complement(left[0].up, *region).items():
        if ups not in rows_right:
            continue
        key = (left[0].up - ups, right[0].up - ups)
        chunks_left = _gathered(left[0], rows, left[1], rows_right[ups].shape[1])
        chunks_right = _gathered(right[0], rows_right[ups], right[1], rows.shape[1])
        for part_left, part_right in zip(chunks_left, chunks_right, strict=True):
            block = part_left.T @ part_right.conj()
            add_block(blocks, key, block)
            add_block(blocks, key[::-1], block.conj().T)


def _rows_by_complement(
    up: int, sites: tuple[int, ...], length: int
) -> dict[int, NDArray[np.intp]]:
    """Rows of a sector for each number of up spins outside the region.

    An entry has shape ``(complements, region configurations)``; both ascend.
    """
    sector = configurations(length)[up]
    outside = [site for site in range(length) if site not in sites]
    complement = np.zeros_like(sector)
    for site in outside:
        complement = (complement << 1) | ((sector >> (length - 1 - site)) & 1)
    ups_outside = len(outside) - np.bitwise_count(complement).astype(np.int64)
    rows = {}
    for ups in np.unique(ups_outside).tolist():
        chosen = np.flatnonzero(ups_outside == ups)
        chosen = chosen[np.argsort(complement[chosen], kind="stable")]
        rows[ups] = chosen.reshape(-1, len(configurations(len(sites))[up - ups]))
    return rows


def _gathered(
    sector: SectorVectors,
    rows: NDArray[np.intp],
    columns: slice | NDArray[np.intp],
    partner_size: int = 0,
) -> Iterator[NDArray[Any]]:
    """Scaled rows for a few complements at a time, shape ``(columns * complements, region)``.

    ``partner_size`` is the region's size in the other sector of a coherence, so that both sides
    come in the same chunks.
    """
    # LAPACK's eigenvectors are stored column by column, so their transpose is read in order.
    vectors, scale = sector.vectors[:, columns].T, sector.scale[columns, None]
    size = rows.shape[1]
    step = max(1, _CHUNK_ENTRIES // (max(size, partner_size) * max(1, len(scale))))
    for start in range(0, len(rows), step):
        part = np.take(vectors, rows[start : start + step].ravel(), axis=1)
        part *= scale
        yield part.reshape(-1, size)
