r"""Water-filling: the closed form for a pair that commutes, in every ball.

In the joint eigenbasis the problem is classical, with probabilities p and q. Trace balls: with
the ratios p/q sorted downwards and prefix sums P and Q, ``2**D = max_k (P_k - e) / Q_k``; the
state is ``min(p, lambda q)`` with the removed weight filled in below. Purified ball:
``min(lambda q, c p)``.
"""

import numpy as np

from qentropy.blocks import Array, BlockOperator, is_diagonal
from qentropy.smoothing.balls import Proposal, SmoothingProblem

__all__ = ["commutes", "propose"]

COMMUTATOR_TOLERANCE = 1e-13
BISECTIONS = 200


def commutes(problem: SmoothingProblem) -> bool:
    """Whether rho and sigma commute up to rounding."""
    for rho, sigma in zip(problem.rho.groups, problem.sigma.groups, strict=True):
        if rho.shape[-1] == 1:
            continue
        if is_diagonal(sigma):
            levels = np.einsum("mii->mi", sigma)
            commutator = np.abs(rho * (levels[:, None, :] - levels[:, :, None])).max()
        else:
            product = rho @ sigma
            commutator = np.abs(product - product.conj().swapaxes(-1, -2)).max()
        if commutator > COMMUTATOR_TOLERANCE * np.abs(rho).max() * np.abs(sigma).max():
            return False
    return True


def propose(problem: SmoothingProblem) -> Proposal:
    """The optimal points in the joint eigenbasis of rho and sigma."""
    basis = [
        _joint_basis(r, s) for r, s in zip(problem.rho.groups, problem.sigma.groups, strict=True)
    ]
    p = _diagonal(problem.rho, basis)
    q = _diagonal(problem.sigma, basis)
    if problem.ball == "purified-distance":
        state, dual, offset = _purified(p, q, problem)
    else:
        state, dual, offset = *_trace(p, q, problem), 0.0
    return Proposal(
        _from_diagonal(problem.rho, basis, state),
        _from_diagonal(problem.rho, basis, dual),
        offset=offset,
    )


def _trace(p: Array, q: Array, problem: SmoothingProblem) -> tuple[Array, Array]:
    """Smoothed distribution and the indicator of the levels that are cut."""
    ratio = np.divide(p, q, out=np.full_like(p, np.inf), where=q > 0)
    order = np.argsort(-np.where((p > 0) | (q > 0), ratio, 0.0), kind="stable")
    heads = (np.cumsum(p[order]) - problem.radius) / np.maximum(np.cumsum(q[order]), 1e-300)
    cut = int(heads.argmax())
    level = max(float(heads[cut]), 1 / q.sum() if problem.normalized else 0.0)
    state = np.minimum(p, level * q)
    if problem.normalized:
        room = np.maximum(level * q - state, 0.0)
        if room.sum() > 0:
            state = state + room * min(1.0, (p.sum() - state.sum()) / room.sum())
    dual = np.zeros_like(p)
    dual[order[: cut + 1]] = 1.0
    return state, dual


def _purified(p: Array, q: Array, problem: SmoothingProblem) -> tuple[Array, Array, float]:
    """``min(lambda q, c p)`` by bisection on lambda, and the multipliers of the optimum."""
    target = np.sqrt(max(0.0, 1 - problem.epsilon**2))
    low, high = 1 / q.sum() if problem.normalized else 0.0, _largest_ratio(p, q)
    state = _capped(p, q, high, normalized=problem.normalized)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        trial = _capped(p, q, middle, normalized=problem.normalized)
        if np.sqrt(p * trial).sum() >= target:
            high, state = middle, trial
        else:
            low = middle
    return state, *_purified_multipliers(p, q, state, high)


def _purified_multipliers(p: Array, q: Array, state: Array, level: float) -> tuple[Array, float]:
    """W and u with ``(W - u) x**2 ∝ p`` where the cap does not bind, and W = 0 there.

    Stationarity of ``sum sqrt(p x)`` under ``x <= lambda q`` and ``sum x = 1`` reads
    ``W_i = sqrt(p_i / x_i) - sqrt(p_j / x_j)`` with any free level j, up to a factor.
    """
    slope = np.sqrt(np.divide(p, state, out=np.zeros_like(p), where=state > 0))
    bound = (state >= level * q * (1 - 1e-9)) & (q > 0)
    free = ~bound & (state > 0)
    base = float(slope[free].max()) if free.any() else 0.0
    dual = np.where(bound, np.maximum(slope - base, 0.0), 0.0)
    norm = float((dual * q).sum())
    return (dual / norm, -base / norm) if norm > 0 else (np.ones_like(p) / q.sum(), 0.0)


def _capped(p: Array, q: Array, level: float, *, normalized: bool) -> Array:
    """``min(level q, c p)`` with c from the sum, or c as large as it helps if not normalised."""
    cap = level * q
    if not normalized and cap.sum() <= 1:
        return np.where(p > 0, cap, 0.0)
    positive = p > 0
    if cap[positive].sum() <= 1:
        # The rest of the weight goes where p is zero: it does not change the fidelity.
        spare = np.where(positive, 0.0, cap)
        filled = np.where(positive, cap, 0.0)
        missing = 1 - filled.sum()
        return filled + (spare * min(1.0, missing / spare.sum()) if spare.sum() > 0 else 0.0)
    ratio = np.divide(cap, p, out=np.full_like(p, np.inf), where=positive)
    order = np.argsort(ratio)
    filled_before = np.concatenate([[0.0], np.cumsum(cap[order])[:-1]])
    left = np.cumsum(p[order][::-1])[::-1]
    factors = np.maximum(0.0, 1 - filled_before) / np.maximum(left, 1e-300)
    place = int(np.argmax(factors <= ratio[order]))
    return np.asarray(np.minimum(cap, factors[place] * p))


def _largest_ratio(p: Array, q: Array) -> float:
    inside = q > 0
    return max(float((p[inside] / q[inside]).max()), 1 / float(q.sum()))


def _joint_basis(rho: Array, sigma: Array) -> Array:
    """Eigenvectors of a generic combination, which are joint for a commuting pair."""
    scale = np.abs(rho).max() / max(np.abs(sigma).max(), 1e-300)
    return np.asarray(np.linalg.eigh(rho + (np.sqrt(2) * scale) * sigma)[1])


def _diagonal(operator: BlockOperator, basis: list[Array]) -> Array:
    parts = [
        np.einsum("mji,mjk,mki->mi", v.conj(), g, v, optimize=True).real.ravel()
        for g, v in zip(operator.groups, basis, strict=True)
    ]
    return np.asarray(np.maximum(np.concatenate(parts), 0.0))


def _from_diagonal(layout: BlockOperator, basis: list[Array], values: Array) -> BlockOperator:
    groups, start = [], 0
    for vectors in basis:
        count = vectors.shape[0] * vectors.shape[1]
        part = values[start : start + count].reshape(vectors.shape[:2])
        group = (vectors * part[:, None, :]) @ vectors.conj().swapaxes(-1, -2)
        groups.append((group + group.conj().swapaxes(-1, -2)) / 2)
        start += count
    return layout.with_groups(groups)
