"""What went wrong in a study stands on its page, and no more of it than people read."""

from __future__ import annotations

from collections import Counter

import pytest
import synthetic_study

from mbl_study import overview
from mbl_study.report import checks
from mbl_study.report.checks import check_tables, version_tables
from mbl_study.store import Store
from mbl_study.study import Task
from mbl_study.tables import Tables, tabulate


def test_failures_and_anomalies_are_named(store: Store, tables: Tables) -> None:
    """Each has its task and the last line of what it says, without control characters."""
    values = check_tables(tables, overview.state(store))
    assert (values["done"], values["planned"]) == (58, 60)
    assert [entry[:2] for entry in values["failures"]] == [
        ("L = 6, disorder 15, realization 1", "failed"),
        ("L = 8, disorder 15, realization 1", "failed"),
    ]
    assert all(entry[2].startswith("RuntimeError: beyond repair") for entry in values["failures"])
    assert [name for name, _ in values["anomalies"]] == [
        "L = 6, disorder 0.5, realization 2",
        "L = 8, disorder 0.5, realization 2",
    ]
    assert values["failure_count"] == values["anomaly_count"] == 2
    assert values["conflicts"] == []
    assert "\x1b" not in str(values)


def test_residuals_are_the_largest_of_each_length() -> None:
    """One bad spectrum among many is the one that is shown."""
    tasks = [Task(length=6, realization=r, disorder=1.0, seed=1) for r in range(3)]
    records = [synthetic_study.record(task, trace_residual=1e-15) for task in tasks[:2]]
    records.append(synthetic_study.record(tasks[2], trace_residual=3e-12, norm_residual=0.0))
    values = check_tables(
        tabulate(zip(tasks, records, strict=True)), {"tasks": {}, "failures": [], "conflicts": []}
    )
    assert values["residuals"] == [("6", "3.0e-12", "2.0e-15")]


def test_long_lists_are_cut_and_counted(
    store: Store, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page shows the first ones; the counts are whole."""
    monkeypatch.setattr(checks, "MOST_ROWS", 1)
    values = check_tables(tables, overview.state(store))
    assert len(values["failures"]) == len(values["anomalies"]) == 1
    assert values["failure_count"] == values["anomaly_count"] == 2


def test_versions_are_counted() -> None:
    """Records of several versions are told apart; what an old one did not note is empty."""
    old, new = (("python", "3.11"),), (("numpy", "2.4"), ("python", "3.12"))
    values = version_tables(Counter({new: 5, old: 3}))
    assert values["version_names"] == ["numpy", "python"]
    assert values["version_rows"] == [("5", "2.4", "3.12"), ("3", "", "3.11")]
