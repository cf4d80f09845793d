"""Exact oracle for copies of real states: Kronecker products of the rational numbers of floats."""

from __future__ import annotations

from functools import reduce

from exact import matrix, normalised, trace_norm
from flint import arb, fmpq, fmpq_mat

from qentropy.blocks import Array


def kron(left: fmpq_mat, right: fmpq_mat) -> fmpq_mat:
    """The Kronecker product."""
    rows, columns = left.nrows() * right.nrows(), left.ncols() * right.ncols()
    entries = [
        left[i // right.nrows(), j // right.ncols()] * right[i % right.nrows(), j % right.ncols()]
        for i in range(rows)
        for j in range(columns)
    ]
    return fmpq_mat(rows, columns, entries)


def rational_state(state: Array) -> fmpq_mat:
    """A real matrix over its trace."""
    size = len(state)
    whole = normalised(matrix(state))
    return fmpq_mat(size, size, [whole[i, j] for i in range(size) for j in range(size)])


def deviation(rho: Array, sigma: Array, n: int) -> fmpq_mat:
    """``rho^(n) - sigma^n``."""
    first, other = rational_state(rho), rational_state(sigma)
    terms = [reduce(kron, [first if k == m else other for k in range(n)]) for m in range(n)]
    total = reduce(lambda a, b: a + b, terms)
    return total * fmpq(1, n) - reduce(kron, [other] * n)


def distance(rho: Array, sigma: Array, n: int) -> arb:
    """``||rho^(n) - sigma^n||_1``."""
    # Twice on the diagonal, as `trace_norm` expects it.
    return trace_norm(kron(fmpq_mat(2, 2, [1, 0, 0, 1]), deviation(rho, sigma, n)))
