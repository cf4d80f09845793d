"""The study's physics once more, the slow way: dense QuTiP operators on the whole Hilbert space.

Nothing here knows magnetisation sectors, and nothing comes from the packages under test.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import qutip
import scipy.linalg
import scipy.optimize
from numpy.typing import NDArray
from qutip import Qobj


def hamiltonian(length: int, disorder: float, fields: Sequence[float]) -> Qobj:
    """Equation (19) of the paper, term by term."""
    bonds = [(site, (site + 1) % length) for site in range(length)]
    return region_hamiltonian(bonds, [disorder * field for field in fields])


def region_hamiltonian(bonds: Sequence[tuple[int, int]], zeeman: Sequence[float]) -> Qobj:
    """Exchange on the bonds and a field on every site."""
    sites = len(zeeman)
    total = 0 * qutip.tensor([qutip.qeye(2)] * sites)
    for left, right in bonds:
        for pauli in (qutip.sigmax(), qutip.sigmay(), qutip.sigmaz()):
            total += on_site(pauli, left, sites) * on_site(pauli, right, sites)
    for site, field in enumerate(zeeman):
        total += field * on_site(qutip.sigmaz(), site, sites)
    return total


def on_site(operator: Qobj, site: int, sites: int) -> Qobj:
    """One-site operator, the identity elsewhere."""
    return qutip.tensor([operator if other == site else qutip.qeye(2) for other in range(sites)])


def time_average(hamiltonian: Qobj, ket: Qobj) -> Qobj:
    """``sum_E P_E |psi><psi| P_E`` with the projectors on the eigenspaces."""
    energies, basis = np.linalg.eigh(hamiltonian.full())
    cuts = np.flatnonzero(np.diff(energies) > 1e-9) + 1
    psi = ket.full()[:, 0]
    average = np.zeros(hamiltonian.shape, dtype=complex)
    for vectors in np.split(basis, cuts, axis=1):
        projected = vectors @ (vectors.conj().T @ psi)
        average += np.outer(projected, projected.conj())
    return Qobj(average, dims=hamiltonian.dims)


def gibbs_state(hamiltonian: Qobj, beta: float) -> Qobj:
    """Exponential of the Hamiltonian, normalised."""
    return (-beta * hamiltonian).expm(dtype="Dense").unit()


def inverse_temperature(hamiltonian: Qobj, energy: float) -> float:
    """``beta`` of the Gibbs state with that energy, by bisection."""
    energies = hamiltonian.eigenenergies()

    def excess(beta: float) -> float:
        weights = np.exp(-beta * (energies - energies.mean()))
        return float(weights @ energies / weights.sum() - energy)

    return float(scipy.optimize.brentq(excess, -5.0, 5.0, xtol=1e-15, rtol=1e-14))


def max_relative_entropy(rho: Qobj, sigma: Qobj) -> float:
    """Logarithm of the largest generalised eigenvalue, in bits; sigma of full rank."""
    matrices: tuple[NDArray[Any], ...] = (rho.full(), sigma.full())
    return float(np.log2(scipy.linalg.eigh(*matrices, eigvals_only=True)[-1]))


def energy_coherence(rho: Qobj, hamiltonian: Qobj) -> float:
    """Trace norm of what the pinching in the energy eigenspaces takes away."""
    energies, basis = np.linalg.eigh(hamiltonian.full())
    rotated = basis.conj().T @ rho.full() @ basis
    rotated[np.abs(np.subtract.outer(energies, energies)) < 1e-9] = 0
    return float(np.abs(np.linalg.eigvalsh(rotated)).sum())
