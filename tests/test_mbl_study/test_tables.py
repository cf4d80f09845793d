"""Tables of records: their columns, their order and their files."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pandas as pd
import pyarrow
import pytest
import synthetic_study
from pyarrow import parquet

from mbl_study.study import Task
from mbl_study.tables import Tables, read_tables, tabulate, write_tables

COLUMNS = {
    "realizations": "length disorder realization regions initial_state energy beta"
    " level_spacing_ratio trace_residual norm_residual anomaly seconds lapack_seconds",
    "regions": "length disorder realization region_size max_relative_entropy"
    " max_relative_entropy_lattice max_relative_entropy_pinched collision_relative_entropy"
    " collision_relative_entropy_pinched coherence",
    "baths": "length disorder realization region_size epsilon smooth_lower smooth_upper"
    " pinched_lower pinched_upper bath_size_lower bath_size_upper bath_size_purified"
    " bath_size_collision bath_size_asymptotic bath_size_swap_lower bath_size_swap_upper",
}
TASK = Task(length=4, realization=0, disorder=2.0, seed=1)


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Two chains, two realizations."""
    return tabulate(synthetic_study.results(lengths=(6, 8), realizations=2))


def assert_same(found: Tables, expected: Tables) -> None:
    """Compare columns, types, order and values of all three tables."""
    for name in COLUMNS:
        pd.testing.assert_frame_equal(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize("name", COLUMNS)
def test_empty_tables_have_the_columns_and_types_of_full_ones(name: str, tables: Tables) -> None:
    """Whoever reads a table need not ask whether it has rows."""
    empty, full = getattr(tabulate([]), name), getattr(tables, name)
    assert list(empty.columns) == COLUMNS[name].split()
    assert empty.dtypes.equals(full.dtypes)
    assert len(empty) == 0


def test_one_row_for_each_realization_region_and_bound(tables: Tables) -> None:
    """Two lengths, ten disorder strengths, two realizations; L - 2 regions; three epsilons."""
    assert len(tables.realizations) == 2 * 10 * 2
    assert len(tables.regions) == (4 + 6) * 10 * 2
    assert len(tables.baths) == 3 * len(tables.regions)


def test_values_stand_under_their_names() -> None:
    """A row holds what the record holds."""
    bits = 0.5
    record = synthetic_study.record(TASK, bits, beta=-0.25, anomaly="odd")
    tables = tabulate([(TASK, record)])
    row = tables.realizations.iloc[0]
    assert (row["length"], row["disorder"], row["realization"]) == (4, 2.0, 0)
    assert (row["beta"], row["anomaly"], row["seconds"]) == (-0.25, "odd", 0.5)
    last = tables.regions.iloc[-1]
    assert (last["region_size"], last["max_relative_entropy"]) == (2, 2 * bits)
    assert last["collision_relative_entropy"] == pytest.approx(1.6 * bits)
    bath = tables.baths.set_index(["region_size", "epsilon"]).loc[(2, 0.01)]
    assert bath["bath_size_upper"] == pytest.approx(2e4)
    assert bath["smooth_lower"] == pytest.approx(0.9)


def test_order_of_the_results_does_not_matter(tables: Tables) -> None:
    """A resumed study gives the table of an uninterrupted one."""
    results = list(synthetic_study.results(lengths=(6, 8), realizations=2))
    random.Random(1).shuffle(results)
    assert_same(tabulate(results), tables)


def test_realization_without_a_temperature_has_no_regions() -> None:
    """An infinite beta is a row among the realizations and none elsewhere."""
    record = synthetic_study.record(TASK, beta=math.inf, regions=(), anomaly="energy at the edge")
    tables = tabulate([(TASK, record)])
    assert tables.realizations["beta"].tolist() == [math.inf]
    assert tables.regions.empty
    assert tables.baths.empty


def test_task_that_is_there_twice_is_refused() -> None:
    """A realization must not count twice in an average."""
    result = (TASK, synthetic_study.record(TASK))
    with pytest.raises(ValueError, match=r"one row for each length.*'realization': 0"):
        tabulate([result, result])


def test_record_of_another_chain_is_refused() -> None:
    """A record is filed under the chain that it is of."""
    other = TASK.model_copy(update={"disorder": 3.0})
    with pytest.raises(ValueError, match=r"disorder 3\.0; got length 4 and disorder 2\.0"):
        tabulate([(other, synthetic_study.record(TASK))])


@pytest.mark.parametrize("extension", ["parquet", "csv"])
def test_files_give_the_same_tables_back(extension: str, tmp_path: Path) -> None:
    """No digit, infinity, NaN or awkward text is lost on the way through a file."""
    odd = {
        "energy": 0.1 + 0.2,
        "beta": -math.inf,
        "level_spacing_ratio": math.nan,
        "trace_residual": 5e-324,
        "anomaly": 'a "quoted", comma\nand line; nan',
    }
    second = TASK.model_copy(update={"realization": 1})
    tables = tabulate(
        [
            (TASK, synthetic_study.record(TASK, 1 / 3, **odd)),
            (second, synthetic_study.record(second)),
        ]
    )
    folder = tmp_path / "deep" / "folder"
    paths = write_tables(tables, folder, [extension])
    assert [path.name for path in paths] == [f"{name}.{extension}" for name in COLUMNS]
    assert sorted(folder.iterdir()) == sorted(paths)
    assert_same(read_tables(folder), tables)


def test_empty_tables_survive_their_files(tmp_path: Path) -> None:
    """Types are not guessed from rows that are not there."""
    for extension in ("parquet", "csv"):
        write_tables(tabulate([]), tmp_path / extension, [extension])
        assert_same(read_tables(tmp_path / extension), tabulate([]))


def test_parquet_is_read_where_both_are_there(tables: Tables, tmp_path: Path) -> None:
    """Of two files that say the same, the exact one is taken."""
    write_tables(tables, tmp_path)
    (tmp_path / "regions.csv").write_text("something else")
    assert_same(read_tables(tmp_path), tables)


def test_same_tables_give_the_same_bytes(tables: Tables, tmp_path: Path) -> None:
    """Exports can be compared byte by byte."""
    first = [path.read_bytes() for path in write_tables(tables, tmp_path / "first")]
    second = [path.read_bytes() for path in write_tables(tables, tmp_path / "second")]
    assert first == second


def test_unknown_format_writes_nothing(tables: Tables, tmp_path: Path) -> None:
    """A mistake in a name leaves no half of an export."""
    with pytest.raises(ValueError, match="parquet, csv; got 'xlsx'"):
        write_tables(tables, tmp_path / "out", ["csv", "xlsx"])
    assert not (tmp_path / "out").exists()


def test_missing_table_is_named(tables: Tables, tmp_path: Path) -> None:
    """The message says which file is not there."""
    write_tables(tables, tmp_path, ["csv"])
    (tmp_path / "regions.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"regions\.parquet or regions\.csv"):
        read_tables(tmp_path)


@pytest.mark.parametrize("extension", ["parquet", "csv"])
def test_damaged_files_never_raise_anything_else(
    extension: str, tables: Tables, tmp_path: Path
) -> None:
    """A torn or altered file is a table of the same shape or a ValueError that names the file."""
    path = next(iter(write_tables(tables, tmp_path, [extension])))
    whole, rng, refused = path.read_bytes(), random.Random(3), 0
    for trial in range(120):
        damaged = bytearray(whole)
        if trial % 3:
            damaged[rng.randrange(len(whole))] = rng.randrange(256)
        else:
            del damaged[rng.randrange(len(whole)) :]
        path.write_bytes(damaged)
        try:
            found = read_tables(tmp_path).realizations
        except ValueError as error:
            assert path.name in str(error)  # noqa: PT017
            refused += 1
        else:
            assert found.dtypes.equals(tables.realizations.dtypes)
    assert refused > 30


def test_types_that_pyarrow_cannot_read_are_an_error_of_the_file(
    tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flipped bit can make a type of more than 64 bits, which is no error of a value to it."""
    write_tables(tables, tmp_path, ["parquet"])

    def refuse(*_: object, **__: object) -> None:
        raise pyarrow.ArrowNotImplementedError("Integers with more than 64 bits")

    monkeypatch.setattr(parquet, "read_table", refuse)
    with pytest.raises(ValueError, match=r"realizations\.parquet must be a table of realizations"):
        read_tables(tmp_path)


def test_other_columns_are_refused(tables: Tables, tmp_path: Path) -> None:
    """Numbers are not converted and columns not guessed."""
    write_tables(tables, tmp_path, ["parquet"])
    tables.regions.astype({"length": "float64"}).to_parquet(tmp_path / "regions.parquet")
    with pytest.raises(ValueError, match=r"regions\.parquet must have the columns.*'length': 'fl"):
        read_tables(tmp_path)
