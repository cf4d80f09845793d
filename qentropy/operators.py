"""The only door for input: what users pass becomes checked Hermitian arrays in blocks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qentropy.blocks import (
    SUPPORT_TOLERANCE,
    Array,
    BlockOperator,
    Operator,
    as_csr,
    extract,
    is_sparse,
    joint_blocks,
    one_group,
    require_memory,
)
from qentropy.errors import (
    DimensionMismatchError,
    InvalidParameterError,
    InvalidStateError,
)

__all__ = [
    "Ball",
    "StatePair",
    "as_hermitian",
    "as_positive",
    "as_state",
    "check_ball",
    "check_dims",
    "check_epsilon",
    "check_pair",
    "check_state",
    "check_states",
    "is_real_number",
    "partial_trace",
]


SMALL = 256
INPUT_TOLERANCE = 1e-8
"""Largest relative defect (of symmetry, positivity or trace) that is repaired."""

Ball = Literal["trace-norm", "trace-distance", "purified-distance"]
"""Names of the smoothing balls."""


@dataclass(frozen=True, eq=False)
class StatePair:
    """A state and a positive operator on the same space, in their joint blocks.

    Parameters
    ----------
    rho
        Density operator.
    sigma
        Positive semidefinite operator, multiplied by ``2**-exponent`` so that its largest entry
        is between 1/2 and 1. Powers of two make this exact.
    exponent
        Integers, shape ``(...)``: ``D(rho||sigma_given) = D(rho||sigma) - exponent`` in bits.
    repairs
        What was changed in the input, one sentence each.
    """

    rho: BlockOperator
    sigma: BlockOperator
    exponent: NDArray[np.intp]
    repairs: tuple[str, ...]

    @cached_property
    def trace_bits(self) -> Array:
        """``log2 Tr sigma`` of the sigma given, exactly 0 if that trace is 1 up to rounding."""
        bits = np.log2(self.sigma.trace) + self.exponent
        return np.where(abs(bits) <= _trace_rounding(self.sigma) / math.log(2), 0.0, bits)

    @cached_property
    def supported(self) -> NDArray[np.bool_]:
        """Whether supp(rho) lies inside supp(sigma), shape ``(...)``."""
        return self.outside_weight <= SUPPORT_TOLERANCE * self.rho.dimension

    @cached_property
    def outside_weight(self) -> Array:
        """Weight of rho outside supp(sigma), ``Tr rho (1 - Pi_sigma)``, shape ``(...)``."""
        spectrum = self.sigma.spectrum
        weight: Array = np.zeros(self.rho.groups[0].shape[:-3])
        rows = zip(self.rho.groups, spectrum.vectors, spectrum.support, strict=True)
        for rho, vectors, support in rows:
            if support.all():
                continue
            diagonal = np.einsum("...ij,...ij->...j", vectors.conj(), rho @ vectors).real
            weight = weight + np.where(support, 0.0, diagonal).sum(axis=(-1, -2))
        return weight

    def rotated(self) -> tuple[BlockOperator, BlockOperator, BlockOperator]:
        """rho and sigma in the eigenbasis of sigma, and that basis; for a single pair.

        There sigma is exactly diagonal and exactly zero outside its support. If rho is supported,
        its entries outside, which are rounding, are dropped.
        """
        spectrum = self.sigma.spectrum
        states, diagonals = [], []
        rows = zip(
            self.rho.groups, spectrum.values, spectrum.vectors, spectrum.support, strict=True
        )
        for rho, values, vectors, support in rows:
            turned = vectors.conj().swapaxes(-1, -2) @ rho @ vectors
            if self.supported:
                turned = turned * (support[..., :, None] & support[..., None, :])
            states.append((turned + turned.conj().swapaxes(-1, -2)) / 2)
            diagonals.append(np.where(support, values, 0.0)[..., None] * np.eye(values.shape[-1]))
        dense = self.rho.with_groups(states).dense(), self.rho.with_groups(diagonals).dense()
        index = joint_blocks(*dense)
        basis = self.rho.with_groups(spectrum.vectors)
        return extract(dense[0], index), extract(dense[1], index), basis


# The door


def as_hermitian(value: ArrayLike, name: str = "operator") -> Array:
    """Checked Hermitian matrix or stack of matrices, in double precision.

    Parameters
    ----------
    value
        Array-like ``(..., d, d)``, SciPy sparse matrix, or QuTiP ``Qobj`` (ket, bra or operator).
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
    matrix, _ = _hermitian(value, name)
    return _to_dense(matrix)


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
    matrix, tolerance = _hermitian(value, name)
    whole = one_group(_to_dense(matrix))
    return _repaired_state(whole, name, tolerance)[0].groups[0][..., 0, :, :]


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
    matrix, tolerance = _hermitian(value, name)
    scaled, exponent = _scaled(one_group(_to_dense(matrix)))
    positive, _ = _repaired_positive(scaled, name, tolerance, exponent)
    return _times_power_of_two(positive, exponent).groups[0][..., 0, :, :]


