"""The results of a study as text for a report: slopes and critical disorder strengths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mbl_study import analysis
from mbl_study.tables import Tables

__all__ = ["result_tables"]


def result_tables(tables: Tables, samples: int) -> dict[str, Any]:
    """Values of the template: rows of the slopes and critical disorder strengths, and the cards.

    Parameters
    ----------
    tables
        What `tabulate` returned, with at least one region.
    samples
        How many times the realizations are drawn anew for the bootstrap errors.

    Examples
    --------
    >>> rows = {"length": 4, "disorder": 1.0, "realization": 0, "region_size": [1, 2]}
    >>> regions = pd.DataFrame(rows | {"max_relative_entropy": [0.25, 0.75]})
    >>> none = pd.DataFrame()
    >>> result_tables(Tables(realizations=none, regions=regions, baths=none), 2)["slope_rows"]
    [('1', '0.5000')]
    """
    by_realization = analysis.slope_per_realization(tables.regions)
    slopes = analysis.bootstrap_slopes(by_realization, samples=samples)
    critical = analysis.critical_disorder(by_realization, samples=samples)
    lengths = sorted(slopes["length"].unique())
    cells = {
        (row["disorder"], row["length"]): _with_error(row["slope"], row["slope_error"])
        for row in slopes.to_dict("records")
    }
    disorders = sorted(slopes["disorder"].unique())
    return {
        "slope_headings": [f"L = {length}" for length in lengths],
        "slope_rows": [
            (f"{disorder:g}", *(cells.get((disorder, length), "") for length in lengths))
            for disorder in disorders
        ],
        "critical_rows": [_critical_row(row) for row in critical.to_dict("records")],
        "cards": _cards(slopes, critical),
    }


def _critical_row(row: Mapping[Any, Any]) -> tuple[str, ...]:
    value, error = row["critical_disorder"], row["critical_disorder_error"]
    return (
        _length(row),
        _with_error(value, error, 2),
        _with_error(value / 2, error / 2, 2),
        f"{row['located']:.0%}",
        f"{row['residual']:.1e}" if np.isfinite(row["residual"]) else "",
    )


def _cards(slopes: pd.DataFrame, critical: pd.DataFrame) -> list[tuple[str, str, str]]:
    cards = []
    for row in critical.to_dict("records"):
        value = _with_error(row["critical_disorder"], row["critical_disorder_error"], 2)
        cards.append((f"Critical disorder, {_length(row)}", value, "Δ of the steepest slope"))
    longest = slopes[slopes["length"] == slopes["length"].max()].dropna(subset="slope")
    # The weakest and the strongest disorder, which may be one.
    ends = pd.concat([longest[:1], longest[1:][-1:]])
    for row in ends.to_dict("records"):
        value = _with_error(row["slope"], row["slope_error"], 3)
        name = f"Slope at Δ\u00a0=\u00a0{row['disorder']:g}, {_length(row)}"
        cards.append((name, value, "bits per site"))
    return cards


def _length(row: Mapping[Any, Any]) -> str:
    return f"L\u00a0=\u00a0{row['length']}"


def _with_error(value: float, error: float, digits: int = 4) -> str:
    if not np.isfinite(value):
        return "not found"
    spread = f" ± {error:.{digits}f}" if np.isfinite(error) else ""
    return f"{value:.{digits}f}{spread}"
