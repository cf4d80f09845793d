"""A study of equal tasks: realizations per second by number of workers, and their memory."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from mbl_study import Study, open_store, run_study
from mbl_study.ensemble import memory_estimate
from mbl_study.ledger import Ending
from mbl_study.workers import local_share

THROUGHPUT = "A study of equal realizations, disorder 4; one thread per worker"

MEMORY = "Memory of workers in a study of short chains"
SHORT = 6
MARKS = (20, 100, 1000)  # tasks that are done
GROWTH = 1.05  # from the second mark to the last


@pytest.mark.parametrize(("length", "tasks"), [(10, 60), (12, 40)])
def test_throughput(
    benchmark: Any, report: Callable[..., None], tmp_path: Path, length: int, tasks: int
) -> None:
    """Rate of all workers against that of as many undisturbed realizations.

    What a realization takes undisturbed is taken from the run with one worker.  The rate is that of
    the time in which all workers are busy: after the first task of each worker, which had to start,
    and before one of them finds nothing more to do.
    """
    everyone = local_share(memory_estimate(length))[0]
    runs = {1: _run(tmp_path / "one", length, tasks, 1)}
    runs[everyone] = benchmark.pedantic(_run, (tmp_path / "all", length, tasks, everyone), rounds=1)
    alone = runs[1].realization
    for workers, run in runs.items():
        busy = run.ends[workers - 1 : tasks - workers + 1]
        rate = (len(busy) - 1) / (busy[-1] - busy[0])
        efficiency = rate * alone / workers
        report(
            THROUGHPUT,
            L=str(length),
            tasks=str(tasks),
            workers=str(workers),
            **{
                "whole run": f"{run.ends[-1]:.3g} s",
                "first result": f"{run.ends[0]:.3g} s",
                "one realization": f"{run.realization:.3g} s",
                "realizations per second": f"{rate:.3g}",
                "of workers / undisturbed realization": f"{efficiency:.3f}",
            },
        )
    benchmark.extra_info["efficiency"] = efficiency


def test_memory_of_workers(benchmark: Any, report: Callable[..., None], tmp_path: Path) -> None:
    """It does not grow with the number of tasks."""
    workers = local_share(memory_estimate(SHORT))[0]
    run = benchmark.pedantic(_run, (tmp_path / "all", SHORT, MARKS[-1], workers), rounds=1)
    for done, memory in run.memory.items():
        report(
            MEMORY,
            L=str(SHORT),
            **{"tasks done": str(done), "workers": str(len(memory))},
            smallest=f"{min(memory):.0f} MiB",
            largest=f"{max(memory):.0f} MiB",
        )
    assert len(run.memory[MARKS[-1]]) == workers
    assert max(run.memory[MARKS[-1]]) <= GROWTH * max(run.memory[MARKS[1]])


class Run:
    """Observes a run: when tasks end, and how much memory workers have at the marks.

    Attributes
    ----------
    ends
        Seconds since the start at which each task ended.
    memory
        Tasks done -> resident memory of each worker in MiB.
    realization
        Mean time of a realization in its worker.
    """

    def __init__(self) -> None:
        self.ends: list[float] = []
        self.memory: dict[int, list[float]] = {}
        self.realization = float("nan")
        self._start = time.perf_counter()

    def started(self, total: int, settled: int) -> None:
        """Nothing to note."""

    def ended(self, ending: Ending) -> None:
        """Note the time."""
        del ending
        self.ends.append(time.perf_counter() - self._start)
        if len(self.ends) in MARKS:
            self.memory[len(self.ends)] = _memory_of_workers()


def _run(folder: Path, length: int, tasks: int, workers: int) -> Run:
    """Run a study to its end."""
    folder.mkdir()
    study = Study(name="equal", seed=1, lengths=(length,), disorders=(4.0,), realizations=tasks)
    run = Run()
    summary = run_study(study, folder / "store.sqlite", workers=workers, observer=run)
    assert summary.computed == tasks
    assert summary.exit_code == 0
    with open_store(folder / "store.sqlite") as store:
        run.realization = sum(record.seconds for _, record in store.results()) / tasks
    return run


def _memory_of_workers() -> list[float]:
    """Workers are what Dask spawned from this process."""
    children = psutil.Process().children(recursive=True)
    workers = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
    return [worker.memory_info().rss / 2**20 for worker in workers]
