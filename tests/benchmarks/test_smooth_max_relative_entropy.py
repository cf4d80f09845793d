"""Smooth D_max against cvxpy's natural primal, on the same states in the same run.

States are random and complex, rho of rank d/4, trace-distance radius 0.1.
"""

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mbl_study import HeisenbergChain, equilibrate, tilted_neel
from qentropy import CertifiedValue, programs, smooth_max_relative_entropy, states

RADIUS = 0.1
BALL = "trace-distance"
TOPIC = "Smooth D_max, complex states, rho of rank d/4, trace distance 0.1; bits"
REPEATS = 5


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("dimension", [4, 8, 16])
def test_smooth_max_relative_entropy(
    benchmark: Any, report: Callable[..., None], dimension: int, seed: int
) -> None:
    """Time, width of the proved interval, and whether the peers' values lie inside it."""
    rng = np.random.default_rng([dimension, seed])
    rho = states.random_state(dimension, rank=dimension // 4, rng=rng)
    sigma = states.random_state(dimension, rng=rng)
    ours = benchmark.pedantic(
        smooth_max_relative_entropy,
        (rho, sigma, RADIUS),
        {"ball": BALL},
        rounds=REPEATS,
        warmup_rounds=1,
    )
    seconds = benchmark.stats.stats.median
    benchmark.extra_info["width"] = ours.upper - ours.lower
    report(
        TOPIC,
        **{"d": str(dimension), "program": f"qentropy ({ours.method})"},
        **_row(seconds, seconds, f"{ours.value:.9f}", "proved", f"{ours.upper - ours.lower:.1e}"),
    )
    for solver in ("SCS", "CLARABEL"):
        value, status, spent = _peer(rho, sigma, solver)
        row = _row(spent, seconds, f"{value:.9f}", status, _verdict(value, ours))
        name = f"cvxpy primal, {solver.title() if solver != 'SCS' else solver}"
        report(TOPIC, **{"d": str(dimension), "program": name}, **row)
    assert ours.converged


def _row(seconds: float, ours: float, value: str, status: str, accuracy: str) -> dict[str, str]:
    return {
        "time": f"{seconds:8.3f} s",
        "ratio": f"{seconds / ours:.0f}",
        "value": value,
        "status": status,
        "width, or place": accuracy,
    }


def _peer(rho: Any, sigma: Any, solver: str) -> tuple[float, str, float]:
    """Value in bits, the solver's last word and the time, cvxpy's own included."""
    start = time.perf_counter()
    problem = programs.smooth_max_relative_entropy(rho, sigma, RADIUS, ball=BALL, form="primal")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "may be inaccurate" is in the status
            problem.solve(solver=solver)
    except Exception as error:
        return np.nan, type(error).__name__, time.perf_counter() - start
    value = np.nan if problem.value is None or problem.value <= 0 else np.log2(problem.value)
    return float(value), problem.status, time.perf_counter() - start


def _verdict(value: float, ours: CertifiedValue) -> str:
    if not np.isfinite(value):
        return "no value"
    if value in ours.interval:
        return "inside our interval"
    return f"outside by {max(ours.lower - value, value - ours.upper):.1e}"


KINDS = ("generic", "pure", "full rank", "sigma to 1e-10", "nearly commuting")
SIZES = "Smooth D_max by size and kind of state, trace distance 0.1 unless said; certified gap 1e-6"


def _pair(kind: str, dimension: int, *, real: bool) -> tuple[Any, Any]:
    """A pair of states of a kind; rho has rank d/4 unless the kind says otherwise."""
    rng = np.random.default_rng([dimension, KINDS.index(kind)])
    rank = {"pure": 1, "full rank": dimension}.get(kind, dimension // 4)
    rho = states.random_state(dimension, rank=rank, real=real, rng=rng)
    sigma = states.random_state(dimension, real=real, rng=rng)
    if kind == "sigma to 1e-10":
        vectors = np.linalg.eigh(sigma)[1]
        sigma = vectors * np.geomspace(1e-10, 1, dimension) @ vectors.conj().T
        sigma = (sigma + sigma.conj().T) / 2
    if kind == "nearly commuting":
        vectors = np.linalg.eigh(sigma)[1]
        rho = np.diag((vectors.conj().T @ rho @ vectors).diagonal().real)
        rho = vectors @ (rho + 1e-4 * (sigma - np.diag(sigma.diagonal()))) @ vectors.conj().T
        low = min(0.0, np.linalg.eigvalsh(rho)[0])
        rho = (rho - 2 * low * np.eye(dimension)) / (1 - 2 * low * dimension)
        rho = (rho + rho.conj().T) / 2
    return rho, sigma


@pytest.mark.parametrize(
    "case",
    [
        *(("generic", d, False, BALL) for d in (8, 16, 24, 32, 48)),
        *(("generic", d, True, BALL) for d in (16, 32, 48, 64)),
        *((kind, 16, False, BALL) for kind in KINDS[1:]),
        *(("generic", d, False, "purified-distance") for d in (8, 16, 32)),
    ],
    ids=str,
)
def test_sizes_and_kinds(
    benchmark: Any, report: Callable[..., None], case: tuple[str, int, bool, str]
) -> None:
    """Time, route and proved gap; no peers, most of which fail on the hard ones."""
    kind, dimension, real, ball = case
    rho, sigma = _pair(kind, dimension, real=real)
    # Against a sigma of condition 1e10 rounding in the proof itself costs more than 1e-6.
    rtol = 1e-4 if kind == "sigma to 1e-10" else 1e-6
    ours = benchmark.pedantic(
        smooth_max_relative_entropy,
        (rho, sigma, RADIUS),
        {"ball": ball, "rtol": rtol},
        rounds=1 if dimension > 24 else REPEATS,
        warmup_rounds=0 if dimension > 24 else 1,
    )
    report(
        SIZES,
        kind=kind + (", purified" if ball != BALL else ""),
        d=str(dimension),
        field="real" if real else "complex",
        time=f"{benchmark.stats.stats.median:8.3f} s",
        route=ours.method,
        steps=str(ours.report.iterations if ours.report else 0),
        gap=f"{ours.gap:.1e}",
    )
    assert ours.converged


def test_equilibrium_states(benchmark: Any, report: Callable[..., None]) -> None:
    """Ten sites of a chain of twelve against its thermal state, in magnetisation blocks."""
    chain = HeisenbergChain.random(12, 4.0, rng=0)
    equilibrium = equilibrate(chain, tilted_neel(12))
    pair = equilibrium.reduced_state(range(10)), equilibrium.thermal_state(range(10))
    ours = benchmark.pedantic(
        smooth_max_relative_entropy, (*pair, RADIUS), {"ball": BALL}, rounds=REPEATS
    )
    assert ours.report is not None
    report(
        SIZES,
        kind="equilibrium of a chain",
        d=f"1024 ({max(ours.report.blocks)})",
        field="real",
        time=f"{benchmark.stats.stats.median:8.3f} s",
        route=ours.method,
        steps=str(ours.report.iterations),
        gap=f"{ours.gap:.1e}",
    )
    assert ours.converged
