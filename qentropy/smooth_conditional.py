r"""Smooth conditional min- and max-entropy of states on A (x) B.

They range over sub-normalised states in the purified ball unless another ball is asked for: there,
and only there, duality ``H_max^epsilon(A|B) = -H_min^epsilon(A|C)`` holds for every purification
on A (x) B (x) C.
"""

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify, proposals
from qentropy.bipartite import BipartiteState, check_bipartite, purification, purified_partner
from qentropy.blocks import Array, BlockOperator, one_group
from qentropy.conditional import conditional_max_entropy, conditional_min_entropy
from qentropy.errors import CertificationWarning, InvalidParameterError
from qentropy.operators import check_ball
from qentropy.proposals import Points
from qentropy.refinement import Attempt, Proof, certified, check_rtol, logarithm, warn_if_wide
from qentropy.results import CertifiedValue

__all__ = ["smooth_conditional_max_entropy", "smooth_conditional_min_entropy"]

PURIFIED = "purified-distance"


def smooth_conditional_min_entropy(
    rho_ab: ArrayLike,
    dims: Sequence[int],
    epsilon: float,
    *,
    ball: str = PURIFIED,
    normalized: bool = False,
    rtol: float = 1e-6,
) -> CertifiedValue:
    r"""Smooth conditional min-entropy, ``H_min^epsilon(A|B) = max_X H_min(A|B)_X``, X near rho.

    It is ``-log2 min{Tr Y : 1 (x) Y >= X}`` over Y and over the X in a ball around rho.

    Parameters
    ----------
    rho_ab, dims, rtol
        As in `conditional_min_entropy`.
    epsilon
        Radius of the ball, at least 0.
    ball
        ``"purified-distance"`` (``sqrt(1 - F**2)``, the default, unlike that of
        `smooth_max_relative_entropy`), ``"trace-distance"``, or ``"trace-norm"``.
    normalized
        Whether the ball holds normalised states only. By default it holds the sub-normalised
        ones, under the generalised distance, since duality with the smooth max-entropy needs them.

    Returns
    -------
    CertifiedValue
        In bits; ``inf`` if the ball holds zero. `value` is the lower end, which `state`, the
        operator X, attains; `witness` is the matrix W of the dual program.

    Raises
    ------
    InvalidStateError, DimensionMismatchError, SolverError
        As `conditional_min_entropy`.
    InvalidParameterError
        In addition, a ball or a radius that is not valid.

    Warns
    -----
    CertificationWarning
        The interval is wider than `rtol`, and valid all the same.

    References
    ----------
    M. Tomamichel, R. Colbeck, R. Renner, arXiv:0907.5238; M. Tomamichel, arXiv:1504.00233,
    Chapter 6.

    Examples
    --------
    >>> import numpy as np
    >>> rho = np.diag([0.5] + 7 * [0.5 / 7])
    >>> result = smooth_conditional_min_entropy(rho, (8, 1), 0.1, ball="trace-distance")
    >>> round(result.value, 6)
    1.321928
    """
    known, radius = check_ball(ball, epsilon)
    rtol, data = check_rtol(rtol), check_bipartite(rho_ab, dims)
    near = _Ball(radius / 2 if known == "trace-norm" else radius, known == PURIFIED, normalized)
    if near.holds_zero:
        result = _zero(math.inf, rtol, len(data.matrix))
    elif radius == 0:
        result = _without_warning(conditional_min_entropy, data, rtol)
    else:
        result = certified(
            near.attempt(data.operator, data.dims),
            rtol,
            partial(logarithm, sign=-1),
            value_is_lower=True,
            falling=True,
            notes=data.repairs,
        )
    return warn_if_wide(replace(result, ball=known, radius=radius, normalized=normalized))


