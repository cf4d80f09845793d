"""The distance from the matrices themselves, with a bound of their rounding.

``rho^(n) - sigma^n`` commutes with all permutations. Exchanging the copies of one pair and of
another commutes too, so that the matrix falls into blocks on which each pair is symmetric or
antisymmetric. Blocks with equally many antisymmetric pairs have one spectrum.
"""

import math
from functools import reduce

import numpy as np

from qentropy import certify
from qentropy.blocks import Array, extract, joint_blocks, one_group, require_memory
from qentropy.certify.enclosures import frobenius_bound
from qentropy.results import Interval

__all__ = ["dense_distance", "deviation_error", "independent_copies", "largest_block"]


def largest_block(d: int, n: int) -> float:
    """Rows of the largest block, ``(d (d + 1)/2)**(n // 2) * d**(n % 2)``.

    Examples
    --------
    >>> largest_block(2, 5)
    18.0
    """
    exponent = (n // 2) * math.log2(d * (d + 1) / 2) + (n % 2) * math.log2(d)
    return float(round(2**exponent)) if exponent < 50 else 2.0 ** min(exponent, 500.0)


def dense_distance(rho: Array, sigma: Array, n: int) -> Interval:
    """``||rho^(n) - sigma^n||_1`` of two density operators, as certified norms of blocks.

    Examples
    --------
    >>> 0.375 in dense_distance(np.diag([0.5, 0.5]), np.diag([0.25, 0.75]), 2)
    True
    """
    if len(rho) == 1:
        return Interval(0.0, 0.0)
    require_memory(64 * largest_block(len(rho), n) ** 2, "a block of the convex split")
    error = deviation_error(rho, sigma, n)
    low = high = 0.0
    for antisymmetric in range(n // 2 + 1):
        block = _block(rho, sigma, n, antisymmetric)
        norm = certify.trace_norm_interval(extract(block, joint_blocks(block)), error)
        count = math.comb(n // 2, antisymmetric)
        low = certify.down(low + certify.down(count * norm.lower))
        high = certify.up(high + certify.up(count * norm.upper))
    return Interval(max(0.0, low), high)


def _block(rho: Array, sigma: Array, n: int, antisymmetric: int) -> Array:
    """``rho^(n) - sigma^n`` where so many pairs are antisymmetric, and the others are not."""
    kinds = [-1] * antisymmetric + [1] * (n // 2 - antisymmetric)
    factors = {sign: _pair(rho, sigma, sign) for sign in set(kinds)} | {0: (rho, sigma)}
    kinds += [0] * (n % 2)
    terms = [
        reduce(np.kron, [factors[kind][place != k] for k, kind in enumerate(kinds)])
        for place in range(len(kinds))
    ]
    return np.asarray(sum(terms) / n - reduce(np.kron, [factors[kind][1] for kind in kinds]))


def _pair(rho: Array, sigma: Array, sign: int) -> tuple[Array, Array]:
    """``rho (x) sigma + sigma (x) rho`` and ``sigma (x) sigma`` on (anti)symmetric vectors."""
    d = len(rho)
    first, second = np.triu_indices(d, k=int(sign < 0))
    columns = np.zeros((d, d, len(first)))
    places = np.arange(len(first))
    columns[first, second, places] += 1.0
    columns[second, first, places] += sign
    basis = columns.reshape(d * d, -1)
    basis = basis / np.linalg.norm(basis, axis=0)
    both = np.kron(rho, sigma) + np.kron(sigma, rho), np.kron(sigma, sigma)
    marked, plain = ((x + x.conj().T) / 2 for x in (basis.T @ y @ basis for y in both))
    return marked, plain


def independent_copies(sigma: Array, n: int) -> Array:
    """``sigma (x) ... (x) sigma`` with n factors.

    Examples
    --------
    >>> np.diag(independent_copies(np.diag([0.5, 0.5]), 2))
    array([0.25, 0.25, 0.25, 0.25])
    """
    return np.asarray(reduce(np.kron, [sigma] * n))


def deviation_error(rho: Array, sigma: Array, n: int) -> float:
    """Bound of the rounding, in Frobenius norm, of ``sum_m w_m rho_m - sigma^n``.

    There ``rho_m`` has rho in place m and sigma in all others, the w are probabilities, and both
    states are divided by their traces, which rounding takes off one.

    Examples
    --------
    >>> deviation_error(np.eye(2) / 2, np.eye(2) / 2, 3) < 1e-14
    True
    """
    traces = [certify.trace_interval(one_group(state)) for state in (rho, sigma)]
    off = max(abs(x - 1) for trace in traces for x in (trace.lower, trace.upper))
    # Frobenius norms are multiplicative under Kronecker products.
    first, other = (frobenius_bound(one_group(state)) for state in (rho, sigma))
    size = other ** (n - 1) * (first + other)
    # Each entry is a sum of n products of n factors. A product of complex numbers costs 3 units,
    # and a pair on its (anti)symmetric vectors, whose entries are sums of four products, 11. The
    # moduli of these vectors are orthonormal too, so that norms do not grow.
    return certify.up(size * (1 + 1e-9) * (certify.gamma(8 * n + 16) + 4 * n * off))
