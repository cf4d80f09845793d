"""The smoothing balls, their conventions, and the problem that every route is handed.

The trace-distance radius e of a ball is ``epsilon / 2`` for ``"trace-norm"`` (the paper's,
``||X - rho||_1 <= epsilon``) and ``epsilon`` for ``"trace-distance"``. The ball
``"purified-distance"`` holds the X with ``sqrt(1 - F(rho, X)**2) <= epsilon``. Without
normalisation the X are sub-normalised and the distances are the generalised ones.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qentropy.blocks import Array, BlockOperator
from qentropy.operators import Ball, check_ball
from qentropy.smoothing.scaling import dagger, hermitian
from qentropy.smoothing.threshold import Cut, find_cut

__all__ = ["Ball", "Gram", "Proposal", "SmoothingProblem", "check_ball"]


@dataclass(frozen=True, eq=False)
class Gram:
    """The operator ``F F^dagger`` of a factor of low rank, multiplied out only on demand."""

    factor: BlockOperator

    def multiplied(self) -> BlockOperator:
        """``F F^dagger``, exactly Hermitian."""
        return self.factor.map(lambda f: hermitian(f @ dagger(f)))

    def dense(self) -> Array:
        """The whole matrix."""
        return self.multiplied().dense()


@dataclass(frozen=True, eq=False)
class SmoothingProblem:
    """Smallest ``D_max(X||sigma)`` over the X in a ball around rho.

    Parameters
    ----------
    rho, sigma
        Single operators in their joint blocks; rows on which sigma is zero are exactly zero.
    ball, epsilon
        The ball and its radius, as the user gave them.
    normalized
        Whether the ball holds normalised states only.
    """

    rho: BlockOperator
    sigma: BlockOperator
    ball: Ball
    epsilon: float
    normalized: bool

    @property
    def diameter(self) -> float:
        """The epsilon from which on the ball holds everything, zero included if not normalised."""
        return 2.0 if self.ball == "trace-norm" else 1.0

    @property
    def radius(self) -> float:
        """Trace-distance radius e of a trace ball; exact, a half is a power of two."""
        return self.epsilon / 2 if self.ball == "trace-norm" else self.epsilon

    @cached_property
    def cut(self) -> Cut:
        """Where ``Tr(rho - lambda sigma)_+`` is the radius: lambda is a lower bound of ``2**D``."""
        return find_cut(self.rho, self.sigma, self.radius)

    @cached_property
    def projector(self) -> Gram:
        """The matrix G of a trace ball that proves the root, onto where the cut is positive."""
        heads = [
            np.where(values[:, None, :] > 0, vectors, 0.0) for values, vectors in self.cut.parts
        ]
        return Gram(self.rho.with_groups(heads))

    @property
    def order_of_magnitude(self) -> float:
        """A power of two near ``2**D``, from its lower bounds: the root, and ``1 / Tr sigma``."""
        return float(2.0 ** np.rint(np.log2(max(self.cut.level, 1 / float(self.sigma.trace)))))


@dataclass(frozen=True, eq=False)
class Proposal:
    """Points that a route proposes; nothing about them is trusted.

    Parameters
    ----------
    primal
        Candidate for the smoothed state.
    dual
        Candidate for the matrix G of a trace ball, or for W of the purified ball. One that is
        positive and of low rank, by its factor, has a cheaper and closer proof.
    offset
        Candidate for the multiplier u of the purified ball.
    level
        About the least t with ``X <= t sigma``, if the route knows it.
    removed
        Candidate for a factor F of the positive part ``(rho - X)_+ = F F^dagger``, which saves
        its computation.
    status, iterations, note
        What the route says of itself.
    """

    primal: BlockOperator
    dual: BlockOperator | Gram
    offset: float = 0.0
    level: float | None = None
    removed: BlockOperator | None = None
    status: str = "closed form"
    iterations: int = 0
    note: str = ""

    @property
    def dual_operator(self) -> BlockOperator:
        """`dual`, multiplied out if it is given by its factor."""
        return self.dual.multiplied() if isinstance(self.dual, Gram) else self.dual
