"""States on two systems with known entropies, channels, and what a broken solver hands over."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from strategies import Array

from qentropy import proposals
from qentropy.errors import CertificationWarning
from qentropy.results import CertifiedValue
from qentropy.states import (
    classical_quantum_state,
    isotropic_state,
    maximally_entangled_state,
    random_state,
    random_unitary,
    werner_state,
)

HALF_A_DIGIT = 6e-10  # the tables print nine or ten digits
# A fidelity is the root of what rounding adds to a singular state, about the root of 1e-16 times d.
ROUNDING = 1e-7


class Known(NamedTuple):
    """A state on A (x) B and what is known of it, in bits."""

    name: str
    rho: Array
    dims: tuple[int, int]
    min_entropy: float | None = None
    max_entropy: float | None = None
    max_information: float | None = None


def pure(*amplitudes: complex) -> Array:
    """The pure state with these amplitudes, up to a factor."""
    ket = np.array(amplitudes) / np.linalg.norm(amplitudes)
    return np.outer(ket, ket.conj())


SCHMIDT = pure(math.sqrt(0.9), 0, 0, math.sqrt(0.1))
SPIKE = np.diag([0.5] + 7 * [0.5 / 7])
BB84 = [pure(1, 0), pure(0, 1), pure(1, 1), pure(1, -1)]
JOINT = np.array([[1 / 2, 1 / 16], [1 / 8, 5 / 16]])  # p(a, b), exact in binary

KNOWN = [
    *(
        Known(
            f"Phi_{d}",
            maximally_entangled_state(d),
            (d, d),
            -math.log2(d),
            -math.log2(d),
            2 * math.log2(d),
        )
        for d in (2, 3)
    ),
    Known(
        "product",
        np.kron(np.diag([0.8, 0.2]), np.diag([0.3, 0.7])),
        (2, 2),
        0.3219280949,
        2 * math.log2(math.sqrt(0.8) + math.sqrt(0.2)),
        0.0,
    ),
    Known(
        "two states of overlap 1/2",
        classical_quantum_state([0.5] * 2, [pure(1, 0), pure(1, 1)]),
        (2, 2),
        0.2284466968,
    ),
    Known("BB84", classical_quantum_state([0.25] * 4, BB84), (4, 2), 1.0),
    Known(
        "maximum likelihood",
        classical_quantum_state([0.6, 0.4], [np.diag([0.9, 0.1]), np.diag([0.2, 0.8])]),
        (2, 2),
        0.2175914351,
    ),
    Known("isotropic, noise 0.1", isotropic_state(2, 0.1), (2, 2), -0.8875252707),
    Known("isotropic, noise 0.5", isotropic_state(2, 0.5), (2, 2), -0.3219280949),
    Known("Werner", werner_state(3, 0.2), (3, 3), 0.3219280949),
    Known("Schmidt", SCHMIDT, (2, 2), -0.6780719051, -0.1520030934, 2.0),
    Known("no B", SPIKE, (8, 1), 1.0, 2 * math.log2(math.sqrt(0.5) + 7 * math.sqrt(0.5 / 7)), 0.0),
    Known("no A", SPIKE, (1, 8), 0.0, 0.0, 0.0),
    Known(
        "classical",
        np.diag(JOINT.ravel()),
        (2, 2),
        -math.log2(13 / 16),
        math.log2((np.sqrt(JOINT).sum(axis=0) ** 2).sum()),
        math.log2(8 / 9 + 5 / 7),
    ),
    Known(
        "singular marginals", np.kron(pure(1, 1j), np.diag([0.5, 0.5, 0.0])), (2, 3), 0.0, 0.0, 0.0
    ),
]
"""Acceptance cases 5 to 8, 10, 15, 17 and 19, and closed forms of classical and product states."""

RANDOM = {
    "qubits": (random_state(4, rng=1), (2, 2)),
    "real, low rank": (random_state(6, rank=2, real=True, rng=2), (3, 2)),
    "pure": (random_state(6, rank=1, rng=3), (2, 3)),
    "graded": (random_state(4, spectrum=np.array([0.9, 0.09, 0.009, 0.001]), rng=4), (2, 2)),
}


def choi(*kraus: Array) -> Array:
    """Choi operator, the input first, of the channel with these Kraus operators."""
    kets = [np.asarray(operator).T.ravel() for operator in kraus]
    return sum(np.outer(ket, np.conj(ket)) for ket in kets)


def classical_channel(probabilities: Any) -> Array:
    """Choi operator of the channel that goes from x to y with probability ``p[x][y]``."""
    return np.diag(np.asarray(probabilities, dtype=float).ravel())


def random_channel(dims: tuple[int, int], rank: int, seed: int) -> Array:
    """Choi operator of a random channel with this many Kraus operators."""
    isometry = random_unitary(rank * dims[1], rng=seed)[:, : dims[0]]
    return choi(*isometry.reshape(rank, dims[1], dims[0]))


def quietly(function: Callable[..., CertifiedValue], *data: Any, **options: Any) -> CertifiedValue:
    """The result, wide or not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CertificationWarning)
        return function(*data, **options)


def assert_known(result: CertifiedValue, value: float) -> None:
    """The interval holds the printed value and is as narrow as was asked for."""
    assert result.lower - HALF_A_DIGIT <= value <= result.upper + HALF_A_DIGIT
    assert result.converged
    assert result.value in {result.lower, result.upper}


def _noise(matrix: Array) -> Array:
    rng = np.random.default_rng(7)
    return rng.normal(size=matrix.shape) + 1j * rng.normal(size=matrix.shape)


SPOILS: dict[str, Callable[[Array], Array]] = {
    "sign flipped": lambda m: -m,
    "doubled": lambda m: 2 * m,
    "halved": lambda m: m / 2,
    "transposed": lambda m: m.T,
    "reversed": lambda m: m[::-1, ::-1],
    "noisy": lambda m: m + 1e-3 * (_noise(m) + _noise(m).conj().T),
    "not Hermitian": lambda m: m + 1e-3 * _noise(m),
    "NaN": lambda m: np.full_like(m, np.nan),
    "infinite": lambda m: m + np.diag([np.inf] + [0.0] * (len(m) - 1)),
    "zero": np.zeros_like,
    "identity": lambda m: np.eye(len(m)),
    "huge": lambda m: 1e100 * m,
    "subnormal": lambda m: np.full_like(m, 5e-324),
}
PROPOSERS = ("distinguishing", "largest_fidelity", "least_marginal", "least_marginal_near")
POINTS = ("marginal", "dual", "state", "tilt")


def break_solver(monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Array], Array]) -> None:
    """Have every proposer spoil all of its matrices."""

    def broken(propose: Callable[..., proposals.Points]) -> Callable[..., proposals.Points]:
        def spoiled(*data: Any, **options: Any) -> proposals.Points:
            points = propose(*data, **options)
            changed = {n: getattr(points, n) for n in POINTS if getattr(points, n).size}
            return dataclasses.replace(points, **{n: spoil(m) for n, m in changed.items()})

        return spoiled

    for name in PROPOSERS:
        original = getattr(proposals, name)
        monkeypatch.setattr(proposals, name, broken(original))
