"""The master equation of collisions is solved by Poisson mixtures, of one count or of many."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.blocks import Array, require_memory
from qentropy.lemmas.collision_models import (
    EVOLUTION_TOLERANCE,
    collision_error,
    evolution_error,
    poisson_tail,
    poisson_terms,
    squared_norm_bound,
    whole_space_model,
)
from qentropy.lemmas.equalities import equal_matrices
from qentropy.lemmas.gaussian_draws import drawn_state, drawn_unitary
from qentropy.lemmas.rounding import frobenius_norm
from qentropy.lemmas.statement import Normals, Statement
from qentropy.operators import as_state, check_epsilon
from qentropy.results import LemmaCheck
from qentropy.thermalization import CollisionModel
from qentropy.thermalization.parameters import check_time
from qentropy.thermalization.poisson import poisson_weights

__all__ = ["STATEMENTS", "check_poisson_mixture", "check_product_of_poissons"]

ORDER = 20  # of the Taylor polynomials


def check_poisson_mixture(
    rho: ArrayLike,
    unitaries: ArrayLike,
    rates: Sequence[float],
    *,
    time: float,
    factor: float = 1.0,
) -> LemmaCheck:
    r"""Poisson mixture, ``exp(t L)(rho) = sum_m Poisson(m) Lambda^m(rho)``.

    Parameters
    ----------
    rho
        Density operator, shape ``(D, D)``.
    unitaries
        The ``U_k``, shape ``(K, D, D)``; they need not commute.
    rates
        Their rates, K positive numbers.
    time
        Time in the unit of one over the rates, not negative.
    factor
        Multiplies the time on the side of the mixture.

    Returns
    -------
    LemmaCheck
        Trace norm of the difference of both sides as computed, and a bound of what rounding and
        truncation make of it. ``L(X) = sum_k rate_k (U_k X U_k^dagger - X)`` is exponentiated by
        Taylor polynomials over short steps.

    Raises
    ------
    InvalidStateError, DimensionMismatchError, InvalidParameterError
        As `CollisionModel` and `CollisionModel.evolve`.
    ResourceLimitError
        More than 500 collisions are expected.

    References
    ----------
    Paper, Prop. 6, (A9).

    Examples
    --------
    >>> flip = [[0.0, 1.0], [1.0, 0.0]]
    >>> check_poisson_mixture(np.diag([0.9, 0.1]), [flip], [0.5], time=1.0).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    state, model, until = _arguments(rho, unitaries, rates, time)
    later = check_epsilon(factor, name="factor") * until
    mixture = model.evolve(state, later, tolerance=EVOLUTION_TOLERANCE)
    exponential, error = _liouvillian_exponential(model, state, until)
    return equal_matrices(
        mixture,
        exponential,
        certify.up(error + evolution_error(model, state, later, EVOLUTION_TOLERANCE)),
        names=("Poisson mixture", "(A9)"),
        instance=_instance(model, until),
    )


