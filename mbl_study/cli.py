"""The command line, ``mbl-study``: run a study, look at it, draw it, export it, verify it."""

import math
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mbl_study.console import Reporter, StopRequest, command, output, say
from mbl_study.errors import InvalidStudyError, StoreMissingError
from mbl_study.footprint import EMISSION_FACTOR, POWER, measure, show_footprint

# The libraries behind these take seconds to load, and `--help` needs none of them.
if TYPE_CHECKING:
    from mbl_study.archive import Archive
    from mbl_study.store import Store
    from mbl_study.study import Study

__all__ = [
    "Format",
    "app",
    "export",
    "footprint",
    "main",
    "plot",
    "report",
    "run",
    "status",
    "verify",
]

RESULTS = Path("results")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Thermalization of the disordered Heisenberg chain: run ensembles of chains, and turn"
    " them into figures. A study is a TOML file, its results are one SQLite file.",
    epilog="Begin with:  mbl-study run --preset quick",
)

StudyFile = Annotated[
    Path | None, typer.Argument(metavar="[STUDY.toml]", help="The study file.", show_default=False)
]
Preset = Annotated[
    str | None, typer.Option(help="A study that comes with the package, such as 'quick'.")
]
StorePath = Annotated[
    Path | None,
    typer.Option("--store", help="The results; by default results/NAME/store.sqlite."),
]
Folder = Annotated[
    Path | None, typer.Option("--output", help="Folder for files; by default that of the store.")
]

Archives = Annotated[
    list[Path] | None,
    typer.Option("--tables", help="A folder that export has written; may be given several times."),
]


class Format(StrEnum):
    """File formats of `export`."""

    PARQUET = "parquet"
    CSV = "csv"


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise typer.BadParameter("must be a finite number")
    return value


