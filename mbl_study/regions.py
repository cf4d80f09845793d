r"""A region in the eigenbasis of its own Hamiltonian ``H_R``: thermal state, pinching, coherence.

Entropies do not depend on the basis, and in this one ``tau_beta(H_R)`` is diagonal, with full
relative precision however small its entries are, and pinching only deletes entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import scipy.linalg
import scipy.sparse
from numpy.typing import NDArray

import qentropy
from mbl_study.chain import HeisenbergChain
from mbl_study.levels import gibbs_weights, level_labels
from mbl_study.sectors import SectorOperator, by_sector
from mbl_study.spectrum import diagonalize_sector

__all__ = ["Pair", "RegionInEnergyBasis", "RegionSpectrum", "region_spectrum"]


Pair: TypeAlias = tuple[Any, Any]
"""A state and a thermal state, in one basis."""


@dataclass(frozen=True, eq=False, kw_only=True)
class RegionInEnergyBasis:
    r"""Equilibrium state of a region in the eigenbasis of ``H_R``.

    Basis vectors are sorted by magnetisation, then by energy.

    Attributes
    ----------
    energies
        Eigenvalues of ``H_R``, shape ``(2**r,)``.
    levels
        Label of each energy, shape ``(2**r,)``; equal ones belong to one eigenspace.
    state
        ``omega_R``.
    """

    energies: NDArray[np.float64]
    levels: NDArray[np.int64]
    state: SectorOperator

    @property
    def pinched(self) -> SectorOperator:
        """``omega_R`` without coherence between different energies."""
        return SectorOperator(sites=self.state.sites, blocks=dict(self._entries(np.equal)))

    @cached_property
    def coherence(self) -> float:
        """``|| omega_R - pinched ||_1``, between 0 and 2."""
        coherent = self._entries(np.not_equal)
        blocks: Iterable[NDArray[Any]] = (block for _, block in coherent)
        if not self.state.is_block_diagonal:
            whole = SectorOperator(sites=self.state.sites, blocks=dict(coherent))
            blocks = [whole.to_sparse().toarray()]
        spectra = (scipy.linalg.eigh(block, eigvals_only=True, driver="evd") for block in blocks)
        return float(sum(np.abs(spectrum).sum() for spectrum in spectra))

    def thermal_weights(self, beta: float) -> NDArray[np.float64]:
        """Eigenvalues of ``tau_beta(H_R)`` at a finite inverse temperature, shape ``(2**r,)``."""
        return gibbs_weights(self.energies, beta)

    @property
    def populations(self) -> NDArray[np.float64]:
        """Diagonal of ``omega_R``, shape ``(2**r,)``."""
        return np.concatenate([np.diagonal(block).real for block in self.state.diagonal_blocks])

    def pair(self, beta: float) -> Pair:
        """``omega_R`` and ``tau_beta(H_R)`` as `qentropy` takes them."""
        return self._pair(self.state, self.thermal_weights(beta))

    def pinched_pair(self, beta: float) -> Pair:
        """The pinched ``omega_R`` and ``tau_beta(H_R)`` as `qentropy` takes them."""
        weights = self.thermal_weights(beta)
        if self.state.is_block_diagonal and len(np.unique(self.levels)) == len(self.levels):
            state, thermal = (x[:, None, None] for x in (self.populations, weights))
            return qentropy.direct_sum([state]), qentropy.direct_sum([thermal])
        return self._pair(self.pinched, weights)

    def _pair(self, state: SectorOperator, weights: NDArray[np.float64]) -> Pair:
        if not state.is_block_diagonal:
            return state.to_blocks(), scipy.sparse.csr_matrix(scipy.sparse.diags(weights))
        return state.to_blocks(), qentropy.direct_sum(map(np.diag, by_sector(weights, state.sites)))

    def _entries(
        self, keep: Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.bool_]]
    ) -> Iterator[tuple[tuple[int, int], NDArray[Any]]]:
        """The blocks of the state, each with only the entries between levels that are to stay."""
        level = by_sector(self.levels, self.state.sites)
        for (row, column), block in self.state.blocks.items():
            kept = keep(level[row][:, None], level[column])
            yield (row, column), np.where(kept, block, 0)


@dataclass(frozen=True, eq=False, kw_only=True)
class RegionSpectrum:
    """Eigenvalues and eigenvectors of ``H_R``, one entry per number of up spins.

    Attributes
    ----------
    energies
        Ascending eigenvalues of each sector.
    bases
        Real orthonormal eigenvectors of each sector, as columns.
    """

    energies: tuple[NDArray[np.float64], ...]
    bases: tuple[NDArray[np.float64], ...]

    def thermal_state(self, beta: float) -> SectorOperator:
        """``tau_beta(H_R)`` in the configuration basis, at a finite inverse temperature."""
        sites = len(self.bases) - 1
        weights = by_sector(gibbs_weights(np.concatenate(self.energies), beta), sites)
        blocks = {}
        for up, (weight, basis) in enumerate(zip(weights, self.bases, strict=True)):
            half = basis * np.sqrt(weight)
            blocks[up, up] = half @ half.T
        return SectorOperator(sites=sites, blocks=blocks)

    def rotate(self, omega: SectorOperator, tolerance: float) -> RegionInEnergyBasis:
        """Write a state in the energy basis.

        Parameters
        ----------
        omega
            State of the region in the configuration basis.
        tolerance
            Energies this close, relative to the largest modulus, are one eigenspace.

        Returns
        -------
        RegionInEnergyBasis
            The state, and from it the pinched state and the coherence.
        """
        energies = np.concatenate(self.energies)
        blocks = {}
        for row, column in omega.blocks:
            if row > column:
                continue  # the adjoint of another block
            rotated = self.bases[row].T @ omega.blocks[row, column] @ self.bases[column]
            if row == column:
                rotated = (rotated + rotated.conj().T) / 2
            blocks[column, row] = rotated.conj().T
            blocks[row, column] = rotated
        return RegionInEnergyBasis(
            energies=energies,
            levels=level_labels(energies, tolerance)[0],
            state=SectorOperator(sites=omega.sites, blocks=blocks),
        )


def region_spectrum(chain: HeisenbergChain, sites: tuple[int, ...]) -> RegionSpectrum:
    """Diagonalize ``H_R`` sector by sector.

    Parameters
    ----------
    chain
        The chain.
    sites
        The region, ascending.

    Returns
    -------
    RegionSpectrum
        Spectrum of the terms inside the region, checked as that of the chain.

    Raises
    ------
    DiagonalizationError
        LAPACK failed or its answer contradicts the Hamiltonian.

    Examples
    --------
    >>> chain = HeisenbergChain(length=4, disorder=0.0, fields=(0.0,) * 4)
    >>> [energies.round(9).tolist() for energies in region_spectrum(chain, (0, 1)).energies]
    [[1.0], [-3.0, 1.0], [1.0]]
    """
    solved = [diagonalize_sector(chain, up, sites=sites) for up in range(len(sites) + 1)]
    return RegionSpectrum(
        energies=tuple(spectrum.energies for spectrum in solved),
        bases=tuple(spectrum.basis for spectrum in solved),
    )