def check_product_of_poissons(
    rho: ArrayLike,
    unitaries: ArrayLike,
    rates: Sequence[float],
    *,
    time: float,
    factor: float = 1.0,
) -> LemmaCheck:
    r"""Product of Poisson distributions, ``rho(t) = sum_m prod_k Poisson_k(m_k) rho(m)``.

    Parameters
    ----------
    rho, unitaries, rates, time
        As in `check_poisson_mixture`.
    factor
        Multiplies the means ``rate_k t`` of the product.

    Returns
    -------
    LemmaCheck
        Trace norm of the difference of both sides as computed, and a bound of what rounding and
        truncation make of it. ``rho(m)`` is the average over all orders of ``m_k`` collisions of
        each kind; where the unitaries commute every order gives the same.

    Raises
    ------
    InvalidStateError, DimensionMismatchError, InvalidParameterError, ResourceLimitError
        As `check_poisson_mixture`; or there are too many kinds of collisions for the memory.

    References
    ----------
    Paper, (A2) to (A4) and (A16).

    Examples
    --------
    >>> flip, phase = [[0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, -1.0]]
    >>> rho = [[0.5, 0.4], [0.4, 0.5]]
    >>> check_product_of_poissons(rho, [flip, phase], [0.5, 0.2], time=1.0).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    state, model, until = _arguments(rho, unitaries, rates, time)
    scale = check_epsilon(factor, name="factor")
    product, error = _product_of_poissons(model, state, scale * until)
    return equal_matrices(
        product,
        model.evolve(state, until, tolerance=EVOLUTION_TOLERANCE),
        certify.up(error + evolution_error(model, state, until, EVOLUTION_TOLERANCE)),
        names=("product of Poisson distributions", "(A16)"),
        instance=_instance(model, until),
    )


def _arguments(
    rho: ArrayLike, unitaries: ArrayLike, rates: Sequence[float], time: float
) -> tuple[Array, CollisionModel, float]:
    state = as_state(rho)
    return state, whole_space_model(len(state), unitaries, rates), check_time(time)


def _instance(model: CollisionModel, time: float) -> str:
    kinds = len(model.collisions)
    return f"D = {model.dimension}, {kinds} kinds, {model.rate * time:.3g} collisions expected"


def _liouvillian_exponential(model: CollisionModel, rho: Array, time: float) -> tuple[Array, float]:
    """``exp(t L)(rho)`` by Taylor polynomials, and a bound of its error in Frobenius norm."""
    unitaries = np.stack([c.matrix for c in model.collisions])
    adjoints = unitaries.conj().swapaxes(-1, -2)
    rates = np.array([c.rate for c in model.collisions])
    growth = squared_norm_bound(list(unitaries))
    strength = model.rate * (growth + 1)  # at least the norm of L
    steps = max(1, math.ceil(strength * time))
    state = rho
    for _ in range(steps):
        term = state
        for j in range(1, ORDER + 1):
            change = np.einsum("k,kij->ij", rates, unitaries @ term @ adjoints - term)
            term = change * (time / steps / j)
            state = state + term
    # In each step ||h L|| <= 1: the j-th term is at most 1/j! and carries j errors of L; the rest
    # of the series is below 2/(ORDER + 1)!. The step itself is rounded, too. What a step adds
    # stays, up to the growth of the exponential of L.
    each = math.e * (collision_error(len(rho), len(rates)) + certify.gamma(ORDER + 16))
    each += 2 / math.factorial(ORDER + 1)
    grown = math.exp((growth - 1) * model.rate * time)
    return state, certify.up(1.001 * steps * each * grown * frobenius_norm(rho))


def _product_of_poissons(model: CollisionModel, rho: Array, time: float) -> tuple[Array, float]:
    """Sum over the numbers of collisions of each kind, and a bound of its error."""
    mean, kinds = model.rate * time, len(model.collisions)
    last = len(poisson_weights(mean, EVOLUTION_TOLERANCE)[0]) - 1
    tables = [poisson_terms(c.rate * time, last + 1) for c in model.collisions]
    level = {(0,) * kinds: rho}
    out = _probability(tables, (0,) * kinds) * rho
    count = 1
    for total in range(1, last + 1):
        width = math.comb(total + kinds - 1, kinds - 1)
        require_memory(32.0 * rho.size * width, f"{width} numbers of collisions")
        level = _one_more(model, level, total)
        out = out + sum(_probability(tables, m) * state for m, state in level.items())
        count += width
    growth = squared_norm_bound([c.matrix for c in model.collisions])
    relative = last * collision_error(len(rho), kinds) + certify.gamma(count + 2 * kinds + 8)
    relative += sum(error for _, error in tables) + poisson_tail(mean, last + 1, growth)
    return out, certify.up(1.001 * frobenius_norm(rho) * growth ** (last + 1) * relative)


def _probability(tables: list[tuple[Array, float]], counts: tuple[int, ...]) -> float:
    """Probability of these numbers of collisions."""
    return math.prod(float(terms[m]) for (terms, _), m in zip(tables, counts, strict=True))


def _one_more(
    model: CollisionModel, level: dict[tuple[int, ...], Array], total: int
) -> dict[tuple[int, ...], Array]:
    """Averages over all orders of `total` collisions: the last is of kind k in ``m_k / m``."""
    out: dict[tuple[int, ...], Array] = {}
    for counts, state in level.items():
        for k, collision in enumerate(model.collisions):
            more = (*counts[:k], counts[k] + 1, *counts[k + 1 :])
            unitary = collision.matrix
            turned = more[k] / total * (unitary @ state @ unitary.conj().T)
            out[more] = out[more] + turned if more in out else turned
    return out


def _draw(normals: Normals, k: int) -> dict[str, Any]:
    size, kinds, time = ((2, 2, 0.5), (3, 1, 2.0), (4, 3, 1.0), (8, 2, 3.0), (6, 2, 0.1))[k % 5]
    return {
        "rho": drawn_state(normals, size, 1 + k % size),
        "unitaries": np.stack([drawn_unitary(normals, size) for _ in range(kinds)]),
        "rates": 0.1 + np.abs(normals(kinds)),
        "time": time,
    }


def _draw_commuting(normals: Normals, k: int) -> dict[str, Any]:
    """Every other instance with unitaries that commute, diagonal in one basis."""
    arguments = _draw(normals, k)
    if k % 2:
        basis, shape = arguments["unitaries"][0], arguments["unitaries"].shape
        phases = np.exp(1j * normals(*shape[:2]))
        arguments["unitaries"] = (basis * phases[:, None, :]) @ basis.conj().T
    return arguments


STATEMENTS = (
    Statement(
        name="poisson-mixture",
        check=check_poisson_mixture,
        draw=_draw,
        false_variant={"factor": 0.5},
    ),
    Statement(
        name="product-of-poissons",
        check=check_product_of_poissons,
        draw=_draw_commuting,
        false_variant={"factor": 0.5},
    ),
)
