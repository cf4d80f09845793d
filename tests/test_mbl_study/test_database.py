"""A damaged, foreign or half-written file never passes for a store."""

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import faulty_tasks
import pytest

from mbl_study import database
from mbl_study.ensemble import run_study
from mbl_study.errors import (
    StoreDamagedError,
    StoreDiskError,
    StoreError,
    StoreInUseError,
    StoreMissingError,
)
from mbl_study.store import Store


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Path of a store with results; tests work on copies of it."""
    path = tmp_path_factory.mktemp("whole") / "store.sqlite"
    study = faulty_tasks.study(lengths=(6,), disorders=(1.0, 3.0, 5.0, 9.0), realizations=2)
    run_study(study, path, workers=0, task_function=faulty_tasks.fast)
    return path


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    """Path of a store that a test may damage."""
    return Path(shutil.copy(whole, tmp_path / "store.sqlite"))


@contextlib.contextmanager
def edited(path: Path) -> Iterator[sqlite3.Connection]:
    """Connection that writes what it likes."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def require_damage(path: Path, reason: str) -> None:
    """Both ways of opening refuse the file with a message that names it and the reason."""
    for open_it in (database.open_for_reading, database.open_for_writing):
        with pytest.raises(StoreDamagedError, match=reason) as caught:
            open_it(path)
        assert str(path) in str(caught.value)


def test_commits_wait_for_the_disk(copy: Path) -> None:
    """A run writes with a rollback journal and synchronous=EXTRA."""
    with contextlib.closing(database.open_for_writing(copy)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (3,)
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_a_reader_cannot_write(copy: Path) -> None:
    """The connection for reading refuses every change."""
    with (
        contextlib.closing(database.open_for_reading(copy)) as connection,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        connection.execute("DELETE FROM results")


def test_an_empty_file_is_damaged(copy: Path) -> None:
    """A store never has zero length, since it gets its name when it is whole."""
    copy.write_bytes(b"")
    require_damage(copy, "it is empty, 0 bytes")


def test_a_foreign_file_is_not_a_store(copy: Path) -> None:
    """Neither text nor somebody else's database is taken for a store."""
    copy.write_text("length,disorder\n8,4.0\n" * 100)
    require_damage(copy, "not a database")
    copy.unlink()
    with edited(copy) as connection:
        connection.execute("CREATE TABLE results (key TEXT)")
    require_damage(copy, "not a store of mbl-study")


def test_a_newer_schema_asks_for_an_upgrade(copy: Path) -> None:
    """A store of a later version is refused and not misread."""
    with edited(copy) as connection:
        connection.execute("PRAGMA user_version = 2")
    require_damage(copy, r"version 2, and this mbl-study knows 1 .*upgrade")


@pytest.mark.parametrize("size", [50, 3000, 4096, 20000])
def test_a_truncated_store_is_damaged(copy: Path, size: int) -> None:
    """Wherever the file ends too early, it is refused."""
    os.truncate(copy, size)
    require_damage(copy, "damaged store")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE results SET record = replace(record, '0.25', '0.26')",
        "UPDATE results SET key = 'none' WHERE key = (SELECT max(key) FROM results)",
        "UPDATE tasks SET parameters = replace(parameters, '3.0', '3.5')",
        "UPDATE attempts SET outcome = 'died' WHERE number = 1",
        "UPDATE study SET value = replace(value, '1', '2')",
        "INSERT INTO conflicts SELECT * FROM results",
        "DELETE FROM tasks",
        "CREATE TRIGGER hostile AFTER INSERT ON results BEGIN DELETE FROM results; END",
        "DROP VIEW progress",
        "DROP INDEX attempts_of_a_task",
    ],
)
def test_a_changed_row_or_table_is_found(copy: Path, change: str) -> None:
    """Valid SQL by somebody else leaves a store that is refused."""
    with edited(copy) as connection:
        assert connection.execute(change).rowcount != 0
    require_damage(copy, "digest|belongs to no task|its tables")


def test_flipped_bits_are_found_or_harmless(copy: Path) -> None:
    """With any one byte inverted the store is refused, or it gives the very same results."""
    content = bytearray(copy.read_bytes())
    expected = list(Store(copy).results())
    positions = random.Random(0).sample(range(len(content)), 300)
    refused = 0
    for position in [*range(0, 100, 3), *positions]:
        content[position] ^= 0xFF
        copy.write_bytes(content)
        content[position] ^= 0xFF
        try:
            with Store(copy) as store:
                assert list(store.results()) == expected
                assert {state: n for state, n in store.counts()[6].items() if n} == {"done": 8}
        except StoreDamagedError:
            refused += 1
    # Some bytes have no meaning: free space inside a page, hints in the header.
    assert refused > 100


