"""Each kind of figure has its words, and labels become words."""

import pytest

from mbl_study.report.figures import Panel
from mbl_study.report.words import WORDS, plain_label


def test_no_words_without_a_figure(panels: dict[str, Panel]) -> None:
    """Whatever has words is drawn, and no name has changed."""
    assert set(WORDS) <= {panel.kind for panel in panels.values()}


@pytest.mark.parametrize("kind", WORDS)
def test_words_are_whole(kind: str) -> None:
    """A title in plain text, a caption of sentences whose elements close, and a named axis."""
    words = WORDS[kind]
    assert words.title[0].isupper()
    assert "<" not in words.title
    assert words.caption.endswith(".")
    assert "{}" not in words.caption
    assert words.caption.count("<sub>") == words.caption.count("</sub>")
    assert words.axis in {"Δ", "|R|", "1/L"}
    assert words.unit == ("" if kind == "level_spacing" else words.unit or "missing")
    assert "missing" not in words.unit


@pytest.mark.parametrize(
    ("label", "plain"),
    [
        (r"$L = 8$, $\Delta_c = 4.20 \pm 0.10$", "L = 8"),
        (r"$\Delta = 4 \pm 1$", "Δ = 4 ± 1"),
        (r"$\epsilon = 0.1$", "ε = 0.1"),
        (r"literature, $L \to \infty$", "literature, L → ∞"),
        ("4.5", "4.5"),
    ],
)
def test_labels_lose_their_marks(label: str, plain: str) -> None:
    """Greek letters stand for their commands; only the fitted value of a legend is left out."""
    assert plain_label(label) == plain
    assert plain_label(plain) == plain
