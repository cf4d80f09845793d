"""Benchmarks print one table per topic at the end of the run, accuracy next to time."""

from collections import defaultdict
from collections.abc import Callable

import pytest
from rich import box
from rich.console import Console
from rich.table import Table

TABLES: dict[str, list[dict[str, str]]] = defaultdict(list)


@pytest.fixture
def report() -> Callable[..., None]:
    """Add a row, ``report(topic, column=value, ...)``, to the table of a topic."""

    def add(topic: str, **row: str) -> None:
        TABLES[topic].append(row)

    return add


def pytest_terminal_summary() -> None:
    """Print the tables."""
    console = Console(width=160)
    for topic, rows in TABLES.items():
        table = Table(title=topic, box=box.SIMPLE_HEAVY, title_justify="left")
        for column in rows[0]:
            table.add_column(column, no_wrap=True)
        for row in rows:
            table.add_row(*row.values())
        console.print(table)
