"""A manifest is ours or it is refused, and nothing outside of its folder is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mbl_study.errors import StoreDamagedError, StoreMissingError
from mbl_study.manifest import ComputedWith, Failure, Manifest, read_manifest


@pytest.fixture
def manifest() -> Manifest:
    """Manifest of a study with a failed task."""
    return Manifest(
        study="small",
        physics_version=3,
        tasks={6: {"done": 5, "failed": 1}},
        failures=(Failure(task="{}", state="failed", reason="RuntimeError"),),
        conflicts=("{}",),
        computed_with=(ComputedWith(records=5, versions={"numpy": "2"}),),
        written_with={"pandas": "3"},
        files={"study.toml": "0" * 64, "regions.csv": "1" * 64},
    )


@pytest.fixture
def folder(manifest: Manifest, tmp_path: Path) -> Path:
    """Folder with that manifest."""
    (tmp_path / "manifest.json").write_text(manifest.model_dump_json())
    return tmp_path


def test_what_was_written_is_read(folder: Path, manifest: Manifest) -> None:
    """Every field."""
    assert read_manifest(folder) == manifest


def changed(folder: Path, **changes: object) -> None:
    """Write other values into the manifest."""
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_folder_without_a_manifest_is_no_export(folder: Path) -> None:
    """Neither an empty one, nor one that was left half-written, nor one that is not there."""
    (folder / "manifest.json").unlink()
    for odd in (folder, folder.parent, folder / "none"):
        with pytest.raises(StoreMissingError, match=r"holds no manifest\.json\. Name a folder"):
            read_manifest(odd)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"name": "another program"}',
        b"[" * 100_000,
    ],
    ids=["empty", "binary", "list", "foreign", "nested"],
)
def test_a_foreign_manifest_is_refused(folder: Path, content: bytes) -> None:
    """Whatever it is, the message names the file."""
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(StoreDamagedError, match=r"manifest\.json: is not a manifest that this"):
        read_manifest(folder)


def test_a_newer_format_is_refused(folder: Path) -> None:
    """Nothing is guessed about a layout that this version does not know."""
    changed(folder, format=2)
    with pytest.raises(StoreDamagedError, match="this mbl-study can read: format"):
        read_manifest(folder)


@pytest.mark.parametrize("name", ["../store.sqlite", "/etc/hostname", "regions.xlsx"])
def test_names_do_not_lead_out_of_the_folder(folder: Path, name: str) -> None:
    """A manifest from a stranger makes nothing be read but tables and a study file."""
    files = json.loads((folder / "manifest.json").read_text())["files"]
    changed(folder, files=files | {name: "0" * 64})
    with pytest.raises(StoreDamagedError, match="must name the study file, tables"):
        read_manifest(folder)
