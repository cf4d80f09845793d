r"""Points of a whole problem from those of the same problem on a subspace.

For X on the range of V the inequality ``X <= t sigma`` says ``x <= t (V^dagger sigma^{-1} V)^{-1}``
with ``X = V x V^dagger``. The multipliers of the small problem determine those of the whole one
where it matters, and hence where N and P should have been: that is where to go next.
"""

from dataclasses import dataclass

import numpy as np

from qentropy.blocks import Array
from qentropy.smoothing.balls import SmoothingProblem
from qentropy.smoothing.scaling import congruence, dagger, hermitian

__all__ = ["Lift", "Piece", "absent", "lift", "lower_end", "pieces", "spanned"]

NEGLIGIBLE = 1e-9  # what adds nothing to a subspace
NEARLY = 0.7  # of nu: an eigenvalue of M from which on its direction counts as one of P


@dataclass(frozen=True, eq=False)
class Piece:
    """rho and sigma on one block; the root and the inverse of sigma; columns that span rho."""

    rho: Array
    sigma: Array
    root: Array
    inverse: Array
    support: Array

    def restricted(self, basis: Array) -> tuple[Array, Array]:
        """rho on a subspace, and what X on that subspace has to be compared with."""
        inner = np.linalg.inv(congruence(basis, self.inverse))
        return congruence(basis, self.rho), hermitian(inner)


@dataclass(frozen=True, eq=False)
class Lift:
    """What a block contributes: X, G, the least t, and columns near which N and P lie.

    For N there are those where the multipliers put it, and at most as many where it was, the
    heaviest first.
    """

    state: Array
    dual: Array
    ratio: float
    added: Array
    removed: Array
    before: Array


def pieces(problem: SmoothingProblem) -> list[Piece]:
    """The blocks of a problem, with what lifting needs.

    Parameters
    ----------
    problem
        Any.

    Returns
    -------
    list of Piece
        In the order of the groups' blocks.

    Examples
    --------
    >>> from qentropy.operators import check_states
    >>> rho, sigma = check_states(np.diag([1.0, 0.0]), np.eye(2) / 2)
    >>> problem = SmoothingProblem(rho, sigma, "trace-distance", 0.1, True)
    >>> [piece.support.shape for piece in pieces(problem)]
    [(1, 1), (1, 0)]
    """
    rho, sigma = problem.rho, problem.sigma
    powers = (sigma.spectrum.power(p) for p in (0.5, -1.0))
    groups = zip(
        rho.groups,
        sigma.groups,
        *powers,
        rho.spectrum.vectors,
        rho.spectrum.support,
        strict=True,
    )
    return [
        Piece(r, s, root, inverse, vectors[:, inside])
        for group in groups
        for r, s, root, inverse, vectors, inside in zip(*group, strict=True)
    ]


def spanned(*columns: Array) -> Array:
    """An orthonormal basis of the sum of ranges, whatever the lengths of the columns.

    Parameters
    ----------
    columns
        Shapes ``(d, k_1)``, ``(d, k_2)``, and so on, without columns of zeros.

    Returns
    -------
    ndarray
        Shape ``(d, rank)``.

    Examples
    --------
    >>> spanned(np.array([[3.0], [0.0]]), np.array([[1.0], [0.0]])).shape
    (2, 1)
    """
    together = np.concatenate(columns, axis=1)
    together = together / np.linalg.norm(together, axis=0)
    u, s, _ = np.linalg.svd(together, full_matrices=False)
    return np.asarray(u[:, s > NEGLIGIBLE])


def absent(piece: Piece, mu: float) -> Lift:
    """What a block contributes on which the subspace has no column: X and M are zero.

    Parameters
    ----------
    piece, mu
        The block, and the dual variable of the trace.

    Returns
    -------
    Lift
        Without columns for N and P.

    Examples
    --------
    >>> empty = np.zeros((1, 0))
    >>> absent(Piece(*4 * [np.eye(1)], empty), 2.0).dual
    array([[-2.]])
    """
    flat, empty = np.zeros_like(piece.rho), np.zeros((len(piece.rho), 0), piece.rho.dtype)
    return Lift(flat, flat - mu * np.eye(len(flat)), 0.0, empty, empty, empty)


