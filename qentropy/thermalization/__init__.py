"""How a system thermalizes by stochastic collisions with copies of its thermal state.

The collisional master equation and the uniform swap model, the energy subspace condition under
which that model is optimal, the distance that no energy-preserving process can beat, and how
large a bath has to be.
"""

from qentropy.thermalization.bath_sizes import (
    Assumption,
    BathSize,
    bath_size,
    bath_size_lower_bound,
)
from qentropy.thermalization.collision_kinds import Collision
from qentropy.thermalization.collisions import CollisionModel
from qentropy.thermalization.energy_subspaces import (
    EnergySubspaceCondition,
    pinched,
    satisfies_energy_subspace_condition,
)
from qentropy.thermalization.energy_types import EnergyTypes, energy_types
from qentropy.thermalization.random_unitaries import RandomUnitaryChannel
from qentropy.thermalization.reachable_distance import optimal_thermalization_distance
from qentropy.thermalization.swaps import (
    position_probabilities,
    swap_model,
    time_to_thermalize,
)

__all__ = [
    "Assumption",
    "BathSize",
    "Collision",
    "CollisionModel",
    "EnergySubspaceCondition",
    "EnergyTypes",
    "RandomUnitaryChannel",
    "bath_size",
    "bath_size_lower_bound",
    "energy_types",
    "optimal_thermalization_distance",
    "pinched",
    "position_probabilities",
    "satisfies_energy_subspace_condition",
    "swap_model",
    "time_to_thermalize",
]
