"""Rhythm: what an ECG says, as functions of arrays of millivolts: quality, beats, fiducials, intervals, signs."""

from suwen.diagnosis.rhythm.beats import Beats, find_beats
from suwen.diagnosis.rhythm.delineation import Delineation, delineate, median_beat
from suwen.diagnosis.rhythm.intervals import Intervals, frontal_axis, intervals, qt_corrected
from suwen.diagnosis.rhythm.nouns import Atria, LeadWaves, Place, Reading, Seen, Sign
from suwen.diagnosis.rhythm.quality import Flaw, Quality, signal_quality
from suwen.diagnosis.rhythm.rhythm import read_rhythm
from suwen.diagnosis.rhythm.variability import Variability, variability
from suwen.diagnosis.rhythm.vocabulary import FIGURES, SIGNS

__all__ = [
    "FIGURES",
    "SIGNS",
    "Atria",
    "Beats",
    "Delineation",
    "Flaw",
    "Intervals",
    "LeadWaves",
    "Place",
    "Quality",
    "Reading",
    "Seen",
    "Sign",
    "Variability",
    "delineate",
    "find_beats",
    "frontal_axis",
    "intervals",
    "median_beat",
    "qt_corrected",
    "read_rhythm",
    "signal_quality",
    "variability",
]
