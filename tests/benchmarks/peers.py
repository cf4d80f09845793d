"""What a user could take instead of qentropy for the smooth max-relative entropy, one table.

The program is that of the trace-distance ball with normalised states, in its natural form

    min t : 0 <= X <= t sigma, Tr X = 1, P >= 0, P >= rho - X, Tr P <= radius,

or our dual of it, at the default settings of every solver. Real states make real programs.
"""

import contextlib
import io
import math
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from typing import Any

import numpy as np

from qentropy import programs

Peer = Callable[[Any, Any, float], tuple[float, str]]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a peer says, without proof.

    Parameters
    ----------
    bits
        Its value, NaN if it has none.
    status
        The solver's last word, the name of an exception, or what is not installed.
    seconds
        The time of the call, with the modelling and without imports; NaN if not installed.
    """

    bits: float
    status: str
    seconds: float


def run(name: str, rho: Any, sigma: Any, radius: float) -> Result:
    """One peer's answer; whatever goes wrong in it is a result, too.

    Parameters
    ----------
    name
        A key of `PEERS`.
    rho, sigma
        Density operators, shape ``(d, d)``.
    radius
        Radius of the ball, in trace distance.
    """
    peer = PEERS[name]
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # "may be inaccurate" is in the status
        _warm_up(peer)
        start = time.perf_counter()
        try:
            bits, status = peer(rho, sigma, radius)
        except ModuleNotFoundError as error:
            return Result(bits=math.nan, status=f"{error.name} not installed", seconds=math.nan)
        except Exception as error:
            bits, status = math.nan, type(error).__name__
        return Result(bits=bits, status=status, seconds=time.perf_counter() - start)


@cache
def _warm_up(peer: Peer) -> None:
    """Imports, and what is compiled at the first call, are no part of anybody's time.

    From 10 dimensions on QICS uses all that it compiles, for real and for complex matrices.
    """
    mixed, step = np.eye(12) / 12, np.diag([1 / 24] + 10 * [0], 1)
    for shift in (step + step.T, 1j * (step - step.T)):
        with contextlib.suppress(Exception):
            peer(mixed + shift, mixed, 0.1)


def _cvxpy(rho: Any, sigma: Any, radius: float, *, form: str, solver: str) -> tuple[float, str]:
    """Bits and status of the primal or the dual through cvxpy."""
    problem = programs.smooth_max_relative_entropy(
        rho, sigma, radius, ball="trace-distance", form=form
    )
    problem.solve(solver=solver)
    return _bits(problem.value), problem.status


def _picos(rho: Any, sigma: Any, radius: float, *, solver: str) -> tuple[float, str]:
    """Bits and status of the primal through PICOS, which calls a solver by its module's name."""
    import picos

    import_module(solver)
    real = not np.any(np.imag(rho)) and not np.any(np.imag(sigma))
    rho, sigma = (np.real(matrix) if real else np.asarray(matrix) for matrix in (rho, sigma))
    variable = picos.SymmetricVariable if real else picos.HermitianVariable
    t, X, P = picos.RealVariable("t"), variable("X", rho.shape), variable("P", rho.shape)
    problem = picos.Problem()
    problem.minimize = t
    problem.add_list_of_constraints(
        [
            X >> 0,
            X << t * picos.Constant("sigma", sigma),
            picos.trace(X) == 1,
            P >> 0,
            P >> picos.Constant("rho", rho) - X,
            picos.trace(P) <= radius,
        ]
    )
    # By default a point that is not optimal raises, and its value and status are lost.
    solution = problem.solve(solver=solver, primals=None)
    return _bits(t.value), solution.claimedStatus


def _bits(value: float | None) -> float:
    return float(np.log2(value)) if value is not None and value > 0 else math.nan


PEERS: dict[str, Peer] = {
    "cvxpy primal, SCS": partial(_cvxpy, form="primal", solver="SCS"),
    "cvxpy primal, Clarabel": partial(_cvxpy, form="primal", solver="CLARABEL"),
    "cvxpy dual, SCS": partial(_cvxpy, form="dual", solver="SCS"),
    "cvxpy dual, Clarabel": partial(_cvxpy, form="dual", solver="CLARABEL"),
    "PICOS primal, QICS": partial(_picos, solver="qics"),
    "PICOS primal, CVXOPT": partial(_picos, solver="cvxopt"),
}
