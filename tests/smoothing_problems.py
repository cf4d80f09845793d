"""Smoothing problems through the door, and what the points of a route prove about them."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from qentropy import certify
from qentropy.operators import check_pair
from qentropy.smoothing.balls import Ball, Proposal, SmoothingProblem

Array = NDArray[Any]

TRACE: Ball = "trace-distance"
PURIFIED: Ball = "purified-distance"


def problem(
    rho: Array, sigma: Array, radius: float, ball: Ball = TRACE, *, normalized: bool = True
) -> SmoothingProblem:
    """The pair through the door, in its joint blocks."""
    pair = check_pair(rho, sigma)
    return SmoothingProblem(pair.rho, pair.sigma, ball, radius, normalized)


def certified(task: SmoothingProblem, proposal: Proposal) -> tuple[float, float]:
    """Both ends that the points prove, of ``2**D`` for the scaled sigma."""
    data, flag = (task.rho, task.sigma, task.radius), task.normalized
    if task.ball == PURIFIED:
        low = certify.purified_lower(
            *data, proposal.dual_operator, proposal.offset, normalized=flag
        )
        return low, certify.purified_upper(*data, proposal.primal, normalized=flag)[0]
    low = certify.smooth_lower(*data, proposal.dual_operator, normalized=flag)
    return low, certify.smooth_upper(*data, proposal.primal, normalized=flag)[0]
