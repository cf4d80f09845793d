"""The command line ``qentropy``: numbers for two files, and the paper's statements as a table."""

import json
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from qentropy.errors import CertificationWarning, InvalidStateError, QEntropyError
from qentropy.lemmas import STATEMENTS, LemmaReport
from qentropy.lemmas import verify as verify_statements
from qentropy.results import CertifiedValue, Verdict
from qentropy.smoothing import METHODS, smooth_max_relative_entropy

__all__ = ["app", "dmax", "main", "verify"]

USAGE_ERROR = 2
REFUTED = 1

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
        typer.echo(json.dumps(_plain(result.to_dict()), indent=2))
    else:
        typer.echo(_text(result))
    if not result.converged:
        messages.print(f"relative gap {result.gap:.2g} is wider than {rtol:.2g}", style="yellow")


@app.command()
def verify(
    lemma: Annotated[
        list[str] | None, typer.Argument(help="Statements to check; none means all.")
    ] = None,
    samples: Annotated[int, typer.Option(min=1, help="Instances per statement.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random instances.")] = 0,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Check statements of the paper on random instances, both sides as proved intervals.

    Statements: convex-split, trace-distance-extension, cq-operator-inequality. Exit code 1 if any
    is refuted.

    Example: qentropy verify convex-split --samples 100 --seed 7
    """
    reports: list[LemmaReport] = []
    with _errors(debug), Progress(console=messages, disable=not messages.is_terminal) as progress:
        task = progress.add_task("checking", total=len(lemma or STATEMENTS))
        for report in verify_statements(lemma or (), samples=samples, rng=seed):
            reports.append(report)
            progress.advance(task)
    if as_json:
        typer.echo(json.dumps([_plain(report.to_dict()) for report in reports], indent=2))
    else:
        Console().print(_table(reports))
    if any(report.verdict is Verdict.REFUTED for report in reports):
        raise typer.Exit(REFUTED)


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
    table = Table(
        title="Statements of the paper",
        caption="slack = right-hand side - left-hand side",
        box=box.SIMPLE_HEAVY,
        pad_edge=False,
    )
    for name in ("statement", "equation", "cases", "least slack", "tightest", "verdict"):
        right = name in {"cases", "least slack"}
        table.add_column(name, justify="right" if right else "left", no_wrap=True)
    colours = {Verdict.PROVED: "green", Verdict.REFUTED: "red", Verdict.UNDECIDED: "yellow"}
    for report in reports:
        tightest = report.tightest
        table.add_row(
            report.statement,
            report.equation,
            str(len(report.checks)),
            f"{tightest.slack.lower:.3g}",
            tightest.instance,
            f"[{colours[report.verdict]}]{report.verdict.value}[/]",
        )
    return table


def _plain(value: Any) -> Any:
    """Infinities as strings: JSON has no word for them."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value
