"""The exceptions of the study, each with the exit code that it ends a command with."""

from typing import ClassVar

__all__ = [
    "EngineError",
    "InsufficientMemoryError",
    "InvalidStudyError",
    "MblStudyError",
    "ScratchDiskError",
    "StoreDamagedError",
    "StoreDiskError",
    "StoreError",
    "StoreInUseError",
    "StoreMissingError",
    "StudyMismatchError",
]


class MblStudyError(Exception):
    """Base class of every exception that this package raises on purpose.

    Attributes
    ----------
    exit_code
        What a command that ends with this exception gives back to the shell.
    """

    exit_code: ClassVar[int] = 1


class InvalidStudyError(MblStudyError, ValueError):
    """A study file cannot be read, or says something that cannot be run."""

    exit_code = 2


class InsufficientMemoryError(MblStudyError, MemoryError):
    """A task of the study would not fit into the memory of a worker; raised before it starts."""

    exit_code = 2


class ScratchDiskError(MblStudyError, OSError):
    """The disk for temporary files has no room for the eigenvectors of a chain."""

    exit_code = 74


class EngineError(MblStudyError, RuntimeError):
    """The workers cannot be reached, or cannot run the tasks at all."""

    exit_code = 2


class StoreError(MblStudyError):
    """Base class of what can go wrong with the file that holds the results."""


class StoreMissingError(StoreError, FileNotFoundError):
    """There is no store where one should be read."""

    exit_code = 2


class StoreDamagedError(StoreError):
    """The file is not a store, not a whole store, or holds a row that was changed."""

    exit_code = 3


class StoreInUseError(StoreError):
    """Another run holds the store."""

    exit_code = 4


class StudyMismatchError(StoreError):
    """The store belongs to a study with other numbers."""

    exit_code = 5


class StoreDiskError(StoreError, OSError):
    """The disk is full, fails, or may not be written."""

    exit_code = 74
