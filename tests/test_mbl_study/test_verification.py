"""Tasks that run again are compared number by number."""

from collections.abc import Callable

import faulty_tasks
import pytest

from mbl_study.ensemble import run_study
from mbl_study.store import Store
from mbl_study.study import Task
from mbl_study.verification import recompute


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Store of the small study."""
    path = tmp_path_factory.mktemp("verification") / "store.sqlite"
    run_study(faulty_tasks.study(), path, workers=0, task_function=faulty_tasks.fast)
    return Store(path)


def changed(**changes: object) -> Callable[[str], str]:
    """Task function whose records differ in something."""

    def function(parameters: str) -> str:
        task = Task.from_parameters(parameters)
        return faulty_tasks.record(task, **changes).model_dump_json()

    return function


@pytest.mark.parametrize("samples", [0, 5, 100])
def test_samples_are_distinct_tasks(store: Store, samples: int) -> None:
    """As many tasks run again as were asked for, or all; the same ones for the same seed."""
    chosen = [
        task
        for task, difference in recompute(store, samples, rng=3, task_function=faulty_tasks.fast)
        if not difference
    ]
    assert len(chosen) == len(set(chosen)) == min(samples, 12)
    again = recompute(store, samples, rng=3, task_function=faulty_tasks.fast)
    assert [task for task, _ in again] == chosen


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"beta": -0.1000000001}, ""),  # rounding on another processor
        ({"seconds": 7.0, "versions": {"numpy": "9"}}, ""),
        ({"beta": -0.101}, "beta: -0.1 in the store, -0.101 now"),
        ({"beta": float("-inf")}, "beta: -0.1 in the store, -inf now"),
        ({"anomaly": "odd"}, "anomaly:  in the store, odd now"),
        ({"regions": ()}, "regions.0.size: 1 in the store, None now"),
        ({"fields": (0.0,)}, "fields.0: "),
    ],
)
def test_the_first_difference_is_named(
    store: Store, changes: dict[str, object], difference: str
) -> None:
    """Rounding is no difference; anything else is named with its place and both values."""
    ((_, found),) = recompute(store, 1, task_function=changed(**changes))
    assert found.startswith(difference)
    assert bool(found) == bool(difference)
