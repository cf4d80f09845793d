"""The equilibrium of a chain beside QuSpin and quimb: time, memory, and whether all agree."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from benchmarks.chain_programs import PROGRAMS, Answer, Question

from mbl_study import HeisenbergChain

TOPIC = (
    "Equilibrium of a chain and D_max of its regions up to L/2, disorder 4, tilted Néel state; one "
    "thread"
)
OURS = "mbl_study"
CAP = 300  # seconds
AGREEMENT = 1e-8  # bits, and inverse temperature
LONG = 14  # sites from which on a chain is timed once


@pytest.mark.parametrize("length", [12, 13, 14])
def test_beside_other_programs(benchmark: Any, report: Callable[..., None], length: int) -> None:
    """The same numbers from every program, each in a fresh process."""
    ours = benchmark.pedantic(_ask, (OURS, length), rounds=1)
    assert ours.status == "done"
    answers = {OURS: ours} | {name: _ask(name, length) for name in PROGRAMS if name != OURS}
    for name, found in answers.items():
        report(TOPIC, L=str(length), program=name, **_row(found, ours))
    for name, found in answers.items():
        assert not found.seconds or _difference(found, ours) <= AGREEMENT, name


def _ask(program: str, length: int) -> Answer:
    """Run a program in a fresh process, whose memory and time are its own."""
    chain = HeisenbergChain.random(length, 4.0, rng=0)
    memory = psutil.virtual_memory().available
    rounds = 2 if length < LONG else 1
    question = Question(program, chain.disorder, chain.fields, rounds, memory)
    threads = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.chain_programs"],
            input=json.dumps(question._asdict()),
            env=os.environ | threads | {"PYTHONPATH": str(Path(__file__).parents[1])},
            capture_output=True,
            text=True,
            timeout=CAP,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Answer(status=f"over {CAP} s")
    if done.returncode:
        return Answer(status=(done.stderr.strip().splitlines() or [f"ended {done.returncode}"])[-1])
    return Answer(**json.loads(done.stdout))


def _difference(found: Answer, ours: Answer) -> float:
    """Largest of all, ``beta`` included; shapes that differ are no agreement."""
    if len(found.entropies) != len(ours.entropies):
        return float("inf")
    return float(
        np.abs(np.subtract([found.beta, *found.entropies], [ours.beta, *ours.entropies])).max()
    )


def _row(found: Answer, ours: Answer) -> dict[str, str]:
    if not found.seconds:
        empty = dict.fromkeys(("first", "again", "ratio", "eigensolver", "memory", "D_max"), "")
        return empty | {"difference": found.status}
    first, *again = found.seconds
    return {
        "first": f"{first:.3g} s",
        "again": "".join(f"{seconds:.3g} s" for seconds in again),
        "ratio": f"{found.seconds[-1] / ours.seconds[-1]:.3g}",
        "eigensolver": f"{found.eigensolver:.3g} s",
        "memory": f"{found.peak:.0f} MiB",
        "D_max": f"{found.entropies[-1]:.9f}",
        "difference": f"{_difference(found, ours):.1e}",
    }
