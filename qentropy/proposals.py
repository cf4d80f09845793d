r"""Points that SCS proposes for the programs on two systems; nothing about them is trusted.

The dual price of all of them is that of a marginal: ``Tr_A W <= 1``, whose multiplier is the
operator Y on B with ``1 (x) Y`` above what is bounded.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from qentropy.blocks import Array, require_memory
from qentropy.cones import Cone, solve
from qentropy.expressions import state_factor

__all__ = [
    "Points",
    "distinguishing",
    "largest_fidelity",
    "least_marginal",
    "least_marginal_near",
]

Dims = tuple[int, int]


def _nothing() -> Array:
    return np.zeros((0, 0))


@dataclass(frozen=True, eq=False)
class Points:
    """What a program proposes.

    Parameters
    ----------
    marginal
        The operator on B.
    dual
        The matrix W of the dual program.
    state
        The primal matrix on A (x) B, where it is not given: X in the ball, or the effect.
    tilt
        The matrix G of a trace ball.
    offset
        The multiplier u of the purified ball.
    status, iterations
        SCS's own last word.
    """

    marginal: Array
    dual: Array
    state: Array = field(default_factory=_nothing)
    tilt: Array = field(default_factory=_nothing)
    offset: float = 0.0
    status: str = ""
    iterations: int = 0


def least_marginal(rho: Array, dims: Dims, tolerance: float) -> Points:
    """Least ``Tr Y`` with ``1 (x) Y >= rho``; the dual is ``max Tr rho W : Tr_A W <= 1``."""
    outer, local, lift = _spaces(rho, dims)
    found = solve(
        [(-lift, -outer.vector(rho))], local.identity, [outer], size=outer.size, tolerance=tolerance
    )
    return Points(
        marginal=local.matrix(found.x),
        dual=outer.matrix(found.y),
        status=found.status,
        iterations=found.iterations,
    )


def least_marginal_near(
    rho: Array, dims: Dims, radius: float, *, purified: bool, normalized: bool, tolerance: float
) -> Points:
    """Least ``Tr Y`` with ``1 (x) Y >= X`` for an X in a ball around rho.

    Parameters
    ----------
    rho, dims
        The centre of the ball, and the dimensions of A and B.
    radius
        In trace distance, or in purified distance if `purified`.
    purified, normalized
        Which ball, and whether it holds normalised states only.
    tolerance
        Tolerance of SCS.
    """
    if purified:
        return _purified(rho, dims, radius, normalized, tolerance)
    outer, local, lift = _spaces(rho, dims)
    one, zero = sp.eye_array(outer.length), sp.csc_array((outer.length, 1))
    identity, nothing = _column(outer.identity), np.zeros(outer.length)
    rows: list[tuple[Any, Array]] = [
        (sp.block_array([[_empty(local, outer), lift.T, _empty(local, 2)]]), local.identity),
        (sp.hstack([-one, 0 * one, zero, zero]), nothing),
        (sp.hstack([one, 0 * one, zero, -identity]), nothing),
        (sp.hstack([0 * one, -one, zero, zero]), nothing),
        (sp.hstack([one, -one, -identity, zero]), nothing),
    ]
    signs = [] if normalized else [(_unit_row(-1.0, 2 * outer.length, 2), np.zeros(1))]
    cost = np.concatenate([-outer.vector(rho), nothing, [1.0, radius]])
    cones = [local, *4 * [outer]]
    found = solve(
        [*signs, *rows], cost, cones, linear=len(signs), size=outer.size, tolerance=tolerance
    )
    multipliers = found.y[len(signs) :]
    m, w = outer.length, outer.length
    return Points(
        marginal=local.matrix(multipliers[: local.length]),
        dual=outer.matrix(found.x[m : m + w]),
        state=outer.matrix(multipliers[-w:]),
        tilt=outer.matrix(found.x[:m]) - found.x[-2] * np.eye(outer.size),
        status=found.status,
        iterations=found.iterations,
    )


def _purified(rho: Array, dims: Dims, epsilon: float, normalized: bool, tolerance: float) -> Points:
    """Columns: L, W, u, a. Maximise ``u + a f - Tr L`` with ``f**2 = 1 - epsilon**2``."""
    outer, local, lift = _spaces(rho, dims)
    joint, corner, places, coupling = _fidelity_block(rho)
    spread = sp.eye_array(joint.length, format="csc")
    lower, upper = (-spread[:, p] for p in places)
    rows: list[tuple[Any, Array]] = [
        (_unit_row(-1.0, corner.length + outer.length + 1, 1), np.zeros(1)),
        (sp.hstack([_empty(local, corner), lift.T, _empty(local, 2)]), local.identity),
        (
            sp.hstack([_empty(outer, corner), -sp.eye_array(outer.length), _empty(outer, 2)]),
            np.zeros(outer.length),
        ),
        (
            sp.hstack([lower, upper, -upper @ _column(outer.identity), _column(coupling)]),
            np.zeros(joint.length),
        ),
    ]
    if not normalized:
        rows.insert(0, (_unit_row(1.0, corner.length + outer.length, 2), np.zeros(1)))
    target = math.sqrt(max(0.0, 1 - epsilon**2))
    found = solve(
        rows,
        np.concatenate([corner.identity, np.zeros(outer.length), [-1.0, -target]]),
        [local, outer, joint],
        linear=len(rows) - 3,
        size=outer.size,
        tolerance=tolerance,
    )
    multipliers = found.y[len(rows) - 3 :]
    return Points(
        marginal=local.matrix(multipliers[: local.length]),
        dual=outer.matrix(found.x[corner.length : -2]),
        state=outer.matrix(multipliers[-joint.length :][places[1]]),
        offset=float(found.x[-2]),
        status=found.status,
        iterations=found.iterations,
    )


def largest_fidelity(rho: Array, dims: Dims, tolerance: float) -> Points:
    """Largest ``F(rho, 1 (x) sigma)``; the dual is the least ``Tr rho Z^{-1} / 4 + |Tr_A Z|``."""
    outer, local, lift = _spaces(rho, dims)
    joint, corner, places, coupling = _fidelity_block(rho)
    spread = sp.eye_array(joint.length, format="csc")
    lower, upper = (-spread[:, p] for p in places)
    rows: list[tuple[Any, Array]] = [
        (
            sp.hstack([_empty(local, corner), lift.T, -_column(local.identity)]),
            np.zeros(local.length),
        ),
        (sp.hstack([lower, upper, _empty(joint, 1)]), -coupling),
    ]
    cost = np.concatenate([corner.identity, np.zeros(outer.length), [1.0]])
    found = solve(rows, cost, [local, joint], size=outer.size, tolerance=tolerance)
    return Points(
        marginal=local.matrix(found.y[: local.length]),
        dual=outer.matrix(found.x[corner.length : -1]),
        status=found.status,
        iterations=found.iterations,
    )


def distinguishing(
    gap: Array, dims: Dims, tolerance: float, *, kernel: Array | None = None
) -> Points:
    """Largest ``Tr J K`` with ``0 <= K <= 1 (x) rho``; the dual is the least ``|Tr_A Z|``.

    Z lies above J and 0. With a `kernel`, columns Q, K is ``Q k Q^dagger`` and only
    ``Q^dagger (Z - J) Q >= 0`` is asked for.
    """
    outer, local, lift = _spaces(gap, dims)
    columns = np.eye(outer.size) if kernel is None else kernel
    inner = Cone(columns.shape[1], outer.complex)
    compress = outer.map_of(lambda z: columns.conj().T @ z @ columns, inner)
    rows: list[tuple[Any, Array]] = [
        (sp.hstack([lift.T, -_column(local.identity)]), np.zeros(local.length)),
        (sp.hstack([-sp.eye_array(outer.length), _empty(outer, 1)]), np.zeros(outer.length)),
        (sp.hstack([-compress, _empty(inner, 1)]), -compress @ outer.vector(gap)),
    ]
    cost = np.concatenate([np.zeros(outer.length), [1.0]])
    found = solve(rows, cost, [local, outer, inner], size=outer.size, tolerance=tolerance)
    return Points(
        marginal=local.matrix(found.y[: local.length]),
        dual=outer.matrix(found.x[:-1]),
        state=inner.matrix(found.y[-inner.length :]),
        status=found.status,
        iterations=found.iterations,
    )


def _spaces(matrix: Array, dims: Dims) -> tuple[Cone, Cone, Any]:
    """The cones of A (x) B and of B, and the map of Y to ``1 (x) Y`` from one to the other."""
    is_complex = np.iscomplexobj(matrix)
    outer, local = Cone(len(matrix), is_complex), Cone(dims[1], is_complex)
    require_memory(8.0 * 60 * outer.length, "the conic program")
    return outer, local, local.map_of(lambda y: np.kron(np.eye(dims[0]), y), outer)


def _fidelity_block(rho: Array) -> tuple[Cone, Cone, tuple[Any, Any], Array]:
    """``[[L, -B^dagger/2], [-B/2, Z]]``: its cone, that of L, where both sit, and the coupling."""
    factor = state_factor(rho)
    size, rank = factor.shape
    joint, corner = Cone(size + rank, np.iscomplexobj(rho)), Cone(rank, np.iscomplexobj(rho))
    places = joint.places(np.arange(rank)), joint.places(np.arange(rank, rank + size))
    block = np.zeros((size + rank, size + rank), rho.dtype)
    block[rank:, :rank] = factor / 2
    block[:rank, rank:] = factor.conj().T / 2
    return joint, corner, places, joint.vector(block)


def _empty(rows: Cone, columns: "Cone | int") -> Any:
    width = columns if isinstance(columns, int) else columns.length
    return sp.csc_array((rows.length, width))


def _column(values: Array) -> Any:
    return sp.csc_array(values[:, None])


def _unit_row(value: float, before: int, after: int) -> Any:
    """A row with one entry, in column `before`, of ``before + after`` columns."""
    return sp.csc_array(([value], ([0], [before])), shape=(1, before + after))
