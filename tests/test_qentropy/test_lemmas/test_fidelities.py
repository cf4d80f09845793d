"""The inequalities of Fuchs and van de Graaf, and the fidelity as an interval."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from qentropy import lemmas, states
from qentropy.distances import fidelity, trace_distance
from qentropy.errors import DimensionMismatchError, InvalidParameterError
from qentropy.lemmas.fidelities import fidelity_interval
from qentropy.results import LemmaCheck, Verdict

CHECKS = (lemmas.check_fidelity_lower_bound, lemmas.check_fidelity_upper_bound)


@pytest.mark.parametrize("seed", range(6))
def test_both_sides_by_an_independent_route(seed: int) -> None:
    """Each side contains what the closed forms of fidelity and trace distance give."""
    rng = np.random.default_rng(seed)
    dimension = 2 + seed % 3
    rho = states.random_state(dimension, rank=1 + seed % dimension, rng=rng)
    sigma = states.random_state(dimension, rng=rng)
    f, t = float(fidelity(rho, sigma)), float(trace_distance(rho, sigma))
    below, above = (check(rho, sigma) for check in CHECKS)
    expected = [
        (below.lhs, 1 - f),
        (below.rhs, t),
        (above.lhs, t),
        (above.rhs, math.sqrt(1 - f**2)),
    ]
    for side, value in expected:
        assert side.lower - 1e-7 <= value <= side.upper + 1e-7
        assert side.width < 1e-12
    assert below.verdict is above.verdict is Verdict.PROVED


def test_known_fidelity() -> None:
    """F(diag(3/4, 1/4), diag(2/3, 1/3)) = (sqrt 6 + 1)/sqrt 12 (toqito's tests: 0.9957819158)."""
    left = np.diag(np.sqrt([3 / 4, 1 / 4]))[None]
    right = np.diag(np.sqrt([2 / 3, 1 / 3]))[None]
    interval = fidelity_interval(left, right)
    assert (math.sqrt(6) + 1) / math.sqrt(12) in interval
    assert interval.width < 1e-13


def test_fidelity_of_factors_with_different_columns() -> None:
    """Factors may have any number of columns, and those of blocks are added up."""
    rng = np.random.default_rng(3)
    left, right = rng.normal(size=(2, 3, 1)), rng.normal(size=(2, 3, 4)) * (1 + 0.5j)
    expected = sum(np.linalg.norm(a.conj().T @ b, "nuc") for a, b in zip(left, right, strict=True))
    interval = fidelity_interval(left, right)
    assert interval.lower <= expected <= interval.upper
    assert interval.width < 1e-11


def test_equality_is_not_called_proved() -> None:
    """Two pure states attain the upper bound; intervals cannot tell, and say so."""
    rho, sigma = (states.random_state(3, rank=1, rng=seed) for seed in (1, 2))
    check = lemmas.check_fidelity_upper_bound(rho, sigma)
    assert check.verdict is Verdict.UNDECIDED
    assert check.slack.width < 1e-12


def test_commuting_orthogonal_states() -> None:
    """For orthogonal diagonal states all four quantities are one."""
    rho, sigma = np.diag([1.0, 0.0]), np.diag([0.0, 1.0])
    for check in (c(rho, sigma) for c in CHECKS):
        assert 1.0 in check.lhs
        assert 1.0 in check.rhs


def test_equal_states() -> None:
    """For equal states all sides are zero up to rounding, the root of it in the upper bound."""
    rho = states.random_state(3, rng=4)
    below, above = (check(rho, rho) for check in CHECKS)
    assert max(below.lhs.upper, below.rhs.upper, above.lhs.upper) < 1e-13
    assert above.rhs.upper < 1e-6


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: CHECKS[0](np.eye(2) / 2, np.eye(3) / 3), DimensionMismatchError),
        (lambda: CHECKS[1]([np.eye(2) / 2] * 2, [np.eye(2) / 2] * 2), DimensionMismatchError),
        (lambda: CHECKS[1](np.eye(2) / 2, np.eye(2) / 2, factor=-1.0), InvalidParameterError),
    ],
)
def test_bad_input(call: Callable[[], LemmaCheck], error: type[Exception]) -> None:
    """States of different sizes, stacks and negative factors are refused."""
    with pytest.raises(error):
        call()
