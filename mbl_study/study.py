"""The study file: which chains to simulate, and each simulation as a task of its own.

A study is a grid: every length, every realization of the fields and every disorder strength.
The fields of a realization come from the seed of the study, the length and the number of the
realization, so they depend neither on the order of the tasks nor on the disorder strength.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import tomllib
from collections.abc import Iterator
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from mbl_study.errors import InvalidStudyError
from mbl_study.initial_states import INITIAL_STATES, tilted_sites
from mbl_study.record import PHYSICS_VERSION

# It loads QuTiP, which takes a second and which a study that is only looked at does not need.
if TYPE_CHECKING:
    from mbl_study.chain import HeisenbergChain

__all__ = ["Study", "Task", "canonical_json", "preset_names"]


def canonical_json(value: Any) -> str:
    """Write a value as JSON in one way only: sorted keys, no spaces, no NaN.

    Examples
    --------
    >>> canonical_json({"b": 0.1, "a": [1, 2]})
    '{"a":[1,2],"b":0.1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _without_repetition(values: tuple[Any, ...]) -> tuple[Any, ...]:
    repeated = {value for value in values if values.count(value) > 1}
    if repeated:
        raise ValueError(f"entries must differ; {min(repeated)} stands there more than once")
    return values


def _positive_zero(value: float) -> float:
    """Turn -0.0 into 0.0, which is the same number but not the same text."""
    return value + 0.0


_Distinct = AfterValidator(_without_repetition)
# A fit of the slope needs two region sizes in the lower half of the chain.
Length = Annotated[int, Field(strict=True, ge=4)]
Disorder = Annotated[
    float, Field(strict=True, ge=0, allow_inf_nan=False), AfterValidator(_positive_zero)
]
Epsilon = Annotated[float, Field(strict=True, gt=0, le=1)]
Regions = Literal["first", "translations"]
# SQLite and numpy take 64 bits; the sign is left alone.
Seed = Annotated[int, Field(strict=True, ge=0, lt=2**63)]


