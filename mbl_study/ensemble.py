"""From the tasks of a study to records in its store, resumable at any point.

The driver sends each task to a worker as JSON and gets the record back as JSON. It alone opens
the store. No more tasks are on their way than there are workers.
"""

from __future__ import annotations

import itertools
import logging
import math
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mbl_study.cluster import check_address
from mbl_study.ledger import QUARANTINE_AFTER, Ending, Ledger, Outcome, State
from mbl_study.realization import simulate
from mbl_study.store import Store
from mbl_study.study import Regions, Study, Task
from mbl_study.workers import TaskFunction, Workers, hired_workers, local_share

__all__ = [
    "Observer",
    "Summary",
    "largest_task",
    "memory_estimate",
    "run_study",
    "seconds_estimate",
    "simulate_task",
]

logger = logging.getLogger(__name__)

LAPACK_SECONDS = 1.8e-10
"""LAPACK's seconds for each ``n**3`` of a sector, all eigenvectors; measured at 12 to 14 sites."""

WHOLE_OVER_LAPACK = 1.5
"""Seconds of a realization for each second of its LAPACK calls."""

POLL_SECONDS = 0.5
"""How soon a request to stop, a lost worker or a hung task is noticed."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """How a run ended.

    Attributes
    ----------
    counts
        Number of tasks of the whole store in each state.
    computed
        Number of results that this run added.
    conflicts
        Number of tasks that gave other numbers when they ran again.
    stopped
        Whether the run was asked to stop before everything was done.
    """

    counts: dict[State, int]
    computed: int
    conflicts: int
    stopped: bool

    @property
    def exit_code(self) -> int:
        """0 if nothing failed, else 1."""
        failed = self.counts[State.FAILED] + self.counts[State.QUARANTINED] + self.conflicts
        return 1 if failed else 0


class Observer(Protocol):
    """Who wants to know how far a run is."""

    def started(self, total: int, settled: int) -> None:
        """Tell how many tasks the study has, and how many of them need no work any more."""

    def ended(self, ending: Ending) -> None:
        """Tell that an attempt ended, after that was written."""


def simulate_task(parameters: str) -> str:
    """Simulate one realization; this is what workers run.

    Parameters
    ----------
    parameters
        JSON of a `Task`, as `Task.parameters` writes it.

    Returns
    -------
    str
        JSON of its `Record`.
    """
    task = Task.from_parameters(parameters)
    record = simulate(
        task.chain(),
        task.initial_state,
        epsilons=task.epsilons,
        exact_epsilons=task.exact_epsilons,
        regions=task.regions,
    )
    return record.model_dump_json()


def memory_estimate(length: int, regions: Regions = "first") -> int:
    """Bytes that a realization takes beside the libraries, for weak disorder, which takes most.

    LAPACK's ``24 n**2`` for the largest magnetization sector, of dimension ``n``, and a fifth more.
    Where the regions are translated the eigenvectors of all sectors are kept in memory to the end;
    the squares of the dimensions sum to ``binomial(2 length, length)``.  Measured were 287 MiB for
    14 sites and 1018 MiB for 15, and for translations 794 MiB for 14.

    Examples
    --------
    >>> memory_estimate(14) // 2**20, memory_estimate(14, "translations") // 2**20
    (325, 918)
    """
    if regions == "translations":
        return 24 * math.comb(2 * length, length)
    return 29 * math.comb(length, length // 2) ** 2


def largest_task(study: Study) -> int:
    """Bytes of the study's largest task, by `memory_estimate`."""
    return max(memory_estimate(length, study.regions) for length in study.lengths)


def seconds_estimate(length: int) -> float:
    """Seconds that a realization takes on one core, within a factor of two or three.

    Small chains are dominated by the entropies of their regions, large ones by LAPACK, which takes
    a time in proportion to ``n**3`` for each magnetization sector of dimension ``n``.

    Examples
    --------
    >>> round(seconds_estimate(14))
    31
    """
    cubes = sum(math.comb(length, up) ** 3 for up in range(length + 1))
    return 0.05 * length + WHOLE_OVER_LAPACK * LAPACK_SECONDS * cubes


