"""Types, their exact energies and their multiplicities."""

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qentropy.errors import InvalidParameterError, ResourceLimitError
from qentropy.thermalization import energy_types
from qentropy.thermalization.energy_types import exact_levels, occupations, type_count

LEVELS = st.lists(st.floats(-10, 10), min_size=1, max_size=4)


@pytest.mark.parametrize(("d", "n"), [(1, 5), (2, 1), (4, 1), (3, 4), (5, 3)])
def test_all_types_are_there_once(d: int, n: int) -> None:
    """They are the vectors of natural numbers with sum n, in lexicographic order."""
    expected = [m for m in itertools.product(range(n + 1), repeat=d) if sum(m) == n]
    assert [tuple(row) for row in occupations(d, n).tolist()] == expected
    assert math.isclose(type_count(d, n), len(expected), rel_tol=1e-12)


def test_the_count_of_types_is_right_for_large_numbers() -> None:
    """It decides what is refused, so it must not suffer from cancellation."""
    for d, n in ((3, 2**53), (4, 10**9), (50, 10**4), (300, 2)):
        assert math.isclose(type_count(d, n), math.comb(n + d - 1, d - 1), rel_tol=1e-9)
    assert type_count(10**4, 10**4) == math.inf


@given(LEVELS, st.integers(1, 4))
def test_types_count_all_basis_states(levels: list[float], n: int) -> None:
    """Multiplicities sum to d**n, energies ascend, and equal labels mean equal energies."""
    types = energy_types(levels, n)
    assert math.isclose((2.0**types.log2_multiplicities).sum(), len(levels) ** n, rel_tol=1e-12)
    exact = [
        sum(int(m) * Fraction(e) for m, e in zip(row, levels, strict=True))
        for row in types.occupations
    ]
    assert exact == sorted(exact)
    np.testing.assert_allclose(types.energies, [float(e) for e in exact], atol=1e-13)
    for (a, b), (i, j) in zip(
        itertools.pairwise(exact), itertools.pairwise(types.labels), strict=True
    ):
        assert j - i == (b > a)


def test_equal_means_equal_as_rational_numbers() -> None:
    """The floats 0.1 + 0.2 and 0.3 differ, the fractions do not, and a tolerance joins them."""
    floats = [0.0, 0.1, 0.2, 0.3]
    tenths = [Fraction(k, 10) for k in range(4)]
    counts = [energy_types(levels, 2).labels[-1] + 1 for levels in (floats, tenths)]
    assert counts == [9, 7]
    assert energy_types(floats, 2, tolerance=1e-15).labels[-1] + 1 == 7
    assert energy_types(floats, 2, tolerance=1e300).labels[-1] == 0


def test_levels_of_very_different_size_stay_exact() -> None:
    """Where machine integers do not suffice, long ones do."""
    types = energy_types([0.0, 1e-200, 1.0], 2)
    assert types.labels[-1] == 5
    assert types.occupations[1].tolist() == [1, 1, 0]


def test_numbers_of_every_kind_are_exact() -> None:
    """Integers, floats of any precision and fractions become the fractions that they are."""
    levels = exact_levels([np.float32(0.5), np.int8(1), 2, Fraction(3, 2), np.longdouble(1)])  # type: ignore[arg-type]
    assert levels.lowest == Fraction(1, 2)
    assert levels.unit == Fraction(1, 2)
    assert levels.steps == (0, 1, 3, 2, 1)
    assert exact_levels([2**60 + 1, 2**60]).steps == (1, 0)
    assert exact_levels([3.0]).steps == (0,)


def test_arrays_are_read_only() -> None:
    """What was computed stays."""
    with pytest.raises(ValueError, match="read-only"):
        energy_types([0.0, 1.0], 2).labels[0] = 1


@pytest.mark.parametrize(
    "energies",
    [[], [math.nan, 0], [math.inf], [1e300], [10**400], ["0", "1"], "01", 5, None, [1j], [[0, 1]]],
)
def test_bad_energies(energies: Any) -> None:
    """Energies are real numbers whose sums do not overflow."""
    with pytest.raises(InvalidParameterError):
        energy_types(energies, 2)


@pytest.mark.parametrize(
    ("n", "tolerance", "error"),
    [
        (0, 0.0, InvalidParameterError),
        (2.0, 0.0, InvalidParameterError),
        (2, -1.0, InvalidParameterError),
        (2, math.nan, InvalidParameterError),
        (10**6, 0.0, ResourceLimitError),
        (2**53, 0.0, ResourceLimitError),
    ],
)
def test_bad_options(n: Any, tolerance: float, error: type[Exception]) -> None:
    """So are a count and a tolerance that make no sense, and types that do not fit."""
    with pytest.raises(error):
        energy_types([0.0, 1.0, 2.5, 3.5], n, tolerance=tolerance)