class Task(BaseModel):
    """One diagonalization: everything that its numbers depend on.

    Attributes
    ----------
    length
        Number of sites.
    realization
        Which draw of the fields, from 0.
    disorder
        Disorder strength in Pauli units; twice the ``W`` of the spin-1/2 literature.
    seed
        Seed of the study.
    initial_state
        Name of the initial state.
    epsilons
        Radii for the bounds on the bath.
    exact_epsilons
        Those of them for which the number of swaps is computed, too.
    regions
        ``"first"`` or ``"translations"``, as in `mbl_study.realization.simulate`.

    Examples
    --------
    >>> task = Task(length=8, realization=0, disorder=4.0, seed=1)
    >>> task.key[:12] == Task(length=8, realization=0, disorder=4.0, seed=1).key[:12]
    True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    length: Length
    realization: Annotated[int, Field(strict=True, ge=0)]
    disorder: Disorder
    seed: Seed
    initial_state: str = INITIAL_STATES[0]
    epsilons: tuple[Epsilon, ...] = (0.1, 0.01, 0.001)
    exact_epsilons: tuple[Epsilon, ...] = ()
    regions: Regions = "first"

    @cached_property
    def parameters(self) -> str:
        """Canonical JSON of the task and of the version of the physics."""
        return canonical_json(self.model_dump(mode="json") | {"physics_version": PHYSICS_VERSION})

    @cached_property
    def key(self) -> str:
        """SHA-256 of `parameters`, hexadecimal: the name of the task in the store."""
        return hashlib.sha256(self.parameters.encode()).hexdigest()

    @classmethod
    def from_parameters(cls, text: str) -> Task:
        """Read what `parameters` wrote; the version of the physics is dropped.

        Raises
        ------
        ValueError
            The text is not the JSON of a task.
        """
        values = json.loads(text)
        if not isinstance(values, dict) or values.pop("physics_version", None) is None:
            raise ValueError(f"a task must be a JSON object with a physics version; got {text}")
        return cls.model_validate(values)

    def chain(self) -> HeisenbergChain:
        """Draw the fields, uniform in [-1, 1], the same for every disorder strength.

        Examples
        --------
        >>> weak = Task(length=8, realization=0, disorder=0.5, seed=1).chain()
        >>> strong = Task(length=8, realization=0, disorder=15.0, seed=1).chain()
        >>> tuple(weak.fields) == tuple(strong.fields)
        True
        """
        from mbl_study.chain import HeisenbergChain

        source = np.random.SeedSequence(self.seed, spawn_key=(self.length, self.realization))
        fields = np.random.default_rng(source).uniform(-1.0, 1.0, self.length)
        return HeisenbergChain(
            length=self.length, disorder=self.disorder, fields=tuple(fields.tolist())
        )


class Study(BaseModel):
    """What to run.

    Attributes
    ----------
    name
        Letters, digits, dots, dashes and underscores; names the folder of the results.
    seed
        Seed of all randomness, from 0.
    lengths
        Numbers of sites, at least 4.
    disorders
        Disorder strengths in Pauli units; twice the ``W`` of the spin-1/2 literature.
    realizations
        How many draws of the fields for each length, up to a million.
    initial_state
        A name that `mbl_study.initial_states.initial_ket` knows for every length.
    epsilons
        Radii for the bounds on the bath, between 0 and 1.
    exact_epsilons
        Those of them for which the bath size of uniform swaps is computed, too, which takes about
        a second for each region.
    regions
        ``"first"``: regions of the first sites. ``"translations"``: the mean over all translations
        of each, which scatters less between realizations and takes as many times longer as there
        are sites, apart from the diagonalization.

    Examples
    --------
    >>> study = Study(name="small", seed=1, lengths=(8,), disorders=(1, 8), realizations=2)
    >>> [(task.realization, task.disorder) for task in study.tasks()]
    [(0, 1.0), (0, 8.0), (1, 1.0), (1, 8.0)]
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]
    seed: Seed
    lengths: Annotated[tuple[Length, ...], Field(min_length=1), _Distinct]
    disorders: Annotated[tuple[Disorder, ...], Field(min_length=1), _Distinct]
    # The limit is there to catch a slip of the finger.
    realizations: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    initial_state: str = INITIAL_STATES[0]
    epsilons: Annotated[tuple[Epsilon, ...], Field(min_length=1), _Distinct] = (0.1, 0.01, 0.001)
    exact_epsilons: Annotated[tuple[Epsilon, ...], _Distinct] = ()
    regions: Regions = "first"

    @field_validator("exact_epsilons")
    @classmethod
    def _are_epsilons(cls, values: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
        known = info.data.get("epsilons", values)
        if not set(values) <= set(known):
            raise ValueError(f"must be some of the epsilons {list(known)}")
        return values

    @field_validator("initial_state")
    @classmethod
    def _exists(cls, name: str, info: ValidationInfo) -> str:
        for length in info.data.get("lengths", ()):
            tilted_sites(name, length)
        return name

    @classmethod
    def load(cls, path: str | Path) -> Study:
        """Read a study file.

        Raises
        ------
        InvalidStudyError
            The file cannot be read or is not TOML, or keys are unknown, missing or out of range;
            all problems are named at once.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            raise InvalidStudyError(f"{path}: cannot be read as a study file: {reason}") from error
        return cls.from_toml(text, source=str(path))

    @classmethod
    def preset(cls, name: str) -> Study:
        """Return a study that comes with the package; `preset_names` lists them.

        Raises
        ------
        InvalidStudyError
            There is no such preset.

        Examples
        --------
        >>> Study.preset("quick").lengths
        (8, 10)
        """
        if name not in preset_names():
            known = ", ".join(preset_names())
            raise InvalidStudyError(f"preset must be one of {known}; got {name!r}")
        return cls.from_toml(_presets().joinpath(f"{name}.toml").read_text(encoding="utf-8"), name)

    @classmethod
    def from_toml(cls, text: str, source: str) -> Study:
        """Read a study from TOML; `source` is what messages call it.

        Raises
        ------
        InvalidStudyError
            As for `load`.
        """
        try:
            return cls.model_validate(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise InvalidStudyError(f"{source}: is not TOML: {error}") from error
        except ValidationError as error:
            problems = [_problem(entry, set(cls.model_fields)) for entry in error.errors()]
            count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
            lines = "".join(f"\n  {problem}" for problem in problems)
            raise InvalidStudyError(f"{source}: {count}{lines}") from error

    def tasks(self) -> Iterator[Task]:
        """Every task, realization by realization, so that a part of a study is a smaller study."""
        for realization in range(self.realizations):
            for length in self.lengths:
                for disorder in self.disorders:
                    yield Task(
                        length=length,
                        realization=realization,
                        disorder=disorder,
                        seed=self.seed,
                        initial_state=self.initial_state,
                        epsilons=self.epsilons,
                        exact_epsilons=self.exact_epsilons,
                        regions=self.regions,
                    )

    @property
    def task_count(self) -> int:
        """Number of tasks."""
        return self.realizations * len(self.lengths) * len(self.disorders)

    @property
    def identity(self) -> dict[str, Any]:
        """What results must have in common to stand in one store.

        Lengths, disorders and the number of realizations are not part of it: more of them extend
        a study.
        """
        same = {"seed", "initial_state", "epsilons", "exact_epsilons", "regions"}
        common = self.model_dump(mode="json", include=same)
        return common | {"physics_version": PHYSICS_VERSION}


def preset_names() -> tuple[str, ...]:
    """Names of the studies that come with the package, sorted.

    Examples
    --------
    >>> preset_names()
    ('figure2', 'figure5', 'quick')
    """
    files = (Path(entry.name) for entry in _presets().iterdir())
    return tuple(sorted(file.stem for file in files if file.suffix == ".toml"))


def _presets() -> Any:
    return resources.files("mbl_study").joinpath("presets")


def _problem(entry: Any, known: set[str]) -> str:
    """Say where in the file a problem is, what is asked for and what was found."""
    first, *rest = entry["loc"]
    where = f"{first}{''.join(f'[{part}]' for part in rest)}"
    if entry["type"] == "missing":
        return f"{where}: missing"
    if entry["type"] == "extra_forbidden":
        close = difflib.get_close_matches(str(first), known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(known))}"
        return f"{where}: unknown key; {hint}"
    requirement = entry["msg"].removeprefix("Value error, ").replace("Input should", "must")
    requirement = requirement.replace("should", "must")
    found = repr(entry["input"])
    return f"{where}: {requirement}; got {found if len(found) <= 60 else found[:57] + '...'}"
