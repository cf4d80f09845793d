r"""Eigenvalue root search with a completion: exact for a trace ball when the completion exists.

The root of ``Tr(rho - lambda sigma)_+ = e`` is always a lower bound, proved by the projector
``G = {rho - lambda sigma > 0}``. With the Jordan parts P and N of ``rho - lambda sigma`` a state
``X = rho - P + Q`` attains it if ``0 <= Q <= N``. Two Q are tried: ``alpha N`` of trace e, which
commuting pairs always have and which needs only P, and one of small trace, which is found wherever
there is one, unless that is close. X is normalised by moving it towards ``lambda sigma``.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from qentropy.blocks import Array
from qentropy.smoothing.balls import Proposal, SmoothingProblem
from qentropy.smoothing.completion import frame, least_between
from qentropy.smoothing.scaling import dagger, hermitian

__all__ = ["least_completion", "propose"]

INSIDE = 1e-14


def propose(problem: SmoothingProblem) -> Proposal:
    """Points of a trace ball from the cut of the problem, completed in proportion to N."""
    # With N = P - rho + level sigma only P has to be known.
    level, parts = problem.cut.level, problem.cut.parts
    removed = sum(float(w.sum()) for w, _ in parts)
    room = removed - float(problem.rho.trace) + level * float(problem.sigma.trace)
    wanted = removed if problem.normalized else min(problem.radius, removed)
    alpha = min(1.0, wanted / room) if room > 0 else 0.0
    zipped = zip(_kept(problem), problem.sigma.groups, strict=True)
    return _proposal(problem, ((1 - alpha) * rest + (alpha * level) * s for rest, s in zipped))


def least_completion(problem: SmoothingProblem) -> Proposal | None:
    """The same with a completion of small trace, or None where there is none or none was found."""
    level, sigma = problem.cut.level, problem.sigma
    if not level > 0:
        return None
    spectra = zip(
        sigma.spectrum.values, sigma.spectrum.vectors, sigma.spectrum.support, strict=True
    )
    frames = [
        frame(x, level * np.where(support, values, 0.0), vectors)
        for x, (values, vectors, support) in zip(_kept(problem), spectra, strict=True)
    ]
    total = float(problem.rho.trace)
    least = least_between(frames, total)
    if least is None:
        return None
    lack = total - sum(float(np.einsum("mii->", x).real) for x in least)
    room = lack - total + level * float(sigma.trace)
    if not room > 0:
        return None
    share = min(1.0, lack / room) if problem.normalized else 0.0
    zipped = zip(least, sigma.groups, strict=True)
    return _proposal(problem, ((1 - share) * x + (share * level) * s for x, s in zipped))


def _kept(problem: SmoothingProblem) -> Iterator[Array]:
    """Blocks of ``rho - P``."""
    for r, (w, v) in zip(problem.rho.groups, problem.cut.parts, strict=True):
        yield hermitian(r - (v * w[:, None, :]) @ dagger(v))


def _proposal(problem: SmoothingProblem, states: Iterable[Array]) -> Proposal:
    """The points, the state a little inside the ball so that rounding does not take it out."""
    back = min(1.0, INSIDE * problem.rho.dimension / max(problem.radius, INSIDE))
    removed = [np.sqrt((1 - back) * w)[:, None, :] * v for w, v in problem.cut.parts]
    zipped = zip(states, problem.rho.groups, strict=True)
    primal = [hermitian((1 - back) * x + back * r) for x, r in zipped]
    return Proposal(
        problem.rho.with_groups(primal),
        problem.projector,
        level=problem.cut.level * (1 + 4 * back),
        iterations=problem.cut.steps,
        removed=problem.rho.with_groups(removed),
    )
