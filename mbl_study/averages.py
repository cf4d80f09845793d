"""Means with standard errors, and straight lines: what every reduction of a table is made of."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["averages", "column", "least_squares", "resampled"]

FloatArray: TypeAlias = npt.NDArray[np.float64]


def column(table: pd.DataFrame, name: str) -> pd.Series[float]:
    """Column of a table that has rows.

    Raises
    ------
    ValueError
        There are no rows, or there is no such column.
    """
    if table.empty:
        raise ValueError("the table must have at least one row; got none. Run the study first")
    if name not in table:
        raise ValueError(f"the table must have a column {name!r}; got {', '.join(table.columns)}")
    return table[name]


def averages(table: pd.DataFrame, keys: list[str], name: str) -> pd.DataFrame:
    """Mean, standard error and count of a column for each value of the keys.

    Examples
    --------
    >>> averages(pd.DataFrame({"length": 8, "energy": [1.0, 3.0]}), ["length"], "energy")
       length  mean  standard_error  count
    0       8   2.0             1.0      2
    """
    groups = column(table, name).groupby([table[key] for key in keys])
    means = pd.DataFrame(
        {"mean": groups.mean(), "standard_error": groups.sem(), "count": groups.count()}
    )
    return means.reset_index()


def resampled(count: int, samples: int, generator: np.random.Generator) -> FloatArray:
    """How often a bootstrap draws each of `count` things, for each of its samples.

    Examples
    --------
    >>> resampled(3, 2, np.random.default_rng(0)).sum(axis=1).tolist()
    [3.0, 3.0]
    """
    return generator.multinomial(count, np.full(count, 1 / count), size=samples).astype(float)


def least_squares(sizes: FloatArray, values: FloatArray) -> dict[str, FloatArray]:
    """Lines through the rows of ``values``, shape ``(rows, sizes)``, NaN where one is not finite.

    The errors of the slopes are those of least squares, NaN for two sizes.

    Examples
    --------
    >>> least_squares(np.array([1.0, 2.0, 3.0]), np.array([[2.0, 4.0, 6.0]]))["slope"].tolist()
    [2.0]
    """
    # An infinity would warn on its way to the NaN that it becomes in any case.
    finite = np.where(np.isfinite(values), values, np.nan)
    centred = sizes - sizes.mean()
    spread = centred @ centred
    slope = finite @ centred / spread
    intercept = finite.mean(axis=1) - slope * sizes.mean()
    residuals = finite - intercept[:, np.newaxis] - np.outer(slope, sizes)
    freedom = len(sizes) - 2
    error = np.full_like(slope, np.nan)
    if freedom:
        error = np.sqrt((residuals**2).sum(axis=1) / freedom / spread)
    return {"slope": slope, "slope_error": error, "intercept": intercept}
