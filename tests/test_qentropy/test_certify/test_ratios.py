"""The least t with ``X <= t sigma`` against exact rational arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest
from exact import is_positive, largest_eigenvalue, matrix, normalised, rational
from flint import arb
from hostile_matrices import Array, in_blocks
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import block_pairs, pairs

from qentropy.blocks import LARGE, one_group
from qentropy.certify.ratios import diagonal_ratio, max_ratio, scaled_floor

PAIRS = st.one_of(pairs(st.integers(1, 4)), block_pairs())


@given(PAIRS, st.sampled_from([1, LARGE]))
@settings(max_examples=80)
def test_ratio_is_proved_and_tight(pair: tuple[Array, Array], large: int) -> None:
    """``t sigma - X/Tr X`` is exactly positive, and t is the least one to rounding.

    Blocks that count as large are proved one by one.
    """
    rho, sigma = in_blocks(*pair)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qentropy.blocks.LARGE", large)
        bound = max_ratio(rho, sigma)
    floor = scaled_floor(sigma)
    if floor <= 0:
        assert bound == math.inf
        return
    state, weight = normalised(matrix(pair[0])), matrix(pair[1])
    assert is_positive(weight * rational(bound) - state)
    exact = float(largest_eigenvalue(weight.inv() * state).mid())
    assert bound <= exact * (1 + 1e-12 / floor)


@given(PAIRS, st.sampled_from([1e-3, 0.3, 1.0, 7.0]))
@settings(max_examples=40)
def test_ratio_without_division_is_that_of_the_operator(
    pair: tuple[Array, Array], factor: float
) -> None:
    """With ``normalized=False`` X is taken as it is."""
    state = factor * pair[0]
    rho, sigma = in_blocks(state, pair[1])
    bound = max_ratio(rho, sigma, normalized=False)
    if math.isfinite(bound):
        assert is_positive(matrix(pair[1]) * rational(bound) - matrix(state))


@given(pairs(st.integers(1, 4)), st.sampled_from([1e-3, 0.3, 7.0]))
@settings(max_examples=30)
def test_ratio_is_that_of_the_state_whatever_its_trace(
    pair: tuple[Array, Array], factor: float
) -> None:
    """The floats stand for ``X / Tr X``."""
    rho, sigma = in_blocks(factor * pair[0], pair[1])
    bound = max_ratio(rho, sigma)
    if math.isfinite(bound):
        state = normalised(matrix(factor * pair[0]))
        assert is_positive(matrix(pair[1]) * rational(bound) - state)
        assert bound == pytest.approx(max_ratio(*in_blocks(*pair)), rel=1e-6)


@given(pairs(st.integers(1, 4)))
@settings(max_examples=30)
def test_ratio_of_a_singular_sigma_is_that_on_its_rows(pair: tuple[Array, Array]) -> None:
    """Rows on which both vanish do not count; a state that needs them has no ratio."""
    rows = [0, *range(2, len(pair[0]) + 1)]  # an empty row after the first
    size = len(pair[0]) + 1
    rho, sigma = np.zeros((2, size, size), complex)
    rho[np.ix_(rows, rows)], sigma[np.ix_(rows, rows)] = pair
    inside, outside = one_group(rho), one_group(sigma)
    if scaled_floor(one_group(pair[1])) <= 1e-9:
        return
    bound = max_ratio(inside, outside)
    assert is_positive(matrix(sigma) * rational(bound) - normalised(matrix(rho)))
    off = rho.copy()
    off[1, 1] = 1e-300
    assert max_ratio(one_group(off), outside) == math.inf


@pytest.mark.parametrize(
    "state",
    [
        np.diag([0.0, 0.0]),
        np.diag([-1.0, 0.5]),
        np.array([[0.5, np.nan], [np.nan, 0.5]]),
        np.diag([np.inf, 0.5]),
    ],
)
def test_what_is_no_state_has_no_ratio(state: Array) -> None:
    """No trace to divide by, or no numbers: nothing is proved."""
    assert max_ratio(one_group(state), one_group(np.eye(2))) == math.inf


def test_ratio_beyond_the_doubles_is_infinite_or_true() -> None:
    """Where the guess of t overflows there is no bound, and no warning."""
    sigma = one_group(np.diag([1.0, 1e-12]))
    assert max_ratio(one_group(np.diag([0.0, 1e300])), sigma, normalized=False) >= 1e312
    assert max_ratio(one_group(np.diag([0.0, 1e300])), sigma) >= 1e12


@pytest.mark.parametrize("smallest", [0.0, -1e-3])
def test_sigma_must_be_provably_positive(smallest: float) -> None:
    """A sigma that is singular beside its zero rows, or negative, bounds nothing."""
    turn = np.array([[0.6, 0.8], [-0.8, 0.6]])
    sigma = turn @ np.diag([1.0, smallest]) @ turn.T
    assert max_ratio(one_group(np.eye(2) / 2), one_group((sigma + sigma.T) / 2)) == math.inf


@given(PAIRS)
@settings(max_examples=40)
def test_diagonals_give_a_smaller_ratio(pair: tuple[Array, Array]) -> None:
    """No t with ``X <= t sigma`` is below the largest ratio of diagonal entries."""
    rho, sigma = in_blocks(*pair)
    assert diagonal_ratio(rho, sigma) <= max_ratio(rho, sigma, normalized=False) * (1 + 1e-15)


@given(pairs(st.integers(1, 4)), st.integers(-60, 60))
@settings(max_examples=40)
def test_ratio_follows_the_scale_of_sigma(pair: tuple[Array, Array], power: int) -> None:
    """``t(X, 2**k sigma) = 2**-k t(X, sigma)``, to rounding."""
    rho, sigma, scaled = (one_group(x) for x in (*pair, np.ldexp(1.0, power) * pair[1]))
    if scaled_floor(sigma) > 1e-9:
        expected = np.ldexp(max_ratio(rho, sigma), -power)
        assert max_ratio(rho, scaled) == pytest.approx(expected, rel=1e-5)


def test_floor_of_a_graded_sigma_is_of_order_one() -> None:
    """Scaling the diagonal takes out a grading, which then costs no precision."""
    scale = np.diag([1.0, 1e-3, 1e-6])
    sigma = scale @ (np.eye(3) + 0.3 * np.ones((3, 3))) @ scale
    assert 0.1 < scaled_floor(one_group(sigma)) < 2
    exact = largest_eigenvalue(matrix(sigma).inv())
    bound = max_ratio(one_group(np.eye(3)), one_group(sigma), normalized=False)
    assert exact < arb(bound) < exact * 1.0001
