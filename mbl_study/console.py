"""How the command line talks: data on stdout, messages on stderr, one exit code per kind of error.

On a terminal there is a progress bar; elsewhere there are plain lines.
"""

import contextlib
import functools
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, ParamSpec

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from mbl_study.errors import MblStudyError, StoreDiskError

if TYPE_CHECKING:
    from mbl_study.ledger import Ending

__all__ = ["Reporter", "StopRequest", "clean", "command", "duration", "output", "say"]

_Options = ParamSpec("_Options")

SECONDS_BETWEEN_LINES = 30.0


class _Output(Console):
    """Console that leaves a closed pipe to `command`."""

    def on_broken_pipe(self) -> None:
        """Raise what rich has caught."""
        raise BrokenPipeError


def output() -> Console:
    """Console for data. It is made anew, since tests and pipes exchange ``sys.stdout``."""
    return _Output(highlight=False, soft_wrap=True, emoji=False)


def say(message: str) -> None:
    """Tell the user something that is not data."""
    Console(stderr=True, highlight=False, soft_wrap=True, emoji=False).print(message, markup=False)


def clean(text: str) -> str:
    """Text from a store that may come from a stranger, without control characters.

    Examples
    --------
    >>> clean("red" + chr(27) + "[31m")
    'red [31m'
    """
    return "".join(character if character.isprintable() else " " for character in text)


def duration(seconds: float) -> str:
    """Say how long something takes, roughly.

    Examples
    --------
    >>> duration(59), duration(3600), duration(1e6)
    ('59 seconds', '60 minutes', '11.6 days')
    """
    for size, unit in ((86400.0, "days"), (3600.0, "hours")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{max(1.0, seconds):.0f} seconds"


def command(function: Callable[_Options, int | None]) -> Callable[_Options, None]:
    """Turn the result and the exceptions of a command into its exit code, without a traceback."""

    @functools.wraps(function)
    def guarded(*args: _Options.args, **options: _Options.kwargs) -> None:
        # Dask reports every step of every worker, which is for those who debug it.
        logging.getLogger(__package__).handlers = [_LogHandler()]
        try:
            code = function(*args, **options) or 0
            sys.stdout.flush()
        except BrokenPipeError:
            # Whoever read our output has enough, as `head` has. What is still in the buffer
            # goes nowhere, so that the interpreter does not complain at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = 0
        except KeyboardInterrupt:
            code = 128 + signal.SIGINT
        except Exception as error:
            if options["debug"]:
                raise
            code = _explain(error)
        raise typer.Exit(code)

    return guarded


def _explain(error: Exception) -> int:
    """Say what went wrong; return the exit code for it."""
    lines = "\n".join(map(clean, str(error).splitlines()))
    if isinstance(error, MblStudyError):
        say(f"error: {lines}")
        return error.exit_code
    say(f"error: {type(error).__name__}: {lines}\n--debug shows where.")
    return StoreDiskError.exit_code if isinstance(error, OSError) else 1


class StopRequest:
    """Turns the first Ctrl-C or SIGTERM into a request, and the second into an end at once."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.signal = 0

    @property
    def exit_code(self) -> int:
        """130 after Ctrl-C, 143 after SIGTERM."""
        return 128 + self.signal

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Handle the two signals inside the block."""
        watched = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self._receive) for number in watched}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self.event.is_set():
            # The store needs no farewell, and workers die with this process. A terminal wants
            # the cursor back that the progress bar has hidden.
            if sys.stderr.isatty():
                os.write(2, b"\x1b[?25h")
            os._exit(128 + number)
        self.signal = number
        self.event.set()
        # Not through sys.stderr, in the middle of whose work the signal may have come.
        os.write(2, b"\nstopping: waiting for the tasks that run; once more to stop at once\n")


class Reporter:
    """Shows how far a run is: a bar on a terminal, else a line from time to time."""

    def __init__(self) -> None:
        self._total = self._settled = self._before = self._failed = 0
        self._started = self._told = time.monotonic()
        console = Console(stderr=True)
        self._bar: Progress | None = None
        if console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                console=console,
                speed_estimate_period=600,
            )

    def __enter__(self) -> "Reporter":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def started(self, total: int, settled: int) -> None:
        """Tell how many tasks the study has, and how many of them need no work any more."""
        self._total, self._settled, self._before = total, settled, settled
        if self._bar is not None:
            self._task = self._bar.add_task("tasks", total=total, completed=settled)
        elif settled:
            say(f"{settled} of {total} tasks need no work any more")

    def ended(self, ending: "Ending") -> None:
        """Count an attempt that ended."""
        self._settled += ending.outcome in {"done", "failed"}
        self._failed += ending.outcome == "failed"
        if self._bar is not None:
            label = f"tasks, {self._failed} failed" if self._failed else "tasks"
            self._bar.update(self._task, completed=self._settled, description=label)
        elif time.monotonic() - self._told >= SECONDS_BETWEEN_LINES:
            self._told = time.monotonic()
            progress = f"{self._settled} of {self._total}, {self._failed} failed"
            say(f"{progress}, {duration(self._left())} left")

    def _left(self) -> float:
        elapsed = time.monotonic() - self._started
        return (self._total - self._settled) * elapsed / max(1, self._settled - self._before)


class _LogHandler(logging.Handler):
    """Warnings of this package and of the libraries below it, as messages."""

    def emit(self, record: logging.LogRecord) -> None:
        say(clean(self.format(record)))
