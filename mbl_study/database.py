"""The SQLite file below a store: its tables, its lock, its checks, the meaning of its errors.

The rollback journal is used and not WAL, which SQLite before 3.51.3 can corrupt. The lock of a
run is a file beside the store: closing a second descriptor of the store itself would drop the
locks that SQLite holds on it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psutil

from mbl_study.errors import (
    StoreDamagedError,
    StoreDiskError,
    StoreError,
    StoreInUseError,
    StoreMissingError,
)

__all__ = [
    "check",
    "create",
    "digest",
    "holder",
    "open_for_reading",
    "open_for_writing",
    "run_lock",
    "sync_folder",
    "transaction",
    "translated",
]

APPLICATION_ID = int.from_bytes(b"MBLS")
SCHEMA_VERSION = 1
# A reader needs milliseconds; a reader that was suspended should not end a run of days.
BUSY_SECONDS = 120

_SCHEMA = (
    "CREATE TABLE study (entry TEXT PRIMARY KEY, value TEXT NOT NULL, digest TEXT NOT NULL) STRICT",
    # The key is the SHA-256 of the parameters, so this table needs no other digest.
    "CREATE TABLE tasks (key TEXT PRIMARY KEY, parameters TEXT NOT NULL) STRICT",
    "CREATE TABLE results (key TEXT PRIMARY KEY REFERENCES tasks, record TEXT NOT NULL,"
    " digest TEXT NOT NULL) STRICT",
    "CREATE TABLE conflicts (key TEXT NOT NULL REFERENCES tasks, record TEXT NOT NULL,"
    " digest TEXT NOT NULL UNIQUE) STRICT",
    "CREATE TABLE attempts (number INTEGER PRIMARY KEY, key TEXT NOT NULL REFERENCES tasks,"
    " outcome TEXT NOT NULL, detail TEXT NOT NULL, digest TEXT NOT NULL) STRICT",
    "CREATE INDEX attempts_of_a_task ON attempts (key, outcome)",
    "CREATE VIEW progress AS SELECT key, parameters,"
    " EXISTS (SELECT 1 FROM results WHERE results.key = tasks.key) AS done,"
    " (SELECT count(*) FROM attempts WHERE attempts.key = tasks.key AND outcome = 'failed')"
    " AS failures,"
    " (SELECT count(*) FROM attempts WHERE attempts.key = tasks.key AND outcome = 'died')"
    " AS deaths FROM tasks",
)
_DIGESTED = {
    "study": "SELECT entry, value, digest FROM study",
    "results": "SELECT key, record, digest FROM results",
    "conflicts": "SELECT key, record, digest FROM conflicts",
    "attempts": "SELECT number, key, outcome, detail, digest FROM attempts",
}


def digest(table: str, *values: str | int) -> str:
    """SHA-256 of a row, hexadecimal.

    Examples
    --------
    >>> digest("study", "latest", "{}") == digest("study", "identity", "{}")
    False
    """
    return hashlib.sha256(json.dumps([table, *values]).encode()).hexdigest()


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite and the operating system report into the exceptions of this package."""
    try:
        yield
    except sqlite3.Error as error:
        # The lower byte is the kind of error; the rest says in which operation it came up.
        kind = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if kind in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise StoreInUseError(f"{path}: another program keeps the store locked.") from error
        if kind in {
            sqlite3.SQLITE_CANTOPEN,
            sqlite3.SQLITE_FULL,
            sqlite3.SQLITE_IOERR,
            sqlite3.SQLITE_PERM,
            sqlite3.SQLITE_READONLY,
        }:
            raise _disk_error(path, str(error)) from error
        raise _damaged(path, str(error)) from error


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open and check a store, without the right to write.

    Raises
    ------
    StoreMissingError
        There is no file.
    StoreDamagedError
        It is not a store, or not a whole one.
    StoreDiskError
        It cannot be read.
    """
    _require_content(path)
    with translated(path):
        try:
            return _checked(path, _connect(path, "ro"))
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_READONLY_ROLLBACK:
                raise
        # A run was killed in the middle of a commit. Whoever comes first undoes the half commit,
        # and that takes the right to write.
        with contextlib.closing(_connect(path, "rw")) as connection:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        return _checked(path, _connect(path, "ro"))


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open and check a store such that a commit returns only when the disk holds it.

    Raises
    ------
    StoreDamagedError
        It is not a store, or not a whole one.
    """
    _require_content(path)
    with translated(path):
        connection = _checked(path, _connect(path, "rw"))
        # The header can ask for a write-ahead log; this takes it back.
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("PRAGMA fullfsync = ON")
        connection.execute("PRAGMA foreign_keys = ON")
    return connection


