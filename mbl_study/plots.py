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
from mbl_study.panels import (
    plot_bath_bounds,
    plot_level_spacing,
    plot_region_scaling,
    plot_slope,
)
from mbl_study.plot_style import STYLE, figure_of
from mbl_study.tables import Tables, write_atomically

__all__ = [
    "draw_figures",
    "plot_bath_bounds",
    "plot_level_spacing",
    "plot_region_scaling",
    "plot_slope",
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
        For the bounds on the bath; the least of the study by default, where the lower bound says
        most.
    samples
        How many times the realizations are drawn anew for the bootstrap errors.

    Yields
    ------
    tuple
        Name and figure: ``region_scaling_L<length>``, ``bath_bounds_L<length>``,
        ``bath_size_L<length>`` (every bound, at the strongest disorder), ``slope`` and
        ``level_spacing``; the first and the fourth also as ``region_scaling_lattice_L<length>`` and
        ``slope_lattice``, with the reduced Gibbs state of the lattice as the thermal state.

    Raises
    ------
    ValueError
        There is no region in the tables, or no bound for this epsilon.

    References
    ----------
    [Sparaciari21]_, FIG. 2 and FIG. 5.
    """
    bounds = analysis.bath_scaling(tables.baths)
    chosen = bounds["epsilon"].min() if epsilon is None else epsilon
    for length in bounds["length"].unique():
        axes = plot_bath_bounds(bounds, chosen, length=length)
        yield f"bath_bounds_L{length}", figure_of(axes)
        strongest = bounds.loc[bounds["length"] == length, "disorder"].max()
        axes = plot_bath_size_of_regions(bounds, chosen, strongest, length=length)
        yield f"bath_size_L{length}", figure_of(axes)
    yield from _entropy_figures(tables, "max_relative_entropy", "", samples)
    yield from _entropy_figures(tables, "max_relative_entropy_lattice", "_lattice", samples)
    axes = plot_level_spacing(analysis.level_spacing(tables.realizations))
    yield "level_spacing", figure_of(axes)


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
