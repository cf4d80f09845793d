"""A figure in a page follows the scheme of the page and keeps its identifiers to itself."""

from __future__ import annotations

import colorsys
import json
import re

import pytest
from html_structure import Page
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from mbl_study.plot_style import line_styles
from mbl_study.report.svg import colour_rules, colours_of, dark_counterpart, inline_svg, swatch

COLOURS = st.tuples(*[st.integers(0, 255)] * 3).map(lambda rgb: "#{:02x}{:02x}{:02x}".format(*rgb))


def drawn() -> Figure:
    """Figure with a marked line, clipped, in a colour, with hatching."""
    figure = Figure(figsize=(3, 2))
    axes = figure.add_subplot()
    (line,) = axes.plot([1, 2, 3], [1, 3, 2], color="#440154", marker="o", label="A & <B>")
    line.set_gid("points-7-0")
    axes.bar([2], [1], color="none", edgecolor="#8c8c8c", hatch="//")
    axes.legend()
    return figure


@pytest.fixture(scope="module")
def svg() -> str:
    """That figure as it stands in a page."""
    points = {"points-7-0": ["one", 'two "quoted"', "three <"]}
    return inline_svg(drawn(), "name", label='A "label" <b>', points=points)


def test_it_is_an_image_with_a_text(svg: str) -> None:
    """The root has a view box instead of a size, and its label is text."""
    root, attributes = Page.of(svg).elements[0]
    assert root == "svg"
    assert attributes == {"viewbox": "0 0 216 144", "role": "img", "aria-label": 'A "label" <b>'}


def test_it_holds_no_address_no_date_and_no_rule(svg: str) -> None:
    """Namespaces, metadata and style sheets, which a page does not need, are gone."""
    assert "://" not in svg
    tags = {tag for tag, _ in Page.of(svg).elements}
    assert {"path", "use", "g", "clippath", "pattern"} <= tags
    assert tags & {"metadata", "style", "ns0:svg"} == set()
    assert not any(":" in tag for tag in tags)


def test_identifiers_begin_with_the_name_and_references_follow(svg: str) -> None:
    """Every identifier is new in the page, and whatever refers to one finds it."""
    page = Page.of(svg)
    identifiers = page.attribute("id")
    assert len(set(identifiers)) == len(identifiers) > 10
    assert all(one.startswith("name-") for one in identifiers)
    references = [one.removeprefix("#") for one in page.attribute("href")]
    references += re.findall(r"url\(#(.*?)\)", svg)
    assert len(references) > 10
    assert set(references) <= set(identifiers)
    assert "url(#name-" in "".join(page.attribute("clip-path"))
    assert "url(#name-" in "".join(page.attribute("style"))


def test_markers_carry_what_they_say(svg: str) -> None:
    """The marked line has its number and its texts, one for each marker."""
    page = Page.of(svg)
    ((place, held),) = [
        (place, held) for place, (_, held) in enumerate(page.elements) if "data-points" in held
    ]
    assert held["data-series"] == "7"
    texts = json.loads(held["data-points"])
    assert texts == ["one", 'two "quoted"', "three <"]
    depth = len(page.inside[place])
    inner = []
    for (tag, _), inside in zip(page.elements[place + 1 :], page.inside[place + 1 :], strict=True):
        if len(inside) <= depth:
            break
        inner.append(tag)
    assert inner.count("use") == len(texts)


def test_no_colour_is_left_as_it_was(svg: str) -> None:
    """Each colour is a variable that the rules give a value; ink and paper are the page's."""
    styles = " ".join(Page.of(svg).attribute("style"))
    assert "#440154" not in styles
    assert "var(--figure-440154)" in styles
    assert "var(--ink)" in styles
    assert not re.search(r"(?<!url\()#[0-9a-f]{6}\b", styles)
    assert {"#440154", "#8c8c8c"} <= colours_of(svg)
    rules = colour_rules(colours_of(svg))
    for name in re.findall(r"--figure-\w+", styles):
        assert rules.count(f"{name}: ") == 2
    # Hatching is drawn in a pattern.
    (pattern,) = [held for tag, held in Page.of(svg).elements if tag == "pattern"]
    assert pattern["id"].startswith("name-")


def test_the_same_figure_gives_the_same_text(svg: str) -> None:
    """Nothing depends on a clock or on chance, and another name changes the names only."""
    points = {"points-7-0": ["one", 'two "quoted"', "three <"]}
    again = inline_svg(drawn(), "name", label='A "label" <b>', points=points)
    assert again == svg
    other = inline_svg(drawn(), "other", label="", points=None)
    assert set(Page.of(other).attribute("id")) & set(Page.of(svg).attribute("id")) == set()
    assert "data-points" not in other


@given(COLOURS, COLOURS)
def test_dark_is_the_reverse_of_light(one: str, other: str) -> None:
    """What is clearly darker on white is lighter on the dark ground, and the hue stays."""
    lightness = [colorsys.rgb_to_hls(*to_rgb(colour))[1] for colour in (one, other)]
    turned = [colorsys.rgb_to_hls(*to_rgb(dark_counterpart(colour)))[1] for colour in (one, other)]
    if lightness[0] < lightness[1] - 0.02:
        assert turned[0] > turned[1]
    assert all(0.09 <= light <= 0.96 for light in turned)


def test_lines_stand_out_from_the_dark_ground() -> None:
    """Every colour of a line is well lighter than the ground of a dark page."""
    (ground,) = {to_rgb(dark_counterpart("#ffffff"))}
    for count in (2, 3, 12, 23):
        for style in line_styles(count, dashed=count < 5):
            lit = to_rgb(dark_counterpart(to_hex(style["color"])))
            assert max(lit) > max(ground) + 0.4


def test_a_swatch_has_the_colour_of_its_line() -> None:
    """Names, triples and hexadecimal numbers mean the same colour."""
    assert swatch("#440154") == swatch((0x44 / 255, 0x01 / 255, 0x54 / 255))
    assert swatch("white") == "var(--surface)"
    assert colour_rules([]).count("{  }") == 2
