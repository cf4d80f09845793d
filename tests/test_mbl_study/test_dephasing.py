"""Dephasing keeps weight and energy, merges degenerate levels, and checks its input."""

from __future__ import annotations

import full_space
import numpy as np
import pytest
import qutip

from mbl_study import HeisenbergChain, neel, tilted_neel
from mbl_study.dephasing import DephasedState, dephase, sector_amplitudes
from mbl_study.reductions import reduce_to_region
from mbl_study.spectrum import DiagonalizationError, SectorSpectrum, diagonalize

CLEAN = HeisenbergChain(length=6, disorder=0.0, fields=(0.0,) * 6)
CHAIN = HeisenbergChain.random(6, 4.0, rng=2)


def dephased(chain: HeisenbergChain, ket: qutip.Qobj, tolerance: float = 1e-12) -> DephasedState:
    """Dephase a ket with all spectra at hand."""
    energy = qutip.expect(chain.hamiltonian(), ket)
    amplitudes = sector_amplitudes(ket, chain.length)
    return dephase(amplitudes, diagonalize(chain, amplitudes), energy, tolerance=tolerance)


def complex_ket(length: int) -> qutip.Qobj:
    """Random complex state in all sectors."""
    return qutip.rand_ket([2] * length, seed=11)


@pytest.mark.parametrize("chain", [CHAIN, CLEAN], ids=["disordered", "clean"])
@pytest.mark.parametrize("ket", [neel(6), tilted_neel(6), complex_ket(6)])
def test_populations_and_vectors_belong_to_the_levels(
    chain: HeisenbergChain, ket: qutip.Qobj
) -> None:
    """Weights sum to 1, carry the energy, and are the squared norms of the vectors."""
    state = dephased(chain, ket)
    assert state.populations.sum() == pytest.approx(1, abs=1e-13)
    energy = qutip.expect(chain.hamiltonian(), ket)
    assert state.populations @ state.energies == pytest.approx(energy, abs=1e-12)
    norms = np.zeros_like(state.populations)
    for part in state.vectors:
        norms[part.levels] += (np.abs(part.vectors * part.scale) ** 2).sum(axis=0)
    assert np.allclose(norms, state.populations, atol=1e-14)
    assert (np.diff(state.energies) > 1e-12).all()


@pytest.mark.parametrize("chain", [CHAIN, CLEAN], ids=["disordered", "clean"])
@pytest.mark.parametrize("ket", [neel(6), tilted_neel(6), complex_ket(6)])
def test_average_is_the_one_of_the_full_space(chain: HeisenbergChain, ket: qutip.Qobj) -> None:
    """The vectors make up ``sum_E P_E |psi><psi| P_E``, coherence between sectors included."""
    found = reduce_to_region(dephased(chain, ket).vectors, tuple(range(6)), 6).to_qobj()
    expected = full_space.time_average(full_space.hamiltonian(6, chain.disorder, chain.fields), ket)
    assert np.allclose(found.full(), expected.full(), atol=1e-12)


def test_vectors_stay_real_and_shared_without_degeneracy() -> None:
    """A complex state of a non-degenerate chain costs no complex eigenvectors and no copy."""
    ket = complex_ket(6)
    amplitudes = sector_amplitudes(ket, 6)
    spectra = diagonalize(CHAIN, amplitudes)
    energy = qutip.expect(CHAIN.hamiltonian(), ket)
    state = dephase(amplitudes, spectra, energy, tolerance=1e-12)
    assert all(part.vectors is spectra[part.up].vectors for part in state.vectors)


def test_coherence_between_sectors_needs_a_common_level() -> None:
    """The clean chain's multiplets reach into several sectors, the disordered chain's do not."""
    region = tuple(range(6))
    clean = reduce_to_region(dephased(CLEAN, tilted_neel(6)).vectors, region, 6)
    disordered = reduce_to_region(dephased(CHAIN, tilted_neel(6)).vectors, region, 6)
    assert not clean.is_block_diagonal
    assert disordered.is_block_diagonal


def test_tolerance_decides_what_is_degenerate() -> None:
    """A tolerance as wide as the spectrum makes one level, and the state does not dephase."""
    state = dephased(CHAIN, tilted_neel(6), tolerance=0.5)
    assert len(state.energies) == 1
    found = reduce_to_region(state.vectors, tuple(range(6)), 6).to_qobj()
    assert np.allclose(found.full(), qutip.ket2dm(tilted_neel(6)).full(), atol=1e-13)


def test_tiny_sectors_are_rounding() -> None:
    """Amplitudes of the size of rounding errors do not touch a sector."""
    ket = neel(4) + 1e-16 * qutip.basis([2] * 4, [0, 0, 0, 1])
    assert list(sector_amplitudes(ket, 4)) == [2]


@pytest.mark.parametrize(
    ("ket", "message"),
    [
        (neel(4).dag(), "must be a Qobj ket; got bra"),
        (qutip.ket2dm(neel(4)), "must be a Qobj ket; got oper"),
        (np.ones(16) / 4, "must be a Qobj ket; got <class 'numpy.ndarray'>"),
        (neel(5), r"must have 2\*\*4 entries for 4 sites; got 32"),
        (2 * neel(4), "must have norm 1; got 2"),
        (0 * neel(4), "must have norm 1; got 0"),
        (np.nan * neel(4), "must have norm 1; got nan"),
    ],
)
def test_what_is_not_a_state_is_refused(ket: object, message: str) -> None:
    """The initial state is a normalised ket on the sites of the chain."""
    with pytest.raises(ValueError, match=message):
        sector_amplitudes(ket, 4)


def test_eigenvectors_that_lose_weight_are_refused() -> None:
    """Vectors that pass no check elsewhere still have to resolve the state."""
    amplitudes = sector_amplitudes(neel(6), 6)
    spectra = list(diagonalize(CHAIN, amplitudes))
    true = spectra[3]
    spectra[3] = SectorSpectrum(
        up=3,
        energies=true.energies,
        vectors=0.999 * true.basis,
        driver="evd",
        trace_residual=0.0,
        norm_residual=0.0,
        seconds=0.0,
    )
    energy = qutip.expect(CHAIN.hamiltonian(), neel(6))
    with pytest.raises(DiagonalizationError, match="do not resolve the initial state"):
        dephase(amplitudes, spectra, energy, tolerance=1e-12)
