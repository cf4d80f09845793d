"""Tests of the bath size: known numbers, order of bounds, invariance, and what undoes proofs."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import unitary_group

import qentropy
from qentropy.results import Interval
from qentropy.thermalization import bath_size
from qentropy.thermalization.bath_sizes import swaps_needed

OMEGA, TAU = np.diag([0.95, 0.05]), np.diag([0.3, 0.7])
KNOWN = {0.5: (6, 9), 0.2: (33, 51), 0.1: (129, 202), 0.05: (513, 805), 0.02: (3203, 5030)}
BOUNDS = ("lower_smooth", "lower_purified", "lower_pinched_smooth", "lower_pinched")


def qubit_distance(p: Fraction, q: Fraction, n: int) -> Fraction:
    """``E |mean of n likelihood ratios - 1|`` of two diagonal qubits, in exact arithmetic."""
    first, second = p / q, (1 - p) / (1 - q)
    return sum(
        (
            math.comb(n, k)
            * q**k
            * (1 - q) ** (n - k)
            * abs((k * first + (n - k) * second) / n - 1)
            for k in range(n + 1)
        ),
        Fraction(0),
    )


def rotated(unitary: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The matrix in another basis, Hermitian to the last digit."""
    out = unitary @ matrix @ unitary.conj().T
    return (out + out.conj().T) / 2


@pytest.mark.parametrize("epsilon", KNOWN)
def test_known_numbers(epsilon: float) -> None:
    """Exact number and collision bound of p = (.95, .05), q = (.3, .7), from exact arithmetic."""
    size = bath_size(OMEGA, TAU, epsilon)
    assert (size.exact, size.upper_collision) == KNOWN[epsilon]
    assert size.interval == Interval(size.exact, size.exact)
    assert size.upper_swap == size.exact


@pytest.mark.parametrize(("epsilon", "upper", "lower"), [(0.1, 317, 2.1), (0.02, 7917, 2.7)])
def test_known_numbers_of_the_paper(epsilon: float, upper: int, lower: float) -> None:
    """Theorem 1 and Corollary 4 at the same pair, by hand: ``.95/.3/eps**2``, and two ratios."""
    size = bath_size(OMEGA, TAU, epsilon)
    assert size.upper_max == upper
    assert round(size.lower_smooth, 1) == lower
    # Water-filling: max over k of (P_k - e)/Q_k with e = sqrt(eps).
    assert size.lower_smooth == pytest.approx((0.95 - math.sqrt(epsilon)) / 0.3, rel=1e-9)


@pytest.mark.parametrize("epsilon", [0.7, 0.35, 0.11])
def test_exact_number_is_the_least_one_of_the_distance(epsilon: float) -> None:
    """With n systems the distance is at most epsilon, with n - 1 it is not, in exact arithmetic."""
    p, q = Fraction(0.8125), Fraction(0.4375)
    size = bath_size(np.diag([0.8125, 0.1875]), np.diag([0.4375, 0.5625]), epsilon)
    n = int(size.exact or 0)
    assert qubit_distance(p, q, n) <= Fraction(epsilon) < qubit_distance(p, q, n - 1)


@pytest.mark.parametrize("seed", range(12))
def test_bounds_are_ordered(seed: int) -> None:
    """Lower bounds, the exact number and the upper bounds stand in this order."""
    rng = np.random.default_rng(seed)
    d = 2 + seed % 3
    p, q = rng.dirichlet(np.ones(d)), rng.dirichlet(np.full(d, 3.0))
    size = bath_size(np.diag(p), np.diag(q), (0.4, 0.2)[seed % 2])
    assert size.lower_smooth <= size.lower_purified <= size.upper_swap
    assert size.upper_swap <= size.upper_collision <= size.upper_max
    assert size.lower_purified == size.lower_pinched
    assert size.interval.lower <= size.interval.upper == size.upper_swap
    # Random levels satisfy the condition for so few systems.
    assert size.exact == size.upper_swap
    assert all(size.is_proved(bound) for bound in BOUNDS)


@pytest.mark.parametrize("with_hamiltonian", [False, True])
def test_basis_does_not_matter(with_hamiltonian: bool) -> None:
    """A common rotation of all operators changes no integer, and lower bounds by rounding."""
    u = unitary_group.rvs(3, random_state=7)
    p, q, h = (
        np.diag([0.8, 0.15, 0.05]),
        np.diag([0.2, 0.3, 0.5]),
        np.diag([0.0, 1.0, 1 + math.sqrt(2)]),
    )
    one = bath_size(p, q, 0.21, hamiltonian=h if with_hamiltonian else None)
    two = bath_size(
        rotated(u, p),
        rotated(u, q),
        0.21,
        hamiltonian=rotated(u, h) if with_hamiltonian else None,
    )
    assert one.exact is not None
    for name in ("exact", "upper_max", "upper_collision", "upper_swap", "interval"):
        assert getattr(two, name) == getattr(one, name)
    for name in BOUNDS:
        assert getattr(two, name) == pytest.approx(getattr(one, name), abs=1e-4)
        assert getattr(two, name) <= getattr(one, name) + 1e-12
        assert two.is_proved(name)


