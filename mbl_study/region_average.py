"""One record for several regions of the same size, such as all translations of one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mbl_study.record import BathBounds, RegionRecord

__all__ = ["mean_region"]


def mean_region(regions: Sequence[RegionRecord]) -> RegionRecord:
    """Mean of the records of regions of one size, computed for the same epsilons.

    Bath sizes are exponentials of entropies, so their mean is the geometric one, as in the averages
    over realizations.

    Parameters
    ----------
    regions
        At least one record; that of a single region is returned as it is.

    Returns
    -------
    RegionRecord
        Of the same size.

    Examples
    --------
    >>> from mbl_study import HeisenbergChain, simulate
    >>> chain = HeisenbergChain.random(5, 4.0, rng=0)
    >>> one = simulate(chain, epsilons=(0.1,)).regions[0]
    >>> mean_region([one, one]).coherence == one.coherence
    True
    """
    if len(regions) == 1:
        return regions[0]
    entropies = RegionRecord.model_fields.keys() - {"size", "bath"}
    baths = zip(*(region.bath for region in regions), strict=True)
    return RegionRecord(
        size=regions[0].size,
        bath=tuple(_mean_bath(bath) for bath in baths),
        **{name: _mean([getattr(region, name) for region in regions]) for name in entropies},
    )


def _mean_bath(bounds: Sequence[BathBounds]) -> BathBounds:
    """Arithmetic mean of the entropies, geometric mean of the sizes."""
    means: dict[str, float | None] = {}
    for name in BathBounds.model_fields.keys() - {"epsilon"}:
        values = [getattr(bound, name) for bound in bounds]
        if None in values:
            means[name] = None
        elif name.startswith("bath_size"):
            means[name] = float(np.exp2(_mean(np.log2(values).tolist())))
        else:
            means[name] = _mean(values)
    return BathBounds.model_validate({"epsilon": bounds[0].epsilon} | means)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
