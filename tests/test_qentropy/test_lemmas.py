"""The statements of the paper as checks."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from qentropy import lemmas, states
from qentropy.convex_split import convex_split_state
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError
from qentropy.operators import partial_trace
from qentropy.results import LemmaCheck, Verdict

RNG = 20201


def ensemble(seed: int, dims: tuple[int, int], rank: int | None = None) -> np.ndarray:
    """A classical-quantum state, classical on the second factor."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(dims[1]))
    parts = [states.random_state(dims[0], rank=rank, rng=rng) for _ in weights]
    return sum(
        np.kron(p * rho, np.diag(np.eye(dims[1])[b]))
        for b, (p, rho) in enumerate(zip(weights, parts, strict=True))
    )


def test_convex_split_sides_by_an_independent_route() -> None:
    """Both sides contain what plain floating point gives."""
    rho, sigma = states.random_state(3, rng=1), states.random_state(3, rng=2)
    check = lemmas.check_convex_split(rho, sigma, 3)
    power = np.kron(np.kron(sigma, sigma), sigma)
    norm = np.linalg.norm(convex_split_state(rho, sigma, 3) - power, "nuc")
    ratio = np.linalg.eigvals(np.linalg.solve(sigma, rho)).real.max()
    assert math.isclose(check.lhs.lower, norm**2, rel_tol=1e-9)
    assert math.isclose(check.lhs.upper, norm**2, rel_tol=1e-9)
    assert math.isclose(check.rhs.lower, ratio / 3, rel_tol=1e-9)
    assert math.isclose(check.rhs.upper, ratio / 3, rel_tol=1e-9)
    assert check.verdict is Verdict.PROVED


def test_convex_split_classical_example() -> None:
    """For p = (1, 0), q = (1/2, 1/2), n = 2: distance 1/2 and right-hand side 2/2."""
    check = lemmas.check_convex_split(np.diag([1.0, 0.0]), np.diag([0.5, 0.5]), 2)
    assert 0.25 in check.lhs
    assert 1.0 in check.rhs
    assert check.lhs.width < 1e-12


def test_convex_split_outside_the_support() -> None:
    """Without the support condition the right-hand side is infinite and the statement true."""
    check = lemmas.check_convex_split(np.diag([0.5, 0.5]), np.diag([1.0, 0.0]), 2)
    assert check.rhs.lower == math.inf
    assert check.verdict is Verdict.PROVED


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_extension_is_what_the_lemma_promises(rank: int) -> None:
    """Marginal, fidelity equality (B13) and support of the constructed extension."""
    dims = (3, 4)
    rho_ab = ensemble(5, dims, rank)
    sigma_a = states.random_state(3, rank=rank, rng=6)
    extension = lemmas.trace_distance_extension(rho_ab, sigma_a, dims)
    np.testing.assert_allclose(partial_trace(extension, dims, 0), sigma_a, atol=1e-12)
    assert np.linalg.eigvalsh(extension).min() > -1e-14
    check = lemmas.check_trace_distance_extension(rho_ab, sigma_a, dims)
    assert check.verdict is Verdict.PROVED
    pair = check.details["F(rho_AB, sigma_AB)"], check.details["F(rho_A, sigma_A)"]
    assert abs(pair[0].lower - pair[1].lower) < 1e-7
    assert check.details["weight of sigma_B outside supp(rho_B)"].upper == 0
    assert check.details["distance of the marginal from sigma_A"].upper < 1e-12


def test_extension_of_a_state_with_an_unused_outcome() -> None:
    """An outcome of probability zero keeps probability zero."""
    rho_ab = np.kron(states.random_state(2, rng=7), np.diag([1.0, 0.0]))
    check = lemmas.check_trace_distance_extension(rho_ab, np.diag([0.3, 0.7]), (2, 2))
    assert check.details["weight of sigma_B outside supp(rho_B)"].upper == 0
    assert check.verdict is Verdict.PROVED


def test_product_extension_does_not_do() -> None:
    """The bound (B12) is about this extension: sigma_A (x) rho_B violates it."""
    rho_ab = np.diag([0.5, 0.0, 0.0, 0.5])
    sigma_a = np.diag([0.51, 0.49])
    product = np.kron(sigma_a, np.diag([0.5, 0.5]))
    bound = 2 * math.sqrt(np.abs(np.diag(sigma_a) - 0.5).sum())
    assert np.abs(np.diag(rho_ab - product)).sum() > bound
    assert lemmas.check_trace_distance_extension(rho_ab, sigma_a, (2, 2)).verdict is Verdict.PROVED


