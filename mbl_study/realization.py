"""One disorder realization becomes one record."""

from __future__ import annotations

import math
import platform
import warnings
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from itertools import product
from time import perf_counter
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from qutip import Qobj

import qentropy
from mbl_study.chain import HeisenbergChain
from mbl_study.equilibrium import Equilibrium, equilibrate
from mbl_study.initial_states import initial_ket
from mbl_study.record import PHYSICS_VERSION, BathBounds, Record, RegionRecord
from mbl_study.region_average import mean_region
from mbl_study.regions import Pair
from mbl_study.spectrum import DRIVERS

__all__ = ["simulate"]


def simulate(
    chain: HeisenbergChain,
    initial_state: str | Qobj = "tilted-neel",
    *,
    epsilons: Iterable[float] = (0.1, 0.01, 0.001),
    exact_epsilons: Iterable[float] = (),
    region_sizes: Iterable[int] | None = None,
    regions: Literal["first", "translations"] = "first",
) -> Record:
    r"""One realization, from its parameters to everything the study keeps of it.

    The function is pure: equal arguments give equal
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
    exact_epsilons
        Those of `epsilons` for which the number of components is computed at which uniform swaps
        are enough; each takes about a second for each region.
    region_sizes
        Values of ``r``, each from 1 to ``length``; by default 1 to ``length - 2``.
    regions
        ``"first"``: the regions are the sites ``0 ... r - 1``. ``"translations"``: a record holds
        the mean over the ``length`` translations of that region.

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
    distances = _checked_epsilons(epsilons, exact_epsilons)
    first_sites = _first_sites(regions, chain.length)
    name = initial_state if isinstance(initial_state, str) else "custom"
    ket = initial_ket(name, chain.length) if name is initial_state else initial_state
    within = range(sizes[-1]) if regions == "first" else None
    equilibrium = equilibrate(chain, ket, eigenvectors="all", within=within)
    anomalies = _anomalies(equilibrium)
    found: dict[int, list[RegionRecord]] = {size: [] for size in sizes}
    if math.isfinite(equilibrium.beta):
        # Downwards, so that each region is a partial trace of the one before.
        for first, size in product(first_sites, reversed(sizes)):
            sites = tuple(site % chain.length for site in range(first, first + size))
            region, odd = _region(equilibrium, sites, distances)
            found[size].append(region)
            anomalies += odd
    return Record(
        length=chain.length,
        disorder=chain.disorder,
        fields=chain.fields,
        initial_state=name,
        energy=equilibrium.energy,
        beta=equilibrium.beta,
        level_spacing_ratio=equilibrium.level_spacing_ratio,
        regions=tuple(mean_region(records) for records in found.values() if records),
        trace_residual=max(spectrum.trace_residual for spectrum in equilibrium.spectra),
        norm_residual=max(spectrum.norm_residual for spectrum in equilibrium.spectra),
        anomaly="; ".join(anomalies),
        seconds=perf_counter() - start,
        lapack_seconds=equilibrium.lapack_seconds,
        versions=dict(_versions()),
    )


class _Entropies(NamedTuple):
    """D_max, D_2, and for each epsilon the smooth D_max and whether its interval is narrow."""

    largest: float
    collision: float
    smooth: list[tuple[qentropy.Interval, bool]]


def _entropies(pair: Pair, epsilons: Iterable[float]) -> _Entropies:
    """Those of one state from the other."""
    radii = [2 * math.sqrt(epsilon) for epsilon in epsilons]
    with warnings.catch_warnings():
        # The interval is valid all the same, and the record says that it is wide.
        warnings.simplefilter("ignore", qentropy.CertificationWarning)
        curve = qentropy.smooth_max_relative_entropy_curve(*pair, radii)
    return _Entropies(
        largest=float(qentropy.max_relative_entropy(*pair)),
        collision=float(qentropy.sandwiched_renyi_divergence(*pair, 2)),
        smooth=[(point.interval, point.converged) for point in curve],
    )


def _region(
    equilibrium: Equilibrium, sites: Sequence[int], epsilons: Mapping[float, bool]
) -> tuple[RegionRecord, list[str]]:
    """Entropies of one region, and what was odd about them."""
    rotated = equilibrium.in_energy_basis(sites)
    pinched = _entropies(rotated.pinched_pair(equilibrium.beta), epsilons)
    populations = rotated.populations, rotated.thermal_weights(equilibrium.beta)
    coherence = rotated.coherence
    pair = rotated.pair(equilibrium.beta)
    del rotated  # as large as the pair
    full = _entropies(pair, epsilons)
    del pair
    bath, odd = _bath(full, pinched, populations, epsilons)
    record = RegionRecord(
        size=len(sites),
        max_relative_entropy=full.largest,
        max_relative_entropy_lattice=equilibrium.max_relative_entropy(sites, kind="lattice"),
        max_relative_entropy_pinched=pinched.largest,
        collision_relative_entropy=full.collision,
        collision_relative_entropy_pinched=pinched.collision,
        coherence=coherence,
        bath=bath,
    )
    if math.isinf(full.largest):
        odd.append("D_max is infinite")
    where = f"sites {sites[0]} to {sites[-1]}"
    return record, [f"{where}: {clause}" for clause in odd]


def _bath(
    full: _Entropies,
    pinched: _Entropies,
    populations: tuple[NDArray[np.float64], NDArray[np.float64]],
    epsilons: Mapping[float, bool],
) -> tuple[tuple[BathBounds, ...], list[str]]:
    """Bounds for every ``epsilon``, with the number of swaps where that is asked for; oddities.

    ``populations`` are the diagonals of the pinched states.
    """
    bounds, odd = [], []
    lower_bound = qentropy.thermalization.bath_size_lower_bound
    smooth = zip(epsilons.items(), full.smooth, pinched.smooth, strict=True)
    for (epsilon, is_exact), (paper, is_narrow), (within, is_narrow_within) in smooth:
        if not (is_narrow and is_narrow_within):
            odd.append(f"wide interval of the smooth D_max for epsilon {epsilon}")
        bounds.append(
            BathBounds(
                epsilon=epsilon,
                smooth_lower=paper.lower,
                smooth_upper=paper.upper,
                pinched_lower=within.lower,
                pinched_upper=within.upper,
                bath_size_lower=_power_of_two(paper.lower),
                bath_size_upper=_power_of_two(full.largest) / epsilon**2,
                bath_size_purified=lower_bound(*populations, epsilon),
                bath_size_collision=_chi_squared(full.collision) / epsilon**2,
                bath_size_asymptotic=2 * _chi_squared(pinched.collision) / (math.pi * epsilon**2),
                **(_swap_count(*populations, epsilon) if is_exact else {}),
            )
        )
    return tuple(bounds), odd


def _swap_count(p: NDArray[np.float64], q: NDArray[np.float64], epsilon: float) -> dict[str, float]:
    """Interval of the number of components for which uniform swaps are enough."""
    swaps = qentropy.thermalization.bath_size(np.diag(p), np.diag(q), epsilon).swaps
    return {"bath_size_swap_lower": swaps.lower, "bath_size_swap_upper": swaps.upper}


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


def _checked_epsilons(epsilons: Iterable[float], exact: Iterable[float]) -> dict[float, bool]:
    """Distances that Theorem 1 and Corollary 4 speak about, and whether to count swaps for each."""
    found, counted = tuple(map(float, epsilons)), set(map(float, exact))
    if not all(0 < epsilon <= 1 for epsilon in found):
        raise qentropy.InvalidParameterError(f"epsilons must lie in (0, 1]; got {found}")
    if not counted <= set(found):
        raise qentropy.InvalidParameterError(
            f"exact_epsilons must be some of the epsilons {found}; got {sorted(counted)}"
        )
    return {epsilon: epsilon in counted for epsilon in found}


def _first_sites(regions: str, length: int) -> range:
    """First site of each region."""
    if regions not in ("first", "translations"):
        raise qentropy.InvalidParameterError(
            f"regions must be 'first' or 'translations'; got {regions!r}"
        )
    return range(1 if regions == "first" else length)


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
