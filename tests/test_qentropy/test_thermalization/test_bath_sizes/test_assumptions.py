"""Tests of the assumptions of the bounds: what each needs, and what is found about it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from qentropy.thermalization.bath_sizes.assumptions import (
    assumptions_of_bounds,
    inverse_temperature,
)
from qentropy.thermalization.bath_sizes.energy_eigenbasis import EnergyBasis, energy_basis
from qentropy.thermalization.bath_sizes.result import Assumption
from qentropy.thermalization.bath_sizes.subspace_condition import ConditionRange

CONDITION = ConditionRange(holds_up_to=4, fails_from=9, reason="compared")
NEEDED = {"lower_smooth": 2.0, "lower_pinched": 6.0, "exact": 9.0}
FLAT = np.eye(2) / 2


def found(basis: EnergyBasis, word: str, *, thermal: bool = False) -> list[Assumption]:
    """Assumptions whose statement has this word."""
    every = assumptions_of_bounds(basis, CONDITION, NEEDED, thermal)
    return [one for one in every if word in one.statement]


def test_condition_is_asked_for_each_number() -> None:
    """Bounds that need different numbers of systems have different answers."""
    basis = energy_basis(FLAT, np.diag([0.3, 0.7]), np.diag([0.0, 1.0]))
    answers = {one.needed_by: one.holds for one in found(basis, "subspace")}
    assert answers == {("lower_smooth",): True, ("lower_pinched",): None, ("exact",): False}


def test_bound_of_one_needs_nothing() -> None:
    """That at least one system is needed takes no assumption."""
    basis = energy_basis(FLAT, FLAT, np.diag([0.0, 1.0]))
    every = assumptions_of_bounds(basis, CONDITION, {"lower_smooth": 0.0}, False)
    assert {name for one in every for name in one.needed_by} == {"upper_pinched"}


def test_coherence_matters_at_omega_only() -> None:
    """Only the bounds at the state itself need that it is diagonal."""
    basis = energy_basis(np.full((2, 2), 0.5), np.diag([0.3, 0.7]), np.diag([0.0, 1.0]))
    (one,) = found(basis, "omega is diagonal")
    assert one.holds is False
    assert one.needed_by == ("lower_smooth",)


def test_tau_may_fail_to_commute_or_do_so_up_to_rounding() -> None:
    """What is off by more than rounding fails, what is off by less holds and says so."""
    for entry, holds in ((1e-3, False), (1e-14, True), (0.0, True)):
        tau = np.array([[0.3, entry], [entry, 0.7]])
        (one,) = found(energy_basis(FLAT, tau, np.diag([0.0, 1.0])), "commutes")
        assert one.holds is holds
        assert ("rounding" in one.reason) == (entry == 1e-14)


@pytest.mark.parametrize(
    ("tau", "levels", "holds"),
    [
        ([0.7, 0.3], [0.0, 1.0], True),
        ([0.5, 0.3, 0.2], [0.0, 1.0, 2.0], False),
        ([1.0, 0.0], [0.0, 1.0], None),
        ([0.5, 0.5], [1.0, 1.0], None),
    ],
)
def test_gibbs_state_is_recognised(
    tau: list[float], levels: list[float], holds: bool | None
) -> None:
    """A qubit always has a temperature, three levels seldom, a singular state none."""
    basis = energy_basis(np.eye(len(tau)) / len(tau), np.diag(tau), np.diag(levels))
    (one,) = found(basis, "Gibbs")
    assert one.holds is holds
    assert one.needed_by == ()
    (assumed,) = found(basis, "Gibbs", thermal=True)
    assert assumed.holds is True


def test_temperature_is_that_of_the_exponent() -> None:
    """``tau = exp(-beta H)/Z`` gives beta back, negative ones included."""
    levels = np.array([0.0, 0.7, 1.9])
    for beta in (-0.4, 0.0, 2.5):
        weights = np.exp(-beta * levels)
        tau = np.diag(weights / weights.sum())
        got, deviation = inverse_temperature(energy_basis(tau, tau, np.diag(levels)))
        assert got == pytest.approx(beta, abs=1e-12)
        assert deviation < 1e-12
    assert math.isnan(inverse_temperature(energy_basis(FLAT, FLAT, np.eye(2)))[0])
