"""Where tasks run: in this process, on a Dask cluster of this machine, or on any other one.

A worker gets one task at a time, sent to it by name. So when a worker dies there is one task to
blame, and no other one was waiting behind it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import dask.system
import distributed.system
from threadpoolctl import threadpool_limits

from mbl_study.cluster import connect, local_cluster
from mbl_study.errors import EngineError, InsufficientMemoryError
from mbl_study.ledger import Attempt, Ending, Outcome

__all__ = [
    "DaskWorkers",
    "InProcess",
    "TaskFunction",
    "Workers",
    "hired_workers",
    "local_share",
    "perform",
]

logger = logging.getLogger(__name__)

TaskFunction = Callable[[str], str]
"""From the parameters of a task to its record, both as JSON."""

PROCESS_BYTES = 300 * 2**20
"""What a worker takes besides its task: Python with the libraries."""


class Workers(Protocol):
    """What runs tasks."""

    @property
    def running(self) -> int:
        """Number of tasks that were submitted and have not ended."""

    def free(self) -> int:
        """How many tasks may be submitted now."""

    def submit(self, attempt: Attempt) -> None:
        """Start a task."""

    def endings(self, timeout: float) -> list[Ending]:
        """Wait for attempts to end, at most `timeout` seconds."""


def perform(function: TaskFunction, parameters: str) -> str:
    """Run one task where it is, with one thread, and tell how it ended as JSON.

    Text travels back and not the exception, whose class the driver may not have.

    Examples
    --------
    >>> perform(str.upper, "record")
    '{"outcome": "done", "detail": "RECORD"}'
    """
    try:
        with threadpool_limits(limits=1):
            outcome, detail = Outcome.DONE, function(parameters)
    except MemoryError:
        # The same fault as a worker that the system kills, only noticed earlier.
        outcome, detail = Outcome.DIED, traceback.format_exc()
    except Exception:
        outcome, detail = Outcome.FAILED, traceback.format_exc()
    return json.dumps({"outcome": outcome, "detail": detail})


class InProcess:
    """Runs one task after the other in this process, for debugging and for tests."""

    def __init__(self, function: TaskFunction) -> None:
        self._function = function
        self._next: Attempt | None = None

    @property
    def running(self) -> int:
        """Number of tasks that were submitted and have not ended."""
        return 0 if self._next is None else 1

    def free(self) -> int:
        """How many tasks may be submitted now."""
        return 1 - self.running

    def submit(self, attempt: Attempt) -> None:
        """Keep a task until `endings` runs it."""
        self._next = attempt

    def endings(self, timeout: float) -> list[Ending]:
        """Run the task; there is nothing to wait for."""
        del timeout
        if (attempt := self._next) is None:
            return []
        answer = perform(self._function, attempt.task.parameters)
        self._next = None
        return [_ending(attempt, answer)]


@dataclass(frozen=True)
class _Flight:
    attempt: Attempt
    address: str
    started: float


class DaskWorkers:
    """Runs tasks on the workers of a Dask cluster, one task at a time on each of them.

    Parameters
    ----------
    client
        Connection to the scheduler.
    function
        What the workers call.
    task_timeout
        Seconds after which a task counts as hung and its worker is replaced.
    """

    def __init__(
        self, client: Any, function: TaskFunction, task_timeout: float | None = None
    ) -> None:
        self._client = client
        self._function = function
        self._task_timeout = task_timeout
        self._flights: dict[Any, _Flight] = {}
        self._idle: list[str] = []
        self._need = 0
        self._told_to_wait = False
        self._told_of_small = False

    @property
    def running(self) -> int:
        """Number of tasks that were submitted and have not ended."""
        return len(self._flights)

    def free(self) -> int:
        """How many tasks may be submitted now."""
        busy = {flight.address for flight in self._flights.values()}
        self._idle = [
            address
            for address, worker in self._present().items()
            if worker["status"] == "running" and address not in busy and self._is_large(worker)
        ]
        return len(self._idle)

    def _is_large(self, worker: dict[str, Any]) -> bool:
        """Workers may join at any time, long after `require_memory` looked at them."""
        if (worker["memory_limit"] or self._need) >= self._need:
            return True
        if not self._told_of_small:
            small, need = _gib(worker["memory_limit"]), _gib(self._need)
            logger.warning("a worker with %s gets no task, which takes about %s", small, need)
        self._told_of_small = True
        return False

    def submit(self, attempt: Attempt) -> None:
        """Send a task to one of the workers that `free` counted."""
        address = self._idle.pop()
        future = self._client.submit(
            perform,
            self._function,
            attempt.task.parameters,
            workers=[address],
            allow_other_workers=False,
            # A new key every time: a scheduler that other studies use may know an equal task.
            pure=False,
        )
        self._flights[future] = _Flight(attempt, address, time.monotonic())

    def require_memory(self, need: int) -> None:
        """Refuse workers that are too small for a task; those that join later get none.

        Raises
        ------
        InsufficientMemoryError
            The smallest worker has less than `need` bytes.
        """
        self._need = need
        limits = (worker["memory_limit"] for worker in self._present().values())
        smallest = min((limit for limit in limits if limit), default=need)
        if smallest < need:
            raise InsufficientMemoryError(
                f"a task takes about {_gib(need)} and a worker has {_gib(smallest)}. Start"
                " workers with more memory, or leave the long chains out."
            )

    def endings(self, timeout: float) -> list[Ending]:
        """Wait for attempts to end, at most `timeout` seconds.

        Raises
        ------
        EngineError
            The scheduler is lost, or a worker cannot even load the task function.
        """
        if not self._flights:
            if not self._told_to_wait:
                logger.warning("waiting for workers to come up")
            self._told_to_wait = True
            time.sleep(timeout)
            return []
        self._told_to_wait = False
        ended = contextlib.suppress(TimeoutError, distributed.CancelledError)
        with ended, self._client.as_current():
            distributed.wait(list(self._flights), timeout=timeout, return_when="FIRST_COMPLETED")
        endings = [self._collect(future) for future in list(self._flights) if _has_ended(future)]
        return endings + self._lost() + self._hung()

    def _collect(self, future: Any) -> Ending:
        attempt = self._flights.pop(future).attempt
        if future.status == "finished":
            # A worker that dies now takes the record with it.
            with contextlib.suppress(OSError, TimeoutError, distributed.CancelledError):
                return _ending(attempt, future.result(timeout=60))
        if future.status != "error":
            # The scheduler answers, so it is only the worker that is lost.
            self._present()
            future.cancel(force=True)
            return Ending(attempt, Outcome.DIED, "the worker died with the finished record")
        error = future.exception()
        if isinstance(error, distributed.KilledWorker):
            return Ending(attempt, Outcome.DIED, f"the worker died: {error.last_worker.address}")
        raise EngineError(
            f"a worker cannot run tasks: {type(error).__name__}: {error}. It needs the same"
            " installation as the driver."
        ) from error

    def _lost(self) -> list[Ending]:
        """Tasks whose worker is gone; a foreign scheduler may be set to wait for it forever."""
        present = self._present()
        gone = [future for future in self._flights if self._flights[future].address not in present]
        return [self._give_up(future, "the worker died") for future in gone]

    def _hung(self) -> list[Ending]:
        if self._task_timeout is None:
            return []
        oldest = time.monotonic() - self._task_timeout
        hung = [future for future, flight in self._flights.items() if flight.started < oldest]
        addresses = [self._flights[future].address for future in hung]
        if hung:
            self._client.restart_workers(addresses, timeout=60, raise_for_error=False)
        reason = f"no answer for {self._task_timeout:g} seconds"
        return [self._give_up(future, reason) for future in hung]

    def _give_up(self, future: Any, reason: str) -> Ending:
        flight = self._flights.pop(future)
        future.cancel(force=True)
        return Ending(flight.attempt, Outcome.DIED, f"{reason}: {flight.address}")

    def _present(self) -> dict[str, Any]:
        """Address and description of every worker."""
        try:
            # Not `Client.scheduler_info`: a callback of the client may replace its answer, before
            # it is returned, by one without workers, and then every task would seem lost.
            answer = self._client.sync(self._client.scheduler.identity)
            workers: dict[str, Any] = answer["workers"]
        except (OSError, TimeoutError) as error:
            raise EngineError(
                "the scheduler is lost. Run again to go on where this run stopped."
            ) from error
        return workers


def local_share(memory: int, requested: int | None = None) -> tuple[int, int]:
    """How many workers this machine has room for, and how many bytes each of them may take.

    Parameters
    ----------
    memory
        Bytes that a task takes.
    requested
        Number of workers, 0 for none besides this process; by default one for each processor,
        fewer if memory is short.

    Raises
    ------
    InsufficientMemoryError
        A task does not fit into the memory of one worker.

    Examples
    --------
    >>> local_share(memory=0, requested=1)[0]
    1
    """
    total = int(distributed.system.MEMORY_LIMIT)
    need = memory + PROCESS_BYTES
    count = max(1, min(dask.system.CPU_COUNT, total // need)) if requested is None else requested
    share = total // max(1, count)
    if need > share:
        raise InsufficientMemoryError(
            f"a task takes about {_gib(need)} and each of {max(1, count)} workers has"
            f" {_gib(share)}; this machine has room for {total // need}. Ask for as many workers,"
            " or leave the long chains out."
        )
    return count, share


@contextlib.contextmanager
def hired_workers(
    function: TaskFunction,
    *,
    memory: int,
    count: int | None = None,
    scheduler: str | None = None,
    insecure: bool = False,
    task_timeout: float | None = None,
) -> Iterator[Workers]:
    """Workers for one run: in this process, on this machine, or behind a scheduler.

    Parameters
    ----------
    function
        What they run.
    memory
        Bytes that a task takes.
    count, scheduler, insecure, task_timeout
        As for `run_study`.

    Raises
    ------
    InsufficientMemoryError
        A task does not fit into the memory of a worker.
    EngineError
        The workers cannot be reached.
    """
    if scheduler is None:
        count, share = local_share(memory, count)
        if count == 0:
            yield InProcess(function)
            return
        cluster = local_cluster(count, share)
    else:
        cluster = connect(scheduler, insecure=insecure)
    with cluster as client:
        workers = DaskWorkers(client, function, task_timeout)
        workers.require_memory(memory + PROCESS_BYTES)
        yield workers


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"


def _has_ended(future: Any) -> bool:
    return bool(future.status != "pending")


def _ending(attempt: Attempt, answer: str) -> Ending:
    values = json.loads(answer)
    return Ending(attempt, Outcome(values["outcome"]), str(values["detail"]))
