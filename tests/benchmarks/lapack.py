"""The time that a computation spends in LAPACK, whoever calls it."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.linalg.lapack

ROUTINES = [
    *((np.linalg, name) for name in ("cholesky", "eigh", "eigvalsh", "inv", "qr", "solve", "svd")),
    *((scipy.linalg, name) for name in ("eigh", "eigvalsh_tridiagonal")),
    *((scipy.linalg.lapack, name) for name in ("dpotrf", "dpotrs")),
]


@contextmanager
def lapack_clock() -> Iterator[Callable[[], float]]:
    """Measure what happens inside; the value is a function that gives the seconds so far."""
    seconds = 0.0

    def timed(routine: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(routine)
        def call(*args: Any, **options: Any) -> Any:
            nonlocal seconds
            start = perf_counter()
            try:
                return routine(*args, **options)
            finally:
                seconds += perf_counter() - start

        return call

    with pytest.MonkeyPatch.context() as patch:
        for module, name in ROUTINES:
            patch.setattr(module, name, timed(getattr(module, name)))
        yield lambda: seconds
