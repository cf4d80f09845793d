"""The energy subspace condition, and pinching."""

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies import states as density_operators

from qentropy import states
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError
from qentropy.thermalization import pinched
from qentropy.thermalization import satisfies_energy_subspace_condition as condition
from qentropy.thermalization.energy_types import occupations

Array = NDArray[Any]


@pytest.mark.parametrize("n", [1, 2, 50, 10**9])
def test_qubits_satisfy_it(n: int) -> None:
    """Every qubit that is not degenerate does, for any n (below Def. 2)."""
    found = condition([0.25, -0.5], n)
    assert found.holds is True
    assert found.smallest_gap == 0.75
    assert condition([1.0, 1.0], n).holds is False
    assert condition([1.0], n).holds is True
    assert condition([1.0], n).smallest_gap == math.inf
    assert condition([1.0], n).relation is None


@pytest.mark.parametrize("d", [3, 5, 8, 200])
def test_equal_spacing_violates_it(d: int) -> None:
    """Two systems in the middle have the energy of one above and one below."""
    levels = np.arange(d) * 0.75 - 2
    assert condition(levels, 1).holds is True
    for n in (2, 3, 20):
        found = condition(levels, n)
        assert found.holds is False
        assert found.smallest_gap == 0
        assert found.pair is not None
        first, second = (np.array(m) for m in found.pair)
        assert first.sum() == second.sum() == n
        assert first @ levels == second @ levels
        assert (first != second).any()


def test_equal_gaps_violate_it() -> None:
    """The Hamiltonian of the counterexample (C9) fails from n = 2 on, by E1 + E4 = E2 + E3."""
    levels = [0.0, 0.5, 1.25, 1.75]
    assert condition(levels, 1).holds is True
    found = condition(levels, 2)
    assert found.holds is False
    assert found.relation == (1, -1, -1, 1)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=4), st.integers(1, 4))
def test_the_gap_is_the_smallest_of_all_pairs(levels: list[int], n: int) -> None:
    """Every pair of types is at least as far apart, and the pair given is as close as that."""
    found = condition(levels, n)
    energies = occupations(len(levels), n) @ np.array(levels)
    gaps = [abs(a - b) for a, b in itertools.combinations(energies.tolist(), 2)]
    assert found.smallest_gap == min(gaps, default=math.inf)
    assert found.holds == (found.smallest_gap > 0)
    if found.pair is not None:
        first, second = (sum(m * e for m, e in zip(t, levels, strict=True)) for t in found.pair)
        assert abs(first - second) == found.smallest_gap
        assert sum(found.relation or ()) == 0


@given(
    st.lists(st.integers(0, 40), min_size=2, max_size=5),
    st.integers(1, 5),
    st.sampled_from([-4, 0.25, 3]),
    st.integers(-100, 100),
)
def test_affine_changes_of_the_energy_do_not_matter(
    levels: list[int], n: int, factor: float, offset: int
) -> None:
    """Another zero and another unit of energy scale the gap and leave the answer."""
    found, other = condition(levels, n), condition([factor * e + offset for e in levels], n)
    assert other.holds == found.holds
    assert other.smallest_gap == abs(factor) * found.smallest_gap


@given(st.lists(st.integers(0, 40), min_size=3, max_size=4), st.integers(2, 6))
def test_what_holds_for_n_holds_for_fewer(levels: list[int], n: int) -> None:
    """Systems that both types share can be left out or added."""
    assert condition(levels, n - 1).holds or not condition(levels, n).holds
    assert condition(levels, n - 1).smallest_gap >= condition(levels, n).smallest_gap


def test_three_rational_levels_fail_at_a_known_size() -> None:
    """Levels 0, a, b without a common divisor: b of the middle one balance, and no fewer."""
    for a, b in ((3, 7), (5, 12), (1, 20)):
        assert condition([0, a, b], b - 1).holds is True
        assert condition([0, a, b], b).holds is False


def test_floats_are_what_they_are_and_a_tolerance_forgives() -> None:
    """The floats 0.1 + 0.2 and 0.3 differ by one unit, which a tolerance covers."""
    levels = [0.0, 0.1, 0.3, 0.2 + 0.2]
    found = condition(levels, 2)
    assert found.holds is True
    assert 0 < found.smallest_gap < 1e-16
    assert condition(levels, 2, tolerance=1e-15).holds is False
    tenths = [Fraction(k, 10) for k in (0, 1, 3, 4)]
    assert condition(tenths, 2).holds is False


