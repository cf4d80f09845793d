"""The semidefinite programs as cvxpy problems, and the pieces of them for other people's programs.

The optimal value of each problem is ``t = 2**D``, so ``log2(problem.value)`` is in bits. It is as
good as the solver that found it; the functions at the top of the package return proved intervals.
Real data give symmetric variables, complex data Hermitian ones. cvxpy is loaded only when a
function here is called.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from qentropy.blocks import SUPPORT_TOLERANCE, Array
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError
from qentropy.operators import (
    INPUT_TOLERANCE,
    as_hermitian,
    as_positive,
    as_state,
    check_ball,
    check_epsilon,
)

if TYPE_CHECKING:
    import cvxpy as cp

__all__ = [
    "in_ball",
    "max_relative_entropy",
    "max_relative_entropy_at_most",
    "smooth_max_relative_entropy",
]

FORMS = ("primal", "dual")

LARGEST_BOUND = 1000
"""Bits up to which ``2**bound`` is an ordinary double."""


# The problems


def max_relative_entropy(rho: ArrayLike, sigma: ArrayLike, *, form: str = "primal") -> "cp.Problem":
    r"""``2**D_max(rho||sigma)``, the smallest ``t`` with ``rho <= t sigma``, as a problem.

    .. math::

        \text{primal:}\quad & \min\; t :\; \rho \le t\sigma, \\
        \text{dual:}\quad & \max\; \mathrm{Tr}\,M\rho :\;
            M \ge 0,\; \mathrm{Tr}\,M\sigma \le 1.

    Parameters
    ----------
    rho
        Density operator, shape ``(d, d)``.
    sigma
        Positive semidefinite operator of any trace, shape ``(d, d)``.
    form
        ``"primal"``, with the variable ``t``, or ``"dual"``, with the variable ``M``.

    Returns
    -------
    cvxpy.Problem
        Unsolved. Its optimal value is ``2**D_max``, and ``inf`` if supp(rho) is not inside
        supp(sigma).

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        rho or sigma is not what it has to be.
    InvalidParameterError
        A stack of operators, or a form that does not exist.

    Notes
    -----
    Weak duality: ``Tr M rho <= t Tr M sigma <= t``.

    References
    ----------
    Paper, (10) and (B1); N. Datta, arXiv:0803.2770.

    Examples
    --------
    >>> import numpy as np
    >>> from qentropy import programs
    >>> problem = programs.max_relative_entropy([[0.75, 0], [0, 0.25]], [[0.5, 0], [0, 0.5]])
    >>> value = problem.solve(solver="CLARABEL")
    >>> round(float(value), 4), round(float(np.log2(value)), 4)
    (1.5, 0.585)
    """
    import cvxpy as cp

    _check_form(form)
    state, weight = _operator(rho, "rho", as_state), _operator(sigma, "sigma", as_positive)
    _require_same_space(rho=state, sigma=weight)
    if form == "primal":
        t = cp.Variable(nonneg=True, name="t")
        return cp.Problem(cp.Minimize(t), max_relative_entropy_at_most(state, weight, factor=t))
    M = _variable("M", state.shape[0], state, weight)
    return cp.Problem(cp.Maximize(_inner(M, state)), [M >> 0, _inner(M, weight) <= 1])


def smooth_max_relative_entropy(
    rho: ArrayLike,
    sigma: ArrayLike,
    epsilon: float,
    *,
    ball: str = "trace-norm",
    normalized: bool = True,
    form: str = "primal",
) -> "cp.Problem":
    r"""``2**D_max^epsilon(rho||sigma)``, the smallest ``t``: ``X <= t sigma``, X in the ball.

    With the trace-distance radius e (``epsilon / 2`` for ``"trace-norm"``, ``epsilon`` for
    ``"trace-distance"``):

    .. math::

        \text{primal:}\quad & \min\; t :\; 0 \le X \le t\sigma,\; \mathrm{Tr}\,X = 1,\;
            P \ge 0,\; P \ge \rho - X,\; \mathrm{Tr}\,P \le e, \\
        \text{dual:}\quad & \max\; \mathrm{Tr}\,M\rho - \mu - \nu e :\;
            0 \le M \le \nu,\; W \ge 0,\; W \ge M - \mu,\; \mathrm{Tr}\,\sigma W \le 1.

    For ``"purified-distance"``, with ``rho = B B^dagger``:

    .. math::

        \text{primal:}\quad & \min\; t :\; X \le t\sigma,\; \mathrm{Tr}\,X = 1,\;
            \begin{pmatrix} 1 & Y \\ Y^\dagger & X \end{pmatrix} \ge 0,\;
            \mathrm{Re\,Tr}\,B Y \ge \sqrt{1-\epsilon^2}, \\
        \text{dual:}\quad & \max\; u + a\sqrt{1-\epsilon^2} - \mathrm{Tr}\,L :\;
            \begin{pmatrix} L & -\tfrac{a}{2} B^\dagger \\ -\tfrac{a}{2} B & W - u \end{pmatrix}
            \ge 0,\; W \ge 0,\; a \ge 0,\; \mathrm{Tr}\,\sigma W \le 1.

    Without normalisation ``Tr X <= 1`` in the primal, and ``mu >= 0``, ``u <= 0`` in the dual.

    Parameters
    ----------
    rho
        Density operator, shape ``(d, d)``.
    sigma
        Positive semidefinite operator of any trace, shape ``(d, d)``.
    epsilon
        Radius of the ball, at least 0. At 0 the ball holds rho only; the purified ball then has
        the dual of the trace balls, since its own is not attained.
    ball
        ``"trace-norm"`` (``||X - rho||_1 <= epsilon``, the paper's), ``"trace-distance"``
        (half of that norm) or ``"purified-distance"`` (``sqrt(1 - F(rho, X)**2)``).
    normalized
        Smooth over normalised states; otherwise over sub-normalised ones, under the generalised
        distances.
    form
        ``"primal"``, with the variables ``t``, ``X`` and ``P`` or ``Y``; or ``"dual"``, with
        ``M``, ``W``, ``mu``, ``nu`` or, in the purified ball, ``W``, ``L``, ``u``, ``a``.

    Returns
    -------
    cvxpy.Problem
        Unsolved. Its optimal value is ``2**D``, and ``inf`` if sigma supports no state of the
        ball. ``problem.var_dict["X"]`` is the smoothed state.

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        rho or sigma is not what it has to be.
    InvalidParameterError
        A stack of operators, or a radius, ball or form that is not valid.

    Notes
    -----
    Weak duality, trace balls: ``t >= t Tr sigma W >= Tr W X >= Tr M X - mu Tr X``, and
    ``Tr M X >= Tr M rho - Tr M P >= Tr M rho - nu e``.

    Weak duality, purified ball: the two block matrices have a non-negative inner product, that
    is ``Tr L + Tr (W - u) X - a Re Tr B Y >= 0``, so that
    ``t >= Tr W X >= u Tr X + a Re Tr B Y - Tr L``.

    References
    ----------
    Paper, (11) and (B2). Fidelity: P. M. Alberti, Lett. Math. Phys. 7, 25 (1983); J. Watrous,
    arXiv:1207.5726. Generalised distances: M. Tomamichel, arXiv:1504.00233, Section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from qentropy import programs
    >>> plus, sigma = np.full((2, 2), 0.5), np.diag([0.75, 0.25])
    >>> problem = programs.smooth_max_relative_entropy(plus, sigma, 0.1, ball="trace-distance")
    >>> round(float(np.log2(problem.solve(solver="CLARABEL"))), 4)
    1.2256
    >>> round(float(np.trace(problem.var_dict["X"].value)), 4)
    1.0
    """
    import cvxpy as cp

    _check_form(form)
    known, radius = check_ball(ball, epsilon)
    state, weight = _operator(rho, "rho", as_state), _operator(sigma, "sigma", as_positive)
    _require_same_space(rho=state, sigma=weight)
    if form == "primal":
        t = cp.Variable(nonneg=True, name="t")
        X = _variable("X", state.shape[0], state, weight)
        nearby = in_ball(X, state, radius, ball=known, normalized=normalized)
        least = max_relative_entropy_at_most(X, weight, factor=t)
        return cp.Problem(cp.Minimize(t), [*least, *nearby])
    if known == "purified-distance" and radius > 0:
        return _purified_dual(state, weight, radius, normalized=normalized)
    return _trace_dual(state, weight, _trace_radius(known, radius), normalized=normalized)


def _trace_dual(
    rho: "cp.Expression", sigma: "cp.Expression", radius: float, *, normalized: bool
) -> "cp.Problem":
    """``max Tr M rho - mu - nu e : 0 <= M <= nu, W >= 0, W >= M - mu, Tr sigma W <= 1``."""
    import cvxpy as cp

    one = np.eye(rho.shape[0])
    M, W = (_variable(name, rho.shape[0], rho, sigma) for name in ("M", "W"))
    mu, nu = cp.Variable(name="mu", nonneg=not normalized), cp.Variable(name="nu")
    constraints = [M >> 0, M << nu * one, W >> 0, W >> M - mu * one, _inner(sigma, W) <= 1]
    return cp.Problem(cp.Maximize(_inner(M, rho) - mu - nu * radius), constraints)


def _purified_dual(
    rho: "cp.Expression", sigma: "cp.Expression", epsilon: float, *, normalized: bool
) -> "cp.Problem":
    """``max u + a f - Tr L : [[L, -a B^dagger/2], [-a B/2, W - u]] >= 0, W >= 0, ...``."""
    import cvxpy as cp

    B = _factor(rho.value)
    W, L = (_variable(name, size, rho, sigma) for name, size in zip("WL", B.shape, strict=True))
    u, a = cp.Variable(name="u", nonpos=not normalized), cp.Variable(name="a", nonneg=True)
    block = cp.bmat([[L, -a / 2 * B.conj().T], [-a / 2 * B, W - u * np.eye(len(B))]])
    return cp.Problem(
        cp.Maximize(u + a * _least_fidelity(epsilon) - _trace(L)),
        [block >> 0, W >> 0, _inner(sigma, W) <= 1],
    )


# The pieces


def max_relative_entropy_at_most(
    rho: "ArrayLike | cp.Expression",
    sigma: "ArrayLike | cp.Expression",
    bound: float | None = None,
    *,
    factor: "float | cp.Expression | None" = None,
) -> "list[cp.Constraint]":
    r"""Constraints for ``D_max(rho||sigma) <= bound``, that is ``rho <= 2**bound sigma``.

    Parameters
    ----------
    rho
        Positive semidefinite operator of any trace, shape ``(d, d)``: numbers or an affine cvxpy
        expression. That an expression is positive is for the caller's own constraints to say.
    sigma
        The same. The constraint is convex in rho and sigma together.
    bound
        A number, in bits. Give this or `factor`.
    factor
        The number ``2**bound``, no unit, or an affine scalar expression for it. Then sigma must
        be numbers or parameters, since a product of two unknowns is not convex.

    Returns
    -------
    list of cvxpy.Constraint

    Raises
    ------
    InvalidStateError
        Numbers that are no positive semidefinite operator, or an expression that is not
        Hermitian.
    DimensionMismatchError
        Operators that are not square or of different size.
    InvalidParameterError
        Neither or both of `bound` and `factor`, or one that is out of range or not convex.

    Notes
    -----
    ``D_max`` is quasi-convex: no bound that is itself unknown gives a convex program, but its
    power does. Minimise ``factor`` and take the logarithm of the result.

    References
    ----------
    Paper, (10) and (B1).

    Examples
    --------
    The state nearest to ``|+>`` among the diagonal ones is half the identity, at one bit:

    >>> import cvxpy as cp
    >>> import numpy as np
    >>> from qentropy import programs
    >>> weights = cp.Variable(2)
    >>> at_most = programs.max_relative_entropy_at_most(np.full((2, 2), 0.5), cp.diag(weights), 0)
    >>> problem = cp.Problem(cp.Minimize(cp.sum(weights)), at_most)
    >>> round(float(np.log2(problem.solve(solver="CLARABEL"))), 4)
    1.0
    """
    left, right = _operator(rho, "rho", as_positive), _operator(sigma, "sigma", as_positive)
    _require_same_space(rho=left, sigma=right)
    scale = _scale(bound, factor)
    if not (right.is_constant() or _is_constant(scale)):
        raise InvalidParameterError(
            "factor * sigma must not be a product of two unknowns, which is not convex. Use one "
            "unknown in place of the product, with factor=1"
        )
    return [left << scale * right]


def in_ball(
    candidate: "ArrayLike | cp.Expression",
    rho: "ArrayLike | cp.Expression",
    epsilon: "float | cp.Expression",
    *,
    ball: str = "trace-norm",
    normalized: bool = True,
) -> "list[cp.Constraint]":
    r"""Constraints for X in the ball of radius epsilon around the state rho.

    Trace balls, trace-distance radius e: ``X >= 0, P >= 0, P >= rho - X, Tr P <= e``. Purified
    ball: ``[[rho, Y], [Y^dagger, X]] >= 0, Re Tr Y >= sqrt(1 - epsilon**2)``. Both with
    ``Tr X = 1``, or ``Tr X <= 1`` without normalisation. ``X >= 0`` is among the constraints.

    Parameters
    ----------
    candidate
        The operator X, shape ``(d, d)``: an affine cvxpy expression, or numbers.
    rho
        Centre of the ball, shape ``(d, d)``: a density operator in numbers, or an affine
        expression; every ball is convex in X and rho together. That an expression is a state is
        for the caller's own constraints to say; without normalisation it may be sub-normalised.
    epsilon
        Radius, at least 0. For the trace balls it may be a concave scalar expression.
    ball
        ``"trace-norm"``, ``"trace-distance"`` or ``"purified-distance"``.
    normalized
        Whether X is a normalised state. Otherwise it is sub-normalised and the distances are the
        generalised ones.

    Returns
    -------
    list of cvxpy.Constraint
        They bring one variable of their own, named ``P`` (trace balls) or ``Y``.

    Raises
    ------
    InvalidStateError
        Numbers that are no density operator, or an expression that is not Hermitian.
    DimensionMismatchError
        Operators that are not square or of different size.
    InvalidParameterError
        A stack of operators, an unknown ball, or a radius that is not valid or not convex.

    Notes
    -----
    With ``P = (rho - X)_+`` the trace of P is the trace distance of two states. A numeric rho
    enters the purified ball as ``B B^dagger`` with B on its support and ``B Y`` in the place of
    Y: for a rho of low rank the first form has no strictly feasible point, which solvers dislike.

    References
    ----------
    Paper, (11) and (B2); J. Watrous, arXiv:1207.5726; M. Tomamichel, arXiv:1504.00233, Section 3.

    Examples
    --------
    The largest weight on ``|1>`` within purified distance 0.6 of ``|0>``:

    >>> import cvxpy as cp
    >>> from qentropy import programs
    >>> X = cp.Variable((2, 2), symmetric=True)
    >>> nearby = programs.in_ball(X, [[1, 0], [0, 0]], 0.6, ball="purified-distance")
    >>> problem = cp.Problem(cp.Maximize(X[1, 1]), nearby)
    >>> round(float(problem.solve(solver="CLARABEL")), 4)
    0.36
    """
    known, radius = _radius(ball, epsilon)
    X, center = _operator(candidate, "candidate", as_hermitian), _operator(rho, "rho", as_state)
    _require_same_space(candidate=X, rho=center)
    if not _is_expression(radius) and radius == 0:
        return [center == X]
    size = _trace(X) == 1 if normalized else _trace(X) <= 1
    if known == "purified-distance":
        return [size, *_in_purified_ball(X, center, radius, normalized=normalized)]
    return [size, *_in_trace_ball(X, center, _trace_radius(known, radius))]


def _in_trace_ball(
    X: "cp.Expression", rho: "cp.Expression", radius: "float | cp.Expression"
) -> "list[cp.Constraint]":
    P = _variable("P", X.shape[0], X, rho)
    constraints = [X >> 0, P >> 0, P >> rho - X, _trace(P) <= radius]
    if _is_unknown(rho):
        # The other half of the generalised distance, Tr (X - rho)_+; never more if Tr rho = 1.
        constraints.append(_trace(P) + _trace(X) - _trace(rho) <= radius)
    return constraints


def _in_purified_ball(
    X: "cp.Expression", rho: "cp.Expression", epsilon: float, *, normalized: bool
) -> "list[cp.Constraint]":
    import cvxpy as cp

    B = np.eye(rho.shape[0]) if _is_unknown(rho) else _factor(rho.value)
    corner = rho if _is_unknown(rho) else np.eye(B.shape[1])
    Y = cp.Variable(B.T.shape, complex=X.is_complex() or rho.is_complex(), name="Y")
    fidelity = _trace(B @ Y)
    if _is_unknown(rho) and not normalized:
        # The generalised fidelity adds sqrt((1 - Tr rho)(1 - Tr X)), zero for a state.
        fidelity = fidelity + cp.geo_mean(cp.hstack([1 - _trace(rho), 1 - _trace(X)]))
    return [cp.bmat([[corner, Y], [Y.H, X]]) >> 0, fidelity >= _least_fidelity(epsilon)]


# Numbers and expressions


def _operator(value: Any, name: str, check: Callable[[ArrayLike, str], Array]) -> "cp.Expression":
    """Numbers through the door of `operators`; an expression if it is affine and Hermitian."""
    import cvxpy as cp

    if _is_expression(value) and _is_unknown(value):
        _require_operator(value, name)
        return value
    matrix = check(value.value if _is_expression(value) else value, name)
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


def _is_expression(value: Any) -> bool:
    import cvxpy as cp

    return isinstance(value, cp.Expression)


def _is_unknown(expression: "cp.Expression") -> bool:
    return bool(expression.variables() or expression.parameters())


def _is_constant(value: Any) -> bool:
    return not _is_expression(value) or bool(value.is_constant())


def _require_same_space(**operators: "cp.Expression") -> None:
    (first, left), (second, right) = operators.items()
    if left.shape != right.shape:
        raise DimensionMismatchError(
            f"{first} and {second} must act on the same space; got {left.shape} and {right.shape}"
        )


def _check_form(form: str) -> None:
    if form not in FORMS:
        raise InvalidParameterError(f"form must be one of {', '.join(FORMS)}; got {form!r}")


def _scale(bound: Any, factor: Any) -> Any:
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
    if not _is_expression(factor):
        return check_epsilon(factor, 2.0**LARGEST_BOUND, name="factor")
    if not (factor.is_scalar() and factor.is_real() and factor.is_affine()):
        raise InvalidParameterError("factor must be a real scalar expression, and affine")
    return factor


def _radius(ball: str, epsilon: Any) -> tuple[str, Any]:
    """The name of the ball and its radius, a number where it is known."""
    if not (_is_expression(epsilon) and _is_unknown(epsilon)):
        return check_ball(ball, float(epsilon.value) if _is_expression(epsilon) else epsilon)
    known, _ = check_ball(ball, 0.0)
    if known == "purified-distance":
        raise InvalidParameterError(
            "epsilon must be a number for the purified ball, which is not convex in it"
        )
    if not (epsilon.is_scalar() and epsilon.is_real() and epsilon.is_concave()):
        raise InvalidParameterError("epsilon must be a real scalar expression, and concave")
    return known, epsilon


def _trace_radius(ball: str, epsilon: Any) -> Any:
    """Radius in trace distance."""
    return epsilon / 2 if ball == "trace-norm" else epsilon


def _least_fidelity(epsilon: float) -> float:
    return math.sqrt(max(0.0, 1 - epsilon**2))


# Linear algebra


def _variable(name: str, size: int, *data: "cp.Expression") -> "cp.Variable":
    """A Hermitian variable, symmetric if all data are real."""
    import cvxpy as cp

    kind = "hermitian" if size > 1 and any(part.is_complex() for part in data) else "symmetric"
    return cp.Variable((size, size), name=name, **{kind: True})


def _trace(matrix: "cp.Expression") -> "cp.Expression":
    """The real part of the trace; cvxpy compiles one only where there are complex numbers."""
    import cvxpy as cp

    return cp.real(cp.trace(matrix)) if matrix.is_complex() else cp.trace(matrix)


def _inner(left: "cp.Expression", right: "cp.Expression") -> "cp.Expression":
    """``Tr A B`` of Hermitian operators."""
    return _trace(left @ right)


def _factor(rho: Array) -> Array:
    """B with ``B B^dagger = rho``, one column for each eigenvalue in the support."""
    values, vectors = np.linalg.eigh(rho)
    keep = values > SUPPORT_TOLERANCE * values[-1]
    return np.asarray(vectors[:, keep] * np.sqrt(values[keep]))
