"""One disorder realization becomes one record."""

from __future__ import annotations

import math
import platform
import warnings
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import version
from time import perf_counter
from typing import Any

from qutip import Qobj

import qentropy
from mbl_study.chain import HeisenbergChain
from mbl_study.equilibrium import Equilibrium, equilibrate
from mbl_study.initial_states import initial_ket
from mbl_study.record import PHYSICS_VERSION, BathBounds, Record, RegionRecord
from mbl_study.spectrum import DRIVERS

__all__ = ["simulate"]


def simulate(
    chain: HeisenbergChain,
    initial_state: str | Qobj = "tilted-neel",
    *,
    epsilons: Iterable[float] = (0.1, 0.01, 0.001),
    region_sizes: Iterable[int] | None = None,
) -> Record:
    r"""One realization, from its parameters to everything the study keeps of it.

    Regions are the sites ``0 ... r - 1``.  The function is pure: equal arguments give equal
    numbers, apart from the times.

    Parameters
    ----------
    chain
        The chain.
    initial_state
        A name that :func:`mbl_study.initial_states.initial_ket` knows, or any normalised ket of
        the chain, which the record calls ``"custom"``.
    epsilons
        Accepted distances from the thermal state, each in (0, 1].
    region_sizes
        Values of ``r``, each from 1 to ``length``; by default 1 to ``length - 2``.

    Returns
    -------
    Record
        All numbers; entropies in bits.

    Raises
    ------
    InvalidParameterError, InvalidStateError, DimensionMismatchError
        An argument is out of range, or the ket is no state of the chain.
    DiagonalizationError
        LAPACK failed or its answer contradicts the Hamiltonian.

    References
    ----------
    [Sparaciari21]_, Sec. IV and Appendix D.

    Examples
    --------
    >>> record = simulate(HeisenbergChain.random(5, 4.0, rng=0), epsilons=(0.1,))
    >>> [region.size for region in record.regions]
    [1, 2, 3]
    """
    start = perf_counter()
    sizes = _checked_sizes(region_sizes, chain.length)
    distances = _checked_epsilons(epsilons)
    name = initial_state if isinstance(initial_state, str) else "custom"
    ket = initial_ket(name, chain.length) if name is initial_state else initial_state
    equilibrium = equilibrate(chain, ket, eigenvectors="all")
    anomalies = _anomalies(equilibrium)
    regions = []
    if math.isfinite(equilibrium.beta):
        # Downwards, so that each region is a partial trace of the one before.
        for size in reversed(sizes):
            region, odd = _region(equilibrium, size, distances)
            regions.append(region)
            anomalies += odd
    return Record(
        length=chain.length,
        disorder=chain.disorder,
        fields=chain.fields,
        initial_state=name,
        energy=equilibrium.energy,
        beta=equilibrium.beta,
        level_spacing_ratio=equilibrium.level_spacing_ratio,
        regions=tuple(reversed(regions)),
        trace_residual=max(spectrum.trace_residual for spectrum in equilibrium.spectra),
        norm_residual=max(spectrum.norm_residual for spectrum in equilibrium.spectra),
        anomaly="; ".join(anomalies),
        seconds=perf_counter() - start,
        lapack_seconds=equilibrium.lapack_seconds,
        versions=dict(_versions()),
    )


def _region(
    equilibrium: Equilibrium, size: int, epsilons: Sequence[float]
) -> tuple[RegionRecord, list[str]]:
    """Entropies of one region, and what was odd about them."""
    rotated = equilibrium.in_energy_basis(range(size))
    thermal = rotated.thermal_state(equilibrium.beta)
    pairs: list[tuple[Any, Any]] = [(rotated.state, thermal), (rotated.pinched, thermal)]
    largest = [float(qentropy.max_relative_entropy(*pair)) for pair in pairs]
    collision = [float(qentropy.sandwiched_renyi_divergence(*pair, 2)) for pair in pairs]
    bath, odd = _bath(pairs, epsilons, largest[0], collision)
    record = RegionRecord(
        size=size,
        max_relative_entropy=largest[0],
        max_relative_entropy_lattice=equilibrium.max_relative_entropy(range(size), kind="lattice"),
        max_relative_entropy_pinched=largest[1],
        collision_relative_entropy=collision[0],
        collision_relative_entropy_pinched=collision[1],
        coherence=rotated.coherence,
        bath=bath,
    )
    if math.isinf(largest[0]):
        odd.append("D_max is infinite")
    return record, [f"region size {size}: {clause}" for clause in odd]


