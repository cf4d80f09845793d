"""The command line ``qentropy``."""

import io
import json
import math
import subprocess
import sys
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import scs
from rich.console import Console
from typer.testing import CliRunner

from qentropy import cli, lemmas
from qentropy.cli import app
from qentropy.lemmas import verification

RUNNER = CliRunner()


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """The state |+> and diag(3/4, 1/4), as files."""
    np.save(tmp_path / "rho.npy", np.full((2, 2), 0.5))
    np.savez(tmp_path / "sigma.npz", sigma=np.diag([0.75, 0.25]))
    return str(tmp_path / "rho.npy"), str(tmp_path / "sigma.npz")


def test_dmax_prints_value_interval_and_method(files: tuple[str, str]) -> None:
    """D_max of |+> against diag(3/4, 1/4) is log2(8/3)."""
    result = RUNNER.invoke(app, ["dmax", *files])
    assert result.exit_code == 0
    assert "1.415037499" in result.stdout
    assert "method" in result.stdout


def test_the_version_is_that_of_the_distribution() -> None:
    """A report of a fault can name the version."""
    assert RUNNER.invoke(app, ["--version"]).stdout == version("qentropy") + "\n"


def test_dmax_smooth_as_json(files: tuple[str, str]) -> None:
    """The JSON holds the interval: trace distance 0.1 gives 1.2256362383 (acceptance case 22)."""
    arguments = ["--epsilon", "0.1", "--ball", "trace-distance", "--json"]
    result = RUNNER.invoke(app, ["dmax", *files, *arguments])
    data = json.loads(result.stdout)
    assert data["lower"] <= 1.2256362384
    assert data["upper"] >= 1.2256362382
    assert data["converged"]
    assert data["report"]["blocks"] == [2]


