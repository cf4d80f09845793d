"""The uniform swap model: every pair of systems is exchanged at the same rate.

A state that is put into the first system walks from system to system, on a complete graph. Where
it is decides everything else.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qentropy import certify
from qentropy.blocks import Array, BlockOperator, extract, joint_blocks
from qentropy.convex_split import convex_split_state
from qentropy.convex_split.dense import deviation_error, independent_copies
from qentropy.errors import DimensionMismatchError
from qentropy.operators import as_state, check_count, check_epsilon
from qentropy.results import Interval
from qentropy.thermalization.collision_kinds import Collision
from qentropy.thermalization.collisions import CollisionModel, require_density_operator
from qentropy.thermalization.parameters import check_rate, check_time

__all__ = ["position_probabilities", "swap_model", "time_to_thermalize"]


def swap_model(
    dimension: int, copies: int, *, rate: float = 1.0, hamiltonian: ArrayLike | None = None
) -> CollisionModel:
    r"""Uniform swap collisions, ``d rho / dt = rate sum_{i<j} (S_ij rho S_ij - rho)``.

    Parameters
    ----------
    dimension
        Dimension d of each system.
    copies
        Number n of systems, the one of interest and n - 1 of the bath.
    rate
        Rate of collisions of each pair, ``1 / tau``.
    hamiltonian
        Hamiltonian of one system; swaps conserve every one.

    Returns
    -------
    CollisionModel
        ``rho (x) sigma^(n-1)`` ends in the convex-split state (14). For other initial states the
        steady state is the average over all permutations; a single application of the channel
        (15) does not lead there.

    Raises
    ------
    InvalidParameterError, DimensionMismatchError, InvalidStateError, ResourceLimitError
        As `CollisionModel`.

    References
    ----------
    Paper, (14) and (15), and the sentences before them.

    Examples
    --------
    >>> model = swap_model(2, 3)
    >>> len(model.collisions)
    3
    >>> np.diag(model.steady_state(np.diag([0.0, 1, 0, 0, 0, 0, 0, 0])))[:5].round(6)
    array([0.      , 0.333333, 0.333333, 0.      , 0.333333])
    """
    d, n = check_count(dimension, "dimension"), check_count(copies, "copies")
    require_density_operator(max(d, 2), n)
    swap = np.eye(d * d).reshape(d, d, d, d).swapaxes(0, 1).reshape(d * d, d * d)
    pairs = [Collision(swap, pair, rate) for pair in combinations(range(n), 2)]
    return CollisionModel(d, n, pairs, hamiltonian)


def position_probabilities(time: float, copies: int, *, rate: float = 1.0) -> NDArray[Any]:
    r"""Where the first state is, ``p_1(t) = 1/n + (1 - 1/n) exp(-n t / tau)``; elsewhere equal.

    Parameters
    ----------
    time
        Time in the unit of one over the rate, not negative.
    copies
        Number n of systems.
    rate
        Rate of collisions of each pair, ``1 / tau``.

    Returns
    -------
    ndarray
        Probabilities, shape ``(n,)``. At that time the state of the model is the mixture, with
        these weights, of rho in one place and sigma in all others.

    Raises
    ------
    InvalidParameterError
        An argument is out of range.

    Notes
    -----
    The first place is left at the rate ``(n - 1)/tau`` and reached from every other at ``1/tau``,
    so ``p_1' = (1 - n p_1)/tau``. The same holds if only the swaps with the first system happen.

    Examples
    --------
    >>> position_probabilities(math.log(2) / 4, 4)
    array([0.625, 0.125, 0.125, 0.125])
    """
    n = check_count(copies, "copies")
    decay = math.exp(-n * check_rate(rate) * check_time(time))
    probabilities = np.full(n, (1 - decay) / n)
    probabilities[0] += decay
    return probabilities


def time_to_thermalize(
    rho: ArrayLike, sigma: ArrayLike, epsilon: float, *, copies: int, rate: float = 1.0
) -> Interval:
    r"""Least time after which ``||rho(t) - sigma^n||_1 <= epsilon``, by uniform swaps.

    Parameters
    ----------
    rho
        State of the first system, shape ``(d, d)``.
    sigma
        State of each of the others, and the target of all, shape ``(d, d)``.
    epsilon
        Radius in trace norm, not negative.
    copies
        Number n of systems. Matrices of shape ``(d**n, d**n)`` are built.
    rate
        Rate of collisions of each pair, ``1 / tau``.

    Returns
    -------
    Interval
        In the unit of one over the rate. From its upper end on the distance is at most epsilon,
        before its lower end it is larger, both proved. Both are infinite if the distance stays
        larger, the upper one alone if rounding leaves that open.

    Raises
    ------
    InvalidStateError, DimensionMismatchError, InvalidParameterError, ResourceLimitError
        As `convex_split_state`; or `epsilon` or `rate` is out of range.

    Notes
    -----
    With ``y = exp(-n t / tau)`` the state is ``y rho (x) sigma^(n-1) + (1 - y) rho^(n)``. The
    distance is convex in y and least at ``y = 0``, the average over all permutations, so it never
    increases in time: one root in y gives the time, ``-tau log(y) / n``.

    References
    ----------
    Paper, (2), (14) and (B6).

    Examples
    --------
    >>> rho, sigma = np.diag([1.0, 0.0]), np.diag([0.5, 0.5])
    >>> time = time_to_thermalize(rho, sigma, 0.75, copies=2)
    >>> math.log(2) / 2 in time, time.width < 1e-12
    (True, True)
    >>> time_to_thermalize(rho, sigma, 0.4, copies=2)
    Interval(lower=inf, upper=inf)
    """
    n, speed = check_count(copies, "copies"), check_rate(rate)
    radius = check_epsilon(epsilon)
    path = _path(as_state(rho, "rho"), as_state(sigma, "sigma"), n)
    start, end = path.distance(1.0), path.distance(0.0)
    if end.lower > radius:
        return Interval(math.inf, math.inf)
    if start.upper <= radius:
        return Interval(0.0, 0.0)
    root = _root(path, radius, start, end)
    near = _first(lambda y: path.distance(y).upper <= radius, root, -1)
    far = _first(lambda y: path.distance(y).lower > radius, root, 1)
    if near is None and end.upper <= radius:
        near = 0.0
    return Interval(
        0.0 if far is None else max(0.0, certify.down(_time(far, n * speed), 4)),
        math.inf if near is None else certify.up(_time(near, n * speed), 4),
    )


@dataclass(frozen=True, eq=False)
class _Path:
    """``y start + (1 - y) end``, the deviation from the target, and the rounding error of it."""

    start: BlockOperator
    end: BlockOperator
    error: float

    def at(self, fraction: float) -> BlockOperator:
        return self.start.map(lambda a, b: fraction * a + (1 - fraction) * b, self.end)

    def distance(self, fraction: float) -> Interval:
        return certify.trace_norm_interval(self.at(fraction), self.error)


def _path(rho: Array, sigma: Array, n: int) -> _Path:
    if rho.shape != sigma.shape or rho.ndim != 2:
        raise DimensionMismatchError(
            f"rho and sigma must be two matrices of one size; got {rho.shape} and {sigma.shape}"
        )
    require_density_operator(len(rho), n)
    end = convex_split_state(rho, sigma, n)
    power = independent_copies(sigma, n)
    start = reduce(np.kron, [rho, *[sigma] * (n - 1)])
    error = deviation_error(rho, sigma, n)
    index = joint_blocks(start - power, end - power)
    return _Path(extract(start - power, index), extract(end - power, index), error)


def _root(path: _Path, radius: float, start: Interval, end: Interval) -> float:
    """About where on the path the distance is the radius."""
    from scipy.optimize import brentq

    def excess(fraction: float) -> float:
        groups = path.at(fraction).groups
        return float(sum(abs(np.linalg.eigvalsh(group)).sum() for group in groups)) - radius

    if end.upper > radius or excess(0.0) >= 0:
        return 0.0
    if start.lower <= radius or excess(1.0) <= 0:
        return 1.0
    return float(brentq(excess, 0.0, 1.0, xtol=1e-15))


def _first(holds: Callable[[float], bool], root: float, direction: int) -> float | None:
    """A place on one side of the root, near it, where something provably holds."""
    step = 2.0**-51
    while step < 1:
        place = root + direction * step
        if not 0 < place < 1:
            break
        if holds(place):
            return place
        step *= 4
    return None


def _time(fraction: float, speed: float) -> float:
    return math.inf if fraction == 0 else -math.log(fraction) / speed
