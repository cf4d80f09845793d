"""Thermalization of regions of the disordered Heisenberg chain, from parameters to figures.

Each name is loaded when it is first asked for, with the libraries that it needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mbl_study.analysis import (
        Tables,
        compare_thermal_states,
        critical_disorder,
        critical_drift,
        fit_bath_rates,
        fit_slopes,
        read_tables,
        region_scaling,
        strong_disorder_limit,
        tabulate,
        variance_gain,
        write_tables,
    )
    from mbl_study.archive import read_archive, write_archive
    from mbl_study.bath_panels import plot_bath_size, plot_bath_size_of_regions
    from mbl_study.chain import HeisenbergChain
    from mbl_study.ensemble import run_study
    from mbl_study.equilibrium import Equilibrium, equilibrate
    from mbl_study.initial_states import neel, tilted_neel
    from mbl_study.plots import (
        plot_bath_bounds,
        plot_critical_drift,
        plot_level_spacing,
        plot_region_scaling,
        plot_slope,
        plot_thermal_states,
        plot_transition,
        write_figures,
    )
    from mbl_study.realization import simulate
    from mbl_study.record import Record
    from mbl_study.store import Store, open_store
    from mbl_study.study import Study

__all__ = [
    "Equilibrium",
    "HeisenbergChain",
    "Record",
    "Store",
    "Study",
    "Tables",
    "compare_thermal_states",
    "critical_disorder",
    "critical_drift",
    "equilibrate",
    "fit_bath_rates",
    "fit_slopes",
    "neel",
    "open_store",
    "plot_bath_bounds",
    "plot_bath_size",
    "plot_bath_size_of_regions",
    "plot_critical_drift",
    "plot_level_spacing",
    "plot_region_scaling",
    "plot_slope",
    "plot_thermal_states",
    "plot_transition",
    "read_archive",
    "read_tables",
    "region_scaling",
    "run_study",
    "simulate",
    "strong_disorder_limit",
    "tabulate",
    "tilted_neel",
    "variance_gain",
    "write_archive",
    "write_figures",
    "write_tables",
]

# The cheap ones come first.
_HOMES = (
    *("record", "initial_states", "study", "store"),
    *("chain", "equilibrium", "realization", "ensemble", "analysis", "archive"),
    *("plots", "bath_panels"),
)


def __getattr__(name: str) -> Any:
    if name in __all__:
        for home in _HOMES:
            module = import_module(f"mbl_study.{home}")
            if name in module.__all__:
                return getattr(module, name)
    raise AttributeError(f"module 'mbl_study' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
