"""The results in one SQLite file: what anybody may read, at any time.

The file is checked whole when it is opened: header, pages, tables and the digest of every row.
A run writes it through a `Ledger`.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from mbl_study import database
from mbl_study.errors import StoreDamagedError, StudyMismatchError
from mbl_study.ledger import Ledger, State
from mbl_study.record import PHYSICS_VERSION, Record
from mbl_study.study import Study, Task

__all__ = ["Store", "open_store"]


class Store:
    """The results of one study, for reading; `run` opens them for writing.

    Use it in a ``with`` block, or let every question open and check the file anew.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> study = Study(name="small", seed=1, lengths=(8,), disorders=(4,), realizations=2)
    >>> store = Store(pathlib.Path(tempfile.mkdtemp(), "store.sqlite"))
    >>> with store.run(study) as ledger:
    ...     len(list(ledger.remaining()))
    2
    >>> store.counts()[8]["pending"]
    2
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        self._connection = database.open_for_reading(self.path)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def study(self) -> Study:
        """Return the study that ran last."""
        ((text,),) = self._rows("SELECT value FROM study WHERE entry = 'latest'")
        with self._readable():
            return Study.model_validate_json(text)

    def counts(self) -> dict[int, dict[State, int]]:
        """How many tasks are in each state, by length."""
        counts: dict[int, dict[State, int]] = {}
        rows = self._rows("SELECT parameters, done, failures, deaths FROM progress")
        with self._readable():
            for parameters, *history in rows:
                length = Task.from_parameters(parameters).length
                of_length = counts.setdefault(length, dict.fromkeys(State, 0))
                of_length[State.of(*history)] += 1
        return dict(sorted(counts.items()))

    def settled(self) -> set[str]:
        """Keys of the tasks that are done or given up."""
        rows = self._rows("SELECT key, done, failures, deaths FROM progress")
        return {key for key, *history in rows if State.of(*history) is not State.PENDING}

    def finished(self) -> list[str]:
        """Keys of the tasks that are done, by length, disorder and realization."""
        rows = self._rows(
            "SELECT key FROM results JOIN tasks USING (key) ORDER BY"
            " json_extract(parameters, '$.length'), json_extract(parameters, '$.disorder'),"
            " json_extract(parameters, '$.realization'), key"
        )
        return [key for (key,) in rows]

    def result(self, key: str) -> tuple[Task, Record]:
        """Task and record of a key that `finished` gave.

        Raises
        ------
        StudyMismatchError
            The record was made with another version of the physics, and holds other numbers.
        """
        query = "SELECT parameters, record FROM results JOIN tasks USING (key) WHERE key = ?"
        ((parameters, record),) = self._rows(query, key)
        with self._readable():
            task = Task.from_parameters(parameters)
            written = json.loads(parameters)["physics_version"]
            if written != PHYSICS_VERSION:
                raise StudyMismatchError(
                    f"{self.path}: the results are of version {written} of the physics, and this "
                    f"mbl-study reads version {PHYSICS_VERSION}. Run the study again into a new "
                    "store, or read these with the mbl-study that made them"
                )
            return task, Record.model_validate_json(record)

    def results(self) -> Iterator[tuple[Task, Record]]:
        """Tasks with their records, by length, disorder and realization."""
        # One row at a time: the run would have to wait for a reader that takes long.
        return map(self.result, self.finished())

    def failures(self) -> list[tuple[Task, State, str]]:
        """Tasks that failed or are quarantined, with the detail of their last attempt."""
        rows = self._rows(
            "SELECT parameters, (SELECT detail FROM attempts WHERE attempts.key = progress.key"
            " AND outcome IN ('failed', 'died') ORDER BY number DESC LIMIT 1),"
            " done, failures, deaths FROM progress WHERE failures + deaths > 0"
        )
        with self._readable():
            failures = [
                (Task.from_parameters(parameters), State.of(*history), detail)
                for parameters, detail, *history in rows
            ]
        return [entry for entry in failures if entry[1] in {State.FAILED, State.QUARANTINED}]

    def conflicts(self) -> list[Task]:
        """Tasks that gave other numbers when they ran again; the first numbers count."""
        rows = self._rows("SELECT DISTINCT parameters FROM conflicts JOIN tasks USING (key)")
        with self._readable():
            return [Task.from_parameters(text) for (text,) in rows]

    def holder(self) -> str:
        """Say who holds the store for a run, or nothing."""
        return database.holder(self.path)

    @contextlib.contextmanager
    def run(
        self, study: Study, *, in_process: bool = False, retry: bool = False
    ) -> Iterator[Ledger]:
        """Hold the store for one run of a study; make the file if there is none.

        Parameters
        ----------
        study
            What the run is going to do. It may extend what the store holds.
        in_process
            Whether the tasks run in this process. Then a task that was running when an earlier
            process died is to blame for that; otherwise it was running elsewhere and is not.
        retry
            Whether failed and quarantined tasks get another chance.

        Raises
        ------
        StoreInUseError
            Another run holds the store.
        StudyMismatchError
            The store belongs to a study with other numbers.
        StoreDamagedError
            The file is damaged.
        StoreDiskError
            The disk is full or may not be written.
        """
        with database.run_lock(self.path), database.translated(self.path):
            if not self.path.exists():
                database.create(self.path)
            with contextlib.closing(database.open_for_writing(self.path)) as connection:
                ledger = Ledger(self.path, connection, study)
                ledger.open(in_process=in_process, retry=retry)
                yield ledger

    def _rows(self, query: str, *parameters: object) -> list[Any]:
        if self._connection is None:
            with self:
                return self._rows(query, *parameters)
        with database.translated(self.path):
            return self._connection.execute(query, parameters).fetchall()

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        # The digests agree, so it was written like this: by another version, or by a stranger.
        try:
            yield
        except ValueError as error:
            raise StoreDamagedError(f"{self.path}: a row cannot be read: {error}") from error


def open_store(path: str | Path) -> Store:
    """Open a store of results.

    Parameters
    ----------
    path
        The SQLite file. It is looked at when the first question is asked.

    Returns
    -------
    Store
        For reading, and for `run_study`.

    Examples
    --------
    >>> open_store("results/none/store.sqlite").counts()
    Traceback (most recent call last):
    mbl_study.errors.StoreMissingError: ...there is no store yet. Start a run first.
    """
    return Store(path)
