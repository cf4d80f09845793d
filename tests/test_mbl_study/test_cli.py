"""The command line does what its help says, and ends with the documented exit codes."""

import contextlib
import functools
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from multiprocessing.context import ForkServerContext
from pathlib import Path

import faulty_tasks
import psutil
import pytest
from typer.testing import CliRunner, Result

from mbl_study import cli, ensemble, plots, report, verification
from mbl_study.ensemble import run_study
from mbl_study.ledger import State
from mbl_study.store import Store

Wait = Callable[[Callable[[], object]], None]
Survivors = Callable[[list[psutil.Process]], None]

STUDY_FILE = """
name = "small"
seed = 1
lengths = [6, 8]
disorders = [1.0, 3.0, 5.0]
realizations = 3
epsilons = [0.1]
"""
TASKS = 18


def one_dot(tables: object, directory: Path) -> list[Path]:
    """Stand for figures, whose drawing takes many seconds and is tested elsewhere."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "dot.png").write_bytes(b".")
    return [directory / "dot.png"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Working directory with a study file, where tasks and figures take no time."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plots, "write_figures", one_dot)
    monkeypatch.setattr(
        ensemble, "run_study", functools.partial(run_study, task_function=faulty_tasks.fast)
    )
    (tmp_path / "study.toml").write_text(STUDY_FILE)
    return tmp_path


def call(*arguments: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def finish(folder: Path) -> Path:
    """Run the whole study; return the path of its store."""
    assert call("run", "study.toml", "--workers", "0", "--no-figures").exit_code == 0
    return folder / "results" / "small" / "store.sqlite"


def test_help_teaches() -> None:
    """The help explains what the commands are for, and each of them has an example."""
    assert "mbl-study run --preset quick" in call("--help").stdout
    commands = [command.callback.__name__ for command in cli.app.registered_commands]
    assert commands == ["run", "status", "plot", "report", "footprint", "export", "verify"]
    for name in commands:
        text = call(name, "--help").stdout
        assert f"Example: mbl-study {name} " in re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("arguments", ["--help", "--version", "run --help", "status", "footprint"])
def test_a_look_needs_no_heavy_library(folder: Path, arguments: str) -> None:
    """What computes and draws nothing waits for none of the libraries that do."""
    finish(folder)
    script = "from mbl_study.cli import app; app(standalone_mode=False)"
    show = "import sys; print(*sys.modules, sep='\\n', file=sys.stderr)"
    looked = subprocess.run(
        [sys.executable, "-c", f"{script}; {show}", *arguments.split()],
        capture_output=True,
        text=True,
        check=True,
    )
    assert looked.stdout
    loaded = set(looked.stderr.split())
    assert loaded & {"cvxpy", "distributed", "matplotlib", "pandas", "pyarrow", "qutip"} == set()


def test_the_version_is_that_of_the_distribution() -> None:
    """A report of a fault can name the version."""
    assert call("--version").stdout == version("qentropy") + "\n"


def test_run_draws_figures_and_prints_the_slopes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One command leads from nothing to figures, a table of slopes and a critical disorder."""
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(
        ensemble, "run_study", functools.partial(run_study, task_function=faulty_tasks.fast)
    )
    disorders = "[1.0, 3.0, 4.0, 5.0, 6.0, 8.0, 12.0]"
    (folder / "study.toml").write_text(STUDY_FILE.replace("[1.0, 3.0, 5.0]", disorders))
    result = call("run", "study.toml", "--workers", "0")
    assert result.exit_code == 0, result.stderr
    for expected in ("L = 6", "L = 8", "figure: ", "done"):
        assert expected in result.stdout
    # The synthetic slopes are steepest near 5.
    found = re.search(r"critical disorder strength at L = 8: ([\d.]+) ± ", result.stdout)
    assert found is not None
    assert 3.5 < float(found[1]) < 5.5
    assert f"results: {Path('results/small/store.sqlite')}" in result.stdout
    figures = {path.suffix for path in (folder / "results" / "small" / "figures").iterdir()}
    assert {".png", ".pdf"} <= figures
    assert "Traceback" not in result.stderr


