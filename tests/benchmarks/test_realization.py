"""One realization against the LAPACK calls on its Hamiltonian: what everything else costs.

Both thermal states, all region sizes, and the smooth D_max of every region are included. The
longest chain takes a minute; ``pytest -m ""`` runs it too.
"""

from collections.abc import Callable
from typing import Any

import pytest

from mbl_study import HeisenbergChain, simulate

TOPIC = "One realization, all region sizes, both thermal states, smooth D_max; one thread"


@pytest.mark.parametrize("disorder", [1.0, 8.0])
@pytest.mark.parametrize("length", [10, 12, 13, pytest.param(14, marks=pytest.mark.slow)])
def test_realization(
    benchmark: Any, report: Callable[..., None], length: int, disorder: float
) -> None:
    """Whole time over LAPACK time on the same chain."""
    chain = HeisenbergChain.random(length, disorder, rng=0)
    record = benchmark.pedantic(simulate, (chain,), rounds=2 if length < 13 else 1)
    ratio = record.seconds / record.lapack_seconds
    benchmark.extra_info["ratio to LAPACK"] = ratio
    report(
        TOPIC,
        **{
            "L": str(length),
            "Delta": f"{disorder:g}",
            "whole": f"{record.seconds:.2f} s",
            "LAPACK": f"{record.lapack_seconds:.2f} s",
            "ratio": f"{ratio:.3f}",
            "anomaly": record.anomaly or "none",
        },
    )
    assert record.regions[-1].size == length - 2
