"""How close to a target a state comes whose weights on the energy subspaces are fixed."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qentropy import certify
from qentropy.blocks import Array
from qentropy.errors import DimensionMismatchError
from qentropy.lemmas.equalities import distance_interval
from qentropy.lemmas.gaussian_draws import drawn_state
from qentropy.lemmas.rounding import frobenius_norm, scaled
from qentropy.lemmas.statement import Normals, Statement
from qentropy.lemmas.total_energies import (
    energy_labels,
    require_energy_preserving,
    subspace_weights,
)
from qentropy.operators import as_state, check_epsilon
from qentropy.results import Interval, LemmaCheck
from qentropy.thermalization.energy_types import Energies

__all__ = ["STATEMENTS", "check_fixed_weights"]


def check_fixed_weights(
    rho: ArrayLike, sigma: ArrayLike, *, energies: Energies, factor: float = 1.0
) -> LemmaCheck:
    r"""Fixed weights, ``||sum_i p_i sigma_i - sigma||_1 <= ||rho - sigma||_1``, p_i those of rho.

    Parameters
    ----------
    rho
        Density operator, shape ``(D, D)``; ``p_i = Tr rho Pi_i``.
    sigma
        Density operator ``sum_i q_i sigma_i`` without entries between different subspaces, shape
        ``(D, D)``. Where ``q_i = 0``, ``sigma_i`` is maximally mixed.
    energies
        Energies of the basis states, shape ``(D,)``; equal numbers are one subspace.
    factor
        Multiplies the right-hand side.

    Returns
    -------
    LemmaCheck
        Both sides in trace norm. `details` has ``sum_i |p_i - q_i|``, which the left-hand side is.

    Raises
    ------
    InvalidStateError
        An operator is not a density operator, or sigma has entries between two subspaces.
    DimensionMismatchError, InvalidParameterError
        The shapes do not fit, or the energies are not real numbers.

    References
    ----------
    Paper, Lemma 15, (C2).

    Examples
    --------
    >>> rho, sigma = np.full((2, 2), 0.5), np.diag([0.2, 0.8])
    >>> check_fixed_weights(rho, sigma, energies=[0.0, 1.0]).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    state, target, labels = as_state(rho), as_state(sigma, "sigma"), energy_labels(energies)
    scale = check_epsilon(factor, name="factor")
    require_energy_preserving(target, labels, "sigma")
    if state.shape != target.shape:
        raise DimensionMismatchError(
            f"rho and sigma must have one shape; got {state.shape} and {target.shape}"
        )
    p, q = (subspace_weights(np.diagonal(x).real, labels) for x in (state, target))
    closest = _with_weights(target, p, q, labels)
    # Two sums with one rounding each, a quotient, a product and a sum.
    error = certify.gamma(8) * 2 * frobenius_norm(closest)
    distance = distance_interval(state, target)
    moved = float(np.abs(p - q).sum())
    rounding = certify.gamma(len(p) + 8) * 2.001
    return LemmaCheck(
        statement="fixed weights",
        equation="(C2)",
        lhs=distance_interval(closest, target, certify.up(error)),
        rhs=scaled(distance, scale),
        instance=f"D = {len(labels)}, {len(p)} energies",
        details={"distance of the weights": Interval(max(0.0, moved - rounding), moved + rounding)},
    )


def _with_weights(
    sigma: Array, p: NDArray[np.float64], q: NDArray[np.float64], labels: NDArray[np.intp]
) -> Array:
    """``sum_i p_i sigma_i``; the maximally mixed state where sigma has no weight."""
    sizes = np.bincount(labels)
    ratios = np.divide(p, q, out=np.zeros_like(p), where=q > 0)
    empty = np.where(q > 0, 0.0, p / sizes)
    return np.asarray(sigma * ratios[labels] + np.diag(empty[labels]))


def _draw_pair(normals: Normals, k: int) -> dict[str, Any]:
    labels = np.array(((0, 1), (0, 1, 1), (0, 0, 1, 2), (0, 1, 1, 2, 2, 2), (0, 1, 2, 3))[k % 5])
    size = len(labels)
    sigma = drawn_state(normals, size) * (labels[:, None] == labels)
    return {
        "rho": drawn_state(normals, size, 1 + k % size),
        "sigma": sigma,
        "energies": labels.astype(float),
    }


STATEMENTS = (
    Statement(
        name="fixed-weights",
        check=check_fixed_weights,
        draw=_draw_pair,
        false_variant={"factor": 0.1},
    ),
)
