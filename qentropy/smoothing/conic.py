r"""The dual programs in SCS form with its native complex PSD cone, block by block.

Trace balls, radius e: maximise ``Tr M rho - mu - nu e`` over ``0 <= M <= nu``, ``0 <= W``,
``W >= M - mu``, ``Tr sigma W <= 1``; the multiplier of the last matrix constraint is the state X.

Purified ball, ``f**2 = 1 - epsilon**2``, ``rho = B B^dagger``: maximise ``u + a f - Tr L`` over
``W >= 0``, ``[[L, -a B^dagger/2], [-a B/2, W - u]] >= 0``, ``Tr sigma W <= 1``; the multiplier of
``W >= 0`` is ``t sigma - X`` and the lower right block of the other one is X.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from qentropy.blocks import SUPPORT_TOLERANCE, Array, require_memory
from qentropy.cones import Cone, solve
from qentropy.expressions import state_factor
from qentropy.smoothing.balls import Proposal, SmoothingProblem

__all__ = ["propose"]


def propose(problem: SmoothingProblem, tolerance: float = 1e-8) -> Proposal:
    """Primal and dual points from SCS, at its relative and absolute tolerance.

    Raises
    ------
    SolverError
        SCS returned numbers that are not finite.
    ResourceLimitError
        The factorisation would not fit into memory.
    """
    blocks = _blocks(problem)
    numbers = sum(b.rho.size * (1 + np.iscomplexobj(b.rho)) for b in blocks)
    require_memory(8.0 * 60 * numbers, "the conic program")
    program = (
        _purified(blocks, problem)
        if problem.ball == "purified-distance"
        else _trace(blocks, problem)
    )
    found = solve(
        [(program.matrix, program.bound)],
        program.cost,
        program.cones,
        linear=program.linear,
        size=max(len(b.rho) for b in blocks),
        tolerance=tolerance,
    )
    primal, dual, offset = program.read(found.x, found.y)
    return Proposal(
        problem.rho.with_blocks(primal),
        problem.rho.with_blocks(dual),
        offset=offset,
        status=found.status,
        iterations=found.iterations,
    )


@dataclass(frozen=True, eq=False)
class _Block:
    """One diagonal block in the eigenbasis of sigma.

    Parameters
    ----------
    rho
        The block of rho in that basis.
    levels
        Eigenvalues of sigma, rescaled so that the optimum is of order one, on `rows`.
    rows
        The rows on which sigma acts.
    basis
        The eigenvectors, as columns.
    scale
        Diagonal D: the program's variable is ``D^{-1} W D^{-1}``, of order one.
    """

    rho: Array
    levels: Array
    rows: NDArray[np.intp]
    basis: Array
    scale: Array
    cone: Cone
    inner: Cone

    def restored(self, matrix: Array) -> Array:
        """A matrix in the eigenbasis, in the original basis."""
        out = self.basis @ matrix @ self.basis.conj().T
        return np.asarray((out + out.conj().T) / 2)

    def embedded(self, matrix: Array) -> Array:
        """A matrix on `rows` in the original basis."""
        out = np.zeros((self.cone.size, self.cone.size), matrix.dtype)
        out[np.ix_(self.rows, self.rows)] = matrix
        return self.restored(out)


@dataclass(frozen=True, eq=False)
class _Program:
    """``min c x`` with ``b - A x`` in the cones, and how to read its solution."""

    matrix: Any
    cost: Array
    linear: int
    cones: Sequence[Cone]
    read: Callable[[Array, Array], tuple[list[Array], list[Array], float]]

    @property
    def bound(self) -> Array:
        """Only the first row, ``Tr sigma W <= 1``, has a right-hand side."""
        return np.concatenate([[1.0], np.zeros(self.matrix.shape[0] - 1)])


def _blocks(problem: SmoothingProblem) -> list[_Block]:
    """The blocks, with sigma multiplied by a guess of the optimum."""
    level = problem.order_of_magnitude
    purified = problem.ball == "purified-distance"
    is_complex = any(np.iscomplexobj(g) for g in (*problem.rho.groups, *problem.sigma.groups))
    out = []
    for rhos, sigmas in zip(problem.rho.groups, problem.sigma.groups, strict=True):
        for rho, sigma in zip(rhos, sigmas, strict=True):
            values, basis = np.linalg.eigh(sigma)
            rows = np.flatnonzero(values > SUPPORT_TOLERANCE * values[-1])
            levels = level * values[rows]
            cones = Cone(len(rho), is_complex), Cone(len(rows), is_complex)
            turned = basis.conj().T @ rho @ basis
            # Where t sigma is large the state is small beside it, and W is small there.
            scale = np.ones(len(rows)) if purified else 1 / np.sqrt(np.maximum(levels, 1.0))
            out.append(_Block(turned, levels, rows, basis, scale, *cones))
    return out


def _trace(blocks: Sequence[_Block], problem: SmoothingProblem) -> _Program:
    """Columns: all M, all W, mu, nu. Rows: ``Tr sigma W <= 1``, signs, then the four cones."""
    outer, inner = [b.cone for b in blocks], [b.inner for b in blocks]
    m_one, w_one = _identity(outer), _identity(inner)
    m, w = len(m_one), len(w_one)
    starts = np.cumsum([0, *(c.length for c in outer[:-1])])
    places = [s + b.cone.places(b.rows) for s, b in zip(starts, blocks, strict=True)]
    weights = np.concatenate([b.inner.weights(1 / b.scale) for b in blocks])
    restrict = sp.eye_array(m, format="csr")[np.concatenate(places)]
    head = _price(blocks, m, 2)
    if not problem.normalized:
        head = sp.vstack([head, -sp.eye_array(m + w + 2, format="csr")[[-2]]])
    m_eye, w_eye = sp.eye_array(m), sp.eye_array(w)
    cones = [
        [-m_eye, sp.csr_array((m, w)), None, None],
        [m_eye, None, None, _column(-m_one)],
        [None, -w_eye, None, None],
        [sp.diags_array(weights) @ restrict, -w_eye, _column(-w_one * weights), None],
    ]
    matrix = sp.vstack([head, sp.block_array(cones)])
    objective = np.concatenate([b.cone.vector(b.rho) for b in blocks])

    def read(x: Array, y: Array) -> tuple[list[Array], list[Array], float]:
        states = _split(y[-w:] * weights, inner)
        duals = [g - x[-2] * np.eye(len(g)) for g in _split(x[:m], outer)]
        return (
            [b.embedded(z) for z, b in zip(states, blocks, strict=True)],
            [b.restored(g) for g, b in zip(duals, blocks, strict=True)],
            0.0,
        )

    return _Program(
        matrix,
        np.concatenate([-objective, np.zeros(w), [1.0, problem.radius]]),
        head.shape[0],
        [*outer, *outer, *inner, *inner],
        read,
    )


def _purified(blocks: Sequence[_Block], problem: SmoothingProblem) -> _Program:
    """Columns: all L, all W, u, a. Rows: ``Tr sigma W <= 1``, signs, W, then the joint blocks."""
    factors = [state_factor(b.rho)[b.rows] for b in blocks]
    inner = [b.inner for b in blocks]
    corner = [Cone(f.shape[1], b.cone.complex) for f, b in zip(factors, blocks, strict=True)]
    joint = [Cone(c.size + i.size, c.complex) for c, i in zip(corner, inner, strict=True)]
    w, k, total = (sum(c.length for c in cones) for cones in (inner, corner, joint))
    starts = np.cumsum([0, *(c.length for c in joint[:-1])])
    spots = [
        (s + j.places(np.arange(c.size)), s + j.places(np.arange(c.size, j.size)))
        for s, j, c in zip(starts, joint, corner, strict=True)
    ]
    spread = sp.eye_array(total, format="csc")
    k_places, w_places = (np.concatenate(p) for p in zip(*spots, strict=True))
    weights = np.concatenate([b.inner.weights(1 / b.scale) for b in blocks])
    ones = np.zeros(total)
    ones[w_places] = _identity(inner) * weights
    coupling = [
        j.vector(_off_diagonal(f / b.scale[:, None]))
        for j, f, b in zip(joint, factors, blocks, strict=True)
    ]
    signs = -sp.eye_array(k + w + 2, format="csr")[[-1]]
    if not problem.normalized:
        signs = sp.vstack([signs, sp.eye_array(k + w + 2, format="csr")[[-2]]])
    head = sp.vstack([_price(blocks, k, 2), signs])
    coupled = [-spread[:, k_places], -spread[:, w_places], _column(ones)]
    cones = [
        [sp.csr_array((w, k)), -sp.eye_array(w), None, None],
        [*coupled, _column(np.concatenate(coupling))],
    ]
    target = np.sqrt(max(0.0, 1 - problem.epsilon**2))

    def read(x: Array, y: Array) -> tuple[list[Array], list[Array], float]:
        states = _split(y[-total:][w_places] * weights, inner)
        duals = _split(x[k : k + w] / weights, inner)
        return (
            [b.embedded(z) for z, b in zip(states, blocks, strict=True)],
            [b.embedded(g) for g, b in zip(duals, blocks, strict=True)],
            float(x[-2]),
        )

    return _Program(
        sp.vstack([head, sp.block_array(cones)]),
        np.concatenate([_identity(corner), np.zeros(w), [-1.0, -target]]),
        head.shape[0],
        [*inner, *joint],
        read,
    )


def _off_diagonal(factor: Array) -> Array:
    """``[[0, B^dagger/2], [B/2, 0]]``."""
    rows, columns = factor.shape
    out = np.zeros((rows + columns, rows + columns), factor.dtype)
    out[columns:, :columns] = factor / 2
    out[:columns, columns:] = factor.conj().T / 2
    return out


def _price(blocks: Sequence[_Block], before: int, after: int) -> Any:
    """The row ``Tr sigma W`` in the scaled variable, with empty columns before and after."""
    price = [b.inner.vector(np.diag(b.levels * b.scale**2)) for b in blocks]
    row = np.concatenate([np.zeros(before), *price, np.zeros(after)])
    return sp.csr_array(row[None, :])


def _identity(cones: Sequence[Cone]) -> Array:
    return np.concatenate([c.vector(np.eye(c.size)) for c in cones])


def _column(values: Array) -> Any:
    return sp.csr_array(values[:, None])


def _split(vector: Array, cones: Sequence[Cone]) -> list[Array]:
    ends = np.cumsum([c.length for c in cones])
    return [c.matrix(vector[e - c.length : e]) for c, e in zip(cones, ends, strict=True)]
