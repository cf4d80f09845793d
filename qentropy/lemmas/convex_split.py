"""The convex-split lemma: rho hidden among copies of sigma is close to copies of sigma."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.blocks import Array, one_group
from qentropy.convex_split import convex_split_distance
from qentropy.lemmas.gaussian_draws import drawn_distribution, drawn_state
from qentropy.lemmas.statement import Normals, Statement
from qentropy.operators import as_state, check_epsilon
from qentropy.results import Interval, LemmaCheck
from qentropy.smoothing import smooth_max_relative_entropy

__all__ = ["STATEMENTS", "check_convex_split", "draw_copies", "drawn_full_rank_state"]


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
        As `convex_split_distance`.

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
    # Not by a route that knows the collision bound, which is the statement.
    distance = convex_split_distance(state, target, n, method="dense")
    # The normalised sigma raises D_max by the logarithm of its trace.
    ratio = smooth_max_relative_entropy(state, target, 0.0)
    trace = certify.trace_interval(one_group(target))
    share = scale / n
    low, high = 2.0**ratio.lower * trace.lower * share, 2.0**ratio.upper * trace.upper * share
    rhs = Interval(certify.down(low, 6) if math.isfinite(low) else low, certify.up(high, 6))
    return LemmaCheck(
        statement="convex split",
        equation="(B4)",
        lhs=Interval(max(0.0, certify.down(distance.lower**2)), certify.up(distance.upper**2)),
        rhs=rhs,
        instance=f"d = {len(state)}, n = {n}",
    )


def draw_copies(normals: Normals, k: int) -> dict[str, Any]:
    """A pair of states and a number of copies, the k-th of several shapes and ranks."""
    dimension, n = ((2, 2), (2, 5), (3, 3), (2, 6), (4, 3), (5, 2))[k % 6]
    rho = drawn_state(normals, dimension, 1 + k % dimension)
    return {"rho": rho, "sigma": drawn_full_rank_state(normals, dimension), "n": n}


def drawn_full_rank_state(normals: Normals, dimension: int) -> Array:
    """A state with a part of the maximally mixed one, so that it stays far from singular."""
    mixing = 0.05 + 0.9 * float(drawn_distribution(normals, 2)[0])
    state = drawn_state(normals, dimension)
    return np.asarray((1 - mixing) * state + mixing * np.eye(dimension) / dimension)


STATEMENTS = (
    Statement(
        name="convex-split",
        check=check_convex_split,
        draw=draw_copies,
        false_variant={"factor": 0.125},
    ),
)
