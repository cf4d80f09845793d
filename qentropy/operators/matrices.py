"""From anything that users pass to a finite, square, exactly Hermitian matrix of doubles."""

import math
from typing import Any

import numpy as np

from qentropy.blocks import Array, BlockOperator, Operator, as_csr, is_sparse, require_memory
from qentropy.errors import InvalidStateError

__all__ = ["INPUT_TOLERANCE", "hermitian_blocks", "hermitian_matrix", "largest_entry", "to_dense"]

SMALL = 256
INPUT_TOLERANCE = 1e-8
"""Largest relative defect (of symmetry, positivity or trace) that is repaired."""


def hermitian_matrix(value: Any, name: str) -> tuple[Operator, float]:
    """Finite square Hermitian matrix, exactly symmetrised, and the tolerance for its repairs."""
    matrix = _square(_numbers(value, name), name)
    if is_sparse(matrix) and matrix.shape[0] <= SMALL:
        matrix = matrix.toarray()  # faster than sparse from here on
    tolerance = _tolerance(matrix)
    (matrix,) = _real_if_possible([_finite_doubles(matrix, name)])
    return _symmetrised(matrix, name, tolerance * largest_entry(matrix)), tolerance


def hermitian_blocks(operator: BlockOperator, name: str) -> tuple[BlockOperator, float]:
    """The same for an operator in blocks."""
    stacks = [_square(_numbers(group, name), name) for group in operator.groups]
    tolerance = max(map(_tolerance, stacks))
    # Nothing writes into blocks, so they need not be copied.
    stacks = _real_if_possible([_finite_doubles(stack, name, copy=False) for stack in stacks])
    largest = np.maximum.reduce([largest_entry(stack).max() for stack in stacks])
    groups = [
        _symmetrised(stack, name, np.full(stack.shape[:-2], tolerance * largest))
        for stack in stacks
    ]
    return operator.with_groups(groups), tolerance


def _tolerance(matrix: Operator) -> float:
    return max(INPUT_TOLERANCE, 32 * _precision(matrix.dtype))


def _finite_doubles(matrix: Operator, name: str, *, copy: bool = True) -> Operator:
    with np.errstate(over="ignore"):  # A long double beyond the largest double becomes inf.
        matrix = matrix.astype(complex if matrix.dtype.kind == "c" else float, copy=copy)
    if is_sparse(matrix):
        matrix.sum_duplicates()
    _require_finite(matrix, name)
    return matrix


def _real_if_possible(matrices: list[Operator]) -> list[Operator]:
    """The matrices, without their imaginary parts if all of these are zero."""
    if any(m.dtype.kind == "c" and np.any(_stored(m).imag) for m in matrices):
        return matrices
    return [m.real if m.dtype.kind == "c" else m for m in matrices]


def _symmetrised(matrix: Operator, name: str, allowed: Array) -> Operator:
    """``(A + A^dagger)/2``, unless the defect of some matrix of a stack is more than allowed."""
    adjoint = matrix.conj().T if is_sparse(matrix) else matrix.conj().swapaxes(-1, -2)
    with np.errstate(over="ignore"):  # The defect, unlike the halves, may exceed every double.
        defect = 2 * largest_entry(matrix / 2 - adjoint / 2)
    if (defect > allowed).any():
        first = tuple(np.argwhere(defect > allowed)[0])
        raise InvalidStateError(
            f"{name} must be Hermitian; got |A - A^dagger| = {defect[first]:.3g} "
            f"(tolerance {allowed[first]:.3g}). Use (A + A^dagger)/2 if that is meant."
        )
    return matrix if not defect.any() else matrix / 2 + adjoint / 2


def _numbers(value: Any, name: str) -> Any:
    """The numbers behind an array-like, a sparse matrix, blocks or a Qobj; the rest is refused."""
    if isinstance(value, BlockOperator):
        require_memory(4.0 * 8 * value.dimension**2, f"{name} as a dense matrix")
        return value.dense()
    package = type(value).__module__.partition(".")[0]
    if package == "cvxpy":
        raise InvalidStateError(
            f"{name} must be numbers; got a cvxpy expression. Build the constraint with "
            "qentropy.programs instead."
        )
    if package == "qutip" and hasattr(value, "isoper"):
        return _from_qobj(value, name)
    try:
        array = as_csr(value) if is_sparse(value) else np.asarray(value)
    except (ValueError, TypeError) as error:
        raise InvalidStateError(
            f"{name} must be a square matrix of numbers; got rows of different lengths"
        ) from error
    if array.dtype.kind not in "biufc":
        raise InvalidStateError(
            f"{name} must be a square matrix of numbers; got {type(value).__name__} "
            f"of dtype {array.dtype}"
        )
    return array


def _from_qobj(value: Any, name: str) -> Any:
    if value.isket or value.isbra:
        require_memory(16.0 * value.shape[0] ** 2 * value.shape[1] ** 2, f"the projector on {name}")
        ket = value.full().ravel() if value.isket else value.full().ravel().conj()
        return np.outer(ket, ket.conj())
    if not value.isoper and value.superrep != "choi":
        hint = ". Use qutip.to_choi for a channel" if value.issuper else ""
        raise InvalidStateError(
            f"{name} must be a ket, bra or operator; got Qobj {value.type!r}{hint}"
        )
    if type(value.data).__name__ == "CSR":
        return as_csr(value.data_as("csr_matrix"))
    return value.full()


def _square(matrix: Any, name: str) -> Any:
    shape = matrix.shape
    if len(shape) == 1:
        raise InvalidStateError(
            f"{name} must be a square matrix, shape (d, d); got a vector of length {shape[0]}. "
            "Pass a ket as a Qobj or as np.outer(psi, psi.conj())."
        )
    if len(shape) < 2 or shape[-1] != shape[-2] or 0 in shape:
        raise InvalidStateError(
            f"{name} must be a square matrix, shape (d, d) with d >= 1, or a stack of them; "
            f"got shape {shape}"
        )
    return matrix


def _precision(dtype: np.dtype[Any]) -> float:
    return float(np.finfo(dtype).eps) if dtype.kind in "fc" else 0.0


def _stored(matrix: Operator) -> Array:
    """The entries that can be nonzero."""
    return matrix.data if is_sparse(matrix) else np.asarray(matrix)


def largest_entry(matrix: Operator) -> Array:
    """Largest real or imaginary part, one for each matrix of a stack.

    The modulus itself may exceed every double where its parts do not.
    """
    entries = _stored(matrix)
    parts = np.maximum(abs(entries.real), abs(entries.imag))
    axes = None if is_sparse(matrix) else (-1, -2)
    return np.asarray(parts.max(axis=axes, initial=0.0))


def _require_finite(matrix: Operator, name: str) -> None:
    if np.isfinite(_stored(matrix)).all():
        return
    bad = ~np.isfinite(_stored(matrix))
    if is_sparse(matrix):
        rows, columns = matrix.tocoo().coords
        first = min(zip(rows[bad].tolist(), columns[bad].tolist(), strict=True))
    else:
        first = tuple(np.argwhere(bad)[0].tolist())
    raise InvalidStateError(f"{name} must be finite; got {matrix[first]} at entry {first}")


def to_dense(matrix: Operator) -> Array:
    """An array, unless a sparse matrix would be too large for one."""
    if not is_sparse(matrix):
        return np.asarray(matrix)
    require_memory(4.0 * matrix.dtype.itemsize * math.prod(matrix.shape), "a dense matrix")
    return np.asarray(matrix.toarray())
