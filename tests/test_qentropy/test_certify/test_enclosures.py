"""Bounds of eigenvalues, traces and norms against exact rational arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest
from exact import (
    eigenvalues,
    identity,
    is_positive,
    matrix,
    positive_part_trace,
    rational,
    trace,
    trace_norm,
)
from flint import arb
from hostile_matrices import KINDS, Array, hermitian_matrices, hermitian_matrix, in_blocks
from hypothesis import given, settings
from hypothesis import strategies as st

from qentropy.blocks import BlockOperator, one_group
from qentropy.certify import enclosures
from qentropy.results import Interval

CASES = [(kind, size, real) for kind in sorted(KINDS) for size in (1, 2, 3, 4) for real in (0, 1)]


def case(kind: str, size: int, real: int) -> Array:
    """One of the hostile matrices."""
    return hermitian_matrix(kind, size, bool(real), np.random.default_rng([size, real]))


def largest_entry(values: Array) -> float:
    """Size of the matrix, for the tightness of a bound."""
    return float(max(np.abs(values.real).max(), np.abs(np.imag(values)).max()))


def contains(interval: Interval, number: arb) -> bool:
    """Whether no part of the enclosure of a number, of 300 bits, is outside for certain."""
    low = interval.lower == -math.inf or not arb(interval.lower) > number
    return bool(low and (interval.upper == math.inf or not number > arb(interval.upper)))


def assert_shift_is_proved(values: Array, shift: float) -> None:
    """Exact ``L D L^T`` of ``H + c`` has no negative pivot."""
    whole = matrix(values)
    assert is_positive(whole + identity(whole) * rational(shift))


@pytest.mark.parametrize(("kind", "size", "real"), CASES)
def test_shift_makes_the_matrix_positive(kind: str, size: int, real: int) -> None:
    """``H + c >= 0`` in exact arithmetic for the c that is returned, and c is not far too large."""
    values = case(kind, size, real)
    (operator,) = in_blocks(values)
    shift = enclosures.psd_shift(operator)
    assert_shift_is_proved(values, shift)
    needed = -float(eigenvalues(matrix(values))[0].mid())
    assert shift - needed <= 1e-13 * largest_entry(values) + 1e-320
    finer = enclosures.psd_shift(operator, extended=True)
    assert_shift_is_proved(values, finer)
    assert finer - needed <= 1e-13 * largest_entry(values) + 1e-320


@given(hermitian_matrices())
@settings(max_examples=150)
def test_shift_makes_any_matrix_positive(values: Array) -> None:
    """As above, in one block and in the blocks that its zeros allow."""
    for operator in (one_group(values), *in_blocks(values)):
        assert_shift_is_proved(values, enclosures.psd_shift(operator))
        assert_shift_is_proved(values, enclosures.psd_shift(operator, extended=True))


@pytest.mark.skipif(enclosures.EXTENDED is np.float64, reason="no precision beyond doubles")
def test_extended_precision_costs_a_thousandth() -> None:
    """A projector needs no shift; what is added for rounding shrinks with the precision."""
    vector = np.random.default_rng(1).normal(size=24).round(6)
    operator = one_group(np.outer(vector, vector))
    coarse, fine = (enclosures.psd_shift(operator, guess=0.0, extended=e) for e in (False, True))
    assert_shift_is_proved(np.outer(vector, vector), fine)
    assert coarse > 0
    assert fine < max(2e-15, coarse / 20)


@given(hermitian_matrices(3), st.floats(0, 1e300))
def test_shift_covers_an_error_of_the_matrix(values: Array, error: float) -> None:
    """Any perturbation of spectral norm up to `error` is covered: the worst is ``-error``."""
    shift = enclosures.psd_shift(one_group(values), error)
    if math.isfinite(shift):
        whole = matrix(values)
        assert is_positive(whole + identity(whole) * (rational(shift) - rational(error)))


@pytest.mark.parametrize("seed", range(10))
def test_shift_is_proved_at_the_edge_of_what_factorises(seed: int) -> None:
    """Factorisations complete for matrices that are not quite positive; rounding is paid for."""
    values = hermitian_matrix("positive", 3 + seed % 4, True, np.random.default_rng(seed))
    values = values / np.trace(values)
    edge = -float(eigenvalues(matrix(values))[0].mid())
    guesses = edge + np.arange(600) * 2.0**-56
    smallest = sorted(enclosures.psd_shift(one_group(values), guess=g) for g in guesses)
    for shift in smallest[:3]:
        assert_shift_is_proved(values, shift)
    assert smallest[0] < edge + 4e-15
    guesses = edge + np.arange(40) * 2.0**-66
    finer = min(enclosures.psd_shift(one_group(values), guess=g, extended=True) for g in guesses)
    assert_shift_is_proved(values, finer)
    assert finer <= smallest[0]


@pytest.mark.parametrize("size", [6, 12])
def test_shift_of_larger_matrices(size: int) -> None:
    """The bound holds where the rounding constants grow: graded and of full size."""
    for seed, kind in enumerate(("positive", "graded", "rank one", "nearly singular")):
        values = hermitian_matrix(kind, size, False, np.random.default_rng(seed))
        assert_shift_is_proved(values, enclosures.psd_shift(one_group(values)))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("size", [1, 3])
def test_what_is_not_finite_proves_nothing(bad: float, size: int) -> None:
    """An entry or an error that is not finite gives infinite bounds, and no exception."""
    values = np.eye(size)
    values[-1, 0] = values[0, -1] = bad
    operator = one_group(values)
    assert enclosures.psd_shift(operator) == math.inf
    assert enclosures.psd_shift(operator, extended=True) == math.inf
    assert enclosures.positive_part_trace(operator) == math.inf
    assert enclosures.frobenius_bound(operator) == math.inf
    assert enclosures.trace_norm_interval(operator) == Interval(0.0, math.inf)
    everything = Interval(-math.inf, math.inf)
    assert enclosures.eigenvalue_interval(operator, largest=True) == everything
    assert enclosures.eigenvalue_interval(operator, largest=False) == everything
    assert enclosures.inner(operator, one_group(np.eye(size))) == everything
    assert enclosures.psd_shift(one_group(np.eye(size)), abs(bad)) == math.inf
    assert enclosures.psd_shift(one_group(np.eye(size)), math.nan) == math.inf


@pytest.mark.parametrize("guess", [0.0, 1.0, -1.0, 1e300, -1e300, math.nan, 5.0])
@given(values=hermitian_matrices(3))
@settings(max_examples=20)
def test_shift_does_not_trust_a_guess(guess: float, values: Array) -> None:
    """Whatever guess the search starts from, what is returned is proved."""
    shift = enclosures.psd_shift(one_group(values), guess=guess)
    assert_shift_is_proved(values, shift)


@pytest.mark.parametrize("answer", [math.nan, math.inf, 0.0, 1.0, -5.0, None])
def test_shift_does_not_trust_the_eigenvalues(
    monkeypatch: pytest.MonkeyPatch, answer: float | None
) -> None:
    """Whatever LAPACK says of the eigenvalues, what is returned is proved."""

    def lie(group: Array) -> Array:
        if answer is None:
            raise np.linalg.LinAlgError("did not converge")
        return np.full(group.shape[:-1], answer)

    values = case("indefinite", 3, 0)
    monkeypatch.setattr(np.linalg, "eigvalsh", lie)
    shift = enclosures.psd_shift(one_group(values))
    monkeypatch.undo()
    if math.isfinite(shift):
        assert_shift_is_proved(values, shift)


def test_factor_with_nan_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some LAPACK kernels run to completion with a NaN; that completes no proof."""
    monkeypatch.setattr(np.linalg, "cholesky", lambda group: group * math.nan)
    assert enclosures.psd_shift(one_group(np.full((3, 3), 0.5))) == math.inf


