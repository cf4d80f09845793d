"""A cluster is reached by its own driver only, and nothing of it outlives the driver."""

import os
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import dask
import distributed
import faulty_tasks
import psutil
import pytest

from mbl_study import cluster
from mbl_study.cluster import connect, local_cluster
from mbl_study.errors import EngineError
from mbl_study.store import Store

Wait = Callable[[Callable[[], object]], None]
Survivors = Callable[[list[psutil.Process]], None]
Spawn = Callable[..., subprocess.Popen[bytes]]

DRIVER = """
import sys
import faulty_tasks
from mbl_study.ensemble import run_study
if __name__ == "__main__":
    run_study(faulty_tasks.study(), sys.argv[1], workers=1, task_function=faulty_tasks.deaf)
"""


@pytest.mark.usefixtures("quick_workers")
def test_nobody_else_reaches_a_local_cluster() -> None:
    """Every socket that listens, of the driver and of the workers, does so on this machine only."""
    settings = dict(dask.config.config["distributed"]["scheduler"])
    with local_cluster(1, 2**30) as client:
        me = psutil.Process()
        worker = psutil.Process(client.run(os.getpid).popitem()[1])
        listening = [
            connection.laddr.ip
            for process in (me, worker)
            for connection in process.net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        ]
        assert len(listening) >= 4
        assert set(listening) == {"127.0.0.1"}
        variables = client.run(lambda: dict(os.environ)).popitem()[1]
    assert variables["OMP_NUM_THREADS"] == variables["OPENBLAS_NUM_THREADS"] == "1"
    assert dask.config.config["distributed"]["scheduler"] == settings


@pytest.mark.usefixtures("quick_workers")
def test_two_clusters_live_side_by_side() -> None:
    """Two studies can run at the same time; neither takes a port from the other."""
    with local_cluster(1, 2**30) as one, local_cluster(1, 2**30) as other:
        assert one.submit(abs, -1).result(timeout=60) == 1
        assert other.submit(abs, -2).result(timeout=60) == 2


def test_workers_do_not_outlive_a_killed_driver(
    tmp_path: Path, spawn: Spawn, eventually: Wait, require_no_survivors: Survivors
) -> None:
    """Even a worker inside LAPACK, which holds the interpreter lock, dies with its driver."""
    path = tmp_path / "store.sqlite"
    (tmp_path / "driver.py").write_text(DRIVER)
    folder = str(Path(faulty_tasks.__file__).parent)
    driver = spawn(
        tmp_path / "driver.py",
        path,
        env=os.environ | {"PYTHONPATH": folder},
        stderr=subprocess.DEVNULL,
    )
    eventually(path.exists)
    eventually(lambda: Store(path)._rows("SELECT 1 FROM attempts"))
    children = psutil.Process(driver.pid).children(recursive=True)
    driver.kill()
    driver.wait()
    require_no_survivors(children)
    # The lock died with the driver, too, and the task is not to blame.
    assert Store(path).holder() == ""
    with Store(path).run(faulty_tasks.study()) as ledger:
        assert ledger.count_remaining() == 12
        assert ledger.deaths(next(ledger.remaining())) == 0


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_does_not_reach_what_starts_meanwhile(spawn: Spawn) -> None:
    """Processes that are started while interrupts are held never see one; the driver does."""
    script = "import time; print(flush=True); time.sleep(0.5); print('finished')"
    with cluster._interrupts_held():
        child = spawn("-c", script, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"\n"
    os.kill(child.pid, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    assert child.communicate()[0] == b"finished\n"


@pytest.mark.parametrize(
    "address",
    ["tcp://127.0.0.1:8786", "127.0.0.1:8786", "tcp://localhost:1", "tcp://[::1]:1", "tls://a:1"],
)
def test_an_address_on_this_machine_or_encrypted_is_fine(address: str) -> None:
    """Loopback and TLS need no consent."""
    cluster.check_address(address, insecure=False)


@pytest.mark.parametrize("address", ["tcp://10.0.0.1:8786", "tcp://cluster.example:8786", "node:1"])
def test_an_open_address_elsewhere_needs_consent(address: str) -> None:
    """Without encryption another machine is refused, unless the user insists."""
    with pytest.raises(EngineError, match="--insecure"), connect(address):
        pass
    cluster.check_address(address, insecure=True)


@pytest.mark.parametrize("address", ["inproc://x", "http://127.0.0.1:80", "tcp://", ""])
def test_other_kinds_of_address_are_refused(address: str) -> None:
    """Only tcp:// and tls:// lead to a scheduler."""
    with pytest.raises(EngineError, match="tcp://host:port or tls://host:port"), connect(address):
        pass


def test_workers_that_do_not_start_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that cannot start processes ends the run with a message."""

    def refuse(**options: object) -> None:
        raise RuntimeError("Cluster failed to start: too many processes")

    monkeypatch.setattr(distributed, "LocalCluster", refuse)
    with (
        pytest.raises(EngineError, match=r"the workers do not start: .*too many processes"),
        local_cluster(1, 2**30),
    ):
        pass


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address where no scheduler is ends in an error that names it."""
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{unused.getsockname()[1]}"
        with (
            pytest.raises(EngineError, match=f"no scheduler answers at {address}"),
            connect(address),
        ):
            pass


def test_the_environment_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was set stays set afterwards, and what was not is gone."""
    monkeypatch.setenv("A_VARIABLE", "before")
    with cluster._environment({"A_VARIABLE": "during", "ANOTHER_VARIABLE": "during"}):
        assert os.environ["A_VARIABLE"] == os.environ["ANOTHER_VARIABLE"] == "during"
    assert os.environ["A_VARIABLE"] == "before"
    assert "ANOTHER_VARIABLE" not in os.environ
