"""What the eigenvalues alone decide: temperature, distinct levels, spacing statistics."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["gibbs_weights", "inverse_temperature", "level_labels", "level_spacing_ratio"]

_EDGE_TOLERANCE = 1e-12
"""An energy this close to the edge of the spectrum, relative to its width, is at the edge."""

_NEWTON_STEPS = 200


def gibbs_weights(energies: NDArray[np.float64], beta: float) -> NDArray[np.float64]:
    """``exp(-beta E) / sum exp(-beta E)``, without overflow.

    Parameters
    ----------
    energies
        Eigenvalues, shape ``(n,)``.
    beta
        Finite inverse temperature of either sign.

    Returns
    -------
    array
        Probabilities, shape ``(n,)``.

    Examples
    --------
    >>> gibbs_weights(np.array([0.0, 5000.0]), -1.0).tolist()
    [0.0, 1.0]
    """
    exponents = -beta * energies
    weights: NDArray[np.float64] = np.exp(exponents - exponents.max())
    weights /= weights.sum()
    return weights


def inverse_temperature(energies: NDArray[np.float64], energy: float) -> float:
    r"""``beta`` such that the Gibbs state of a spectrum has a given energy.

    Newton's method on ``sum E exp(-beta E) / sum exp(-beta E) = energy``, inside a bracket, from
    the high-temperature value ``beta = (mean - energy) / variance``.  For the lattice
    that start is ``-energy / (3 length + disorder**2 sum h**2)``.

    Parameters
    ----------
    energies
        All eigenvalues, any order.
    energy
        The mean energy asked for.

    Returns
    -------
    float
        Inverse temperature to machine precision, of either sign; ``inf`` or ``-inf`` when the
        energy lies at the lower or upper edge of the spectrum or outside it.

    Examples
    --------
    >>> inverse_temperature(np.array([-1.0, 1.0]), -np.tanh(0.7))
    0.7
    >>> inverse_temperature(np.array([-1.0, 1.0]), 1.0)
    -inf
    """
    lowest, highest = float(energies.min()), float(energies.max())
    margin = _EDGE_TOLERANCE * (highest - lowest)
    if energy <= lowest + margin:
        return math.inf
    if energy >= highest - margin:
        return -math.inf
    shifted = energies - energy
    resolution = np.finfo(float).eps / float(energies.std())
    beta = float(shifted.mean() / energies.var())
    bracket = (-math.inf, math.inf)
    for _ in range(_NEWTON_STEPS):
        excess, variance = _thermal_moments(shifted, beta)
        bracket = (beta, bracket[1]) if excess > 0 else (bracket[0], beta)
        step = excess / variance if variance > 0 else math.copysign(math.inf, excess)
        previous, beta = beta, _inside(bracket, beta + step, highest - lowest)
        if abs(beta - previous) <= 2 * np.finfo(float).eps * abs(beta) + resolution:
            break
    return beta


def _thermal_moments(energies: NDArray[np.float64], beta: float) -> tuple[float, float]:
    """Mean and variance of the energy in the Gibbs state."""
    exponents = -beta * energies
    weights = np.exp(exponents - exponents.max())
    weights /= weights.sum()
    mean = float(weights @ energies)
    return mean, float(weights @ (energies - mean) ** 2)


def _inside(bracket: tuple[float, float], proposal: float, width: float) -> float:
    """Keep a proposal that lies inside the bracket; else bisect it, or double an open one."""
    lower, upper = bracket
    if lower < proposal < upper:
        return proposal
    if math.isinf(upper):
        return lower + abs(lower) + 1 / width
    if math.isinf(lower):
        return upper - abs(upper) - 1 / width
    return (lower + upper) / 2


def level_labels(
    energies: NDArray[np.float64], tolerance: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Number the distinct levels of a spectrum.

    Parameters
    ----------
    energies
        Eigenvalues, any order, shape ``(n,)``.
    tolerance
        Neighbours at most this far apart, relative to the largest modulus, are one level.

    Returns
    -------
    labels, levels
        The level of every eigenvalue, from 0 upwards in energy, and the lowest energy of each.

    Examples
    --------
    >>> level_labels(np.array([2.0, -1.0, 2.0]), 1e-12)[0].tolist()
    [1, 0, 1]
    """
    order = np.argsort(energies, kind="stable")
    ascending = energies[order]
    is_new = np.diff(ascending) > tolerance * np.abs(energies).max()
    labels = np.empty(len(energies), dtype=np.int64)
    labels[order] = np.concatenate([[0], np.cumsum(is_new)])
    return labels, ascending[np.concatenate([[True], is_new])]


def level_spacing_ratio(energies: NDArray[np.float64], *, tolerance: float = 1e-12) -> float:
    r"""Mean of ``min(s_n, s_{n+1}) / max(s_n, s_{n+1})`` over consecutive gaps ``s_n``.

    Parameters
    ----------
    energies
        Ascending eigenvalues of one symmetry sector, at least three.
    tolerance
        Gaps up to this, relative to the largest modulus, count as zero; two in a row have ratio 0.

    Returns
    -------
    float
        Between 0 and 1: about 0.386294 for Poisson levels, 0.5307 for the orthogonal ensemble.

    References
    ----------
    Oganesyan and Huse, Phys. Rev. B 75, 155111 (2007).

    Examples
    --------
    >>> level_spacing_ratio(np.array([0.0, 1.0, 3.0]))
    0.5
    """
    gaps = np.diff(energies)
    gaps[gaps <= tolerance * np.abs(energies).max()] = 0.0
    smaller = np.minimum(gaps[:-1], gaps[1:])
    larger = np.maximum(gaps[:-1], gaps[1:])
    ratios = np.divide(smaller, larger, out=np.zeros_like(larger), where=larger > 0)
    return float(ratios.mean())
