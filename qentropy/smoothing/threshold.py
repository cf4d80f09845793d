"""The level at which a cut removes a given weight, the root of ``Tr(rho - lambda sigma)_+ = e``."""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from qentropy.blocks import LARGE, Array, BlockOperator

__all__ = ["Cut", "find_cut", "positive_parts"]

Parts: TypeAlias = tuple[Array, Array]
"""Positive eigenvalues ``(m, k)`` and eigenvectors ``(m, b, k)``; a block with fewer than k has
zeros in front."""

MAX_STEPS = 60
CLOSE_ENOUGH = 1e-13
CLOSE_IF_LARGE = 1e-11  # there the proof costs more
ROUGH = 1e-4  # of the traces: a smaller radius drowns in what single precision rounds
NEAR = 1e-3  # in single precision; the next step squares that
INNER_STEPS = 2
FEW = 1 / 8
"""LAPACK finds up to this share of a block's eigenvectors faster than all of them."""


@dataclass(frozen=True, eq=False)
class Cut:
    """The root lambda, the positive part of ``rho - lambda sigma`` there, and the steps taken."""

    level: float
    parts: list[Parts]
    steps: int

    @cached_property
    def directions(self) -> list[Array]:
        """For each block the eigenvectors that are cut off."""
        return [
            vectors[:, values > 0]
            for group in self.parts
            for values, vectors in zip(*group, strict=True)
        ]


def find_cut(rho: BlockOperator, sigma: BlockOperator, radius: float) -> Cut:
    """Newton's method on the convex ``Tr(rho - lambda sigma)_+``.

    From the left the steps increase and never pass the root, so each one is Dinkelbach's:
    ``lambda = (Tr rho Pi - e) / Tr sigma Pi`` with ``Pi = {rho - lambda sigma > 0}``.

    Parameters
    ----------
    rho, sigma
        Operators in the same blocks.
    radius
        The weight e.

    Returns
    -------
    Cut

    Examples
    --------
    >>> from qentropy.operators import check_states
    >>> found = find_cut(*check_states(np.diag([1.0, 0.0]), np.eye(2) / 2), 0.5)
    >>> found.level, found.directions[0].shape
    (1.0, (1, 1))
    """
    level = _diagonal_root(rho, sigma, radius)
    if max(g.shape[-1] for g in rho.groups) < LARGE:
        return _newton(rho, sigma, radius, level, close=CLOSE_ENOUGH)[0]
    # Single precision is enough to come near, and takes little more than half the time.
    most = (radius / ROUGH - float(rho.trace)) / float(sigma.trace)
    if level < most:
        rough = rho.map(_single), sigma.map(_single)
        _, near = _newton(*rough, radius, level, close=NEAR, most=most)
        level = near if near < most else level
    return _newton(rho, sigma, radius, level, close=CLOSE_IF_LARGE)[0]


def _newton(
    rho: BlockOperator,
    sigma: BlockOperator,
    radius: float,
    level: float,
    *,
    close: float,
    most: float = np.inf,
) -> tuple[Cut, float]:
    """The last cut of Newton's iterates, and the level that would follow; not beyond `most`."""
    for steps in range(1, MAX_STEPS + 1):
        found = Cut(level, positive_parts(rho, sigma, level), steps)
        level = _root_inside(sigma, radius, found, close, most)
        # Only the first level may lie to the right.
        is_last = level <= found.level * (1 + close) or level > most
        if is_last and (steps > 1 or level >= found.level * (1 - close)):
            break
    return found, level


def positive_parts(rho: BlockOperator, sigma: BlockOperator, level: float) -> list[Parts]:
    """Positive eigenvalues of ``rho - level sigma`` and their eigenvectors, for each group."""
    pairs = zip(rho.groups, sigma.groups, strict=True)
    return [_positive_part(r - level * s) for r, s in pairs]


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
    sigma: BlockOperator, radius: float, known: Cut, close: float, most: float
) -> float:
    """Some of Dinkelbach's steps for the operators compressed to the eigenvectors known.

    By compression they stay to the left of the root; the first one is that of the operators.
    """
    level = known.level
    # There rho is diag(values) + known.level * sigma.
    pairs = zip(known.parts, sigma.groups, strict=True)
    inside = [(values, v.conj().swapaxes(-1, -2) @ (s @ v)) for (values, v), s in pairs]
    weights = [
        (float(values.sum()), float(np.einsum("mii->mi", s).real[values > 0].sum()))
        for values, s in inside
    ]
    for _ in range(INNER_STEPS):
        removed, weight = map(sum, zip(*weights, strict=True))
        step = (removed - radius) / weight if weight > 0 else 0.0
        level += step
        if step <= close * level or level > most:
            return level
        ahead = level - known.level
        weights = [_positive_weights(values, s, ahead) for values, s in inside]
    return level


def _positive_weights(values: Array, sigma: Array, ahead: float) -> tuple[float, float]:
    """Sum of the positive eigenvalues of ``diag(values) - ahead sigma``, and ``Tr sigma Pi``."""
    shifted = -ahead * sigma
    np.einsum("mii->mi", shifted)[...] += values
    found, vectors = np.linalg.eigh(shifted)
    diagonal = np.einsum("mij,mij->mj", vectors.conj(), sigma @ vectors).real
    return float(np.maximum(found, 0.0).sum()), float(diagonal[found > 0].sum())


def _positive_part(group: Array) -> Parts:
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


def _single(group: Array) -> Array:
    return group.astype(np.complex64 if np.iscomplexobj(group) else np.float32)


def _few_positive(block: Array) -> tuple[Array, Array]:
    """Positive eigenvalues and their eigenvectors, with no more work than these need."""
    # The diagonal only guesses how many they are.
    if (block.diagonal().real > 0).mean() > FEW:
        values, vectors = np.linalg.eigh(block)
        return values[values > 0], vectors[:, values > 0]
    try:
        np.linalg.cholesky(-block)
    except np.linalg.LinAlgError:
        import scipy.linalg  # slow to import

        values, vectors = scipy.linalg.eigh(
            block, driver="evr", subset_by_value=(0.0, np.inf), check_finite=False
        )
        return values, vectors
    return np.zeros(0), np.zeros((len(block), 0), block.dtype)
