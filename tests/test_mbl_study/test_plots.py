"""Which figures a study has, and their files."""

from __future__ import annotations

from pathlib import Path

import pytest
import synthetic_study
from matplotlib.image import imread

from mbl_study.plots import draw_figures, write_figures
from mbl_study.tables import Tables, tabulate

NAMES = [
    "bath_bounds_L6",
    "bath_size_L6",
    "region_scaling_L6",
    "slope",
    "region_scaling_lattice_L6",
    "slope_lattice",
    "level_spacing",
    "transition",
    "critical_drift",
    "thermal_states_L6",
]


@pytest.fixture(scope="module")
def tables() -> Tables:
    """A short chain, three realizations."""
    return tabulate(synthetic_study.results(lengths=(6,), realizations=3))


@pytest.fixture(scope="module")
def folder(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the figures were written, in a folder that was not there."""
    folder = tmp_path_factory.mktemp("figures") / "new"
    paths = write_figures(tables, folder, samples=20)
    assert paths == [folder / f"{name}.{kind}" for name in NAMES for kind in ("png", "pdf")]
    return folder


def test_files_are_written_and_nothing_else(folder: Path) -> None:
    """Every figure as PNG and PDF, no temporary file left."""
    expected = {f"{name}.{kind}" for name in NAMES for kind in ("png", "pdf")}
    assert {path.name for path in folder.iterdir()} == expected


@pytest.mark.parametrize("name", NAMES)
def test_png_has_the_size_of_a_column_and_shows_something(name: str, folder: Path) -> None:
    """3.375 inches at 400 dots per inch; white paper with ink in each quarter."""
    image = imread(folder / f"{name}.png")[..., :3]
    height, width = image.shape[:2]
    assert width == 1350
    for rows in (slice(0, height // 2), slice(height // 2, None)):
        for columns in (slice(0, width // 2), slice(width // 2, None)):
            ink = (image[rows, columns].mean(axis=-1) < 0.9).mean()
            assert 0.005 < ink < 0.7
    # Nothing is cut off: the margin is white on every side.
    for edge in (image[0], image[-1], image[:, 0], image[:, -1]):
        assert edge.min() == 1


@pytest.mark.parametrize("name", NAMES)
def test_pdf_is_whole_and_its_text_is_text(name: str, folder: Path) -> None:
    """TrueType letters (type 42), and no date that would make every file new."""
    content = (folder / f"{name}.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    assert b"/CIDFontType2" in content
    assert b"/CreationDate" not in content


def test_same_tables_give_the_same_bytes(folder: Path, tables: Tables, tmp_path: Path) -> None:
    """Errors are drawn from a fixed seed and no clock is read."""
    for path in write_figures(tables, tmp_path, samples=20):
        assert (folder / path.name).read_bytes() == path.read_bytes()


def test_epsilon_is_the_least_or_the_one_asked_for(tables: Tables) -> None:
    """The least is where the lower bound says most."""
    for asked, shown in ((None, "0.001"), (0.1, "0.1")):
        name, figure = next(draw_figures(tables, epsilon=asked))
        assert name == "bath_bounds_L6"
        assert figure.axes[0].texts[0].get_text() == rf"$L = 6$, $\epsilon = {shown}$"


def test_every_length_has_its_figures() -> None:
    """The slopes of all lengths stand in one panel, what depends on the region in one each."""
    two = tabulate(synthetic_study.results(lengths=(6, 7), realizations=1))
    names = [name for name, _ in draw_figures(two, samples=2)]
    longer = [name.replace("L6", "L7") for name in NAMES if name.endswith("L6")]
    assert sorted(names) == sorted([*NAMES, *longer])


def test_slope_panels_name_their_thermal_state(tables: Tables) -> None:
    """FIG. 2 and FIG. 5 differ in it alone."""
    figures = dict(draw_figures(tables, samples=2))
    labels = [figures[name].axes[0].get_ylabel() for name in ("slope", "slope_lattice")]
    assert r"\tau_\beta(H_R)" in labels[0]
    assert r"\tau_R" in labels[1]


def test_no_results_or_another_epsilon_write_nothing(tables: Tables, tmp_path: Path) -> None:
    """An error before the first file."""
    with pytest.raises(ValueError, match=r"at least one row; got none\. Run the study first"):
        write_figures(tabulate([]), tmp_path / "out")
    with pytest.raises(ValueError, match=r"epsilon must be one of .*; got 0\.5"):
        write_figures(tables, tmp_path / "out", epsilon=0.5)
    assert not (tmp_path / "out").exists()
