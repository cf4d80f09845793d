"""The extension of the trace-distance lemma, and the bounds of its rounding."""

import numpy as np
import pytest

from qentropy import states
from qentropy.blocks import Array
from qentropy.errors import DimensionMismatchError
from qentropy.lemmas import ensemble_extension as module
from qentropy.lemmas.classical_quantum import ensemble_state, from_parts
from qentropy.lemmas.ensemble_extension import (
    EnsembleExtension,
    ensemble_extension,
    part_factors,
    side_by_side,
)
from qentropy.lemmas.fidelities import fidelity_interval
from qentropy.lemmas.search import RecordedNormals

DIMS = (3, 4)


def constructed(rank: int, seed: int = 3) -> EnsembleExtension:
    """An extension of an ensemble of this rank to a marginal of this rank."""
    normals = RecordedNormals(np.random.default_rng(seed))
    rho_ab = ensemble_state(normals, DIMS, rank, unused=1)
    return ensemble_extension(rho_ab, states.random_state(3, rank=rank, rng=seed), DIMS)


def changed(extension: EnsembleExtension, **matrices: Array) -> EnsembleExtension:
    """The extension with other matrices."""
    return EnsembleExtension(**{**vars(extension), **matrices})


def fidelity_gap(extension: EnsembleExtension) -> float:
    """How far the fidelity of the marginals is above that of the ensembles."""
    factors = [part_factors(x) for x in (extension.parts, extension.pieces)]
    whole = fidelity_interval(factors[0], factors[1])
    return fidelity_interval(*map(side_by_side, factors)).lower - whole.upper


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_rounding_is_bounded_and_small(rank: int, seed: int) -> None:
    """The bounds hold, at 1e-13 for the marginal and at the root of that for the fidelity."""
    extension = constructed(rank, seed)
    gap = np.linalg.norm(extension.pieces.sum(axis=0) - extension.target)
    assert gap <= extension.marginal_error() < 1e-12
    assert fidelity_gap(extension) <= extension.fidelity_error() < 1e-5


@pytest.mark.parametrize("least", [1e-8, 1e-14, 1e-18])
def test_small_eigenvalues_of_the_marginal(least: float) -> None:
    """Division by them spoils neither the marginal nor the bounds, which stay small."""
    turn = states.random_unitary(3, rng=5)
    parts = np.zeros((2, 3, 3), complex)
    for outcome, spectrum in enumerate(([0.6, 1e-4, least], [0.4 - 1e-4, least, least])):
        parts[outcome] = (turn * spectrum) @ turn.conj().T
    parts = (parts + parts.conj().swapaxes(1, 2)) / 2
    parts /= np.trace(parts.sum(axis=0)).real
    sigma_a = states.random_state(3, rng=6)
    extension = ensemble_extension(from_parts(parts), sigma_a, (3, 2))
    gap = np.linalg.norm(extension.pieces.sum(axis=0) - sigma_a)
    assert gap <= extension.marginal_error() < 1e-12
    assert fidelity_gap(extension) <= extension.fidelity_error() < 1e-3
    assert np.linalg.eigvalsh(extension.effects).min() > -1e-15


@pytest.mark.parametrize("name", ["pieces", "effects", "turned", "target"])
def test_a_matrix_that_is_off_raises_the_bound_of_the_marginal(name: str) -> None:
    """Whichever matrix is off by 1e-3, the bound still holds, and by no trust in the others."""
    extension = constructed(2)
    for sign in (-1, 1):
        worse = changed(extension, **{name: getattr(extension, name) * (1 + sign * 1e-3)})
        gap = np.linalg.norm(worse.pieces.sum(axis=0) - worse.target)
        assert max(gap, 1e-4) <= worse.marginal_error() < 0.1


@pytest.mark.parametrize("name", ["pieces", "effects", "turned", "root"])
def test_a_matrix_that_is_off_raises_the_bound_of_the_fidelity(name: str) -> None:
    """So does the bound of the fidelity, for matrices that do not belong together."""
    extension, other = constructed(2), constructed(2, seed=8)
    worse = changed(extension, **{name: getattr(other, name)})
    assert max(fidelity_gap(worse), 1e-3) <= worse.fidelity_error()


def test_eigenvectors_are_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Singular vectors that are wrong make a large bound, not a small false one."""
    right = np.linalg.svd
    turn = states.random_unitary(3, rng=1)
    monkeypatch.setattr(module.np.linalg, "svd", lambda x: (turn @ right(x)[0], *right(x)[1:]))
    extension = constructed(3)
    assert extension.marginal_error() < 1e-12  # any unitary does for the marginal
    assert 0.01 < fidelity_gap(extension) <= extension.fidelity_error()


def test_the_marginal_must_act_on_a() -> None:
    """Other sizes are refused."""
    with pytest.raises(DimensionMismatchError, match="shape"):
        ensemble_extension(np.eye(4) / 4, np.eye(3) / 3, (2, 2))