@pytest.mark.parametrize(("kind", "size", "real"), CASES)
def test_eigenvalues_trace_and_norm_are_enclosed(kind: str, size: int, real: int) -> None:
    """Extreme eigenvalues, trace, trace norm and positive part are enclosed, tightly."""
    values = case(kind, size, real)
    (operator,) = in_blocks(values)
    whole = matrix(values)
    exact = eigenvalues(whole)
    width = 1e-13 * (largest_entry(values) or 1e-280) + 1e-320
    for largest, number in ((True, exact[-1]), (False, exact[0])):
        interval = enclosures.eigenvalue_interval(operator, largest=largest)
        assert contains(interval, number)
        assert interval.width <= width
    assert contains(enclosures.trace_interval(operator), arb(trace(whole)))
    norm = enclosures.trace_norm_interval(operator)
    assert contains(norm, trace_norm(whole))
    assert norm.width <= 20 * width
    positive = enclosures.positive_part_trace(operator)
    assert not positive_part_trace(whole) > arb(positive)
    assert positive <= float(positive_part_trace(whole).mid()) + 10 * width


@given(hermitian_matrices(3), hermitian_matrices(3))
@settings(max_examples=100)
def test_inner_product_is_enclosed(left: Array, right: Array) -> None:
    """``Tr A B`` of Hermitian A and B lies in its interval, overflow and underflow included."""
    interval = enclosures.inner(*in_blocks(left, right))
    assert contains(interval, arb(trace(matrix(left) * matrix(right))))


