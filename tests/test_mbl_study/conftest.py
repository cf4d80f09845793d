"""Processes of their own for drivers and workers that are going to be killed."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import dask
import faulty_tasks
import psutil
import pytest


@pytest.fixture(scope="session")
def processes() -> ForkServerContext:
    """Processes that start at once, since the libraries are loaded already where they fork."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["faulty_tasks"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(faulty_tasks.__file__).parent))
        first = context.Process(target=time.sleep, args=(0,))
        first.start()
        first.join()
    return context


@pytest.fixture
def quick_workers(processes: ForkServerContext) -> Iterator[None]:
    """Dask workers that start at once."""
    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        yield


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C interrupts, as at a terminal, even if the tests run in the background.

    A shell lets its background jobs ignore Ctrl-C, and their children inherit that.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def spawn() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start Python in processes that are gone when the test ends, however it ends."""
    with contextlib.ExitStack() as stack:

        def start(*arguments: object, **options: Any) -> subprocess.Popen[bytes]:
            child = subprocess.Popen([sys.executable, *map(str, arguments)], **options)
            stack.enter_context(child)
            stack.callback(child.kill)
            return child

        yield start


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """Wait until a condition holds, or fail after half a minute."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    return wait


@pytest.fixture
def require_no_survivors() -> Callable[[list[psutil.Process]], None]:
    """Fail unless all of these processes end within seconds."""

    def require(children: list[psutil.Process]) -> None:
        assert children
        _, alive = psutil.wait_procs(children, timeout=20)
        assert alive == []

    return require
