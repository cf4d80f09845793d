"""A figure of matplotlib as SVG that stands in a page: its colours follow the page, light or dark.

Every colour becomes a CSS variable, so one drawing serves both schemes.  Identifiers get the name
of the figure in front, since a page holds many figures.
"""

from __future__ import annotations

import colorsys
import json
import re
from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from mbl_study.plot_style import STYLE

__all__ = ["colour_rules", "colours_of", "dark_counterpart", "inline_svg", "swatch"]

_COLOUR = re.compile(r"#[0-9a-f]{6}\b")
_TAG = re.compile(r"(?:series|points)-(\d+)(-\d+)+")
# Ink and paper are those of the page.
_OF_THE_PAGE = {"#000000": "var(--ink)", "#ffffff": "var(--surface)"}
# The date would make every file new, and the rest names addresses on the web.
_NO_METADATA: Any = dict.fromkeys(("Date", "Creator", "Format", "Type"))


def inline_svg(
    figure: Figure, name: str, *, label: str, points: Mapping[str, list[str]] | None = None
) -> str:
    """SVG element for a page, without an address in it.

    Artists whose ``gid`` is ``series-<number>-<any>`` or ``points-<number>-<any>`` get the number
    as the attribute ``data-series``, by which a script finds them.

    Parameters
    ----------
    figure
        The figure.
    name
        What identifiers begin with; differs between the figures of a page.
    label
        What the figure shows, for those who do not see it.
    points
        By ``gid``: what each marker of a line says, kept as JSON in ``data-points``.

    Returns
    -------
    str
        The same figure gives the same text.

    Examples
    --------
    >>> from mbl_study.plot_style import figure_of, new_axes
    >>> inline_svg(figure_of(new_axes()), "empty", label="An empty panel")[:36]
    '<svg viewBox="0 0 243 198" role="img'
    """
    content = BytesIO()
    with mpl.rc_context(STYLE | {"svg.hashsalt": name}):
        figure.savefig(content, format="svg", transparent=True, metadata=_NO_METADATA)
    root = ET.fromstring(content.getvalue())
    # Its one rule would hold for the whole page, which has it for figures.
    root[:] = [part for part in root if part.find("{*}style") is None]
    for element in root.iter():
        _adapt(element, name, points or {})
    root.attrib = {"viewBox": root.attrib["viewBox"], "role": "img", "aria-label": label}
    return ET.tostring(root, encoding="unicode")


def swatch(colour: Any) -> str:
    """Value of a CSS property for a colour of matplotlib.

    Examples
    --------
    >>> swatch("black"), swatch((1.0, 0.0, 0.0))
    ('var(--ink)', 'var(--figure-ff0000)')
    """
    return _variable(to_hex(colour))


def colours_of(svg: str) -> set[str]:
    """Colours that figures use as variables, hexadecimal.

    Examples
    --------
    >>> colours_of('<path style="stroke: var(--figure-440154)"/>')
    {'#440154'}
    """
    return {f"#{found}" for found in re.findall(r"--figure-([0-9a-f]{6})", svg)}


def colour_rules(colours: Iterable[str]) -> str:
    """CSS that gives the colour variables their values, on a light and on a dark screen.

    Examples
    --------
    >>> print(colour_rules(["#f0f0f0"]))
    :root { --figure-f0f0f0: #f0f0f0; }
    @media screen and (prefers-color-scheme: dark) {
    :root { --figure-f0f0f0: #262626; }
    }
    """
    held = sorted(colours)
    light = " ".join(f"--figure-{colour[1:]}: {colour};" for colour in held)
    dark = " ".join(f"--figure-{colour[1:]}: {dark_counterpart(colour)};" for colour in held)
    query = "@media screen and (prefers-color-scheme: dark)"
    return f":root {{ {light} }}\n{query} {{\n:root {{ {dark} }}\n}}"


def dark_counterpart(colour: str) -> str:
    """Colour of the same hue for a dark ground: what was dark is light.

    Examples
    --------
    >>> dark_counterpart("#000000"), dark_counterpart("#ffffff")
    ('#f2f2f2', '#191919')
    """
    hue, lightness, saturation = colorsys.rgb_to_hls(*to_rgb(colour))
    # Not to the ends, which would glare; the lower one is the ground of the page.
    return to_hex(colorsys.hls_to_rgb(hue, 0.95 - 0.85 * lightness, saturation))


def _variable(colour: str) -> str:
    return _OF_THE_PAGE.get(colour, f"var(--figure-{colour[1:]})")


def _adapt(element: ET.Element, name: str, points: Mapping[str, list[str]]) -> None:
    """Take an element out of the namespace of SVG, which a page knows, and prefix its names."""
    element.tag = element.tag.rpartition("}")[2]
    attributes = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
    gid = attributes.get("id", "")
    if gid:
        attributes["id"] = f"{name}-{gid}"
    if tagged := _TAG.fullmatch(gid):
        attributes["data-series"] = tagged[1]
    if gid in points:
        attributes["data-points"] = json.dumps(points[gid], ensure_ascii=False)
    if "href" in attributes:
        attributes["href"] = f"#{name}-{attributes['href'].removeprefix('#')}"
    if "clip-path" in attributes:
        attributes["clip-path"] = attributes["clip-path"].replace("url(#", f"url(#{name}-")
    if "style" in attributes:
        style = attributes["style"].replace("url(#", f"url(#{name}-")
        attributes["style"] = _COLOUR.sub(lambda found: _variable(found[0]), style)
    element.attrib = attributes
