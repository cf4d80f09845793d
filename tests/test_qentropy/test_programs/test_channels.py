"""The programs of channels: both forms lie in the proved interval, up to the solver."""

from __future__ import annotations

import cvxpy as cp
import numpy as np
import pytest
from bipartite_cases import choi, random_channel

import qentropy
from qentropy import programs
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError

FORMS = ("primal", "dual")
MIXING = np.eye(4) / 2
CASES = {
    "diag(1, 1, i)": (choi(np.diag([1, 1, 1j])), choi(np.eye(3)), (3, 3)),
    "identity and mixing": (choi(np.eye(2)), MIXING, (2, 2)),
    "random": (random_channel((2, 3), 2, 1), random_channel((2, 3), 6, 2), (2, 3)),
    "full rank": (MIXING, choi(np.eye(2)), (2, 2)),
}


def solved(problem: cp.Problem) -> float:
    """The optimal value that SCS finds."""
    value = problem.solve(solver="SCS", eps=1e-8, max_iters=50_000)
    assert problem.status == cp.OPTIMAL
    return float(value)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CASES)
def test_diamond_distance(name: str, form: str) -> None:
    """Half of the norm."""
    problem = programs.diamond_distance(*CASES[name], form=form)
    expected = qentropy.diamond_distance(*CASES[name]).value
    assert 2 * solved(problem) == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["identity and mixing", "random", "full rank"])
def test_min_relative_entropy(name: str, form: str) -> None:
    """One minus the power."""
    problem = programs.channel_min_relative_entropy(*CASES[name], form=form)
    expected = 2 ** -qentropy.channel_min_relative_entropy(*CASES[name]).value
    assert 1 - solved(problem) == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["identity and mixing", "random"])
def test_max_relative_entropy(name: str, form: str) -> None:
    """The power of the closed form."""
    problem = programs.channel_max_relative_entropy(*CASES[name], form=form)
    expected = 2 ** qentropy.channel_max_relative_entropy(*CASES[name])
    assert solved(problem) == pytest.approx(expected, rel=2e-5)


@pytest.mark.parametrize(
    "build",
    [
        programs.diamond_distance,
        programs.channel_min_relative_entropy,
        programs.channel_max_relative_entropy,
    ],
)
def test_wrong_input_is_refused(build: object) -> None:
    """What is not a channel, wrong dimensions, stacks and forms have their errors."""
    assert callable(build)
    with pytest.raises(DimensionMismatchError, match="dims"):
        build(MIXING, MIXING, (2, 3))
    with pytest.raises(InvalidStateError, match="preserve the trace"):
        build(2 * MIXING, MIXING, (2, 2))
    with pytest.raises(InvalidParameterError, match="single operator"):
        build(np.stack([MIXING] * 2), MIXING, (2, 2))
    with pytest.raises(InvalidParameterError, match="primal, dual"):
        build(MIXING, MIXING, (2, 2), form="both")
