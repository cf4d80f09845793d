"""Records cannot be changed, and travel through JSON without a loss."""

import json
import math

import faulty_tasks
import pytest
from pydantic import ValidationError

from mbl_study.record import Record
from mbl_study.study import Task

RECORD = faulty_tasks.record(Task(length=6, realization=0, disorder=4.0, seed=1))


def test_record_survives_json() -> None:
    """A record equals what its JSON is read back as."""
    assert RECORD.regions[0].bath
    assert Record.model_validate_json(RECORD.model_dump_json()) == RECORD


def test_infinities_are_strings_in_json() -> None:
    """Infinities and NaN never stand as bare words, which are not JSON, and are read back."""
    odd = RECORD.model_copy(update={"beta": -math.inf, "level_spacing_ratio": math.nan})
    text = odd.model_dump_json()

    def refuse(word: str) -> None:
        raise AssertionError(f"bare {word} in {text}")

    json.loads(text, parse_constant=refuse)
    back = Record.model_validate_json(text)
    assert back.beta == -math.inf
    assert math.isnan(back.level_spacing_ratio)


def test_record_is_closed() -> None:
    """A record cannot be changed, and unknown fields are refused."""
    with pytest.raises(ValidationError):
        RECORD.beta = 0.0
    with pytest.raises(ValidationError):
        Record.model_validate({**RECORD.model_dump(), "index": 3})
