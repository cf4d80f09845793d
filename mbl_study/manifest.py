"""What an exported folder says about itself: counts, versions, and a digest of each file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from mbl_study.errors import StoreDamagedError, StoreMissingError
from mbl_study.tables import FORMATS, TABLES

__all__ = [
    "MANIFEST_FILE",
    "STUDY_FILE",
    "ComputedWith",
    "Failure",
    "Manifest",
    "read_manifest",
]

MANIFEST_FILE, STUDY_FILE = "manifest.json", "study.toml"
_KNOWN = {STUDY_FILE, *(f"{name}.{extension}" for name in TABLES for extension in FORMATS)}


class ComputedWith(BaseModel):
    """How many records were computed with which versions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    records: int
    versions: dict[str, str]


class Failure(BaseModel):
    """A task that failed or was set aside, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    state: str
    reason: str


class Manifest(BaseModel):
    """What an archive says about itself.

    Attributes
    ----------
    format
        Of the archive, raised when its layout changes.
    study
        Name of the study.
    physics_version
        Version of the physics of the records.
    tasks
        Number of tasks in each state, by length.
    failures, conflicts
        Tasks that failed, and tasks that gave different numbers when they ran again, each by its
        parameters.
    computed_with
        Versions behind the records.
    written_with
        Versions behind the files.
    files
        SHA-256 of each file, hexadecimal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    study: str
    physics_version: int
    tasks: dict[int, dict[str, int]]
    failures: tuple[Failure, ...]
    conflicts: tuple[str, ...]
    computed_with: tuple[ComputedWith, ...]
    written_with: dict[str, str]
    files: dict[str, str]


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a folder, and check what it names.

    Parameters
    ----------
    folder
        Where the files are.

    Returns
    -------
    Manifest
        It names the study file, and tables, and nothing else.

    Raises
    ------
    StoreMissingError
        The folder holds no manifest.
    StoreDamagedError
        The file is not a manifest, or names other files.
    """
    path = folder / MANIFEST_FILE
    if not path.is_file():
        raise StoreMissingError(
            f"{folder}: holds no {MANIFEST_FILE}. Name a folder that mbl-study export has written"
        )
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise StoreDamagedError(
            f"{path}: is not a manifest that this mbl-study can read: {where or 'the file'}: "
            f"{first['msg']}"
        ) from error
    # A name must not lead out of the folder.
    for name in (*manifest.files, STUDY_FILE):
        if name not in _KNOWN or name not in manifest.files:
            raise StoreDamagedError(
                f"{path}: must name the study file, tables and nothing else; see {name!r}"
            )
    return manifest
