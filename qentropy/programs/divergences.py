"""The programs of the max-relative entropy and its smooth version, and their constraints."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from qentropy.errors import InvalidParameterError
from qentropy.expressions import (
    as_expression,
    hermitian_variable,
    is_constant,
    is_expression,
    is_unknown,
    known_ball,
    power_of_two,
    real_inner,
    real_trace,
    require_same_space,
    state_factor,
)
from qentropy.operators import (
    as_hermitian,
    as_positive,
    as_state,
    check_ball,
)
from qentropy.programs.duals import ball_dual, check_form, least_fidelity, trace_radius

if TYPE_CHECKING:
    import cvxpy as cp

__all__ = [
    "in_ball",
    "max_relative_entropy",
    "max_relative_entropy_at_most",
    "smooth_max_relative_entropy",
]

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

    check_form(form)
    state, weight = as_expression(rho, "rho", as_state), as_expression(sigma, "sigma", as_positive)
    require_same_space(rho=state, sigma=weight)
    if form == "primal":
        t = cp.Variable(nonneg=True, name="t")
        return cp.Problem(cp.Minimize(t), max_relative_entropy_at_most(state, weight, factor=t))
    M = hermitian_variable("M", state.shape[0], state, weight)
    return cp.Problem(cp.Maximize(real_inner(M, state)), [M >> 0, real_inner(M, weight) <= 1])


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

    For a tiny radius, and for a singular sigma that supports rho only after smoothing, the
    purified program has next to no strictly feasible point, and solvers lose half of their digits.

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

    check_form(form)
    known, radius = check_ball(ball, epsilon)
    state, weight = as_expression(rho, "rho", as_state), as_expression(sigma, "sigma", as_positive)
    require_same_space(rho=state, sigma=weight)
    if form == "primal":
        t = cp.Variable(nonneg=True, name="t")
        X = hermitian_variable("X", state.shape[0], state, weight)
        nearby = in_ball(X, state, radius, ball=known, normalized=normalized)
        least = max_relative_entropy_at_most(X, weight, factor=t)
        return cp.Problem(cp.Minimize(t), [*least, *nearby])

    def price(W: "cp.Variable") -> "cp.Constraint":
        return real_inner(weight, W) <= 1

    return ball_dual(state, price, radius, ball=known, normalized=normalized, data=weight)


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
        The number ``2**bound``, at least 0, no unit; or an affine scalar expression for it. Then
        sigma must be numbers or parameters, since a product of two unknowns is not convex.

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
    left, right = as_expression(rho, "rho", as_positive), as_expression(sigma, "sigma", as_positive)
    require_same_space(rho=left, sigma=right)
    scale = power_of_two(bound, factor)
    if not (right.is_constant() or is_constant(scale)):
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
    known, radius = known_ball(ball, epsilon)
    X, center = (
        as_expression(candidate, "candidate", as_hermitian),
        as_expression(rho, "rho", as_state),
    )
    require_same_space(candidate=X, rho=center)
    if not is_expression(radius) and radius == 0:
        return [center == X]
    size = real_trace(X) == 1 if normalized else real_trace(X) <= 1
    if known == "purified-distance":
        return [size, *_in_purified_ball(X, center, radius, normalized=normalized)]
    return [size, *_in_trace_ball(X, center, trace_radius(known, radius))]


def _in_trace_ball(
    X: "cp.Expression", rho: "cp.Expression", radius: "float | cp.Expression"
) -> "list[cp.Constraint]":
    P = hermitian_variable("P", X.shape[0], X, rho)
    constraints = [X >> 0, P >> 0, P >> rho - X, real_trace(P) <= radius]
    if is_unknown(rho):
        # The other half of the generalised distance, Tr (X - rho)_+; never more if Tr rho = 1.
        constraints.append(real_trace(P) + real_trace(X) - real_trace(rho) <= radius)
    return constraints


def _in_purified_ball(
    X: "cp.Expression", rho: "cp.Expression", epsilon: float, *, normalized: bool
) -> "list[cp.Constraint]":
    import cvxpy as cp

    B = np.eye(rho.shape[0]) if is_unknown(rho) else state_factor(rho.value)
    corner = rho if is_unknown(rho) else np.eye(B.shape[1])
    Y = cp.Variable(B.T.shape, complex=X.is_complex() or rho.is_complex(), name="Y")
    fidelity = real_trace(B @ Y)
    if is_unknown(rho) and not normalized:
        # The generalised fidelity adds sqrt((1 - Tr rho)(1 - Tr X)), zero for a state.
        fidelity = fidelity + cp.geo_mean(cp.hstack([1 - real_trace(rho), 1 - real_trace(X)]))
    return [cp.bmat([[corner, Y], [Y.H, X]]) >> 0, fidelity >= least_fidelity(epsilon)]
