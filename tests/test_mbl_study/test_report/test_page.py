"""The page holds everything that it shows, says what is in the store, and is safe to open."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import itertools
import re
from pathlib import Path

import faulty_tasks
import pytest
from html_structure import Page

from mbl_study import analysis, overview
from mbl_study.archive import read_archive, write_archive
from mbl_study.errors import StoreMissingError
from mbl_study.footprint import footprint, footprint_rows
from mbl_study.report import page as page_module
from mbl_study.report import render_report, write_report
from mbl_study.report.figures import Panel
from mbl_study.store import Store
from mbl_study.study import Study
from mbl_study.tables import Tables

ROOT = Path(__file__).resolve().parents[3]
SECTIONS = (
    *("The question", "Parameters", "Figures", "Slopes"),
    *("Checks", "Footprint", "Versions", "How to cite"),
)


def test_every_section_is_there_and_reached(parsed: Page) -> None:
    """The sections come in the promised order, and every link inside the page has its target."""
    assert tuple(parsed.text_of("h2")) == SECTIONS
    inner = [target[1:] for target in parsed.attribute("href") if target.startswith("#")]
    identifiers = parsed.attribute("id")
    assert set(inner) <= set(identifiers)
    assert len(inner) > len(SECTIONS)
    assert len(identifiers) == len(set(identifiers))


def test_the_page_asks_the_network_for_nothing(page: str, parsed: Page) -> None:
    """The one address is a link to the paper; no element, rule or script loads anything."""
    addresses = re.findall(r"[a-z]+://[^\"'\s<]*", page)
    assert addresses == ["https://doi.org/10.1038/s42005-020-00503-1"]
    (link,) = [one for one in parsed.named("a") if not one["href"].startswith("#")]
    assert link["href"] == addresses[0]
    loading = {"src", "srcset", "data", "action", "poster", "background", "xlink:href", "xmlns"}
    assert loading & {name for _, held in parsed.elements for name in held} == set()
    assert [one["href"] for one in parsed.named("link")] == ["data:,"]
    assert set(re.findall(r"url\(.", page)) == {"url(#"}
    for word in ("@import", "fetch(", "XMLHttpRequest", "import(", "eval(", "innerHTML"):
        assert word not in page
    # What is drawn refers to what is drawn.
    uses = [one["href"] for one in parsed.named("use")]
    assert all(target.startswith("#") for target in uses)


def test_the_policy_forbids_it_too(page: str, parsed: Page) -> None:
    """The browser may run the one script of the page, by its digest, and load nothing."""
    (policy,) = [one["content"] for one in parsed.named("meta") if "http-equiv" in one]
    rules = dict(rule.split(maxsplit=1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert not re.search(r"<\w[^>]*\son\w+=", page)


def test_text_from_a_store_stays_text(page: str, parsed: Page) -> None:
    """A stranger's failure or anomaly is shown letter by letter, without control characters."""
    assert len(parsed.named("script")) == 1
    shown = '</script><script>alert("no")</script> [2J'
    assert sum(f"strange {shown}" in cell for cell in parsed.text_of("td")) == 2
    assert sum(f"beyond repair {shown}" in cell for cell in parsed.text_of("td")) == 2
    assert "\x1b" not in page


