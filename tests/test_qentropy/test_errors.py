"""The exception tree: one base, and the builtin that a caller would expect."""

from __future__ import annotations

import pytest

from qentropy import errors

BUILTIN = {
    errors.InvalidStateError: ValueError,
    errors.InvalidParameterError: ValueError,
    errors.DimensionMismatchError: ValueError,
    errors.SolverError: RuntimeError,
    errors.ResourceLimitError: MemoryError,
}


@pytest.mark.parametrize(("error", "builtin"), BUILTIN.items())
def test_errors_are_also_builtin_errors(
    error: type[errors.QEntropyError], builtin: type[Exception]
) -> None:
    """Code that knows nothing of this package can catch its errors."""
    assert issubclass(error, errors.QEntropyError)
    assert issubclass(error, builtin)


def test_the_tree_is_complete() -> None:
    """Every exported error is in the table, and the warning is no error."""
    exported = {getattr(errors, name) for name in errors.__all__}
    assert exported == {*BUILTIN, errors.QEntropyError, errors.CertificationWarning}
    assert issubclass(errors.CertificationWarning, UserWarning)
    assert not issubclass(errors.QEntropyError, ValueError)
