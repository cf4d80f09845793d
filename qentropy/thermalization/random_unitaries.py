"""Random unitary channels, and how a Poisson process of collisions becomes one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qentropy.blocks import Array
from qentropy.errors import DimensionMismatchError
from qentropy.operators import as_state

__all__ = ["RandomUnitaryChannel", "collision_mixture"]

DIGITS = 12


@dataclass(frozen=True, kw_only=True, eq=False)
class RandomUnitaryChannel:
    """Random unitary channel ``rho -> sum_k p_k U_k rho U_k^dagger``, up to a remainder.

    Parameters
    ----------
    weights
        The ``p_k``, shape ``(K,)``; with `remainder` they sum to one.
    unitaries
        The ``U_k``, shape ``(K, D, D)``.
    remainder
        Weight of the unitaries that are left out. The channel named by a formula and `apply`
        differ by at most this, in trace distance, on every state.

    References
    ----------
    Paper, (13) and (A11).

    Examples
    --------
    >>> flip = np.array([[0, 1], [1, 0]])
    >>> channel = RandomUnitaryChannel(
    ...     weights=np.array([0.75, 0.25]), unitaries=np.array([np.eye(2), flip]), remainder=0.0
    ... )
    >>> channel.apply(np.diag([1.0, 0.0]))
    array([[0.75, 0.  ],
           [0.  , 0.25]])
    """

    weights: NDArray[Any]
    unitaries: NDArray[Any]
    remainder: float

    def __post_init__(self) -> None:
        self.weights.flags.writeable = False
        self.unitaries.flags.writeable = False

    def apply(self, rho: ArrayLike) -> Array:
        """The mixture of what is kept, divided by its weight.

        Parameters
        ----------
        rho
            Density operator, shape ``(D, D)``.

        Returns
        -------
        ndarray
            Density operator, shape ``(D, D)``.

        Raises
        ------
        InvalidStateError
            rho is not a density operator.
        DimensionMismatchError
            It acts on another space.
        """
        state = as_state(rho)
        if state.shape != self.unitaries.shape[1:]:
            raise DimensionMismatchError(
                f"rho must have shape {self.unitaries.shape[1:]}; got {state.shape}"
            )
        out = np.zeros(state.shape, np.result_type(state, self.unitaries))
        for weight, unitary in zip(self.weights / self.weights.sum(), self.unitaries, strict=True):
            out += weight * (unitary @ state @ unitary.conj().T)
        return np.asarray((out + out.conj().T) / 2)


def collision_mixture(
    counts: Sequence[float], shares: Sequence[float], unitaries: Sequence[Array], *, max_terms: int
) -> RandomUnitaryChannel:
    """Mixture over the order of collisions, ``sum_m counts[m] (sum_k shares[k] U_k . U_k^+)**m``.

    Parameters
    ----------
    counts
        Probability that m collisions happen, m = 0, 1, ...
    shares
        Probability that a collision is the k-th.
    unitaries
        The ``U_k``, each of shape ``(D, D)``; at least one.
    max_terms
        Number of different products that may be built. Where it is reached, longer products are
        left out.

    Returns
    -------
    RandomUnitaryChannel
        Products that agree in all entries to twelve digits are one term. The remainder is
        whatever the weights lack to one.

    References
    ----------
    Paper, Prop. 6 and Cor. 8.

    Examples
    --------
    >>> flip = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> collision_mixture([0.5, 0.25, 0.25], [1.0], [flip], max_terms=8).weights
    array([0.75, 0.25])
    """
    products = _Products(unitaries, max_terms)
    level = {0: 1.0}
    total = {0: counts[0]}
    for count in counts[1:]:
        following: dict[int, float] = {}
        for place, weight in level.items():
            for k, share in enumerate(shares):
                successor = products.successor(place, k)
                following[successor] = following.get(successor, 0.0) + weight * share
        if products.full:
            break
        level = following
        for place, weight in level.items():
            total[place] = total.get(place, 0.0) + count * weight
    weights = np.array(list(total.values()))
    return RandomUnitaryChannel(
        weights=weights,
        unitaries=np.array([products.known[place] for place in total]),
        remainder=float(max(0.0, 1 - weights.sum())),
    )


class _Products:
    """Products of unitaries, each different one kept once, with the table of multiplications."""

    def __init__(self, unitaries: Sequence[Array], limit: int) -> None:
        self.unitaries = unitaries
        self.limit = limit
        self.full = False
        self.known = [np.eye(len(unitaries[0]), dtype=np.result_type(*unitaries))]
        self.places = {self._key(self.known[0]): 0}
        self.table: dict[tuple[int, int], int] = {}

    def successor(self, place: int, k: int) -> int:
        """Where ``U_k`` times a product is; anywhere once the limit is reached."""
        if (place, k) not in self.table:
            product = self.unitaries[k] @ self.known[place]
            key = self._key(product)
            if key not in self.places and len(self.known) >= self.limit:
                self.full = True
                return place
            if key not in self.places:
                self.places[key] = len(self.known)
                self.known.append(product)
            self.table[place, k] = self.places[key]
        return self.table[place, k]

    @staticmethod
    def _key(matrix: Array) -> bytes:
        # Adding zero turns -0.0, whose bytes differ, into 0.0.
        return (np.round(matrix, DIGITS) + 0.0).tobytes()
