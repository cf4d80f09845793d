"""The Hamiltonian against QuTiP on the full space, the Bethe ansatz and exact sum rules."""

from __future__ import annotations

import math

import full_space
import numpy as np
import pytest
import scipy.sparse.linalg

from mbl_study import HeisenbergChain
from mbl_study.sectors import configurations

FIELDS = (0.5, -0.25, 0.75, -0.8, 0.1, 0.6, -0.45, -0.9)


def clean(length: int) -> HeisenbergChain:
    """Chain without disorder."""
    return HeisenbergChain(length=length, disorder=0.0, fields=(0.0,) * length)


@pytest.mark.parametrize("length", range(3, 9))
def test_hamiltonian_is_equation_19(length: int) -> None:
    """The Hamiltonian is the sum of Pauli terms that equation (19) of the paper writes down."""
    chain = HeisenbergChain(length=length, disorder=4.0, fields=FIELDS[:length])
    expected = full_space.hamiltonian(length, 4.0, FIELDS[:length])
    assert chain.hamiltonian().dims == expected.dims
    assert np.allclose(chain.hamiltonian().full(), expected.full(), atol=1e-13)


@pytest.mark.parametrize(
    ("sites", "bonds"),
    [
        ([2], []),
        ([0, 1, 2], [(0, 1), (1, 2)]),
        ([1, 3, 5], []),
        ([1, 2, 4, 5], [(0, 1), (2, 3)]),
        ([5, 0, 1], [(0, 1), (0, 2)]),  # around the end of the ring: 5-0 and 0-1
        ([0, 1, 2, 3, 4], [(0, 1), (1, 2), (2, 3), (3, 4)]),
    ],
)
def test_region_hamiltonian_holds_the_terms_inside(
    sites: list[int], bonds: list[tuple[int, int]]
) -> None:
    """``H_R`` holds the bonds with both ends in the region and the fields of its sites."""
    chain = HeisenbergChain(length=6, disorder=3.0, fields=FIELDS[:6])
    expected = full_space.region_hamiltonian(bonds, [3.0 * FIELDS[site] for site in sorted(sites)])
    assert np.allclose(chain.region_hamiltonian(sites).full(), expected.full(), atol=1e-13)


@pytest.mark.parametrize("sites", [None, (0, 1, 2, 3), (1, 4)])
def test_sector_matrices_are_blocks_of_the_hamiltonian(sites: tuple[int, ...] | None) -> None:
    """A sector's matrix is the Hamiltonian between its configurations; between sectors it is 0."""
    chain = HeisenbergChain(length=6, disorder=2.0, fields=FIELDS[:6])
    full = chain.region_hamiltonian(sites or range(6)).full()
    rest = full.copy()
    for up, sector in enumerate(configurations(len(sites or range(6)))):
        block = np.ix_(sector, sector)
        assert np.allclose(chain.sector_matrix(up, sites), full[block], atol=1e-13)
        rest[block] = 0
    assert not rest.any()


