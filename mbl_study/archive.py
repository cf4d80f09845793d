"""A study as files that can be cited: its tables, the study file, and a manifest with digests.

The store is what a run needs; an archive is what a paper needs. It can be committed, read with any
program, and drawn again. A digest finds damage; it does not say who wrote the files.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from typing import Any

from mbl_study.errors import InvalidStudyError, StoreDamagedError, StudyMismatchError
from mbl_study.files import write_atomically
from mbl_study.manifest import (
    MANIFEST_FILE,
    STUDY_FILE,
    ComputedWith,
    Failure,
    Manifest,
    read_manifest,
)
from mbl_study.record import PHYSICS_VERSION, Record
from mbl_study.store import Store
from mbl_study.study import Study, Task
from mbl_study.tables import (
    FORMATS,
    TABLES,
    Tables,
    concatenate,
    parse_table,
    tabulate,
    write_tables,
)

__all__ = [
    "Archive",
    "combine",
    "counted",
    "read_archive",
    "study_file",
    "write_archive",
]

_WRITTEN_WITH = ("qentropy", "pandas", "pyarrow")
# Other fields, and other radii, are no other physics.
_FREE = ("seed", "epsilons", "exact_epsilons")


@dataclass(frozen=True, eq=False, kw_only=True)
class Archive:
    """What `read_archive` found in a folder.

    Attributes
    ----------
    folder
        Where it is.
    study, manifest, tables
        What was run, what became of it, and its numbers.
    """

    folder: Path
    study: Study
    manifest: Manifest
    tables: Tables


def write_archive(
    store: Store, directory: str | Path, formats: Sequence[str] = FORMATS
) -> list[Path]:
    """Write the tables of a store, the study file, and the manifest, each whole or not at all.

    The manifest comes last, so a folder that was left half-written does not pass for a whole one.
    The same store gives the same bytes, with the same versions of the libraries.

    Parameters
    ----------
    store
        Where the results are; a study that is half done makes an archive, too.
    directory
        Made if it is not there.
    formats
        Of the tables, any of ``"parquet"`` and ``"csv"``.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    StoreMissingError, StoreDamagedError, StudyMismatchError
        The store cannot be read.
    ValueError
        A format is unknown; nothing is written.
    OSError
        The disk refuses.

    Examples
    --------
    >>> import tempfile
    >>> study = Study(name="small", seed=1, lengths=(8,), disorders=(4,), realizations=2)
    >>> folder = Path(tempfile.mkdtemp())
    >>> store = Store(folder / "store.sqlite")
    >>> with store.run(study):
    ...     pass
    >>> [path.name for path in write_archive(store, folder / "tables", ["csv"])]
    ['realizations.csv', 'regions.csv', 'baths.csv', 'study.toml', 'manifest.json']
    """
    folder = Path(directory)
    computed: Counter[tuple[tuple[str, str], ...]] = Counter()
    with store:
        study = store.study()
        tables = tabulate(counted(store.results(), computed))
        tasks = {
            length: {str(state): count for state, count in counts.items()}
            for length, counts in store.counts().items()
        }
        failures = tuple(
            Failure(task=task.parameters, state=str(state), reason=detail.strip().splitlines()[-1])
            for task, state, detail in store.failures()
        )
        conflicts = tuple(task.parameters for task in store.conflicts())
    paths = write_tables(tables, folder, formats)
    write_atomically(folder / STUDY_FILE, study_file(study).encode())
    paths.append(folder / STUDY_FILE)
    manifest = Manifest(
        study=study.name,
        physics_version=PHYSICS_VERSION,
        tasks=tasks,
        failures=failures,
        conflicts=conflicts,
        computed_with=tuple(
            ComputedWith(records=count, versions=dict(versions))
            for versions, count in sorted(computed.items())
        ),
        written_with={name: version(name) for name in _WRITTEN_WITH},
        files={path.name: _digest(path.read_bytes()) for path in paths},
    )
    write_atomically(folder / MANIFEST_FILE, f"{manifest.model_dump_json(indent=2)}\n".encode())
    return [*paths, folder / MANIFEST_FILE]


def counted(
    results: Iterable[tuple[Task, Record]], computed: Counter[tuple[tuple[str, str], ...]]
) -> Iterator[tuple[Task, Record]]:
    """Pass results on, and count in `computed` the versions that they were computed with.

    Examples
    --------
    >>> list(counted([], Counter()))
    []
    """
    for task, record in results:
        computed[tuple(sorted(record.versions.items()))] += 1
        yield task, record


def study_file(study: Study) -> str:
    """Study as TOML, of whose values JSON is a part; `Study.load` reads it.

    Examples
    --------
    >>> study = Study(name="small", seed=1, lengths=(8,), disorders=(4,), realizations=2)
    >>> study_file(study).splitlines()[:3]
    ['name = "small"', 'seed = 1', 'lengths = [8]']
    """
    entries = study.model_dump(mode="json").items()
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in entries)


def read_archive(directory: str | Path) -> Archive:
    """Read what `write_archive` wrote, after its digests were compared.

    Files that the manifest does not name are not read.

    Parameters
    ----------
    directory
        Where the files are.

    Returns
    -------
    Archive
        Study, manifest and tables; of two formats Parquet is read.

    Raises
    ------
    StoreMissingError
        The folder holds no manifest.
    StoreDamagedError
        The manifest is not one of an archive, a file is missing, has changed since it was written,
        or is not what its name says.
    StudyMismatchError
        Another version of the physics wrote other columns.  If the columns fit, the numbers are
        read as they are.

    Examples
    --------
    >>> read_archive("nowhere")
    Traceback (most recent call last):
    mbl_study.errors.StoreMissingError: nowhere: holds no manifest.json. ...
    """
    folder = Path(directory)
    manifest = read_manifest(folder)
    contents = {name: _unchanged(folder / name, digest) for name, digest in manifest.files.items()}
    try:
        return Archive(
            folder=folder,
            study=_read_study(folder, contents),
            manifest=manifest,
            tables=Tables(**{name: _read_table(folder, name, contents) for name in TABLES}),
        )
    except StoreDamagedError as error:
        # Whole, but of a layout that is not ours.
        if manifest.physics_version == PHYSICS_VERSION:
            raise
        raise StudyMismatchError(
            f"{folder}: the results are of version {manifest.physics_version} of the physics, and "
            f"this mbl-study reads version {PHYSICS_VERSION}; {error}. Read them with the "
            "mbl-study that made them"
        ) from error


def combine(archives: Iterable[Archive]) -> Tables:
    """Tables of several archives as those of one study, for lengths that were run apart.

    Lengths, disorder strengths and numbers of realizations may differ, and so may the seed: the
    fields of two lengths are independent draws whether the seed is the same or not. So may the
    radii of the bounds on the bath, of which each has rows of its own. Everything else that the
    numbers depend on must be the same, since lines that stand side by side shall differ by their
    length alone. A length comes from one archive: its realizations are paired over the disorder
    strengths, which realizations of two studies are not.

    Parameters
    ----------
    archives
        One or more.

    Returns
    -------
    Tables
        The rows of all.

    Raises
    ------
    StudyMismatchError
        The physics differs, or two archives hold the same length.
    ValueError
        There are no archives.

    Examples
    --------
    >>> combine([])
    Traceback (most recent call last):
    ValueError: parts must hold at least one set of tables; got none
    """
    held = list(archives)
    for one, other in combinations(held, 2):
        ours, theirs = _physics(one), _physics(other)
        for name in sorted(ours.keys() | theirs.keys()):
            if ours.get(name) != theirs.get(name):
                raise StudyMismatchError(
                    f"{one.folder} and {other.folder} must have the same {name}; got "
                    f"{ours.get(name)} and {theirs.get(name)}. Draw them apart"
                )
        if common := _lengths(one) & _lengths(other):
            raise StudyMismatchError(
                f"{one.folder} and {other.folder} must hold different lengths; both hold "
                f"{min(common)}. Leave one of them out"
            )
    return concatenate(archive.tables for archive in held)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _unchanged(path: Path, digest: str) -> bytes:
    if not path.is_file():
        raise StoreDamagedError(
            f"{path}: is missing, though the manifest names it. Take a whole copy, or export again"
        )
    content = path.read_bytes()
    if _digest(content) != digest:
        raise StoreDamagedError(
            f"{path}: has changed since it was written; its SHA-256 is not that of the manifest. "
            "Take a fresh copy, or export again"
        )
    return content


def _read_study(folder: Path, contents: dict[str, bytes]) -> Study:
    path = folder / STUDY_FILE
    try:
        return Study.from_toml(contents[STUDY_FILE].decode(), source=str(path))
    except (UnicodeDecodeError, InvalidStudyError) as error:
        raise StoreDamagedError(f"{path}: is not a study file: {error}") from error


def _read_table(folder: Path, name: str, contents: dict[str, bytes]) -> Any:
    for path in (folder / f"{name}.{extension}" for extension in FORMATS):
        if path.name in contents:
            try:
                return parse_table(path, contents[path.name])
            except ValueError as error:
                raise StoreDamagedError(str(error)) from error
    raise StoreDamagedError(f"{folder}: the manifest names no table of {name}. Export again")


def _physics(archive: Archive) -> dict[str, Any]:
    """What archives must have in common to be combined."""
    common = {key: value for key, value in archive.study.identity.items() if key not in _FREE}
    return common | {"physics_version": archive.manifest.physics_version}


def _lengths(archive: Archive) -> set[int]:
    return set(archive.tables.realizations["length"])
