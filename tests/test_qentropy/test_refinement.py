"""From proofs to a certified value: the second try, the ends, the points, the warning."""

from __future__ import annotations

import math

import numpy as np
import pytest

from qentropy.errors import CertificationWarning, SolverError
from qentropy.refinement import Proof, certified, logarithm, warn_if_wide
from qentropy.results import CertifiedValue


def proof(lower: float, upper: float, mark: float) -> Proof:
    """Points that carry a mark."""
    return Proof(lower, upper, np.full((1, 1), mark), np.full((1, 1), -mark), "solved", 7)


def run(*proofs: Proof | Exception, **options: object) -> tuple[CertifiedValue, list[float]]:
    """The result, and the tolerances that were asked for."""
    asked: list[float] = []
    supply = iter(proofs)

    def attempt(tolerance: float) -> Proof:
        asked.append(tolerance)
        found = next(supply)
        if isinstance(found, Exception):
            raise found
        return found

    options = {"value_is_lower": False} | options
    return certified(attempt, 1e-6, logarithm, **options), asked  # type: ignore[arg-type]


def test_a_narrow_first_proof_is_enough() -> None:
    """One call of the solver."""
    result, asked = run(proof(2.0, 2.0, 1))
    assert asked == [1e-8]
    assert result.converged
    assert result.report.iterations == 7


def test_the_better_end_of_two_proofs_keeps_its_point() -> None:
    """The upper end comes from the first, the lower one from the second."""
    result, asked = run(proof(1.0, 4.0, 1), proof(2.0, 8.0, 2))
    assert asked == [1e-8, 1e-10]
    assert (1.0 in result.interval, 2.0 in result.interval) == (True, True)
    assert (result.state[0, 0], result.witness[0, 0]) == (1, -2)
    result, _ = run(proof(1.0, 4.0, 1), proof(2.0, 8.0, 2), value_is_lower=True)
    assert (result.state[0, 0], result.witness[0, 0]) == (2, -1)
    assert result.value == result.lower


def test_a_failed_second_try_leaves_the_first() -> None:
    """But a failed first one is an error."""
    result, _ = run(proof(1.0, 4.0, 1), SolverError("no"))
    assert 2.0 in result.interval
    with pytest.raises(SolverError):
        run(SolverError("no"))


def test_logarithms_of_both_signs() -> None:
    """Zero and infinity included."""
    assert logarithm(0.0, math.inf).width == math.inf
    assert 3.0 in logarithm(8.0, 8.0)
    assert -3.0 in logarithm(8.0, 8.0, sign=-1)
    assert logarithm(0.0, 1.0, sign=-1).upper == math.inf


def test_only_a_wide_interval_warns() -> None:
    """It comes back unchanged either way."""
    narrow, _ = run(proof(2.0, 2.0, 1))
    assert warn_if_wide(narrow) is narrow
    wide, _ = run(proof(1.0, 4.0, 1), proof(1.0, 4.0, 1))
    with pytest.warns(CertificationWarning, match="relative gap is 3"):
        assert warn_if_wide(wide) is wide
