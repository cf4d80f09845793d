"""One self-contained HTML page for a study.

`page` puts it together from `template` and `style`, from the figures of `figures` and `svg`, and
from the tables of `results` and `checks`.
"""

from mbl_study.report.page import render_report, write_report

__all__ = ["render_report", "write_report"]
