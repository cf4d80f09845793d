r"""Spectra of the chain's magnetisation sectors, checked before anybody uses them.

LAPACK's answer is taken only after the trace, the Frobenius norm and, for eigenvectors, the norm
and the energy of a probe vector agree with the matrix; if driver ``evd`` fails, ``evr`` is tried.
Eigenvectors that are needed only after the last sector can wait in temporary files.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from mbl_study.chain import HeisenbergChain
from mbl_study.errors import MblStudyError
from mbl_study.scratch import ScratchMatrix, require_scratch

__all__ = [
    "DRIVERS",
    "DiagonalizationError",
    "SectorSpectrum",
    "diagonalize",
    "diagonalize_sector",
    "scratch_bytes",
]

DRIVERS = ("evd", "evr")
"""LAPACK drivers in the order in which they are tried: divide and conquer, then MRRR."""

_RESIDUAL_TOLERANCE = 1e-11
"""Largest relative residual of a spectrum check; rounding leaves about 1e-15."""

_LONGEST_SCIPY_EVD = 32766
"""From the next size on the workspace of ``evd`` overflows the 32-bit integers of SciPy's LAPACK;
NumPy's has 64-bit integers."""


_SMALL_SECTOR = 512
"""Up to this size eigenvectors stay in memory, where they would wait in a file: 2 MiB."""


