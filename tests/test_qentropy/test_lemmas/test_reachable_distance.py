"""The bound of Lemmas 14 and 15 for energy-preserving channels, and pinching."""

from typing import Any

import numpy as np
import pytest
from statement_instances import drawn

from qentropy import states
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError
from qentropy.lemmas.gaussian_draws import drawn_energy_preserving_unitaries
from qentropy.lemmas.reachable_distance import (
    STATEMENTS,
    check_pinching,
    check_reachable_distance,
)
from qentropy.lemmas.total_energies import energy_labels
from qentropy.results import Verdict
from qentropy.thermalization import pinched

SIGMA = np.diag([0.6, 0.3, 0.1])
LEVELS = [0.0, 1.0, 1.0]


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.name)
def test_true_statements_are_proved_and_false_ones_refuted(statement: Any) -> None:
    """On every instance the statement is PROVED, and on most its false variant REFUTED."""
    verdicts = []
    for arguments in drawn(statement, 15, seed=5):
        assert statement.check(**arguments).verdict is Verdict.PROVED
        verdicts.append(statement.check(**arguments, **statement.false_variant).verdict)
    assert verdicts.count(Verdict.REFUTED) >= 12


def test_the_bound_is_reached_by_pinching_onto_types() -> None:
    """Phases and swaps, mixed uniformly, take a qubit pair to the optimum (Prop. 18)."""
    rho, sigma = states.random_state(2, rng=1), np.diag([0.7, 0.3])
    phases = [np.diag([1, np.exp(2j * np.pi * k / 3)]) for k in range(3)]
    turns = [np.kron(a, b) for a in phases for b in phases]
    swap = np.eye(4)[[0, 2, 1, 3]]
    unitaries = np.array([u @ v for u in turns for v in (np.eye(4), swap)])
    check = check_reachable_distance(
        rho, sigma, 2, energies=[0.0, 1.0], unitaries=unitaries, weights=np.full(18, 1 / 18)
    )
    assert abs(check.slack.lower) < 1e-10
    assert check.slack.upper < 1e-10


def test_a_pinched_state_is_no_further_for_a_degenerate_level() -> None:
    """Coherence within a degenerate level stays, and the statement holds with equality."""
    rho = pinched(states.random_state(3, rng=1), np.diag(LEVELS))
    assert rho[1, 2] != 0
    labels = energy_labels(LEVELS, 2)
    rng = np.random.default_rng(1)
    unitaries = drawn_energy_preserving_unitaries(lambda *shape: rng.normal(size=shape), labels, 3)
    sigma = np.diag([0.6, 0.2, 0.2])
    check = check_pinching(
        rho, sigma, 2, energies=LEVELS, unitaries=unitaries, weights=[0.5, 0.25, 0.25]
    )
    assert check.lhs.overlaps(check.rhs)
    assert check.lhs.width < 1e-10


@pytest.mark.parametrize("check", [check_reachable_distance, check_pinching])
@pytest.mark.parametrize(
    ("sigma", "options", "error"),
    [
        (SIGMA, {"unitaries": [np.eye(9)[[1, 0, *range(2, 9)]]]}, InvalidStateError),
        (SIGMA, {"unitaries": [np.eye(3)]}, DimensionMismatchError),
        (SIGMA, {"energies": [0.0, 1.0]}, DimensionMismatchError),
        (SIGMA, {"weights": [0.5]}, InvalidStateError),
        (SIGMA, {"factor": -1}, InvalidParameterError),
        (np.eye(2) / 2, {}, DimensionMismatchError),
    ],
)
def test_bad_channels(
    check: Any, sigma: Any, options: dict[str, Any], error: type[Exception]
) -> None:
    """So is a channel that does not conserve the energy, or has another size."""
    arguments = {"energies": LEVELS, "unitaries": [np.eye(9)], "weights": [1.0]} | options
    with pytest.raises(error):
        check(np.eye(3) / 3, sigma, 2, **arguments)


def test_a_target_with_coherence_is_refused() -> None:
    """Pinching would not leave it as it is."""
    with pytest.raises(InvalidStateError):
        check_pinching(
            np.eye(2) / 2,
            np.full((2, 2), 0.5),
            2,
            energies=[0.0, 1.0],
            unitaries=[np.eye(4)],
            weights=[1.0],
        )
