"""Atrial fibrillation: from when to when, by intervals that are uneven and places before QRS that are not alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.beats import Beats
from suwen.diagnosis.rhythm.citations import ATRIAL_FIBRILLATION
from suwen.diagnosis.rhythm.delineation import Delineation
from suwen.diagnosis.rhythm.episodes import course, moved_borders, runs
from suwen.diagnosis.rhythm.nouns import Place, Seen, Sign, Span
from suwen.diagnosis.rhythm.odds import Weights, log_odds, shipped_weights
from suwen.diagnosis.rhythm.unevenness import before_qrs, running_median, unevenness
from suwen.subject import Saying

__all__ = ["fibrillating", "fibrillation", "fibrillation_signs"]

Floats = NDArray[np.float64]
_FEWEST = 7  # beats that a judgement needs
_UNSURE = 0.6  # of the learned detector: where beats are less sure than this, noise is read and nothing is claimed
_RULE = Saying(
    "five beats or more with uneven RR and no P of one shape before QRS, as a small learned detector judges it",
    "连续 5 个或以上心搏 RR 间期不规则且 QRS 前无形态一致的 P 波（由小型学习模型判断）",
)
_BEYOND = 0.15  # s before the first and after the last beat that an episode is said to last


def fibrillation(
    trace: Any,
    rate: float,
    beats: Beats,
    kinds: Sequence[str],
    found: Delineation,
    *,
    weights: Weights | None = None,
) -> tuple[Span, ...]:
    """Spans of atrial fibrillation in seconds, in order, of five beats and more (ESC 2024: irregular RR, no P).

    `rate` is that of the trace, which may have been resampled: beats and fiducials count by that of the beats.
    `weights` other than those shipped are for those who judge them.
    """
    if len(beats.samples) < _FEWEST:
        return ()
    seconds, pieces = beats.seconds, before_qrs(trace, rate, found, fiducial_rate=beats.rate)
    state = course(fibrillating(pieces, beats, kinds, found, weights or shipped_weights()))
    if not state.any():
        return ()
    intervals = np.log(np.clip(np.diff(seconds, prepend=2 * seconds[0] - seconds[1]), 0.2, 2.5))
    state = moved_borders(state, intervals, pieces)
    end = np.shape(trace)[-1] / rate
    return tuple(
        (max(0.0, float(seconds[first]) - _BEYOND), min(end, float(seconds[last - 1]) + _BEYOND))
        for first, last in runs(state)
    )


def fibrillating(pieces: Floats, beats: Beats, kinds: Sequence[str], found: Delineation, weights: Weights) -> Floats:
    """Log odds of each of two or more beats that the atria fibrillate there; `pieces` as `before_qrs` cuts them."""
    odds = log_odds(unevenness(pieces, beats.rate, kinds, found), weights)
    if beats.method == "learned":
        unsure = running_median(np.asarray(beats.confidence, np.float64), 4) < _UNSURE
        odds = np.where(unsure, np.minimum(odds, -1.0), odds)
    return odds


def fibrillation_signs(seen: Seen) -> Iterator[Sign]:
    """Atrial fibrillation with its spans, and how much of the time it takes."""
    spans = seen.atria.fibrillation
    if spans:
        time = sum(end - begin for begin, end in spans)
        figures = {
            "irregularity": seen.atria.irregular,
            "p_consistency": seen.atria.alike,
            "burden": min(100.0, 100 * time / max(seen.whole.end - seen.whole.begin, 1e-9)),
        }
        yield Sign("af", figures, tuple(Place(*one) for one in spans), ATRIAL_FIBRILLATION, _RULE)
