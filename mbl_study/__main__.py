"""``python -m mbl_study``, the same as ``mbl-study``."""

from mbl_study.cli import main

if __name__ == "__main__":
    main()
