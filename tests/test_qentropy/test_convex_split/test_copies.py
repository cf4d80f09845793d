"""The number of copies."""

import pytest

from qentropy.convex_split.copies import MOST_COPIES, check_copies
from qentropy.errors import InvalidParameterError


def test_range() -> None:
    """Integers from 1 to 2**53 pass."""
    assert check_copies(MOST_COPIES) == MOST_COPIES
    with pytest.raises(InvalidParameterError):
        check_copies(MOST_COPIES + 1)
