"""The programs of channels, given by their Choi operators with the input first."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from qentropy.bipartite import check_channel, check_two
from qentropy.blocks import Array, one_group
from qentropy.errors import InvalidParameterError
from qentropy.expressions import hermitian_variable, real_inner, real_trace
from qentropy.operators import as_positive
from qentropy.programs.divergences import max_relative_entropy
from qentropy.programs.duals import check_form

if TYPE_CHECKING:
    import cvxpy as cp

__all__ = ["channel_max_relative_entropy", "channel_min_relative_entropy", "diamond_distance"]


def channel_max_relative_entropy(
    choi_n: ArrayLike, choi_m: ArrayLike, dims: Sequence[int], *, form: str = "primal"
) -> "cp.Problem":
    r"""``2**D_max(N||M)``, the smallest ``t`` with ``J_N <= t J_M``, as a problem.

    It is `max_relative_entropy` of the Choi operators over the dimension of the input.

    Parameters
    ----------
    choi_n
        Choi operator of a channel, shape ``(d, d)``.
    choi_m
        Choi operator of a completely positive map.
    dims
        Dimensions of the input and the output.
    form
        ``"primal"``, with the variable ``t``, or ``"dual"``, with the variable ``M``.

    Returns
    -------
    cvxpy.Problem
        Unsolved.

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        An operator or `dims` are not what they have to be.
    InvalidParameterError
        A stack of operators, or a form that does not exist.

    References
    ----------
    M. M. Wilde, M. Berta, C. Hirche, E. Kaur, arXiv:1808.01498.

    Examples
    --------
    >>> from qentropy import programs
    >>> bell = np.eye(4)[[0, 3]].sum(axis=0)
    >>> problem = programs.channel_max_relative_entropy(np.outer(bell, bell), np.eye(4) / 2, (2, 2))
    >>> round(float(problem.solve(solver="CLARABEL")), 6)
    4.0
    """
    first, other = _single(check_channel(choi_n, dims, "choi_n")), as_positive(choi_m, "choi_m")
    size = check_two(dims, other.shape[-1])[0]
    return max_relative_entropy(first / size, other / size, form=form)


def channel_min_relative_entropy(
    choi_n: ArrayLike, choi_m: ArrayLike, dims: Sequence[int], *, form: str = "primal"
) -> "cp.Problem":
    r"""``1 - 2**-D_min(N||M)`` as a problem, with columns Q that span the kernel of ``J_N``.

    .. math::

        \text{primal:}\quad & \max\; \mathrm{Tr}\,J_M Q k Q^\dagger :\; 0 \le k,\;
            Q k Q^\dagger \le \rho \otimes 1,\; \mathrm{Tr}\,\rho = 1, \\
        \text{dual:}\quad & \min\; \mu :\; Z \ge 0,\; Q^\dagger (Z - J_M) Q \ge 0,\;
            \mathrm{Tr}_{out} Z \le \mu.

    Parameters
    ----------
    choi_n, choi_m
        Choi operators of two channels, shape ``(d, d)``.
    dims
        Dimensions of the input and the output.
    form
        ``"primal"``, with the variables ``k`` and ``rho``, or ``"dual"``, with ``Z`` and ``mu``.

    Returns
    -------
    cvxpy.Problem
        Unsolved. Its optimal value is 0 if ``J_N`` has no kernel.

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        An operator or `dims` are not what they have to be.
    InvalidParameterError
        A stack of operators, or a form that does not exist.

    References
    ----------
    X. Wang, M. M. Wilde, arXiv:1907.06306.

    Examples
    --------
    >>> from qentropy import programs
    >>> bell = np.eye(4)[[0, 3]].sum(axis=0)
    >>> problem = programs.channel_min_relative_entropy(np.outer(bell, bell), np.eye(4) / 2, (2, 2))
    >>> round(float(problem.solve(solver="CLARABEL")), 5)
    0.75
    """
    first, second = (_single(check_channel(x, dims, "choi")) for x in (choi_n, choi_m))
    spectrum = one_group(first).spectrum
    kernel = spectrum.vectors[0][0][:, ~spectrum.support[0][0]]
    if not kernel.shape[1]:
        kernel = np.zeros((len(first), 1))
    return _distinguishing(second, kernel, check_two(dims, len(first)), form)


def diamond_distance(
    choi_n: ArrayLike, choi_m: ArrayLike, dims: Sequence[int], *, form: str = "primal"
) -> "cp.Problem":
    r"""Half of ``||N - M||_diamond`` as a problem, with ``J = J_N - J_M``.

    .. math::

        \text{primal:}\quad & \max\; \mathrm{Tr}\,J k :\; 0 \le k \le \rho \otimes 1,\;
            \mathrm{Tr}\,\rho = 1, \\
        \text{dual:}\quad & \min\; \mu :\; Z \ge 0,\; Z \ge J,\;
            \mathrm{Tr}_{out} Z \le \mu.

    Parameters
    ----------
    choi_n, choi_m, dims, form
        As in `channel_min_relative_entropy`.

    Returns
    -------
    cvxpy.Problem
        Unsolved.

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        An operator or `dims` are not what they have to be.
    InvalidParameterError
        A stack of operators, or a form that does not exist.

    References
    ----------
    J. Watrous, arXiv:0901.4709.

    Examples
    --------
    >>> from qentropy import programs
    >>> bell = np.eye(4)[[0, 3]].sum(axis=0)
    >>> problem = programs.diamond_distance(np.outer(bell, bell), np.eye(4) / 2, (2, 2))
    >>> round(2 * float(problem.solve(solver="CLARABEL")), 5)
    1.5
    """
    first, second = (_single(check_channel(x, dims, "choi")) for x in (choi_n, choi_m))
    return _distinguishing(first - second, np.eye(len(first)), check_two(dims, len(first)), form)


def _distinguishing(gap: Array, Q: Array, dims: tuple[int, int], form: str) -> "cp.Problem":
    import cvxpy as cp

    check_form(form)
    J, columns = cp.Constant(gap), cp.Constant(Q)
    if form == "primal":
        k = hermitian_variable("k", Q.shape[1], J, columns)
        rho = hermitian_variable("rho", dims[0], J, columns)
        K = columns @ k @ columns.H
        room = cp.kron(rho, np.eye(dims[1])) >> (K + K.H) / 2
        return cp.Problem(cp.Maximize(real_inner(J, K)), [k >> 0, room, real_trace(rho) == 1])
    Z, mu = hermitian_variable("Z", len(gap), J, columns), cp.Variable(name="mu")
    inside = columns.H @ (Z - J) @ columns
    price = cp.partial_trace(Z, dims, 1) << mu * np.eye(dims[0])
    return cp.Problem(cp.Minimize(mu), [Z >> 0, (inside + inside.H) / 2 >> 0, price])


def _single(matrix: Array) -> Array:
    if matrix.ndim != 2:
        raise InvalidParameterError(
            f"a Choi operator must be a single operator here; got shape {matrix.shape}"
        )
    return matrix
