"""A run loses nothing, whatever happens to its driver, its workers or its disk.

The numbers of the faults are those of the table in the documentation on reliability.
"""

import functools
import gc
import json
import random
import resource
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import faulty_tasks
import numpy as np
import pytest

from mbl_study import cluster, ensemble, spectrum, workers
from mbl_study.analysis import tabulate, write_tables
from mbl_study.ensemble import run_study
from mbl_study.errors import InsufficientMemoryError, StoreDiskError
from mbl_study.ledger import Ending, State
from mbl_study.record import Record
from mbl_study.store import Store
from mbl_study.study import Study, Task

in_this_process = functools.partial(run_study, workers=0, task_function=faulty_tasks.fast)


class Counting:
    """Observer that remembers what it was told."""

    def __init__(self, stop: threading.Event | None = None, after: int = 0) -> None:
        self.beginning: tuple[int, int] | None = None
        self.endings: list[Ending] = []
        self._stop = stop
        self._after = after

    def started(self, total: int, settled: int) -> None:
        """Remember the two numbers."""
        self.beginning = (total, settled)

    def ended(self, ending: Ending) -> None:
        """Remember the ending, and ask for a stop after some of them."""
        self.endings.append(ending)
        if self._stop is not None and len(self.endings) == self._after:
            self._stop.set()


def exported(path: Path, folder: Path) -> dict[str, bytes]:
    """Bytes of the exported tables of a store."""
    files = write_tables(tabulate(Store(path).results()), folder, formats=["csv"])
    return {file.name: file.read_bytes() for file in files}


def outcomes(path: Path) -> dict[int, list[str]]:
    """Outcomes of all attempts, by realization, in their order."""
    found: dict[int, list[str]] = {}
    query = "SELECT parameters, outcome FROM attempts JOIN tasks USING (key) ORDER BY number"
    for parameters, outcome in Store(path)._rows(query):
        found.setdefault(json.loads(parameters)["realization"], []).append(outcome)
    return found


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Export of the small study, computed without any fault."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    in_this_process(faulty_tasks.study(), folder / "store.sqlite")
    return exported(folder / "store.sqlite", folder)


def test_a_run_computes_every_task_once(tmp_path: Path) -> None:
    """All tasks are done, everything is told to the observer, and a second run adds nothing."""
    study, path = faulty_tasks.study(), tmp_path / "store.sqlite"
    observer = Counting()
    summary = in_this_process(study, path, observer=observer)
    assert (summary.computed, summary.counts[State.DONE]) == (12, 12)
    assert (summary.exit_code, summary.stopped, summary.conflicts) == (0, False, 0)
    assert observer.beginning == (12, 0)
    assert [ending.attempt.task for ending in observer.endings] == list(study.tasks())
    again = Counting()
    assert in_this_process(study, path, observer=again).computed == 0
    assert (again.beginning, again.endings) == ((12, 12), [])


def test_a_simulated_task_answers_its_parameters() -> None:
    """What a worker computes is the record of the task's own chain."""
    task = Task(length=4, realization=1, disorder=3.0, seed=1, epsilons=(0.1,))
    record = Record.model_validate_json(ensemble.simulate_task(task.parameters))
    assert (record.length, record.disorder, record.fields) == (4, 3.0, task.chain().fields)
    assert [region.size for region in record.regions] == [1, 2]


def test_fault_1_driver_killed_at_any_instant(
    tmp_path: Path, processes: ForkServerContext, uninterrupted: dict[str, bytes]
) -> None:
    """After SIGKILL at 20 random moments everything acknowledged is there, and a resume heals."""
    chance = random.Random(1)
    interrupted = 0
    for attempt in range(20):
        path = tmp_path / f"{attempt}.sqlite"
        # Some die while the store is being made, the others around some commit.
        results = max(0, attempt - 9)
        delay = chance.uniform(0, 0.005 if results else 0.06)
        acknowledged = kill_driver(processes, faulty_tasks.drive, path, (results, delay))
        interrupted += len(acknowledged) < 12
        require_nothing_lost(path, acknowledged, uninterrupted)
    assert interrupted >= 10


