"""Averages over realizations, and the slope of the max-relative entropy in the region size.

The order is the paper's: the mean over realizations at each region size, then one straight line
through the means, whose slope is the order parameter of the localization transition
([Sparaciari21]_, Sec. IV and FIG. 2).  What follows from the slopes is in `transition`
and `finite_size`; this module collects all of it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mbl_study.averages import averages, column, least_squares
from mbl_study.bath_rates import bath_exponents, fit_bath_rates
from mbl_study.comparison import compare_thermal_states, variance_gain
from mbl_study.finite_size import critical_drift, strong_disorder_limit, uncoupled_slope
from mbl_study.tables import Tables, read_tables, tabulate, write_tables
from mbl_study.transition import bootstrap_slopes, critical_disorder, rise_curve, slope_derivative

__all__ = [
    "Tables",
    "bath_scaling",
    "bootstrap_slopes",
    "compare_thermal_states",
    "critical_disorder",
    "critical_drift",
    "fit_bath_rates",
    "fit_slopes",
    "level_spacing",
    "read_tables",
    "region_scaling",
    "rise_curve",
    "slope_derivative",
    "slope_per_realization",
    "strong_disorder_limit",
    "tabulate",
    "uncoupled_slope",
    "variance_gain",
    "write_tables",
]


def region_scaling(regions: pd.DataFrame, quantity: str = "max_relative_entropy") -> pd.DataFrame:
    """Mean over realizations at each length, disorder strength and region size.

    Parameters
    ----------
    regions
        `Tables.regions`.
    quantity
        The column to average: ``"max_relative_entropy"`` (thermal state of the region, FIG. 2),
        ``"max_relative_entropy_lattice"`` (reduced Gibbs state of the lattice, FIG. 5),
        ``"collision_relative_entropy"``, all three in bits, or ``"coherence"``, no unit.

    Returns
    -------
    DataFrame
        Columns ``length, disorder, region_size, mean, standard_error, count``, the mean in the
        unit of the quantity.  One realization has a mean, but NaN for its standard error.  A
        mean over an infinite value is infinite.

    Raises
    ------
    ValueError
        There are no rows, or there is no such column.

    References
    ----------
    [Sparaciari21]_, FIG. 2, top, and FIG. 5.

    Examples
    --------
    >>> regions = pd.DataFrame(
    ...     {"length": 8, "disorder": 4.0, "realization": [0, 1], "region_size": 1,
    ...      "max_relative_entropy": [0.3, 0.5]}
    ... )
    >>> region_scaling(regions)
       length  disorder  region_size  mean  standard_error  count
    0       8       4.0            1   0.4             0.1      2
    """
    return averages(regions, ["length", "disorder", "region_size"], quantity)


def level_spacing(realizations: pd.DataFrame) -> pd.DataFrame:
    """Mean gap ratio over realizations, the usual witness of localization.

    Parameters
    ----------
    realizations
        `Tables.realizations`.

    Returns
    -------
    DataFrame
        Columns ``length, disorder, mean, standard_error, count``; the ratio has no unit and runs
        from 0.3863 for Poissonian levels to 0.5307 for those of random orthogonal matrices.

    Raises
    ------
    ValueError
        There are no rows.

    Examples
    --------
    >>> realizations = pd.DataFrame(
    ...     {"length": 8, "disorder": 4.0, "level_spacing_ratio": [0.42, 0.44]}
    ... )
    >>> level_spacing(realizations)
       length  disorder  mean  standard_error  count
    0       8       4.0  0.43            0.01      2
    """
    return averages(realizations, ["length", "disorder"], "level_spacing_ratio")


def bath_scaling(baths: pd.DataFrame) -> pd.DataFrame:
    """Geometric mean of the bounds on the bath size over realizations.

    The bounds are exponentials of entropies, so the exponents are averaged, as in FIG. 2.

    Parameters
    ----------
    baths
        `Tables.baths`.

    Returns
    -------
    DataFrame
        Columns ``length, disorder, region_size, epsilon, bound, mean, standard_error, count``:
        ``mean`` is a number of bath components, the standard error that of its binary logarithm.
        The upper bounds are ``"upper"`` (Theorem 1) and ``"collision"``, which takes the collision
        entropy. The lower bounds are ``"lower"`` (Corollary 4), ``"pinched"``, the corollary at the
        state without its coherence between energy levels of the region, and ``"purified"``, the
        same with the purified distance: the proof of the corollary takes a state without
        coherence, and bounds for it hold for the state itself. ``"asymptotic"`` is what the number
        tends to for small epsilon under the energy subspace condition. ``"swap_lower"`` and
        ``"swap_upper"`` enclose the number that uniform swaps need for the state without its
        coherence; there are rows where it is known for every realization.

    Raises
    ------
    ValueError
        There are no rows, or a column is missing.

    References
    ----------
    [Sparaciari21]_, eqs. (12) and (18).

    Examples
    --------
    >>> baths = pd.DataFrame(
    ...     {"length": 8, "disorder": 4.0, "region_size": 1, "epsilon": 0.1,
    ...      "bath_size_upper": [200.0, 800.0], "bath_size_lower": 4.0, "pinched_lower": [1, 3],
    ...      "bath_size_purified": 8.0, "bath_size_collision": 128.0, "bath_size_asymptotic": 64.0}
    ... )
    >>> bath_scaling(baths)[["epsilon", "bound", "mean"]]
       epsilon       bound   mean
    0      0.1  asymptotic   64.0
    1      0.1   collision  128.0
    2      0.1       lower    4.0
    3      0.1     pinched    4.0
    4      0.1    purified    8.0
    5      0.1       upper  400.0
    """
    bounds = bath_exponents(baths)
    keys = ["length", "disorder", "region_size", "epsilon", "bound"]
    # The realizations whose number of swaps is known are those where it is small.
    known = bounds["exponent"].notna().groupby([bounds[key] for key in keys]).transform("all")
    means = averages(bounds[known], keys, "exponent")
    return means.assign(mean=means["mean"].transform(np.exp2))


def fit_slopes(scaling: pd.DataFrame, fit_range: tuple[int, int] | None = None) -> pd.DataFrame:
    r"""Least-squares line through the means, ``mean = intercept + slope |R|``.

    Parameters
    ----------
    scaling
        What `region_scaling` returned.
    fit_range
        First and last region size of the fit.  The default is 1 and half the length, rounded
        down: larger regions bend upwards even where the chain is thermal, since the rest of the
        chain is a small bath ([Sparaciari21]_, note 55).

    Returns
    -------
    DataFrame
        Columns ``length, disorder, slope, slope_error, intercept``, slopes in bits per site where
        the quantity is in bits.  The error is that of least squares, ``sqrt(RSS/((n - 2) S_xx))``
        for ``n`` region sizes: it measures how far the means are from a straight line, and is NaN
        for two sizes.  How much other fields would change the slope is what `bootstrap_slopes`
        says.  All three are NaN where a mean is infinite or a region size is missing.

    Raises
    ------
    ValueError
        There are no rows, or a length has fewer than two region sizes in the range.

    References
    ----------
    [Sparaciari21]_, FIG. 2, bottom.

    Examples
    --------
    >>> scaling = pd.DataFrame(
    ...     {"length": 8, "disorder": 4.0, "region_size": [1, 2, 3, 4], "mean": [0.5, 1, 1.5, 2]}
    ... )
    >>> fit_slopes(scaling)[["length", "disorder", "slope"]]
       length  disorder  slope
    0       8       4.0    0.5
    """
    return _fit_lines(scaling, ["disorder"], "mean", fit_range)


def slope_per_realization(
    regions: pd.DataFrame,
    quantity: str = "max_relative_entropy",
    *,
    fit_range: tuple[int, int] | None = None,
) -> pd.DataFrame:
    """Least-squares line through the region sizes of each realization by itself.

    A line is linear in its data, so the mean of these slopes is the slope of the mean; their
    spread is what the bootstrap in `bootstrap_slopes` and `critical_disorder` needs.

    Parameters
    ----------
    regions
        `Tables.regions`.
    quantity
        As for `region_scaling`.
    fit_range
        As for `fit_slopes`.

    Returns
    -------
    DataFrame
        Columns ``length, disorder, realization, slope, slope_error, intercept``, NaN where the
        quantity is infinite or a region size is missing.

    Raises
    ------
    ValueError
        As for `region_scaling` and `fit_slopes`.

    Examples
    --------
    >>> regions = pd.DataFrame(
    ...     {"length": 4, "disorder": 4.0, "realization": [0, 0, 1, 1], "region_size": [1, 2, 1, 2],
    ...      "max_relative_entropy": [0.25, 0.75, 0.25, 1.0]}
    ... )
    >>> slope_per_realization(regions)["slope"].tolist()
    [0.5, 0.75]
    """
    return _fit_lines(regions, ["disorder", "realization"], quantity, fit_range)


def _fit_lines(
    table: pd.DataFrame, keys: list[str], name: str, fit_range: tuple[int, int] | None
) -> pd.DataFrame:
    column(table, name)
    parts = []
    for length, part in table.groupby("length"):
        first, last = fit_range or (1, int(str(length)) // 2)
        inside = part[part["region_size"].between(first, last)]
        grid = inside.pivot(index=["length", *keys], columns="region_size", values=name)
        if grid.shape[1] < 2:
            raise ValueError(
                f"fit_range must hold two region sizes or more; got {grid.shape[1]} for length "
                f"{length} between {first} and {last}. Widen the range"
            )
        lines = least_squares(grid.columns.to_numpy(dtype=float), grid.to_numpy(dtype=float))
        parts.append(pd.DataFrame(lines, index=grid.index))
    return pd.concat(parts).reset_index()
