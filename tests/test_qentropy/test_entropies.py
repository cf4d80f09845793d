"""Entropies of one state: known values, peers and laws."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import qutip
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import apply_channel, generators, states

from qentropy.divergences import petz_renyi_divergence
from qentropy.entropies import renyi_entropy, von_neumann_entropy
from qentropy.errors import InvalidParameterError
from qentropy.operators import partial_trace
from qentropy.states import maximally_mixed_state, random_unitary

ORDERS = [0, 0.5, 1 - 1e-9, 1, 1 + 1e-9, 2, 30, math.inf]
few = settings(max_examples=40)

SCHMIDT = np.outer(*[np.sqrt([0.9, 0, 0, 0.1])] * 2)
KNOWN = {
    # Closed form: zero for every order.
    "pure": (SCHMIDT, 1, 0.0),
    # Closed form: log2 d for every order.
    "1/5, order 1": (np.eye(5) / 5, 1, math.log2(5)),
    "1/5, order 0": (np.eye(5) / 5, 0, math.log2(5)),
    "1/5, order 3": (np.eye(5) / 5, 3, math.log2(5)),
    "1/5, order inf": (np.eye(5) / 5, math.inf, math.log2(5)),
    # Closed forms: log2 of the rank, -log2 of the purity, -log2 of the largest eigenvalue.
    "rank 2": (np.diag([0.9, 0.1, 0]), 0, 1.0),
    "purity": (np.diag([0.5, 0.25, 0.25]), 2, math.log2(8 / 3)),
    "largest": (np.diag([0.5, 0.25, 0.25]), math.inf, 1.0),
}


@pytest.mark.parametrize(("rho", "alpha", "expected"), KNOWN.values(), ids=KNOWN)
def test_known_values(rho: Any, alpha: float, expected: float) -> None:
    """Values in closed form; the source of each stands next to it in the table."""
    value = renyi_entropy(rho, alpha)
    assert isinstance(value, float)
    assert value == pytest.approx(expected, abs=2e-10)


def test_conditional_entropy_of_an_entangled_state() -> None:
    """Acceptance case 19: H(AB) - H(B) is -h(0.1) for Schmidt weights .9, .1, a closed form."""
    conditional = von_neumann_entropy(SCHMIDT) - von_neumann_entropy(
        partial_trace(SCHMIDT, (2, 2), 1)
    )
    assert conditional == pytest.approx(-0.4689955936, abs=1e-10)


@few
@given(states(st.integers(2, 6)))
def test_against_qutip(rho: Any) -> None:
    """QuTiP's von Neumann entropy is the same number."""
    expected = qutip.entropy_vn(qutip.Qobj(rho), base=2)
    assert von_neumann_entropy(rho) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("alpha", [0.01, 0.5, 1 - 2.0**-30, 1 + 2.0**-30, 2, 500])
def test_against_high_precision(alpha: float) -> None:
    """The Rényi entropy agrees with 60-digit arithmetic to 14 digits, close to order 1 too."""
    p = [0.5, 0.25, 0.1875, 0.0625]
    before, ctx.dps = ctx.dps, 60
    power = sum((arb(x) ** arb(alpha) for x in p), arb(0))
    expected = float(power.log() / arb(2).log() / (1 - arb(alpha)))
    ctx.dps = before
    assert renyi_entropy(np.diag(p), alpha) == pytest.approx(expected, rel=1e-14)


@few
@given(states())
def test_range_and_order(rho: Any) -> None:
    """Every entropy lies between 0 and log2 d, and decreases with the order."""
    values = [renyi_entropy(rho, alpha) for alpha in ORDERS]
    assert all(0 <= value <= math.log2(len(rho)) for value in values)
    assert all(low <= high + 1e-8 for high, low in pairwise(values))
    assert values[3] == von_neumann_entropy(rho)
    assert renyi_entropy(rho, 1e308) == pytest.approx(values[-1], abs=1e-13)


@few
@given(states(st.integers(1, 4)), states(2), st.sampled_from(ORDERS))
def test_additive(first: Any, second: Any, alpha: float) -> None:
    """The entropy of a tensor product is the sum of the entropies."""
    total = renyi_entropy(first, alpha) + renyi_entropy(second, alpha)
    assert renyi_entropy(np.kron(first, second), alpha) == pytest.approx(total, abs=1e-7)


@few
@given(states(3), generators(), st.sampled_from(ORDERS))
def test_invariant_under_an_isometry(rho: Any, rng: np.random.Generator, alpha: float) -> None:
    """A unitary, and an embedding into a larger space, change nothing."""
    image = apply_channel(random_unitary(5, rng=rng)[None, :, :3], rho)
    assert renyi_entropy(image, alpha) == pytest.approx(renyi_entropy(rho, alpha), abs=1e-7)


@few
@given(states(), st.sampled_from([0, 0.5, 1, 2, 7]))
def test_entropy_is_a_divergence_from_the_identity(rho: Any, alpha: float) -> None:
    """H_alpha(rho) = -D_alpha(rho||1)."""
    divergence = petz_renyi_divergence(rho, np.eye(len(rho)), alpha)
    assert renyi_entropy(rho, alpha) == pytest.approx(-divergence, abs=1e-7)


@few
@given(states(4, real=False, diagonal=False))
def test_pure_bipartite_marginals_have_equal_entropy(rho: Any) -> None:
    """H(A) = H(B) for a pure state of two systems."""
    purification = np.linalg.eigh(rho)[1][:, 0]
    pure = np.outer(purification, purification.conj())
    first, second = (von_neumann_entropy(partial_trace(pure, (2, 2), k)) for k in (0, 1))
    assert first == pytest.approx(second, abs=1e-12)


@few
@given(states(8))
def test_strong_subadditivity(rho: Any) -> None:
    """H(AB) + H(BC) >= H(ABC) + H(B)."""
    ab, bc, b = (
        von_neumann_entropy(partial_trace(rho, (2, 2, 2), keep)) for keep in ((0, 1), (1, 2), 1)
    )
    assert ab + bc + 1e-12 >= von_neumann_entropy(rho) + b


def test_stack_equals_loop() -> None:
    """A stack gives an array with the value of each state."""
    rho = np.array([maximally_mixed_state(3), np.diag([1.0, 0, 0]), np.diag([0.5, 0.5, 0])])
    assert von_neumann_entropy(rho) == pytest.approx([math.log2(3), 0, 1])
    assert renyi_entropy(rho[None], 0).shape == (1, 3)


@pytest.mark.parametrize("alpha", [-0.1, math.nan, 1j, True, "1", None])
def test_order_out_of_range(alpha: Any) -> None:
    """An order that is not a number from 0 on is refused."""
    with pytest.raises(InvalidParameterError, match="alpha must be a real number"):
        renyi_entropy(maximally_mixed_state(2), alpha)
