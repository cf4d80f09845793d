"""Instances in files: what is read back is what was written."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qentropy.errors import InvalidParameterError
from qentropy.lemmas import STATEMENTS, LemmaReport, load_instance, save_instance, verify


@pytest.fixture(scope="module")
def reports() -> list[LemmaReport]:
    """Every statement on three instances."""
    return list(verify(samples=3, evaluations=0, rng=5))


def test_a_saved_instance_is_checked_again(reports: list[LemmaReport], tmp_path: Path) -> None:
    """Read back, the instance of each statement gives the same sides, bit by bit."""
    for report in reports:
        arrays, record = save_instance(report, tmp_path / "new" / "folder", seed=5)
        for path in (arrays, record):
            name, arguments = load_instance(path)
            assert name == report.name
        check = STATEMENTS[name].check(**arguments)
        assert check.to_dict() == report.tightest.check.to_dict(), name
        written = json.loads(record.read_text())
        assert written["lhs"] == [check.lhs.lower, check.lhs.upper]
        assert written["rhs"] == [check.rhs.lower, check.rhs.upper]
        assert written["verdict"] == check.verdict.value
        assert written["seed"] == 5
        assert written["versions"]["numpy"] == np.__version__


def test_the_arrays_need_numpy_only(reports: list[LemmaReport], tmp_path: Path) -> None:
    """The archive holds each argument under its name and nothing pickled."""
    report = next(report for report in reports if report.name == "convex-split")
    arrays, _ = save_instance(report, tmp_path)
    with np.load(arrays, allow_pickle=False) as content:
        assert set(content.files) == {"rho", "sigma", "n"}
        assert np.array_equal(content["rho"], report.tightest.arguments["rho"])


def test_kinds_of_arguments_survive(reports: list[LemmaReport], tmp_path: Path) -> None:
    """Scalars, texts, tuples, tuples of arrays and arrays come back as what they were."""
    given = {
        "n": 3,
        "epsilon": 0.1,
        "kind": "max",
        "dims": (2, 3),
        "unitaries": [np.eye(2), 1j * np.eye(2)],
        "rho": np.eye(3) / 3,
    }
    instance = replace(reports[0].tightest, arguments=given)
    arrays, _ = save_instance(replace(reports[0], instances=(instance,)), tmp_path)
    _, back = load_instance(arrays)
    assert (back["n"], back["epsilon"], back["kind"], back["dims"]) == (3, 0.1, "max", (2, 3))
    assert type(back["n"]) is int
    assert isinstance(back["unitaries"], tuple)
    assert np.array_equal(back["unitaries"], given["unitaries"])
    assert np.array_equal(back["rho"], given["rho"])


def test_an_infinite_side_is_valid_json(reports: list[LemmaReport], tmp_path: Path) -> None:
    """Infinities are written as strings, which other readers of JSON take."""
    check = STATEMENTS["convex-split"].check(np.eye(2) / 2, np.diag([1.0, 0.0]), 2)
    instance = replace(reports[0].tightest, check=check)
    _, record = save_instance(replace(reports[0], instances=(instance,)), tmp_path)
    written = json.loads(record.read_text(), parse_constant=pytest.fail)
    assert written["rhs"] == ["inf", "inf"]
    assert [float(x) for x in written["rhs"]] == [check.rhs.lower, check.rhs.upper]


def test_what_is_no_array_is_refused(reports: list[LemmaReport], tmp_path: Path) -> None:
    """An argument that would need pickling is named."""
    instance = replace(reports[0].tightest, arguments={"extension": len})
    with pytest.raises(InvalidParameterError, match="extension cannot be saved"):
        save_instance(replace(reports[0], instances=(instance,)), tmp_path)


def test_damaged_files_are_refused(reports: list[LemmaReport], tmp_path: Path) -> None:
    """Files that do not belong together, or are something else, end in an error that says so."""
    arrays, record = save_instance(reports[0], tmp_path)
    whole = record.read_text()
    for text in ("{", "[]", "{}", whole.replace("rho", "sigma_b")):
        record.write_text(text)
        with pytest.raises(InvalidParameterError, match="must be an instance"):
            load_instance(arrays)
    record.write_text(whole)
    arrays.write_bytes(b"")
    with pytest.raises(InvalidParameterError, match="must be an instance"):
        load_instance(arrays)
    with pytest.raises(FileNotFoundError):
        load_instance(tmp_path / "missing.npz")
