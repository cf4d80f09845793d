r"""Initial states: the Néel state, the tilted Néel state, and names for them.

The paper starts from "a variation of the Néel state with support on the total-magnetization sectors
M = ±1, 0" and leaves open which; for an odd number of sites no state can do that literally.  The
tilted Néel state is one rule for every length: two sites point along x, so three neighbouring
sectors carry the weights 1/4, 1/2 and 1/4.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import qentropy
from mbl_study.sectors import checked_sites

# QuTiP takes a second to load, and a study that is only looked at needs no ket.
if TYPE_CHECKING:
    from qutip import Qobj

__all__ = ["INITIAL_STATES", "initial_ket", "neel", "tilted_neel", "tilted_sites"]

INITIAL_STATES = ("tilted-neel", "neel")
"""Names that :func:`initial_ket` knows; the first is the study's default."""


def neel(length: int) -> Qobj:
    """Néel state ``|up, down, up, ...>``, site 0 up.

    Parameters
    ----------
    length
        Number of sites, at least 1.

    Returns
    -------
    Qobj
        Ket with one tensor factor per site; up is ``|0>``.

    Examples
    --------
    >>> import qutip
    >>> neel(3) == qutip.basis([2, 2, 2], [0, 1, 0])
    True
    """
    import qutip

    return qutip.basis([2] * length, [site % 2 for site in range(length)])


def tilted_neel(length: int, sites: Iterable[int] | None = None) -> Qobj:
    """Néel state with some sites in ``|+> = (|up> + |down>) / sqrt(2)`` instead.

    Parameters
    ----------
    length
        Number of sites, at least 2.
    sites
        The tilted sites; by default the last two.

    Returns
    -------
    Qobj
        Ket with one tensor factor per site; up is ``|0>``.

    Raises
    ------
    InvalidParameterError
        The sites are not distinct sites of the chain.

    Examples
    --------
    >>> state = tilted_neel(4)
    >>> round(state.overlap(neel(4)).real, 12)
    0.5
    """
    import qutip

    tilted = checked_sites(range(length - 2, length) if sites is None else sites, length)
    plus = (qutip.basis(2, 0) + qutip.basis(2, 1)).unit()
    return qutip.tensor(
        [plus if site in tilted else qutip.basis(2, site % 2) for site in range(length)]
    )


def initial_ket(name: str, length: int) -> Qobj:
    """Initial state by its name in a study.

    Parameters
    ----------
    name
        ``"tilted-neel"`` or ``"neel"``; ``"tilted-neel:0,1"`` tilts sites 0 and 1.
    length
        Number of sites.

    Returns
    -------
    Qobj
        The ket.

    Raises
    ------
    InvalidParameterError
        No such name, or no such sites.

    Examples
    --------
    >>> initial_ket("tilted-neel:0,1", 6) == tilted_neel(6, [0, 1])
    True
    """
    tilted = tilted_sites(name, length)
    return tilted_neel(length, tilted) if tilted else neel(length)


def tilted_sites(name: str, length: int) -> tuple[int, ...]:
    """Sites that point along x in an initial state, which exists if this returns.

    Parameters
    ----------
    name, length
        As in `initial_ket`.

    Returns
    -------
    tuple of int
        Ascending; empty for the Néel state.

    Raises
    ------
    InvalidParameterError
        No such name, or no such sites.

    Examples
    --------
    >>> tilted_sites("tilted-neel", 6)
    (4, 5)
    """
    kind, colon, positions = name.partition(":")
    if kind == "tilted-neel":
        sites = _positions(name, positions) if colon else range(length - 2, length)
        return checked_sites(sites, length)
    if name == "neel":
        return ()
    raise qentropy.InvalidParameterError(
        f"initial state must be one of {', '.join(INITIAL_STATES)} or tilted-neel:SITE,SITE...; "
        f"got {name!r}"
    )


def _positions(name: str, positions: str) -> list[int]:
    """Sites in the second half of a name."""
    try:
        return [int(site) for site in positions.split(",")]
    except ValueError as error:
        raise qentropy.InvalidParameterError(
            f"tilted sites must be integers; got {name!r}"
        ) from error
