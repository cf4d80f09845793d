"""Equilibrium against the reference numbers, the full Hilbert space and exact identities."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import full_space
import numpy as np
import pytest
import qutip
import scipy.linalg
from qutip import Qobj

from mbl_study import Equilibrium, HeisenbergChain, equilibrate, neel, spectrum, tilted_neel
from mbl_study.equilibrium import ThermalKind

FIELDS = (0.5, -0.25, 0.75, -0.8, 0.1, 0.6, -0.45, -0.9)


def reference_chain(length: int) -> HeisenbergChain:
    """Chain of the reference numbers: disorder 4, the first fields of the list."""
    return HeisenbergChain(length=length, disorder=4.0, fields=FIELDS[:length])


def oracle(equilibrium: Equilibrium, size: int, kind: ThermalKind = "region") -> float:
    """``D_max`` of the first sites as a dense generalised eigenvalue."""
    return full_space.max_relative_entropy(
        equilibrium.reduced_state(range(size)), equilibrium.thermal_state(range(size), kind=kind)
    )


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Numbers that three independent codes gave, one of them QuTiP on the full space."""

    ket: Qobj
    kind: ThermalKind = "region"
    energy: float
    beta: float
    entropies: tuple[float, ...]


REFERENCES = [
    Reference(
        ket=neel(8),
        energy=1.0,
        beta=-0.014474764659,
        entropies=(
            *(0.4218358800, 1.1501809505, 1.9144847009),
            *(2.4735129810, 2.9779449072, 4.0530869081),
        ),
    ),
    Reference(
        ket=tilted_neel(8, [0, 1]),
        energy=2.0,
        beta=-0.029566994577,
        entropies=(
            *(0.2653909184, 0.6163444714, 1.2937231151),
            *(1.6778725783, 2.1387618340, 3.2960125446),
        ),
    ),
    Reference(
        ket=tilted_neel(8),
        energy=3.2,
        beta=-0.048722516119,
        entropies=(
            *(0.3894039289, 1.1354874439, 1.8280064358),
            *(2.2425118389, 3.0736863807, 4.3614146339),
        ),
    ),
    Reference(
        ket=tilted_neel(8),
        kind="lattice",
        energy=3.2,
        beta=-0.048722516119,
        entropies=(
            *(0.4035003868, 1.1508529568, 1.8440991516),
            *(2.2531182025, 3.0776262495, 4.3639409642),
        ),
    ),
    Reference(
        ket=tilted_neel(7, [0, 1]),
        energy=-0.6,
        beta=0.010839611696,
        entropies=(
            *(0.2687955976, 0.2910132069, 0.8892750375),
            *(1.0737357376, 2.0561478270, 2.9477855018),
        ),
    ),
    Reference(
        ket=tilted_neel(7),
        energy=6.6,
        beta=-0.171072276363,
        entropies=(0.2086613680, 0.5885093566, 0.9842659860, 1.5416770328, 2.3119879491),
    ),
]


@pytest.mark.parametrize("reference", REFERENCES)
def test_reference_numbers(reference: Reference) -> None:
    """Energy, temperature and D_max of the reference table, also by an independent eigenvalue."""
    equilibrium = equilibrate(reference_chain(len(reference.ket.dims[0])), reference.ket)
    assert equilibrium.energy == pytest.approx(reference.energy, abs=1e-12)
    assert equilibrium.beta == pytest.approx(reference.beta, abs=1e-12)
    for size, expected in enumerate(reference.entropies, start=1):
        assert oracle(equilibrium, size, reference.kind) == pytest.approx(expected, abs=1e-9)
        found = equilibrium.max_relative_entropy(range(size), kind=reference.kind)
        assert found == pytest.approx(expected, abs=1e-9)


