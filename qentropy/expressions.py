"""What users put into a cvxpy program: numbers or expressions, checked before they are used."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from qentropy.blocks import SUPPORT_TOLERANCE, Array
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError
from qentropy.operators import INPUT_TOLERANCE, check_ball, check_epsilon

if TYPE_CHECKING:
    import cvxpy as cp

__all__ = [
    "as_expression",
    "hermitian_variable",
    "is_constant",
    "is_expression",
    "is_unknown",
    "known_ball",
    "power_of_two",
    "real_inner",
    "real_trace",
    "require_same_space",
    "state_factor",
]

LARGEST_BOUND = 1000
"""Bits up to which ``2**bound`` is an ordinary double."""


def as_expression(
    value: Any, name: str, check: Callable[[ArrayLike, str], Array]
) -> "cp.Expression":
    """Numbers through the door of `operators`; an expression if it is affine and Hermitian."""
    import cvxpy as cp

    if is_expression(value) and is_unknown(value):
        _require_operator(value, name)
        return value
    matrix = check(value.value if is_expression(value) else value, name)
    if matrix.ndim != 2:
        raise InvalidParameterError(
            f"{name} must be a single operator here; got a stack of shape {matrix.shape}"
        )
    return cp.Constant(matrix)


def _require_operator(expression: "cp.Expression", name: str) -> None:
    shape = expression.shape
    if len(shape) != 2 or shape[0] != shape[1]:
        raise DimensionMismatchError(
            f"{name} must be a square matrix, shape (d, d); got an expression of shape {shape}"
        )
    if not expression.is_affine():
        raise InvalidParameterError(
            f"{name} must be affine in the variables of the program; got a "
            f"{expression.curvature.lower()} expression"
        )
    if not _is_hermitian(expression):
        raise InvalidStateError(
            f"{name} must be Hermitian; got an expression that is not. Use cvxpy.Variable((d, d), "
            "hermitian=True), or (A + A.H)/2 if that is meant"
        )


def _is_hermitian(expression: "cp.Expression") -> bool:
    """Whether an affine expression is Hermitian; also for composites, where cvxpy cannot tell.

    cvxpy would take the symmetric part of a constraint matrix without a word. The coefficients
    of an expression with parameters are not known yet, and it is trusted.
    """
    import cvxpy as cp

    if expression.is_hermitian():
        return True
    if expression.parameters():
        return not isinstance(expression, cp.Parameter)
    defect = _largest_coefficient(expression - expression.H)
    return defect <= INPUT_TOLERANCE * _largest_coefficient(expression)


def _largest_coefficient(expression: "cp.Expression") -> float:
    import cvxpy as cp

    problem = cp.Problem(cp.Minimize(0), [expression == 0])
    data = problem.get_problem_data(cp.SCS)[0]
    return float(max(abs(data["A"]).max(), abs(data["b"]).max()))


def is_expression(value: Any) -> bool:
    """Whether this is a cvxpy expression, a constant one included."""
    import cvxpy as cp

    return isinstance(value, cp.Expression)


def is_unknown(expression: "cp.Expression") -> bool:
    """Whether its value is known only once a program is solved or a parameter set."""
    return bool(expression.variables() or expression.parameters())


def is_constant(value: Any) -> bool:
    """Whether this is a number, a matrix of numbers or a constant expression."""
    return not is_expression(value) or bool(value.is_constant())


def require_same_space(**operators: "cp.Expression") -> None:
    """Raise `DimensionMismatchError` unless both named operators have one shape."""
    (first, left), (second, right) = operators.items()
    if left.shape != right.shape:
        raise DimensionMismatchError(
            f"{first} and {second} must act on the same space; got {left.shape} and {right.shape}"
        )


def power_of_two(bound: Any, factor: Any) -> Any:
    """``2**bound``, or the factor given in its place."""
    if (bound is None) == (factor is None):
        raise InvalidParameterError("give either bound, in bits, or factor = 2**bound")
    if factor is None:
        is_number = isinstance(bound, (int, float, np.integer, np.floating))
        if isinstance(bound, bool) or not is_number or not abs(bound) <= LARGEST_BOUND:
            raise InvalidParameterError(
                f"bound must be a number of bits, at most {LARGEST_BOUND} in size; got {bound!r}. "
                "For an unknown bound use factor"
            )
        return 2.0 ** float(bound)
    if not is_expression(factor):
        return check_epsilon(factor, 2.0**LARGEST_BOUND, name="factor")
    if not (factor.is_scalar() and factor.is_real() and factor.is_affine()):
        raise InvalidParameterError("factor must be a real scalar expression, and affine")
    return factor


def known_ball(ball: str, epsilon: Any) -> tuple[str, Any]:
    """The name of the ball and its radius, a number where it is known."""
    if not (is_expression(epsilon) and is_unknown(epsilon)):
        return check_ball(ball, float(epsilon.value) if is_expression(epsilon) else epsilon)
    known, _ = check_ball(ball, 0.0)
    if known == "purified-distance":
        raise InvalidParameterError(
            "epsilon must be a number for the purified ball, which is not convex in it"
        )
    if not (epsilon.is_scalar() and epsilon.is_real() and epsilon.is_concave()):
        raise InvalidParameterError("epsilon must be a real scalar expression, and concave")
    return known, epsilon


def hermitian_variable(name: str, size: int, *data: "cp.Expression") -> "cp.Variable":
    """A Hermitian variable, symmetric if all data are real."""
    import cvxpy as cp

    kind = "hermitian" if size > 1 and any(part.is_complex() for part in data) else "symmetric"
    return cp.Variable((size, size), name=name, **{kind: True})


def real_trace(matrix: "cp.Expression") -> "cp.Expression":
    """The real part of the trace; cvxpy compiles one only where there are complex numbers."""
    import cvxpy as cp

    return cp.real(cp.trace(matrix)) if matrix.is_complex() else cp.trace(matrix)


def real_inner(left: "cp.Expression", right: "cp.Expression") -> "cp.Expression":
    """``Tr A B`` of Hermitian operators."""
    return real_trace(left @ right)


def state_factor(rho: Array) -> Array:
    """B with ``B B^dagger = rho``, one column for each eigenvalue in the support."""
    values, vectors = np.linalg.eigh(rho)
    keep = values > SUPPORT_TOLERANCE * values[-1]
    return np.asarray(vectors[:, keep] * np.sqrt(values[keep]))
