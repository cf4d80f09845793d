"""The dual programs of smoothing, whatever the price of W, and the conventions of all programs."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from qentropy.errors import InvalidParameterError
from qentropy.expressions import hermitian_variable, real_inner, real_trace, state_factor

if TYPE_CHECKING:
    import cvxpy as cp

__all__ = ["ball_dual", "check_form", "fidelity_block", "least_fidelity", "trace_radius"]

FORMS = ("primal", "dual")


def ball_dual(
    rho: "cp.Expression",
    price: "Callable[[cp.Variable], cp.Constraint]",
    radius: float,
    *,
    ball: str,
    normalized: bool,
    data: "cp.Expression",
) -> "cp.Problem":
    """Largest lower bound of ``Tr X W`` over the X of a ball, W no dearer than the price allows.

    Parameters
    ----------
    rho, radius, ball, normalized
        The ball, as in `smooth_max_relative_entropy`.
    price
        The constraint on W.
    data
        What else decides whether the variables are real.
    """
    if ball == "purified-distance" and radius > 0:
        return _purified(rho, price, radius, normalized, data)
    return _trace(rho, price, trace_radius(ball, radius), normalized, data)


def _trace(
    rho: "cp.Expression",
    price: "Callable[[cp.Variable], cp.Constraint]",
    radius: float,
    normalized: bool,
    data: "cp.Expression",
) -> "cp.Problem":
    """``max Tr M rho - mu - nu e : 0 <= M <= nu, W >= 0, W >= M - mu``, and the price."""
    import cvxpy as cp

    one = np.eye(rho.shape[0])
    M, W = (hermitian_variable(name, rho.shape[0], rho, data) for name in ("M", "W"))
    mu, nu = cp.Variable(name="mu", nonneg=not normalized), cp.Variable(name="nu")
    constraints = [M >> 0, M << nu * one, W >> 0, W >> M - mu * one, price(W)]
    return cp.Problem(cp.Maximize(real_inner(M, rho) - mu - nu * radius), constraints)


def _purified(
    rho: "cp.Expression",
    price: "Callable[[cp.Variable], cp.Constraint]",
    epsilon: float,
    normalized: bool,
    data: "cp.Expression",
) -> "cp.Problem":
    """``max u + a f - Tr L : [[L, -a B^dagger/2], [-a B/2, W - u]] >= 0, W >= 0``, and a price."""
    import cvxpy as cp

    B = state_factor(rho.value)
    W, L = (
        hermitian_variable(name, size, rho, data) for name, size in zip("WL", B.shape, strict=True)
    )
    u, a = cp.Variable(name="u", nonpos=not normalized), cp.Variable(name="a", nonneg=True)
    return cp.Problem(
        cp.Maximize(u + a * least_fidelity(epsilon) - real_trace(L)),
        [fidelity_block(L, a * B, W - u * np.eye(len(B))), W >> 0, price(W)],
    )


def fidelity_block(
    corner: "cp.Expression", factor: "cp.Expression", other: "cp.Expression"
) -> "cp.Constraint":
    """``[[L, -B^dagger/2], [-B/2, Z]] >= 0``."""
    import cvxpy as cp

    B = cp.Constant(factor) if isinstance(factor, np.ndarray) else factor
    return cp.bmat([[corner, -B.H / 2], [-B / 2, other]]) >> 0


def check_form(form: str) -> None:
    """Raise `InvalidParameterError` unless this is the name of a form."""
    if form not in FORMS:
        raise InvalidParameterError(f"form must be one of {', '.join(FORMS)}; got {form!r}")


def trace_radius(ball: str, epsilon: Any) -> Any:
    """Radius in trace distance."""
    return epsilon / 2 if ball == "trace-norm" else epsilon


def least_fidelity(epsilon: float) -> float:
    """Root fidelity at a purified distance."""
    return math.sqrt(max(0.0, 1 - epsilon**2))
