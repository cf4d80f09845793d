"""One realization against the LAPACK calls that it makes: what everything else costs; its memory.

Both thermal states, all region sizes, and the smooth D_max of every region are included. The two
longest chains take minutes; ``pytest -m ""`` runs them too.
"""

import math
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest
from benchmarks.lapack import lapack_clock
from benchmarks.memory import peak_memory

from mbl_study import HeisenbergChain, simulate

TOPIC = "One realization, all region sizes, both thermal states, smooth D_max; one thread"

SHORT = 12  # sites up to which a realization is run several times
LENGTHS = [10, 12, 13, *(pytest.param(length, marks=pytest.mark.slow) for length in (14, 15))]


@pytest.mark.parametrize("disorder", [1.0, 8.0])
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("epsilons", [(0.01,), (0.1, 0.01, 0.001)], ids=["one", "three"])
def test_realization(
    benchmark: Any,
    report: Callable[..., None],
    epsilons: tuple[float, ...],
    length: int,
    disorder: float,
) -> None:
    """Whole time over that of LAPACK, for the chain alone and for the regions, too."""
    chain = HeisenbergChain.random(length, disorder, rng=0)
    options = {"epsilons": epsilons}
    simulate(HeisenbergChain.random(6, disorder, rng=0), **options)  # loads what is loaded late
    rounds = 5 if length <= SHORT else 1
    with lapack_clock() as seconds:
        record = benchmark.pedantic(simulate, (chain,), options, rounds=rounds)
        everywhere = seconds() / rounds
    whole = benchmark.stats.stats.mean
    ratio = whole / everywhere
    benchmark.extra_info["ratio to LAPACK"] = ratio
    report(
        TOPIC,
        **{
            "epsilons": str(len(epsilons)),
            "L": str(length),
            "Delta": f"{disorder:g}",
            "whole": f"{whole:.2f} s",
            "LAPACK, all calls": f"{everywhere:.2f} s",
            "ratio": f"{ratio:.2f}",
            "LAPACK, chain": f"{record.lapack_seconds:.2f} s",
            "ratio to that": f"{whole / record.lapack_seconds:.2f}",
            "anomaly": record.anomaly or "none",
        },
    )
    assert record.regions[-1].size == length - 2


MEMORY = "Memory of one realization at Delta = 1, in a process of its own"


@pytest.mark.parametrize("length", LENGTHS)
def test_memory(benchmark: Any, report: Callable[..., None], length: int) -> None:
    """What a realization takes beside the libraries, in bytes for each entry of the largest sector.

    LAPACK's divide and conquer takes 24.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        libraries, peak = benchmark.pedantic(
            lambda: process.submit(_peaks, length).result(), rounds=1
        )
    entries = math.comb(length, length // 2) ** 2
    beside = (peak - libraries) * 2**20 / entries
    benchmark.extra_info["bytes per entry"] = beside
    report(
        MEMORY,
        **{
            "L": str(length),
            "24 n**2": f"{24 * entries / 2**20:.0f} MiB",
            "libraries": f"{libraries:.0f} MiB",
            "at most": f"{peak:.0f} MiB",
            "beside libraries": f"{peak - libraries:.0f} MiB",
            "for each entry": f"{beside:.1f} B",
        },
    )


def _peaks(length: int) -> tuple[float, float]:
    """The largest memory after a short chain, which loads what is loaded late, and after it all."""
    found = []
    for sites in (6, length):
        simulate(HeisenbergChain.random(sites, 1.0, rng=0), epsilons=(0.01,))
        found.append(peak_memory())
    return found[0], found[1]
