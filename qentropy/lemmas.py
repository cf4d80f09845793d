"""The statements of the paper as checks: both sides as proved intervals, and a verdict.

The right-hand side of every check can be multiplied by a `factor`, so that sharper versions of a
statement can be put to the test; a false one comes out REFUTED.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qentropy import certify
from qentropy.blocks import Array, BlockOperator, extract, joint_blocks, one_group
from qentropy.convex_split import convex_split_state
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError
from qentropy.operators import as_state, check_dims, check_epsilon
from qentropy.results import Interval, LemmaCheck, Verdict
from qentropy.smoothing import smooth_max_relative_entropy
from qentropy.states import random_state

__all__ = [
    "STATEMENTS",
    "LemmaReport",
    "check_convex_split",
    "check_cq_operator_inequality",
    "check_trace_distance_extension",
    "trace_distance_extension",
    "verify",
]

UNIT = certify.UNIT


def check_convex_split(
    rho: ArrayLike, sigma: ArrayLike, n: int, *, factor: float = 1.0
) -> LemmaCheck:
    r"""Convex-split lemma, ``||rho^(n) - sigma^n||_1**2 <= 2**D_max(rho||sigma) / n``.

    Parameters
    ----------
    rho, sigma
        Density operators, shape ``(d, d)``.
    n
        Number of copies, at least 1; matrices of size ``d**n`` are built.
    factor
        Multiplies the right-hand side.

    Returns
    -------
    LemmaCheck
        Both sides without unit.

    Raises
    ------
    InvalidStateError, DimensionMismatchError, InvalidParameterError, ResourceLimitError
        As `convex_split_state`.

    References
    ----------
    Paper, Lemma 9, (B4).

    Examples
    --------
    >>> rho, sigma = np.diag([0.9, 0.1]), np.diag([0.5, 0.5])
    >>> check_convex_split(rho, sigma, 3).verdict
    <Verdict.PROVED: 'PROVED'>
    >>> check_convex_split(rho, sigma, 3, factor=0.01).verdict
    <Verdict.REFUTED: 'REFUTED'>
    """
    scale = _checked_factor(factor)
    state, target = as_state(rho, "rho"), as_state(sigma, "sigma")
    mixed = convex_split_state(state, target, n)
    power = target
    for _ in range(n - 1):
        power = np.kron(power, target)
    # Each entry is a sum of n products of n factors; the traces of the factors may be off by
    # rounding. Frobenius norms are multiplicative under Kronecker products.
    size = _frobenius(target) ** (n - 1) * (_frobenius(state) + _frobenius(target))
    off = n * (_trace_defect(state) + _trace_defect(target)) * (1 + 1e-9)
    error = certify.up(size * (1 + 1e-9) * (certify.gamma(8 * n + 8) + 2 * off))
    gap = mixed - power
    distance = certify.trace_norm_interval(extract(gap, joint_blocks(gap)), error)
    # The normalised sigma raises D_max by the logarithm of its trace.
    ratio = smooth_max_relative_entropy(state, target, 0.0)
    trace = certify.trace_interval(one_group(target))
    share = scale / n
    low, high = 2.0**ratio.lower * trace.lower * share, 2.0**ratio.upper * trace.upper * share
    rhs = Interval(certify.down(low, 6) if math.isfinite(low) else low, certify.up(high, 6))
    return LemmaCheck(
        statement="convex split",
        equation="(B4)",
        lhs=Interval(certify.down(distance.lower**2), certify.up(distance.upper**2)),
        rhs=rhs,
        instance=f"d = {len(state)}, n = {n}",
    )


def check_trace_distance_extension(
    rho_ab: ArrayLike, sigma_a: ArrayLike, dims: Sequence[int], *, factor: float = 1.0
) -> LemmaCheck:
    r"""Trace-distance lemma, ``||rho_AB - sigma_AB||_1 <= 2 sqrt(||rho_A - sigma_A||_1)``.

    The classical-quantum extension sigma_AB is constructed by `trace_distance_extension`. The
    statement is evaluated at the marginal that this matrix exactly has; how far it is from the
    given sigma_A is part of the result.

    Parameters
    ----------
    rho_ab
        Classical-quantum state on A (x) B, classical on B, shape ``(d_A d_B, d_A d_B)``.
    sigma_a
        Density operator on A.
    dims
        ``(d_A, d_B)``.
    factor
        Multiplies the right-hand side.

    Returns
    -------
    LemmaCheck
        In `details`: the marginal's distance from sigma_A, both fidelities of (B13), and the
        weight of sigma_B outside the support of rho_B, which the lemma says is zero.

    Raises
    ------
    InvalidStateError
        rho_ab is not classical on B, or an operator is not a state.
    DimensionMismatchError
        `dims` do not fit.

    References
    ----------
    Paper, Lemma 11, (B12), (B13).

    Examples
    --------
    >>> rho_ab = np.diag([0.4, 0.1, 0.2, 0.3])
    >>> check = check_trace_distance_extension(rho_ab, np.diag([0.6, 0.4]), (2, 2))
    >>> check.verdict, round(check.rhs.upper, 6)
    (<Verdict.PROVED: 'PROVED'>, 0.894427)
    """
    scale = _checked_factor(factor)
    state, parts = _classical_quantum(rho_ab, dims)
    target = as_state(sigma_a, "sigma_a")
    extension = trace_distance_extension(state, target, dims)
    pieces = _classical_parts(extension, dims)
    rho_a, sigma_marginal = parts.sum(axis=0), pieces.sum(axis=0)
    rounding = certify.gamma(len(parts) + 1) * sum(_frobenius(p) for p in (*parts, *pieces))
    defect = 4 * (_trace_defect(state) + _trace_defect(extension))
    lhs = certify.trace_norm_interval(_blocks(parts - pieces), UNIT * 4 + defect)
    rhs = certify.trace_norm_interval(
        one_group(_hermitian(rho_a - sigma_marginal)), certify.up(rounding + defect + 4 * UNIT)
    )
    outside = pieces[np.einsum("bii->b", parts).real == 0]
    return LemmaCheck(
        statement="trace distance",
        equation="(B12)",
        lhs=lhs,
        rhs=Interval(
            certify.down(2 * scale * math.sqrt(rhs.lower), 3),
            certify.up(2 * scale * math.sqrt(rhs.upper), 3),
        ),
        instance=f"d_A = {len(target)}, d_B = {len(parts)}",
        details={
            "distance of the marginal from sigma_A": certify.trace_norm_interval(
                one_group(_hermitian(sigma_marginal - target)), rounding
            ),
            "F(rho_AB, sigma_AB)": _fidelity(parts, pieces),
            "F(rho_A, sigma_A)": _fidelity(rho_a[None], sigma_marginal[None]),
            "weight of sigma_B outside supp(rho_B)": Interval(0.0, float(np.abs(outside).sum())),
        },
    )


def trace_distance_extension(rho_ab: ArrayLike, sigma_a: ArrayLike, dims: Sequence[int]) -> Array:
    r"""Classical-quantum extension of sigma_A with ``F(rho_AB, sigma_AB) = F(rho_A, sigma_A)``.

    With the ensemble measurement ``E_i = rho_A^{-1/2} p_i rho_i rho_A^{-1/2}`` and the unitary U
    that makes ``Tr sqrt(rho_A) sqrt(sigma_A) U`` the fidelity,
    ``sigma_i = sqrt(sigma_A) U E_i U^dagger sqrt(sigma_A)``.

    Parameters
    ----------
    rho_ab, sigma_a, dims
        As in `check_trace_distance_extension`.

    Returns
    -------
    ndarray
        Shape ``(d_A d_B, d_A d_B)``, block-diagonal in B.

    Raises
    ------
    InvalidStateError, DimensionMismatchError
        As `check_trace_distance_extension`.

    References
    ----------
    Paper, Lemma 11; Anshu, Hsieh, Jain, Phys. Rev. Lett. 121 (2018) 190504, Fact 4.

    Examples
    --------
    >>> extension = trace_distance_extension(np.eye(4) / 4, np.diag([1.0, 0.0]), (2, 2))
    >>> np.diag(extension).round(12)
    array([0.5, 0.5, 0. , 0. ])
    """
    _, parts = _classical_quantum(rho_ab, dims)
    target = as_state(sigma_a, "sigma_a")
    if target.shape != parts.shape[1:]:
        raise DimensionMismatchError(
            f"sigma_a must act on A, shape {parts.shape[1:]}; got {target.shape}"
        )
    marginal = one_group(_hermitian(parts.sum(axis=0)))
    root, inverse = (marginal.spectrum.power(p)[0][0] for p in (0.5, -0.5))
    sigma_root = one_group(target).spectrum.power(0.5)[0][0]
    left, _, right = np.linalg.svd(root @ sigma_root)
    unitary = (left @ right).conj().T
    effects = inverse @ parts @ inverse
    used = np.flatnonzero(np.einsum("bii->b", parts).real > 0)
    # Outside the support of rho_A the effects must still add up to the identity.
    effects[used[0]] += np.eye(len(target)) - effects.sum(axis=0)
    turned = sigma_root @ unitary
    pieces = _hermitian(turned @ effects @ turned.conj().T)
    values, vectors = np.linalg.eigh(pieces[used])
    pieces[used] = (vectors * np.maximum(values, 0.0)[:, None, :]) @ vectors.conj().swapaxes(1, 2)
    return _from_parts(_hermitian(pieces))


def check_cq_operator_inequality(
    rho_ab: ArrayLike, dims: Sequence[int], *, factor: float = 1.0
) -> LemmaCheck:
    r"""Classical-quantum operator inequality, ``rho_AB <= rho_A (x) Pi_B``.

    Parameters
    ----------
    rho_ab
        Classical-quantum state, classical on B, shape ``(d_A d_B, d_A d_B)``.
    dims
        ``(d_A, d_B)``.
    factor
        Multiplies the right-hand side, ``rho_A (x) Pi_B``.

    Returns
    -------
    LemmaCheck
        ``0 <= lambda_min(rho_A (x) Pi_B - rho_AB)``, on the support of Pi_B. A smallest eigenvalue
        that is exactly zero cannot be told from a small negative one and comes out UNDECIDED.

    Raises
    ------
    InvalidStateError
        rho_ab is not classical on B.
    DimensionMismatchError
        `dims` do not fit.

    References
    ----------
    Paper, Lemma 12, (B16).

    Examples
    --------
    >>> check_cq_operator_inequality(np.diag([0.4, 0.1, 0.2, 0.3]), (2, 2)).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    scale = _checked_factor(factor)
    _, parts = _classical_quantum(rho_ab, dims)
    used = parts[np.einsum("bii->b", parts).real > 0]
    marginal = _hermitian(used.sum(axis=0))
    gap = _blocks(scale * marginal - used)
    size = sum(_frobenius(p) for p in used)
    error = certify.up((1 + scale) * certify.gamma(len(used) + 4) * size)
    smallest = certify.eigenvalue_interval(gap, largest=False)
    if len(used) == 1 and scale == 1:
        smallest = Interval(0.0, 0.0)  # both sides are the same matrix
        error = 0.0
    return LemmaCheck(
        statement="cq inequality",
        equation="(B16)",
        lhs=Interval(0.0, 0.0),
        rhs=Interval(smallest.lower - error, smallest.upper + error),
        instance=f"d_A = {len(marginal)}, d_B = {len(parts)}",
    )


