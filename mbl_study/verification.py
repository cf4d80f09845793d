"""Finished tasks, computed once more and compared with what the store holds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from mbl_study.ensemble import simulate_task
from mbl_study.ledger import NOT_COMPARED
from mbl_study.record import Record
from mbl_study.store import Store
from mbl_study.study import Task
from mbl_study.workers import TaskFunction

__all__ = ["recompute"]


def recompute(
    store: Store,
    samples: int,
    *,
    rng: int | np.random.Generator = 0,
    task_function: TaskFunction = simulate_task,
) -> Iterator[tuple[Task, str]]:
    """Run some finished tasks again in this process, and compare the numbers.

    Parameters
    ----------
    store
        Where the results are; nothing is written.
    samples
        How many tasks, or all if there are fewer.
    rng
        Chooses them; anything that `numpy.random.default_rng` takes.
    task_function
        As for `run_study`.

    Yields
    ------
    tuple of Task and str
        The task, and the first number that differs, or nothing.
    """
    keys = store.finished()
    chosen = np.random.default_rng(rng).permutation(len(keys))[:samples]
    for index in sorted(chosen.tolist()):
        task, record = store.result(keys[index])
        again = Record.model_validate_json(task_function(task.parameters))
        yield task, _first_difference(record, again)


def _first_difference(stored: Record, again: Record) -> str:
    """Name the first number that differs by more than rounding, or nothing."""
    before, now = dict(_leaves(stored.model_dump())), dict(_leaves(again.model_dump()))
    for name in before | now:
        old, new = before.get(name), now.get(name)
        # Other processors round differently, and iterations stop at other points.
        if isinstance(old, float) and isinstance(new, float):
            same = math.isclose(old, new, rel_tol=1e-6, abs_tol=1e-9)
        else:
            same = old == new
        if not same:
            return f"{name}: {old} in the store, {new} now"
    return ""


def _leaves(values: dict[Any, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Every number of a record with its place, for example ``regions.2.coherence``."""
    for name, value in values.items():
        if name in NOT_COMPARED:
            continue
        inner = dict(enumerate(value)) if isinstance(value, tuple) else value
        if isinstance(inner, dict):
            yield from _leaves(inner, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
