r"""Partial traces onto a region: ``omega_R = sum_c V_c diag(w) V_c^T``, nothing larger.

``V_c`` are the rows of an eigenvector matrix whose sites outside the region are in configuration
``c``.  A region inside one that is known is traced out of that one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbl_study.sectors import SectorOperator, add_block, configurations

__all__ = ["NestedRegions", "SectorVectors", "reduce_and_release", "reduce_to_region"]

_CHUNK_ENTRIES = 2**20
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
    ensemble: Iterable[SectorVectors], sites: tuple[int, ...], length: int
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
    return reduce_and_release([list(ensemble)], sites, length)[0]


def reduce_and_release(
    ensembles: Sequence[list[SectorVectors]], sites: tuple[int, ...], length: int
) -> list[SectorOperator]:
    """The partial traces of several ensembles, whose lists are emptied on the way.

    Sector by sector the vectors are let go, so that little is needed beside them.

    Parameters
    ----------
    ensembles
        For each operator its vectors, at most one entry per sector.
    sites, length
        As for :func:`reduce_to_region`.

    Returns
    -------
    list of SectorOperator
        One for each ensemble.
    """
    operators: list[dict[tuple[int, int], NDArray[Any]]] = []
    remaining = []
    for ensemble in ensembles:
        blocks: dict[tuple[int, int], NDArray[Any]] = {}
        for left, right in combinations(ensemble, 2):
            _add_coherence(blocks, left, right, (sites, length))
        operators.append(blocks)
        remaining += [(sector, blocks) for sector in ensemble]
        ensemble.clear()
    # The largest sector comes first, from all ensembles.
    remaining.sort(key=lambda entry: (len(entry[0].vectors), entry[0].up))
    while remaining:
        sector, blocks = remaining.pop()
        _add_sector(blocks, sector, (sites, length))
    return [SectorOperator(sites=len(sites), blocks=blocks) for blocks in operators]


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

    @classmethod
    def inside(cls, region: tuple[int, ...], whole: SectorOperator) -> NestedRegions:
        """The regions inside one whose state is known."""

        def traced(other: tuple[int, ...]) -> SectorOperator:
            if not set(other) <= set(region):
                raise ValueError(f"region {other} must lie within {region}; no other one was kept")
            return _traced_out(region, whole, other)

        return cls(traced)

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


def _add_sector(
    blocks: dict[tuple[int, int], NDArray[Any]],
    sector: SectorVectors,
    region: tuple[tuple[int, ...], int],
) -> None:
    """Add the blocks that one sector contributes by itself."""
    for ups, rows in _rows_by_complement(sector.up, *region).items():
        key = (sector.up - ups, sector.up - ups)
        for part in _gathered(sector, rows, slice(None)):
            add_block(blocks, key, part.T @ part.conj())


def _add_coherence(
    blocks: dict[tuple[int, int], NDArray[Any]],
    left: SectorVectors,
    right: SectorVectors,
    region: tuple[tuple[int, ...], int],
) -> None:
    """Add the blocks between two sectors, from the columns that share a level."""
    if left.levels is None or right.levels is None:
        return
    _, of_left, of_right = np.intersect1d(
        left.levels, right.levels, assume_unique=True, return_indices=True
    )
    if not of_left.size:
        return
    rows_right = _rows_by_complement(right.up, *region)
    for ups, rows in _rows_by_complement(left.up, *region).items():
        if ups not in rows_right:
            continue
        key = (left.up - ups, right.up - ups)
        chunks_left = _gathered(left, rows, of_left, rows_right[ups].shape[1])
        chunks_right = _gathered(right, rows_right[ups], of_right, rows.shape[1])
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
    width, count = max(rows.shape[1], partner_size), len(sector.scale[columns])
    several = max(1, min(count, _CHUNK_ENTRIES // width))
    step = max(1, _CHUNK_ENTRIES // (width * several))
    # LAPACK's eigenvectors are stored column by column, so their transpose is read in order.
    vectors, scale = sector.vectors[:, columns].T, sector.scale[columns, None]
    for first, start in product(range(0, count, several), range(0, len(rows), step)):
        picked = rows[start : start + step]
        part = np.take(vectors[first : first + several], picked.ravel(), axis=1)
        part *= scale[first : first + several]
        yield part.reshape(-1, rows.shape[1])
