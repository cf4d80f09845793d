"""The namespace of the checks: every statement has one, and bad input is refused."""

from collections.abc import Callable

import numpy as np
import pytest

from qentropy import lemmas, states
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (
            lambda: lemmas.check_convex_split(np.eye(2) / 2, np.eye(2) / 2, 2, factor=-1),
            InvalidParameterError,
        ),
        (
            lambda: lemmas.check_cq_operator_inequality(
                states.maximally_entangled_state(2), (2, 2)
            ),
            InvalidStateError,
        ),
        (
            lambda: lemmas.check_cq_operator_inequality(np.eye(4) / 4, (2, 3)),
            DimensionMismatchError,
        ),
        (
            lambda: lemmas.check_cq_operator_inequality(np.eye(4) / 4, (4,)),
            DimensionMismatchError,
        ),
        (
            lambda: lemmas.check_trace_distance_extension(np.eye(4) / 4, np.eye(3) / 3, (2, 2)),
            DimensionMismatchError,
        ),
    ],
)
def test_bad_input(call: Callable[[], object], error: type[Exception]) -> None:
    """What cannot be checked is refused with an exception of this package."""
    with pytest.raises(error):
        call()


def test_checks_are_public() -> None:
    """The check of every statement is exported, under its own name."""
    for statement in lemmas.STATEMENTS.values():
        name = statement.check.__name__
        assert name in lemmas.__all__
        assert getattr(lemmas, name) is statement.check
