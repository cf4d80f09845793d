"""Upper bounds of the distance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import pairs

from qentropy import states
from qentropy.blocks import Array
from qentropy.convex_split.bounds import collision_upper, convex_split_bound
from qentropy.convex_split.dense import dense_distance
from qentropy.convex_split.eigenbasis import rotated_pair, sigma_basis
from qentropy.errors import InvalidParameterError

P, Q = np.diag([0.95, 0.05]), np.diag([0.3, 0.7])


@pytest.mark.parametrize(
    ("epsilon", "n"), [(0.5, 9), (0.2, 51), (0.1, 202), (0.05, 805), (0.02, 5030)]
)
def test_collision_bound(epsilon: float, n: int) -> None:
    """Known least numbers of copies; the paper's bound is never smaller."""
    assert convex_split_bound(P, Q, n) <= epsilon < convex_split_bound(P, Q, n - 1)
    assert convex_split_bound(P, Q, n, kind="max") >= convex_split_bound(P, Q, n)


def test_bad_kind_and_support() -> None:
    """An unknown kind is refused; a support that does not fit gives inf."""
    with pytest.raises(InvalidParameterError):
        convex_split_bound(P, Q, 2, kind="min")  # type: ignore[arg-type]
    assert convex_split_bound(P, np.diag([1.0, 0.0]), 2, kind="max") == np.inf


def proved(rho: Array, sigma: Array, n: int) -> float:
    """The proved bound in the eigenbasis of sigma."""
    return collision_upper(rotated_pair(rho, sigma, sigma_basis(sigma)), n)


@given(pairs(st.integers(2, 3)), st.integers(1, 3))
@settings(max_examples=40)
def test_proved_bound_is_above_the_distance(pair: tuple[Array, Array], n: int) -> None:
    """It is not below the distance, and not above the bound in plain floating point by much."""
    assert proved(*pair, n) >= dense_distance(*pair, n).lower
    # Graded spectra reach down to 1e-4, so that little rounding is magnified.
    assert proved(*pair, n) <= convex_split_bound(*pair, n) * (1 + 1e-8) + 1e-11


def test_singular_sigma() -> None:
    """On a common support the bound is the one of the smaller pair; otherwise it says nothing."""
    u = states.random_unitary(3, rng=1)
    embed = u[:, :2]
    rho, sigma = states.random_state(2, rng=2), states.random_state(2, rng=3)
    inside = [embed @ x @ embed.conj().T for x in (rho, sigma)]
    assert np.isclose(proved(*inside, 5), proved(rho, sigma, 5), rtol=1e-9)
    assert proved(np.eye(2) / 2, np.diag([1.0, 0.0]), 5) >= 1.0
    assert proved(np.diag([0.0, 1.0]), np.diag([1.0, 0.0]), 5) == 2.0


def test_errors_are_not_multiplied_by_the_copies() -> None:
    """For a sigma of full rank the bound falls with 1/sqrt(n) for as many copies as there are."""
    rho, sigma = states.random_state(2, rng=4), states.random_state(2, rng=5)
    assert np.isclose(proved(rho, sigma, 2**52) * 2**26, proved(rho, sigma, 1), rtol=1e-6)
