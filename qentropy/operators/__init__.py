"""The only door for input: what users pass becomes checked Hermitian arrays in blocks."""

from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from numpy.typing import ArrayLike

from qentropy.blocks import Array, BlockOperator, Operator, extract, joint_blocks, one_group
from qentropy.errors import DimensionMismatchError
from qentropy.operators.charges import check_charge, conserving
from qentropy.operators.matrices import (
    INPUT_TOLERANCE,
    hermitian_blocks,
    hermitian_matrix,
    to_dense,
)
from qentropy.operators.pairs import StatePair
from qentropy.operators.parameters import (
    Ball,
    check_ball,
    check_count,
    check_epsilon,
    is_real_number,
)
from qentropy.operators.repairs import (
    repaired_positive,
    repaired_state,
    rescaled,
    times_power_of_two,
)
from qentropy.operators.subsystems import check_dims, partial_trace

__all__ = [
    "INPUT_TOLERANCE",
    "Ball",
    "StatePair",
    "as_hermitian",
    "as_positive",
    "as_state",
    "check_ball",
    "check_count",
    "check_dims",
    "check_epsilon",
    "check_pair",
    "check_state",
    "check_states",
    "is_real_number",
    "partial_trace",
]

_latest: WeakKeyDictionary[BlockOperator, tuple[ref[BlockOperator], StatePair]]
_latest = WeakKeyDictionary()  # the pair in blocks that was checked last, as long as rho lives


def as_hermitian(value: ArrayLike, name: str = "operator") -> Array:
    """Checked Hermitian matrix or stack of matrices, in double precision.

    Parameters
    ----------
    value
        Array-like ``(..., d, d)``, SciPy sparse matrix, or QuTiP ``Qobj`` (ket, bra,
        operator, or Choi operator of a channel).
    name
        What the argument is called in error messages.

    Returns
    -------
    ndarray
        Shape ``(..., d, d)``, real if the input has no imaginary part. A copy.

    Raises
    ------
    InvalidStateError
        Not numbers, not square, empty, not finite, or not Hermitian.

    Examples
    --------
    >>> as_hermitian([[1, 0], [0, 2]])
    array([[1., 0.],
           [0., 2.]])
    """
    matrix, _ = hermitian_matrix(value, name)
    return to_dense(matrix)


def as_state(value: ArrayLike, name: str = "rho") -> Array:
    """Checked density operator or stack of them: Hermitian, positive, of trace one.

    Parameters
    ----------
    value, name
        As in `as_hermitian`.

    Returns
    -------
    ndarray
        Shape ``(..., d, d)``. Defects up to a relative 1e-8 are repaired.

    Raises
    ------
    InvalidStateError
        In addition to `as_hermitian`: an eigenvalue is negative, or the trace is not one.

    Examples
    --------
    >>> as_state([[0.5, 0.5], [0.5, 0.5]]).trace()
    np.float64(1.0)
    """
    matrix, tolerance = hermitian_matrix(value, name)
    whole = one_group(to_dense(matrix))
    return repaired_state(whole, name, tolerance)[0].groups[0][..., 0, :, :]


def as_positive(value: ArrayLike, name: str = "sigma") -> Array:
    """Checked positive semidefinite operator of any positive trace, or a stack of them.

    Parameters
    ----------
    value, name
        As in `as_hermitian`.

    Returns
    -------
    ndarray
        Shape ``(..., d, d)``.

    Raises
    ------
    InvalidStateError
        In addition to `as_hermitian`: an eigenvalue is negative, or the operator is zero.

    Examples
    --------
    >>> as_positive([[2, 0], [0, 0]]).trace()
    np.float64(2.0)
    """
    matrix, tolerance = hermitian_matrix(value, name)
    scaled, exponent = rescaled(one_group(to_dense(matrix)))
    positive, _ = repaired_positive(scaled, name, tolerance, exponent)
    return times_power_of_two(positive, exponent).groups[0][..., 0, :, :]


def check_pair(rho: ArrayLike, sigma: ArrayLike, *, charge: ArrayLike | None = None) -> StatePair:
    """A state and a positive operator of the same dimension, split into joint blocks.

    Parameters
    ----------
    rho
        Density operator, shape ``(..., d, d)``; anything that `as_hermitian` takes.
    sigma
        Positive semidefinite operator, shape ``(..., d, d)``; leading axes broadcast. If both are
        a `direct_sum` of blocks of the same sizes, they stay in these blocks.
    charge
        What both conserve: one number or word for each basis vector. Entries between different
        charges are dropped if rounding may have made them.

    Returns
    -------
    StatePair

    Raises
    ------
    InvalidStateError
        As `as_state` and `as_positive`.
    DimensionMismatchError
        The dimensions differ.
    InvalidParameterError
        The charge is not a sequence of finite values.

    Examples
    --------
    >>> pair = check_pair([[1, 0], [0, 0]], [[4, 0], [0, 4]])
    >>> pair.exponent, bool(pair.supported)
    (np.int64(3), True)
    """
    if charge is None and _share_blocks(rho, sigma):
        return _checked_blocks(rho, sigma)
    (left, left_tolerance), (right, right_tolerance) = _same_space(rho, sigma)
    dropped: tuple[str, ...] = ()
    if charge is not None:
        labels = check_charge(charge, left.shape[-1])
        left, first = conserving(left, labels, "rho", left_tolerance)
        right, second = conserving(right, labels, "sigma", right_tolerance)
        dropped = first + second
    index = joint_blocks(left, right)
    blocks = (extract(left, index), left_tolerance), (extract(right, index), right_tolerance)
    return _checked_pair(*blocks, dropped)