def check_pair(rho: ArrayLike, sigma: ArrayLike) -> StatePair:
    """A state and a positive operator of the same dimension, split into joint blocks.

    Parameters
    ----------
    rho
        Density operator, shape ``(..., d, d)``; anything that `as_hermitian` takes.
    sigma
        Positive semidefinite operator, shape ``(..., d, d)``; leading axes broadcast.

    Returns
    -------
    StatePair

    Raises
    ------
    InvalidStateError
        As `as_state` and `as_positive`.
    DimensionMismatchError
        The dimensions differ.

    Examples
    --------
    >>> pair = check_pair([[1, 0], [0, 0]], [[4, 0], [0, 4]])
    >>> pair.exponent, bool(pair.supported)
    (np.int64(3), True)
    """
    (left, left_tolerance), (right, right_tolerance) = _same_space(rho, sigma)
    index = joint_blocks(left, right)
    state, repairs = _repaired_state(extract(left, index), "rho", left_tolerance)
    scaled, exponent = _scaled(extract(right, index))
    positive, more = _repaired_positive(scaled, "sigma", right_tolerance, exponent)
    return StatePair(state, positive, exponent, repairs + more)


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
    matrix, tolerance = _hermitian(rho, "rho")
    return _repaired_state(extract(matrix, joint_blocks(matrix)), "rho", tolerance)[0]


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
    first, _ = _repaired_state(extract(left, index), "rho", left_tolerance)
    second, _ = _repaired_state(extract(right, index), "sigma", right_tolerance)
    return first, second


def check_dims(dims: Sequence[int], dimension: int) -> tuple[int, ...]:
    """Subsystem dimensions that multiply to `dimension`.

    Raises
    ------
    DimensionMismatchError
        They do not, or one of them is not a positive integer.

    Examples
    --------
    >>> check_dims([2, 3], 6)
    (2, 3)
    """
    try:
        checked: tuple[int, ...] = tuple(int(n) for n in dims)
        whole = all(n == m and n > 0 for n, m in zip(checked, dims, strict=True))
    except (TypeError, ValueError):
        whole = False
    if not whole or math.prod(checked) != dimension:
        raise DimensionMismatchError(
            f"dims must be positive integers that multiply to {dimension}; got {dims!r}"
        )
    return checked


def check_epsilon(epsilon: float, upper: float = math.inf, *, name: str = "epsilon") -> float:
    """A real number between 0 and `upper`.

    Raises
    ------
    InvalidParameterError
        It is not a real number, or out of range.

    Examples
    --------
    >>> check_epsilon(0.1)
    0.1
    """
    if not is_real_number(epsilon) or not 0 <= epsilon <= upper:
        bound = f"0 <= {name} <= {upper:g}" if math.isfinite(upper) else f"{name} >= 0"
        raise InvalidParameterError(f"{name} must be a real number, {bound}; got {epsilon!r}")
    return float(epsilon)


def is_real_number(value: object) -> bool:
    """Whether this is a real number of Python or numpy, and not a bool.

    Examples
    --------
    >>> is_real_number(1), is_real_number(True), is_real_number("1")
    (True, False, False)
    """
    is_number = isinstance(value, (int, float, np.integer, np.floating))
    return is_number and not isinstance(value, bool)


def check_ball(ball: str, epsilon: float) -> tuple[Ball, float]:
    """The name of a smoothing ball and its radius, checked together.

    Raises
    ------
    InvalidParameterError
        The name is unknown, or the radius is negative or not a real number.

    Examples
    --------
    >>> check_ball("trace-norm", 0.1)
    ('trace-norm', 0.1)
    """
    for known in get_args(Ball):
        if ball == known:
            return known, check_epsilon(epsilon)
    raise InvalidParameterError(f"ball must be one of {', '.join(get_args(Ball))}; got {ball!r}")


