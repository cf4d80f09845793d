"""The door for input: what is accepted, what is repaired, what is refused and how."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import cvxpy
import numpy as np
import pytest
import qutip
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import generators, stacks, states, wild_arrays

import qentropy
from qentropy import distances, divergences, entropies, hypothesis_testing
from qentropy.blocks import SUPPORT_TOLERANCE
from qentropy.errors import (
    DimensionMismatchError,
    InvalidParameterError,
    InvalidStateError,
    QEntropyError,
    ResourceLimitError,
)
from qentropy.operators import (
    as_hermitian,
    as_positive,
    as_state,
    check_ball,
    check_dims,
    check_epsilon,
    check_pair,
    check_state,
    check_states,
    is_real_number,
    partial_trace,
)
from qentropy.states import isotropic_state, random_state, random_unitary

RHO, SIGMA = isotropic_state(2, 0.3), np.diag([0.4, 0.3, 0.2, 0.1])
OPERATORS = {
    "rho": RHO,
    "sigma": SIGMA,
    "rho_ab": RHO,
    "omega": RHO,
    "tau": SIGMA,
    "choi_n": 2 * RHO,
    "choi_m": np.eye(4) / 2,
}
HERMITIAN = {"hamiltonian": np.diag([0.0, 1.0, 2.0, 5.0])}
NORMALIZED = {"rho", "rho_ab", "omega", "tau"}
NUMBERS = {"epsilon": 0.1, "alpha": 2.0, "gamma": 1.5}
OTHERS = {"dims": (2, 2), "beta": 1.0, "n": 2, "energies": [0, 1, 2, 5], "epsilons": [0.1]}
GOOD = OPERATORS | HERMITIAN | NUMBERS | OTHERS

CLOSED_FORMS = {
    name: getattr(module, name)
    for module in (divergences, distances, entropies, hypothesis_testing)
    for name in module.__all__
}
PUBLIC = CLOSED_FORMS | {
    name: value
    for name, value in ((name, getattr(qentropy, name)) for name in qentropy.__all__)
    if inspect.isfunction(value)
}


def required(function: Callable[..., Any]) -> list[str]:
    """Names of the arguments that have no default."""
    parameters = inspect.signature(function).parameters.values()
    return [parameter.name for parameter in parameters if parameter.default is parameter.empty]


def call(function: Callable[..., Any], **changed: Any) -> Any:
    """Call with good arguments, except for some."""
    arguments = {name: GOOD[name] for name in required(function)}
    return function(**arguments | changed)


def cases(*names: str, functions: dict[str, Any] = PUBLIC) -> list[Any]:
    """List every (function, argument) such that the argument has one of these names."""
    return [
        pytest.param(function, argument, id=f"{name}-{argument}")
        for name, function in functions.items()
        for argument in required(function)
        if argument in names
    ]


# Every row of the table of bad input, for every argument of every public function


VARIABLE = cvxpy.Variable((4, 4), hermitian=True)
NEGATIVE = np.diag([0.5, 0.5, 0.5, -0.5])
NOT_AN_OPERATOR = {
    "nan": (np.where(np.eye(4, k=1) > 0, np.nan, RHO), r"be finite; got nan at entry \(0, 1\)"),
    "inf": (np.diag([1, np.inf, 0, 0]), r"must be finite; got inf at entry \(1, 1\)"),
    "sparse inf": (scipy.sparse.diags_array([1, 1, np.inf, 0]), r"inf at entry \(2, 2\)"),
    "not Hermitian": (np.eye(4) / 4 + np.eye(4, k=1), r"\|A - A\^dagger\| = 1 \(tolerance 1e-08"),
    "not square": (np.ones((3, 4)), r"must be a square matrix.*got shape \(3, 4\)"),
    "0-d": (1.0, r"must be a square matrix.*got shape \(\)"),
    "1-d": ([1, 0, 0, 0], r"vector of length 4. Pass a ket as a Qobj or as np.outer"),
    "sparse 1-d": (scipy.sparse.coo_array([1.0, 0.0]), "vector of length 2"),
    "empty": (np.zeros((0, 0)), r"d >= 1.*got shape \(0, 0\)"),
    "empty stack": (np.zeros((0, 4, 4)), r"got shape \(0, 4, 4\)"),
    "ragged": ([[1, 0], [0]], "rows of different lengths"),
    "object": (np.array([[1, None], [None, 0]]), "ndarray of dtype object"),
    "string": ("rho", "must be a square matrix of numbers; got str"),
    "None": (None, "got NoneType"),
    "superoperator": (qutip.to_super(qutip.qeye(2)), "must be a ket, bra or operator; got Qobj 's"),
    "expression": (VARIABLE, "got a cvxpy expression.*qentropy.programs"),
}  # fmt: skip
NOT_POSITIVE = {
    "negative": (NEGATIVE / NEGATIVE.trace(), "positive semidefinite; got smallest eigenvalue"),
    "zero": (np.zeros((4, 4)), "got (0|largest entry 0)"),
}
NOT_NORMALIZED = {
    "trace 2": (2 * RHO, r"must have trace 1; got 2 .* Use \w+ / np.trace\(\w+\) if that is meant"),
    "trace 0": (np.diag([1.0, -1, 0, 0]), "must have trace 1; got 0"),
    "trace 1e-300": (1e-300 * RHO, "must have trace 1; got 1e-300"),
}


@pytest.mark.parametrize(("function", "argument"), cases(*OPERATORS, *HERMITIAN))
def test_bad_operators(function: Callable[..., Any], argument: str) -> None:
    """Every public function refuses what is not its kind of operator, and names the argument."""
    table = dict(NOT_AN_OPERATOR)
    if argument in OPERATORS:
        table |= NOT_POSITIVE
    if argument in NORMALIZED:
        table |= NOT_NORMALIZED
    for value, message in table.values():
        with pytest.raises(InvalidStateError, match=message) as caught:
            call(function, **{argument: value})
        assert str(caught.value).startswith(f"{argument} must")


def test_the_table_knows_every_argument() -> None:
    """No public function that takes an operator escapes the tests of bad input."""
    taking_operators = {
        name: required(function)
        for name, function in PUBLIC.items()
        if {*required(function)} & {*OPERATORS, *HERMITIAN}
    }
    assert len(taking_operators) >= len(CLOSED_FORMS)
    unknown = {name: {*names} - {*GOOD} for name, names in taking_operators.items()}
    assert {name: names for name, names in unknown.items() if names} == {}


@pytest.mark.parametrize(("function", "argument"), cases("sigma", "dims", "choi_m"))
def test_dimensions_that_do_not_fit(function: Callable[..., Any], argument: str) -> None:
    """Operators on different spaces, and dimensions of other spaces, are refused with both."""
    wrong = (2, 3) if argument == "dims" else np.eye(3) / 3
    with pytest.raises(DimensionMismatchError, match=r"4.*3"):
        call(function, **{argument: wrong})


@pytest.mark.parametrize(("function", "argument"), cases(*NUMBERS))
@pytest.mark.parametrize("value", [-0.1, math.nan, 0.1j, True, "0.1", None, [0.1]], ids=repr)
def test_bad_numbers(function: Callable[..., Any], argument: str, value: Any) -> None:
    """A radius, order or factor that is no number in its range is refused with the range."""
    with pytest.raises(InvalidParameterError, match=f"{argument} must be .*got"):
        call(function, **{argument: value})


def strided(matrix: Any) -> Any:
    """The matrix as a view with gaps."""
    wide = np.zeros((8, 8), matrix.dtype)
    wide[::2, ::2] = matrix
    return wide[::2, ::2]


def frozen(matrix: Any) -> Any:
    """The matrix as a read-only array."""
    copy = matrix.copy()
    copy.flags.writeable = False
    return copy


FORMATS: dict[str, Callable[[Any], Any]] = {
    "list": np.ndarray.tolist,
    "float32": lambda matrix: matrix.astype(np.float32),
    "complex64": lambda matrix: matrix.astype(np.complex64),
    "long double": lambda matrix: matrix.astype(np.longdouble),
    "read-only": frozen,
    "Fortran": np.asfortranarray,
    "strided": strided,
    "matrix": np.asmatrix,
    "csr": scipy.sparse.csr_array,
    "coo": scipy.sparse.coo_matrix,
    "dia": scipy.sparse.dia_array,
    "dense Qobj": qutip.Qobj,
    "sparse Qobj": lambda matrix: qutip.Qobj(matrix).to("csr"),
    "Qobj with subsystems": lambda matrix: qutip.Qobj(matrix, dims=[[2, 2], [2, 2]]),
}


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("convert", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_formats(name: str, convert: Callable[[Any], Any]) -> None:
    """Every format of a matrix is accepted, computed in double precision, and not modified."""
    function = CLOSED_FORMS[name]
    arguments = {key: convert(GOOD[key]) for key in required(function) if key in OPERATORS}
    before = {key: as_hermitian(value) for key, value in arguments.items()}
    single = name in {"float32", "complex64"} or convert in list(FORMATS.values())[1:3]
    tolerance = 1e-3 if single else 1e-14
    assert call(function, **arguments) == pytest.approx(call(function), abs=tolerance)
    for key, value in arguments.items():
        assert np.array_equal(as_hermitian(value), before[key])


@pytest.mark.parametrize("name", CLOSED_FORMS)
@settings(max_examples=15)
@given(stack=stacks())
def test_stack_equals_loop(name: str, stack: tuple[Any, Any]) -> None:
    """A stack gives an array of the values of its pairs, broadcast as numpy does."""
    function = CLOSED_FORMS[name]
    rho, sigma = stack
    both = "sigma" in required(function)
    values = call(function, rho=rho, **({"sigma": sigma} if both else {}))
    assert values.shape == rho.shape[:2]
    for i, j in np.ndindex(*values.shape):
        one = call(function, rho=rho[i, j], **({"sigma": sigma[j]} if both else {}))
        assert isinstance(one, float)
        assert values[i, j] == pytest.approx(one, abs=1e-7)


@pytest.mark.parametrize("name", CLOSED_FORMS)
@settings(max_examples=40)
@given(first=wild_arrays(), second=wild_arrays())
def test_wild_input(name: str, first: Any, second: Any) -> None:
    """Whatever comes in, a number that is not NaN or an exception of this package comes out."""
    function = CLOSED_FORMS[name]
    both = "sigma" in required(function)
    try:
        value = call(function, rho=first, **({"sigma": second} if both else {}))
    except QEntropyError:
        return
    assert not np.isnan(value).any()


# Repairs


def test_integers() -> None:
    """A matrix of integers is a matrix of numbers."""
    assert as_state([[1, 0], [0, 0]]).dtype == float
    assert np.array_equal(as_positive(np.array([[2, 1], [1, 3]], np.uint8)), [[2, 1], [1, 3]])


def test_real_numbers_stay_real() -> None:
    """A complex array without imaginary part becomes real, any other complex one stays."""
    assert np.isrealobj(as_hermitian(np.eye(2, dtype=complex)))
    assert np.iscomplexobj(as_hermitian([[1, 1j], [-1j, 1]]))


def test_asymmetry_within_the_tolerance_is_averaged() -> None:
    """The result is exactly Hermitian, and larger defects are refused."""
    nearly = np.array([[0.5, 0.1 + 4e-9], [0.1, 0.5]])
    assert np.array_equal(as_hermitian(nearly), as_hermitian(nearly).T)
    nearly[0, 1] += 8e-9
    with pytest.raises(InvalidStateError, match=r"got \|A - A\^dagger\| = 1.2e-08"):
        as_hermitian(nearly)


def test_slightly_negative_eigenvalues_are_clipped() -> None:
    """Down to -1e-8 of the largest they become zero, the trace stays one, and a note says so."""
    unitary = random_unitary(3, rng=1)
    for values, repaired in (([0.6, 0.4 + 3e-9, -3e-9], True), ([0.6, 0.4 + 3e-8, -3e-8], False)):
        state = (unitary * values) @ unitary.conj().T
        state = (state + state.conj().T) / 2
        if not repaired:
            with pytest.raises(InvalidStateError, match="-3e-08"):
                as_state(state)
            continue
        pair = check_pair(state, 5 * state)
        assert [note.split(" ")[0] for note in pair.repairs] == ["negative", "rho", "negative"]
        for operator in (as_state(state), pair.rho.dense()):
            assert np.linalg.eigvalsh(operator)[0] >= -1e-16
            assert operator.trace() == pytest.approx(1, abs=1e-15)
            assert operator == pytest.approx(state, abs=1e-8)
        assert np.linalg.eigvalsh(as_positive(5 * state))[0] >= -1e-15


def test_trace_within_the_tolerance_is_divided_out() -> None:
    """Single precision is good enough for a state, and leaves a note."""
    state = random_state(5, rng=3).astype(np.complex64)
    assert as_state(state).trace() == pytest.approx(1, abs=1e-15)
    assert check_pair(1.000000001 * RHO, RHO).repairs == ("rho was divided by its trace",)
    assert check_pair(RHO, 7 * RHO).repairs == ()


def test_the_offender_in_a_stack_is_named() -> None:
    """An error in a stack says which of its operators is wrong."""
    stack = np.array([[RHO, RHO], [RHO, 3 * RHO]])
    with pytest.raises(InvalidStateError, match=r"got 3 .*at stack position \(1, 1\)"):
        as_state(stack)


# Kets


@pytest.mark.parametrize("amplitudes", [[1, 0], [0.6, 0.8j], [1j, 2]])
def test_kets_and_bras_are_projectors(amplitudes: list[complex]) -> None:
    """The ket and its bra stand for the same state, complex amplitudes included."""
    ket = qutip.Qobj(np.array(amplitudes)[:, None]).unit()
    expected = qutip.ket2dm(ket).full()
    assert as_state(ket) == pytest.approx(expected, abs=1e-15)
    assert as_state(ket.dag()) == pytest.approx(expected, abs=1e-15)
    assert divergences.relative_entropy(ket, np.eye(2) / 2) == pytest.approx(1)


# Extreme sizes


@pytest.mark.parametrize("scale", [5e-324, 1e-310, 1e-300, 1e-5, 1.0, 1e300, 1.5e308])
def test_sigma_of_any_size(scale: float) -> None:
    """Sigma is scaled by a power of two, so that nothing under- or overflows."""
    pair = check_pair(np.eye(2) / 2, np.diag([scale, 0.0]))
    assert 0.5 <= pair.sigma.dense().max() < 1
    assert np.ldexp(pair.sigma.dense(), pair.exponent)[0, 0] == scale
    assert pair.trace_bits == pytest.approx(math.log2(scale))
    assert divergences.max_relative_entropy(np.diag([1.0, 0.0]), np.diag([scale, 0.0])) == (
        pytest.approx(-math.log2(scale), abs=1e-12)
    )


def test_messages_speak_of_the_sigma_that_was_given() -> None:
    """The eigenvalue in an error is that of the argument, not of the scaled operator."""
    with pytest.raises(InvalidStateError, match="got smallest eigenvalue -5e-201 "):
        check_pair(RHO, 1e-200 * NEGATIVE)
    (note,) = check_pair(RHO, np.diag([1e9, 1e9, 1e9, -0.5])).repairs
    assert note == "negative eigenvalues of sigma down to -0.5 were set to zero"


def test_entries_near_the_largest_double() -> None:
    """Neither the modulus of an entry nor the defect of symmetry overflows."""
    huge = 1.5e308
    with pytest.raises(InvalidStateError, match="got smallest eigenvalue -"):
        as_positive([[huge, huge * (1 + 1j)], [huge * (1 - 1j), huge]])
    with pytest.raises(InvalidStateError, match=r"got \|A - A\^dagger\| = inf"):
        as_positive([[huge, huge], [-huge, huge]])


def test_symmetry_is_judged_for_each_operator_of_a_stack() -> None:
    """A large operator in a stack does not excuse the asymmetry of a small one."""
    small = np.array([[0.5, 0.1], [0.0, 0.5]])
    with pytest.raises(InvalidStateError, match="must be Hermitian"):
        as_hermitian([1e9 * np.eye(2), small])


def test_stack_of_sizes() -> None:
    """Each sigma of a stack has its own power of two."""
    sigma = np.array([1e-200, 1.0, 1e200])[:, None, None] * np.eye(2)
    values = divergences.relative_entropy(np.eye(2) / 2, sigma)
    expected = -np.log2([1e-200, 1.0, 1e200]) - 1
    assert values == pytest.approx(expected)


def test_a_trace_of_one_up_to_rounding_is_one() -> None:
    """Rounding in the trace of sigma does not make a divergence of equal states negative."""
    rho = np.full((3, 3), 1 / 3)
    for factor in (1, 1 + 4e-16, 1 - 4e-16):
        assert check_pair(rho, factor * rho).trace_bits == 0
    assert check_pair(rho, (1 + 1e-10) * rho).trace_bits != 0


def test_huge_sparse_operators() -> None:
    """A large diagonal costs little; a large block is refused before it is allocated."""
    size = 10**5
    identity = scipy.sparse.eye_array(size, format="csr")
    value = divergences.max_relative_entropy(identity / size, identity)
    assert value == pytest.approx(-math.log2(size))
    assert distances.trace_distance(identity / size, identity / size) == 0
    size = 10**6
    identity = scipy.sparse.eye_array(size, format="csr")
    chain = scipy.sparse.diags_array([1.0] * (size - 1), offsets=1)
    tridiagonal = (identity + (chain + chain.T) / 2).tocsr() / size
    for function in (entropies.von_neumann_entropy, check_state, as_state, as_hermitian):
        with pytest.raises(ResourceLimitError, match="GiB; this machine has"):
            function(tridiagonal)
    with pytest.raises(ResourceLimitError, match="a dense matrix would need"):
        as_positive(identity)
    with pytest.raises(ResourceLimitError, match="GiB; this machine has"):
        divergences.relative_entropy(tridiagonal, identity)


def test_a_ket_too_large_for_its_projector_is_refused() -> None:
    """The projector of a ket of 2**20 amplitudes does not fit."""
    ket = qutip.Qobj(scipy.sparse.csr_array(([1.0], ([0], [0])), shape=(2**20, 1)))
    with pytest.raises(ResourceLimitError, match="the projector on rho"):
        as_state(ket, "rho")


def test_sparse_entries_given_twice_are_added() -> None:
    """Repeated entries of a sparse matrix are summed, and its arrays are left alone."""
    rows = np.array([0, 0, 1])
    matrix = scipy.sparse.csr_array((np.array([0.25, 0.25, 0.5]), rows, np.array([0, 2, 3])))
    assert matrix.nnz == 3
    doubled = scipy.sparse.csr_array(
        (np.array([0.25, 0.25, 0.5]), np.array([0, 0, 1]), np.array([0, 2, 3])), shape=(2, 2)
    )
    assert as_state(doubled) == pytest.approx(np.eye(2) / 2)
    assert doubled.nnz == 3


# Support


@given(generators(), st.integers(1, 3))
def test_support(rng: np.random.Generator, rank: int) -> None:
    """The weight outside supp(sigma) decides, by one relative tolerance."""
    basis = random_unitary(4, rng=rng)
    values = np.where(np.arange(4) < rank, rng.uniform(0.1, 1, 4), 0)
    sigma = (basis * values) @ basis.conj().T
    inside = (basis[:, :rank] / rank) @ basis[:, :rank].conj().T
    inside = (inside + inside.conj().T) / 2
    assert check_pair(inside, (sigma + sigma.conj().T) / 2).supported
    mixed = 0.75 * inside + 0.25 * np.eye(4) / 4
    pair = check_pair(mixed, (sigma + sigma.conj().T) / 2)
    assert not pair.supported
    assert pair.outside_weight == pytest.approx((4 - rank) / 16)


def test_support_tolerance() -> None:
    """Eigenvalues of sigma below the tolerance, relative to the largest, count as zero."""
    rho = np.eye(2) / 2
    assert check_pair(rho, np.diag([1e5, 2e5 * SUPPORT_TOLERANCE])).supported
    assert not check_pair(rho, np.diag([1e5, 0.5e5 * SUPPORT_TOLERANCE])).supported
    # Weight of rho that is rounding does not count.
    assert check_pair(np.diag([1 - 1e-14, 1e-14]), np.diag([1.0, 0.0])).supported


def test_rotated_pair() -> None:
    """The turned pair is unitarily equivalent, with sigma exactly diagonal and supported."""
    rho, sigma = random_state(4, rank=2, rng=1), random_state(4, rng=2)
    support = np.linalg.qr(rho)[0][:, :2]
    projector = support @ support.conj().T
    sigma = projector @ sigma @ projector
    sigma = (sigma + sigma.conj().T) / 2
    for second in (sigma, np.diag([0.5, 0.5, 0, 0])):
        pair = check_pair(rho, second)
        first, diagonal, basis = pair.rotated()
        turn = basis.dense()
        assert turn @ first.dense() @ turn.conj().T == pytest.approx(rho, abs=1e-14)
        scaled = np.ldexp(1.0, -pair.exponent) * second
        assert turn @ diagonal.dense() @ turn.conj().T == pytest.approx(scaled, abs=1e-14)
        values = diagonal.dense()
        assert np.array_equal(values, np.diag(values.diagonal()))
        assert np.count_nonzero(values) == 2


# Small checks


@settings(max_examples=30)
@given(states(6), states(2))
def test_partial_trace(first: Any, second: Any) -> None:
    """Tracing out a factor of a product leaves the other, in the order that is asked for."""
    product = np.kron(first, second)
    assert partial_trace(product, (6, 2), 0) == pytest.approx(first)
    assert partial_trace(product, (2, 3, 2), [2]) == pytest.approx(second)
    swapped = partial_trace(product, (6, 2), (1, 0))
    assert swapped == pytest.approx(np.kron(second, first))
    assert partial_trace(product[None], (6, 2), ()).shape == (1, 1, 1)
    expected = qutip.Qobj(product, dims=[[2, 3, 2]] * 2).ptrace([0, 2]).full()
    assert partial_trace(product, (2, 3, 2), (0, 2)) == pytest.approx(expected)


@pytest.mark.parametrize("keep", [2, -1, (0, 0), (0, 5)])
def test_partial_trace_of_what_is_not_there(keep: Any) -> None:
    """Subsystems that do not exist, or are named twice, are refused."""
    with pytest.raises(InvalidParameterError, match="keep must name subsystems 0 to 1"):
        partial_trace(RHO, (2, 2), keep)


@pytest.mark.parametrize("dims", [(2, 3), (4, 0), (-2, -2), (2.5, 2), "22", 4, None, ((2,), 2)])
def test_bad_dims(dims: Any) -> None:
    """Dimensions are positive integers that multiply to d."""
    with pytest.raises(DimensionMismatchError, match="multiply to 4"):
        check_dims(dims, 4)


def test_good_dims() -> None:
    """Any sequence of integers that multiply to d will do."""
    assert check_dims(np.array([2, 2]), 4) == (2, 2)
    assert check_dims([4.0], 4) == (4,)


def test_numbers() -> None:
    """Real numbers of Python and numpy are numbers; bools, complex numbers and text are not."""
    assert all(map(is_real_number, (0, 1.5, np.int8(1), np.float32(2), math.nan)))
    assert not any(map(is_real_number, (True, np.True_, 1j, "1", None, np.array([1.0]))))
    assert check_epsilon(np.float64(0.5), 1.0) == 0.5
    with pytest.raises(InvalidParameterError, match=r"0 <= radius <= 2; got 3"):
        check_epsilon(3, 2.0, name="radius")


def test_balls() -> None:
    """A ball is known by its name, and its radius is a number from 0 on."""
    assert check_ball("purified-distance", 0) == ("purified-distance", 0.0)
    with pytest.raises(InvalidParameterError, match=r"ball must be one of .*; got 'euclidean'"):
        check_ball("euclidean", 0.1)
    with pytest.raises(InvalidParameterError, match="epsilon >= 0"):
        check_ball("trace-norm", -0.1)


def test_two_states() -> None:
    """Both operators must be states of one dimension; they share their blocks."""
    first, second = check_states(RHO, SIGMA)
    assert [len(group) for group in first.groups] == [1, 2]
    assert second.dense() == pytest.approx(SIGMA)
    with pytest.raises(DimensionMismatchError, match="same space"):
        check_states(RHO, np.eye(2) / 2)
    with pytest.raises(DimensionMismatchError, match="must broadcast"):
        check_pair(np.array([RHO, RHO]), np.array([SIGMA] * 3))
