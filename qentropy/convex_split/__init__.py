"""Convex split: rho hidden uniformly among n - 1 copies of sigma, and how far that is from i.i.d.

A commuting pair is classical, and its distance the mean deviation of a mean of likelihood ratios.
Two qubits are exact through the irreducible blocks of the permutation group, other pairs through
their matrices where these are small, and bounded where they are not.
"""

import numpy as np
from numpy.typing import ArrayLike

from qentropy.blocks import Array
from qentropy.convex_split.bell import bell_convex_split_spectrum
from qentropy.convex_split.bounds import collision_upper, convex_split_bound
from qentropy.convex_split.classical import classical_distance
from qentropy.convex_split.dense import dense_distance, largest_block
from qentropy.convex_split.eigenbasis import (
    commuting_basis,
    measurement_basis,
    rotated_pair,
    sigma_basis,
)
from qentropy.convex_split.irreducible import irreducible_distance
from qentropy.convex_split.state import convex_split_state
from qentropy.errors import DimensionMismatchError, InvalidParameterError
from qentropy.operators import check_count, check_states
from qentropy.results import Interval

__all__ = [
    "bell_convex_split_spectrum",
    "convex_split_bound",
    "convex_split_distance",
    "convex_split_state",
]

CLASSICAL = ("types", "fourier", "gaussian")
METHODS = ("auto", *CLASSICAL, "irreducible", "dense", "bounds")
MOST_QUBITS = 10**4  # seconds by irreducible blocks
MOST_ROWS = 3**6  # seconds by a block of the matrices


def convex_split_distance(
    rho: ArrayLike, sigma: ArrayLike, n: int, *, method: str = "auto"
) -> Interval:
    r"""Distance to independent copies, ``||rho^(n) - sigma^n||_1``, as a proved interval.

    Parameters
    ----------
    rho, sigma
        Density operators, shape ``(d, d)``. The support of rho may stick out.
    n
        Number of copies, at least 1.
    method
        ``"auto"`` takes the cheapest narrow route. For a pair that commutes: ``"types"``,
        ``"fourier"``, ``"gaussian"``. For qubits: ``"irreducible"``, with blocks of at most
        ``n + 1`` rows. For any pair: ``"dense"``, with blocks of about ``(d**2/2)**(n/2)`` rows,
        and ``"bounds"``, above by the collision bound and below by measurements.

    Returns
    -------
    Interval
        No unit, within ``[0, 2]``; contains the exact value.

    Raises
    ------
    InvalidStateError
        rho or sigma is not a density operator.
    DimensionMismatchError
        They act on different spaces, or are stacks.
    InvalidParameterError
        n is not a positive integer, the method is unknown, or it does not fit the pair.
    ResourceLimitError
        The matrices of ``"dense"`` would not fit into memory.

    References
    ----------
    Paper, Lemma 9, (B3), (B4).

    Examples
    --------
    >>> 0.375 in convex_split_distance(np.diag([0.5, 0.5]), np.diag([0.25, 0.75]), 2)
    True
    >>> plus = np.full((2, 2), 0.5)
    >>> convex_split_distance(plus, np.diag([0.25, 0.75]), 1000).width < 1e-9
    True
    """
    copies = check_count(n)
    left, right = (operator.dense() for operator in check_states(rho, sigma))
    if left.ndim != 2:
        raise DimensionMismatchError(f"rho and sigma must be single matrices; got {left.shape}")
    if method not in METHODS:
        raise InvalidParameterError(f"method must be one of {', '.join(METHODS)}; got {method!r}")
    if method == "dense":
        found = dense_distance(left, right, copies)
    elif method == "irreducible":
        found = _by_irreducible_blocks(left, right, copies)
    elif method == "bounds":
        found = _by_bounds(left, right, copies)
    else:
        found = _by_structure(left, right, copies, method)
    return Interval(min(2.0, found.lower), min(2.0, found.upper))


def _by_structure(rho: Array, sigma: Array, n: int, method: str) -> Interval:
    """The classical routes for a pair that commutes; what fits best for one that does not."""
    if all(np.count_nonzero(x) == np.count_nonzero(x.diagonal()) for x in (rho, sigma)):
        return classical_distance(rho.diagonal().real, sigma.diagonal().real, n, method)
    pair = rotated_pair(rho, sigma, commuting_basis(rho, sigma))
    if pair.is_diagonal:
        found = pair.measured(classical_distance(*pair.probabilities, n, method), n)
        return Interval(found.lower, min(found.upper, collision_upper(pair, n)))
    if method in CLASSICAL:
        raise InvalidParameterError(f"method {method!r} needs a pair that commutes")
    if len(rho) == 2 and n <= MOST_QUBITS:
        return _by_irreducible_blocks(rho, sigma, n)
    fitting = 0
    while largest_block(len(rho), fitting + 1) <= MOST_ROWS:
        fitting += 1
    if n <= fitting:
        return dense_distance(rho, sigma, n)
    found = _by_bounds(rho, sigma, n)
    if n > 2 * fitting:
        return found
    # An average of the convex splits of fewer copies, so that the distance does not increase.
    return Interval(found.lower, min(found.upper, dense_distance(rho, sigma, fitting).upper))


def _by_irreducible_blocks(rho: Array, sigma: Array, n: int) -> Interval:
    if len(rho) != 2 or n > MOST_QUBITS:
        raise InvalidParameterError(
            f"method 'irreducible' needs qubits and at most {MOST_QUBITS} copies; "
            f"got d = {len(rho)} and n = {n}"
        )
    return irreducible_distance(rotated_pair(rho, sigma, sigma_basis(sigma)), n)


def _by_bounds(rho: Array, sigma: Array, n: int) -> Interval:
    """The collision bound, and what remains of the distance after two measurements."""
    pairs = [
        rotated_pair(rho, sigma, basis)
        for basis in (sigma_basis(sigma), measurement_basis(rho, sigma))
    ]
    measured = [pair.measured(classical_distance(*pair.probabilities, n), n) for pair in pairs]
    return Interval(
        max(interval.lower for interval in measured),
        min(collision_upper(pairs[0], n), *(interval.upper for interval in measured)),
    )