Power = Annotated[
    float,
    typer.Option(min=0, callback=_finite, help="Watts of one kernel; the paper's by default."),
]
EmissionFactor = Annotated[
    float,
    typer.Option(
        min=0, callback=_finite, help="CO₂ in kg for each kWh; Germany's in the paper by default."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("qentropy"))
        raise typer.Exit


@app.callback()
def _root(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


@app.command(epilog="Example:  mbl-study run --preset quick --workers 2")
@command
def run(
    study_file: StudyFile = None,
    *,
    preset: Preset = None,
    store: StorePath = None,
    folder: Folder = None,
    workers: Annotated[
        int | None,
        typer.Option(min=0, help="Processes on this machine; 0 computes in this one."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Address of a Dask scheduler, such as tls://10.0.0.1:8786."),
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Accept an unencrypted scheduler elsewhere.")
    ] = False,
    task_timeout: Annotated[
        float | None, typer.Option(min=0.1, help="Seconds after which a task counts as hung.")
    ] = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="Try failed and quarantined tasks again.")
    ] = False,
    figures: Annotated[
        bool, typer.Option("--figures/--no-figures", help="Draw figures at the end.")
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what there is to do, and what it takes.")
    ] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> int:
    """Run a study, or go on with it, or extend it; then draw its figures.

    Whatever is in the store already is not computed again. Ctrl-C waits for the tasks that run
    and stops; the same command goes on from there. A second Ctrl-C stops at once.

    More lengths, disorders or realizations extend a study. A changed seed or initial state is
    another study and wants another store.

    Certificates for a tls:// scheduler come from Dask's own configuration: a file that DASK_CONFIG
    names, or the variables DASK_DISTRIBUTED__COMM__TLS__CA_FILE,
    DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT and DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY.
    docs/cluster.md has recipes.
    """
    from mbl_study import overview
    from mbl_study.ensemble import run_study
    from mbl_study.ledger import State
    from mbl_study.store import Store

    study = _named_study(study_file, preset)
    if study is None:
        raise InvalidStudyError("name a study file, or a preset: mbl-study run --preset quick")
    path = store or RESULTS / study.name / "store.sqlite"
    if dry_run:
        overview.show(overview.plan(study, Store(path), workers), output(), as_json=as_json)
        return 0
    say(f"{study.name}: {study.task_count} tasks; results in {path}")
    stop = StopRequest()
    with stop.listening(), Reporter() as reporter:
        summary = run_study(
            study,
            path,
            scheduler,
            workers=workers,
            insecure=insecure,
            retry=retry,
            task_timeout=task_timeout,
            stop=stop.event,
            observer=reporter,
        )
    report = overview.state(Store(path))
    if figures and not summary.stopped and summary.counts[State.DONE]:
        report |= overview.findings(Store(path), folder or path.parent / "figures")
    overview.show(report, output(), as_json=as_json)
    if summary.stopped:
        say("stopped; the same command goes on from here")
        return stop.exit_code
    return summary.exit_code


@app.command(epilog="Example:  mbl-study status --preset quick")
@command
def status(
    study_file: StudyFile = None,
    *,
    preset: Preset = None,
    store: StorePath = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Say what is done, what failed and what is left. Works while a run is on, too."""
    from mbl_study import overview

    results = _existing_store(study_file, preset, store)
    overview.show(overview.state(results), output(), as_json=as_json)


@app.command(epilog="Example:  mbl-study plot --preset quick --output figures")
@command
def plot(
    study_file: StudyFile = None,
    *,
    preset: Preset = None,
    store: StorePath = None,
    tables: Archives = None,
    folder: Folder = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Draw the figures, and print the slopes and the critical disorder strength.

    The numbers come from a store, or from what [bold]export[/bold] has written: --tables names
    such a folder. Several folders are drawn as one study, if they hold different lengths and the
    same physics; their seeds may differ.
    """
    from mbl_study import overview

    if tables:
        _only_tables(study_file, preset, store)
        report = overview.findings(tables, folder or tables[0].parent / "figures")
    else:
        results = _existing_store(study_file, preset, store)
        report = overview.findings(results, folder or results.path.parent / "figures")
    overview.show(report, output(), as_json=as_json)


@app.command(epilog="Example:  mbl-study report --preset quick --output quick.html")
@command
def report(
    study_file: StudyFile = None,
    *,
    preset: Preset = None,
    store: StorePath = None,
    tables: Annotated[
        Path | None, typer.Option(help="A folder that export has written, instead of a store.")
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(
            "--output", help="The page; by default report.html beside the store or the tables."
        ),
    ] = None,
    power: Power = POWER,
    emission_factor: EmissionFactor = EMISSION_FACTOR,
    debug: Debug = False,
) -> None:
    """Write one HTML page about a study: figures, slopes, checks, footprint, how to cite.

    The page holds everything that it shows. It can be mailed, or opened from a disk, and asks the
    network for nothing. A study that is half done makes a page, too.
    """
    from mbl_study.archive import read_archive
    from mbl_study.report import write_report

    source: Store | Archive
    if tables is None:
        source = held = _existing_store(study_file, preset, store)
        beside = held.path.parent
    else:
        _only_tables(study_file, preset, store)
        source, beside = read_archive(tables), tables.parent
    target = page or beside / "report.html"
    say(f"report: {write_report(source, target, power=power, emission_factor=emission_factor)}")


@app.command(epilog="Example:  mbl-study footprint --preset quick --power 12 --emission-factor 0.3")
@command
def footprint(
    study_file: StudyFile = None,
    *,
    preset: Preset = None,
    store: StorePath = None,
    power: Power = POWER,
    emission_factor: EmissionFactor = EMISSION_FACTOR,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Say how many kernel hours a study took, how much energy and how much carbon dioxide.

    The hours are those that the records measured. A kernel is one core; its power and the emission
    factor are assumptions. The paper's own figures stand beside.
    """
    results = _existing_store(study_file, preset, store)
    found = measure(results, power=power, emission_factor=emission_factor)
    show_footprint(found, output(), as_json=as_json)


@app.command(epilog="Example:  mbl-study export --preset quick --format csv")
@command
def export(
    study_file: StudyFile = None,
    *,
    preset: Preset = None,
    store: StorePath = None,
    folder: Folder = None,
    formats: Annotated[
        list[Format] | None,
        typer.Option("--format", help="May be given twice. By default both."),
    ] = None,
    debug: Debug = False,
) -> None:
    """Write the records as files that can be cited: tidy tables, the study file, a manifest.

    The tables have one row per realization, region and bath bound. The manifest holds versions,
    counts and a SHA-256 of each file. [bold]plot[/bold] and [bold]report[/bold] read the folder
    again, by --tables.
    """
    from mbl_study.archive import write_archive

    results = _existing_store(study_file, preset, store)
    target = folder or results.path.parent / "tables"
    for path in write_archive(results, target, formats or list(Format)):
        output().print(str(path), markup=False)


@app.command(epilog="Example:  mbl-study verify --preset quick --samples 5")
@command
def verify(
    study_file: StudyFile = None,
    *,
    preset: Preset = None,
    store: StorePath = None,
    samples: Annotated[int, typer.Option(min=0, help="How many tasks run again.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Which tasks are chosen.")] = 0,
    debug: Debug = False,
) -> int:
    """Check every page and every digest, and compute some tasks again for comparison."""
    from mbl_study.overview import described
    from mbl_study.verification import recompute

    with _existing_store(study_file, preset, store) as results:
        say(f"{results.path}: every page and every digest is right")
        different = 0
        for task, difference in recompute(results, samples, rng=seed):
            different += bool(difference)
            output().print(f"{described(task)}: {difference or 'the same'}", markup=False)
    return 1 if different else 0


def main() -> None:
    """Entry point of ``mbl-study`` and ``python -m mbl_study``."""
    app()


def _named_study(study_file: Path | None, preset: str | None) -> "Study | None":
    from mbl_study.study import Study

    if study_file is not None and preset is not None:
        raise InvalidStudyError("name a study file or a preset, not both")
    if study_file is not None:
        return Study.load(study_file)
    return None if preset is None else Study.preset(preset)


def _only_tables(study_file: Path | None, preset: str | None, store: Path | None) -> None:
    if study_file is not None or preset is not None or store is not None:
        raise InvalidStudyError("name --tables, or a study or a --store, not both")


def _existing_store(study_file: Path | None, preset: str | None, store: Path | None) -> "Store":
    """Store that the options name, or the only one there is."""
    from mbl_study.store import Store

    study = _named_study(study_file, preset)
    if store is None and study is not None:
        store = RESULTS / study.name / "store.sqlite"
    if store is None:
        found = sorted(RESULTS.glob("*/store.sqlite"))
        if len(found) != 1:
            names = ", ".join(map(str, found)) or "none"
            raise StoreMissingError(f"name a study or a --store; there is {names}")
        (store,) = found
    return Store(store)
