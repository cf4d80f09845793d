"""Workers tell how each task ended, and no task is blamed for another one's end."""

import functools
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import cluster_page
import dask
import distributed
import faulty_tasks
import psutil
import pytest
import threadpoolctl

from mbl_study import workers
from mbl_study.cluster import local_cluster
from mbl_study.ensemble import run_study
from mbl_study.errors import EngineError, InsufficientMemoryError
from mbl_study.ledger import Attempt, Ending, Outcome, State
from mbl_study.store import Store
from mbl_study.study import Task
from mbl_study.workers import DaskWorkers, InProcess, local_share, perform

TASKS = list(faulty_tasks.study(lengths=(6,), disorders=(4.0,), realizations=3).tasks())


@pytest.fixture(scope="module")
def client(processes: ForkServerContext) -> Iterator[Any]:
    """Client of a cluster with two workers."""
    method = {"distributed.worker.multiprocessing-method": "forkserver"}
    with dask.config.set(method), local_cluster(2, 2**30) as client:
        yield client


def raises_memory_error(parameters: str) -> str:
    """Stand for numpy, which raises when an array is too large."""
    raise MemoryError(f"unable to allocate {parameters}")


def raises_unpicklable(parameters: str) -> str:
    """Raise an exception that cannot travel."""
    error = RuntimeError(parameters)
    error.function = lambda: None  # type: ignore[attr-defined]
    raise error


def outcomes(path: Path) -> list[list[str]]:
    """Outcomes of all attempts at each realization, in their order."""
    query = "SELECT parameters, outcome FROM attempts JOIN tasks USING (key) ORDER BY number"
    found: dict[int, list[str]] = {}
    for parameters, outcome in Store(path)._rows(query):
        found.setdefault(json.loads(parameters)["realization"], []).append(outcome)
    return [found[realization] for realization in sorted(found)]


def counts_threads(parameters: str) -> str:
    """Tell how many threads the libraries would use."""
    pools = threadpoolctl.threadpool_info()
    return json.dumps([pool["num_threads"] for pool in pools])


@pytest.mark.parametrize(
    ("function", "outcome", "detail"),
    [
        (str.upper, Outcome.DONE, "TASK"),
        (raises_memory_error, Outcome.DIED, "MemoryError: unable to allocate task"),
        (raises_unpicklable, Outcome.FAILED, "RuntimeError: task"),
    ],
)
def test_an_end_is_text(function: Callable[[str], str], outcome: Outcome, detail: str) -> None:
    """Whatever happens in a task, its worker answers with an outcome and a text."""
    answer = json.loads(perform(function, "task"))
    assert answer["outcome"] == outcome
    assert answer["detail"].endswith(detail + "\n" * (outcome is not Outcome.DONE))


def test_a_task_has_one_thread() -> None:
    """However many threads LAPACK has elsewhere, a task gets one."""
    with threadpoolctl.threadpool_limits(limits=4):
        answer = json.loads(perform(counts_threads, ""))
    assert set(json.loads(answer["detail"])) == {1}


def all_endings(crew: DaskWorkers) -> dict[Task, Ending]:
    """How everything ended that was submitted."""
    endings: dict[Task, Ending] = {}
    while crew.running:
        endings |= {ending.attempt.task: ending for ending in crew.endings(0.2)}
    return endings


def outcomes_of(crew: DaskWorkers) -> dict[Task, Outcome]:
    """The same without details."""
    return {task: ending.outcome for task, ending in all_endings(crew).items()}


def test_tasks_in_this_process_come_one_by_one() -> None:
    """There is room for one task, and its end makes room for the next."""
    here = InProcess(faulty_tasks.fast)
    assert (here.free(), here.running, here.endings(0)) == (1, 0, [])
    attempt = Attempt(1, TASKS[0])
    here.submit(attempt)
    assert (here.free(), here.running) == (0, 1)
    (ending,) = here.endings(0)
    assert (ending.attempt, ending.outcome) == (attempt, Outcome.DONE)
    assert (here.free(), here.running) == (1, 0)


def test_a_worker_has_one_task_at_a_time(client: Any) -> None:
    """There is room for as many tasks as there are workers, and each gets one."""
    crew = DaskWorkers(client, faulty_tasks.slow)
    assert crew.free() == 2
    for number, task in enumerate(TASKS[:2]):
        crew.submit(Attempt(number, task))
    assert (crew.free(), crew.running) == (0, 2)
    assert outcomes_of(crew) == dict.fromkeys(TASKS[:2], Outcome.DONE)
    assert crew.free() == 2


