"""How many collisions happen: the Poisson distribution, cut off where its tail is small."""

from bisect import bisect_left
from math import ceil, e, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qentropy.errors import InvalidParameterError, ResourceLimitError
from qentropy.operators import is_real_number

__all__ = ["poisson_weights"]

COLLISION_LIMIT = 1_000_000


def poisson_weights(mean: float, tolerance: float) -> tuple[NDArray[Any], float]:
    """Poisson probabilities ``exp(-mean) mean**m / m!``, m = 0 ... M, and the weight beyond M.

    Parameters
    ----------
    mean
        Mean number of collisions, not negative.
    tolerance
        Largest weight that may be left out, between 0 and 1, both excluded.

    Returns
    -------
    tuple
        Probabilities, shape ``(M + 1,)``, M the least that leaves out at most `tolerance`, and
        the weight that is left out.

    Raises
    ------
    InvalidParameterError
        `tolerance` is out of range.
    ResourceLimitError
        The mean is larger than a million.

    Examples
    --------
    >>> weights, rest = poisson_weights(1.0, 0.1)
    >>> weights
    array([0.36787944, 0.36787944, 0.18393972])
    >>> rest
    0.0803014
    """
    from scipy.special import pdtrc
    from scipy.stats import poisson

    if not is_real_number(tolerance) or not 0 < tolerance < 1:
        raise InvalidParameterError(f"tolerance must be between 0 and 1; got {tolerance!r}")
    if not mean <= COLLISION_LIMIT:
        raise ResourceLimitError(
            f"{mean:.3g} collisions are expected; at most {COLLISION_LIMIT} are computed one by "
            "one. Use steady_state() for long times."
        )
    # Chernoff: P(X >= k) <= exp(-mean) (e mean / k)**k, at most exp(-k) once k >= e**2 mean.
    enough = ceil(max(e**2 * mean, -log(tolerance))) + 1
    last = bisect_left(range(enough), True, key=lambda m: bool(pdtrc(m, mean) <= tolerance))
    return poisson.pmf(np.arange(last + 1), mean), float(pdtrc(last, mean))
