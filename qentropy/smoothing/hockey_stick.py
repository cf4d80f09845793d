r"""Eigenvalue root search with a completion: exact for a trace ball when the completion exists.

The root of ``Tr(rho - lambda sigma)_+ = e`` is always a lower bound, proved by the projector
``G = {rho - lambda sigma > 0}``. With the Jordan parts P and N of ``rho - lambda sigma`` the state
``X = rho - P + Q`` attains it if some ``0 <= Q <= N`` with ``Tr Q = e`` leaves X positive; tried
is ``Q = alpha N``. Commuting pairs always complete.
"""

from typing import TypeAlias

import numpy as np

from qentropy.blocks import LARGE, Array, BlockOperator
from qentropy.smoothing.balls import Proposal, SmoothingProblem
from qentropy.smoothing.scaling import hermitian

__all__ = ["order_of_magnitude", "positive_directions", "positive_parts", "propose", "root"]

_Parts: TypeAlias = tuple[Array, Array]
"""Positive eigenvalues ``(m, k)`` and eigenvectors ``(m, b, k)``; a block with fewer than k has
zeros in front."""

MAX_STEPS = 60
INSIDE = 1e-14
CLOSE_ENOUGH = 1e-13
CLOSE_IF_LARGE = 1e-11  # there the proof costs more
INNER_STEPS = 4


def propose(problem: SmoothingProblem) -> Proposal:
    """Points of a trace ball, by Newton's method on the convex ``Tr(rho - lambda sigma)_+``.

    From the left the steps increase and never pass the root, so each one is Dinkelbach's:
    ``lambda = (Tr rho Pi - e) / Tr sigma Pi`` with ``Pi = {rho - lambda sigma > 0}``.
    """
    level, parts, steps = _newton(problem.rho, problem.sigma, problem.radius)
    # A little inside the ball, so that rounding does not take the state out.
    back = min(1.0, INSIDE * problem.rho.dimension / max(problem.radius, INSIDE))
    share = 1 - back
    cut = [np.where(values[:, None, :] > 0, vectors, 0.0) for values, vectors in parts]
    removed = [np.sqrt(share * w)[:, None, :] * v for (w, _), v in zip(parts, cut, strict=True)]
    return Proposal(
        _completed(problem, level, parts, share),
        problem.rho.with_groups([hermitian(v @ v.conj().swapaxes(-1, -2)) for v in cut]),
        level=level * (1 + 4 * back),
        iterations=steps,
        dual_factor=problem.rho.with_groups(cut),
        removed=problem.rho.with_groups(removed),
    )


def order_of_magnitude(problem: SmoothingProblem) -> float:
    """A power of two near ``2**D``, from its lower bounds: the root, and ``1 / Tr sigma``."""
    level = root(problem.rho, problem.sigma, problem.radius)
    return float(2.0 ** np.rint(np.log2(max(level, 1 / float(problem.sigma.trace)))))


def root(rho: BlockOperator, sigma: BlockOperator, radius: float) -> float:
    """The root lambda of ``Tr(rho - lambda sigma)_+ = radius``."""
    return _newton(rho, sigma, radius)[0]


def positive_directions(problem: SmoothingProblem) -> list[Array]:
    """For each block the eigenvectors of ``rho - lambda sigma`` that are cut off at the root."""
    parts = _newton(problem.rho, problem.sigma, problem.radius)[1]
    return [
        vectors[:, values > 0] for group in parts for values, vectors in zip(*group, strict=True)
    ]


def positive_parts(rho: BlockOperator, sigma: BlockOperator, level: float) -> list[_Parts]:
    """Positive eigenvalues of ``rho - level sigma`` and their eigenvectors, for each group."""
    pairs = zip(rho.groups, sigma.groups, strict=True)
    return [_positive_part(r - level * s) for r, s in pairs]


def _newton(
    rho: BlockOperator, sigma: BlockOperator, radius: float
) -> tuple[float, list[_Parts], int]:
    """The root, the positive part of ``rho - lambda sigma`` there, and the steps taken."""
    level = _diagonal_root(rho, sigma, radius)
    parts = positive_parts(rho, sigma, level)
    steps = 1
    close = CLOSE_ENOUGH if max(g.shape[-1] for g in rho.groups) < LARGE else CLOSE_IF_LARGE
    while steps < MAX_STEPS:
        following = _root_inside(rho, sigma, radius, (level, parts))
        if following <= level * (1 + close):
            break
        level, steps = following, steps + 1
        parts = positive_parts(rho, sigma, level)
    return level, parts, steps


