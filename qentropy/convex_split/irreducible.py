r"""Qubits, exactly, through the irreducible blocks of the permutation group.

``rho^(n) - sigma^n`` commutes with all permutations. With ``sigma = diag(s, t)`` and
``rho = [[a, c], [c, b]]`` the space of k singlets and a total spin of ``n/2 - k`` holds
``binomial(n, k) (n - 2k + 1)/(n - k + 1)`` copies of one tridiagonal matrix, whose rows count the
particles in the second level, ``x = k, ..., n - k``.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from qentropy import certify
from qentropy.blocks import Array
from qentropy.convex_split.eigenbasis import RotatedPair
from qentropy.convex_split.tridiagonal import trace_norms
from qentropy.results import Interval

__all__ = ["irreducible_distance"]

Indices = NDArray[np.int64]
Powers = tuple[Array, Indices]

NEGLIGIBLE = 1e-17  # what the rows that are left out may weigh


def irreducible_distance(pair: RotatedPair, n: int) -> Interval:
    """``||rho^(n) - sigma^n||_1`` of two qubits, sigma diagonal up to rounding.

    Examples
    --------
    >>> from qentropy.convex_split.eigenbasis import rotated_pair
    >>> pair = rotated_pair(np.diag([0.5, 0.5]), np.diag([0.25, 0.75]), np.eye(2))
    >>> 0.375 in irreducible_distance(pair, 2)
    True
    """
    # The phase of c goes with a diagonal unitary, which sigma does not see.
    c = float(abs(pair.rho[0, 1]))
    p, q = pair.probabilities
    seen = np.diag(p) + (pair.rho - np.diag(pair.rho.diagonal()))
    # The floats are taken as they are, while the states have a trace of one; c was rounded.
    off = [abs(math.fsum([*levels, -1.0])) for levels in (p, q)]
    first, second = pair.moves(seen, np.diag(q))
    moves = first + off[0] + 8 * certify.UNIT * c, second + off[1]
    blocks, missed = _blocks((float(p[0]), float(p[1]), c), q.tolist(), n)
    norm = trace_norms(blocks)
    error = certify.up(missed + pair.change(moves, n))
    return Interval(max(0.0, certify.down(norm.lower - error)), certify.up(norm.upper + error))


def _blocks(
    rho: tuple[float, float, float], sigma: list[float], n: int
) -> tuple[list[tuple[Array, Array]], float]:
    """Diagonals and off-diagonals times multiplicities, and what their errors weigh in all."""
    a, b, c = rho
    blocks = []
    size, dropped = [], []
    cut = NEGLIGIBLE / (n + 1) ** 2
    for k, weights, shifted in _weights(sigma, n):
        x = np.arange(k, n - k + 1.0)
        # What rho puts on a row, and sigma, is never negative; only their difference cancels.
        mixed = ((n - x) * a * shifted[1:] + x * b * shifted[:-1]) / n
        off = np.sqrt((x[:-1] - k + 1) * (n - k - x[:-1])) * shifted[1:-1] * (c / n)
        row = mixed + weights + np.append(off, 0.0) + np.append(0.0, off)
        size.append(float(row.sum()))
        kept = np.flatnonzero(row > cut)
        first, end = (kept[0], kept[-1] + 1) if len(kept) else (0, 0)
        # Rows and columns that are left out weigh at most their entries, each counted once more.
        dropped.append(2 * float(row[:first].sum() + row[end:].sum()))
        if end:
            blocks.append(((mixed - weights)[first:end], off[first : end - 1]))
    # Each entry is a product of n factors and a few roundings, of terms that are not negative.
    error = certify.gamma(n + 24) * math.fsum(size) + math.fsum(dropped)
    return blocks, error * (1 + 1e-9) + 2.0**-900


def _weights(sigma: list[float], n: int) -> Iterator[tuple[int, Array, Array]]:
    """For each k the multiplicity times ``s**(n-x) t**x``, and times ``s**(n-x) t**(x-1)``.

    The latter for x from k to n - k + 1; both are zero where an exponent is negative.
    """
    powers = _powers(sigma[0], n), _powers(sigma[1], n)
    paths = 1
    for k in range(n // 2 + 1):
        copies = paths * (n - 2 * k + 1) // (n - k + 1)
        x = np.arange(k, n - k + 2)
        weights = _monomials(powers, n - x[:-1], x[:-1], copies)
        shifted = np.zeros(len(x))
        inside = (x >= 1) & (x <= n)
        shifted[inside] = _monomials(powers, n - x[inside], x[inside] - 1, copies)
        yield k, weights, shifted
        paths = paths * (n - k) // (k + 1)


def _monomials(powers: tuple[Powers, Powers], i: Indices, j: Indices, copies: int) -> Array:
    """``copies * s**i * t**j``; the integer may be larger than every double."""
    (first, first_exponents), (second, second_exponents) = powers
    surplus = max(0, copies.bit_length() - 64)
    fractions = float(copies >> surplus) * first[i] * second[j]
    exponents = first_exponents[i] + second_exponents[j] + surplus
    return np.asarray(np.ldexp(fractions, exponents))


def _powers(base: float, n: int) -> Powers:
    """``base**j`` for j from 0 to n as numbers in [1/2, 1) and exponents of two.

    At most j roundings each; nothing overflows or underflows.
    """
    fraction, exponent = math.frexp(base)
    fractions, exponents = [1.0], [0]
    for _ in range(n):
        product, carry = math.frexp(fractions[-1] * fraction)
        fractions.append(product)
        exponents.append(exponents[-1] + exponent + carry)
    return np.array(fractions), np.array(exponents)
