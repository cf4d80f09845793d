"""The convex-split lemma, both sides by an independent route."""

import math

import numpy as np

from qentropy import lemmas, states
from qentropy.convex_split import convex_split_state
from qentropy.results import Verdict


def test_convex_split_sides_by_an_independent_route() -> None:
    """Both sides contain what plain floating point gives."""
    rho, sigma = states.random_state(3, rng=1), states.random_state(3, rng=2)
    check = lemmas.check_convex_split(rho, sigma, 3)
    power = np.kron(np.kron(sigma, sigma), sigma)
    norm = np.linalg.norm(convex_split_state(rho, sigma, 3) - power, "nuc")
    ratio = np.linalg.eigvals(np.linalg.solve(sigma, rho)).real.max()
    assert math.isclose(check.lhs.lower, norm**2, rel_tol=1e-9)
    assert math.isclose(check.lhs.upper, norm**2, rel_tol=1e-9)
    assert math.isclose(check.rhs.lower, ratio / 3, rel_tol=1e-9)
    assert math.isclose(check.rhs.upper, ratio / 3, rel_tol=1e-9)
    assert check.verdict is Verdict.PROVED


def test_convex_split_classical_example() -> None:
    """For p = (1, 0), q = (1/2, 1/2), n = 2: distance 1/2 and right-hand side 2/2."""
    check = lemmas.check_convex_split(np.diag([1.0, 0.0]), np.diag([0.5, 0.5]), 2)
    assert 0.25 in check.lhs
    assert 1.0 in check.rhs
    assert check.lhs.width < 1e-12


def test_convex_split_outside_the_support() -> None:
    """Without the support condition the right-hand side is infinite and the statement true."""
    check = lemmas.check_convex_split(np.diag([0.5, 0.5]), np.diag([1.0, 0.0]), 2)
    assert check.rhs.lower == math.inf
    assert check.verdict is Verdict.PROVED
