r"""Another basis for a pair, and what going there can change the distance by.

With ``X = (1/n) sum_m sigma^(m-1) (x) (rho - sigma) (x) sigma^(n-m)`` the factors of a term are
replaced one by one. If rho moves by at most a and sigma by at most b in trace norm, the distance
changes by at most ``(a + b + (n - 1) b ||rho - sigma||_1) (1 + b)**(n - 1)``.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qentropy import certify
from qentropy.blocks import Array, one_group
from qentropy.certify.rounding import EXTENDED
from qentropy.results import Interval

__all__ = ["RotatedPair", "commuting_basis", "measurement_basis", "rotated_pair", "sigma_basis"]

EXTENDED_ROWS = 100  # up to here the basis is unitary to extended precision
ROUNDING = 1e-12  # what is off the diagonal of a pair that commutes
LARGEST_STEP = 1e-6  # of a Newton step; larger ones come from levels that nearly agree
SLACK = 1 + 1e-6  # covers the rounding of the bounds and traces that are nearly one


@dataclass(frozen=True, eq=False)
class RotatedPair:
    """A pair in another basis, as floats, with bounds of what the floats miss.

    Parameters
    ----------
    rho, sigma
        Exactly Hermitian matrices, shape ``(d, d)``; they stand for states over their traces.
    rho_error, sigma_error
        Bounds, in trace norm, of how far these are from one unitary image of the original states.
    """

    rho: Array
    sigma: Array
    rho_error: float
    sigma_error: float

    @cached_property
    def probabilities(self) -> tuple[Array, Array]:
        """The two diagonals, with what is rounding set to zero."""
        p, q = (np.maximum(x.diagonal().real, 0.0) for x in (self.rho, self.sigma))
        # An eigenvalue of sigma that is rounding would pose as a huge likelihood ratio.
        return p, np.where(q > 4 * self.sigma_error, q, 0.0)

    @cached_property
    def is_diagonal(self) -> bool:
        """Whether nothing but rounding is off the diagonals."""
        rests = (x - np.diag(x.diagonal()) for x in (self.rho, self.sigma))
        return max(map(_trace_norm_bound, rests)) <= ROUNDING

    @cached_property
    def gap(self) -> float:
        """Upper bound of ``||rho - sigma||_1``, up to the errors."""
        return min(2.0, _state_distance(self.rho - self.sigma))

    def moves(self, rho: Array, sigma: Array) -> tuple[float, float]:
        """How far the original states are at most from these matrices over their traces."""
        first, second = map(_state_distance, (self.rho - rho, self.sigma - sigma))
        return self.rho_error + first, self.sigma_error + second

    def change(self, moves: tuple[float, float], n: int) -> float:
        """Bound of how the distance changes where the states move by so much in trace norm."""
        first, second = moves
        whole = first + second + (n - 1) * second * (self.gap + first + second)
        return SLACK * whole * math.exp(min(700.0, (n - 1) * second))

    def measured(self, distance: Interval, n: int) -> Interval:
        """Interval of the distance from one of the probabilities.

        A measurement cannot increase the distance, so that the lower end does not pay for what is
        off the diagonals, however large it is.
        """
        p, q = map(np.diag, self.probabilities)
        rho, sigma = (x - np.diag(x.diagonal()) for x in (self.rho, self.sigma))
        below, above = self.moves(p + rho, q + sigma), self.moves(p, q)
        low = certify.down(distance.lower - self.change(below, n))
        return Interval(max(0.0, low), certify.up(distance.upper + self.change(above, n)))


def rotated_pair(rho: Array, sigma: Array, basis: Array) -> RotatedPair:
    """Two density operators in the basis of these columns, which are nearly orthonormal.

    Examples
    --------
    >>> rho, sigma = np.full((2, 2), 0.5), np.eye(2) / 2
    >>> pair = rotated_pair(rho, sigma, commuting_basis(rho, sigma))
    >>> pair.is_diagonal, pair.sigma_error < 1e-12
    (True, True)
    """
    columns = _unitary(basis)
    adjoint = columns.conj().T
    kind = complex if any(map(np.iscomplexobj, (rho, sigma, basis))) else float
    turned = [np.asarray(adjoint @ x @ columns, kind) for x in (rho, sigma)]
    first, second = ((x + x.conj().T) / 2 for x in turned)
    flat = one_group(np.eye(len(rho)))
    errors = [
        certify.rotation_defect(
            one_group(state), flat, one_group(columns), one_group(image), flat
        ).distance
        for state, image in ((rho, first), (sigma, second))
    ]
    return RotatedPair(first, second, 2 * errors[0], 2 * errors[1])


def _unitary(basis: Array) -> Array:
    """The columns, made orthonormal in extended precision where that does not take long."""
    if len(basis) > EXTENDED_ROWS:
        return basis
    columns = basis.astype(np.result_type(EXTENDED, basis))
    defect = columns.conj().T @ columns - np.eye(len(basis))
    return np.asarray(columns - columns @ defect / 2)


def _refined(basis: Array, *operators: Array) -> Array:
    """One Newton step towards the joint eigenvectors of operators that commute."""
    columns = _unitary(basis)
    slope, curvature = np.zeros((2, *columns.shape), columns.dtype)
    for operator in operators:
        turned = columns.conj().T @ operator @ columns
        levels = turned.diagonal().real
        gaps = levels[:, None] - levels
        slope, curvature = slope - gaps * turned, curvature + gaps**2
    # Of A + [A, X] what is left off the diagonals is least; levels that agree stay as they are.
    steps = np.divide(slope, curvature, out=np.zeros_like(slope), where=curvature != 0)
    steps = np.where(abs(steps) < LARGEST_STEP, steps, 0.0)
    return np.asarray(columns + columns @ steps)


def commuting_basis(rho: Array, sigma: Array) -> Array:
    """Eigenvectors of a generic combination, which are joint ones of a commuting pair.

    Examples
    --------
    >>> abs(commuting_basis(np.full((2, 2), 0.5), np.eye(2) / 2)).astype(float).round(6)
    array([[0.707107, 0.707107],
           [0.707107, 0.707107]])
    """
    scale = np.abs(rho).max() / np.abs(sigma).max()
    return _refined(np.linalg.eigh(rho + math.sqrt(2) * scale * sigma)[1], rho, sigma)


def sigma_basis(sigma: Array) -> Array:
    """Eigenvectors of sigma.

    Examples
    --------
    >>> sigma_basis(np.diag([0.75, 0.25])).astype(float)
    array([[0., 1.],
           [1., 0.]])
    """
    return _refined(np.linalg.eigh(sigma)[1], sigma)


def measurement_basis(rho: Array, sigma: Array) -> Array:
    r"""Basis whose measurement keeps the most of ``chi**2`` of a pair that is close.

    The eigenvectors of L with ``L sigma + sigma L = 2 (rho - sigma)``.

    References
    ----------
    S. L. Braunstein, C. M. Caves, Phys. Rev. Lett. 72 (1994) 3439.

    Examples
    --------
    >>> measurement_basis(np.diag([0.25, 0.75]), np.eye(2) / 2)
    array([[1., 0.],
           [0., 1.]])
    """
    values, vectors = np.linalg.eigh(sigma)
    floor = 1e-9 * values[-1]
    sums = np.maximum(values, floor)[:, None] + np.maximum(values, floor)
    turned = vectors.conj().T @ (rho - sigma) @ vectors * (2 / sums)
    return np.asarray(vectors @ np.linalg.eigh((turned + turned.conj().T) / 2)[1])


def _state_distance(difference: Array) -> float:
    """Upper bound of ``||A/Tr A - B/Tr B||_1 <= (||A - B||_1 + |Tr (A - B)|) / Tr A``."""
    return _trace_norm_bound(difference) + SLACK * abs(math.fsum(difference.diagonal().real))


def _trace_norm_bound(matrix: Array) -> float:
    """Upper bound of the trace norm, quick where that is rounding."""
    sizes = abs(matrix)
    quick = min(math.sqrt(len(matrix)) * float(np.linalg.norm(sizes)), float(sizes.sum()))
    if quick > ROUNDING:
        quick = min(quick, certify.trace_norm_interval(one_group(matrix)).upper)
    return SLACK * quick
