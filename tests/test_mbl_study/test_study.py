"""Study files are read strictly, and a task depends on its own parameters and on nothing else."""

import hashlib
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbl_study.errors import InvalidStudyError
from mbl_study.record import PHYSICS_VERSION
from mbl_study.study import Study, Task, preset_names

COMPLETE = """
name = "small"
seed = 7
lengths = [6, 8]
disorders = [1, 4.5]
realizations = 3
initial_state = "neel"
epsilons = [0.1]
"""


def test_a_study_file_says_what_to_run(tmp_path: Path) -> None:
    """Every key of the file arrives in the study; whole numbers are disorder strengths too."""
    path = tmp_path / "study.toml"
    path.write_text(COMPLETE)
    assert Study.load(path) == Study(
        name="small",
        seed=7,
        lengths=(6, 8),
        disorders=(1.0, 4.5),
        realizations=3,
        initial_state="neel",
        epsilons=(0.1,),
    )


def test_all_problems_are_reported_at_once() -> None:
    """One message names every wrong key by its place, the requirement and the value."""
    text = """
    name = "../escape"
    seeds = 1
    lengths = [6, 2, 6.5]
    disorders = [1.0, nan, -1.0, "4"]
    realizations = true
    epsilons = [0.1, 0.1]
    """
    with pytest.raises(InvalidStudyError) as caught:
        Study.from_toml(text, "study.toml")
    message = str(caught.value)
    assert message.startswith("study.toml: 10 problems\n")
    for line in (
        "name: String must match",
        "seed: missing",
        "seeds: unknown key; did you mean seed?",
        "lengths[1]: must be greater than or equal to 4; got 2",
        "lengths[2]: must be a valid integer; got 6.5",
        "disorders[1]: must be a finite number; got nan",
        "disorders[2]: must be greater than or equal to 0; got -1.0",
        "disorders[3]: must be a valid number; got '4'",
        "realizations: must be a valid integer; got True",
        "epsilons: entries must differ; 0.1 stands there more than once; got [0.1, 0.1]",
    ):
        assert f"\n  {line}" in message


@pytest.mark.parametrize("name", ["bell", "tilted-neel:7", "tilted-neel:x"])
def test_an_initial_state_must_exist_for_every_length(name: str) -> None:
    """A state that one of the chains cannot be in is refused before anything runs."""
    with pytest.raises(InvalidStudyError, match=r"initial_state: .*; got"):
        Study.from_toml(COMPLETE.replace('"neel"', f'"{name}"'), "study.toml")


def test_an_unknown_key_without_a_resemblance_lists_the_known_ones() -> None:
    """Somebody who guesses a key is told which ones there are."""
    with pytest.raises(InvalidStudyError, match=r"temperature: unknown key; known are disorders,"):
        Study.from_toml(COMPLETE + "temperature = 3", "study.toml")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"name = \n", "is not TOML: .*line 1"), (b"\xff\xfe", "not UTF-8 text")],
)
def test_a_file_that_is_no_study_file_is_named(tmp_path: Path, content: bytes, reason: str) -> None:
    """The message names the file and what is wrong with it."""
    path = tmp_path / "study.toml"
    path.write_bytes(content)
    with pytest.raises(InvalidStudyError, match=f"study.toml: .*{reason}"):
        Study.load(path)


def test_a_missing_file_is_a_configuration_error(tmp_path: Path) -> None:
    """A path that leads nowhere ends in our exception."""
    with pytest.raises(InvalidStudyError, match="No such file"):
        Study.load(tmp_path / "none.toml")


def test_a_long_value_is_cut_in_the_message() -> None:
    """A message stays readable however long the wrong value is."""
    with pytest.raises(InvalidStudyError) as caught:
        Study.from_toml(COMPLETE.replace('"small"', f'"{"x y" * 200}"'), "study.toml")
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_is_a_study_of_its_name(name: str) -> None:
    """Each preset can be run as it is, covers 0.5 to 15 and is denser between 3 and 8."""
    study = Study.preset(name)
    assert study.name == name
    assert (min(study.disorders), max(study.disorders)) == (0.5, 15.0)
    assert len(study.disorders) >= 9
    steps = {(a + b) / 2: b - a for a, b in itertools.pairwise(sorted(study.disorders))}
    inside = max(step for middle, step in steps.items() if 3 < middle < 8)
    assert inside <= min(step for middle, step in steps.items() if middle > 8)


def test_an_unknown_preset_lists_the_known_ones() -> None:
    """A wrong name is answered by the right ones."""
    with pytest.raises(InvalidStudyError, match="one of figure2, figure5, quick; got 'fast'"):
        Study.preset("fast")