# Many instances


@dataclass(frozen=True, kw_only=True, eq=False)
class LemmaReport:
    """A statement on many instances.

    Parameters
    ----------
    statement, equation
        Name and equation number in the paper.
    checks
        One check per instance.
    """

    statement: str
    equation: str
    checks: tuple[LemmaCheck, ...]

    @property
    def tightest(self) -> LemmaCheck:
        """The check with the smallest proved slack."""
        return min(self.checks, key=lambda check: check.slack.lower)

    @property
    def verdict(self) -> Verdict:
        """REFUTED if any instance is, else UNDECIDED if any is, else PROVED."""
        verdicts = {check.verdict for check in self.checks}
        for verdict in (Verdict.REFUTED, Verdict.UNDECIDED):
            if verdict in verdicts:
                return verdict
        return Verdict.PROVED

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and strings, ready for JSON."""
        return {
            "statement": self.statement,
            "equation": self.equation,
            "instances": len(self.checks),
            "verdict": self.verdict.value,
            "worst_slack": self.tightest.slack.lower,
            "tightest": self.tightest.to_dict(),
        }


def verify(
    names: Sequence[str] = (), *, samples: int = 20, rng: int | np.random.Generator = 0
) -> Iterator[LemmaReport]:
    """Check statements on random instances of several shapes and ranks, one report each.

    Parameters
    ----------
    names
        Keys of `STATEMENTS`; none means all.
    samples
        Instances per statement, at least 1.
    rng
        Seed or generator; each statement draws from a stream of its own.

    Yields
    ------
    LemmaReport

    Raises
    ------
    InvalidParameterError
        A name is unknown, or `samples` is not positive.

    Examples
    --------
    >>> [report.verdict.value for report in verify(["convex-split"], samples=3)]
    ['PROVED']
    """
    unknown = [name for name in names if name not in STATEMENTS]
    if unknown:
        raise InvalidParameterError(
            f"unknown statement {unknown[0]!r}; known are {', '.join(STATEMENTS)}"
        )
    if samples < 1:
        raise InvalidParameterError(f"samples must be at least 1; got {samples}")
    streams = np.random.default_rng(rng).spawn(len(STATEMENTS))
    for (name, make), stream in zip(STATEMENTS.items(), streams, strict=True):
        if not names or name in names:
            checks = tuple(make(stream, k) for k in range(samples))
            yield LemmaReport(
                statement=checks[0].statement, equation=checks[0].equation, checks=checks
            )


def _random_convex_split(rng: np.random.Generator, k: int) -> LemmaCheck:
    dimension, n = ((2, 2), (2, 5), (3, 3), (2, 7), (4, 3), (5, 2))[k % 6]
    rho = random_state(dimension, rank=1 + k % dimension, rng=rng)
    return check_convex_split(rho, random_state(dimension, rng=rng), n)


def _random_extension(rng: np.random.Generator, k: int) -> LemmaCheck:
    dims = ((2, 2), (2, 3), (3, 2), (4, 3), (3, 5), (5, 2))[k % 6]
    sigma = random_state(dims[0], rank=1 + k % dims[0], rng=rng)
    return check_trace_distance_extension(_random_ensemble(rng, dims, 1 + k % dims[0]), sigma, dims)


def _random_operator_inequality(rng: np.random.Generator, k: int) -> LemmaCheck:
    dims = ((2, 2), (2, 3), (3, 2), (4, 3), (3, 5), (5, 2))[k % 6]
    return check_cq_operator_inequality(_random_ensemble(rng, dims, dims[0]), dims)


def _random_ensemble(rng: np.random.Generator, dims: tuple[int, int], rank: int) -> Array:
    states = [random_state(dims[0], rank=rank, rng=rng) for _ in range(dims[1])]
    weights = rng.dirichlet(np.ones(dims[1]))
    return _from_parts(weights[:, None, None] * np.stack(states))


STATEMENTS: dict[str, Callable[[np.random.Generator, int], LemmaCheck]] = {
    "convex-split": _random_convex_split,
    "trace-distance-extension": _random_extension,
    "cq-operator-inequality": _random_operator_inequality,
}


# Small tools


def _classical_quantum(rho_ab: ArrayLike, dims: Sequence[int]) -> tuple[Array, Array]:
    """A state that is classical on B, and its parts ``p_b rho_b``, shape ``(d_B, d_A, d_A)``."""
    state = as_state(rho_ab, "rho_ab")
    parts = _classical_parts(state, dims)
    coherence = float(np.abs(state - _from_parts(parts)).max())
    if coherence > 0:
        raise InvalidStateError(
            f"rho_ab must be classical on B, block-diagonal in the basis of B; got an entry of "
            f"size {coherence:.3g} between two blocks"
        )
    return state, parts


def _classical_parts(state: Array, dims: Sequence[int]) -> Array:
    dims = check_dims(dims, state.shape[-1])
    if len(dims) != 2 or state.ndim != 2:
        raise DimensionMismatchError(
            f"one matrix and dims = (d_A, d_B) are needed; got shape {state.shape} and {dims}"
        )
    tensor = state.reshape(*dims, *dims)
    return np.asarray(np.einsum("abcb->bac", tensor))


def _from_parts(parts: Array) -> Array:
    count, size = parts.shape[:2]
    out = np.zeros((size, count, size, count), parts.dtype)
    out[:, np.arange(count), :, np.arange(count)] = parts
    return out.reshape(size * count, size * count)


def _fidelity(left: Array, right: Array) -> Interval:
    """Interval of ``||B^dagger A||_1`` for factors ``B B^dagger`` and ``A A^dagger`` of the states.

    The trace norm of a matrix is half that of its Hermitian dilation.
    """
    factors = [certify.state_factor(_blocks(x)).groups[0] for x in (left, right)]
    product = factors[0].conj().swapaxes(-1, -2) @ factors[1]
    zero = np.zeros_like(product)
    dilation = np.block([[zero, product], [product.conj().swapaxes(-1, -2), zero]])
    error = (
        certify.gamma(4 * product.shape[-1] + 8) * _frobenius(factors[0]) * _frobenius(factors[1])
    )
    norm = certify.trace_norm_interval(_blocks(dilation), 2 * error)
    return Interval(norm.lower / 2, norm.upper / 2)


def _blocks(parts: Array) -> BlockOperator:
    """Blocks of an operator that is block-diagonal in B."""
    count, size = parts.shape[:2]
    index = np.arange(size)[None, :] * count + np.arange(count)[:, None]
    return BlockOperator((_hermitian(parts),), (index,), size * count)


def _hermitian(matrix: Array) -> Array:
    return np.asarray((matrix + matrix.conj().swapaxes(-1, -2)) / 2)


def _frobenius(matrix: Array) -> float:
    return float(np.linalg.norm(matrix)) * (1 + 1e-12)


def _trace_defect(state: Array) -> float:
    trace = certify.trace_interval(one_group(state))
    return max(abs(trace.lower - 1), abs(trace.upper - 1))


def _checked_factor(factor: float) -> float:
    return check_epsilon(factor, name="factor")
