"""Dimensions of subsystems, and partial traces."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import qutip
from hypothesis import given, settings
from strategies import states

from qentropy.errors import DimensionMismatchError, InvalidParameterError
from qentropy.operators import check_dims, partial_trace
from qentropy.states import isotropic_state

RHO = isotropic_state(2, 0.3)


@settings(max_examples=30)
@given(states(6), states(2))
def test_partial_trace(first: Any, second: Any) -> None:
    """Tracing out a factor of a product leaves the other, in the order that is asked for."""
    product = np.kron(first, second)
    assert partial_trace(product, (6, 2), 0) == pytest.approx(first)
    assert partial_trace(product, (2, 3, 2), [2]) == pytest.approx(second)
    swapped = partial_trace(product, (6, 2), (1, 0))
    assert swapped == pytest.approx(np.kron(second, first))
    assert partial_trace(product[None], (6, 2), ()).shape == (1, 1, 1)
    expected = qutip.Qobj(product, dims=[[2, 3, 2]] * 2).ptrace([0, 2]).full()
    assert partial_trace(product, (2, 3, 2), (0, 2)) == pytest.approx(expected)


@pytest.mark.parametrize("keep", [2, -1, (0, 0), (0, 5)])
def test_partial_trace_of_what_is_not_there(keep: Any) -> None:
    """Subsystems that do not exist, or are named twice, are refused."""
    with pytest.raises(InvalidParameterError, match="keep must name subsystems 0 to 1"):
        partial_trace(RHO, (2, 2), keep)


@pytest.mark.parametrize("dims", [(2, 3), (4, 0), (-2, -2), (2.5, 2), "22", 4, None, ((2,), 2)])
def test_bad_dims(dims: Any) -> None:
    """Dimensions are positive integers that multiply to d."""
    with pytest.raises(DimensionMismatchError, match="multiply to 4"):
        check_dims(dims, 4)


def test_good_dims() -> None:
    """Any sequence of integers that multiply to d will do."""
    assert check_dims(np.array([2, 2]), 4) == (2, 2)
    assert check_dims([4.0], 4) == (4,)
