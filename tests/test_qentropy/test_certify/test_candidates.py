"""Repaired candidates are what they claim, in exact arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest
from exact import is_positive, matrix, normalised, positive_part_trace, trace, trace_norm
from flint import arb
from hostile_matrices import Array, hermitian_matrices, in_blocks
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import block_pairs, pairs, states

from qentropy.blocks import LARGE, one_group
from qentropy.certify.candidates import (
    anchor_state,
    clean_candidate,
    distance_bound,
    lifted,
    mixed,
    norm_defect,
)
from qentropy.results import Interval

FULL = ("generic", "degenerate", "graded", "flat")


@given(hermitian_matrices(3), states(3, FULL), st.booleans())
@settings(max_examples=80)
def test_lifted_candidate_is_positive_where_it_says_so(
    candidate: Array, sigma: Array, normalized: bool
) -> None:
    """Exact ``L D L^T`` of every candidate that is called positive has no negative pivot."""
    primal, weight = in_blocks(candidate, sigma)
    cleaned = clean_candidate(weight, primal, normalized=normalized)
    if cleaned is None:
        return
    assert float(cleaned.trace) <= 1 + 1e-12
    state, positive = lifted(cleaned, weight, normalized=normalized)
    if positive:
        assert is_positive(matrix(state.dense()))


@given(states(3, ("pure", "low rank")), states(3, FULL))
@settings(max_examples=40)
def test_singular_state_is_lifted_by_rounding_only(rho: Array, sigma: Array) -> None:
    """A state that misses positivity by rounding is repaired by rounding."""
    state, positive = lifted(*in_blocks(rho, sigma), normalized=True)
    assert positive
    assert abs(state.dense() - rho).max() <= 1e-13


@pytest.mark.parametrize(
    "primal",
    [
        np.full((2, 2), np.nan),
        np.diag([np.inf, 0.0]),
        np.zeros((2, 2)),
        -np.eye(2),
        np.array([[1e-9, 1.0], [1.0, 1e-9]]),
    ],
)
def test_hopeless_candidates_are_refused(primal: Array) -> None:
    """Nothing can be made of NaN, of no trace, or of entries far above the trace."""
    assert clean_candidate(one_group(np.eye(2)), one_group(primal), normalized=True) is None


def test_candidate_is_cut_to_the_support_and_to_trace_one() -> None:
    """Rows outside the support of sigma are dropped; a smaller trace stays if it may."""
    sigma = one_group(np.diag([0.5, 0.5, 0.0]))
    primal = one_group(np.diag([0.2, 0.2, 0.2]))
    whole = clean_candidate(sigma, primal, normalized=True)
    part = clean_candidate(sigma, primal, normalized=False)
    assert whole is not None
    assert part is not None
    assert np.allclose(whole.dense(), np.diag([0.5, 0.5, 0.0]), rtol=1e-15)
    assert np.allclose(part.dense(), np.diag([0.2, 0.2, 0.0]), rtol=1e-15)
    one = clean_candidate(sigma, one_group(np.diag([1.0, 0.0, 0.0])), normalized=False)
    assert one is not None
    assert one.dense()[0, 0] == 1


@given(st.one_of(pairs(3), block_pairs()), st.sampled_from([1, LARGE]), st.booleans())
@settings(max_examples=80)
def test_distance_is_bounded_and_close(
    pair: tuple[Array, Array], large: int, is_known: bool
) -> None:
    """``Tr (rho/Tr rho - X/Tr X)_+`` lies below the bound and near it.

    Large blocks are bounded one by one, from the positive part where it is known.
    """
    left, right = in_blocks(*pair)
    spectra = map(np.linalg.eigh, left.map(np.subtract, right).groups)
    roots = [np.sqrt(np.maximum(w, 0.0))[:, None, :] * v for w, v in spectra]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qentropy.blocks.LARGE", large)
        removed = left.with_groups(roots) if is_known else None
        bound = distance_bound(left, right, normalized=True, removed=removed)
    exact = trace_norm(normalised(matrix(pair[0])) - normalised(matrix(pair[1]))) / 2
    assert exact < arb(bound)
    assert bound <= float(exact.mid()) + 1e-13


@pytest.mark.parametrize(("first", "second"), [(1.0, 1.001), (0.999, 1.0), (1.002, 0.998)])
def test_distance_allows_for_traces_that_are_not_one(first: float, second: float) -> None:
    """What counts is the distance of the normalised operators."""
    rho, state = np.diag([0.5, 0.5]), np.diag([0.75, 0.25])
    bound = distance_bound(*in_blocks(first * rho, second * state), normalized=True)
    assert 0.25 <= bound <= 0.27
    larger = distance_bound(*in_blocks(first * rho, second * rho), normalized=True)
    assert larger >= 0
    assert distance_bound(*in_blocks(rho, 1.001 * rho), normalized=False) >= 0


@given(states(3), states(3), st.sampled_from([0.0, 1e-9, 0.3, 0.999, 1.0]))
@settings(max_examples=40)
def test_generalised_distance_is_bounded(rho: Array, sigma: Array, weight: float) -> None:
    """Without normalisation X keeps its trace, and ``Tr (rho/Tr rho - X)_+`` counts."""
    state = weight * sigma
    bound = distance_bound(*in_blocks(rho, state), normalized=False)
    reduced = matrix(state)
    if trace(reduced) > 1:
        reduced = normalised(reduced)
    assert positive_part_trace(normalised(matrix(rho)) - reduced) < arb(bound)


def test_candidate_stays_unproved_if_no_shift_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a proof of positivity nothing is claimed."""
    monkeypatch.setattr("qentropy.certify.candidates.psd_shift", lambda *_, **__: math.inf)
    candidate = one_group(np.eye(2) / 2)
    state, positive = lifted(candidate, candidate, normalized=True)
    assert not positive
    assert state is candidate


def test_norm_defect_bounds_the_change_of_norm() -> None:
    """``2 |1 - Tr A| / Tr A``, rounded up, and nothing if the trace may vanish."""
    assert 0 < norm_defect(Interval(1.0, 1.0)) < 1e-300
    assert norm_defect(Interval(0.5, 1.0)) >= 2.0
    assert norm_defect(Interval(-1.0, 1.0)) > 1e290


def test_anchor_is_rho_where_that_is_supported() -> None:
    """Otherwise it is the compression of rho to the support, of trace one if there is any."""
    rho = one_group(np.diag([0.5, 0.25, 0.25]))
    assert anchor_state(rho, one_group(np.eye(3))) is rho
    inside = anchor_state(rho, one_group(np.diag([1.0, 1.0, 0.0])))
    assert np.allclose(np.diag(inside.dense()), [2 / 3, 1 / 3, 0], rtol=1e-15)
    outside = anchor_state(one_group(np.diag([0.0, 0.0, 1.0])), one_group(np.diag([1.0, 1.0, 0.0])))
    assert not outside.dense().any()


def test_mixture_does_not_go_beyond_the_anchor() -> None:
    """A weight above one is cut to one."""
    first, second = one_group(np.diag([1.0, 0.0])), one_group(np.diag([0.0, 1.0]))
    assert np.allclose(mixed(first, second, 0.25).dense(), np.diag([0.75, 0.25]))
    assert np.array_equal(mixed(first, second, math.inf).dense(), second.dense())
