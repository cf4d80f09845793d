"""The package of the report gives what makes a page, and nothing else."""

from mbl_study import report
from mbl_study.report import page


def test_the_package_collects_what_makes_a_page() -> None:
    """A user imports the two functions from the package."""
    assert report.__all__ == page.__all__
    assert report.write_report is page.write_report
    assert report.render_report is page.render_report
