"""Distances of quantum states: trace distance, root fidelity, purified distance.

The purified distance comes from the distance of two purifications, not from the fidelity, so that
close states keep their digits where ``1 - F**2`` has none left.
"""

import numpy as np
from numpy.typing import ArrayLike

from qentropy.blocks import Array
from qentropy.operators import check_states
from qentropy.results import FloatOrArray, float_or_array
from qentropy.spectra import adjoint, closed_form

__all__ = ["fidelity", "purified_distance", "trace_distance"]


@closed_form
def trace_distance(rho: ArrayLike, sigma: ArrayLike) -> FloatOrArray:
    r"""Trace distance, ``T(rho, sigma) = ||rho - sigma||_1 / 2``.

    Parameters
    ----------
    rho, sigma
        Density operators, shape ``(d, d)`` or a stack ``(..., d, d)``.

    Returns
    -------
    float or ndarray
        Between 0 and 1, no unit.

    Raises
    ------
    InvalidStateError
        An operator is not a density operator.
    DimensionMismatchError
        The operators act on different spaces.

    References
    ----------
    C. W. Helstrom, J. Stat. Phys. 1, 231 (1969); M. A. Nielsen, I. L. Chuang, eq. (9.11).

    Examples
    --------
    >>> trace_distance([[1, 0], [0, 0]], [[0.5, 0], [0, 0.5]])
    0.5
    """
    first, second = check_states(rho, sigma)
    total: Array = np.zeros(first.trace.shape)
    for left, right in zip(first.groups, second.groups, strict=True):
        total = total + abs(np.linalg.eigvalsh(left - right)).sum(axis=(-1, -2))
    return float_or_array(np.minimum(total / 2, 1.0))


@closed_form
def fidelity(rho: ArrayLike, sigma: ArrayLike) -> FloatOrArray:
    r"""Root fidelity, ``F(rho, sigma) = ||sqrt(rho) sqrt(sigma)||_1``.

    Parameters
    ----------
    rho, sigma
        Density operators, shape ``(d, d)`` or a stack ``(..., d, d)``.

    Returns
    -------
    float or ndarray
        Between 0 and 1, no unit. Some authors call its square the fidelity.

    Raises
    ------
    InvalidStateError
        An operator is not a density operator.
    DimensionMismatchError
        The operators act on different spaces.

    References
    ----------
    A. Uhlmann, Rep. Math. Phys. 9, 273 (1976); M. Tomamichel, arXiv:1504.00233.

    Examples
    --------
    >>> fidelity([[1, 0], [0, 0]], [[0.25, 0], [0, 0.75]])
    0.5
    """
    overlap, _ = _overlap_and_deficit(rho, sigma)
    return float_or_array(np.minimum(overlap, 1.0))


@closed_form
def purified_distance(rho: ArrayLike, sigma: ArrayLike) -> FloatOrArray:
    r"""Purified distance, ``P(rho, sigma) = sqrt(1 - F(rho, sigma)**2)``.

    Parameters
    ----------
    rho, sigma
        Density operators, shape ``(d, d)`` or a stack ``(..., d, d)``.

    Returns
    -------
    float or ndarray
        Between 0 and 1, no unit.

    Raises
    ------
    InvalidStateError
        An operator is not a density operator.
    DimensionMismatchError
        The operators act on different spaces.

    References
    ----------
    M. Tomamichel, R. Colbeck, R. Renner, arXiv:0907.5238; M. Tomamichel, arXiv:1504.00233.

    Examples
    --------
    >>> purified_distance([[1, 0], [0, 0]], [[0.64, 0], [0, 0.36]])
    0.6
    """
    _, deficit = _overlap_and_deficit(rho, sigma)
    return float_or_array(np.sqrt(deficit * (2 - deficit)))


def _overlap_and_deficit(rho: ArrayLike, sigma: ArrayLike) -> tuple[Array, Array]:
    """F as a sum of singular values, and ``1 - F`` as a sum of squares, at most 1.

    ``1 - F = min_U ||sqrt(rho) - sqrt(sigma) U||_2**2 / 2`` over unitaries U, attained by the
    polar factor of ``sqrt(sigma) sqrt(rho)``.
    """
    first, second = check_states(rho, sigma)
    overlap: Array = np.zeros(first.trace.shape)
    deficit: Array = np.zeros(first.trace.shape)
    for left, right in zip(first.spectrum.roots, second.spectrum.roots, strict=True):
        x, singular_values, y_adjoint = np.linalg.svd(left @ right)
        overlap = overlap + singular_values.sum(axis=(-1, -2))
        difference = left - right @ adjoint(x @ y_adjoint)
        deficit = deficit + (abs(difference) ** 2).sum(axis=(-1, -2, -3)) / 2
    return overlap, np.minimum(deficit, 1.0)
