"""``python -m qentropy``."""

from qentropy.cli import main

main()
