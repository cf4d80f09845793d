"""Hermitian matrices on which rounding goes wrong first, and the blocks that they are held in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies import generators

from qentropy.blocks import BlockOperator, extract, joint_blocks

Array = NDArray[Any]


def gaussian(size: int, real: bool, rng: np.random.Generator) -> Array:
    """Independent normal entries."""
    entries = rng.normal(size=(size, size))
    return entries if real else entries + 1j * rng.normal(size=(size, size))


def _blocks(a: Array, rng: np.random.Generator) -> Array:
    """Two diagonal blocks of very different size, the rows permuted."""
    size = len(a)
    out = np.zeros_like(a)
    out[: size // 2, : size // 2] = a[: size // 2, : size // 2] * 1e-9
    out[size // 2 :, size // 2 :] = a[size // 2 :, size // 2 :]
    rows = rng.permutation(size)
    return out[np.ix_(rows, rows)]


def _graded(a: Array, rng: np.random.Generator, reach: float) -> Array:
    scale = 10.0 ** rng.uniform(-reach, reach, len(a))
    return a * scale[:, None] * scale


KINDS: dict[str, Callable[[Array, np.random.Generator], Array]] = {
    "indefinite": lambda a, rng: a + a.conj().T,
    "positive": lambda a, rng: a @ a.conj().T,
    "rank one": lambda a, rng: a[:, :1] @ a[:, :1].conj().T,
    "zero": lambda a, rng: 0 * a,
    "identity": lambda a, rng: np.eye(len(a)) + 0 * a,
    "nearly singular": lambda a, rng: a @ a.conj().T - np.eye(len(a)) * 1e-13,
    "almost the identity": lambda a, rng: np.eye(len(a)) + 1e-15 * (a + a.conj().T),
    "graded": lambda a, rng: _graded(a @ a.conj().T, rng, 8),
    "wildly graded": lambda a, rng: _graded(a + a.conj().T, rng, 140),
    "huge": lambda a, rng: (a + a.conj().T) * 1e300,
    "tiny": lambda a, rng: (a + a.conj().T) * 1e-300,
    "subnormal": lambda a, rng: (a + a.conj().T) * 1e-315,
    "short numbers": lambda a, rng: np.round(a @ a.conj().T * 4) / 4,
    "blocks": lambda a, rng: _blocks(a + a.conj().T, rng),
    "diagonal": lambda a, rng: np.diag(np.diag(a).real) + 0 * a,
}


PRIMAL_CANDIDATES = ("noise", "sigma", "transposed", "mixed")


def exactly_hermitian(values: Array) -> Array:
    """Rounded until it equals its adjoint."""
    return values / 2 + values.conj().T / 2


def hermitian_matrix(kind: str, size: int, real: bool, rng: np.random.Generator) -> Array:
    """A matrix of one of the `KINDS`."""
    return exactly_hermitian(KINDS[kind](gaussian(size, real, rng), rng))


@st.composite
def hermitian_matrices(draw: st.DrawFn, size: int | None = None) -> Array:
    """Any of the `KINDS`, of size 1 to 4, real or complex."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    size = size or draw(st.integers(1, 4))
    return hermitian_matrix(kind, size, draw(st.booleans()), draw(generators()))


def primal_candidate(kind: str, pair: tuple[Array, Array], noise: Array) -> Array:
    """A point as a route might propose it, or one that nobody should."""
    rho, sigma = pair
    size, count = len(rho), len(noise)
    padded = np.zeros((max(count, size), max(count, size)), complex)
    padded[:count, :count] = noise
    table = {
        "noise": padded[:size, :size],
        "sigma": sigma,
        "transposed": rho.T,
        "mixed": 0.9 * rho + 0.1 * sigma,
    }
    return table[kind]


def in_blocks(*matrices: Array) -> tuple[BlockOperator, ...]:
    """The matrices in the diagonal blocks that they share."""
    index = joint_blocks(*matrices)
    return tuple(extract(m, index) for m in matrices)


def in_layout(values: Array, layout: BlockOperator) -> BlockOperator:
    """The blocks of a matrix in a given layout; entries outside are dropped."""
    return extract(values, layout.index)