def test_degenerate_trap() -> None:
    """Clean chain of 6 sites from down, up, ...: reference numbers, three independent codes.

    The sum over eigenvectors, as if no level were degenerate, gives other numbers.
    """
    chain = HeisenbergChain(length=6, disorder=0.0, fields=(0.0,) * 6)
    ket = qutip.basis([2] * 6, [1, 0] * 3)
    equilibrium = equilibrate(chain, ket)
    expected = (0.0, 1.0006335683, 1.4736530049, 2.9955973232)
    assert equilibrium.beta == pytest.approx(0.311590217179, abs=1e-12)
    for size, value in enumerate(expected, start=1):
        assert oracle(equilibrium, size) == pytest.approx(value, abs=1e-9)
        assert equilibrium.max_relative_entropy(range(size)) == pytest.approx(value, abs=1e-9)
    naive = equilibrate(chain, ket, degeneracy_tolerance=0.0)
    assert abs(oracle(naive, 4) - expected[3]) > 1e-3


def test_differential_numbers() -> None:
    """L = 8 at disorder 4 from the Néel state: reference numbers, three independent codes."""
    equilibrium = equilibrate(reference_chain(8), neel(8))
    assert equilibrium.energies[0] == pytest.approx(-24.068156723073, abs=1e-11)
    assert equilibrium.energies[-1] == pytest.approx(16.885736934551, abs=1e-11)
    weights = equilibrium.omega.populations
    assert -(weights @ np.log(weights)) == pytest.approx(2.895254595061, abs=1e-11)
    entropy = qutip.entropy_vn(equilibrium.reduced_state([0, 1, 2]))
    assert entropy == pytest.approx(1.562438856814, abs=1e-11)
    assert equilibrium.level_spacing_ratio == pytest.approx(0.412612810868, abs=1e-11)


COMPLEX = qutip.tensor([qutip.Qobj([[0.6], [0.8j]])] + [qutip.Qobj([[0.8j], [-0.6]])] * 4)
CASES = [
    (HeisenbergChain.random(3, 6.0, rng=0), tilted_neel(3)),
    (HeisenbergChain.random(4, 0.7, rng=1), neel(4)),
    (HeisenbergChain.random(5, 9.0, rng=2), tilted_neel(5, [0])),
    (HeisenbergChain.random(5, 2.0, rng=5), COMPLEX),
    (HeisenbergChain(length=5, disorder=0.0, fields=(0.0,) * 5), COMPLEX),
    (HeisenbergChain(length=6, disorder=0.0, fields=(0.0,) * 6), tilted_neel(6)),
    (HeisenbergChain(length=6, disorder=1.0, fields=(1.0, 0.5, 0.0) * 2), tilted_neel(6)),
    (HeisenbergChain.random(7, 4.0, rng=3), tilted_neel(7)),
    (HeisenbergChain.random(8, 12.0, rng=4), tilted_neel(8)),
]


@pytest.mark.parametrize(("chain", "ket"), CASES)
def test_everything_agrees_with_the_full_space(chain: HeisenbergChain, ket: Qobj) -> None:
    """Energy, temperature, and for every size both thermal states, D_max and the coherence."""
    lattice = full_space.hamiltonian(chain.length, chain.disorder, chain.fields)
    omega = full_space.time_average(lattice, ket)
    equilibrium = equilibrate(chain, ket)
    assert equilibrium.energy == pytest.approx(qutip.expect(lattice, ket), abs=1e-12)
    beta = full_space.inverse_temperature(lattice, equilibrium.energy)
    assert equilibrium.beta == pytest.approx(beta, abs=1e-11)
    gibbs = full_space.gibbs_state(lattice, beta)
    for size in range(1, chain.length + 1):
        region = list(range(size))
        bonds = [(site, site + 1) for site in range(size - 1)]
        bonds += [(size - 1, 0)] if size == chain.length else []
        zeeman = [chain.disorder * field for field in chain.fields[:size]]
        H_R = full_space.region_hamiltonian(bonds, zeeman)
        omega_R, tau_R = omega.ptrace(region), gibbs.ptrace(region)
        tau = full_space.gibbs_state(H_R, beta)
        pairs = [
            (equilibrium.reduced_state(region), omega_R),
            (equilibrium.thermal_state(region), tau),
            (equilibrium.thermal_state(region, kind="lattice"), tau_R),
        ]
        for found, expected in pairs:
            assert found.dims == expected.dims
            assert np.allclose(found.full(), expected.full(), atol=1e-11)
        coherence = full_space.energy_coherence(omega_R, H_R)
        assert equilibrium.energy_coherence(region) == pytest.approx(coherence, abs=1e-10)
        for kind, sigma in (("region", tau), ("lattice", tau_R)):
            entropy = full_space.max_relative_entropy(omega_R, sigma)
            found_entropy = equilibrium.max_relative_entropy(region, kind=kind)
            assert found_entropy == pytest.approx(entropy, abs=1e-8)


