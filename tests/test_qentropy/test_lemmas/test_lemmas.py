"""Every statement: false variants are refuted, and bad input is refused."""

from collections.abc import Callable

import numpy as np
import pytest

from qentropy import lemmas, states
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError
from qentropy.lemmas.classical_quantum import random_ensemble
from qentropy.results import LemmaCheck, Verdict

FALSE_VARIANTS: list[tuple[str, Callable[[], LemmaCheck]]] = [
    (
        "convex split with an eighth of the right-hand side",
        lambda: lemmas.check_convex_split(
            np.diag([1.0, 0.0]), np.diag([0.2, 0.8]), 5, factor=1 / 8
        ),
    ),
    (
        "trace distance with a tenth of the right-hand side",
        lambda: lemmas.check_trace_distance_extension(
            random_ensemble(np.random.default_rng(3), (2, 3), 2),
            states.random_state(2, rng=4),
            (2, 3),
            factor=0.1,
        ),
    ),
    (
        "operator inequality with half of rho_A",
        lambda: lemmas.check_cq_operator_inequality(
            random_ensemble(np.random.default_rng(3), (2, 3), 2), (2, 3), factor=0.5
        ),
    ),
]


@pytest.mark.parametrize(
    "check", [c for _, c in FALSE_VARIANTS], ids=[n for n, _ in FALSE_VARIANTS]
)
def test_false_variants_are_refuted(check: Callable[[], LemmaCheck]) -> None:
    """A statement with a wrong constant comes out REFUTED."""
    assert check().verdict is Verdict.REFUTED


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: list(lemmas.verify(["no-such-lemma"])), InvalidParameterError),
        (lambda: list(lemmas.verify(samples=0)), InvalidParameterError),
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
