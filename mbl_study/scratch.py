"""Matrices that wait in unnamed temporary files, so that memory holds only what is in work."""

from __future__ import annotations

import shutil
import tempfile
import weakref

import numpy as np
from numpy.typing import NDArray

from mbl_study.errors import ScratchDiskError

__all__ = ["ScratchMatrix", "require_scratch"]


class ScratchMatrix:
    """A matrix in an unnamed file of the folder for temporary files, which ``TMPDIR`` chooses.

    The file vanishes with this object and what was read from it, and with the process, however
    that ends.

    Parameters
    ----------
    matrix
        Shape ``(n, q)``, stored column by column, as LAPACK does.

    Raises
    ------
    ScratchDiskError
        The file cannot be written.

    Examples
    --------
    >>> ScratchMatrix(np.asfortranarray([[1.0, 2.0], [3.0, 4.0]])).read()
    array([[1., 2.],
           [3., 4.]])
    """

    def __init__(self, matrix: NDArray[np.float64]) -> None:
        self._shape = matrix.shape
        try:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with this object
            weakref.finalize(self, self._file.close)
            matrix.T.tofile(self._file)
        except OSError as error:
            raise ScratchDiskError(_advice(matrix.nbytes, str(error))) from error

    def read(self) -> NDArray[np.float64]:
        """The matrix, read-only; its rows and columns are fetched when they are first used."""
        return np.asarray(
            np.memmap(self._file, dtype=float, mode="r", shape=self._shape, order="F")
        )


def require_scratch(needed: int) -> None:
    """Refuse to start what would fill the disk.

    Parameters
    ----------
    needed
        Bytes of temporary files.

    Raises
    ------
    ScratchDiskError
        The folder for temporary files has less room.

    Examples
    --------
    >>> require_scratch(1000)
    """
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if needed > free:
        raise ScratchDiskError(_advice(needed, f"{free / 2**20:.0f} MiB are free"))


def _advice(needed: int, problem: str) -> str:
    return (
        f"{needed / 2**20:.0f} MiB of eigenvectors do not fit into {tempfile.gettempdir()}: "
        f"{problem}. Set TMPDIR to a folder on a disk with more room"
    )