@pytest.mark.parametrize("sites", [(3,), (1, 4), (0, 2, 5), (5, 0, 1), (1, 2, 3, 5)])
@pytest.mark.parametrize("disorder", [0.0, 5.0])
def test_any_set_of_sites(sites: tuple[int, ...], disorder: float) -> None:
    """Regions need be neither contiguous nor named in order."""
    chain = HeisenbergChain(length=6, disorder=disorder, fields=FIELDS[:6])
    lattice = full_space.hamiltonian(6, disorder, FIELDS[:6])
    equilibrium = equilibrate(chain, tilted_neel(6))
    gibbs = full_space.gibbs_state(lattice, equilibrium.beta)
    omega = full_space.time_average(lattice, tilted_neel(6))
    kept = sorted(sites)
    for found, expected in [
        (equilibrium.reduced_state(sites), omega.ptrace(kept)),
        (equilibrium.thermal_state(sites, kind="lattice"), gibbs.ptrace(kept)),
        (
            equilibrium.thermal_state(sites),
            full_space.gibbs_state(chain.region_hamiltonian(sites), equilibrium.beta),
        ),
    ]:
        assert np.allclose(found.full(), expected.full(), atol=1e-11)


@pytest.mark.parametrize("disorder", [0.0, 0.5, 4.0, 20.0])
def test_dephasing_keeps_norm_and_energy(disorder: float) -> None:
    """``Tr omega = 1``, ``Tr omega H = E``, and omega is stationary."""
    chain = HeisenbergChain(length=7, disorder=disorder, fields=FIELDS[:7])
    equilibrium = equilibrate(chain, tilted_neel(7))
    omega = equilibrium.reduced_state(range(7))
    hamiltonian = chain.hamiltonian()
    assert omega.tr() == pytest.approx(1, abs=1e-13)
    assert (omega @ hamiltonian).tr() == pytest.approx(equilibrium.energy, abs=1e-12)
    assert np.abs(qutip.commutator(omega, hamiltonian).full()).max() < 1e-12
    gibbs = equilibrium.thermal_state(range(7), kind="lattice")
    assert (gibbs @ hamiltonian).tr() == pytest.approx(equilibrium.energy, abs=1e-11)


def test_states_are_block_diagonal_and_sparse() -> None:
    """Without coherence between sectors, only blocks of equal magnetisation are stored."""
    equilibrium = equilibrate(reference_chain(8), tilted_neel(8))
    for state in (
        equilibrium.reduced_state(range(6)),
        equilibrium.thermal_state(range(6)),
        equilibrium.thermal_state(range(6), kind="lattice"),
    ):
        assert state.data_as("csr_matrix").nnz <= math.comb(12, 6)


def test_shifting_the_fields_around_the_ring_changes_nothing() -> None:
    """Spectrum and entropies do not depend on where the ring is cut."""
    chain = reference_chain(7)
    shifted = HeisenbergChain(length=7, disorder=4.0, fields=FIELDS[1:7] + FIELDS[:1])
    ket = tilted_neel(7)
    moved = ket.permute([1, 2, 3, 4, 5, 6, 0])
    one, other = equilibrate(chain, ket), equilibrate(shifted, moved)
    assert np.allclose(one.energies, other.energies, atol=1e-12)
    assert one.beta == pytest.approx(other.beta, abs=1e-13)
    for kind in ("region", "lattice"):
        here = one.max_relative_entropy([1, 2, 3], kind=kind)
        assert here == pytest.approx(other.max_relative_entropy([0, 1, 2], kind=kind), abs=1e-10)


