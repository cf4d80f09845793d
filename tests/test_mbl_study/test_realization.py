"""Records hold the numbers of the realization, and flag what is odd."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
import qutip
import scipy.linalg

import qentropy
from mbl_study import HeisenbergChain, equilibrate, neel, tilted_neel
from mbl_study.realization import simulate
from mbl_study.record import PHYSICS_VERSION, Record

FIELDS = (0.5, -0.25, 0.75, -0.8, 0.1, 0.6, -0.45, -0.9)
CHAIN = HeisenbergChain(length=7, disorder=4.0, fields=FIELDS[:7])


@pytest.fixture(scope="module")
def record() -> Record:
    """One realization that is looked at from several sides."""
    return simulate(CHAIN)


def test_record_repeats_the_parameters(record: Record) -> None:
    """What was simulated stands in the record."""
    assert (record.length, record.disorder, record.fields) == (7, 4.0, FIELDS[:7])
    assert record.initial_state == "tilted-neel"
    assert [region.size for region in record.regions] == [1, 2, 3, 4, 5]
    assert record.anomaly == ""
    assert record.versions["physics"] == str(PHYSICS_VERSION)
    assert sorted(record.versions) == ["mbl_study", "numpy", "physics", "python", "qutip", "scipy"]
    assert 0 < record.lapack_seconds < record.seconds
    assert max(record.trace_residual, record.norm_residual) < 1e-14


def test_record_holds_the_reference_numbers(record: Record) -> None:
    """L = 7 from the tilted Néel state: reference numbers, three independent codes."""
    assert record.energy == pytest.approx(6.6, abs=1e-12)
    assert record.beta == pytest.approx(-0.171072276363, abs=1e-12)
    found = [region.max_relative_entropy for region in record.regions]
    expected = [0.2086613680, 0.5885093566, 0.9842659860, 1.5416770328, 2.3119879491]
    assert found == pytest.approx(expected, abs=1e-9)


def test_record_agrees_with_the_equilibrium(record: Record) -> None:
    """Each number is what the public functions give for that region, in any basis."""
    equilibrium = equilibrate(CHAIN, tilted_neel(7))
    assert record.level_spacing_ratio == pytest.approx(equilibrium.level_spacing_ratio, abs=1e-12)
    for region in record.regions:
        sites = range(region.size)
        omega_R = equilibrium.reduced_state(sites)
        tau = equilibrium.thermal_state(sites)
        tau_R = equilibrium.thermal_state(sites, kind="lattice")
        collision = qentropy.sandwiched_renyi_divergence(omega_R, tau, 2)
        lattice = qentropy.max_relative_entropy(omega_R, tau_R)
        assert region.collision_relative_entropy == pytest.approx(collision, abs=1e-10)
        assert region.max_relative_entropy_lattice == pytest.approx(lattice, abs=1e-9)
        assert region.coherence == pytest.approx(equilibrium.energy_coherence(sites), abs=1e-11)
        for bath in region.bath:
            smooth = qentropy.smooth_max_relative_entropy(omega_R, tau, 2 * math.sqrt(bath.epsilon))
            assert max(bath.smooth_lower, smooth.lower) <= min(bath.smooth_upper, smooth.upper)


def test_bounds_are_in_order(record: Record) -> None:
    """Smoothing and pinching lower D_max, a wider ball more; the bounds on the bath agree."""
    for region in record.regions:
        assert [bath.epsilon for bath in region.bath] == [0.1, 0.01, 0.001]
        assert region.collision_relative_entropy <= region.max_relative_entropy + 1e-12
        for bath in region.bath:
            assert bath.smooth_lower <= bath.smooth_upper
            assert bath.pinched_lower <= min(bath.pinched_upper, bath.smooth_upper)
            assert bath.smooth_lower <= region.max_relative_entropy + 1e-12
            assert bath.bath_size_lower == pytest.approx(2**bath.smooth_lower)
            upper = 2**region.max_relative_entropy / bath.epsilon**2
            assert bath.bath_size_upper == pytest.approx(upper)
            assert bath.bath_size_lower <= bath.bath_size_upper
            chi_squared = 2**region.collision_relative_entropy - 1
            assert bath.bath_size_collision == pytest.approx(chi_squared / bath.epsilon**2)
            pinched = 2**region.collision_relative_entropy_pinched - 1
            assert bath.bath_size_asymptotic * math.pi / 2 * bath.epsilon**2 == pytest.approx(
                pinched
            )
            assert bath.bath_size_collision <= bath.bath_size_upper
            assert 2**bath.pinched_lower <= bath.bath_size_purified * (1 + 1e-6)
        for name in ("max", "collision"):
            whole = getattr(region, f"{name}_relative_entropy")
            assert getattr(region, f"{name}_relative_entropy_pinched") <= whole + 1e-12
        lowers = [bath.smooth_lower for bath in region.bath]
        uppers = [bath.smooth_upper for bath in region.bath]
        assert all(low <= high for low, high in zip(lowers, uppers[1:], strict=False))


def test_simulation_is_reproducible(record: Record) -> None:
    """The same arguments give the same numbers to the last bit; only the times differ."""
    again = simulate(CHAIN)
    times = {"seconds": 0.0, "lapack_seconds": 0.0}
    assert again.model_copy(update=times) == record.model_copy(update=times)


def test_options_choose_what_is_computed() -> None:
    """Initial state, sizes and epsilons are options; sizes come out ascending, each once."""
    record = simulate(CHAIN, "tilted-neel:0,1", epsilons=[0.05], region_sizes=[6, 2, 2])
    assert record.initial_state == "tilted-neel:0,1"
    assert record.energy == pytest.approx(-0.6, abs=1e-12)
    assert [region.size for region in record.regions] == [2, 6]
    found = [region.max_relative_entropy for region in record.regions]
    assert found == pytest.approx([0.2910132069, 2.9477855018], abs=1e-9)
    assert [bath.epsilon for bath in record.regions[0].bath] == [0.05]


def test_any_ket_can_be_the_initial_state() -> None:
    """A ket gives the numbers of its name, and the record calls it custom."""
    named = simulate(CHAIN, "neel", epsilons=[], region_sizes=[3])
    custom = simulate(CHAIN, neel(7), epsilons=[], region_sizes=[3])
    assert (named.initial_state, custom.initial_state) == ("neel", "custom")
    assert named.regions == custom.regions


@pytest.mark.parametrize(("level", "edge"), [(0, "lower"), (-1, "upper")])
def test_band_edge_is_a_flagged_record(level: int, edge: str) -> None:
    """Without a finite temperature there is a record without regions that says why."""
    record = simulate(CHAIN, CHAIN.hamiltonian().eigenstates()[1][level])
    assert record.beta == (math.inf if edge == "lower" else -math.inf)
    assert record.regions == ()
    assert record.anomaly == f"no finite beta: the energy lies at the {edge} edge of the spectrum"
    assert Record.model_validate_json(record.model_dump_json()) == record


def test_infinite_entropies_are_flagged() -> None:
    """Where the thermal state is too cold for the tolerance of supports, D_max is infinite."""
    chain = HeisenbergChain(length=4, disorder=50.0, fields=(1.0, -1.0, 1.0, -1.0))
    ground, first = chain.hamiltonian().eigenstates(eigvals=2)[1]
    ket = (math.sqrt(1 - 1e-8) * ground + 1e-4 * first).unit()
    record = simulate(chain, ket, epsilons=[0.1], region_sizes=[2])
    assert record.beta > 0
    assert record.regions[0].max_relative_entropy == math.inf
    assert record.regions[0].bath[0].bath_size_upper == math.inf
    assert "sites 0 to 1: D_max is infinite" in record.anomaly


def test_overflowing_bath_sizes_are_infinite(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bath of more than the largest float is an infinite one, not an exception."""
    monkeypatch.setattr(qentropy, "max_relative_entropy", lambda *_: 2000.0)
    record = simulate(CHAIN, epsilons=[0.1], region_sizes=[1])
    assert record.regions[0].bath[0].bath_size_upper == math.inf


