"""Exact oracle: the floats of a matrix taken as the rational numbers that they are.

A complex Hermitian matrix is embedded as ``[[Re, -Im], [Im, Re]]``, which has every eigenvalue
twice; `trace` and the sums over eigenvalues below count each once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from flint import arb, ctx, fmpq, fmpq_mat
from numpy.typing import NDArray

ctx.prec = 300


def rational(value: float) -> fmpq:
    """The number that a float is."""
    return fmpq(*float(value).as_integer_ratio())


def matrix(values: NDArray[Any]) -> fmpq_mat:
    """The real embedding of a real or complex matrix."""
    whole = np.block([[values.real, -np.imag(values)], [np.imag(values), values.real]])
    return fmpq_mat(*whole.shape, [rational(x) for x in whole.ravel()])


def identity(like: fmpq_mat) -> fmpq_mat:
    """The identity of the same size."""
    size = like.nrows()
    return fmpq_mat(size, size, [int(i == j) for i in range(size) for j in range(size)])


def trace(operator: fmpq_mat) -> fmpq:
    """Trace of the matrix that was embedded."""
    return sum((operator[i, i] for i in range(operator.nrows())), fmpq(0)) / 2


def normalised(operator: fmpq_mat) -> fmpq_mat:
    """The operator over its trace."""
    return operator * (1 / trace(operator))


def is_positive(operator: fmpq_mat) -> bool:
    """Whether a symmetric matrix is positive semidefinite, by exact ``L D L^T``."""
    size = operator.nrows()
    rows = [[operator[i, j] for j in range(size)] for i in range(size)]
    for k in range(size):
        pivot = rows[k][k]
        if pivot < 0 or (pivot == 0 and any(rows[k][j] != 0 for j in range(k, size))):
            return False
        for i in range(k + 1, size):
            if rows[i][k] == 0:
                continue
            factor = rows[i][k] / pivot
            for j in range(k + 1, size):
                rows[i][j] -= factor * rows[k][j]
    return True


def meant_state(values: NDArray[Any], *, normalized: bool) -> fmpq_mat:
    """The state that a matrix stands for: over its trace if normalised, or if that exceeds one."""
    whole = matrix(values)
    assert is_positive(whole)
    return normalised(whole) if normalized or trace(whole) > 1 else whole


def eigenvalues(operator: fmpq_mat) -> list[arb]:
    """Enclosures of the eigenvalues, which must be real, each once; the matrix need not be normal.

    The roots of the characteristic polynomial are isolated rigorously.
    """
    polynomial = operator.charpoly().numer()
    roots = [
        (arb(root.real), power * multiplicity)
        for factor, multiplicity in polynomial.factor_squarefree()[1]
        for root, power in factor.complex_roots()
    ]
    doubled = sorted((x for x, count in roots for _ in range(count)), key=lambda x: float(x.mid()))
    return doubled[::2]


def largest_eigenvalue(operator: fmpq_mat) -> arb:
    """Enclosure of the largest eigenvalue."""
    return eigenvalues(operator)[-1]


def positive_part_trace(operator: fmpq_mat) -> arb:
    """Enclosure of the sum of the positive eigenvalues."""
    return sum(((x + abs(x)) / 2 for x in eigenvalues(operator)), arb(0))


def trace_norm(operator: fmpq_mat) -> arb:
    """Enclosure of the sum of the absolute eigenvalues."""
    return sum((abs(x) for x in eigenvalues(operator)), arb(0))


def fidelity(rho: fmpq_mat, sigma: fmpq_mat) -> arb:
    """Enclosure of the root fidelity of two positive operators."""
    return sum((x.nonnegative_part().sqrt() for x in eigenvalues(rho * sigma)), arb(0))
