"""Regions in the eigenbasis of their own Hamiltonian, against dense matrices."""

from __future__ import annotations

from typing import Any

import full_space
import numpy as np
import pytest
import qutip
import scipy.sparse
from numpy.typing import NDArray

from mbl_study import HeisenbergChain, spectrum
from mbl_study.reductions import SectorVectors, reduce_to_region
from mbl_study.regions import region_spectrum
from mbl_study.sectors import SectorOperator, configurations
from mbl_study.spectrum import DRIVERS, DiagonalizationError

CHAIN = HeisenbergChain.random(6, 4.0, rng=3)
CLEAN = HeisenbergChain(length=6, disorder=0.0, fields=(0.0,) * 6)
REGIONS = [(0,), (0, 1, 2), (1, 3, 4), (0, 5), (0, 1, 2, 3, 4, 5)]


def random_state(sites: int, *, is_coherent: bool) -> SectorOperator:
    """Random complex density operator, with or without coherence between sectors."""
    rng = np.random.default_rng(4)
    parts = []
    for up, sector in enumerate(configurations(sites)):
        vectors = rng.normal(size=(len(sector), 3)) + 1j * rng.normal(size=(len(sector), 3))
        labels = np.arange(3) if is_coherent else None
        parts.append(SectorVectors(up=up, vectors=vectors, scale=np.ones(3), levels=labels))
    raw = reduce_to_region(parts, tuple(range(sites)), sites)
    trace = sum(
        np.trace(block).real for (row, column), block in raw.blocks.items() if row == column
    )
    blocks = {key: block / trace for key, block in raw.blocks.items()}
    return SectorOperator(sites=sites, blocks=blocks)


def in_full(operator: SectorOperator) -> NDArray[Any]:
    """Whole matrix, the basis sorted by sector."""
    return operator.to_sparse(by_sector=True).toarray()


@pytest.mark.parametrize("beta", [-0.3, 0.0, 0.2, 5.0])
@pytest.mark.parametrize("region", REGIONS)
def test_thermal_state_is_the_exponential(region: tuple[int, ...], beta: float) -> None:
    """``tau_beta(H_R)`` is the normalised matrix exponential of ``-beta H_R``."""
    expected = full_space.gibbs_state(CHAIN.region_hamiltonian(region), beta)
    found = region_spectrum(CHAIN, region).thermal_state(beta).to_qobj()
    assert np.allclose(found.full(), expected.full(), atol=1e-13)


def test_thermal_state_stays_exact_where_it_is_tiny() -> None:
    """In the energy basis, populations keep their relative precision down to 1e-200."""
    rotated = region_spectrum(CHAIN, (0, 1, 2)).rotate(random_state(3, is_coherent=False), 1e-12)
    weights = rotated.thermal_weights(15.0)
    assert weights.min() < 1e-100
    logarithms = np.log(weights) + 15.0 * rotated.energies
    assert np.allclose(logarithms, logarithms[0], rtol=1e-13)


@pytest.mark.parametrize("is_coherent", [False, True])
@pytest.mark.parametrize("chain", [CHAIN, CLEAN], ids=["disordered", "clean"])
@pytest.mark.parametrize("region", REGIONS)
def test_rotation_and_pinching(
    region: tuple[int, ...], chain: HeisenbergChain, is_coherent: bool
) -> None:
    """State and pinched state keep their spectra; the coherence is the distance between them."""
    omega = random_state(len(region), is_coherent=is_coherent)
    rotated = region_spectrum(chain, region).rotate(omega, 1e-12)
    hamiltonian = chain.region_hamiltonian(region)
    assert np.allclose(np.sort(rotated.energies), hamiltonian.eigenenergies(), atol=1e-12)
    dense = omega.to_qobj()
    assert np.allclose(
        np.linalg.eigvalsh(in_full(rotated.state)), dense.eigenenergies(), atol=1e-13
    )
    coherence = full_space.energy_coherence(dense, hamiltonian)
    assert rotated.coherence == pytest.approx(coherence, abs=1e-12)
    pinched = in_full(rotated.pinched)
    difference = in_full(rotated.state) - pinched
    assert np.abs(np.linalg.eigvalsh(difference)).sum() == pytest.approx(coherence, abs=1e-12)
    energies = np.diag(rotated.energies)
    commutator = pinched @ energies - energies @ pinched
    assert np.abs(commutator).max() < 1e-12
    assert qutip.Qobj(difference - difference.conj().T).norm() == 0


def test_zero_hamiltonian_pinches_nothing() -> None:
    """One site without a field has one level: every state is block-diagonal in energy."""
    rotated = region_spectrum(CLEAN, (2,)).rotate(random_state(1, is_coherent=True), 1e-12)
    assert rotated.coherence == 0
    assert np.array_equal(in_full(rotated.state), in_full(rotated.pinched))


@pytest.mark.parametrize("is_coherent", [False, True])
@pytest.mark.parametrize("chain", [CHAIN, CLEAN], ids=["disordered", "clean"])
def test_pairs_are_the_states_and_the_thermal_state(
    chain: HeisenbergChain, is_coherent: bool
) -> None:
    """What goes to `qentropy`, in blocks or sparse, is the state and ``exp(-beta H_R)``."""
    rotated = region_spectrum(chain, (0, 1, 2)).rotate(
        random_state(3, is_coherent=is_coherent), 1e-12
    )
    weights = np.exp(-0.3 * rotated.energies)
    for pair, state in (
        (rotated.pair(0.3), rotated.state),
        (rotated.pinched_pair(0.3), rotated.pinched),
    ):
        omega, tau = (x.toarray() if scipy.sparse.issparse(x) else x.dense() for x in pair)
        assert np.array_equal(omega, in_full(state))
        assert np.allclose(tau, np.diag(weights / weights.sum()), atol=1e-15)
    assert np.array_equal(rotated.populations, in_full(rotated.pinched).diagonal().real)


@pytest.mark.parametrize("drivers", [DRIVERS[:1], DRIVERS])
def test_spectrum_of_a_region_is_checked(
    drivers: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A level that LAPACK moves by 1e-6 is noticed in a region as in the chain."""
    expected = region_spectrum(CHAIN, (0, 1, 2)).energies
    solve = spectrum._solve

    def moved(matrix: Any, driver: str, eigenvectors: bool) -> Any:
        energies, vectors = solve(matrix, driver, eigenvectors)
        if driver in drivers:
            energies[0] += 1e-6
        return energies, vectors

    monkeypatch.setattr(spectrum, "_solve", moved)
    if drivers == DRIVERS:
        with pytest.raises(DiagonalizationError, match=r"the region of sites \(0, 1, 2\)"):
            region_spectrum(CHAIN, (0, 1, 2))
    else:
        found = region_spectrum(CHAIN, (0, 1, 2)).energies
        assert all(np.allclose(a, b, atol=1e-12) for a, b in zip(found, expected, strict=True))