def test_run_twice_computes_once(folder: Path) -> None:
    """The same command again finds everything done."""
    path = finish(folder)
    before = Store(path)._rows("SELECT count(*) FROM attempts")
    result = call("run", "study.toml", "--workers", "0", "--json", "--no-figures")
    assert json.loads(result.stdout)["tasks"]["6"]["done"] == TASKS // 2
    assert Store(path)._rows("SELECT count(*) FROM attempts") == before
    assert f"{TASKS} of {TASKS} tasks need no work any more" in result.stderr


def test_machine_readable_output_is_json_and_nothing_else(folder: Path) -> None:
    """With --json stdout is one JSON document; numbers that do not exist are null."""
    report = json.loads(call("run", "study.toml", "--workers", "0", "--json").stdout)
    assert {"study", "store", "tasks", "failures", "conflicts", "slopes", "figures"} <= set(report)
    assert len(report["slopes"]) == 6
    assert {row["length"] for row in report["critical_disorder"]} == {6, 8}
    assert all(Path(path).is_file() for path in report["figures"])
    assert json.loads(call("plot", "--json").stdout)["slopes"] == report["slopes"]
    assert json.loads(call("status", "--json").stdout)["tasks"] == report["tasks"]


def test_a_dry_run_touches_nothing(folder: Path) -> None:
    """It tells tasks, memory and time, and makes no file."""
    result = call("run", "study.toml", "--dry-run", "--workers", "2")
    assert result.exit_code == 0
    assert f"{TASKS} of {TASKS} tasks left" in result.stdout
    assert re.search(r"workers: 2 with \d+\.\d MiB each", result.stdout)
    assert "memory of a task: 0.1 MiB" in result.stdout
    assert "time: about" in result.stdout
    assert os.listdir(folder) == ["study.toml"]
    finish(folder)
    report = json.loads(call("run", "study.toml", "--dry-run", "--json").stdout)
    assert (report["planned"], report["remaining"], report["seconds"]) == (TASKS, 0, 0.0)


def test_presets_run_by_name(folder: Path) -> None:
    """A preset stands for a study file."""
    report = json.loads(call("run", "--preset", "quick", "--dry-run", "--json").stdout)
    assert report["study"] == "quick"
    assert report["store"] == str(Path("results/quick/store.sqlite"))


def test_a_dry_run_tells_what_goes_to_the_disk(folder: Path) -> None:
    """Eigenvectors of long chains wait in temporary files, those of short ones in memory."""
    written = f"temporary files of a task: 1180.1 MiB in {tempfile.gettempdir()}"
    assert written in call("run", "--preset", "figure2", "--dry-run", "--workers", "1").stdout
    assert "temporary" not in call("run", "--preset", "quick", "--dry-run").stdout


def test_status_counts_and_names_failures(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit code of a run with failures is 1, and they are named by task and reason."""
    monkeypatch.setattr(
        ensemble, "run_study", functools.partial(run_study, task_function=fails_often)
    )
    result = call("run", "study.toml", "--workers", "0")
    assert result.exit_code == 1
    status = call("status")
    assert status.exit_code == 0
    assert "failed: L = 6, disorder 3, realization 0: RuntimeError: beyond repair" in status.stdout
    assert "and 2 more" in status.stdout
    assert "--retry" in status.stdout
    monkeypatch.setattr(
        ensemble, "run_study", functools.partial(run_study, task_function=faulty_tasks.fast)
    )
    assert call("run", "study.toml", "--workers", "0").exit_code == 1
    assert call("run", "study.toml", "--workers", "0", "--retry").exit_code == 0


def fails_often(parameters: str) -> str:
    """Succeed for one disorder strength only."""
    if '"disorder":1.0' in parameters:
        return faulty_tasks.fast(parameters)
    raise RuntimeError("beyond repair")


def test_status_shows_who_holds_the_store_and_what_disagrees(folder: Path) -> None:
    """A run that is on and results that disagree are both reported."""
    path = finish(folder)
    study = Store(path).study()
    with Store(path).run(study) as ledger:
        task = next(study.tasks())
        (attempt,) = ledger.begin([task])
        other = faulty_tasks.record(task, energy=7.0).model_dump_json()
        ledger.settle([ensemble.Ending(attempt, ensemble.Outcome.DONE, other)])
        text = call("status", "--store", str(path)).stdout
    assert f"held by process {os.getpid()} on" in text
    assert "anomaly: L = 6, disorder 1, realization 0: ran twice" in text
    assert call("run", "study.toml", "--workers", "0", "--no-figures").exit_code == 1


def test_report_writes_a_page(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page stands beside the store or where asked; stderr says where, stdout is empty."""
    path = finish(folder)
    asked = []

    def write(store: Store, page: Path, **options: float) -> Path:
        asked.append((store.path, page, options))
        return page

    monkeypatch.setattr(report, "write_report", write)
    here = Path("results/small")
    result = call("report", "study.toml")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"report: {here / 'report.html'}\n"
    call("report", "--store", path, "--output", "x.html", "--power", 12, "--emission-factor", 0.3)
    assert asked == [
        (here / "store.sqlite", here / "report.html", {"power": 5.75, "emission_factor": 0.56}),
        (path, Path("x.html"), {"power": 12.0, "emission_factor": 0.3}),
    ]


def test_report_of_tables_stands_beside_them(folder: Path) -> None:
    """The same page as that of the store; it is not drawn here."""
    finish(folder)
    call("export", "--output", "data/small")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            report, "write_report", lambda source, page, **_: f"{page} {source.study.name}"
        )
        result = call("report", "--tables", "data/small")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"report: {Path('data', 'report.html')} small\n"


