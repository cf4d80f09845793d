"""Smooth D_max: certified gap per second, by size and kind of states, and beside other programs.

States are random; rho has rank d/4 unless a kind says otherwise; the ball is a trace-distance ball
of radius 0.1 unless it is the purified one.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from benchmarks import peers
from benchmarks.cases import BALL, PHASED, PURIFIED, RADIUS, Case, Run, pair, run_alone, solve

from mbl_study import HeisenbergChain, equilibrate, tilted_neel
from qentropy import CertifiedValue, smooth_max_relative_entropy
from qentropy.smoothing import smooth_max_relative_entropy_curve

REPEATS = 5
ONCE = 24  # dimensions from which on a case is run once

# Beside other programs.

BESIDE = "Beside other programs, trace distance 0.1; bits, and seconds with the modelling"
FAST = ("cvxpy dual, Clarabel", "PICOS primal, QICS")
BEST = ("PICOS primal, QICS",)
WITHOUT_CVXOPT = tuple(name for name in peers.PEERS if "CVXOPT" not in name)


@pytest.mark.parametrize(
    ("case", "names"),
    [
        (Case("generic", 8), tuple(peers.PEERS)),
        (Case("generic", 8, real=True), tuple(peers.PEERS)),
        # CVXOPT fails on larger complex states, after minutes.
        (Case("generic", 16), WITHOUT_CVXOPT),
        (Case("generic", 16, seed=1), WITHOUT_CVXOPT),
        (Case("generic", 16, real=True), tuple(peers.PEERS)),
        (Case("pure", 16), FAST),
        (Case("full rank", 16), FAST),
        (Case("sigma to 1e-10", 16, rtol=1e-4), FAST),
        (Case("nearly commuting", 16), FAST),
        (Case("generic", 32), BEST),
        (Case("generic", 32, real=True), BEST),
        (Case("generic", 64), BEST),
    ],
    ids=lambda value: str(value) if isinstance(value, Case) else "",
)
def test_beside_other_programs(
    benchmark: Any, report: Callable[..., None], case: Case, names: tuple[str, ...]
) -> None:
    """Time, width of the proved interval, and whether the peers' values lie inside it."""
    once = case.dimension > ONCE
    ours = benchmark.pedantic(
        solve, (case,), rounds=1 if once else REPEATS, warmup_rounds=0 if once else 1
    )
    seconds = benchmark.stats.stats.median
    benchmark.extra_info["width"] = ours.upper - ours.lower
    row = _row(seconds, seconds, ours.value, "proved", f"{ours.upper - ours.lower:.1e}")
    report(BESIDE, **case.columns, program=f"qentropy ({ours.method})", **row)
    for name in names:
        found = peers.run(name, *pair(case), RADIUS)
        place = _place(found.bits, ours)
        row = _row(found.seconds, seconds, found.bits, found.status, place)
        report(BESIDE, **case.columns, program=name, **row)
    assert ours.converged


def _row(seconds: float, ours: float, bits: float, status: str, place: str) -> dict[str, str]:
    return {
        "time": f"{seconds:.3g} s",
        "ratio": f"{seconds / ours:.3g}",
        "value": f"{bits:.9f}",
        "status": status,
        "width, or place": place,
    }


def _place(bits: float, ours: CertifiedValue) -> str:
    if not np.isfinite(bits):
        return "no value"
    if bits in ours.interval:
        return "inside our interval"
    return f"outside by {max(ours.lower - bits, bits - ours.upper):.1e}"


# By size and kind.

SIZES = "By size and kind of states; trace distance 0.1 unless said"
SECONDS: dict[bool, dict[int, float]] = {False: {}, True: {}}  # real or not -> d -> seconds


@pytest.mark.parametrize(
    "case",
    [
        *(Case("generic", d) for d in (8, 16, 24, 32, 48, 64, 96, 128, 256)),
        *(Case("generic", d, real=True) for d in (8, 16, 32, 64, 128, 256)),
        *(Case("generic", d, rtol=1e-8) for d in (16, 32, 64)),
        *(Case("pure", d) for d in (16, 64, 128)),
        *(Case("full rank", d) for d in (16, 32, 48)),
        Case("full rank", 96, rtol=1e-5),
        Case("full rank", 64, real=True),
        # About the smallest gaps that are reached with an ill-conditioned sigma.
        Case("sigma to 1e-10", 16, rtol=1e-5),
        Case("sigma to 1e-10", 64, rtol=1e-4),
        *(Case("nearly commuting", d) for d in (16, 64)),
        *(Case("generic", d, ball=PURIFIED) for d in (8, 16, 32, 64)),
    ],
    ids=str,
)
def test_sizes_and_kinds(benchmark: Any, report: Callable[..., None], case: Case) -> None:
    """Time, route, proved gap and memory; no peers, most of which fail on the hard ones."""
    rounds = 1 if case.dimension > ONCE else REPEATS
    runs: list[Run] = []
    benchmark.pedantic(lambda: runs.append(run_alone(case)), rounds=rounds)
    seconds = float(np.median([r.seconds for r in runs]))
    best = runs[-1]
    if case == Case("generic", case.dimension, case.real):
        SECONDS[case.real][case.dimension] = seconds
    report(
        SIZES,
        **case.columns,
        time=f"{seconds:.3g} s",
        route=best.method,
        steps=str(best.steps),
        asked=f"{case.rtol:.0e}",
        gap=f"{best.gap:.1e}",
        memory=f"{best.peak:.0f} MiB",
    )
    assert best.gap <= case.rtol


