"""Reductions from eigenvectors agree with partial traces of the full matrix."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qutip import Qobj

from mbl_study import reductions
from mbl_study.reductions import NestedRegions, SectorVectors, reduce_to_region
from mbl_study.sectors import SectorOperator, configurations

LENGTH = 5
REGIONS = [(0,), (4,), (0, 1, 2), (1, 3), (0, 2, 4), (0, 1, 3, 4), (0, 1, 2, 3, 4)]


def random_ensemble(
    labels: dict[int, list[int] | None], *, is_complex: bool
) -> list[SectorVectors]:
    """Random vectors in the given sectors, with the given labels."""
    rng = np.random.default_rng(2)
    ensemble = []
    for up, levels in labels.items():
        shape = math.comb(LENGTH, up), 4 if levels is None else len(levels)
        vectors = rng.normal(size=shape) + (1j * rng.normal(size=shape) if is_complex else 0)
        ensemble.append(
            SectorVectors(
                up=up,
                vectors=np.asfortranarray(vectors),
                scale=rng.uniform(size=shape[1]),
                levels=None if levels is None else np.array(levels),
            )
        )
    return ensemble


def full_matrix(ensemble: list[SectorVectors]) -> Qobj:
    """``sum_E |E><E|`` on the whole space, one vector per label."""
    columns: dict[object, np.ndarray] = {}
    for part in ensemble:
        own = [(part.up, q) for q in range(len(part.scale))]
        for column, label in enumerate(own if part.levels is None else part.levels.tolist()):
            vector = columns.setdefault(label, np.zeros(2**LENGTH, dtype=complex))
            vector[configurations(LENGTH)[part.up]] += part.scale[column] * part.vectors[:, column]
    total = sum(np.outer(vector, vector.conj()) for vector in columns.values())
    return Qobj(total, dims=[[2] * LENGTH] * 2)


SEPARATE = {1: [0, 1, 2], 2: [3, 4], 3: [5, 6, 7, 8]}
COHERENT = {1: [0, 1, 2], 2: [1, 4], 3: [1, 2, 7, 8], 5: [7]}
UNLABELLED = {2: None, 3: None, 4: [1, 2]}


@pytest.mark.parametrize("chunk", [1, 2**22])
@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("labels", [SEPARATE, COHERENT, UNLABELLED])
@pytest.mark.parametrize("region", REGIONS)
def test_reduction_is_the_partial_trace(
    region: tuple[int, ...],
    labels: dict[int, list[int] | None],
    is_complex: bool,
    chunk: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Reducing the vectors equals ``ptrace`` of their full matrix, in chunks or at once."""
    monkeypatch.setattr(reductions, "_CHUNK_ENTRIES", chunk)
    ensemble = random_ensemble(labels, is_complex=is_complex)
    found = reduce_to_region(ensemble, region, LENGTH)
    expected = full_matrix(ensemble).ptrace(list(region)).full()
    assert np.allclose(found.to_qobj().full(), expected, atol=1e-13)
    assert all(np.isrealobj(block) for block in found.blocks.values()) is not is_complex


def test_only_shared_labels_make_coherence() -> None:
    """Blocks between sectors exist where, and only where, the sectors share a label."""
    region = (0, 1, 2)
    for labels in (SEPARATE, UNLABELLED):
        found = reduce_to_region(random_ensemble(labels, is_complex=False), region, LENGTH)
        assert found.is_block_diagonal
    found = reduce_to_region(random_ensemble(COHERENT, is_complex=False), region, LENGTH)
    assert not found.is_block_diagonal


def test_nested_regions_are_computed_once() -> None:
    """A region inside a known one costs a partial trace; another one is computed anew."""
    ensemble = random_ensemble(COHERENT, is_complex=True)
    computed = []

    def compute(region: tuple[int, ...]) -> SectorOperator:
        computed.append(region)
        return reduce_to_region(ensemble, region, LENGTH)

    nested = NestedRegions(compute)
    for region in [(0, 1, 2, 3), (0, 2, 3), (0, 2, 3), (2,), (1, 3), (0, 1, 2, 3), (3, 4), (3,)]:
        expected = reduce_to_region(ensemble, region, LENGTH).to_qobj().full()
        assert np.allclose(nested.state(region).to_qobj().full(), expected, atol=1e-13)
    assert computed == [(0, 1, 2, 3), (3, 4)]
