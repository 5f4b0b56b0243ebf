"""What an electrocardiogram says: beats, intervals and waves measured, and signs named by rules with their source.

Every sign carries the figures it rests on and the places of the trace where it is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from suwen.diagnosis.rhythm.atria import atria
from suwen.diagnosis.rhythm.beats import Beats, Method, find_beats
from suwen.diagnosis.rhythm.bundles import bundles
from suwen.diagnosis.rhythm.conduction import conduction
from suwen.diagnosis.rhythm.delineation import delineate, median_beat
from suwen.diagnosis.rhythm.ectopy import premature
from suwen.diagnosis.rhythm.fibrillation import fibrillation_signs
from suwen.diagnosis.rhythm.filters import checked
from suwen.diagnosis.rhythm.flutter import flutter_signs
from suwen.diagnosis.rhythm.hypertrophy import chambers
from suwen.diagnosis.rhythm.intervals import intervals
from suwen.diagnosis.rhythm.ischaemia import ischaemia
from suwen.diagnosis.rhythm.kinds import beat_kinds
from suwen.diagnosis.rhythm.nouns import Atria, Reading, Seen, Sign
from suwen.diagnosis.rhythm.pacing import pacing
from suwen.diagnosis.rhythm.preexcitation import preexcitation
from suwen.diagnosis.rhythm.q_waves import q_waves
from suwen.diagnosis.rhythm.quality import Quality, signal_quality
from suwen.diagnosis.rhythm.rates import pauses, rates
from suwen.diagnosis.rhythm.repolarisation import repolarisation
from suwen.diagnosis.rhythm.swaps import electrodes
from suwen.diagnosis.rhythm.waves import lead_waves, usual
from suwen.subject import Sex

__all__ = ["RULES", "read_rhythm"]

# In the order in which a reader is told. A further rule is one function and a line here.
RULES: tuple[Callable[[Seen], Iterator[Sign]], ...] = (
    rates,
    pacing,
    fibrillation_signs,
    flutter_signs,
    pauses,
    premature,
    conduction,
    preexcitation,
    bundles,
    chambers,
    ischaemia,
    q_waves,
    repolarisation,
    electrodes,
)


def read_rhythm(
    values: Any,
    rate: float,
    names: Sequence[str] = (),
    *,
    method: Method = "auto",
    age: float | None = None,
    sex: Sex | None = None,
    mains: float = 50.0,
) -> Reading:
    """Beats, intervals, waves and signs of a trace (leads, time) in mV; `names` are its leads ("I", "II", "V1" ...).

    `age` in years and `sex` move the limits of ST, QT and voltages where guidelines say so; `mains` in Hz.

    Raises:
        InputError: the trace is no array of leads and time.

    """
    trace = checked(values, rate)
    named = tuple(names)
    quality = signal_quality(trace, rate, named or tuple(str(at + 1) for at in range(len(trace))), mains=mains)
    beats = find_beats(trace, rate, method=method)
    seen = _seen(trace, rate, named, beats, quality, age, sex)
    if len(beats.samples) < 2:
        signs: tuple[Sign, ...] = (Sign("no_beats"),)
    else:
        signs = tuple(sign for rule in RULES for sign in rule(seen)) or (Sign("unclear"),)
    return Reading(beats, seen.kinds, seen.found, seen.measured, signs, quality, seen.atria, seen.waves, seen.median)


def _seen(
    trace: Any,
    rate: float,
    names: tuple[str, ...],
    beats: Beats,
    quality: Quality,
    age: float | None,
    sex: Sex | None,
) -> Seen:
    found = delineate(trace, rate, beats.samples)
    kinds = beat_kinds(trace, rate, beats.samples)
    own = usual(found, kinds)  # premature beats have other waves and intervals
    median, _alike = median_beat(trace, rate, own.beats)
    measured = intervals(own, beats.samples, rate, names=names, median=median)
    waves = lead_waves(median, rate, names, own)
    above = atria(trace, rate, beats, kinds, found, measured) if len(beats.samples) > 1 else Atria()
    return Seen(trace, rate, names, beats, kinds, found, measured, median, waves, quality, above, age, sex)
