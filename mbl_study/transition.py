r"""Where the slope of the max-relative entropy rises: its derivative and the critical disorder.

The same fields serve every disorder strength, so the slopes of one realization rise and fall
together.  Errors therefore come from resampling whole realizations, all disorder strengths at once.

Disorder strengths are in Pauli units; the ``W`` of the spin-1/2 literature is ``Delta/2``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import least_squares

from mbl_study.averages import resampled

__all__ = ["bootstrap_slopes", "critical_disorder", "rise_curve", "slope_derivative"]

FloatArray: TypeAlias = npt.NDArray[np.float64]
RandomSource: TypeAlias = int | np.random.SeedSequence | np.random.Generator | None

# One more than the parameters of the curve, so that a fit can fail.
_LEAST_POINTS = 5
_CRITICAL_COLUMNS = (
    "critical_disorder",
    "critical_disorder_error",
    "located",
    "residual",
    "baseline",
    "height",
    "scale",
    "exponent",
    "first_disorder",
    "last_disorder",
)


def bootstrap_slopes(
    slopes: pd.DataFrame, *, samples: int = 500, rng: RandomSource = 0
) -> pd.DataFrame:
    """Mean slope over realizations, with its bootstrap error.

    Parameters
    ----------
    slopes
        What `slope_per_realization` returned.
    samples
        How many times the realizations are drawn anew, with replacement.
    rng
        Anything that `numpy.random.default_rng` takes.  The default is a seed, so that the same
        records give the same errors.

    Returns
    -------
    DataFrame
        Columns ``length, disorder, slope, slope_error, count``, slopes in bits per site; the
        error is NaN for fewer than two realizations.

    Raises
    ------
    ValueError
        There are no rows.

    Examples
    --------
    >>> slopes = pd.DataFrame(
    ...     {"length": 8, "disorder": 4.0, "realization": [0, 1, 2], "slope": [0.4, 0.5, 0.6]}
    ... )
    >>> bootstrap_slopes(slopes)[["slope", "count"]]
       slope  count
    0    0.5      3
    """
    parts = []
    for length, disorders, values, means in _resampled(slopes, samples, rng):
        count = _count(values)
        part = {
            "length": length,
            "disorder": disorders,
            "slope": _means(values),
            "slope_error": _spread(means, count),
            "count": count,
        }
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def slope_derivative(
    slopes: pd.DataFrame, *, samples: int = 500, rng: RandomSource = 0
) -> pd.DataFrame:
    """Derivative of the slope in the disorder strength, from neighbouring disorder strengths.

    A difference quotient belongs to the middle between its two points and uses nothing else, so
    nothing is smoothed.

    Parameters
    ----------
    slopes, samples, rng
        As for `bootstrap_slopes`.

    Returns
    -------
    DataFrame
        Columns ``length, disorder, derivative, derivative_error``, one row for each pair of
        neighbouring disorder strengths, in bits per site and unit of disorder.  No row for a
        single disorder strength.

    Raises
    ------
    ValueError
        There are no rows.

    References
    ----------
    [Sparaciari21]_, FIG. 2, inset.

    Examples
    --------
    >>> slopes = pd.DataFrame(
    ...     {"length": 8, "disorder": [3.0, 5.0], "realization": 0, "slope": [0.25, 0.75]}
    ... )
    >>> slope_derivative(slopes)[["disorder", "derivative"]]
       disorder  derivative
    0       4.0        0.25
    """
    parts = []
    for length, disorders, values, means in _resampled(slopes, samples, rng):
        steps = np.diff(disorders)
        count = _count(values)
        part = {
            "length": length,
            "disorder": disorders[:-1] + steps / 2,
            "derivative": np.diff(_means(values)) / steps,
            "derivative_error": _spread(
                np.diff(means, axis=1) / steps, np.minimum(count[:-1], count[1:])
            ),
        }
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def critical_disorder(
    slopes: pd.DataFrame, *, samples: int = 500, rng: RandomSource = 0
) -> pd.DataFrame:
    r"""Disorder strength at which the slope rises fastest, ``argmax d slope / d Delta``.

    The mean slopes, from the least of them on, are fitted by

        ``slope = baseline + height exp(-(scale/Delta)**exponent)``,

    which is flat where the chain is thermal, rises abruptly and approaches the localized plateau
    as a power of ``1/Delta``; it is steepest at
    ``scale (exponent/(exponent + 1))**(1/exponent)``.  Disorder strengths below the least slope
    are left out: there the slope falls with ``Delta``, since the chain without fields is
    integrable and does not thermalize either.

    Why this curve and this point.  The paper reads its 4.5 (15 sites) from where the derivative
    rises, but the largest difference quotient scatters by 0.4 to 0.6 between sets of 40
    realizations of 8 to 12 sites, since the top is broad and has few points.  Half-way between
    the plateaus depends on the largest disorder strength of the study, because the upper plateau
    is not reached.  Logistic, Gompertz, log-normal and log-logistic curves fit worse, and their
    steepest points move by 0.3 and more with weights and grid.  The curve above leaves residuals
    of 0.001 bits per site for 1500 realizations of 8 sites, all within their standard errors; its
    steepest point moves by about 0.1 with weights and grid, and scatters by 0.15 to 0.26 between
    sets of 40 realizations.  It needs no plateau inside the study.  It remains a model: the errors
    are those of the realizations only, and a symmetric rise would be read too low, by 0.8 for a
    logistic curve of width 1.  Such a rise betrays itself by a ``residual`` above the errors of
    the slopes.

    Parameters
    ----------
    slopes, samples, rng
        As for `bootstrap_slopes`.

    Returns
    -------
    DataFrame
        One row per length, disorder strengths in Pauli units (``W = Delta/2``):

        - ``critical_disorder``, NaN where fewer than five disorder strengths can be fitted or the
          curve is steepest outside of them;
        - ``critical_disorder_error``, the bootstrap error, NaN for fewer than two realizations;
        - ``located``, the share of the resampled studies whose steepest point lies inside the
          disorder strengths of the fit; the error is taken over these.  Well below 1 it says that
          the disorder strengths do not bracket the transition, or that realizations are too few;
        - ``residual``, the root mean square distance of the slopes from the curve, and
          ``baseline, height``, in bits per site; ``scale``; ``exponent``;
        - ``first_disorder, last_disorder``, the range of the fit.

    Raises
    ------
    ValueError
        There are no rows.

    References
    ----------
    [Sparaciari21]_, Sec. IV.

    Examples
    --------
    >>> disorders = np.array([1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0])
    >>> slopes = pd.DataFrame(
    ...     {"length": 8, "disorder": disorders, "realization": 0,
    ...      "slope": 0.2 + 0.6 * np.exp(-((5 / disorders) ** 2))}
    ... )
    >>> critical_disorder(slopes)["critical_disorder"].round(3).tolist()
    [4.082]
    """
    return pd.DataFrame(
        [
            {"length": length} | _locate(disorders, values, means)
            for length, disorders, values, means in _resampled(slopes, samples, rng)
        ]
    )


def rise_curve(critical: pd.DataFrame, points: int = 200) -> pd.DataFrame:
    """Curve that `critical_disorder` fitted, with its derivative, for drawing.

    Parameters
    ----------
    critical
        What `critical_disorder` returned.
    points
        How many disorder strengths, evenly spaced over the range of the fit.

    Returns
    -------
    DataFrame
        Columns ``length, disorder, slope, derivative``; no rows for a length without a fit.

    Examples
    --------
    >>> critical = pd.DataFrame(
    ...     {"length": [8], "critical_disorder": [4.082], "baseline": [0.2], "height": [0.6],
    ...      "scale": [5.0], "exponent": [2.0], "first_disorder": [1.0], "last_disorder": [5.0]}
    ... )
    >>> rise_curve(critical, points=2)
       length  disorder  slope  derivative
    0       8       1.0  0.200       0.000
    1       8       5.0  0.421       0.088
    """
    parts = [pd.DataFrame(columns=["length", "disorder", "slope", "derivative"]).astype(float)]
    for row in critical.dropna(subset="critical_disorder").to_dict("records"):
        rise = _Rise(*(row[name] for name in _Rise._fields))
        disorders = np.linspace(row["first_disorder"], row["last_disorder"], points)
        part = {
            "length": row["length"],
            "disorder": disorders,
            "slope": rise.slope(disorders),
            "derivative": rise.derivative(disorders),
        }
        parts.append(pd.DataFrame(part))
    return pd.concat(parts[1:] or parts, ignore_index=True)


def _resampled(
    slopes: pd.DataFrame, samples: int, rng: RandomSource
) -> Iterator[tuple[int, FloatArray, FloatArray, FloatArray]]:
    """For each length: disorder strengths, slopes by realization, means of resampled studies."""
    if slopes.empty:
        raise ValueError("slopes must have at least one row; got none. Run the study first")
    if samples < 2:
        raise ValueError(f"samples must be 2 or more; got {samples}")
    generator = np.random.default_rng(rng)
    for length, part in slopes.groupby("length"):
        grid = part.pivot(index="realization", columns="disorder", values="slope")
        values = grid.to_numpy(dtype=float)
        means = _weighted_means(resampled(len(values), samples, generator), values)
        yield int(str(length)), grid.columns.to_numpy(dtype=float), values, means


def _weighted_means(weights: FloatArray, values: FloatArray) -> FloatArray:
    """Mean of each column over what is there, one row per row of weights, NaN where nothing is."""
    present = np.isfinite(values)
    sums = weights @ np.where(present, values, 0.0)
    drawn = weights @ present
    return np.divide(sums, drawn, out=np.full_like(sums, np.nan), where=drawn > 0)


def _means(values: FloatArray) -> FloatArray:
    means: FloatArray = _weighted_means(np.ones((1, len(values))), values)[0]
    return means


def _count(values: FloatArray) -> npt.NDArray[np.int64]:
    count: npt.NDArray[np.int64] = np.count_nonzero(np.isfinite(values), axis=0)
    return count


def _spread(samples: FloatArray, count: npt.NDArray[np.int64]) -> FloatArray:
    """Standard deviation of each column of a bootstrap, NaN for fewer than two realizations."""
    spread = np.sqrt(_means((samples - _means(samples)) ** 2))
    return np.where(count > 1, spread, np.nan)


class _Rise(NamedTuple):
    """Curve that `critical_disorder` fits."""

    baseline: float
    height: float
    scale: float
    exponent: float

    @classmethod
    def of(cls, search: FloatArray) -> Self:
        """Curve of a point of the search, which runs over logarithms except for the baseline."""
        # A search that runs away shall fail by its result and not by an overflow.
        return cls(float(search[0]), *np.exp(np.clip(search[1:], -20, 20)).tolist())

    @property
    def steepest(self) -> float:
        return float(self.scale * (self.exponent / (self.exponent + 1)) ** (1 / self.exponent))

    def ratio(self, disorders: FloatArray) -> FloatArray:
        """``(scale/Delta)**exponent``, clipped where ``exp(-ratio)`` is 0 or 1 in any case."""
        with np.errstate(divide="ignore", over="ignore"):
            return np.clip((self.scale / disorders) ** self.exponent, 1e-300, 800.0)

    def slope(self, disorders: FloatArray) -> FloatArray:
        return self.baseline + self.height * np.exp(-self.ratio(disorders))

    def derivative(self, disorders: FloatArray) -> FloatArray:
        ratio = self.ratio(disorders)
        change = self.height * self.exponent * ratio * np.exp(-ratio)
        # Without disorder the curve is flat.
        return np.divide(change, disorders, out=np.zeros_like(change), where=disorders > 0)

    def gradient(self, disorders: FloatArray) -> FloatArray:
        """Derivatives in the coordinates of the search, shape ``(disorders, 4)``."""
        ratio = self.ratio(disorders)
        rise = self.height * np.exp(-ratio)
        fall = rise * ratio
        columns = [np.ones_like(rise), rise, -self.exponent * fall, -np.log(ratio) * fall]
        return np.column_stack(columns)


def _locate(disorders: FloatArray, values: FloatArray, means: FloatArray) -> dict[str, float]:
    """One row of `critical_disorder`, without the length."""
    average = _means(values)
    finite = np.flatnonzero(np.isfinite(average))
    branch = finite[finite >= np.argmin(np.where(np.isfinite(average), average, np.inf))]
    row = dict.fromkeys(_CRITICAL_COLUMNS, np.nan) | {"located": 0.0}
    search = _fit_rise(disorders[branch], average[branch])
    if search is None:
        return row
    rise = _Rise.of(search)
    refits = [_fit_rise(disorders[branch], sample[branch], search) for sample in means]
    steepest = [_Rise.of(refit).steepest for refit in refits if refit is not None]
    residuals = rise.slope(disorders[branch]) - average[branch]
    row |= rise._asdict() | {
        "critical_disorder": rise.steepest,
        "located": len(steepest) / len(means),
        "residual": float(np.sqrt(np.mean(residuals**2))),
        "first_disorder": float(disorders[branch[0]]),
        "last_disorder": float(disorders[branch[-1]]),
    }
    if len(values) > 1 and len(steepest) > 1:
        row["critical_disorder_error"] = float(np.std(steepest))
    return row


def _fit_rise(
    disorders: FloatArray, slopes: FloatArray, start: FloatArray | None = None
) -> FloatArray | None:
    """Fit the curve; None unless its steepest point is found inside the disorder strengths."""
    there = np.isfinite(slopes)
    disorders, slopes = disorders[there], slopes[there]
    if len(slopes) < _LEAST_POINTS or slopes[-1] <= slopes[0]:
        return None

    def residuals(search: FloatArray) -> FloatArray:
        return _Rise.of(search).slope(disorders) - slopes

    def gradient(search: FloatArray) -> FloatArray:
        return _Rise.of(search).gradient(disorders)

    if start is None:
        middle = np.log(disorders.mean())
        start = np.array([slopes[0], np.log(slopes[-1] - slopes[0]), middle, np.log(2.0)])
    fit = least_squares(residuals, start, jac=gradient, method="lm")
    inside = disorders[0] < _Rise.of(fit.x).steepest < disorders[-1]
    return fit.x if fit.success and inside else None
