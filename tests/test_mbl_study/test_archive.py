"""An export is whole, says what it is, and is read only if nothing has changed."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import faulty_tasks
import pandas as pd
import pytest

from mbl_study.archive import (
    Archive,
    combine,
    read_archive,
    study_file,
    write_archive,
)
from mbl_study.ensemble import run_study
from mbl_study.errors import StoreDamagedError, StudyMismatchError
from mbl_study.record import PHYSICS_VERSION
from mbl_study.store import Store
from mbl_study.study import Study, preset_names
from mbl_study.tables import TABLES, tabulate

FILES = [
    *(f"{name}.{ending}" for ending in ("parquet", "csv") for name in TABLES),
    *("study.toml", "manifest.json"),
]


def failing(parameters: str) -> str:
    """Fail in one task."""
    if '"disorder":5.0' in parameters and '"realization":1' in parameters:
        raise RuntimeError("\x1b[2J beyond repair")
    return faulty_tasks.fast(parameters)


def exported(folder: Path, **changes: object) -> Archive:
    """Export of a study that never ran."""
    run_study(
        faulty_tasks.study(**changes),
        folder / "store.sqlite",
        workers=0,
        task_function=faulty_tasks.fast,
    )
    write_archive(Store(folder / "store.sqlite"), folder / "tables", ["parquet"])
    return read_archive(folder / "tables")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Store of a study with failed tasks."""
    path = tmp_path_factory.mktemp("archive") / "store.sqlite"
    run_study(faulty_tasks.study(), path, workers=0, task_function=failing)
    return Store(path)


@pytest.fixture
def folder(store: Store, tmp_path: Path) -> Path:
    """Fresh export of that store, in a folder that was not there."""
    folder = tmp_path / "deep" / "tables"
    paths = write_archive(store, folder)
    assert paths == [folder / name for name in FILES]
    return folder


def assert_same(one: Archive, other: Archive) -> None:
    """Compare the numbers of two archives."""
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(one.tables, name), getattr(other.tables, name))


def test_what_was_written_is_read(folder: Path, store: Store) -> None:
    """The study, every number, and what became of the tasks."""
    archive = read_archive(folder)
    with store:
        assert archive.study == store.study()
        tables = tabulate(store.results())
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(archive.tables, name), getattr(tables, name))
    manifest = archive.manifest
    assert (manifest.study, manifest.physics_version) == ("small", PHYSICS_VERSION)
    assert manifest.tasks[6] == {"done": 5, "failed": 1, "quarantined": 0, "pending": 0}
    assert [(one.records, one.versions) for one in manifest.computed_with] == [
        (10, {"mbl_study": "0"})
    ]
    assert {"pandas", "pyarrow", "qentropy"} == set(manifest.written_with)
    assert len(manifest.failures) == 2
    assert '"length":6' in manifest.failures[0].task
    assert manifest.failures[0].reason.startswith("RuntimeError: ")


def test_the_folder_holds_these_files_and_their_digests(folder: Path) -> None:
    """Any program can check them: SHA-256 of the bytes, hexadecimal, in a JSON file."""
    assert {path.name for path in folder.iterdir()} == set(FILES)
    digests = json.loads((folder / "manifest.json").read_text())["files"]
    assert list(digests) == FILES[:-1]
    for name, digest in digests.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_the_same_store_gives_the_same_bytes(folder: Path, store: Store, tmp_path: Path) -> None:
    """An export can be committed, and made again without a difference."""
    for path in write_archive(store, tmp_path / "again"):
        assert path.read_bytes() == (folder / path.name).read_bytes()


@pytest.mark.parametrize("name", preset_names())
def test_study_file_is_read_again(name: str, tmp_path: Path) -> None:
    """A preset survives its file, with every option."""
    study = Study.preset(name)
    (tmp_path / "study.toml").write_text(study_file(study))
    assert Study.load(tmp_path / "study.toml") == study


@pytest.mark.parametrize("formats", [["parquet"], ["csv"]])
def test_one_format_is_enough(
    store: Store, folder: Path, formats: list[str], tmp_path: Path
) -> None:
    """Either gives the numbers of both."""
    write_archive(store, tmp_path / "one", formats)
    assert_same(read_archive(tmp_path / "one"), read_archive(folder))


def test_a_study_that_has_just_begun_is_exported_too(tmp_path: Path) -> None:
    """Empty tables, and a count of what is to do."""
    with Store(tmp_path / "store.sqlite").run(faulty_tasks.study()):
        pass
    write_archive(Store(tmp_path / "store.sqlite"), tmp_path / "tables")
    archive = read_archive(tmp_path / "tables")
    assert archive.tables.regions.empty
    assert archive.manifest.tasks[6]["pending"] == 6


