"""Tasks that finish at once or go wrong on purpose, and drivers that run them.

Workers and drivers in processes of their own find this module by its name.
"""

from __future__ import annotations

import ctypes
import functools
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import psutil

from mbl_study import cli, ensemble
from mbl_study.ensemble import run_study
from mbl_study.ledger import Ending, Ledger
from mbl_study.record import BathBounds, Record, RegionRecord
from mbl_study.study import Study, Task


def study(**changes: object) -> Study:
    """Return a small study; `changes` replace its fields."""
    fields = {
        "name": "small",
        "seed": 1,
        "lengths": (6, 8),
        "disorders": (1.0, 5.0),
        "realizations": 3,
        "epsilons": (0.1, 0.01),
    }
    return Study.model_validate(fields | changes)


def record(task: Task, **changes: object) -> Record:
    """Return a record that depends on its task and on nothing else."""
    regions = tuple(_region(task, size) for size in range(1, task.length - 1))
    fields = {
        "length": task.length,
        "disorder": task.disorder,
        "fields": task.chain().fields,
        "initial_state": task.initial_state,
        "energy": task.chain().fields[0],
        "beta": -0.1,
        "level_spacing_ratio": 0.4 + 0.01 * task.chain().fields[1],
        "regions": regions,
        "trace_residual": 1e-15,
        "norm_residual": 1e-15,
        "anomaly": "",
        "seconds": 0.25,
        "lapack_seconds": 0.125,
        "versions": {"mbl_study": "0"},
    }
    return Record.model_validate(fields | changes)


def _region(task: Task, size: int) -> RegionRecord:
    # A slope that rises with the disorder strength, and some scatter.
    slope = 0.2 + 0.7 / (1 + 2.0 ** (5 - task.disorder)) + 0.02 * task.chain().fields[2]
    entropy = 0.3 + slope * size
    bath = tuple(
        BathBounds(
            epsilon=epsilon,
            smooth_lower=0.9 * entropy,
            smooth_upper=0.9 * entropy + 1e-9,
            pinched_lower=0.8 * entropy,
            pinched_upper=0.8 * entropy + 1e-9,
            bath_size_lower=2 ** (0.9 * entropy),
            bath_size_upper=2**entropy / epsilon**2,
            bath_size_purified=2 ** (0.85 * entropy),
            bath_size_collision=2 ** (0.7 * entropy) / epsilon**2,
            bath_size_asymptotic=2 ** (0.6 * entropy) / epsilon**2,
        )
        for epsilon in task.epsilons
    )
    return RegionRecord(
        size=size,
        max_relative_entropy=entropy,
        max_relative_entropy_lattice=0.95 * entropy,
        max_relative_entropy_pinched=0.9 * entropy,
        collision_relative_entropy=0.7 * entropy,
        collision_relative_entropy_pinched=0.6 * entropy,
        coherence=0.01,
        bath=bath,
    )


def fast(parameters: str) -> str:
    """Finish at once."""
    return record(Task.from_parameters(parameters)).model_dump_json()


def slow(parameters: str) -> str:
    """Finish after a short while."""
    time.sleep(0.3)
    return fast(parameters)


def deaf(parameters: str) -> str:
    """Hold the interpreter lock for longer than anybody waits, as LAPACK does."""
    ctypes.PyDLL(None).sleep(600)
    return fast(parameters)


def mixed(parameters: str) -> str:
    """Fail in a way that the number of the realization says."""
    match Task.from_parameters(parameters).realization:
        case 1:
            os._exit(7)
        case 3:
            os.kill(os.getpid(), signal.SIGSEGV)
        case 4:
            raise RuntimeError("this chain cannot be diagonalized")
        case 6:
            exceed_the_address_space()
        case 8:
            os.kill(os.getpid(), signal.SIGKILL)
    return fast(parameters)


