"""What a user could take instead of mbl_study for the equilibrium of a chain, one table.

Everything starts from the fields and ends with ``D_max(omega_R || tau_beta(H_R))`` of the regions
``0 ... r - 1`` up to half the chain; the state is the tilted Néel state.  Each program is used as
well as it allows: sectors of the magnetisation wherever it knows them, eigenvectors only where the
state is, the driver of LAPACK that is fastest, smaller regions from larger ones.  Others know no
``D_max`` and no temperature; these few lines are here, with NumPy and SciPy.

``python -m benchmarks.chain_programs`` reads a `Question` from its input and writes an `Answer`.
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from typing import Any, NamedTuple, Protocol

import numpy as np
import scipy.linalg
import scipy.optimize
from benchmarks.memory import peak_memory

CHUNK = 256
"""Columns of eigenvectors that are written out in the whole space at a time."""


class Question(NamedTuple):
    """A program, a realization, how often it is timed, and how many bytes it may take."""

    program: str
    disorder: float
    fields: tuple[float, ...]
    rounds: int
    memory_limit: int


class Answer(NamedTuple):
    """What a program found; the times and the memory are those of its process.

    `seconds` has one entry for each round.  In the first a program builds what depends on the
    length alone.  `eigensolver` is the part of the last round that was spent on eigenvalues of the
    chain, and `status` says what went wrong.
    """

    beta: float = float("nan")
    entropies: tuple[float, ...] = ()
    seconds: tuple[float, ...] = ()
    eigensolver: float = float("nan")
    peak: float = float("nan")
    status: str = ""


class Found(NamedTuple):
    """Inverse temperature, ``D_max`` by size of the region, time of the eigensolver."""

    beta: float
    entropies: tuple[float, ...]
    eigensolver: float


def answer(question: Question) -> Answer:
    """Run a program in this process, after a small chain that loads and compiles everything."""
    program = PROGRAMS[question.program]
    seconds, found = [], []
    try:
        program(question.disorder, question.fields[:6])
        for _ in range(question.rounds):
            start = time.perf_counter()
            found.append(program(question.disorder, question.fields))
            seconds.append(time.perf_counter() - start)
    except ModuleNotFoundError as error:
        return Answer(status=f"{error.name} not installed")
    except MemoryError:
        return Answer(peak=peak_memory(), status="out of memory")
    return Answer(*found[-1][:2], tuple(seconds), found[-1].eigensolver, peak_memory(), "done")


def _mbl_study(disorder: float, fields: tuple[float, ...]) -> Found:
    """Ours."""
    from mbl_study import HeisenbergChain, equilibrate, tilted_neel

    chain = HeisenbergChain(length=len(fields), disorder=disorder, fields=fields)
    sizes = range(chain.length // 2, 0, -1)
    equilibrium = equilibrate(chain, tilted_neel(chain.length), within=range(sizes[0]))
    entropies = [equilibrium.max_relative_entropy(range(size)) for size in sizes]
    return Found(equilibrium.beta, tuple(reversed(entropies)), equilibrium.lapack_seconds)


class Sector(Protocol):
    """A block of the Hamiltonian in another program."""

    amplitude: Any
    """The initial state in it."""

    def eigenvalues(self) -> Any:
        """All of them."""

    def eigensystem(self) -> tuple[Any, Any]:
        """Eigenvalues, and eigenvectors as columns."""

    def reduced_state(self, columns: Any, size: int) -> Any:
        """Partial trace of ``columns @ columns.T`` onto the first `size` sites."""


class Program(Protocol):
    """Another program, for one realization."""

    def sectors(self) -> Iterator[Sector]:
        """Blocks that make up the Hamiltonian of the ring."""

    def region_hamiltonian(self, size: int) -> Any:
        """Dense ``H_R`` of the first sites."""

    def without_last(self, omega: Any, size: int) -> Any:
        """Partial trace of a state of `size` sites over the last one."""


def _equilibrate(program: Program, length: int) -> Found:
    """Whatever the others have in common."""
    clock, size = _Clock(), length // 2
    omega, energies, energy = np.zeros((2**size, 2**size)), [], 0.0
    for sector in program.sectors():
        if not sector.amplitude.any():
            energies.append(clock(sector.eigenvalues))
            continue
        levels, vectors = clock(sector.eigensystem)
        coefficients = sector.amplitude @ vectors
        energies.append(levels)
        energy += coefficients**2 @ levels
        kept = np.flatnonzero(np.abs(coefficients) > 1e-15)
        for start in range(0, len(kept), CHUNK):
            chunk = kept[start : start + CHUNK]
            omega += sector.reduced_state(vectors[:, chunk] * coefficients[chunk], size)
    beta = _inverse_temperature(np.concatenate(energies), energy)
    entropies: list[float] = []
    for current in range(size, 0, -1):
        entropies.insert(0, _max_relative_entropy(omega, program.region_hamiltonian(current), beta))
        omega = program.without_last(omega, current)
    return Found(beta, tuple(entropies), clock.seconds)


class _Clock:
    """Adds up what its calls take."""

    seconds = 0.0

    def __call__(self, call: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        found = call()
        self.seconds += time.perf_counter() - start
        return found


def _tilted_neel(length: int) -> Any:
    """Up, down, up, ... with the last two sites along x, in the whole space."""
    up, down = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    sites = [(up, down)[site % 2] for site in range(length - 2)]
    return reduce(np.kron, [*sites, *2 * [(up + down) / np.sqrt(2)]])


def _gibbs(energies: Any, beta: float) -> Any:
    exponents = -beta * energies
    weights = np.exp(exponents - exponents.max())
    return weights / weights.sum()


def _inverse_temperature(energies: Any, energy: float) -> float:
    def excess(beta: float) -> float:
        return float(_gibbs(energies, beta) @ energies) - energy

    return float(scipy.optimize.brentq(excess, -20, 20, xtol=1e-15, rtol=1e-14))


def _max_relative_entropy(omega: Any, hamiltonian: Any, beta: float) -> float:
    """``log2`` of the largest eigenvalue of ``tau**(-1/2) omega tau**(-1/2)``."""
    energies, vectors = scipy.linalg.eigh(hamiltonian)
    scaled = vectors / np.sqrt(_gibbs(energies, beta))
    return float(np.log2(scipy.linalg.eigvalsh(scaled.T @ omega @ scaled)[-1]))


def _ring(length: int) -> list[tuple[int, int]]:
    return [(site, (site + 1) % length) for site in range(length)]


# QuSpin.


class QuSpin:
    """Bases with a fixed number of up spins, and the partial trace of the basis."""

    def __init__(self, disorder: float, fields: Iterable[float]) -> None:
        self._strengths = [disorder * field for field in fields]

    def sectors(self) -> Iterator[Sector]:
        """One for every number of up spins."""
        from quspin.basis import spin_basis_1d

        length = len(self._strengths)
        state = _tilted_neel(length)
        for up in range(length + 1):
            basis = spin_basis_1d(length, Nup=up, pauli=1)
            amplitude = basis.get_proj(np.float64).T @ state
            yield self._sector(basis, self._hamiltonian(basis, _ring(length)), amplitude)

    def region_hamiltonian(self, size: int) -> Any:
        """Dense ``H_R``."""
        from quspin.basis import spin_basis_1d

        return self._hamiltonian(spin_basis_1d(size, pauli=1), _ring(size)[:-1]).toarray()

    def without_last(self, omega: Any, size: int) -> Any:
        """Partial trace of a mixed state."""
        from quspin.basis import spin_basis_1d

        basis = spin_basis_1d(size, pauli=1)
        return np.squeeze(basis.partial_trace(omega, sub_sys_A=range(size - 1), return_rdm="A"))

    def _hamiltonian(self, basis: Any, bonds: list[tuple[int, int]]) -> Any:
        from quspin.operators import hamiltonian

        couplings = [[1.0, *bond] for bond in bonds]
        zeeman = [[self._strengths[site], site] for site in range(basis.L)]
        terms = [["xx", couplings], ["yy", couplings], ["zz", couplings], ["z", zeeman]]
        unchecked = dict.fromkeys(("check_symm", "check_herm", "check_pcon"), False)
        return hamiltonian(terms, [], basis=basis, dtype=np.float64, **unchecked)

    def _sector(self, basis: Any, hamiltonian: Any, amplitude: Any) -> Sector:
        return _QuSpinSector(basis, hamiltonian, amplitude)


class _QuSpinSector:
    def __init__(self, basis: Any, hamiltonian: Any, amplitude: Any) -> None:
        self._basis, self._hamiltonian, self.amplitude = basis, hamiltonian, amplitude

    def eigenvalues(self) -> Any:
        return self._hamiltonian.eigvalsh(driver="evd")

    def eigensystem(self) -> tuple[Any, Any]:
        return self._hamiltonian.eigh(driver="evd")

    def reduced_state(self, columns: Any, size: int) -> Any:
        """Its partial trace of many pure states is faster than that of one mixed state."""
        states = self._basis.partial_trace(
            columns, sub_sys_A=range(size), return_rdm="A", enforce_pure=True
        )
        return states.reshape(-1, 2**size, 2**size).sum(axis=0)


class QuSpinByHand(QuSpin):
    """Only the columns come from QuSpin, and the partial trace is a matrix product."""

    def _sector(self, basis: Any, hamiltonian: Any, amplitude: Any) -> Sector:
        return _QuSpinSectorByHand(basis, hamiltonian, amplitude)


class _QuSpinSectorByHand(_QuSpinSector):
    def reduced_state(self, columns: Any, size: int) -> Any:
        rows = self._basis.project_from(columns, sparse=False).reshape(2**size, -1)
        return rows @ rows.T


# quimb.


class Quimb:
    """Sectors of its operator builder, and its partial trace."""

    def __init__(self, disorder: float, fields: Iterable[float]) -> None:
        self._strengths = [disorder * field for field in fields]

    def sectors(self) -> Iterator[Sector]:
        """One for every number of spins that differ from the first basis state."""
        from quimb.operator import HilbertSpace

        length = len(self._strengths)
        state, hamiltonian = _tilted_neel(length), self._hamiltonian(length, _ring(length))
        places = 2 ** np.arange(length - 1, -1, -1)
        for down in range(length + 1):
            space = HilbertSpace(length, sector=down, symmetry="U1")
            configurations = [space.rank_to_flatconfig(rank) for rank in range(space.size)]
            block = hamiltonian.build_dense(sector=down, symmetry="U1")
            yield _QuimbSector(block, np.array(configurations) @ places, state)

    def region_hamiltonian(self, size: int) -> Any:
        """Dense ``H_R``."""
        return self._hamiltonian(size, _ring(size)[:-1]).build_dense()

    def without_last(self, omega: Any, size: int) -> Any:
        """Partial trace of a mixed state."""
        from quimb import partial_trace

        return np.asarray(partial_trace(omega, [2] * size, range(size - 1)))

    def _hamiltonian(self, size: int, bonds: list[tuple[int, int]]) -> Any:
        from quimb.operator import HilbertSpace, SparseOperatorBuilder

        terms = SparseOperatorBuilder(hilbert_space=HilbertSpace(size))
        for left, right in bonds:
            terms += 2.0, ("+", left), ("-", right)
            terms += 2.0, ("-", left), ("+", right)
            terms += 1.0, ("z", left), ("z", right)
        for site in range(size):
            terms += self._strengths[site], ("z", site)
        return terms


class _QuimbSector:
    autoblock = False

    def __init__(self, block: Any, rows: Any, state: Any) -> None:
        self._block, self._rows, self._dimension = block, rows, len(state)
        self.amplitude = state[rows]

    def eigenvalues(self) -> Any:
        from quimb import eigvalsh

        return eigvalsh(self._block)

    def eigensystem(self) -> tuple[Any, Any]:
        from quimb import eigh

        energies, vectors = eigh(self._block, autoblock=self.autoblock)
        return energies, np.asarray(vectors)

    def reduced_state(self, columns: Any, size: int) -> Any:
        """The columns together are a pure state whose last factor counts them."""
        from quimb import partial_trace

        ket = np.zeros((self._dimension, columns.shape[1]))
        ket[self._rows] = columns
        sites = self._dimension.bit_length() - 1
        return partial_trace(ket.reshape(-1, 1), [*[2] * sites, columns.shape[1]], range(size))


class QuimbAutoblock(Quimb):
    """The whole Hamiltonian, in which quimb finds the blocks by itself."""

    def sectors(self) -> Iterator[Sector]:
        """Only one."""
        length = len(self._strengths)
        block = self._hamiltonian(length, _ring(length)).build_dense()
        yield _QuimbSpace(block, np.arange(2**length), _tilted_neel(length))


class _QuimbSpace(_QuimbSector):
    autoblock = True


def _other(program: Callable[[float, tuple[float, ...]], Program]) -> Callable[..., Found]:
    return lambda disorder, fields: _equilibrate(program(disorder, fields), len(fields))


PROGRAMS: dict[str, Callable[[float, tuple[float, ...]], Found]] = {
    "mbl_study": _mbl_study,
    "QuSpin, partial_trace": _other(QuSpin),
    "QuSpin, trace by hand": _other(QuSpinByHand),
    "quimb, U1 sectors": _other(Quimb),
    "quimb, autoblock": _other(QuimbAutoblock),
}


def main() -> None:
    """Answer the question on the input."""
    question = Question(**json.load(sys.stdin))
    question = question._replace(fields=tuple(question.fields))
    resource.setrlimit(resource.RLIMIT_DATA, (question.memory_limit, question.memory_limit))
    # What programs print or warn of is no part of the answer.
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        found = answer(question)
    json.dump(found._asdict(), sys.stdout)


if __name__ == "__main__":
    main()
