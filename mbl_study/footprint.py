"""Kernel hours, energy and carbon dioxide of a study, from the times that its records hold.

A kernel is one processor core: every task runs on one thread.  The paper's own figures stand
beside, as they are printed and as they follow from its hours and power.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

# The command line takes the defaults from here, and its help needs no store.
if TYPE_CHECKING:
    from mbl_study.store import Store

__all__ = [
    "EMISSION_FACTOR",
    "NOT_COUNTED",
    "PAPER",
    "PAPER_NOTE",
    "POWER",
    "Footprint",
    "footprint",
    "footprint_rows",
    "measure",
    "show_footprint",
]

POWER: float = 5.75
"""Thermal design power of one kernel in watts ([Sparaciari21]_, FIG. 3)."""

EMISSION_FACTOR: float = 0.56
"""Average emission of carbon dioxide in Germany in kg/kWh ([Sparaciari21]_, FIG. 3)."""

PAPER = {"kernel_hours": 120000.0, "energy": 1960.0, "co2": 1098.0}
"""What FIG. 3 prints for the simulations: hours, kWh and kg."""

NOT_COUNTED: str = (
    "Counted is the wall-clock time of the realizations in the store, one thread each. Not counted"
    " are attempts that failed or died, workers that wait, cooling, and the making of the machine."
)
"""What the hours leave out, in one sentence for people."""


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """Footprint of a number of kernel hours.

    Attributes
    ----------
    kernel_hours
        Time of one kernel in hours.
    power
        Of one kernel, in watts.
    emission_factor
        Carbon dioxide in kg for each kWh.

    Examples
    --------
    >>> Footprint(kernel_hours=120000).energy
    690.0
    """

    kernel_hours: float
    power: float = POWER
    emission_factor: float = EMISSION_FACTOR

    @property
    def energy(self) -> float:
        """``kernel_hours power / 1000``, in kWh."""
        return self.kernel_hours * self.power / 1000

    @property
    def co2(self) -> float:
        """``energy emission_factor``, carbon dioxide in kg."""
        return self.energy * self.emission_factor


_RECOMPUTED = Footprint(kernel_hours=PAPER["kernel_hours"])

PAPER_NOTE: str = (
    f"The paper's energy does not follow from its hours and power: {PAPER['kernel_hours']:.0f} h"
    f" times {POWER} W are {_RECOMPUTED.energy:.0f} kWh, not {PAPER['energy']:.0f} kWh, which would"
    f" take {1000 * PAPER['energy'] / PAPER['kernel_hours']:.1f} W per kernel. Its emission does"
    " follow from its energy. The paper does not say what the difference is; the last column is"
    " what its hours and power give."
)
"""What does not add up in FIG. 3, for people."""


def footprint(
    seconds: Iterable[float], *, power: float = POWER, emission_factor: float = EMISSION_FACTOR
) -> Footprint:
    """Footprint of tasks, ``sum(seconds)/3600`` kernel hours.

    Parameters
    ----------
    seconds
        Wall-clock time of each task on one kernel, in seconds.
    power
        Of one kernel, in watts.
    emission_factor
        Carbon dioxide in kg for each kWh.

    Returns
    -------
    Footprint

    Raises
    ------
    ValueError
        A number is negative, infinite or NaN.

    References
    ----------
    [Sparaciari21]_, FIG. 3.

    Examples
    --------
    >>> footprint([1800.0, 1800.0], power=10.0, emission_factor=0.5).co2
    0.005
    """
    hours = math.fsum(_checked("seconds", value) for value in seconds) / 3600
    return Footprint(
        kernel_hours=hours,
        power=_checked("power", power),
        emission_factor=_checked("emission_factor", emission_factor),
    )


def measure(
    store: Store, *, power: float = POWER, emission_factor: float = EMISSION_FACTOR
) -> dict[str, Any]:
    """Footprint of what a store holds, as the plain data that ``--json`` prints.

    Raises
    ------
    ValueError
        As for `footprint`.
    """
    with store:
        seconds = [record.seconds for _, record in store.results()]
        # Their time is in no record.
        lost, name = len(store.failures()), store.study().name
    found = footprint(seconds, power=power, emission_factor=emission_factor)
    recomputed = {"energy_kwh": _RECOMPUTED.energy, "co2_kg": _RECOMPUTED.co2}
    return {
        "study": name,
        "store": str(store.path),
        "realizations": len(seconds),
        "failed_not_counted": lost,
        "kernel_hours": found.kernel_hours,
        "power_watts": found.power,
        "energy_kwh": found.energy,
        "emission_factor_kg_per_kwh": found.emission_factor,
        "co2_kg": found.co2,
        "paper": {
            "kernel_hours": PAPER["kernel_hours"],
            "power_watts": POWER,
            "energy_kwh": PAPER["energy"],
            "emission_factor_kg_per_kwh": EMISSION_FACTOR,
            "co2_kg": PAPER["co2"],
            "recomputed": recomputed,
        },
        "notes": [NOT_COUNTED, PAPER_NOTE],
    }


def footprint_rows(found: Footprint) -> list[tuple[str, str, str, str]]:
    """Rows of the table for people: quantity, this study, the paper as printed, recomputed.

    Examples
    --------
    >>> footprint_rows(Footprint(kernel_hours=1000.0))[2]
    ('energy [kWh]', '5.75', '1960', '690')
    """
    ours = (found.kernel_hours, found.power, found.energy, found.emission_factor, found.co2)
    hours, energy, co2 = PAPER["kernel_hours"], PAPER["energy"], PAPER["co2"]
    again = _RECOMPUTED
    columns = (
        ours,
        (hours, POWER, energy, EMISSION_FACTOR, co2),
        (hours, POWER, again.energy, EMISSION_FACTOR, again.co2),
    )
    names = (
        "kernel hours [h]",
        "power per kernel [W]",
        "energy [kWh]",
        "emission factor [kg/kWh]",
        "CO₂ [kg]",
    )
    cells = zip(*([_number(value) for value in column] for column in columns), strict=True)
    return [(name, *row) for name, row in zip(names, cells, strict=True)]


def show_footprint(report: dict[str, Any], console: Console, *, as_json: bool = False) -> None:
    """Print what `measure` returned."""
    if as_json:
        console.out(json.dumps(report, indent=2), highlight=False)
        return
    found = Footprint(
        kernel_hours=report["kernel_hours"],
        power=report["power_watts"],
        emission_factor=report["emission_factor_kg_per_kwh"],
    )
    title = f"footprint of study {report['study']}, {report['realizations']} realizations"
    table = Table("", box=box.SIMPLE, title=title)
    for heading in ("this study", "paper, FIG. 3", "paper, recomputed"):
        table.add_column(heading, justify="right")
    for row in footprint_rows(found):
        table.add_row(*map(escape, row))
    console.print(table)
    for note in report["notes"]:
        console.out(note, highlight=False)
    if report["failed_not_counted"]:
        console.out(f"failed, and not counted: {report['failed_not_counted']}", highlight=False)
    console.out(f"results: {report['store']}", highlight=False)


def _checked(name: str, value: float) -> float:
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} must be finite and 0 or more; got {value}")
    return value


def _number(value: float) -> str:
    """Three or four significant digits, without an exponent where people can do without.

    Examples
    --------
    >>> _number(120000.0), _number(386.4), _number(0.00012345)
    ('120000', '386.4', '0.0001234')
    """
    if value and not 1e-4 <= value < 1e9:
        return f"{value:.2e}"
    digits = 4 - (math.floor(math.log10(value)) + 1) if value else 0
    text = f"{value:.{max(0, digits)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
