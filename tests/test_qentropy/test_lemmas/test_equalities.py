"""Equality up to rounding: proved where it holds, refuted where it does not."""

import math

import numpy as np
import pytest

from qentropy import states
from qentropy.lemmas.equalities import distance_interval, equal_matrices, equal_numbers
from qentropy.results import Interval, Verdict

NAMES = ("statement", "(0)")


def test_the_distance_is_the_trace_norm() -> None:
    """The interval holds the sum of the singular values, and an error widens it."""
    rho, sigma = states.random_state(4, rng=1), states.random_state(4, rng=2)
    exact = np.linalg.norm(rho - sigma, "nuc")
    narrow, wide = distance_interval(rho, sigma), distance_interval(rho, sigma, 1e-6)
    assert exact in narrow
    assert narrow.width < 1e-12
    assert wide.lower <= exact - 1e-6
    assert wide.upper >= exact + 1e-6


@pytest.mark.parametrize(
    ("size", "verdict"), [(0.0, Verdict.PROVED), (1e-14, Verdict.PROVED), (1e-9, Verdict.REFUTED)]
)
def test_matrices_are_equal_up_to_the_error(size: float, verdict: Verdict) -> None:
    """What lies within the error is proved, what lies far outside is refuted."""
    rho = states.random_state(3, rng=1)
    other = rho + size * np.diag([1.0, -1.0, 0.0])
    details = {"size": Interval(size, size)}
    check = equal_matrices(rho, other, 1e-13, names=NAMES, instance="d = 3", details=details)
    assert check.verdict is verdict
    assert check.rhs.lower >= math.sqrt(3) * 1e-13
    assert check.details == details
    assert (check.statement, check.equation) == NAMES


@pytest.mark.parametrize(
    ("left", "right", "verdict"),
    [
        ((0.0, 1.0), (1.0, 2.0), Verdict.PROVED),
        ((0.0, 3.0), (1.0, 2.0), Verdict.PROVED),
        ((0.5, 0.5), (0.5, 0.5), Verdict.PROVED),
        ((0.0, 0.1), (0.2, 0.3), Verdict.UNDECIDED),
        ((0.0, 0.1), (0.4, 0.5), Verdict.REFUTED),
        ((0.4, 0.5), (0.0, 0.1), Verdict.REFUTED),
        ((0.5, 0.5), (0.6, 0.6), Verdict.REFUTED),
    ],
)
def test_numbers_are_equal_where_intervals_overlap(
    left: tuple[float, float], right: tuple[float, float], verdict: Verdict
) -> None:
    """Overlap proves that two numbers differ by no more than the widths; a clear gap refutes."""
    check = equal_numbers(Interval(*left), Interval(*right), names=NAMES, instance="")
    assert check.verdict is verdict
    assert check.rhs.lower >= left[1] - left[0] + right[1] - right[0]


def test_the_difference_of_numbers_is_enclosed() -> None:
    """Every difference that the intervals allow is in the left-hand side if they are disjoint."""
    left, right = Interval(0.0, 0.125), Interval(0.5, 1.0)
    check = equal_numbers(left, right, names=NAMES, instance="")
    assert check.lhs.lower <= 0.375
    assert check.lhs.upper >= 1.0
