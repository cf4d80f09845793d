"""What every statement brings along."""

import numpy as np
import pytest

from qentropy.lemmas import STATEMENTS, Statement
from qentropy.lemmas.search import RecordedNormals, replayed


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=list(STATEMENTS))
def test_an_instance_is_a_function_of_its_normal_numbers(statement: Statement) -> None:
    """The same numbers give the same arguments again, so that a search can move them."""
    for k in range(8):
        normals = RecordedNormals(np.random.default_rng(k))
        first = statement.draw(normals, k)
        again = statement.draw(replayed(normals.numbers), k)
        assert first.keys() == again.keys()
        assert all(np.array_equal(first[name], again[name]) for name in first)


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=list(STATEMENTS))
def test_a_false_variant_is_refuted(statement: Statement) -> None:
    """A statement that is made false is refuted by one of its own instances."""
    verdicts = []
    for k in range(8):
        normals = RecordedNormals(np.random.default_rng(k))
        check = statement.check(**statement.draw(normals, k), **statement.false_variant)
        verdicts.append(check.verdict.value)
        if verdicts[-1] == "REFUTED":
            return
    pytest.fail(f"{statement.name}: {verdicts}")


def test_names_are_those_of_the_statements() -> None:
    """The key of a statement is its name, and no two share one."""
    assert [statement.name for statement in STATEMENTS.values()] == list(STATEMENTS)
