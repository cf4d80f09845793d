r"""Eigenvalue root search with a completion: exact for a trace ball when the completion exists.

The root of ``Tr(rho - lambda sigma)_+ = e`` is always a lower bound, proved by the projector
``G = {rho - lambda sigma > 0}``. With the Jordan parts P and N of ``rho - lambda sigma`` the state
``X = rho - P + Q`` attains it if some ``0 <= Q <= N`` with ``Tr Q = e`` leaves X positive; tried
is ``Q = alpha N``. Commuting pairs always complete.
"""

import numpy as np

from qentropy.blocks import BlockOperator
from qentropy.smoothing.balls import Gram, Proposal, SmoothingProblem
from qentropy.smoothing.scaling import hermitian

__all__ = ["propose"]

INSIDE = 1e-14


def propose(problem: SmoothingProblem) -> Proposal:
    """Points of a trace ball, from the cut of the problem."""
    level, parts = problem.cut.level, problem.cut.parts
    # A little inside the ball, so that rounding does not take the state out.
    back = min(1.0, INSIDE * problem.rho.dimension / max(problem.radius, INSIDE))
    share = 1 - back
    heads = [np.where(values[:, None, :] > 0, vectors, 0.0) for values, vectors in parts]
    removed = [np.sqrt(share * w)[:, None, :] * v for (w, _), v in zip(parts, heads, strict=True)]
    return Proposal(
        _completed(problem, share),
        Gram(problem.rho.with_groups(heads)),
        level=level * (1 + 4 * back),
        iterations=problem.cut.steps,
        removed=problem.rho.with_groups(removed),
    )


def _completed(problem: SmoothingProblem, share: float) -> BlockOperator:
    """``X = rho - share (P - alpha N)``, of trace one if the ball wants it.

    With ``N = P - rho + level sigma`` only P has to be known.
    """
    level, parts = problem.cut.level, problem.cut.parts
    removed = sum(float(w.sum()) for w, _ in parts)
    room = removed - float(problem.rho.trace) + level * float(problem.sigma.trace)
    wanted = removed if problem.normalized else min(problem.radius, removed)
    alpha = share * min(1.0, wanted / room) if room > 0 else 0.0
    groups = []
    for r, s, (w, v) in zip(problem.rho.groups, problem.sigma.groups, parts, strict=True):
        change = (v * ((share - alpha) * w)[:, None, :]) @ v.conj().swapaxes(-1, -2)
        groups.append(hermitian((1 - alpha) * r + (alpha * level) * s - change))
    return problem.rho.with_groups(groups)
