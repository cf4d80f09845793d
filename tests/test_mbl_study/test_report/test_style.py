"""Text can be read in both schemes, and the script finds what it looks for."""

import re

import pytest
from html_structure import Page
from matplotlib.colors import to_rgb

from mbl_study.report.style import SCRIPT, STYLE_SHEET

BLOCKS = re.findall(r":root \{(.*?)\}", STYLE_SHEET, re.DOTALL)
LIGHT, DARK = (dict(re.findall(r"--(\w+): (#\w{6});", block)) for block in BLOCKS[:2])


def luminance(colour: str) -> float:
    """Relative luminance of the Web Content Accessibility Guidelines 2.2."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    """Contrast of the same guidelines, from 1 to 21."""
    lower, upper = sorted(luminance(colour) for colour in (one, other))
    return (upper + 0.05) / (lower + 0.05)


def test_contrast_is_that_of_the_guidelines() -> None:
    """Black on white has 21, and #767676 on white the least that is enough, 4.54."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["ink", "text", "soft", "link", "fine", "odd"])
def test_text_can_be_read(scheme: dict[str, str], name: str) -> None:
    """Every colour of text has a contrast of 4.5 or more on both grounds (WCAG 2.2, 1.4.3)."""
    assert contrast(scheme[name], scheme["ground"]) >= 4.5
    assert contrast(scheme[name], scheme["surface"]) >= 4.5


def test_every_variable_has_a_value_in_both_schemes() -> None:
    """The dark scheme, for screens only, replaces each colour of the light one."""
    assert LIGHT.keys() == DARK.keys()
    used = set(re.findall(r"var\(--(\w+)\)", STYLE_SHEET))
    assert used == LIGHT.keys()
    assert "@media screen and (prefers-color-scheme: dark)" in STYLE_SHEET
    # Paper is white whatever the screen is.
    assert re.search(r"@media print \{\s*:root \{ color-scheme: light;", STYLE_SHEET)


def test_rules_are_closed() -> None:
    """Every brace that opens closes."""
    depth = 0
    for brace in re.findall(r"[{}]", STYLE_SHEET):
        depth += 1 if brace == "{" else -1
        assert depth in {0, 1, 2}
    assert depth == 0


def test_the_script_finds_what_it_looks_for(parsed: Page) -> None:
    """Every class and attribute that the script asks for stands on the page."""
    classes = {name for held in parsed.attribute("class") for name in held.split()}
    selectors = " ".join(re.findall(r'(?:querySelectorAll|querySelector|closest)\("(.*?)"', SCRIPT))
    wanted = set(re.findall(r"\.(\w+)", selectors))
    assert wanted == {"hint", "choices", "tip"}
    assert wanted <= classes
    for attribute in re.findall(r"\[([\w-]+)\]", selectors):
        assert parsed.attribute(attribute)
    for state in re.findall(r'classList\.toggle\("(\w+)"', SCRIPT):
        assert f".plot .{state} " in STYLE_SHEET


def test_without_the_script_nothing_waits_for_it(parsed: Page) -> None:
    """What only works with the script is hidden until it runs."""
    hidden = {held["class"] for _, held in parsed.elements if "hidden" in held and "class" in held}
    assert hidden == {"hint", "choices", "tip"}
