"""The statements of the paper as checks: both sides as proved intervals, and a verdict.

The right-hand side of every check can be multiplied by a `factor`, so that sharper versions of a
statement can be put to the test; a false one comes out REFUTED.
"""

from qentropy.lemmas.convex_split import check_convex_split
from qentropy.lemmas.extension import check_trace_distance_extension, trace_distance_extension
from qentropy.lemmas.operator_inequality import check_cq_operator_inequality
from qentropy.lemmas.verification import STATEMENTS, LemmaReport, verify

__all__ = [
    "STATEMENTS",
    "LemmaReport",
    "check_convex_split",
    "check_cq_operator_inequality",
    "check_trace_distance_extension",
    "trace_distance_extension",
    "verify",
]
