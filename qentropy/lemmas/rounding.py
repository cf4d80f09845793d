"""How large rounding can be on either side of a statement."""

import numpy as np

from qentropy import certify
from qentropy.blocks import Array, one_group

__all__ = ["frobenius_norm", "trace_defect"]


def frobenius_norm(matrix: Array) -> float:
    """Upper bound of the Frobenius norm of a matrix of order one."""
    error = certify.gamma(2 * matrix.size + 8)
    return certify.up(float(np.linalg.norm(matrix)) * (1 + error), 2)


def trace_defect(state: Array) -> float:
    """Upper bound of how far the trace of a state is from one."""
    trace = certify.trace_interval(one_group(state))
    return certify.up(max(abs(trace.lower - 1), abs(trace.upper - 1)))
