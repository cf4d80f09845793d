"""The reference programs: known values, duality, proved intervals, and other people's programs."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import cvxpy as cp
import numpy as np
import pytest
import qutip
import scipy.linalg
import scipy.sparse
from scipy.optimize import minimize_scalar

import qentropy
from qentropy import programs
from qentropy.distances import purified_distance, trace_distance
from qentropy.errors import DimensionMismatchError, InvalidParameterError, InvalidStateError
from qentropy.states import (
    classical_quantum_state,
    isotropic_state,
    maximally_entangled_state,
    random_state,
    werner_state,
)

# Accuracy asked of the solvers, and what is left of it in a value.
SOLVERS: dict[str, dict[str, Any]] = {"SCS": {"eps": 1e-8, "max_iters": 50_000}, "CLARABEL": {}}
ACCURACY = 1e-5

BALLS = ("trace-norm", "trace-distance", "purified-distance")
FORMS = ("primal", "dual")

PLUS = np.full((2, 2), 0.5)
PAULI = [np.array(m) for m in ([[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]])]


def solved(problem: cp.Problem, solver: str = "SCS") -> float:
    """Solve to optimality and return the optimal value."""
    value = problem.solve(solver=solver, **SOLVERS[solver])
    assert problem.status == cp.OPTIMAL
    assert isinstance(value, float)
    return value


def bits(problem: cp.Problem, solver: str = "SCS") -> float:
    """Solve and take the logarithm."""
    return math.log2(solved(problem, solver))


def about(value: float) -> Any:
    """Compare with an allowance for the solver."""
    return pytest.approx(value, abs=ACCURACY)


def qubit(x: float, y: float, z: float) -> np.ndarray:
    """Build a qubit state from its Bloch vector."""
    terms = zip((x, y, z), PAULI, strict=True)
    return (np.eye(2) + sum(c * m for c, m in terms)) / 2


def pure(*amplitudes: complex) -> np.ndarray:
    """Build a pure state from unnormalised amplitudes."""
    ket = np.array(amplitudes) / np.linalg.norm(amplitudes)
    return np.outer(ket, ket.conj())


def schmidt(*weights: float) -> tuple[np.ndarray, np.ndarray]:
    """Build a pure bipartite state from its Schmidt weights, and the product of its marginals."""
    ket = np.diag(np.sqrt(weights)).ravel()
    return np.outer(ket, ket), np.diag(np.kron(weights, weights))


SPIKE = np.diag([0.5] + [0.5 / 7] * 7)
UNIFORM = np.eye(8) / 8
QUBITS = qubit(0.9, 0.05, -0.02), qubit(-0.8, 0.1, 0.1)
TILTED = PLUS, np.diag([0.75, 0.25])
ENTANGLED = schmidt(0.9, 0.1)

# Without smoothing: rho, sigma, bits.
KNOWN = {
    "pure qutrit against 1/3: log2 d": (pure(1, 2j, -1), np.eye(3) / 3, math.log2(3)),
    "|00> against 1/4": (pure(1, 0, 0, 0), np.eye(4) / 4, 2.0),
    "Phi_3 against its marginals: 2 log2 d": (
        maximally_entangled_state(3),
        np.eye(9) / 9,
        2 * math.log2(3),
    ),
    "qubits, from a certified bracket": (*QUBITS, 3.3284370118),
    "isotropic, closed form, noise 0.1": (isotropic_state(2, 0.1), np.eye(4) / 4, 1.8875252707),
    "isotropic, closed form, noise 0.5": (isotropic_state(2, 0.5), np.eye(4) / 4, 1.3219280949),
    "Werner, closed form": (werner_state(3, 0.2), np.eye(9) / 9, 1.2630344058),
    "Schmidt (.9, .1), closed form": (*ENTANGLED, 3.4739311883),
    "|+> against diag(3/4, 1/4), closed form": (*TILTED, 1.4150374993),
    "unnormalised sigma: log2 a is subtracted": (PLUS, 8 * np.eye(2), -3.0),
}

# Smoothed: rho, sigma, then for each ball pairs of radius and bits.
TRACE, PURIFIED = "trace-distance", "purified-distance"
SMOOTHED = {
    "qubits, certified brackets": (
        *QUBITS,
        {
            TRACE: [(0.05, 3.249849018), (0.1, 3.166740753), (0.3, 2.776290758)],
            PURIFIED: [(0.05, 3.289169579), (0.1, 3.242015325), (0.3, 2.962583394)],
        },
    ),
    "isotropic, closed form": (
        isotropic_state(2, 0.1),
        np.eye(4) / 4,
        {TRACE: [(0.1, math.log2(3.3))]},
    ),
    "pure against 1/d: log2 d + log2(1 - eps), log2(1 - eps**2)": (
        pure(1, 1j, -2),
        np.eye(3) / 3,
        {TRACE: [(0.2, math.log2(2.4)), (0.8, 0.0)], PURIFIED: [(0.2, math.log2(2.88))]},
    ),
    "classical spike, water-filling": (
        SPIKE,
        UNIFORM,
        {
            TRACE: [(0.1, 1.6780719051), (0.3, 0.6780719051), (0.45, 0.0)],
            PURIFIED: [(0.1, 1.6798786732), (0.3, 0.7744568312)],
        },
    ),
    "|+> against diag(3/4, 1/4), root of a quadratic, rotation": (
        *TILTED,
        {
            TRACE: [(0.05, 1.3226673846), (0.1, 1.2256362383), (0.3, 0.7810876615)],
            PURIFIED: [(0.05, 1.3411318883), (0.1, 1.2638376932), (0.3, 0.9286661702)],
        },
    ),
    "where the hockey-stick bound is not tight": (
        pure(1, 1, 1),
        np.diag([0.98, 0.015, 0.005]),
        {TRACE: [(0.3, 5.450631035)]},
    ),
    "Schmidt (.9, .1), closed form": (
        *ENTANGLED,
        {
            TRACE: [(0.3, 0.337185582)],
            PURIFIED: [(0.05, 3.0616699411), (0.1, 2.5861673015), (0.3, 0.3372008055)],
        },
    ),
}
SMOOTHED_CASES = [
    pytest.param(rho, sigma, ball, epsilon, value, id=f"{name}, {ball} {epsilon}")
    for name, (rho, sigma, balls) in SMOOTHED.items()
    for ball, pairs in balls.items()
    for epsilon, value in pairs
]

# Sub-normalised smoothing in trace distance; with sigma = 1 it is -H_min^epsilon of the state.
SUBNORMALIZED = [
    (UNIFORM, 0.45, -0.8624964763),
    (np.eye(8), 0.1, -1.3219280949),
    (np.eye(8), 0.3, -2.3219280949),
]


# The problems


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(("rho", "sigma", "value"), KNOWN.values(), ids=KNOWN)
def test_max_relative_entropy_has_its_known_values(
    rho: np.ndarray, sigma: np.ndarray, value: float, solver: str, form: str
) -> None:
    """Both forms reach the known value in bits, and the eigenvalue formula, with both solvers."""
    found = bits(programs.max_relative_entropy(rho, sigma, form=form), solver)
    assert found == about(value)
    assert found == about(qentropy.max_relative_entropy(rho, sigma))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("rho", "sigma", "ball", "epsilon", "value"), SMOOTHED_CASES)
def test_smooth_max_relative_entropy_has_its_known_values(
    rho: np.ndarray, sigma: np.ndarray, ball: str, *, epsilon: float, value: float, form: str
) -> None:
    """Both forms reach the known value in bits."""
    program = programs.smooth_max_relative_entropy(rho, sigma, epsilon, ball=ball, form=form)
    assert bits(program) == about(value)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("sigma", "epsilon", "value"), SUBNORMALIZED)
def test_subnormalized_smoothing_has_its_known_values(
    sigma: np.ndarray, epsilon: float, value: float, form: str
) -> None:
    """Cutting the peak of a classical state is all that sub-normalised smoothing does."""
    program = programs.smooth_max_relative_entropy(
        SPIKE, sigma, epsilon, ball=TRACE, normalized=False, form=form
    )
    assert bits(program) == about(value)


def within_support(dimension: int, rank: int, support: int, outside: float) -> Any:
    """Build a random pair where sigma is singular and rho has little weight outside it."""
    rng = np.random.default_rng(dimension)
    frame = np.linalg.qr(rng.normal(size=(dimension, dimension)) + 0j)[0]
    inside = frame[:, :support]
    rho = inside @ random_state(support, rank=rank, rng=rng) @ inside.conj().T
    stray = frame[:, support:] @ frame[:, support:].conj().T / (dimension - support)
    sigma = inside @ np.diag(np.linspace(1, 2, support)) @ inside.conj().T
    return (1 - outside) * rho + outside * stray, sigma


def mixed(dimension: int, rank: int, *, real: bool) -> Any:
    """Build a random pair with a rho of low rank and a well-conditioned sigma."""
    rho = random_state(dimension, rank=rank, real=real, rng=dimension)
    sigma = random_state(dimension, real=real, rng=dimension + 10)
    return rho, 0.8 * sigma + 0.2 * np.eye(dimension) / dimension


RANDOM = {
    "d = 2, rank 1, complex": (*mixed(2, 1, real=False), 0.15),
    "d = 2, rank 2, real": (*mixed(2, 2, real=True), 0.05),
    "d = 3, rank 2, complex": (*mixed(3, 2, real=False), 0.2),
    "d = 4, rank 3, real": (*mixed(4, 3, real=True), 0.1),
    "d = 4, rank 1, complex": (*mixed(4, 1, real=False), 0.3),
    "d = 3, singular sigma": (*within_support(3, 1, 2, 0.0), 0.3),
    "d = 4, singular sigma, rho outside": (*within_support(4, 2, 3, 0.01), 0.3),
}


RANDOM_CASES = [
    pytest.param(*case, ball, id=f"{name}, {ball}")
    for name, case in RANDOM.items()
    for ball in BALLS
    # There no X is strictly feasible, and the solvers lose half of their digits.
    if "outside" not in name or ball != "purified-distance"
]


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize(("rho", "sigma", "epsilon", "ball"), RANDOM_CASES)
def test_both_forms_reach_the_proved_interval(
    rho: np.ndarray, sigma: np.ndarray, epsilon: float, ball: str, normalized: bool
) -> None:
    """Primal and dual value lie in the certified interval up to the accuracy of the solver."""
    options: dict[str, Any] = {"ball": ball, "normalized": normalized}
    proved = qentropy.smooth_max_relative_entropy(rho, sigma, epsilon, **options)
    for form in FORMS:
        program = programs.smooth_max_relative_entropy(rho, sigma, epsilon, form=form, **options)
        assert proved.lower - ACCURACY <= bits(program) <= proved.upper + ACCURACY


@pytest.mark.parametrize("ball", BALLS)
@pytest.mark.parametrize("normalized", [True, False])
def test_the_primal_point_is_in_the_ball_and_attains_the_value(ball: str, normalized: bool) -> None:
    """X is a state within epsilon of rho, and its own max-relative entropy is the value."""
    rho, sigma, epsilon = RANDOM["d = 3, rank 2, complex"]
    program = programs.smooth_max_relative_entropy(
        rho, sigma, epsilon, ball=ball, normalized=normalized
    )
    value = bits(program)
    X = program.var_dict["X"].value
    trace = np.trace(X).real
    assert trace == about(1.0) if normalized else trace <= 1 + ACCURACY
    if ball == "purified-distance":
        # The root of a rounding error is large.
        assert purified_distance(completed(rho), completed(X)) == pytest.approx(epsilon, abs=1e-3)
    else:
        distance = trace_distance(completed(rho), completed(X))
        assert distance == about(epsilon / 2 if ball == "trace-norm" else epsilon)
    largest = scipy.linalg.eigh(X, sigma, eigvals_only=True)[-1]
    assert math.log2(largest) == about(value)


def completed(X: np.ndarray) -> np.ndarray:
    """Send the missing weight to one more dimension: distances there are the generalised ones."""
    missing = max(0.0, 1 - np.trace(X).real)
    state = scipy.linalg.block_diag((X + X.conj().T) / 2, [[missing]])
    values, vectors = np.linalg.eigh(state)
    positive = (vectors * values.clip(min=0)) @ vectors.conj().T
    return positive / np.trace(positive).real


def is_feasible(problem: cp.Problem) -> bool:
    """Check the values of the variables; cvxpy itself looks at the real part of a matrix only."""
    matrices = [c.args[0].value for c in problem.constraints if isinstance(c, cp.constraints.PSD)]
    scalars = [c.violation() for c in problem.constraints if not isinstance(c, cp.constraints.PSD)]
    floor = min(np.linalg.eigvalsh(matrix)[0] for matrix in matrices)
    return bool(floor > -1e-9 and max(scalars) < 1e-9)


def random_dual_point(problem: cp.Problem, rho: np.ndarray, sigma: np.ndarray, rng: Any) -> None:
    """Give the variables of a dual program values that are feasible, and better than nothing."""
    find = problem.var_dict
    noise = 0.05 * (random_state(len(rho), rng=rng) - random_state(len(rho), rng=rng))
    G = rho - rng.uniform(0, 2) * sigma + noise
    values, vectors = np.linalg.eigh(G if "M" in find else rho + noise)
    W = (vectors * values.clip(min=0)) @ vectors.conj().T
    scale = 1 / np.trace(W @ sigma).real
    find["W"].value = scale * W
    if "M" in find:
        mu = max(0.0, -values[0])
        find["mu"].value, find["nu"].value = scale * mu, scale * (values[-1] + mu)
        find["M"].value = scale * (G + mu * np.eye(len(rho)))
        return
    u = -scale * rng.uniform(0.01, 0.1)
    inverse = np.linalg.inv(scale * W - u * np.eye(len(rho)))
    # Whatever factor of rho the program uses, its largest eigenvalue with the inverse is this.
    largest = np.linalg.eigvals(rho @ inverse).real.max()
    size = find["L"].shape[0]
    a = rng.uniform(0, 2) / (size * largest)
    find["u"].value, find["a"].value = u, a
    find["L"].value = a**2 / 4 * largest * np.eye(size)


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("ball", ["trace-distance", "purified-distance"])
def test_weak_duality(ball: str, normalized: bool) -> None:
    """No feasible point of the dual exceeds the proved value; no solver is asked."""
    rho, sigma, epsilon = RANDOM["d = 3, rank 2, complex"]
    options: dict[str, Any] = {"ball": ball, "normalized": normalized}
    upper = 2 ** qentropy.smooth_max_relative_entropy(rho, sigma, epsilon, **options).upper
    program = programs.smooth_max_relative_entropy(rho, sigma, epsilon, form="dual", **options)
    rng = np.random.default_rng(0)
    found = []
    for _ in range(50):
        random_dual_point(program, rho, sigma, rng)
        assert is_feasible(program)
        found.append(program.objective.value)
    assert upper / 4 < max(found) <= upper


@pytest.mark.parametrize("name", ["d = 2, rank 2, real", "d = 3, rank 2, complex"])
def test_the_multipliers_of_the_primal_are_the_dual_point(name: str) -> None:
    """What cvxpy returns as multipliers solves the dual program; old releases returned halves."""
    rho, sigma, epsilon = RANDOM[name]
    primal = programs.smooth_max_relative_entropy(rho, sigma, epsilon, ball=TRACE)
    dual = programs.smooth_max_relative_entropy(rho, sigma, epsilon, ball=TRACE, form="dual")
    value = solved(primal)
    assert solved(dual) == pytest.approx(value, rel=ACCURACY)
    below, _, _, _, above, near = primal.constraints
    W, M = below.dual_value, above.dual_value
    gain = np.trace(M @ rho).real - near.dual_value * epsilon
    G = M - W
    mu = np.linalg.eigvalsh(G)[-1]
    assert np.trace(sigma @ W).real == about(1.0)
    assert gain - mu == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize(
    ("ball", "names"),
    [
        ("trace-norm", {"primal": {"t", "X", "P"}, "dual": {"M", "W", "mu", "nu"}}),
        ("purified-distance", {"primal": {"t", "X", "Y"}, "dual": {"W", "L", "u", "a"}}),
    ],
)
def test_variables_have_the_names_of_the_formula(ball: str, names: dict[str, set[str]]) -> None:
    """They are found by name, real data give real variables, complex data Hermitian ones."""
    for form, expected in names.items():
        for rho, is_complex in ((PLUS, False), (QUBITS[0], True)):
            program = programs.smooth_max_relative_entropy(
                rho, np.eye(2), 0.1, ball=ball, form=form
            )
            assert set(program.var_dict) == expected
            matrices = [v for v in program.variables() if v.shape == (2, 2) and v.name() != "Y"]
            assert {v.is_complex() for v in matrices} == {is_complex}
            assert all(v.is_hermitian() for v in matrices)
    assert set(programs.max_relative_entropy(PLUS, PLUS).var_dict) == {"t"}
    assert set(programs.max_relative_entropy(PLUS, PLUS, form="dual").var_dict) == {"M"}


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("rho", [PLUS, qubit(0.0, 1.0, 0.0)], ids=["real", "complex"])
def test_a_violated_support_gives_infinity(rho: np.ndarray, solver: str) -> None:
    """If sigma supports no state of the ball, the primal is infeasible and the dual unbounded."""
    sigma = np.diag([1.0, 0.0])
    for form, status in (("primal", cp.INFEASIBLE), ("dual", cp.UNBOUNDED)):
        problems = [programs.max_relative_entropy(rho, sigma, form=form)]
        for ball in ("trace-norm", "purified-distance"):
            problems.append(
                programs.smooth_max_relative_entropy(rho, sigma, 0.2, ball=ball, form=form)
            )
        for problem in problems:
            assert problem.solve(solver=solver) == math.inf
            assert problem.status == status


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("ball", ["trace-norm", "purified-distance"])
def test_radius_zero_is_no_smoothing(ball: str, normalized: bool, form: str) -> None:
    """The ball of radius 0 holds rho only."""
    rho, sigma, _ = RANDOM["d = 3, rank 2, complex"]
    program = programs.smooth_max_relative_entropy(
        rho, sigma, 0, ball=ball, normalized=normalized, form=form
    )
    assert bits(program) == about(qentropy.max_relative_entropy(rho, sigma))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("ball", "epsilon"), [("trace-norm", 2), ("purified-distance", 3.0)])
def test_a_radius_that_covers_all_states_is_legal(ball: str, epsilon: float, form: str) -> None:
    """The best state is then sigma / Tr sigma, and without normalisation nothing at all."""
    for normalized, value in ((True, 0.8), (False, 0.0)):
        program = programs.smooth_max_relative_entropy(
            QUBITS[0], np.diag([1.0, 0.25]), epsilon, ball=ball, normalized=normalized, form=form
        )
        assert solved(program) == about(value)


def test_every_kind_of_input_gives_the_same_program() -> None:
    """Lists, sparse matrices, Qobj and cvxpy constants are numbers like any other."""
    kinds: list[Callable[[Any], Any]] = [
        np.ndarray.tolist,
        scipy.sparse.csr_array,
        qutip.Qobj,
        cp.Constant,
    ]
    for kind in kinds:
        problem = programs.max_relative_entropy(kind(TILTED[0]), kind(TILTED[1]))
        assert solved(problem) == about(8 / 3)


# The pieces in other programs


@pytest.mark.parametrize(
    ("rho", "dims", "value"),
    [
        pytest.param(maximally_entangled_state(2), (2, 2), -1.0, id="Phi_2: -log2 d"),
        pytest.param(maximally_entangled_state(3), (3, 3), -math.log2(3), id="Phi_3: -log2 d"),
        pytest.param(
            np.kron(np.diag([0.8, 0.2]), np.diag([0.3, 0.7])), (2, 2), 0.3219280949, id="product"
        ),
        pytest.param(
            classical_quantum_state([0.5, 0.5], [pure(1, 0), pure(1, 1j)]),
            (2, 2),
            0.2284466968,
            id="two states of overlap 1/2, Helstrom",
        ),
        pytest.param(
            classical_quantum_state([0.6, 0.4], [np.diag([0.9, 0.1]), np.diag([0.2, 0.8])]),
            (2, 2),
            0.2175914351,
            id="classical, maximum likelihood",
        ),
    ],
)
def test_conditional_min_entropy_as_a_program_of_the_user(
    rho: np.ndarray, dims: tuple[int, int], value: float
) -> None:
    """``H_min(A|B) = -log2 min Tr Y : rho_AB <= 1 (x) Y``, sigma a composite expression."""
    Y = cp.Variable((dims[1], dims[1]), hermitian=True)
    product = cp.kron(np.eye(dims[0]), Y)
    at_most = programs.max_relative_entropy_at_most(rho, product, 0)
    problem = cp.Problem(cp.Minimize(cp.real(cp.trace(Y))), at_most)
    assert -bits(problem) == about(value)


@pytest.mark.parametrize("amplitudes", [(1, 1), (1, 2j, -1), (3, 1j, 0, 1)])
def test_max_relative_entropy_of_coherence(amplitudes: tuple[complex, ...]) -> None:
    """From a pure state to the diagonal states it is ``2 log2 sum |c_i|``.

    K. Bu et al., Phys. Rev. Lett. 119, 150405 (2017).
    """
    weights = cp.Variable(len(amplitudes))
    at_most = programs.max_relative_entropy_at_most(pure(*amplitudes), cp.diag(weights), 0)
    value = bits(cp.Problem(cp.Minimize(cp.sum(weights)), at_most))
    moduli = abs(np.array(amplitudes)) / np.linalg.norm(amplitudes)
    assert value == about(2 * math.log2(moduli.sum()))


def test_nearest_state_of_given_expectation_value() -> None:
    """Over states with Tr sigma Z = 1/2 it agrees with a scalar search over their coherence."""
    Y = cp.Variable((2, 2), symmetric=True)
    at_most = programs.max_relative_entropy_at_most(PLUS, Y, 0)
    constraints = [*at_most, cp.trace(Y @ PAULI[2]) == 0.5 * cp.trace(Y)]
    value = bits(cp.Problem(cp.Minimize(cp.trace(Y)), constraints))

    def to_state(coherence: float) -> float:
        sigma = np.array([[0.75, coherence], [coherence, 0.25]])
        return float(qentropy.max_relative_entropy(PLUS, sigma))

    searched = minimize_scalar(to_state, bounds=(-0.433, 0.433), method="bounded")
    assert value == about(searched.fun)


def test_largest_expectation_value_under_a_bound() -> None:
    """Below ``2**bound / d`` times the identity the eigenvalues of a state fill from the top."""
    observable = np.array([[0, 1j, 2], [-1j, 1, 0.5], [2, 0.5, -1]])
    rho = cp.Variable((3, 3), hermitian=True)
    at_most = programs.max_relative_entropy_at_most(rho, np.eye(3) / 3, math.log2(1.2))
    objective = cp.Maximize(cp.real(cp.trace(rho @ observable)))
    value = solved(cp.Problem(objective, [*at_most, rho >> 0, cp.trace(rho) == 1]))
    assert value == about(np.linalg.eigvalsh(observable) @ [0.2, 0.4, 0.4])


def test_both_operators_may_be_unknown() -> None:
    """The smallest entropy bound between diagonal rho and diagonal sigma, each with one weight."""
    p, q = cp.Variable(2), cp.Variable(2)
    constraints = [
        *programs.max_relative_entropy_at_most(cp.diag(p), cp.diag(q), 1.0),
        p >= 0,
        cp.sum(p) == 1,
        cp.sum(q) == 1,
        q[0] == 0.3,
    ]
    assert solved(cp.Problem(cp.Maximize(p[0]), constraints)) == about(0.6)


def test_factor_may_be_unknown_or_a_parameter() -> None:
    """Minimising the factor gives ``2**D_max``, and a parameter takes one value after another."""
    t = cp.Variable()
    value = bits(
        cp.Problem(cp.Minimize(t), programs.max_relative_entropy_at_most(*QUBITS, factor=t))
    )
    assert value == about(3.3284370118)
    factor = cp.Parameter(nonneg=True)
    weights = cp.Variable(2)
    rho = cp.diag(weights)
    at_most = programs.max_relative_entropy_at_most(rho, np.eye(2) / 2, factor=factor)
    problem = cp.Problem(cp.Maximize(weights[0]), [*at_most, cp.sum(weights) == 1, weights >= 0])
    assert problem.is_dcp(dpp=True)
    for value in (1.0, 1.5):
        factor.value = value
        assert solved(problem) == about(value / 2)


def test_factor_and_bound_say_the_same() -> None:
    """``factor = 2**bound``, and with numbers only the constraint is true or false."""
    for options, holds in (({"bound": 0.99}, False), ({"factor": 1.98}, False)):
        assert (
            bool(programs.max_relative_entropy_at_most(PLUS, np.eye(2) / 2, **options)[0].value())
            is holds
        )
    assert programs.max_relative_entropy_at_most(PLUS, np.eye(2) / 2, 1.01)[0].value()
    assert programs.max_relative_entropy_at_most(PLUS, np.eye(2) / 2, factor=2.02)[0].value()


OBSERVABLE = np.array([[1, 0.5j, 0], [-0.5j, 0, 1], [0, 1, -1]])


def best(constraints: list[cp.Constraint], X: cp.Variable, observable: np.ndarray) -> float:
    """Maximise an expectation value."""
    mean = cp.trace(X @ observable)
    return solved(cp.Problem(cp.Maximize(cp.real(mean) if X.is_complex() else mean), constraints))


@pytest.mark.parametrize(("ball", "epsilon"), [("trace-norm", 0.2), ("trace-distance", 0.1)])
def test_largest_expectation_value_in_a_trace_ball(ball: str, epsilon: float) -> None:
    """Around 1/d a weight e moves from the lowest to the highest level."""
    X = cp.Variable((3, 3), hermitian=True)
    nearby = programs.in_ball(X, np.eye(3) / 3, epsilon, ball=ball)
    low, middle, high = np.linalg.eigvalsh(OBSERVABLE)
    assert best(nearby, X, OBSERVABLE) == about((low + middle + high) / 3 + 0.1 * (high - low))


def test_largest_overlap_in_a_purified_ball() -> None:
    """Angles add: the overlap with phi is ``cos**2(arccos c - arcsin epsilon)``."""
    psi, phi = pure(1, 1j, 0), pure(1, 0, 1)
    overlap = math.sqrt(np.trace(psi @ phi).real)
    X = cp.Variable((3, 3), hermitian=True)
    nearby = programs.in_ball(X, psi, 0.3, ball="purified-distance")
    expected = math.cos(math.acos(overlap) - math.asin(0.3)) ** 2
    assert best(nearby, X, phi) == about(expected)


@pytest.mark.parametrize(("ball", "least"), [("trace-distance", 0.7), ("purified-distance", 0.91)])
def test_least_trace_in_a_subnormalized_ball(ball: str, least: float) -> None:
    """It is ``1 - epsilon`` in trace distance, ``1 - epsilon**2`` in purified distance."""
    rho, _, _ = RANDOM["d = 3, rank 2, complex"]
    X = cp.Variable((3, 3), hermitian=True)
    nearby = programs.in_ball(X, rho, 0.3, ball=ball, normalized=False)
    assert -best(nearby, X, -np.eye(3)) == about(least)


@pytest.mark.parametrize(("ball", "distance"), [("trace-norm", 1.0), ("trace-distance", 0.5)])
@pytest.mark.parametrize("swapped", [False, True])
def test_radius_may_be_unknown_in_trace_balls(ball: str, distance: float, swapped: bool) -> None:
    """The distance of |+> from the diagonal states is its coherence, seen from either side."""
    weights, radius = cp.Variable(2), cp.Variable()
    X, rho = (PLUS, cp.diag(weights)) if swapped else (cp.diag(weights), PLUS)
    constraints = [*programs.in_ball(X, rho, radius, ball=ball), cp.sum(weights) == 1]
    assert solved(cp.Problem(cp.Minimize(radius), constraints)) == about(distance)


def test_radius_may_be_concave_or_a_parameter() -> None:
    """The root of an unknown is a legal radius, and a parameter takes one value after another."""
    X, square = cp.Variable((2, 2), diag=True), cp.Variable()
    nearby = programs.in_ball(X, PLUS, cp.sqrt(square), ball="trace-distance")
    assert solved(cp.Problem(cp.Minimize(square), nearby), "CLARABEL") == about(0.25)
    radius = cp.Parameter(nonneg=True)
    Y = cp.Variable((3, 3), hermitian=True)
    nearby = programs.in_ball(Y, np.eye(3) / 3, radius, ball="trace-distance")
    problem = cp.Problem(cp.Maximize(cp.real(Y[0, 0])), nearby)
    assert problem.is_dcp(dpp=True)
    for value in (0.1, 0.2):
        radius.value = value
        assert solved(problem) == about(1 / 3 + value)


@pytest.mark.parametrize("normalized", [True, False])
def test_center_of_a_purified_ball_may_be_unknown(normalized: bool) -> None:
    """Angles add: the diagonal state of largest first weight around diag(1/2, 1/2)."""
    weights = cp.Variable(2)
    nearby = programs.in_ball(
        np.eye(2) / 2, cp.diag(weights), 0.3, ball="purified-distance", normalized=normalized
    )
    problem = cp.Problem(cp.Maximize(weights[0]), [*nearby, cp.sum(weights) == 1])
    assert solved(problem) == about(math.cos(math.pi / 4 - math.asin(0.3)) ** 2)


@pytest.mark.parametrize(
    ("ball", "value"),
    [
        ("trace-distance", 0.9),
        ("purified-distance", math.cos(math.acos(math.sqrt(0.8)) - math.asin(0.1)) ** 2),
    ],
)
def test_unknown_center_may_be_subnormalized(ball: str, value: float) -> None:
    """Around 0.8 |0><0| the trace is bounded by the generalised distance."""
    rho = cp.Parameter((2, 2), symmetric=True, value=np.diag([0.8, 0.0]))
    X = cp.Variable((2, 2), symmetric=True)
    nearby = programs.in_ball(X, rho, 0.1, ball=ball, normalized=False)
    assert best(nearby, X, np.eye(2)) == about(value)


def test_radius_zero_fixes_the_candidate() -> None:
    """The ball of radius 0 holds its centre only, also an unknown one."""
    X = cp.Variable((2, 2), hermitian=True)
    for ball in BALLS:
        assert best(programs.in_ball(X, QUBITS[0], 0, ball=ball), X, PAULI[1]) == about(0.05)
        swapped = programs.in_ball(QUBITS[0], X, cp.Constant(0), ball=ball)
        assert best(swapped, X, PAULI[1]) == about(0.05)


# Errors


def test_wrong_input_to_a_problem_is_refused() -> None:
    """A false state, form, ball or radius, other sizes and stacks are errors before any solver."""
    both = (programs.max_relative_entropy, lambda *a, **k: smooth(*a, 0.1, **k))
    smooth = programs.smooth_max_relative_entropy
    for build in both:
        with pytest.raises(DimensionMismatchError, match=r"same space.*\(2, 2\) and \(3, 3\)"):
            build(PLUS, np.eye(3))
        with pytest.raises(InvalidStateError, match="rho must have trace 1"):
            build(np.eye(2), np.eye(2))
        with pytest.raises(InvalidStateError, match="sigma must be positive"):
            build(PLUS, PAULI[2])
        with pytest.raises(InvalidParameterError, match="single operator"):
            build(np.stack([PLUS, PLUS]), np.eye(2))
        with pytest.raises(InvalidParameterError, match="primal, dual"):
            build(PLUS, np.eye(2), form="lagrangian")
    with pytest.raises(InvalidParameterError, match="ball must be one of"):
        smooth(PLUS, np.eye(2), 0.1, ball="Hilbert-Schmidt")
    with pytest.raises(InvalidParameterError, match="epsilon"):
        smooth(PLUS, np.eye(2), -0.1)


NOT_HERMITIAN = {
    "plain variable": cp.Variable((2, 2)),
    "complex variable": cp.Variable((2, 2), complex=True),
    "plain parameter": cp.Parameter((2, 2)),
    "one-sided product": np.array([[1, 2], [0, 1]]) @ cp.Variable((2, 2), symmetric=True),
    "imaginary multiple": 1j * cp.Variable((2, 2), symmetric=True),
    "constant": cp.Constant(np.array([[0.5, 1], [0, 0.5]])),
}


@pytest.mark.parametrize("expression", NOT_HERMITIAN.values(), ids=NOT_HERMITIAN)
def test_expression_that_is_not_hermitian_is_refused(expression: cp.Expression) -> None:
    """Otherwise cvxpy would take its symmetric part without a word."""
    with pytest.raises(InvalidStateError, match="Hermitian"):
        programs.max_relative_entropy_at_most(expression, np.eye(2), 1.0)
    with pytest.raises(InvalidStateError, match="Hermitian"):
        programs.in_ball(expression, PLUS, 0.1)


def test_hermitian_expressions_are_accepted_where_cvxpy_cannot_tell() -> None:
    """A congruence, a Hermitian part, and anything with parameters."""
    A = np.array([[1, 2j], [0.5, 1]])
    X, Z = cp.Variable((2, 2), hermitian=True), cp.Variable((2, 2), complex=True)
    for expression in (A @ X @ A.conj().T, (Z + Z.H) / 2, A @ (cp.Parameter() * X) @ A.conj().T):
        assert len(programs.max_relative_entropy_at_most(expression, np.eye(2), 1.0)) == 1


def test_wrong_shape_of_an_expression_is_refused() -> None:
    """Vectors, oblong matrices and other dimensions are named with their shapes."""
    X = cp.Variable((3, 3), symmetric=True)
    for shape in (2, (2, 3), (2, 2, 2)):
        with pytest.raises(DimensionMismatchError, match="square"):
            programs.max_relative_entropy_at_most(cp.Variable(shape), np.eye(2), 1.0)
    with pytest.raises(DimensionMismatchError, match=r"rho and sigma .*\(3, 3\) and \(2, 2\)"):
        programs.max_relative_entropy_at_most(X, np.eye(2), 1.0)
    with pytest.raises(DimensionMismatchError, match=r"candidate and rho .*\(3, 3\) and \(2, 2\)"):
        programs.in_ball(X, PLUS, 0.1)


def test_what_is_not_convex_is_refused() -> None:
    """Operators have to be affine, no two unknowns are multiplied, radii are concave."""
    X, t = cp.Variable((2, 2), symmetric=True), cp.Variable()
    with pytest.raises(InvalidParameterError, match=r"affine.*convex"):
        programs.max_relative_entropy_at_most(cp.square(X), np.eye(2), 1.0)
    with pytest.raises(InvalidParameterError, match="product of two unknowns"):
        programs.max_relative_entropy_at_most(PLUS, X, factor=t)
    for factor in (cp.square(t), cp.Variable(2), cp.Variable(complex=True)):
        with pytest.raises(InvalidParameterError, match="factor"):
            programs.max_relative_entropy_at_most(PLUS, np.eye(2), factor=factor)
    for radius in (cp.square(t), cp.Variable(2), cp.Variable(complex=True)):
        with pytest.raises(InvalidParameterError, match="epsilon"):
            programs.in_ball(X, PLUS, radius)
    with pytest.raises(InvalidParameterError, match="purified"):
        programs.in_ball(X, PLUS, t, ball="purified-distance")
    with pytest.raises(InvalidParameterError, match="ball must be one of"):
        programs.in_ball(X, PLUS, t, ball="Hilbert-Schmidt")


def test_exactly_one_finite_bound_is_wanted() -> None:
    """Neither, both, an unknown in bits, or a number out of range are errors."""
    for options in (
        {},
        {"bound": 1.0, "factor": 2.0},
        {"bound": cp.Variable()},
        {"bound": math.nan},
        {"bound": math.inf},
        {"bound": 1e4},
        {"bound": True},
        {"factor": -1.0},
        {"factor": math.inf},
    ):
        with pytest.raises(InvalidParameterError, match=r"bound|factor"):
            programs.max_relative_entropy_at_most(PLUS, np.eye(2), **options)


def test_the_modelling_library_is_loaded_only_when_a_program_is_built() -> None:
    """Importing the module is as light as importing the package."""
    script = (
        "import sys, qentropy.programs as p; assert 'cvxpy' not in sys.modules; "
        "p.max_relative_entropy([[1]], [[1]]); assert 'cvxpy' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