def test_turning_everything_over_changes_nothing() -> None:
    """Flipping all spins and all fields swaps sectors N and L - N and keeps every entropy."""
    chain = reference_chain(6)
    flipped = HeisenbergChain(length=6, disorder=4.0, fields=tuple(-h for h in FIELDS[:6]))
    flip = qutip.tensor([qutip.sigmax()] * 6)
    one = equilibrate(chain, tilted_neel(6))
    other = equilibrate(flipped, flip @ tilted_neel(6))
    for up in range(7):
        here, there = one.spectra[up].energies, other.spectra[6 - up].energies
        assert np.allclose(here, there, atol=1e-12)
    assert oracle(one, 3) == pytest.approx(oracle(other, 3), abs=1e-10)


@pytest.mark.parametrize("disorder", [0.0, 1.0, 4.0, 10.0])
def test_entropy_from_the_lattice_state_grows_with_the_region(disorder: float) -> None:
    """Data processing: tracing out sites of omega and of the Gibbs state cannot raise D_max."""
    chain = HeisenbergChain(length=8, disorder=disorder, fields=FIELDS)
    equilibrium = equilibrate(chain, tilted_neel(8), eigenvectors="all")
    sizes = range(7, 0, -1)
    found = [equilibrium.max_relative_entropy(range(r), kind="lattice") for r in sizes]
    assert (np.diff(found) < 1e-10).all()


def test_populations_are_the_spectrum_of_omega() -> None:
    """The weights of the levels are the eigenvalues of the equilibrium state that are not 0."""
    equilibrium = equilibrate(reference_chain(6), tilted_neel(6))
    weights = np.sort(equilibrium.omega.populations)
    eigenvalues = np.sort(equilibrium.reduced_state(range(6)).eigenenergies())
    assert np.allclose(eigenvalues[-len(weights) :], weights, atol=1e-13)
    assert np.allclose(eigenvalues[: -len(weights)], 0, atol=1e-13)


def test_gap_ratio_is_that_of_the_middle_sector() -> None:
    """The gap ratio is taken over all levels with ``L // 2`` spins up."""
    for length in (6, 7):
        chain = reference_chain(length)
        gaps = np.diff(np.linalg.eigvalsh(chain.sector_matrix(3)))
        expected = np.mean(np.minimum(gaps[1:], gaps[:-1]) / np.maximum(gaps[1:], gaps[:-1]))
        found = equilibrate(chain, neel(length)).level_spacing_ratio
        assert found == pytest.approx(expected, abs=1e-12)


def test_all_eigenvectors_or_only_those_needed() -> None:
    """What is computed at once decides the cost and not the result."""
    chain, ket = reference_chain(7), tilted_neel(7)
    lazy, eager = equilibrate(chain, ket), equilibrate(chain, ket, eigenvectors="all")
    assert [item.up for item in lazy.spectra if item.vectors is not None] == [3, 4, 5]
    assert all(item.vectors is not None for item in eager.spectra)
    for size in (2, 5):
        states = [item.thermal_state(range(size), kind="lattice").full() for item in (lazy, eager)]
        assert np.allclose(*states, atol=1e-13)
    assert lazy.lapack_seconds > 0


