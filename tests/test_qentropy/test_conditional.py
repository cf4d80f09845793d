"""Conditional min- and max-entropy, max-information: known answers, laws, broken solvers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from bipartite_cases import (
    KNOWN,
    RANDOM,
    ROUNDING,
    SPOILS,
    Known,
    assert_known,
    break_solver,
    quietly,
)
from exact import is_positive, largest_eigenvalue, matrix, trace
from hypothesis import given, settings
from strategies import Array, apply_channel, channels, states

from qentropy import (
    conditional_max_entropy,
    conditional_min_entropy,
    fidelity,
    max_mutual_information,
    max_relative_entropy,
)
from qentropy.errors import (
    CertificationWarning,
    DimensionMismatchError,
    InvalidParameterError,
    InvalidStateError,
)
from qentropy.operators import partial_trace
from qentropy.states import random_state, random_unitary

QUANTITIES = (conditional_min_entropy, conditional_max_entropy, max_mutual_information)
FIELDS = dict(zip(QUANTITIES, ("min_entropy", "max_entropy", "max_information"), strict=True))
names = pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda f: f.__name__)


@names
@pytest.mark.parametrize("case", KNOWN, ids=[case.name for case in KNOWN])
def test_known_answer_lies_in_a_narrow_interval(case: Known, quantity: Callable[..., Any]) -> None:
    """Acceptance cases 5 (König, Renner, Schaffner), 6, 7 (Helstrom), 8, 10, 15, 17 and 19.

    Case 10 is the chance of the maximum likelihood guess; the others are closed forms.
    """
    value = getattr(case, FIELDS[quantity])
    result = quantity(case.rho, case.dims)
    assert result.converged
    if value is not None:
        assert_known(result, value)


def purified(rho: Array) -> Array:
    """A pure state on A (x) B (x) C whose marginal on A (x) B is rho."""
    values, vectors = np.linalg.eigh(rho)
    ket = (vectors * np.sqrt(np.maximum(values, 0))).ravel()
    return np.outer(ket, ket.conj())


@pytest.mark.parametrize("name", RANDOM)
def test_duality(name: str) -> None:
    """``H_max(A|B) = -H_min(A|C)`` for a purification: two programs, two certificates."""
    rho, (first, second) = RANDOM[name]
    other = partial_trace(purified(rho), (first, second, first * second), (0, 2))
    left = conditional_max_entropy(rho, (first, second))
    right = conditional_min_entropy(other, (first, first * second))
    assert left.lower <= -right.lower + 1e-7
    assert -right.upper <= left.upper + 1e-7


def test_duality_of_the_min_entropy_of_a_pure_state() -> None:
    """For a pure state C is trivial: ``H_min(A|B) = -H_max(A)``, a closed form."""
    rho, dims = RANDOM["pure"]
    values = np.linalg.eigvalsh(partial_trace(rho, dims, 0))
    assert_known(conditional_min_entropy(rho, dims), -2 * math.log2(np.sqrt(values).sum()))


@given(states(6), channels(3, 2))
@settings(max_examples=15)
def test_data_processing_on_the_side(rho: Array, kraus: Array) -> None:
    """A channel on B raises both entropies and lowers the max-information."""
    lifted = np.array([np.kron(np.eye(2), k) for k in kraus])
    image = apply_channel(lifted, rho)
    before = [quietly(f, rho, (2, 3)) for f in QUANTITIES]
    after = [quietly(f, image, (2, 2)) for f in QUANTITIES]
    assert after[0].upper >= before[0].lower - ROUNDING
    assert after[1].upper >= before[1].lower - ROUNDING
    assert after[2].lower <= before[2].upper + ROUNDING


@given(states(4))
@settings(max_examples=15)
def test_order_and_range(rho: Array) -> None:
    """``-log2 d <= H_min <= H_max <= log2 d_A``, and ``0 <= I_max <= 2 log2 d``."""
    low, high, information = (quietly(f, rho, (2, 2)) for f in QUANTITIES)
    assert low.upper >= -1 - ROUNDING
    assert low.lower <= high.upper + ROUNDING
    assert high.lower <= 1 + ROUNDING
    assert information.upper >= -ROUNDING
    assert information.lower <= 2 + ROUNDING


@names
@pytest.mark.parametrize("name", RANDOM)
def test_local_bases_do_not_matter(name: str, quantity: Callable[..., Any]) -> None:
    """A complex local rotation of a real or complex state leaves the value where it was."""
    rho, dims = RANDOM[name]
    turn = np.kron(*(random_unitary(d, rng=d) for d in dims))
    turned = turn @ rho @ turn.conj().T
    first, second = quantity(rho, dims), quantity((turned + turned.conj().T) / 2, dims)
    assert first.lower <= second.upper + ROUNDING
    assert second.lower <= first.upper + ROUNDING


@pytest.mark.parametrize("name", RANDOM)
def test_entropies_add_up(name: str) -> None:
    """All three are additive under tensor products with another state on A' (x) B'."""
    rho, (first, second) = RANDOM[name]
    other = random_state(4, rng=9)
    tensor = np.kron(rho, other).reshape(2 * (first, second, 2, 2))
    both = tensor.transpose(0, 2, 1, 3, 4, 6, 5, 7).reshape(2 * [4 * first * second])
    for quantity in QUANTITIES:
        whole = quantity(both, (2 * first, 2 * second))
        parts = quantity(rho, (first, second)), quantity(other, (2, 2))
        assert whole.lower <= parts[0].upper + parts[1].upper + ROUNDING
        assert whole.upper >= parts[0].lower + parts[1].lower - ROUNDING


@pytest.mark.parametrize("name", RANDOM)
def test_returned_points_prove_the_ends(name: str) -> None:
    """The ends follow from `state` and `witness` and the raw data, by closed forms."""
    rho, size = RANDOM[name]
    first, second = size
    low, high, information = (f(rho, size) for f in QUANTITIES)
    local = partial_trace(rho, size, 0)
    product = np.kron(np.eye(first), low.state)
    assert -max_relative_entropy(rho, product) == pytest.approx(low.lower, abs=1e-7)
    product = np.kron(local, information.state)
    assert max_relative_entropy(rho, product) == pytest.approx(information.upper, abs=1e-7)
    mixed = np.kron(np.eye(first), high.state) / first
    assert 2 * math.log2(fidelity(rho, mixed)) + math.log2(first) == pytest.approx(
        high.lower, abs=1e-7
    )
    for result, weight, sign in ((low, np.eye(first), -1), (information, local, 1)):
        price = partial_trace(np.kron(weight, np.eye(second)) @ result.witness, size, 1)
        gain = np.trace(rho @ result.witness).real / np.linalg.eigvalsh(price)[-1]
        end = result.upper if sign < 0 else result.lower
        assert sign * math.log2(gain) == pytest.approx(end, abs=1e-6)


def test_both_ends_hold_in_exact_arithmetic() -> None:
    """``Tr rho W / |Tr_A W|`` with W made exactly positive never exceeds the proved upper end."""
    rho, dims = RANDOM["qubits"]
    result = conditional_min_entropy(rho, dims)
    shifted = matrix(np.array(result.witness) + 1e-9 * np.eye(4))
    assert is_positive(shifted)
    price = matrix(partial_trace(np.array(result.witness), dims, 1))
    gain = trace(matrix(rho) * shifted) / trace(matrix(rho))
    ratio = gain / (largest_eigenvalue(price) + 2e-9)
    assert ratio <= 2**-result.lower


TRUTH = {case.name: case for case in KNOWN}


@names
@pytest.mark.parametrize("spoil", SPOILS)
@pytest.mark.parametrize("name", ["Schmidt", "classical", "Phi_2", "product"])
def test_a_broken_solver_leaves_the_interval_true(
    monkeypatch: pytest.MonkeyPatch, name: str, spoil: str, quantity: Callable[..., Any]
) -> None:
    """Wrong points make the interval wide, never false."""
    break_solver(monkeypatch, SPOILS[spoil])
    case = TRUTH[name]
    result = quietly(quantity, case.rho, case.dims)
    value = getattr(case, FIELDS[quantity])
    assert result.lower - ROUNDING <= value <= result.upper + 1e-9


def test_a_wide_interval_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    """The warning says how wide, and points at the caller."""
    break_solver(monkeypatch, SPOILS["noisy"])
    with pytest.warns(CertificationWarning, match="wider than rtol") as caught:
        result = conditional_min_entropy(*RANDOM["qubits"])
    assert not result.converged
    assert caught[0].filename == __file__


def test_a_singular_marginal_is_noted() -> None:
    """What was certified is in the report."""
    case = TRUTH["singular marginals"]
    assert "support of rho_A" in max_mutual_information(case.rho, case.dims).report.notes[0]


def test_a_graded_diagonal_marginal_costs_nothing() -> None:
    """Marginals with twelve orders of magnitude in their natural basis still converge."""
    rho = np.kron(np.diag([1 - 1e-12, 1e-12]), random_state(2, rng=1))
    assert_known(max_mutual_information(rho, (2, 2)), 0.0)


@names
def test_wrong_input_is_refused(quantity: Callable[..., Any]) -> None:
    """Dimensions, states, stacks and tolerances have their errors."""
    for dims in ((2, 3), (2, 2, 1), (4,), (2.5, 2), 4):
        with pytest.raises(DimensionMismatchError, match="dims"):
            quantity(np.eye(4) / 4, dims)
    with pytest.raises(InvalidStateError, match="trace 1"):
        quantity(np.eye(4), (2, 2))
    with pytest.raises(InvalidParameterError, match="single operator"):
        quantity(np.stack([np.eye(4) / 4] * 2), (2, 2))
    with pytest.raises(InvalidParameterError, match="rtol"):
        quantity(np.eye(4) / 4, (2, 2), rtol=0)


def test_the_input_is_not_changed_and_repairs_are_reported() -> None:
    """A trace that is off by 1e-9 is divided out, in a copy."""
    rho = random_state(4, rng=5) * (1 + 1e-9)
    before = rho.copy()
    result = conditional_min_entropy(rho, (2, 2))
    assert (rho == before).all()
    assert "divided by its trace" in result.report.notes[0]
