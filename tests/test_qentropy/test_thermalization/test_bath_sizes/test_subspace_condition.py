"""Tests of the range of the energy subspace condition, for exact and for computed levels."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from qentropy.thermalization.bath_sizes.energy_eigenbasis import EnergyBasis, energy_basis
from qentropy.thermalization.bath_sizes.subspace_condition import ConditionRange, condition_range


def basis_of(levels: list[float], error: float = 0.0) -> EnergyBasis:
    """Levels of a diagonal Hamiltonian, known up to an error."""
    flat = np.eye(len(levels)) / len(levels)
    return replace(energy_basis(flat, flat, np.diag(levels)), level_error=error)


def test_answer_depends_on_the_number() -> None:
    """Proved up to one number, refuted from another on, undecided in between."""
    found = ConditionRange(holds_up_to=3, fails_from=7, reason="")
    assert [found.holds(n) for n in (3, 4, 6, 7, math.inf)] == [True, None, None, False, False]


@pytest.mark.parametrize("levels", [[1.0], [0.0, 1.0]])
def test_few_different_levels_always_satisfy_it(levels: list[float]) -> None:
    """One level has one type; of two different ones each type has its own energy."""
    assert condition_range(basis_of(levels), 0).holds(math.inf) is True


def test_equal_levels_never_satisfy_it() -> None:
    """Equal levels fail for one system; levels equal up to rounding are undecided."""
    assert condition_range(basis_of([1.0, 1.0]), 5).holds(1) is False
    hidden = replace(basis_of([1.0, 1.0]), is_nondegenerate=None)
    assert condition_range(hidden, 5).holds(1) is None


@pytest.mark.parametrize(("third", "size"), [(2.0, 2), (1.5, 3), (3.0, 3), (1.375, 11)])
def test_rational_levels_fail_where_they_must(third: float, size: int) -> None:
    """Levels 0, 1 and a/b fail first for max(a, b) systems, as elementary arithmetic says."""
    found = condition_range(basis_of([0.0, 1.0, third]), 50)
    assert (found.holds_up_to, found.fails_from) == (size - 1, size)
    assert found.holds(size - 1) is True
    assert found.holds(50) is False


def test_levels_of_small_error_are_decided_and_of_large_error_not() -> None:
    """A gap beyond rounding is proved; one within is neither proved nor refuted."""
    exact = [0.0, 1.0, math.sqrt(2)]
    assert condition_range(basis_of(exact, 1e-14), 20).holds_up_to == 20
    # 12 sqrt(2) = 17 - 0.029: types of 17 systems are closer than 34 times the error.
    coarse = condition_range(basis_of(exact, 1e-3), 20)
    assert 5 <= coarse.holds_up_to < 17
    assert coarse.fails_from == math.inf
    assert coarse.holds(17) is None
    assert condition_range(basis_of(exact, math.inf), 20).holds(1) is None


def test_range_that_shrinks_with_its_error() -> None:
    """What looks equal among many systems is looked at again among fewer."""
    near = basis_of([0.0, 1.0, 2.0 + 1e-3], 4e-5)
    found = condition_range(near, 20)
    assert 2 <= found.holds_up_to < 20
    assert found.fails_from == math.inf


def test_thermal_levels_are_compared_by_products() -> None:
    """Eigenvalues 4/7, 2/7, 1/7 have equal products exactly; thirds and sevenths do not."""
    tau = np.diag(np.array([4.0, 2.0, 1.0]) / 7)
    found = condition_range(energy_basis(tau, tau, None), 6, tau.diagonal())
    assert (found.holds_up_to, found.fails_from) == (1, 2)
    p = [Fraction(x) for x in tau.diagonal().tolist()]
    assert p[0] * p[2] == p[1] ** 2
    assert condition_range(energy_basis(tau, tau, None), 6).holds(2) is None


def test_no_systems_need_nothing() -> None:
    """Where no number is too small, nothing is compared."""
    assert condition_range(basis_of([0.0, 1.0, 2.0]), 0).holds(0) is True


def test_many_levels_are_compared_as_far_as_memory_goes() -> None:
    """With 64 levels only a few systems can be compared, and the rest is undecided."""
    levels = np.random.default_rng(1).standard_normal(64).tolist()
    found = condition_range(basis_of(levels), math.inf)
    assert 2 <= found.holds_up_to < 10
    assert found.holds(10) is None
