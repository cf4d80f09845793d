"""Where a path for the trace balls starts that has nothing near by to start from."""

from collections.abc import Sequence

import numpy as np

from qentropy.blocks import Array
from qentropy.smoothing.scaling import congruence, dagger, hermitian
from qentropy.smoothing.trace_point import Block, Data, Pairs, Point, inner_product, real_trace
from qentropy.spectra import positive_power

__all__ = ["start"]

TAMED = 0.8  # of the radius: how far from rho the state without its flat part may be
FLAT = 0.1  # of the radius: the weight of the flat part
AMPLE = 1.3  # times the least t
MOST_DOUBLINGS = 60


def start(data: Data) -> Point:
    """A strictly feasible point that is not far from the path, nor from its end.

    X moves from rho to a state below a moderate multiple of sigma, with a little of one that is
    flat where sigma is large and of the size of sigma where it is small.

    Parameters
    ----------
    data
        The problem; the level is best near the optimal multiple of sigma.

    Returns
    -------
    Point

    Raises
    ------
    numpy.linalg.LinAlgError
        A sigma is not positive definite.

    Examples
    --------
    >>> import numpy as np
    >>> block = Block(np.diag([0.9, 0.1]), np.diag([0.5, 0.5]), np.arange(2))
    >>> found = start(Data([block], 0.2, normalized=True, level=1.0))
    >>> found.t > 1.4, bool(abs(found.lacking).max() < 1e-12)
    (True, True)
    """
    blocks, e = data.blocks, min(data.radius, 1.0)
    size, inner = sum(len(b.rho) for b in blocks), sum(len(b.rows) for b in blocks)
    flat = [np.linalg.inv(e / size * np.linalg.inv(b.sigma) + np.eye(len(b.rows))) for b in blocks]
    total = sum(real_trace(f) for f in flat)
    aims = [
        (1 - FLAT * e) * g + FLAT * e / total * f
        for g, f in zip(_tamed(blocks, TAMED * e), flat, strict=True)
    ]
    away = [b.rho - b.embedded(g) for b, g in zip(blocks, aims, strict=True)]
    reach = sum(_positive_trace(g) for g in away)
    share = min(1.0, (TAMED + FLAT) * e / reach) if reach > 0 else 1.0
    slack = 0.0 if data.normalized else FLAT / 2 * e
    x = [
        (1 - slack) * hermitian(b.compressed(b.rho - share * g))
        for b, g in zip(blocks, away, strict=True)
    ]
    parts = [np.linalg.eigh(b.rho - b.embedded(g)) for b, g in zip(blocks, x, strict=True)]
    spare = data.radius - sum(float(np.maximum(values, 0).sum()) for values, _ in parts)
    floor = max(spare, FLAT / 4 * e) / size
    n = [hermitian(v * (np.maximum(-values, 0) + floor) @ dagger(v)) for values, v in parts]
    w = [hermitian(np.linalg.inv(b.sigma)) / inner for b in blocks]
    ratios = [np.linalg.eigvals(k @ g).real.max() for k, g in zip(w, x, strict=True)]
    t = AMPLE * inner * float(max(ratios))
    delta = (t - sum(inner_product(g, k) for g, k in zip(x, w, strict=True))) / inner
    mu = delta / floor
    pairs: list[Pairs] = []
    for b, g, h, k in zip(blocks, n, x, w, strict=True):
        extra = hermitian(np.linalg.inv(h / delta + 2 / mu * np.eye(len(h))))
        m = mu * np.eye(len(g)) - b.embedded(extra)
        pairs.append(
            [
                (g, m),
                (b.rho + g - b.embedded(h), 2 * mu * np.eye(len(m)) - m),
                (t * b.sigma - h, k),
                (h, k + extra),
            ]
        )
    return Point(data, pairs, mu, 2 * mu, t, slack)


def _tamed(blocks: Sequence[Block], radius: float) -> list[Array]:
    """A state below a multiple of sigma, the least ``2**k`` from which on it is near enough to rho.

    ``G rho G^dagger`` with ``G = (l sigma)^{1/2} (l sigma + P)^{-1/2}`` and
    ``P = (rho - l sigma)_+`` is at most ``l sigma``, and tends to rho as l grows.
    """
    roots = [_power(b.sigma, 0.5) for b in blocks]
    states: list[Array] = []
    for k in range(MOST_DOUBLINGS):
        states = []
        for b, root in zip(blocks, roots, strict=True):
            rho, floor = b.compressed(b.rho), 2.0**k * b.sigma
            values, vectors = np.linalg.eigh(rho - floor)
            peak = vectors * np.maximum(values, 0) @ dagger(vectors)
            tame = 2 ** (k / 2) * root @ _power(hermitian(floor + peak), -0.5)
            states.append(congruence(dagger(tame), rho))
        total = sum(map(real_trace, states))
        states = [g / total for g in states]
        away = (b.rho - b.embedded(g) for b, g in zip(blocks, states, strict=True))
        if sum(map(_positive_trace, away)) <= radius:
            break
    return states


def _power(matrix: Array, exponent: float) -> Array:
    """A power of a positive definite matrix; what rounding made negative counts as zero."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray(vectors * positive_power(values, exponent) @ dagger(vectors))


def _positive_trace(matrix: Array) -> float:
    """The trace of the positive part."""
    return float(np.maximum(np.linalg.eigvalsh(matrix), 0).sum())
