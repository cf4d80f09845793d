"""Instances of the statements in `qentropy.lemmas`."""

from __future__ import annotations

from typing import Any

import numpy as np

from qentropy.lemmas import Statement


def drawn(statement: Statement, count: int, *, seed: int = 7) -> list[dict[str, Any]]:
    """The first instances of a statement from a seeded generator."""
    rng = np.random.default_rng(seed)
    return [statement.draw(lambda *shape: rng.normal(size=shape), k) for k in range(count)]
