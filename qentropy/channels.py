r"""Divergences and the diamond distance of quantum channels, from their Choi operators.

A channel N from A to B is given by ``J_N = sum_ij |i><j| (x) N(|i><j|)``, the input first, with
partial trace one over the output; ``qutip.to_choi`` gives just that. ``dims`` are the dimensions of
input and output.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify, proposals
from qentropy.bipartite import check_channel, check_two, swapped
from qentropy.blocks import Array, one_group
from qentropy.divergences import max_relative_entropy
from qentropy.errors import DimensionMismatchError, InvalidParameterError
from qentropy.operators import as_hermitian, as_positive
from qentropy.refinement import Proof, certified, check_rtol, logarithm, warn_if_wide
from qentropy.results import CertifiedValue, FloatOrArray, Interval

__all__ = ["channel_max_relative_entropy", "channel_min_relative_entropy", "diamond_distance"]


def channel_max_relative_entropy(
    choi_n: ArrayLike, choi_m: ArrayLike, dims: Sequence[int]
) -> FloatOrArray:
    r"""Max-relative entropy of channels, ``D_max(N||M) = log2 min{t : J_N <= t J_M}``.

    It is the largest ``D_max(N(psi)||M(psi))`` over inputs psi that may be entangled with a
    reference, and attained by the maximally entangled one.

    Parameters
    ----------
    choi_n
        Choi operator of a channel N, shape ``(d, d)`` or a stack ``(..., d, d)``.
    choi_m
        The same of a channel, or of any completely positive map, M; leading axes broadcast.
    dims
        Dimensions of the input and the output, two integers that multiply to d.

    Returns
    -------
    float or ndarray
        In bits, at least 0 for two channels; ``inf`` if the support of `choi_n` is not inside that
        of `choi_m`.

    Raises
    ------
    InvalidStateError
        `choi_n` is not the Choi operator of a channel, or `choi_m` is not positive.
    DimensionMismatchError
        The operators act on different spaces, or `dims` do not fit them.

    References
    ----------
    F. Leditzky, E. Kaur, N. Datta, M. M. Wilde, arXiv:1709.01111; M. M. Wilde, M. Berta, C. Hirche,
    E. Kaur, arXiv:1808.01498.

    Examples
    --------
    The identity of a qubit against the channel that returns half the identity:

    >>> bell = np.eye(4)[[0, 3]].sum(axis=0)
    >>> round(channel_max_relative_entropy(np.outer(bell, bell), np.eye(4) / 2, (2, 2)), 9)
    2.0
    """
    _check_same_space(choi_n, choi_m)
    first = check_channel(choi_n, dims, "choi_n")
    other = as_positive(choi_m, "choi_m")
    size = check_two(dims, other.shape[-1])[0]
    return max_relative_entropy(first / size, other / size)


def channel_min_relative_entropy(
    choi_n: ArrayLike, choi_m: ArrayLike, dims: Sequence[int], *, rtol: float = 1e-6
) -> CertifiedValue:
    r"""Min-relative entropy of channels, ``D_min(N||M) = max_psi D_0(N(psi)||M(psi))``.

    The maximum is over inputs psi that may be entangled with a reference. With the projector on
    the kernel of ``J_N``, under which all K below live, ``2**-D_min`` is one minus the largest
    ``Tr J_M K`` with ``0 <= K <= rho (x) 1``, ``Tr rho = 1``.

    Parameters
    ----------
    choi_n, choi_m
        Choi operators of two channels, shape ``(d, d)``.
    dims
        Dimensions of the input and the output, two integers that multiply to d.
    rtol
        Relative width of the proved interval of ``2**D_min`` to aim for.

    Returns
    -------
    CertifiedValue
        In bits, at least 0. `value` is the lower end, which `state`, the marginal rho of an input
        on the reference, attains; `witness` is the matrix Z, with the output first, of the dual
        program. If one
        input makes the outputs perfectly distinguishable, the value is ``inf``, of which only a
        large lower end is proved.

    Raises
    ------
    InvalidStateError
        An operator is not the Choi operator of a channel.
    DimensionMismatchError
        The operators act on different spaces, or `dims` do not fit them.
    InvalidParameterError
        A stack of operators, or an `rtol` that is not positive.
    SolverError
        The solver gave nothing to build on.

    Warns
    -----
    CertificationWarning
        The interval is wider than `rtol`, and valid all the same.

    Notes
    -----
    The kernel is a decision: eigenvalues of `choi_n` below 1e-13 of the largest count as zero, and
    the certificate is for the span of the computed eigenvectors.

    References
    ----------
    X. Wang, M. M. Wilde, arXiv:1907.06306.

    Examples
    --------
    The identity of a qubit against the channel that returns half the identity:

    >>> bell = np.eye(4)[[0, 3]].sum(axis=0)
    >>> result = channel_min_relative_entropy(np.outer(bell, bell), np.eye(4) / 2, (2, 2))
    >>> round(result.value, 6)
    2.0
    """
    rtol = check_rtol(rtol)
    first, second, size = _two_channels(choi_n, choi_m, dims)
    gap = one_group(second)
    leak = certify.trace_defect(gap, size, whole=1.0)
    spectrum = one_group(first).spectrum
    kernel = spectrum.vectors[0][0][:, ~spectrum.support[0][0]]
    if kernel.shape[1] == 0:
        local = np.eye(size[1]) / size[1]
        proof = Proof(1 - leak, 1 + leak, local, np.zeros_like(second), "closed form", 0)
        ends = partial(logarithm, sign=-1)
        return certified(lambda _: proof, rtol, ends, value_is_lower=True, falling=True)

    def attempt(tolerance: float) -> Proof:
        points = proposals.distinguishing(second, size, tolerance, kernel=kernel)
        pair = points.state, points.marginal
        low, state = certify.distinguishing_lower(gap, pair, size, kernel=kernel)
        high = certify.distinguishing_upper(gap, points.dual, size, kernel=kernel)
        ends = max(0.0, certify.down(1 - high - leak, 4)), certify.up(1 - low + leak, 4)
        return Proof(*ends, state, points.dual, points.status, points.iterations)

    return warn_if_wide(
        certified(attempt, rtol, partial(logarithm, sign=-1), value_is_lower=True, falling=True)
    )


def diamond_distance(
    choi_n: ArrayLike, choi_m: ArrayLike, dims: Sequence[int], *, rtol: float = 1e-6
) -> CertifiedValue:
    r"""Diamond distance, the norm ``||N - M||_diamond`` and not half of it.

    It is the largest ``||(id (x) (N - M))(psi)||_1`` over inputs psi that may be entangled with a
    reference: twice the largest ``Tr (J_N - J_M) K`` with ``0 <= K <= rho (x) 1``, ``Tr rho = 1``.

    Parameters
    ----------
    choi_n, choi_m
        Choi operators of two channels, shape ``(d, d)``.
    dims
        Dimensions of the input and the output, two integers that multiply to d.
    rtol
        Width of the proved interval to aim for; not relative, as two channels may be the same.

    Returns
    -------
    CertifiedValue
        Between 0 and 2, no unit. `value` is the lower end, which `state`, the marginal rho of an
        input on the reference, attains; `witness` is the matrix Z, with the output first, of the
        dual program ``min 2 |Tr_out Z| : Z >= 0, Z >= J_N - J_M``.

    Raises
    ------
    InvalidStateError, DimensionMismatchError, InvalidParameterError, SolverError
        As `channel_min_relative_entropy`.

    Warns
    -----
    CertificationWarning
        The interval is wider than `rtol`, and valid all the same.

    References
    ----------
    A. Kitaev, Russ. Math. Surv. 52, 1191 (1997); J. Watrous, arXiv:0901.4709.

    Examples
    --------
    The identity of a qubit against the channel that returns half the identity:

    >>> bell = np.eye(4)[[0, 3]].sum(axis=0)
    >>> result = diamond_distance(np.outer(bell, bell), np.eye(4) / 2, (2, 2))
    >>> round(result.value, 6)
    1.5
    """
    rtol = check_rtol(rtol)
    first, second, size = _two_channels(choi_n, choi_m, dims)
    gap, error = certify.difference(one_group(first), one_group(second))
    leak, matrix = certify.trace_defect(gap, size, error=error), gap.groups[0][0]

    def attempt(tolerance: float) -> Proof:
        points = proposals.distinguishing(matrix, size, tolerance)
        pair = points.state, points.marginal
        low, state = certify.distinguishing_lower(gap, pair, size, error=error)
        high = certify.distinguishing_upper(gap, points.dual, size, error=error)
        ends = max(0.0, certify.down(2 * low - leak)), certify.up(2 * high + leak)
        return Proof(*ends, state, points.dual, points.status, points.iterations)

    return warn_if_wide(certified(attempt, rtol, Interval, value_is_lower=True, unit=""))


def _two_channels(
    choi_n: ArrayLike, choi_m: ArrayLike, dims: Sequence[int]
) -> tuple[Array, Array, tuple[int, int]]:
    """Both Choi operators with the output first, and the dimensions in that order."""
    _check_same_space(choi_n, choi_m)
    first, second = check_channel(choi_n, dims, "choi_n"), check_channel(choi_m, dims, "choi_m")
    if first.ndim != 2 or second.ndim != 2:
        raise InvalidParameterError(
            f"choi_n and choi_m must be single operators here; got {first.shape}, {second.shape}"
        )
    size = check_two(dims, len(first))
    return swapped(first, size), swapped(second, size), (size[1], size[0])


def _check_same_space(choi_n: ArrayLike, choi_m: ArrayLike) -> None:
    shapes = as_hermitian(choi_n, "choi_n").shape, as_hermitian(choi_m, "choi_m").shape
    if shapes[0][-1] != shapes[1][-1]:
        raise DimensionMismatchError(
            f"choi_n and choi_m must act on the same space; got {shapes[0]} and {shapes[1]}"
        )
