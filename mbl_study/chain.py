r"""The disordered Heisenberg chain: from parameters to QuTiP operators and sector matrices.

``H = sum_i (sx_i sx_{i+1} + sy_i sy_{i+1} + sz_i sz_{i+1}) + disorder * sum_i h_i sz_i`` with Pauli
matrices, a periodic chain and ``h_i`` in [-1, 1] ([Sparaciari21]_, eq. 19).  In the spin-1/2 units
of the localization literature the disorder strength is ``W = disorder / 2``.  The exchange part is
built with QuTiP once per length; a realization changes only the diagonal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from numbers import Integral, Real
from typing import Any

import numpy as np
import qutip
import scipy.sparse
from numpy.typing import NDArray
from qutip import Qobj

import qentropy
from mbl_study.sectors import checked_sites, configurations, spins

__all__ = ["SHORTEST_LENGTH", "HeisenbergChain"]

SHORTEST_LENGTH = 3
"""A periodic chain of two sites would count its only bond twice."""


@dataclass(frozen=True, kw_only=True)
class HeisenbergChain:
    r"""One realization of the disordered Heisenberg chain.

    Attributes
    ----------
    length
        Number of sites, at least 3.
    disorder
        Disorder strength in Pauli units; ``W = disorder / 2`` in spin-1/2 units.
    fields
        ``h_i`` of every site, each between -1 and 1.

    Raises
    ------
    InvalidParameterError
        The length is not an integer of at least 3, the disorder is not finite, or the fields are
        not ``length`` numbers in [-1, 1].

    References
    ----------
    [Sparaciari21]_, eq. (19).

    Examples
    --------
    >>> chain = HeisenbergChain(length=4, disorder=0.0, fields=(0.0, 0.0, 0.0, 0.0))
    >>> round(float(chain.hamiltonian().eigenenergies()[0]), 9)
    -8.0
    """

    length: int
    disorder: float
    fields: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check the parameters and store them as plain Python numbers."""
        _check_length(self.length)
        _check_real(self.disorder, "disorder")
        given: Any = self.fields
        fields: tuple[Any, ...] = tuple(given) if isinstance(given, Iterable) else ()
        if len(fields) != self.length:
            raise qentropy.InvalidParameterError(
                f"fields must hold one number per site; got {len(fields)} for length {self.length}"
            )
        for site, field in enumerate(fields):
            _check_real(field, f"fields[{site}]")
            if abs(field) > 1:
                raise qentropy.InvalidParameterError(
                    f"fields[{site}] must lie in [-1, 1]; got {field!r}"
                )
        object.__setattr__(self, "length", int(self.length))
        object.__setattr__(self, "disorder", float(self.disorder))
        object.__setattr__(self, "fields", tuple(float(field) for field in fields))

    @classmethod
    def random(
        cls,
        length: int,
        disorder: float,
        *,
        rng: int | np.random.SeedSequence | np.random.Generator | None = None,
    ) -> HeisenbergChain:
        """Chain with fields drawn uniformly from [-1, 1].

        Parameters
        ----------
        length, disorder
            As for the class.
        rng
            Anything that ``numpy.random.default_rng`` takes.

        Returns
        -------
        HeisenbergChain
            A new realization.

        Examples
        --------
        >>> HeisenbergChain.random(6, 4.0, rng=1) == HeisenbergChain.random(6, 4.0, rng=1)
        True
        """
        _check_length(length)
        fields = np.random.default_rng(rng).uniform(-1, 1, length)
        return cls(length=length, disorder=disorder, fields=tuple(fields.tolist()))

    def hamiltonian(self) -> Qobj:
        """Hamiltonian ``H`` of the whole periodic chain, shape ``(2**length, 2**length)``, sparse.

        Examples
        --------
        >>> HeisenbergChain.random(4, 2.0, rng=0).hamiltonian().shape
        (16, 16)
        """
        return self.region_hamiltonian(range(self.length))

    def region_hamiltonian(self, sites: Iterable[int]) -> Qobj:
        """``H_R``: the terms of the Hamiltonian that act inside the region alone.

        Parameters
        ----------
        sites
            Distinct site numbers; the tensor factors of the result are in ascending order.

        Returns
        -------
        Qobj
            Sparse operator of shape ``(2**r, 2**r)`` for ``r`` sites.

        Raises
        ------
        InvalidParameterError
            The sites are not distinct sites of the chain.

        References
        ----------
        [Sparaciari21]_, Sec. IV: "terms with full support on the region".

        Examples
        --------
        >>> HeisenbergChain.random(4, 2.0, rng=0).region_hamiltonian([0, 1]).dims
        [[2, 2], [2, 2]]
        """
        region = checked_sites(sites, self.length)
        diagonal = self._zeeman_energies(region, np.arange(2 ** len(region)))
        zeeman = qutip.qdiags(diagonal, 0, dims=[[2] * len(region)] * 2, dtype="CSR")
        return _exchange(len(region), self._bonds(region)) + zeeman

    def sector_matrix(self, up: int, sites: Iterable[int] | None = None) -> NDArray[np.float64]:
        """Hamiltonian in the sector with ``up`` spins up, as a dense symmetric matrix.

        Parameters
        ----------
        up
            Number of up spins.
        sites
            A region, for the terms inside it alone; the whole chain by default.

        Returns
        -------
        array
            Shape ``(n, n)`` with ``n = binomial(r, up)`` for ``r`` sites, in Fortran order, which
            LAPACK may overwrite; basis as in :func:`mbl_study.sectors.configurations`.

        Examples
        --------
        >>> clean = HeisenbergChain(length=3, disorder=0.0, fields=(0.0, 0.0, 0.0))
        >>> clean.sector_matrix(2).tolist()
        [[-1.0, 2.0, 2.0], [2.0, -1.0, 2.0], [2.0, 2.0, -1.0]]
        """
        exchange, diagonal = self.sector_terms(up, sites)
        matrix: NDArray[np.float64] = exchange.toarray(order="F")
        matrix[np.diag_indices_from(matrix)] += diagonal
        return matrix

    def sector_terms(
        self, up: int, sites: Iterable[int] | None = None
    ) -> tuple[scipy.sparse.csr_matrix, NDArray[np.float64]]:
        """Sparse exchange part and Zeeman diagonal of :meth:`sector_matrix`.

        Examples
        --------
        >>> exchange, zeeman = HeisenbergChain.random(4, 2.0, rng=0).sector_terms(2)
        >>> exchange.shape, zeeman.shape
        ((6, 6), (6,))
        """
        region = checked_sites(range(self.length) if sites is None else sites, self.length)
        exchange = _exchange_sectors(len(region), self._bonds(region))[up]
        return exchange, self._zeeman_energies(region, configurations(len(region))[up])

    def _bonds(self, region: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """Bonds of the ring that lie inside a region, as positions in it."""
        position = {site: place for place, site in enumerate(region)}
        ring = ((site, (site + 1) % self.length) for site in range(self.length))
        inside = (bond for bond in ring if position.keys() >= set(bond))
        return tuple((position[left], position[right]) for left, right in inside)

    def _zeeman_energies(
        self, region: tuple[int, ...], configuration: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """``disorder * sum_i h_i s_i`` over the region, for each configuration."""
        fields = np.array([self.fields[site] for site in region])
        energies: NDArray[np.float64] = self.disorder * (spins(configuration, len(region)) @ fields)
        return energies


@lru_cache(maxsize=64)
def _exchange(sites: int, bonds: tuple[tuple[int, int], ...]) -> Qobj:
    """Sum over bonds of ``sx sx + sy sy + sz sz``, sparse."""
    # Named each time: to set the default of QuTiP takes longer than all of this.
    paulis = [pauli(dtype="CSR") for pauli in (qutip.sigmax, qutip.sigmay, qutip.sigmaz)]
    total = qutip.qzero([2] * sites, dtype="CSR")
    for (left, right), pauli in product(bonds, paulis):
        factors = [qutip.qeye(2, dtype="CSR")] * sites
        factors[left] = factors[right] = pauli
        total = total + qutip.tensor(factors)
    return total


@lru_cache(maxsize=64)
def _exchange_sectors(
    sites: int, bonds: tuple[tuple[int, int], ...]
) -> tuple[scipy.sparse.csr_matrix, ...]:
    """Blocks of the exchange part, one per number of up spins; real, since it is real."""
    matrix = _exchange(sites, bonds).data_as("csr_matrix").real
    return tuple(matrix[sector][:, sector] for sector in configurations(sites))


def _check_length(length: Any) -> None:
    """Refuse a length that is not an integer of at least three."""
    if isinstance(length, bool) or not isinstance(length, Integral) or length < SHORTEST_LENGTH:
        raise qentropy.InvalidParameterError(
            f"length must be an integer of at least {SHORTEST_LENGTH}; got {length!r}"
        )


def _check_real(value: Any, name: str) -> None:
    """Refuse what is not a finite real number."""
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise qentropy.InvalidParameterError(f"{name} must be a finite real number; got {value!r}")
