"""Facts that stand in two places agree, and the packages keep the shape that they promise."""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = ("qentropy", "mbl_study")
MODULE_FILES = sorted(
    path.relative_to(ROOT)
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if path.name != "__main__.py"
)
MODULES = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in MODULE_FILES]
# The functions of these two are reached through the module and not exported at the top.
NAMESPACES = sorted({*PACKAGES, "qentropy.lemmas", "qentropy.programs"} & set(MODULES))


def exported(module: ModuleType) -> list[str]:
    """List what ``from module import *`` would bring."""
    return list(getattr(module, "__all__", ()))


def public_functions() -> dict[str, object]:
    """Every exported function, by its qualified name, once."""
    found = {}
    for name in NAMESPACES:
        module = importlib.import_module(name)
        for value in (getattr(module, public) for public in exported(module)):
            if inspect.isfunction(value):
                found[f"{value.__module__}.{value.__qualname__}"] = value
    return found


FUNCTIONS = public_functions()


@pytest.mark.parametrize("path", MODULE_FILES, ids=str)
def test_every_module_has_its_tests(path: Path) -> None:
    """``package/folder/x.py`` is tested by ``tests/test_package/test_folder/test_x.py``."""
    *folders, name = path.with_suffix("").parts
    if name == "__init__":
        if len(folders) == 1:
            return  # The top of a package holds names only, which this file checks.
        *folders, name = [*folders, folders[-1]]
    mirror = Path("tests", *(f"test_{folder}" for folder in folders), f"test_{name}.py")
    assert (ROOT / mirror).is_file(), f"{path} has no {mirror}"


@pytest.mark.parametrize("name", MODULES)
def test_export_list_is_true(name: str) -> None:
    """``__all__`` names what the module defines or collects, each once, and all of it exists."""
    module = importlib.import_module(name)
    names = exported(module)
    assert len(names) == len(set(names))
    assert [public for public in names if not hasattr(module, public)] == []
    belongs_here = {
        public
        for public, value in vars(module).items()
        if not public.startswith("_")
        and (inspect.isfunction(value) or inspect.isclass(value))
        # The top of a package collects; any other module speaks for itself only.
        and (value.__module__ == name or (name in PACKAGES and value.__module__.startswith(name)))
    }
    assert belongs_here - set(names) == set()


def test_the_version_is_the_same_everywhere() -> None:
    """pyproject.toml, the installed metadata, CITATION.cff and CHANGELOG.md name one version."""
    version = PYPROJECT["project"]["version"]
    assert importlib.metadata.version("qentropy") == version
    citation = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert citation is not None
    assert citation[1] == version
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert newest[1] == version


def test_importing_the_toolkit_is_light() -> None:
    """``import qentropy`` loads neither the modelling library nor anything of the study."""
    heavy = {"cvxpy", "distributed", "matplotlib", "mbl_study", "pandas", "qutip", "rich", "typer"}
    script = "import sys, qentropy; print(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert heavy & set(done.stdout.split()) == set()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_public_function_is_documented(name: str) -> None:
    """A public function tells what it takes and returns, and shows it by an example that runs."""
    documentation = inspect.getdoc(FUNCTIONS[name]) or ""
    assert ">>> " in documentation
    headings = set(re.findall(r"^(\w[\w ]*)\n-+$", documentation, re.MULTILINE))
    assert {"Parameters", "Examples"} - headings == set()
    assert {"Returns", "Yields"} & headings


@pytest.mark.parametrize("name", FUNCTIONS)
def test_public_signature_is_plain(name: str) -> None:
    """A public function has at most three positional arguments and no catch-all for options."""
    parameters = inspect.signature(FUNCTIONS[name]).parameters.values()
    positional = [p for p in parameters if p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD}]
    assert len(positional) <= 3
    assert not [p for p in parameters if p.kind is p.VAR_KEYWORD]


@pytest.mark.parametrize("script", sorted(PYPROJECT["project"]["scripts"]))
def test_command_leads_to_a_function(script: str) -> None:
    """Each installed command names a function that exists."""
    (entry,) = importlib.metadata.entry_points(group="console_scripts", name=script)
    assert entry.value == PYPROJECT["project"]["scripts"][script]
    assert callable(entry.load())


def test_constraints_pin_every_requirement() -> None:
    """Each requirement has one exact pin that satisfies its bound, and no address of an index."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    pins = {canonicalize_name(name): version for name, version in pins.items()}
    extras = PYPROJECT["project"]["optional-dependencies"]
    wanted = [*PYPROJECT["build-system"]["requires"], *PYPROJECT["project"]["dependencies"]]
    for requirement in map(Requirement, [*wanted, *extras["study"], *extras["dev"]]):
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)])
        assert {specifier.operator for specifier in requirement.specifier} == {">="}
    assert "://" not in "".join(lines)


def test_wheel_holds_the_packages_and_nothing_else(tmp_path: Path) -> None:
    """The wheel has every module, the typing markers and the presets, and no tests."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.suffix in {".py", ".toml"} or path.name == "py.typed"
    }
    assert packed == expected
    assert {f"{package}/py.typed" for package in PACKAGES} <= packed
