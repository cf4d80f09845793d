"""The recipes of ``docs/cluster.md`` are whole: what can run without a cluster runs here."""

from __future__ import annotations

import ast
import contextlib
import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sysconfig
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cluster_page
import dask
import pytest
import yaml

from mbl_study import cluster
from mbl_study.ledger import State
from mbl_study.store import Store
from mbl_study.study import Study

SCRIPTS = sysconfig.get_path("scripts")
STUDY_FILE = """
name = "tiny"
seed = 1
lengths = [4]
disorders = [1.0, 5.0]
realizations = 2
epsilons = [0.1]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder that the page tells to make."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    return cluster_page.prepare(tmp_path_factory.mktemp("home"))


def commands() -> Iterator[list[str]]:
    """Every call of ``dask`` and ``mbl-study`` on the page, in shell code and in containers."""
    code = "".join(cluster_page.blocks("sh")).replace("\\\n", " ")
    for line in re.findall(r"^ *(?:exec )?((?:dask|mbl-study) .*?)[&]?$", code, re.MULTILINE):
        yield shlex.split(line)
    for arguments in re.findall(r"(?:args|command): \[(.*?)\]", code, re.DOTALL):
        yield [word.strip().strip('"') for word in arguments.split(",")]


@pytest.mark.parametrize("block", cluster_page.blocks("sh"))
def test_shell_code_parses(block: str) -> None:
    """Bash reads every block, and every script that a block writes."""
    scripts = re.findall(r"<<'END'\n(#!/bin/bash\n.*?)^END$", block, re.MULTILINE | re.DOTALL)
    for code in (block, *scripts):
        read = subprocess.run(
            ["bash", "-n"], input=code, capture_output=True, text=True, check=False
        )
        assert (read.returncode, read.stderr) == (0, "")


@pytest.mark.parametrize("program", ["dask scheduler", "dask worker", "mbl-study run"])
def test_options_exist(program: str) -> None:
    """Every option that the page uses is one that the help of the program lists."""
    name, command = program.split()
    shown = subprocess.run(
        [Path(SCRIPTS, name), command, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"COLUMNS": "200"},
    )
    used = {
        word
        for words in commands()
        if words[:2] == [name, command]
        for word in words
        if word.startswith("--")
    }
    assert len(used) >= 3
    assert used <= set(re.findall(r"--[a-z-]+", shown.stdout))


def test_workers_have_one_thread_and_a_limit() -> None:
    """Every worker on the page has one thread, a memory limit and TLS; so has every scheduler."""
    programs = [" ".join(words) for words in commands()]
    workers = [program for program in programs if program.startswith("dask worker")]
    assert len(workers) == 3
    for program in workers:
        assert "--nthreads 1" in program
        assert "--memory-limit 6GiB" in program
    for program in programs:
        assert not program.startswith("dask ") or "--protocol tls" in program


def leaves(tree: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """List the settings of a tree with their full names."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def test_settings_are_those_of_the_own_cluster(folder: Path) -> None:
    """What the page sets is known to Dask, and does what the driver's own cluster does."""
    settings = dict(leaves(yaml.safe_load((folder / "cluster.yaml").read_text())))
    assert [name for name in settings if dask.config.get(name, "unknown") == "unknown"] == []
    for name, value in cluster._CLUSTER_SETTINGS.items():
        if name != "distributed.scheduler.http.routes":
            assert settings[name] == value, name
    assert settings["distributed.scheduler.http.routes"] == ["distributed.http.health"]
    assert settings["distributed.comm.require-encryption"] is True


