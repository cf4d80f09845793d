"""Small defects of positivity and trace are repaired, larger ones refused, with their size."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qentropy.blocks import Array, BlockOperator, is_diagonal
from qentropy.errors import InvalidStateError
from qentropy.operators.matrices import largest_entry

__all__ = [
    "is_positive",
    "repaired_positive",
    "repaired_state",
    "rescaled",
    "times_power_of_two",
    "trace_rounding",
]


def rescaled(operator: BlockOperator) -> tuple[BlockOperator, NDArray[np.intp]]:
    """Multiply by a power of two so that the largest real or imaginary part is in [1/2, 1)."""
    largest = np.maximum.reduce([largest_entry(g).max(axis=-1) for g in operator.groups])
    exponent = np.frexp(largest)[1].astype(np.intp)
    return times_power_of_two(operator, -exponent), exponent


def times_power_of_two(operator: BlockOperator, exponent: NDArray[np.intp]) -> BlockOperator:
    """Multiply by ``2**exponent``, without rounding as long as the result is a normal number."""
    # Two steps, since 2**1074 itself is not a double.
    half = exponent // 2
    first, second = np.ldexp(1.0, half), np.ldexp(1.0, exponent - half)
    return operator.map(lambda g: g * first[..., None, None, None] * second[..., None, None, None])


def repaired_state(
    operator: BlockOperator, name: str, tolerance: float
) -> tuple[BlockOperator, tuple[str, ...]]:
    """Make positive and divide by the trace, and say so; refuse a trace that is not near one."""
    trace = operator.trace
    _require_each(
        abs(trace - 1) <= tolerance * max(1, math.sqrt(operator.dimension)),
        trace,
        f"{name} must have trace 1; got {{}} (tolerance {tolerance:.3g}). "
        f"Use {name} / np.trace({name}) if that is meant.",
    )
    positive, repairs = repaired_positive(operator, name, tolerance)
    trace = positive.trace
    if np.all(abs(trace - 1) <= trace_rounding(operator)):
        return positive, repairs
    positive = positive.map(lambda g: g / trace[..., None, None, None])
    return positive, (*repairs, f"{name} was divided by its trace")


def trace_rounding(operator: BlockOperator) -> float:
    """How far from its exact value rounding may take a trace of order one."""
    return float(4 * operator.dimension * np.finfo(float).eps)


def repaired_positive(
    operator: BlockOperator, name: str, tolerance: float, exponent: Any = 0
) -> tuple[BlockOperator, tuple[str, ...]]:
    """Clip eigenvalues that are negative by more than rounding but within the tolerance.

    What was given is ``2**exponent`` times the operator; the messages speak of that.
    """
    largest = np.maximum.reduce([largest_entry(g).max(axis=-1) for g in operator.groups])
    _require_each(largest > 0, largest, f"{name} must not be zero; got largest entry {{}}")
    rounding = 8 * operator.dimension * np.finfo(float).eps
    if is_positive(operator, rounding * largest):
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


def is_positive(operator: BlockOperator, slack: Array) -> bool:
    """Whether a Cholesky factorisation of operator + slack runs to completion.

    Parameters
    ----------
    operator
        Hermitian blocks.
    slack
        One number for each operator of a stack, shape ``(...)``.

    Examples
    --------
    >>> from qentropy.blocks import one_group
    >>> is_positive(one_group(np.diag([1.0, -0.1])), np.array(0.2))
    True
    """
    try:
        return all(_factorises(group, slack) for group in operator.groups)
    except np.linalg.LinAlgError:
        return False


def _factorises(group: Array, slack: Array) -> bool:
    if is_diagonal(group):
        diagonal = np.einsum("...ii->...i", group).real
        return bool((diagonal + slack[..., None, None] > 0).all())
    np.linalg.cholesky(group + slack[..., None, None, None] * np.eye(group.shape[-1]))
    return True


def _require_each(condition: Any, values: Any, message: str) -> None:
    """Raise with the first offending value, and its place in a stack."""
    condition, values = np.atleast_1d(condition), np.atleast_1d(values)
    if condition.all():
        return
    first = tuple(int(i) for i in np.argwhere(~condition)[0])
    place = f" at stack position {first}" if condition.size > 1 else ""
    raise InvalidStateError(message.format(f"{values[first]:.6g}") + place)
