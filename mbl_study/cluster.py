"""Dask clusters: one on this machine that nobody else reaches, or one that is there already.

Workers on this machine have one thread each, die with the driver, and are left in peace by
Ctrl-C. Whatever Dask would retry, steal or move by itself is switched off: the driver knows which
task is where.
"""

from __future__ import annotations

import contextlib
import ctypes
import ipaddress
import logging
import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping
from multiprocessing import resource_tracker
from typing import Any
from urllib.parse import urlsplit

import dask
import distributed

from mbl_study.errors import EngineError

__all__ = ["check_address", "connect", "dask_setup", "local_cluster"]

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 20

_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
_CLUSTER_SETTINGS = {
    # Which task a dead worker had is known here; it must be told at once and not be retried there.
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    # LAPACK called through scipy holds the interpreter lock, so a worker may be silent for as long
    # as a diagonalization takes. A dead process is noticed by its closed connection.
    "distributed.scheduler.worker-ttl": None,
    # A worker that was paused for its memory would keep its task forever; killed, it is replaced.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.95,
    # Its history of an hour grows by megabytes.
    "distributed.worker.profile.enabled": False,
}
# Dask serves something over HTTP in any case. Without an address it would take a fixed port, and
# two studies at the same time would be one too many.
_NO_DASHBOARD = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
_PR_SET_PDEATHSIG = 1
_TLS_VARIABLES = ("CA_FILE", "CLIENT__CERT", "CLIENT__KEY")


@contextlib.contextmanager
def local_cluster(count: int, memory_limit: int) -> Iterator[Any]:
    """Start workers on this machine that nobody else can reach and that die with this process.

    Parameters
    ----------
    count
        Number of worker processes, each with one thread.
    memory_limit
        Bytes for each worker; one that takes more is killed.

    Raises
    ------
    EngineError
        The workers do not start.
    """
    with dask.config.set(_CLUSTER_SETTINGS), _environment(_ONE_THREAD):
        try:
            with _interrupts_held():
                cluster = distributed.LocalCluster(
                    n_workers=count,
                    threads_per_worker=1,
                    memory_limit=memory_limit,
                    host="127.0.0.1",
                    scheduler_kwargs=_NO_DASHBOARD,
                    silence_logs=logging.CRITICAL,
                    preload=[__name__],
                )
        except (OSError, RuntimeError, TimeoutError) as error:
            raise EngineError(f"the workers do not start: {error}") from error
        with (
            cluster,
            distributed.Client(cluster, set_as_default=False) as client,
            _deaths_explained(),
        ):
            yield client


@contextlib.contextmanager
def connect(address: str, *, insecure: bool = False) -> Iterator[Any]:
    """Connect to the scheduler of a cluster that is there already.

    Parameters
    ----------
    address
        For example ``tls://10.0.0.1:8786``. The certificates for it are those of Dask's own
        configuration, below ``distributed.comm.tls``.
    insecure
        Whether an unencrypted address on another machine is acceptable. Anybody who can reach
        such a scheduler can run commands on its workers.

    Raises
    ------
    EngineError
        The address is not acceptable, or nobody answers there.
    """
    check_address(address, insecure=insecure)
    try:
        client = distributed.Client(address, set_as_default=False, timeout=CONNECT_SECONDS)
    except (OSError, TimeoutError, ValueError) as error:
        raise EngineError(f"no scheduler answers at {address}: {error}") from error
    with client:
        _warn_of_silence(client)
        yield client


def dask_setup(worker: Any) -> None:
    """Let a local worker die with the driver; Dask calls this when a worker starts.

    Dask's own watch needs the interpreter lock, which a diagonalization holds.
    """
    del worker
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def check_address(address: str, *, insecure: bool) -> None:
    """Refuse the address of a scheduler that anybody else could reach.

    Raises
    ------
    EngineError
        It is neither on this machine nor encrypted, and that was not accepted; or it is
        encrypted, and Dask has no certificates for it; or it is no address at all.

    Examples
    --------
    >>> check_address("tcp://127.0.0.1:8786", insecure=False)
    """
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    if parts.scheme not in {"tcp", "tls"} or not parts.hostname:
        raise EngineError(f"scheduler must be tcp://host:port or tls://host:port; got {address!r}")
    if parts.scheme == "tcp" and not _is_loopback(parts.hostname) and not insecure:
        raise EngineError(
            f"scheduler {address} is on another machine and not encrypted: whoever reaches it can"
            " run commands there. Use tls://, or accept it with --insecure."
        )
    if parts.scheme == "tls":
        _require_certificates(address)


def _require_certificates(address: str) -> None:
    """Without them Dask connects and closes for a while, and then says something else."""
    try:
        context = distributed.Security().get_connection_args("client")["ssl_context"]
    except OSError as error:
        raise EngineError(
            f"certificates for {address} cannot be read: {error}. Look at the files that Dask's"
            " configuration names below distributed.comm.tls."
        ) from error
    if context is None:
        raise EngineError(
            f"scheduler {address} needs certificates, and Dask's configuration names none. Set "
            + ", ".join(f"DASK_DISTRIBUTED__COMM__TLS__{name}" for name in _TLS_VARIABLES)
            + ", or the same in a file that DASK_CONFIG names."
        )


def _warn_of_silence(client: Any) -> None:
    try:
        seconds = client.run_on_scheduler(_worker_ttl)
    except Exception as error:
        raise EngineError(
            f"the scheduler cannot serve this run: {type(error).__name__}: {error}. It needs the"
            " same installation as the driver."
        ) from error
    if seconds:
        logger.warning(
            "the scheduler gives up a worker that is silent for %g seconds, as one that"
            " diagonalizes is. Start it with distributed.scheduler.worker-ttl: null.",
            seconds,
        )


def _worker_ttl(dask_scheduler: Any) -> float | None:
    """Seconds after which a scheduler takes a silent worker for dead; runs on the scheduler."""
    seconds: float | None = dask_scheduler.worker_ttl
    return seconds


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


class _DeathNotices(logging.Handler):
    """Passes on how a worker process ended, which Dask writes into its log and nowhere else."""

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if re.match(r"Worker process \d+ (exited|was killed)", message):
            logger.warning("%s", message)


@contextlib.contextmanager
def _deaths_explained() -> Iterator[None]:
    nanny = logging.getLogger("distributed.nanny")
    handler = _DeathNotices()
    nanny.addHandler(handler)
    try:
        yield
    finally:
        nanny.removeHandler(handler)


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Keep Ctrl-C from the processes and threads that start meanwhile; they inherit the mask.

    A terminal sends it to the workers too, and they have to finish what they are at.
    """
    # It unblocks Ctrl-C when it starts, so it has to be there already.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