@pytest.mark.parametrize(("level", "beta"), [(0, math.inf), (-1, -math.inf)])
def test_edge_of_the_spectrum_has_no_temperature(level: int, beta: float) -> None:
    """From an extreme eigenstate there is an equilibrium but no thermal state to compare with."""
    chain = reference_chain(5)
    ket = chain.hamiltonian().eigenstates()[1][level]
    equilibrium = equilibrate(chain, ket)
    assert equilibrium.beta == beta
    expected = qutip.ket2dm(ket).ptrace([0, 1])
    assert np.allclose(equilibrium.reduced_state([0, 1]).full(), expected.full(), atol=1e-12)
    assert 0 <= equilibrium.energy_coherence([0, 1]) <= 2
    for kind in ("region", "lattice"):
        with pytest.raises(ValueError, match="needs a finite beta"):
            equilibrium.thermal_state([0, 1], kind=kind)
        with pytest.raises(ValueError, match="needs a finite beta"):
            equilibrium.max_relative_entropy([0, 1], kind=kind)


def test_bad_options_are_refused() -> None:
    """Options and sites out of range are errors that name what is allowed."""
    chain, ket = reference_chain(4), neel(4)
    with pytest.raises(ValueError, match="eigenvectors must be"):
        equilibrate(chain, ket, eigenvectors="none")
    for tolerance in (-1e-3, 1.0, math.nan):
        with pytest.raises(ValueError, match="degeneracy_tolerance must lie in"):
            equilibrate(chain, ket, degeneracy_tolerance=tolerance)
    with pytest.raises(ValueError, match="must have 2"):
        equilibrate(chain, neel(5))
    equilibrium = equilibrate(chain, ket)
    with pytest.raises(ValueError, match="kind must be 'region' or 'lattice'"):
        equilibrium.thermal_state([0], kind="global")
    with pytest.raises(ValueError, match="kind must be 'region' or 'lattice'"):
        equilibrium.max_relative_entropy([0], kind="global")
    for call in (equilibrium.reduced_state, equilibrium.thermal_state, equilibrium.in_energy_basis):
        with pytest.raises(ValueError, match="sites must be distinct"):
            call([4])


def test_lapack_failure_goes_unnoticed_by_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """With driver ``evd`` out of order the results are the same, from ``evr``."""
    expected = oracle(equilibrate(reference_chain(6), tilted_neel(6)), 4)
    true_eigh = scipy.linalg.eigh

    def eigh(matrix: np.ndarray, **options: object) -> object:
        if options.get("driver") == "evd":
            raise np.linalg.LinAlgError("did not converge")
        return true_eigh(matrix, **options)

    monkeypatch.setattr(scipy.linalg, "eigh", eigh)
    equilibrium = equilibrate(reference_chain(6), tilted_neel(6))
    monkeypatch.undo()
    assert {item.driver for item in equilibrium.spectra} == {"evr"}
    assert oracle(equilibrium, 4) == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize("eigenvectors", ["touched", "all"])
@pytest.mark.parametrize("disorder", [0.0, 4.0])
@pytest.mark.parametrize("ket", [neel(6), tilted_neel(6)])
def test_within_a_region_nothing_changes(
    ket: qutip.Qobj,
    disorder: float,
    eigenvectors: Literal["touched", "all"],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """States and entropies of its parts are the same; the eigenvectors, in files, are gone."""
    monkeypatch.setattr(spectrum, "_SMALL_SECTOR", 6)
    chain = HeisenbergChain.random(6, disorder, rng=5)
    whole = equilibrate(chain, ket)
    inside = equilibrate(chain, ket, eigenvectors=eigenvectors, within=(4, 1, 2, 3))
    assert all(item.vectors is None for item in inside.spectra)
    assert not inside.omega.vectors
    for sites in [(1, 2, 3, 4), (2, 3), (4,), (1, 3, 4)]:
        assert np.allclose(
            inside.reduced_state(sites).full(), whole.reduced_state(sites).full(), atol=1e-14
        )
        for kind in ("region", "lattice"):
            expected = whole.max_relative_entropy(sites, kind=kind)
            assert inside.max_relative_entropy(sites, kind=kind) == pytest.approx(
                expected, abs=1e-11
            )
    with pytest.raises(ValueError, match=r"region \(0, 1\) must lie within \(1, 2, 3, 4\)"):
        inside.reduced_state((0, 1))
