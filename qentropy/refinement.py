"""From proposals to a certified value: prove, ask for better points if that is not enough, warn."""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from qentropy.blocks import Array, one_group
from qentropy.certify import log2_interval
from qentropy.errors import CertificationWarning, InvalidParameterError, SolverError
from qentropy.operators import check_epsilon
from qentropy.results import CertifiedValue, Interval, SolverReport

__all__ = ["Attempt", "Proof", "certified", "check_rtol", "logarithm", "warn_if_wide"]


@dataclass(frozen=True, eq=False)
class Proof:
    """Two proved ends of an optimum t, and the points that attain them.

    Parameters
    ----------
    lower, upper
        The ends; t is what stands under the logarithm.
    primal, dual
        The points, as they are shown to users.
    status, iterations
        What the solver says of itself.
    """

    lower: float
    upper: float
    primal: Array
    dual: Array
    status: str
    iterations: int

    def improved(self, other: "Proof", *, primal_is_upper: bool) -> "Proof":
        """The better end of both, each with its point."""
        low = max(self, other, key=lambda proof: proof.lower)
        high = min(self, other, key=lambda proof: proof.upper)
        state, witness = (high, low) if primal_is_upper else (low, high)
        proof = replace(other, primal=state.primal, dual=witness.dual)
        return replace(proof, lower=low.lower, upper=high.upper)


Attempt: TypeAlias = Callable[[float], Proof]
"""Takes a tolerance of the solver, returns what was proved."""


def check_rtol(rtol: float) -> float:
    """A relative gap to ask for: a positive real number.

    Raises
    ------
    InvalidParameterError
        It is not.

    Examples
    --------
    >>> check_rtol(1e-6)
    1e-06
    """
    checked = check_epsilon(rtol, name="rtol")
    if checked == 0:
        raise InvalidParameterError("rtol must be positive; got 0")
    return checked


def certified(
    attempt: Attempt,
    rtol: float,
    ends: Callable[[float, float], Interval],
    *,
    value_is_lower: bool,
    falling: bool = False,
    unit: str = "bits",
    notes: tuple[str, ...] = (),
) -> CertifiedValue:
    """Prove at one tolerance of the solver and, if the gap is too wide, once more at a smaller one.

    Parameters
    ----------
    attempt
        Proves ends of t.
    rtol
        The gap to aim for.
    ends
        Takes the ends of t to the interval of the value.
    value_is_lower
        Whether the primal point attains the lower end of the value.
    falling
        Whether the value falls with t.
    unit, notes
        For the result.
    """
    start = time.perf_counter()

    def result(proof: Proof) -> CertifiedValue:
        interval = ends(proof.lower, proof.upper)
        return CertifiedValue(
            value=interval.lower if value_is_lower else interval.upper,
            lower=interval.lower,
            upper=interval.upper,
            method="conic",
            rtol=rtol,
            unit=unit,
            report=SolverReport(
                solver="scs",
                status=proof.status,
                iterations=proof.iterations,
                seconds=time.perf_counter() - start,
                notes=notes,
            ),
            primal=one_group(proof.primal),
            dual=one_group(proof.dual),
        )

    first = attempt(max(1e-2 * rtol, 1e-13))
    if result(first).converged:
        return result(first)
    try:
        second = attempt(max(1e-4 * rtol, 1e-13))
    except SolverError:
        return result(first)
    return result(first.improved(second, primal_is_upper=falling == value_is_lower))


def logarithm(lower: float, upper: float, *, sign: int = 1) -> Interval:
    """Interval of ``log2 t`` or, with the sign -1, of ``-log2 t``.

    Examples
    --------
    >>> 2.0 in logarithm(0.25, 0.25, sign=-1)
    True
    """
    bits = log2_interval(lower, upper)
    return bits if sign > 0 else Interval(-bits.upper, -bits.lower)


def warn_if_wide(result: CertifiedValue) -> CertifiedValue:
    """Warn the caller of the caller if the gap is wider than was asked for."""
    if not result.converged:
        kind = "relative gap" if result.unit == "bits" else "gap"
        warnings.warn(
            f"the {kind} is {result.gap:.2g}, wider than rtol = {result.rtol:.2g}; the "
            f"interval [{result.lower:.10g}, {result.upper:.10g}] is valid all the same",
            CertificationWarning,
            stacklevel=3,
        )
    return result
