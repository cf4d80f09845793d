"""How many systems, the region and its bath together, are needed to thermalize the region.

The paper's bounds, sharper ones, and the number itself where it is proved, each with the
assumptions that it needs.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.blocks import Array
from qentropy.errors import DimensionMismatchError
from qentropy.operators import as_hermitian, as_state, check_epsilon
from qentropy.thermalization.bath_sizes.assumptions import assumptions_of_bounds
from qentropy.thermalization.bath_sizes.divergence_bounds import (
    chi_squared_bound,
    largest_ratio_bound,
    pinched_bound,
    smoothed_bound,
    systems_for,
)
from qentropy.thermalization.bath_sizes.energy_eigenbasis import EnergyBasis, energy_basis
from qentropy.thermalization.bath_sizes.population_bounds import (
    bath_size_lower_bound,
    purified_radius,
)
from qentropy.thermalization.bath_sizes.result import Assumption, BathSize
from qentropy.thermalization.bath_sizes.subspace_condition import condition_range
from qentropy.thermalization.bath_sizes.swap_count import Bracket, count_interval
from qentropy.thermalization.bath_sizes.swaps_needed import Slack, swap_bracket

__all__ = ["Assumption", "BathSize", "bath_size", "bath_size_lower_bound"]


def bath_size(
    omega: ArrayLike, tau: ArrayLike, epsilon: float, *, hamiltonian: ArrayLike | None = None
) -> BathSize:
    r"""Bath size, the least n with ``||E(omega (x) tau^(n-1)) - tau^n||_1 <= epsilon``.

    E is any process of random collisions that conserve energy. The count n holds the region and
    n - 1 systems of the bath, as in the paper.

    Parameters
    ----------
    omega
        State of the region, shape ``(d, d)``.
    tau
        State of each system of the bath, and the target, shape ``(d, d)``.
    epsilon
        Accepted distance in trace norm, from 0 to 2. For 0 the number is infinite, unless both
        states are equal; for 2 it is 1.
    hamiltonian
        Hermitian operator H of one system, shape ``(d, d)``, in any unit. Without it
        ``H = -log tau`` is assumed: tau is the Gibbs state at inverse temperature 1, and its
        eigenvectors are those of H.

    Returns
    -------
    BathSize
        Upper bounds need no assumption, apart from `BathSize.upper_pinched`, which needs that tau
        commutes with H. Lower bounds and the exact number need that too, and that H satisfies the
        energy subspace condition below the number in question.

    Raises
    ------
    InvalidStateError
        omega or tau is not a density operator, or H is not Hermitian.
    DimensionMismatchError
        They are not matrices of one size.
    InvalidParameterError
        epsilon is not a number from 0 to 2.

    Notes
    -----
    Pinching in the total energy commutes with every such process and leaves ``tau^n`` as it is, so
    a state with coherence needs at least as many systems as the state without. It needs no more
    either, since random phases conserve energy.

    Phases and uniform swaps reach the convex split only as the time goes to infinity. So if its
    distance is exactly epsilon, `BathSize.exact` belongs to the closure of the paper's class of
    processes.

    States that commute with H up to rounding, 1e-10 in trace norm, stand for states that do, and
    the numbers hold for all of those.

    References
    ----------
    Paper, (B7), Theorem 1, Corollary 4, Theorems 10 and 13, Prop. 18; for the lower bounds in the
    purified ball (B13) with ``F >= 1 - epsilon / 2``; G. Gour, arXiv:2502.06526 (collision).

    Examples
    --------
    >>> omega, tau = np.diag([0.95, 0.05]), np.diag([0.3, 0.7])
    >>> size = bath_size(omega, tau, 0.1)
    >>> size
    BathSize(epsilon=0.1, n = 129)
    >>> size.upper_max, size.upper_collision, size.upper_swap, round(size.lower_smooth, 3)
    (317, 202, 129, 2.113)
    >>> plus = np.full((2, 2), 0.5)
    >>> size = bath_size(plus, tau, 0.1)
    >>> size.upper_swap, size.exact, size.is_proved("lower_smooth")
    (80, 13, False)
    """
    radius = check_epsilon(epsilon, 2.0)
    state, target, energy = _checked(omega, tau, hamiltonian)
    basis = energy_basis(state, target, energy)
    given, pinched = _swap_brackets(state, target, basis, radius)
    lower = _lower_bounds(state, target, basis, radius)
    needed = {name: _below(value) for name, value in lower.items()} | {"exact": pinched[1] - 1}
    # Only the pinched state is proved to need so many, whatever the coherence.
    too_few = max(pinched[0], needed["lower_pinched"], needed["lower_pinched_smooth"])
    exactly_known = energy is None and basis.level_error < math.inf and not basis.tau_error
    eigenvalues = basis.populations[1] if exactly_known else None
    condition = condition_range(basis, too_few, eigenvalues)
    proved = min(too_few, condition.holds_up_to) if basis.is_stationary else 0
    enough = min(given[1], pinched[1])
    return BathSize(
        epsilon=radius,
        upper_max=systems_for(largest_ratio_bound(state, target), radius),
        upper_collision=systems_for(chi_squared_bound(state, target), radius),
        upper_swap=given[1],
        upper_pinched=pinched[1],
        swaps=count_interval(given),
        **lower,
        exact=enough if proved + 1 == enough else None,
        interval=count_interval((proved, enough)),
        asymptotic=_asymptotic(float(chi_squared_bound(basis.omega, basis.tau)), radius),
        coherence=basis.coherence,
        assumptions=assumptions_of_bounds(basis, condition, needed, energy is None),
    )


def _checked(
    omega: ArrayLike, tau: ArrayLike, hamiltonian: ArrayLike | None
) -> tuple[Array, Array, Array | None]:
    state, target = as_state(omega, "omega"), as_state(tau, "tau")
    energy = None if hamiltonian is None else as_hermitian(hamiltonian, "hamiltonian")
    shapes = {array.shape for array in (state, target, energy) if array is not None}
    if len(shapes) > 1 or state.ndim != 2:
        raise DimensionMismatchError(
            "omega, tau and hamiltonian must be matrices of one size; got "
            + ", ".join(map(str, sorted(shapes)))
        )
    return state, target, energy


def _swap_brackets(
    omega: Array, tau: Array, basis: EnergyBasis, epsilon: float
) -> tuple[Bracket, Bracket]:
    """What uniform swaps need for the states given, and for the states without coherence."""
    if np.array_equal(omega, tau):
        return (0, 1), (0, 1)
    if basis.is_diagonal and basis.is_stationary:
        once = basis.omega_error + basis.coherence.upper
        slack = Slack(once, 2 * (basis.tau_error + basis.tau_coherence.upper))
        both = swap_bracket(basis.omega, basis.tau, epsilon, slack)
        return both, both
    off = 2 * basis.tau_coherence.upper if basis.is_stationary else 0.0
    given = swap_bracket(omega, tau, epsilon, Slack(0.0, off))
    if not basis.is_stationary:
        return given, (0, math.inf)
    rounding = Slack(basis.omega_error, 2 * basis.tau_error)
    return given, swap_bracket(basis.omega, basis.tau, epsilon, rounding)


def _lower_bounds(omega: Array, tau: Array, basis: EnergyBasis, epsilon: float) -> dict[str, float]:
    """The paper's bound and the one in the purified ball, at both states."""
    # A larger radius makes a lower bound smaller.
    paper = certify.up(2 * math.sqrt(epsilon), 4) if epsilon else 0.0
    balls = {
        "lower{}_smooth": (paper, "trace-norm"),
        "lower{}": (purified_radius(epsilon), "purified-distance"),
    }
    found = {}
    for name, (radius, ball) in balls.items():
        pinched = pinched_bound(basis, radius, ball)
        same = basis.is_diagonal and basis.is_stationary
        field = "lower_smooth" if "smooth" in name else "lower_purified"
        found[name.format("_pinched")] = pinched
        found[field] = pinched if same else smoothed_bound(omega, tau, radius, ball)
    return found


def _below(bound: float) -> float:
    """The largest integer below a lower bound, which is too few."""
    return bound if math.isinf(bound) else math.ceil(bound) - 1


def _asymptotic(chi_squared: float, epsilon: float) -> float:
    if chi_squared == 0:
        return 1.0
    square = epsilon**2
    return 2 * chi_squared / (math.pi * square) if square else math.inf
