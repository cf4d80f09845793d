"""The linear systems that remain of Newton's: sums of congruences, or nearly so."""

from collections.abc import Callable, Sequence

import numpy as np

from qentropy.blocks import Array
from qentropy.smoothing.scaling import Coordinates, dagger
from qentropy.smoothing.trace_point import inner_product
from qentropy.threads import many_threads

__all__ = ["SlowConvergenceError", "System"]

PRECISION = 1e-4  # of conjugate gradients, relative and in the norm of the preconditioner
LEAST_PRODUCTS = 120  # that conjugate gradients may take
PRODUCTS = 1e-3  # and this many times b**3: beyond, a factorisation takes less time


class SlowConvergenceError(ArithmeticError):
    """Conjugate gradients do not get there."""


class System:
    """``A Y A + B Y B + C (weights * (C^dagger Y C)) C^dagger`` for Hermitian Y.

    Parameters
    ----------
    metrics
        A and B.
    weights
        A real symmetric matrix.
    mixed
        C; None stands for the identity.
    """

    def __init__(
        self, metrics: Sequence[Array], weights: Array, mixed: Array | None = None
    ) -> None:
        self.metrics, self.weights, self.mixed = metrics, weights, mixed

    def applied(self, y: Array) -> Array:
        """The image of a Hermitian matrix."""
        first, second = self.metrics
        out = first @ y @ first + second @ y @ second
        if self.mixed is None:
            return np.asarray(out + self.weights * y)
        through = self.weights * (dagger(self.mixed) @ y @ self.mixed)
        return np.asarray(out + self.mixed @ through @ dagger(self.mixed))

    def factorised(self) -> Callable[[Array], Array]:
        """The solution, by a factorisation in real coordinates of Hermitian matrices."""
        size, metrics = len(self.metrics[0]), [(m, m) for m in self.metrics]
        basis = Coordinates(size, any(np.iscomplexobj(m) for m in self.metrics))
        with many_threads(basis.count):
            if self.mixed is None:
                matrix = basis.products(metrics)
                matrix[np.diag_indices(len(matrix))] += basis.entries(self.weights)
            else:
                matrix = basis.products(metrics, self.mixed, self.weights)
            return basis.solver(matrix)

    def iterative(self) -> Callable[[Array], Array]:
        """The solution, by conjugate gradients preconditioned with the diagonal."""
        inverse = 1 / self._diagonal()
        most = max(LEAST_PRODUCTS, int(PRODUCTS * len(inverse) ** 3))

        def solve(right: Array) -> Array:
            solution, residual = np.zeros_like(right), right
            step = inverse * residual
            start = energy = inner_product(residual, step)
            for _ in range(most):
                if energy <= PRECISION**2 * start:
                    return solution
                image = self.applied(step)
                curvature = inner_product(step, image)
                if not curvature > 0:  # what is left is smaller than rounding
                    break
                length = energy / curvature
                solution = solution + length * step
                residual = residual - length * image
                previous, preconditioned = energy, inverse * residual
                energy = inner_product(residual, preconditioned)
                step = preconditioned + energy / previous * step
            raise SlowConvergenceError

        return solve

    def _diagonal(self) -> Array:
        first, second = (np.outer(*2 * [m.diagonal().real]) for m in self.metrics)
        if self.mixed is None:
            return np.asarray(first + second + self.weights)
        squares = np.abs(self.mixed) ** 2
        return np.asarray(first + second + squares @ self.weights @ squares.T)
