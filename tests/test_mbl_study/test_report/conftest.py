"""Stores and pages of studies that never ran."""

from __future__ import annotations

import pytest
import synthetic_study
from html_structure import Page

from mbl_study import analysis
from mbl_study.ensemble import run_study
from mbl_study.report import render_report
from mbl_study.report.figures import Panel, draw_panels
from mbl_study.store import Store
from mbl_study.study import Study, Task
from mbl_study.tables import Tables

HOSTILE = '</script><script>alert("no")</script>\x1b[2J'
FAILING, ODD = 15.0, 0.5


def invented(parameters: str) -> str:
    """Give a record with a known slope, an odd one or none at all."""
    task = Task.from_parameters(parameters)
    if task.disorder == FAILING and task.realization == 1:
        raise RuntimeError(f"beyond repair {HOSTILE}")
    anomaly = f"strange {HOSTILE}" if (task.disorder, task.realization) == (ODD, 2) else ""
    # The realizations scatter as a known pattern.
    bits = synthetic_study.slope(task.disorder) * (1 + 0.1 * (task.realization - 1))
    return synthetic_study.record(task, bits, anomaly=anomaly).model_dump_json()


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Store of a study with failed tasks and odd records."""
    path = tmp_path_factory.mktemp("report") / "store.sqlite"
    study = Study(
        name="invented",
        seed=1,
        lengths=(6, 8),
        disorders=synthetic_study.DISORDERS,
        realizations=3,
        epsilons=(0.1, 0.01),
    )
    run_study(study, path, workers=0, task_function=invented)
    return Store(path)


@pytest.fixture(scope="session")
def tables(store: Store) -> Tables:
    """Tables of that study."""
    with store:
        return analysis.tabulate(store.results())


@pytest.fixture(scope="session")
def panels(tables: Tables) -> dict[str, Panel]:
    """Figures of that study, by name."""
    return {panel.name: panel for panel in draw_panels(tables, samples=20)}


@pytest.fixture(scope="session")
def page(store: Store) -> str:
    """Page of that study."""
    return render_report(store, power=20.0, emission_factor=0.25, samples=20)


@pytest.fixture(scope="session")
def parsed(page: str) -> Page:
    """That page taken apart."""
    return Page.of(page)
