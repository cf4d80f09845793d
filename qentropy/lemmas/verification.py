"""Every statement on many instances: random ones, and those that a search finds from the worst."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from qentropy.errors import InvalidParameterError
from qentropy.lemmas import (
    bath_size,
    collision_bound,
    convex_split,
    counterexample,
    energy_conservation,
    energy_subspaces,
    extension,
    extension_properties,
    fidelities,
    fixed_weights,
    master_equation,
    operator_inequality,
    random_unitary_channels,
    reachable_distance,
    swap_collisions,
    trivial_hamiltonian,
)
from qentropy.lemmas.reports import Instance, LemmaReport
from qentropy.lemmas.search import RecordedNormals, Vector, adversarial_instance
from qentropy.lemmas.statement import Statement
from qentropy.operators import check_count

__all__ = ["EVALUATIONS", "STATEMENTS", "Progress", "verify"]

EVALUATIONS = 120
"""How many instances a search looks at, unless told otherwise."""

Progress: TypeAlias = Callable[[str], None]
"""Called with a statement's name for each of its instances that is done."""

_ALL = (
    *master_equation.STATEMENTS,
    *random_unitary_channels.STATEMENTS,
    *energy_conservation.STATEMENTS,
    *swap_collisions.STATEMENTS,
    *convex_split.STATEMENTS,
    *collision_bound.STATEMENTS,
    *extension.STATEMENTS,
    *extension_properties.STATEMENTS,
    *fidelities.STATEMENTS,
    *operator_inequality.STATEMENTS,
    *bath_size.STATEMENTS,
    *fixed_weights.STATEMENTS,
    *reachable_distance.STATEMENTS,
    *energy_subspaces.STATEMENTS,
    *counterexample.STATEMENTS,
    *trivial_hamiltonian.STATEMENTS,
)
STATEMENTS: Mapping[str, Statement] = MappingProxyType({s.name: s for s in _ALL})
"""The statements that can be checked, by name, in the paper's order."""


def verify(
    names: Sequence[str] = (),
    *,
    samples: int = 20,
    evaluations: int = EVALUATIONS,
    rng: int | np.random.Generator = 0,
    progress: Progress = lambda _: None,
) -> Iterator[LemmaReport]:
    """Check statements on random instances of several shapes and ranks, and search for worse ones.

    Parameters
    ----------
    names
        Keys of `STATEMENTS`; none means all.
    samples
        Random instances per statement, at least 1.
    evaluations
        Instances that the search of each statement may look at, from the worst random one; 0
        leaves it out. Of these the tightest one is reported.
    rng
        Seed or generator; each statement draws from a stream of its own.
    progress
        Called with the statement's name for each instance, ``samples + evaluations`` times at
        most.

    Yields
    ------
    LemmaReport
        One for each statement, as soon as it is done.

    Raises
    ------
    InvalidParameterError
        A name is unknown, or a number of instances is not as above.

    Examples
    --------
    >>> [report.verdict.value for report in verify(["convex-split"], samples=3)]
    ['PROVED']
    """
    unknown = [name for name in names if name not in STATEMENTS]
    if unknown:
        raise InvalidParameterError(
            f"unknown statement {unknown[0]!r}; known are {', '.join(STATEMENTS)}"
        )
    check_count(samples, "samples")
    budget = 0 if evaluations == 0 else check_count(evaluations, "evaluations")
    # By name, so that what a statement draws does not depend on the others.
    seed = int(np.random.default_rng(rng).integers(2**63))
    for name, statement in STATEMENTS.items():
        if not names or name in names:
            stream = np.random.default_rng([seed, *name.encode()])
            yield _report(statement, stream, samples, budget, progress)


def _report(
    statement: Statement,
    rng: np.random.Generator,
    samples: int,
    budget: int,
    progress: Progress,
) -> LemmaReport:
    instances: list[Instance] = []
    numbers: list[Vector] = []
    for k in range(samples):
        normals = RecordedNormals(rng)
        arguments = statement.draw(normals, k)
        instances.append(Instance(arguments=arguments, check=statement.check(**arguments)))
        numbers.append(normals.numbers)
        progress(statement.name)
    worst = min(range(samples), key=lambda k: instances[k].relative_slack)
    if budget and numbers[worst].size:
        found = adversarial_instance(
            statement,
            worst,
            numbers[worst],
            evaluations=budget,
            progress=lambda: progress(statement.name),
        )
        instances.extend([found] if found else [])
    return LemmaReport(name=statement.name, instances=tuple(instances), evaluations=budget)
