"""Up to how many systems the energy subspace condition is proved, for levels that may be computed.

A bound that compares with all processes needs it only below the number that the bound names.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

from qentropy.blocks import Array
from qentropy.thermalization.bath_sizes.energy_eigenbasis import EnergyBasis
from qentropy.thermalization.energy_subspaces import (
    EnergySubspaceCondition,
    satisfies_energy_subspace_condition,
)

__all__ = ["ConditionRange", "condition_range"]

LARGEST_PRODUCT = 4096  # factors of an exact product of probabilities


@dataclass(frozen=True, kw_only=True)
class ConditionRange:
    """For which numbers of systems the energy subspace condition is decided.

    Parameters
    ----------
    holds_up_to
        The largest number of systems up to which it is proved; ``inf`` if it always holds.
    fails_from
        A number of systems from which on it provably fails; ``inf`` if none was found.
    reason
        How that was decided, in one sentence.
    """

    holds_up_to: float
    fails_from: float
    reason: str

    def holds(self, n: float) -> bool | None:
        """Whether it holds for n systems; None where that was not decided."""
        if n <= self.holds_up_to:
            return True
        return False if n >= self.fails_from else None


def condition_range(basis: EnergyBasis, n: float, thermal: Array | None = None) -> ConditionRange:
    """Decide the condition up to n systems as far as exact arithmetic and memory allow.

    Parameters
    ----------
    basis
        The levels and their error.
    n
        Number of systems that is of interest, 0 if none is; ``inf`` as far as possible.
    thermal
        Eigenvalues of tau, exactly, if the levels are minus their logarithms.

    Examples
    --------
    >>> import numpy as np
    >>> from qentropy.thermalization.bath_sizes.energy_eigenbasis import energy_basis
    >>> tau = np.diag([0.5, 0.3, 0.2])
    >>> condition_range(energy_basis(tau, tau, np.diag([0.0, 1.0, 2.0])), 9).fails_from
    2
    """
    d = len(basis.levels)
    if d == 1:
        return _always("there is one level")
    if basis.is_nondegenerate is False:
        return ConditionRange(holds_up_to=0, fails_from=1, reason="two levels are equal")
    if basis.is_nondegenerate is None:
        return _undecided(0, "two levels are equal up to the rounding of the eigenvalues")
    if d == 2:
        return _always("two different levels always satisfy it")
    if basis.level_error == math.inf:
        return _undecided(0, "tau is singular or nearly so, and its energies are not known")
    return _searched(basis, min(n, 2**53), thermal)


def _searched(basis: EnergyBasis, n: float, thermal: Array | None) -> ConditionRange:
    """Compare types of n systems, and of fewer as long as two of them have one energy."""
    count, fails_from, reason = int(n), math.inf, ""
    while count >= 1:
        # Each of two total energies is a sum of `count` levels.
        tolerance = 2 * count * basis.level_error * (1 + 1e-9)
        found = satisfies_energy_subspace_condition(basis.levels, count, tolerance=tolerance)
        if found.holds is not False:
            return ConditionRange(
                holds_up_to=found.compared,
                fails_from=fails_from,
                reason=f"{_reason_of(found)}; {reason}" if reason else _reason_of(found),
            )
        relation = found.relation or ()
        size = sum(k for k in relation if k > 0)
        if basis.level_error == 0 or _is_exact(relation, thermal):
            fails_from = size
            reason = f"types of n = {size} have equal energies, by {relation}"
        elif found.smallest_gap > 2 * size * basis.level_error * (1 + 1e-9):
            size = max(size, count // 2 + 1)  # real for fewer systems, whose error is smaller
        else:
            reason = f"types of n = {size} are closer than rounding, by {relation}"
        count = size - 1
    return ConditionRange(
        holds_up_to=0, fails_from=fails_from, reason=reason or "no systems were to be compared"
    )


def _reason_of(found: EnergySubspaceCondition) -> str:
    return f"all types of n = {found.compared} differ by {found.smallest_gap:.3g} or more"


def _is_exact(relation: tuple[int, ...], thermal: Array | None) -> bool:
    """Whether a product of powers of the eigenvalues is exactly one."""
    if thermal is None or sum(map(abs, relation)) > LARGEST_PRODUCT:
        return False
    powers = zip(thermal.tolist(), relation, strict=True)
    return math.prod((Fraction(x) ** k for x, k in powers), start=Fraction(1)) == 1


def _always(reason: str) -> ConditionRange:
    return ConditionRange(holds_up_to=math.inf, fails_from=math.inf, reason=reason)


def _undecided(count: int, reason: str) -> ConditionRange:
    return ConditionRange(holds_up_to=count, fails_from=math.inf, reason=reason)
