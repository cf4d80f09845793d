"""The energy subspace condition, and what swaps achieve with and without it."""

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from statement_instances import drawn

from qentropy import states
from qentropy.errors import (
    DimensionMismatchError,
    InvalidParameterError,
    InvalidStateError,
    ResourceLimitError,
)
from qentropy.lemmas import energy_subspaces
from qentropy.lemmas.energy_subspaces import (
    STATEMENTS,
    check_energy_subspace_condition,
    check_optimal_swaps,
    check_uniform_subspaces,
)
from qentropy.results import Verdict

RHO, SIGMA = np.diag([0.7, 0.1, 0.2]), np.diag([0.5, 0.3, 0.2])
EQUAL, GENERIC = [0.0, 1.0, 2.0], [0.0, 1.0, 2.5]


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.name)
def test_true_statements_are_proved_and_false_ones_refuted(statement: Any) -> None:
    """On every instance the statement is PROVED, and its false variant REFUTED."""
    for arguments in drawn(statement, 15):
        check = statement.check(**arguments)
        assert check.verdict is Verdict.PROVED
        assert "True" in check.instance
        assert statement.check(**arguments, **statement.false_variant).verdict is Verdict.REFUTED


@pytest.mark.parametrize("n", [1, 2, 7, 50])
def test_qubits_satisfy_the_condition(n: int) -> None:
    """The decision for a qubit is yes for every n and agrees with enumeration."""
    check = check_energy_subspace_condition([0.25, -0.5], n)
    assert check.verdict is Verdict.PROVED
    assert "holds: True" in check.instance


@pytest.mark.parametrize(("d", "n"), [(3, 2), (3, 6), (4, 3), (6, 2)])
def test_equal_spacing_violates_the_condition(d: int, n: int) -> None:
    """Equally spaced levels fail, and enumeration finds the same gap of zero."""
    check = check_energy_subspace_condition(0.75 * np.arange(d) - 2, n)
    assert check.verdict is Verdict.PROVED
    assert "holds: False" in check.instance


def test_the_decision_agrees_with_enumeration_for_small_integers() -> None:
    """On all four levels up to 6, with and without coincidences, both give one gap."""
    for levels in itertools.combinations(range(7), 4):
        assert check_energy_subspace_condition(levels, 3).verdict is Verdict.PROVED
    tenths = [Fraction(k, 10) for k in (0, 1, 3, 4)]
    assert check_energy_subspace_condition(tenths, 2).verdict is Verdict.PROVED


def test_a_wrong_decision_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decision for fewer systems overlooks that five times 1 is twice 2.5."""
    right = energy_subspaces.satisfies_energy_subspace_condition
    monkeypatch.setattr(
        energy_subspaces,
        "satisfies_energy_subspace_condition",
        lambda energies, n: right(energies, n - 1),
    )
    assert check_energy_subspace_condition(GENERIC, 5).verdict is Verdict.REFUTED


def test_swaps_do_not_make_subspaces_uniform_without_the_condition() -> None:
    """With equal spacing two types share an energy, and swaps keep them apart."""
    for n, verdict in ((1, Verdict.PROVED), (2, Verdict.REFUTED), (3, Verdict.REFUTED)):
        assert check_uniform_subspaces(RHO, SIGMA, n, energies=EQUAL).verdict is verdict
    assert check_uniform_subspaces(RHO, SIGMA, 3, energies=GENERIC).verdict is Verdict.PROVED


def test_swaps_do_not_make_subspaces_uniform_with_coherence() -> None:
    """Condition 2 of Lemma 17 is needed: coherence within a type survives."""
    rho, sigma = states.random_state(2, rng=1), states.random_state(2, rng=2)
    assert check_uniform_subspaces(rho, sigma, 2, energies=[0.0, 1.0]).verdict is Verdict.REFUTED


def test_swaps_are_optimal_exactly_where_they_make_subspaces_uniform() -> None:
    """For a thermal target the distance is the least if no subspace has excess and deficit."""
    thermal = np.diag(np.array([4.0, 2.0, 1.0]) / 7)  # equally spaced
    for q, optimal in (((0.7, 0.1, 0.2), False), ((0.98, 0.0, 0.02), True), ((0, 1, 0), False)):
        # Both types of energy 2 exceed, or do not: |0,2> and |1,1> against 4/49.
        outer, inner = (q[0] + 4 * q[2]) / 14, 2 * q[1] / 7
        assert optimal == ((outer - 4 / 49) * (inner - 4 / 49) >= 0)
        check = check_optimal_swaps(np.diag(q), thermal, 2, energies=EQUAL)
        assert check.verdict is (Verdict.PROVED if optimal else Verdict.REFUTED)
        swaps, least = check.details.values()
        assert optimal == swaps.overlaps(least)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: check_energy_subspace_condition([1.0], 2), InvalidParameterError),
        (lambda: check_energy_subspace_condition(GENERIC, 0), InvalidParameterError),
        (lambda: check_energy_subspace_condition(GENERIC, 2, factor=-1), InvalidParameterError),
        (lambda: check_energy_subspace_condition(np.arange(30.0), 9), ResourceLimitError),
        (
            lambda: check_uniform_subspaces(RHO, SIGMA, 2, energies=[0.0, 1.0]),
            DimensionMismatchError,
        ),
        (lambda: check_uniform_subspaces(2 * RHO, SIGMA, 2, energies=GENERIC), InvalidStateError),
        (
            lambda: check_uniform_subspaces(RHO, SIGMA, 2, energies=GENERIC, factor=-1),
            InvalidParameterError,
        ),
        (
            lambda: check_optimal_swaps(RHO, SIGMA, 2, energies=[0.0, 1.0]),
            DimensionMismatchError,
        ),
        (lambda: check_optimal_swaps(RHO, SIGMA, 0, energies=GENERIC), InvalidParameterError),
        (
            lambda: check_optimal_swaps(RHO, SIGMA, 2, energies=GENERIC, factor=-1),
            InvalidParameterError,
        ),
    ],
)
def test_bad_input(call: Any, error: type[Exception]) -> None:
    """What cannot be checked is refused with an exception of this package."""
    with pytest.raises(error):
        call()