@pytest.mark.parametrize(
    "point",
    [
        "before begin",
        "after begin",
        "before settle",
        "at commit",
        "after settle",
    ],
)
def test_fault_1_driver_killed_at_a_named_point(
    tmp_path: Path, processes: ForkServerContext, uninterrupted: dict[str, bytes], point: str
) -> None:
    """Killed before, in and after a commit, the run loses nothing that it acknowledged."""
    path = tmp_path / "store.sqlite"
    driver = functools.partial(faulty_tasks.drive_until, point)
    acknowledged = kill_driver(processes, driver, path, None)
    assert 0 < len(acknowledged) < 12
    require_nothing_lost(path, acknowledged, uninterrupted)


def kill_driver(
    processes: ForkServerContext,
    driver: Callable[[Path, Connection], None],
    path: Path,
    moment: tuple[int, float] | None,
) -> list[str]:
    """Start a driver, kill it some seconds after some result; return what it acknowledged.

    Without a moment the driver dies by itself.
    """
    receiving, sending = processes.Pipe(duplex=False)
    process = processes.Process(target=driver, args=(path, sending))
    process.start()
    sending.close()
    assert receiving.recv() == "ready"
    acknowledged = []
    try:
        if moment is not None:
            acknowledged += [receiving.recv() for _ in range(moment[0])]
            time.sleep(moment[1])
            process.kill()
        while True:
            acknowledged.append(receiving.recv())
    except EOFError:
        process.join()
    return acknowledged


def require_nothing_lost(
    path: Path, acknowledged: list[str], uninterrupted: dict[str, bytes]
) -> None:
    """The store holds what was acknowledged, and a resumed run ends like an uninterrupted one."""
    if acknowledged:
        assert set(acknowledged) <= set(Store(path).finished())
    summary = in_this_process(faulty_tasks.study(), path)
    assert (summary.exit_code, summary.counts[State.DONE]) == (0, 12)
    assert exported(path, path.with_suffix("")) == uninterrupted


