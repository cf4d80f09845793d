"""Pairs that share their fields: two thermal states of one region, and two ways to take regions.

Differences and ratios are taken realization by realization, so what both sides have in common
drops out of the errors.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from mbl_study.averages import averages, column, resampled

__all__ = ["compare_thermal_states", "variance_gain"]

FloatArray: TypeAlias = npt.NDArray[np.float64]

_REALIZATION = ["length", "disorder", "realization"]


def compare_thermal_states(regions: pd.DataFrame) -> pd.DataFrame:
    r"""Paired difference ``D_max(omega_R || tau_R) - D_max(omega_R || tau_beta(H_R))``.

    Parameters
    ----------
    regions
        `Tables.regions`.

    Returns
    -------
    DataFrame
        Columns ``length, disorder, region_size, mean, standard_error, count, share_below``: mean
        difference in bits, its standard error over realizations, and the share of realizations in
        which the reduced Gibbs state of the lattice ``tau_R`` is the closer one.  Realizations in
        which both entropies are infinite have no difference and are left out.

    Raises
    ------
    ValueError
        There are no rows, or a column is missing.

    References
    ----------
    [Sparaciari21]_, Appendix D and FIG. 5.

    Examples
    --------
    >>> regions = pd.DataFrame(
    ...     {"length": 8, "disorder": 4.0, "realization": [0, 1, 2, 3], "region_size": 1,
    ...      "max_relative_entropy": 0.5, "max_relative_entropy_lattice": [0.25, 0.25, 0.25, 0.75]}
    ... )
    >>> compare_thermal_states(regions)[["mean", "share_below"]]
        mean  share_below
    0 -0.125         0.75
    """
    keys = ["length", "disorder", "region_size"]
    lattice = column(regions, "max_relative_entropy_lattice")
    difference = lattice - column(regions, "max_relative_entropy")
    paired = regions[keys].assign(difference=difference, below=(difference < 0).astype(float))
    paired = paired[paired["difference"].notna()]
    shares = averages(paired, keys, "below")["mean"]
    return averages(paired, keys, "difference").assign(share_below=shares)


def variance_gain(
    slopes: pd.DataFrame,
    averaged: pd.DataFrame,
    *,
    samples: int = 500,
    rng: int | np.random.SeedSequence | np.random.Generator | None = 0,
) -> pd.DataFrame:
    r"""Variance over realizations without and with the average over translations, as a ratio.

    A ratio of 2 says that the average over the translations of a region saves half of the
    realizations that a mean slope of the same error takes.

    Parameters
    ----------
    slopes
        What `analysis.slope_per_realization` returned for a study of one region per size.
    averaged
        The same for a study whose regions are averaged over their translations, with the same
        seed, so that realizations of equal number have equal fields.
    samples
        How many times the realizations are drawn anew, with replacement, all disorder strengths
        and both studies at once.
    rng
        Anything that `numpy.random.default_rng` takes.

    Returns
    -------
    DataFrame
        Columns ``length, disorder, variance_ratio, variance_ratio_error, count``, no unit: the
        variance of ``slopes`` over that of ``averaged`` and its bootstrap error, over the
        realizations that both have.  Both are NaN for fewer than two realizations, and where the
        averaged slopes do not vary.

    Raises
    ------
    ValueError
        There are no rows, or no realization is in both tables.

    Examples
    --------
    >>> slopes = pd.DataFrame(
    ...     {"length": 8, "disorder": 4.0, "realization": [0, 1, 2], "slope": [0.3, 0.5, 0.7]}
    ... )
    >>> averaged = slopes.assign(slope=[0.4, 0.5, 0.6])
    >>> variance_gain(slopes, averaged)[["variance_ratio", "count"]].round(12)
       variance_ratio  count
    0             4.0      3
    """
    column(slopes, "slope"), column(averaged, "slope")
    wanted = [*_REALIZATION, "slope"]
    pairs = slopes[wanted].merge(averaged[wanted], on=_REALIZATION, suffixes=("", "_averaged"))
    pairs = pairs.replace([np.inf, -np.inf], np.nan).dropna()
    if pairs.empty:
        raise ValueError(
            "slopes and averaged must have realizations in common; got none. "
            "Run both studies with one seed, and the same lengths and disorder strengths"
        )
    generator = np.random.default_rng(rng)
    rows = []
    for length, part in pairs.groupby("length"):
        held = np.sort(part["realization"].unique())
        drawn = resampled(len(held), samples, generator)
        for disorder, pair in part.groupby("disorder"):
            weights = drawn[:, np.searchsorted(held, pair["realization"])]
            values = pair[["slope", "slope_averaged"]].to_numpy(dtype=float)
            rows.append({"length": length, "disorder": disorder} | _gain(values, weights))
    return pd.DataFrame(rows)


def _gain(values: FloatArray, weights: FloatArray) -> dict[str, float]:
    """Ratio of the variances of two columns, and its spread over rows of weights."""
    count = len(values)
    row = {"variance_ratio": np.nan, "variance_ratio_error": np.nan, "count": count}
    ratio = _variance_ratio(values, np.ones((1, count)))[0]
    if count < 2 or not np.isfinite(ratio):
        return row
    ratios = _variance_ratio(values, weights)
    return row | {
        "variance_ratio": float(ratio),
        "variance_ratio_error": float(np.std(ratios[np.isfinite(ratios)])),
    }


def _variance_ratio(values: FloatArray, weights: FloatArray) -> FloatArray:
    """One ratio for each row of weights, NaN where there is none."""
    drawn = weights.sum(axis=1, keepdims=True)
    shares = np.divide(weights, drawn, out=np.zeros_like(weights), where=drawn > 0)
    # The differences from the mean are small, so nothing cancels.
    centred = values - values.mean(axis=0)
    first, second = (shares @ centred**2 - (shares @ centred) ** 2).T
    # A sample of one realization, drawn many times, has the variance of rounding.
    usable = second > 1e-12 * np.mean(centred[:, 1] ** 2)
    ratio: FloatArray = np.divide(first, second, out=np.full_like(first, np.nan), where=usable)
    return ratio
