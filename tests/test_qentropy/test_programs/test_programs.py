"""The package of programs collects what its modules build, under the names of the quantities."""

from __future__ import annotations

import qentropy
from qentropy import programs

PIECES = {"in_ball", "max_relative_entropy_at_most"}


def test_every_problem_has_the_name_of_a_quantity() -> None:
    """A program stands beside each function that proves its value, with the same name."""
    assert set(programs.__all__) - PIECES <= set(qentropy.__all__)
    for name in programs.__all__:
        assert getattr(programs, name).__module__.startswith("qentropy.programs.")
