"""Attempts are known before they start, and each result is kept exactly once."""

from collections.abc import Iterator
from pathlib import Path

import faulty_tasks
import pytest

from mbl_study.errors import StudyMismatchError
from mbl_study.ledger import QUARANTINE_AFTER, Attempt, Ending, Ledger, Outcome, State
from mbl_study.store import Store
from mbl_study.study import Study

STUDY = faulty_tasks.study(lengths=(6,), disorders=(4.0,), realizations=4)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a store that does not exist yet."""
    return Store(tmp_path / "store.sqlite")


@pytest.fixture
def ledger(store: Store) -> Iterator[Ledger]:
    """Ledger of a first run."""
    with store.run(STUDY) as ledger:
        yield ledger


def done(attempt: Attempt, **changes: object) -> Ending:
    """End an attempt with a record."""
    record = faulty_tasks.record(attempt.task, **changes)
    return Ending(attempt, Outcome.DONE, record.model_dump_json())


def counts(store: Store) -> dict[State, int]:
    """States that occur, over all lengths."""
    return {state: count for state, count in store.counts()[6].items() if count}


def kill(store: Store, times: int, *, in_process: bool) -> None:
    """Let the first open task be running when the driver dies."""
    for _ in range(times):
        with store.run(STUDY, in_process=in_process) as ledger:
            ledger.begin([next(ledger.remaining())])


def test_an_attempt_is_in_the_file_before_its_task_starts(store: Store, ledger: Ledger) -> None:
    """Another process sees the attempt as soon as `begin` returns."""
    tasks = list(ledger.remaining())
    attempts = ledger.begin(tasks[:2])
    assert [attempt.task for attempt in attempts] == tasks[:2]
    assert [attempt.number for attempt in attempts] == [1, 2]
    rows = store._rows("SELECT number, key, outcome FROM attempts")
    assert rows == [(1, tasks[0].key, "running"), (2, tasks[1].key, "running")]


def test_a_result_is_in_the_file_before_it_is_reported(store: Store, ledger: Ledger) -> None:
    """Another process sees the record as soon as `settle` returns."""
    (attempt,) = ledger.begin([next(ledger.remaining())])
    assert ledger.settle([done(attempt)]) == [done(attempt)]
    assert list(store.results()) == [(attempt.task, faulty_tasks.record(attempt.task))]
    assert attempt.task not in set(ledger.remaining())
    assert ledger.count_remaining() == 3


def test_the_same_numbers_twice_are_one_result(store: Store, ledger: Ledger) -> None:
    """A task that ran twice is no anomaly if only its times and versions differ."""
    (attempt,) = ledger.begin([next(ledger.remaining())])
    ledger.settle([done(attempt)])
    ledger.settle([done(attempt, seconds=9.0, lapack_seconds=8.0, versions={"numpy": "3"})])
    assert store.conflicts() == []
    assert [record.seconds for _, record in store.results()] == [0.25]


def test_other_numbers_are_kept_apart(store: Store, ledger: Ledger) -> None:
    """A second answer does not replace the first; it is reported, once for each answer."""
    (attempt,) = ledger.begin([next(ledger.remaining())])
    ledger.settle([done(attempt)])
    for _ in range(2):
        ledger.settle([done(attempt, energy=0.125)])
    assert store.conflicts() == [attempt.task]
    assert store._rows("SELECT count(*) FROM conflicts") == [(1,)]
    assert list(store.results()) == [(attempt.task, faulty_tasks.record(attempt.task))]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"energy": float("nan")}, "holds a NaN"),
        ({"length": 8}, "answers another task"),
        ({"disorder": 4.5}, "answers another task"),
        ({"initial_state": "neel"}, "answers another task"),
    ],
)
def test_a_wrong_record_is_a_failure(
    store: Store, ledger: Ledger, changes: dict[str, object], reason: str
) -> None:
    """No record is stored that holds a NaN or belongs to another task."""
    (attempt,) = ledger.begin([next(ledger.remaining())])
    (settled,) = ledger.settle([done(attempt, **changes)])
    assert settled.outcome is Outcome.FAILED
    assert store.failures() == [(attempt.task, State.FAILED, settled.detail)]
    assert reason in settled.detail
    assert counts(store) == {State.FAILED: 1, State.PENDING: 3}


def test_an_unreadable_record_is_a_failure(store: Store, ledger: Ledger) -> None:
    """Text that is no record fails the task and not the run."""
    (attempt,) = ledger.begin([next(ledger.remaining())])
    (settled,) = ledger.settle([Ending(attempt, Outcome.DONE, '{"length": 6}')])
    assert settled.outcome is Outcome.FAILED
    assert "cannot be read" in settled.detail


def test_infinities_survive(store: Store, ledger: Ledger) -> None:
    """A record without a finite temperature comes back as it went in."""
    (attempt,) = ledger.begin([next(ledger.remaining())])
    ledger.settle([done(attempt, beta=float("-inf"), regions=(), anomaly="band edge")])
    ((_, record),) = store.results()
    assert (record.beta, record.anomaly) == (float("-inf"), "band edge")


def test_deaths_lead_to_quarantine(store: Store, ledger: Ledger) -> None:
    """A task is left alone after its third death, and not before."""
    task = next(ledger.remaining())
    for death in range(1, QUARANTINE_AFTER + 1):
        assert task in set(ledger.remaining())
        (attempt,) = ledger.begin([task])
        ledger.settle([Ending(attempt, Outcome.DIED, "killed by signal 9")])
        assert ledger.deaths(task) == death
    assert task not in set(ledger.remaining())
    assert store.failures() == [(task, State.QUARANTINED, "killed by signal 9")]


def test_a_lost_attempt_is_not_charged(store: Store, ledger: Ledger) -> None:
    """However often a run is stopped, the tasks that were running stay pending."""
    task = next(ledger.remaining())
    for _ in range(5):
        (attempt,) = ledger.begin([task])
        ledger.settle([Ending(attempt, Outcome.LOST, "stopped")])
    assert ledger.deaths(task) == 0
    assert next(ledger.remaining()) == task


def test_a_dead_driver_is_no_fault_of_tasks_on_workers(store: Store) -> None:
    """Tasks that ran elsewhere when the driver was killed are simply run again."""
    kill(store, 5, in_process=False)
    with store.run(STUDY):
        assert counts(store) == {State.PENDING: 4}
        assert store._rows("SELECT DISTINCT outcome FROM attempts") == [("lost",)]


def test_a_task_that_kills_its_driver_is_known(store: Store) -> None:
    """A task that ran in the driver when it died is to blame, and quarantined in the end."""
    kill(store, QUARANTINE_AFTER, in_process=True)
    with store.run(STUDY):
        assert counts(store) == {State.QUARANTINED: 1, State.PENDING: 3}


def test_retry_forgives(store: Store) -> None:
    """With `retry`, failed and quarantined tasks are pending again, and their history is kept."""
    kill(store, QUARANTINE_AFTER, in_process=True)
    with store.run(STUDY) as ledger:
        (attempt,) = ledger.begin([next(ledger.remaining())])
        ledger.settle([Ending(attempt, Outcome.FAILED, "traceback")])
    with store.run(STUDY) as ledger:
        assert ledger.count_remaining() == 2
    with store.run(STUDY, retry=True) as ledger:
        assert ledger.count_remaining() == 4
    details = {detail for (detail,) in store._rows("SELECT detail FROM attempts")}
    assert details == {"traceback", "the run ended while it was running"}


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"seed": 2}, "seed: 1 in the store, 2 asked for"),
        ({"initial_state": "neel"}, 'initial_state: "tilted-neel" in the store, "neel" asked for'),
        ({"epsilons": (0.1,)}, r"epsilons: \[0.1,0.01\] in the store, \[0.1\] asked for"),
    ],
)
def test_another_study_is_refused_with_the_difference(
    store: Store, change: dict[str, object], difference: str
) -> None:
    """A store takes no results with other numbers, and is not changed by the attempt."""
    with store.run(STUDY):
        pass
    before = store.path.read_bytes()
    other = STUDY.model_copy(update=change)
    with pytest.raises(StudyMismatchError, match=difference), store.run(other):
        pass
    assert store.path.read_bytes() == before


def test_another_version_of_the_physics_is_another_study(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers of two versions of the physics never stand in one store."""
    with store.run(STUDY):
        pass
    monkeypatch.setattr("mbl_study.study.PHYSICS_VERSION", 10**6)
    with (
        pytest.raises(StudyMismatchError, match=r"physics_version: .* 1000000 asked for"),
        store.run(STUDY),
    ):
        pass


def test_a_larger_study_extends_a_store(store: Store) -> None:
    """New lengths, disorders and realizations are added to what is there already."""
    with store.run(STUDY) as ledger:
        ledger.settle([done(attempt) for attempt in ledger.begin(ledger.remaining())])
    larger = faulty_tasks.study(lengths=(6, 8), disorders=(4.0, 9.0), realizations=5, name="more")
    with store.run(larger) as ledger:
        assert ledger.count_remaining() == 2 * 2 * 5 - 4
    assert store.study() == larger
    assert counts(store) == {State.DONE: 4, State.PENDING: 6}


def test_a_smaller_study_takes_nothing_away(store: Store) -> None:
    """Results that a study does not ask for any more stay in the store."""
    with store.run(STUDY) as ledger:
        ledger.settle([done(attempt) for attempt in ledger.begin(ledger.remaining())])
    smaller: Study = STUDY.model_copy(update={"realizations": 1})
    with store.run(smaller) as ledger:
        assert list(ledger.remaining()) == []
    assert len(list(store.results())) == 4
