r"""Eigenvalue root search with a completion: exact for a trace ball when the completion exists.

The root of ``Tr(rho - lambda sigma)_+ = e`` is always a lower bound, proved by the projector
``G = {rho - lambda sigma > 0}``. With the Jordan parts P and N of ``rho - lambda sigma`` the state
``X = rho - P + Q`` attains it if some ``0 <= Q <= N`` with ``Tr Q = e`` leaves X positive; tried
is ``Q = alpha N``. Commuting pairs always complete.
"""

from typing import TypeAlias

import numpy as np

from qentropy.blocks import Array, BlockOperator
from qentropy.smoothing.balls import Proposal, SmoothingProblem

__all__ = ["order_of_magnitude", "positive_directions", "propose", "root"]

_Parts: TypeAlias = tuple[Array, Array]

MAX_STEPS = 60
INSIDE = 1e-14
CLOSE_ENOUGH = 1e-13


def propose(problem: SmoothingProblem) -> Proposal:
    """Points of a trace ball, by Newton's method on the convex ``Tr(rho - lambda sigma)_+``.

    From the left the steps increase and never pass the root, so each one is Dinkelbach's:
    ``lambda = (Tr rho Pi - e) / Tr sigma Pi`` with ``Pi = {rho - lambda sigma > 0}``.
    """
    level, parts, steps = _newton(problem.rho, problem.sigma, problem.radius)
    # A little inside the ball, so that rounding does not take the state out.
    back = min(1.0, INSIDE * problem.rho.dimension / max(problem.radius, INSIDE))
    primal = _completed(problem, parts, 1 - back)
    dual = _projector(problem.rho, parts)
    return Proposal(primal, dual, level=level * (1 + 4 * back), iterations=steps)


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


def _newton(
    rho: BlockOperator, sigma: BlockOperator, radius: float
) -> tuple[float, list[_Parts], int]:
    """The root, the eigendecomposition of ``rho - lambda sigma`` there, and the steps taken."""
    level = _diagonal_root(rho, sigma, radius)
    parts = _jordan(rho, sigma, level)
    steps = 1
    while steps < MAX_STEPS:
        removed, weight = _cut(rho, sigma, parts)
        if weight <= 0:
            break
        following = (removed - radius) / weight
        if following <= level * (1 + CLOSE_ENOUGH):
            break
        level, steps = following, steps + 1
        parts = _jordan(rho, sigma, level)
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


def _completed(problem: SmoothingProblem, parts: list[_Parts], share: float) -> BlockOperator:
    """``X = rho - share (P - alpha N)``, of trace one if the ball wants it."""
    removed = sum(float(np.maximum(w, 0).sum()) for w, _ in parts)
    room = sum(float(np.maximum(-w, 0).sum()) for w, _ in parts)
    wanted = removed if problem.normalized else min(problem.radius, removed)
    alpha = min(1.0, wanted / room) if room > 0 else 0.0
    change = [share * np.where(w > 0, -w, -alpha * w) for w, _ in parts]
    return problem.rho.map(np.add, _spectral(problem.rho, parts, change))


def _projector(layout: BlockOperator, parts: list[_Parts]) -> BlockOperator:
    return _spectral(layout, parts, [(w > 0).astype(float) for w, _ in parts])


def _cut(rho: BlockOperator, sigma: BlockOperator, parts: list[_Parts]) -> tuple[float, float]:
    """``Tr rho Pi`` and ``Tr sigma Pi`` for the projector on the positive part."""
    out = []
    for operator in (rho, sigma):
        total = 0.0
        for group, (values, vectors) in zip(operator.groups, parts, strict=True):
            diagonal = np.einsum("mij,mij->mj", vectors.conj(), group @ vectors).real
            total += float(diagonal[values > 0].sum())
        out.append(total)
    return out[0], out[1]


def _jordan(rho: BlockOperator, sigma: BlockOperator, level: float) -> list[_Parts]:
    pairs = zip(rho.groups, sigma.groups, strict=True)
    return [(parts[0], parts[1]) for parts in (np.linalg.eigh(r - level * s) for r, s in pairs)]


def _spectral(layout: BlockOperator, parts: list[_Parts], values: list[Array]) -> BlockOperator:
    groups = [
        (v * w[..., None, :]) @ v.conj().swapaxes(-1, -2)
        for (_, v), w in zip(parts, values, strict=True)
    ]
    return layout.with_groups([(g + g.conj().swapaxes(-1, -2)) / 2 for g in groups])
