"""The statements of the paper as checks: both sides as proved intervals, and a verdict.

`verify` puts them to random instances and to those that a search finds. Most right-hand sides can
be multiplied by a `factor`, so that sharper versions can be tried; a false one comes out REFUTED.
"""

from qentropy.lemmas.bath_size import check_bath_size_lower_bound, check_bath_size_upper_bound
from qentropy.lemmas.collision_bound import check_collision_bound, check_collision_identity
from qentropy.lemmas.convex_split import check_convex_split
from qentropy.lemmas.counterexample import check_swap_counterexample
from qentropy.lemmas.energy_conservation import check_energy_preservation, check_energy_weights
from qentropy.lemmas.energy_subspaces import (
    check_energy_subspace_condition,
    check_optimal_swaps,
    check_uniform_subspaces,
)
from qentropy.lemmas.extension import (
    check_sharp_extension_distance,
    check_trace_distance_extension,
    trace_distance_extension,
)
from qentropy.lemmas.extension_properties import (
    check_extension_fidelity,
    check_extension_marginal,
    check_extension_support,
)
from qentropy.lemmas.fidelities import check_fidelity_lower_bound, check_fidelity_upper_bound
from qentropy.lemmas.fixed_weights import check_fixed_weights
from qentropy.lemmas.master_equation import check_poisson_mixture, check_product_of_poissons
from qentropy.lemmas.operator_inequality import check_cq_operator_inequality
from qentropy.lemmas.random_unitary_channels import check_random_unitary_channel
from qentropy.lemmas.reachable_distance import check_pinching, check_reachable_distance
from qentropy.lemmas.records import load_instance, save_instance
from qentropy.lemmas.reports import Instance, LemmaReport
from qentropy.lemmas.statement import Statement
from qentropy.lemmas.swap_collisions import check_steady_state, check_uniform_swaps
from qentropy.lemmas.trivial_hamiltonian import check_trivial_hamiltonian
from qentropy.lemmas.verification import EVALUATIONS, STATEMENTS, verify

__all__ = [
    "EVALUATIONS",
    "STATEMENTS",
    "Instance",
    "LemmaReport",
    "Statement",
    "check_bath_size_lower_bound",
    "check_bath_size_upper_bound",
    "check_collision_bound",
    "check_collision_identity",
    "check_convex_split",
    "check_cq_operator_inequality",
    "check_energy_preservation",
    "check_energy_subspace_condition",
    "check_energy_weights",
    "check_extension_fidelity",
    "check_extension_marginal",
    "check_extension_support",
    "check_fidelity_lower_bound",
    "check_fidelity_upper_bound",
    "check_fixed_weights",
    "check_optimal_swaps",
    "check_pinching",
    "check_poisson_mixture",
    "check_product_of_poissons",
    "check_random_unitary_channel",
    "check_reachable_distance",
    "check_sharp_extension_distance",
    "check_steady_state",
    "check_swap_counterexample",
    "check_trace_distance_extension",
    "check_trivial_hamiltonian",
    "check_uniform_subspaces",
    "check_uniform_swaps",
    "load_instance",
    "save_instance",
    "trace_distance_extension",
    "verify",
]
