"""One HTML page for a study: question, parameters, figures, slopes, checks, footprint, versions.

The page holds everything that it shows, asks the network for nothing, and is the same for the same
store and libraries.  Every number comes from `analysis`, `overview` or `footprint`.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from mbl_study import analysis
from mbl_study.archive import Archive, counted, study_file
from mbl_study.errors import StoreMissingError
from mbl_study.files import write_atomically
from mbl_study.footprint import (
    EMISSION_FACTOR,
    NOT_COUNTED,
    PAPER_NOTE,
    POWER,
    footprint,
    footprint_rows,
)
from mbl_study.overview import described, state
from mbl_study.record import PHYSICS_VERSION
from mbl_study.report.checks import check_tables, version_tables
from mbl_study.report.figures import Panel, draw_panels
from mbl_study.report.results import result_tables
from mbl_study.report.style import SCRIPT, STYLE_SHEET
from mbl_study.report.svg import colour_rules, colours_of
from mbl_study.report.template import PAGE
from mbl_study.store import Store
from mbl_study.study import Study, Task
from mbl_study.tables import Tables

__all__ = ["render_report", "write_report"]

_SECTIONS = {
    "question": "The question",
    "parameters": "Parameters",
    "figures": "Figures",
    "slopes": "Slopes",
    "checks": "Checks",
    "footprint": "Footprint",
    "versions": "Versions",
    "cite": "How to cite",
}
_MADE_WITH = ("matplotlib", "numpy", "pandas", "scipy")
_DOI = "10.1038/s42005-020-00503-1"
_BIBTEX = """\
@article{{Sparaciari21,
  author  = {{Sparaciari, Carlo and Goihl, Marcel and Boes, Paul and Eisert, Jens
             and Ng, Nelly Huei Ying}},
  title   = {{Bounding the resources for thermalizing many-body localized systems}},
  journal = {{Communications Physics}},
  volume  = {{4}},
  pages   = {{3}},
  year    = {{2021}},
  doi     = {{{doi}}}
}}

@software{{qentropy,
  author  = {{{{the qentropy developers}}}},
  title   = {{qentropy}},
  version = {{{version}}}
}}"""


def write_report(
    store: Store | Archive,
    path: str | Path,
    *,
    power: float = POWER,
    emission_factor: float = EMISSION_FACTOR,
    samples: int = 500,
) -> Path:
    """Write the page of a study, whole or not at all.

    Parameters
    ----------
    store
        Where the results are, or what `read_archive` returned; a study that is half done makes a
        page, too.
    path
        Of the page; its folder is made if it is not there.
    power, emission_factor
        As for `footprint`.
    samples
        How many times the realizations are drawn anew for the bootstrap errors.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    StoreMissingError
        There is no store, or there are no entropies in it yet.
    OSError
        The disk refuses; an old page is untouched and no fragment is left.

    Examples
    --------
    >>> write_report(Store("results/none/store.sqlite"), "report.html")
    Traceback (most recent call last):
    mbl_study.errors.StoreMissingError: ...there is no store yet. Start a run first.
    """
    target = Path(path)
    page = render_report(store, power=power, emission_factor=emission_factor, samples=samples)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, page.encode())
    return target


def render_report(
    store: Store | Archive,
    *,
    power: float = POWER,
    emission_factor: float = EMISSION_FACTOR,
    samples: int = 500,
) -> str:
    """Text of the page that `write_report` writes.

    Parameters
    ----------
    store, power, emission_factor, samples
        As for `write_report`.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    StoreMissingError
        As for `write_report`.

    Examples
    --------
    >>> render_report(Store("results/none/store.sqlite"))
    Traceback (most recent call last):
    mbl_study.errors.StoreMissingError: ...there is no store yet. Start a run first.
    """
    source = _of_store(store) if isinstance(store, Store) else _of_archive(store)
    study, tables = source.study, source.tables
    if tables.regions.empty:
        raise StoreMissingError(f"{source.name}: there are no results to show yet. Run the study.")
    panels = list(draw_panels(tables, samples=samples))
    found = footprint(tables.realizations["seconds"], power=power, emission_factor=emission_factor)
    values: dict[str, Any] = {
        "study": study,
        "parameters": _parameters(study),
        "study_file": study_file(study).rstrip(),
        "panels": panels,
        "footprint_rows": footprint_rows(found),
        "footprint_notes": (NOT_COUNTED, PAPER_NOTE),
    }
    values |= result_tables(tables, samples)
    values |= check_tables(tables, source.state) | version_tables(source.computed)
    return _filled(values, panels)


class _Source(NamedTuple):
    """What a page is made from: results, and what became of the tasks."""

    name: str
    study: Study
    tables: Tables
    state: dict[str, Any]
    computed: Counter[tuple[tuple[str, str], ...]]


def _of_store(store: Store) -> _Source:
    report = state(store)
    computed: Counter[tuple[tuple[str, str], ...]] = Counter()
    with store:
        tables = analysis.tabulate(counted(store.results(), computed))
        return _Source(str(store.path), store.study(), tables, report, computed)


def _of_archive(archive: Archive) -> _Source:
    manifest = archive.manifest
    report = {
        "tasks": {str(length): counts for length, counts in manifest.tasks.items()},
        "failures": [
            {
                "task": described(Task.from_parameters(one.task)),
                "state": one.state,
                "detail": one.reason,
            }
            for one in manifest.failures
        ],
        "conflicts": [described(Task.from_parameters(text)) for text in manifest.conflicts],
    }
    computed = Counter(
        {tuple(sorted(one.versions.items())): one.records for one in manifest.computed_with}
    )
    return _Source(str(archive.folder), archive.study, archive.tables, report, computed)


def _filled(values: Mapping[str, Any], panels: Iterable[Panel]) -> str:
    """Fill the template in, and add what is the same on every page."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    colours = set().union(*(colours_of(panel.svg) for panel in panels))
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    ours = version("qentropy")
    return environment.from_string(PAGE).render(
        values,
        sections=_SECTIONS.items(),
        version=ours,
        made_with=", ".join(f"{name} {version(name)}" for name in ("qentropy", *_MADE_WITH)),
        doi=_DOI,
        bibtex=_BIBTEX.format(version=ours, doi=_DOI),
        style=Markup(STYLE_SHEET + colour_rules(colours)),
        script=Markup(SCRIPT),
        script_digest=f"sha256-{digest}",
    )


def _parameters(study: Study) -> list[tuple[str, str]]:
    return [
        ("name", study.name),
        ("lengths L", _listed(study.lengths)),
        ("disorder strengths Δ", _listed(study.disorders)),
        ("realizations", f"{study.realizations} for each length, the same fields at every Δ"),
        ("initial state", study.initial_state),
        ("accepted distances ε", _listed(study.epsilons)),
        ("seed", str(study.seed)),
        ("version of the physics", str(PHYSICS_VERSION)),
    ]


def _listed(values: Iterable[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)
