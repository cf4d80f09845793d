"""The convex-split state as a matrix."""

from functools import reduce

import numpy as np
import pytest

from qentropy import convex_split_state, states
from qentropy.errors import (
    DimensionMismatchError,
    InvalidParameterError,
    InvalidStateError,
    ResourceLimitError,
)
from qentropy.operators import partial_trace


def test_bell_pair_spectrum() -> None:
    """Splitting half of a Bell pair in two gives 3/8 twice and 1/8 twice (Ishizaka, Hiroshima)."""
    # P Q_1 with Q_2 fresh, and the same with the two Q's exchanged.
    bell = states.maximally_entangled_state(2)
    first = np.kron(bell, np.eye(2) / 2)
    swap = np.kron(np.eye(2), np.eye(4)[[0, 2, 1, 3]])
    split = (first + swap @ first @ swap) / 2
    values = np.linalg.eigvalsh(split)[-4:]
    np.testing.assert_allclose(values, [1 / 8, 1 / 8, 3 / 8, 3 / 8], atol=1e-14)


@pytest.mark.parametrize("n", [1, 2, 4])
def test_every_copy_has_the_same_marginal(n: int) -> None:
    """Each copy carries ``(rho + (n - 1) sigma) / n``."""
    rho, sigma = states.random_state(2, rng=1), states.random_state(2, rng=2)
    split = convex_split_state(rho, sigma, n)
    for copy in range(n):
        marginal = partial_trace(split, (2,) * n, copy)
        np.testing.assert_allclose(marginal, (rho + (n - 1) * sigma) / n, atol=1e-14)


def test_equal_states_stay_a_product() -> None:
    """With rho equal to sigma nothing is hidden."""
    sigma = states.random_state(3, rng=3)
    expected = reduce(np.kron, [sigma] * 3)
    np.testing.assert_allclose(convex_split_state(sigma, sigma, 3), expected, atol=1e-15)


@pytest.mark.parametrize(
    ("rho", "sigma", "n", "error"),
    [
        (np.eye(2), np.eye(2) / 2, 2, InvalidStateError),
        (np.eye(2) / 2, np.eye(3) / 3, 2, DimensionMismatchError),
        (np.stack([np.eye(2) / 2] * 2), np.eye(2) / 2, 2, DimensionMismatchError),
        (np.eye(2) / 2, np.eye(2) / 2, 0, InvalidParameterError),
        (np.eye(2) / 2, np.eye(2) / 2, 1.5, InvalidParameterError),
        (np.eye(2) / 2, np.eye(2) / 2, True, InvalidParameterError),
        (np.eye(2) / 2, np.eye(2) / 2, "3", InvalidParameterError),
        (np.eye(2) / 2, np.eye(2) / 2, 40, ResourceLimitError),
        (np.eye(2) / 2, np.eye(2) / 2, 10**9, ResourceLimitError),
        (np.eye(16) / 16, np.eye(16) / 16, 10**9, ResourceLimitError),
        (np.eye(2) / 2, np.eye(2) / 2, np.inf, InvalidParameterError),
    ],
)
def test_bad_input(rho: object, sigma: object, n: object, error: type[Exception]) -> None:
    """What cannot be computed is refused with an exception of this package."""
    with pytest.raises(error):
        convex_split_state(rho, sigma, n)  # type: ignore[arg-type]
