"""Lemma 15: the closest state with given weights on the energy subspaces."""

from typing import Any

import numpy as np
import pytest
from statement_instances import drawn

from qentropy import states
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError
from qentropy.lemmas.fixed_weights import STATEMENTS, check_fixed_weights
from qentropy.results import Verdict

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


def test_the_minimiser_is_as_far_as_the_weights() -> None:
    """Its distance is ``sum_i |p_i - q_i|``, here 0.5 + 0.5 by hand."""
    rho = np.array([[0.1, 0.05, 0.0], [0.05, 0.5, 0.2], [0.0, 0.2, 0.4]])
    check = check_fixed_weights(rho, SIGMA, energies=LEVELS)
    assert check.verdict is Verdict.PROVED
    for interval in (check.lhs, check.details["distance of the weights"]):
        assert interval.upper >= 1.0 - 1e-15
        assert interval.lower <= 1.0
        assert interval.width < 1e-12
    assert check.rhs.lower > 1.005
    assert abs(np.linalg.norm(rho - SIGMA, "nuc") - check.rhs.lower) < 1e-12


def test_a_subspace_that_the_target_does_not_use() -> None:
    """There any state does: weight p_i comes at the price p_i."""
    target = np.diag([1.0, 0.0, 0.0])
    rho = states.random_state(3, rng=1)
    check = check_fixed_weights(rho, target, energies=LEVELS)
    assert check.verdict is Verdict.PROVED
    weight = rho[0, 0].real
    assert check.lhs.lower <= 2 * (1 - weight) + 1e-14
    assert check.lhs.upper >= 2 * (1 - weight) - 1e-14


@pytest.mark.parametrize(
    ("rho", "sigma", "options", "error"),
    [
        (np.eye(3) / 3, np.full((3, 3), 1 / 3), {"energies": LEVELS}, InvalidStateError),
        (np.eye(3), SIGMA, {"energies": LEVELS}, InvalidStateError),
        (np.eye(2) / 2, SIGMA, {"energies": LEVELS}, DimensionMismatchError),
        (SIGMA, SIGMA, {"energies": [0.0, 1.0]}, DimensionMismatchError),
        (SIGMA, SIGMA, {"energies": ["a", 1, 2]}, InvalidParameterError),
        (SIGMA, SIGMA, {"energies": LEVELS, "factor": -1}, InvalidParameterError),
    ],
)
def test_bad_weights(rho: Any, sigma: Any, options: dict[str, Any], error: type[Exception]) -> None:
    """What Lemma 15 does not speak of is refused."""
    with pytest.raises(error):
        check_fixed_weights(rho, sigma, **options)
