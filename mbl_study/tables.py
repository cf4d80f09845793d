"""Records as three tidy tables, and the files that hold them.

One row per realization, per region and per bath bound; the columns and their types are the same
for an empty study.  Rows are sorted, so a resumed study writes the table of an uninterrupted one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pandas as pd
import pyarrow
from pyarrow import parquet

from mbl_study.files import write_atomically

if TYPE_CHECKING:
    from mbl_study.record import Record
    from mbl_study.study import Task

__all__ = [
    "FORMATS",
    "TABLES",
    "Tables",
    "concatenate",
    "parse_table",
    "read_tables",
    "tabulate",
    "write_tables",
]

_REALIZATION_KEY = {"length": "int64", "disorder": "float64", "realization": "int64"}
_REGION_KEY = _REALIZATION_KEY | {"region_size": "int64"}
_BATH_KEY = _REGION_KEY | {"epsilon": "float64"}

# What the task says and the record does not.
_REALIZATION_CHOICES = {"regions": "string"}
_REALIZATION_VALUES = {
    "initial_state": "string",
    "energy": "float64",
    "beta": "float64",
    "level_spacing_ratio": "float64",
    "trace_residual": "float64",
    "norm_residual": "float64",
    "anomaly": "string",
    "seconds": "float64",
    "lapack_seconds": "float64",
}
_REGION_VALUES = {
    "max_relative_entropy": "float64",
    "max_relative_entropy_lattice": "float64",
    "max_relative_entropy_pinched": "float64",
    "collision_relative_entropy": "float64",
    "collision_relative_entropy_pinched": "float64",
    "coherence": "float64",
}
_BATH_VALUES = {
    "smooth_lower": "float64",
    "smooth_upper": "float64",
    "pinched_lower": "float64",
    "pinched_upper": "float64",
    "bath_size_lower": "float64",
    "bath_size_upper": "float64",
    "bath_size_purified": "float64",
    "bath_size_collision": "float64",
    "bath_size_asymptotic": "float64",
    # NaN where the study did not ask for them.
    "bath_size_swap_lower": "float64",
    "bath_size_swap_upper": "float64",
}
_SCHEMAS = {
    "realizations": _REALIZATION_KEY | _REALIZATION_CHOICES | _REALIZATION_VALUES,
    "regions": _REGION_KEY | _REGION_VALUES,
    "baths": _BATH_KEY | _BATH_VALUES,
}
TABLES = tuple(_SCHEMAS)
"""Names of the tables, and of their files."""
FORMATS = ("parquet", "csv")
"""Endings of the files of a table; of two that say the same, the first is read."""
_KEYS = {
    "realizations": list(_REALIZATION_KEY),
    "regions": list(_REGION_KEY),
    "baths": list(_BATH_KEY),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Tables:
    """The records of a study as three tidy tables.

    Attributes
    ----------
    realizations
        One row per record, key ``length, disorder, realization``; energies in units of the
        exchange coupling, times in seconds.
    regions
        One row per region of a record, key of the record and ``region_size``; entropies in bits.
    baths
        One row per region and ``epsilon``, key of the region and ``epsilon``; smooth entropies in
        bits, bath sizes as numbers of components.
    """

    realizations: pd.DataFrame
    regions: pd.DataFrame
    baths: pd.DataFrame


def tabulate(results: Iterable[tuple[Task, Record]]) -> Tables:
    """Lay records out in tidy tables, one row per realization, region and bath bound.

    The order of the results does not matter: rows are sorted by their key.

    Parameters
    ----------
    results
        Pairs of a task and its record, from one study.

    Returns
    -------
    Tables
        The columns and their types are fixed, also for no results.

    Raises
    ------
    ValueError
        A task is there twice, or the record is of another chain than the task.

    Examples
    --------
    >>> list(tabulate([]).regions.columns)[:4]
    ['length', 'disorder', 'realization', 'region_size']
    """
    rows: dict[str, list[tuple[object, ...]]] = {name: [] for name in _SCHEMAS}
    for task, record in results:
        key = _checked_key(task, record)
        values = _values(task, _REALIZATION_CHOICES) + _values(record, _REALIZATION_VALUES)
        rows["realizations"].append((*key, *values))
        for region in record.regions:
            region_key = (*key, region.size)
            rows["regions"].append((*region_key, *_values(region, _REGION_VALUES)))
            for bath in region.bath:
                bath_values = _values(bath, _BATH_VALUES)
                rows["baths"].append((*region_key, bath.epsilon, *bath_values))
    return Tables(**{name: _table(name, entries) for name, entries in rows.items()})


def _checked_key(task: Task, record: Record) -> tuple[int, float, int]:
    if (task.length, task.disorder) != (record.length, record.disorder):
        raise ValueError(
            f"record must be of the chain of its task, length {task.length} and disorder "
            f"{task.disorder}; got length {record.length} and disorder {record.disorder}"
        )
    return task.length, task.disorder, task.realization


def _values(model: object, columns: Iterable[str]) -> tuple[object, ...]:
    return tuple(getattr(model, column) for column in columns)


def _table(name: str, rows: list[tuple[object, ...]]) -> pd.DataFrame:
    return _sorted(name, pd.DataFrame(rows, columns=list(_SCHEMAS[name])).astype(_SCHEMAS[name]))


def _sorted(name: str, table: pd.DataFrame) -> pd.DataFrame:
    key = _KEYS[name]
    repeated = table.duplicated(key)
    if repeated.any():
        first = table.loc[repeated, key].iloc[0].to_dict()
        raise ValueError(
            f"{name} must have one row for each {', '.join(key)}; got two for {first}. "
            "Tabulate the results of one study at a time"
        )
    return table.sort_values(key, ignore_index=True)


def concatenate(parts: Iterable[Tables]) -> Tables:
    """Put tables of different chains together, rows sorted as by `tabulate`.

    Raises
    ------
    ValueError
        There are no tables, or two of them hold the same realization.

    Examples
    --------
    >>> len(concatenate([tabulate([]), tabulate([])]).regions)
    0
    """
    held = list(parts)
    if not held:
        raise ValueError("parts must hold at least one set of tables; got none")
    return Tables(
        **{
            name: _sorted(name, pd.concat([getattr(part, name) for part in held]))
            for name in TABLES
        }
    )


def write_tables(
    tables: Tables, directory: str | Path, formats: Sequence[str] = FORMATS
) -> list[Path]:
    """Write each table to ``<table>.<format>``, whole or not at all.

    Parquet is exact and small; CSV holds the shortest digits that give the same numbers back,
    with ``inf``, ``-inf`` and ``nan`` as words.

    Parameters
    ----------
    tables
        What `tabulate` returned.
    directory
        Made if it is not there.
    formats
        Any of ``"parquet"`` and ``"csv"``.

    Returns
    -------
    list of Path
        The files, as they stand on the disk.

    Raises
    ------
    ValueError
        A format is unknown; nothing is written.
    OSError
        The disk refuses; the old file is untouched and no fragment is left.

    Examples
    --------
    >>> import tempfile
    >>> [path.name for path in write_tables(tabulate([]), tempfile.mkdtemp(), formats=["csv"])]
    ['realizations.csv', 'regions.csv', 'baths.csv']
    """
    unknown = [name for name in formats if name not in _WRITERS]
    if unknown:
        raise ValueError(f"formats must be among {', '.join(_WRITERS)}; got {unknown[0]!r}")
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for extension in formats:
        for name in _SCHEMAS:
            path = folder / f"{name}.{extension}"
            write_atomically(path, _WRITERS[extension](getattr(tables, name)))
            paths.append(path)
    return paths


def read_tables(directory: str | Path) -> Tables:
    """Read what `write_tables` wrote, Parquet where it is there and CSV otherwise.

    Parameters
    ----------
    directory
        Where the files are.

    Returns
    -------
    Tables

    Raises
    ------
    FileNotFoundError
        A table is there in neither format.
    ValueError
        A file cannot be read as a table, or its columns are not those of a study.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> _ = write_tables(tabulate([]), folder)
    >>> len(read_tables(folder).realizations)
    0
    """
    return Tables(**{name: _read_table(Path(directory), name) for name in _SCHEMAS})


def _read_table(folder: Path, name: str) -> pd.DataFrame:
    for extension in FORMATS:
        path = folder / f"{name}.{extension}"
        if path.is_file():
            return parse_table(path, path.read_bytes())
    raise FileNotFoundError(
        f"{folder} must hold {name}.parquet or {name}.csv; got neither. Export the study first"
    )


def parse_table(path: Path, content: bytes) -> pd.DataFrame:
    """Table that a file of `write_tables` holds; its name says which, and in what format.

    Parameters
    ----------
    path
        ``<table>.<format>`` in any folder.
    content
        What the file holds.

    Raises
    ------
    ValueError
        The content is not such a table.

    Examples
    --------
    >>> import tempfile
    >>> first, *_ = write_tables(tabulate([]), tempfile.mkdtemp())
    >>> len(parse_table(first, first.read_bytes()))
    0
    """
    schema, read = _SCHEMAS[path.stem], _READERS[path.suffix.removeprefix(".")]
    try:
        table = read(BytesIO(content), schema)
    # To pyarrow a torn file is an OSError, and an odd type is not implemented.
    except (ValueError, OSError, pyarrow.ArrowException) as error:
        raise ValueError(f"{path} must be a table of {path.stem}; {error}") from error
    return _checked_table(table, path, schema)


def _checked_table(table: pd.DataFrame, path: Path, schema: dict[str, str]) -> pd.DataFrame:
    # Text has several types in pandas; numbers are not converted, since that could lose digits.
    texts = [column for column, kind in schema.items() if kind == "string" and column in table]
    table = table.astype(dict.fromkeys(texts, "string"))
    found = {str(column): str(kind) for column, kind in table.dtypes.items()}
    if list(found.items()) != list(schema.items()):
        raise ValueError(f"{path} must have the columns {schema}; got {found}")
    return table


def _parquet_bytes(table: pd.DataFrame) -> bytes:
    # Without what pandas adds about itself.
    columns = pyarrow.Table.from_pandas(table, preserve_index=False).replace_schema_metadata()
    # Keys repeat; in floats, what is alike is the first bytes of each.
    floats = [name for name in table.select_dtypes("float64") if name not in _BATH_KEY]
    others = [name for name in table if name not in floats]
    buffer = BytesIO()
    parquet.write_table(
        columns,
        buffer,
        compression="zstd",
        compression_level=19,
        use_dictionary=others,
        use_byte_stream_split=floats,
        write_page_checksum=True,
    )
    return buffer.getvalue()


def _csv_bytes(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, na_rep="nan", lineterminator="\n").encode()


def _read_parquet(content: BytesIO, schema: dict[str, str]) -> pd.DataFrame:
    # The columns alone: what a file says about pandas could come from a stranger.
    columns = parquet.read_table(content, page_checksum_verification=True)
    return cast(pd.DataFrame, columns.to_pandas(ignore_metadata=True))


def _read_csv(content: BytesIO, schema: dict[str, str]) -> pd.DataFrame:
    # As text first: an empty anomaly is text, and the parser of numbers in pandas may be off by
    # one in the last digit.
    texts = pd.read_csv(content, dtype="string", na_filter=False)
    return texts.astype({name: kind for name, kind in schema.items() if name in texts})


_WRITERS: dict[str, Callable[[pd.DataFrame], bytes]] = {
    "parquet": _parquet_bytes,
    "csv": _csv_bytes,
}
_READERS: dict[str, Callable[[BytesIO, dict[str, str]], pd.DataFrame]] = {
    "parquet": _read_parquet,
    "csv": _read_csv,
}
