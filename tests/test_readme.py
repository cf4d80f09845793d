"""What the pages of the project show is true: the code runs and prints what is printed there.

Blocks of a page run from top to bottom in one empty folder. A ``python`` block that begins with an
import starts with fresh names, any other goes on where the one before it stopped; a ``text`` block
right after it is its output. In a ``console`` block each line that starts with ``$`` is run, and
lines that follow it, if any, are its output. In an output ``...`` stands for anything. ``sh`` and
``toml`` blocks, for commands that install or run whole studies and for files, are not run; of the
commands only the ``make`` targets are checked.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = sorted(f"docs/{file.name}" for file in (ROOT / "docs").glob("*.md"))
PAGES = ("README.md", "CONTRIBUTING.md", *DOCS)
RUN = [page for page in PAGES if "```python" in (ROOT / page).read_text()]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def assert_printed(got: str, want: str, source: str) -> None:
    """Compare as doctest does: spaces count once, and ``...`` stands for anything."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.OutputChecker().check_output(want, got, flags), f"{source}\nprinted:\n{got}"


def run_python(source: str, place: str, names: dict[str, object]) -> str:
    """Run a block, with fresh names if it begins with an import, and return what it prints."""
    if source.startswith(("import ", "from ")):
        names.clear()
        names["__name__"] = "__main__"
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(source, place, "exec"), names)
    return output.getvalue()


def run_console(block: str) -> None:
    """Run each command of a block and compare what it prints with the lines that follow it."""
    scripts = sysconfig.get_path("scripts")
    environment = {**os.environ, "PATH": os.pathsep.join([scripts, os.environ.get("PATH", "")])}
    for command, want in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
        done = subprocess.run(
            shlex.split(command), capture_output=True, text=True, env=environment, check=False
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
        if want.strip():
            assert_printed(done.stdout, want, f"$ {command}")


@pytest.mark.parametrize("page", RUN)
def test_a_page_does_what_it_shows(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader who follows a page from top to bottom sees what is printed there."""
    monkeypatch.chdir(tmp_path)
    text = (ROOT / page).read_text()
    languages: list[str] = []
    names: dict[str, object] = {}
    printed = ""
    for block in FENCE.finditer(text):
        language, body = block[1], block[2]
        if language == "python":
            line = text.count("\n", 0, block.start()) + 1
            printed = run_python(body, f"{page}, block at line {line}", names)
        elif language == "text":
            assert languages[-1] == "python"
            assert_printed(printed, body, f"{page}, python block at line {line}")
        elif language == "console":
            run_console(body)
        else:
            assert language in {"sh", "toml"}
        languages.append(language)
    assert {"python", "text"} <= set(languages)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_make_targets_exist(page: str) -> None:
    """Every ``make`` command that a page mentions is a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text()
    named = re.findall(r"^make ([\w ]+)|`make ([\w ]+)`", (ROOT / page).read_text(), re.MULTILINE)
    targets = {target for match in named for target in "".join(match).split("  ")[0].split()}
    assert targets
    assert [t for t in targets if not re.search(rf"^{t}:", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """Every relative link of a page names a file of the project."""
    file = ROOT / page
    links = re.findall(r"\]\(([^)#]+)\)", file.read_text())
    missing = [link for link in links if "://" not in link and not (file.parent / link).exists()]
    assert missing == []
