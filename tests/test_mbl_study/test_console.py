"""Data go to stdout and messages to stderr, and every end has its exit code."""

import os
import signal
import sys
import threading
from pathlib import Path

import faulty_tasks
import pytest
import typer

from mbl_study import console
from mbl_study.console import Reporter, StopRequest, clean, duration
from mbl_study.errors import StoreDamagedError
from mbl_study.ledger import Attempt, Ending, Outcome

TASK = next(faulty_tasks.study().tasks())


def ending(outcome: Outcome) -> Ending:
    """End of an attempt."""
    return Ending(Attempt(1, TASK), outcome, "detail")


def exit_code_of(error: BaseException | None, *, debug: bool = False) -> int:
    """Exit code of a command that raises this."""

    @console.command
    def failing(*, debug: bool) -> int:
        if error is not None:
            raise error
        return 1

    with pytest.raises(typer.Exit) as caught:
        failing(debug=debug)
    return caught.value.exit_code


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (None, 1, ""),
        (StoreDamagedError("a\x1b[2Jb\nc"), 3, "error: a [2Jb\nc\n"),
        (OSError(28, "No space left on device"), 74, "No space left on device"),
        (ZeroDivisionError("x"), 1, "error: ZeroDivisionError: x\n--debug shows where."),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_an_exception_becomes_a_message_and_an_exit_code(
    capsys: pytest.CaptureFixture[str], error: BaseException | None, code: int, message: str
) -> None:
    """There is no traceback, nothing on stdout, and no control character from a store."""
    assert exit_code_of(error) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert "Traceback" not in err


def test_debug_shows_the_traceback() -> None:
    """With --debug the exception itself comes out."""
    with pytest.raises(ZeroDivisionError):
        console.command(lambda debug: 1 // 0)(debug=True)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1 seconds"),
        (89, "89 seconds"),
        (90, "2 minutes"),
        (5399, "90 minutes"),
        (5400, "1.5 hours"),
        (129_599, "36.0 hours"),
        (129_600, "1.5 days"),
    ],
)
def test_durations_are_rough(seconds: float, text: str) -> None:
    """Nobody wants to read 129600 seconds."""
    assert duration(seconds) == text


def test_control_characters_are_taken_out() -> None:
    """Text from a store cannot clear the screen or ring the bell."""
    assert clean("\x1b]0;title\x07 L = 8, Δ = 4\r") == " ]0;title  L = 8, Δ = 4 "


def test_plain_lines_without_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a log file there is a line from time to time that says how long it still takes."""
    monkeypatch.setattr(console, "SECONDS_BETWEEN_LINES", 0)
    with Reporter() as reporter:
        reporter.started(4, 1)
        reporter.ended(ending(Outcome.DONE))
        reporter.ended(ending(Outcome.DIED))
        reporter.ended(ending(Outcome.FAILED))
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.rpartition(",")[0] for line in err.splitlines()] == [
        "",
        "2 of 4, 0 failed",
        "2 of 4, 0 failed",
        "3 of 4, 1 failed",
    ]
    assert err.startswith("1 of 4 tasks need no work any more\n")
    assert err.endswith(" left\n")


def test_few_lines_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A fast study does not fill a log."""
    with Reporter() as reporter:
        reporter.started(1000, 0)
        for _ in range(1000):
            reporter.ended(ending(Outcome.DONE))
    assert capsys.readouterr().err == ""


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal there is a bar with numbers, failures and the time left."""
    reading, writing = os.openpty()
    with open(writing, "w", encoding="utf-8") as terminal:
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "120")
        monkeypatch.setattr(sys, "stderr", terminal)
        with Reporter() as reporter:
            reporter.started(2, 0)
            reporter.ended(ending(Outcome.FAILED))
            reporter.ended(ending(Outcome.DONE))
        monkeypatch.undo()
        shown = b""
        while b"2/2" not in shown:  # A terminal hands over what it has so far.
            shown += os.read(reading, 100_000)
    os.close(reading)
    assert b"tasks, 1 failed" in shown


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_is_a_request(
    capfd: pytest.CaptureFixture[str], number: signal.Signals, code: int
) -> None:
    """Ctrl-C and SIGTERM ask for a stop, say so, and the old handlers come back."""
    before = signal.getsignal(number)
    stop = StopRequest()
    with stop.listening():
        os.kill(os.getpid(), number)
        assert stop.event.wait(5)
    assert stop.exit_code == code
    assert "once more to stop at once" in capfd.readouterr().err
    assert signal.getsignal(number) == before


def test_the_second_signal_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the request a second signal does not wait for anything."""
    ended = threading.Event()
    codes: list[int] = []

    def leave(code: int) -> None:
        codes.append(code)
        ended.set()

    monkeypatch.setattr(os, "_exit", leave)
    with StopRequest().listening():
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        assert ended.wait(5)
    assert codes == [130]


def test_the_cursor_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who ends a progress bar at once gets the cursor back that it had hidden."""
    written: list[bytes] = []
    monkeypatch.setattr(os, "_exit", lambda code: None)
    monkeypatch.setattr(os, "write", lambda descriptor, data: written.append(data))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    stop = StopRequest()
    stop.event.set()
    stop._receive(signal.SIGINT, None)
    assert written[0] == b"\x1b[?25h"
