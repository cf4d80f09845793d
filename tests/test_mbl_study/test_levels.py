"""Temperature, levels and gap ratios of spectra with known answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbl_study.levels import gibbs_weights, inverse_temperature, level_labels, level_spacing_ratio

energies = st.lists(st.floats(-50, 50), min_size=3, max_size=30).filter(
    lambda values: max(values) - min(values) > 1e-3
)


@given(energies, st.floats(-1, 1))
def test_gibbs_weights_are_boltzmann_factors(values: list[float], beta: float) -> None:
    """Weights are probabilities whose logarithms fall by ``beta`` per unit of energy."""
    spectrum = np.array(values)
    weights = gibbs_weights(spectrum, beta)
    assert weights.sum() == pytest.approx(1)
    ratios = np.log(weights) + beta * spectrum
    assert np.allclose(ratios, ratios[0], atol=1e-10)


def test_gibbs_weights_do_not_overflow() -> None:
    """Extreme temperatures put all the weight at one end of the spectrum."""
    spectrum = np.array([-1e4, 0.0, 1e4])
    assert gibbs_weights(spectrum, 1.0).tolist() == [1, 0, 0]
    assert gibbs_weights(spectrum, -1.0).tolist() == [0, 0, 1]


@given(energies, st.floats(-2, 2))
def test_temperature_reproduces_the_energy(values: list[float], beta: float) -> None:
    """The Gibbs state at the temperature found has the energy asked for, to rounding."""
    spectrum = np.array(values)
    energy = float(gibbs_weights(spectrum, beta) @ spectrum)
    found = inverse_temperature(spectrum, energy)
    if math.isfinite(found):
        width = spectrum.max() - spectrum.min()
        assert abs(float(gibbs_weights(spectrum, found) @ spectrum) - energy) <= 1e-13 * width


@pytest.mark.parametrize("beta", [-40.0, -3.0, -1e-3, -1e-9, 0.0, 1e-12, 0.05, 1.0, 15.0])
def test_temperature_of_two_levels(beta: float) -> None:
    """Levels 0 and 1 at mean energy ``1/(1 + e^beta)`` have inverse temperature ``beta``."""
    energy = 1 / (1 + math.exp(beta))
    found = inverse_temperature(np.array([0.0, 1.0]), energy)
    if abs(beta) < 20:
        # One ulp of the energy moves beta by 1 / variance of it.
        assert found == pytest.approx(beta, abs=4e-16 * (2 + 2 * math.cosh(beta)))
    else:
        assert found == math.copysign(math.inf, beta)


def test_temperature_far_from_the_first_guess() -> None:
    """A lonely low level: Newton from high temperature overshoots, the bracket holds it."""
    spectrum = np.concatenate([[-30.0], np.linspace(0, 1, 2000)])
    for energy in (-29.999, -15.0, -1.0, 0.2, 0.99, 0.9995):
        beta = inverse_temperature(spectrum, energy)
        assert float(gibbs_weights(spectrum, beta) @ spectrum) == pytest.approx(energy, abs=1e-11)


@pytest.mark.parametrize("offset", [0.0, 1e-14, 1e-13, 0.5])
def test_no_finite_temperature_at_the_edges(offset: float) -> None:
    """At an edge of the spectrum, to rounding or beyond it, ``beta`` is infinite, with its sign."""
    spectrum = np.array([-2.0, -2.0, 0.3, 5.0])
    assert inverse_temperature(spectrum, -2.0 - offset) == math.inf
    assert inverse_temperature(spectrum, 5.0 + offset) == -math.inf


def test_levels_within_the_tolerance_are_one() -> None:
    """Neighbours closer than the tolerance share a label, in order of energy."""
    labels, levels = level_labels(np.array([3.0, -4.0, 3.0 + 1e-13, 1.0, 3.0 - 2e-13]), 1e-12)
    assert labels.tolist() == [2, 0, 2, 1, 2]
    assert levels.tolist() == [-4.0, 1.0, 3.0 - 2e-13]
    assert level_labels(np.array([3.0, 3.0 + 1e-13, 4.0]), 0.0)[0].tolist() == [0, 1, 2]
    assert level_labels(np.zeros(3), 1e-12)[0].tolist() == [0, 0, 0]


def test_gap_ratio_of_poisson_levels() -> None:
    """Independent levels: ``2 ln 2 - 1 = 0.386294`` (Oganesyan and Huse 2007)."""
    spectrum = np.sort(np.random.default_rng(0).uniform(size=200_000))
    assert level_spacing_ratio(spectrum) == pytest.approx(2 * math.log(2) - 1, abs=3e-3)


def test_gap_ratio_of_the_orthogonal_ensemble() -> None:
    """Random real symmetric matrices: 0.5307(1) (Atas et al., Phys. Rev. Lett. 110, 084101)."""
    rng = np.random.default_rng(1)
    ratios = []
    for _ in range(60):
        matrix = rng.normal(size=(200, 200))
        ratios.append(level_spacing_ratio(np.linalg.eigvalsh(matrix + matrix.T)))
    # One ratio has a standard deviation near 0.26, and neighbours are nearly independent.
    assert np.mean(ratios) == pytest.approx(0.5307, abs=4 * 0.26 / math.sqrt(60 * 198))


def test_gap_ratio_of_even_and_degenerate_levels() -> None:
    """Equal gaps have ratio 1, a gap beside a degeneracy 0, and so have two degeneracies."""
    assert level_spacing_ratio(np.arange(10.0)) == 1
    assert level_spacing_ratio(np.array([0.0, 0.0, 1.0, 2.0])) == 0.5
    assert level_spacing_ratio(np.array([0.0, 1e-14, 2e-14, 1.0, 2.0])) == pytest.approx(1 / 3)
    assert level_spacing_ratio(np.zeros(4)) == 0
