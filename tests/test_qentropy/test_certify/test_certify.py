"""Sabotage: false solver answers must end in a true interval."""

from __future__ import annotations

import math
import warnings
from fractions import Fraction

import numpy as np
import pytest
from hostile_matrices import KINDS, Array, hermitian_matrix

from qentropy import certify, smooth_max_relative_entropy
from qentropy.blocks import BlockOperator, one_group
from qentropy.states import random_state

EPSILON = 0.125
PAIRS = {
    "classical": (np.diag([0.75, 0.25]), np.diag([0.25, 0.75])),
    "pure": (np.full((2, 2), 0.5), np.diag([0.75, 0.25])),
    "complex": (random_state(3, rng=1), random_state(3, rng=2)),
    "complex, low rank": (random_state(4, rank=1, rng=3), random_state(4, rng=4)),
    "one level": (np.eye(1), np.eye(1) / 2),
}
# The ball, its radius, whether the states are normalised.
BALLS = [(ball, flag) for ball in ("trace-distance", "purified-distance") for flag in (True, False)]


def good_points(name: str, ball: str, normalized: bool) -> tuple[float, float, Array, Array]:
    """Proved ends and the points of the best route: what the sabotage starts from."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = smooth_max_relative_entropy(
            *PAIRS[name], EPSILON, ball=ball, normalized=normalized
        )
    assert result.state is not None
    assert result.witness is not None
    # The ends in bits are a few units of rounding wider than those of 2**D.
    return (
        2**result.lower * (1 - 1e-12),
        2**result.upper * (1 + 1e-12),
        *map(np.array, (result.state, result.witness)),
    )


def spoiled(matrix: Array, seed: int) -> dict[str, Array]:
    """What a broken solver might hand over in place of a Hermitian matrix."""
    rng = np.random.default_rng(seed)
    size = len(matrix)
    noise = rng.normal(size=matrix.shape) + 1j * rng.normal(size=matrix.shape)
    with_nan, with_inf = matrix.astype(complex), matrix.astype(complex)
    with_nan[0, -1] = with_nan[-1, 0] = np.nan
    with_inf[0, 0] = -np.inf
    return {
        "right": matrix,
        "sign flipped": -matrix,
        "doubled": 2 * matrix,
        "halved": matrix / 2,
        "transposed": matrix.T,
        "conjugated twice wrong": matrix.conj()[::-1, ::-1],
        "noisy": matrix + 1e-3 * (noise + noise.conj().T),
        "not Hermitian": matrix + 1e-3 * noise,
        "all NaN": np.full(matrix.shape, np.nan),
        "one NaN": with_nan,
        "infinite": with_inf,
        "zero": np.zeros_like(matrix),
        "identity": np.eye(size),
        "minus identity": -np.eye(size),
        "huge": 8e307 * (np.eye(size) - 2 * np.eye(size)[::-1]),
        "huge and tiny": np.diag(10.0 ** np.linspace(-300, 300, size)),
        "subnormal": np.full((size, size), 5e-324),
        "trace zero": np.diag(np.linspace(-1, 1, size)),
        "basis state": np.diag(np.eye(size)[0]),
    } | {kind: hermitian_matrix(kind, size, False, np.random.default_rng(seed)) for kind in KINDS}


def lower_bounds(
    ball: str, rho: BlockOperator, sigma: BlockOperator, dual: BlockOperator, normalized: bool
) -> list[float]:
    """Every lower bound that a matrix can be used for."""
    if ball == "trace-distance":
        return [certify.smooth_lower(rho, sigma, EPSILON, dual, normalized=normalized)]
    offsets = (-0.3, 0.3, -1e300, math.nan)
    return [certify.purified_trace_lower(rho, sigma, EPSILON, dual, normalized=normalized)] + [
        certify.purified_lower(rho, sigma, EPSILON, dual, u, normalized=normalized) for u in offsets
    ]


@pytest.mark.parametrize(("ball", "normalized"), BALLS)
@pytest.mark.parametrize("name", PAIRS)
def test_wrong_points_leave_the_interval_true(name: str, ball: str, normalized: bool) -> None:
    """No wrong dual rises above the proved value, no wrong primal falls below it."""
    low, high, state, witness = good_points(name, ball, normalized)
    rho, sigma = (one_group(x) for x in PAIRS[name])
    upper = certify.smooth_upper if ball == "trace-distance" else certify.purified_upper
    for good in (state, witness):
        for kind, matrix in spoiled(good, seed=7).items():
            candidate = one_group(matrix)
            for bound in lower_bounds(ball, rho, sigma, candidate, normalized):
                assert 0 <= bound <= high, kind
            bound, _ = upper(rho, sigma, EPSILON, candidate, normalized=normalized)
            assert bound >= low, kind
            assert bound < math.inf, kind


@pytest.mark.parametrize("kind", sorted(spoiled(np.eye(2), 0)))
def test_classical_truth_is_never_left(kind: str) -> None:
    """The value (3/4 - 1/8)/(1/4) = 5/2, known exactly, stays between the bounds."""
    rho, sigma = (one_group(x) for x in PAIRS["classical"])
    candidate = one_group(spoiled(np.diag([1.0, 0.0]), seed=3)[kind])
    low = certify.smooth_lower(rho, sigma, EPSILON, candidate)
    high, _ = certify.smooth_upper(rho, sigma, EPSILON, candidate)
    assert Fraction(low) <= Fraction(5, 2) <= Fraction(high)


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("size", [1, 3])
def test_trace_and_norm_survive_hostile_matrices(kind: str, size: int) -> None:
    """The remaining bounds stay ordered for every kind of matrix."""
    operator = one_group(hermitian_matrix(kind, size, False, np.random.default_rng(size)))
    norm = certify.trace_norm_interval(operator)
    largest = certify.eigenvalue_interval(operator, largest=True)
    smallest = certify.eigenvalue_interval(operator, largest=False)
    assert 0 <= norm.lower <= norm.upper
    assert smallest.lower <= largest.upper
    assert certify.positive_part_trace(operator) >= largest.lower
    assert certify.psd_shift(operator) >= -smallest.upper


def test_the_package_hands_out_what_its_modules_prove() -> None:
    """Every name in ``__all__`` is there, and every function comes from a module of the package."""
    for name in certify.__all__:
        value = getattr(certify, name)
        assert not callable(value) or value.__module__.startswith("qentropy.certify.")