@pytest.mark.usefixtures("quick_workers")
def test_fault_2_and_3_workers_die(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the task that kills its worker is charged; after 3 deaths it rests, the others end."""
    # Not through caplog, whose handler Dask silences together with its own.
    told: list[str] = []
    for logger in (ensemble.logger, cluster.logger):
        monkeypatch.setattr(logger, "warning", lambda text, *values: told.append(text % values))
    study = faulty_tasks.study(lengths=(6,), disorders=(4.0,), realizations=9)
    path = tmp_path / "store.sqlite"
    summary = run_study(study, path, workers=2, task_function=faulty_tasks.mixed)
    assert outcomes(path) == {
        0: ["done"],
        1: ["died"] * 3,  # os._exit
        2: ["done"],
        3: ["died"] * 3,  # segmentation fault
        4: ["failed"],  # exception
        5: ["done"],
        6: ["died"] * 3,  # out of memory
        7: ["done"],
        8: ["died"] * 3,  # SIGKILL
    }
    assert summary.exit_code == 1
    assert summary.counts == {
        State.DONE: 4,
        State.FAILED: 1,
        State.QUARANTINED: 4,
        State.PENDING: 0,
    }
    (traceback,) = (why for _, state, why in Store(path).failures() if state is State.FAILED)
    assert "Traceback" in traceback
    assert "RuntimeError: this chain cannot be diagonalized" in traceback
    expected = (
        "realization 3: death 3 of 3: the worker died",
        "with status 7",
        "by signal 11",
        "by signal 9",
        "realization 6: death 3 of 3: numpy",
    )
    assert [text for text in expected if not any(text in message for message in told)] == [], told


def test_fault_3_what_cannot_fit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chain that is too long for the memory is refused before a store is made."""
    monkeypatch.setattr(workers.distributed.system, "MEMORY_LIMIT", 2**30)
    study, path = faulty_tasks.study(lengths=(6, 15)), tmp_path / "store.sqlite"
    for count in (None, 0, 1):
        with pytest.raises(InsufficientMemoryError, match=r"a task takes about 1\.4 GiB"):
            run_study(study, path, workers=count)
    assert not path.exists()


@pytest.mark.parametrize("length", range(4, 20))
def test_memory_grows_with_the_sectors(length: int) -> None:
    """29 bytes for each entry of the largest sector's matrix, or 24 for each of every sector's."""
    dimensions = [1]
    for _ in range(length):
        pairs = zip([0, *dimensions], [*dimensions, 0], strict=True)
        dimensions = [left + right for left, right in pairs]
    assert sum(dimensions) == 2**length
    entries = sum(n**2 for n in dimensions)
    assert ensemble.memory_estimate(length) == 29 * max(dimensions) ** 2
    assert ensemble.memory_estimate(length, "translations") == 24 * entries


def fill_the_disk(path: Path, answer: Connection) -> None:
    """Run the small study on a disk that takes 70 kB for each file."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (70_000, 70_000))
    try:
        in_this_process(faulty_tasks.study(), path)
    except StoreDiskError as error:
        answer.send(str(error))


def test_fault_4_disk_full(
    tmp_path: Path, processes: ForkServerContext, uninterrupted: dict[str, bytes]
) -> None:
    """A full disk stops the run with a disk error; what was done stays, and a resume heals."""
    path = tmp_path / "store.sqlite"
    receiving, sending = processes.Pipe(duplex=False)
    process = processes.Process(target=fill_the_disk, args=(path, sending))
    process.start()
    assert "the disk does not cooperate" in receiving.recv()
    process.join()
    assert 0 < len(Store(path).finished()) < 12
    require_nothing_lost(path, Store(path).finished(), uninterrupted)


def test_fault_7_a_study_can_be_extended(tmp_path: Path, uninterrupted: dict[str, bytes]) -> None:
    """A study that grew in three steps is the study that ran at once."""
    path = tmp_path / "store.sqlite"
    for lengths, disorders, realizations in (((6,), (5.0,), 1), ((6, 8), (5.0, 1.0), 2)):
        part = faulty_tasks.study(lengths=lengths, disorders=disorders, realizations=realizations)
        assert in_this_process(part, path).exit_code == 0
    assert in_this_process(faulty_tasks.study(), path).computed == 12 - 8
    assert exported(path, tmp_path) == uninterrupted


def does_not_converge(energies: Any) -> None:
    """Raise what LAPACK raises."""
    raise np.linalg.LinAlgError("did not converge")


def gives_nan(energies: Any) -> None:
    """Replace a level by NaN."""
    energies[0] = np.nan


def gives_wrong_values(energies: Any) -> None:
    """Shift a level by a millionth."""
    energies[0] += 1e-6


@pytest.mark.parametrize("damage", [does_not_converge, gives_nan, gives_wrong_values])
@pytest.mark.parametrize("drivers", [("evd",), ("evd", "evr")], ids=["one fails", "both fail"])
def test_fault_8_lapack(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    damage: Callable[[Any], None],
    drivers: tuple[str, ...],
) -> None:
    """Where driver evd is wrong evr is right; where both are the task fails, nothing is stored."""
    study = faulty_tasks.study(lengths=(6,), disorders=(4.0,), realizations=2)
    run_study(study, tmp_path / "right.sqlite", workers=0)
    solve = spectrum._solve

    def damaged(matrix: Any, driver: str, eigenvectors: bool) -> Any:
        energies, vectors = solve(matrix, driver, eigenvectors)
        if driver in drivers:
            damage(energies)
        return energies, vectors

    monkeypatch.setattr(spectrum, "_solve", damaged)
    path = tmp_path / "store.sqlite"
    summary = run_study(study, path, workers=0)
    if drivers == ("evd",):
        assert (summary.exit_code, summary.counts[State.DONE]) == (0, 2)
        assert entropies(path) == pytest.approx(entropies(tmp_path / "right.sqlite"), abs=1e-10)
    else:
        assert (summary.exit_code, summary.counts[State.FAILED]) == (1, 2)
        assert outcomes(path) == {0: ["failed"], 1: ["failed"]}
        assert list(Store(path).results()) == []
        details = [why for _, _, why in Store(path).failures()]
        assert all("was not diagonalized; evd: " in why and "; evr: " in why for why in details)


def entropies(path: Path) -> list[float]:
    """Entropies of all regions of all realizations."""
    regions = [region for _, record in Store(path).results() for region in record.regions]
    return [region.max_relative_entropy for region in regions]


class Weighing:
    """Observer that counts the objects of Python after every so many tasks."""

    def __init__(self, every: int) -> None:
        self.sizes: list[int] = []
        self._every = every
        self._count = 0

    def started(self, total: int, settled: int) -> None:
        """Nothing to do."""

    def ended(self, ending: Ending) -> None:
        """Count now and then."""
        self._count += 1
        if self._count % self._every == 0:
            gc.collect()
            self.sizes.append(sys.getallocatedblocks())


@pytest.mark.parametrize(
    "count", [600, pytest.param(100_000, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])]
)
def test_fault_11_trivial_tasks(tmp_path: Path, count: int) -> None:
    """However many tasks there are, memory stays flat: nothing of a task remains after its end."""
    study = faulty_tasks.study(lengths=(4,), disorders=(1.0,), epsilons=(0.1,), realizations=count)
    observer = Weighing(count // 6)
    summary = in_this_process(study, tmp_path / "store.sqlite", observer=observer)
    assert (summary.exit_code, summary.computed) == (0, count)
    # One object for each task would be 500.
    assert max(observer.sizes) - observer.sizes[0] < 250


@pytest.mark.usefixtures("quick_workers")
def test_fault_11_trivial_tasks_on_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more tasks are on their way than there are workers, and Dask remembers no other one."""
    known: list[tuple[int, int]] = []

    class Watching(workers.DaskWorkers):
        def submit(self, attempt: Any) -> None:
            super().submit(attempt)
            known.append((self.running, len(self._client.futures)))

    monkeypatch.setattr(workers, "DaskWorkers", Watching)
    study = faulty_tasks.study(lengths=(6,), disorders=(1.0,), realizations=100)
    summary = run_study(
        study, tmp_path / "store.sqlite", workers=2, task_function=faulty_tasks.fast
    )
    assert (summary.exit_code, summary.computed) == (0, 100)
    assert max(running for running, _ in known) == 2
    # The one that was just collected may still be known.
    assert max(futures for _, futures in known) <= 4


def test_a_stop_drains_and_keeps_everything(tmp_path: Path) -> None:
    """After a request to stop no task starts; the next run goes on from there."""
    study, path, stop = faulty_tasks.study(), tmp_path / "store.sqlite", threading.Event()
    summary = in_this_process(study, path, stop=stop, observer=Counting(stop, after=5))
    assert (summary.stopped, summary.computed, summary.counts[State.PENDING]) == (True, 5, 7)
    assert in_this_process(study, path).computed == 7


def test_a_stop_at_the_end_is_no_stop(tmp_path: Path) -> None:
    """A run that finished what there was to do was not stopped."""
    study, path, stop = faulty_tasks.study(), tmp_path / "store.sqlite", threading.Event()
    assert not in_this_process(study, path, stop=stop, observer=Counting(stop, 12)).stopped


def test_who_stops_a_run_may_stop_its_workers(tmp_path: Path) -> None:
    """A worker that dies after the request to stop does not count against its task."""
    study, path, stop = faulty_tasks.study(), tmp_path / "store.sqlite", threading.Event()

    def dies_when_stopped(parameters: str) -> str:
        stop.set()
        raise MemoryError

    summary = run_study(study, path, workers=0, task_function=dies_when_stopped, stop=stop)
    assert summary.stopped
    assert outcomes(path) == {0: ["lost"]}


def test_no_more_tasks_are_on_their_way_than_workers(tmp_path: Path) -> None:
    """However many tasks a study has, the queue stays as short as the list of workers."""
    study = faulty_tasks.study(lengths=(6,), disorders=(1.0,), realizations=60)
    longest = 0

    class Watching(workers.InProcess):
        def submit(self, attempt: object) -> None:
            nonlocal longest
            super().submit(attempt)  # type: ignore[arg-type]
            longest = max(longest, self.running)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "InProcess", Watching)
        in_this_process(study, tmp_path / "store.sqlite")
    assert longest == 1


def test_time_estimate_grows_with_length() -> None:
    """Longer chains take longer, by the cube of the dimension in the end."""
    seconds = [ensemble.seconds_estimate(length) for length in range(4, 18)]
    assert seconds == sorted(seconds)
    assert seconds[-1] / seconds[-3] == pytest.approx(4**3, rel=0.2)


def test_a_study_may_be_larger_than_a_list() -> None:
    """Tasks are made when they are needed, however many there are."""
    study: Study = faulty_tasks.study(realizations=10**6)
    assert study.task_count == 4 * 10**6
    assert next(study.tasks()).realization == 0
