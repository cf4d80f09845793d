"""Reports of a statement: tightest instance, shapes, verdict."""

import math

import numpy as np
import pytest

from qentropy import lemmas
from qentropy.lemmas import Instance, LemmaReport
from qentropy.lemmas.reports import relative_slack
from qentropy.results import Interval, LemmaCheck, Verdict


def instance(lhs: float, rhs: float, width: float = 0.0, n: int = 2) -> Instance:
    """An instance whose right-hand side is known up to a width."""
    check = LemmaCheck(
        statement="one is below another",
        equation="(0)",
        lhs=Interval(lhs, lhs),
        rhs=Interval(rhs, rhs + width),
        instance=f"n = {n}",
    )
    return Instance(arguments={"rho": np.eye(2), "n": n, "epsilon": lhs}, check=check)


def test_tightest_is_relative() -> None:
    """The tightest instance has the least slack in proportion, not the least difference."""
    wide, narrow = instance(50.0, 60.0), instance(1.0, 9.0)
    report = LemmaReport(name="x", instances=(narrow, wide))
    assert report.tightest is wide
    assert report.to_dict()["worst_slack"] == pytest.approx(1 / 6)


@pytest.mark.parametrize(
    ("lhs", "rhs", "slack"),
    [
        (1.0, 2.0, 0.5),
        (0.0, 1e-3, 1e-3),
        (0.25, 0.0, -0.25),
        (3.0, math.inf, 1.0),
        (math.inf, 3.0, -math.inf),
        (math.inf, math.inf, 0.0),
        (0.0, 0.0, 0.0),
        (-3.0, -2.0, 0.5),
    ],
)
def test_relative_slack(lhs: float, rhs: float, slack: float) -> None:
    """In proportion to the right-hand side, or plain where one side is exactly zero."""
    assert relative_slack(lhs, rhs) == slack


def test_report_takes_the_worst_verdict() -> None:
    """One refuted instance refutes the report, one undecided makes it undecided."""
    good, open_, bad = instance(1.0, 2.0), instance(2.0, 1.5, 1.0), instance(2.0, 1.0)
    verdicts = [
        LemmaReport(name="x", instances=some).verdict
        for some in ((good,), (good, open_), (good, open_, bad))
    ]
    assert verdicts == [Verdict.PROVED, Verdict.UNDECIDED, Verdict.REFUTED]


def test_report_counts_shapes() -> None:
    """Shapes are those of the arrays and the integers, whatever the other numbers are."""
    report = LemmaReport(
        name="x", instances=(instance(1.0, 2.0), instance(1.5, 2.0), instance(1.0, 2.0, n=3))
    )
    assert report.shapes == 2
    assert report.to_dict()["shapes"] == 2


def test_report_of_a_statement() -> None:
    """Name, statement and equation are those of the check."""
    (report,) = lemmas.verify(["convex-split"], samples=1, evaluations=0)
    assert (report.name, report.equation) == ("convex-split", "(B4)")
    assert report.statement in report.to_dict().values()
    assert report.adversarial == report.evaluations == 0
