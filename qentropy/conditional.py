r"""Conditional min- and max-entropy and the max-information of states on A (x) B.

Each is a semidefinite program: a solver proposes, both ends of the interval are proved.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify, proposals
from qentropy.bipartite import check_bipartite, in_marginal_frame
from qentropy.blocks import Array, one_group
from qentropy.operators import partial_trace
from qentropy.refinement import Proof, certified, check_rtol, logarithm, warn_if_wide
from qentropy.results import CertifiedValue

__all__ = ["conditional_max_entropy", "conditional_min_entropy", "max_mutual_information"]


def conditional_min_entropy(
    rho_ab: ArrayLike, dims: Sequence[int], *, rtol: float = 1e-6
) -> CertifiedValue:
    r"""Conditional min-entropy, ``H_min(A|B) = -log2 min{Tr Y : 1 (x) Y >= rho_AB}``.

    Equivalently ``-min_sigma D_max(rho_AB || 1 (x) sigma_B)``. For a classical A, ``2**H_min`` is
    one over the probability of guessing A from B.

    Parameters
    ----------
    rho_ab
        Density operator on A (x) B, shape ``(d, d)``.
    dims
        Dimensions of A and of B, two integers that multiply to d.
    rtol
        Relative width of the proved interval of ``2**H_min`` to aim for.

    Returns
    -------
    CertifiedValue
        In bits, between ``-log2 min(d_A, d_B)`` and ``log2 d_A``. `value` is the lower end, which
        `state`, a density operator sigma on B, attains; `witness` is the matrix W on A (x) B of
        the dual program ``max Tr rho W : W >= 0, Tr_A W <= 1``, up to a factor.

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        `rho_ab` is not a density operator, or `dims` do not fit it.
    InvalidParameterError
        A stack of operators, or an `rtol` that is not positive.
    SolverError
        The solver gave nothing to build on.

    Warns
    -----
    CertificationWarning
        The interval is wider than `rtol`, and valid all the same.

    References
    ----------
    R. König, R. Renner, C. Schaffner, arXiv:0807.1338; M. Tomamichel, arXiv:1504.00233.

    Examples
    --------
    >>> from qentropy.states import maximally_entangled_state
    >>> result = conditional_min_entropy(maximally_entangled_state(2), (2, 2))
    >>> round(result.value, 6)
    -1.0
    """
    rtol, data = check_rtol(rtol), check_bipartite(rho_ab, dims)
    rho, weight = data.operator, certify.trace_interval(data.operator)

    def attempt(tolerance: float) -> Proof:
        points = proposals.least_marginal(data.matrix, data.dims, tolerance)
        upper, marginal = certify.marginal_upper(rho, points.marginal, data.dims)
        lower = certify.marginal_lower(rho, one_group(points.dual), data.dims)
        return Proof(
            certify.down(lower / weight.upper),
            certify.up(upper / weight.lower),
            _normalized(marginal),
            points.dual,
            points.status,
            points.iterations,
        )

    result = certified(
        attempt,
        rtol,
        partial(logarithm, sign=-1),
        value_is_lower=True,
        falling=True,
        notes=data.repairs,
    )
    return warn_if_wide(result)


def conditional_max_entropy(
    rho_ab: ArrayLike, dims: Sequence[int], *, rtol: float = 1e-6
) -> CertifiedValue:
    r"""Conditional max-entropy, ``H_max(A|B) = log2 max_sigma F(rho_AB, 1 (x) sigma_B)**2``.

    F is the root fidelity. ``H_max(A|B) = -H_min(A|C)`` for every purification on A (x) B (x) C.

    Parameters
    ----------
    rho_ab, dims, rtol
        As in `conditional_min_entropy`.

    Returns
    -------
    CertifiedValue
        In bits, between ``-log2 min(d_A, d_B)`` and ``log2 d_A``. `value` is the lower end, which
        `state`, a density operator sigma on B, attains; `witness` is a matrix ``Z > 0`` on
        A (x) B with ``F**2 <= Tr rho Z**-1 * |Tr_A Z|``.

    Raises
    ------
    InvalidStateError, DimensionMismatchError, InvalidParameterError, SolverError
        As `conditional_min_entropy`.

    Warns
    -----
    CertificationWarning
        The interval is wider than `rtol`, and valid all the same.

    Notes
    -----
    Certified for ``B B^dagger``, B the computed factor of rho, as in the purified ball: the
    fidelity of a matrix that is positive only up to rounding is not defined.

    References
    ----------
    R. König, R. Renner, C. Schaffner, arXiv:0807.1338; M. Tomamichel, arXiv:1504.00233.

    Examples
    --------
    >>> import numpy as np
    >>> result = conditional_max_entropy(np.diag([0.5, 0, 0, 0.5]), (2, 2))
    >>> abs(result.value) < 1e-6
    True
    """
    rtol, data = check_rtol(rtol), check_bipartite(rho_ab, dims)
    rho = data.operator

    def attempt(tolerance: float) -> Proof:
        points = proposals.largest_fidelity(data.matrix, data.dims, tolerance)
        lower, sigma = certify.marginal_fidelity_lower(rho, points.marginal, data.dims)
        upper = certify.marginal_fidelity_upper(rho, one_group(points.dual), data.dims)
        return Proof(lower, upper, sigma, points.dual, points.status, points.iterations)

    result = certified(attempt, rtol, logarithm, value_is_lower=True, notes=data.repairs)
    return warn_if_wide(result)


def max_mutual_information(
    rho_ab: ArrayLike, dims: Sequence[int], *, rtol: float = 1e-6
) -> CertifiedValue:
    r"""Max-information, ``I_max(A:B) = min_sigma D_max(rho_AB || rho_A (x) sigma_B)``.

    It is ``log2 min{Tr Y : rho_A (x) Y >= rho_AB}``, and not symmetric in A and B.

    Parameters
    ----------
    rho_ab, dims, rtol
        As in `conditional_min_entropy`.

    Returns
    -------
    CertifiedValue
        In bits, between 0 and ``2 log2 min(d_A, d_B)``. `value` is the upper end, which `state`, a
        density operator sigma on B, attains; `witness` is a matrix W on A (x) B, up to a factor,
        of the dual program ``max Tr rho W : W >= 0, Tr_A (rho_A (x) 1) W <= 1``.

    Raises
    ------
    InvalidStateError, DimensionMismatchError, InvalidParameterError, SolverError
        As `conditional_min_entropy`.

    Warns
    -----
    CertificationWarning
        The interval is wider than `rtol`, and valid all the same.

    Notes
    -----
    If the marginal of rho on A is singular, A is replaced by its support, in the eigenbasis of the
    marginal, and the certificate is for that; `report.notes` says so. A badly conditioned marginal
    that is not diagonal makes the interval wide.

    References
    ----------
    M. Berta, M. Christandl, R. Renner, arXiv:0912.3805; N. Ciganović, N. J. Beaudry, R. Renner,
    arXiv:1308.5884.

    Examples
    --------
    >>> from qentropy.states import maximally_entangled_state
    >>> round(max_mutual_information(maximally_entangled_state(2), (2, 2)).value, 6)
    2.0
    """
    rtol, whole = check_rtol(rtol), check_bipartite(rho_ab, dims)
    data, frame = in_marginal_frame(whole)
    rho, root = data.operator, _inverse_root(partial_trace(data.matrix, data.dims, 0))
    lift = np.kron(root, np.eye(data.dims[1]))
    frame = np.kron(frame, np.eye(data.dims[1]))

    def attempt(tolerance: float) -> Proof:
        points = proposals.least_marginal(lift @ data.matrix @ lift, data.dims, tolerance)
        upper, marginal = certify.information_upper(rho, points.marginal, data.dims)
        with np.errstate(invalid="ignore", over="ignore"):  # of a broken proposal
            dual = one_group(lift @ points.dual @ lift)
            witness = frame @ dual.groups[0][0] @ frame.conj().T
        lower = certify.information_lower(rho, dual, data.dims)
        return Proof(lower, upper, _normalized(marginal), witness, points.status, points.iterations)

    result = certified(attempt, rtol, logarithm, value_is_lower=False, notes=data.repairs)
    return warn_if_wide(result)


def _normalized(matrix: Array) -> Array:
    return np.asarray(matrix / np.trace(matrix).real)


def _inverse_root(matrix: Array) -> Array:
    return np.asarray(one_group(matrix).spectrum.power(-0.5)[0][0])