def create(path: Path) -> None:
    """Make an empty store that appears under its name at once and whole."""
    if sqlite3.sqlite_version_info < (3, 37):
        raise StoreError(f"SQLite 3.37 or newer is needed; Python has {sqlite3.sqlite_version}.")
    unfinished = path.with_name(f"{path.name}.new")
    # What a killed run left behind. A journal without its database would be played back into
    # the next database of that name.
    for leftover in (unfinished, f"{unfinished}-journal", f"{path}-journal"):
        Path(leftover).unlink(missing_ok=True)
    with contextlib.closing(_connect(unfinished, "rwc")) as connection:
        connection.execute("PRAGMA synchronous = EXTRA")
        with transaction(connection):
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    unfinished.replace(path)
    sync_folder(path.parent)


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what happens in the block, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        # SQLite itself has rolled back after some errors.
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextlib.contextmanager
def run_lock(path: Path) -> Iterator[None]:
    """Hold a store for a run; the lock dies with the process that holds it.

    Raises
    ------
    StoreInUseError
        Another process holds it; the message names it.
    StoreDiskError
        The lock file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(_lock_path(path), os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise _disk_error(path, error.strerror or "cannot be locked") from error
    with os.fdopen(lock, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreInUseError(
                f"{path}: in use by {holder(path) or 'another run'}. Wait for it, or stop it."
            ) from None
        _write_holder(file.fileno(), f"process {os.getpid()} on {socket.gethostname()}")
        try:
            yield
        finally:
            _write_holder(file.fileno(), "")


def holder(path: Path) -> str:
    """Say who holds a store for a run, or nothing."""
    try:
        text = _lock_path(path).read_text(encoding="utf-8", errors="replace")[:200]
    except OSError:
        return ""
    named = re.fullmatch(r"process (\d+) on (.*)", text)
    if named is not None and named[2] == socket.gethostname():
        # A run that was killed could not take its name away.
        return text if psutil.pid_exists(int(named[1])) else ""
    return text


def sync_folder(folder: Path) -> None:
    """Wait until the disk holds the names of the files in a folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Read the whole file and compare it with what it should be.

    Raises
    ------
    StoreDamagedError
        The message names the first thing that is wrong.
    """
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise _damaged(path, "it is not a store of mbl-study")
    version = _pragma(connection, "user_version")
    if version != SCHEMA_VERSION:
        reason = f"its tables have version {version}, and this mbl-study knows {SCHEMA_VERSION}"
        raise _damaged(path, f"{reason} (a higher one asks for an upgrade)")
    if (problem := _pragma(connection, "integrity_check(1)")) != "ok":
        raise _damaged(path, str(problem).splitlines()[-1])
    # Anything besides our tables, a trigger for example, is not ours.
    tables = connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
    if {sql for (sql,) in tables} != set(_SCHEMA):
        raise _damaged(path, "its tables are not those of a store")
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise _damaged(path, "a row belongs to no task")
    for key, parameters in connection.execute("SELECT key, parameters FROM tasks"):
        if hashlib.sha256(parameters.encode()).hexdigest() != key:
            raise _damaged(path, "a row of tasks does not agree with its digest")
    for table, query in _DIGESTED.items():
        for *values, expected in connection.execute(query):
            if digest(table, *values) != expected:
                raise _damaged(path, f"a row of {table} does not agree with its digest")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    # As an address, so that a question mark in a file name stays a question mark.
    address = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_SECONDS)
    # A store may come from a stranger.
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def _checked(path: Path, connection: sqlite3.Connection) -> sqlite3.Connection:
    try:
        check(connection, path)
    except BaseException as error:
        connection.close()
        if isinstance(error, UnicodeDecodeError):
            raise _damaged(path, "a text in it is not UTF-8") from error
        raise
    return connection


def _require_content(path: Path) -> None:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise StoreMissingError(f"{path}: there is no store yet. Start a run first.") from None
    except OSError as error:
        raise _disk_error(path, error.strerror or "cannot be read") from error
    if size == 0:
        raise _damaged(path, "it is empty, 0 bytes")


def _pragma(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def _lock_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def _write_holder(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)


def _damaged(path: Path, reason: str) -> StoreDamagedError:
    return StoreDamagedError(
        f"{path}: damaged store: {reason}. Put a copy in its place, or move it away to start anew."
    )


def _disk_error(path: Path, reason: str) -> StoreDiskError:
    return StoreDiskError(
        f"{path}: the disk does not cooperate: {reason}. Everything that was reported done is"
        " safe; make room, or the folder writable, and run again."
    )
