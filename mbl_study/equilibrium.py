"""Equilibrium of the isolated chain: spectrum, infinite-time average, temperature, regions.

The time average is ``omega = sum_E Pi_E |psi><psi| Pi_E`` ([Sparaciari21]_, eq. 5), so it has one
vector ``Pi_E |psi>`` per distinct level, whatever the degeneracy and whichever sectors the level
reaches into.  Regions are reduced from those vectors, and smaller regions from larger ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from qutip import Qobj

import qentropy
from mbl_study.chain import HeisenbergChain
from mbl_study.dephasing import DephasedState, dephase, sector_amplitudes
from mbl_study.levels import gibbs_weights, inverse_temperature, level_spacing_ratio
from mbl_study.reductions import (
    NestedRegions,
    SectorVectors,
    reduce_and_release,
    reduce_to_region,
)
from mbl_study.regions import Pair, RegionInEnergyBasis, RegionSpectrum, region_spectrum
from mbl_study.sectors import by_sector, checked_sites
from mbl_study.spectrum import SectorSpectrum, diagonalize, diagonalize_sector

__all__ = ["Equilibrium", "ThermalKind", "equilibrate"]

ThermalKind = Literal["region", "lattice"]
"""``"region"`` is ``tau_beta(H_R)``; ``"lattice"`` is the reduced Gibbs state of the chain."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Equilibrium:
    r"""What the isolated chain becomes after dephasing, and the thermal states to compare with.

    Made by :func:`equilibrate`.  Regions cost least when the largest is asked for first.

    Attributes
    ----------
    chain
        The chain.
    energy
        ``<psi|H|psi>``, in units of the exchange coupling.
    beta
        Inverse temperature of the lattice's Gibbs state with that energy; ``inf`` or ``-inf`` at
        the edge of the spectrum.
    spectra
        The checked spectrum of every sector, by number of up spins.
    omega
        The equilibrium state by its levels; ``omega.populations`` are its eigenvalues.
    degeneracy_tolerance
        Levels this close, relative to the largest modulus, were taken as one.
    """

    chain: HeisenbergChain
    energy: float
    beta: float
    spectra: tuple[SectorSpectrum, ...] = field(repr=False)
    omega: DephasedState = field(repr=False)
    degeneracy_tolerance: float
    _latest: dict[tuple[int, ...], RegionSpectrum] = field(
        init=False, repr=False, default_factory=dict
    )

    @cached_property
    def energies(self) -> NDArray[np.float64]:
        """All eigenvalues of the lattice Hamiltonian, ascending, shape ``(2**length,)``."""
        return np.sort(np.concatenate([spectrum.energies for spectrum in self.spectra]))

    @cached_property
    def level_spacing_ratio(self) -> float:
        """Mean gap ratio in the largest sector, the one with ``length // 2`` spins up.

        For an odd length it is one of the two largest.
        """
        return level_spacing_ratio(
            self.spectra[self.chain.length // 2].energies, tolerance=self.degeneracy_tolerance
        )

    @property
    def lapack_seconds(self) -> float:
        """Wall-clock time of the LAPACK calls on the sectors of the lattice."""
        return sum(spectrum.seconds for spectrum in self.spectra)

    def reduced_state(self, sites: Iterable[int]) -> Qobj:
        r"""Equilibrium state of a region, ``omega_R = Tr_{R^c} omega``.

        Parameters
        ----------
        sites
            Distinct sites in any order; tensor factors ascend, as in ``Qobj.ptrace``.

        Returns
        -------
        Qobj
            Sparse (CSR) density operator of shape ``(2**r, 2**r)``; it conserves the magnetisation
            unless a level reaches into several sectors.

        Raises
        ------
        InvalidParameterError
            The sites are not distinct sites of the chain.

        Examples
        --------
        >>> from mbl_study import HeisenbergChain, equilibrate, neel
        >>> chain = HeisenbergChain.random(6, 4.0, rng=0)
        >>> omega_R = equilibrate(chain, neel(6)).reduced_state([0, 1])
        >>> omega_R.dims, round(omega_R.tr(), 12)
        ([[2, 2], [2, 2]], 1.0)
        """
        return self._states.state(checked_sites(sites, self.chain.length)).to_qobj()

    def thermal_state(self, sites: Iterable[int], *, kind: ThermalKind = "region") -> Qobj:
        r"""Thermal state of a region, at the inverse temperature of the whole chain.

        Parameters
        ----------
        sites
            Distinct sites in any order; tensor factors ascend.
        kind
            ``"region"``: ``tau_beta(H_R)``, the Gibbs state of the region's own terms;
            ``"lattice"``: ``tau_R``, the Gibbs state of the chain, reduced to the region.  The
            latter needs the eigenvectors of every sector and computes those that are missing.

        Returns
        -------
        Qobj
            Sparse (CSR) density operator, block-diagonal in the magnetisation.

        Raises
        ------
        InvalidParameterError
            Wrong sites, an unknown kind, or ``beta`` is infinite.

        References
        ----------
        [Sparaciari21]_, eq. (1) and Appendix D.

        Examples
        --------
        >>> from mbl_study import HeisenbergChain, equilibrate, neel
        >>> equilibrium = equilibrate(HeisenbergChain.random(6, 4.0, rng=0), neel(6))
        >>> round(equilibrium.thermal_state([0, 1]).tr(), 12)
        1.0
        """
        region = self._thermal_region(sites, kind)
        if kind == "lattice":
            return self._lattice_states.state(region).to_qobj()
        return self._region_spectrum(region).thermal_state(self.beta).to_qobj()

    def max_relative_entropy(self, sites: Iterable[int], *, kind: ThermalKind = "region") -> float:
        r"""``D_max`` of a region's equilibrium state from its thermal state, in bits.

        Parameters
        ----------
        sites, kind
            As for :meth:`thermal_state`.

        Returns
        -------
        float
            ``D_max(omega_R || tau_beta(H_R))`` or ``D_max(omega_R || tau_R)``, at least 0.

        Raises
        ------
        InvalidParameterError
            As for :meth:`thermal_state`.

        References
        ----------
        [Sparaciari21]_, eq. (10) and Fig. 2.

        Examples
        --------
        >>> from mbl_study import HeisenbergChain, equilibrate, neel
        >>> equilibrium = equilibrate(HeisenbergChain.random(6, 4.0, rng=0), neel(6))
        >>> equilibrium.max_relative_entropy([0, 1]) > 0
        True
        """
        region = self._thermal_region(sites, kind)
        if kind == "lattice":
            pair: Pair = (
                self._states.state(region).to_blocks(),
                self._lattice_states.state(region).to_blocks(),
            )
        else:
            pair = self.in_energy_basis(region).pair(self.beta)
        return float(qentropy.max_relative_entropy(*pair))

    def energy_coherence(self, sites: Iterable[int]) -> float:
        r"""``|| omega_R - pinched(omega_R) ||_1``, pinched in the energy eigenspaces of ``H_R``.

        Parameters
        ----------
        sites
            Distinct sites in any order.

        Returns
        -------
        float
            Between 0 and 2, no unit.

        Raises
        ------
        InvalidParameterError
            The sites are not distinct sites of the chain.

        Examples
        --------
        >>> from mbl_study import HeisenbergChain, equilibrate, neel
        >>> equilibrium = equilibrate(HeisenbergChain.random(6, 4.0, rng=0), neel(6))
        >>> round(equilibrium.energy_coherence([0]), 12)
        0.0
        """
        return self.in_energy_basis(sites).coherence

    def in_energy_basis(self, sites: Iterable[int]) -> RegionInEnergyBasis:
        """Region's state and pinched state in the eigenbasis of ``H_R``.

        Parameters
        ----------
        sites
            Distinct sites in any order.

        Returns
        -------
        RegionInEnergyBasis
            The operators by sector, the energies and the coherence.

        Raises
        ------
        InvalidParameterError
            The sites are not distinct sites of the chain.

        Examples
        --------
        >>> from mbl_study import HeisenbergChain, equilibrate, neel
        >>> equilibrium = equilibrate(HeisenbergChain.random(6, 4.0, rng=0), neel(6))
        >>> equilibrium.in_energy_basis([0, 1]).pinched.to_sparse(by_sector=True).nnz
        4
        """
        region = checked_sites(sites, self.chain.length)
        omega_R = self._states.state(region)
        return self._region_spectrum(region).rotate(omega_R, self.degeneracy_tolerance)

    def _thermal_region(self, sites: Iterable[int], kind: str) -> tuple[int, ...]:
        """Check the arguments of everything that compares with a thermal state."""
        if kind not in ("region", "lattice"):
            raise qentropy.InvalidParameterError(
                f"kind must be 'region' or 'lattice'; got {kind!r}"
            )
        if math.isinf(self.beta):
            raise qentropy.InvalidParameterError(
                f"a thermal state needs a finite beta; the energy {self.energy} lies at the edge "
                f"of the spectrum, where beta is {self.beta}"
            )
        return checked_sites(sites, self.chain.length)

    def _region_spectrum(self, region: tuple[int, ...]) -> RegionSpectrum:
        """Spectrum of ``H_R``; the latest one is kept."""
        if region not in self._latest:
            self._latest.clear()
            self._latest[region] = region_spectrum(self.chain, region)
        return self._latest[region]

    @cached_property
    def _states(self) -> NestedRegions:
        """``omega_R`` of the regions asked for so far."""
        vectors, length = self.omega.vectors, self.chain.length
        return NestedRegions(lambda region: reduce_to_region(vectors, region, length))

    @cached_property
    def _lattice_states(self) -> NestedRegions:
        """``tau_R`` of the regions asked for so far; completes the eigenvectors."""
        vectors, length = _gibbs_vectors(self.chain, self.spectra, self.beta), self.chain.length
        return NestedRegions(lambda region: reduce_to_region(vectors, region, length))


def equilibrate(
    chain: HeisenbergChain,
    initial_state: Qobj,
    *,
    eigenvectors: Literal["touched", "all"] = "touched",
    within: Iterable[int] | None = None,
    degeneracy_tolerance: float = 1e-12,
) -> Equilibrium:
    r"""Infinite-time average of a state, ``omega = sum_E Pi_E |psi><psi| Pi_E``.

    Parameters
    ----------
    chain
        The chain.
    initial_state
        Normalised ket on its ``length`` sites, real or complex.
    eigenvectors
        In which sectors to compute them at once: those that the state touches, or all, which is
        cheaper when thermal states of kind ``"lattice"`` follow.
    within
        A region, if only it and its parts are of interest. Its equilibrium state, and with all
        eigenvectors its thermal state of kind ``"lattice"``, is found at once. The eigenvectors,
        which take most of the memory, wait for that in temporary files and are let go; other
        regions raise ValueError. By default the eigenvectors are kept in memory. Without all of
        them a thermal state of kind ``"lattice"`` diagonalizes every sector again.
    degeneracy_tolerance
        Levels this close, relative to the largest modulus, are one level, within a sector and
        across sectors.

    Returns
    -------
    Equilibrium
        Energy, temperature, spectrum and the states of regions.

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        The state is not a normalised ket of the chain.
    InvalidParameterError
        An option is out of range, or ``within`` holds other than distinct sites of the chain.
    DiagonalizationError
        LAPACK failed or its answer contradicts the Hamiltonian.
    ScratchDiskError
        `within` is given and the disk for temporary files has too little room.

    References
    ----------
    [Sparaciari21]_, eq. (5).

    Examples
    --------
    >>> from mbl_study import HeisenbergChain, equilibrate, neel, tilted_neel
    >>> chain = HeisenbergChain.random(6, 4.0, rng=0)
    >>> inside = equilibrate(chain, neel(6), eigenvectors="all", within=range(4))
    >>> inside.reduced_state([1, 2]).dims
    [[2, 2], [2, 2]]
    >>> h = (0.5, -0.25, 0.75, -0.8, 0.1, 0.6, -0.45, -0.9)
    >>> equilibrium = equilibrate(
    ...     HeisenbergChain(length=8, disorder=4.0, fields=h), tilted_neel(8)
    ... )
    >>> round(equilibrium.energy, 9), round(equilibrium.beta, 9)
    (3.2, -0.048722516)
    """
    if eigenvectors not in ("touched", "all"):
        raise qentropy.InvalidParameterError(
            f"eigenvectors must be 'touched' or 'all'; got {eigenvectors!r}"
        )
    if not 0 <= degeneracy_tolerance < 1:
        raise qentropy.InvalidParameterError(
            f"degeneracy_tolerance must lie in [0, 1); got {degeneracy_tolerance!r}"
        )
    region = None if within is None else checked_sites(within, chain.length)
    amplitudes = sector_amplitudes(initial_state, chain.length)
    wanted = range(chain.length + 1) if eigenvectors == "all" else amplitudes.keys()
    spectra = diagonalize(chain, wanted, in_files=region is not None)
    energy = sum(_energy(chain, up, amplitude) for up, amplitude in amplitudes.items())
    omega = dephase(amplitudes, spectra, energy, tolerance=degeneracy_tolerance)
    beta = inverse_temperature(np.concatenate([item.energies for item in spectra]), energy)
    known = {}
    if region is not None:
        # No name keeps the vectors alive, so that each sector is freed once it is reduced.
        ensembles = {"_states": list(omega.vectors)}
        if eigenvectors == "all" and math.isfinite(beta):
            ensembles["_lattice_states"] = _gibbs_vectors(chain, spectra, beta)
        spectra = tuple(replace(spectrum, vectors=None) for spectrum in spectra)
        omega = replace(omega, vectors=())
        states = reduce_and_release(list(ensembles.values()), region, chain.length)
        regions = (NestedRegions.inside(region, state) for state in states)
        known = dict(zip(ensembles, regions, strict=True))
    equilibrium = Equilibrium(
        chain=chain,
        energy=energy,
        beta=beta,
        spectra=spectra,
        omega=omega,
        degeneracy_tolerance=degeneracy_tolerance,
    )
    vars(equilibrium).update(known)
    return equilibrium


def _gibbs_vectors(
    chain: HeisenbergChain, spectra: Sequence[SectorSpectrum], beta: float
) -> list[SectorVectors]:
    """The eigenvectors of every sector with their weights in the Gibbs state of the chain."""
    spectra = [
        diagonalize_sector(chain, spectrum.up) if spectrum.vectors is None else spectrum
        for spectrum in spectra
    ]
    weights = gibbs_weights(np.concatenate([item.energies for item in spectra]), beta)
    scales = by_sector(np.sqrt(weights), chain.length)
    return [
        SectorVectors(up=item.up, vectors=item.basis, scale=scale, levels=None)
        for item, scale in zip(spectra, scales, strict=True)
    ]


def _energy(chain: HeisenbergChain, up: int, amplitude: NDArray[Any]) -> float:
    """Contribution of one sector to ``<psi|H|psi>``."""
    exchange, zeeman = chain.sector_terms(up)
    return float(np.vdot(amplitude, exchange @ amplitude + zeeman * amplitude).real)
