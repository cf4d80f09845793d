"""The programs of the conditional entropies, smooth or not, and of the max-information."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from qentropy.bipartite import check_bipartite, check_two, purification
from qentropy.blocks import Array
from qentropy.expressions import hermitian_variable, real_inner, real_trace, state_factor
from qentropy.operators import check_ball, partial_trace
from qentropy.programs.divergences import in_ball
from qentropy.programs.duals import ball_dual, check_form, fidelity_block

if TYPE_CHECKING:
    import cvxpy as cp

__all__ = [
    "conditional_max_entropy",
    "conditional_min_entropy",
    "max_mutual_information",
    "smooth_conditional_max_entropy",
    "smooth_conditional_min_entropy",
]

PURIFIED = "purified-distance"


def conditional_min_entropy(
    rho_ab: ArrayLike, dims: Sequence[int], *, form: str = "primal"
) -> "cp.Problem":
    r"""``2**-H_min(A|B)``, the least ``Tr Y`` with ``1 (x) Y >= rho_AB``, as a problem.

    .. math::

        \text{primal:}\quad & \min\; \mathrm{Tr}\,Y :\; 1 \otimes Y \ge \rho_{AB}, \\
        \text{dual:}\quad & \max\; \mathrm{Tr}\,\rho_{AB} W :\; W \ge 0,\;
            \mathrm{Tr}_A W \le 1.

    Parameters
    ----------
    rho_ab
        Density operator on A (x) B, shape ``(d, d)``.
    dims
        Dimensions of A and of B.
    form
        ``"primal"``, with the variable ``Y_B``, or ``"dual"``, with the variable ``W``.

    Returns
    -------
    cvxpy.Problem
        Unsolved.

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        The state or `dims` are not what they have to be.
    InvalidParameterError
        A stack of operators, or a form that does not exist.

    References
    ----------
    R. König, R. Renner, C. Schaffner, arXiv:0807.1338.

    Examples
    --------
    >>> from qentropy import programs
    >>> problem = programs.conditional_min_entropy(np.eye(4) / 4, (2, 2))
    >>> round(float(problem.solve(solver="CLARABEL")), 6)
    0.5
    """
    check_form(form)
    data = check_bipartite(rho_ab, dims)
    return _least_marginal(data.matrix, np.eye(data.dims[0]), data.dims, form)


def max_mutual_information(
    rho_ab: ArrayLike, dims: Sequence[int], *, form: str = "primal"
) -> "cp.Problem":
    r"""``2**I_max(A:B)``, the least ``Tr Y`` with ``rho_A (x) Y >= rho_AB``, as a problem.

    .. math::

        \text{primal:}\quad & \min\; \mathrm{Tr}\,Y :\; \rho_A \otimes Y \ge \rho_{AB}, \\
        \text{dual:}\quad & \max\; \mathrm{Tr}\,\rho_{AB} W :\; W \ge 0,\;
            \mathrm{Tr}_A (\rho_A \otimes 1) W \le 1.

    Parameters
    ----------
    rho_ab, dims, form
        As in `conditional_min_entropy`.

    Returns
    -------
    cvxpy.Problem
        Unsolved.

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        The state or `dims` are not what they have to be.
    InvalidParameterError
        A stack of operators, or a form that does not exist.

    References
    ----------
    M. Berta, M. Christandl, R. Renner, arXiv:0912.3805.

    Examples
    --------
    >>> from qentropy import programs
    >>> problem = programs.max_mutual_information(np.eye(4) / 4, (2, 2))
    >>> round(float(problem.solve(solver="CLARABEL")), 6)
    1.0
    """
    check_form(form)
    data = check_bipartite(rho_ab, dims)
    return _least_marginal(data.matrix, partial_trace(data.matrix, data.dims, 0), data.dims, form)


def conditional_max_entropy(
    rho_ab: ArrayLike, dims: Sequence[int], *, form: str = "primal"
) -> "cp.Problem":
    r"""``2**(H_max(A|B)/2)``, the largest ``F(rho_AB, 1 (x) sigma)``, as a problem.

    With ``rho_AB = B B^dagger``:

    .. math::

        \text{primal:}\quad & \max\; \mathrm{Re\,Tr}\,B Y :\;
            \begin{pmatrix} 1 & Y \\ Y^\dagger & 1 \otimes \sigma \end{pmatrix} \ge 0,\;
            \mathrm{Tr}\,\sigma = 1, \\
        \text{dual:}\quad & \min\; \mathrm{Tr}\,L + \mu :\;
            \begin{pmatrix} L & -B^\dagger/2 \\ -B/2 & Z \end{pmatrix} \ge 0,\;
            \mathrm{Tr}_A Z \le \mu.

    Parameters
    ----------
    rho_ab, dims
        As in `conditional_min_entropy`.
    form
        ``"primal"``, with the variables ``sigma`` and ``Y``, or ``"dual"``, with ``L``, ``Z`` and
        ``mu``.

    Returns
    -------
    cvxpy.Problem
        Unsolved.

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        The state or `dims` are not what they have to be.
    InvalidParameterError
        A stack of operators, or a form that does not exist.

    References
    ----------
    J. Watrous, arXiv:1207.5726 (fidelity); M. Tomamichel, arXiv:1504.00233.

    Examples
    --------
    >>> from qentropy import programs
    >>> problem = programs.conditional_max_entropy(np.eye(4) / 4, (2, 2))
    >>> round(float(problem.solve(solver="CLARABEL")) ** 2, 5)
    2.0
    """
    import cvxpy as cp

    check_form(form)
    data = check_bipartite(rho_ab, dims)
    (first, second), B = data.dims, state_factor(data.matrix)
    rho, one = cp.Constant(data.matrix), np.eye(second)
    if form == "primal":
        sigma = hermitian_variable("sigma", second, rho)
        Y = cp.Variable(B.T.shape, complex=rho.is_complex(), name="Y")
        block = cp.bmat([[np.eye(B.shape[1]), Y], [Y.H, cp.kron(np.eye(first), sigma)]])
        return cp.Problem(cp.Maximize(real_trace(B @ Y)), [block >> 0, real_trace(sigma) == 1])
    Z, L = (hermitian_variable(n, size, rho) for n, size in zip("ZL", B.shape, strict=True))
    mu = cp.Variable(name="mu")
    price = cp.partial_trace(Z, data.dims, 0) << mu * one
    return cp.Problem(cp.Minimize(real_trace(L) + mu), [fidelity_block(L, B, Z), price])


def smooth_conditional_min_entropy(
    rho_ab: ArrayLike,
    dims: Sequence[int],
    epsilon: float,
    *,
    ball: str = PURIFIED,
    normalized: bool = False,
    form: str = "primal",
) -> "cp.Problem":
    r"""``2**-H_min^epsilon(A|B)``, the least ``Tr Y`` with ``1 (x) Y >= X``, X in the ball.

    The dual is that of `smooth_max_relative_entropy` with ``Tr_A W <= 1`` in the place of
    ``Tr sigma W <= 1``.

    Parameters
    ----------
    rho_ab, dims
        As in `conditional_min_entropy`.
    epsilon, ball, normalized
        As in `smooth_max_relative_entropy`, but by default the sub-normalised purified ball.
    form
        ``"primal"``, with the variables ``Y_B``, ``X`` and, of the ball, ``P`` or ``Y``; or
        ``"dual"``, with those of `smooth_max_relative_entropy`.

    Returns
    -------
    cvxpy.Problem
        Unsolved.

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        The state or `dims` are not what they have to be.
    InvalidParameterError
        A stack of operators, or a radius, ball or form that is not valid.

    References
    ----------
    M. Tomamichel, R. Colbeck, R. Renner, arXiv:0907.5238.

    Examples
    --------
    >>> from qentropy import programs
    >>> problem = programs.smooth_conditional_min_entropy(np.eye(4) / 4, (2, 2), 0.6)
    >>> round(float(problem.solve(solver="CLARABEL")), 5)
    0.32
    """
    check_form(form)
    known, radius = check_ball(ball, epsilon)
    data = check_bipartite(rho_ab, dims)
    return _smooth(data.matrix, data.dims, radius, (known, normalized), form)


def smooth_conditional_max_entropy(
    rho_ab: ArrayLike, dims: Sequence[int], epsilon: float, *, form: str = "primal"
) -> "cp.Problem":
    r"""``2**H_max^epsilon(A|B)`` in the sub-normalised purified ball, as a problem.

    It is the program of ``-H_min^epsilon(A|C)`` for a purification on A (x) B (x) C.

    Parameters
    ----------
    rho_ab, dims, epsilon, form
        As in `smooth_conditional_min_entropy`.

    Returns
    -------
    cvxpy.Problem
        Unsolved. Its matrices act on A (x) C, of dimension ``d_A rank(rho)`` at least.

    Raises
    ------
    InvalidStateError, DimensionMismatchError, InvalidParameterError
        As `smooth_conditional_min_entropy`.

    References
    ----------
    M. Tomamichel, R. Colbeck, R. Renner, arXiv:0907.5238.

    Examples
    --------
    >>> from qentropy import programs
    >>> problem = programs.smooth_conditional_max_entropy(np.eye(2) / 2, (2, 1), 0.6)
    >>> round(float(problem.solve(solver="CLARABEL")), 4)
    1.28
    """
    check_form(form)
    _, radius = check_ball(PURIFIED, epsilon)
    data = check_bipartite(rho_ab, dims)
    factor = purification(state_factor(data.matrix), data.dims)
    other = check_two((data.dims[0], len(factor) // data.dims[0]), len(factor))
    return _smooth(factor @ factor.conj().T, other, radius, (PURIFIED, False), form)


def _least_marginal(state: Array, weight: Array, dims: tuple[int, int], form: str) -> "cp.Problem":
    import cvxpy as cp

    rho = cp.Constant(state)
    if form == "primal":
        Y = hermitian_variable("Y_B", dims[1], rho)
        return cp.Problem(cp.Minimize(real_trace(Y)), [cp.kron(weight, Y) >> rho])
    W = hermitian_variable("W", len(state), rho)
    price = cp.partial_trace(np.kron(weight, np.eye(dims[1])) @ W, dims, 0)
    price = (price + price.H) / 2 << np.eye(dims[1])
    return cp.Problem(cp.Maximize(real_inner(W, rho)), [W >> 0, price])


def _smooth(
    state: Array, dims: tuple[int, int], radius: float, kind: tuple[str, bool], form: str
) -> "cp.Problem":
    import cvxpy as cp

    ball, normalized = kind
    rho, one = cp.Constant(state), np.eye(dims[1])
    if form == "primal":
        Y = hermitian_variable("Y_B", dims[1], rho)
        X = hermitian_variable("X", len(state), rho)
        nearby = in_ball(X, rho, radius, ball=ball, normalized=normalized)
        return cp.Problem(cp.Minimize(real_trace(Y)), [cp.kron(np.eye(dims[0]), Y) >> X, *nearby])

    def price(W: "cp.Variable") -> "cp.Constraint":
        return cp.partial_trace(W, dims, 0) << one

    return ball_dual(rho, price, radius, ball=ball, normalized=normalized, data=rho)
