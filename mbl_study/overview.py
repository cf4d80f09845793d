"""What a user wants to know about a study: as plain data, and as text for a terminal.

`plan`, `state` and `findings` return what ``--json`` prints; `show` lays the same out for people.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mbl_study.console import clean, duration
from mbl_study.errors import StoreMissingError
from mbl_study.store import Store
from mbl_study.study import Study, Task

if TYPE_CHECKING:
    import pandas as pd

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
    from mbl_study.ensemble import memory_estimate, seconds_estimate
    from mbl_study.workers import local_share

    need = max(map(memory_estimate, study.lengths))
    count, share = local_share(need, workers)
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


def findings(store: Store, folder: Path) -> dict[str, Any]:
    """Draw the figures into a folder, and return their paths with the numbers that matter most.

    Raises
    ------
    StoreMissingError
        The store holds no entropies yet.
    """
    # They take a second to load, and only figures need them.
    from mbl_study import analysis, plots

    with store:
        tables = analysis.tabulate(store.results())
    if tables.regions.empty:
        raise StoreMissingError(f"{store.path}: there are no results to draw yet. Run the study.")
    slopes = analysis.slope_per_realization(tables.regions)
    return {
        "store": str(store.path),
        "slopes": _rows(analysis.bootstrap_slopes(slopes)),
        "critical_disorder": _rows(analysis.critical_disorder(slopes)),
        "figures": [str(path) for path in plots.write_figures(tables, folder)],
    }


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
        _show_findings(report, console)
    console.out(f"results: {report['store']}", highlight=False)


def _show_plan(report: dict[str, Any], console: Console) -> None:
    need, share = (f"{report[name] / 2**20:.1f} MiB" for name in ("task_bytes", "worker_bytes"))
    left = f"{report['remaining']} of {report['planned']} tasks left"
    console.out(f"study {report['study']}: {left}", highlight=False)
    console.out(f"workers: {report['workers']} with {share} each", highlight=False)
    console.out(f"memory of a task: {need}", highlight=False)
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


def _show_findings(report: dict[str, Any], console: Console) -> None:
    lengths = sorted({row["length"] for row in report["slopes"]})
    title = "slope of D_max(omega_R || tau_beta(H_R)) in |R|, bits per site, bootstrap error"
    table = Table("disorder", *(f"L = {length}" for length in lengths), box=box.SIMPLE, title=title)
    cells = {
        (row["disorder"], row["length"]): _with_error(row, "slope") for row in report["slopes"]
    }
    for disorder in sorted({disorder for disorder, _ in cells}):
        row = (cells.get((disorder, length), "") for length in lengths)
        table.add_row(f"{disorder:g}", *row)
    console.print(table)
    for row in report["critical_disorder"]:
        value = _with_error(row, "critical_disorder")
        console.out(
            f"critical disorder strength at L = {row['length']}: {value}"
            " (Pauli units; W is half of it)",
            highlight=False,
        )
    for path in report["figures"]:
        console.out(f"figure: {path}", highlight=False)


def _with_error(row: dict[str, Any], name: str) -> str:
    value, error = row[name], row[f"{name}_error"]
    if value is None:
        return "not found"
    return f"{value:.4f}" if error is None else f"{value:.4f} ± {error:.4f}"


def _rows(table: pd.DataFrame) -> Any:
    # Through pandas' own JSON, which turns NaN into null.
    return json.loads(table.to_json(orient="records", double_precision=15))