def test_what_the_client_remembers_is_not_trusted(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No task seems lost because the client has just replaced its list of workers by none."""
    crew = DaskWorkers(client, faulty_tasks.slow)
    monkeypatch.setattr(client, "scheduler_info", lambda **options: {"workers": {}})
    assert crew.free() == 2
    crew.submit(Attempt(1, TASKS[0]))
    assert outcomes_of(crew) == {TASKS[0]: Outcome.DONE}


def test_workers_are_waited_for(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """While there is no worker at all nothing is free, and the user is told once."""
    crew = DaskWorkers(client, faulty_tasks.fast)
    told: list[str] = []
    monkeypatch.setattr(crew, "_present", dict)
    monkeypatch.setattr(workers.logger, "warning", told.append)
    assert crew.free() == 0
    assert crew.endings(0.01) == crew.endings(0.01) == []
    assert told == ["waiting for workers to come up"]


def test_workers_too_small_get_no_task_when_they_join(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that joins later is used only if a task fits; the user is told once."""
    crew = DaskWorkers(client, faulty_tasks.fast)
    crew.require_memory(2**29)
    told: list[str] = []
    monkeypatch.setattr(workers.logger, "warning", lambda text, *values: told.append(text % values))
    joined = {
        f"tls://{name}:1": {"status": "running", "memory_limit": limit}
        for name, limit in (("large", 2**30), ("small", 2**28), ("smaller", 2**27), ("any", 0))
    }
    monkeypatch.setattr(crew, "_present", lambda: joined)
    assert crew.free() == crew.free() == 2
    assert crew._idle == ["tls://large:1", "tls://any:1"]
    assert told == ["a worker with 0.2 GiB gets no task, which takes about 0.5 GiB"]


def test_workers_too_small_are_refused(client: Any) -> None:
    """A task that needs more than the smallest worker has is not sent."""
    crew = DaskWorkers(client, faulty_tasks.fast)
    crew.require_memory(2**30)
    with pytest.raises(InsufficientMemoryError, match=r"about 2\.0 GiB and a worker has 1\.0 GiB"):
        crew.require_memory(2**31)


def test_a_function_that_workers_cannot_load_ends_the_run(client: Any) -> None:
    """Not the tasks fail but the run, since no worker can do any of them."""

    class Unloadable:
        def __reduce__(self) -> tuple[object, ...]:
            return (__import__, ("a_module_that_is_nowhere",))

        def __call__(self, parameters: str) -> str:
            return parameters

    crew = DaskWorkers(client, Unloadable())
    crew.free()
    crew.submit(Attempt(1, TASKS[0]))
    with pytest.raises(EngineError, match=r"(?s)a worker cannot run tasks: .*same installation"):
        crew.endings(60.0)


def test_fault_10_hung_task(client: Any) -> None:
    """A task that takes too long is charged, its worker is replaced, and the others go on."""
    crew = DaskWorkers(client, faulty_tasks.hangs, task_timeout=1.0)
    assert crew.free() == 2
    for number, task in enumerate(TASKS[:2]):
        crew.submit(Attempt(number, task))
    endings = all_endings(crew)
    assert endings[TASKS[0]].outcome is Outcome.DONE
    assert endings[TASKS[1]].outcome is Outcome.DIED
    assert endings[TASKS[1]].detail.startswith("no answer for 1 seconds")
    client.wait_for_workers(2, timeout=60)
    assert crew.free() == 2


@pytest.mark.usefixtures("quick_workers")
def test_fault_3_worker_over_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that takes more than its share is killed, charged, replaced; the others go on."""
    with local_cluster(2, 600 * 2**20) as client:
        crew = DaskWorkers(client, faulty_tasks.greedy)
        assert crew.free() == 2
        for number, task in enumerate(TASKS[:2]):
            crew.submit(Attempt(number, task))
        assert outcomes_of(crew) == {TASKS[0]: Outcome.DONE, TASKS[1]: Outcome.DIED}
        client.wait_for_workers(2, timeout=60)


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("encrypted_workers")
def test_fault_12_encrypted_workers_killed(
    tmp_path: Path, encrypted_scheduler: str, cluster_folder: Path
) -> None:
    """Of two workers elsewhere one is killed, and one with its nanny: each costs one try."""
    study = faulty_tasks.study(lengths=(6,), disorders=(4.0,), realizations=6)
    path = tmp_path / "store.sqlite"

    def kill() -> None:
        for realization, with_nanny in ((1, False), (3, True)):
            named = tmp_path / f"{realization}.pid"
            while not named.exists() and not over.wait(0.05):
                pass
            worker = psutil.Process(int(named.read_text()))
            if with_nanny:
                worker.parent().kill()
            worker.kill()

    over = threading.Event()
    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with cluster_page.configured(cluster_folder / "cluster.yaml"):
            summary = run_study(
                study,
                path,
                encrypted_scheduler,
                task_function=functools.partial(faulty_tasks.waits_for_death, str(tmp_path)),
            )
    finally:
        over.set()
        killer.join()
    assert (summary.exit_code, summary.computed) == (0, 6)
    assert outcomes(path) == [["died", "done"] if n in {1, 3} else ["done"] for n in range(6)]
    uninterrupted = tmp_path / "uninterrupted.sqlite"
    run_study(study, uninterrupted, workers=0, task_function=faulty_tasks.fast)
    assert list(Store(path).results()) == list(Store(uninterrupted).results())


@pytest.mark.usefixtures("quick_workers")
def test_fault_12_remote_worker_lost(
    tmp_path: Path, eventually: Callable[[Callable[[], object]], None]
) -> None:
    """A worker of somebody else's cluster that is killed costs its task one try and no more."""
    study = faulty_tasks.study(lengths=(6,), disorders=(4.0,), realizations=6)
    path = tmp_path / "store.sqlite"
    # With Dask's own settings, which would have the task wait for its worker forever.
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=False
    ) as cluster:
        victim = cluster.workers[0].pid

        class Killing:
            def started(self, total: int, settled: int) -> None:
                """Nothing to do."""

            def ended(self, ending: object) -> None:
                if psutil.pid_exists(victim):
                    os.kill(victim, signal.SIGKILL)

        summary = run_study(
            study,
            path,
            cluster.scheduler_address,
            task_function=faulty_tasks.slow,
            observer=Killing(),
        )
    assert summary.exit_code == 0
    assert summary.counts[State.DONE] == 6
    assert [tries.count("died") for tries in outcomes(path)].count(1) <= 1
    assert all(tries[-1] == "done" and len(tries) <= 2 for tries in outcomes(path))


