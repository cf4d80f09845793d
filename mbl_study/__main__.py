"""``python -m mbl_study``, the same as ``mbl-study``."""

from mbl_study.cli import main

main()
