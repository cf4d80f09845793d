"""Upper bounds of the distance."""

import numpy as np
import pytest

from qentropy.convex_split.bounds import convex_split_bound
from qentropy.errors import InvalidParameterError

P, Q = np.diag([0.95, 0.05]), np.diag([0.3, 0.7])


@pytest.mark.parametrize(
    ("epsilon", "n"), [(0.5, 9), (0.2, 51), (0.1, 202), (0.05, 805), (0.02, 5030)]
)
def test_collision_bound(epsilon: float, n: int) -> None:
    """Case 29 of the acceptance list; the paper's bound is never smaller."""
    assert convex_split_bound(P, Q, n) <= epsilon < convex_split_bound(P, Q, n - 1)
    assert convex_split_bound(P, Q, n, kind="max") >= convex_split_bound(P, Q, n)


def test_bad_kind_and_support() -> None:
    """An unknown kind is refused; a support that does not fit gives inf."""
    with pytest.raises(InvalidParameterError):
        convex_split_bound(P, Q, 2, kind="min")  # type: ignore[arg-type]
    assert convex_split_bound(P, np.diag([1.0, 0.0]), 2, kind="max") == np.inf
