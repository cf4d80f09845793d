"""Instances of statements in files: the arguments as arrays, and what came out beside them as JSON.

Others can read the arrays with `numpy.load` alone; nothing is pickled.
"""

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qentropy.errors import InvalidParameterError
from qentropy.lemmas.reports import LemmaReport

__all__ = ["json_values", "load_instance", "save_instance"]


def save_instance(
    report: LemmaReport, folder: str | Path, *, seed: int | None = None
) -> tuple[Path, Path]:
    """Write the tightest instance of a report, ``NAME.npz`` and ``NAME.json``.

    Parameters
    ----------
    report
        What `verify` yields.
    folder
        Where the files go; it is made if it does not exist.
    seed
        The seed that the instances were drawn with, for the record.

    Returns
    -------
    tuple of Path
        The arrays, one for each keyword argument of the check, and the JSON: both sides, verdict,
        relative slack, seed, versions.

    Raises
    ------
    InvalidParameterError
        An argument is neither a number, a text, a sequence of those nor an array.
    OSError
        The files cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from qentropy.lemmas import STATEMENTS, verify
    >>> (report,) = verify(["convex-split"], samples=2, evaluations=0)
    >>> with TemporaryDirectory() as folder:
    ...     arrays, _ = save_instance(report, folder, seed=0)
    ...     name, arguments = load_instance(arrays)
    >>> STATEMENTS[name].check(**arguments).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    instance = report.tightest
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {}
    kinds: dict[str, str] = {}
    for name, value in instance.arguments.items():
        arrays[name], kinds[name] = _as_array(name, value)
    record = {
        "name": report.name,
        "arguments": kinds,
        "adversarial": instance.adversarial,
        "relative_slack": instance.relative_slack,
        **instance.check.to_dict(),
        "seed": seed,
        "versions": {
            "qentropy": version("qentropy"),
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }
    paths = place / f"{report.name}.npz", place / f"{report.name}.json"
    np.savez(paths[0], **arrays)
    paths[1].write_text(json.dumps(json_values(record), indent=2) + "\n", encoding="utf-8")
    return paths


def load_instance(path: str | Path) -> tuple[str, dict[str, Any]]:
    """The statement's name and the keyword arguments of its check, as `save_instance` wrote them.

    Parameters
    ----------
    path
        One of the two files; the other one has to lie beside it.

    Returns
    -------
    name
        Key of `STATEMENTS`.
    arguments
        Keyword arguments: the same floats as before.

    Raises
    ------
    InvalidParameterError
        The files are not those of an instance.
    OSError
        They cannot be read.

    Examples
    --------
    >>> load_instance("elsewhere.npz")
    Traceback (most recent call last):
    FileNotFoundError: [Errno 2] No such file or directory: 'elsewhere.json'
    """
    place = Path(path)
    try:
        record = json.loads(place.with_suffix(".json").read_text(encoding="utf-8"))
        with np.load(place.with_suffix(".npz"), allow_pickle=False) as content:
            arguments = {
                name: _from_array(content[name], kind) for name, kind in record["arguments"].items()
            }
        return str(record["name"]), arguments
    except (ValueError, KeyError, TypeError, EOFError) as error:
        raise InvalidParameterError(
            f"{place} and the file beside it must be an instance that was saved; got {error}"
        ) from error


def json_values(value: Any) -> Any:
    """Dictionaries and lists with infinities as strings: JSON has no word for them.

    Examples
    --------
    >>> json_values({"interval": (0.5, float("inf"))})
    {'interval': [0.5, 'inf']}
    """
    if isinstance(value, dict):
        return {key: json_values(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_values(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value


def _as_array(name: str, value: Any) -> tuple[NDArray[Any], str]:
    array = np.asarray(value)
    if array.dtype.kind not in "biufcU":
        raise InvalidParameterError(f"{name} cannot be saved as an array; got {type(value)}")
    if isinstance(value, np.ndarray):
        return array, "array"
    return array, "sequence" if array.ndim else "scalar"


def _from_array(array: NDArray[Any], kind: str) -> Any:
    """The argument; a sequence becomes a tuple, of arrays if it has more than one axis."""
    if kind == "scalar":
        return array.item()
    if kind == "sequence":
        return tuple(array.tolist() if array.ndim == 1 else array)
    return array
