r"""The inequalities of Fuchs and van de Graaf, and the fidelity of states given by factors.

A state stands for ``B B^dagger`` with its `certify.state_factor` B: the fidelity of singular states
is not Lipschitz, and the floats of a matrix are hardly ever exactly positive.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.blocks import Array, BlockOperator, one_group
from qentropy.certify.exact_operations import hermitian_part
from qentropy.errors import DimensionMismatchError
from qentropy.lemmas.gaussian_draws import drawn_state
from qentropy.lemmas.rounding import product_rounding
from qentropy.lemmas.statement import Normals, Statement
from qentropy.operators import as_state, check_epsilon
from qentropy.results import Interval, LemmaCheck

__all__ = [
    "STATEMENTS",
    "check_fidelity_lower_bound",
    "check_fidelity_upper_bound",
    "fidelity_interval",
]


def check_fidelity_lower_bound(
    rho: ArrayLike, sigma: ArrayLike, *, factor: float = 1.0
) -> LemmaCheck:
    r"""Fuchs-van de Graaf inequality, ``1 - F(rho, sigma) <= ||rho - sigma||_1 / 2``.

    Parameters
    ----------
    rho, sigma
        Density operators, shape ``(d, d)``.
    factor
        Multiplies the right-hand side.

    Returns
    -------
    LemmaCheck
        Both sides without unit. Orthogonal states attain equality, which comes out UNDECIDED
        unless both sides are evaluated without rounding.

    Raises
    ------
    InvalidStateError
        rho or sigma is not a density operator.
    DimensionMismatchError
        They act on different spaces, or are stacks.
    InvalidParameterError
        The factor is negative.

    References
    ----------
    Paper, (B14); C. A. Fuchs, J. van de Graaf, IEEE Trans. Inf. Theory 45 (1999) 1216.

    Examples
    --------
    >>> check_fidelity_lower_bound(np.diag([0.9, 0.1]), np.diag([0.5, 0.5])).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    scale = check_epsilon(factor, name="factor")
    distance, fidelity = _distance_and_fidelity(rho, sigma)
    return LemmaCheck(
        statement="1 - fidelity below trace distance",
        equation="(B14)",
        lhs=Interval(certify.down(1 - fidelity.upper), certify.up(1 - fidelity.lower)),
        rhs=Interval(certify.down(scale * distance.lower), certify.up(scale * distance.upper)),
        instance=f"d = {np.shape(rho)[-1]}",
    )