def test_the_key_is_private(folder: Path) -> None:
    """Nobody else can read the key, nor look into the folder."""
    for path in (folder, folder / "key.pem"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_programs_compile() -> None:
    """Python that the page writes into files is Python, and names what the package exports."""
    (program,) = re.findall(
        r"cat > driver\.py <<'END'\n(.*?)^END$",
        cluster_page.block_with("cat > driver.py"),
        re.MULTILINE | re.DOTALL,
    )
    imported = [
        (node.module, name.name)
        for node in ast.walk(ast.parse(program))
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    ]
    assert ("mbl_study", "run_study") in imported
    for module, name in imported:
        if module != "dask_jobqueue":
            assert hasattr(__import__(module), name)


def test_the_measurement_runs(tmp_path: Path) -> None:
    """The code that measures what long chains take does so, here with short ones."""
    block = cluster_page.block_with("whole over LAPACK")
    assert "in (12, 13, 14)" in block
    measured = subprocess.run(
        ["bash", "-euc", block.replace("(12, 13, 14)", "(4, 5)")],
        cwd=tmp_path,
        env=os.environ | {"PATH": os.pathsep.join([SCRIPTS, os.environ["PATH"]])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(re.findall(r"^[45] sites: [\d.e-]+ s per n", measured.stdout, re.MULTILINE)) == 2


def test_study_file_is_a_study() -> None:
    """The study of long chains has the number of tasks that the page counts."""
    (block,) = cluster_page.blocks("toml")
    study = Study.model_validate(tomllib.loads(block))
    assert study.task_count == 3 * 1600


def test_kubernetes_objects_fit_together(folder: Path) -> None:
    """What the containers mount and call is what the other objects and commands make."""
    dask_cluster, claim, job = yaml.safe_load_all((folder / "study.yaml").read_text())
    assert [item["kind"] for item in (dask_cluster, claim, job)] == [
        "DaskCluster",
        "PersistentVolumeClaim",
        "Job",
    ]
    name = dask_cluster["metadata"]["name"]
    spec = dask_cluster["spec"]
    pods = [spec["scheduler"]["spec"], spec["worker"]["spec"], job["spec"]["template"]["spec"]]
    for pod in pods:
        (container,) = pod["containers"]
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        assert mounts.keys() == volumes.keys()
        assert volumes["cluster"]["secret"]["secretName"] == "mbl-cluster"
        assert {"name": "DASK_CONFIG", "value": "/cluster/cluster.yaml"} in container["env"]
        words = [str(word) for word in container.get("args", container.get("command"))]
        assert all(f"tls://{name}-scheduler:8786" == word for word in words if "://" in word)
    assert pods[2]["volumes"][2]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    selector = spec["scheduler"]["service"]["selector"]
    assert selector == {"dask.org/cluster-name": name, "dask.org/component": "scheduler"}
    ports = {port["name"] for port in pods[0]["containers"][0]["ports"]}
    assert {port["targetPort"] for port in spec["scheduler"]["service"]["ports"]} == ports


def test_settings_become_those_of_a_pod(folder: Path) -> None:
    """After the replacement that the page tells, every file of the settings is in the secret."""
    (command,) = re.findall(r"^sed .*$", cluster_page.block_with("kubectl create"), re.MULTILINE)
    subprocess.run(["bash", "-euc", command], cwd=folder, check=True)
    settings = dict(leaves(yaml.safe_load((folder / "mounted.yaml").read_text())))
    files = {value for name, value in settings.items() if ".tls." in name}
    assert files == {"/cluster/cert.pem", "/cluster/key.pem"}


@pytest.mark.timeout(400)
def test_slurm_scripts_run_a_study(folder: Path) -> None:
    """Started by hand, the two scripts run a study to its end; then the workers end, too."""
    (folder / "tiny.toml").write_text(STUDY_FILE)
    options: dict[str, Any] = {
        "cwd": folder,
        "env": os.environ
        | {
            "HOME": str(folder.parent),
            "PATH": os.pathsep.join([SCRIPTS, os.environ["PATH"]]),
        },
        "stdout": subprocess.DEVNULL,
        "start_new_session": True,
    }
    driver = subprocess.Popen(["bash", "driver.sbatch", "tiny.toml", "--no-figures"], **options)
    worker = subprocess.Popen(["bash", "workers.sbatch"], **options, stderr=subprocess.DEVNULL)
    try:
        assert driver.wait(250) == 0
        assert worker.wait(100) == 0
    finally:
        for process in (driver, worker):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    counts = Store(folder / "results" / "tiny" / "store.sqlite").counts()
    assert counts[4][State.DONE] == 4
