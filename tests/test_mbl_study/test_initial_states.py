"""Initial states have the sectors, weights and energies that the study states."""

from __future__ import annotations

import numpy as np
import pytest
import qutip

from mbl_study import HeisenbergChain, neel, tilted_neel
from mbl_study.dephasing import sector_amplitudes
from mbl_study.initial_states import INITIAL_STATES, initial_ket

FIELDS = (0.5, -0.25, 0.75, -0.8, 0.1, 0.6, -0.45, -0.9)


def sector_weights(ket: qutip.Qobj, length: int) -> dict[int, float]:
    """Weight of a ket by number of up spins."""
    parts = sector_amplitudes(ket, length)
    return {up: float(np.vdot(part, part).real) for up, part in parts.items()}


@pytest.mark.parametrize("length", range(3, 12))
def test_neel_state_alternates(length: int) -> None:
    """The Néel state is one configuration, with even sites up (``|0>``)."""
    ket = neel(length)
    assert ket.dims[0] == [2] * length
    index = int("".join("01"[site % 2] for site in range(length)), 2)
    assert np.flatnonzero(ket.full()).tolist() == [index]
    assert sector_weights(ket, length) == {(length + 1) // 2: 1.0}


@pytest.mark.parametrize("length", range(3, 16))
def test_tilted_neel_state_has_three_sectors(length: int) -> None:
    """Two tilted sites give three neighbouring sectors the weights 1/4, 1/2, 1/4, for any L."""
    lowest = (length - 1) // 2
    weights = sector_weights(tilted_neel(length), length)
    assert weights == pytest.approx({lowest: 0.25, lowest + 1: 0.5, lowest + 2: 0.25}, abs=1e-15)


def test_longest_chain_of_the_paper() -> None:
    """For L = 15 the tilted state has 7, 8 and 9 spins up, dimensions 6435, 6435 and 5005."""
    sizes = {up: len(part) for up, part in sector_amplitudes(tilted_neel(15), 15).items()}
    assert sizes == {7: 6435, 8: 6435, 9: 5005}


def test_tilted_sites_are_in_plus_and_the_others_alternate() -> None:
    """Every tilted site is in ``|+>``; the rest is the Néel state."""
    ket = tilted_neel(5, [3, 0])
    plus = (qutip.basis(2, 0) + qutip.basis(2, 1)).unit()
    up, down = qutip.basis(2, 0), qutip.basis(2, 1)
    assert (ket - qutip.tensor(plus, down, up, plus, up)).norm() < 1e-15


@pytest.mark.parametrize(
    ("name", "length", "energy"),
    [
        ("neel", 8, 1.0),
        ("tilted-neel:0,1", 8, 2.0),
        ("tilted-neel", 8, 3.2),
        ("tilted-neel:0,1", 7, -0.6),
        ("tilted-neel", 7, 6.6),
    ],
)
def test_energies_of_the_reference_states(name: str, length: int, energy: float) -> None:
    """Energies at disorder 4 with the reference fields, three independent codes agreeing."""
    chain = HeisenbergChain(length=length, disorder=4.0, fields=FIELDS[:length])
    found = qutip.expect(chain.hamiltonian(), initial_ket(name, length))
    assert found == pytest.approx(energy, abs=1e-13)


def test_names_stand_for_the_functions() -> None:
    """Every registered name gives its state, and sites may follow the tilted one."""
    kets = {name: initial_ket(name, 6) for name in INITIAL_STATES}
    assert kets == {"tilted-neel": tilted_neel(6), "neel": neel(6)}
    assert initial_ket("tilted-neel:2", 6) == tilted_neel(6, [2])
    assert initial_ket("tilted-neel:5, 0", 6) == tilted_neel(6, [0, 5])


@pytest.mark.parametrize(
    "name", ["", "Neel", "neel:0", "tilted", "tilted-neel:", "tilted-neel:a", "tilted-neel:0,0"]
)
def test_unknown_names_are_refused(name: str) -> None:
    """A name that stands for no state is an error that says so."""
    with pytest.raises(ValueError, match="must be"):
        initial_ket(name, 6)


@pytest.mark.parametrize("sites", [[6], [-1], [1, 1], []])
def test_tilted_sites_outside_the_chain_are_refused(sites: list[int]) -> None:
    """The tilted sites are distinct sites of the chain."""
    with pytest.raises(ValueError, match="sites must be distinct"):
        tilted_neel(6, sites)
