"""The public names of the thermalization package."""

import qentropy
from qentropy import thermalization


def test_names_are_documented_and_reachable() -> None:
    """Every name is reached through the package and says what it is."""
    assert qentropy.thermalization is thermalization
    assert all(getattr(thermalization, name).__doc__ for name in thermalization.__all__)
