"""HeatMap and Verdict: which places speak for a class, and whether that answer can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError

__all__ = ["FloatMap", "HeatMap", "Verdict"]

FloatMap = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """How strongly each voxel of the network's input speaks for one class; > 0 speaks for it.

    `values` is float32 (*spatial of the input). `placed` says how the values came to that resolution, so that nobody
    reads a sharp outline into a map that was computed on 7 x 7 cells.
    """

    values: FloatMap
    method: str
    target: int
    model: str
    placed: str

    def __post_init__(self) -> None:
        if not self.values.size or not np.isfinite(self.values).all():
            raise InputError(
                f"a heat map by {self.method} holds values that are not finite; check the model's weights",
                zh=f"{self.method} 热图含有非有限的数值；请检查模型权重",
            )


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a method of explanation passes one check; `passes` None means the check was not run.

    `figures` are what was measured, `threshold` what the deciding figure must stay below, `reason` why it is drawn
    there.
    """

    check: str
    method: str
    passes: bool | None
    figures: Mapping[str, float] = field(default_factory=dict)
    threshold: float = 0.0
    reason: str = ""
