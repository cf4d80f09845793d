"""The laws of the smooth max-relative entropy, on pairs at which it goes wrong first."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hostile_pairs import Problem, problems
from hypothesis import given, settings
from smoothing_laws import LAWS, Law
from strategies import generators


@pytest.fixture(scope="module", autouse=True)
def impatience() -> Iterator[None]:
    """Where SCS does not converge it need not take long about it; laws hold for any interval."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qentropy.cones.MAX_ITERATIONS", 400)
        yield


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@given(task=problems(), rng=generators())
@settings(max_examples=settings.default.max_examples * 3 // 4)
def test_law_holds(law: Law, task: Problem, rng: np.random.Generator) -> None:
    """What is returned proves the interval, and no interval refutes the law."""
    law(task, rng)
