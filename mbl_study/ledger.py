"""What a run writes: attempts before they start, results when they are there, each exactly once.

Tasks run at least once. A result that comes a second time is compared with the first; if its
numbers differ it is kept apart, and the first one counts.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import ValidationError

from mbl_study.database import digest, transaction
from mbl_study.errors import StudyMismatchError
from mbl_study.record import Record
from mbl_study.study import Study, Task, canonical_json

__all__ = ["Attempt", "Ending", "Ledger", "Outcome", "State"]

QUARANTINE_AFTER = 3
"""Deaths of its worker after which a task is left alone."""

# They differ between two honest computations of the same numbers.
NOT_COMPARED = ("seconds", "lapack_seconds", "versions")


class State(StrEnum):
    """Where a task stands."""

    DONE = "done"
    FAILED = "failed"
    QUARANTINED = "quarantined"
    PENDING = "pending"

    @classmethod
    def of(cls, done: int, failures: int, deaths: int) -> State:
        """State of a task with so many results, failed attempts and dead workers.

        Examples
        --------
        >>> State.of(done=0, failures=0, deaths=3)
        <State.QUARANTINED: 'quarantined'>
        """
        if done:
            return cls.DONE
        if failures:
            return cls.FAILED
        return cls.QUARANTINED if deaths >= QUARANTINE_AFTER else cls.PENDING


class Outcome(StrEnum):
    """How an attempt ended: with a record, an exception, a dead worker, or a stopped run.

    In the store an attempt is ``running`` on a worker, or ``running here`` in the driver, until
    it ends, and ``forgiven`` once the user asks for another try.
    """

    DONE = "done"
    FAILED = "failed"
    DIED = "died"
    LOST = "lost"


@dataclass(frozen=True)
class Attempt:
    """One try at one task, numbered through the life of the store."""

    number: int
    task: Task


@dataclass(frozen=True)
class Ending:
    """The end of an attempt; `detail` is the record, the traceback or the cause of death."""

    attempt: Attempt
    outcome: Outcome
    detail: str


class Ledger:
    """The writing side of a store, for the one run that holds it; made by `Store.run`."""

    def __init__(self, path: Path, connection: sqlite3.Connection, study: Study) -> None:
        self.study = study
        self._path = path
        self._connection = connection

    def open(self, *, in_process: bool, retry: bool) -> None:
        """Write down what the study plans, and settle what earlier runs left open.

        Raises
        ------
        StudyMismatchError
            The store belongs to a study with other numbers; nothing was changed.
        """
        with transaction(self._connection):
            self._identify()
            self._connection.executemany(
                "INSERT OR IGNORE INTO tasks VALUES (?, ?)",
                ((task.key, task.parameters) for task in self.study.tasks()),
            )
            self._rename_outcome("running here", "died")
            self._rename_outcome("running", "lost")
            if retry:
                self._rename_outcome("failed", "forgiven")
                self._rename_outcome("died", "forgiven")
        self._running = "running here" if in_process else "running"

    def remaining(self) -> Iterator[Task]:
        """Tasks of this study that are neither done nor given up, in the order of the study."""
        rows = self._connection.execute("SELECT key, done, failures, deaths FROM progress")
        settled = {key for key, *history in rows if State.of(*history) is not State.PENDING}
        return (task for task in self.study.tasks() if task.key not in settled)

    def count_remaining(self) -> int:
        """How many tasks `remaining` is going to give."""
        return sum(1 for _ in self.remaining())

    def begin(self, tasks: Iterable[Task]) -> list[Attempt]:
        """Write down that tasks are about to start; afterwards they may be sent away."""
        with transaction(self._connection):
            return [Attempt(self._insert_attempt(task), task) for task in tasks]

    def settle(self, endings: Iterable[Ending]) -> list[Ending]:
        """Write down how attempts ended; afterwards that may be told to the user.

        Returns
        -------
        list of Ending
            As given, except that an attempt whose record is not acceptable has failed.
        """
        settled = [_examined(ending) for ending in endings]
        with transaction(self._connection):
            for ending in settled:
                if ending.outcome is Outcome.DONE:
                    self._insert_result(ending.attempt.task, ending.detail)
                detail = "" if ending.outcome is Outcome.DONE else ending.detail
                self._update_attempt(
                    ending.attempt.number, ending.attempt.task.key, ending.outcome, detail
                )
        return settled

    def deaths(self, task: Task) -> int:
        """How many workers a task has taken with it."""
        query = "SELECT count(*) FROM attempts WHERE key = ? AND outcome = 'died'"
        ((count,),) = self._connection.execute(query, (task.key,))
        return int(count)

    def _identify(self) -> None:
        ours = {key: canonical_json(value) for key, value in self.study.identity.items()}
        rows = self._connection.execute("SELECT value FROM study WHERE entry = 'identity'")
        if (row := rows.fetchone()) is None:
            self._write_study("identity", canonical_json(ours))
        else:
            theirs = json.loads(row[0])
            different = [key for key in sorted(ours | theirs) if ours.get(key) != theirs.get(key)]
            if different:
                raise StudyMismatchError(_difference(self._path, different, theirs, ours))
        self._write_study("latest", canonical_json(self.study.model_dump(mode="json")))

    def _write_study(self, entry: str, value: str) -> None:
        row = (entry, value, digest("study", entry, value))
        self._connection.execute("INSERT OR REPLACE INTO study VALUES (?, ?, ?)", row)

    def _insert_attempt(self, task: Task) -> int:
        ((last,),) = self._connection.execute("SELECT ifnull(max(number), 0) FROM attempts")
        row = (last + 1, task.key, self._running, "")
        self._connection.execute(
            "INSERT INTO attempts VALUES (?, ?, ?, ?, ?)", (*row, digest("attempts", *row))
        )
        return int(last) + 1

    def _insert_result(self, task: Task, record: str) -> None:
        row = (task.key, record)
        known = self._connection.execute("SELECT record FROM results WHERE key = ?", (task.key,))
        if (first := known.fetchone()) is None:
            self._connection.execute(
                "INSERT INTO results VALUES (?, ?, ?)", (*row, digest("results", *row))
            )
        elif _numbers(first[0]) != _numbers(record):
            self._connection.execute(
                "INSERT OR IGNORE INTO conflicts VALUES (?, ?, ?)",
                (*row, digest("conflicts", *row)),
            )

    def _update_attempt(self, number: int, key: str, outcome: str, detail: str) -> None:
        self._connection.execute(
            "UPDATE attempts SET outcome = ?, detail = ?, digest = ? WHERE number = ?",
            (outcome, detail, digest("attempts", number, key, outcome, detail), number),
        )

    def _rename_outcome(self, old: str, new: str) -> None:
        query = "SELECT number, key, detail FROM attempts WHERE outcome = ?"
        for number, key, detail in self._connection.execute(query, (old,)).fetchall():
            self._update_attempt(number, key, new, detail or "the run ended while it was running")


def _examined(ending: Ending) -> Ending:
    """Accept a record only if it can be read back, answers the task and holds no NaN."""
    if ending.outcome is not Outcome.DONE:
        return ending
    task = ending.attempt.task
    try:
        record = Record.model_validate_json(ending.detail)
    except ValidationError as error:
        return Ending(ending.attempt, Outcome.FAILED, f"the record cannot be read: {error}")
    text = record.model_dump_json()
    if '"NaN"' in text:
        return Ending(ending.attempt, Outcome.FAILED, "the record holds a NaN")
    asked = (task.length, task.disorder, task.initial_state)
    if (record.length, record.disorder, record.initial_state) != asked:
        return Ending(ending.attempt, Outcome.FAILED, "the record answers another task")
    return Ending(ending.attempt, Outcome.DONE, text)


def _numbers(record: str) -> dict[str, object]:
    values: dict[str, object] = json.loads(record)
    return {name: value for name, value in values.items() if name not in NOT_COMPARED}


def _difference(path: Path, names: list[str], theirs: dict[str, str], ours: dict[str, str]) -> str:
    lines = "".join(
        f"\n  {name}: {theirs.get(name, 'none')} in the store, {ours.get(name, 'none')} asked for"
        for name in names
    )
    return f"{path}: the store belongs to another study.{lines}\nName another store with --store."
