"""Channels: diamond distance, max- and min-relative entropy, from their Choi operators."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import qutip
from bipartite_cases import (
    SPOILS,
    assert_known,
    break_solver,
    choi,
    classical_channel,
    quietly,
    random_channel,
)
from strategies import Array

from qentropy import (
    channel_max_relative_entropy,
    channel_min_relative_entropy,
    diamond_distance,
    max_relative_entropy,
    min_relative_entropy,
    trace_distance,
)
from qentropy.errors import (
    CertificationWarning,
    DimensionMismatchError,
    InvalidParameterError,
    InvalidStateError,
)
from qentropy.states import random_state

QUBIT = (2, 2)
IDENTITY = choi(np.eye(2))
MIXING = np.eye(4) / 2
FIRST, SECOND = [[0.5, 0.5, 0.0], [0.25, 0.75, 0.0]], [[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]]
PAIRS = {
    "isometries": (random_channel((2, 3), 1, 1), random_channel((2, 3), 1, 2), (2, 3)),
    "low rank": (random_channel((3, 2), 2, 3), random_channel((3, 2), 3, 4), (3, 2)),
    "full rank": (random_channel((2, 2), 4, 5), random_channel((2, 2), 4, 6), (2, 2)),
    "real": (
        choi(np.eye(2)),
        choi(*np.sqrt([[[0.5]], [[0.5]]]) * [np.eye(2), np.eye(2)[::-1]]),
        QUBIT,
    ),
}


# The norm, and -log2 of the least overlap: name, both channels, dims, value.
DISTANCES = [
    ("diag(1, 1, i) on a qutrit", choi(np.diag([1, 1, 1j])), choi(np.eye(3)), (3, 3), math.sqrt(2)),
    ("the same channel", IDENTITY, IDENTITY, QUBIT, 0.0),
    ("identity and complete mixing", IDENTITY, MIXING, QUBIT, 1.5),
    (
        "orthogonal outputs",
        classical_channel([[1, 0]] * 2),
        classical_channel([[0, 1]] * 2),
        QUBIT,
        2.0,
    ),
    ("classical, largest row", classical_channel(FIRST), classical_channel(SECOND), (2, 3), 1.0),
    ("identity and bit flip", IDENTITY, choi(np.eye(2)[::-1]), QUBIT, 2.0),
]
OVERLAPS = [
    ("the same channel", IDENTITY, IDENTITY, QUBIT, 0.0),
    ("full rank", MIXING, IDENTITY, QUBIT, 0.0),
    ("identity and complete mixing", IDENTITY, MIXING, QUBIT, 2.0),
    ("classical, smallest row", classical_channel(FIRST), classical_channel(SECOND), (2, 3), 1.0),
]


@pytest.mark.parametrize("case", DISTANCES, ids=[case[0] for case in DISTANCES])
def test_known_diamond_distances(case: tuple[str, Array, Array, tuple[int, int], float]) -> None:
    """Acceptance case 13 (toqito's tests), and closed forms; the norm, not half of it."""
    _, first, second, dims, value = case
    result = diamond_distance(first, second, dims)
    assert_known(result, value)
    assert result.unit == ""
    assert "bits" not in repr(result)
    assert result.gap == result.upper - result.lower


@pytest.mark.parametrize("case", OVERLAPS, ids=[case[0] for case in OVERLAPS])
def test_known_min_relative_entropies(
    case: tuple[str, Array, Array, tuple[int, int], float],
) -> None:
    """Closed forms: the best input is a row of a classical channel, or maximally entangled."""
    _, first, second, dims, value = case
    assert_known(channel_min_relative_entropy(first, second, dims), value)


def test_perfect_distinguishability_has_no_upper_end() -> None:
    """Orthogonal outputs: only a large lower end is proved, and said to be wide."""
    flip = choi(np.eye(2)[::-1])
    with pytest.warns(CertificationWarning, match="relative gap"):
        result = channel_min_relative_entropy(IDENTITY, flip, QUBIT)
    assert result.lower > 20
    assert result.upper == math.inf


def replacing(rho: Array) -> Array:
    """Choi operator of the channel on a qubit that returns rho whatever comes in."""
    return np.kron(np.eye(2), rho)


@pytest.mark.parametrize("ranks", [(1, 2), (2, 3), (3, 3)])
def test_replacing_channels_are_as_far_as_their_states(ranks: tuple[int, int]) -> None:
    """All three reduce to the quantities of the states that the channels return."""
    rho, sigma = (random_state(3, rank=k, rng=k) for k in ranks)
    data = replacing(rho), replacing(sigma), (2, 3)
    assert_known(diamond_distance(*data), 2 * trace_distance(rho, sigma))
    assert_known(channel_min_relative_entropy(*data), min_relative_entropy(rho, sigma))
    assert channel_max_relative_entropy(*data) == pytest.approx(max_relative_entropy(rho, sigma))


@pytest.mark.parametrize("name", PAIRS)
def test_the_returned_input_attains_the_lower_end(name: str) -> None:
    """``|| sqrt(rho) (J_N - J_M) sqrt(rho) ||_1`` with the marginal that is returned."""
    first, second, dims = PAIRS[name]
    result = diamond_distance(first, second, dims)
    values, vectors = np.linalg.eigh(result.state)
    root = np.kron((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.conj().T, np.eye(dims[1]))
    norm = abs(np.linalg.eigvalsh(root @ (first - second) @ root)).sum()
    assert np.trace(result.state).real == pytest.approx(1)
    assert norm == pytest.approx(result.lower, abs=1e-6)


@pytest.mark.parametrize("name", PAIRS)
def test_order_of_the_divergences(name: str) -> None:
    """``D_min <= D_max``, and every input bounds both from below."""
    first, second, dims = PAIRS[name]
    low = quietly(channel_min_relative_entropy, first, second, dims)
    high = channel_max_relative_entropy(first, second, dims)
    states = first / dims[0], second / dims[0]
    assert min_relative_entropy(*states) - 1e-9 <= low.upper
    assert low.lower <= high + 1e-9
    assert max_relative_entropy(*states) == pytest.approx(high)


@pytest.mark.parametrize("name", PAIRS)
def test_diamond_distance_is_a_metric(name: str) -> None:
    """Symmetric, and no detour is shorter."""
    first, second, dims = PAIRS[name]
    third = random_channel(dims, 2, 9)
    there, back = diamond_distance(first, second, dims), diamond_distance(second, first, dims)
    assert there.lower <= back.upper + 1e-9
    assert back.lower <= there.upper + 1e-9
    legs = diamond_distance(first, third, dims), diamond_distance(third, second, dims)
    assert there.lower <= legs[0].upper + legs[1].upper


def test_distance_of_unitaries() -> None:
    """``2 sqrt(1 - m**2)``, m the distance from zero of the hull of the eigenvalues."""
    for angle in (0.3, 1.0, math.pi):
        turned = choi(np.diag([1, np.exp(1j * angle)]))
        assert_known(diamond_distance(turned, IDENTITY, QUBIT), 2 * math.sin(angle / 2))


def test_stacks_of_channels_in_the_closed_form() -> None:
    """Leading axes broadcast, as everywhere."""
    stack = np.stack([IDENTITY, MIXING])
    found = channel_max_relative_entropy(stack, MIXING, QUBIT)
    np.testing.assert_allclose(found, [2, 0], atol=1e-12)
    assert channel_max_relative_entropy(MIXING, IDENTITY, QUBIT) == math.inf
    assert channel_max_relative_entropy(IDENTITY, 8 * MIXING, QUBIT) == pytest.approx(-1)


@pytest.mark.parametrize("spoil", SPOILS)
@pytest.mark.parametrize("name", PAIRS)
def test_a_broken_solver_leaves_the_interval_true(
    monkeypatch: pytest.MonkeyPatch, name: str, spoil: str
) -> None:
    """Wrong points make the interval wide, never false."""
    quantities = (diamond_distance, channel_min_relative_entropy)
    truths = [quietly(f, *PAIRS[name]) for f in quantities]
    break_solver(monkeypatch, SPOILS[spoil])
    for quantity, truth in zip(quantities, truths, strict=True):
        result = quietly(quantity, *PAIRS[name])
        assert result.lower <= truth.upper
        assert truth.lower <= result.upper


def test_choi_operators_of_qutip_are_understood() -> None:
    """``qutip.to_choi`` has the input first too, and may be handed over as it is."""
    kraus = np.array([[[1, 0], [0, 0.8j], [0, 0]], [[0, 0], [0, 0], [0, 0.6]]])
    made = qutip.to_choi(qutip.kraus_to_super([qutip.Qobj(k) for k in kraus]))
    other = random_channel((2, 3), 2, 1)
    expected = diamond_distance(choi(*kraus), other, (2, 3))
    assert_known(diamond_distance(made, other, (2, 3)), expected.value)


def test_a_trace_that_rounding_has_spoiled_is_repaired() -> None:
    """A channel that keeps the trace up to 1e-9 is made to keep it."""
    near = IDENTITY + 1e-9 * np.diag([1, 0, 0, 0])
    assert diamond_distance(near, IDENTITY, QUBIT).upper < 1e-8


def test_wrong_input_is_refused() -> None:
    """What is not a channel, other sizes, stacks and tolerances have their errors."""
    quantities = (diamond_distance, channel_min_relative_entropy, channel_max_relative_entropy)
    for quantity, dims in itertools.product(quantities, [(2, 3), (4,), (2, 2, 1)]):
        with pytest.raises(DimensionMismatchError, match="dims"):
            quantity(IDENTITY, MIXING, dims)
    for quantity in quantities:
        with pytest.raises(InvalidStateError, match="preserve the trace"):
            quantity(IDENTITY / 2, MIXING, QUBIT)
        with pytest.raises(InvalidStateError, match="positive semidefinite"):
            quantity(2 * MIXING - IDENTITY, MIXING, QUBIT)
        with pytest.raises(DimensionMismatchError):
            quantity(IDENTITY, np.eye(6) / 3, (2, 2))
    for quantity in quantities[:2]:
        with pytest.raises(InvalidParameterError, match="single operators"):
            quantity(np.stack([IDENTITY] * 2), MIXING, QUBIT)
        with pytest.raises(InvalidParameterError, match="rtol"):
            quantity(IDENTITY, MIXING, QUBIT, rtol=0)