def partial_trace(rho: Array, dims: Sequence[int], keep: int | Sequence[int]) -> Array:
    """Partial trace over all subsystems that are not in `keep`.

    Parameters
    ----------
    rho
        Matrix or stack, shape ``(..., d, d)`` with d the product of `dims`.
    dims
        Subsystem dimensions, the leftmost factor of the Kronecker product first.
    keep
        Subsystems to keep, counted from 0, in the order that they get in the result.

    Returns
    -------
    ndarray
        Shape ``(..., k, k)`` with k the product of the kept dimensions.

    Raises
    ------
    DimensionMismatchError
        `dims` do not fit the matrix.
    InvalidParameterError
        `keep` names a subsystem that does not exist, or one twice.

    Examples
    --------
    >>> bell = np.array([1, 0, 0, 1]) / np.sqrt(2)
    >>> partial_trace(np.outer(bell, bell), (2, 2), 0).round(3)
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    dims = check_dims(dims, rho.shape[-1])
    kept = (keep,) if isinstance(keep, int) else tuple(keep)
    if len(set(kept)) != len(kept) or not all(0 <= k < len(dims) for k in kept):
        raise InvalidParameterError(f"keep must name subsystems 0 to {len(dims) - 1}; got {keep!r}")
    count = len(dims)
    rows = list(range(count))
    columns = [count + k if k in kept else k for k in range(count)]
    tensor = rho.reshape(*rho.shape[:-2], *dims, *dims)
    out = [*kept, *(count + k for k in kept)]
    reduced = np.einsum(tensor, [..., *rows, *columns], [..., *out])
    size = math.prod(dims[k] for k in kept)
    return np.asarray(reduced.reshape(*rho.shape[:-2], size, size))


# From anything to numbers


def _hermitian(value: Any, name: str) -> tuple[Operator, float]:
    """Finite square Hermitian matrix, exactly symmetrised, and the tolerance for its repairs."""
    matrix = _square(_numbers(value, name), name)
    if is_sparse(matrix) and matrix.shape[0] <= SMALL:
        matrix = matrix.toarray()  # faster than sparse from here on
    tolerance = max(INPUT_TOLERANCE, 32 * _precision(matrix.dtype))
    with np.errstate(over="ignore"):  # A long double beyond the largest double becomes inf.
        matrix = matrix.astype(complex if matrix.dtype.kind == "c" else float)
    if is_sparse(matrix):
        matrix.sum_duplicates()
    _require_finite(matrix, name)
    if matrix.dtype.kind == "c" and not np.any(_stored(matrix).imag):
        matrix = matrix.real
    adjoint = matrix.conj().T if is_sparse(matrix) else matrix.conj().swapaxes(-1, -2)
    allowed = tolerance * _largest_entry(matrix)
    with np.errstate(over="ignore"):  # The defect, unlike the halves, may exceed every double.
        defect = 2 * _largest_entry(matrix / 2 - adjoint / 2)
    if (defect > allowed).any():
        first = tuple(np.argwhere(defect > allowed)[0])
        raise InvalidStateError(
            f"{name} must be Hermitian; got |A - A^dagger| = {defect[first]:.3g} "
            f"(tolerance {allowed[first]:.3g}). Use (A + A^dagger)/2 if that is meant."
        )
    return matrix if not defect.any() else matrix / 2 + adjoint / 2, tolerance


def _numbers(value: Any, name: str) -> Any:
    """The numbers behind an array-like, a sparse matrix or a Qobj; other things are refused."""
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
    if not value.isoper:
        raise InvalidStateError(f"{name} must be a ket, bra or operator; got Qobj {value.type!r}")
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


def _largest_entry(matrix: Operator) -> Array:
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


def _to_dense(matrix: Operator) -> Array:
    if not is_sparse(matrix):
        return np.asarray(matrix)
    require_memory(4.0 * matrix.dtype.itemsize * math.prod(matrix.shape), "a dense matrix")
    return np.asarray(matrix.toarray())


# Blocks


def _same_space(rho: Any, sigma: Any) -> tuple[tuple[Operator, float], tuple[Operator, float]]:
    """Two Hermitian operators of one shape, each with the tolerance for its repairs."""
    left, left_tolerance = _hermitian(rho, "rho")
    right, right_tolerance = _hermitian(sigma, "sigma")
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
        return tuple(np.broadcast_arrays(_to_dense(left), _to_dense(right)))  # type: ignore[return-value]
    except ValueError as error:
        raise DimensionMismatchError(
            f"stacks of rho and sigma must broadcast; got shapes {left.shape} and {right.shape}"
        ) from error


# Repairs


def _scaled(operator: BlockOperator) -> tuple[BlockOperator, NDArray[np.intp]]:
    """Multiply by a power of two so that the largest real or imaginary part is in [1/2, 1)."""
    largest = np.maximum.reduce([_largest_entry(g).max(axis=-1) for g in operator.groups])
    exponent = np.frexp(largest)[1].astype(np.intp)
    return _times_power_of_two(operator, -exponent), exponent


def _times_power_of_two(operator: BlockOperator, exponent: NDArray[np.intp]) -> BlockOperator:
    # Two steps, since 2**1074 itself is not a double.
    half = exponent // 2
    first, second = np.ldexp(1.0, half), np.ldexp(1.0, exponent - half)
    return operator.map(lambda g: g * first[..., None, None, None] * second[..., None, None, None])


def _repaired_state(
    operator: BlockOperator, name: str, tolerance: float
) -> tuple[BlockOperator, tuple[str, ...]]:
    trace = operator.trace
    _require_each(
        abs(trace - 1) <= tolerance * max(1, math.sqrt(operator.dimension)),
        trace,
        f"{name} must have trace 1; got {{}} (tolerance {tolerance:.3g}). "
        f"Use {name} / np.trace({name}) if that is meant.",
    )
    positive, repairs = _repaired_positive(operator, name, tolerance)
    trace = positive.trace
    if np.all(abs(trace - 1) <= _trace_rounding(operator)):
        return positive, repairs
    positive = positive.map(lambda g: g / trace[..., None, None, None])
    return positive, (*repairs, f"{name} was divided by its trace")


def _trace_rounding(operator: BlockOperator) -> float:
    """How far from its exact value rounding may take a trace of order one."""
    return float(4 * operator.dimension * np.finfo(float).eps)


def _repaired_positive(
    operator: BlockOperator, name: str, tolerance: float, exponent: Any = 0
) -> tuple[BlockOperator, tuple[str, ...]]:
    """Clip eigenvalues that are negative by more than rounding but within the tolerance.

    What was given is ``2**exponent`` times the operator; the messages speak of that.
    """
    largest = np.maximum.reduce([_largest_entry(g).max(axis=-1) for g in operator.groups])
    _require_each(largest > 0, largest, f"{name} must not be zero; got largest entry {{}}")
    rounding = 8 * operator.dimension * np.finfo(float).eps
    if _is_positive_up_to(operator, rounding * largest):
        return operator, ()
    spectrum = operator.spectrum
    smallest = np.minimum.reduce([v.min(axis=(-1, -2)) for v in spectrum.values])
    _require_each(
        smallest >= -tolerance * np.maximum(spectrum.largest, largest),
        np.ldexp(smallest, exponent),
        f"{name} must be positive semidefinite; got smallest eigenvalue {{}} "
        f"(tolerance {-tolerance:.3g} times the largest). Project it onto the positive part first "
        "if that is meant.",
    )
    clipped = [
        (vectors * np.maximum(values, 0.0)[..., None, :]) @ vectors.conj().swapaxes(-1, -2)
        for values, vectors in zip(spectrum.values, spectrum.vectors, strict=True)
    ]
    symmetric = [(c + c.conj().swapaxes(-1, -2)) / 2 for c in clipped]
    lowest = np.ldexp(smallest, exponent).min()
    note = f"negative eigenvalues of {name} down to {lowest:.3g} were set to zero"
    return operator.with_groups(symmetric), (note,)


def _is_positive_up_to(operator: BlockOperator, slack: Array) -> bool:
    """Whether a Cholesky factorisation of operator + slack runs to completion."""
    try:
        for group in operator.groups:
            np.linalg.cholesky(group + slack[..., None, None, None] * np.eye(group.shape[-1]))
    except np.linalg.LinAlgError:
        return False
    return True


def _require_each(condition: Any, values: Any, message: str) -> None:
    """Raise with the first offending value, and its place in a stack."""
    condition, values = np.atleast_1d(condition), np.atleast_1d(values)
    if condition.all():
        return
    first = tuple(int(i) for i in np.argwhere(~condition)[0])
    place = f" at stack position {first}" if condition.size > 1 else ""
    raise InvalidStateError(message.format(f"{values[first]:.6g}") + place)
