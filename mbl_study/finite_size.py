r"""What short chains say about long ones, and what strong disorder does to the slope.

Disorder strengths are in Pauli units; the ``W`` of the spin-1/2 literature is ``Delta/2``.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from mbl_study.averages import column, least_squares
from mbl_study.initial_states import INITIAL_STATES, tilted_sites

__all__ = ["critical_drift", "strong_disorder_limit", "uncoupled_slope"]

FloatArray: TypeAlias = npt.NDArray[np.float64]

# Of asinh(beta Delta): beyond it, tanh(beta Delta h) is a sign for every field that matters.
_WIDEST = 20.0
_BISECTIONS = 60


def critical_drift(critical: pd.DataFrame) -> pd.DataFrame:
    r"""Weighted straight line through the critical disorder, ``Delta_c(L) = limit + rate / L``.

    Assumptions, none of which short chains can test: the leading correction is linear in ``1/L``
    and higher ones are smaller than the errors; the errors are those of the bootstrap, normal and
    independent between lengths; and the systematic error of the fitted curve (`critical_disorder`)
    is the same for every length.  The error of the limit holds under these assumptions only.

    Parameters
    ----------
    critical
        What `critical_disorder` returned.

    Returns
    -------
    DataFrame
        One row: ``limit, limit_error, rate, rate_error`` in Pauli units, ``chi_squared`` (its
        expectation is ``lengths - 2``), ``lengths``, how many were fitted.  All but the last are
        NaN for fewer than three lengths with an error.

    Examples
    --------
    >>> critical = pd.DataFrame(
    ...     {"length": [8, 10, 20], "critical_disorder": [4.5, 4.8, 5.4],
    ...      "critical_disorder_error": 0.1}
    ... )
    >>> critical_drift(critical)[["limit", "rate", "lengths"]].round(12)
       limit  rate  lengths
    0    6.0 -12.0        3
    """
    found = critical[critical["critical_disorder_error"] > 0].dropna(subset="critical_disorder")
    row: dict[str, float] = dict.fromkeys(
        ("limit", "limit_error", "rate", "rate_error", "chi_squared"), np.nan
    ) | {"lengths": len(found)}
    if len(found) > 2:
        inverse = 1 / found["length"].to_numpy(dtype=float)
        values, errors = (
            found[name].to_numpy(dtype=float)
            for name in ("critical_disorder", "critical_disorder_error")
        )
        line, covariance = np.polyfit(inverse, values, 1, w=1 / errors, cov="unscaled")
        rate, limit = line.tolist()
        rate_error, limit_error = np.sqrt(np.diag(covariance)).tolist()
        misses = (np.polyval(line, inverse) - values) / errors
        row |= {"limit": limit, "limit_error": limit_error, "rate": rate, "rate_error": rate_error}
        row["chi_squared"] = float(misses @ misses)
    return pd.DataFrame([row])


def uncoupled_slope(
    fields: npt.ArrayLike,
    initial_state: str = INITIAL_STATES[0],
    *,
    regions: str = "first",
    fit_range: tuple[int, int] | None = None,
) -> FloatArray:
    r"""Slope of ``D_max`` in ``|R|`` without exchange, the limit of strong disorder.

    Without exchange every state factorises over the sites.  With ``t = beta Delta``, a site that
    points along z contributes ``log2(1 + exp(2 t h s))`` bits, ``s = 1`` for up and ``-1`` for
    down.  A site along x is dephased to the maximally mixed state and contributes
    ``log2(1 + exp(2 |t h|)) - 1``.  The temperature follows from the energy,
    ``sum_i h_i tanh(t h_i) = -sum_i s_i h_i``, the second sum over sites along z.

    Averaged over fields that are uniform in [-1, 1], the slope of sites along z is, for ``L`` sites
    of which ``k`` outside of the fit point along x,

        ``1 - (1/(2 L) + (9/20 + k/2) / L**2) / ln 2 + O(L**-3)``

    bits per site: ``t`` is about ``-sum s h / sum h**2``, the mean of ``(t h)**2`` is ``1/L`` for
    ``k = 0``, and each site along x adds fields that lower ``|t|`` but no energy.  So the Néel
    state (``k = 0``) and the tilted one (``k = 2``) share the term ``1/(2 L ln 2)`` and differ in
    the next one.

    The limit is uniform only where the energy is not extreme: for a share ``2**(1 - L)`` of the
    fields, the Néel state is the ground or the highest state without exchange, and has slope 0
    here, while a little exchange leaves it far from its thermal state.

    Parameters
    ----------
    fields
        ``h_i``, shape ``(L,)`` or ``(draws, L)``.
    initial_state
        A name that `mbl_study.initial_states.initial_ket` knows.
    regions
        As for `mbl_study.realization.simulate`.  The mean over translations takes the sites along
        x into its regions, too, which lowers the slope to the mean over all sites.
    fit_range
        First and last region size of the straight line; by default 1 and half the length.

    Returns
    -------
    array
        Slopes in bits per site, shape ``(1,)`` or ``(draws,)``.  The thermal states of the region
        and of the lattice coincide here, so it is the slope against both.

    Raises
    ------
    InvalidParameterError
        There is no such state for this length.

    Examples
    --------
    >>> uncoupled_slope([0.5, 0.5, 0.5, 0.5], "neel").tolist()
    [1.0]
    """
    h = np.atleast_2d(np.asarray(fields, dtype=float))
    length = h.shape[1]
    spins = 1.0 - 2.0 * (np.arange(length) % 2)
    along_x = np.isin(np.arange(length), tilted_sites(initial_state, length))
    spins[along_x] = 0.0
    t = _inverse_temperature(h, h @ spins)
    # A site along z has its spin as s, one along x the sign that is less likely.
    exponents = 2 * t[:, np.newaxis] * h
    exponents = np.where(along_x, np.abs(exponents), exponents * spins)
    bits = np.logaddexp(0, exponents) / np.log(2) - along_x
    if regions == "translations":
        # A region of r sites has r of them on average, whichever the site.
        bits = np.broadcast_to(bits.mean(axis=1, keepdims=True), bits.shape)
    first, last = fit_range or (1, length // 2)
    sizes = np.arange(first, last + 1)
    return least_squares(sizes.astype(float), bits.cumsum(axis=1)[:, sizes - 1])["slope"]


def strong_disorder_limit(
    realizations: pd.DataFrame, *, samples: int = 10_000, rng: int = 0
) -> pd.DataFrame:
    """Mean slope without exchange for each length of a study, over fresh fields.

    Parameters
    ----------
    realizations
        `Tables.realizations`, for its lengths, initial states and choice of regions.
    samples
        How many draws of the fields.
    rng
        Seed of these draws.

    Returns
    -------
    DataFrame
        Columns ``length, initial_state, regions, slope, slope_error``, in bits per site, the
        standard error of the mean over the draws; no row for a state that has no name.

    Raises
    ------
    ValueError
        There are no rows.

    Examples
    --------
    >>> realizations = pd.DataFrame({"length": [8, 8], "initial_state": "neel", "regions": "first"})
    >>> limit = strong_disorder_limit(realizations)
    >>> print(f"{limit['slope'][0]:.1f}")
    0.9
    """
    column(realizations, "initial_state")
    keys = ["length", "initial_state", "regions"]
    held = realizations[keys].drop_duplicates().sort_values(keys)
    rows = []
    for length, state, regions in held.itertuples(index=False):
        if state != "custom":
            generator = np.random.default_rng([rng, length])
            fields = generator.uniform(-1, 1, (samples, length))
            slopes = uncoupled_slope(fields, state, regions=regions)
            mean, error = float(slopes.mean()), float(slopes.std(ddof=1) / samples**0.5)
            rows.append((length, state, regions, mean, error))
    return pd.DataFrame(rows, columns=[*keys, "slope", "slope_error"])


def _inverse_temperature(h: FloatArray, energy: FloatArray) -> FloatArray:
    """Solve ``sum_i h_i tanh(t h_i) = -energy`` by bisection of ``asinh t``, for each row.

    Where no finite ``t`` exists, the result is so large that the state is the ground state.
    """
    low, high = np.full_like(energy, -_WIDEST), np.full_like(energy, _WIDEST)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        t = np.sinh(middle)[:, np.newaxis]
        above = (h * np.tanh(t * h)).sum(axis=1) > -energy
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    root: FloatArray = np.sinh((low + high) / 2)
    return root
