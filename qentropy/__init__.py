"""Certified entropic quantities of quantum states."""

from qentropy import lemmas, programs, states, thermalization
from qentropy.blocks import BlockOperator, direct_sum
from qentropy.channels import (
    channel_max_relative_entropy,
    channel_min_relative_entropy,
    diamond_distance,
)
from qentropy.conditional import (
    conditional_max_entropy,
    conditional_min_entropy,
    max_mutual_information,
)
from qentropy.convex_split import (
    bell_convex_split_spectrum,
    convex_split_bound,
    convex_split_distance,
    convex_split_state,
)
from qentropy.distances import fidelity, purified_distance, trace_distance
from qentropy.divergences import (
    chi_squared_divergence,
    hockey_stick_divergence,
    max_relative_entropy,
    min_relative_entropy,
    petz_renyi_divergence,
    relative_entropy,
    sandwiched_renyi_divergence,
)
from qentropy.entropies import renyi_entropy, von_neumann_entropy
from qentropy.errors import (
    CertificationWarning,
    DimensionMismatchError,
    InvalidParameterError,
    InvalidStateError,
    QEntropyError,
    ResourceLimitError,
    SolverError,
)
from qentropy.hypothesis_testing import (
    hypothesis_testing_relative_entropy,
    information_spectrum_relative_entropy,
)
from qentropy.results import CertifiedValue, Interval, LemmaCheck, SolverReport, Verdict
from qentropy.smooth_conditional import (
    smooth_conditional_max_entropy,
    smooth_conditional_min_entropy,
)
from qentropy.smoothing import (
    smooth_max_relative_entropy,
    smooth_max_relative_entropy_curve,
)

__all__ = [
    "BlockOperator",
    "CertificationWarning",
    "CertifiedValue",
    "DimensionMismatchError",
    "Interval",
    "InvalidParameterError",
    "InvalidStateError",
    "LemmaCheck",
    "QEntropyError",
    "ResourceLimitError",
    "SolverError",
    "SolverReport",
    "Verdict",
    "bell_convex_split_spectrum",
    "channel_max_relative_entropy",
    "channel_min_relative_entropy",
    "chi_squared_divergence",
    "conditional_max_entropy",
    "conditional_min_entropy",
    "convex_split_bound",
    "convex_split_distance",
    "convex_split_state",
    "diamond_distance",
    "direct_sum",
    "fidelity",
    "hockey_stick_divergence",
    "hypothesis_testing_relative_entropy",
    "information_spectrum_relative_entropy",
    "lemmas",
    "max_mutual_information",
    "max_relative_entropy",
    "min_relative_entropy",
    "petz_renyi_divergence",
    "programs",
    "purified_distance",
    "relative_entropy",
    "renyi_entropy",
    "sandwiched_renyi_divergence",
    "smooth_conditional_max_entropy",
    "smooth_conditional_min_entropy",
    "smooth_max_relative_entropy",
    "smooth_max_relative_entropy_curve",
    "states",
    "thermalization",
    "trace_distance",
    "von_neumann_entropy",
]