@pytest.mark.usefixtures("quick_workers")
def test_a_lost_scheduler_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its scheduler a run stops with an error that says how to go on; it resumes."""
    monkeypatch.setattr("mbl_study.cluster.CONNECT_SECONDS", 1)
    study = faulty_tasks.study(lengths=(6,), disorders=(4.0,), realizations=4)
    path = tmp_path / "store.sqlite"
    cluster = distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=False
    )

    class Closing:
        def started(self, total: int, settled: int) -> None:
            """Nothing to do."""

        def ended(self, ending: object) -> None:
            cluster.close()

    with pytest.raises(EngineError, match="scheduler is lost"):
        run_study(
            study,
            path,
            cluster.scheduler_address,
            task_function=faulty_tasks.fast,
            observer=Closing(),
        )
    summary = run_study(study, path, workers=0, task_function=faulty_tasks.fast)
    assert (summary.computed, summary.counts[State.DONE]) == (3, 4)


@pytest.mark.parametrize(
    ("machine", "need", "requested", "expected"),
    [
        ((4, 64), 1, None, 4),  # as many as there are processors
        ((16, 8), 3, None, 2),  # fewer, since memory is short
        ((4, 64), 1, 9, 9),  # as many as were asked for
        ((4, 64), 1, 0, 0),  # none besides this process
    ],
)
def test_workers_share_the_machine(
    monkeypatch: pytest.MonkeyPatch,
    machine: tuple[int, int],
    need: int,
    requested: int | None,
    expected: int,
) -> None:
    """Workers are one for each processor or fewer, and together they fit into the memory."""
    processors, memory = machine
    monkeypatch.setattr(dask.system, "CPU_COUNT", processors)
    monkeypatch.setattr(distributed.system, "MEMORY_LIMIT", memory * 2**30)
    count, share = local_share(need * 2**30, requested)
    assert count == expected
    assert need * 2**30 < share <= memory * 2**30 // max(1, count)


@pytest.mark.parametrize("requested", [None, 0, 1, 4])
def test_what_fits_nowhere_is_refused(
    monkeypatch: pytest.MonkeyPatch, requested: int | None
) -> None:
    """The message says how much a task takes, what there is, and how many workers fit."""
    monkeypatch.setattr(distributed.system, "MEMORY_LIMIT", 2**30)
    with pytest.raises(InsufficientMemoryError, match="room for 0"):
        local_share(2**30, requested)