def test_solver_that_prints_does_not_spoil_the_output(
    files: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SCS prints some failures on stdout whatever it is told."""
    solve = scs.solve

    def talkative(*data: Any, **options: Any) -> Any:
        print("ERROR: could not determine problem status.")  # noqa: T201 - the fault itself
        return solve(*data, **options)

    monkeypatch.setattr(scs, "solve", talkative)
    arguments = ["dmax", *files, "--epsilon", "0.1", "--method", "conic", "--json"]
    result = RUNNER.invoke(app, arguments)
    assert json.loads(result.stdout)["method"] == "conic"
    assert "could not determine" in result.stderr


def test_dmax_infinite_is_valid_json(tmp_path: Path) -> None:
    """An infinite value is written as a string, since JSON has no infinity."""
    np.save(tmp_path / "a.npy", np.diag([0.5, 0.5]))
    scipy.sparse.save_npz(tmp_path / "b.npz", scipy.sparse.csr_array(np.diag([1.0, 0.0])))
    result = RUNNER.invoke(
        app, ["dmax", str(tmp_path / "a.npy"), str(tmp_path / "b.npz"), "--json"]
    )
    assert result.exit_code == 0
    assert math.isinf(float(json.loads(result.stdout)["value"]))


def test_dmax_says_when_the_interval_is_wide(files: tuple[str, str]) -> None:
    """A width that cannot be reached is said on stderr; the interval is printed all the same."""
    result = RUNNER.invoke(app, ["dmax", *files, "--epsilon", "0.1", "--rtol", "1e-18"])
    assert result.exit_code == 0
    assert "wider" in result.stderr
    assert "interval" in result.stdout


def test_files_that_are_no_matrices(tmp_path: Path, files: tuple[str, str]) -> None:
    """Text, pickles, empty and ambiguous archives end in one line and exit code 2."""
    bad = {name: tmp_path / name for name in ("text.npy", "pickle.npy", "two.npz", "empty.npy")}
    bad["text.npy"].write_text("not a matrix")
    bad["empty.npy"].write_bytes(b"")
    np.save(bad["pickle.npy"], np.array([{"a": 1}]), allow_pickle=True)
    np.savez(bad["two.npz"], a=np.eye(2), b=np.eye(2))
    for path in (*bad.values(), tmp_path / "missing.npy", tmp_path):
        result = RUNNER.invoke(app, ["dmax", str(path), files[1]])
        assert result.exit_code == 2, path
        assert result.stderr.startswith("qentropy: ")
        assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "arguments", [["--epsilon", "-1"], ["--ball", "round"], ["--method", "guess"], ["--rtol", "0"]]
)
def test_bad_options(files: tuple[str, str], arguments: list[str]) -> None:
    """A bad option is a usage error that says what is allowed."""
    result = RUNNER.invoke(app, ["dmax", *files, *arguments])
    assert result.exit_code == 2
    assert "must be" in result.stderr


def test_debug_shows_the_exception(files: tuple[str, str]) -> None:
    """With --debug the exception itself comes through."""
    result = RUNNER.invoke(app, ["dmax", *files, "--ball", "round", "--debug"])
    assert isinstance(result.exception, ValueError)


@pytest.mark.parametrize("columns", ["80", "120"])
def test_verify_prints_a_table(columns: str) -> None:
    """One row per statement, all proved, and nothing is cut off at usual widths."""
    arguments = ["verify", "--samples", "2", "--search", "2"]
    result = RUNNER.invoke(app, arguments, env={"COLUMNS": columns})
    assert result.exit_code == 0
    assert result.stdout.count("PROVED") == len(lemmas.STATEMENTS)
    assert "…" not in result.stdout
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= int(columns)
    for name in lemmas.STATEMENTS:
        assert any(name in line.split() for line in lines), name
    assert result.stderr == ""


def test_verify_one_statement_as_json() -> None:
    """Named statements only, with the tightest instance."""
    arguments = ["verify", "convex-split", "--samples", "2", "--search", "0", "--json"]
    (report,) = json.loads(RUNNER.invoke(app, arguments).stdout)
    assert report["equation"] == "(B4)"
    assert report["instances"] == 2
    assert report["tightest"]["verdict"] == "PROVED"
    assert not report["tightest"]["adversarial"]


def test_verify_unknown_statement() -> None:
    """An unknown statement is a usage error that lists the known ones."""
    result = RUNNER.invoke(app, ["verify", "lemma-0"])
    assert result.exit_code == 2
    assert "convex-split" in result.stderr


@pytest.mark.parametrize("columns", ["80", "120"])
def test_verify_exits_with_one_when_refuted(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    """A refuted statement gives exit code 1, and the table says which and where."""
    honest = lemmas.STATEMENTS["convex-split"]
    false = replace(honest, check=partial(honest.check, factor=0.01))
    monkeypatch.setattr(verification, "STATEMENTS", {"convex-split": false})
    arguments = ["verify", "convex-split", "--samples", "2", "--search", "2"]
    result = RUNNER.invoke(app, arguments, env={"COLUMNS": columns})
    assert result.exit_code == 1
    assert "REFUTED" in result.stdout
    assert "d = 2, n = " in result.stdout


def test_verify_saves_instances(tmp_path: Path) -> None:
    """The tightest instance is written, and read back it gives the sides that were reported."""
    folder = tmp_path / "tight"
    arguments = ["verify", "convex-split", "--samples", "2", "--search", "4", "--json"]
    result = RUNNER.invoke(app, [*arguments, "--seed", "3", "--save-instances", str(folder)])
    (report,) = json.loads(result.stdout)
    name, instance = lemmas.load_instance(folder / "convex-split.json")
    check = lemmas.STATEMENTS[name].check(**instance)
    assert check.to_dict()["lhs"] == report["tightest"]["lhs"]
    assert json.loads((folder / "convex-split.json").read_text())["seed"] == 3


def test_verify_says_when_it_cannot_save(tmp_path: Path) -> None:
    """A folder that cannot be made is one line on stderr and exit code 2."""
    (tmp_path / "file").write_text("")
    arguments = ["verify", "convex-split", "--samples", "1", "--search", "0"]
    result = RUNNER.invoke(app, [*arguments, "--save-instances", str(tmp_path / "file")])
    assert result.exit_code == 2
    assert result.stderr.startswith("qentropy: ")


def test_verify_lists_the_statements() -> None:
    """Each statement is listed by name, with its formula, and nothing is checked."""
    result = RUNNER.invoke(app, ["verify", "--list"], env={"COLUMNS": "200"})
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(lemmas.STATEMENTS)
    assert "rho_AB <= rho_A (x) Pi_B" in result.stdout


def test_names_of_statements_are_completed() -> None:
    """The shell is offered the names of the statements."""
    words = {"COMP_WORDS": "qentropy verify convex", "COMP_CWORD": "2"}
    done = RUNNER.invoke(
        app, [], prog_name="qentropy", env={**words, "_QENTROPY_COMPLETE": "complete_bash"}
    )
    assert "convex-split" in done.stdout.split()


def test_verify_shows_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the bar names the statement, says how much is left and ends full."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80)
    monkeypatch.setattr(cli, "messages", console)
    names = ["energy-weights", "fidelity-lower-bound"]
    arguments = ["verify", *names, "--samples", "2", "--search", "2"]
    assert RUNNER.invoke(app, arguments).exit_code == 0
    shown = screen.getvalue()
    assert names[1] in shown
    assert "100%" in shown


def test_help_teaches() -> None:
    """The help of each command has an example."""
    for command in ("dmax", "verify"):
        assert "Example" in RUNNER.invoke(app, [command, "--help"]).stdout


def test_module_runs() -> None:
    """``python -m qentropy`` is the same program."""
    done = subprocess.run(
        [sys.executable, "-m", "qentropy", "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "dmax" in done.stdout
