r"""A region in the eigenbasis of its own Hamiltonian ``H_R``: thermal state, pinching, coherence.

Entropies do not depend on the basis, and in this one ``tau_beta(H_R)`` is diagonal, with full
relative precision however small its entries are, and pinching only deletes entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import scipy.linalg
import scipy.sparse
from numpy.typing import NDArray

import qentropy
from mbl_study.chain import HeisenbergChain
from mbl_study.levels import gibbs_weights, level_labels
from mbl_study.sectors import SectorOperator, configurations
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
    state
        ``omega_R``.
    pinched
        ``omega_R`` without coherence between different energies.
    coherence
        ``|| omega_R - pinched ||_1``, between 0 and 2.
    """

    energies: NDArray[np.float64]
    state: SectorOperator
    pinched: SectorOperator
    coherence: float

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
        blocks = self.pinched.blocks
        if self.pinched.is_block_diagonal and all(map(_is_diagonal, blocks.values())):
            state, thermal = (x[:, None, None] for x in (self.populations, weights))
            return qentropy.direct_sum([state]), qentropy.direct_sum([thermal])
        return self._pair(self.pinched, weights)

    def _pair(self, state: SectorOperator, weights: NDArray[np.float64]) -> Pair:
        if not state.is_block_diagonal:
            return state.to_blocks(), scipy.sparse.csr_matrix(scipy.sparse.diags(weights))
        sizes = [len(sector) for sector in configurations(state.sites)]
        parts = np.split(weights, np.cumsum(sizes)[:-1])
        return state.to_blocks(), qentropy.direct_sum([np.diag(part) for part in parts])


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
        weights = gibbs_weights(np.concatenate(self.energies), beta)
        blocks = {}
        for up, (weight, basis) in enumerate(zip(self._split(weights), self.bases, strict=True)):
            half = basis * np.sqrt(weight)
            blocks[up, up] = half @ half.T
        return SectorOperator(sites=len(self.bases) - 1, blocks=blocks)

    def rotate(self, omega: SectorOperator, tolerance: float) -> RegionInEnergyBasis:
        """Write a state in the energy basis and pinch it.

        Parameters
        ----------
        omega
            State of the region in the configuration basis.
        tolerance
            Energies this close, relative to the largest modulus, are one eigenspace.

        Returns
        -------
        RegionInEnergyBasis
            The state, the pinched state and the coherence.
        """
        energies = np.concatenate(self.energies)
        level = self._split(level_labels(energies, tolerance)[0])
        parts: tuple[dict[tuple[int, int], NDArray[Any]], ...] = ({}, {}, {})
        for row, column in omega.blocks:
            if row > column:
                continue  # the adjoint of another block
            rotated = self.bases[row].T @ omega.blocks[row, column] @ self.bases[column]
            if row == column:
                rotated = (rotated + rotated.conj().T) / 2
            same_energy = level[row][:, None] == level[column]
            pinched = np.where(same_energy, rotated, 0)
            for blocks, block in zip(parts, (rotated, pinched, rotated - pinched), strict=True):
                blocks[column, row] = block.conj().T
                blocks[row, column] = block
        state, pinched_state, coherent = (
            SectorOperator(sites=omega.sites, blocks=blocks) for blocks in parts
        )
        return RegionInEnergyBasis(
            energies=energies,
            state=state,
            pinched=pinched_state,
            coherence=_trace_norm(coherent),
        )

    def _split(self, values: NDArray[np.generic]) -> list[NDArray[np.generic]]:
        """Cut an array over all energies into one per sector."""
        return np.split(values, np.cumsum([len(energies) for energies in self.energies])[:-1])


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


def _is_diagonal(block: NDArray[Any]) -> bool:
    return bool(np.count_nonzero(block) == np.count_nonzero(np.diagonal(block)))


def _trace_norm(operator: SectorOperator) -> float:
    """Sum of the moduli of the eigenvalues of a Hermitian operator."""
    if operator.is_block_diagonal:
        blocks = list(operator.blocks.values())
    else:
        blocks = [operator.to_sparse().toarray()]
    spectra = (scipy.linalg.eigh(block, eigvals_only=True, driver="evd") for block in blocks)
    return float(sum(np.abs(spectrum).sum() for spectrum in spectra))
