"""The Poisson distribution, cut off."""

import math

import pytest

from qentropy.errors import InvalidParameterError, ResourceLimitError
from qentropy.thermalization.poisson import poisson_weights


@pytest.mark.parametrize("mean", [0.0, 1e-9, 0.7, 30.0, 4000.0])
@pytest.mark.parametrize("tolerance", [1e-15, 1e-6, 0.5])
def test_what_is_left_out_is_small_and_the_cut_is_the_first(mean: float, tolerance: float) -> None:
    """The tail after the cut is within the tolerance, and would not be one term earlier."""
    weights, rest = poisson_weights(mean, tolerance)
    assert 0 <= rest <= tolerance
    assert math.isclose(math.fsum(weights) + rest, 1, abs_tol=1e-11)
    assert len(weights) == 1 or rest + weights[-1] > tolerance * (1 - 1e-9)


@pytest.mark.parametrize("tolerance", [0, 1, -1.0, math.nan, "x", None])
def test_bad_tolerance(tolerance: object) -> None:
    """A tolerance lies between zero and one."""
    with pytest.raises(InvalidParameterError):
        poisson_weights(1.0, tolerance)  # type: ignore[arg-type]


@pytest.mark.parametrize("mean", [1e7, math.inf])
def test_too_many_collisions(mean: float) -> None:
    """What would take forever is refused."""
    with pytest.raises(ResourceLimitError, match="steady_state"):
        poisson_weights(mean, 1e-9)
