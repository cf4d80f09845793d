"""The bounds of the bath size against the exact distance."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from qentropy import lemmas, states
from qentropy.convex_split import convex_split_distance
from qentropy.errors import InvalidParameterError, ResourceLimitError
from qentropy.lemmas import bath_size
from qentropy.results import LemmaCheck, Verdict
from qentropy.smoothing import smooth_max_relative_entropy

RHO, SIGMA = np.diag([0.95, 0.05]), np.diag([0.3, 0.7])


@pytest.mark.parametrize(("epsilon", "n"), [(0.5, 12), (0.2, 79), (0.1, 316), (0.05, 1266)])
def test_upper_bound_is_at_the_paper_s_size(epsilon: float, n: int) -> None:
    """``2**D_max/eps**2 = 3.1667/eps**2``, rounded down; the distance there is known."""
    check = lemmas.check_bath_size_upper_bound(RHO, SIGMA, epsilon)
    assert n in check.details["number of systems"]
    known = convex_split_distance(RHO, SIGMA, n, method="types")
    assert known.overlaps(check.lhs)
    assert check.lhs.width < 1e-10
    assert check.verdict is Verdict.PROVED


def test_upper_bound_is_not_the_exact_size() -> None:
    """At eps = 0.1 the exact size is 129, so half of the bound still does and a third does not."""
    half, third = (
        lemmas.check_bath_size_upper_bound(RHO, SIGMA, 0.1, factor=f) for f in (0.5, 0.33)
    )
    assert half.verdict is Verdict.PROVED
    assert third.verdict is Verdict.REFUTED
    exact = lemmas.check_bath_size_upper_bound(RHO, SIGMA, 0.1, factor=129.5 / 316.66)
    below = lemmas.check_bath_size_upper_bound(RHO, SIGMA, 0.1, factor=128.5 / 316.66)
    assert (exact.verdict, below.verdict) == (Verdict.PROVED, Verdict.REFUTED)


def test_upper_bound_of_equal_states() -> None:
    """Equal states have distance zero, and one system is enough for eps = 1."""
    check = lemmas.check_bath_size_upper_bound(SIGMA, SIGMA, 1.0)
    assert check.lhs.upper < 1e-14
    assert check.verdict is Verdict.PROVED


def test_upper_bound_claims_nothing_outside_the_support() -> None:
    """An infinite number of systems is no claim."""
    check = lemmas.check_bath_size_upper_bound(np.eye(2) / 2, np.diag([1.0, 0.0]), 0.5)
    assert check.rhs.lower == math.inf
    assert check.details == {}
    assert check.verdict is Verdict.PROVED


@pytest.mark.parametrize("dimension", [2, 3])
def test_bounds_of_states_that_do_not_commute(dimension: int) -> None:
    """Coherent states go through irreducible blocks, or their matrices."""
    rho = states.random_state(dimension, rng=3)
    sigma = np.diag(np.arange(1.0, dimension + 1)) / (dimension * (dimension + 1) / 2)
    upper = lemmas.check_bath_size_upper_bound(rho, sigma, 1.0)
    lower = lemmas.check_bath_size_lower_bound(rho, sigma, 3)
    assert upper.verdict is lower.verdict is Verdict.PROVED
    assert upper.lhs.width < 1e-9


def test_upper_bound_with_many_types(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where types are too many the Fourier route gives the distance, and the same verdict."""
    p, q = np.diag([0.4, 0.3, 0.2, 0.1]), np.diag([0.1, 0.2, 0.3, 0.4])
    check = lemmas.check_bath_size_upper_bound(p, q, 0.5)
    monkeypatch.setattr(bath_size, "MOST_TYPES", 10)
    other = lemmas.check_bath_size_upper_bound(p, q, 0.5)
    assert check.verdict is other.verdict is Verdict.PROVED
    assert check.lhs.overlaps(other.lhs)
    assert check.lhs != other.lhs


def test_upper_bound_at_a_tiny_distance() -> None:
    """Some 1e14 copies: the normal law encloses the distance where the series is too wide."""
    p, q = np.diag([0.9, 0.1]), np.diag([0.2, 0.8])
    check = lemmas.check_bath_size_upper_bound(p, q, 1e-7)
    assert check.verdict is Verdict.PROVED
    asymptotic = math.sqrt(2 * (0.81 / 0.2 + 0.01 / 0.8 - 1) / math.pi / (4.5 / 1e-14))
    assert check.lhs.lower == pytest.approx(asymptotic, rel=1e-6)


def test_too_many_copies_of_qubits_that_do_not_commute() -> None:
    """No independent route is left, and the error says so."""
    with pytest.raises(ResourceLimitError, match="diagonal"):
        lemmas.check_bath_size_upper_bound(np.full((2, 2), 0.5), np.diag([0.2, 0.8]), 1e-3)


@pytest.mark.parametrize("n", [2, 10, 129, 3203])
def test_lower_bound_by_an_independent_route(n: int) -> None:
    """The left-hand side is the smooth max-relative entropy at the exact distance."""
    check = lemmas.check_bath_size_lower_bound(RHO, SIGMA, n)
    epsilon = convex_split_distance(RHO, SIGMA, n).upper
    value = float(smooth_max_relative_entropy(RHO, SIGMA, 2 * math.sqrt(epsilon)))
    assert check.lhs.lower - 1e-9 <= 2**value <= check.lhs.upper + 1e-9
    assert check.lhs.width < 1e-6
    assert check.verdict is Verdict.PROVED


def test_lower_bound_of_equal_states() -> None:
    """Equal states need one system: the left-hand side is one."""
    check = lemmas.check_bath_size_lower_bound(SIGMA, SIGMA, 2)
    assert 1.0 in check.lhs
    assert lemmas.check_bath_size_lower_bound(SIGMA, SIGMA, 2, factor=0.4).verdict is (
        Verdict.REFUTED
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda: lemmas.check_bath_size_upper_bound(RHO, SIGMA, 0.0),
        lambda: lemmas.check_bath_size_upper_bound(RHO, SIGMA, 1.5),
        lambda: lemmas.check_bath_size_upper_bound(RHO, SIGMA, 0.5, factor=-1.0),
        lambda: lemmas.check_bath_size_lower_bound(RHO, SIGMA, 0),
        lambda: lemmas.check_bath_size_lower_bound(RHO, SIGMA, 2, factor=-1.0),
    ],
)
def test_bad_input(call: Callable[[], LemmaCheck]) -> None:
    """Radii outside (0, 1], no systems and negative factors are refused."""
    with pytest.raises(InvalidParameterError):
        call()
