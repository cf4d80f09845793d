"""The numbers behind the figures as text for a terminal: each figure has its lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

__all__ = ["show_findings"]

_REGIONS = {"first": "first sites", "translations": "mean over translations"}


def show_findings(report: dict[str, Any], console: Console) -> None:
    """Print what `overview.findings` returned.

    Parameters
    ----------
    report
        Rows of numbers, by what they are of.
    console
        Where to print.
    """
    console.print(_slope_table(report["slopes"]))
    for line in (
        *_critical_lines(report),
        *_limit_lines(report),
        *_spacing_lines(report.get("level_spacing", [])),
        *_thermal_lines(report.get("thermal_states", [])),
    ):
        console.out(line, highlight=False)
    if report.get("bath_rates"):
        console.print(_rate_table(report["bath_rates"]))
    for path in report["figures"]:
        console.out(f"figure: {path}", highlight=False)


def _slope_table(slopes: list[dict[str, Any]]) -> Table:
    lengths = sorted({row["length"] for row in slopes})
    title = "slope of D_max(omega_R || tau_beta(H_R)) in |R|, bits per site, bootstrap error"
    table = Table("disorder", *(f"L = {length}" for length in lengths), box=box.SIMPLE, title=title)
    cells = {(row["disorder"], row["length"]): _with_error(row, "slope") for row in slopes}
    for disorder in sorted({disorder for disorder, _ in cells}):
        row = (cells.get((disorder, length), "") for length in lengths)
        table.add_row(f"{disorder:g}", *row)
    return table


def _critical_lines(report: dict[str, Any]) -> Iterator[str]:
    for row in report["critical_disorder"]:
        value = _with_error(row, "critical_disorder")
        yield (
            f"critical disorder strength at L = {row['length']}: {value}"
            " (Pauli units; W is half of it)"
        )
    drift = report.get("critical_drift", {})
    if drift.get("limit") is not None:
        yield (
            f"critical disorder strength for L to infinity: {_with_error(drift, 'limit')}, if it is"
            f" a straight line in 1/L through {drift['lengths']} lengths (chi squared"
            f" {drift['chi_squared']:.1f}, expected {drift['lengths'] - 2})"
        )


def _limit_lines(report: dict[str, Any]) -> Iterator[str]:
    for row in report.get("strong_disorder_limit", []):
        slopes = [one for one in report["slopes"] if one["length"] == row["length"]]
        for last in slopes[-1:]:
            what = f"{row['initial_state']}, {_REGIONS.get(row['regions'], row['regions'])}"
            yield (
                f"slope without coupling, the limit of strong disorder, at L = {row['length']},"
                f" {what}: {_with_error(row, 'slope')} bits per site; at disorder"
                f" {last['disorder']:g}: {_with_error(last, 'slope')}"
            )


def _spacing_lines(spacing: list[dict[str, Any]]) -> Iterator[str]:
    for length in sorted({row["length"] for row in spacing}):
        rows = [row for row in spacing if row["length"] == length and row["mean"] is not None]
        if rows:
            largest = max(rows, key=lambda row: float(row["mean"]))
            ends = ", ".join(
                f"{_with_error(row, 'mean', 'standard_error')} at disorder {row['disorder']:g}"
                for row in (largest, rows[-1])
            )
            yield (
                f"mean gap ratio at L = {length}, largest and last: {ends}"
                " (orthogonal ensemble 0.5307, Poisson 0.3863)"
            )


def _thermal_lines(comparison: list[dict[str, Any]]) -> Iterator[str]:
    for length in sorted({row["length"] for row in comparison}):
        rows = [row for row in comparison if row["length"] == length and row["mean"] is not None]
        count = sum(row["count"] for row in rows)
        below = sum(row["share_below"] * row["count"] for row in rows)
        clear = [row for row in rows if abs(row["mean"]) > 2 * (row["standard_error"] or 0)]
        signs = [sum(sign * row["mean"] > 0 for row in clear) for sign in (-1, 1)]
        yield (
            f"D_max against tau_R less that against tau_beta(H_R) at L = {length}: negative for"
            f" {below / count:.0%} of realizations and regions; the mean is negative by more than"
            f" two standard errors at {signs[0]}, and positive at {signs[1]}, of {len(rows)} pairs"
            " of disorder strength and region size"
        )


def _rate_table(rates: list[dict[str, Any]]) -> Table:
    headings = ("L", "disorder", "epsilon", "bound", "rate", "fit error", "|R|")
    title = (
        "growth of the bounds on the bath size in |R|, bits per site, at the strongest disorder"
        " and the least epsilon"
    )
    table = Table(*headings, box=box.SIMPLE, title=title)
    for length in sorted({row["length"] for row in rates}):
        rows = [row for row in rates if row["length"] == length]
        shown = (max(row["disorder"] for row in rows), min(row["epsilon"] for row in rows))
        for row in (row for row in rows if (row["disorder"], row["epsilon"]) == shown):
            table.add_row(
                str(length),
                f"{row['disorder']:g}",
                f"{row['epsilon']:g}",
                row["bound"],
                _with_error(row, "rate"),
                "" if row["fit_error"] is None else f"{row['fit_error']:.4f}",
                f"{row['first_size']} to {row['last_size']}",
            )
    return table


def _with_error(row: dict[str, Any], name: str, error_name: str = "") -> str:
    value, error = row[name], row[error_name or f"{name}_error"]
    if value is None:
        return "not found"
    return f"{value:.4f}" if error is None else f"{value:.4f} ± {error:.4f}"
