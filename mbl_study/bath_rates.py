"""How fast the bath grows with the region: exponents of the bounds, and lines through them.

Every bound is ``2**(rate |R|)`` up to a factor if its binary logarithm lies on a straight line.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mbl_study.averages import column, least_squares

__all__ = ["bath_exponents", "fit_bath_rates"]

_REALIZATION = ["length", "disorder", "realization"]
_SIZES = ("upper", "collision", "lower", "purified", "asymptotic")
_SWAPS = ("swap_upper", "swap_lower")
"""Computed only where they can be; a study may lack them."""


def bath_exponents(baths: pd.DataFrame) -> pd.DataFrame:
    """Binary logarithms of every bound on the bath size, one row each.

    Parameters
    ----------
    baths
        `Tables.baths`.

    Returns
    -------
    DataFrame
        The keys of the table that are there, ``bound`` and ``exponent``, in bits.  The bounds are
        those of `analysis.bath_scaling`.

    Raises
    ------
    ValueError
        There are no rows, or a column is missing.

    Examples
    --------
    >>> baths = pd.DataFrame(
    ...     {"length": 8, "disorder": 4.0, "region_size": 1, "epsilon": 0.1,
    ...      "bath_size_upper": [256.0], "bath_size_lower": 4.0, "pinched_lower": 1.5,
    ...      "bath_size_purified": 8.0, "bath_size_collision": 128.0, "bath_size_asymptotic": 64.0}
    ... )
    >>> bath_exponents(baths).set_index("bound")["exponent"].to_dict()
    {'pinched': 1.5, 'upper': 8.0, 'collision': 7.0, 'lower': 2.0, 'purified': 3.0,
    'asymptotic': 6.0}
    """
    exponents = {"pinched": column(baths, "pinched_lower")}
    # A study without the numbers of swaps has no such bounds, and no empty ones.
    held = [name for name in _SWAPS if baths.get(f"bath_size_{name}", pd.Series()).notna().any()]
    for name in (*_SIZES, *held):
        exponents[name] = _binary_logarithm(column(baths, f"bath_size_{name}"))
    keys = [key for key in (*_REALIZATION, "region_size", "epsilon") if key in baths]
    return pd.concat(
        [baths[keys].assign(bound=name, exponent=values) for name, values in exponents.items()],
        ignore_index=True,
    )


def _binary_logarithm(sizes: pd.Series[float]) -> pd.Series[float]:
    with np.errstate(divide="ignore"):
        return sizes.transform(np.log2)


def fit_bath_rates(
    baths: pd.DataFrame, *, fit_range: tuple[int, int] | None = None
) -> pd.DataFrame:
    r"""Rates at which the bounds on the bath size grow, ``log2 n_epsilon = rate |R| + constant``.

    The line is fitted to each realization, and the rates are averaged; since a line is linear in
    its data, that is the rate of the geometric mean.

    Parameters
    ----------
    baths
        `Tables.baths`.
    fit_range
        First and last region size of the fit; by default 1 and half the length, as for the slopes.
        Sizes at which a realization has no finite number are left out for all realizations, since
        those that have one would be the small ones.

    Returns
    -------
    DataFrame
        One row for each ``length, disorder, epsilon, bound`` with two region sizes or more:

        - ``rate``, in bits per site;
        - ``rate_error``, its standard error over realizations, NaN for one realization: how much
          other fields would change it;
        - ``fit_error``, the least-squares error, NaN for two sizes: how far the means are from a
          straight line;
        - ``first_size, last_size``, the sizes that were fitted, and ``count``, the realizations.

    Raises
    ------
    ValueError
        There are no rows, or a column is missing.

    References
    ----------
    [Sparaciari21]_, eqs. (12) and (18), and Sec. IV.

    Examples
    --------
    >>> baths = pd.DataFrame(
    ...     {"length": 6, "disorder": 4.0, "realization": 0, "region_size": [1, 2, 3],
    ...      "epsilon": 0.1, "bath_size_upper": [2.0, 4.0, 8.0], "bath_size_lower": 1.0,
    ...      "pinched_lower": 0.0, "bath_size_purified": 1.0, "bath_size_collision": 1.0,
    ...      "bath_size_asymptotic": [1.0, 4.0, 16.0]}
    ... )
    >>> fit_bath_rates(baths).set_index("bound")["rate"].round(12)[["upper", "asymptotic"]].tolist()
    [1.0, 2.0]
    """
    exponents = bath_exponents(baths)
    rows = []
    for (length, bound), part in exponents.groupby(["length", "bound"], sort=True):
        first, last = fit_range or (1, int(str(length)) // 2)
        inside = part[part["region_size"].between(first, last)]
        grid = inside.pivot(
            index=["disorder", "epsilon", "realization"], columns="region_size", values="exponent"
        )
        for (disorder, epsilon), lines in grid.groupby(level=["disorder", "epsilon"], sort=True):
            key = {"length": length, "disorder": disorder, "epsilon": epsilon, "bound": bound}
            if rate := _rate(lines):
                rows.append(key | rate)
    columns = [*("length", "disorder", "epsilon", "bound", "rate", "rate_error", "fit_error")]
    columns += ["first_size", "last_size", "count"]
    rates = pd.DataFrame(rows, columns=columns)
    return rates.sort_values(columns[:4], ignore_index=True)


def _rate(lines: pd.DataFrame) -> dict[str, float]:
    """Rate of the realizations in the rows; nothing without two sizes that all of them have."""
    values = lines.to_numpy(dtype=float)
    common = np.isfinite(values).all(axis=0)
    sizes = lines.columns.to_numpy(dtype=float)[common]
    if len(sizes) < 2:
        return {}
    values = values[:, common]
    rates = least_squares(sizes, values)["slope"]
    mean = least_squares(sizes, values.mean(axis=0, keepdims=True))
    count = len(rates)
    return {
        "rate": float(mean["slope"][0]),
        "rate_error": float(rates.std(ddof=1) / count**0.5) if count > 1 else np.nan,
        "fit_error": float(mean["slope_error"][0]),
        "first_size": int(sizes[0]),
        "last_size": int(sizes[-1]),
        "count": count,
    }
