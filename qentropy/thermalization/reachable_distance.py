"""How close to the target any process comes that mixes energy-preserving unitaries.

No such process moves weight between the eigenspaces of the total energy, and a system of diagonal
states is described by its types, so no matrix of n systems is needed.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qentropy import certify
from qentropy.errors import DimensionMismatchError
from qentropy.operators import as_state, check_count
from qentropy.results import Interval
from qentropy.thermalization.energy_types import Energies, energy_types, exact_levels

__all__ = ["optimal_thermalization_distance"]


def optimal_thermalization_distance(
    energies: Energies,
    rho: ArrayLike,
    sigma: ArrayLike,
    n: int,
    *,
    tolerance: float = 0.0,
) -> Interval:
    r"""Least reachable distance, ``sum_E |w_E(rho (x) sigma^(n-1)) - w_E(sigma^n)|``.

    Parameters
    ----------
    energies
        Energy levels of one system, d numbers in any unit, in the order of the basis vectors.
    rho, sigma
        State of the first system, and the target, which is the state of the others; shape
        ``(d, d)``, in the eigenbasis of the Hamiltonian. Only their diagonals matter for the
        weights.
    n
        Number of systems, at least 1.
    tolerance
        As in `energy_types`.

    Returns
    -------
    Interval
        Trace norm, between 0 and 2. A lower bound of ``||E(rho (x) sigma^(n-1)) - sigma^n||_1`` for
        every energy-preserving random unitary channel E and all states. If sigma^n is uniform on
        each energy subspace, as for a Gibbs state, such channels come as close to it as one likes;
        under the energy subspace condition and for diagonal states uniform swaps do.

    Raises
    ------
    InvalidStateError
        rho or sigma is not a density operator.
    DimensionMismatchError
        The numbers of levels and basis vectors differ.
    InvalidParameterError, ResourceLimitError
        As `energy_types`.

    References
    ----------
    Paper, Lemmas 14 and 15, and Prop. 18.

    Examples
    --------
    >>> rho, sigma = np.diag([1.0, 0.0]), np.diag([0.5, 0.5])
    >>> distance = optimal_thermalization_distance([0.0, 1.0], rho, sigma, 2)
    >>> 0.5 in distance, distance.width < 1e-13
    (True, True)
    """
    p, q = as_state(rho, "rho"), as_state(sigma, "sigma")
    d, count = len(exact_levels(energies).steps), check_count(n, "n")
    if p.shape != (d, d) or q.shape != (d, d):
        raise DimensionMismatchError(
            f"rho and sigma must have shape {(d, d)} for {d} energies; got {p.shape} and {q.shape}"
        )
    types = energy_types(energies, count, tolerance=tolerance)
    # A negative entry of the diagonal of a state is rounding, and means zero.
    first, other = (np.maximum(np.diagonal(state).real, 0.0) for state in (p, q))
    initial, target = _type_weights(first, other, types.occupations)
    sums = [np.bincount(types.labels, weights) for weights in (initial, target)]
    value = math.fsum(abs(sums[0] - sums[1]).tolist())
    error = _error(first, other, count, types.labels)
    return Interval(
        max(0.0, certify.down(value - error, 2)), min(2.0, certify.up(value + error, 2))
    )


def _error(first: NDArray[Any], other: NDArray[Any], n: int, labels: NDArray[Any]) -> float:
    """Bound of the error of the sum, from rounding and from traces that are not one."""
    d, largest = len(first), int(np.bincount(labels).max())
    # Two roundings for each factor q / k, one for each factor of n!, and the products and sums.
    relative = certify.gamma(3 * n + 3 * d + 16 + largest)
    defects = [certify.up(abs(math.fsum(x.tolist()) - 1) + certify.UNIT) for x in (first, other)]
    off = defects[0] + n * defects[1]
    # The weights sum to 1 + off at most, twice; no weight is normal and lost below 2**-1000.
    return certify.up(2.0 * (1 + 1e-6) * (relative + 2 * off) + 2 * len(labels) * 2.0**-1000, 4)


@dataclass(frozen=True, eq=False)
class _Scaled:
    """Positive numbers ``mantissa * 2**exponent`` that no double could hold."""

    mantissa: NDArray[Any]
    exponent: NDArray[Any]

    def __getitem__(self, index: Any) -> "_Scaled":
        return _Scaled(self.mantissa[index], self.exponent[index])

    def __mul__(self, other: "_Scaled") -> "_Scaled":
        mantissa, shift = np.frexp(self.mantissa * other.mantissa)
        return _Scaled(mantissa, self.exponent + other.exponent + shift)

    def value(self) -> NDArray[Any]:
        """The number as a double; zero below the smallest."""
        exponent = np.clip(self.exponent, -5000, 5000).astype(np.intc)
        return np.asarray(np.ldexp(self.mantissa, exponent))


def _powers(factors: NDArray[Any]) -> _Scaled:
    """Products of the first k factors, k = 0 ... n."""
    mantissa, exponent = np.ones(len(factors) + 1), np.zeros(len(factors) + 1, np.int64)
    rows = zip(*np.frexp(factors), strict=True)
    for k, (factor, shift) in enumerate(rows, start=1):
        product, carry = math.frexp(mantissa[k - 1] * factor)
        mantissa[k], exponent[k] = product, exponent[k - 1] + shift + carry
    return _Scaled(mantissa, exponent)


def _type_weights(
    first: NDArray[Any], other: NDArray[Any], rows: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Probabilities of each type, with the first system in state `first`, and without."""
    n = int(rows[0].sum())
    counts = np.arange(1.0, n + 1)
    factorials = _powers(counts)
    # q**k / k!, divided before it is multiplied, so that a tiny q loses nothing.
    mantissas, shifts = np.frexp(other)
    tables = [_powers(m / counts) for m in mantissas]
    terms = [
        _Scaled(table.mantissa[row], table.exponent[row] + shift * row)
        for table, shift, row in zip(tables, shifts.tolist(), rows.T, strict=True)
    ]
    target = _product([*terms, _broadcast(factorials[n], len(rows))])
    initial = np.zeros(len(rows))
    rest = _broadcast(factorials[n - 1], len(rows))
    for i, weight in enumerate(first.tolist()):
        row = np.maximum(rows[:, i] - 1, 0)
        less = _Scaled(tables[i].mantissa[row], tables[i].exponent[row] + int(shifts[i]) * row)
        product = _product([*terms[:i], less, *terms[i + 1 :], rest])
        initial += weight * np.where(rows[:, i] > 0, product, 0.0)
    return initial, target


def _broadcast(number: _Scaled, count: int) -> _Scaled:
    return _Scaled(np.full(count, number.mantissa), np.full(count, number.exponent))


def _product(terms: list[_Scaled]) -> NDArray[Any]:
    out = terms[0]
    for term in terms[1:]:
        out = out * term
    return out.value()
