"""The four-level counterexample (C9) to (C13), and the numbers of Figure 4."""

from typing import Any

import numpy as np
import pytest
from statement_instances import drawn

from qentropy import states
from qentropy.convex_split import convex_split_state
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError
from qentropy.lemmas.counterexample import STATEMENTS, check_swap_counterexample
from qentropy.lemmas.reachable_distance import check_reachable_distance
from qentropy.results import Verdict

ENERGIES = [0.0, 1.0, 2.5, 3.5]
LOWEST = [1.0, 0.0, 0.0, 0.0]
SHARED = [(0, 3), (3, 0), (1, 2), (2, 1)]


def on_shared_energy(matrix: Any) -> Any:
    """Diagonal entries of a state of two systems on |1,4>, |4,1>, |2,3>, |3,2>."""
    return np.diagonal(matrix).reshape(4, 4)[tuple(zip(*SHARED, strict=True))]


def test_the_statement_is_proved_and_its_false_variant_refuted() -> None:
    """On every instance; and swaps are provably worse than the best channel."""
    for arguments in drawn(STATEMENTS[0], 15):
        check = check_swap_counterexample(**arguments)
        assert check.verdict is Verdict.PROVED
        assert check.details["distance of swaps"].lower > check.details["least distance"].upper
        false = check_swap_counterexample(**arguments, **STATEMENTS[0].false_variant)
        assert false.verdict is Verdict.REFUTED


@pytest.mark.parametrize("beta", [0.05, 0.2, 0.3])
def test_the_gain_of_the_papers_example(beta: float) -> None:
    """For q_1 = 1 and p_1 <= 1/2 smoothing gains ``p_4 (1 - 2 p_1)`` in trace distance."""
    p = np.diagonal(states.gibbs_state(np.diag(ENERGIES), beta))
    assert 0.25 <= p[0] <= 0.5
    details = check_swap_counterexample(LOWEST, ENERGIES, beta=beta).details
    gain = details["distance of swaps"].lower - details["least distance"].lower
    assert abs(gain / 2 - p[3] * (1 - 2 * p[0])) < 1e-12


def test_the_eigenvalues_of_figure_four() -> None:
    """They are those of the matrices of two systems, on the energy that two types share."""
    q = np.array([0.7, 0.1, 0.15, 0.05])
    tau = states.gibbs_state(np.diag(ENERGIES), 0.3)
    details = check_swap_counterexample(q, ENERGIES, beta=0.3).details
    thermal = on_shared_energy(np.kron(tau, tau))
    swapped = on_shared_energy(convex_split_state(np.diag(q), tau, 2))
    np.testing.assert_allclose(thermal, thermal[0], rtol=1e-14)
    assert thermal[0] in details["tau on E1 + E4"]
    assert swapped[0] in details["swaps on |1,4>, |4,1>"]
    assert swapped[2] in details["swaps on |2,3>, |3,2>"]
    assert swapped.mean() in details["uniform on E1 + E4"]
    np.testing.assert_allclose(swapped[[0, 2]], swapped[[1, 3]], rtol=1e-14)


def test_the_smoothed_state_is_reached_by_unitaries_that_conserve_the_energy() -> None:
    """Cyclic shifts of the four states after uniform swaps give the least distance."""
    q, tau = np.diag(LOWEST), states.gibbs_state(np.diag(ENERGIES), 0.2)
    shared = [4 * i + j for i, j in SHARED]
    swap = np.eye(16).reshape(4, 4, 16).swapaxes(0, 1).reshape(16, 16)
    unitaries = []
    for k in range(4):
        cycle = np.eye(16)
        cycle[shared] = np.eye(16)[np.roll(shared, k)]
        unitaries += [cycle, cycle @ swap]
    check = check_reachable_distance(
        q, tau, 2, energies=ENERGIES, unitaries=unitaries, weights=np.full(8, 1 / 8)
    )
    least = check_swap_counterexample(LOWEST, ENERGIES, beta=0.2).details["least distance"]
    assert check.rhs.overlaps(least)
    assert check.rhs.width < 1e-11


def test_nothing_is_gained_without_excess_and_deficit() -> None:
    """If both types exceed, neither (C12) nor (C13) holds, and swaps are optimal."""
    check = check_swap_counterexample([0.1, 0.2, 0.3, 0.4], ENERGIES, beta=1.0)
    assert check.verdict is Verdict.PROVED
    assert check.details["distance of swaps"].overlaps(check.details["least distance"])


@pytest.mark.parametrize(
    "energies",
    [
        [0.0, 1.0, 2.0, 3.0],  # E1 + E3 = E2 + E2, too
        [0.0, 1.0, 2.5, 3.6],
        [1.0, 0.0, 3.5, 2.5],
        [0.0, 0.1, 0.2, 0.1 + 0.2],  # not exactly
        [0.0, 0.0, 1.0, 1.0],
        [0.0, 1.0, 2.0],
    ],
)
def test_other_energies_are_refused(energies: list[float]) -> None:
    """The formula needs one coincidence (C9), exactly, and no other."""
    with pytest.raises(InvalidParameterError):
        check_swap_counterexample(LOWEST, energies, beta=0.2)


def test_bad_input() -> None:
    """What cannot be checked is refused with an exception of this package."""
    with pytest.raises(InvalidStateError):
        check_swap_counterexample([0.5, 0.0, 0.0, 0.0], ENERGIES, beta=0.2)
    with pytest.raises(DimensionMismatchError):
        check_swap_counterexample([0.5, 0.5], ENERGIES, beta=0.2)
    with pytest.raises(InvalidParameterError):
        check_swap_counterexample(LOWEST, ENERGIES, beta=0.2, factor=-1.0)