@pytest.mark.parametrize("seed", range(20))
def test_inner_product_that_cancels_is_enclosed(seed: int) -> None:
    """Where the terms cancel, the rounding of each of them counts."""
    rng = np.random.default_rng(seed)
    a, c = (hermitian_matrix("indefinite", 4, False, rng) for _ in range(2))
    b = c - (np.vdot(a, c).real / np.vdot(a, a).real) * a
    interval = enclosures.inner(*in_blocks(a, b))
    assert contains(interval, arb(trace(matrix(a) * matrix(b))))
    assert interval.width < 1e-12


def test_inner_product_of_rectangular_information() -> None:
    """For A and B that are not Hermitian it is the real part of ``Tr A^dagger B``."""
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, 3, 3)) + 1j * rng.normal(size=(2, 3, 3))
    interval = enclosures.inner(one_group(a), one_group(b))
    assert contains(interval, arb(trace(matrix(a).transpose() * matrix(b))))
    assert interval.width < 1e-13


@given(hermitian_matrices(), st.sampled_from([0.0, 1e-12, 0.1]))
@settings(max_examples=60)
def test_norms_cover_an_error_of_the_matrix(values: Array, error: float) -> None:
    """Adding ``error`` in one diagonal entry keeps trace norm and positive part in their bounds."""
    moved = matrix(values)
    for row in (0, len(values)):  # both copies in the embedding
        moved[row, row] += rational(error)
    (operator,) = in_blocks(values)
    assert contains(enclosures.trace_norm_interval(operator, error), trace_norm(moved))
    assert not positive_part_trace(moved) > arb(enclosures.positive_part_trace(operator, error))


@given(hermitian_matrices(3), hermitian_matrices(3))
@settings(max_examples=60)
def test_difference_bounds_its_rounding(left: Array, right: Array) -> None:
    """The exact difference is within the error, in spectral norm, of the rounded one."""
    gap, error = enclosures.difference(*in_blocks(left, right))
    missing = matrix(left) - matrix(right) - matrix(gap.dense())
    for side in (missing, missing * -1):
        assert is_positive(identity(missing) * rational(error) + side)


@given(hermitian_matrices())
@settings(max_examples=60)
def test_frobenius_norm_is_bounded(values: Array) -> None:
    """The square of the bound is at least the exact sum of squares, at any scale."""
    (operator,) = in_blocks(values)
    squares = [
        sum((rational(x.real) ** 2 + rational(x.imag) ** 2 for x in block.ravel()), rational(0.0))
        for group in operator.groups
        for block in group.astype(complex)
    ]
    assert rational(enclosures.frobenius_bound(operator)) ** 2 >= max(squares)
    if values.size and 1e-100 < largest_entry(values) < 1e100:
        whole = sum(squares, rational(0.0))
        assert rational(enclosures.norm_bound(values)) ** 2 >= whole


def test_many_blocks_are_bounded_together() -> None:
    """Blocks of one size share a group; the worst of them decides."""
    group = np.array([np.eye(2), np.diag([1.0, -3.0]), np.full((2, 2), 0.5)])
    operator = BlockOperator((group,), (np.arange(6).reshape(3, 2),), 6)
    assert_shift_is_proved(operator.dense(), enclosures.psd_shift(operator))
    assert 3.0 in enclosures.eigenvalue_interval(operator.map(np.negative), largest=True)
    assert 7.0 in enclosures.trace_norm_interval(operator)
