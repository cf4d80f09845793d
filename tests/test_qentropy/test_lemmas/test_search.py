"""The search for instances that break a statement."""

import math
from typing import Any

import numpy as np
import pytest

from qentropy.errors import InvalidStateError
from qentropy.lemmas import STATEMENTS, Statement
from qentropy.lemmas.search import RecordedNormals, adversarial_instance, replayed
from qentropy.lemmas.statement import Normals
from qentropy.results import Interval, LemmaCheck, Verdict


def bowl(x: float, y: float, *, width: float = 0.0, floor: float = 0.25) -> LemmaCheck:
    """``1 <= 1 + floor + (x - 1)**2 + (y + 2)**2``, and no state where x is below -3."""
    if x < -3:
        raise InvalidStateError("too far")
    rhs = 1 + floor + (x - 1) ** 2 + (y + 2) ** 2
    return LemmaCheck(
        statement="bowl",
        equation="(0)",
        lhs=Interval(1.0, 1.0),
        rhs=Interval(rhs - width, rhs + width),
        instance="",
    )


def draw(normals: Normals, k: int) -> dict[str, Any]:
    """Two numbers."""
    x, y = normals(2)
    return {"x": float(x), "y": float(y), "width": k / 100}


BOWL = Statement(name="bowl", check=bowl, draw=draw, false_variant={"floor": -0.5})


def test_recorded_numbers_are_replayed_in_order() -> None:
    """Numbers of any shape come back as they were drawn."""
    normals = RecordedNormals(np.random.default_rng(1))
    drawn = [normals(2, 3), normals(1), normals()]
    again = replayed(normals.numbers)
    assert len(normals.numbers) == 8
    assert all(np.array_equal(again(*x.shape), x) for x in drawn)


def test_the_search_finds_the_minimum() -> None:
    """A smooth slack is brought to its minimum."""
    found = adversarial_instance(BOWL, 0, np.array([0.3, 0.4]), evaluations=100)
    assert found is not None
    assert found.adversarial
    assert found.relative_slack == pytest.approx(0.2, abs=1e-6)
    assert found.arguments["x"] == pytest.approx(1, abs=1e-2)


def test_a_false_statement_is_broken() -> None:
    """From an instance that is fine the search comes to one that is refuted."""
    false = Statement(
        name="bowl",
        check=lambda **arguments: bowl(**arguments, floor=-0.5),
        draw=draw,
        false_variant={},
    )
    start = np.array([3.0, 2.0])
    assert false.check(**draw(replayed(start), 0)).verdict is Verdict.PROVED
    found = adversarial_instance(false, 0, start, evaluations=60)
    assert found is not None
    assert found.check.verdict is Verdict.REFUTED


def test_undecided_instances_are_passed_over() -> None:
    """Where the minimum cannot be decided, the tightest decided instance on the way is given."""
    equality = Statement(
        name="bowl",
        check=lambda **arguments: bowl(**arguments, floor=0.0),
        draw=draw,
        false_variant={},
    )
    found = adversarial_instance(equality, 1, np.array([3.0, 2.0]), evaluations=60)
    assert found is not None
    assert found.check.verdict is Verdict.PROVED
    blurred = Statement(
        name="bowl",
        check=lambda x, y, width: bowl(x, y, width=100 + width),
        draw=draw,
        false_variant={},
    )
    assert adversarial_instance(blurred, 0, np.zeros(2), evaluations=20) is None


def test_numbers_that_make_no_state_are_left() -> None:
    """The search goes around what raises, also if it starts there."""
    found = adversarial_instance(BOWL, 0, np.array([-3.2, 0.0]), evaluations=80)
    assert found is not None
    assert found.check.verdict is Verdict.PROVED


def test_infinite_sides_do_not_stop_the_search() -> None:
    """An infinite right-hand side counts as a slack of one."""
    half = Statement(
        name="half",
        check=lambda x, y, width: LemmaCheck(
            statement="half",
            equation="(0)",
            lhs=Interval(0.5, 0.5),
            rhs=Interval(math.inf, math.inf) if x > 0.3 else Interval(1 + width + y**2, math.inf),
            instance="",
        ),
        draw=draw,
        false_variant={},
    )
    found = adversarial_instance(half, 0, np.array([0.2, 1.1]), evaluations=40)
    assert found is not None
    assert found.relative_slack == pytest.approx(0.5, abs=1e-3)


def test_the_budget_is_kept() -> None:
    """No more instances are checked than were allowed, and each is announced."""
    steps: list[int] = []
    adversarial_instance(BOWL, 0, np.zeros(2), evaluations=7, progress=lambda: steps.append(1))
    assert len(steps) == 7


def test_the_search_tightens_a_lemma() -> None:
    """(B12) is approached to a factor 1/sqrt(2), its value for orthogonal marginals."""
    statement = STATEMENTS["trace-distance-extension"]
    normals = RecordedNormals(np.random.default_rng(2))
    arguments = statement.draw(normals, 0)
    check = statement.check(**arguments)
    start = 1 - check.lhs.upper / check.rhs.lower
    found = adversarial_instance(statement, 0, normals.numbers, evaluations=120)
    assert found is not None
    assert 1 - math.sqrt(0.5) - 1e-6 < found.relative_slack < start - 1e-3
