"""Four levels with a repeated gap, where swaps are not the best that conserves the energy.

Two types, one system in the outer levels and one in each of the inner ones, share an energy. Swaps
make each of them uniform, but not both together.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qentropy import certify
from qentropy.convex_split import convex_split_distance
from qentropy.errors import DimensionMismatchError, InvalidParameterError
from qentropy.lemmas.equalities import equal_numbers
from qentropy.lemmas.gaussian_draws import drawn_distribution
from qentropy.lemmas.rounding import scaled, trace_defect
from qentropy.lemmas.statement import Normals, Statement
from qentropy.lemmas.total_energies import energy_labels
from qentropy.operators import as_state, check_epsilon
from qentropy.results import Interval, LemmaCheck
from qentropy.states import gibbs_state
from qentropy.thermalization import optimal_thermalization_distance
from qentropy.thermalization.energy_types import Energies

__all__ = ["STATEMENTS", "check_swap_counterexample"]


def check_swap_counterexample(
    probabilities: ArrayLike, energies: Energies, *, beta: float, factor: float = 1.0
) -> LemmaCheck:
    r"""Swap counterexample, ``||rho^(2) - tau^2||_1 - ||rho* - tau^2||_1 = 4 min(|x|, |y|)``.

    Here ``x = (q1 p4 + q4 p1)/2 - p1 p4`` and ``y = (q2 p3 + q3 p2)/2 - p2 p3``; where they have
    the same sign the difference is zero.

    Parameters
    ----------
    probabilities
        The q of ``rho = sum_i q_i |i><i|``, four numbers.
    energies
        Four levels in ascending order with ``E1 + E4 = E2 + E3`` exactly, and no other equality
        between sums of two of them.
    beta
        Inverse temperature of tau, with the eigenvalues p, in the inverse unit of the energies.
    factor
        Multiplies the right-hand side.

    Returns
    -------
    LemmaCheck
        Difference of both sides, and the widths of their proved intervals. ``rho*`` is uniform on
        the energy ``E1 + E4`` and otherwise like ``rho^(2)``, the output of swaps. It is the best
        that an energy-preserving random unitary channel can do. `details` holds both distances
        and the eigenvalues of the three states on that energy, as in Figure 4 of the paper.

    Raises
    ------
    InvalidStateError
        `probabilities` are none.
    InvalidParameterError
        The energies are not as described.
    DimensionMismatchError
        There are not four probabilities.

    References
    ----------
    Paper, (C9) to (C13) and FIG. 4; there the trace distance is half of the trace norm.

    Examples
    --------
    >>> check = check_swap_counterexample([1, 0, 0, 0], [0.0, 1.0, 2.5, 3.5], beta=0.2)
    >>> check.verdict
    <Verdict.PROVED: 'PROVED'>
    >>> check.details["distance of swaps"].lower > check.details["least distance"].upper
    True
    """
    scale = check_epsilon(factor, name="factor")
    _require_one_coincidence(energies)
    q = np.diagonal(as_state(np.diag(np.asarray(probabilities, dtype=float)), "probabilities"))
    if len(q) != 4:
        raise DimensionMismatchError(f"there must be four probabilities; got {len(q)}")
    p = np.diagonal(gibbs_state(np.diag(np.asarray(energies, dtype=float)), beta)).real
    # The distances are those of states of trace one.
    defect = trace_defect(np.diag(q)) + trace_defect(np.diag(p))
    outer, inner, gain = _gain(q, p, defect)
    swaps = convex_split_distance(np.diag(q), np.diag(p), 2)
    optimum = optimal_thermalization_distance(energies, np.diag(q), np.diag(p), 2)
    difference = Interval(
        certify.down(swaps.lower - optimum.upper), certify.up(swaps.upper - optimum.lower)
    )
    return equal_numbers(
        difference,
        scaled(gain, scale),
        names=("swap counterexample", "(C12), (C13)"),
        instance=f"p = {np.array2string(p, precision=3)}, q = {np.array2string(q, precision=3)}",
        details={
            "distance of swaps": swaps,
            "least distance": optimum,
            "tau on E1 + E4": _near(float(p[0] * p[3])),
            "swaps on |1,4>, |4,1>": _near(outer),
            "swaps on |2,3>, |3,2>": _near(inner),
            "uniform on E1 + E4": _near((outer + inner) / 2),
        },
    )


def _require_one_coincidence(energies: Energies) -> None:
    """(C9), and apart from it two systems have a different energy for each type."""
    if len(energies) == 4:
        labels = energy_labels(energies, 2).reshape(4, 4)
        ascending = bool((np.diff(labels[0]) > 0).all())
        if ascending and labels[0, 3] == labels[1, 2] and labels.max() == 8:
            return
    raise InvalidParameterError(
        "energies must be four ascending levels with E1 + E4 = E2 + E3 exactly and no other equal "
        f"sums of two; got {energies!r}"
    )


def _gain(
    q: NDArray[np.float64], p: NDArray[np.float64], defect: float
) -> tuple[float, float, Interval]:
    """Eigenvalues of the output of swaps on both types, and how much smoothing them gains."""
    outer = float(q[0] * p[3] + q[3] * p[0]) / 2
    inner = float(q[1] * p[2] + q[2] * p[1]) / 2
    x, y = outer - float(p[0] * p[3]), inner - float(p[1] * p[2])
    value = 4 * min(abs(x), abs(y)) if x * y < 0 else 0.0
    # All products are below one; each of x and y has six roundings.
    error = 4 * certify.gamma(8) + 8 * defect
    return outer, inner, Interval(max(0.0, value - error), certify.up(value + error))


def _near(value: float) -> Interval:
    """A sum of two products below one, rounded; the probabilities are what the floats say."""
    error = certify.gamma(8)
    return Interval(max(0.0, certify.down(value - error)), certify.up(value + error))


def _draw(normals: Normals, k: int) -> dict[str, Any]:
    """A hot system that starts mostly in its lowest or highest level, for which (C12) holds."""
    # Multiples of 2**-20, so that the sums are exact.
    low, high = (np.round((0.25 + np.abs(normals(2))) * 2**20) / 2**20).tolist()
    start = np.full(4, 0.05) * drawn_distribution(normals, 4)
    start[3 * (k % 2)] += 0.95
    energies = sorted([0.0, low, low + high, 2 * low + high])
    return {
        "probabilities": start / start.sum(),
        "energies": np.array(energies),
        "beta": 0.1 + 0.05 * (k % 5),
    }


STATEMENTS = (
    Statement(
        name="swap-counterexample",
        check=check_swap_counterexample,
        draw=_draw,
        false_variant={"factor": 0.5},
    ),
)
