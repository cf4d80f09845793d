"""The results of a page are those of the analysis, also where there is little to tell."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import synthetic_study

from mbl_study import analysis
from mbl_study.report.results import result_tables
from mbl_study.tables import Tables, tabulate


def one_table(regions: pd.DataFrame) -> Tables:
    """Tables with regions only."""
    return Tables(realizations=pd.DataFrame(), regions=regions, baths=pd.DataFrame())


def test_the_critical_disorder_stands_in_both_units(tables: Tables) -> None:
    """Delta in Pauli units and W, which is half of it, with half of the error."""
    values = result_tables(tables, 20)
    slopes = analysis.slope_per_realization(tables.regions)
    critical = analysis.critical_disorder(slopes, samples=20).to_dict("records")
    assert len(critical) == len(values["critical_rows"]) == 2
    for (name, delta, w, located, residual), row in zip(
        values["critical_rows"], critical, strict=True
    ):
        value, error = row["critical_disorder"], row["critical_disorder_error"]
        assert name == f"L\u00a0=\u00a0{row['length']}"
        assert delta == f"{value:.2f} ± {error:.2f}"
        assert w == f"{value / 2:.2f} ± {error / 2:.2f}"
        assert located == f"{row['located']:.0%}"
        assert float(residual) == pytest.approx(row["residual"], rel=0.1)
        # The invented slopes are steepest there.
        assert value == pytest.approx(synthetic_study.STEEPEST, abs=0.1)


def test_cards_show_critical_disorders_and_the_ends_of_the_longest_chain(tables: Tables) -> None:
    """One card for each length, and two for the slope at the weakest and strongest disorder."""
    values = result_tables(tables, 20)
    names = [name.replace("\u00a0", " ") for name, _, _ in values["cards"]]
    assert names == [
        *("Critical disorder, L = 6", "Critical disorder, L = 8"),
        *("Slope at Δ = 0.5, L = 8", "Slope at Δ = 15, L = 8"),
    ]
    weakest = values["slope_rows"][0]
    assert values["cards"][2][1].split(" ± ")[0] == f"{float(weakest[2].split()[0]):.3f}"
    assert values["cards"][0][1] == values["critical_rows"][0][1]


def test_a_length_without_a_disorder_has_an_empty_cell() -> None:
    """A study that was extended is not a full grid while it runs."""
    regions = tabulate(synthetic_study.results(lengths=(6, 8), realizations=2)).regions
    part = regions[(regions["length"] == 6) | (regions["disorder"] != 15.0)]
    rows = {row[0]: row[1:] for row in result_tables(one_table(part), 2)["slope_rows"]}
    assert rows["15"][1] == ""
    assert "±" in rows["15"][0]


def test_little_data_is_told_as_it_is() -> None:
    """One disorder strength has one card, one realization no error, and nothing is critical."""
    regions = tabulate(synthetic_study.results(lengths=(6,), realizations=1)).regions
    values = result_tables(one_table(regions[regions["disorder"] == 4.0]), 2)
    (row,) = values["slope_rows"]
    assert row[0] == "4"
    assert "±" not in row[1]
    assert values["critical_rows"] == [
        ("L\u00a0=\u00a06", "not found", "not found", "0%", ""),
    ]
    assert [value for _, value, _ in values["cards"]] == ["not found", f"{float(row[1]):.3f}"]


def test_infinite_entropies_have_no_slope() -> None:
    """Where the entropy is infinite the slope is not found, and no card pretends otherwise."""
    regions = tabulate(synthetic_study.results(lengths=(6,), realizations=2)).regions
    values = result_tables(one_table(regions.assign(max_relative_entropy=np.inf)), 2)
    assert {row[1] for row in values["slope_rows"]} == {"not found"}
    assert [name for name, _, _ in values["cards"]] == ["Critical disorder, L\u00a0=\u00a06"]
