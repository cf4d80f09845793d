"""One kind of collision: which systems meet, by which unitary, how often."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qentropy.blocks import Array
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError
from qentropy.operators import INPUT_TOLERANCE
from qentropy.thermalization.parameters import check_rate

__all__ = ["Collision", "check_energy", "check_fits"]


@dataclass(frozen=True, eq=False)
class Collision:
    """One kind of collision: a unitary U on some of the systems, at a rate.

    Parameters
    ----------
    unitary
        U, shape ``(d**k, d**k)`` for k systems of dimension d.
    systems
        The k systems that meet, counted from 0, in the order of the factors of U.
    rate
        Mean number of such collisions per unit of time, ``lambda_k = 1 / tau_k``; positive.

    Raises
    ------
    InvalidStateError
        `unitary` is not a finite unitary matrix.
    InvalidParameterError
        `rate` is not positive, or `systems` are not different numbers of at least 0.

    References
    ----------
    Paper, (7) and (A1).

    Examples
    --------
    >>> flip = [[0, 1], [1, 0]]
    >>> Collision(flip, (0,), 0.5).rate
    0.5
    """

    unitary: ArrayLike
    systems: Sequence[int]
    rate: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "systems", _as_systems(self.systems))
        object.__setattr__(self, "rate", check_rate(self.rate))
        object.__setattr__(self, "unitary", _as_unitary(self.unitary))

    @property
    def matrix(self) -> NDArray[Any]:
        """U as an array, read-only."""
        return np.asarray(self.unitary)


def _as_systems(value: Any) -> tuple[int, ...]:
    """Different integers that are not negative, and at least one."""
    try:
        systems = tuple(value)
    except TypeError as error:
        raise InvalidParameterError(f"systems must be a sequence; got {value!r}") from error
    whole = all(isinstance(s, (int, np.integer)) and not isinstance(s, bool) for s in systems)
    if not systems or not whole or min(systems) < 0 or len(set(systems)) < len(systems):
        raise InvalidParameterError(
            f"systems must be different integers of at least 0; got {value!r}"
        )
    return tuple(int(s) for s in systems)


def _as_unitary(value: ArrayLike) -> Array:
    """A finite unitary matrix, real if it has no imaginary part; a read-only copy."""
    try:
        matrix = np.array(value, dtype=complex)
    except (TypeError, ValueError) as error:
        raise InvalidStateError("unitary must be a square matrix of numbers") from error
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise InvalidStateError(f"unitary must be a square matrix; got shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise InvalidStateError("unitary must be finite; got an entry that is not")
    with np.errstate(over="ignore", invalid="ignore"):
        defect = np.linalg.norm(matrix @ matrix.conj().T - np.eye(len(matrix)))
    if not defect <= INPUT_TOLERANCE:
        raise InvalidStateError(
            f"unitary must be unitary; got ||U U^dagger - 1|| = {defect:.3g} "
            f"(tolerance {INPUT_TOLERANCE:.3g})"
        )
    out: Array = matrix if matrix.imag.any() else matrix.real.copy()
    out.flags.writeable = False
    return out


def check_fits(collision: Any, dimension: int, copies: int, name: str) -> None:
    """Refuse what is not a collision of systems that exist, of this dimension.

    Raises
    ------
    InvalidParameterError
        It is no `Collision`, or names a system that does not exist.
    DimensionMismatchError
        Its unitary does not have the size of its systems.

    Examples
    --------
    >>> check_fits(Collision([[0, 1], [1, 0]], (0,)), 2, 3, "collision")
    """
    if not isinstance(collision, Collision):
        raise InvalidParameterError(f"{name} must be a Collision; got {collision!r}")
    if max(collision.systems) >= copies:
        raise InvalidParameterError(
            f"{name} must name systems 0 to {copies - 1}; got {collision.systems}"
        )
    size = dimension ** len(collision.systems)
    if collision.matrix.shape != (size, size):
        raise DimensionMismatchError(
            f"{name} must have a unitary of shape {(size, size)} for {len(collision.systems)} "
            f"systems of dimension {dimension}; got {collision.matrix.shape}"
        )


def check_energy(collision: Collision, hamiltonian: Array, name: str) -> None:
    """Refuse a unitary that does not commute with the energy of its systems.

    Raises
    ------
    InvalidStateError
        The commutator is larger than rounding can make it.

    Examples
    --------
    >>> check_energy(Collision(np.eye(4), (0, 1)), np.diag([0.0, 1.0]), "collision")
    """
    d, count = len(hamiltonian), len(collision.systems)
    total = sum(
        np.kron(np.kron(np.eye(d**k), hamiltonian), np.eye(d ** (count - 1 - k)))
        for k in range(count)
    )
    unitary = collision.matrix
    norm = float(np.linalg.norm(unitary @ total - total @ unitary))
    allowed = INPUT_TOLERANCE * float(np.linalg.norm(total))
    if norm > allowed:
        raise InvalidStateError(
            f"{name} must preserve the energy; got ||[U, H]|| = {norm:.3g} "
            f"(tolerance {allowed:.3g})"
        )
