"""The number of copies that users pass."""

from typing import Any

import numpy as np

from qentropy.errors import InvalidParameterError

__all__ = ["MOST_COPIES", "check_copies"]

MOST_COPIES = 2**53
"""Up to here every integer is a double."""


def check_copies(n: Any) -> int:
    """A number of copies.

    Raises
    ------
    InvalidParameterError
        It is not an integer from 1 to `MOST_COPIES`.

    Examples
    --------
    >>> check_copies(3)
    3
    """
    is_integer = isinstance(n, (int, np.integer)) and not isinstance(n, bool)
    if not is_integer or not 1 <= n <= MOST_COPIES:
        raise InvalidParameterError(f"n must be an integer from 1 to 2**53; got {n!r}")
    return int(n)
