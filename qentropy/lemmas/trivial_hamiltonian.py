"""Without a Hamiltonian no bath is needed: as many unitaries as levels make any state uniform."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.blocks import Array
from qentropy.errors import DimensionMismatchError, InvalidParameterError
from qentropy.lemmas.collision_models import collision_error, squared_norm_bound
from qentropy.lemmas.equalities import equal_matrices
from qentropy.lemmas.gaussian_draws import drawn_state
from qentropy.lemmas.rounding import frobenius_norm, trace_defect
from qentropy.lemmas.statement import Normals, Statement
from qentropy.operators import as_state
from qentropy.results import LemmaCheck
from qentropy.thermalization import RandomUnitaryChannel

__all__ = ["STATEMENTS", "check_trivial_hamiltonian"]


def check_trivial_hamiltonian(rho: ArrayLike, *, missing: int = 0) -> LemmaCheck:
    r"""Trivial Hamiltonian, ``(1/d) sum_k X^k rho X^-k = 1/d``, X the shift of rho's eigenvectors.

    Parameters
    ----------
    rho
        Density operator, shape ``(d, d)``. Every unitary conserves the energy, and the thermal
        state is maximally mixed.
    missing
        How many of the d unitaries, the last ones, are left out.

    Returns
    -------
    LemmaCheck
        Trace norm of the difference of both sides as computed, and a bound of its rounding.
        `details` has the randomness that was used, ``log2`` of the number of unitaries, in bits.

    Raises
    ------
    InvalidStateError
        rho is not a density operator.
    DimensionMismatchError
        It is a stack.
    InvalidParameterError
        `missing` is not an integer from 0 to d - 1.

    Notes
    -----
    The unitaries depend on rho. To make every state uniform by the same channel takes ``d**2`` of
    them, twice as many bits. Fewer than d do not suffice for a pure state, since K unitaries give
    it rank K.

    References
    ----------
    Paper, Remark 19.

    Examples
    --------
    >>> check = check_trivial_hamiltonian(np.full((2, 2), 0.5))
    >>> check.verdict, 1.0 in check.details["bits of randomness"]
    (<Verdict.PROVED: 'PROVED'>, True)
    >>> check_trivial_hamiltonian(np.full((2, 2), 0.5), missing=1).verdict
    <Verdict.REFUTED: 'REFUTED'>
    """
    state = as_state(rho)
    if state.ndim != 2:
        raise DimensionMismatchError(f"rho must be one matrix; got shape {state.shape}")
    size = len(state)
    if isinstance(missing, bool) or missing not in range(size):
        raise InvalidParameterError(
            f"missing must be an integer from 0 to {size - 1}; got {missing!r}"
        )
    count = size - int(missing)
    _, basis = np.linalg.eigh(state)
    shifts = [np.roll(basis, -k, axis=1) @ basis.conj().T for k in range(count)]
    channel = RandomUnitaryChannel(
        weights=np.full(count, 1 / count), unitaries=np.stack(shifts), remainder=0.0
    )
    return equal_matrices(
        channel.apply(state),
        np.eye(size) / size,
        _error(state, basis, count),
        names=("trivial Hamiltonian", "Remark 19"),
        instance=f"d = {size}, {count} unitaries",
        details={"bits of randomness": certify.log2_interval(count, count)},
    )


def _error(state: Array, basis: Array, count: int) -> float:
    """Bound of how far d exact shifts near the computed ones, and rounding, leave 1/d."""
    size, norm = len(state), frobenius_norm(state)
    # The computed eigenvectors are no basis exactly. With the nearest basis the state has entries
    # off its diagonal, of which the average over shifts does not increase the norm.
    defect = squared_norm_bound([basis]) - 1
    turned = basis.conj().T @ state @ basis
    coherence = frobenius_norm(turned - np.diag(np.diagonal(turned)))
    coherence += norm * (3 * defect + 2 * certify.gamma(4 * size + 8) * size)
    shifts = 2 * norm * (2 * defect + certify.gamma(4 * size + 8) * size)
    rounding = norm * collision_error(size, count) + trace_defect(state)
    return certify.up(1.01 * (coherence + shifts + rounding))


def _draw(normals: Normals, k: int) -> dict[str, Any]:
    size = (2, 3, 4, 6, 9)[k % 5]
    return {"rho": drawn_state(normals, size, 1 + k % size)}


STATEMENTS = (
    Statement(
        name="trivial-hamiltonian",
        check=check_trivial_hamiltonian,
        draw=_draw,
        false_variant={"missing": 1},
    ),
)
