"""The programs on two systems: both forms lie in the proved interval, up to the solver."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from bipartite_cases import KNOWN, RANDOM, Known

import qentropy
from qentropy import programs
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError

FORMS = ("primal", "dual")
TRACE, PURIFIED = "trace-distance", "purified-distance"


def solved(problem: cp.Problem) -> float:
    """The optimal value that SCS finds."""
    value = problem.solve(solver="SCS", eps=1e-8, max_iters=50_000)
    assert problem.status == cp.OPTIMAL
    return float(value)


def about(value: float) -> Any:
    """Compare with an allowance for the solver."""
    return pytest.approx(value, rel=2e-5)


# Name of the quantity and of its field in the table, and what the program's value is of it.
PLAIN: list[tuple[str, str, Callable[[float], float]]] = [
    ("conditional_min_entropy", "min_entropy", lambda bits: 2**-bits),
    ("conditional_max_entropy", "max_entropy", lambda bits: 2 ** (bits / 2)),
    ("max_mutual_information", "max_information", lambda bits: 2**bits),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", KNOWN, ids=[case.name for case in KNOWN])
def test_known_values(case: Known, form: str) -> None:
    """Acceptance cases 5 to 8, 10, 15, 17, 19 and closed forms."""
    for name, field, expected in PLAIN:
        value = getattr(case, field)
        if value is not None and case.name != "singular marginals":
            problem = getattr(programs, name)(case.rho, case.dims, form=form)
            assert solved(problem) == about(expected(value))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", RANDOM)
def test_random_states(name: str, form: str) -> None:
    """The programs meet the proved intervals of random states."""
    rho, dims = RANDOM[name]
    for quantity, _, expected in PLAIN:
        if (quantity, name) == ("max_mutual_information", "pure"):
            continue  # singular marginals have no strictly feasible dual point
        problem = getattr(programs, quantity)(rho, dims, form=form)
        assert solved(problem) == about(expected(getattr(qentropy, quantity)(rho, dims).value))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize(("ball", "epsilon"), [(TRACE, 0.1), ("trace-norm", 0.2), (PURIFIED, 0.3)])
@pytest.mark.parametrize("name", ["qubits", "real, low rank"])
def test_smooth_min_entropy(
    name: str, ball: str, epsilon: float, normalized: bool, form: str
) -> None:
    """Every ball, both normalisations, both forms."""
    rho, dims = RANDOM[name]
    options = {"ball": ball, "normalized": normalized}
    result = qentropy.smooth_conditional_min_entropy(rho, dims, epsilon, **options)
    problem = programs.smooth_conditional_min_entropy(rho, dims, epsilon, **options, form=form)
    assert solved(problem) == about(2**-result.value)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["real, low rank", "pure"])
def test_smooth_max_entropy(name: str, form: str) -> None:
    """The program on A (x) C meets the proved interval."""
    rho, dims = RANDOM[name]
    result = qentropy.smooth_conditional_max_entropy(rho, dims, 0.3)
    problem = programs.smooth_conditional_max_entropy(rho, dims, 0.3, form=form)
    assert solved(problem) == about(2**result.value)


def test_smooth_max_entropy_without_side_information() -> None:
    """``2 log2 (sqrt x + sqrt y)`` least at fidelity f: ``1/2 (1 + ..)`` closed form for 1/2."""
    value = solved(programs.smooth_conditional_max_entropy(np.eye(2) / 2, (2, 1), 0.6))
    assert math.log2(value) == pytest.approx(math.log2(2 * (1 - 0.6**2)), abs=1e-5)


@pytest.mark.parametrize("name", [*(row[0] for row in PLAIN), "smooth_conditional_min_entropy"])
def test_wrong_input_is_refused(name: str) -> None:
    """Dimensions, states, stacks and forms have their errors."""
    more = (0.1,) if "smooth" in name else ()
    build = getattr(programs, name)
    with pytest.raises(DimensionMismatchError, match="dims"):
        build(np.eye(4) / 4, (2, 3), *more)
    with pytest.raises(InvalidStateError, match="trace 1"):
        build(np.eye(4), (2, 2), *more)
    with pytest.raises(InvalidParameterError, match="single operator"):
        build(np.stack([np.eye(4) / 4] * 2), (2, 2), *more)
    with pytest.raises(InvalidParameterError, match="primal, dual"):
        build(np.eye(4) / 4, (2, 2), *more, form="both")
