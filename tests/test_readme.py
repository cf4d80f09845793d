"""What README.md and CONTRIBUTING.md show is true: the code runs and prints what is printed there.

Blocks of README.md run from top to bottom in one empty folder. A ``python`` block starts with fresh
names; a ``text`` block right after it is its output. In a ``console`` block each line that starts
with ``$`` is run, and lines that follow it, if any, are its output, where ``...`` stands for
anything. ``sh`` blocks are for commands that install or run whole studies; only their ``make``
targets are checked.
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
PAGES = ("README.md", "CONTRIBUTING.md")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def assert_printed(got: str, want: str, source: str) -> None:
    """Compare as doctest does: spaces count once, and ``...`` stands for anything."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.OutputChecker().check_output(want, got, flags), f"{source}\nprinted:\n{got}"


def run_python(source: str, line: int) -> str:
    """Run a block as a module of its own and return what it prints."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(source, f"README.md, block at line {line}", "exec"), {"__name__": "__main__"})
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


def test_the_readme_does_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader who follows README.md from top to bottom sees what is printed there."""
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "README.md").read_text()
    languages, printed = [], ""
    for block in FENCE.finditer(text):
        language, body = block[1], block[2]
        if language == "python":
            printed = run_python(body, text.count("\n", 0, block.start()) + 1)
        elif language == "text":
            assert languages[-1] == "python"
            assert_printed(printed, body, "the python block before")
        elif language == "console":
            run_console(body)
        else:
            assert language == "sh"
        languages.append(language)
    assert {"python", "text", "console", "sh"} <= set(languages)


@pytest.mark.parametrize("page", PAGES)
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
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text())
    missing = [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert missing == []
