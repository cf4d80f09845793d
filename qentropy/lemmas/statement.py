"""What a statement of the paper is: a check, instances of it, and a variant that is false."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qentropy.results import LemmaCheck

__all__ = ["Normals", "Statement"]

Normals: TypeAlias = Callable[..., NDArray[np.float64]]
"""``normals(*shape)`` gives independent standard normal numbers."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A statement of the paper that can be checked on instances.

    Parameters
    ----------
    name
        Its key on the command line, such as ``"convex-split"``.
    check
        The public ``check_...`` function.
    draw
        Keyword arguments of `check` for the k-th of several shapes and ranks, a deterministic
        function of the normal numbers that it asks for. A generator's numbers give a random
        instance; a search can move the numbers, too.
    false_variant
        Keyword arguments of `check` that make the statement false.
    """

    name: str
    check: Callable[..., LemmaCheck]
    draw: Callable[[Normals, int], dict[str, Any]]
    false_variant: Mapping[str, Any]
