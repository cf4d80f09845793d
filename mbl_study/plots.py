"""The figures of a study: which there are, what goes into them, and their files.

The panels themselves are in `panels`; every number comes from `analysis`.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from mbl_study import analysis
from mbl_study.bath_panels import plot_bath_size_of_regions
from mbl_study.comparison_panels import (
    plot_critical_drift,
    plot_thermal_states,
    plot_transition,
)
from mbl_study.files import write_atomically
from mbl_study.panels import (
    plot_bath_bounds,
    plot_level_spacing,
    plot_region_scaling,
    plot_slope,
)
from mbl_study.plot_style import STYLE, figure_of
from mbl_study.tables import Tables

__all__ = [
    "draw_figures",
    "plot_bath_bounds",
    "plot_critical_drift",
    "plot_level_spacing",
    "plot_region_scaling",
    "plot_slope",
    "plot_thermal_states",
    "plot_transition",
    "write_figures",
]


def draw_figures(
    tables: Tables, *, epsilon: float | None = None, samples: int = 500
) -> Iterator[tuple[str, Figure]]:
    """Every figure of a study, one after the other, each with its name.

    Parameters
    ----------
    tables
        What `tabulate` returned.
    epsilon
        For the bounds on the bath; the least of each length by default, where the lower bound says
        most.
    samples
        How many times the realizations are drawn anew for the bootstrap errors.

    Yields
    ------
    tuple
        Name and figure, one for each length: ``bath_bounds_L<length>``, ``bath_size_L<length>``
        (every bound, at the strongest disorder, with its rate), ``region_scaling_L<length>`` and
        ``thermal_states_L<length>``; and one for all lengths: ``slope``, ``level_spacing``,
        ``transition`` (both of these over one axis, with the limit of strong disorder) and
        ``critical_drift``.  ``region_scaling_lattice_L<length>`` and ``slope_lattice`` have the
        reduced Gibbs state of the lattice as the thermal state.

    Raises
    ------
    ValueError
        There is no region in the tables, or no bound for this epsilon.

    References
    ----------
    [Sparaciari21]_, FIG. 2 and FIG. 5.
    """
    yield from _bath_figures(tables, epsilon)
    yield from _entropy_figures(tables, "max_relative_entropy", "", samples)
    yield from _entropy_figures(tables, "max_relative_entropy_lattice", "_lattice", samples)
    yield from _comparison_figures(tables, samples)


def _bath_figures(tables: Tables, epsilon: float | None) -> Iterator[tuple[str, Figure]]:
    bounds = analysis.bath_scaling(tables.baths)
    rates = analysis.fit_bath_rates(tables.baths)
    for length, held in bounds.groupby("length"):
        chosen = held["epsilon"].min() if epsilon is None else epsilon
        yield f"bath_bounds_L{length}", figure_of(plot_bath_bounds(held, chosen))
        strongest = held["disorder"].max()
        axes = plot_bath_size_of_regions(held, chosen, strongest, rates=rates)
        yield f"bath_size_L{length}", figure_of(axes)


def _comparison_figures(tables: Tables, samples: int) -> Iterator[tuple[str, Figure]]:
    spacing = analysis.level_spacing(tables.realizations)
    yield "level_spacing", figure_of(plot_level_spacing(spacing))
    slopes = analysis.slope_per_realization(tables.regions)
    limit = analysis.strong_disorder_limit(tables.realizations)
    means = analysis.bootstrap_slopes(slopes, samples=samples)
    yield "transition", figure_of(plot_transition(means, spacing, limit)[0])
    critical = analysis.critical_disorder(slopes, samples=samples)
    axes = plot_critical_drift(critical, analysis.critical_drift(critical))
    yield "critical_drift", figure_of(axes)
    comparison = analysis.compare_thermal_states(tables.regions)
    for length in comparison["length"].unique():
        panels = plot_thermal_states(comparison, length=length)
        yield f"thermal_states_L{length}", figure_of(panels[0])


def _entropy_figures(
    tables: Tables, quantity: str, ending: str, samples: int
) -> Iterator[tuple[str, Figure]]:
    scaling = analysis.region_scaling(tables.regions, quantity)
    for length in scaling["length"].unique():
        fitted = (1, int(length) // 2)
        axes = plot_region_scaling(scaling, quantity, length=length, fit_range=fitted)
        yield f"region_scaling{ending}_L{length}", figure_of(axes)
    slopes = analysis.slope_per_realization(tables.regions, quantity)
    critical = analysis.critical_disorder(slopes, samples=samples)
    axes = plot_slope(
        analysis.fit_slopes(scaling),
        analysis.slope_derivative(slopes, samples=samples),
        critical,
        curve=analysis.rise_curve(critical),
        quantity=quantity,
    )
    yield f"slope{ending}", figure_of(axes)


def write_figures(
    tables: Tables, directory: str | Path, *, epsilon: float | None = None, samples: int = 500
) -> list[Path]:
    """Write every figure of a study as PNG and PDF, each file whole or not at all.

    The same tables give the same bytes, with the same versions of the libraries.

    Parameters
    ----------
    tables, epsilon, samples
        As for `draw_figures`.
    directory
        Made if it is not there.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    ValueError
        As for `draw_figures`; nothing is written.
    OSError
        The disk refuses; the old file is untouched and no fragment is left.

    Examples
    --------
    >>> from mbl_study.tables import tabulate
    >>> write_figures(tabulate([]), "figures")
    Traceback (most recent call last):
    ValueError: ...
    """
    folder = Path(directory)
    paths = []
    for name, figure in draw_figures(tables, epsilon=epsilon, samples=samples):
        folder.mkdir(parents=True, exist_ok=True)
        for extension, unwanted in (("png", "Software"), ("pdf", "CreationDate")):
            content = BytesIO()
            with mpl.rc_context(STYLE):
                figure.savefig(content, format=extension, metadata={unwanted: None})
            path = folder / f"{name}.{extension}"
            write_atomically(path, content.getvalue())
            paths.append(path)
    return paths
