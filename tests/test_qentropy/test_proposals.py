"""Proposals: the points satisfy their constraints, and both sides of a program meet."""

from __future__ import annotations

import numpy as np
import pytest
from bipartite_cases import RANDOM, choi

from qentropy import proposals
from qentropy.bipartite import swapped
from qentropy.errors import ResourceLimitError
from qentropy.operators import partial_trace

CLOSE = 1e-6


def is_nearly_positive(*matrices: np.ndarray) -> bool:
    """No eigenvalue is below rounding of the solver."""
    return all(np.linalg.eigvalsh(m)[0] > -CLOSE for m in matrices)


@pytest.mark.parametrize("name", RANDOM)
def test_least_marginal(name: str) -> None:
    """``1 (x) Y >= rho``, ``Tr_A W <= 1``, and ``Tr Y = Tr rho W``."""
    rho, dims = RANDOM[name]
    points = proposals.least_marginal(rho, dims, 1e-9)
    price = partial_trace(points.dual, dims, 1)
    assert is_nearly_positive(
        np.kron(np.eye(dims[0]), points.marginal) - rho, points.dual, np.eye(dims[1]) - price
    )
    assert np.trace(points.marginal).real == pytest.approx(np.trace(rho @ points.dual).real)


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("purified", [True, False])
@pytest.mark.parametrize("name", RANDOM)
def test_least_marginal_near(name: str, purified: bool, normalized: bool) -> None:
    """X below ``1 (x) Y`` and of the right trace, ``Tr_A W <= 1``."""
    rho, dims = RANDOM[name]
    points = proposals.least_marginal_near(
        rho, dims, 0.2, purified=purified, normalized=normalized, tolerance=1e-9
    )
    price = partial_trace(points.dual, dims, 1)
    room = np.kron(np.eye(dims[0]), points.marginal) - points.state
    assert is_nearly_positive(room, points.state, points.dual, np.eye(dims[1]) - price)
    trace = np.trace(points.state).real
    assert trace < 1 + CLOSE
    assert trace > 1 - CLOSE or not normalized
    assert (points.tilt.size == 0) is purified


@pytest.mark.parametrize("name", RANDOM)
def test_largest_fidelity(name: str) -> None:
    """A state sigma, and a positive Z."""
    rho, dims = RANDOM[name]
    points = proposals.largest_fidelity(rho, dims, 1e-9)
    assert np.trace(points.marginal).real == pytest.approx(1)
    assert is_nearly_positive(points.marginal, points.dual)


def test_distinguishing() -> None:
    """``K <= 1 (x) rho``, ``Z >= J``, and both values meet; with a kernel K is small."""
    gap = swapped(choi(np.diag([1, 1j])) - choi(np.eye(2)), (2, 2))
    points = proposals.distinguishing(gap, (2, 2), 1e-9)
    value = np.linalg.eigvalsh(partial_trace(points.dual, (2, 2), 1))[-1]
    room = np.kron(np.eye(2), points.marginal) - points.state
    assert is_nearly_positive(room, points.state, points.dual, points.dual - gap)
    assert np.trace(gap @ points.state).real == pytest.approx(value)
    inside = proposals.distinguishing(gap, (2, 2), 1e-9, kernel=np.eye(4)[:, :3])
    assert inside.state.shape == (3, 3)


def test_problem_beyond_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The estimate is compared with the memory before anything is allocated."""
    monkeypatch.setattr("qentropy.blocks.os.sysconf", lambda name: 1)
    with pytest.raises(ResourceLimitError, match="conic program"):
        proposals.least_marginal(*RANDOM["qubits"], 1e-9)
