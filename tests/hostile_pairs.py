"""Pairs and radii at which smooth divergences go wrong first, each built from a seed.

Spectra reach from 1 down to 1e-14; eigenvalues repeat, exactly and nearly; eigenbases agree,
nearly agree or have nothing to do with each other; the supports may not fit; radii sit on the
thresholds at which the value changes its form.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from qentropy.states import random_unitary

Array = NDArray[Any]

BALLS = ("trace-norm", "trace-distance", "purified-distance")


class Problem(NamedTuple):
    """Arguments of the smooth max-relative entropy."""

    rho: Array
    sigma: Array
    epsilon: float
    ball: str
    normalized: bool

    @property
    def options(self) -> dict[str, Any]:
        """The keywords."""
        return {"ball": self.ball, "normalized": self.normalized}


SPECTRA: dict[str, Callable[[int, np.random.Generator], Array]] = {
    "generic": lambda d, rng: rng.dirichlet(np.ones(d)),
    "pure": lambda d, rng: np.eye(d)[0],
    "low rank": lambda d, rng: np.arange(d) < rng.integers(1, d + 1),
    "flat": lambda d, rng: np.ones(d),
    "graded": lambda d, rng: 10.0 ** -np.linspace(0, 14, d),
    "mildly graded": lambda d, rng: 10.0 ** -np.linspace(0, 5, d),
    "any size": lambda d, rng: 10.0 ** -rng.uniform(0, 14, d),
    "one small": lambda d, rng: np.append(np.ones(d - 1), 10.0 ** -rng.uniform(3, 14)),
    "one large": lambda d, rng: np.append(1, np.full(d - 1, 10.0 ** -rng.uniform(3, 14))),
    "nearly flat": lambda d, rng: 1 + 10.0 ** -rng.uniform(6, 15) * rng.normal(size=d),
    "pairs": lambda d, rng: np.repeat(rng.dirichlet(np.ones(d)), 2)[:d],
    "near pairs": lambda d, rng: (
        np.repeat(rng.dirichlet(np.ones(d)), 2)[:d] * (1 + 1e-10 * rng.normal(size=d))
    ),
}
RELATIONS = ("independent", "commuting", "nearly commuting", "nearly equal", "blocks", "supported")
EDGES = ("any", "covering", "support", "top")


def hermitian(matrix: Array) -> Array:
    """Made exactly Hermitian."""
    return (matrix + matrix.conj().T) / 2


def turned(matrix: Array, basis: Array) -> Array:
    """``V A V^dagger``."""
    return hermitian(basis @ matrix @ basis.conj().T)


def spectrum(kind: str, size: int, rng: np.random.Generator) -> Array:
    """Eigenvalues of a state, in random order."""
    values = np.asarray(SPECTRA[kind](size, rng), dtype=float)
    return rng.permutation(values / values.sum())


def pair(
    kinds: tuple[str, str, str], size: int, real: bool, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Two states with spectra of the first two kinds, in the relation that is the third."""
    p, q = (np.diag(spectrum(kind, size, rng)) for kind in kinds[:2])
    first, second = (random_unitary(size, real=real, rng=rng) for _ in range(2))
    if kinds[2] == "independent":
        return turned(p, first), turned(q, second)
    if kinds[2] == "commuting":
        return turned(p, first), turned(q, first)
    if kinds[2] == "nearly commuting":
        angles, tilt = np.linalg.eigh(hermitian(second))
        phases = np.exp(1j * 10.0 ** -rng.uniform(1, 15) * angles)
        step = np.eye(size) if real else (tilt * phases) @ tilt.conj().T
        return turned(p, first), turned(turned(q, step), first)
    if kinds[2] == "nearly equal":
        share = 10.0 ** -rng.uniform(1, 14)
        rho = turned(p, first)
        return rho, hermitian((1 - share) * rho + share * turned(q, second))
    if kinds[2] == "supported":
        inside = second[:, : max(1, size // 2)]
        rho = inside.conj().T @ turned(p, first) @ inside
        weights = np.sort(np.diag(q))[-inside.shape[1] :]
        sigma = turned(np.diag(weights / weights.sum()), inside)
        return turned(rho / np.trace(rho).real, inside), sigma
    keep = rng.permutation(np.arange(size) % 2 == 0)
    shared = keep[:, None] == keep
    return np.where(shared, turned(p, first), 0), np.where(shared, turned(q, second), 0)


def threshold(rho: Array, sigma: Array, ball: str, edge: str) -> float:
    """The radius at which the ball reaches ``sigma / Tr sigma``, or its support, or everything."""
    values, vectors = np.linalg.eigh(sigma)
    flat = sigma / values.sum()
    if edge == "support":
        inside = vectors[:, values > 1e-12 * values[-1]]
        flat = turned(inside.conj().T @ rho @ inside, inside)
        flat = flat / max(np.trace(flat).real, 1e-300)
    if edge == "top":
        return 2.0 if ball == "trace-norm" else 1.0
    if ball == "purified-distance":
        roots = [_root(x) for x in (rho, flat)]
        overlap = np.linalg.svd(roots[0] @ roots[1], compute_uv=False).sum()
        return math.sqrt(max(0.0, 1 - overlap**2))
    distance = float(np.maximum(np.linalg.eigvalsh(rho - flat), 0).sum())
    return 2 * distance if ball == "trace-norm" else distance


def _root(matrix: Array) -> Array:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.conj().T


RADII = (0.0, 1e-300, 1e-18, 1e-12, 1e-9, 1e-6, 1e-3, 0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999)
NUDGES = (0.0, 1e-15, -1e-15, 1e-9, -1e-9, 1e-6, -1e-6, 1e-3, -1e-3)


def radius(rho: Array, sigma: Array, ball: str, rng: np.random.Generator) -> float:
    """Any radius, or one on or next to a threshold."""
    edge = rng.choice(EDGES, p=(0.7, 0.1, 0.1, 0.1))
    if edge == "any":
        return float(rng.choice([rng.choice(RADII), rng.uniform()]))
    return max(0.0, float(threshold(rho, sigma, ball, edge) + rng.choice(NUDGES)))


def problem(size: int, rng: np.random.Generator) -> Problem:
    """Everything at random, with all choices made by the generator."""
    kinds = [str(rng.choice(list(names))) for names in (SPECTRA, SPECTRA, RELATIONS)]
    rho, sigma = pair((kinds[0], kinds[1], kinds[2]), size, bool(rng.integers(2)), rng)
    rho = rho / np.trace(rho).real
    ball = str(rng.choice(BALLS))
    epsilon = radius(rho, sigma, ball, rng)
    scale = rng.choice([1.0, size, 10.0 ** rng.uniform(-6, 6), 1e-290, 1e290])
    return Problem(rho, scale * sigma, epsilon, ball, bool(rng.integers(2)))


@st.composite
def problems(draw: st.DrawFn, largest: int = 4) -> Problem:
    """Problems from a drawn size and seed."""
    seed = draw(st.integers(0, 2**32))
    return problem(draw(st.integers(1, largest)), np.random.default_rng(seed))
