"""Results of a study that never ran: entropies that rise with the region as a known line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from mbl_study.record import BathBounds, Record, RegionRecord
from mbl_study.study import Task

DISORDERS = (0.5, 1.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0)
# Steepest at 4.5 (2/3)**(1/2).
SCALE, EXPONENT = 4.5, 2.0
STEEPEST = SCALE * (EXPONENT / (EXPONENT + 1)) ** (1 / EXPONENT)


def slope(disorder: float) -> float:
    """Mean slope in bits per site: falls without disorder, then rises as the fitted curve."""
    rise = 0.2 + 0.6 * np.exp(-((SCALE / disorder) ** EXPONENT))
    return float(rise + 0.2 * np.exp(-((disorder / 0.6) ** 2)))


def results(
    lengths: Sequence[int] = (8, 10), realizations: int = 12, noise: float = 0.15
) -> Iterator[tuple[Task, Record]]:
    """Tasks with made-up records; the noise of a realization is the same at every disorder."""
    rng = np.random.default_rng(20240229)
    for length in lengths:
        for realization in range(realizations):
            common = 1 + noise * rng.standard_normal()
            for disorder in DISORDERS:
                task = Task(length=length, realization=realization, disorder=disorder, seed=1)
                own = 0.02 * noise * rng.standard_normal()
                yield task, record(task, (slope(disorder) + own) * common)


def record(task: Task, bits_per_site: float = 0.5, **changes: object) -> Record:
    """Record of a task, with entropies proportional to the region size."""
    regions = tuple(
        region(size, bits_per_site * size, task.epsilons) for size in range(1, task.length - 1)
    )
    values = {
        "length": task.length,
        "disorder": task.disorder,
        "fields": (0.25,) * task.length,
        "initial_state": task.initial_state,
        "energy": -1.5,
        "beta": 0.05,
        "level_spacing_ratio": 0.53 - 0.14 * bits_per_site,
        "regions": regions,
        "trace_residual": 1e-15,
        "norm_residual": 2e-15,
        "anomaly": "",
        "seconds": 0.5,
        "lapack_seconds": 0.4,
        "versions": {"python": "3.11.0"},
    }
    return Record.model_validate(values | changes)


def region(size: int, bits: float, epsilons: Sequence[float]) -> RegionRecord:
    """Region whose smooth entropy is 90 % of its entropy."""
    smooth = 0.9 * bits
    bath = tuple(
        BathBounds(
            epsilon=epsilon,
            smooth_lower=smooth,
            smooth_upper=smooth + 1e-6,
            pinched_lower=smooth - 0.1,
            pinched_upper=smooth - 0.1 + 1e-9,
            bath_size_lower=2**smooth,
            bath_size_upper=2**bits / epsilon**2,
            bath_size_purified=2 ** (smooth - 0.05),
            bath_size_collision=(2 ** (0.8 * bits) - 1) / epsilon**2,
            bath_size_asymptotic=(2 ** (0.7 * bits) - 1) / epsilon**2,
        )
        for epsilon in epsilons
    )
    return RegionRecord(
        size=size,
        max_relative_entropy=bits,
        max_relative_entropy_lattice=bits - 0.05,
        max_relative_entropy_pinched=bits - 0.1,
        collision_relative_entropy=0.8 * bits,
        collision_relative_entropy_pinched=0.7 * bits,
        coherence=0.1,
        bath=bath,
    )