def test_equally_spaced_levels_leave_no_exact_number() -> None:
    """Two systems in level 1 have the energy of one in 0 and one in 2, and nothing is proved."""
    p, q = np.diag([0.1, 0.2, 0.7]), np.diag(np.array([4.0, 2.0, 1.0]) / 7)
    for hamiltonian in (np.diag([0.0, 1.0, 2.0]), None):
        size = bath_size(p, q, 0.1, hamiltonian=hamiltonian)
        assert size.exact is None
        assert size.is_proved("lower_purified") is False
        assert size.interval.lower == 2  # with one system there is nothing to mix
        conditions = [a for a in size.assumptions if "subspace" in a.statement]
        assert False in [a.holds for a in conditions]


def test_equal_levels_prove_nothing_below() -> None:
    """For a maximally mixed tau no bath may be needed at all (Remark 19)."""
    size = bath_size(OMEGA, np.eye(2) / 2, 0.1)
    assert size.interval.lower == 1
    assert size.exact is None
    assert size.is_proved("lower_pinched") is False


def test_coherence_is_pinched_away() -> None:
    """With coherence only bounds at the pinched state are proved; swaps alone need more systems."""
    state = np.array([[0.6, 0.35], [0.35, 0.4]])
    size = bath_size(state, TAU, 0.1)
    straight = bath_size(np.diag([0.6, 0.4]), TAU, 0.1)
    assert 0.7 in size.coherence
    assert size.is_proved("lower_smooth") is False
    assert size.is_proved("lower_pinched") is True
    assert size.lower_pinched == straight.lower_pinched
    assert size.lower_smooth > size.lower_pinched_smooth
    assert size.exact == size.upper_pinched == straight.exact
    assert size.exact < size.upper_swap <= size.upper_collision


def test_bound_of_the_paper_fails_for_coherence() -> None:
    """A superposition with thermal populations becomes thermal by random phases, without a bath."""
    root = math.sqrt(0.3 * 0.7)
    size = bath_size(np.array([[0.3, root], [root, 0.7]]), TAU, 0.05)
    assert size.exact == 1 < size.lower_smooth
    assert size.is_proved("lower_smooth") is False


def test_tau_that_does_not_commute_proves_nothing_below() -> None:
    """If the energy does not commute with tau the lower bounds have no proof, the upper ones do."""
    size = bath_size(OMEGA, TAU, 0.1, hamiltonian=[[0.0, 1.0], [1.0, 0.0]])
    assert size.interval == Interval(1, 129)
    assert size.exact is None
    assert size.is_proved("lower_smooth") is size.is_proved("upper_pinched") is False
    assert size.is_proved("upper_swap") is True


def test_violated_support() -> None:
    """Weight 1/2 outside stays outside any number of copies; a small weight costs twice itself."""
    far = bath_size(np.diag([0.5, 0.5]), np.diag([1.0, 0.0]), 0.9)
    assert far.exact == far.upper_swap == far.upper_max == far.upper_collision == math.inf
    near = bath_size(
        np.diag([0.85, 0.1, 0.05]),
        np.diag([0.4, 0.6, 0.0]),
        0.3,
        hamiltonian=np.diag([0.0, 1.0, 2.7]),
    )
    assert near.upper_collision == math.inf > near.upper_swap == near.exact


def test_tiny_populations_are_no_zeros() -> None:
    """A cold bath has populations far below rounding, and then a finite number all the same."""
    size = bath_size(np.diag([0.5, 0.5]), np.diag([1.0, 1e-18]), 0.2)
    assert 1e16 < size.lower_smooth < size.lower_purified < 1e18
    assert size.lower_purified <= size.interval.lower <= size.upper_swap < math.inf
    assert size.upper_collision <= size.upper_max < math.inf


