"""What it costs to solve a pair in a computed eigenbasis of sigma instead of its own basis."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qentropy.blocks import BlockOperator, extract
from qentropy.certify.enclosures import trace_interval
from qentropy.certify.exact_operations import diagonals, ones_like, total_size
from qentropy.certify.rounding import EXTENDED, down, up

__all__ = ["RotationDefect", "rotation_defect"]

Array = NDArray[Any]
SMALL = 256  # rows; up to here products are taken in extended precision, which BLAS does not know


@dataclass(frozen=True)
class RotationDefect:
    r"""Bounds of what a rotation has changed, all of them zero if there was none.

    With the unitary U nearest to the computed basis, ``rho_U = U^dagger rho U`` and ``sigma_U``
    have the value of the original pair exactly; rotated stands for what the floats say.

    Parameters
    ----------
    price
        ``eta`` with ``(1 - eta) sigma_rotated <= sigma_U <= (1 + eta) sigma_rotated``.
    distance
        Trace distance between the states ``rho_U`` and ``rho_rotated``.
    stretch, excess
        ``rho_rotated <= t sigma_rotated`` implies ``rho_U <= stretch (t + excess) sigma_rotated``.
    """

    price: float = 0.0
    distance: float = 0.0
    stretch: float = 1.0
    excess: float = 0.0

    def lower(self, bound: float) -> float:
        """Lower bound of the original t from one of the rotated t at ``radius + distance``."""
        return max(0.0, down(bound / up(1 + self.price))) if self.price else bound

    def upper(self, bound: float) -> float:
        """Upper bound of the original t from one of the rotated t at ``radius - distance``."""
        if not self.price:
            return bound
        return up(bound / down(1 - self.price)) if self.price < 1 else math.inf

    def upper_at_rho(self, bound: float) -> float:
        """As `upper` for the state rho itself, whatever the radius."""
        return self.upper(up(self.stretch * up(bound + self.excess))) if self.price else bound


def rotation_defect(
    rho: BlockOperator,
    sigma: BlockOperator,
    basis: BlockOperator,
    rotated_rho: BlockOperator,
    rotated_sigma: BlockOperator,
) -> RotationDefect:
    """Bounds for a positive definite sigma, diagonal after the rotation by `basis`.

    With ``V^dagger sigma V = sigma_rotated + E`` and ``V = U (1 + K)``, both measured, ``sigma_U``
    is ``(1 + K)^{-1} (sigma_rotated + E) (1 + K)^{-1}``, and alike for rho.
    """
    levels = diagonals(extract(np.abs(rotated_sigma.dense()), sigma.index))
    smallest = min(float(x.min()) for x in levels)
    angles = _products(basis.map(ones_like), basis, basis.map(ones_like))
    tilt = _largest_norm(angles)
    if not smallest > 0 or not tilt < 1e-3:
        return RotationDefect(price=math.inf, distance=math.inf)
    roots = [1 / np.sqrt(x) for x in levels]
    spread = math.sqrt(max(float(x.max()) for x in levels) / smallest)
    # (1 + K)^{-1} = 1 - A/2 + r with A = V^dagger V - 1 and |r| <= |A|**2; then seen through sigma.
    inverses = [np.sqrt(x) for x in levels]
    stretch = (1 + _largest_norm(angles, roots, inverses) + 2 * tilt**2 * spread) ** 2
    price = _largest_norm(_products(sigma, basis, _placed(rotated_sigma, sigma)), roots, roots)
    gaps = _products(rho, basis, _placed(rotated_rho, rho))
    moved = math.sqrt(total_size(rho)) * math.hypot(*(float(np.linalg.norm(g)) for g in gaps))
    weight = trace_interval(rho).lower
    distance = up(1.01 * (moved + 4 * tilt) / weight)
    return RotationDefect(
        price=up(stretch * (1 + price) - 1 + 1e-15),
        distance=distance,
        stretch=up(stretch * (1 + 3 * distance)),  # the traces differ by rounding too
        excess=up(1.01 * _largest_norm(gaps, roots, roots) / weight),
    )


def _products(operator: BlockOperator, basis: BlockOperator, rotated: BlockOperator) -> list[Array]:
    """Entrywise bounds of ``|V^dagger A V - rotated|``."""
    out = []
    for a, v, r in zip(operator.groups, basis.groups, rotated.groups, strict=True):
        long = EXTENDED if a.shape[-1] <= SMALL else np.float64
        kind = np.result_type(long, np.result_type(a, v).kind + "8")
        long_a, long_v = a.astype(kind), v.astype(kind)
        adjoint = long_v.conj().swapaxes(-1, -2)
        gap = np.abs(adjoint @ (long_a @ long_v) - r)
        # Two products of complex matrices, and a subtraction, with room for the bound's rounding.
        unit = float(np.finfo(kind).eps) * (8 * a.shape[-1] + 16)
        sizes = np.abs(v).swapaxes(-1, -2) @ (np.abs(a) @ np.abs(v)) + np.abs(r)
        out.append((gap.astype(float) + unit * sizes) * (1 + 1e-12))
    return out


def _placed(rotated: BlockOperator, original: BlockOperator) -> BlockOperator:
    """The rotated operator in the blocks of the original, of which its own are part."""
    return extract(rotated.dense(), original.index)


def _largest_norm(
    bounds: list[Array], left: list[Array] | None = None, right: list[Array] | None = None
) -> float:
    """Bound of the largest block's Frobenius norm, rows times `left` and columns times `right`."""
    if left is not None and right is not None:
        sides = zip(bounds, left, right, strict=True)
        bounds = [b * x[:, :, None] * y[:, None, :] for b, x, y in sides]
    return up(max(float(np.linalg.norm(b, axis=(-2, -1)).max()) for b in bounds) * (1 + 1e-9))
