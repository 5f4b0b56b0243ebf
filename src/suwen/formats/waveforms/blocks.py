"""What a reader of one format hands over: channels of one rate as the file tells them, before names and units are put
in order.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from suwen.errors import Problem
from suwen.formats.waveforms.nouns import Mark

__all__ = ["MOST_CHANNELS", "Block", "Channel"]

MOST_CHANNELS = 512  # of one file; a header that says more is damaged or hostile


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel: its name and unit ("" where the file states none), and the ends of its range in that unit."""

    name: str = ""
    unit: str = ""
    ends: tuple[float, float] | None = None
    noticed: tuple[str, ...] = ()  # keys of remarks without values


@dataclass(slots=True)
class Block:
    """Channels of one rate: `values` (channels, time) float32 in each channel's own unit, NaN where one is missing."""

    values: NDArray[np.float32]
    channels: list[Channel]
    rate: float | None
    start: float = 0.0
    marks: list[Mark] = field(default_factory=list)
    acquired: list[tuple[str, str]] = field(default_factory=list)
    noticed: list[Problem] = field(default_factory=list)
    is_derived: bool = False