def test_footprint_counts_what_is_recorded(folder: Path) -> None:
    """Hours come from the records, the rest from the options; the paper stands beside."""
    finish(folder)
    found = json.loads(call("footprint", "study.toml", "--power", "1000", "--json").stdout)
    hours = TASKS * 0.25 / 3600
    assert found["kernel_hours"] == pytest.approx(hours, rel=1e-12)
    assert found["energy_kwh"] == pytest.approx(hours, rel=1e-12)
    assert found["co2_kg"] == pytest.approx(0.56 * hours, rel=1e-12)
    text = call("footprint", "--emission-factor", "0").stdout
    assert "footprint of study small, 18 realizations" in text
    assert re.search(r"energy \[kWh\] +[\d.e-]+ +1960 +690", text)
    assert re.search(r"CO₂ \[kg\] +0 +1098 +386\.4", text)


def test_export_writes_what_can_be_cited(folder: Path) -> None:
    """Tables, study file and manifest appear where asked, and their paths on stdout."""
    finish(folder)
    result = call("export", "study.toml", "--output", "tables", "--format", "csv")
    names = ["realizations.csv", "regions.csv", "baths.csv", "study.toml", "manifest.json"]
    assert result.stdout.splitlines() == [str(Path("tables", name)) for name in names]
    assert sorted(os.listdir("tables")) == sorted(names)
    assert call("export").exit_code == 0
    assert len(os.listdir(folder / "results" / "small" / "tables")) == 8
    assert call("export", "--format", "xlsx").exit_code == 2
    assert call("run", "tables/study.toml", "--dry-run").stdout.startswith("study small: 0 of 18")


