r"""A state and its thermal state in an eigenbasis of the Hamiltonian, with a bound of the rounding.

A diagonal Hamiltonian is its own eigenbasis, and then nothing is rounded. Otherwise computed
eigenvectors stand for the exact ones: the residual bounds the energies (Weyl) and, over the gaps,
the spectral projectors (Davis and Kahan, SIAM J. Numer. Anal. 7 (1970) 1).
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.linalg import eigh
from numpy.typing import NDArray

from qentropy import certify
from qentropy.blocks import Array, extract, joint_blocks, one_group
from qentropy.results import Interval

__all__ = ["COMMUTES", "EnergyBasis", "energy_basis"]

COMMUTES = 1e-10
"""Coherence in trace norm up to which a state counts as diagonal, since rounding explains it."""
NONE = Interval(0.0, 0.0)
CLUSTER = 64 * float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False, kw_only=True)
class EnergyBasis:
    """Two states in the eigenbasis of a Hamiltonian, without coherence between its levels.

    Parameters
    ----------
    levels
        Energies, shape ``(d,)``; infinite where tau defines the Hamiltonian and is zero.
    level_error
        Each energy is wrong by at most this; 0 if they are exact, ``inf`` if nothing is known.
    is_nondegenerate
        Whether all levels differ: proved, refuted, or None where rounding hides it.
    omega, tau
        The pinched states, shape ``(d, d)``.
    omega_error, tau_error
        Bounds of their distance in trace norm from the states pinched exactly.
    coherence, tau_coherence
        Intervals of ``||rho - pinched(rho)||_1`` for both states, between 0 and 2.
    """

    levels: Array
    level_error: float
    is_nondegenerate: bool | None
    omega: Array
    tau: Array
    omega_error: float
    tau_error: float
    coherence: Interval
    tau_coherence: Interval

    @property
    def is_diagonal(self) -> bool:
        """Whether omega has no coherence, up to rounding."""
        return self.coherence.upper <= COMMUTES

    @property
    def is_stationary(self) -> bool:
        """Whether tau commutes with the Hamiltonian, up to rounding."""
        return self.tau_coherence.upper <= COMMUTES

    @cached_property
    def populations(self) -> tuple[Array, Array]:
        """Diagonals of both states, shape ``(d,)`` each."""
        return self.omega.diagonal().real, self.tau.diagonal().real


def energy_basis(omega: Array, tau: Array, hamiltonian: Array | None) -> EnergyBasis:
    """Both states in the eigenbasis of the Hamiltonian, or of tau where none is given.

    Examples
    --------
    >>> found = energy_basis(np.full((2, 2), 0.5), np.diag([0.75, 0.25]), np.diag([0.0, 1.0]))
    >>> found.populations[0], 1.0 in found.coherence
    (array([0.5, 0.5]), True)
    """
    generator = tau if hamiltonian is None else hamiltonian
    diagonal = generator.diagonal().real
    if np.count_nonzero(generator) == np.count_nonzero(diagonal):
        labels = np.unique(diagonal, return_inverse=True)[1]
        levels = _levels(diagonal, 0.0, hamiltonian is None)
        found = _pinched_pair((omega, tau), labels, levels, (0.0, 0.0))
        return replace(found, is_nondegenerate=bool(labels.max() + 1 == len(labels)))
    values, vectors = eigh(generator)
    tilt, residual = _eigenvector_errors(generator, values, vectors)
    labels, turn = _clusters(values, residual)
    moved = [_rotated(state, vectors) for state in (omega, tau)]
    # Pinching with projectors that are off by a norm moves a state by twice that, for each.
    errors = [
        certify.up(2 * turn + _rotation_error(state, vectors, tilt)) for state in (omega, tau)
    ]
    levels = _levels(values, residual, hamiltonian is None)
    found = _pinched_pair((moved[0], moved[1]), labels, levels, (errors[0], errors[1]))
    return replace(found, tau_coherence=NONE) if hamiltonian is None else found


def _pinched_pair(
    states: tuple[Array, Array],
    labels: NDArray[np.intp],
    levels: tuple[Array, float],
    errors: tuple[float, float],
) -> EnergyBasis:
    same = labels[:, None] == labels
    pinched = [np.where(same, state, 0.0) for state in states]
    coherences = []
    for state, error in zip(states, errors, strict=True):
        rest = np.where(same, 0.0, state)
        norm = certify.trace_norm_interval(extract(rest, joint_blocks(rest)))
        weight = certify.trace_interval(one_group(state))
        low, high = certify.down(norm.lower / weight.upper), certify.up(norm.upper / weight.lower)
        wide = certify.up(2 * error) if error else 0.0
        coherences.append(
            Interval(max(0.0, certify.down(low - wide)), min(2.0, certify.up(high + wide)))
            if rest.any() or error
            else NONE
        )
    return EnergyBasis(
        levels=levels[0],
        level_error=levels[1],
        is_nondegenerate=True if labels.max() + 1 == len(labels) else None,
        omega=pinched[0],
        tau=pinched[1],
        omega_error=errors[0],
        tau_error=errors[1],
        coherence=coherences[0],
        tau_coherence=coherences[1],
    )


def _levels(values: Array, error: float, thermal: bool) -> tuple[Array, float]:
    """Energies and their error; those of a thermal state are minus its logarithm."""
    if not thermal:
        return np.asarray(values), error
    levels = np.full(len(values), math.inf)
    positive = values > 0
    levels[positive] = -np.log(values[positive])
    floor = float(values.min())
    if not floor > error:
        return levels, math.inf
    # The logarithm is within 4 units in the last place, and has slope 1/x at least x - error.
    rounding = 8 * certify.UNIT * max(1.0, float(abs(levels).max()))
    return levels, certify.up(rounding + 1.01 * error / (floor - error))


def _eigenvector_errors(matrix: Array, values: Array, vectors: Array) -> tuple[float, float]:
    """Distance of the vectors from a unitary W, and of the matrix from ``W diag(values) W^dagger``.

    Both are bounds of Frobenius norms; W is the unitary nearest to the vectors.
    """
    d = len(values)
    size, sizes = np.abs(matrix), np.abs(vectors)
    relative = certify.gamma(4 * d + 16)
    gram = vectors.conj().T @ vectors - np.eye(d)
    # The singular values s of the vectors have |s - 1| <= |s**2 - 1|.
    tilt = _frobenius(gram, relative * (sizes.T @ sizes + np.eye(d)))
    gap = matrix @ vectors - vectors * values
    rest = _frobenius(gap, relative * (size @ sizes + sizes * np.abs(values)))
    scale = _frobenius(matrix, 0.0 * size) + float(np.linalg.norm(values)) * (1 + relative)
    return tilt, certify.up((rest + scale * tilt) * (1 + 1e-9))


def _frobenius(matrix: Array, error: Array) -> float:
    return certify.up(float(np.linalg.norm(np.abs(matrix) + error)) * (1 + 1e-9) + 1e-290)


def _clusters(values: Array, residual: float) -> tuple[NDArray[np.intp], float]:
    """Levels that rounding keeps apart, and the sum of the errors of their projectors."""
    width = max(4 * residual, CLUSTER * len(values) * float(abs(values).max()))
    gaps = np.diff(values)
    labels = np.concatenate([[0], np.cumsum(gaps > width)]).astype(np.intp)
    edges = gaps[gaps > width]
    left, right = np.append(edges, math.inf), np.insert(edges, 0, math.inf)
    least = np.minimum(left, right)
    # An isolated group of eigenvalues: the angle is at most residual / (gap - residual).
    return labels, certify.up(1.01 * math.fsum((residual / (least - residual)).tolist()))


def _rotated(state: Array, vectors: Array) -> Array:
    turned = vectors.conj().T @ state @ vectors
    out = (turned + turned.conj().T) / 2
    # A negative population is rounding and means zero; its size is part of the error.
    np.fill_diagonal(out, np.maximum(out.diagonal().real, 0.0))
    return np.asarray(out)


def _rotation_error(state: Array, vectors: Array, tilt: float) -> float:
    """Bound of the trace norm between a rotated state and its floats, the trace included."""
    if not tilt < 0.1:
        return 4.0  # more than two states can differ by
    d = len(state)
    sizes = np.abs(vectors)
    rounding = certify.gamma(8 * d + 32) * (sizes.T @ np.abs(state) @ sizes)
    negative = vectors.conj() * (state @ vectors)
    below = float(np.maximum(-negative.sum(axis=0).real, 0.0).sum())
    wide = math.sqrt(d) * float(np.linalg.norm(rounding)) + 2.1 * tilt + below
    return certify.up(2.1 * wide)