def _diagonal_root(rho: BlockOperator, sigma: BlockOperator, radius: float) -> float:
    """The root for the diagonals alone: by pinching it lies to the left of the root."""
    p, q = (
        np.concatenate([np.einsum("mii->mi", g).real.ravel() for g in operator.groups])
        for operator in (rho, sigma)
    )
    inside = q > 0
    order = np.argsort(-p[inside] / q[inside])
    heads = (np.cumsum(p[inside][order]) - radius) / np.cumsum(q[inside][order])
    # What lies outside the support of sigma is removed first.
    outside = float(p[~inside].sum())
    return max(0.0, float((heads + outside / np.cumsum(q[inside][order])).max()))


def _root_inside(
    rho: BlockOperator, sigma: BlockOperator, radius: float, known: tuple[float, list[_Parts]]
) -> float:
    """Some of Dinkelbach's steps for the operators compressed to the eigenvectors known.

    By compression they stay to the left of the root; the first one is that of the operators.
    """
    level, parts = known
    pairs = list(zip(rho.groups, sigma.groups, strict=True))
    small = [
        tuple(v.conj().swapaxes(-1, -2) @ (g @ v) for g in groups)
        for (_, v), groups in zip(parts, pairs, strict=True)
    ]
    weights = [
        tuple(np.einsum("mii->mi", g).real[values > 0].sum() for g in groups)
        for (values, _), groups in zip(parts, small, strict=True)
    ]
    for _ in range(INNER_STEPS):
        removed, weight = (float(sum(column)) for column in zip(*weights, strict=True))
        following = (removed - radius) / weight if weight > 0 else level
        if following <= level * (1 + CLOSE_ENOUGH):
            return max(level, following)
        level = following
        weights = [_positive_weights(r, s, level) for r, s in small]
    return level


def _positive_weights(rho: Array, sigma: Array, level: float) -> tuple[float, float]:
    """``Tr rho Pi`` and ``Tr sigma Pi`` for the projector on the positive part of a group."""
    values, vectors = np.linalg.eigh(rho - level * sigma)
    in_basis = (np.einsum("mij,mij->mj", vectors.conj(), g @ vectors).real for g in (rho, sigma))
    removed, weight = (float(diagonal[values > 0].sum()) for diagonal in in_basis)
    return removed, weight


def _completed(
    problem: SmoothingProblem, level: float, parts: list[_Parts], share: float
) -> BlockOperator:
    """``X = rho - share (P - alpha N)``, of trace one if the ball wants it.

    With ``N = P - rho + level sigma`` only P has to be known.
    """
    removed = sum(float(w.sum()) for w, _ in parts)
    room = removed - float(problem.rho.trace) + level * float(problem.sigma.trace)
    wanted = removed if problem.normalized else min(problem.radius, removed)
    alpha = share * min(1.0, wanted / room) if room > 0 else 0.0
    groups = []
    for r, s, (w, v) in zip(problem.rho.groups, problem.sigma.groups, parts, strict=True):
        change = (v * ((share - alpha) * w)[:, None, :]) @ v.conj().swapaxes(-1, -2)
        groups.append(hermitian((1 - alpha) * r + (alpha * level) * s - change))
    return problem.rho.with_groups(groups)


def _positive_part(group: Array) -> _Parts:
    if group.shape[-1] < LARGE:
        values, vectors = np.linalg.eigh(group)
        width = max(1, int((values > 0).sum(axis=-1).max()))
        return np.maximum(values[:, -width:], 0.0), vectors[:, :, -width:]
    found = [_few_positive(block) for block in group]
    width = max(1, *(len(values) for values, _ in found))
    values = np.zeros((len(group), width))
    vectors = np.zeros((*group.shape[:2], width), group.dtype)
    for k, (w, v) in enumerate(found):
        values[k, width - len(w) :], vectors[k, :, width - len(w) :] = w, v
    return values, vectors


def _few_positive(block: Array) -> tuple[Array, Array]:
    """Positive eigenvalues and their eigenvectors, with no more work than these need."""
    try:
        np.linalg.cholesky(-block)
    except np.linalg.LinAlgError:
        import scipy.linalg  # slow to import

        values, vectors = scipy.linalg.eigh(
            block, driver="evr", subset_by_value=(0.0, np.inf), check_finite=False
        )
        return values, vectors
    return np.zeros(0), np.zeros((len(block), 0), block.dtype)
