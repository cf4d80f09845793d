"""The convex split of a Bell pair, whose spectrum is known in closed form."""

import math
from fractions import Fraction

from qentropy.operators import check_count

__all__ = ["bell_convex_split_spectrum"]


def bell_convex_split_spectrum(n: int) -> tuple[list[Fraction], list[int]]:
    r"""Spectrum of ``(1/n) sum_m |Phi+><Phi+|_{P Q_m} (x) 1/2**(n-1)``, in exact arithmetic.

    Half of a Bell pair is hidden among n - 1 maximally mixed qubits; P keeps the other half. Up to
    a rotation of P the sum of the projectors is ``n/4 - S_P . S_Q``, so for total spin s of the n
    qubits Q the eigenvalues are ``(n/2 - s)/(n 2**n)``, where P is parallel, and
    ``(n/2 + s + 1)/(n 2**n)``, where it is not.

    Parameters
    ----------
    n
        Number of copies, at least 1.

    Returns
    -------
    eigenvalues
        The distinct eigenvalues, increasing.
    multiplicities
        How often each occurs; they add up to ``2**(n + 1)``.

    Raises
    ------
    InvalidParameterError
        n is not a positive integer.

    References
    ----------
    S. Ishizaka, T. Hiroshima, Phys. Rev. Lett. 101 (2008) 240501, arXiv:0807.4568 (the state of
    port-based teleportation).

    Examples
    --------
    >>> bell_convex_split_spectrum(2)
    ([Fraction(0, 1), Fraction(1, 8), Fraction(3, 8)], [4, 2, 2])
    """
    copies = check_count(n)
    spectrum = []
    for singlets in range(copies // 2 + 1):
        doubled_spin = copies - 2 * singlets
        blocks = math.comb(copies, singlets) * (doubled_spin + 1) // (copies - singlets + 1)
        unit = Fraction(1, copies * 2**copies)
        spectrum.append((singlets * unit, blocks * (doubled_spin + 2)))
        if doubled_spin:
            spectrum.append(((copies - singlets + 1) * unit, blocks * doubled_spin))
    eigenvalues, multiplicities = zip(*sorted(spectrum), strict=True)
    return list(eigenvalues), list(multiplicities)