def _bath(
    pairs: Sequence[tuple[Any, Any]],
    epsilons: Sequence[float],
    largest: float,
    collision: Sequence[float],
) -> tuple[tuple[BathBounds, ...], list[str]]:
    """Bounds for every ``epsilon``, and what was odd.

    ``pairs`` holds the states as they are and pinched, ``largest`` is ``D_max`` of the former,
    ``collision`` is ``D_2`` of both.
    """
    bounds, odd = [], []
    radii = [2 * math.sqrt(epsilon) for epsilon in epsilons]
    with warnings.catch_warnings():
        # The interval is valid all the same, and the record says that it is wide.
        warnings.simplefilter("ignore", qentropy.CertificationWarning)
        curves = [qentropy.smooth_max_relative_entropy_curve(*pair, radii) for pair in pairs]
    lower_bound = qentropy.thermalization.bath_size_lower_bound
    # Both pinched states are written in the energy basis.
    p, q = (state.diagonal().real for state in pairs[1])
    for epsilon, paper, pinched in zip(epsilons, *curves, strict=True):
        if not (paper.converged and pinched.converged):
            odd.append(f"wide interval of the smooth D_max for epsilon {epsilon}")
        bounds.append(
            BathBounds(
                epsilon=epsilon,
                smooth_lower=paper.lower,
                smooth_upper=paper.upper,
                pinched_lower=pinched.lower,
                pinched_upper=pinched.upper,
                bath_size_lower=_power_of_two(paper.lower),
                bath_size_upper=_power_of_two(largest) / epsilon**2,
                bath_size_purified=lower_bound(p, q, epsilon),
                bath_size_collision=_chi_squared(collision[0]) / epsilon**2,
                bath_size_asymptotic=2 * _chi_squared(collision[1]) / (math.pi * epsilon**2),
            )
        )
    return tuple(bounds), odd


def _chi_squared(collision: float) -> float:
    """``2**D_2 - 1``, infinite where it overflows."""
    return math.expm1(collision * math.log(2)) if collision < 1000 else math.inf


def _power_of_two(exponent: float) -> float:
    """``2**exponent``, infinite where it overflows."""
    try:
        return math.exp2(exponent)
    except OverflowError:
        return math.inf


def _checked_sizes(region_sizes: Iterable[int] | None, length: int) -> list[int]:
    """Region sizes, ascending."""
    if region_sizes is None:
        return list(range(1, length - 1))
    sizes = list(region_sizes)
    if not sizes or not all(size in range(1, length + 1) for size in sizes):
        raise qentropy.InvalidParameterError(
            f"region_sizes must be integers from 1 to {length}; got {sizes!r}"
        )
    return sorted({int(size) for size in sizes})


def _checked_epsilons(epsilons: Iterable[float]) -> tuple[float, ...]:
    """Distances that Theorem 1 and Corollary 4 speak about."""
    found = tuple(float(epsilon) for epsilon in epsilons)
    if not all(0 < epsilon <= 1 for epsilon in found):
        raise qentropy.InvalidParameterError(f"epsilons must lie in (0, 1]; got {found}")
    return found


def _anomalies(equilibrium: Equilibrium) -> list[str]:
    """What is odd about the lattice as a whole, one clause each."""
    found = [
        f"LAPACK driver {spectrum.driver} was needed with {spectrum.up} spins up"
        for spectrum in equilibrium.spectra
        if spectrum.driver != DRIVERS[0]
    ]
    if math.isinf(equilibrium.beta):
        edge = "lower" if equilibrium.beta > 0 else "upper"
        found.append(f"no finite beta: the energy lies at the {edge} edge of the spectrum")
    return found


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    """Versions of everything that can change a digit."""
    libraries = tuple((name, version(name)) for name in ("numpy", "scipy", "qutip"))
    return (
        ("python", platform.python_version()),
        *libraries,
        ("mbl_study", version("qentropy")),
        ("physics", str(PHYSICS_VERSION)),
    )
