"""Uniform swaps: what they do to a state among copies of another, and how fast."""

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qentropy import certify
from qentropy.blocks import Array
from qentropy.convex_split import convex_split_state
from qentropy.errors import DimensionMismatchError
from qentropy.lemmas.collision_models import (
    EVOLUTION_TOLERANCE,
    collision_error,
    evolution_error,
)
from qentropy.lemmas.equalities import distance_interval, equal_matrices
from qentropy.lemmas.gaussian_draws import drawn_state
from qentropy.lemmas.rounding import frobenius_norm
from qentropy.lemmas.statement import Normals, Statement
from qentropy.operators import as_state, check_count, check_epsilon
from qentropy.results import LemmaCheck
from qentropy.thermalization import RandomUnitaryChannel, position_probabilities, swap_model
from qentropy.thermalization.collisions import require_density_operator
from qentropy.thermalization.parameters import check_time

__all__ = [
    "STATEMENTS",
    "check_steady_state",
    "check_uniform_swaps",
    "hidden_state",
    "hidden_state_error",
    "state_and_copies",
]


def check_steady_state(
    rho: ArrayLike,
    sigma: ArrayLike,
    n: int,
    *,
    time: float,
    rate: float = 1.0,
    factor: float = 1.0,
) -> LemmaCheck:
    r"""Relaxation by swaps, ``rho(t) = sum_m p_m(t) sigma^(m-1) (x) rho (x) sigma^(n-m)``.

    Parameters
    ----------
    rho, sigma
        State of the first system and of the n - 1 others, shape ``(d, d)``.
    n
        Number of systems, at least 1; matrices of size ``d**n`` are built.
    time
        Time in the unit of one over the rate, not negative.
    rate
        Rate of collisions of each pair, ``1 / tau``.
    factor
        Multiplies the exponent of ``p_1(t) = 1/n + (1 - 1/n) exp(-n t / tau)``.

    Returns
    -------
    LemmaCheck
        Trace norm of the difference of both sides as computed, and a bound of what rounding and
        truncation make of it. In `details`: how far the state is from the steady state (14), and
        how far it was at time zero.

    Raises
    ------
    InvalidStateError, DimensionMismatchError, InvalidParameterError, ResourceLimitError
        As `swap_model` and `convex_split_state`; or more than 500 collisions are expected.

    References
    ----------
    Paper, (14), and the sentences before it.

    Examples
    --------
    >>> rho, sigma = np.diag([1.0, 0.0]), np.diag([0.5, 0.5])
    >>> check_steady_state(rho, sigma, 3, time=0.2).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    until, scale = check_time(time), check_epsilon(factor, name="factor")
    first, other, copies = state_and_copies(rho, sigma, n)
    model = swap_model(len(first), copies, rate=rate)
    exact_start = hidden_state(first, other, np.eye(copies)[0])
    start = as_state(exact_start)
    after = model.evolve(start, until, tolerance=EVOLUTION_TOLERANCE)
    expected = hidden_state(first, other, position_probabilities(scale * until, copies, rate=rate))
    # The exponential and its argument are rounded, and x exp(-x) is below one.
    weights = certify.gamma(16 + copies) * frobenius_norm(exact_start) * copies
    error = evolution_error(model, start, until, EVOLUTION_TOLERANCE) + frobenius_norm(
        start - exact_start
    )
    error += 2 * hidden_state_error(first, other, copies) + weights
    error = certify.up(error)
    steady = convex_split_state(first, other, copies)
    return equal_matrices(
        after,
        expected,
        error,
        names=("steady state of swaps", "(14)"),
        instance=f"d = {len(first)}, n = {copies}, rate * t = {rate * until:.3g}",
        details={
            "distance from the steady state": distance_interval(after, steady, error),
            "the same at time zero": distance_interval(start, steady, error),
        },
    )


def check_uniform_swaps(
    rho: ArrayLike, sigma: ArrayLike, n: int, *, factor: float = 1.0
) -> LemmaCheck:
    r"""Uniform swap channel, ``(1/n) sum_i S_1i (rho (x) sigma^(n-1)) S_1i = rho^(n)``.

    Parameters
    ----------
    rho, sigma
        State of the first system and of the n - 1 others, shape ``(d, d)``.
    n
        Number of systems, at least 1; matrices of size ``d**n`` are built.
    factor
        Multiplies the weight of the identity, the term i = 1, before the weights are normalised.

    Returns
    -------
    LemmaCheck
        Trace norm of the difference of both sides as computed, and a bound of its rounding.

    Raises
    ------
    InvalidStateError, DimensionMismatchError, InvalidParameterError, ResourceLimitError
        As `convex_split_state`.

    References
    ----------
    Paper, (15), (B5) and (B9).

    Examples
    --------
    >>> rho, sigma = np.diag([1.0, 0.0]), np.diag([0.5, 0.5])
    >>> check_uniform_swaps(rho, sigma, 3).verdict
    <Verdict.PROVED: 'PROVED'>
    >>> check_uniform_swaps(rho, sigma, 3, factor=0.5).verdict
    <Verdict.REFUTED: 'REFUTED'>
    """
    scale = check_epsilon(factor, name="factor")
    first, other, copies = state_and_copies(rho, sigma, n)
    split = convex_split_state(first, other, copies)
    exact_start = hidden_state(first, other, np.eye(copies)[0])
    start = as_state(exact_start)
    weights = np.full(copies, 1.0)
    weights[0] = scale
    channel = RandomUnitaryChannel(
        weights=weights / weights.sum(),
        unitaries=np.stack([_swap_with_first(len(first), copies, i) for i in range(copies)]),
        remainder=0.0,
    )
    error = frobenius_norm(start) * collision_error(len(start), copies)
    error += frobenius_norm(start - exact_start) + 2 * hidden_state_error(first, other, copies)
    return equal_matrices(
        channel.apply(start),
        split,
        certify.up(error),
        names=("uniform swap channel", "(15)"),
        instance=f"d = {len(first)}, n = {copies}",
    )


def state_and_copies(rho: ArrayLike, sigma: ArrayLike, n: int) -> tuple[Array, Array, int]:
    """Two checked density operators of one size, and a number of systems.

    Raises
    ------
    InvalidStateError, InvalidParameterError
        One is not a density operator, or n not a positive integer.
    DimensionMismatchError
        They are not two matrices of one size.

    Examples
    --------
    >>> state_and_copies(np.eye(2) / 2, np.eye(2) / 2, 3)[2]
    3
    """
    first, other, copies = as_state(rho, "rho"), as_state(sigma, "sigma"), check_count(n)
    if first.shape != other.shape or first.ndim != 2:
        raise DimensionMismatchError(
            f"rho and sigma must be two matrices of one size; got {first.shape} and {other.shape}"
        )
    require_density_operator(len(first), copies)
    return first, other, copies


def hidden_state(rho: Array, sigma: Array, weights: NDArray[np.float64] | Sequence[float]) -> Array:
    """Mixture ``sum_m w_m sigma^(m-1) (x) rho (x) sigma^(n-m)`` over the places of rho.

    Examples
    --------
    >>> np.diag(hidden_state(np.diag([1.0, 0.0]), np.diag([0.5, 0.5]), [0.75, 0.25]))
    array([0.5  , 0.375, 0.125, 0.   ])
    """
    terms = (
        weight * reduce(np.kron, [rho if k == place else sigma for k in range(len(weights))])
        for place, weight in enumerate(weights)
        if weight > 0
    )
    return np.asarray(sum(terms))


def hidden_state_error(rho: Array, sigma: Array, n: int) -> float:
    """Bound of the rounding of a `hidden_state`, or a convex-split state, in Frobenius norm.

    Examples
    --------
    >>> hidden_state_error(np.eye(2) / 2, np.eye(2) / 2, 3) < 1e-14
    True
    """
    # Each entry is a sum of n products of n complex factors and a weight. Frobenius norms are
    # multiplicative under Kronecker products.
    size = frobenius_norm(rho) * frobenius_norm(sigma) ** (n - 1) * (1 + 1e-9)
    return certify.up(size * certify.gamma(8 * n + 16))


def _swap_with_first(dimension: int, copies: int, place: int) -> Array:
    places = np.arange(dimension**copies).reshape((dimension,) * copies)
    return np.eye(dimension**copies)[places.swapaxes(0, place).ravel()]


def _draw(normals: Normals, k: int) -> dict[str, Any]:
    d, n = ((2, 2), (2, 4), (3, 2), (3, 3), (2, 3))[k % 5]
    return {
        "rho": drawn_state(normals, d, 1 + k % d),
        "sigma": drawn_state(normals, d),
        "n": n,
    }


def _draw_with_time(normals: Normals, k: int) -> dict[str, Any]:
    rate = 0.5 + float(np.abs(normals(1))[0])
    return {**_draw(normals, k), "time": (0.1, 0.4, 1.0)[k % 3], "rate": rate}


STATEMENTS = (
    Statement(
        name="swap-steady-state",
        check=check_steady_state,
        draw=_draw_with_time,
        false_variant={"factor": 0.5},
    ),
    Statement(
        name="uniform-swaps",
        check=check_uniform_swaps,
        draw=_draw,
        false_variant={"factor": 0.5},
    ),
)