def test_everything_has_a_name_for_those_who_do_not_see_it(parsed: Page) -> None:
    """Language, title, one h1, no level left out, captions, headings, texts for figures."""
    assert parsed.named("html") == [{"lang": "en"}]
    assert parsed.text_of("title") == ["Study invented"]
    levels = [int(tag[1]) for tag, _ in parsed.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert len(parsed.named("caption")) == len(parsed.named("table")) > 10
    assert all(parsed.text_of("caption"))
    assert all("scope" in one for one in parsed.named("th"))
    drawings = parsed.named("svg")
    assert len(drawings) == len(parsed.named("figure")) == len(parsed.text_of("figcaption")) >= 9
    for one in drawings:
        assert one["role"] == "img"
        assert re.search(r"from [\d.e+-]+ to [\d.e+-]+", one["aria-label"])
    boxes = [
        inside
        for (tag, _), inside in zip(parsed.elements, parsed.inside, strict=True)
        if tag == "input"
    ]
    assert boxes
    assert all({"label", "fieldset"} <= set(inside) for inside in boxes)


def test_the_page_fits_every_screen(parsed: Page) -> None:
    """The viewport is that of the device, both schemes are served, and tables scroll alone."""
    contents = {one.get("name", ""): one.get("content", "") for one in parsed.named("meta")}
    assert contents["viewport"] == "width=device-width, initial-scale=1"
    assert contents["color-scheme"] == "light dark"
    around = [
        held.get("class")
        for (tag, _), (_, held) in zip(parsed.elements[1:], parsed.elements, strict=False)
        if tag == "table"
    ]
    assert set(around) == {"scroll"}


def test_parameters_can_be_run_again(store: Store, parsed: Page) -> None:
    """The study file on the page is the study."""
    first = [tag for tag, _ in parsed.elements].index("code")
    assert Study.from_toml(parsed.texts[first], "the page") == store.study()
    rows = dict(parsed.rows("What was run")[1:])
    assert rows["lengths L"] == "6, 8"
    assert rows["accepted distances ε"] == "0.1, 0.01"


def test_slopes_are_those_of_the_analysis(tables: Tables, parsed: Page) -> None:
    """Every cell of the table of slopes is the number that `analysis` gives."""
    slopes = analysis.bootstrap_slopes(analysis.slope_per_realization(tables.regions), samples=20)
    rows = parsed.rows("Slope in bits per site, with bootstrap errors")
    assert rows[0] == ["Δ", "L = 6", "L = 8"]
    cells = {
        (row[0], length): cell
        for row in rows[1:]
        for length, cell in zip((6, 8), row[1:], strict=True)
    }
    assert len(cells) == len(slopes)
    for row in slopes.to_dict("records"):
        cell = cells[f"{row['disorder']:g}", row["length"]]
        assert cell == f"{row['slope']:.4f} ± {row['slope_error']:.4f}"


def test_the_footprint_is_that_of_the_command(tables: Tables, parsed: Page) -> None:
    """Power and emission factor reach the page, and the paper's figures stand beside."""
    found = footprint(tables.realizations["seconds"], power=20.0, emission_factor=0.25)
    rows = parsed.rows("Climate footprint of the simulations")
    assert [tuple(row) for row in rows[1:]] == footprint_rows(found)
    assert any("does not follow from its hours and power" in text for text in parsed.text_of("p"))


def test_the_counts_are_those_of_the_status(store: Store, parsed: Page) -> None:
    """Done and failed tasks are counted as `mbl-study status` counts them."""
    held = overview.state(store)["tasks"]
    headings, *rows = parsed.rows("Tasks by state")
    assert headings == ["length", "done", "failed", "quarantined", "pending"]
    for row in rows:
        counts = held[row[0]]
        assert row[1:] == [str(counts[name]) for name in headings[1:]]
    assert "58 of 60 tasks done; the numbers below are those of what is done." in parsed.text_of(
        "p"
    )


def test_the_paper_is_cited_as_in_the_citation_file(page: str) -> None:
    """Title, every author and the version agree with CITATION.cff."""
    citation = (ROOT / "CITATION.cff").read_text()
    (title,) = re.findall(r"^    title: (.*)$", citation, re.MULTILINE)
    (version,) = re.findall(r"^version: (.*)$", citation, re.MULTILINE)
    assert f"title   = {{{title}}}" in page
    assert f"version = {{{version}}}" in page
    names = re.findall(r"family-names: (.*)\n *given-names: (.*)", citation)
    assert len(names) == 5
    for family, given in names:
        assert f"{family}, {given}" in " ".join(page.split())


def test_the_same_store_gives_the_same_bytes(
    store: Store,
    page: str,
    panels: dict[str, Panel],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No clock is read and no order is left to chance; the folder is made, and nothing is left."""
    # They were drawn once more for the other tests.
    monkeypatch.setattr(page_module, "draw_panels", lambda *_, **__: panels.values())
    target = tmp_path / "new" / "report.html"
    assert write_report(store, target, power=20.0, emission_factor=0.25, samples=20) == target
    assert target.read_text(encoding="utf-8") == page
    assert [path.name for path in target.parent.iterdir()] == ["report.html"]


def test_an_archive_gives_the_page_of_its_store(
    store: Store,
    page: str,
    panels: dict[str, Panel],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Failures, versions and counts come through the manifest; no byte differs."""
    monkeypatch.setattr(page_module, "draw_panels", lambda *_, **__: panels.values())
    write_archive(store, tmp_path, ["parquet"])
    archive = read_archive(tmp_path)
    assert render_report(archive, power=20.0, emission_factor=0.25, samples=20) == page
    empty = dataclasses.replace(archive, tables=analysis.tabulate([]))
    with pytest.raises(StoreMissingError, match=f"{tmp_path}: there are no results to show"):
        render_report(empty)


def test_what_is_left_out_and_what_disagrees_is_told(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long lists end with a count, and tasks that gave two answers are named."""
    held = overview.state(store)
    failures = [held["failures"][0]] * 23
    counts = {"6": {"done": 3, "failed": 23, "quarantined": 0, "pending": 0}}
    conflicts = ["L = 6, disorder 3, realization 0"]
    changed = held | {"tasks": counts, "failures": failures, "conflicts": conflicts}
    monkeypatch.setattr(page_module, "draw_panels", lambda *_, **__: [])
    monkeypatch.setattr(page_module, "state", lambda _: changed)
    parsed = Page.of(render_report(store, samples=2))
    assert len(parsed.rows("Failed tasks")) == 1 + 20
    assert any(text.startswith("And 3 more; mbl-study status") for text in parsed.text_of("p"))
    assert conflicts[0] in parsed.text_of("li")
    monkeypatch.setattr(page_module, "state", lambda _: changed | {"failures": [], "conflicts": []})
    calm = Page.of(render_report(store, samples=2))
    assert "✓ No task failed." in calm.text_of("p")
    assert "✓ No task gave different numbers when it ran again." in calm.text_of("p")
    assert conflicts[0] not in calm.text_of("li")


def test_without_results_there_is_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No results, no store or a full disk leave an old page as it was."""
    store = Store(tmp_path / "store.sqlite")
    with store.run(faulty_tasks.study()):
        pass
    target = tmp_path / "report.html"
    target.write_text("old")
    with pytest.raises(StoreMissingError, match="no results to show yet"):
        write_report(store, target)
    assert target.read_text() == "old"
    monkeypatch.setattr(page_module, "render_report", lambda *_, **__: "new")

    def full(path: Path, content: bytes) -> None:
        raise OSError("disk is full")

    monkeypatch.setattr(page_module, "write_atomically", full)
    with pytest.raises(OSError, match="disk is full"):
        write_report(store, target)
    assert target.read_text() == "old"
    with pytest.raises(StoreMissingError):
        render_report(Store(tmp_path / "none.sqlite"))
