"""Points of the path: what a block sees when N and P are confined, and what a gap consists of."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from smoothing_problems import problem

from qentropy.smoothing import trace_path, trace_start
from qentropy.smoothing.trace_point import Block, Data
from qentropy.states import random_state

RHO, SIGMA = random_state(4, rank=2, rng=1), random_state(4, rng=2)
REACH = np.linalg.qr(np.random.default_rng(3).normal(size=(4, 2)))[0]


def block(reach: np.ndarray | None) -> Block:
    """A block of four rows."""
    return Block(RHO, SIGMA, np.arange(4), reach)


def test_without_a_reach_the_subspace_is_everything() -> None:
    """The identity as reach changes nothing."""
    whole, same = block(None), block(np.eye(4))
    n, p = random_state(4, rng=4), random_state(4, rng=5)
    assert whole.width == same.width == 4
    assert np.allclose(whole.smoothed(n, p), same.smoothed(n, p))
    assert np.allclose(whole.reached(n), same.reached(n))


def test_what_n_and_p_do_and_see_is_adjoint() -> None:
    """``Tr A (rho + U Y U^dagger) = Tr A rho + Tr (U^dagger A U) Y``."""
    confined = block(REACH)
    y, a = random_state(2, rng=6), random_state(4, rng=7)
    left = np.vdot(a, confined.smoothed(y, 0 * y) - RHO)
    assert left == pytest.approx(np.vdot(confined.reached(a), y))
    assert confined.width == 2
    assert Data([confined], 0.1, True, 1.0).order == 12
    assert Data([confined], 0.1, False, 1.0).order == 13


def test_a_state_that_is_not_rho_plus_n_minus_p_counts_in_the_gap() -> None:
    """By nu times how far it is."""
    start = trace_start.start(trace_path._data(problem(RHO, SIGMA, 0.3), 1.0))
    assert start.apart == 0
    confined = dataclasses.replace(start.data.blocks[0], reach=np.eye(4))
    moved = dataclasses.replace(start, data=dataclasses.replace(start.data, blocks=[confined]))
    assert moved.apart == pytest.approx(0, abs=1e-12)
    (n, m), *others = start.pairs[0]
    off = dataclasses.replace(moved, pairs=[[(n + 0.1 * np.eye(4), m), *others]])
    assert off.apart == pytest.approx(0.2)
    spent = 0.1 * np.trace(m).real
    assert off.gap == pytest.approx(moved.gap + spent + off.nu * off.apart)