def test_spare_driver_is_an_anomaly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that needed LAPACK's second driver says so and has the same numbers."""
    true_eigh = scipy.linalg.eigh

    def eigh(matrix: np.ndarray, **options: Any) -> Any:
        if options.get("driver") == "evd" and len(matrix) == 35:
            raise np.linalg.LinAlgError("did not converge")
        return true_eigh(matrix, **options)

    monkeypatch.setattr(scipy.linalg, "eigh", eigh)
    record = simulate(CHAIN, epsilons=[], region_sizes=[2])
    assert record.anomaly == (
        "LAPACK driver evr was needed with 3 spins up; LAPACK driver evr was needed with 4 spins up"
    )
    assert record.regions[0].max_relative_entropy == pytest.approx(0.5885093566, abs=1e-9)


def test_wide_intervals_are_an_anomaly(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interval wider than asked for is kept, without a warning, and named in the record."""
    true_curve = qentropy.smooth_max_relative_entropy_curve

    def curve(rho: Any, sigma: Any, epsilons: Any) -> Any:
        return true_curve(rho, sigma, epsilons, rtol=1e-300)

    monkeypatch.setattr(qentropy, "smooth_max_relative_entropy_curve", curve)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record = simulate(CHAIN, epsilons=[0.01], region_sizes=[3])
    assert record.anomaly == "sites 0 to 2: wide interval of the smooth D_max for epsilon 0.01"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"initial_state": "ferromagnet"}, "initial state must be one of"),
        ({"initial_state": neel(6)}, "must have 2"),
        ({"initial_state": qutip.ket2dm(neel(7))}, "must be a Qobj ket"),
        ({"epsilons": [0.0]}, "epsilons must lie in"),
        ({"epsilons": [1.5]}, "epsilons must lie in"),
        ({"epsilons": [math.nan]}, "epsilons must lie in"),
        ({"region_sizes": []}, "region_sizes must be integers from 1 to 7"),
        ({"region_sizes": [0]}, "region_sizes must be integers from 1 to 7"),
        ({"region_sizes": [8]}, "region_sizes must be integers from 1 to 7"),
        ({"region_sizes": [2.5]}, "region_sizes must be integers from 1 to 7"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], message: str) -> None:
    """Options out of range are errors that name what is allowed."""
    with pytest.raises(ValueError, match=message):
        simulate(CHAIN, **options)


def test_numbers_of_swaps_where_they_are_asked_for() -> None:
    """They are those of `bath_size` for the populations, and lie between the other bounds."""
    chain = HeisenbergChain.random(6, 4.0, rng=2)
    record = simulate(chain, epsilons=(0.1, 0.5), exact_epsilons=(0.5,), region_sizes=(1, 3))
    equilibrium = equilibrate(chain, tilted_neel(6))
    for region in record.regions:
        without, counted = region.bath
        assert without.bath_size_swap_lower is without.bath_size_swap_upper is None
        rotated = equilibrium.in_energy_basis(range(region.size))
        states = np.diag(rotated.populations), np.diag(rotated.thermal_weights(record.beta))
        swaps = qentropy.thermalization.bath_size(*states, 0.5).swaps
        assert (counted.bath_size_swap_lower, counted.bath_size_swap_upper) == (
            swaps.lower,
            swaps.upper,
        )
        assert 1 <= swaps.lower <= swaps.upper <= max(1, np.ceil(counted.bath_size_collision))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"exact_epsilons": (0.2,)}, "exact_epsilons must be some of the epsilons"),
        ({"regions": "all"}, "regions must be 'first' or 'translations'; got 'all'"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], message: str) -> None:
    """A radius that is not among the others, and a name that nobody knows."""
    with pytest.raises(qentropy.InvalidParameterError, match=message):
        simulate(HeisenbergChain.random(4, 4.0, rng=0), epsilons=(0.1,), **options)
