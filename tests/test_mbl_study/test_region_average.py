"""The mean over regions of one size."""

from __future__ import annotations

import math

import numpy as np
import pytest
import qutip

from mbl_study import HeisenbergChain, simulate
from mbl_study.record import BathBounds, RegionRecord
from mbl_study.region_average import mean_region


def region(entropy: float, size: float, swaps: float | None = None) -> RegionRecord:
    """A record whose entropies are all one number and whose bath sizes are another."""
    entropies = RegionRecord.model_fields.keys() - {"size", "bath"}
    bounds = {
        name: size if name.startswith("bath_size") else entropy
        for name in BathBounds.model_fields.keys() - {"epsilon"}
    }
    swap = {"bath_size_swap_lower": swaps, "bath_size_swap_upper": swaps}
    bath = BathBounds.model_validate({"epsilon": 0.1} | bounds | swap)
    return RegionRecord(size=3, bath=(bath,), **dict.fromkeys(entropies, entropy))


def test_entropies_are_averaged_and_sizes_geometrically() -> None:
    """Two regions with 1 and 3 bits, 2 and 8 components: 2 bits and 4 components."""
    assert mean_region([region(1.0, 2.0), region(3.0, 8.0)]) == region(2.0, 4.0)
    assert mean_region([region(1.0, 2.0, 2.0), region(3.0, 8.0, 8.0)]) == region(2.0, 4.0, 4.0)


def test_infinite_values_stay_infinite() -> None:
    """One region outside the support makes the mean infinite."""
    mean = mean_region([region(1.0, 2.0), region(math.inf, math.inf)])
    assert mean.max_relative_entropy == mean.bath[0].bath_size_upper == math.inf


def test_translations_are_the_mean_over_shifted_chains() -> None:
    """A translation of the region is a translation of the fields and of the state the other way."""
    chain = HeisenbergChain.random(6, 4.0, rng=1)
    options = {"epsilons": (0.01,), "region_sizes": (1, 3)}
    average = simulate(chain, "neel", regions="translations", **options)
    shifted = []
    for shift in (0, 2, 4):  # the Néel state is itself after two sites
        fields = tuple(np.roll(chain.fields, -shift).tolist())
        moved = HeisenbergChain(length=6, disorder=4.0, fields=fields)
        shifted.append(simulate(moved, "neel", **options))
        turned = HeisenbergChain(length=6, disorder=4.0, fields=tuple(np.roll(fields, -1).tolist()))
        shifted.append(simulate(turned, flipped_neel(), **options))
    for k in range(2):
        expected = np.mean([record.regions[k].max_relative_entropy for record in shifted])
        assert average.regions[k].max_relative_entropy == pytest.approx(expected, abs=1e-10)
        lower = np.mean([record.regions[k].bath[0].pinched_lower for record in shifted])
        assert average.regions[k].bath[0].pinched_lower == pytest.approx(lower, abs=1e-6)


def flipped_neel() -> qutip.Qobj:
    """Down on even sites, up on odd ones."""
    return qutip.basis([2] * 6, [1, 0] * 3)