def test_operator_inequality_smallest_eigenvalue() -> None:
    """The right-hand side is the smallest eigenvalue of ``rho_A (x) Pi_B - rho_AB``."""
    dims = (2, 3)
    rho_ab = ensemble(8, dims)
    check = lemmas.check_cq_operator_inequality(rho_ab, dims)
    gap = np.kron(partial_trace(rho_ab, dims, 0), np.eye(3)) - rho_ab
    assert np.linalg.eigvalsh(gap)[0] == pytest.approx(check.rhs.lower, abs=1e-12)
    assert check.verdict is Verdict.PROVED


def test_operator_inequality_with_one_outcome_is_an_equality() -> None:
    """With one outcome of B both sides are the same operator."""
    rho_ab = np.kron(states.random_state(2, rng=9), np.diag([1.0, 0.0]))
    check = lemmas.check_cq_operator_inequality(rho_ab, (2, 2))
    assert check.verdict is Verdict.PROVED
    assert check.rhs.width == 0


def test_operator_inequality_is_honest_about_zero() -> None:
    """A smallest eigenvalue that is exactly zero is neither proved nor refuted."""
    vectors = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    rho_ab = sum(
        0.5 * np.kron(np.outer(v, v), np.diag(np.eye(2)[b])) for b, v in enumerate(vectors)
    )
    check = lemmas.check_cq_operator_inequality(rho_ab, (2, 2))
    assert check.verdict in {Verdict.UNDECIDED, Verdict.PROVED}
    assert 0 in check.rhs


FALSE_VARIANTS: list[tuple[str, Callable[[], LemmaCheck]]] = [
    (
        "convex split with an eighth of the right-hand side",
        lambda: lemmas.check_convex_split(
            np.diag([1.0, 0.0]), np.diag([0.2, 0.8]), 5, factor=1 / 8
        ),
    ),
    (
        "trace distance with a tenth of the right-hand side",
        lambda: lemmas.check_trace_distance_extension(
            ensemble(3, (2, 3)), states.random_state(2, rng=4), (2, 3), factor=0.1
        ),
    ),
    (
        "operator inequality with half of rho_A",
        lambda: lemmas.check_cq_operator_inequality(ensemble(3, (2, 3)), (2, 3), factor=0.5),
    ),
]


@pytest.mark.parametrize(
    "check", [c for _, c in FALSE_VARIANTS], ids=[n for n, _ in FALSE_VARIANTS]
)
def test_false_variants_are_refuted(check: Callable[[], LemmaCheck]) -> None:
    """A statement with a wrong constant comes out REFUTED."""
    assert check().verdict is Verdict.REFUTED


def test_verify_covers_every_statement_and_repeats() -> None:
    """All statements are proved on the default instances, and a seed fixes the instances."""
    reports = list(lemmas.verify(samples=6, rng=RNG))
    assert len(reports) == len(lemmas.STATEMENTS)
    assert {r.verdict for r in reports} == {Verdict.PROVED}
    again = list(lemmas.verify(samples=6, rng=RNG))
    for one, two in zip(reports, again, strict=True):
        assert one.to_dict() == two.to_dict()


def test_verify_draws_each_statement_from_its_own_stream() -> None:
    """A statement gets the same instances whether it is checked alone or with others."""
    alone = next(lemmas.verify(["cq-operator-inequality"], samples=3, rng=RNG))
    together = list(lemmas.verify(samples=3, rng=RNG))[-1]
    assert alone.to_dict() == together.to_dict()


def test_report_takes_the_worst_verdict() -> None:
    """One refuted instance refutes the report, and the tightest instance is the worst."""
    good = lemmas.check_convex_split(np.diag([1.0, 0.0]), np.diag([0.5, 0.5]), 2)
    bad = FALSE_VARIANTS[0][1]()
    report = lemmas.LemmaReport(statement="x", equation="(1)", checks=(good, bad))
    assert report.verdict is Verdict.REFUTED
    assert report.tightest is bad


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: list(lemmas.verify(["no-such-lemma"])), InvalidParameterError),
        (lambda: list(lemmas.verify(samples=0)), InvalidParameterError),
        (
            lambda: lemmas.check_convex_split(np.eye(2) / 2, np.eye(2) / 2, 2, factor=-1),
            InvalidParameterError,
        ),
        (
            lambda: lemmas.check_cq_operator_inequality(
                states.maximally_entangled_state(2), (2, 2)
            ),
            InvalidStateError,
        ),
        (
            lambda: lemmas.check_cq_operator_inequality(np.eye(4) / 4, (2, 3)),
            DimensionMismatchError,
        ),
        (
            lambda: lemmas.check_cq_operator_inequality(np.eye(4) / 4, (4,)),
            DimensionMismatchError,
        ),
        (
            lambda: lemmas.check_trace_distance_extension(np.eye(4) / 4, np.eye(3) / 3, (2, 2)),
            DimensionMismatchError,
        ),
    ],
)
def test_bad_input(call: Callable[[], object], error: type[Exception]) -> None:
    """What cannot be checked is refused with an exception of this package."""
    with pytest.raises(error):
        call()