@pytest.mark.parametrize(
    ("length", "energy"),
    [
        (4, -8.0),
        (6, -11.2111025509),
        (8, -14.6043736357),
        (10, -18.0617854180),
        (12, -21.5495636698),
        (14, -25.0541981342),
        (16, -28.5691854425),
    ],
)
def test_ground_energy_of_the_clean_chain(length: int, energy: float) -> None:
    """Known ground energies: Bethe ansatz; Bonner and Fisher, Phys. Rev. 135, A640 (1964)."""
    exchange, _ = clean(length).sector_terms(length // 2)
    start = np.cos(np.arange(exchange.shape[0]))
    (found,) = scipy.sparse.linalg.eigsh(
        exchange, k=1, which="SA", v0=start, return_eigenvectors=False
    )
    assert found == pytest.approx(energy, abs=1e-9)


@pytest.mark.parametrize("length", range(3, 13))
def test_one_magnon_spectrum(length: int) -> None:
    """One flipped spin has energies ``L - 4 + 4 cos k``, ``k = 2 pi m / L`` (plane waves)."""
    momenta = 2 * math.pi * np.arange(length) / length
    expected = np.sort(length - 4 + 4 * np.cos(momenta))
    for up in (1, length - 1):
        assert np.allclose(np.linalg.eigvalsh(clean(length).sector_matrix(up)), expected)


@pytest.mark.parametrize("length", [3, 5, 8, 11])
def test_trace_rules(length: int) -> None:
    """``Tr H = 0``, ``Tr H^2 = 2^L (3 L + disorder^2 sum h^2)``: Pauli strings are orthogonal."""
    chain = HeisenbergChain.random(length, 3.0, rng=length)
    hamiltonian = chain.hamiltonian()
    expected = 2**length * (3 * length + 9 * sum(field**2 for field in chain.fields))
    assert hamiltonian.tr() == pytest.approx(0, abs=1e-9)
    assert (hamiltonian @ hamiltonian).tr() == pytest.approx(expected, rel=1e-13)


def test_flipped_fields_swap_opposite_sectors() -> None:
    """Turning all spins over turns ``h`` into ``-h`` and N up spins into L - N."""
    chain = HeisenbergChain.random(7, 5.0, rng=1)
    flipped = HeisenbergChain(length=7, disorder=5.0, fields=tuple(-h for h in chain.fields))
    for up in range(8):
        assert np.allclose(
            np.linalg.eigvalsh(chain.sector_matrix(up)),
            np.linalg.eigvalsh(flipped.sector_matrix(7 - up)),
        )


def test_sector_matrix_is_new_and_ready_for_lapack() -> None:
    """LAPACK may overwrite the matrix: the next one is not affected, and no copy is needed."""
    chain = HeisenbergChain.random(6, 2.0, rng=0)
    matrix = chain.sector_matrix(3)
    assert matrix.flags.f_contiguous
    before = matrix.copy()
    matrix[:] = 0
    assert np.array_equal(chain.sector_matrix(3), before)


def test_random_chain_is_uniform_and_reproducible() -> None:
    """Fields fill [-1, 1] evenly (Kolmogorov-Smirnov distance at 5 sigma); a seed repeats them."""
    chain = HeisenbergChain.random(2000, 1.0, rng=3)
    steps = np.abs(np.sort(chain.fields) - np.linspace(-1, 1, 2000))
    assert steps.max() / 2 < 2.2 / math.sqrt(2000)
    assert chain == HeisenbergChain.random(2000, 1.0, rng=np.random.default_rng(3))
    assert chain != HeisenbergChain.random(2000, 1.0, rng=4)


def test_parameters_become_plain_numbers() -> None:
    """NumPy numbers and any sequence are accepted; equal chains are equal and hash alike."""
    chain = HeisenbergChain(length=np.int64(3), disorder=2, fields=np.array([0.5, -1, 1]))
    assert chain == HeisenbergChain(length=3, disorder=2.0, fields=(0.5, -1.0, 1.0))
    assert hash(chain) == hash(HeisenbergChain(length=3, disorder=2.0, fields=(0.5, -1.0, 1.0)))
    assert {type(field) for field in chain.fields} == {float}
    with pytest.raises(AttributeError):
        chain.disorder = 3.0


@pytest.mark.parametrize("length", [2, 0, -4, 4.0, True, "6", None])
def test_bad_length_is_refused(length: object) -> None:
    """A ring needs at least three sites; two would count their bond twice."""
    with pytest.raises(ValueError, match="length must be an integer of at least 3"):
        HeisenbergChain(length=length, disorder=1.0, fields=(0.0,) * 4)
    with pytest.raises(ValueError, match="length must be an integer of at least 3"):
        HeisenbergChain.random(length, 1.0)


@pytest.mark.parametrize("disorder", [math.inf, math.nan, 1j, "4", None, True])
def test_bad_disorder_is_refused(disorder: object) -> None:
    """The disorder strength is a finite real number."""
    with pytest.raises(ValueError, match="disorder must be a finite real number"):
        HeisenbergChain(length=3, disorder=disorder, fields=(0.0,) * 3)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ((0.0, 0.0), "one number per site; got 2"),
        ((0.0,) * 4, "one number per site; got 4"),
        ((0.0, 1.1, 0.0), r"fields\[1\] must lie in \[-1, 1\]"),
        ((math.nan, 0.0, 0.0), r"fields\[0\] must be a finite"),
        ((0.0, 0.0, math.inf), r"fields\[2\] must be a finite"),
        ((0.0, 1j, 0.0), r"fields\[1\] must be a finite"),
        ("abc", r"fields\[0\] must be a finite"),
        (None, "one number per site"),
        (0.5, "one number per site"),
    ],
)
def test_bad_fields_are_refused(fields: object, message: str) -> None:
    """There is one field per site, each a real number between -1 and 1."""
    with pytest.raises(ValueError, match=message):
        HeisenbergChain(length=3, disorder=1.0, fields=fields)
