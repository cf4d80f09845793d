"""How many threads BLAS gets.

A path takes thousands of products and factorisations of small matrices, and a few of large ones. To
wake other threads takes longer than the small ones do; the large ones gain from them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

from threadpoolctl import ThreadpoolController

__all__ = ["many_threads", "one_thread"]

SMALL = 512  # rows below which a problem is solved with one thread
LARGE = 1000  # rows of a system from which on it is factorised with all threads
HUGE = 12000  # rows from which on OpenBLAS may crash when several threads factorise

_outer: ContextVar[int | None] = ContextVar("_outer", default=None)


@contextmanager
def one_thread(rows: int) -> Iterator[None]:
    """BLAS has one thread here if the matrices are small.

    That may hold for the whole process, as BLAS counts its threads. Where threads of Python do this
    at the same time, the first one decides.

    Parameters
    ----------
    rows
        Number of rows of the largest matrix that is met often.

    Yields
    ------
    None

    Examples
    --------
    >>> import numpy as np
    >>> with one_thread(2):
    ...     root = np.linalg.cholesky(4 * np.eye(2))
    >>> root[0, 0].item()
    2.0
    """
    if rows >= SMALL:
        yield
        return
    token = _outer.set(
        _outer.get() or max((pool["num_threads"] for pool in _blas().info()), default=1)
    )
    try:
        with _blas().limit(limits=1):
            yield
    finally:
        _outer.reset(token)


@contextmanager
def many_threads(rows: int) -> Iterator[None]:
    """Within `one_thread`, BLAS has all its threads here if the matrix is large.

    A huge one gets one thread everywhere.

    Parameters
    ----------
    rows
        Number of its rows.

    Yields
    ------
    None

    Examples
    --------
    >>> import numpy as np
    >>> with one_thread(2), many_threads(1000):
    ...     root = np.linalg.cholesky(4 * np.eye(1000))
    >>> root[0, 0].item()
    2.0
    """
    count = 1 if rows >= HUGE else _outer.get()
    if rows < LARGE or count is None:
        yield
        return
    with _blas().limit(limits=count):
        yield


@cache
def _blas() -> ThreadpoolController:
    """NumPy's BLAS and SciPy's."""
    import scipy.linalg  # noqa: F401  slow to import; its BLAS is found only once it is loaded

    return ThreadpoolController().select(user_api="blas")
