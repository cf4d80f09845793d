"""Matrices in temporary files come back as they were, and a full disk is a clear error."""

from __future__ import annotations

import gc
import os
import tempfile
from typing import IO

import numpy as np
import pytest

from mbl_study.errors import ScratchDiskError
from mbl_study.scratch import ScratchMatrix, require_scratch


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (3, 5)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_matrix_comes_back(shape: tuple[int, int], order: str) -> None:
    """Every entry, read-only, also after the object itself has gone."""
    matrix = np.asarray(np.random.default_rng(0).normal(size=shape), order=order)
    found = ScratchMatrix(matrix).read()
    gc.collect()
    assert type(found) is np.ndarray
    assert np.array_equal(found, matrix)
    assert not found.flags.writeable


def test_nothing_is_left_behind() -> None:
    """The file has no name, and its descriptor is closed with the object."""
    before = set(os.listdir("/proc/self/fd")), set(os.listdir(tempfile.gettempdir()))
    kept = ScratchMatrix(np.eye(3))
    assert set(os.listdir(tempfile.gettempdir())) <= before[1]
    del kept
    gc.collect()
    assert set(os.listdir("/proc/self/fd")) <= before[0]


def test_a_disk_that_fills_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where writing fails, the error names the folder and what to do."""

    def full() -> IO[bytes]:
        return open("/dev/full", "w+b", buffering=0)

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(ScratchDiskError, match=f"into {tempfile.gettempdir()}: .*Set TMPDIR"):
        ScratchMatrix(np.ones((64, 64)))


def test_a_disk_that_is_too_small() -> None:
    """What cannot fit is refused before anything is computed."""
    with pytest.raises(ScratchDiskError, match=r"1048576000000 MiB .* MiB are free"):
        require_scratch(2**20 * 1048576000000)
    assert require_scratch(0) is None
