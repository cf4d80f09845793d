"""Collisions as a random unitary channel, whose unitaries are words of collisions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qentropy import certify
from qentropy.lemmas.collision_models import (
    EVOLUTION_TOLERANCE,
    collision_error,
    evolution_error,
    squared_norm_bound,
    weight_defect,
    whole_space_model,
)
from qentropy.lemmas.equalities import distance_interval
from qentropy.lemmas.gaussian_draws import drawn_energy_preserving_unitaries, drawn_state
from qentropy.lemmas.rounding import frobenius_norm
from qentropy.lemmas.statement import Normals, Statement
from qentropy.lemmas.total_energies import energy_labels
from qentropy.operators import as_state, check_epsilon
from qentropy.results import Interval, LemmaCheck
from qentropy.thermalization import CollisionModel
from qentropy.thermalization.parameters import check_time
from qentropy.thermalization.poisson import poisson_weights
from qentropy.thermalization.random_unitaries import DIGITS

__all__ = [
    "MOST_TERMS",
    "STATEMENTS",
    "WordErrors",
    "check_random_unitary_channel",
    "draw_collisions",
    "draw_labels",
    "word_errors",
]

MOST_TERMS = 4096
"""How many words a channel may have."""


def check_random_unitary_channel(
    rho: ArrayLike,
    unitaries: ArrayLike,
    rates: Sequence[float],
    *,
    time: float,
    left_out: float = 1e-3,
    factor: float = 1.0,
) -> LemmaCheck:
    r"""Collisions as a channel, ``exp(t L) = sum_w p_w U_w . U_w^dagger``, w words of collisions.

    Parameters
    ----------
    rho
        Density operator of all systems, shape ``(D, D)``.
    unitaries
        The ``U_k`` on all systems, shape ``(K, D, D)``.
    rates
        Their rates, K positive numbers.
    time
        Time in the unit of one over the rates, not negative.
    left_out
        Weight of long words that may be left out of the mixture.
    factor
        Multiplies the time at which the channel is taken.

    Returns
    -------
    LemmaCheck
        Trace norm of the distance of the channel's output from the dynamics, and twice the weight
        that the kept words lack to one, with a bound of rounding.

    Raises
    ------
    InvalidStateError
        rho is not a density operator, or a matrix is not unitary.
    DimensionMismatchError, InvalidParameterError, ResourceLimitError
        As `CollisionModel` and `CollisionModel.channel`.

    References
    ----------
    Paper, Cor. 8, (A11). That the words conserve the energy is `check_energy_preservation`.

    Examples
    --------
    >>> swap = np.eye(4)[[0, 2, 1, 3]]
    >>> rho = np.diag([0.1, 0.6, 0.2, 0.1])
    >>> check_random_unitary_channel(rho, [swap], [1.0], time=0.5).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    state, until = as_state(rho), check_time(time)
    scale = check_epsilon(factor, name="factor")
    model = whole_space_model(len(state), unitaries, rates)
    channel = model.channel(scale * until, tolerance=left_out, max_terms=MOST_TERMS)
    words = word_errors(model, scale * until, left_out)
    distance = distance_interval(
        channel.apply(state), model.evolve(state, until, tolerance=EVOLUTION_TOLERANCE)
    )
    relative = collision_error(len(state), len(channel.weights)) + 4 * words.product
    rounding = (
        evolution_error(model, state, until, EVOLUTION_TOLERANCE) + frobenius_norm(state) * relative
    )
    rhs = 2 * channel.remainder + 2 * math.sqrt(len(state)) * (rounding + 2 * words.weights)
    return LemmaCheck(
        statement="random unitary channel",
        equation="(A11)",
        lhs=distance,
        rhs=Interval(certify.down(rhs, 4), certify.up(rhs, 4)),
        instance=f"D = {len(state)}, {len(channel.weights)} unitaries, "
        f"{model.rate * until:.3g} collisions expected",
    )


@dataclass(frozen=True, kw_only=True)
class WordErrors:
    """How far the channel of a collision model is from its exact words.

    Parameters
    ----------
    length
        Most factors of a word that is kept, and one more.
    weights
        Bound of the sum of the moduli of the errors of the words' weights.
    product
        Bound of the error of a kept product, in Frobenius norm.
    """

    length: int
    weights: float
    product: float


def word_errors(model: CollisionModel, time: float, left_out: float) -> WordErrors:
    """Bounds of the rounding of `CollisionModel.channel`, with the same time and tolerance.

    Examples
    --------
    >>> model = whole_space_model(2, [[[0, 1], [1, 0]]], [1.0])
    >>> errors = word_errors(model, 1.0, 1e-3)
    >>> errors.length, errors.product < 1e-8
    (6, True)
    """
    counts, _ = poisson_weights(model.rate * time, left_out)
    length, size = len(counts), model.dimension
    growth = squared_norm_bound([c.matrix for c in model.collisions])
    # Products that agree to so many digits, in real and imaginary parts, are kept as one.
    merged = 1.5 * size * 10.0**-DIGITS
    rounded = certify.gamma(4 * size + 8) * size
    # A factor brings a share and a sum over the kinds of the factor before.
    roundings = (len(model.collisions) + 6) * length + 16
    weights = weight_defect(model.rate * time, counts) + certify.gamma(roundings)
    product = 1.001 * length * growth**length * (merged + rounded)
    return WordErrors(length=length, weights=certify.up(weights), product=certify.up(product))


def draw_labels(k: int) -> NDArray[np.intp]:
    """Energies of all systems, for the k-th of several numbers of levels and systems."""
    shapes = (([0.0, 1.0], 2), ([0.0, 1.0], 3), ([0.0, 1.0, 2.0], 2), ([0.0, 1.0, 1.0], 1))
    return energy_labels(*shapes[k % 4])


def draw_collisions(normals: Normals, k: int) -> dict[str, Any]:
    """Energy-preserving collisions of several kinds, and a time."""
    labels = draw_labels(k)
    kinds = 1 + k % 3
    return {
        "unitaries": drawn_energy_preserving_unitaries(normals, labels, kinds),
        "rates": 0.1 + np.abs(normals(kinds)),
        "energies": labels.astype(float),
        "time": (0.1, 0.3, 0.5)[k % 3],
    }


def _draw_channel(normals: Normals, k: int) -> dict[str, Any]:
    arguments = draw_collisions(normals, k)
    size = len(arguments.pop("energies"))
    return {"rho": drawn_state(normals, size, 1 + k % size), **arguments}


STATEMENTS = (
    Statement(
        name="random-unitary-channel",
        check=check_random_unitary_channel,
        draw=_draw_channel,
        false_variant={"factor": 0.25},
    ),
)
