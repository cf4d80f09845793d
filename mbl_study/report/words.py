"""What a report says about each kind of figure that `plots` draws."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup

__all__ = ["WORDS", "Words", "plain_label"]

_D_REGION = Markup("D<sub>max</sub>(ω<sub>R</sub> ‖ τ<sub>β</sub>(H<sub>R</sub>))")
_D_LATTICE = Markup("D<sub>max</sub>(ω<sub>R</sub> ‖ τ<sub>R</sub>)")


class Words(NamedTuple):
    """What a page says about a kind of figure.

    Attributes
    ----------
    title, caption
        Above and below the figure; the caption is HTML.
    axis, unit
        What the horizontal axis counts, and the unit of the other.
    prefix
        What stands before the label of a line.
    parts
        Names of lines that share a colour, in the order in which they are drawn.
    """

    title: str
    caption: str
    axis: str = ""
    unit: str = ""
    prefix: str = ""
    parts: tuple[str, ...] = ()


_SLOPE = (
    "Least-squares slope of the mean {} in |R|, for |R| from 1 to half the chain; the bars say how"
    " far the means are from a line. The curve is the fitted rise. The inset has its derivative;"
    " vertical lines mark where it is largest, the band is the bootstrap error."
)
_REGION = (
    "Mean of {} over the realizations, with standard errors. The slope is fitted in the shaded"
    " range."
)
WORDS = {
    "slope": Words(
        "Slope against disorder strength",
        Markup(_SLOPE).format(_D_REGION),
        "Δ",
        "bits per site",
    ),
    "region_scaling": Words(
        "Max-relative entropy against region size",
        Markup(_REGION).format(_D_REGION),
        "|R|",
        "bits",
        "Δ = ",
    ),
    "bath_bounds": Words(
        "Bath size against region size",
        Markup(
            "Bounds on the number of copies of the region that a bath needs: enough above the"
            " solid line (Theorem 1), and too few below the dashed one (Corollary 4, under its"
            " assumptions). Geometric means; the bars are standard errors of the exponent."
        ),
        "|R|",
        "components",
        "Δ = ",
        ("upper bound", "lower bound"),
    ),
    "bath_size": Words(
        "Every bound on the bath size, strongest disorder",
        Markup(
            "The bounds of the paper and sharper ones, and what n<sub>ε</sub> tends to for small ε."
            " Hollow markers are bounds that need the energy subspace condition, which regions of"
            " three or more sites violate at n = 2|R| &minus; 2 at the latest. Geometric means; the"
            " bars are standard errors of the exponent. Behind the names: the rates of straight"
            " lines through the exponents in the shaded range, with the larger of the standard"
            " error over the realizations and the error of least squares."
        ),
        "|R|",
        "components",
    ),
    "transition": Words(
        "Slope and gap ratio over one axis",
        Markup(
            "Mean slope of {}, with bootstrap errors, above the mean gap ratio, with standard"
            " errors. Marks at the right edge: the slope without coupling between the sites, for"
            " the initial state of the study, which is the limit of strong disorder; for long"
            " chains it is 1 &minus; 1/(2 L ln 2). Grey lines: gap ratio of the Gaussian orthogonal"
            " ensemble, 0.5307, and of independent levels, 0.3863."
        ).format(_D_REGION),
        "Δ",
        "bits per site",
    ),
    "critical_drift": Words(
        "Critical disorder strength against length",
        Markup(
            "Disorder strength of the steepest slope, with bootstrap errors. Star: the value that"
            " the paper reads off for 15 sites. Grey: Δ = 7 to 7.4, W = 3.5 to 3.7, which the"
            " literature has for infinite length. The dashed line, for three lengths or more, is"
            " weighted by the errors. That the drift is linear in 1/L is an assumption, which so"
            " few and so short chains cannot test, and the error at infinite length holds under it"
            " only."
        ),
        "1/L",
        "in Pauli units",
    ),
    "thermal_states": Words(
        "The two thermal states compared",
        Markup(
            "Above, the mean of {} less {} over the realizations, taken pair by pair, with standard"
            " errors. Below, the share of realizations in which the reduced Gibbs state of the"
            " chain is the closer one."
        ).format(_D_LATTICE, _D_REGION),
        "|R|",
        "bits",
        "Δ = ",
    ),
    "level_spacing": Words(
        "Gap ratio against disorder strength",
        Markup(
            "Mean ratio of consecutive gaps in the largest magnetisation sector, with standard"
            " errors: the usual witness of localization, between random matrices and Poisson."
        ),
        "Δ",
    ),
    "slope_lattice": Words(
        "Slope against disorder strength, reduced Gibbs state",
        Markup(_SLOPE).format(_D_LATTICE),
        "Δ",
        "bits per site",
    ),
    "region_scaling_lattice": Words(
        "Max-relative entropy against region size, reduced Gibbs state",
        Markup(_REGION).format(_D_LATTICE),
        "|R|",
        "bits",
        "Δ = ",
    ),
}
"""By the name of the figure without its length, in reading order."""

_PLAIN = (
    *((r"\Delta", "Δ"), (r"\epsilon", "ε"), (r"\pm", "±")),
    *((r"\to", "→"), (r"\infty", "∞"), ("$", "")),
)
# What a legend adds to the name of a line; the page has a table of them.
_FITTED = r", $\Delta_c"


def plain_label(label: str) -> str:
    r"""Name of a line: its label without marks of mathematics and without a fitted value.

    Examples
    --------
    >>> plain_label(r"$L = 8$, $\Delta_c = 4.2 \pm 0.1$")
    'L = 8'
    """
    name = label.partition(_FITTED)[0]
    for mark, text in _PLAIN:
        name = name.replace(mark, text)
    return name
