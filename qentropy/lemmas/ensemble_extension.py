r"""The extension of the trace-distance lemma, and how far rounding takes it off its properties.

With factors R and T of the marginals, and effects that add up to one, ``sum_i R E_i R^dagger`` and
``sum_i T E_i T^dagger`` are the marginals exactly. What the computed matrices lack is *measured*,
so that the bounds hold whatever eigenvectors and singular vectors are worth.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.blocks import Array, one_group
from qentropy.certify.exact_operations import hermitian_part
from qentropy.errors import DimensionMismatchError
from qentropy.lemmas.classical_quantum import block_diagonal, classical_quantum_parts
from qentropy.lemmas.fidelities import fidelity_interval
from qentropy.lemmas.rounding import frobenius_norm, product_rounding
from qentropy.operators import as_state

__all__ = ["EnsembleExtension", "ensemble_extension", "part_factors", "side_by_side"]


@dataclass(frozen=True, eq=False, kw_only=True)
class EnsembleExtension:
    """An ensemble and its extension to another marginal, with what they are made of.

    Parameters
    ----------
    parts, pieces
        ``p_i rho_i`` and the ``sigma_i`` that stand for ``T E_i T^dagger``, ``(d_B, d_A, d_A)``.
    target
        The marginal that was asked for, shape ``(d_A, d_A)``.
    root, turned
        R with ``R R^dagger`` near the marginal of the parts, and T with ``T T^dagger`` near the
        target and ``Tr R^dagger T`` near the fidelity.
    effects
        ``E_i``, shape ``(d_B, d_A, d_A)``.
    """

    parts: Array
    pieces: Array
    target: Array
    root: Array
    turned: Array
    effects: Array

    def marginal_error(self) -> float:
        r"""Upper bound of ``||sum_i sigma_i - sigma_A||``, Frobenius norm.

        The sum of ``sum_i ||sigma_i - T E_i T^dagger||``, ``||T T^dagger - sigma_A||`` and
        ``||T||**2 ||sum_i E_i - 1||``.

        Examples
        --------
        >>> extension = ensemble_extension(np.eye(4) / 4, np.eye(2) / 2, (2, 2))
        >>> extension.marginal_error() < 1e-13
        True
        """
        T, adjoint, size = self.turned, self.turned.conj().T, len(self.target)
        square = certify.up(frobenius_norm(T) ** 2)
        weights = sum(map(frobenius_norm, self.effects))
        apart = sum(map(frobenius_norm, self.pieces - T @ self.effects @ adjoint))
        # Two products of complex matrices: each entry carries 8 d_A roundings, in its moduli.
        apart += certify.gamma(8 * size + 16) * square * weights
        target = frobenius_norm(T @ adjoint - self.target) + product_rounding(T, T)
        lack = frobenius_norm(self.effects.sum(axis=0) - np.eye(size))
        # What is added up here, and the pieces by whoever compares the sum with the target.
        sums = certify.gamma(len(self.effects) + 2)
        lack += sums * (weights + math.sqrt(size))
        total = apart + target + square * lack + sums * sum(map(frobenius_norm, self.pieces))
        return certify.up(1.001 * total)

    def fidelity_error(self) -> float:
        r"""Upper bound of ``F(rho_A, sigma_A) - F(rho_AB, sigma_AB)``, of the factors' states.

        With ``G_i G_i^dagger = E_i`` the second fidelity is at least
        ``Re sum_i Tr (R G_i)^dagger T G_i``, and the first at most ``||R^dagger T||_1``, up to
        ``||a - a'||_1**(1/2)`` where a state a' stands for a (Powers-Størmer inequality).

        Examples
        --------
        >>> extension = ensemble_extension(np.eye(4) / 4, np.eye(2) / 2, (2, 2))
        >>> extension.fidelity_error() < 1e-6
        True
        """
        values, vectors = np.linalg.eigh(hermitian_part(self.effects))
        roots = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
        pairs = []
        reached = []
        for states, marginal in ((self.parts, self.root), (self.pieces, self.turned)):
            factors, images = part_factors(states), marginal @ roots
            pairs += [(factors, images), (side_by_side(factors), marginal[None])]
            reached.append(images)
        off = sum(math.sqrt(_distance_bound(*pair)) for pair in pairs)
        weight = max(frobenius_norm(x) for pair in pairs for x in pair)
        overlap = float(np.vdot(reached[0], reached[1]).real)
        overlap -= certify.gamma(8 * roots.size + 8) * weight**2
        most = fidelity_interval(self.root[None], self.turned[None]).upper
        return certify.up(1.001 * (max(0.0, most - overlap) + weight * off))


def ensemble_extension(
    rho_ab: ArrayLike, sigma_a: ArrayLike, dims: Sequence[int]
) -> EnsembleExtension:
    """Construct the extension that `trace_distance_extension` describes.

    Raises
    ------
    InvalidStateError
        rho_ab is not classical on B, or an operator is not a state.
    DimensionMismatchError
        `dims` do not fit.

    Examples
    --------
    >>> extension = ensemble_extension(np.eye(4) / 4, np.diag([1.0, 0.0]), (2, 2))
    >>> extension.pieces.sum(axis=0).round(12)
    array([[1., 0.],
           [0., 0.]])
    """
    _, parts = classical_quantum_parts(rho_ab, dims)
    target = as_state(sigma_a, "sigma_a")
    if target.shape != parts.shape[1:]:
        raise DimensionMismatchError(
            f"sigma_a must act on A, shape {parts.shape[1:]}; got {target.shape}"
        )
    marginal = one_group(hermitian_part(parts.sum(axis=0)))
    root, inverse = (marginal.spectrum.power(p)[0][0] for p in (0.5, -0.5))
    sigma_root = one_group(target).spectrum.power(0.5)[0][0]
    left, _, right = np.linalg.svd(root @ sigma_root)
    turned = sigma_root @ (left @ right).conj().T
    effects = np.zeros_like(parts, np.result_type(parts, inverse))
    used = np.einsum("bii->b", parts).real > 0
    effects[used] = _measurement(inverse @ parts[used] @ inverse)
    pieces = np.zeros_like(effects, np.result_type(effects, turned))
    pieces[used] = _positive(turned @ effects[used] @ turned.conj().T)
    return EnsembleExtension(
        parts=parts,
        pieces=pieces,
        target=target,
        root=root,
        turned=turned,
        effects=effects,
    )


def _measurement(effects: Array) -> Array:
    """Positive effects that add up to the identity, near these.

    The division by a marginal with small eigenvalues has left them neither. What the effects lack
    outside the support of the marginal goes to the first of them.
    """
    one = np.eye(effects.shape[-1])
    effects[0] += one - effects.sum(axis=0)
    positive = _positive(effects)
    values, vectors = np.linalg.eigh(positive.sum(axis=0))
    scaling = (vectors * values**-0.5) @ vectors.conj().T
    return hermitian_part(scaling @ positive @ scaling)


def _positive(stack: Array) -> Array:
    """Hermitian matrices without their negative eigenvalues."""
    values, vectors = np.linalg.eigh(hermitian_part(stack))
    kept = (vectors * np.maximum(values, 0.0)[:, None, :]) @ vectors.conj().swapaxes(1, 2)
    return hermitian_part(kept)


def part_factors(parts: Array) -> Array:
    """Factors B of the parts, ``B B^dagger`` up to rounding, shape ``(d_B, d_A, d_A)``."""
    return certify.state_factor(block_diagonal(parts)).groups[0]


def side_by_side(factors: Array) -> Array:
    """Factor of the sum of the parts from their factors, shape ``(1, d_A, d_B d_A)``.

    Examples
    --------
    >>> side_by_side(np.ones((3, 2, 2))).shape
    (1, 2, 6)
    """
    return np.concatenate(tuple(factors), axis=-1)[None]


def _distance_bound(left: Array, right: Array) -> float:
    """Upper bound of ``sum_i ||A_i A_i^dagger - B_i B_i^dagger||_1``."""
    products = [x @ x.conj().swapaxes(-1, -2) for x in (left, right)]
    error = sum(product_rounding(x, x) for x in (left, right))
    # A trace norm is at most sqrt(d_A) times the Frobenius norm, here of the stack.
    rows = math.sqrt(products[0].shape[0] * products[0].shape[1])
    return certify.up(1.001 * rows * (frobenius_norm(products[0] - products[1]) + error))