def exceed_the_address_space() -> None:
    """Ask numpy for more than ``RLIMIT_AS`` leaves."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    room = psutil.Process().memory_info().vms + 2**26
    resource.setrlimit(resource.RLIMIT_AS, (room, before[1]))
    try:
        np.ones(2**27)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def greedy(parameters: str) -> str:
    """Take more and more memory in realization 1."""
    if Task.from_parameters(parameters).realization == 1:
        taken = []
        for _ in range(40):
            taken.append(np.ones(2**22))
            time.sleep(0.05)
        time.sleep(600)
    return fast(parameters)


def waits_for_death(folder: str, parameters: str) -> str:
    """Name the own process in a file and wait, at the first try of realizations 1 and 3."""
    realization = Task.from_parameters(parameters).realization
    named = Path(folder, f"{realization}.pid")
    if realization in {1, 3} and not named.exists():
        unfinished = named.with_suffix(".new")
        unfinished.write_text(str(os.getpid()))
        unfinished.replace(named)
        time.sleep(600)
    return fast(parameters)


def hangs(parameters: str) -> str:
    """Hang in realization 1."""
    if Task.from_parameters(parameters).realization == 1:
        time.sleep(600)
    return fast(parameters)


class Acknowledging:
    """Observer that tells through a pipe which tasks were reported done."""

    def __init__(self, acknowledged: Connection) -> None:
        self._acknowledged = acknowledged

    def started(self, total: int, settled: int) -> None:
        """Tell nothing."""

    def ended(self, ending: Ending) -> None:
        """Send the key of the task."""
        self._acknowledged.send(ending.attempt.task.key)


def drive(path: Path, acknowledged: Connection) -> None:
    """Run the small study in this process."""
    acknowledged.send("ready")
    run_study(study(), path, workers=0, task_function=fast, observer=Acknowledging(acknowledged))


def drive_until(point: str, path: Path, acknowledged: Connection) -> None:
    """Run the small study until a named point, and be killed there."""
    calls = {"begin": 0, "settle": 0, "commit": 0}

    def reached(name: str, moment: str) -> None:
        if f"{moment} {name}" == point and calls[name] == 5:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(name: str) -> None:
        original = getattr(Ledger, name)

        @functools.wraps(original)
        def call(ledger: Ledger, argument: object) -> object:
            calls[name] += 1
            reached(name, "before")
            result = original(ledger, argument)
            reached(name, "after")
            return result

        setattr(Ledger, name, call)

    def commit() -> None:
        calls["commit"] += 1
        reached("commit", "at")

    at_commits(commit)
    watched("begin")
    watched("settle")
    drive(path, acknowledged)


def at_commits(act: Callable[[], None]) -> None:
    """Let something happen whenever the ledger is about to commit."""
    original = Ledger.open

    def trace(statement: str) -> None:
        if statement == "COMMIT":
            act()

    def opened(ledger: Ledger, **options: bool) -> None:
        ledger._connection.set_trace_callback(trace)
        original(ledger, **options)

    Ledger.open = opened  # type: ignore[method-assign]


def signalled_in_commit(numbers: list[signal.Signals], folder: Path, *arguments: str) -> None:
    """Run the command line, which gets signals in the middle of its eighth commit.

    Its children are named in a file first.
    """
    commits = 0

    def act() -> None:
        nonlocal commits
        commits += 1
        if commits == 8:
            children = psutil.Process().children(recursive=True)
            Path("children").write_text(" ".join(str(child.pid) for child in children))
            for number in numbers:
                os.kill(os.getpid(), number)

    at_commits(act)
    command_line(folder, *arguments)


def command_line_on_full_disk(folder: Path, *arguments: str) -> None:
    """Run the command line on a disk that takes 70 kB for each file."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (70_000, 70_000))
    command_line(folder, *arguments)


def main() -> None:
    """Run the command line with a task function of this module, named by the first argument."""
    function = globals()[sys.argv.pop(1)]
    ensemble.run_study = functools.partial(run_study, task_function=function)
    cli.main()


def command_line(folder: Path, *arguments: str) -> None:
    """Run the command line in a folder, silently."""
    os.chdir(folder)
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silence, stream)
    sys.argv = ["faulty_tasks", *arguments]
    main()


if __name__ == "__main__":
    main()
