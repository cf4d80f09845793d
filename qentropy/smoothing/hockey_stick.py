r"""Eigenvalue root search with a completion: exact for a trace ball when the completion exists.

The root of ``Tr(rho - lambda sigma)_+ = e`` is always a lower bound, proved by the projector
``G = {rho - lambda sigma > 0}``. With the Jordan parts P and N of ``rho - lambda sigma`` the state
``X = rho - P + Q`` attains it if some ``0 <= Q <= N`` with ``Tr Q = e`` leaves X positive; tried
is ``Q = alpha N``. Commuting pairs always complete.
"""

import numpy as np

from qentropy.blocks import Array, BlockOperator
from qentropy.smoothing.balls import Proposal, SmoothingProblem

__all__ = ["propose", "root"]

MAX_STEPS = 60


def propose(problem: SmoothingProblem) -> Proposal:
    """Points of a trace ball, by Newton's method on the convex ``Tr(rho - lambda sigma)_+``.

    From the left the steps increase and never pass the root, so each one is Dinkelbach's:
    ``lambda = (Tr rho Pi - e) / Tr sigma Pi`` with ``Pi = {rho - lambda sigma > 0}``.
    """
    level, projector, steps = _newton(problem.rho, problem.sigma, problem.radius)
    return Proposal(_completed(problem, level), projector, iterations=steps)


def root(rho: BlockOperator, sigma: BlockOperator, radius: float) -> float:
    """The root lambda of ``Tr(rho - lambda sigma)_+ = radius``."""
    return _newton(rho, sigma, radius)[0]


def _newton(
    rho: BlockOperator, sigma: BlockOperator, radius: float
) -> tuple[float, BlockOperator, int]:
    level, steps = 0.0, 0
    projector = rho.map(lambda g: np.broadcast_to(np.eye(g.shape[-1]), g.shape))
    for steps in range(1, MAX_STEPS + 1):
        weight = _overlap(sigma, projector)
        if weight <= 0:
            break
        following = (_overlap(rho, projector) - radius) / weight
        if steps > 1 and following <= level * (1 + 4e-16):
            break
        level = following
        values, vectors = _jordan(rho, sigma, level)
        projector = _spectral(rho, vectors, [(w > 0).astype(float) for w in values])
    return level, projector, steps


def _completed(problem: SmoothingProblem, level: float) -> BlockOperator:
    """``X = rho - P + alpha N``, of trace one if the ball wants it."""
    rho, sigma, radius = problem.rho, problem.sigma, problem.radius
    values, vectors = _jordan(rho, sigma, level)
    removed = sum(float(np.maximum(w, 0).sum()) for w in values)
    room = sum(float(np.maximum(-w, 0).sum()) for w in values)
    wanted = removed if problem.normalized else min(radius, removed)
    alpha = min(1.0, wanted / room) if room > 0 else 0.0
    change = [np.where(w > 0, -w, -alpha * w) for w in values]
    return rho.map(np.add, _spectral(rho, vectors, change))


def _jordan(
    rho: BlockOperator, sigma: BlockOperator, level: float
) -> tuple[list[Array], list[Array]]:
    parts = [np.linalg.eigh(r - level * s) for r, s in zip(rho.groups, sigma.groups, strict=True)]
    return [w for w, _ in parts], [v for _, v in parts]


def _spectral(layout: BlockOperator, vectors: list[Array], values: list[Array]) -> BlockOperator:
    groups = [
        (v * w[..., None, :]) @ v.conj().swapaxes(-1, -2)
        for v, w in zip(vectors, values, strict=True)
    ]
    return layout.with_groups([(g + g.conj().swapaxes(-1, -2)) / 2 for g in groups])


def _overlap(left: BlockOperator, right: BlockOperator) -> float:
    pairs = zip(left.groups, right.groups, strict=True)
    return float(sum(np.vdot(a, b).real for a, b in pairs))
