"""What the study keeps of one disorder realization: every number of the figures, and no array.

The models are frozen and reject unknown fields; infinities and NaN travel through JSON as strings,
because bare ``Infinity`` is not JSON.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["PHYSICS_VERSION", "BathBounds", "Record", "RegionRecord"]

PHYSICS_VERSION: int = 3
"""Version of the physics: raised whenever the same task would give other numbers, or more."""

_FROZEN = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class BathBounds(BaseModel):
    r"""Bounds on the bath that thermalizes one region up to one ``epsilon``.

    Attributes
    ----------
    epsilon
        Accepted trace-norm distance from the thermal state, no unit.
    smooth_lower, smooth_upper
        Certified interval of ``D_max^{2 sqrt(epsilon)}(omega_R || tau_beta(H_R))`` in bits, in
        the trace-norm ball.
    pinched_lower, pinched_upper
        The same for ``omega_R`` pinched in the energy eigenbasis of ``H_R``, in bits.
    bath_size_lower
        ``2**smooth_lower``, a number of bath components ([Sparaciari21]_, Corollary 4).
    bath_size_upper
        ``2**D_max(omega_R || tau_beta(H_R)) / epsilon**2``, a number of bath components
        ([Sparaciari21]_, Theorem 1).
    bath_size_purified
        ``2**D_max^r`` of the pinched ``omega_R``, rounded down, in the ball of purified distance
        ``r = sqrt(epsilon - epsilon**2 / 4)``: a lower bound under the same condition as
        `bath_size_lower`, at least ``2**pinched_lower``.
    bath_size_collision
        ``(2**D_2(omega_R || tau_beta(H_R)) - 1) / epsilon**2``, never a larger upper bound.
    bath_size_asymptotic
        ``2 chi**2 / (pi epsilon**2)`` of the pinched ``omega_R``, ``chi**2 = 2**D_2 - 1``: what the
        number of components tends to for small epsilon if ``H_R`` satisfies the energy subspace
        condition; not a bound.
    bath_size_swap_lower, bath_size_swap_upper
        Proved interval of the number of components at which uniform swaps are enough for the
        pinched ``omega_R``, an integer where both are equal; None if the study did not ask.
    """

    model_config = _FROZEN

    epsilon: float
    smooth_lower: float
    smooth_upper: float
    pinched_lower: float
    pinched_upper: float
    bath_size_lower: float
    bath_size_upper: float
    bath_size_purified: float
    bath_size_collision: float
    bath_size_asymptotic: float
    bath_size_swap_lower: float | None = None
    bath_size_swap_upper: float | None = None


class RegionRecord(BaseModel):
    r"""Entropies of one region at equilibrium, or of all translations of a region on average.

    In an average every number is the arithmetic mean of the regions, except for the bath sizes,
    which are geometric means.

    Attributes
    ----------
    size
        Number of sites ``|R|``.
    max_relative_entropy
        ``D_max(omega_R || tau_beta(H_R))`` in bits.
    max_relative_entropy_lattice
        ``D_max(omega_R || tau_R)`` in bits, ``tau_R`` the reduced Gibbs state of the lattice
        ([Sparaciari21]_, Appendix D).
    collision_relative_entropy
        Sandwiched Rényi divergence of order 2, ``D_2(omega_R || tau_beta(H_R))``, in bits.
    max_relative_entropy_pinched, collision_relative_entropy_pinched
        ``D_max`` and ``D_2`` of ``omega_R`` pinched in the energy eigenspaces of ``H_R``, in bits.
    coherence
        ``|| omega_R - pinched(omega_R) ||_1``, the pinching in the energy eigenspaces of ``H_R``,
        between 0 and 2, no unit.
    bath
        Bounds on the bath, one entry per ``epsilon``.
    """

    model_config = _FROZEN

    size: int
    max_relative_entropy: float
    max_relative_entropy_lattice: float
    max_relative_entropy_pinched: float
    collision_relative_entropy: float
    collision_relative_entropy_pinched: float
    coherence: float
    bath: tuple[BathBounds, ...]


class Record(BaseModel):
    r"""Everything that the study keeps of one realization.

    Attributes
    ----------
    length, disorder, fields
        The chain: number of sites, disorder strength in Pauli units and the fields ``h_i``.
    initial_state
        Name of the initial state.
    energy
        ``<psi|H|psi>`` in units of the exchange coupling.
    beta
        Inverse temperature of the Gibbs state with that energy; ``inf`` or ``-inf`` where no
        finite one exists, and then ``regions`` is empty and ``anomaly`` says why.
    level_spacing_ratio
        Mean ratio of consecutive gaps in the largest magnetisation sector, between 0 and 1.
    regions
        One entry per region size.
    trace_residual, norm_residual
        Relative residuals of the spectrum checks (trace, Frobenius norm), worst sector.
    anomaly
        Empty when nothing is odd, else one sentence.
    seconds, lapack_seconds
        Wall-clock time of the realization and of its LAPACK calls on the lattice Hamiltonian.
    versions
        Versions of python, numpy, scipy, qutip, mbl_study and the physics.
    """

    model_config = _FROZEN

    length: int
    disorder: float
    fields: tuple[float, ...]
    initial_state: str
    energy: float
    beta: float
    level_spacing_ratio: float
    regions: tuple[RegionRecord, ...]
    trace_residual: float
    norm_residual: float
    anomaly: str
    seconds: float
    lapack_seconds: float
    versions: dict[str, str]