def run_study(
    study: Study,
    store: Store | str | Path,
    scheduler: str | None = None,
    *,
    workers: int | None = None,
    insecure: bool = False,
    retry: bool = False,
    task_timeout: float | None = None,
    task_function: TaskFunction = simulate_task,
    stop: threading.Event | None = None,
    observer: Observer | None = None,
) -> Summary:
    """Compute what a study asks for and its store does not have yet.

    Parameters
    ----------
    study
        What to compute.
    store
        Where the results go; the file is made if there is none.
    scheduler
        Address of a Dask scheduler. By default workers are started on this machine.
    workers
        Number of worker processes on this machine; 0 runs the tasks in this process. By default
        one for each processor, fewer if memory is short.
    insecure
        Whether an unencrypted scheduler on another machine is acceptable.
    retry
        Whether failed and quarantined tasks get another chance.
    task_timeout
        Seconds after which a task counts as hung and its worker is replaced; not for tasks in
        this process.
    task_function
        What a worker runs, from the JSON of a task to the JSON of its record.
    stop
        Once set, no further task starts; those that run are waited for.
    observer
        Told how far the run is.

    Returns
    -------
    Summary
        What is done and what is not.

    Raises
    ------
    InsufficientMemoryError
        A task would not fit into the memory of a worker.
    EngineError
        The workers cannot be reached or cannot run the tasks.
    StoreError
        The store is damaged, in use, of another study, or the disk is full.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> study = Study(name="tiny", seed=1, lengths=(4,), disorders=(4,), realizations=2)
    >>> summary = run_study(study, pathlib.Path(tempfile.mkdtemp(), "store.sqlite"), workers=0)
    >>> summary.computed, summary.exit_code
    (2, 0)
    """
    store = store if isinstance(store, Store) else Store(store)
    stop = stop or threading.Event()
    need = largest_task(study)
    # What is refused is refused before the store is touched.
    if scheduler is None:
        local_share(need, workers)
    else:
        check_address(scheduler, insecure=insecure)
    in_process = workers == 0 and scheduler is None
    computed = 0
    with store.run(study, in_process=in_process, retry=retry) as ledger:
        if observer is not None:
            observer.started(study.task_count, study.task_count - ledger.count_remaining())
        queue = _Queue(ledger.remaining())
        if queue:
            with hired_workers(
                task_function,
                memory=need,
                count=workers,
                scheduler=scheduler,
                insecure=insecure,
                task_timeout=task_timeout,
            ) as engine:
                computed = _drive(ledger, engine, queue, stop=stop, observer=observer)
    return _summary(store, computed, stop)


class _Queue:
    """Tasks to come. Those that took a worker with them come last, when less runs beside them."""

    def __init__(self, tasks: Iterator[Task]) -> None:
        self._tasks = tasks
        self._ahead: deque[Task] = deque()
        self._again: deque[Task] = deque()

    def __bool__(self) -> bool:
        if not self._ahead:
            self._ahead.extend(itertools.islice(self._tasks, 1))
        return bool(self._ahead or self._again)

    def take(self, count: int) -> list[Task]:
        """Remove the next tasks, at most `count` of them."""
        taken: list[Task] = []
        while self and len(taken) < count:
            taken.append((self._ahead or self._again).popleft())
        return taken

    def put_back(self, task: Task) -> None:
        """Add a task that has to run again."""
        self._again.append(task)


def _drive(
    ledger: Ledger,
    engine: Workers,
    queue: _Queue,
    *,
    stop: threading.Event,
    observer: Observer | None,
) -> int:
    """Keep the workers busy until the tasks run out; return the number of results."""
    computed = 0
    while True:
        batch = [] if stop.is_set() else queue.take(engine.free())
        if batch:
            for attempt in ledger.begin(batch):
                engine.submit(attempt)
        if not engine.running and (stop.is_set() or not queue):
            return computed
        # Who stops a run often stops its workers too, so their death is no fault of the tasks.
        endings = [
            Ending(ending.attempt, Outcome.LOST, ending.detail)
            if stop.is_set() and ending.outcome is Outcome.DIED
            else ending
            for ending in engine.endings(POLL_SECONDS)
        ]
        for ending in ledger.settle(endings) if endings else ():
            computed += ending.outcome is Outcome.DONE
            if ending.outcome is Outcome.DIED:
                _after_death(ledger, queue, ending)
            if observer is not None:
                observer.ended(ending)


def _after_death(ledger: Ledger, queue: _Queue, ending: Ending) -> None:
    task = ending.attempt.task
    deaths = ledger.deaths(task)
    if deaths < QUARANTINE_AFTER:
        queue.put_back(task)
    logger.warning(
        "L = %d, disorder %g, realization %d: death %d of %d: %s",
        task.length,
        task.disorder,
        task.realization,
        deaths,
        QUARANTINE_AFTER,
        ending.detail.strip().splitlines()[-1],
    )


def _summary(store: Store, computed: int, stop: threading.Event) -> Summary:
    counts = dict.fromkeys(State, 0)
    with store:
        for of_length in store.counts().values():
            for state, count in of_length.items():
                counts[state] += count
        conflicts = len(store.conflicts())
    return Summary(
        counts=counts,
        computed=computed,
        conflicts=conflicts,
        stopped=stop.is_set() and counts[State.PENDING] > 0,
    )
