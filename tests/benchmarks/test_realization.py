"""One realization against the LAPACK calls that it makes: what everything else costs.

Both thermal states, all region sizes, and the smooth D_max of every region are included. The two
longest chains take minutes; ``pytest -m ""`` runs them too.
"""

from collections.abc import Callable
from typing import Any

import pytest
from benchmarks.lapack import lapack_clock

from mbl_study import HeisenbergChain, simulate

TOPIC = "One realization, all region sizes, both thermal states, smooth D_max; one thread"

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
    with lapack_clock() as seconds:
        record = benchmark.pedantic(simulate, (chain,), options, rounds=1)
        everywhere = seconds()
    ratio = record.seconds / everywhere
    benchmark.extra_info["ratio to LAPACK"] = ratio
    report(
        TOPIC,
        **{
            "epsilons": str(len(epsilons)),
            "L": str(length),
            "Delta": f"{disorder:g}",
            "whole": f"{record.seconds:.2f} s",
            "LAPACK, all calls": f"{everywhere:.2f} s",
            "ratio": f"{ratio:.2f}",
            "LAPACK, chain": f"{record.lapack_seconds:.2f} s",
            "ratio to that": f"{record.seconds / record.lapack_seconds:.2f}",
            "anomaly": record.anomaly or "none",
        },
    )
    assert record.regions[-1].size == length - 2
