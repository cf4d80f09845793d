"""What `bath_size` returns: bounds, and the assumptions that each of them needs."""

import math
from dataclasses import dataclass
from typing import Any

from qentropy.errors import InvalidParameterError
from qentropy.results import Interval

__all__ = ["LOWER_BOUNDS", "UPPER_BOUNDS", "Assumption", "BathSize", "number_text"]

UPPER_BOUNDS = ("upper_max", "upper_collision", "upper_swap", "upper_pinched")
LOWER_BOUNDS = ("lower_smooth", "lower_purified", "lower_pinched_smooth", "lower_pinched")


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """What a bound takes for granted, and whether it holds here.

    Parameters
    ----------
    statement
        The assumption.
    holds
        True or False where that was decided, None where it was not.
    reason
        How it was decided, in one sentence.
    needed_by
        Names of the bounds that need it; none for what only belongs to the paper's setting.
    """

    statement: str
    holds: bool | None
    reason: str
    needed_by: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BathSize:
    r"""Bounds of ``n_epsilon``, the number of systems that thermalize one of them.

    It counts the region and its bath together, n systems of which n - 1 are thermal. What a field
    says is proved if its assumptions hold; `is_proved` tells.

    Parameters
    ----------
    epsilon
        Accepted distance in trace norm.
    upper_max
        ``2**D_max / epsilon**2``, the paper's, rounded up.
    upper_collision
        ``(2**D_2 - 1) / epsilon**2``, rounded up; D_2 the sandwiched Rényi divergence of order 2.
    upper_swap
        A number of systems for which uniform swaps are proved to come close enough.
    upper_pinched
        The same at the state without coherence between energies. Random phases
        ``exp(i theta H)`` take the coherence away and conserve the energy, and then swaps follow.
    swaps
        Interval of the least number that is enough for swaps alone. Where its ends agree, they are
        `upper_swap`.
    lower_smooth
        ``2**D_max^(2 sqrt(epsilon))`` in the trace-norm ball, the paper's.
    lower_purified
        ``2**D_max^(sqrt(epsilon - epsilon**2 / 4))`` in the purified ball, at least as large.
    lower_pinched_smooth, lower_pinched
        Both at the state without coherence, for which the paper proves them.
    exact
        ``n_epsilon`` itself, an integer or ``inf``; None unless it is proved.
    interval
        What is proved about ``n_epsilon`` with those assumptions that hold.
    asymptotic
        ``2 chi**2 / (pi epsilon**2)`` at the state without coherence, to which ``n_epsilon``
        tends for small epsilon under the energy subspace condition; not a bound.
    coherence
        Interval of the distance of the state from the one without coherence, in trace norm.
    assumptions
        What the bounds need.

    Notes
    -----
    Upper bounds are integers or ``inf``. Lower bounds are real numbers, rounded down, of which
    the next integer is a bound too.
    """

    epsilon: float
    upper_max: float
    upper_collision: float
    upper_swap: float
    upper_pinched: float
    swaps: Interval
    lower_smooth: float
    lower_purified: float
    lower_pinched_smooth: float
    lower_pinched: float
    exact: float | None
    interval: Interval
    asymptotic: float
    coherence: Interval
    assumptions: tuple[Assumption, ...]

    def assumptions_of(self, bound: str) -> tuple[Assumption, ...]:
        """Assumptions of one bound, by the name of its field.

        Raises
        ------
        InvalidParameterError
            There is no such bound.
        """
        known = (*UPPER_BOUNDS, *LOWER_BOUNDS, "exact")
        if bound not in known:
            raise InvalidParameterError(f"bound must be one of {', '.join(known)}; got {bound!r}")
        return tuple(one for one in self.assumptions if bound in one.needed_by)

    def is_proved(self, bound: str) -> bool | None:
        """Whether all assumptions of a bound hold: False if one fails, None if one is undecided.

        Without them a bound may be true or false. For a coherent state that becomes thermal by
        pinching, one system is enough, and yet `lower_smooth` is above one.

        Raises
        ------
        InvalidParameterError
            There is no such bound.
        """
        found = [one.holds for one in self.assumptions_of(bound)]
        if False in found:
            return False
        return None if None in found else True

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dictionaries."""
        out: dict[str, Any] = {}
        for name, value in vars(self).items():
            if isinstance(value, Interval):
                out[name] = [value.lower, value.upper]
            elif name == "assumptions":
                out[name] = [vars(one) | {"needed_by": list(one.needed_by)} for one in value]
            else:
                out[name] = value
        return out

    def __repr__(self) -> str:
        ends = f"{number_text(self.interval.lower)} <= n <= {number_text(self.interval.upper)}"
        known = f"n = {number_text(self.exact)}" if self.exact is not None else ends
        return f"BathSize(epsilon={self.epsilon:g}, {known})"

    def __str__(self) -> str:
        lines = [f"{self!r}"]
        for name in (*UPPER_BOUNDS, *LOWER_BOUNDS):
            proved = {True: "", False: "  (an assumption fails)", None: "  (undecided)"}
            value = number_text(getattr(self, name))
            lines.append(f"  {name:<21}{value:>12}{proved[self.is_proved(name)]}")
        lines.append(f"  {'asymptotic':<21}{number_text(self.asymptotic):>12}  (no bound)")
        marks = {True: "holds", False: "fails", None: "undecided"}
        lines += [
            f"  {marks[one.holds]}: {one.statement}: {one.reason}" for one in self.assumptions
        ]
        return "\n".join(lines)


def number_text(value: float) -> str:
    """An integer in full, anything else with six digits.

    Examples
    --------
    >>> number_text(129), number_text(2.1125741), number_text(math.inf)
    ('129', '2.11257', 'inf')
    """
    if math.isinf(value):
        return "inf"
    return f"{value:.0f}" if value == math.floor(value) and value < 1e15 else f"{value:.6g}"