def check_fidelity_upper_bound(
    rho: ArrayLike, sigma: ArrayLike, *, factor: float = 1.0
) -> LemmaCheck:
    r"""Fuchs-van de Graaf inequality, ``||rho - sigma||_1 / 2 <= sqrt(1 - F(rho, sigma)**2)``.

    Parameters
    ----------
    rho, sigma, factor
        As in `check_fidelity_lower_bound`.

    Returns
    -------
    LemmaCheck
        Both sides without unit. Two pure states attain equality and come out UNDECIDED.

    Raises
    ------
    InvalidStateError, DimensionMismatchError, InvalidParameterError
        As `check_fidelity_lower_bound`.

    References
    ----------
    Paper, (B14); C. A. Fuchs, J. van de Graaf, IEEE Trans. Inf. Theory 45 (1999) 1216.

    Examples
    --------
    >>> check_fidelity_upper_bound(np.diag([0.9, 0.1]), np.diag([0.5, 0.5])).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    scale = check_epsilon(factor, name="factor")
    distance, fidelity = _distance_and_fidelity(rho, sigma)
    low = math.sqrt(max(0.0, certify.down(1 - certify.up(fidelity.upper**2))))
    high = math.sqrt(max(0.0, certify.up(1 - certify.down(fidelity.lower**2))))
    return LemmaCheck(
        statement="trace distance below purified distance",
        equation="(B14)",
        lhs=distance,
        rhs=Interval(certify.down(scale * low, 3), certify.up(scale * high, 3)),
        instance=f"d = {np.shape(rho)[-1]}",
    )


def fidelity_interval(left: Array, right: Array) -> Interval:
    """Interval of ``sum_b ||B_b^dagger A_b||_1``, the fidelity of two states given by factors.

    Parameters
    ----------
    left, right
        Factors B and A of the blocks of the states ``B B^dagger`` and ``A A^dagger``, of any
        number of columns, shapes ``(m, d, r)`` and ``(m, d, s)``.

    Returns
    -------
    Interval
        Neither state is normalised.

    Examples
    --------
    >>> 0.6 in fidelity_interval(np.array([[[0.6], [0.8]]]), np.array([[[1.0], [0.0]]]))
    True
    """
    product = left.conj().swapaxes(-1, -2) @ right
    error = product_rounding(left, right)
    # The trace norm of a matrix is half that of its Hermitian dilation.
    rows, columns = product.shape[-2:]
    dilation = np.zeros((len(product), rows + columns, rows + columns), dtype=product.dtype)
    dilation[:, :rows, rows:] = product
    dilation[:, rows:, :rows] = product.conj().swapaxes(-1, -2)
    norm = certify.trace_norm_interval(_blocks(dilation), certify.up(2 * error))
    return Interval(norm.lower / 2, norm.upper / 2)


def _distance_and_fidelity(rho: ArrayLike, sigma: ArrayLike) -> tuple[Interval, Interval]:
    """Trace distance and fidelity of the normalised ``B B^dagger`` and ``A A^dagger``."""
    states = [as_state(rho, "rho"), as_state(sigma, "sigma")]
    if states[0].shape != states[1].shape or states[0].ndim != 2:
        raise DimensionMismatchError(
            "rho and sigma must be two matrices of one size; "
            f"got {states[0].shape} and {states[1].shape}"
        )
    factors = [certify.state_factor(one_group(state)).groups[0] for state in states]
    weights = [certify.inner(one_group(f[0]), one_group(f[0])) for f in factors]
    products = [hermitian_part(f[0] @ f[0].conj().T) for f in factors]
    # ||A/a - B/b||_1 differs from ||A - B||_1 by at most |a - 1| + |b - 1|, where Tr A = a.
    off = sum(max(abs(w.lower - 1), abs(w.upper - 1)) for w in weights)
    error = sum(product_rounding(f, f) for f in factors) + 8 * certify.UNIT
    gap = certify.trace_norm_interval(one_group(products[0] - products[1]), certify.up(error, 4))
    distance = Interval(
        max(0.0, certify.down((gap.lower - off) / 2, 4)), certify.up((gap.upper + off) / 2, 4)
    )
    overlap = fidelity_interval(factors[0], factors[1])
    low = overlap.lower / math.sqrt(weights[0].upper * weights[1].upper)
    high = overlap.upper / math.sqrt(weights[0].lower * weights[1].lower)
    return distance, Interval(max(0.0, certify.down(low, 6)), min(1.0, certify.up(high, 6)))


def _blocks(group: Array) -> BlockOperator:
    count, size = group.shape[:2]
    index = np.arange(count * size).reshape(count, size)
    return BlockOperator((group,), (index,), count * size)


def _draw(normals: Normals, k: int) -> dict[str, Any]:
    """States of rank 2 and more, two of them pure against mixed; pure pairs attain equality."""
    dimension, ranks = (
        (2, (2, 2)),
        (2, (1, 2)),
        (3, (2, 3)),
        (4, (2, 2)),
        (5, (1, 5)),
        (8, (3, 8)),
    )[k % 6]
    rho, sigma = (drawn_state(normals, dimension, rank) for rank in ranks)
    return {"rho": rho, "sigma": sigma}


STATEMENTS = (
    Statement(
        name="fidelity-lower-bound",
        check=check_fidelity_lower_bound,
        draw=_draw,
        false_variant={"factor": 0.5},
    ),
    Statement(
        name="fidelity-upper-bound",
        check=check_fidelity_upper_bound,
        draw=_draw,
        false_variant={"factor": 0.8},
    ),
)
