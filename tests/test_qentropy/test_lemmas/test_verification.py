"""Statements on many instances."""

import pytest

from qentropy import lemmas
from qentropy.errors import InvalidParameterError
from qentropy.results import Verdict

RNG = 20201


def test_every_statement_is_proved() -> None:
    """All statements are proved on random instances and on what a short search finds."""
    reports = list(lemmas.verify(samples=6, evaluations=6, rng=RNG))
    assert [report.name for report in reports] == list(lemmas.STATEMENTS)
    assert {r.name: r.verdict for r in reports if r.verdict is not Verdict.PROVED} == {}


def test_a_seed_fixes_the_instances() -> None:
    """The same seed gives the same report, another one another."""
    runs = [
        [r.to_dict() for r in lemmas.verify(["convex-split"], samples=3, evaluations=9, rng=seed)]
        for seed in (1, 1, 2)
    ]
    assert runs[0] == runs[1] != runs[2]


def test_each_statement_draws_from_its_own_stream() -> None:
    """A statement gets the same instances whether it is checked alone or with others."""
    names = ["convex-split", "cq-operator-inequality"]
    alone = next(lemmas.verify(names[1:], samples=3, evaluations=0, rng=RNG))
    together = list(lemmas.verify(names, samples=3, evaluations=0, rng=RNG))[-1]
    assert alone.to_dict() == together.to_dict()


def test_the_search_starts_from_the_worst_instance() -> None:
    """What it finds is at least as tight as the tightest random instance, and is marked."""
    (report,) = lemmas.verify(["collision-bound"], samples=3, evaluations=30, rng=RNG)
    assert report.adversarial == 1
    assert report.evaluations == 30
    assert report.tightest is report.instances[-1]


def test_progress_is_told() -> None:
    """Every instance is announced with the name of its statement."""
    seen: list[str] = []
    list(lemmas.verify(["energy-weights"], samples=2, evaluations=5, rng=RNG, progress=seen.append))
    assert seen == ["energy-weights"] * 7


def test_reports_come_one_by_one() -> None:
    """The first report does not wait for the second statement."""
    seen: list[str] = []
    reports = lemmas.verify(samples=1, evaluations=0, progress=seen.append)
    next(reports)
    assert len(seen) == 1


@pytest.mark.parametrize("options", [{"samples": 0}, {"samples": 1.5}, {"evaluations": -1}])
def test_bad_counts(options: dict[str, int]) -> None:
    """Numbers of instances are checked."""
    with pytest.raises(InvalidParameterError, match="must be"):
        list(lemmas.verify(**options))


def test_unknown_statement() -> None:
    """An unknown name is refused, with the known ones."""
    with pytest.raises(InvalidParameterError, match="convex-split"):
        list(lemmas.verify(["no-such-lemma"]))
