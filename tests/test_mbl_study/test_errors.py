"""Each exception ends a command with the exit code that the documentation promises."""

import pytest

from mbl_study import errors


@pytest.mark.parametrize(
    ("name", "exit_code"),
    [
        ("MblStudyError", 1),
        ("StoreError", 1),
        ("EngineError", 2),
        ("InsufficientMemoryError", 2),
        ("InvalidStudyError", 2),
        ("StoreMissingError", 2),
        ("StoreDamagedError", 3),
        ("StoreInUseError", 4),
        ("StudyMismatchError", 5),
        ("StoreDiskError", 74),
    ],
)
def test_exit_code(name: str, exit_code: int) -> None:
    """The exit codes are 2 for usage, 3 for damage, 4 in use, 5 another study, 74 disk."""
    exception = getattr(errors, name)
    assert issubclass(exception, errors.MblStudyError)
    assert exception.exit_code == exit_code


def test_every_exception_shows_its_message() -> None:
    """The text of an exception is what it was raised with, whatever it derives from."""
    for name in errors.__all__:
        assert str(getattr(errors, name)("what and where")) == "what and where"
