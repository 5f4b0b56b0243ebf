"""What the atria do: fibrillation, flutter, P waves before QRS or apart from it; asked first, all rules rest on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from suwen.diagnosis.rhythm.beats import Beats
from suwen.diagnosis.rhythm.conduction import apart, dropped
from suwen.diagnosis.rhythm.delineation import Delineation
from suwen.diagnosis.rhythm.fibrillation import fibrillation
from suwen.diagnosis.rhythm.flutter import flutter, p_stands_out, without_p
from suwen.diagnosis.rhythm.intervals import Intervals
from suwen.diagnosis.rhythm.kinds import irregularity, p_consistency
from suwen.diagnosis.rhythm.nouns import Atria, Span
from suwen.diagnosis.rhythm.unevenness import slowed, until_qrs

__all__ = ["atria"]

_HIDDEN = 150.0  # beats a minute, over which what repeats itself before QRS is T where no P is seen
_STEPS = 100.0  # a second, of both: resampled once


def atria(
    trace: Any, rate: float, beats: Beats, kinds: tuple[str, ...], found: Delineation, measured: Intervals
) -> Atria:
    """What the atria do in a trace (leads, time) in mV, from what was measured of it.

    Waves that repeat themselves are flutter, and no fibrillation there, however uneven the intervals.
    """
    ventricular = np.array([kind == "V" for kind in kinds], bool)
    usual = beats.samples[np.array([kind == "N" for kind in kinds], bool)]
    uneven = irregularity(beats.seconds, leave=ventricular)
    alike = p_consistency(trace, rate, usual, until=until_qrs(found, rate))
    slow = slowed(trace, rate)
    if without_p(beats, found, _HIDDEN) and not p_stands_out(slow, _STEPS, beats, found):
        alike = 0.0
    waves = flutter(slow, _STEPS, beats, kinds, found).spans
    spans = tuple(one for one in fibrillation(slow, _STEPS, beats, kinds, found) if _shared(one, waves) < 0.5)
    missing = tuple(at for at in dropped(beats, kinds, found) if not any(begin <= at <= end for begin, end in spans))
    loose = not spans and not waves and apart(beats, found, measured.rate)
    return Atria(spans, waves, alike, uneven, missing, loose)


def _shared(span: Span, others: tuple[Span, ...]) -> float:
    """Which share of a span the others take."""
    begin, end = span
    covered = sum(max(0.0, min(end, last) - max(begin, first)) for first, last in others)
    return covered / max(end - begin, 1e-9)
