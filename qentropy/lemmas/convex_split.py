"""The convex-split lemma: rho hidden among copies of sigma is close to copies of sigma."""

import math

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.blocks import extract, joint_blocks, one_group
from qentropy.convex_split import convex_split_state
from qentropy.lemmas.rounding import frobenius_norm, trace_defect
from qentropy.operators import as_state, check_epsilon
from qentropy.results import Interval, LemmaCheck
from qentropy.smoothing import smooth_max_relative_entropy
from qentropy.states import random_state

__all__ = ["check_convex_split", "random_check"]


def check_convex_split(
    rho: ArrayLike, sigma: ArrayLike, n: int, *, factor: float = 1.0
) -> LemmaCheck:
    r"""Convex-split lemma, ``||rho^(n) - sigma^n||_1**2 <= 2**D_max(rho||sigma) / n``.

    Parameters
    ----------
    rho, sigma
        Density operators, shape ``(d, d)``.
    n
        Number of copies, at least 1; matrices of size ``d**n`` are built.
    factor
        Multiplies the right-hand side.

    Returns
    -------
    LemmaCheck
        Both sides without unit.

    Raises
    ------
    InvalidStateError, DimensionMismatchError, InvalidParameterError, ResourceLimitError
        As `convex_split_state`.

    References
    ----------
    Paper, Lemma 9, (B4).

    Examples
    --------
    >>> rho, sigma = np.diag([0.9, 0.1]), np.diag([0.5, 0.5])
    >>> check_convex_split(rho, sigma, 3).verdict
    <Verdict.PROVED: 'PROVED'>
    >>> check_convex_split(rho, sigma, 3, factor=0.01).verdict
    <Verdict.REFUTED: 'REFUTED'>
    """
    scale = check_epsilon(factor, name="factor")
    state, target = as_state(rho, "rho"), as_state(sigma, "sigma")
    mixed = convex_split_state(state, target, n)
    power = target
    for _ in range(n - 1):
        power = np.kron(power, target)
    # Each entry is a sum of n products of n factors; the traces of the factors may be off by
    # rounding. Frobenius norms are multiplicative under Kronecker products.
    size = frobenius_norm(target) ** (n - 1) * (frobenius_norm(state) + frobenius_norm(target))
    off = n * (trace_defect(state) + trace_defect(target)) * (1 + 1e-9)
    error = certify.up(size * (1 + 1e-9) * (certify.gamma(8 * n + 8) + 2 * off))
    gap = mixed - power
    distance = certify.trace_norm_interval(extract(gap, joint_blocks(gap)), error)
    # The normalised sigma raises D_max by the logarithm of its trace.
    ratio = smooth_max_relative_entropy(state, target, 0.0)
    trace = certify.trace_interval(one_group(target))
    share = scale / n
    low, high = 2.0**ratio.lower * trace.lower * share, 2.0**ratio.upper * trace.upper * share
    rhs = Interval(certify.down(low, 6) if math.isfinite(low) else low, certify.up(high, 6))
    return LemmaCheck(
        statement="convex split",
        equation="(B4)",
        lhs=Interval(certify.down(distance.lower**2), certify.up(distance.upper**2)),
        rhs=rhs,
        instance=f"d = {len(state)}, n = {n}",
    )


def random_check(rng: np.random.Generator, k: int) -> LemmaCheck:
    """The statement on the k-th of several shapes and ranks, with random states."""
    dimension, n = ((2, 2), (2, 5), (3, 3), (2, 7), (4, 3), (5, 2))[k % 6]
    rho = random_state(dimension, rank=1 + k % dimension, rng=rng)
    return check_convex_split(rho, random_state(dimension, rng=rng), n)
