r"""From any floating-point primal or dual point to a rigorous interval; knows no solver.

The data are the exact real numbers that the floats are, a state being ``rho / Tr rho``. One
primitive carries every proof: `psd_shift` proves ``H + c >= 0`` by a Cholesky factorisation that
ran to completion, with the rounding bound of Higham, *Accuracy and Stability of Numerical
Algorithms*, Theorems 10.3 and 10.5, in the form of Rump, BIT 46 (2006) 433. A wrong candidate
makes an interval wide, never false.

Two conventions settle what the floats of a state mean where rounding has left them with a negative
eigenvalue. A trace ball always holds rho itself. In the purified ball rho stands for
``B B^dagger``, B its `state_factor`, in the basis in which the pair is solved.
"""

from qentropy.certify.distinguishing import distinguishing_lower, distinguishing_upper, trace_defect
from qentropy.certify.enclosures import (
    difference,
    eigenvalue_interval,
    inner,
    positive_part_trace,
    psd_shift,
    trace_interval,
    trace_norm_interval,
)
from qentropy.certify.factors import state_factor, state_of_factor
from qentropy.certify.marginal_fidelity import marginal_fidelity_lower, marginal_fidelity_upper
from qentropy.certify.marginals import (
    marginal_lower,
    marginal_norm,
    marginal_upper,
    purified_marginal_lower,
    smooth_marginal_lower,
    smooth_marginal_upper,
)
from qentropy.certify.mutual_information import information_lower, information_upper
from qentropy.certify.purified_ball import purified_lower, purified_trace_lower, purified_upper
from qentropy.certify.ratios import max_ratio, scaled_floor
from qentropy.certify.rotation import RotationDefect, rotation_defect
from qentropy.certify.rounding import UNIT, down, gamma, log2_interval, up
from qentropy.certify.support import outside_weight, support_radius
from qentropy.certify.trace_ball import (
    factored_lower,
    max_relative_entropy_interval,
    ratio_projector,
    smooth_lower,
    smooth_upper,
)

__all__ = [
    "UNIT",
    "RotationDefect",
    "difference",
    "distinguishing_lower",
    "distinguishing_upper",
    "down",
    "eigenvalue_interval",
    "factored_lower",
    "gamma",
    "information_lower",
    "information_upper",
    "inner",
    "log2_interval",
    "marginal_fidelity_lower",
    "marginal_fidelity_upper",
    "marginal_lower",
    "marginal_norm",
    "marginal_upper",
    "max_ratio",
    "max_relative_entropy_interval",
    "outside_weight",
    "positive_part_trace",
    "psd_shift",
    "purified_lower",
    "purified_marginal_lower",
    "purified_trace_lower",
    "purified_upper",
    "ratio_projector",
    "rotation_defect",
    "scaled_floor",
    "smooth_lower",
    "smooth_marginal_lower",
    "smooth_marginal_upper",
    "smooth_upper",
    "state_factor",
    "state_of_factor",
    "support_radius",
    "trace_defect",
    "trace_interval",
    "trace_norm_interval",
    "up",
]
