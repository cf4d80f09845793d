"""Remark 19: log d bits of randomness and no bath, where all energies are equal."""

import math
from typing import Any

import numpy as np
import pytest
from statement_instances import drawn

from qentropy import states
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError
from qentropy.lemmas.trivial_hamiltonian import STATEMENTS, check_trivial_hamiltonian
from qentropy.results import Verdict


def test_the_statement_is_proved_and_its_false_variant_refuted() -> None:
    """With as many unitaries as levels every state becomes uniform, with one fewer none does."""
    for arguments in drawn(STATEMENTS[0], 15):
        check = check_trivial_hamiltonian(**arguments)
        assert check.verdict is Verdict.PROVED
        assert check.rhs.upper < 1e-10
        bits = check.details["bits of randomness"]
        assert math.log2(len(arguments["rho"])) in bits
        assert check_trivial_hamiltonian(**arguments, missing=1).verdict is Verdict.REFUTED


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_pure_state_needs_all_unitaries(missing: int) -> None:
    """With K of d unitaries its rank is K, and the distance ``2 (1 - K/d)``, for qudits d = 4."""
    check = check_trivial_hamiltonian(states.random_state(4, rank=1, rng=1), missing=missing)
    exact = 2 * missing / 4
    assert check.lhs.lower - 1e-14 <= exact <= check.lhs.upper + 1e-14
    assert check.lhs.width < 1e-12


@pytest.mark.parametrize(
    "spectrum", [[0.25] * 4, [0.5, 0.5, 0, 0], [0.4, 0.4, 0.1, 0.1], [1, 0, 0, 0]]
)
def test_degenerate_eigenvalues_are_no_trouble(spectrum: list[float]) -> None:
    """Any eigenbasis will do."""
    rho = states.random_state(4, spectrum=spectrum, rng=2)
    assert check_trivial_hamiltonian(rho).verdict is Verdict.PROVED


def test_one_level() -> None:
    """A single level is thermal as it is."""
    assert check_trivial_hamiltonian([[1.0]]).verdict is Verdict.PROVED


@pytest.mark.parametrize(
    ("rho", "missing", "error"),
    [
        (np.eye(2), 0, InvalidStateError),
        (np.stack([np.eye(2) / 2] * 2), 0, DimensionMismatchError),
        (np.eye(2) / 2, 2, InvalidParameterError),
        (np.eye(2) / 2, -1, InvalidParameterError),
        (np.eye(2) / 2, 0.5, InvalidParameterError),
        (np.eye(2) / 2, True, InvalidParameterError),
    ],
)
def test_bad_input(rho: Any, missing: Any, error: type[Exception]) -> None:
    """What cannot be checked is refused with an exception of this package."""
    with pytest.raises(error):
        check_trivial_hamiltonian(rho, missing=missing)
