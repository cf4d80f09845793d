"""Bounds of the errors of a computed evolution, against exact arithmetic and other routes."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.linalg import expm

from qentropy import states
from qentropy.errors import DimensionMismatchError, InvalidStateError, ResourceLimitError
from qentropy.lemmas.collision_models import (
    collision_error,
    evolution_error,
    poisson_tail,
    poisson_terms,
    squared_norm_bound,
    weight_defect,
    whole_space_model,
)

SWAP = np.eye(4)[[0, 2, 1, 3]]


def exact_poisson(mean: Fraction, count: int) -> list[Fraction]:
    """Poisson probabilities to fifty digits: the exponential is summed in rational arithmetic."""
    series = sum((mean**k / math.factorial(k) for k in range(200)), Fraction(0))
    return [mean**m / math.factorial(m) / series for m in range(count)]


@pytest.mark.parametrize("mean", [0.01, 0.7, 3.3, 20.0])
def test_poisson_probabilities_have_their_relative_error(mean: float) -> None:
    """Terms of the recurrence agree with rational arithmetic within the bound."""
    terms, error = poisson_terms(mean, 40)
    for term, exact in zip(terms.tolist(), exact_poisson(Fraction(mean), 40), strict=True):
        assert abs(Fraction(term) - exact) <= Fraction(error) * exact
    assert error < 1e-13


@pytest.mark.parametrize(("mean", "count"), [(0.5, 1), (0.5, 4), (3.0, 12)])
def test_the_tail_is_bounded_from_above(mean: float, count: int) -> None:
    """The bound of the tail is above what the first terms lack, and not far above."""
    missing = float(1 - sum(exact_poisson(Fraction(mean), count)))
    assert missing <= poisson_tail(mean, count) <= 1.5 * missing
    assert poisson_tail(mean, count, 1.1) > poisson_tail(mean, count)


def test_a_tail_that_starts_before_the_mean_has_no_bound() -> None:
    """The geometric series needs a count above the mean."""
    assert poisson_tail(5.0, 3) == math.inf


def test_too_many_collisions_are_refused() -> None:
    """Above 500 expected collisions the probability of none is too small for the recurrence."""
    with pytest.raises(ResourceLimitError):
        poisson_terms(501.0, 3)
    assert poisson_terms(500.0, 3)[0][0] > 0


def test_weights_are_compared_with_poisson_probabilities() -> None:
    """A wrong weight counts in full."""
    terms, _ = poisson_terms(1.0, 5)
    assert weight_defect(1.0, terms) < 1e-13
    terms[2] += 0.125
    assert 0.125 <= weight_defect(1.0, terms) < 0.1251


def test_norm_bounds() -> None:
    """A unitary has norm one up to rounding, a multiple of it does not."""
    u = states.random_unitary(4, rng=1)
    assert 1 <= squared_norm_bound([u]) < 1 + 1e-12
    assert squared_norm_bound([u, 1.01 * u]) >= 1.01**2
    assert squared_norm_bound([]) < 1 + 1e-15
    assert 0 < collision_error(2, 1) < collision_error(8, 5) < 1e-12


def test_the_evolution_lies_within_its_error() -> None:
    """The exponential of the Liouvillian as a matrix is within the bound and its own rounding."""
    unitaries = np.stack([states.random_unitary(3, rng=k) for k in (1, 2)])
    model, rho = whole_space_model(3, unitaries, [0.5, 1.5]), states.random_state(3, rng=3)
    generator = sum(
        rate * (np.kron(u, u.conj()) - np.eye(9))
        for rate, u in zip((0.5, 1.5), unitaries, strict=True)
    )
    exact = (expm(1.2 * generator) @ rho.ravel()).reshape(3, 3)
    for tolerance in (1e-14, 1e-6, 1e-2):
        error = evolution_error(model, rho, 1.2, tolerance)
        gap = np.linalg.norm(model.evolve(rho, 1.2, tolerance=tolerance) - exact)
        assert gap <= error + 1e-14
        assert error < 1e-12 + 2.5 * tolerance


def test_a_model_of_the_whole_space() -> None:
    """Unitaries and rates become collisions of one system, and energies are checked."""
    model = whole_space_model(4, [SWAP, np.eye(4)], [1.0, 0.5], energies=[0, 1, 1, 2])
    assert [c.rate for c in model.collisions] == [1.0, 0.5]
    assert (model.dimension, model.copies) == (4, 1)
    with pytest.raises(InvalidStateError):
        whole_space_model(4, [SWAP], [1.0], energies=[0, 1, 2, 3])
    with pytest.raises(DimensionMismatchError):
        whole_space_model(4, [SWAP], [1.0, 2.0])
    with pytest.raises(DimensionMismatchError):
        whole_space_model(3, [SWAP], [1.0])