@pytest.mark.parametrize("name", FILES[:-1])
@pytest.mark.parametrize("damage", ["flip", "cut", "remove", "append"])
def test_damage_is_found_and_named(folder: Path, name: str, damage: str) -> None:
    """One bit is enough, in either format, and the message says what to do."""
    path = folder / name
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
    elif damage == "cut":
        del content[-1]
    else:
        content += b"\n"
    path.unlink() if damage == "remove" else path.write_bytes(content)
    with pytest.raises(StoreDamagedError, match="export again") as caught:
        read_archive(folder)
    assert str(path) in str(caught.value)


def changed(folder: Path, **changes: object) -> None:
    """Write other values into the manifest."""
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_every_part_must_be_named(folder: Path) -> None:
    """A manifest without the study file, or without one of the tables."""
    files = json.loads((folder / "manifest.json").read_text())["files"]
    changed(folder, files={name: files[name] for name in files if name != "study.toml"})
    with pytest.raises(StoreDamagedError, match=r"see 'study\.toml'"):
        read_archive(folder)
    changed(folder, files={name: files[name] for name in files if "regions" not in name})
    with pytest.raises(StoreDamagedError, match="names no table of regions"):
        read_archive(folder)


def test_content_that_a_false_manifest_vouches_for_is_refused(folder: Path) -> None:
    """A digest says that nothing has changed, not that the file is what its name says."""
    for name, message in (("regions.parquet", "must be a table"), ("study.toml", "not a study")):
        original = (folder / name).read_bytes()
        (folder / name).write_bytes(b"\x00 something else")
        files = json.loads((folder / "manifest.json").read_text())["files"]
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        changed(folder, files=files | {name: digest})
        with pytest.raises(StoreDamagedError, match=message):
            read_archive(folder)
        (folder / name).write_bytes(original)
        changed(folder, files=files)


def test_files_that_the_manifest_does_not_name_are_not_read(folder: Path, store: Store) -> None:
    """An old Parquet file does not hide the CSV file of a newer export."""
    expected = read_archive(folder)
    write_archive(store, folder, ["csv"])
    (folder / "regions.parquet").write_bytes(b"old")
    assert_same(read_archive(folder), expected)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Export of one chain."""
    return exported(tmp_path_factory.mktemp("short"), lengths=(6,))


def test_lengths_of_several_studies_make_one_table(short: Archive, tmp_path: Path) -> None:
    """Other seed, radii, disorders and number of realizations; the order does not matter."""
    longer = exported(
        tmp_path, lengths=(5, 8), seed=2, disorders=(1.0, 3.0), realizations=2, epsilons=(0.1,)
    )
    together = combine([short, longer])
    for name in TABLES:
        one, two = getattr(short.tables, name), getattr(longer.tables, name)
        table = getattr(together, name)
        assert len(table) == len(one) + len(two)
        assert table["length"].is_monotonic_increasing
        pd.testing.assert_frame_equal(table[table["length"] == 6].reset_index(drop=True), one)
        pd.testing.assert_frame_equal(table, getattr(combine([longer, short]), name))
    assert sorted(together.realizations["length"].unique()) == [5, 6, 8]


def test_other_physics_is_not_combined(short: Archive, tmp_path: Path) -> None:
    """The message names both folders and what differs."""
    plain = exported(tmp_path, lengths=(8,), initial_state="neel")
    with pytest.raises(
        StudyMismatchError, match=r"same initial_state; got .*neel.* Draw them apart"
    ):
        combine([short, plain])
    averaged = exported(tmp_path / "averaged", lengths=(8,), regions="translations")
    with pytest.raises(StudyMismatchError, match="same regions; got first and translations"):
        combine([short, averaged])
    old = exported(tmp_path / "old", lengths=(8,))
    changed(old.folder, physics_version=1)
    with pytest.raises(StudyMismatchError, match=r"same physics_version; got .* and 1"):
        combine([short, read_archive(old.folder)])


def test_older_physics_is_read_if_its_columns_fit(folder: Path) -> None:
    """Otherwise the message says that the files are whole, but not for this version."""
    expected = read_archive(folder)
    changed(folder, physics_version=1)
    assert_same(read_archive(folder), expected)
    (folder / "regions.parquet").unlink()
    expected.tables.regions.drop(columns="coherence").to_csv(folder / "regions.csv", index=False)
    files = json.loads((folder / "manifest.json").read_text())["files"]
    digest = hashlib.sha256((folder / "regions.csv").read_bytes()).hexdigest()
    del files["regions.parquet"]
    changed(folder, files=files | {"regions.csv": digest})
    with pytest.raises(StudyMismatchError, match=r"of version 1 of the physics.*coherence"):
        read_archive(folder)


def test_a_length_comes_from_one_study(short: Archive, tmp_path: Path) -> None:
    """Realizations of two studies are not paired over the disorder strengths."""
    other = exported(tmp_path, lengths=(6, 8), seed=2)
    with pytest.raises(StudyMismatchError, match="both hold 6"):
        combine([short, other])
    copy = shutil.copytree(short.folder, tmp_path / "copy")
    with pytest.raises(StudyMismatchError, match="both hold 6"):
        combine([short, read_archive(copy)])
