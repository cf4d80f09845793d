"""Numbers and cvxpy expressions, checked before they enter a program."""

import cvxpy as cp
import numpy as np
import pytest

from qentropy import expressions
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError
from qentropy.operators import as_positive


def test_numbers_become_constants_and_unknowns_stay() -> None:
    """A matrix goes through the door of `operators`; a Hermitian unknown passes untouched."""
    constant = expressions.as_expression(np.eye(2), "sigma", as_positive)
    assert constant.is_constant()
    unknown = cp.Variable((2, 2), hermitian=True)
    assert expressions.as_expression(unknown, "sigma", as_positive) is unknown
    assert expressions.is_unknown(unknown)
    assert not expressions.is_unknown(constant)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (lambda: cp.Variable((2, 3)), DimensionMismatchError),
        (lambda: cp.Variable(2), DimensionMismatchError),
        (lambda: cp.Variable((2, 2)), InvalidStateError),
        (lambda: cp.square(cp.Variable((2, 2), symmetric=True)), InvalidParameterError),
        (lambda: np.stack([np.eye(2)] * 2), InvalidParameterError),
        (lambda: -np.eye(2), InvalidStateError),
    ],
)
def test_what_is_refused(value: object, error: type[Exception]) -> None:
    """An expression that is not a square, affine, Hermitian matrix is refused by name."""
    with pytest.raises(error, match="sigma"):
        expressions.as_expression(value(), "sigma", as_positive)  # type: ignore[operator]


def test_composite_is_recognised_as_hermitian() -> None:
    """cvxpy cannot tell that ``1 (x) Y`` is Hermitian; the coefficients can."""
    composite = cp.kron(np.eye(2), cp.Variable((2, 2), hermitian=True))
    assert expressions.as_expression(composite, "sigma", as_positive) is composite


def test_bound_or_factor() -> None:
    """``2**bound`` and the factor are two ways to say the same; one of them is needed."""
    assert expressions.power_of_two(3, None) == 8
    assert expressions.power_of_two(None, 8) == 8
    unknown = cp.Variable()
    assert expressions.power_of_two(None, unknown) is unknown
    for bound, factor in ((None, None), (1, 2), ("1", None), (1e9, None), (None, cp.Variable(2))):
        with pytest.raises(InvalidParameterError):
            expressions.power_of_two(bound, factor)


def test_factor_of_a_state() -> None:
    """``B B^dagger`` gives the state back, with one column for each nonzero eigenvalue."""
    rho = np.full((2, 2), 0.5)
    factor = expressions.state_factor(rho)
    assert factor.shape == (2, 1)
    np.testing.assert_allclose(factor @ factor.T, rho, atol=1e-15)
