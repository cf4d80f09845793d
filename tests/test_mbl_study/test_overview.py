"""What is told about a study is plain data, and the text for people says the same."""

import io
import json
from pathlib import Path
from typing import Any

import faulty_tasks
import pytest
from rich.console import Console

from mbl_study import overview, plots
from mbl_study.archive import write_archive
from mbl_study.ensemble import run_study
from mbl_study.errors import StoreMissingError
from mbl_study.store import Store


def shown(report: dict[str, Any], *, as_json: bool = False) -> str:
    """Text that a user sees."""
    console = Console(file=io.StringIO(), width=100)
    overview.show(report, console, as_json=as_json)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Store of a study with many failures."""
    path = tmp_path_factory.mktemp("overview") / "store.sqlite"
    run_study(faulty_tasks.study(realizations=6), path, workers=0, task_function=half)
    return Store(path)


def half(parameters: str) -> str:
    """Fail for one of two disorder strengths."""
    if '"disorder":5.0' in parameters:
        raise RuntimeError("\x1b[2J clears the screen")
    return faulty_tasks.fast(parameters)


def test_a_plan_counts_what_is_left(store: Store) -> None:
    """Tasks that are done or given up are not planned again; the store stays as it is."""
    before = store.path.read_bytes()
    plan = overview.plan(faulty_tasks.study(realizations=7), store, workers=2)
    assert (plan["planned"], plan["remaining"], plan["workers"]) == (28, 4, 2)
    assert plan["seconds"] > 0
    assert store.path.read_bytes() == before
    text = shown(plan)
    assert "study small: 4 of 28 tasks left" in text
    assert "workers: 2 with " in text


def test_a_state_names_every_failure(store: Store) -> None:
    """Programs get all failures with their tracebacks; people get the first and a count."""
    state = overview.state(store)
    assert state["tasks"]["6"] == {"done": 6, "failed": 6, "quarantined": 0, "pending": 0}
    assert len(state["failures"]) == 12
    assert json.loads(shown(state, as_json=True)) == state
    text = shown(state)
    assert text.count("failed: L = 6, disorder 5") + text.count("failed: L = 8, disorder 5") == 10
    assert "and 2 more" in text
    assert "\x1b" not in text
    assert str(store.path) in text.replace("\n", "")


def test_findings_hold_the_numbers_of_the_figures(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slopes with errors, critical disorder strengths or null, and the paths of the figures."""
    figure = tmp_path / "slope.png"
    monkeypatch.setattr(plots, "write_figures", lambda tables, folder: [folder / figure.name])
    findings = overview.findings(store, tmp_path)
    assert findings["figures"] == [str(figure)]
    (six, eight) = findings["slopes"]
    assert (six["length"], six["disorder"], six["count"]) == (6, 1.0, 6)
    # Slope of the synthetic records, 0.2 + 0.7/17 with a scatter of 0.02.
    assert six["slope"] == pytest.approx(0.2 + 0.7 / 17, abs=0.02)
    assert 0 < six["slope_error"] < 0.02
    assert [row["critical_disorder"] for row in findings["critical_disorder"]] == [None, None]
    text = shown(findings)
    assert f"{eight['slope']:.4f} ± {eight['slope_error']:.4f}" in text
    assert "critical disorder strength at L = 6: not found" in text
    assert findings["critical_drift"] == {"lengths": 0} | dict.fromkeys(
        ("limit", "limit_error", "rate", "rate_error", "chi_squared")
    )
    assert [row["slope"] for row in findings["strong_disorder_limit"]] == [
        pytest.approx(0.82, abs=0.01),
        pytest.approx(0.88, abs=0.01),
    ]
    assert {row["disorder"] for row in findings["level_spacing"]} == {1.0}
    # In the synthetic records the lattice entropy is 95 % of the other.
    assert {row["share_below"] for row in findings["thermal_states"]} == {1.0}
    rates = {row["bound"]: row["rate"] for row in findings["bath_rates"] if row["length"] == 6}
    assert rates["upper"] == pytest.approx(six["slope"], rel=1e-9)
    assert rates["lower"] == pytest.approx(0.9 * six["slope"], rel=1e-9)


def test_tables_give_the_findings_of_their_store(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing but the name of the source differs, and two folders are drawn as one study."""
    monkeypatch.setattr(plots, "write_figures", lambda tables, folder: [folder])
    write_archive(store, tmp_path / "tables", ["parquet"])
    expected = overview.findings(store, tmp_path)
    found = overview.findings([tmp_path / "tables"], tmp_path)
    assert (expected.pop("store"), found.pop("tables")) == (
        str(store.path),
        [str(tmp_path / "tables")],
    )
    assert found == expected
    run_study(
        faulty_tasks.study(lengths=(5,), seed=9),
        tmp_path / "other.sqlite",
        workers=0,
        task_function=half,
    )
    write_archive(Store(tmp_path / "other.sqlite"), tmp_path / "other")
    both = overview.findings([tmp_path / "tables", tmp_path / "other"], tmp_path)
    assert [row["length"] for row in both["slopes"]] == [5, 6, 8]
    slopes = [row["slope"] for row in expected["slopes"]]
    assert [row["slope"] for row in both["slopes"][1:]] == slopes
    assert f"results: {tmp_path / 'tables'}, {tmp_path / 'other'}" in shown(both).replace("\n", "")


def test_a_single_realization_has_no_error() -> None:
    """A number without an error is printed without one."""
    report = {
        "store": "s",
        "figures": [],
        "slopes": [{"length": 6, "disorder": 2.5, "slope": 0.25, "slope_error": None}],
        "critical_disorder": [
            {"length": 6, "critical_disorder": 4.0, "critical_disorder_error": None}
        ],
    }
    text = shown(report)
    assert "0.2500" in text
    assert "at L = 6: 4.0000 (Pauli units; W is half of it)" in text
    assert "±" not in text


def test_there_must_be_results(tmp_path: Path) -> None:
    """A store that a run has just begun cannot be drawn."""
    store = Store(tmp_path / "store.sqlite")
    with store.run(faulty_tasks.study()):
        pass
    with pytest.raises(StoreMissingError, match="no results to draw yet"):
        overview.findings(store, tmp_path)
