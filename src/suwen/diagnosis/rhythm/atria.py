"""What the atria do: fibrillation, flutter, P waves before QRS or apart from it; asked first, all rules rest on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from suwen.diagnosis.rhythm.beats import Beats
from suwen.diagnosis.rhythm.conduction import apart, dropped
from suwen.diagnosis.rhythm.delineation import Delineation
from suwen.diagnosis.rhythm.fibrillation import fibrillation
from suwen.diagnosis.rhythm.intervals import Intervals
from suwen.diagnosis.rhythm.kinds import irregularity, p_consistency
from suwen.diagnosis.rhythm.nouns import Atria

__all__ = ["atria"]


def atria(
    trace: Any, rate: float, beats: Beats, kinds: tuple[str, ...], found: Delineation, measured: Intervals
) -> Atria:
    """What the atria do in a trace (leads, time) in mV, from what was measured of it."""
    ventricular = np.array([kind == "V" for kind in kinds], bool)
    usual = beats.samples[np.array([kind == "N" for kind in kinds], bool)]
    uneven = irregularity(beats.seconds, leave=ventricular)
    alike = p_consistency(trace, rate, usual, until=_until(beats, found))
    missing = dropped(beats, kinds, found)
    spans = () if missing else fibrillation(trace, rate, beats, kinds, found)
    return Atria(spans, (), alike, uneven, missing, not spans and apart(beats, found, measured.rate))


def _until(beats: Beats, found: Delineation) -> float:
    """Seconds from R back to just before QRS, at most 0.15."""
    before = (found.beats - found.qrs_on) / beats.rate
    there = before[np.isfinite(before)]
    return float(np.clip(np.median(there) + 0.01, 0.04, 0.15)) if len(there) else 0.1
