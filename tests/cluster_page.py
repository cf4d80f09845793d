"""The recipes of ``docs/cluster.md``, run as a reader would copy them."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import dask
import yaml

PAGE = Path(__file__).resolve().parents[1] / "docs" / "cluster.md"


def blocks(language: str) -> list[str]:
    """Return the blocks of code in one language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def block_with(text: str) -> str:
    """Return the one block of shell code with a text in it."""
    (block,) = (block for block in blocks("sh") if text in block)
    return block


def prepare(home: Path) -> Path:
    """Run the blocks that make settings, certificate and scripts; return their folder."""
    folder = home / "mbl-cluster"
    for text in ("cat > cluster.yaml", "cat > driver.sbatch", "cat > study.yaml"):
        subprocess.run(
            ["bash", "-euc", block_with(text)],
            cwd=folder if folder.exists() else home,
            env=os.environ | {"HOME": str(home)},
            capture_output=True,
            check=True,
        )
    return folder


@contextlib.contextmanager
def configured(file: Path) -> Iterator[None]:
    """Let Dask know the settings of a file, as if ``DASK_CONFIG`` had named it."""
    settings = dask.config.merge(dask.config.config, yaml.safe_load(file.read_text()))
    with dask.config.set({"distributed": settings["distributed"]}):
        yield
