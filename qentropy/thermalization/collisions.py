"""Stochastic collisions: a system and copies of it meet at random times, by unitaries.

The master equation is solved by the Poisson mixture over the number of collisions, so that every
step is a mixture of unitaries, as in Prop. 6 of the paper.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from qentropy.blocks import Array, require_memory
from qentropy.errors import DimensionMismatchError, SolverError
from qentropy.operators import as_hermitian, as_state, check_count
from qentropy.thermalization.collision_kinds import Collision, check_energy, check_fits
from qentropy.thermalization.parameters import check_time
from qentropy.thermalization.poisson import poisson_weights
from qentropy.thermalization.random_unitaries import RandomUnitaryChannel, collision_mixture

__all__ = ["CollisionModel", "require_density_operator"]


@dataclass(frozen=True, eq=False)
class CollisionModel:
    r"""Collisional dynamics, ``d rho / dt = sum_k rate_k (U_k rho U_k^dagger - rho)``.

    Parameters
    ----------
    dimension
        Dimension d of each system.
    copies
        Number n of systems; density operators have shape ``(d**n, d**n)``. The first system is
        the leftmost factor of the Kronecker product.
    collisions
        The kinds of collisions, a sequence of `Collision`. Without any nothing happens.
    hamiltonian
        Hamiltonian of one system, shape ``(d, d)``, in any unit of energy. If given, each
        collision has to conserve the sum of the energies of the systems that it involves; if not,
        nothing is checked.

    Raises
    ------
    InvalidParameterError
        A count is not a positive integer, or a collision is not a `Collision` or names a system
        that does not exist.
    DimensionMismatchError
        A unitary, or the Hamiltonian, does not have the size of its systems.
    InvalidStateError
        The Hamiltonian is not Hermitian, or a collision does not preserve the energy.
    ResourceLimitError
        A density operator would not fit into memory.

    References
    ----------
    Paper, (7), (8) and (A1).

    Examples
    --------
    >>> swap = np.eye(4)[[0, 2, 1, 3]]
    >>> model = CollisionModel(2, 2, [Collision(swap, (0, 1), 1.0)], hamiltonian=np.diag([0, 1]))
    >>> rho = np.diag([0.0, 1.0, 0.0, 0.0])
    >>> np.diag(model.evolve(rho, 0.5 * np.log(2)))
    array([0.  , 0.75, 0.25, 0.  ])
    """

    dimension: int
    copies: int
    collisions: Sequence[Collision]
    hamiltonian: ArrayLike | None = None

    def __post_init__(self) -> None:
        d = check_count(self.dimension, "dimension")
        n = check_count(self.copies, "copies")
        require_density_operator(d, n)
        object.__setattr__(self, "collisions", tuple(self.collisions))
        for k, collision in enumerate(self.collisions):
            check_fits(collision, d, n, f"collisions[{k}]")
        if self.hamiltonian is not None:
            energy = as_hermitian(self.hamiltonian, "hamiltonian")
            if energy.shape != (d, d):
                raise DimensionMismatchError(
                    f"hamiltonian must have shape {(d, d)}; got {energy.shape}"
                )
            for k, collision in enumerate(self.collisions):
                check_energy(collision, energy, f"collisions[{k}]")

    @property
    def rate(self) -> float:
        """Mean number of collisions of any kind per unit of time."""
        return math.fsum(collision.rate for collision in self.collisions)

    def evolve(self, rho: ArrayLike, time: float, *, tolerance: float = 1e-12) -> Array:
        r"""State after some time, ``sum_m Poisson(m) Lambda^m(rho)``.

        Parameters
        ----------
        rho
            Density operator, shape ``(d**n, d**n)``.
        time
            Time in the unit of one over the rates, not negative.
        tolerance
            Largest trace distance between the result and the exact state, rounding aside: the
            Poisson distribution is cut off where its tail is this small.

        Returns
        -------
        ndarray
            Density operator, shape ``(d**n, d**n)``.

        Raises
        ------
        InvalidStateError, DimensionMismatchError
            rho is not a density operator of all systems.
        InvalidParameterError
            `time` or `tolerance` is out of range.
        ResourceLimitError
            More than a million collisions are expected.

        References
        ----------
        Paper, Prop. 6, (A9).

        Examples
        --------
        >>> flip = Collision([[0, 1], [1, 0]], (0,), 1.0)
        >>> CollisionModel(2, 1, [flip]).evolve([[1, 0], [0, 0]], 0.5 * np.log(5))
        array([[0.6, 0. ],
               [0. , 0.4]])
        """
        state = self._checked(rho)
        weights, _ = poisson_weights(self.rate * check_time(time), tolerance)
        # What is left out, given that it is left out, is a state, too. Scaling up what is kept
        # instead of it costs at most its weight in trace distance.
        weights = weights / weights.sum()
        out = weights[0] * state
        for weight in weights[1:]:
            state = self._collide(state)
            out = out + weight * state
        return np.asarray((out + out.conj().T) / 2)

    def channel(
        self, time: float, *, tolerance: float = 1e-9, max_terms: int = 4096
    ) -> RandomUnitaryChannel:
        r"""The dynamics up to some time as a random unitary channel.

        Parameters
        ----------
        time
            Time in the unit of one over the rates, not negative.
        tolerance
            Weight of long sequences of collisions that may be left out.
        max_terms
            Number of different unitaries that may be built. Where it is reached, the remainder is
            larger than `tolerance`.

        Returns
        -------
        RandomUnitaryChannel
            Each of its unitaries is a product of those of the collisions, and preserves the
            energy if they do.

        Raises
        ------
        InvalidParameterError
            An argument is out of range.
        ResourceLimitError
            The unitaries would not fit into memory, or more than a million collisions are
            expected.

        References
        ----------
        Paper, Cor. 8, (A11).

        Examples
        --------
        >>> flip = Collision([[0, 1], [1, 0]], (0,), 1.0)
        >>> CollisionModel(2, 1, [flip]).channel(0.5 * np.log(5)).weights
        array([0.6, 0.4])
        """
        terms = check_count(max_terms, "max_terms")
        counts, _ = poisson_weights(self.rate * check_time(time), tolerance)
        size = self.dimension**self.copies
        require_memory(32.0 * size**2 * terms, f"{terms} unitaries of dimension {size}")
        identity = np.eye(size)
        unitaries = [self._act(c, identity) for c in self.collisions] or [identity]
        shares = [c.rate / self.rate for c in self.collisions] or [1.0]
        return collision_mixture(counts.tolist(), shares, unitaries, max_terms=terms)

    def steady_state(self, rho: ArrayLike) -> Array:
        r"""Limit of long times: the projection of rho on what commutes with every ``U_k``.

        Parameters
        ----------
        rho
            Density operator, shape ``(d**n, d**n)``.

        Returns
        -------
        ndarray
            Density operator, shape ``(d**n, d**n)``. It does not depend on the rates.

        Raises
        ------
        InvalidStateError, DimensionMismatchError
            rho is not a density operator of all systems.
        SolverError
            The iteration did not converge.

        Notes
        -----
        The mixture of unitaries never increases the Hilbert-Schmidt norm, so the limit exists and
        is the orthogonal projection on its fixed points. Those are the same for the mixture and
        for its mean S with its adjoint; conjugate gradients solve ``(1 - S) x = (1 - S) rho``, and
        ``rho - x`` is the projection. The residual is at most ``1e-13``.

        References
        ----------
        Paper, (14), for swaps.

        Examples
        --------
        >>> flip = Collision([[0, 1], [1, 0]], (0,), 1.0)
        >>> CollisionModel(2, 1, [flip]).steady_state([[1, 0], [0, 0]])
        array([[0.5, 0. ],
               [0. , 0.5]])
        """
        from scipy.sparse.linalg import LinearOperator, cg

        state = self._checked(rho)
        kind = np.result_type(state, *(c.matrix for c in self.collisions))

        def leaving(vector: Array) -> Array:
            matrix = vector.reshape(state.shape)
            mean = (self._collide(matrix) + self._collide(matrix, adjoint=True)) / 2
            return np.asarray((matrix - mean).ravel())

        system = LinearOperator((state.size, state.size), matvec=leaving, dtype=kind)
        start = leaving(state.astype(kind))
        solution, failed = cg(system, start, rtol=1e-14, atol=1e-13, maxiter=10_000)
        if failed:
            raise SolverError("the steady state did not converge; the model relaxes too slowly")
        steady = state - solution.reshape(state.shape)
        return np.asarray((steady + steady.conj().T) / 2)

    def _checked(self, rho: ArrayLike) -> Array:
        state = as_state(rho)
        size = self.dimension**self.copies
        if state.shape != (size, size):
            raise DimensionMismatchError(f"rho must have shape {(size, size)}; got {state.shape}")
        return state

    def _collide(self, state: Array, *, adjoint: bool = False) -> Array:
        """One collision of a random kind, or its adjoint map."""
        if not self.collisions:
            return state
        terms = (
            collision.rate / self.rate * self._act(collision, half.conj().T, adjoint=adjoint)
            for collision in self.collisions
            for half in [self._act(collision, state, adjoint=adjoint)]
        )
        # (U (U rho)^+)^+ is U rho U^+, and the outer adjoint commutes with the sum.
        return np.asarray(sum(terms)).conj().T

    def _act(self, collision: Collision, matrix: Array, *, adjoint: bool = False) -> Array:
        """U, or its adjoint, on its systems, times a matrix."""
        systems = tuple(collision.systems)
        count, d = len(systems), self.dimension
        unitary = collision.matrix.conj().T if adjoint else collision.matrix
        if d == 1:  # numpy has fewer axes than there may be systems
            return np.asarray(unitary[0, 0] * matrix)
        tensor = matrix.reshape((d,) * self.copies + (-1,))
        factors = unitary.reshape((d,) * (2 * count))
        out = np.tensordot(factors, tensor, axes=(tuple(range(count, 2 * count)), systems))
        return np.moveaxis(out, tuple(range(count)), systems).reshape(matrix.shape)


def require_density_operator(dimension: int, copies: int) -> None:
    """Refuse more systems than density operators of all of them fit into memory.

    Raises
    ------
    ResourceLimitError
        They do not fit.

    Examples
    --------
    >>> require_density_operator(2, 5)
    """
    # At most this, so that a hopeless size is refused instead of overflowing.
    size = 2.0 ** min(2 * copies * math.log2(dimension), 1000.0)
    require_memory(128.0 * size, f"a density operator of {copies} systems of {dimension} levels")
