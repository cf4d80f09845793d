"""The exceptions and the warning that this package raises."""

__all__ = [
    "CertificationWarning",
    "DimensionMismatchError",
    "InvalidParameterError",
    "InvalidStateError",
    "QEntropyError",
    "ResourceLimitError",
    "SolverError",
]


class QEntropyError(Exception):
    """Base class of every exception that this package raises on purpose."""


class InvalidStateError(QEntropyError, ValueError):
    """An argument is not the operator it has to be (a state, or positive semidefinite)."""


class InvalidParameterError(QEntropyError, ValueError):
    """A number or an option (a radius, an order, the name of a ball) is out of range."""


class DimensionMismatchError(QEntropyError, ValueError):
    """Operators, or an operator and its subsystem dimensions, do not fit together."""


class SolverError(QEntropyError, RuntimeError):
    """A numerical routine failed, or gave nothing that a certificate could be built on."""


class ResourceLimitError(QEntropyError, MemoryError):
    """The problem would not fit into memory; raised before anything is allocated."""


class CertificationWarning(UserWarning):
    """The interval is valid but wider than was asked for."""
