"""The distance of a convex split from independent copies, by every route."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import apply_channel, channels, pairs

from qentropy import convex_split, states
from qentropy.blocks import Array
from qentropy.convex_split import convex_split_bound, convex_split_distance
from qentropy.errors import (
    DimensionMismatchError,
    InvalidParameterError,
    InvalidStateError,
    ResourceLimitError,
)
from qentropy.operators import partial_trace
from qentropy.results import Interval

P, Q = np.diag([0.95, 0.05]), np.diag([0.3, 0.7])
PLUS = np.full((2, 2), 0.5)


def commuting(d: int, seed: int, *, singular: bool = False) -> tuple[Array, Array, Array, Array]:
    """Diagonal states p and q, and the same two in a random basis."""
    p, q = np.random.default_rng(seed).dirichlet(np.ones(d), 2)
    if singular:
        q[0] = 0.0
        q /= q.sum()
    u = states.random_unitary(d, rng=seed)
    rho, sigma = ((u * x) @ u.conj().T for x in (p, q))
    return np.diag(p), np.diag(q), rho, sigma


@pytest.mark.parametrize(
    ("epsilon", "n"), [(0.5, 6), (0.2, 33), (0.1, 129), (0.05, 513), (0.02, 3203)]
)
@pytest.mark.parametrize("method", ["types", "fourier", "irreducible"])
def test_least_number_of_copies(epsilon: float, n: int, method: str) -> None:
    """Known least numbers: the distance falls below epsilon at n and not before."""
    assert convex_split_distance(P, Q, n, method=method).upper <= epsilon
    assert convex_split_distance(P, Q, n - 1, method=method).lower > epsilon


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("singular", [False, True])
@pytest.mark.parametrize("n", [1, 3, 4])
def test_routes_agree_on_commuting_pairs(size: int, singular: bool, n: int) -> None:
    """All intervals of one pair overlap, diagonal or rotated."""
    p, q, rho, sigma = commuting(size, seed=size, singular=singular)
    methods = ["auto", "types", "fourier", "gaussian", "dense", "bounds"]
    methods += ["irreducible"] if size == 2 else []
    found = [
        convex_split_distance(*pair, n, method=method)
        for pair in ((p, q), (rho, sigma))
        for method in methods
    ]
    assert max(x.lower for x in found) <= min(x.upper for x in found)
    assert found[0].width < 1e-11
    assert found[len(methods)].width < 1e-11


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("ranks", [(2, 2), (1, 2), (2, 1), (1, 1)])
def test_routes_agree_on_qubits(n: int, ranks: tuple[int, int]) -> None:
    """All intervals of one pair of qubits overlap, pure and singular ones included."""
    rho, sigma = (states.random_state(2, rank=r, rng=7 + k) for k, r in enumerate(ranks))
    methods = ("auto", "irreducible", "dense", "bounds")
    found = [convex_split_distance(rho, sigma, n, method=method) for method in methods]
    assert max(x.lower for x in found) <= min(x.upper for x in found)
    assert found[0].width < 1e-11


@pytest.mark.parametrize("d", [3, 4])
def test_routes_agree_on_larger_systems(d: int) -> None:
    """The matrices and the bounds overlap, and the former are what is chosen."""
    rho, sigma = states.random_state(d, rank=2, rng=1), states.random_state(d, rng=2)
    dense = convex_split_distance(rho, sigma, 3, method="dense")
    assert convex_split_distance(rho, sigma, 3) == dense
    assert convex_split_distance(rho, sigma, 3, method="bounds").overlaps(dense)


def test_large_dimension_is_narrow() -> None:
    """For 64 ratios and 10**4 copies the relative width is below 1e-4, in any basis."""
    p, q, rho, sigma = commuting(64, seed=1)
    distance = convex_split_distance(p, q, 10**4)
    assert distance.width < 1e-4 * distance.upper
    assert convex_split_distance(p, q, 10**4, method="gaussian").overlaps(distance)
    rotated = convex_split_distance(rho, sigma, 10**4)
    assert rotated.overlaps(distance)
    assert rotated.width < 1e-4 * rotated.upper


@pytest.mark.parametrize("d", [2, 3, 5])
def test_a_million_copies_of_a_rotated_pair(d: int) -> None:
    """The basis costs 3e-9 in extended precision, where the distance is some 1e-4 or more."""
    p, q, rho, sigma = commuting(d, seed=d)
    straight, rotated = (
        convex_split_distance(*pair, 10**6, method="fourier") for pair in ((p, q), (rho, sigma))
    )
    assert rotated.overlaps(straight)
    extended = np.finfo(np.longdouble).nmant > 52
    assert rotated.width < straight.width + (3e-9 if extended else 1e-5)


@pytest.mark.parametrize("n", [10**9, 2**53])
def test_hopelessly_many_copies(n: int) -> None:
    """Where the rounding of a basis is all that is left the collision bound still holds."""
    _, _, rho, sigma = commuting(3, seed=3)
    found = convex_split_distance(rho, sigma, n)
    assert 0 <= found.lower <= found.upper <= convex_split_bound(rho, sigma, n) * (1 + 1e-6)


@pytest.mark.parametrize("n", [4, 20, 10**5])
def test_bounds_where_nothing_is_exact(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the matrices an interval remains, within a factor of 3 for a generic pair."""
    rho, sigma = states.random_state(3, rank=2, rng=1), states.random_state(3, rng=2)
    fewer = convex_split_distance(rho, sigma, 3)
    exact = convex_split_distance(rho, sigma, 4, method="dense")
    monkeypatch.setattr(convex_split, "MOST_ROWS", 27)
    found = convex_split_distance(rho, sigma, n)
    assert 0 < found.lower <= found.upper <= 3 * found.lower
    assert found.upper <= fewer.upper
    if n == 4:
        assert found.lower <= exact.lower <= exact.upper <= found.upper == fewer.upper


