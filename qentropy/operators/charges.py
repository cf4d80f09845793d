"""A conserved quantity that the caller names: what would change it is dropped, or refused."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qentropy.blocks import Operator, is_sparse
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError

__all__ = ["check_charge", "conserving"]


def check_charge(charge: ArrayLike, dimension: int) -> NDArray[Any]:
    """The charge of each basis vector, as one array.

    Parameters
    ----------
    charge
        Numbers or words, shape ``(d,)``; equal ones belong to one block.
    dimension
        d.

    Returns
    -------
    ndarray
        Integers that label the charges, shape ``(d,)``.

    Raises
    ------
    InvalidParameterError
        Not one sequence, or not a number among numbers.
    DimensionMismatchError
        Not one charge for each basis vector.

    Examples
    --------
    >>> check_charge(["up", "down", "up"], 3)
    array([1, 0, 1])
    """
    values = np.asarray(charge)
    if values.ndim != 1 or (values.dtype.kind in "fc" and not np.isfinite(values).all()):
        raise InvalidParameterError(
            f"charge must be a sequence with one finite value for each basis vector; got {charge!r}"
        )
    if len(values) != dimension:
        raise DimensionMismatchError(
            f"charge must have one value for each of {dimension} basis vectors; got {len(values)}"
        )
    return np.unique(values, return_inverse=True)[1]


def conserving(
    matrix: Operator, labels: NDArray[Any], name: str, tolerance: float
) -> tuple[Operator, tuple[str, ...]]:
    """The matrix without entries between different charges, and a note if there were any.

    Parameters
    ----------
    matrix
        Sparse, or dense of shape ``(..., d, d)``.
    labels
        As from `check_charge`.
    name
        What the argument is called in messages.
    tolerance
        Largest entry that may be dropped, relative to the largest of all.

    Returns
    -------
    tuple
        The matrix, and no or one sentence.

    Raises
    ------
    InvalidStateError
        An entry is too large to be a rounding error.

    Examples
    --------
    >>> rho, notes = conserving(np.array([[1, 1e-12], [1e-12, 0]]), np.array([0, 1]), "rho", 1e-8)
    >>> rho
    array([[1., 0.],
           [0., 0.]])
    """
    if is_sparse(matrix):
        entries = matrix.tocoo()
        between = labels[entries.coords[0]] != labels[entries.coords[1]]
        values = entries.data
        kept = entries.copy()
        kept.data = np.where(between, 0, values)
        kept = kept.tocsr()
        kept.eliminate_zeros()
    else:
        values, between = matrix, labels[:, None] != labels
        kept = np.where(between, 0, values)
    size = float(np.abs(values * between).max(initial=0.0))
    if size > tolerance * float(np.abs(values).max(initial=0.0)):
        raise InvalidStateError(
            f"{name} must conserve the charge; got an entry of {size:.3g} between different ones"
        )
    note = f"{name}: entries of at most {size:.2g} between different charges were dropped"
    return kept, (note,) if size > 0 else ()
