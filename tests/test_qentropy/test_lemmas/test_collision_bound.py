"""The collision divergence as an interval, and what it says about convex splits."""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from qentropy import lemmas, states
from qentropy.convex_split import convex_split_state
from qentropy.divergences import sandwiched_renyi_divergence
from qentropy.errors import InvalidParameterError, InvalidStateError
from qentropy.lemmas.collision_bound import collision_interval
from qentropy.results import Interval, LemmaCheck, Verdict


@pytest.mark.parametrize("seed", range(6))
def test_collision_interval_contains_the_closed_form(seed: int) -> None:
    """The interval is narrow and contains what the closed form gives in floating point."""
    rng = np.random.default_rng(seed)
    rho = states.random_state(3, rank=1 + seed % 3, rng=rng)
    sigma = states.random_state(3, rng=rng)
    interval = collision_interval(rho, sigma)
    expected = 2 ** float(sandwiched_renyi_divergence(rho, sigma, 2))
    assert interval.lower * (1 - 1e-12) <= expected <= interval.upper * (1 + 1e-12)
    assert interval.width < 1e-7 * expected


def test_collision_interval_is_exact_on_diagonals() -> None:
    """For diagonal operators it contains ``sum p**2/q`` in exact arithmetic."""
    rng = np.random.default_rng(8)
    for _ in range(20):
        p, q = rng.random((2, 4))
        interval = collision_interval(np.diag(p), np.diag(q))
        exact = sum(Fraction(a) ** 2 / Fraction(b) for a, b in zip(p, q, strict=True))
        assert Fraction(interval.lower) <= exact <= Fraction(interval.upper)


def test_errors_of_the_operators_are_covered() -> None:
    """Operators within the errors have their value in the interval."""
    rng = np.random.default_rng(9)
    p, q = rng.random((2, 4)) + 0.5
    interval = collision_interval(np.diag(p), np.diag(q), rho_error=1e-3, sigma_error=2e-3)
    for _ in range(50):
        a, b = rng.normal(size=(2, 4))
        moved = p + 1e-3 * a / np.linalg.norm(a), q + 2e-3 * b / np.linalg.norm(b)
        assert float((moved[0] ** 2 / moved[1]).sum()) in interval


def test_supports_decide_what_is_known() -> None:
    """Outside a zero row it is infinite, and nothing is known where sigma is singular."""
    rho = np.diag([0.5, 0.5])
    assert collision_interval(rho, np.diag([1.0, 0.0])) == Interval(math.inf, math.inf)
    assert 1.0 in collision_interval(np.diag([1.0, 0.0]), np.diag([1.0, 0.0]))
    for sigma in (np.full((2, 2), 0.5), np.diag([1.0, 1e-30]) + 0.5e-15 * (1 - np.eye(2))):
        assert collision_interval(rho, sigma) == Interval(0.0, math.inf)


def test_bound_by_an_independent_route() -> None:
    """Both sides contain what plain floating point gives."""
    rho, sigma = states.random_state(3, rng=1), states.random_state(3, rng=2)
    check = lemmas.check_collision_bound(rho, sigma, 3)
    power = np.kron(np.kron(sigma, sigma), sigma)
    norm = np.linalg.norm(convex_split_state(rho, sigma, 3) - power, "nuc")
    value = 2 ** float(sandwiched_renyi_divergence(rho, sigma, 2))
    assert check.lhs.upper == pytest.approx(norm**2, rel=1e-9)
    assert check.rhs.lower == pytest.approx((value - 1) / 3, rel=1e-9)
    assert check.verdict is Verdict.PROVED


def test_bound_is_sharper_than_the_lemma() -> None:
    """The right-hand side is below that of the convex-split lemma, on any pair."""
    for seed in range(6):
        rho, sigma = states.random_state(2, rng=seed), states.random_state(2, rng=seed + 50)
        sharp = lemmas.check_collision_bound(rho, sigma, 2)
        assert sharp.rhs.upper < lemmas.check_convex_split(rho, sigma, 2).rhs.lower


def test_bound_with_an_infinite_divergence_is_true() -> None:
    """Without the support condition the right-hand side is infinite."""
    check = lemmas.check_collision_bound(np.diag([0.5, 0.5]), np.diag([1.0, 0.0]), 2)
    assert check.rhs.lower == math.inf
    assert check.verdict is Verdict.PROVED


@pytest.mark.parametrize("n", [1, 2, 5])
def test_identity(n: int) -> None:
    """For p = (1, 0), q = (1/2, 1/2): ``2**D_2 - 1 = 1``, so that of n copies is ``1/n``."""
    rho, sigma = np.diag([1.0, 0.0]), np.diag([0.5, 0.5])
    check = lemmas.check_collision_identity(rho, sigma, n)
    assert check.verdict is Verdict.PROVED
    assert check.rhs.upper < 1e-10
    for factor in (1 - 1e-7, 1 + 1e-7):
        wrong = lemmas.check_collision_identity(rho, sigma, n, factor=factor)
        assert wrong.lhs.lower == pytest.approx(1e-7 / n, rel=1e-2)
        assert wrong.verdict is Verdict.REFUTED


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (
            lambda: lemmas.check_collision_identity(np.eye(2) / 2, np.full((2, 2), 0.5), 2),
            InvalidStateError,
        ),
        (
            lambda: lemmas.check_collision_bound(np.eye(2) / 2, np.eye(2) / 2, 0),
            InvalidParameterError,
        ),
        (
            lambda: lemmas.check_collision_bound(np.eye(2) / 2, np.eye(2) / 2, 2, factor=-1.0),
            InvalidParameterError,
        ),
    ],
)
def test_bad_input(call: Callable[[], LemmaCheck], error: type[Exception]) -> None:
    """Singular states where a value is needed, no copies, and negative factors are refused."""
    with pytest.raises(error):
        call()


def test_a_level_whose_inverse_overflows() -> None:
    """A sigma that is singular up to rounding has no proved upper end, and no warning is raised."""
    sigma = np.diag([1e-310, 1.0])
    for least in (1e-310, 1e-15):
        interval = collision_interval(np.diag([1.0, 0.0]), np.diag([least, 1.0]))
        assert interval == Interval(0.0, math.inf)
    check = lemmas.check_collision_bound(np.diag([1.0, 0.0]), sigma, 3)
    assert check.verdict is Verdict.UNDECIDED
