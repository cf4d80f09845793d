"""Supports, traces and the eigenbasis of sigma, for a state and a positive operator."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import generators

from qentropy.blocks import SUPPORT_TOLERANCE
from qentropy.operators import check_pair
from qentropy.states import random_state, random_unitary


def test_a_trace_of_one_up_to_rounding_is_one() -> None:
    """Rounding in the trace of sigma does not make a divergence of equal states negative."""
    rho = np.full((3, 3), 1 / 3)
    for factor in (1, 1 + 4e-16, 1 - 4e-16):
        assert check_pair(rho, factor * rho).trace_bits == 0
    assert check_pair(rho, (1 + 1e-10) * rho).trace_bits != 0


@given(generators(), st.integers(1, 3))
def test_support(rng: np.random.Generator, rank: int) -> None:
    """The weight outside supp(sigma) decides, by one relative tolerance."""
    basis = random_unitary(4, rng=rng)
    values = np.where(np.arange(4) < rank, rng.uniform(0.1, 1, 4), 0)
    sigma = (basis * values) @ basis.conj().T
    inside = (basis[:, :rank] / rank) @ basis[:, :rank].conj().T
    inside = (inside + inside.conj().T) / 2
    assert check_pair(inside, (sigma + sigma.conj().T) / 2).supported
    mixed = 0.75 * inside + 0.25 * np.eye(4) / 4
    pair = check_pair(mixed, (sigma + sigma.conj().T) / 2)
    assert not pair.supported
    assert pair.outside_weight == pytest.approx((4 - rank) / 16)


def test_support_tolerance() -> None:
    """Eigenvalues of sigma below the tolerance, relative to the largest, count as zero."""
    rho = np.eye(2) / 2
    assert check_pair(rho, np.diag([1e5, 2e5 * SUPPORT_TOLERANCE])).supported
    assert not check_pair(rho, np.diag([1e5, 0.5e5 * SUPPORT_TOLERANCE])).supported
    # Weight of rho that is rounding does not count.
    assert check_pair(np.diag([1 - 1e-14, 1e-14]), np.diag([1.0, 0.0])).supported


def test_rotated_pair() -> None:
    """The turned pair is unitarily equivalent, with sigma exactly diagonal and supported."""
    rho, sigma = random_state(4, rank=2, rng=1), random_state(4, rng=2)
    support = np.linalg.qr(rho)[0][:, :2]
    projector = support @ support.conj().T
    sigma = projector @ sigma @ projector
    sigma = (sigma + sigma.conj().T) / 2
    for second in (sigma, np.diag([0.5, 0.5, 0, 0])):
        pair = check_pair(rho, second)
        first, diagonal, basis = pair.rotated()
        turn = basis.dense()
        assert turn @ first.dense() @ turn.conj().T == pytest.approx(rho, abs=1e-14)
        scaled = np.ldexp(1.0, -pair.exponent) * second
        assert turn @ diagonal.dense() @ turn.conj().T == pytest.approx(scaled, abs=1e-14)
        values = diagonal.dense()
        assert np.array_equal(values, np.diag(values.diagonal()))
        assert np.count_nonzero(values) == 2


@pytest.mark.parametrize("diagonal", [True, False])
def test_definite_means_nothing_near_the_tolerance(diagonal: bool) -> None:
    """It is decided without a spectrum; a close call, or one of a stack, says no."""
    rho = np.eye(3) / 3
    basis = np.eye(3) if diagonal else random_unitary(3, rng=1)

    def sigma(smallest: float) -> np.ndarray:
        whole = (basis * np.array([1.0, 0.5, smallest])) @ basis.conj().T
        return (whole + whole.conj().T) / 2

    assert check_pair(rho, sigma(1e-11)).is_definite
    assert not check_pair(rho, sigma(SUPPORT_TOLERANCE)).is_definite
    assert not check_pair(rho, sigma(0.0)).is_definite
    assert not check_pair(rho, np.stack([sigma(0.1), sigma(0.0)])).is_definite
