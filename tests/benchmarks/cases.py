"""States of several kinds and sizes, and what one call on them takes.

They are random; rho has rank d/4 unless a kind says otherwise.
"""

import multiprocessing
import time
from typing import Any, NamedTuple

import numpy as np
import pytest
from benchmarks.memory import peak_memory

from qentropy import CertifiedValue, smooth_max_relative_entropy, states

RADIUS = 0.1
BALL, PURIFIED = "trace-distance", "purified-distance"
PHASED = "real with phases"
KINDS = ("generic", "pure", "full rank", "sigma to 1e-10", "nearly commuting", PHASED)


class Case(NamedTuple):
    """States of a kind, and what is asked for."""

    kind: str
    dimension: int
    real: bool = False
    seed: int = 0
    ball: str = BALL
    rtol: float = 1e-6

    def __str__(self) -> str:
        """A name for a test."""
        parts = [*self.columns.values(), str(self.seed) if self.seed else "", f"{self.rtol:g}"]
        return "-".join(part.replace(" ", "_") for part in parts if part)

    @property
    def columns(self) -> dict[str, str]:
        """What names the case in a table."""
        kind = self.kind + (", purified" if self.ball == PURIFIED else "")
        field = "real" if self.real else "complex"
        return {"states": kind, "d": str(self.dimension), "field": field}


class Run(NamedTuple):
    """What one call gave, how long it took, and the largest memory of its process in MiB."""

    seconds: float
    method: str
    steps: int
    gap: float
    peak: float


def pair(case: Case) -> tuple[Any, Any]:
    """The two states."""
    dimension, real = case.dimension, case.real
    rng = np.random.default_rng([dimension, KINDS.index(case.kind), case.seed])
    if case.kind == PHASED:
        phases = np.exp(2j * np.pi * rng.random(dimension))
        rho, sigma = pair(case._replace(kind="generic", real=True))
        return tuple(phases[:, None] * state * phases.conj() for state in (rho, sigma))
    rank = {"pure": 1, "full rank": dimension}.get(case.kind, dimension // 4)
    rho = states.random_state(dimension, rank=rank, real=real, rng=rng)
    sigma = states.random_state(dimension, real=real, rng=rng)
    if case.kind == "sigma to 1e-10":
        vectors = np.linalg.eigh(sigma)[1]
        sigma = vectors * np.geomspace(1e-10, 1, dimension) @ vectors.conj().T
        sigma = (sigma + sigma.conj().T) / 2
    if case.kind == "nearly commuting":
        vectors = np.linalg.eigh(sigma)[1]
        rho = np.diag((vectors.conj().T @ rho @ vectors).diagonal().real)
        rho = vectors @ (rho + 1e-4 * (sigma - np.diag(sigma.diagonal()))) @ vectors.conj().T
        low = min(0.0, np.linalg.eigvalsh(rho)[0])
        rho = (rho - 2 * low * np.eye(dimension)) / (1 - 2 * low * dimension)
        rho = (rho + rho.conj().T) / 2
    return rho, sigma


def solve(case: Case) -> CertifiedValue:
    """Ours."""
    return smooth_max_relative_entropy(*pair(case), RADIUS, ball=case.ball, rtol=case.rtol)


def run(case: Case) -> Run:
    """One call, timed without making the states and without the first call, which loads SciPy."""
    solve(Case("generic", 12))
    states_ = pair(case)
    start = time.perf_counter()
    found = smooth_max_relative_entropy(*states_, RADIUS, ball=case.ball, rtol=case.rtol)
    seconds = time.perf_counter() - start
    steps = found.report.iterations if found.report else 0
    return Run(seconds, found.method, steps, found.gap, peak_memory())


def run_alone(case: Case) -> Run:
    """The same in a process of its own, with all threads, whose memory is that of this call."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            patch.delenv(name, raising=False)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            return pool.apply(run, (case,))
