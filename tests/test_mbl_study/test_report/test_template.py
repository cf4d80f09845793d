"""The template stands alone: a Jinja template that escapes what is filled in."""

import re

from html_structure import Page
from jinja2 import Environment, meta

from mbl_study.report.template import PAGE


def test_the_template_asks_for_what_the_page_gives(page: str) -> None:
    """Every value has a name, and none that is filled in is left in braces."""
    wanted = meta.find_undeclared_variables(Environment(autoescape=True).parse(PAGE))
    assert {"study", "panels", "slope_rows", "footprint_rows", "bibtex"} <= wanted
    text = re.sub(r"<(style|script|code)>.*?</\1>", "", page, flags=re.DOTALL)
    assert not re.search(r"\{[{%]|[%}]\}", text)
    assert "None" not in text
    assert "nan" not in " ".join(Page.of(page).text_of("td"))


def test_nothing_is_marked_as_safe() -> None:
    """What is HTML says so where it is made, and not in the template."""
    assert "|safe" not in PAGE.replace(" ", "")
    assert "autoescape" not in PAGE


def test_sections_are_named_by_their_headings(parsed: Page) -> None:
    """Each section has the heading that its label refers to."""
    labels = [one["aria-labelledby"] for one in parsed.named("section")]
    assert labels == [f"{one['id']}-heading" for one in parsed.named("section")]
    assert [one["id"] for one in parsed.named("h2")] == labels