@pytest.mark.parametrize("real", [False, True], ids=["complex", "real"])
def test_exponent(benchmark: Any, report: Callable[..., None], real: bool) -> None:
    """The power of d with which the time of generic states grows, from 32 on."""
    sizes = sorted(d for d in SECONDS[real] if d >= 32)
    if len(sizes) < 3:
        pytest.skip("needs the times of three sizes")
    logs = np.log([SECONDS[real][d] for d in sizes])
    slope = benchmark.pedantic(lambda: np.polyfit(np.log(sizes), logs, 1)[0], rounds=1)
    columns = Case("generic", 0, real).columns | {"d": f"{sizes[0]} to {sizes[-1]}"}
    report(SIZES, **columns, time=f"~ d^{slope:.1f}", **dict.fromkeys(REST, ""))


REST = ("route", "steps", "asked", "gap", "memory")

RADII = "Generic states by the radius of the ball in trace distance"
FIELDS = "Real states, and the same with random phases, which make them complex; means of six pairs"


@pytest.mark.parametrize("dimension", [16, 32, 64, 128])
def test_real_states(benchmark: Any, report: Callable[..., None], dimension: int) -> None:
    """The time of real matrices beside that of complex ones with the same spectra."""

    def seconds(case: Case) -> float:
        start = time.perf_counter()
        solve(case)
        return time.perf_counter() - start

    def both() -> Any:
        # In turn, and the best of three, since the machine is not always equally fast.
        pairs = [
            (Case("generic", dimension, True, seed), Case(PHASED, dimension, seed=seed))
            for seed in range(6)
        ]
        rounds = [[[seconds(case) for case in pair] for pair in pairs] for _ in range(3)]
        return np.min(rounds, axis=0).mean(axis=0)

    as_real, as_complex = benchmark.pedantic(both, rounds=1)
    report(
        FIELDS,
        d=str(dimension),
        real=f"{as_real:.3g} s",
        complex=f"{as_complex:.3g} s",
        ratio=f"{as_complex / as_real:.2f}",
    )


@pytest.mark.parametrize("radius", [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.7])
@pytest.mark.parametrize("dimension", [32, 64])
def test_radius(benchmark: Any, report: Callable[..., None], dimension: int, radius: float) -> None:
    """Generic states at other radii than that of the other tables."""
    states = pair(Case("generic", dimension))
    found = benchmark.pedantic(
        smooth_max_relative_entropy, (*states, radius), {"ball": BALL}, rounds=1
    )
    assert found.report is not None
    report(
        RADII,
        d=str(dimension),
        radius=f"{radius:g}",
        time=f"{benchmark.stats.stats.median:.3g} s",
        route=found.method,
        steps=str(found.report.iterations),
        gap=f"{found.gap:.1e}",
    )
    assert found.converged


def test_sweep(benchmark: Any, report: Callable[..., None]) -> None:
    """Twenty radii at d = 32, against one radius."""
    rho, sigma = pair(Case("generic", 32))
    radii = np.linspace(0.01, 0.2, 20)
    start = time.perf_counter()
    smooth_max_relative_entropy(rho, sigma, RADIUS, ball=BALL)
    one = time.perf_counter() - start
    curve = benchmark.pedantic(
        smooth_max_relative_entropy_curve, (rho, sigma, radii), {"ball": BALL}, rounds=1
    )
    seconds = benchmark.stats.stats.median
    report(
        SIZES,
        **(Case("generic", 32).columns | {"states": "generic, 20 radii"}),
        time=f"{seconds:.3g} s",
        route=f"{seconds / one:.1f} times one radius",
        steps=str(sum(point.report.iterations for point in curve)),
        asked="1e-06",
        gap=f"{max(point.gap for point in curve):.1e}",
        memory="",
    )
    assert all(point.converged for point in curve)


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
        states="equilibrium of a chain",
        d=f"1024 ({max(ours.report.blocks)})",
        field="real",
        time=f"{benchmark.stats.stats.median:.3g} s",
        route=ours.method,
        steps=str(ours.report.iterations),
        asked="1e-06",
        gap=f"{ours.gap:.1e}",
        memory="",
    )
    assert ours.converged