def test_tables_are_drawn_without_their_store(folder: Path) -> None:
    """The numbers and the figures are those of the store, which may be gone."""
    path = finish(folder)
    call("export", "--output", "data/small")
    expected = json.loads(call("plot", "--json").stdout)
    shutil.rmtree(path.parent)
    result = call("plot", "--tables", "data/small", "--output", "drawn", "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found.pop("figures") == [str(Path("drawn", "dot.png"))]
    assert found.pop("tables") == [str(Path("data", "small"))]
    assert found == {name: expected[name] for name in found}
    assert "strong_disorder_limit" in found
    text = call("plot", "--tables", "data/small").stdout
    assert f"figure: {Path('data', 'figures', 'dot.png')}" in text
    assert "results: data/small" in text


def test_tables_that_cannot_be_used_end_with_the_codes_of_a_store(folder: Path) -> None:
    """2 for none, 3 for damaged ones, 5 for those that do not belong together."""
    finish(folder)
    call("export", "--output", "one")
    shutil.copytree("one", "two")
    for command in ("plot", "report"):
        for arguments in (["study.toml"], ["--store", "x.sqlite"], ["--preset", "quick"]):
            result = call(command, *arguments, "--tables", "one")
            assert (result.exit_code, result.stdout) == (2, "")
            assert "not both" in result.stderr
        result = call(command, "--tables", "results")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "results: holds no manifest.json" in result.stderr
    result = call("plot", "--tables", "one", "--tables", "two")
    assert (result.exit_code, result.stdout) == (5, "")
    assert "one and two must hold different lengths; both hold 6" in result.stderr
    Path("two", "regions.parquet").write_bytes(b"torn")
    for command in ("plot", "report"):
        result = call(command, "--tables", "two")
        assert (result.exit_code, result.stdout) == (3, "")
        assert "two/regions.parquet: has changed since it was written" in result.stderr
        assert "Traceback" not in result.stderr
    assert not Path("figures").exists()


def test_verify_computes_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks that give the same numbers pass; one that does not ends in exit code 1."""
    path = finish(folder)
    original = verification.recompute
    for function, code in ((faulty_tasks.fast, 0), (slightly_wrong, 1)):
        monkeypatch.setattr(
            verification, "recompute", functools.partial(original, task_function=function)
        )
        result = call("verify", "--store", str(path), "--samples", "2", "--seed", "5")
        assert result.exit_code == code
        assert len(result.stdout.splitlines()) == 2
    assert "energy: " in result.stdout


def slightly_wrong(parameters: str) -> str:
    """Give an energy that is wrong in the third digit."""
    task = faulty_tasks.Task.from_parameters(parameters)
    energy = faulty_tasks.record(task).energy * 1.001
    return faulty_tasks.record(task, energy=energy).model_dump_json()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "name a study file, or a preset"),
        (["run", "none.toml"], "none.toml: cannot be read"),
        (["run", "study.toml", "--preset", "quick"], "not both"),
        (["run", "--preset", "fast"], "preset must be one of"),
        (["run", "study.toml", "--workers", "-1"], "greater than or equal to 0"),
        (["run", "study.toml", "--scheduler", "tcp://10.0.0.1:1"], "--insecure"),
        (["run", "long.toml", "--workers", "1"], "a task takes about"),
        (["run", "long.toml", "--dry-run"], "a task takes about"),
        (["run", "wrong.toml"], "wrong.toml: 2 problems"),
        (["status"], "there is none"),
        (["status", "--store", "none.sqlite"], "there is no store yet"),
        (["plot", "study.toml"], "there is no store yet"),
        (["report", "study.toml"], "there is no store yet"),
        (["footprint", "study.toml"], "there is no store yet"),
        (["footprint", "--power", "-1"], "greater than or equal to 0"),
        (["footprint", "--power", "inf"], "must be a finite number"),
        (["report", "--emission-factor", "nan"], "--emission-factor"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_usage_errors_end_with_2(folder: Path, arguments: list[str], message: str) -> None:
    """Exit code 2, a message on stderr that says what to do, nothing on stdout, no store."""
    (folder / "long.toml").write_text(STUDY_FILE.replace("[6, 8]", "[30]"))
    (folder / "wrong.toml").write_text(STUDY_FILE.replace("seed", "seeds"))
    result = call(*arguments)
    assert result.exit_code == 2
    assert message in re.sub(r"\s+", " ", result.stderr)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert not list(folder.rglob("*.sqlite"))


def test_two_stores_must_be_told_apart(folder: Path) -> None:
    """Without a name there must be one store only."""
    path = finish(folder)
    shutil.copytree(path.parent, folder / "results" / "other")
    result = call("status")
    assert result.exit_code == 2
    assert "other" in result.stderr
    assert call("status", "study.toml").exit_code == 0


def test_nothing_to_draw_yet(folder: Path) -> None:
    """A store without results cannot be drawn, and says so."""
    with Store("results/small/store.sqlite").run(faulty_tasks.study()):
        pass
    for command, message in (("plot", "no results to draw yet"), ("report", "no results to show")):
        result = call(command)
        assert result.exit_code == 2
        assert message in result.stderr
    assert not list(folder.rglob("*.html"))


def test_fault_4_full_disk_ends_with_74(folder: Path, processes: ForkServerContext) -> None:
    """A run that finds the disk full ends with 74; what is there is whole, and a resume heals."""
    arguments = (folder, "fast", "run", "study.toml", "--workers", "0", "--no-figures")
    driver = processes.Process(target=faulty_tasks.command_line_on_full_disk, args=arguments)
    driver.start()
    driver.join(60)
    assert driver.exitcode == 74
    path = folder / "results" / "small" / "store.sqlite"
    done = len(Store(path).finished())
    assert 0 < done < TASKS
    assert not [file for file in path.parent.iterdir() if file.suffix in {".new", ".tmp"}]
    finish(folder)
    assert len(Store(path).finished()) == TASKS


def flip(path: Path, find: bytes, after: int = 0, bits: int = 0xFF) -> None:
    """Invert bits of a byte of a text in a file, or of one that comes after its beginning."""
    content = bytearray(path.read_bytes())
    content[content.index(find) + after] ^= bits
    path.write_bytes(content)


def renumber(path: Path) -> None:
    """Claim a later version of the tables."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "truncated": lambda path: os.truncate(path, 10_000),
    "zero length": lambda path: os.truncate(path, 0),
    "foreign file": lambda path: path.write_text("length,disorder\n" * 1000),
    "newer schema": renumber,
    "flipped byte in the header": lambda path: flip(path, b"SQLite format 3"),
    "flipped byte in a page": lambda path: flip(path, b"CREATE TABLE results"),
    # A digit that becomes another one, so only its digest tells.
    "flipped bit in a value": lambda path: flip(path, b'"energy":', len('"energy":0.123'), 1),
}
COMMANDS = ["run", "status", "plot", "report", "footprint", "export", "verify"]


