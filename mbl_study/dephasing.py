r"""Dephasing: from a ket and the spectra to the vectors ``Pi_E |psi>`` that make up ``omega``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qutip import Qobj

import qentropy
from mbl_study.levels import level_labels
from mbl_study.reductions import SectorVectors
from mbl_study.sectors import configurations
from mbl_study.spectrum import DiagonalizationError, SectorSpectrum

__all__ = ["DephasedState", "dephase", "sector_amplitudes"]

_NORM_TOLERANCE = 1e-9
"""How far from 1 the norm of an initial ket may be; within it the ket is normalised."""

_EMPTY_SECTOR = 1e-30
"""A sector with less weight than this holds rounding errors of the ket and is left out."""

_IDENTITY_TOLERANCE = 1e-9
"""Largest violation of ``sum_E w_E = 1`` and, per unit of ``max |E|``, ``sum_E w_E E = energy``."""


@dataclass(frozen=True, eq=False, kw_only=True)
class DephasedState:
    r"""The infinite-time average ``omega = sum_E Pi_E |psi><psi| Pi_E``.

    Attributes
    ----------
    energies
        Distinct levels of the sectors that the state touches, ascending; of a degenerate level the
        lowest eigenvalue.
    populations
        ``<psi|Pi_E|psi>`` of each of them; they sum to 1.
    vectors
        ``Pi_E |psi>``, one entry per sector, labelled by the position of ``E`` in `energies`.
    """

    energies: NDArray[np.float64]
    populations: NDArray[np.float64]
    vectors: tuple[SectorVectors, ...]


def sector_amplitudes(ket: Any, length: int) -> dict[int, NDArray[Any]]:
    """Amplitudes of a ket in the sectors that it touches.

    Parameters
    ----------
    ket
        Normalised ``Qobj`` ket on ``length`` sites.
    length
        Number of sites.

    Returns
    -------
    dict
        Number of up spins -> amplitudes in the sector's basis; real arrays if the ket is real.

    Raises
    ------
    InvalidStateError
        Not a ket, or not of norm 1.
    DimensionMismatchError
        A ket of another number of sites.

    Examples
    --------
    >>> from mbl_study import neel
    >>> {up: part.tolist() for up, part in sector_amplitudes(neel(3), 3).items()}
    {2: [0.0, 1.0, 0.0]}
    """
    if not isinstance(ket, Qobj) or not ket.isket:
        raise qentropy.InvalidStateError(
            f"initial_state must be a Qobj ket; got {getattr(ket, 'type', type(ket))}"
        )
    if ket.shape[0] != 2**length:
        raise qentropy.DimensionMismatchError(
            f"initial_state must have 2**{length} entries for {length} sites; got {ket.shape[0]}"
        )
    amplitude = ket.full()[:, 0]
    norm = np.linalg.norm(amplitude)
    if not abs(norm - 1) <= _NORM_TOLERANCE:
        raise qentropy.InvalidStateError(
            f"initial_state must have norm 1; got {norm}. Call .unit() on it first"
        )
    amplitude = amplitude / norm
    if not amplitude.imag.any():
        amplitude = amplitude.real
    parts = ((up, amplitude[sector]) for up, sector in enumerate(configurations(length)))
    return {up: part for up, part in parts if np.linalg.norm(part) ** 2 > _EMPTY_SECTOR}


def dephase(
    amplitudes: Mapping[int, NDArray[Any]],
    spectra: Sequence[SectorSpectrum],
    energy: float,
    *,
    tolerance: float,
) -> DephasedState:
    r"""Project a state onto the distinct levels of the Hamiltonian.

    Parameters
    ----------
    amplitudes
        The state, from :func:`sector_amplitudes`.
    spectra
        Every sector's spectrum, with eigenvectors where the state has amplitudes.
    energy
        ``<psi|H|psi>``, against which the eigenvectors are checked.
    tolerance
        Levels this close, relative to the largest modulus, are one level, also across sectors.

    Returns
    -------
    DephasedState
        Levels, populations and vectors.

    Raises
    ------
    DiagonalizationError
        The eigenvectors lose weight or energy of the state.
    """
    touched = [spectra[up] for up in amplitudes]
    sizes = [len(spectrum.energies) for spectrum in touched]
    energies = np.concatenate([spectrum.energies for spectrum in touched])
    labels, levels = level_labels(energies, tolerance)
    coefficients = [_coefficients(spectrum, amplitudes[spectrum.up]) for spectrum in touched]
    weights = np.abs(np.concatenate(coefficients)) ** 2
    _check_identities(weights, energies, energy)
    by_sector = np.split(labels, np.cumsum(sizes)[:-1])
    project = _share_eigenvectors if len(levels) == len(labels) else _merge_eigenvectors
    return DephasedState(
        energies=levels,
        populations=np.bincount(labels, weights=weights).astype(np.float64),
        vectors=tuple(map(project, touched, coefficients, by_sector)),
    )


def _coefficients(spectrum: SectorSpectrum, amplitude: NDArray[Any]) -> NDArray[Any]:
    """``<n|psi>`` for every eigenvector of a sector, without a complex copy of the vectors."""
    if np.isrealobj(amplitude):
        return amplitude @ spectrum.basis
    return amplitude.real @ spectrum.basis + 1j * (amplitude.imag @ spectrum.basis)


def _check_identities(
    weights: NDArray[np.float64], energies: NDArray[np.float64], energy: float
) -> None:
    """Refuse eigenvectors that lose weight or energy of the state."""
    weight_defect = abs(float(weights.sum()) - 1)
    energy_defect = abs(float(weights @ energies) - energy) / float(np.abs(energies).max())
    if not max(weight_defect, energy_defect) <= _IDENTITY_TOLERANCE:
        raise DiagonalizationError(
            f"eigenvectors do not resolve the initial state: sum of weights off by "
            f"{weight_defect:.1e}, energy by {energy_defect:.1e} (relative)"
        )


def _share_eigenvectors(
    spectrum: SectorSpectrum, factors: NDArray[Any], labels: NDArray[np.int64]
) -> SectorVectors:
    """``Pi_E |psi>`` where no level is degenerate: an eigenvector times a number.

    Its phase drops out of ``omega``, so the vectors stay real even for a complex ket.
    """
    return SectorVectors(
        up=spectrum.up, vectors=spectrum.basis, scale=np.abs(factors), levels=labels
    )


def _merge_eigenvectors(
    spectrum: SectorSpectrum, factors: NDArray[Any], labels: NDArray[np.int64]
) -> SectorVectors:
    """``Pi_E |psi>`` where levels are degenerate: one column per level, phases kept."""
    levels, starts = np.unique(labels, return_index=True)
    vectors = np.add.reduceat(spectrum.basis * factors, starts, axis=1)
    return SectorVectors(up=spectrum.up, vectors=vectors, scale=np.ones(len(levels)), levels=levels)
