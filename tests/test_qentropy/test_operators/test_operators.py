"""The door for input: what is accepted, what is repaired, what is refused and how."""

from __future__ import annotations

import gc
import inspect
import math
import re
import weakref
from collections.abc import Callable
from typing import Any

import cvxpy
import numpy as np
import pytest
import qutip
import scipy.sparse
from hypothesis import given, settings
from strategies import stacks, wild_arrays

import qentropy
from qentropy import distances, divergences, entropies, hypothesis_testing
from qentropy.blocks import direct_sum
from qentropy.errors import (
    DimensionMismatchError,
    InvalidParameterError,
    InvalidStateError,
    QEntropyError,
)
from qentropy.operators import as_hermitian, check_pair, check_states
from qentropy.states import isotropic_state

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
    "superoperator": (qutip.to_super(qutip.qeye(2)), "or operator; got Qobj 'super'. Use qutip.to"),
    "operator-ket": (qutip.operator_to_vector(qutip.qeye(2)), "got Qobj 'operator-ket'$"),
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


def test_two_states() -> None:
    """Both operators must be states of one dimension; they share their blocks."""
    first, second = check_states(RHO, SIGMA)
    assert [len(group) for group in first.groups] == [1, 2]
    assert second.dense() == pytest.approx(SIGMA)
    with pytest.raises(DimensionMismatchError, match="same space"):
        check_states(RHO, np.eye(2) / 2)
    with pytest.raises(DimensionMismatchError, match="must broadcast"):
        check_pair(np.array([RHO, RHO]), np.array([SIGMA] * 3))


BLOCKS = ([[0.25]], np.full((2, 2), 0.25), [[0.25]])


def test_blocks_stay_as_they_are_given() -> None:
    """Operators in the same blocks keep them, zeros inside included; others are put together."""
    rho = qentropy.direct_sum(BLOCKS)
    pair = check_pair(rho, qentropy.direct_sum([[[1.0]], np.eye(2), [[1.0]]]))
    assert [group.shape for group in pair.sigma.groups] == [(1, 2, 2), (2, 1, 1)]
    assert pair.rho.dense() == pytest.approx(rho.dense())
    dense = check_pair(rho, np.eye(4))
    assert [group.shape for group in dense.rho.groups] == [(1, 2, 2), (2, 1, 1)]
    other = check_pair(rho, qentropy.direct_sum([np.eye(2), np.eye(2)]))
    assert np.array_equal(other.rho.dense(), dense.rho.dense())


@pytest.mark.parametrize("name", ["rho", "sigma"])
@pytest.mark.parametrize(
    ("block", "message"),
    [
        ([[0.25, 0.25], [0.1, 0.25]], "must be Hermitian; got |A - A^dagger| = 0.15"),
        ([[0.25, math.nan], [math.nan, 0.25]], "must be finite"),
        ([[0.25, 0.5], [0.5, 0.25]], "must be positive semidefinite"),
    ],
)
def test_blocks_are_checked(name: str, block: Any, message: str) -> None:
    """As whole matrices are."""
    good, bad = qentropy.direct_sum(BLOCKS), qentropy.direct_sum([[[0.25]], block, [[0.25]]])
    with pytest.raises(InvalidStateError, match=re.escape(f"{name} {message}")):
        check_pair(*((bad, good) if name == "rho" else (good, bad)))


@pytest.mark.parametrize("name", sorted(CLOSED_FORMS))
def test_every_function_takes_blocks(name: str) -> None:
    """A direct sum is the matrix that it stands for."""
    function = CLOSED_FORMS[name]
    whole = {
        "rho": qentropy.direct_sum(BLOCKS),
        "sigma": qentropy.direct_sum([np.diag(SIGMA)[:, None, None]]),
    }
    dense = {key: value.dense() for key, value in whole.items()}
    names = required(function) & whole.keys()
    found = call(function, **{key: whole[key] for key in names})
    assert found == pytest.approx(call(function, **{key: dense[key] for key in names}), abs=1e-12)


def test_a_pair_in_blocks_is_checked_once() -> None:
    """Until another comes, as long as it lives; its blocks cannot be written into."""
    rho, first, second = (direct_sum([np.diag([p, 1 - p])]) for p in (0.5, 0.25, 0.125))
    pair = check_pair(rho, first)
    assert check_pair(rho, first) is pair
    assert check_pair(rho, second) is not pair
    pair = check_pair(rho, first)
    with pytest.raises(ValueError, match="read-only"):
        rho.groups[0][0, 0, 0] = 1.0
    alive = weakref.ref(pair)
    del pair, rho
    gc.collect()
    assert alive() is None
