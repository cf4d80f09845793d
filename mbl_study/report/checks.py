"""The checks of a study as text for a report: failures, anomalies, residuals, versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, TypeAlias

from mbl_study.console import clean
from mbl_study.overview import described
from mbl_study.study import Task
from mbl_study.tables import Tables

__all__ = ["MOST_ROWS", "check_tables", "version_tables"]

Versions: TypeAlias = tuple[tuple[str, str], ...]

MOST_ROWS = 20
"""How many failures and anomalies the page shows one by one."""


def check_tables(tables: Tables, state: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the template: what went wrong, what is odd, and how well the spectra fit.

    Parameters
    ----------
    tables
        What `tabulate` returned.
    state
        What `overview.state` returned.
    """
    counts, failures = state["tasks"], state["failures"]
    states = list(dict.fromkeys(name for held in counts.values() for name in held))
    residuals = tables.realizations.groupby("length")[["trace_residual", "norm_residual"]].max()
    odd = tables.realizations[tables.realizations["anomaly"] != ""]
    anomalies = [
        (_described(row), clean(row["anomaly"])) for row in odd.head(MOST_ROWS).to_dict("records")
    ]
    return {
        "done": sum(held["done"] for held in counts.values()),
        "planned": sum(sum(held.values()) for held in counts.values()),
        "states": states,
        "task_rows": [
            (length, *(str(held[name]) for name in states)) for length, held in counts.items()
        ],
        "failures": [
            (entry["task"], entry["state"], clean(entry["detail"].strip().splitlines()[-1]))
            for entry in failures[:MOST_ROWS]
        ],
        "failure_count": len(failures),
        "conflicts": state["conflicts"],
        "residuals": [
            (str(length), *(f"{value:.1e}" for value in row))
            for length, *row in residuals.itertuples()
        ],
        "anomalies": anomalies,
        "anomaly_count": len(odd),
    }


def _described(row: Mapping[Any, Any]) -> str:
    key = {name: row[name] for name in ("length", "realization", "disorder")}
    return described(Task.model_validate(key | {"seed": 0}))


def version_tables(computed: Counter[Versions]) -> dict[str, Any]:
    """Values of the template: which versions how many records were computed with.

    Examples
    --------
    >>> version_tables(Counter([(("numpy", "2.1"),), (("numpy", "2.1"),)]))["version_rows"]
    [('2', '2.1')]
    """
    held = [(dict(versions), count) for versions, count in sorted(computed.items())]
    names = list(dict.fromkeys(name for versions, _ in held for name in versions))
    return {
        "version_names": names,
        "version_rows": [
            (str(count), *(versions.get(name, "") for name in names)) for versions, count in held
        ],
    }