def test_a_store_with_a_write_ahead_log_is_brought_back(copy: Path) -> None:
    """Whatever journal mode the header asks for, a run commits with a rollback journal."""
    with edited(copy) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    with contextlib.closing(database.open_for_writing(copy)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


# Killed when half of a commit is in the file and the other half is not.
HALF_A_COMMIT = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
# So small that pages reach the file before the commit.
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN")
connection.execute("UPDATE results SET record = record || ' '")
connection.execute("UPDATE attempts SET detail = detail || 'x'")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def half_committed(copy: Path) -> Path:
    """Path of a store whose run was killed in the middle of a commit."""
    killed = subprocess.run([sys.executable, "-c", HALF_A_COMMIT, str(copy)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert copy.with_name("store.sqlite-journal").stat().st_size > 0
    return copy


@pytest.mark.parametrize("open_it", [database.open_for_reading, database.open_for_writing])
def test_half_a_commit_is_undone_by_whoever_comes_first(
    half_committed: Path, whole: Path, open_it: object
) -> None:
    """After a kill in the middle of a commit the store reads as before that commit."""
    assert callable(open_it)
    open_it(half_committed).close()
    assert list(Store(half_committed).results()) == list(Store(whole).results())


@pytest.mark.parametrize(
    ("code", "exception"),
    [
        (sqlite3.SQLITE_BUSY, StoreInUseError),
        (sqlite3.SQLITE_FULL, StoreDiskError),
        (sqlite3.SQLITE_IOERR_FSYNC, StoreDiskError),
        (sqlite3.SQLITE_READONLY, StoreDiskError),
        (sqlite3.SQLITE_CORRUPT, StoreDamagedError),
        (None, StoreDamagedError),
    ],
)
def test_errors_of_sqlite_have_a_meaning(code: int | None, exception: type[StoreError]) -> None:
    """Each kind of error ends in the exception that has its exit code."""
    error = sqlite3.OperationalError("reason")
    if code is not None:
        error.sqlite_errorcode = code
    with (
        pytest.raises(exception, match=r"store\.sqlite: "),
        database.translated(Path("store.sqlite")),
    ):
        raise error


def test_creating_leaves_nothing_half_made(tmp_path: Path) -> None:
    """What a killed creation left behind is not played back into the next store."""
    path = tmp_path / "store.sqlite"
    for leftover in ("store.sqlite.new", "store.sqlite.new-journal", "store.sqlite-journal"):
        (tmp_path / leftover).write_bytes(b"half a page")
    database.create(path)
    assert os.listdir(tmp_path) == ["store.sqlite"]
    database.open_for_reading(path).close()


def test_an_old_sqlite_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without strict tables there is no store, and the message says why."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 26, 0))
    with pytest.raises(StoreError, match=r"SQLite 3\.37 or newer"):
        database.create(tmp_path / "store.sqlite")


def test_a_path_with_special_characters_is_a_path(tmp_path: Path) -> None:
    """Characters that mean something in an address mean nothing in a file name."""
    path = tmp_path / "50% of #1?mode=rwc.sqlite"
    database.create(path)
    database.open_for_reading(path).close()
    assert os.listdir(tmp_path) == [path.name]


def test_a_missing_store_is_not_made_by_looking(tmp_path: Path) -> None:
    """Reading what is not there says so and leaves no file behind."""
    with pytest.raises(StoreMissingError, match="there is no store yet"):
        database.open_for_reading(tmp_path / "store.sqlite")
    assert not os.listdir(tmp_path)


def test_a_lock_is_held_once_and_names_its_holder(tmp_path: Path) -> None:
    """A second run is refused at once and told who is first; afterwards nobody is named."""
    path = tmp_path / "deep" / "store.sqlite"
    with database.run_lock(path):
        assert database.holder(path).startswith(f"process {os.getpid()} on ")
        second = database.run_lock(path)
        with pytest.raises(StoreInUseError, match=f"in use by process {os.getpid()} on "), second:
            pass
    assert database.holder(path) == ""
    with database.run_lock(path):
        pass


def test_a_folder_that_cannot_be_made_is_a_disk_error(tmp_path: Path) -> None:
    """A path below a file ends in exit code 74 and not in a traceback."""
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StoreDiskError, match="Not a directory"),
        database.run_lock(tmp_path / "file" / "folder" / "store.sqlite"),
    ):
        pass
    with pytest.raises(StoreDiskError, match="Not a directory"):
        database.open_for_reading(tmp_path / "file" / "store.sqlite")


def test_a_row_digest_depends_on_table_and_order() -> None:
    """The same values in another table or another order have another digest."""
    digests = {
        database.digest("results", "a", "b"),
        database.digest("conflicts", "a", "b"),
        database.digest("results", "b", "a"),
        database.digest("results", "ab"),
        database.digest("attempts", 1, "a"),
        database.digest("attempts", "1", "a"),
    }
    assert len(digests) == 6
