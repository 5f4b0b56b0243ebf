"""The nouns of a reading: where on the trace something is seen, a sign of it, and all that was read and measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.beats import Beats
from suwen.diagnosis.rhythm.delineation import Delineation
from suwen.diagnosis.rhythm.intervals import Intervals
from suwen.diagnosis.rhythm.quality import Quality
from suwen.diagnosis.rhythm.vocabulary import SIGNS, urgency_of
from suwen.subject import Saying, Sex

__all__ = ["Atria", "LeadWaves", "Place", "Reading", "Seen", "Sign", "Span"]

Floats = NDArray[np.float32]
Span = tuple[float, float]  # seconds from the begin of the trace
_UNSAID = Saying("", "")


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the trace: seconds from `begin` to `end` (the same for a moment), in one lead, or "" for all."""

    begin: float
    end: float
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of `SIGNS`: the figures it rests on (keys of `FIGURES`), where it is seen, and by which rule.

    `rule` is the criterion in words, `source` the citation alone, which is the same in all languages; `detail` says
    more of what was found here: which criteria are met, which electrodes are likely exchanged.
    """

    key: str
    figures: Mapping[str, float] = field(default_factory=dict)
    places: tuple[Place, ...] = ()
    source: str = ""
    rule: Saying = _UNSAID
    detail: tuple[Saying, ...] = ()

    @property
    def urgency(self) -> int:
        """How urgent it is, 0 to 3; see `vocabulary.urgency_of`."""
        return urgency_of(self.key, self.figures)

    def said(self, lang: str = "en") -> str:
        """What it is called, "en" or "zh"."""
        return SIGNS[self.key].name.said(lang)


@dataclass(frozen=True, slots=True)
class LeadWaves:
    """The waves of one lead in the median beat, mV against the level at the begin of QRS, and ms; nought where absent.

    `q` and `s` are negative, `r` and `r2` (a second R) positive; a QS complex, which only goes down, is `q` with `r`,
    `r2` and `s` 0. `q_ms` and `r_ms` are how long these waves last;
    `p` and `t` are the peaks with their sign; `j` is the level where QRS ends, `st60` and `st80` the levels so many
    ms later (ST segment). `noise` is the standard deviation of the level between T and P.
    """

    p: float = 0.0
    q: float = 0.0
    q_ms: float = 0.0
    r: float = 0.0
    r_ms: float = 0.0
    s: float = 0.0
    r2: float = 0.0
    j: float = 0.0
    st60: float = 0.0
    st80: float = 0.0
    t: float = 0.0
    noise: float = 0.0


@dataclass(frozen=True, slots=True)
class Atria:
    """What the atria do: spans of fibrillation and of flutter, and how they go with the ventricles.

    `alike` is how alike the places before QRS are (P waves repeat themselves), 0..1; `irregular` how uneven RR is;
    `dropped` are the seconds of beats after which one was dropped (Mobitz I), `apart` says that P and QRS go apart.
    """

    fibrillation: tuple[Span, ...] = ()
    flutter: tuple[Span, ...] = ()
    alike: float = 0.0
    irregular: float = 0.0
    dropped: tuple[float, ...] = ()
    apart: bool = False

    @property
    def sinus(self) -> bool:
        """Whether P waves of one kind go before QRS, as far as can be told."""
        return not self.fibrillation and not self.flutter and not self.apart and bool(self.alike >= 0.5 or self.dropped)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """All that the rules look at: the trace (leads, time) in mV with what was measured of it, and whose it is.

    `waves` are those of the median beat by lead; without 12 leads some are not there. `age` is in years.
    """

    trace: Floats
    rate: float
    names: tuple[str, ...]
    beats: Beats
    kinds: tuple[str, ...]
    found: Delineation
    measured: Intervals
    median: Floats
    waves: Mapping[str, LeadWaves]
    quality: Quality
    atria: Atria
    age: float | None = None
    sex: Sex | None = None

    def beat(self, number: int) -> Place:
        """The place of a beat over all leads: its QRS, or 50 ms around R where that was not found."""
        on, off = self.found.qrs_on[number] / self.rate, self.found.qrs_off[number] / self.rate
        at = float(self.beats.seconds[number])
        return Place(
            float(on) if np.isfinite(on) else max(0.0, at - 0.05),
            float(off) if np.isfinite(off) else min(self.trace.shape[1] / self.rate, at + 0.05),
        )

    @property
    def whole(self) -> Place:
        """From the first beat to the last."""
        return Place(float(self.beats.seconds[0]), float(self.beats.seconds[-1]))


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """All that was found in a trace: beats and their kinds ("N", "V", "S"), fiducials, intervals, waves, signs."""

    beats: Beats
    kinds: tuple[str, ...]
    fiducials: Delineation
    intervals: Intervals
    signs: tuple[Sign, ...]
    quality: Quality
    atria: Atria
    waves: Mapping[str, LeadWaves]
    median: Floats

    def sign(self, key: str) -> Sign | None:
        """The sign of this key, if it was found."""
        return next((one for one in self.signs if one.key == key), None)
