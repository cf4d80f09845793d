"""Hypothesis strategies for states, pairs of operators, stacks, channels and wrong input.

Every operator is built from a drawn seed by the generator of numpy, so that an example is small to
print and the same everywhere. A shape of the spectrum is drawn first: the easy case of a random
full-rank state is only one of many.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from qentropy.states import random_state, random_unitary

Array = NDArray[Any]

SIZES = st.integers(1, 6)
SPECTRA = ("generic", "pure", "low rank", "degenerate", "graded", "flat")


def generators() -> st.SearchStrategy[np.random.Generator]:
    """Random number generators with small seeds."""
    return st.integers(0, 2**16).map(np.random.default_rng)


def random_spectrum(dimension: int, kind: str, rng: np.random.Generator) -> Array:
    """Eigenvalues of a state, of one of the kinds in `SPECTRA`."""
    values = rng.dirichlet(np.ones(dimension))
    if kind == "pure":
        values = np.eye(dimension)[0]
    elif kind == "low rank":
        values[: dimension // 2] = 0
    elif kind == "degenerate":
        values = np.repeat(rng.dirichlet(np.ones(dimension)), 2)[:dimension]
    elif kind == "graded":
        values = 10.0 ** -np.linspace(0, 4, dimension)
    elif kind == "flat":
        values = np.ones(dimension)
    return values / values.sum()


@st.composite
def states(
    draw: st.DrawFn,
    dimension: st.SearchStrategy[int] | int = SIZES,
    kinds: tuple[str, ...] = SPECTRA,
    *,
    real: bool | None = None,
    diagonal: bool | None = None,
) -> Array:
    """Density operators: real or complex, dense or diagonal, with a spectrum of these `kinds`."""
    size = dimension if isinstance(dimension, int) else draw(dimension)
    rng = draw(generators())
    values = random_spectrum(size, draw(st.sampled_from(kinds)), rng)
    if diagonal if diagonal is not None else draw(st.booleans()):
        return np.diag(rng.permutation(values))
    is_real = real if real is not None else draw(st.booleans())
    return random_state(size, spectrum=values, real=is_real, rng=rng)


@st.composite
def pairs(
    draw: st.DrawFn,
    dimension: st.SearchStrategy[int] | int = SIZES,
    *,
    supported: bool = True,
    real: bool | None = None,
) -> tuple[Array, Array]:
    """States rho and sigma of one dimension; if `supported`, sigma has full rank."""
    size = dimension if isinstance(dimension, int) else draw(dimension)
    kinds = ("generic", "degenerate", "graded", "flat") if supported else SPECTRA
    rho = draw(states(size, real=real))
    if size > 1 and draw(st.booleans()):
        # Two rotations of independent draws are nearly always far apart; this pair is close.
        other = draw(states(size, kinds, real=real))
        step = 10.0 ** -draw(st.integers(1, 6))
        return (1 - step) * rho + step * other, (other + rho) / 2
    return rho, draw(states(size, kinds, real=real))


@st.composite
def block_pairs(draw: st.DrawFn) -> tuple[Array, Array]:
    """Pairs that share diagonal blocks of several sizes, with rows and columns permuted."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
    weights = draw(generators()).dirichlet(np.ones(len(sizes)), 2)
    rows = draw(generators()).permutation(sum(sizes))
    rho, sigma = np.zeros((2, sum(sizes), sum(sizes)), complex)
    start = 0
    for size, p, q in zip(sizes, *weights, strict=True):
        block = np.ix_(rows[start : start + size], rows[start : start + size])
        first, second = draw(pairs(size))
        rho[block], sigma[block] = p * first, q * second
        start += size
    return rho, sigma


@st.composite
def stacks(draw: st.DrawFn, dimension: int = 3) -> tuple[Array, Array]:
    """Stacks of rho with two leading axes and of sigma with one, which broadcast."""
    outer, inner = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    rho = [[draw(states(dimension)) for _ in range(inner)] for _ in range(outer)]
    sigma = [draw(states(dimension)) for _ in range(inner)]
    return np.array(rho), np.array(sigma)


@st.composite
def channels(draw: st.DrawFn, dimension: int, output: int) -> Array:
    """Kraus operators of a random channel, shape ``(k, output, dimension)``."""
    # The isometry into output (x) environment needs a column for each input dimension.
    least = -(-dimension // output)
    count = draw(st.integers(least, least + 2))
    isometry = random_unitary(count * output, rng=draw(generators()))[:, :dimension]
    return isometry.reshape(count, output, dimension)


def apply_channel(kraus: Array, operator: Array) -> Array:
    """``sum_k K operator K^dagger``, made exactly Hermitian."""
    image = (kraus @ operator @ kraus.conj().swapaxes(-1, -2)).sum(axis=0)
    return (image + image.conj().T) / 2


def wild_arrays() -> st.SearchStrategy[Any]:
    """What nobody should pass: any numbers, any shape, any depth of nesting, no numbers at all."""
    numbers = st.one_of(
        st.floats(width=64),
        st.complex_numbers(),
        st.integers(-(2**70), 2**70),
        st.sampled_from([0.0, 1.0, 0.5, 1e-320, 1e300, -1e-12, None, "x", True]),
    )
    rows = st.recursive(numbers, lambda inner: st.lists(inner, max_size=3), max_leaves=9)
    squares = st.integers(1, 3).flatmap(
        lambda d: st.lists(st.lists(numbers, min_size=d, max_size=d), min_size=d, max_size=d)
    )
    return st.one_of(rows, squares, states().map(np.ndarray.tolist))
