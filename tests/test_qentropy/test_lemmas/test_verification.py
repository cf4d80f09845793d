"""Statements on many instances, and reports of them."""

import numpy as np

from qentropy import lemmas
from qentropy.results import Verdict

RNG = 20201


def test_verify_covers_every_statement_and_repeats() -> None:
    """All statements are proved on the default instances, and a seed fixes the instances."""
    reports = list(lemmas.verify(samples=6, rng=RNG))
    assert len(reports) == len(lemmas.STATEMENTS)
    assert {r.verdict for r in reports} == {Verdict.PROVED}
    again = list(lemmas.verify(samples=6, rng=RNG))
    for one, two in zip(reports, again, strict=True):
        assert one.to_dict() == two.to_dict()


def test_verify_draws_each_statement_from_its_own_stream() -> None:
    """A statement gets the same instances whether it is checked alone or with others."""
    alone = next(lemmas.verify(["cq-operator-inequality"], samples=3, rng=RNG))
    together = list(lemmas.verify(samples=3, rng=RNG))[-1]
    assert alone.to_dict() == together.to_dict()


def test_report_takes_the_worst_verdict() -> None:
    """One refuted instance refutes the report, and the tightest instance is the worst."""
    good = lemmas.check_convex_split(np.diag([1.0, 0.0]), np.diag([0.5, 0.5]), 2)
    bad = lemmas.check_convex_split(np.diag([1.0, 0.0]), np.diag([0.2, 0.8]), 5, factor=1 / 8)
    report = lemmas.LemmaReport(statement="x", equation="(1)", checks=(good, bad))
    assert report.verdict is Verdict.REFUTED
    assert report.tightest is bad
