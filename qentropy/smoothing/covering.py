r"""The ball reaches a multiple of sigma that is a state, and this is the optimal state.

With normalised states that is ``sigma / Tr sigma``, and the value is ``-log2 Tr sigma``. Without
normalisation it is ``t sigma`` on the boundary of the ball: a larger X is no farther from rho, so
that ``X <= t sigma`` may be replaced by ``X = t sigma`` as long as its trace is at most one.
Where the ball does not reach, both kinds have one value: X is filled up to trace one below
``t sigma``.
"""

import math

import numpy as np

from qentropy.blocks import BlockOperator
from qentropy.smoothing.balls import Proposal, SmoothingProblem
from qentropy.smoothing.scaling import dagger, hermitian

__all__ = ["covers", "propose"]

INSIDE = 1.5e-14  # a little inside the ball, so that rounding does not take the state out
FLOOR = 1e-18


def covers(problem: SmoothingProblem) -> bool:
    """Whether ``sigma / Tr sigma`` lies in the ball, as far as floating point can tell."""
    flat = problem.sigma.map(lambda g: g / float(problem.sigma.trace))
    if problem.ball == "purified-distance":
        return _fidelity(problem.rho, flat) ** 2 >= 1 - problem.epsilon**2
    gaps = problem.rho.map(np.subtract, flat).groups
    diagonal = np.concatenate([np.einsum("mii->mi", g).real.ravel() for g in gaps])
    if float(np.maximum(diagonal, 0).sum()) > problem.radius:
        return False  # pinching does not increase the distance
    return sum(float(np.maximum(np.linalg.eigvalsh(g), 0).sum()) for g in gaps) <= problem.radius


def propose(problem: SmoothingProblem) -> Proposal:
    """The multiple of sigma, and the dual point of the boundary that it lies on."""
    sigma = problem.sigma
    if problem.normalized:
        return Proposal(_multiple(sigma, 1 / float(sigma.trace)), sigma)
    if problem.ball == "purified-distance":
        square = 1 - problem.epsilon**2
        level = (square + INSIDE * sigma.dimension * math.sqrt(square)) / _fidelity(
            problem.rho, sigma
        ) ** 2
        return Proposal(_multiple(sigma, level), _fidelity_dual(problem.rho, sigma))
    blocks = [s for group in sigma.groups for s in group]
    cut_off = list(zip(problem.cut.directions, blocks, strict=True))
    projector = sigma.with_blocks([hermitian(v @ dagger(v)) for v, _ in cut_off])
    slope = sum(float(np.vdot(v, s @ v).real) for v, s in cut_off)
    level = problem.cut.level + (INSIDE * sigma.dimension / slope if slope > 0 else 0.0)
    return Proposal(_multiple(sigma, level), projector, level=level * (1 + 1e-15))


def _multiple(sigma: BlockOperator, level: float) -> BlockOperator:
    return sigma.map(lambda g: level * g)


def _fidelity(rho: BlockOperator, sigma: BlockOperator) -> float:
    products = (a @ b for a, b in zip(rho.spectrum.roots, sigma.spectrum.roots, strict=True))
    return sum(float(np.linalg.svd(g, compute_uv=False).sum()) for g in products)


def _fidelity_dual(rho: BlockOperator, sigma: BlockOperator) -> BlockOperator:
    """``W = S^{-1} (S rho S)^{1/2} S^{-1}``, ``S = sigma^{1/2}``: equality in Alberti's bound."""
    root, inverse = sigma.spectrum.power(0.5), sigma.spectrum.power(-0.5)
    inner = rho.map(lambda r, s: s @ r @ s, rho.with_groups(root)).spectrum
    floor = FLOOR * float(inner.largest)
    roots = [
        (v * np.sqrt(np.maximum(w, floor))[..., None, :]) @ v.conj().swapaxes(-1, -2)
        for w, v in zip(inner.values, inner.vectors, strict=True)
    ]
    return rho.with_groups([hermitian(i @ g @ i) for i, g in zip(inverse, roots, strict=True)])
