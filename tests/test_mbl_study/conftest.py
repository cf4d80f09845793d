"""Processes of their own for drivers and workers that are going to be killed."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import cluster_page
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


@pytest.fixture(scope="session")
def cluster_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with settings and a certificate for a cluster, made as the documentation says."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    return cluster_page.prepare(tmp_path_factory.mktemp("home"))


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
def encrypted_scheduler(
    cluster_folder: Path,
    spawn: Callable[..., subprocess.Popen[bytes]],
    eventually: Callable[[Callable[[], object]], None],
) -> str:
    """Address of a scheduler in a process of its own that speaks TLS only."""
    file = cluster_folder / "scheduler.json"
    file.unlink(missing_ok=True)
    spawn(
        *("-m", "dask", "scheduler", "--protocol", "tls", "--host", "127.0.0.1", "--port", "0"),
        *("--no-dashboard", "--dashboard-address", "127.0.0.1:0", "--scheduler-file", file),
        env=cluster_environment(cluster_folder),
        stderr=subprocess.DEVNULL,
    )
    eventually(lambda: file.exists() and file.read_text().endswith("}"))
    address: str = json.loads(file.read_text())["address"]
    return address


@pytest.fixture
def encrypted_workers(
    encrypted_scheduler: str, cluster_folder: Path, spawn: Callable[..., subprocess.Popen[bytes]]
) -> list[subprocess.Popen[bytes]]:
    """Two workers of that scheduler, each with its nanny in a process of its own."""
    return [
        spawn(
            *("-m", "dask", "worker", encrypted_scheduler, "--protocol", "tls", "--no-dashboard"),
            *("--nworkers", "1", "--nthreads", "1", "--memory-limit", "1GiB"),
            *("--host", "127.0.0.1", "--local-directory", cluster_folder / "scratch"),
            env=cluster_environment(cluster_folder),
            stderr=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]


def cluster_environment(folder: Path) -> dict[str, str]:
    """Environment of the processes of a cluster, which find the tasks by their name."""
    return os.environ | {
        "DASK_CONFIG": str(folder / "cluster.yaml"),
        "PYTHONPATH": str(Path(faulty_tasks.__file__).parent),
    }


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
