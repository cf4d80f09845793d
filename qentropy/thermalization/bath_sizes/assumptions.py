"""Which assumptions the bounds of the bath size need, and whether they hold."""

import math
from collections.abc import Mapping

import numpy as np

from qentropy.thermalization.bath_sizes.energy_eigenbasis import COMMUTES, EnergyBasis
from qentropy.thermalization.bath_sizes.result import Assumption, number_text
from qentropy.thermalization.bath_sizes.subspace_condition import ConditionRange

__all__ = ["assumptions_of_bounds", "inverse_temperature"]

GIBBS = 1e-8  # relative deviation of log tau from a line in the energy


def assumptions_of_bounds(
    basis: EnergyBasis, condition: ConditionRange, needed: Mapping[str, float], thermal: bool
) -> tuple[Assumption, ...]:
    """Assumptions of the bounds that compare with every process.

    Parameters
    ----------
    basis
        The states in the eigenbasis of the Hamiltonian.
    condition
        Up to how many systems the energy subspace condition is decided.
    needed
        Up to how many systems each bound needs it; a bound that needs none says nothing.
    thermal
        Whether no Hamiltonian was given, so that tau defines it.

    Examples
    --------
    >>> from qentropy.thermalization.bath_sizes.subspace_condition import condition_range
    >>> from qentropy.thermalization.bath_sizes.energy_eigenbasis import energy_basis
    >>> tau = np.diag([0.75, 0.25])
    >>> basis = energy_basis(np.eye(2) / 2, tau, None)
    >>> condition = condition_range(basis, 9)
    >>> found = assumptions_of_bounds(basis, condition, {"exact": 9}, True)
    >>> [one.holds for one in found]
    [True, True, True, True]
    """
    bounds = tuple(name for name, count in needed.items() if count >= 1)
    at_omega = tuple(name for name in bounds if name in {"lower_smooth", "lower_purified"})
    found = [
        Assumption(
            statement="no two levels of the Hamiltonian are equal",
            holds=basis.is_nondegenerate,
            reason=_levels_reason(basis),
            needed_by=bounds,
        ),
        *_conditions(condition, {name: needed[name] for name in bounds}),
        _stationarity(basis, (*bounds, "upper_pinched"), thermal),
        _gibbs(basis, thermal),
    ]
    if at_omega:
        low, high = basis.coherence.lower, basis.coherence.upper
        found.append(
            Assumption(
                statement="omega is diagonal in an eigenbasis of the Hamiltonian",
                holds=True if basis.is_diagonal else False if low > 0 else None,
                reason=f"||omega - pinched(omega)||_1 lies between {low:.3g} and {high:.3g}",
                needed_by=at_omega,
            )
        )
    return tuple(found)


def _levels_reason(basis: EnergyBasis) -> str:
    if basis.level_error == 0:
        return "the levels were compared exactly"
    return f"the levels are known up to {basis.level_error:.3g}"


def _conditions(condition: ConditionRange, needed: Mapping[str, float]) -> list[Assumption]:
    """The condition once for each number of systems that a bound needs it for."""
    return [
        Assumption(
            statement=f"energy subspace condition up to n = {number_text(count)}",
            holds=condition.holds(count),
            reason=condition.reason,
            needed_by=tuple(name for name, wanted in needed.items() if wanted == count),
        )
        for count in sorted(set(needed.values()))
    ]


def _stationarity(basis: EnergyBasis, bounds: tuple[str, ...], thermal: bool) -> Assumption:
    low, high = basis.tau_coherence.lower, basis.tau_coherence.upper
    reason = f"||tau - pinched(tau)||_1 lies between {low:.3g} and {high:.3g}"
    if thermal:
        reason = "no Hamiltonian was given; H = -log tau is assumed"
    elif 0 < high <= COMMUTES:
        reason += ", which counts as rounding: what is proved holds for tau pinched"
    return Assumption(
        statement="tau commutes with the Hamiltonian",
        holds=True if basis.is_stationary else False if low > 0 else None,
        reason=reason,
        needed_by=bounds,
    )


def _gibbs(basis: EnergyBasis, thermal: bool) -> Assumption:
    """The paper's bath; under the energy subspace condition its bounds hold for any tau."""
    statement = "tau is a Gibbs state of the Hamiltonian (no bound needs it)"
    if thermal:
        return Assumption(statement=statement, holds=True, reason="by H = -log tau, at beta = 1")
    beta, deviation = inverse_temperature(basis)
    if math.isnan(beta):
        reason = "tau is singular, or all energies are equal"
        return Assumption(statement=statement, holds=None, reason=reason)
    return Assumption(
        statement=statement,
        holds=basis.is_stationary and deviation <= GIBBS,
        reason=f"at beta = {beta:.6g} the logarithm of tau deviates by a relative {deviation:.3g}",
    )


def inverse_temperature(basis: EnergyBasis) -> tuple[float, float]:
    """The beta of which tau is nearest to a Gibbs state, and how far its logarithm is from it.

    Examples
    --------
    >>> from qentropy.thermalization.bath_sizes.energy_eigenbasis import energy_basis
    >>> tau = np.diag([0.8, 0.2])
    >>> beta, deviation = inverse_temperature(energy_basis(tau, tau, np.diag([0.0, 2.0])))
    >>> round(beta, 12), deviation < 1e-12
    (0.69314718056, True)
    """
    levels, weights = basis.levels, basis.populations[1]
    if not weights.min() > 0 or np.ptp(levels) == 0:
        return math.nan, math.nan
    logs = np.log(weights)
    x, y = levels - levels.mean(), logs - logs.mean()
    beta = -float(x @ y / (x @ x))
    scale = max(1.0, float(abs(logs).max()))
    return beta, float(abs(y + beta * x).max()) / scale
