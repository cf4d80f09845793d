r"""Newton's systems of the path for the trace balls.

`trace_path` states the problem. Block by block `trace_scaling` says what given changes of the
scalars bring about; here the traces decide on the scalars.
"""

from dataclasses import dataclass

import numpy as np

from qentropy.blocks import Array
from qentropy.smoothing.scaling import longest_step
from qentropy.smoothing.trace_point import Pairs, Point, inner_product
from qentropy.smoothing.trace_scaling import ReachedScaling, Response, WholeScaling

__all__ = ["Change", "Newton"]

ROUNDING = 1e-10  # a relative change of nu, mu and t that is not worth another pass


@dataclass(frozen=True, eq=False)
class Change:
    """A direction: the scalars, and for each block its pairs in the scaled frames."""

    nu: float
    mu: float
    t: float
    s: float
    pairs: list[Pairs]


class Newton:
    """The Newton systems at a point: for each right-hand side a direction.

    Parameters
    ----------
    point
        Where.
    direct
        Whether to factorise; otherwise conjugate gradients, which may raise `SlowConvergenceError`.
    """

    def __init__(self, point: Point, *, direct: bool) -> None:
        self.point = point
        blocks = point.data.blocks
        self.scalings = [
            (WholeScaling if b.reach is None else ReachedScaling)(b, pairs, point, direct=direct)
            for b, pairs in zip(blocks, point.pairs, strict=True)
        ]
        # What a unit of nu, mu and t does.
        self.responses = [
            [s.solved(to_m=s.nu_load) for s in self.scalings],
            [s.solved(mu=1.0) for s in self.scalings],
            [s.solved(to_w=-s.price) for s in self.scalings],
        ]
        self.system = np.stack([self._measured(r) for r in self.responses], axis=-1)
        self.system[0, 0] -= sum(inner_product(s.ones[0], s.ones[0]) for s in self.scalings)
        if not point.data.normalized:
            self.system[1, 1] -= point.s / point.mu

    def _measured(self, response: list[Response]) -> Array:
        """What a response does to ``Tr P``, ``Tr X`` and ``Tr sigma W``."""
        total = np.zeros(3)
        for s, (m, w, low) in zip(self.scalings, response, strict=True):
            total += [
                inner_product(s.nu_load, m),
                inner_product(s.mu_load, low),
                inner_product(s.price, w),
            ]
        return total

    def direction(self, targets: list[list[Array]], delta: float, correction: float) -> Change:
        """The direction along which each scaled pair changes by its target in total."""
        point = self.point
        free = [s.pulled(z) for s, z in zip(self.scalings, targets, strict=True)]
        normalized = point.data.normalized
        push = 0.0 if normalized else (delta - correction) / point.mu - point.s
        yielding = 0.0 if normalized else point.s / point.mu
        scalars, wanted = np.zeros(3), point.lacking
        pairs = self._changes(targets, free, scalars)
        for _ in range(2):  # once more for what rounding left of the right-hand side
            done = self._traces(pairs)
            done[1] += push - yielding * scalars[1]
            missing = np.linalg.solve(self.system, wanted - done)
            if (np.abs(missing) <= ROUNDING * np.abs(scalars)).all():
                break
            scalars = scalars + missing
            pairs = self._changes(targets, free, scalars)
        nu, mu, t = (float(value) for value in scalars)
        return Change(nu, mu, t, push - yielding * mu, pairs)

    def _changes(
        self, targets: list[list[Array]], free: list[Response], scalars: Array
    ) -> list[Pairs]:
        nu, mu, t = (float(value) for value in scalars)
        out = []
        for s, z, *parts in zip(self.scalings, targets, free, *self.responses, strict=True):
            total = (a + nu * b + mu * c + t * d for a, b, c, d in zip(*parts, strict=True))
            out.append(s.changes(z, *total, nu=nu))
        return out

    def _traces(self, pairs: list[Pairs]) -> Array:
        """Changes of ``Tr P``, ``Tr X`` and ``Tr sigma W``."""
        total = np.zeros(3)
        for s, changes in zip(self.scalings, pairs, strict=True):
            total += [
                inner_product(s.ones[0], changes[1][0]),
                inner_product(s.ones[1], changes[3][0]),
                inner_product(s.local_price, changes[2][1]),
            ]
        return total

    def lengths(self, change: Change) -> tuple[float, float]:
        """The longest primal and dual steps."""
        # One call for all matrices of a size: in few dimensions calls take the time.
        sized: dict[int, list[tuple[Array, tuple[Array, Array]]]] = {}
        for s, changes in zip(self.scalings, change.pairs, strict=True):
            for v, pair in zip(s.values, changes, strict=True):
                sized.setdefault(len(v), []).append((v, pair))
        primal = dual = np.inf
        for group in sized.values():
            values = np.stack([v for v, _ in group])
            primal, dual = (
                min(length, longest_step(values, np.stack([pair[side] for _, pair in group])))
                for side, length in enumerate((primal, dual))
            )
        if not self.point.data.normalized:
            primal = min(primal, -self.point.s / change.s if change.s < 0 else primal)
            dual = min(dual, -self.point.mu / change.mu if change.mu < 0 else dual)
        return primal, dual

    def moved(self, change: Change, primal: float, dual: float) -> Point:
        """The next point, positive by construction: the scaled pairs move and are unscaled."""
        point = self.point
        return Point(
            data=point.data,
            pairs=[
                s.moved(changes, primal, dual)
                for s, changes in zip(self.scalings, change.pairs, strict=True)
            ],
            mu=point.mu + dual * change.mu,
            nu=point.nu + dual * change.nu,
            t=point.t + primal * change.t,
            s=point.s + primal * change.s,
        )
