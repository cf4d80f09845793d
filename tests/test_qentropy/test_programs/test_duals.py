"""The dual programs of smoothing for any price, and the conventions of all programs."""

from __future__ import annotations

import cvxpy as cp
import numpy as np
import pytest

from qentropy.errors import InvalidParameterError
from qentropy.programs.duals import (
    ball_dual,
    check_form,
    fidelity_block,
    least_fidelity,
    trace_radius,
)


@pytest.mark.parametrize(
    ("ball", "epsilon", "value"),
    [("trace-norm", 0.2, 0.65), ("trace-distance", 0.1, 0.65), ("purified-distance", 0.0, 0.75)],
)
def test_any_price_is_accepted(ball: str, epsilon: float, value: float) -> None:
    """With ``Tr W <= 1`` it is the least largest eigenvalue of a state in the ball."""
    rho = cp.Constant(np.diag([0.75, 0.25]))
    problem = ball_dual(
        rho, lambda W: cp.trace(W) <= 1, epsilon, ball=ball, normalized=True, data=rho
    )
    assert problem.solve(solver="CLARABEL") == pytest.approx(value, abs=1e-6)


def test_conventions() -> None:
    """Radii, fidelities and names of forms."""
    assert trace_radius("trace-norm", 0.2) == 0.1
    assert trace_radius("trace-distance", 0.2) == 0.2
    assert least_fidelity(0.6) == pytest.approx(0.8)
    assert least_fidelity(2.0) == 0.0
    check_form("dual")
    with pytest.raises(InvalidParameterError, match="primal, dual"):
        check_form("Wolfe")


def test_fidelity_block_bounds_the_overlap() -> None:
    """``Tr L`` is least at ``Tr B^dagger B / 4`` for Z the identity."""
    L, factor = cp.Variable((2, 2), symmetric=True), np.diag([1.0, 2.0])
    problem = cp.Problem(
        cp.Minimize(cp.trace(L)), [fidelity_block(L, factor, cp.Constant(np.eye(2)))]
    )
    assert problem.solve(solver="CLARABEL") == pytest.approx(1.25, abs=1e-5)
