"""What a user wants to know about a study: as plain data, and as text for a terminal.

`plan`, `state` and `findings` return what ``--json`` prints; `show` lays the same out for people.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mbl_study.console import clean, duration
from mbl_study.errors import StoreMissingError
from mbl_study.findings_text import show_findings
from mbl_study.store import Store
from mbl_study.study import Study, Task

if TYPE_CHECKING:
    import pandas as pd

    from mbl_study.tables import Tables

__all__ = ["described", "findings", "plan", "show", "state"]

MOST_FAILURES = 10
"""How many failures are shown to people; programs get all of them."""


def plan(study: Study, store: Store, workers: int | None) -> dict[str, Any]:
    """What a run would do on this machine and take from it, without touching anything.

    Raises
    ------
    InsufficientMemoryError
        A task does not fit into the memory of one worker.
    """
    # With these come QuTiP and Dask.
    from mbl_study.ensemble import largest_task, seconds_estimate
    from mbl_study.spectrum import scratch_bytes
    from mbl_study.workers import local_share

    need = largest_task(study)
    count, share = local_share(need, workers)
    # With translated regions the eigenvectors stay in memory.
    filed = study.lengths if study.regions == "first" else ()
    settled = store.settled() if store.path.exists() else set()
    remaining, seconds = 0, 0.0
    for task in study.tasks():
        if task.key not in settled:
            remaining += 1
            seconds += seconds_estimate(task.length)
    return {
        "study": study.name,
        "store": str(store.path),
        "planned": study.task_count,
        "remaining": remaining,
        "workers": count,
        "task_bytes": need,
        "scratch_bytes": max((scratch_bytes(n, range(n + 1)) for n in filed), default=0),
        "worker_bytes": share,
        "seconds": round(seconds / max(1, count), 1),
    }


def state(store: Store) -> dict[str, Any]:
    """What is in a store: tasks by length and state, failures, conflicts, who holds it."""
    with store:
        return {
            "study": store.study().name,
            "store": str(store.path),
            "tasks": {
                str(length): {str(state): count for state, count in counts.items()}
                for length, counts in store.counts().items()
            },
            "failures": [
                {"task": described(task), "state": str(state), "detail": detail}
                for task, state, detail in store.failures()
            ],
            "conflicts": [described(task) for task in store.conflicts()],
            "held_by": store.holder(),
        }


def findings(source: Store | Sequence[Path], folder: Path) -> dict[str, Any]:
    """Draw the figures into a folder, and return their paths with the numbers that matter most.

    The source is a store, or the folders of one or more archives.

    Raises
    ------
    StoreMissingError
        There are no entropies yet.
    StoreDamagedError, StudyMismatchError
        An archive has changed, or archives do not belong together.
    """
    # They take a second to load, and only figures need them.
    from mbl_study import analysis, plots

    tables, report = _tables(source)
    if tables.regions.empty:
        raise StoreMissingError(
            f"{_named(report)}: there are no results to draw yet. Run the study."
        )
    slopes = analysis.slope_per_realization(tables.regions)
    critical = analysis.critical_disorder(slopes)
    return report | {
        "slopes": _rows(analysis.bootstrap_slopes(slopes)),
        "critical_disorder": _rows(critical),
        "critical_drift": _rows(analysis.critical_drift(critical))[0],
        "strong_disorder_limit": _rows(analysis.strong_disorder_limit(tables.realizations)),
        "level_spacing": _rows(analysis.level_spacing(tables.realizations)),
        "thermal_states": _rows(analysis.compare_thermal_states(tables.regions)),
        "bath_rates": _rows(analysis.fit_bath_rates(tables.baths)),
        "figures": [str(path) for path in plots.write_figures(tables, folder)],
    }


def _tables(source: Store | Sequence[Path]) -> tuple[Tables, dict[str, Any]]:
    """Tables of a source, and what a report says about where they are from."""
    from mbl_study import archive
    from mbl_study.tables import tabulate

    if isinstance(source, Store):
        with source:
            return tabulate(source.results()), {"store": str(source.path)}
    tables = archive.combine(map(archive.read_archive, source))
    return tables, {"tables": list(map(str, source))}


def _named(report: dict[str, Any]) -> str:
    return str(report["store"]) if "store" in report else ", ".join(report["tables"])


def described(task: Task) -> str:
    """Name a task for people.

    Examples
    --------
    >>> described(Task(length=8, realization=0, disorder=4.5, seed=1))
    'L = 8, disorder 4.5, realization 0'
    """
    return f"L = {task.length}, disorder {task.disorder:g}, realization {task.realization}"


def show(report: dict[str, Any], console: Console, *, as_json: bool = False) -> None:
    """Print what `plan`, `state` and `findings` returned, or several of them together."""
    if as_json:
        console.out(json.dumps(report, indent=2), highlight=False)
        return
    if "planned" in report:
        _show_plan(report, console)
    if "tasks" in report:
        _show_state(report, console)
    if "slopes" in report:
        show_findings(report, console)
    console.out(f"results: {_named(report)}", highlight=False)


def _show_plan(report: dict[str, Any], console: Console) -> None:
    need, share, scratch = (
        f"{report[name] / 2**20:.1f} MiB"
        for name in ("task_bytes", "worker_bytes", "scratch_bytes")
    )
    left = f"{report['remaining']} of {report['planned']} tasks left"
    console.out(f"study {report['study']}: {left}", highlight=False)
    console.out(f"workers: {report['workers']} with {share} each", highlight=False)
    console.out(f"memory of a task: {need}", highlight=False)
    if report["scratch_bytes"]:
        folder = tempfile.gettempdir()
        console.out(f"temporary files of a task: {scratch} in {folder}", highlight=False)
    console.out(f"time: about {duration(report['seconds'])}", highlight=False)


def _show_state(report: dict[str, Any], console: Console) -> None:
    states = list(dict.fromkeys(name for counts in report["tasks"].values() for name in counts))
    table = Table("L", *states, box=box.SIMPLE, title=f"tasks of study {escape(report['study'])}")
    for length, counts in report["tasks"].items():
        table.add_row(length, *(str(counts[name]) for name in states))
    console.print(table)
    for failure in report["failures"][:MOST_FAILURES]:
        reason = clean(failure["detail"].strip().splitlines()[-1])
        console.out(f"{failure['state']}: {failure['task']}: {reason}", highlight=False)
    if len(report["failures"]) > MOST_FAILURES:
        console.out(
            f"and {len(report['failures']) - MOST_FAILURES} more; --json lists them all",
            highlight=False,
        )
    if report["failures"]:
        console.out("run with --retry to try them again", highlight=False)
    for task in report["conflicts"]:
        console.out(
            f"anomaly: {task}: ran twice and gave different numbers; the first count",
            highlight=False,
        )
    if report["held_by"]:
        console.out(f"held by {clean(report['held_by'])}", highlight=False)


def _rows(table: pd.DataFrame) -> Any:
    # Through pandas' own JSON, which turns NaN into null.
    return json.loads(table.to_json(orient="records", double_precision=15))
