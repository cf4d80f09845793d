"""The root of ``Tr(rho - lambda sigma)_+ = e``, and what is positive there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from smoothing_problems import problem
from strategies import Array, pairs

from qentropy import direct_sum
from qentropy.smoothing.threshold import positive_parts


@given(pairs(st.integers(1, 4)), st.sampled_from([1e-9, 1e-3, 0.05, 0.2, 0.5, 0.9]))
@settings(max_examples=60)
def test_root_solves_the_equation(pair: tuple[Array, Array], radius: float) -> None:
    """``Tr(rho - lambda sigma)_+`` is e at the root."""
    task = problem(*pair, radius)
    level = task.cut.level
    gaps = np.linalg.eigvalsh(task.rho.dense() - level * task.sigma.dense())
    assert np.maximum(gaps, 0).sum() == pytest.approx(radius, abs=1e-10 * max(1, level))


@pytest.mark.parametrize("radius", [1e-9, 1e-4, 0.1, 0.5])
@pytest.mark.parametrize("spread", [1.0, 6.0, 14.0])
def test_root_in_large_blocks(spread: float, radius: float) -> None:
    """There single precision shows where to go, for whatever level, radius and spread of sigma."""
    rng = np.random.default_rng(int(spread))
    first, second = np.linalg.qr(rng.normal(size=(2, 70, 70)))[0]
    values = np.logspace(0, -spread, 70)
    sigma = second * (values / values.sum()) @ second.T
    for kept in (9, 70):
        weights = np.arange(kept) + 1.0
        rho = first[:, :kept] * (weights / weights.sum()) @ first[:, :kept].T
        task = problem(rho, sigma, radius)
        level = task.cut.level
        gaps = np.linalg.eigvalsh(task.rho.dense() - level * task.sigma.dense())
        assert np.maximum(gaps, 0).sum() == pytest.approx(radius, abs=1e-11 * max(1, level))


@pytest.mark.parametrize("size", [6, 70])
@pytest.mark.parametrize("real", [True, False])
def test_positive_parts_are_those_of_a_full_decomposition(size: int, real: bool) -> None:
    """Few or many positive eigenvalues, or none, in small blocks and in large ones."""
    rng = np.random.default_rng(size)
    raw = rng.normal(size=(3, size, size)) + (0 if real else 1j * rng.normal(size=(3, size, size)))
    group = raw + raw.conj().swapaxes(-1, -2)
    top = np.linalg.eigvalsh(group)[:, -1]
    shifts = np.array([0.0, 0.9 * top[1], top[2] + 1])
    group = group - shifts[:, None, None] * np.eye(size)
    whole = direct_sum([group])
    ((values, vectors),) = positive_parts(whole, whole.map(np.zeros_like), 1.0)
    exact_values, exact_vectors = np.linalg.eigh(group)
    expected = (
        exact_vectors * np.maximum(exact_values, 0)[:, None, :]
    ) @ exact_vectors.conj().swapaxes(-1, -2)
    found = (vectors * values[:, None, :]) @ vectors.conj().swapaxes(-1, -2)
    assert np.allclose(found, expected, atol=1e-12 * size)
    assert not values[2].any()
    assert values.shape[1] == vectors.shape[2] == (exact_values > 0).sum(axis=1).max()


def test_a_problem_is_cut_once() -> None:
    """What several routes need is found once; its directions are those of the positive part."""
    basis = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    task = problem(basis * [0.7, 0.2, 0.1] @ basis.T, np.eye(3) / 3, 0.3)
    assert task.cut is task.cut
    (direction,) = task.cut.directions
    assert np.allclose(np.abs(basis.T @ direction)[:, 0], [1, 0, 0])
    assert task.cut.level * float(task.sigma.trace) == pytest.approx(1.2)
    assert task.order_of_magnitude == 0.5
