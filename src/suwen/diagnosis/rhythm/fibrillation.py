"""Atrial fibrillation: from when to when, by intervals that are uneven and places before QRS that are not alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from suwen.diagnosis.rhythm.beats import Beats
from suwen.diagnosis.rhythm.delineation import Delineation
from suwen.diagnosis.rhythm.kinds import irregularity, p_consistency
from suwen.diagnosis.rhythm.nouns import Place, Seen, Sign, Span

__all__ = ["fibrillation", "fibrillation_signs"]


def fibrillation(trace: Any, rate: float, beats: Beats, kinds: Sequence[str], found: Delineation) -> tuple[Span, ...]:
    """Spans of atrial fibrillation in seconds, in order (ESC 2024: irregular RR, no P)."""
    before = (found.beats - found.qrs_on) / beats.rate
    there = before[np.isfinite(before)]
    until = float(np.clip(np.median(there) + 0.01, 0.04, 0.15)) if len(there) else 0.1
    usual = beats.samples[np.array([kind == "N" for kind in kinds], bool)]
    uneven = irregularity(beats.seconds, leave=np.array([kind == "V" for kind in kinds], bool))
    if len(usual) >= 7 and uneven > 0.1 and p_consistency(trace, rate, usual, until=until) < 0.6:
        return ((float(beats.seconds[0]), float(beats.seconds[-1])),)
    return ()


def fibrillation_signs(seen: Seen) -> Iterator[Sign]:
    """Atrial fibrillation with its spans, and how much of the time it takes."""
    spans = seen.atria.fibrillation
    if spans:
        time = sum(end - begin for begin, end in spans)
        figures = {
            "irregularity": seen.atria.irregular,
            "p_consistency": seen.atria.alike,
            "burden": 100 * time / max(seen.whole.end - seen.whole.begin, 1e-9),
        }
        yield Sign("af", figures, tuple(Place(*one) for one in spans), "ESC 2024: irregular RR, no P")
