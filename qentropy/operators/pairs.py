"""A state and a positive operator together, as almost every quantity here takes them."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qentropy.blocks import SUPPORT_TOLERANCE, Array, BlockOperator, extract, joint_blocks
from qentropy.operators.repairs import is_positive, trace_rounding

__all__ = ["StatePair"]


@dataclass(frozen=True, eq=False)
class StatePair:
    """A state and a positive operator on the same space, in their joint blocks.

    Parameters
    ----------
    rho
        Density operator.
    sigma
        Positive semidefinite operator, multiplied by ``2**-exponent`` so that its largest entry
        is between 1/2 and 1. Powers of two make this exact.
    exponent
        Integers, shape ``(...)``: ``D(rho||sigma_given) = D(rho||sigma) - exponent`` in bits.
    repairs
        What was changed in the input, one sentence each.
    """

    rho: BlockOperator
    sigma: BlockOperator
    exponent: NDArray[np.intp]
    repairs: tuple[str, ...]

    @cached_property
    def trace_bits(self) -> Array:
        """``log2 Tr sigma`` of the sigma given, exactly 0 if that trace is 1 up to rounding."""
        bits = np.log2(self.sigma.trace) + self.exponent
        return np.where(abs(bits) <= trace_rounding(self.sigma) / math.log(2), 0.0, bits)

    @cached_property
    def supported(self) -> NDArray[np.bool_]:
        """Whether supp(rho) lies inside supp(sigma), shape ``(...)``."""
        return self.outside_weight <= SUPPORT_TOLERANCE * self.rho.dimension

    @cached_property
    def is_definite(self) -> bool:
        """Whether every eigenvalue of sigma, of all of a stack, is above the support tolerance.

        Decided by a factorisation, which costs a small part of an eigendecomposition; False where
        it is a close call.
        """
        sums = [np.abs(g).sum(axis=-1).max(axis=(-1, -2)) for g in self.sigma.groups]
        rounding = 8 * self.sigma.dimension * np.finfo(float).eps
        cut = (2 * SUPPORT_TOLERANCE + rounding) * np.maximum.reduce(sums)
        return is_positive(self.sigma, -cut)

    @cached_property
    def outside_weight(self) -> Array:
        """Weight of rho outside supp(sigma), ``Tr rho (1 - Pi_sigma)``, shape ``(...)``."""
        weight: Array = np.zeros(self.rho.groups[0].shape[:-3])
        if self.is_definite:
            return weight
        spectrum = self.sigma.spectrum
        rows = zip(self.rho.groups, spectrum.vectors, spectrum.support, strict=True)
        for rho, vectors, support in rows:
            if support.all():
                continue
            diagonal = np.einsum("...ij,...ij->...j", vectors.conj(), rho @ vectors).real
            weight = weight + np.where(support, 0.0, diagonal).sum(axis=(-1, -2))
        return weight

    def rotated(self) -> tuple[BlockOperator, BlockOperator, BlockOperator]:
        """rho and sigma in the eigenbasis of sigma, and that basis; for a single pair.

        There sigma is exactly diagonal and exactly zero outside its support. If rho is supported,
        its entries outside, which are rounding, are dropped.
        """
        spectrum = self.sigma.spectrum
        states, diagonals = [], []
        rows = zip(
            self.rho.groups, spectrum.values, spectrum.vectors, spectrum.support, strict=True
        )
        for rho, values, vectors, support in rows:
            turned = vectors.conj().swapaxes(-1, -2) @ rho @ vectors
            if self.supported:
                turned = turned * (support[..., :, None] & support[..., None, :])
            states.append((turned + turned.conj().swapaxes(-1, -2)) / 2)
            diagonals.append(np.where(support, values, 0.0)[..., None] * np.eye(values.shape[-1]))
        dense = self.rho.with_groups(states).dense(), self.rho.with_groups(diagonals).dense()
        index = joint_blocks(*dense)
        basis = self.rho.with_groups(spectrum.vectors)
        return extract(dense[0], index), extract(dense[1], index), basis