def lift(
    piece: Piece,
    basis: Array,
    points: tuple[Array, Array],
    ends: tuple[float, float],
    shares: tuple[float, float],
) -> Lift:
    r"""X and G on the whole block from those on the range of a basis.

    With s the sigma of the subspace ``W = sigma^{-1} V s w s V^dagger sigma^{-1}``, and G is
    ``M - mu`` with the least M that has the columns of ``mu + W`` on the range of X. At the optimum
    M vanishes on N, which lies in the sum of the ranges of X and W, and is nu on P. Both are
    imposed where M comes closest to it, so that what M lacks costs the lower end only its square.

    Parameters
    ----------
    piece, basis
        The block, and V.
    points
        x and g on the range of V.
    ends
        mu and nu.
    shares
        Of W, and of N, P and X, that are left out of their ranges.

    Returns
    -------
    Lift

    Raises
    ------
    numpy.linalg.LinAlgError
        M is not determined.

    Examples
    --------
    >>> piece = Piece(np.eye(1), np.eye(1) / 2, np.eye(1) / np.sqrt(2), 2 * np.eye(1), np.eye(1))
    >>> found = lift(piece, np.eye(1), (np.eye(1), 2 * np.eye(1)), (0.0, 2.0), 2 * (1e-6,))
    >>> round(found.ratio, 9), found.dual.round(9)
    (2.0, array([[2.]]))
    """
    (x, g), (mu, nu), (faint, light) = points, ends, shares
    rho, sigma = piece.restricted(basis)
    values, vectors = np.linalg.eigh(sigma)
    root, inverse = ((vectors * values**p) @ dagger(vectors) for p in (0.5, -0.5))
    ratio = float(np.linalg.eigvalsh(congruence(inverse, x))[-1])
    slopes, frame = np.linalg.eigh(congruence(root, g))
    heavy = _heavy(slopes, faint)
    w = piece.inverse @ (basis @ (root @ (frame[:, heavy] * np.sqrt(slopes[heavy]))))
    weights, frame = np.linalg.eigh(x)
    inside = basis @ frame[:, _heavy(weights, light)]
    losses, frame = np.linalg.eigh(rho - x)
    minus, plus = (basis @ frame[:, _heavy(sign * losses, light)] for sign in (-1, 1))
    m, added, removed = _least_multiplier(inside, w, (mu, nu), plus.shape[1])
    return Lift(
        state=hermitian(basis @ x @ dagger(basis)),
        dual=m - mu * np.eye(len(m)),
        ratio=ratio,
        added=added,
        removed=np.concatenate([removed, plus], axis=1),
        before=minus[:, : added.shape[1] or None],
    )


def _least_multiplier(
    inside: Array, w: Array, ends: tuple[float, float], most: int
) -> tuple[Array, Array, Array]:
    """M from the ranges of X and of W, and where N and P should be, P of rank `most` or less."""
    mu, nu = ends
    columns = max(mu, NEGLIGIBLE * nu) * inside + w @ (dagger(w) @ inside)
    lower = np.linalg.cholesky(hermitian(dagger(inside) @ columns))
    left, slopes, _ = np.linalg.svd(_divided(columns, lower), full_matrices=False)
    space = spanned(inside, w)
    rest = space - left @ (dagger(left) @ space)
    added = np.linalg.svd(rest, full_matrices=False)[0][:, : space.shape[1] - left.shape[1]]
    removed = left[:, :most][:, slopes[:most] ** 2 > NEARLY * nu]
    for part in (added, removed):
        columns = columns - part @ (dagger(part) @ columns)
    left, slopes, _ = np.linalg.svd(_divided(columns, lower), full_matrices=False)
    m = (left * np.minimum(slopes**2, nu)) @ dagger(left) + nu * removed @ dagger(removed)
    return hermitian(m), np.asarray(added), removed


def _divided(columns: Array, lower: Array) -> Array:
    """``C L^{-dagger}``, a factor of ``C (L L^dagger)^{-1} C^dagger``."""
    return dagger(np.linalg.solve(lower, dagger(columns)))


def _heavy(values: Array, light: float) -> Array:
    """Which entries are positive and together make up all but a share of the positive ones."""
    positive = np.maximum(values, 0)
    ascending = np.sort(positive)
    left_out = np.cumsum(ascending) <= light * positive.sum()
    return np.asarray(positive > (ascending[left_out][-1] if left_out.any() else 0.0))


def lower_end(problem: SmoothingProblem, parts: list[tuple[Piece, Lift]]) -> float:
    """The lower end that G gives, in floating point; 0 where it proves nothing.

    Parameters
    ----------
    problem
        For its ball and radius.
    parts
        Every block with its lift.

    Returns
    -------
    float
        Of the quantity under the logarithm.

    Examples
    --------
    >>> from qentropy.operators import check_pair
    >>> pair = check_pair(np.eye(1), np.eye(1) / 2)
    >>> problem = SmoothingProblem(pair.rho, pair.sigma, "trace-distance", 0.1, True)
    >>> one, none = np.eye(1), np.zeros((1, 0))
    >>> round(lower_end(problem, [(pieces(problem)[0], Lift(one, one, 2.0, *3 * [none]))]), 9)
    2.0
    """
    spectra = np.concatenate([np.linalg.eigvalsh(found.dual) for _, found in parts])
    bottom, top = float(spectra.min()), float(spectra.max())
    if not problem.normalized:
        bottom, top = min(bottom, 0.0), max(top, 0.0)
    slopes = [np.linalg.eigvalsh(congruence(p.root, found.dual)) for p, found in parts]
    price = sum(float(np.maximum(v, 0).sum()) for v in slopes)
    gain = sum(float(np.vdot(p.rho, found.dual).real) for p, found in parts)
    return (gain - problem.radius * (top - bottom)) / price if price > 0 else 0.0
