r"""Eigenvalue root search with a completion: exact for a trace ball when the completion exists.

The root of ``Tr(rho - lambda sigma)_+ = e`` is always a lower bound, proved by the projector
``G = {rho - lambda sigma > 0}``. With the Jordan parts P and N of ``rho - lambda sigma`` a state
``X = rho - P + Q`` attains it if ``0 <= Q <= N``. Two Q are tried: ``alpha N`` of trace e, which
commuting pairs always have, and that of least trace among the functions of one operator:

    S^{-1} X S^{-1} = Z_+ + a (1 - Z_+),   Z = S^{-1} (rho - P) S^{-1},   S = (lambda sigma)^{1/2}.

As Z is at most 1 this lies between 0 and 1 and above Z, as X has to between 0 and lambda sigma and
above ``rho - P``; X is normalised by some a if its trace without a is at most one.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from qentropy.blocks import Array
from qentropy.smoothing.balls import Gram, Proposal, SmoothingProblem
from qentropy.smoothing.scaling import congruence, dagger, hermitian
from qentropy.spectra import positive_power

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
    """The same with the completion of least trace, or None where that is too large."""
    level, sigma = problem.cut.level, problem.sigma
    if not level > 0:
        return None
    spectra = zip(
        sigma.spectrum.values, sigma.spectrum.vectors, sigma.spectrum.support, strict=True
    )
    least = [_least_above(x, level, *s) for x, s in zip(_kept(problem), spectra, strict=True)]
    total = float(problem.rho.trace)
    lack = total - sum(float(np.einsum("mii->", x).real) for x in least)
    room = lack - total + level * float(sigma.trace)
    if lack < 0 or not room > 0:
        return None
    share = min(1.0, lack / room) if problem.normalized else 0.0
    zipped = zip(least, sigma.groups, strict=True)
    return _proposal(problem, ((1 - share) * x + (share * level) * s for x, s in zipped))


def _kept(problem: SmoothingProblem) -> Iterator[Array]:
    """Blocks of ``rho - P``."""
    for r, (w, v) in zip(problem.rho.groups, problem.cut.parts, strict=True):
        yield hermitian(r - (v * w[:, None, :]) @ dagger(v))


def _least_above(rest: Array, level: float, values: Array, vectors: Array, support: Array) -> Array:
    """``S Z_+ S`` for blocks of ``rho - P`` and of sigma, given by its spectrum."""
    weights = level * np.where(support, values, 0.0)
    # Any factor of the multiple of sigma serves as its root.
    root = vectors * np.sqrt(weights)[:, None, :]
    inverse = vectors * positive_power(weights, -0.5)[:, None, :]
    z, frame = np.linalg.eigh(congruence(inverse, rest))
    half = root @ (frame * np.sqrt(np.maximum(z, 0.0))[:, None, :])
    return hermitian(half @ dagger(half))


def _proposal(problem: SmoothingProblem, states: Iterable[Array]) -> Proposal:
    """The points, the state a little inside the ball so that rounding does not take it out."""
    back = min(1.0, INSIDE * problem.rho.dimension / max(problem.radius, INSIDE))
    parts = problem.cut.parts
    heads = [np.where(values[:, None, :] > 0, vectors, 0.0) for values, vectors in parts]
    removed = [
        np.sqrt((1 - back) * w)[:, None, :] * v for (w, _), v in zip(parts, heads, strict=True)
    ]
    zipped = zip(states, problem.rho.groups, strict=True)
    primal = [hermitian((1 - back) * x + back * r) for x, r in zipped]
    return Proposal(
        problem.rho.with_groups(primal),
        Gram(problem.rho.with_groups(heads)),
        level=problem.cut.level * (1 + 4 * back),
        iterations=problem.cut.steps,
        removed=problem.rho.with_groups(removed),
    )
