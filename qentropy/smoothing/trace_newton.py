r"""Newton's systems of the path for the trace balls.

`trace_path` states the problem. Block by block `trace_scaling` says what given changes of the
scalars bring about; here the traces decide on the scalars.
"""

from dataclasses import dataclass

import numpy as np

from qentropy.blocks import Array
from qentropy.smoothing.scaling import longest_step
from qentropy.smoothing.trace_point import Point, Stacks
from qentropy.smoothing.trace_scaling import ReachedScaling, WholeScaling

__all__ = ["Change", "Newton"]

ROUNDING = 1e-10  # a relative change of nu, mu and t that is not worth another pass


@dataclass(frozen=True, eq=False)
class Change:
    """A direction: the scalars, and for each block its pairs in the scaled frames."""

    nu: float
    mu: float
    t: float
    s: float
    pairs: list[Stacks]


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
            [s.scaled(s.solved(to_m=s.nu_load), nu=1.0) for s in self.scalings],
            [s.scaled(s.solved(mu=1.0)) for s in self.scalings],
            [s.scaled(s.solved(to_w=-s.price)) for s in self.scalings],
        ]
        self.system = np.stack([self._traces(r) for r in self.responses], axis=-1)
        if not point.data.normalized:
            self.system[1, 1] -= point.s / point.mu

    def direction(self, targets: list[list[Array]], delta: float, correction: float) -> Change:
        """The direction along which each scaled pair changes by its target in total.

        Targets, like all scaled matrices, are stacked: those of N and P, and those of the others.
        """
        point, scalars, wanted = self.point, np.zeros(3), self.point.lacking
        slacks = [
            [x + drift for x, drift in zip(s.scaled(s.pulled(z)), s.drifts, strict=True)]
            for s, z in zip(self.scalings, targets, strict=True)
        ]
        normalized = point.data.normalized
        push = 0.0 if normalized else (delta - correction) / point.mu - point.s
        yielding = 0.0 if normalized else point.s / point.mu
        for _ in range(2):  # once more for what rounding left of the right-hand side
            done = self._traces(slacks, targets)
            done[1] += push - yielding * scalars[1]
            missing = np.linalg.solve(self.system, wanted - done)
            if (np.abs(missing) <= ROUNDING * np.abs(scalars)).all():
                break
            scalars = scalars + missing
            slacks = [
                [
                    part + sum(x * unit for x, unit in zip(missing, units, strict=True))
                    for part, *units in zip(slack, *responses, strict=True)
                ]
                for slack, *responses in zip(slacks, *self.responses, strict=True)
            ]
        nu, mu, t = (float(value) for value in scalars)
        pairs = [
            [(z - s, s) for z, s in zip(target, slack, strict=True)]
            for target, slack in zip(targets, slacks, strict=True)
        ]
        return Change(nu, mu, t, push - yielding * mu, pairs)

    def _traces(self, slacks: list[list[Array]], targets: list[list[Array]] | None = None) -> Array:
        """Changes of ``Tr P``, ``Tr X`` and ``Tr sigma W``; without targets they are zero."""
        total = np.zeros(3)
        for scaling, slack in zip(self.scalings, slacks, strict=True):
            total += scaling.traces(slack)
        if targets is not None:
            for scaling, target in zip(self.scalings, targets, strict=True):
                total[:2] += scaling.kept(target)
        return total

    def lengths(self, change: Change) -> tuple[float, float]:
        """The longest primal and dual steps."""
        # One call for all matrices of a size: in few dimensions calls take the time.
        sized: dict[int, list[tuple[Array, Array, Array]]] = {}
        for s, changes in zip(self.scalings, change.pairs, strict=True):
            for v, (dx, ds) in zip(s.values, changes, strict=True):
                sized.setdefault(v.shape[-1], []).append((v, dx, ds))
        primal = dual = np.inf
        for group in sized.values():
            values, *sides = (np.concatenate(parts) for parts in zip(*group, strict=True))
            primal, dual = (
                min(length, longest_step(values, side))
                for length, side in zip((primal, dual), sides, strict=True)
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