class DiagonalizationError(MblStudyError, RuntimeError):
    """No LAPACK driver gave a spectrum that belongs to the matrix."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SectorSpectrum:
    """Eigenvalues, and eigenvectors where they were asked for, of one sector.

    Attributes
    ----------
    up
        Number of up spins.
    energies
        Ascending eigenvalues, shape ``(n,)``.
    vectors
        Orthonormal eigenvectors as columns, shape ``(n, n)``, in memory or in a file, or None.
    driver
        The LAPACK driver whose answer this is.
    trace_residual
        ``|sum E - Tr H| / (sqrt(n) ||H||_F)``.
    norm_residual
        ``|sum E**2 - ||H||_F**2| / ||H||_F**2``.
    seconds
        Wall-clock time of the LAPACK calls.
    """

    up: int
    energies: NDArray[np.float64]
    vectors: NDArray[np.float64] | ScratchMatrix | None
    driver: str
    trace_residual: float
    norm_residual: float
    seconds: float

    @property
    def basis(self) -> NDArray[np.float64]:
        """The eigenvectors, for callers who know that they were computed."""
        if self.vectors is None:
            raise ValueError(f"eigenvectors of the sector with {self.up} spins up were left out")
        return self.vectors.read() if isinstance(self.vectors, ScratchMatrix) else self.vectors


def diagonalize_sector(
    chain: HeisenbergChain,
    up: int,
    *,
    eigenvectors: bool = True,
    sites: tuple[int, ...] | None = None,
) -> SectorSpectrum:
    """Eigenvalues of the Hamiltonian with ``up`` spins up, and its real eigenvectors.

    Parameters
    ----------
    chain
        The chain.
    up
        Number of up spins.
    eigenvectors
        Whether to compute eigenvectors; eigenvalues alone take less than half the time.
    sites
        A region, ascending: only the terms inside it count. By default the whole chain.

    Returns
    -------
    SectorSpectrum
        A spectrum that passed the checks; memory peaks at ``24 n**2`` bytes with eigenvectors.

    Raises
    ------
    DiagonalizationError
        Every driver failed, or gave eigenvalues or eigenvectors of another matrix.

    Examples
    --------
    >>> clean = HeisenbergChain(length=4, disorder=0.0, fields=(0.0,) * 4)
    >>> diagonalize_sector(clean, 3).energies.round(9).tolist()
    [-4.0, 0.0, 0.0, 4.0]
    """
    seconds = 0.0
    failures = []
    for driver in DRIVERS:
        matrix = chain.sector_matrix(up, sites)
        start = perf_counter()
        try:
            energies, vectors = _solve(matrix, driver, eigenvectors)
            failure = ""
        except (np.linalg.LinAlgError, ValueError) as error:
            failure = str(error)
        seconds += perf_counter() - start
        if not failure:
            residuals = _residuals(chain.sector_terms(up, sites), energies, vectors)
            if all(residual <= _RESIDUAL_TOLERANCE for residual in residuals):
                return SectorSpectrum(
                    up=up,
                    energies=energies,
                    vectors=vectors,
                    driver=driver,
                    trace_residual=residuals[0],
                    norm_residual=residuals[1],
                    seconds=seconds,
                )
            failure = "spectrum does not belong to the matrix, residuals " + ", ".join(
                f"{residual:.1e}" for residual in residuals
            )
        failures.append(f"{driver}: {failure}")
    where = f"a chain of {chain.length} sites" if sites is None else f"the region of sites {sites}"
    raise DiagonalizationError(
        f"sector with {up} spins up of {where} was not diagonalized; " + "; ".join(failures)
    )


def diagonalize(
    chain: HeisenbergChain, eigenvectors: Collection[int], *, in_files: bool = False
) -> tuple[SectorSpectrum, ...]:
    """Spectrum of every sector of the chain.

    Parameters
    ----------
    chain
        The chain.
    eigenvectors
        The sectors whose eigenvectors are wanted, by number of up spins.
    in_files
        Whether large eigenvectors wait in temporary files.  Then memory peaks at ``24 n**2`` bytes
        for the largest sector, instead of 8 more for each sector that is done.

    Returns
    -------
    tuple of SectorSpectrum
        Entry ``k`` belongs to the sector with ``k`` spins up.

    Raises
    ------
    DiagonalizationError
        As for :func:`diagonalize_sector`.
    ScratchDiskError
        The files do not fit onto the disk.

    Examples
    --------
    >>> clean = HeisenbergChain(length=4, disorder=0.0, fields=(0.0,) * 4)
    >>> [len(spectrum.energies) for spectrum in diagonalize(clean, eigenvectors=())]
    [1, 4, 6, 4, 1]
    """
    sizes = {up: math.comb(chain.length, up) for up in range(chain.length + 1)}
    filed = _large_sectors(chain.length, eigenvectors) if in_files else []
    require_scratch(scratch_bytes(chain.length, filed))
    # The workspace of the largest sector is free again before eigenvectors pile up.
    descending = sorted(sizes, key=lambda up: -sizes[up])
    found = {up: _kept(chain, up, up in eigenvectors, up in filed) for up in descending}
    return tuple(found[up] for up in sizes)


def scratch_bytes(length: int, eigenvectors: Collection[int]) -> int:
    """Bytes of the temporary files that :func:`diagonalize` writes if it may.

    Parameters
    ----------
    length
        Number of sites.
    eigenvectors
        The sectors whose eigenvectors are wanted.

    Returns
    -------
    int
        Bytes; 0 where every sector is small.

    Examples
    --------
    >>> scratch_bytes(15, range(16)) // 2**20, scratch_bytes(11, range(12))
    (1180, 0)
    """
    return sum(8 * math.comb(length, up) ** 2 for up in _large_sectors(length, eigenvectors))


def _large_sectors(length: int, sectors: Collection[int]) -> list[int]:
    """Those of the sectors whose eigenvectors wait in files where they may."""
    return [up for up in sectors if math.comb(length, up) > _SMALL_SECTOR]


def _kept(chain: HeisenbergChain, up: int, eigenvectors: bool, in_file: bool) -> SectorSpectrum:
    """Spectrum of a sector, its eigenvectors in a file if that is asked for."""
    spectrum = diagonalize_sector(chain, up, eigenvectors=eigenvectors)
    return replace(spectrum, vectors=ScratchMatrix(spectrum.basis)) if in_file else spectrum


def _solve(
    matrix: NDArray[np.float64], driver: str, eigenvectors: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """One LAPACK call; the matrix is overwritten."""
    if driver == "evd" and len(matrix) > _LONGEST_SCIPY_EVD:
        if eigenvectors:
            solution = np.linalg.eigh(matrix)
            return solution.eigenvalues, solution.eigenvectors
        return np.linalg.eigvalsh(matrix).astype(np.float64), None
    options: dict[str, Any] = {"driver": driver, "overwrite_a": True, "check_finite": False}
    if eigenvectors:
        energies, vectors = scipy.linalg.eigh(matrix, **options)
        return energies, vectors
    return scipy.linalg.eigh(matrix, eigvals_only=True, **options), None


def _residuals(
    terms: tuple[Any, NDArray[np.float64]],
    energies: NDArray[np.float64],
    vectors: NDArray[np.float64] | None,
) -> tuple[float, ...]:
    """Relative residuals of the spectrum: trace, Frobenius norm, probe norm, probe energy.

    ``terms`` are the exchange part and the Zeeman diagonal of the matrix.

    A NaN anywhere makes a residual NaN, and no comparison with NaN holds.
    """
    exchange, zeeman = terms
    diagonal = exchange.diagonal() + zeeman
    # Off the diagonal the exchange part stands alone.
    square = float(exchange.power(2).sum() - (exchange.diagonal() ** 2).sum() + diagonal @ diagonal)
    scale = square or 1.0
    size = len(zeeman)
    residuals = [
        abs(float(energies.sum() - diagonal.sum())) / math.sqrt(size * scale),
        abs(float(energies @ energies) - square) / scale,
    ]
    if vectors is not None:
        probe = np.cos(np.arange(size))
        weights = (probe @ vectors) ** 2
        norm = float(probe @ probe)
        energy = float(probe @ (exchange @ probe + zeeman * probe))
        residuals.append(abs(float(weights.sum()) - norm) / norm)
        residuals.append(abs(float(weights @ energies) - energy) / (norm * math.sqrt(scale)))
    return tuple(residuals)
