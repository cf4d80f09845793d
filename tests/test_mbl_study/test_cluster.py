"""A cluster is reached by its own driver only, and nothing of it outlives the driver."""

import os
import signal
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import cluster_page
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
    "address", ["tcp://127.0.0.1:8786", "127.0.0.1:8786", "tcp://localhost:1", "tcp://[::1]:1"]
)
def test_an_address_on_this_machine_is_fine(address: str) -> None:
    """Loopback needs no consent."""
    cluster.check_address(address, insecure=False)


def test_an_encrypted_address_needs_certificates(cluster_folder: Path, tmp_path: Path) -> None:
    """TLS needs no consent, but certificates that can be read; without them nothing starts."""
    with pytest.raises(EngineError, match=r"names none\. Set DASK_\w+__TLS__CA_FILE, "):
        cluster.check_address("tls://a:1", insecure=False)
    with cluster_page.configured(cluster_folder / "cluster.yaml"):
        cluster.check_address("tls://a:1", insecure=False)
    text = (cluster_folder / "cluster.yaml").read_text()
    (tmp_path / "wrong.yaml").write_text(text.replace("cert.pem", "nowhere.pem"))
    with (
        cluster_page.configured(tmp_path / "wrong.yaml"),
        pytest.raises(EngineError, match=r"certificates for tls://a:1 cannot be read: .*No such"),
    ):
        cluster.check_address("tls://a:1", insecure=False)


def test_an_encrypted_scheduler_refuses_strangers(
    encrypted_scheduler: str,
    cluster_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who has the key gets in; who has none, another one, or no TLS does not, and is told."""
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 5)
    told: list[str] = []
    monkeypatch.setattr(cluster.logger, "warning", lambda text, *values: told.append(text))
    with (
        cluster_page.configured(cluster_folder / "cluster.yaml"),
        connect(encrypted_scheduler) as client,
    ):
        assert client.scheduler_info()["address"] == encrypted_scheduler
    assert told == []

    with pytest.raises(EngineError, match="needs certificates"), connect(encrypted_scheduler):
        pass
    plain = encrypted_scheduler.replace("tls://", "tcp://")
    with pytest.raises(EngineError, match=f"no scheduler answers at {plain}"), connect(plain):
        pass

    other = cluster_page.prepare(tmp_path)
    with (
        cluster_page.configured(other / "cluster.yaml"),
        pytest.raises(EngineError, match="TLS certificate does not match"),
        connect(encrypted_scheduler),
    ):
        pass

    # The scheduler itself turns away a client that trusts it and shows no certificate.
    context = ssl.create_default_context(cafile=cluster_folder / "cert.pem")
    context.check_hostname = False
    place = urlsplit(encrypted_scheduler)
    with (
        socket.create_connection((place.hostname, place.port), timeout=30) as stream,
        pytest.raises(ssl.SSLError, match="certificate required"),
        context.wrap_socket(stream) as encrypted,
    ):
        encrypted.recv(1)


def test_a_scheduler_that_gives_up_silent_workers_is_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The default of Dask would lose every worker that diagonalizes for five minutes."""
    told: list[str] = []
    monkeypatch.setattr(cluster.logger, "warning", lambda text, *values: told.append(text % values))
    for seconds in (300.0, None):
        scheduler = SimpleNamespace(worker_ttl=seconds)
        client = SimpleNamespace(run_on_scheduler=lambda ask, to=scheduler: ask(dask_scheduler=to))
        cluster._warn_of_silence(client)
    (message,) = told
    assert "silent for 300 seconds" in message
    assert "worker-ttl: null" in message


def test_a_scheduler_with_another_installation_is_refused() -> None:
    """A scheduler that cannot load this package says so at once, and not in every task."""

    def fail(function: object) -> None:
        raise ModuleNotFoundError("No module named 'mbl_study'")

    with pytest.raises(EngineError, match=r"No module named 'mbl_study'.*same installation"):
        cluster._warn_of_silence(SimpleNamespace(run_on_scheduler=fail))


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