@pytest.mark.parametrize("u", [np.eye(2), unitary_group.rvs(2, random_state=3)], ids=["id", "rot"])
def test_edges_of_epsilon(u: np.ndarray) -> None:
    """Distance 0 takes infinitely many systems, distance 2 one."""
    zero = bath_size(rotated(u, OMEGA), rotated(u, TAU), 0.0)
    assert zero.exact == zero.upper_swap == zero.upper_max == math.inf
    assert zero.lower_smooth == pytest.approx(0.95 / 0.3)
    assert bath_size(rotated(u, OMEGA), rotated(u, TAU), 2.0).exact == 1


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 2.0])
def test_equal_states_need_one_system(epsilon: float) -> None:
    """A thermal region is thermal without a bath."""
    for tau in (TAU, rotated(unitary_group.rvs(3, random_state=1), np.diag([0.5, 0.3, 0.2]))):
        size = bath_size(tau, tau, epsilon)
        assert size.exact == size.upper_collision == size.lower_pinched == 1


def test_asymptotic_number() -> None:
    """``2 chi**2 / (pi eps**2)`` meets the exact number for small epsilon."""
    size = bath_size(OMEGA, TAU, 0.02)
    chi_squared = qentropy.chi_squared_divergence(OMEGA, TAU)
    assert size.asymptotic == pytest.approx(2 * chi_squared / (math.pi * 0.02**2))
    assert size.exact == pytest.approx(size.asymptotic, rel=1e-3)


def test_tiny_epsilon_gives_an_interval() -> None:
    """Where intervals cannot tell neighbours apart, an interval is returned and no guess."""
    size = bath_size(OMEGA, TAU, 1e-6)
    assert size.exact is None
    assert size.interval.lower < size.asymptotic < size.interval.upper == size.upper_swap
    assert size.interval.width < 1e-4 * size.interval.lower


def test_lying_distance_is_harmless_if_it_is_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an interval [0, 2] for every n the collision bound and the converse remain."""
    monkeypatch.setattr(swaps_needed, "convex_split_distance", lambda *_, **__: Interval(0, 2))
    size = bath_size(OMEGA, TAU, 0.1)
    assert size.exact is None
    assert size.interval == Interval(3, 202)


def test_wrong_eigenvectors_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eigenvectors that are off by 1e-3 end in a wider interval that holds the number."""
    u = unitary_group.rvs(2, random_state=5)
    truth, eigh = bath_size(OMEGA, TAU, 0.2).exact, np.linalg.eigh

    def wrong(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values, vectors = eigh(matrix)
        turn = np.array([[1, 1e-3], [-1e-3, 1]]) / math.hypot(1, 1e-3)
        return values, vectors @ turn

    monkeypatch.setattr("qentropy.thermalization.bath_sizes.energy_eigenbasis.eigh", wrong)
    size = bath_size(rotated(u, OMEGA), rotated(u, TAU), 0.2)
    assert truth in size.interval
    assert size.coherence.upper > 1e-4
    assert size.lower_pinched <= bath_size(OMEGA, TAU, 0.2).lower_pinched


@pytest.mark.parametrize(
    ("arguments", "error", "word"),
    [
        ((OMEGA, TAU, -0.1), qentropy.InvalidParameterError, "epsilon"),
        ((OMEGA, TAU, 2.1), qentropy.InvalidParameterError, "epsilon"),
        ((OMEGA, TAU, math.nan), qentropy.InvalidParameterError, "epsilon"),
        ((OMEGA, np.eye(3) / 3, 0.1), qentropy.DimensionMismatchError, "one size"),
        ((np.stack([OMEGA] * 2), np.stack([TAU] * 2), 0.1), qentropy.DimensionMismatchError, "one"),
        ((2 * OMEGA, TAU, 0.1), qentropy.InvalidStateError, "omega"),
        ((OMEGA, -TAU, 0.1), qentropy.InvalidStateError, "tau"),
    ],
)
def test_bad_input_is_refused(arguments: tuple, error: type[Exception], word: str) -> None:
    """What is no pair of states, or no distance, is named in the error."""
    with pytest.raises(error, match=word):
        bath_size(*arguments)


def test_bad_hamiltonian_is_refused() -> None:
    """A Hamiltonian of another size or one that is not Hermitian is refused."""
    with pytest.raises(qentropy.DimensionMismatchError, match="hamiltonian"):
        bath_size(OMEGA, TAU, 0.1, hamiltonian=np.eye(3))
    with pytest.raises(qentropy.InvalidStateError, match="hamiltonian"):
        bath_size(OMEGA, TAU, 0.1, hamiltonian=[[0.0, 1.0], [0.0, 0.0]])


def test_result_travels_as_json() -> None:
    """The dictionary of a result holds plain values only."""
    size = bath_size(OMEGA, TAU, 0.1)
    assert json.loads(json.dumps(size.to_dict()))["exact"] == 129
