"""The distance of a convex split from independent copies."""

import math

import numpy as np
import pytest

from qentropy import certify, states
from qentropy.blocks import one_group
from qentropy.convex_split import convex_split_distance, convex_split_state
from qentropy.errors import DimensionMismatchError, InvalidParameterError

P, Q = np.diag([0.95, 0.05]), np.diag([0.3, 0.7])


@pytest.mark.parametrize(
    ("epsilon", "n"), [(0.5, 6), (0.2, 33), (0.1, 129), (0.05, 513), (0.02, 3203)]
)
@pytest.mark.parametrize("method", ["types", "fourier"])
def test_least_number_of_copies(epsilon: float, n: int, method: str) -> None:
    """Case 29 of the acceptance list: the distance falls below epsilon at n and not before."""
    assert convex_split_distance(P, Q, n, method=method).upper <= epsilon
    assert convex_split_distance(P, Q, n - 1, method=method).lower > epsilon


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("singular", [False, True])
def test_routes_contain_the_dense_value(size: int, singular: bool) -> None:
    """Every route overlaps the certified norm of the matrix."""
    rng = np.random.default_rng(size)
    p, q = rng.dirichlet(np.ones(size), 2)
    if singular:
        q = np.append(q[1:] / q[1:].sum(), 0.0)
    rho, sigma = np.diag(p), np.diag(q)
    power = np.kron(np.kron(sigma, sigma), sigma)
    dense = certify.trace_norm_interval(one_group(convex_split_state(rho, sigma, 3) - power), 1e-13)
    for method in ("auto", "types", "fourier", "gaussian"):
        assert convex_split_distance(rho, sigma, 3, method=method).overlaps(dense)


def test_large_dimension_is_narrow() -> None:
    """The Fourier route reaches a relative width of 1e-4 for 64 ratios and 10**4 copies."""
    p, q = np.random.default_rng(1).dirichlet(np.ones(64), 2)
    distance = convex_split_distance(np.diag(p), np.diag(q), 10**4)
    assert distance.width < 1e-4 * distance.upper
    assert convex_split_distance(np.diag(p), np.diag(q), 10**4, method="gaussian").overlaps(
        distance
    )


def test_equal_states_have_no_distance() -> None:
    """A state hidden among its own copies is not there."""
    assert convex_split_distance(Q, Q, 5).upper < 1e-14


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
    with pytest.raises(InvalidParameterError):
        convex_split_distance(states.random_state(2, rng=1), Q, 2)
    with pytest.raises(InvalidParameterError):
        convex_split_distance(P, Q, 2, method="exact")
    with pytest.raises(InvalidParameterError):
        convex_split_distance(P, Q, 2**40, method="types")