@pytest.mark.parametrize(
    ("command", "damage"),
    [
        *((command, "flipped bit in a value") for command in COMMANDS),
        *((command, damage) for command in ("run", "status") for damage in list(DAMAGES)[:-1]),
    ],
)
def test_fault_5_damaged_store_ends_with_3(folder: Path, command: str, damage: str) -> None:
    """No command uses a damaged store; each says what is wrong with it, without a traceback."""
    path = finish(folder)
    DAMAGES[damage](path)
    damaged = path.read_bytes()
    result = call(command, "study.toml")
    assert result.exit_code == 3
    assert "damaged store" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert path.read_bytes() == damaged


def test_fault_6_second_run_ends_with_4(
    folder: Path, processes: ForkServerContext, eventually: Wait
) -> None:
    """While one process runs a study, another one is told which, and ends at once."""
    arguments = (folder, "slow", "run", "study.toml", "--workers", "0")
    first = processes.Process(target=faulty_tasks.command_line, args=arguments)
    first.start()
    path = folder / "results" / "small" / "store.sqlite"
    eventually(path.exists)
    eventually(lambda: Store(path).finished())
    second = call("run", "study.toml", "--workers", "0")
    assert second.exit_code == 4
    assert f"in use by process {first.pid}" in second.stderr
    assert first.is_alive()
    first.kill()
    first.join()
    finish(folder)


def test_fault_6_store_in_use_ends_with_4(folder: Path) -> None:
    """A second run is refused at once and told who holds the store; reading still works."""
    path = finish(folder)
    with Store(path).run(Store(path).study()):
        result = call("run", "study.toml", "--workers", "0")
        assert result.exit_code == 4
        assert f"in use by process {os.getpid()}" in result.stderr
        for command in ("status", "export", "plot", "footprint"):
            assert call(command).exit_code == 0


