r"""Semidefinite programs as SCS takes them: matrices as vectors, and the one call of the solver.

A program is ``min c x`` with ``b - A x`` in a product of a linear cone and cones of positive
semidefinite matrices, which may be complex. SCS keeps inner products, so that the transpose of a
map between such vectors is its adjoint.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from qentropy.blocks import Array
from qentropy.errors import SolverError

__all__ = ["Cone", "Solution", "solve"]

MAX_ITERATIONS = 20_000
SMALL = 16  # dimension for which a second attempt costs little


@dataclass(frozen=True)
class Cone:
    """SCS's vectors for Hermitian (``complex``) or symmetric matrices of one size.

    The lower triangle column by column, off-diagonal entries times sqrt 2, an imaginary part
    after its real part; inner products are kept.
    """

    size: int
    complex: bool

    @property
    def length(self) -> int:
        """Number of entries of a vector."""
        return self.size**2 if self.complex else self.size * (self.size + 1) // 2

    def vector(self, matrix: Array) -> Array:
        """The vector of a matrix."""
        columns, rows = np.triu_indices(self.size)
        entries = matrix[rows, columns] * np.where(rows == columns, 1.0, np.sqrt(2))
        if not self.complex:
            return np.asarray(entries.real)
        both = np.stack([entries.real, np.imag(entries)], axis=1)
        keep = np.stack([np.ones(len(rows), bool), rows != columns], axis=1)
        return np.asarray(both[keep])

    def matrix(self, vector: Array) -> Array:
        """The matrix of a vector."""
        columns, rows = np.triu_indices(self.size)
        if self.complex:
            both = np.zeros((len(rows), 2))
            both[np.stack([np.ones(len(rows), bool), rows != columns], axis=1)] = vector
            entries = both[:, 0] + 1j * both[:, 1]
        else:
            entries = np.asarray(vector)
        entries = entries / np.where(rows == columns, 1.0, np.sqrt(2))
        out = np.zeros((self.size, self.size), entries.dtype)
        out[columns, rows] = entries.conj()
        out[rows, columns] = entries
        return out

    def weights(self, diagonal: Array) -> Array:
        """For each entry of the vector the product of its row's and its column's value."""
        columns, rows = np.triu_indices(self.size)
        products = diagonal[rows] * diagonal[columns]
        repeats = np.where(rows == columns, 1, 2) if self.complex else 1
        return np.asarray(np.repeat(products, repeats))

    def places(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Where the vector of the submatrix with these rows sits in the vector of the whole."""
        counter = self.matrix(np.arange(1.0, self.length + 1))
        weight = np.where(np.eye(self.size, dtype=bool), 1.0, np.sqrt(2))
        part = (counter * weight)[np.ix_(rows, rows)]
        small = Cone(len(rows), self.complex)
        scale = np.where(np.eye(len(rows), dtype=bool), 1.0, np.sqrt(2))
        return np.rint(small.vector(part / scale)).astype(np.intp) - 1

    @property
    def identity(self) -> Array:
        """The vector of the identity matrix."""
        return self.vector(np.eye(self.size))

    def map_of(self, function: Callable[[Array], Array], image: "Cone") -> Any:
        """Sparse matrix of a linear map from the matrices of this cone to those of another."""
        columns = [image.vector(function(self.matrix(e))) for e in np.eye(self.length)]
        return sp.csc_array(np.stack(columns, axis=1))


@dataclass(frozen=True, eq=False)
class Solution:
    """What SCS proposes: x, the multipliers y of the rows, and its own last word."""

    x: Array
    y: Array
    status: str
    iterations: int


def solve(
    rows: Sequence[tuple[Any, Array]],
    cost: Array,
    cones: Sequence[Cone],
    *,
    linear: int = 0,
    size: int,
    tolerance: float,
) -> Solution:
    """Minimise ``cost x`` with ``b - A x`` in the cones, for the stacked pairs (A, b) of `rows`.

    Parameters
    ----------
    rows
        Pairs (A, b), the `linear` scalar rows first, then those of the cones.
    cost
        The objective.
    cones
        Cones of positive semidefinite matrices, all of them real or all complex.
    linear
        Number of scalar rows.
    size
        Dimension of the largest state. A second attempt is made where it costs little.
    tolerance
        Absolute and relative tolerance of SCS.

    Raises
    ------
    SolverError
        SCS returned numbers that are not finite.
    """
    data = {
        "A": sp.csc_array(sp.vstack([a for a, _ in rows])),
        "b": np.concatenate([b for _, b in rows]),
        "c": cost,
    }
    sizes = {"l": linear, "cs" if cones[0].complex else "s": [cone.size for cone in cones]}
    solution = _run(data, sizes, tolerance)
    if solution["info"]["status"] != "solved" and size <= SMALL:
        # Anderson acceleration is what may lead SCS astray; without it, it is slow but steady.
        solution = _run(data, sizes, tolerance, acceleration_lookback=0)
    x, y, info = solution["x"], solution["y"], solution["info"]
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise SolverError(f"SCS gave no usable point; its status was {info['status']!r}")
    return Solution(x, y, str(info["status"]), int(info["iter"]))


def _run(data: dict[str, Any], sizes: dict[str, Any], tolerance: float, **options: int) -> Any:
    import scs  # slow to import, and most quantities have a closed form

    return scs.solve(
        data,
        sizes,
        verbose=False,
        eps_abs=tolerance,
        eps_rel=tolerance,
        max_iters=MAX_ITERATIONS,
        **options,
    )
