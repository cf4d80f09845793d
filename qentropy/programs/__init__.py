"""The semidefinite programs as cvxpy problems, and the pieces of them for other people's programs.

The optimal value of each problem stands in its docstring; where it is ``2**D``, the logarithm is in
bits. It is as good as the solver that found it; the functions at the top of the package return
proved intervals. Real data give symmetric variables, complex data Hermitian ones. cvxpy is loaded
only when a function here is called.
"""

from qentropy.programs.channels import (
    channel_max_relative_entropy,
    channel_min_relative_entropy,
    diamond_distance,
)
from qentropy.programs.conditional import (
    conditional_max_entropy,
    conditional_min_entropy,
    max_mutual_information,
    smooth_conditional_max_entropy,
    smooth_conditional_min_entropy,
)
from qentropy.programs.divergences import (
    in_ball,
    max_relative_entropy,
    max_relative_entropy_at_most,
    smooth_max_relative_entropy,
)

__all__ = [
    "channel_max_relative_entropy",
    "channel_min_relative_entropy",
    "conditional_max_entropy",
    "conditional_min_entropy",
    "diamond_distance",
    "in_ball",
    "max_mutual_information",
    "max_relative_entropy",
    "max_relative_entropy_at_most",
    "smooth_conditional_max_entropy",
    "smooth_conditional_min_entropy",
    "smooth_max_relative_entropy",
]