def test_fault_7_another_study_ends_with_5(folder: Path) -> None:
    """Other physics is refused with the difference; more of the same study is fine."""
    finish(folder)
    changes = {
        STUDY_FILE.replace("seed = 1", "seed = 2"): "seed: 1 in the store, 2 asked for",
        STUDY_FILE + 'initial_state = "neel"\n': (
            'initial_state: "tilted-neel" in the store, "neel" asked for'
        ),
        STUDY_FILE.replace("[0.1]", "[0.2]"): "epsilons: [0.1] in the store, [0.2] asked for",
    }
    for text, difference in changes.items():
        (folder / "study.toml").write_text(text)
        result = call("run", "study.toml", "--workers", "0")
        assert result.exit_code == 5
        assert difference in result.stderr
    larger = STUDY_FILE.replace("[6, 8]", "[6, 8, 10]").replace("= 3", "= 4")
    (folder / "study.toml").write_text(larger)
    assert call("run", "study.toml", "--workers", "0", "--no-figures").exit_code == 0
    counts = Store("results/small/store.sqlite").counts()
    assert [counts[length][State.DONE] for length in (6, 8, 10)] == [12, 12, 12]


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("in_background", [False, True])
def test_fault_9_signal_with_workers(
    tmp_path: Path,
    spawn: Callable[..., subprocess.Popen[bytes]],
    eventually: Wait,
    require_no_survivors: Survivors,
    in_background: bool,
) -> None:
    """Ctrl-C, or SIGTERM to a background job, lets the workers finish; no child is left."""
    # A terminal sends Ctrl-C to the whole process group. A background job ignores it.
    send, number, code = os.killpg, signal.SIGINT, 130
    if in_background:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        send, number, code = os.kill, signal.SIGTERM, 143
    (tmp_path / "study.toml").write_text(STUDY_FILE)
    driver = spawn(
        *(faulty_tasks.__file__, "slow", "run", "study.toml", "--workers", "1"),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(Path(faulty_tasks.__file__).parent)},
    )
    path = tmp_path / "results" / "small" / "store.sqlite"
    eventually(path.exists)
    eventually(lambda: Store(path).finished())
    children = psutil.Process(driver.pid).children(recursive=True)
    send(driver.pid, number)
    _, messages = driver.communicate(timeout=60)
    assert driver.returncode == code, messages
    assert b"waiting for the tasks that run" in messages
    assert b"the same command goes on from here" in messages
    assert b"Traceback" not in messages
    require_no_survivors(children)
    outcomes = {outcome for (outcome,) in Store(path)._rows("SELECT outcome FROM attempts")}
    assert outcomes == {"done"}


@pytest.mark.parametrize(
    ("numbers", "code"),
    [([signal.SIGTERM], 143), ([signal.SIGINT] * 2, 130), ([signal.SIGINT, signal.SIGTERM], 143)],
)
def test_fault_9_signals(
    tmp_path: Path,
    processes: ForkServerContext,
    eventually: Wait,
    numbers: list[signal.Signals],
    code: int,
) -> None:
    """One signal waits for the task that runs, two do not; both leave a store that resumes."""
    (tmp_path / "study.toml").write_text(STUDY_FILE)
    arguments = (tmp_path, "slow", "run", "study.toml", "--workers", "0")
    driver = processes.Process(target=faulty_tasks.command_line, args=arguments)
    driver.start()
    path = tmp_path / "results" / "small" / "store.sqlite"
    eventually(path.exists)
    eventually(lambda: Store(path).finished())
    for number in numbers:
        assert driver.pid is not None
        os.kill(driver.pid, number)
    driver.join(60)
    assert driver.exitcode == code
    done = len(Store(path).finished())
    assert 0 < done < TASKS
    summary = run_study(Store(path).study(), path, workers=0, task_function=faulty_tasks.fast)
    assert summary.computed == TASKS - done


@pytest.mark.parametrize("workers", ["0", "1"])
@pytest.mark.parametrize(
    "numbers", [[signal.SIGINT], [signal.SIGTERM], [signal.SIGINT, signal.SIGTERM]]
)
def test_fault_9_signals_during_commit(
    folder: Path,
    processes: ForkServerContext,
    eventually: Wait,
    numbers: list[signal.Signals],
    workers: str,
) -> None:
    """A signal in the middle of a commit leaves a whole store that resumes, and no child."""
    target = functools.partial(faulty_tasks.signalled_in_commit, numbers)
    arguments = (folder, "fast", "run", "study.toml", "--workers", workers)
    driver = processes.Process(target=target, args=arguments)
    driver.start()
    driver.join(60)
    assert driver.exitcode == 128 + numbers[-1]
    children = [int(pid) for pid in (folder / "children").read_text().split()]
    assert bool(children) == (workers == "1")
    eventually(lambda: not any(map(psutil.pid_exists, children)))
    path = folder / "results" / "small" / "store.sqlite"
    done = len(Store(path).finished())
    assert 0 < done < TASKS
    summary = run_study(Store(path).study(), path, workers=0, task_function=faulty_tasks.fast)
    assert (summary.exit_code, summary.computed) == (0, TASKS - done)
    assert all(record == faulty_tasks.record(task) for task, record in Store(path).results())


def test_fault_13_status_into_a_closed_pipe(folder: Path) -> None:
    """A reader that has enough, as head has, is no error and makes no noise."""
    path = finish(folder)
    reading, writing = os.pipe()
    os.close(reading)
    result = subprocess.run(
        [sys.executable, "-m", "mbl_study", "status", "--store", str(path)],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (result.returncode, result.stderr) == (0, b"")
