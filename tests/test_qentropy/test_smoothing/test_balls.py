"""The smoothing balls, their names and their conventions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from qentropy.blocks import direct_sum, one_group
from qentropy.errors import InvalidParameterError
from qentropy.smoothing.balls import Gram, Proposal, SmoothingProblem, check_ball

BALLS = ("trace-norm", "trace-distance", "purified-distance")
IDENTITY = one_group(np.eye(2) / 2)


@pytest.mark.parametrize("ball", BALLS)
@pytest.mark.parametrize("epsilon", [0, 1, 0.1, np.float32(0.5), np.int64(2), 1e300])
def test_known_ball_and_any_radius_are_accepted(ball: str, epsilon: Any) -> None:
    """The radius comes back as a float; a radius that covers everything is legal."""
    known, radius = check_ball(ball, epsilon)
    assert (known, radius) == (ball, float(epsilon))
    assert type(radius) is float


@pytest.mark.parametrize("ball", ["", "trace", "purified", "Trace-Norm", None, 1])
def test_unknown_ball_is_refused_by_name(ball: Any) -> None:
    """The message lists the balls that exist, and what was given."""
    with pytest.raises(
        InvalidParameterError, match="trace-norm, trace-distance, purified-"
    ) as info:
        check_ball(ball, 0.1)
    assert repr(ball) in str(info.value)


@pytest.mark.parametrize("epsilon", [-1e-300, -1, math.nan, 0.1j, "0.1", None, True, [0.1]])
@pytest.mark.parametrize("ball", BALLS)
def test_radius_must_be_a_real_number_not_below_zero(ball: str, epsilon: Any) -> None:
    """Negative, NaN, complex, Boolean and what is no number are refused with the range."""
    with pytest.raises(InvalidParameterError, match="epsilon >= 0"):
        check_ball(ball, epsilon)


@pytest.mark.parametrize(
    ("ball", "radius", "diameter"),
    [("trace-norm", 0.15, 2.0), ("trace-distance", 0.3, 1.0), ("purified-distance", 0.3, 1.0)],
)
def test_trace_norm_is_twice_the_trace_distance(ball: str, radius: float, diameter: float) -> None:
    """The radius e is epsilon/2 for the trace norm only; everything lies within the diameter."""
    known, epsilon = check_ball(ball, 0.3)
    problem = SmoothingProblem(IDENTITY, IDENTITY, known, epsilon, True)
    assert problem.radius == radius
    assert problem.diameter == diameter


def test_proposal_claims_nothing_by_itself() -> None:
    """Without a solver a proposal is a closed form, with no multiplier and no iterations."""
    proposal = Proposal(IDENTITY, IDENTITY)
    assert (proposal.offset, proposal.status, proposal.iterations) == (0.0, "closed form", 0)
    assert proposal.dual_operator is proposal.dual


def test_a_factor_is_multiplied_out_on_demand() -> None:
    """``F F^dagger`` is exactly Hermitian, as a matrix and in blocks."""
    factor = np.random.default_rng(0).normal(size=(2, 5, 2, 2)) @ [1, 1j]
    gram = Gram(direct_sum([np.eye(5), np.eye(5)]).with_groups([factor]))
    expected = factor @ factor.conj().swapaxes(-1, -2)
    (found,) = Proposal(IDENTITY, gram).dual_operator.groups
    assert np.allclose(found, expected, atol=1e-14)
    assert np.array_equal(found, found.conj().swapaxes(-1, -2))
    assert np.array_equal(gram.dense()[5:, 5:], found[1])
