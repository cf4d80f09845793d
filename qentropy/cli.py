"""The command line ``qentropy``: numbers for two files, and the paper's statements as a table."""

import json
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from qentropy.errors import CertificationWarning, InvalidStateError, QEntropyError
from qentropy.lemmas import EVALUATIONS, STATEMENTS, LemmaReport, save_instance
from qentropy.lemmas import verify as verify_statements
from qentropy.lemmas.records import json_values
from qentropy.results import CertifiedValue, Verdict
from qentropy.smoothing import METHODS, smooth_max_relative_entropy

__all__ = ["app", "dmax", "main", "verify"]

USAGE_ERROR = 2
REFUTED = 1
WIDE = 110

app = typer.Typer(
    name="qentropy",
    help="Certified entropic quantities of quantum states.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
messages = Console(stderr=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def main() -> None:
    """Run the command line."""
    app()


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


@app.command()
def dmax(  # noqa: PLR0917 - typer reads the parameters; nobody calls this by position
    rho: Annotated[Path, typer.Argument(help="Density operator: a .npy or .npz file.")],
    sigma: Annotated[Path, typer.Argument(help="Positive operator: a .npy or .npz file.")],
    epsilon: Annotated[float, typer.Option(help="Smoothing radius; 0 is D_max itself.")] = 0.0,
    ball: Annotated[
        str, typer.Option(help="trace-norm, trace-distance or purified-distance.")
    ] = "trace-norm",
    subnormalized: Annotated[
        bool, typer.Option("--subnormalized", help="Smooth over sub-normalised states, too.")
    ] = False,
    rtol: Annotated[float, typer.Option(help="Relative gap wanted of 2**D.")] = 1e-6,
    method: Annotated[str, typer.Option(help=f"One of {', '.join(METHODS)}.")] = "auto",
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Smooth max-relative entropy of RHO relative to SIGMA, in bits, with a proved interval.

    The files hold one matrix each, as written by numpy.save, numpy.savez (one array) or
    scipy.sparse.save_npz.

    Example: qentropy dmax rho.npy sigma.npy --epsilon 0.1 --ball trace-distance
    """
    with _errors(debug), warnings.catch_warnings():
        warnings.simplefilter("ignore", CertificationWarning)  # said below, on stderr
        result = smooth_max_relative_entropy(
            _matrix(rho),
            _matrix(sigma),
            epsilon,
            ball=ball,
            normalized=not subnormalized,
            rtol=rtol,
            method=method,
        )
    if as_json:
        typer.echo(json.dumps(json_values(result.to_dict()), indent=2))
    else:
        typer.echo(_text(result))
    if not result.converged:
        messages.print(f"relative gap {result.gap:.2g} is wider than {rtol:.2g}", style="yellow")


@app.command()
def verify(  # noqa: PLR0917 - typer reads the parameters; nobody calls this by position
    statement: Annotated[
        list[str] | None,
        typer.Argument(
            help="Statements to check, named as in --list; none means all.",
            autocompletion=lambda: list(STATEMENTS),
        ),
    ] = None,
    samples: Annotated[int, typer.Option(min=1, help="Random instances per statement.")] = 20,
    search: Annotated[
        int,
        typer.Option(
            min=0,
            help="Instances that the search for a worse one may look at, per statement; 0: none.",
        ),
    ] = EVALUATIONS,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random instances.")] = 0,
    save_instances: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write the tightest instance of each statement there: NAME.npz and NAME.json.",
        ),
    ] = None,
    list_only: Annotated[
        bool, typer.Option("--list", help="Say what each statement is, and check nothing.")
    ] = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Check statements of the paper, both sides as proved intervals.

    Each statement, lhs <= rhs, is put to random instances of several shapes
    and ranks. Then a search starts from the worst of them and tries to break
    the statement. The table gives the worst slack, (rhs - lhs) / rhs, and the
    instance that has it.

    PROVED: on every instance the intervals are ordered. REFUTED: on some
    instance they are in the wrong order. UNDECIDED: on some instance they
    overlap. Exit code 1 if anything is refuted.

    Example: qentropy verify convex-split --seed 7 --save-instances tight/

    To read a saved instance: qentropy.lemmas.load_instance, or numpy.load.
    """
    if list_only:
        Console().print(_list())
        return
    chosen, reports = statement or list(STATEMENTS), []
    with _errors(debug), _progress(chosen, samples + search) as done:
        for report in verify_statements(
            chosen, samples=samples, evaluations=search, rng=seed, progress=done
        ):
            reports.append(report)
            if save_instances is not None:
                save_instance(report, save_instances, seed=seed)
    if as_json:
        typer.echo(json.dumps(json_values([report.to_dict() for report in reports]), indent=2))
    else:
        Console().print(_table(reports))
    if any(report.verdict is Verdict.REFUTED for report in reports):
        raise typer.Exit(REFUTED)


@contextmanager
def _progress(chosen: list[str], instances: int) -> Iterator[Callable[[str], None]]:
    """A bar on stderr with the time left, on a terminal only."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    order = [name for name in STATEMENTS if name in chosen]
    with Progress(*columns, console=messages, disable=not messages.is_terminal) as progress:
        task = progress.add_task("", total=len(order) * instances)
        seen: Counter[str] = Counter()

        def done(name: str) -> None:
            seen[name] += 1
            # A search may end early: the statements before this one count in full.
            completed = order.index(name) * instances + seen[name]
            progress.update(task, description=name, completed=completed)

        yield done


@contextmanager
def _errors(debug: bool) -> Iterator[None]:
    """One line on stderr and exit code 2 for what a user can mend; nothing else on stdout."""
    try:
        # SCS prints a failure on stdout even if told not to print.
        with redirect_stdout(sys.stderr):
            yield
    except (QEntropyError, OSError) as error:
        if debug:
            raise
        messages.print(f"qentropy: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(USAGE_ERROR) from error


def _matrix(path: Path) -> Any:
    """The one matrix of a file; never unpickles."""
    try:
        content = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise InvalidStateError(f"{path} must be a .npy or .npz file of numbers") from error
    if isinstance(content, np.ndarray):
        return content
    with content:
        if "format" in content.files:
            import scipy.sparse

            return scipy.sparse.load_npz(path)
        if len(content.files) != 1:
            raise InvalidStateError(
                f"{path} must hold one array; got {', '.join(content.files) or 'none'}"
            )
        return content[content.files[0]]


def _text(result: CertifiedValue) -> str:
    lines = [
        ("value", f"{result.value:.12g} bits"),
        ("interval", f"[{result.lower!r}, {result.upper!r}]"),
        ("method", result.method),
        ("ball", f"{result.ball}, radius {result.radius:g}"),
    ]
    notes = () if result.report is None else result.report.notes
    return "\n".join(
        f"{name:<9} {value}" for name, value in (*lines, *(("note", n) for n in notes))
    )


def _table(reports: list[LemmaReport]) -> Table:
    """One row per statement; on a narrow terminal the tightest instance goes below the name."""
    columns = ["statement", "equation", "instances", "shapes", "worst slack", "tightest", "verdict"]
    narrow = Console().width < WIDE
    table = Table(
        caption="instances: random + found by search (*). slack: (rhs - lhs) / rhs, a proved lower "
        "bound; just rhs - lhs where one side is exactly 0.",
        caption_justify="left",
        box=box.SIMPLE_HEAVY,
        pad_edge=False,
    )
    for name in columns:
        wraps = name == ("statement" if narrow else "tightest")
        right = name in {"instances", "shapes", "worst slack"}
        if not (narrow and name in {"shapes", "tightest"}):
            table.add_column(
                name.removeprefix("worst ") if narrow else name,
                justify="right" if right else "left",
                no_wrap=not wraps,
                min_width=max(len(r.name) for r in reports) if wraps and narrow else None,
                overflow="fold",
            )
    for report in reports:
        cells = _cells(report)
        if narrow:
            cells["statement"] += f"\n[dim]{cells.pop('tightest')}[/]"
            cells["instances"] += f"\n[dim]{cells.pop('shapes')} shapes[/]"
        table.add_row(*cells.values())
    return table


def _cells(report: LemmaReport) -> dict[str, str]:
    colours = {Verdict.PROVED: "green", Verdict.REFUTED: "red", Verdict.UNDECIDED: "yellow"}
    tightest = report.tightest
    return {
        "statement": report.name,
        "equation": report.equation,
        "instances": f"{len(report.instances) - report.adversarial} + {report.adversarial}",
        "shapes": str(report.shapes),
        "worst slack": f"{tightest.relative_slack:.3g}",
        "tightest": escape(tightest.check.instance) + (" *" if tightest.adversarial else ""),
        "verdict": f"[{colours[report.verdict]}]{report.verdict.value}[/]",
    }


def _list() -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, statement in STATEMENTS.items():
        first_line = (statement.check.__doc__ or "").partition("\n")[0]
        table.add_row(name, Text(first_line.replace("``", "")))
    return table