def test_a_part_of_the_tasks_is_a_smaller_study() -> None:
    """Tasks come realization by realization, and each one once."""
    study = Study.from_toml(COMPLETE, "study.toml")
    tasks = list(study.tasks())
    assert len(tasks) == len({task.key for task in tasks}) == study.task_count == 12
    smaller = study.model_copy(update={"realizations": 2})
    assert tasks[:8] == list(smaller.tasks())


def test_fields_do_not_depend_on_the_disorder_strength() -> None:
    """One draw of the fields serves every disorder strength, and no two realizations share it."""
    study = Study.from_toml(COMPLETE, "study.toml")
    fields: dict[tuple[int, int], set[tuple[float, ...]]] = {}
    for task in study.tasks():
        fields.setdefault((task.length, task.realization), set()).add(task.chain().fields)
    assert all(len(draws) == 1 for draws in fields.values())
    assert len(set.union(*fields.values())) == 6


def test_fields_come_from_seed_length_and_realization() -> None:
    """The fields are the documented ones: SeedSequence(seed, spawn_key=(length, realization))."""
    task = Task(length=8, realization=5, disorder=2.0, seed=7)
    source = np.random.SeedSequence(7, spawn_key=(8, 5))
    expected = np.random.default_rng(source).uniform(-1, 1, 8)
    assert task.chain().fields == tuple(expected)
    assert task.chain().disorder == 2.0


@given(
    changes=st.fixed_dictionaries(
        {},
        optional={
            "length": st.just(9),
            "realization": st.just(6),
            "disorder": st.just(2.5),
            "seed": st.just(8),
            "initial_state": st.just("neel"),
            "epsilons": st.just((0.1,)),
        },
    )
)
def test_the_key_changes_with_every_parameter_that_changes_numbers(
    changes: dict[str, object],
) -> None:
    """Two tasks have one key exactly if all their parameters agree."""
    task = Task(length=8, realization=5, disorder=2.0, seed=7)
    other = task.model_copy(update=changes)
    assert (other.key == task.key) == (not changes)


def test_the_key_is_the_digest_of_parameters_and_physics_version() -> None:
    """The key can be recomputed from the documented text alone."""
    task = Task(length=8, realization=5, disorder=-0.0, seed=7)
    text = (
        '{"disorder":0.0,"epsilons":[0.1,0.01,0.001],"exact_epsilons":[],'
        f'"initial_state":"tilted-neel","length":8,"physics_version":{PHYSICS_VERSION},'
        '"realization":5,"regions":"first","seed":7}'
    )
    assert task.parameters == text
    assert task.key == hashlib.sha256(text.encode()).hexdigest()
    assert Task.from_parameters(text) == task


@pytest.mark.parametrize("text", ["[]", "{}", "nonsense", '{"physics_version": 1, "length": 8}'])
def test_parameters_that_are_no_task_are_refused(text: str) -> None:
    """Only the JSON of a whole task becomes a task."""
    with pytest.raises(ValueError):
        Task.from_parameters(text)


def test_identity_is_what_may_not_change() -> None:
    """Lengths, disorders and realizations extend a study; everything else makes another one."""
    study = Study.from_toml(COMPLETE, "study.toml")
    extended = {"lengths": (6, 8, 10), "disorders": (9.0,), "realizations": 99, "name": "other"}
    assert study.model_copy(update=extended).identity == study.identity
    for change in ({"seed": 8}, {"initial_state": "tilted-neel"}, {"epsilons": (0.2,)}):
        assert study.model_copy(update=change).identity != study.identity
    assert json.dumps(study.identity)


def test_exact_epsilons_are_some_of_the_epsilons() -> None:
    """Others are refused, and the choice belongs to the identity of a study and to its tasks."""
    text = COMPLETE + "exact_epsilons = [0.1]\n"
    study = Study.from_toml(text, "study.toml")
    assert next(study.tasks()).exact_epsilons == (0.1,)
    assert study.identity != Study.from_toml(COMPLETE, "study.toml").identity
    with pytest.raises(InvalidStudyError, match="exact_epsilons: must be some of the epsilons"):
        Study.from_toml(COMPLETE + "exact_epsilons = [0.7]\n", "study.toml")


def test_regions_are_the_first_or_all_translations() -> None:
    """The choice belongs to the tasks; another word is refused."""
    study = Study.from_toml(COMPLETE + 'regions = "translations"\n', "study.toml")
    assert next(study.tasks()).regions == "translations"
    with pytest.raises(InvalidStudyError, match="regions: must be 'first' or 'translations'"):
        Study.from_toml(COMPLETE + 'regions = "some"\n', "study.toml")
