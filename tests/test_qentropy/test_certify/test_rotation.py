"""An interval found in the eigenbasis of sigma holds for the pair that was given."""

from __future__ import annotations

import math

import numpy as np
import pytest
from exact import is_positive, largest_eigenvalue, matrix, normalised, rational, trace_norm
from flint import arb
from hostile_matrices import Array

from qentropy.blocks import one_group
from qentropy.certify.ratios import max_ratio
from qentropy.certify.rotation import RotationDefect, rotation_defect
from qentropy.certify.trace_ball import ratio_projector, smooth_lower
from qentropy.operators import StatePair, check_pair
from qentropy.states import random_state

CASES = [(c, size, real, kind) for c in (3, 8, 12) for size in (2, 4) for real in (True, False)
         for kind in ("independent", "near", "diagonal")]  # fmt: skip


def ill_conditioned(condition: int, size: int, real: bool, kind: str) -> StatePair:
    """A dense sigma with eigenvalues down to ``10**-condition``, and a state."""
    rng = np.random.default_rng([condition, size, real])
    spectrum = 10.0 ** -np.linspace(0, condition, size)
    sigma = random_state(size, spectrum=spectrum / spectrum.sum(), real=real, rng=rng)
    other = random_state(size, spectrum=spectrum / spectrum.sum(), real=real, rng=rng)
    rho = {"independent": other, "near": (sigma + other) / 2, "diagonal": np.diag(np.diag(sigma))}
    return check_pair(rho[kind], sigma)


@pytest.mark.parametrize(("condition", "size", "real", "kind"), CASES)
def test_value_of_the_original_pair_is_enclosed(
    condition: int, size: int, real: bool, kind: str
) -> None:
    """``2**D_max`` of the original floats lies between the bounds that the defect widens."""
    pair = ill_conditioned(condition, size, real, kind)
    rho, sigma, basis = pair.rotated()
    defect = rotation_defect(pair.rho, pair.sigma, basis, rho, sigma)
    whole, weight = matrix(pair.rho.dense()), matrix(pair.sigma.dense())
    exact = largest_eigenvalue(weight.inv() * normalised(whole))
    low = defect.lower(smooth_lower(rho, sigma, defect.distance, ratio_projector(rho, sigma)))
    high = defect.upper_at_rho(max_ratio(rho, sigma))
    assert arb(low) <= exact <= arb(high)
    assert high <= low * (1 + 1e-15 * 10**condition + 1e-12)
    assert defect.price < 1e-15 * 10**condition + 1e-12


@pytest.mark.parametrize(("condition", "size", "real", "kind"), CASES)
def test_price_bounds_the_change_of_sigma(condition: int, size: int, real: bool, kind: str) -> None:
    """``V^dagger sigma V`` is exactly within ``1 +- eta`` of the diagonal, and rho is near."""
    pair = ill_conditioned(condition, size, real, kind)
    rho, sigma, basis = pair.rotated()
    defect = rotation_defect(pair.rho, pair.sigma, basis, rho, sigma)
    turn, levels = matrix(basis.dense()), matrix(sigma.dense())
    turned = turn.transpose() * matrix(pair.sigma.dense()) * turn
    assert is_positive(levels * (1 + rational(defect.price)) - turned)
    assert is_positive(turned - levels * (1 - rational(defect.price)))
    state = turn.transpose() * matrix(pair.rho.dense()) * turn
    assert trace_norm(state - matrix(rho.dense())) <= arb(defect.distance)


@pytest.mark.parametrize("condition", [3, 12])
def test_diagonal_sigma_costs_nothing(condition: int) -> None:
    """A permutation rounds nothing, so a graded diagonal sigma keeps its full precision."""
    weights = 10.0 ** -np.linspace(0, condition, 4)
    pair = check_pair(random_state(4, rng=condition), np.diag(weights[[2, 0, 3, 1]]))
    defect = rotation_defect(pair.rho, pair.sigma, *_rest(pair))
    assert defect.price < 1e-14
    assert defect.distance < 1e-15


def _rest(pair: StatePair) -> tuple:
    rho, sigma, basis = pair.rotated()
    return basis, rho, sigma


def test_blocks_are_bounded_together() -> None:
    """Several blocks, of which sigma's eigenbasis splits one further."""
    rng = np.random.default_rng(3)
    rho, sigma = np.zeros((2, 5, 5), complex)
    for rows in (slice(0, 2), slice(2, 5)):
        size = rows.stop - rows.start
        spectrum = 10.0 ** -np.linspace(0, 9, size)
        rho[rows, rows] = random_state(size, rng=rng) / 2
        sigma[rows, rows] = random_state(size, spectrum=spectrum / spectrum.sum(), rng=rng) / 2
    pair = check_pair(rho, sigma)
    basis, turned, levels = _rest(pair)
    defect = rotation_defect(pair.rho, pair.sigma, basis, turned, levels)
    exact = largest_eigenvalue(matrix(pair.sigma.dense()).inv() * normalised(matrix(rho)))
    assert exact <= arb(defect.upper_at_rho(max_ratio(turned, levels)))
    assert 0 < defect.price < 1e-5


def test_wrong_basis_proves_nothing() -> None:
    """If the basis is far from unitary, or sigma singular, every bound is given up."""
    pair = ill_conditioned(3, 2, True, "near")
    rho, sigma, basis = pair.rotated()
    for defect in (
        rotation_defect(pair.rho, pair.sigma, basis.map(lambda g: 2 * g), rho, sigma),
        rotation_defect(pair.rho, pair.sigma, basis, rho, one_group(np.diag([1.0, 0.0]))),
    ):
        assert defect.lower(1.0) == 0
        assert defect.upper(1.0) == math.inf
        assert defect.upper_at_rho(1.0) == math.inf


def test_no_rotation_changes_nothing() -> None:
    """Without a rotation every bound is handed on as it is."""
    defect = RotationDefect()
    values: list[float] = [0.0, 0.3, 7.0, math.inf]
    assert [defect.lower(x) for x in values] == values
    assert [defect.upper(x) for x in values] == values
    assert [defect.upper_at_rho(x) for x in values] == values


def test_large_blocks_use_the_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the size for extended precision the bound is larger, and still one."""
    monkeypatch.setattr("qentropy.certify.rotation.SMALL", 1)
    pair = ill_conditioned(8, 4, False, "independent")
    basis, rho, sigma = _rest(pair)
    coarse = rotation_defect(pair.rho, pair.sigma, basis, rho, sigma)
    monkeypatch.undo()
    fine = rotation_defect(pair.rho, pair.sigma, basis, rho, sigma)
    assert fine.price < coarse.price < 1e-5
    exact = largest_eigenvalue(matrix(pair.sigma.dense()).inv() * matrix(pair.rho.dense()))
    assert exact <= arb(coarse.upper_at_rho(max_ratio(rho, sigma)))


def unitary_defect(values: Array) -> float:
    """How far a matrix is from unitary."""
    return float(abs(values.conj().T @ values - np.eye(len(values))).max())


def test_measured_basis_is_nearly_unitary() -> None:
    """The eigenvectors of LAPACK miss unitarity by rounding, which the distance contains."""
    pair = ill_conditioned(8, 4, False, "independent")
    basis, rho, sigma = _rest(pair)
    defect = rotation_defect(pair.rho, pair.sigma, basis, rho, sigma)
    assert unitary_defect(basis.dense()) < defect.distance < 1e-12
