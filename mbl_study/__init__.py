"""Thermalization of regions of the disordered Heisenberg chain, from parameters to figures."""

from mbl_study.chain import HeisenbergChain
from mbl_study.equilibrium import Equilibrium, equilibrate
from mbl_study.initial_states import neel, tilted_neel
from mbl_study.realization import Record, simulate

__all__ = [
    "Equilibrium",
    "HeisenbergChain",
    "Record",
    "equilibrate",
    "neel",
    "simulate",
    "tilted_neel",
]