def smooth_conditional_max_entropy(
    rho_ab: ArrayLike,
    dims: Sequence[int],
    epsilon: float,
    *,
    ball: str = PURIFIED,
    rtol: float = 1e-6,
) -> CertifiedValue:
    r"""Smooth conditional max-entropy, ``H_max^epsilon(A|B) = min_X H_max(A|B)_X``, X near rho.

    X ranges over the sub-normalised states in the purified ball. Computed and proved as
    ``-H_min^epsilon(A|C)`` of a purification on A (x) B (x) C, which for ``rho = B B^dagger`` is
    the matrix B itself: no rounding comes in between.

    Parameters
    ----------
    rho_ab, dims, epsilon, rtol
        As in `smooth_conditional_min_entropy`.
    ball
        ``"purified-distance"``, the only one: in the others the program is not convex.

    Returns
    -------
    CertifiedValue
        In bits; ``-inf`` if the ball holds zero. `value` is the upper end. `state` is an operator
        X on A (x) B that attains it, up to rounding; `witness` is the matrix W on A (x) C of
        `smooth_conditional_min_entropy` for the marginal of the purification there.

    Raises
    ------
    InvalidStateError, DimensionMismatchError, InvalidParameterError, SolverError
        As `smooth_conditional_min_entropy`.
    ResourceLimitError
        The matrices on A (x) C, of dimension ``d_A rank(rho)``, would not fit into memory.

    Warns
    -----
    CertificationWarning
        The interval is wider than `rtol`, and valid all the same.

    References
    ----------
    M. Tomamichel, R. Colbeck, R. Renner, arXiv:0907.5238 (duality); M. Tomamichel,
    arXiv:1504.00233, Chapter 6.

    Examples
    --------
    >>> from qentropy.states import maximally_mixed_state
    >>> rho = maximally_mixed_state(2)
    >>> round(smooth_conditional_max_entropy(rho, (2, 1), 0.6).value, 6)
    0.356144
    """
    known, radius = check_ball(ball, epsilon)
    if known != PURIFIED:
        raise InvalidParameterError(
            f"ball must be {PURIFIED!r} for the smooth max-entropy; got {ball!r}. The program is "
            "not convex in the others"
        )
    rtol, data = check_rtol(rtol), check_bipartite(rho_ab, dims)
    near = _Ball(radius, purified=True, normalized=False)
    if near.holds_zero:
        result = _zero(-math.inf, rtol, len(data.matrix))
    elif radius == 0:
        result = _without_warning(conditional_max_entropy, data, rtol)
    else:
        result = certified(
            _complementary(near, data), rtol, logarithm, value_is_lower=False, notes=data.repairs
        )
    return warn_if_wide(replace(result, ball=known, radius=radius, normalized=False))


def _complementary(near: "_Ball", data: BipartiteState) -> Attempt:
    """What is proved on A (x) C of a purification, and the state on A (x) B that belongs to it."""
    factor = purification(certify.state_factor(data.operator).groups[0][0], data.dims)
    other = data.dims[0], len(factor) // data.dims[0]
    prove = near.attempt(certify.state_of_factor(one_group(factor)), other)

    def attempt(tolerance: float) -> Proof:
        proof = prove(tolerance)
        return replace(proof, primal=purified_partner(proof.primal, factor, data.dims))

    return attempt


@dataclass(frozen=True)
class _Ball:
    """A ball in trace distance, or in purified distance."""

    radius: float
    purified: bool
    normalized: bool

    @property
    def holds_zero(self) -> bool:
        return self.radius >= 1 and not self.normalized

    def attempt(self, rho: BlockOperator, dims: tuple[int, int]) -> Attempt:
        """Proves ends of the least ``Tr Y`` with ``1 (x) Y >= X``, X in the ball around rho."""

        def attempt(tolerance: float) -> Proof:
            points = self._propose(rho.groups[0][0], dims, tolerance)
            upper, state = certify.smooth_marginal_upper(
                rho,
                self.radius,
                (one_group(points.state), points.marginal),
                dims,
                purified=self.purified,
                normalized=self.normalized,
            )
            lower = self._lower(rho, points, dims)
            return Proof(lower, upper, state.dense(), points.dual, points.status, points.iterations)

        return attempt

    def _propose(self, rho: Array, dims: tuple[int, int], tolerance: float) -> Points:
        return proposals.least_marginal_near(
            rho,
            dims,
            self.radius,
            purified=self.purified,
            normalized=self.normalized,
            tolerance=tolerance,
        )

    def _lower(self, rho: BlockOperator, points: Points, dims: tuple[int, int]) -> float:
        slack, flag = one_group(points.dual), self.normalized
        if self.purified:
            dual = slack, points.offset
            return certify.purified_marginal_lower(rho, self.radius, dual, dims, normalized=flag)
        pair = one_group(points.tilt), slack
        return certify.smooth_marginal_lower(rho, self.radius, pair, dims, normalized=flag)


def _zero(value: float, rtol: float, size: int) -> CertifiedValue:
    """The ball holds the zero operator."""
    return CertifiedValue(
        value=value,
        lower=value,
        upper=value,
        method="covering",
        rtol=rtol,
        primal=one_group(np.zeros((size, size))),
    )


def _without_warning(
    entropy: Callable[..., CertifiedValue], data: BipartiteState, rtol: float
) -> CertifiedValue:
    """The entropy without smoothing; the one warning comes from the function that was called."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CertificationWarning)
        result = entropy(data.matrix, data.dims, rtol=rtol)
    return result
