"""The command line ``qentropy``."""

import json
import math
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import scs
from typer.testing import CliRunner

from qentropy import lemmas
from qentropy.cli import app
from qentropy.results import Interval, LemmaCheck

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


def test_verify_prints_a_table() -> None:
    """One row per statement, all proved."""
    result = RUNNER.invoke(app, ["verify", "--samples", "2"])
    assert result.exit_code == 0
    assert result.stdout.count("PROVED") == len(lemmas.STATEMENTS)


def test_verify_one_statement_as_json() -> None:
    """Named statements only, with the tightest instance."""
    result = RUNNER.invoke(app, ["verify", "convex-split", "--samples", "2", "--json"])
    (report,) = json.loads(result.stdout)
    assert report["equation"] == "(B4)"
    assert report["instances"] == 2
    assert report["tightest"]["verdict"] == "PROVED"


def test_verify_unknown_statement() -> None:
    """An unknown statement is a usage error that lists the known ones."""
    result = RUNNER.invoke(app, ["verify", "lemma-0"])
    assert result.exit_code == 2
    assert "convex-split" in result.stderr


def test_verify_exits_with_one_when_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refuted statement gives exit code 1."""
    false = LemmaCheck(
        statement="two is at most one",
        equation="(0)",
        lhs=Interval(2, 2),
        rhs=Interval(1, 1),
        instance="none",
    )
    monkeypatch.setitem(lemmas.STATEMENTS, "convex-split", lambda rng, k: false)
    result = RUNNER.invoke(app, ["verify", "convex-split"])
    assert result.exit_code == 1
    assert "REFUTED" in result.stdout


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
