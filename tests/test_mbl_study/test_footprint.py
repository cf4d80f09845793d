"""The footprint is the arithmetic of Figure 3, from the times that the records measured."""

from __future__ import annotations

import io
import json
import math

import faulty_tasks
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from mbl_study.ensemble import run_study
from mbl_study.footprint import (
    EMISSION_FACTOR,
    NOT_COUNTED,
    PAPER,
    PAPER_NOTE,
    POWER,
    Footprint,
    footprint,
    footprint_rows,
    measure,
    show_footprint,
)
from mbl_study.store import Store

SIZES = st.floats(0, 1e9)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Six realizations of a quarter of a second each, and six that failed."""
    path = tmp_path_factory.mktemp("footprint") / "store.sqlite"
    run_study(faulty_tasks.study(), path, workers=0, task_function=half)
    return Store(path)


def half(parameters: str) -> str:
    """Fail for one of two disorder strengths."""
    if '"disorder":5.0' in parameters:
        raise RuntimeError("beyond repair")
    return faulty_tasks.fast(parameters)


def shown(report: dict[str, object], *, as_json: bool = False) -> str:
    """Text that a user sees."""
    console = Console(file=io.StringIO(), width=200)
    show_footprint(report, console, as_json=as_json)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_paper_does_not_add_up_and_the_note_says_where() -> None:
    """120000 h times 5.75 W are 690 kWh; 1960 kWh times 0.56 kg/kWh are 1098 kg (FIG. 3)."""
    recomputed = Footprint(kernel_hours=PAPER["kernel_hours"], power=POWER)
    assert recomputed.energy == pytest.approx(690, rel=1e-15)
    assert recomputed.co2 == pytest.approx(386.4, rel=1e-15)
    assert recomputed.energy < PAPER["energy"] / 2
    assert round(PAPER["energy"] * EMISSION_FACTOR) == PAPER["co2"]
    for number in ("120000 h", "5.75 W", "690 kWh", "1960 kWh", "16.3 W"):
        assert number in PAPER_NOTE
    # 120000 h at 16.3 W per kernel give the energy of the paper, to the digits shown.
    assert footprint([120000 * 3600.0], power=16.3).energy == pytest.approx(1960, rel=0.005)


@given(st.lists(SIZES, max_size=8), SIZES, SIZES)
def test_energy_and_emission_are_proportional(
    seconds: list[float], power: float, factor: float
) -> None:
    """Hours add up; energy grows with the power, and the emission with energy and factor."""
    found = footprint(seconds, power=power, emission_factor=factor)
    parts = [footprint([one]).kernel_hours for one in seconds]
    assert found.kernel_hours == pytest.approx(math.fsum(parts), rel=1e-12)
    assert found.energy == pytest.approx(power * found.kernel_hours / 1000, rel=1e-12)
    assert found.co2 == pytest.approx(factor * found.energy, rel=1e-12)


@pytest.mark.parametrize("value", [-1.0, math.inf, math.nan])
@pytest.mark.parametrize("name", ["seconds", "power", "emission_factor"])
def test_what_is_no_amount_is_refused(name: str, value: float) -> None:
    """Times, powers and factors are finite and not negative, and the message names the culprit."""
    given = {"seconds": [1.0], "power": 1.0, "emission_factor": 1.0}
    given[name] = [value] if name == "seconds" else value
    seconds = given.pop("seconds")
    with pytest.raises(ValueError, match=f"{name} must be finite and 0 or more; got {value}"):
        footprint(seconds, **given)


def test_a_store_is_measured(store: Store) -> None:
    """Only what is recorded counts, and what failed is told."""
    report = measure(store, power=100.0, emission_factor=0.5)
    assert (report["study"], report["realizations"], report["failed_not_counted"]) == (
        "small",
        6,
        6,
    )
    assert report["kernel_hours"] == pytest.approx(6 * 0.25 / 3600, rel=1e-15)
    assert report["co2_kg"] == pytest.approx(6 * 0.25 / 3600 * 0.1 * 0.5, rel=1e-12)
    assert report["paper"]["energy_kwh"] == 1960
    assert report["paper"]["recomputed"]["energy_kwh"] == pytest.approx(690)
    assert json.loads(shown(report, as_json=True)) == report


def test_the_table_says_the_same(store: Store) -> None:
    """People get the same numbers, what is not counted, and what does not add up."""
    text = shown(measure(store))
    assert "footprint of study small, 6 realizations" in text
    for row in footprint_rows(footprint([6 * 0.25])):
        (line,) = [line for line in text.splitlines() if line.strip().startswith(row[0])]
        assert line.split()[-3:] == list(row[1:])
    assert NOT_COUNTED in text
    assert PAPER_NOTE in text
    assert "failed, and not counted: 6" in text
    assert f"results: {store.path}" in text
    assert "failed, and" not in shown(measure(store) | {"failed_not_counted": 0})


@given(st.floats(0, 1e12))
def test_cells_keep_three_digits(hours: float) -> None:
    """A number in the table is the exact one to half a percent, and short."""
    (_, cell, *_) = footprint_rows(Footprint(kernel_hours=hours))[0]
    assert float(cell) == pytest.approx(hours, rel=0.005)
    assert len(cell) <= 10


def test_no_results_have_no_footprint() -> None:
    """Nothing computed is nothing used."""
    assert footprint([]).co2 == 0
    assert footprint_rows(footprint([]))[0][1] == "0"
