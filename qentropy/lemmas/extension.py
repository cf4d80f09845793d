"""The trace-distance lemma: an extension of a nearby marginal that stays near."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.blocks import Array, one_group
from qentropy.certify.exact_operations import hermitian_part
from qentropy.errors import DimensionMismatchError
from qentropy.lemmas.classical_quantum import (
    block_diagonal,
    classical_quantum_parts,
    conditional_parts,
    from_parts,
    random_ensemble,
)
from qentropy.lemmas.rounding import frobenius_norm, trace_defect
from qentropy.operators import as_state, check_epsilon
from qentropy.results import Interval, LemmaCheck
from qentropy.states import random_state

__all__ = ["check_trace_distance_extension", "random_check", "trace_distance_extension"]


def check_trace_distance_extension(
    rho_ab: ArrayLike, sigma_a: ArrayLike, dims: Sequence[int], *, factor: float = 1.0
) -> LemmaCheck:
    r"""Trace-distance lemma, ``||rho_AB - sigma_AB||_1 <= 2 sqrt(||rho_A - sigma_A||_1)``.

    The classical-quantum extension sigma_AB is constructed by `trace_distance_extension`. The
    statement is evaluated at the marginal that this matrix exactly has; how far it is from the
    given sigma_A is part of the result.

    Parameters
    ----------
    rho_ab
        Classical-quantum state on A (x) B, classical on B, shape ``(d_A d_B, d_A d_B)``.
    sigma_a
        Density operator on A.
    dims
        ``(d_A, d_B)``.
    factor
        Multiplies the right-hand side.

    Returns
    -------
    LemmaCheck
        In `details`: the marginal's distance from sigma_A, both fidelities of (B13), and the
        weight of sigma_B outside the support of rho_B, which the lemma says is zero.

    Raises
    ------
    InvalidStateError
        rho_ab is not classical on B, or an operator is not a state.
    DimensionMismatchError
        `dims` do not fit.

    References
    ----------
    Paper, Lemma 11, (B12), (B13).

    Examples
    --------
    >>> rho_ab = np.diag([0.4, 0.1, 0.2, 0.3])
    >>> check = check_trace_distance_extension(rho_ab, np.diag([0.6, 0.4]), (2, 2))
    >>> check.verdict, round(check.rhs.upper, 6)
    (<Verdict.PROVED: 'PROVED'>, 0.894427)
    """
    scale = check_epsilon(factor, name="factor")
    state, parts = classical_quantum_parts(rho_ab, dims)
    target = as_state(sigma_a, "sigma_a")
    extension = trace_distance_extension(state, target, dims)
    pieces = conditional_parts(extension, dims)
    rho_a, sigma_marginal = parts.sum(axis=0), pieces.sum(axis=0)
    rounding = certify.gamma(len(parts) + 1) * sum(frobenius_norm(p) for p in (*parts, *pieces))
    defect = 4 * (trace_defect(state) + trace_defect(extension))
    lhs = certify.trace_norm_interval(block_diagonal(parts - pieces), certify.UNIT * 4 + defect)
    rhs = certify.trace_norm_interval(
        one_group(hermitian_part(rho_a - sigma_marginal)),
        certify.up(rounding + defect + 4 * certify.UNIT),
    )
    outside = pieces[np.einsum("bii->b", parts).real == 0]
    return LemmaCheck(
        statement="trace distance",
        equation="(B12)",
        lhs=lhs,
        rhs=Interval(
            certify.down(2 * scale * math.sqrt(rhs.lower), 3),
            certify.up(2 * scale * math.sqrt(rhs.upper), 3),
        ),
        instance=f"d_A = {len(target)}, d_B = {len(parts)}",
        details={
            "distance of the marginal from sigma_A": certify.trace_norm_interval(
                one_group(hermitian_part(sigma_marginal - target)), rounding
            ),
            "F(rho_AB, sigma_AB)": _fidelity(parts, pieces),
            "F(rho_A, sigma_A)": _fidelity(rho_a[None], sigma_marginal[None]),
            "weight of sigma_B outside supp(rho_B)": Interval(0.0, float(np.abs(outside).sum())),
        },
    )


def trace_distance_extension(rho_ab: ArrayLike, sigma_a: ArrayLike, dims: Sequence[int]) -> Array:
    r"""Classical-quantum extension of sigma_A with ``F(rho_AB, sigma_AB) = F(rho_A, sigma_A)``.

    With the ensemble measurement ``E_i = rho_A^{-1/2} p_i rho_i rho_A^{-1/2}`` and the unitary U
    that makes ``Tr sqrt(rho_A) sqrt(sigma_A) U`` the fidelity,
    ``sigma_i = sqrt(sigma_A) U E_i U^dagger sqrt(sigma_A)``.

    Parameters
    ----------
    rho_ab, sigma_a, dims
        As in `check_trace_distance_extension`.

    Returns
    -------
    ndarray
        Shape ``(d_A d_B, d_A d_B)``, block-diagonal in B.

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        As `check_trace_distance_extension`.

    References
    ----------
    Paper, Lemma 11; Anshu, Hsieh, Jain, Phys. Rev. Lett. 121 (2018) 190504, Fact 4.

    Examples
    --------
    >>> extension = trace_distance_extension(np.eye(4) / 4, np.diag([1.0, 0.0]), (2, 2))
    >>> np.diag(extension).round(12)
    array([0.5, 0.5, 0. , 0. ])
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
    unitary = (left @ right).conj().T
    effects = inverse @ parts @ inverse
    used = np.flatnonzero(np.einsum("bii->b", parts).real > 0)
    # Outside the support of rho_A the effects must still add up to the identity.
    effects[used[0]] += np.eye(len(target)) - effects.sum(axis=0)
    turned = sigma_root @ unitary
    pieces = hermitian_part(turned @ effects @ turned.conj().T)
    values, vectors = np.linalg.eigh(pieces[used])
    pieces[used] = (vectors * np.maximum(values, 0.0)[:, None, :]) @ vectors.conj().swapaxes(1, 2)
    return from_parts(hermitian_part(pieces))


def random_check(rng: np.random.Generator, k: int) -> LemmaCheck:
    """The statement on the k-th of several shapes and ranks, with random states."""
    dims = ((2, 2), (2, 3), (3, 2), (4, 3), (3, 5), (5, 2))[k % 6]
    sigma = random_state(dims[0], rank=1 + k % dims[0], rng=rng)
    return check_trace_distance_extension(random_ensemble(rng, dims, 1 + k % dims[0]), sigma, dims)


def _fidelity(left: Array, right: Array) -> Interval:
    """Interval of ``||B^dagger A||_1`` for factors ``B B^dagger`` and ``A A^dagger`` of the states.

    The trace norm of a matrix is half that of its Hermitian dilation.
    """
    factors = [certify.state_factor(block_diagonal(x)).groups[0] for x in (left, right)]
    product = factors[0].conj().swapaxes(-1, -2) @ factors[1]
    zero = np.zeros_like(product)
    dilation = np.block([[zero, product], [product.conj().swapaxes(-1, -2), zero]])
    error = (
        certify.gamma(4 * product.shape[-1] + 8)
        * frobenius_norm(factors[0])
        * frobenius_norm(factors[1])
    )
    norm = certify.trace_norm_interval(block_diagonal(dilation), 2 * error)
    return Interval(norm.lower / 2, norm.upper / 2)