def _share_blocks(rho: Any, sigma: Any) -> bool:
    """Whether both operators are given in the same blocks."""
    given = isinstance(rho, BlockOperator) and isinstance(sigma, BlockOperator)
    return given and rho.has_blocks_of(sigma)


def _checked_blocks(rho: Any, sigma: Any) -> StatePair:
    """The pair, checked once if it comes again at once: nothing writes into its blocks."""
    known = _latest.get(rho)
    if known is None or known[0]() is not sigma:
        left, right = hermitian_blocks(rho, "rho"), hermitian_blocks(sigma, "sigma")
        known = ref(sigma), _checked_pair(left, right, ())
        _latest.clear()
        _latest[rho] = known
    return known[1]


def _checked_pair(
    left: tuple[BlockOperator, float], right: tuple[BlockOperator, float], dropped: tuple[str, ...]
) -> StatePair:
    """The pair from Hermitian blocks, each operator with the tolerance for its repairs."""
    state, repairs = repaired_state(left[0], "rho", left[1])
    scaled, exponent = rescaled(right[0])
    positive, more = repaired_positive(scaled, "sigma", right[1], exponent)
    return StatePair(state, positive, exponent, dropped + repairs + more)


def check_state(rho: ArrayLike) -> BlockOperator:
    """A density operator, or a stack of them, split into diagonal blocks.

    Parameters
    ----------
    rho
        Density operator, shape ``(..., d, d)``; anything that `as_hermitian` takes.

    Returns
    -------
    BlockOperator

    Raises
    ------
    InvalidStateError
        As `as_state`.

    Examples
    --------
    >>> check_state([[0.5, 0], [0, 0.5]]).groups[0].shape
    (2, 1, 1)
    """
    matrix, tolerance = hermitian_matrix(rho, "rho")
    return repaired_state(extract(matrix, joint_blocks(matrix)), "rho", tolerance)[0]


def check_states(rho: ArrayLike, sigma: ArrayLike) -> tuple[BlockOperator, BlockOperator]:
    """Two density operators of the same dimension, split into joint blocks.

    Parameters
    ----------
    rho, sigma
        Density operators, shape ``(..., d, d)``; leading axes broadcast.

    Returns
    -------
    tuple of BlockOperator

    Raises
    ------
    InvalidStateError
        As `as_state`.
    DimensionMismatchError
        The dimensions differ.

    Examples
    --------
    >>> rho, sigma = check_states([[1, 0], [0, 0]], [[0.5, 0.5], [0.5, 0.5]])
    >>> rho.groups[0].shape == sigma.groups[0].shape == (1, 2, 2)
    True
    """
    (left, left_tolerance), (right, right_tolerance) = _same_space(rho, sigma)
    index = joint_blocks(left, right)
    first, _ = repaired_state(extract(left, index), "rho", left_tolerance)
    second, _ = repaired_state(extract(right, index), "sigma", right_tolerance)
    return first, second


def _same_space(rho: Any, sigma: Any) -> tuple[tuple[Operator, float], tuple[Operator, float]]:
    """Two Hermitian operators of one shape, each with the tolerance for its repairs."""
    left, left_tolerance = hermitian_matrix(rho, "rho")
    right, right_tolerance = hermitian_matrix(sigma, "sigma")
    if left.shape[-1] != right.shape[-1]:
        raise DimensionMismatchError(
            f"rho and sigma must act on the same space; got {left.shape} and {right.shape}"
        )
    left, right = _broadcast(left, right)
    return (left, left_tolerance), (right, right_tolerance)


def _broadcast(left: Operator, right: Operator) -> tuple[Operator, Operator]:
    if left.ndim == right.ndim == 2:
        return left, right
    try:
        return tuple(np.broadcast_arrays(to_dense(left), to_dense(right)))  # type: ignore[return-value]
    except ValueError as error:
        raise DimensionMismatchError(
            f"stacks of rho and sigma must broadcast; got shapes {left.shape} and {right.shape}"
        ) from error
