"""Which routes are tried, in which order, and what a result says of that."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qentropy import smooth_max_relative_entropy
from qentropy.errors import CertificationWarning, InvalidParameterError
from qentropy.operators import check_pair
from qentropy.results import CertifiedValue, SolverReport
from qentropy.smoothing.balls import SmoothingProblem
from qentropy.smoothing.routes import METHODS, Best, prepare, report, search
from qentropy.states import random_state

TRACE, PURIFIED = "trace-distance", "purified-distance"


def evidence(result: CertifiedValue) -> SolverReport:
    """The report, which is there."""
    assert result.report is not None
    return result.report


def notes(result: CertifiedValue) -> str:
    """All that the report says."""
    return "; ".join(evidence(result).notes)


def pair(dimension: int, rank: int) -> tuple[Any, Any]:
    """Random states, the first of low rank."""
    return random_state(dimension, rank=rank, rng=1), random_state(dimension, rng=2)


def test_the_search_stops_where_enough_is_proved() -> None:
    """Cheap routes first; those that come after a sufficient one are not tried."""
    rho, sigma = pair(16, 3)
    result = smooth_max_relative_entropy(rho, sigma, 0.1, ball=TRACE)
    assert result.method == "low-rank"
    assert "tried in this order: hockey-stick, low-rank" in notes(result)
    assert "of 16 dimensions" in notes(result)
    loose = smooth_max_relative_entropy(rho, sigma, 0.1, ball=TRACE, rtol=100.0)
    assert loose.method == "hockey-stick"


def test_a_result_says_what_was_solved() -> None:
    """The report of a search by hand: blocks, steps, status."""
    checked = check_pair(*pair(16, 3))
    data = prepare(checked, 1e-6)
    problem = SmoothingProblem(data.rho, data.sigma, TRACE, 0.1, normalized=True)
    best = search(data, problem, "low-rank", 1e-6)
    assert best.is_within(1e-6)
    found = report(best, data, problem, 0.25)
    assert (found.solver, found.status, found.blocks) == ("qentropy", "converged", (16,))
    assert found.iterations == best.iterations > 0
    assert found.seconds == 0.25


def test_a_narrow_interval_is_proved_in_the_eigenbasis_of_sigma() -> None:
    """The proof in the basis given costs more the smaller the gap wanted is."""
    checked = check_pair(*pair(32, 8))
    assert prepare(checked, 1e-4).basis is None
    assert prepare(checked, 1e-9).basis is not None


def test_an_exact_value_is_within_any_tolerance() -> None:
    """Also where it is zero or infinite."""
    assert Best(0.0, 0.0).is_within(1e-300)
    assert Best(np.inf, np.inf).is_within(1e-300)
    assert not Best(1.0, 1.1).is_within(0.05)


def test_an_unknown_method_is_refused_with_the_known_ones() -> None:
    """The message lists them."""
    with pytest.raises(InvalidParameterError) as caught:
        smooth_max_relative_entropy(*pair(2, 1), 0.1, method="simplex")
    assert all(name in str(caught.value) for name in METHODS)


@pytest.mark.slow
def test_a_path_on_a_large_block_keeps_clear_of_rounding() -> None:
    """Its end is no closer to the boundary of the ball than distances are rounded."""
    rng = np.random.default_rng([96, 2, 0])
    rho, sigma = random_state(96, rng=rng), random_state(96, rng=rng)
    assert smooth_max_relative_entropy(rho, sigma, 0.1, ball=TRACE).converged


def test_a_long_path_is_not_begun_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A note says how to ask for it."""
    monkeypatch.setattr("qentropy.smoothing.routes.MOST_UNKNOWNS", 4)
    monkeypatch.setattr("qentropy.smoothing.routes.LARGEST_CONIC", 2)
    rho, sigma = pair(5, 2)
    with pytest.warns(CertificationWarning):
        wide = smooth_max_relative_entropy(rho, sigma, 0.1, ball=TRACE)
    assert "method='path-following' asks for it" in notes(wide)
    asked = smooth_max_relative_entropy(rho, sigma, 0.1, ball=TRACE, method="path-following")
    assert asked.converged
    assert asked.interval.overlaps(wide.interval)


def test_a_large_block_is_not_given_to_scs_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The interval of the cheaper routes comes back, with a note that says how to ask for more."""
    monkeypatch.setattr("qentropy.smoothing.routes.LARGEST_CONIC", 2)
    monkeypatch.setattr("qentropy.smoothing.purified_path.LARGEST_BLOCK", 2)
    rho, sigma = random_state(3, rank=1, rng=1), random_state(3, rng=2)
    with pytest.warns(CertificationWarning):
        wide = smooth_max_relative_entropy(rho, sigma, 0.3, ball=PURIFIED)
    assert wide.report is not None
    assert any("method='conic' asks for it" in note for note in wide.report.notes)
    asked = smooth_max_relative_entropy(rho, sigma, 0.3, ball=PURIFIED, method="conic")
    assert asked.method == "conic"
    assert asked.interval.overlaps(wide.interval)
