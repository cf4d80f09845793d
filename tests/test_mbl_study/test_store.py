"""A store can be read at any time, and nothing in it is trusted unread."""

import contextlib
import sqlite3
from pathlib import Path

import faulty_tasks
import pytest

from mbl_study import database
from mbl_study.ensemble import run_study
from mbl_study.errors import (
    StoreDamagedError,
    StoreInUseError,
    StoreMissingError,
    StudyMismatchError,
)
from mbl_study.ledger import Ending, Outcome, State
from mbl_study.store import Store, open_store

STUDY = faulty_tasks.study(lengths=(8, 6), disorders=(9.0, 1.0), realizations=2)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Store of a finished study."""
    path = tmp_path / "store.sqlite"
    run_study(STUDY, path, workers=0, task_function=faulty_tasks.fast)
    return open_store(path)


def replace_record(path: Path, text: str) -> None:
    """Write a record with a digest that agrees, as a stranger could."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        ((key,),) = connection.execute("SELECT min(key) FROM results")
        digest = database.digest("results", key, text)
        update = "UPDATE results SET record = ?, digest = ? WHERE key = ?"
        connection.execute(update, (text, digest, key))


def test_results_come_sorted_with_their_tasks(store: Store) -> None:
    """Results do not tell in which order they were computed."""
    results = list(store.results())
    places = [(task.length, task.disorder, task.realization) for task, _ in results]
    assert places == sorted(places)
    assert {task for task, _ in results} == set(STUDY.tasks())
    assert all(record == faulty_tasks.record(task) for task, record in results)


def test_a_store_remembers_its_study(store: Store) -> None:
    """The study that ran last can be read back."""
    assert store.study() == STUDY


def test_questions_agree_with_and_without_a_block(store: Store) -> None:
    """A `with` block opens the file once and changes no answer."""
    with store:
        inside = store.counts(), store.settled(), store.failures(), store.conflicts()
    assert inside == (store.counts(), store.settled(), store.failures(), store.conflicts())
    assert inside[0][6][State.DONE] == 4
    assert inside[1] == {task.key for task in STUDY.tasks()}


def test_reading_works_while_a_run_writes(store: Store) -> None:
    """Readers see the state between two commits and do not stop the run."""
    larger = STUDY.model_copy(update={"realizations": 3})
    with store.run(larger) as ledger, Store(store.path) as reader:
        assert reader.counts()[6][State.PENDING] == 2
        assert reader.holder().startswith("process ")
        (attempt,) = ledger.begin([next(ledger.remaining())])
        record = faulty_tasks.record(attempt.task).model_dump_json()
        ledger.settle([Ending(attempt, Outcome.DONE, record)])
        assert len(reader.finished()) == 9
    assert store.holder() == ""


def test_a_second_run_is_refused(store: Store) -> None:
    """One store takes one run at a time."""
    with (
        store.run(STUDY),
        pytest.raises(StoreInUseError, match="in use by process"),
        store.run(STUDY),
    ):
        pass


def test_looking_for_a_store_does_not_make_one(tmp_path: Path) -> None:
    """Every question to a store that is not there says so."""
    store = open_store(tmp_path / "none.sqlite")
    for question in (store.study, store.counts, store.settled, store.failures, store.conflicts):
        with pytest.raises(StoreMissingError, match="there is no store yet"):
            question()
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[1, 2",
        '{"__class__": "os.system"}',
        '"' + "9" * 10_000 + '"',
        "[" * 100_000,
    ],
)
def test_a_hostile_record_is_refused(store: Store, text: str) -> None:
    """Only a record becomes a record, whoever made the digest agree."""
    replace_record(store.path, text)
    with pytest.raises(StoreDamagedError, match="a row cannot be read"):
        list(store.results())


def test_results_of_another_version_say_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records of an older version lack numbers, and the answer is what to do, not damage."""
    monkeypatch.setattr("mbl_study.store.PHYSICS_VERSION", 10**6)
    with pytest.raises(StudyMismatchError, match=r"version \d+ of the physics.*new store"):
        list(store.results())
    assert store.counts()


def test_a_hostile_task_is_refused(store: Store) -> None:
    """A task whose digest agrees but that no study can have is refused when it is read."""
    parameters = '{"length": "$(reboot)", "physics_version": 1}'
    key = database.hashlib.sha256(parameters.encode()).hexdigest()
    with contextlib.closing(sqlite3.connect(store.path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO tasks VALUES (?, ?)", (key, parameters))
        row = (100, key, "failed", "detail")
        digest = database.digest("attempts", *row)
        connection.execute("INSERT INTO attempts VALUES (?, ?, ?, ?, ?)", (*row, digest))
    with pytest.raises(StoreDamagedError, match="a row cannot be read"):
        store.failures()
    with pytest.raises(StoreDamagedError, match="a row cannot be read"):
        store.counts()