def test_tiny_differences_are_found_exactly() -> None:
    """A gap far below the rounding of the sums is neither lost nor taken for zero."""
    found = condition([0.0, 1.0, 2.0, 1e-200], 2)
    assert found.holds is False
    found = condition([-1.0, 1e-200, 1.0], 2)
    assert found.holds is True
    assert found.smallest_gap == 2e-200
    assert found.relation == (1, -2, 1)


def test_eight_levels_and_twenty_systems_are_decided() -> None:
    """All 888,030 types are compared."""
    levels = np.random.default_rng(0).random(8)
    found = condition(levels, 20)
    assert found.holds is True
    assert found.compared == 20
    relation = [
        int(k) * Fraction(float(e)) for k, e in zip(found.relation or (), levels, strict=True)
    ]
    assert abs(float(sum(relation))) == found.smallest_gap > 0


def test_beyond_the_limit_nothing_is_claimed() -> None:
    """Without a violation among fewer systems the answer is open; with one it is no."""
    levels = np.random.default_rng(0).random(16)
    found = condition(levels, 40)
    assert found.holds is None
    assert 2 <= found.compared < 40
    assert found.pair is not None
    assert sum(found.pair[0]) == sum(found.pair[1]) == 40
    assert condition(np.arange(16.0), 40).holds is False


@pytest.mark.parametrize(
    ("energies", "n", "tolerance"),
    [
        ([], 2, 0.0),
        ([0, math.nan], 2, 0.0),
        (["a"], 2, 0.0),
        ([0, 1], 0, 0.0),
        ([0, 1], 1.5, 0.0),
        ([0, 1], 2, -1.0),
        ([0, 1], 2, "x"),
    ],
)
def test_bad_condition(energies: Any, n: Any, tolerance: Any) -> None:
    """What makes no sense is refused with an exception of this package."""
    with pytest.raises(InvalidParameterError):
        condition(energies, n, tolerance=tolerance)


@given(density_operators(4))
def test_pinching_keeps_the_diagonal_alone(rho: Array) -> None:
    """In a diagonal Hamiltonian without degeneracy only the diagonal stays, without rounding."""
    out = pinched(rho, np.diag([3.0, 0.0, 1.0, -2.0]))
    np.testing.assert_array_equal(out, np.diag(np.diagonal(rho).real))


@given(density_operators(4), st.integers(0, 9))
def test_pinching_is_the_average_over_time(rho: Array, seed: int) -> None:
    """It commutes with H, repeats itself, keeps energy weights and what commutes already."""
    energy = states.random_state(4, spectrum=[0.1, 0.1, 0.3, 0.5], rng=seed)
    out = pinched(rho, energy)
    np.testing.assert_allclose(out @ energy, energy @ out, atol=1e-14)
    np.testing.assert_allclose(pinched(out, energy), out, atol=1e-14)
    values, vectors = np.linalg.eigh(energy)
    phases = [(vectors * np.exp(2j * np.pi * k * np.round(10 * values) / 4)) for k in range(8)]
    turns = [phase @ vectors.conj().T for phase in phases]
    # The energies are 1, 3 and 5 tenths; eighths of a turn for each tenth tell them apart.
    turns += [
        turn @ (vectors * np.exp(2j * np.pi * np.round(10 * values) / 8)) @ vectors.conj().T
        for turn in turns
    ]
    average = sum(turn @ rho @ turn.conj().T for turn in turns) / len(turns)
    np.testing.assert_allclose(out, average, atol=1e-13)


def test_a_tolerance_joins_levels() -> None:
    """Coherence between levels that count as one stays."""
    plus = np.full((2, 2), 0.5)
    assert pinched(plus, np.diag([0, 1e-3]))[0, 1] == 0
    assert pinched(plus, np.diag([0, 1e-3]), tolerance=1e-2)[0, 1] == 0.5
    assert pinched(plus, np.eye(2))[0, 1] == 0.5


@pytest.mark.parametrize(
    ("rho", "hamiltonian", "tolerance", "error"),
    [
        (np.eye(2), np.eye(2), None, InvalidStateError),
        (np.eye(2) / 2, [[0, 1], [0, 0]], None, InvalidStateError),
        (np.eye(2) / 2, np.eye(3), None, DimensionMismatchError),
        (np.stack([np.eye(2) / 2] * 2), np.stack([np.eye(2)] * 2), None, DimensionMismatchError),
        (np.eye(2) / 2, np.eye(2), -1.0, InvalidParameterError),
    ],
)
def test_bad_pinching(rho: Any, hamiltonian: Any, tolerance: Any, error: type[Exception]) -> None:
    """So is what cannot be pinched."""
    with pytest.raises(error):
        pinched(rho, hamiltonian, tolerance=tolerance)
