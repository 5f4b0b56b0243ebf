"""Whether what was taken for beats may be noise: movement and interference have tops too, and mean nothing.

Beats of a heart look like each other, show a complex that begins and ends, and the network is sure of them. Where none
of this holds, only the doubt is said: a false alarm of tachycardia or of infarction helps nobody. Ventricular
fibrillation looks like this as well, so the doubt is said with a word of it, never as "nothing found".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from suwen.diagnosis.rhythm.beats import Beats
from suwen.diagnosis.rhythm.citations import OWN
from suwen.diagnosis.rhythm.filters import bandpass, bridged
from suwen.diagnosis.rhythm.nouns import Seen, Sign
from suwen.subject import Saying

__all__ = ["doubt", "likeness"]

# Chosen on 300 made traces of noise and movement against 24 traces of CinC2021 and 21 strips of CPSC2019 (the lowest
# there: likeness 0.69, certainty 0.55 and 0.66, formed 0.64) and made rhythms down to 30 a minute.
_ALIKE = {"learned": 0.55, "rules": 0.7}  # correlation of QRS with the others
_SURE = 0.62  # median certainty of the detector, which is told less by beats that are as like as copies
_COPIES = 0.95
_FORMED, _CERTAIN = 0.3, 0.8  # share of the beats whose QRS begins and ends, and certainty of the network without that
_RULE = Saying(
    "the beats are unlike each other, hardly any QRS complex begins and ends, or the detector is unsure of most",
    "各“心搏”形态互不相似、绝大多数测不出 QRS 波起止点，或检测器对多数心搏的置信度低",
)


def doubt(seen: Seen) -> Sign | None:
    """The sign that the beats cannot be told from noise, over the whole trace; None where they can."""
    usual = np.array([kind == "N" for kind in seen.kinds], bool)
    alike = max(likeness(seen.trace, seen.beats, usual), likeness(seen.trace, seen.beats))
    sure = float(np.median(seen.beats.confidence))
    formed = float(np.isfinite(seen.found.qrs_on).mean())
    learned = seen.beats.method == "learned"
    formless = formed < _FORMED and not (learned and sure >= _CERTAIN)
    unsure = sure < _SURE and (alike < _COPIES or len(usual) < 3)
    if alike >= _ALIKE["learned" if learned else "rules"] and not formless and not unsure:
        return None
    figures = {"correlation": alike, "confidence": sure}
    return Sign("doubtful", figures, (seen.whole,), OWN, _RULE)


def likeness(trace: Any, beats: Beats, which: Any = None) -> float:
    """Median correlation of the 0.2 s around each beat with the mean of the others, over the leads that were used.

    `which` marks the beats that are asked (all); of fewer than two whole ones it is -1.
    """
    listened = trace[list(beats.used)] if beats.used else trace
    places = (beats.samples if which is None else beats.samples[which])[:_MOST]
    until = int(places[-1] + beats.rate) if len(places) else 0  # of a day, only what is asked is filtered
    if not until:
        return -1.0
    clean, _gaps = bridged(bandpass(listened[:, :until], beats.rate, 1.0, 40.0))
    clean = np.where(np.isfinite(clean), clean, np.float32(0)).astype(np.float64)
    half = max(1, round(0.1 * beats.rate))
    places = places[(places >= half) & (places + half < clean.shape[1])]
    if len(places) < 2:
        return -1.0
    pieces = clean[:, places[:, None] + np.arange(-half, half + 1)].transpose(1, 0, 2)
    pieces = (pieces - pieces.mean(axis=2, keepdims=True)).reshape(len(places), -1)
    others = pieces.sum(axis=0) - pieces
    size = np.linalg.norm(pieces, axis=1) * np.linalg.norm(others, axis=1)
    return float(np.median((pieces * others).sum(axis=1) / np.maximum(size, 1e-12)))


_MOST = 2_000  # beats asked, the first ones: half an hour
