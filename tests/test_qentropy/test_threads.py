"""Threads of BLAS: one for small matrices, all for large ones, and what was there is restored."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import scipy.linalg  # noqa: F401  so that both libraries are counted
from threadpoolctl import threadpool_info, threadpool_limits

from qentropy import smooth_max_relative_entropy
from qentropy.smoothing import trace_system
from qentropy.threads import HUGE, LARGE, SMALL, many_threads, one_thread

EARLIER = 3


@pytest.fixture(autouse=True)
def earlier() -> Iterator[None]:
    """BLAS has three threads, however many this machine has cores."""
    with threadpool_limits(limits=EARLIER, user_api="blas"):
        yield


def count() -> int:
    """The number of threads that BLAS has now; a solver's own BLAS may be built for one only."""
    return max(info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas")


@pytest.mark.parametrize(("rows", "expected"), [(1, 1), (SMALL - 1, 1), (SMALL, EARLIER)])
def test_small_matrices_get_one_thread(rows: int, expected: int) -> None:
    """As long as the context lasts."""
    with one_thread(rows):
        assert count() == expected
    assert count() == EARLIER


@pytest.mark.parametrize(("rows", "expected"), [(1, 1), (LARGE - 1, 1), (LARGE, EARLIER)])
def test_a_large_matrix_among_them_gets_all(rows: int, expected: int) -> None:
    """And then it is one again."""
    with one_thread(1):
        with many_threads(rows):
            assert count() == expected
        assert count() == 1
    assert count() == EARLIER


def test_a_large_matrix_alone_changes_nothing() -> None:
    """Outside there is nothing to lift."""
    with many_threads(LARGE):
        assert count() == EARLIER
    assert count() == EARLIER


def test_a_huge_matrix_gets_one_thread_everywhere() -> None:
    """With several, OpenBLAS may crash."""
    with many_threads(HUGE):
        assert count() == 1
    with one_thread(1), many_threads(HUGE):
        assert count() == 1
    assert count() == EARLIER


def test_contexts_may_be_nested() -> None:
    """The outer one restores."""
    with one_thread(1):
        with one_thread(1):
            assert count() == 1
            with many_threads(LARGE):
                assert count() == EARLIER
        assert count() == 1
    assert count() == EARLIER


def test_errors_restore() -> None:
    """Nothing of the limits is left when a solver fails."""
    with pytest.raises(ZeroDivisionError), one_thread(1), many_threads(LARGE):
        raise ZeroDivisionError
    assert count() == EARLIER


def test_smoothing_takes_one_thread_and_restores(monkeypatch: pytest.MonkeyPatch) -> None:
    """The matrices of a small problem are factorised with one thread."""
    seen = []

    def noted(system: trace_system.System) -> object:
        seen.append(count())
        return factorised(system)

    factorised = trace_system.System.factorised
    monkeypatch.setattr(trace_system.System, "factorised", noted)
    rho, sigma = np.diag([0.7, 0.3, 0.0]), np.diag([0.2, 0.3, 0.5])
    sigma[0, 1] = sigma[1, 0] = 0.1
    smooth_max_relative_entropy(rho, sigma, 0.1, method="path-following")
    assert set(seen) == {1}
    assert count() == EARLIER