def test_more_qubits_than_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the largest number of qubits the bounds hold what the blocks give."""
    rho, sigma = states.random_state(2, rng=1), states.random_state(2, rng=2)
    exact = convex_split_distance(rho, sigma, 300)
    monkeypatch.setattr(convex_split, "MOST_QUBITS", 299)
    found = convex_split_distance(rho, sigma, 300)
    assert found.lower <= exact.lower <= exact.upper <= found.upper
    with pytest.raises(InvalidParameterError, match="300"):
        convex_split_distance(rho, sigma, 300, method="irreducible")


@given(pairs(2), st.integers(1, 30), st.integers(1, 30))
@settings(max_examples=40)
def test_more_copies_are_nearer(pair: tuple[Array, Array], n: int, m: int) -> None:
    """The distance does not increase with n: it is an average of splits of fewer copies."""
    few, many = sorted((n, m))
    assert (
        convex_split_distance(*pair, many).lower <= convex_split_distance(*pair, few).upper + 1e-15
    )


@given(st.data(), pairs(4), st.integers(1, 3))
@settings(max_examples=20)
def test_data_processing(data: st.DataObject, pair: tuple[Array, Array], n: int) -> None:
    """No channel on each copy, and no partial trace, increases the distance."""
    whole = convex_split_distance(*pair, n)
    kraus = data.draw(channels(4, 2))
    images: list[Callable[[Array], Array]] = [
        lambda x: partial_trace(x, (2, 2), 0),
        lambda x: apply_channel(kraus, x),
    ]
    for image in images:
        assert convex_split_distance(*map(image, pair), n).lower <= whole.upper


@pytest.mark.parametrize("n", [2, 50])
def test_unitary_invariance(n: int) -> None:
    """Both states in another basis have the same distance."""
    rho, sigma, u = (
        states.random_state(2, rng=1),
        states.random_state(2, rng=2),
        states.random_unitary(2, rng=3),
    )
    turned = [(x + x.conj().T) / 2 for x in (u @ rho @ u.conj().T, u @ sigma @ u.conj().T)]
    straight, rotated = (convex_split_distance(*x, n) for x in ((rho, sigma), turned))
    # Rotating in floating point moves both states by some rounding.
    assert abs(straight.lower - rotated.lower) < n * 1e-13


@pytest.mark.parametrize("n", [1, 4])
def test_embedding(n: int) -> None:
    """On a subspace of a larger space nothing changes."""
    rho, sigma = states.random_state(2, rng=1), states.random_state(2, rng=2)
    isometry = states.random_unitary(3, rng=3)[:, :2]
    inside = convex_split_distance(
        *((x + x.conj().T) / 2 for x in (isometry @ y @ isometry.conj().T for y in (rho, sigma))), n
    )
    assert abs(inside.lower - convex_split_distance(rho, sigma, n).lower) < 1e-9


@pytest.mark.parametrize("n", [1, 3, 1000])
def test_support_violation(n: int) -> None:
    """Weight of rho outside the support of sigma never gets hidden, whatever n."""
    orthogonal = convex_split_distance(np.diag([0.0, 1.0]), np.diag([1.0, 0.0]), n)
    assert 2.0 - 1e-12 <= orthogonal.lower <= orthogonal.upper == 2.0
    # Half of |+> sticks out of |0>.
    assert convex_split_distance(PLUS, np.diag([1.0, 0.0]), n).lower > 0.5
    p, q, rho, sigma = commuting(3, seed=5, singular=True)
    assert convex_split_distance(rho, sigma, n).lower >= p[0, 0] - 1e-9
    assert convex_split_distance(p, q, n).lower >= p[0, 0] - 1e-12


def test_equal_states_have_no_distance() -> None:
    """A state hidden among its own copies is not there."""
    assert convex_split_distance(Q, Q, 5).upper < 1e-14
    state = states.random_state(3, rng=1)
    for method in ("auto", "dense", "bounds"):
        assert convex_split_distance(state, state, 5, method=method).upper < 1e-9


@pytest.mark.parametrize("coherence", [1e-16, 1e-13, 1e-11, 1e-8])
def test_nearly_commuting(coherence: float) -> None:
    """A pair that all but commutes is treated as one that does, or not, with one result."""
    rho = P + coherence * np.array([[0, 1], [1, 0]])
    found = convex_split_distance(rho, Q, 20)
    assert found.overlaps(convex_split_distance(rho, Q, 20, method="irreducible"))
    near = convex_split_distance(P, Q, 20)
    assert abs(found.lower - near.lower) <= 2 * coherence + 1e-11


@pytest.mark.parametrize("n", [0, 1.5, True, "3", 2**60, math.nan])
def test_bad_number_of_copies(n: object) -> None:
    """A number of copies is an integer from 1 on."""
    with pytest.raises(InvalidParameterError):
        convex_split_distance(P, Q, n)  # type: ignore[arg-type]


def test_bad_input() -> None:
    """What cannot be computed is refused with an exception of this package."""
    with pytest.raises(DimensionMismatchError):
        convex_split_distance(np.stack([P, P]), Q, 2)
    with pytest.raises(DimensionMismatchError):
        convex_split_distance(np.eye(3) / 3, Q, 2)
    with pytest.raises(InvalidStateError):
        convex_split_distance(P, 2 * Q, 2)
    with pytest.raises(InvalidParameterError, match="commutes"):
        convex_split_distance(states.random_state(2, rng=1), Q, 2, method="fourier")
    with pytest.raises(InvalidParameterError, match="auto"):
        convex_split_distance(P, Q, 2, method="exact")
    with pytest.raises(InvalidParameterError, match="types"):
        convex_split_distance(P, Q, 2**40, method="types")
    with pytest.raises(InvalidParameterError, match="d = 3"):
        convex_split_distance(np.eye(3) / 3, np.eye(3) / 3, 2, method="irreducible")
    with pytest.raises(ResourceLimitError):
        convex_split_distance(P, Q, 40, method="dense")


def test_one_dimension() -> None:
    """In one dimension all states are equal, by every route that takes them."""
    one = np.ones((1, 1))
    for method in ("auto", "types", "dense", "bounds"):
        found = convex_split_distance(one, one, 3, method=method)
        assert isinstance(found, Interval)
        assert found.upper < 1e-12
