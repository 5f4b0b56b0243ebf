"""What an electrocardiogram says: beats, intervals and waves measured, and signs named by rules with their source.

Every sign carries the figures it rests on and the places of the trace where it is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.atria import atria
from suwen.diagnosis.rhythm.beats import Beats, Method, find_beats
from suwen.diagnosis.rhythm.bundles import bundles
from suwen.diagnosis.rhythm.conduction import conduction
from suwen.diagnosis.rhythm.delineation import delineate, median_beat
from suwen.diagnosis.rhythm.doubt import doubt
from suwen.diagnosis.rhythm.ectopy import premature
from suwen.diagnosis.rhythm.fibrillation import fibrillation_signs
from suwen.diagnosis.rhythm.filters import checked, notch
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
from suwen.subject import Saying, Sex

__all__ = ["RULES", "read_rhythm"]

_NO_BEATS = Saying(
    "asystole and ventricular fibrillation are not excluded: look at the patient, the electrodes and the trace",
    "不能排除心搏停止或心室颤动：请查看患者、电极与波形",
)
_WILD = 1e6  # mV
_HUM, _STRETCH = 0.02, 10.0  # mV of amplitude; s

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
    trace = _possible(checked(values, rate))
    named = tuple(names)
    quality = signal_quality(trace, rate, named or tuple(str(at + 1) for at in range(len(trace))), mains=mains)
    trace = _without_hum(trace, rate, mains)
    beats = find_beats(trace, rate, method=method)
    seen = _seen(trace, rate, named, beats, quality, age, sex)
    if len(beats.samples) < 2:
        signs: tuple[Sign, ...] = (Sign("no_beats", detail=(_NO_BEATS,)),)
    else:
        doubtful = doubt(seen)
        said = (doubtful,) if doubtful else tuple(sign for rule in RULES for sign in rule(seen))
        signs = said or (Sign("unclear"),)
    return Reading(beats, seen.kinds, seen.found, seen.measured, signs, quality, seen.atria, seen.waves, seen.median)


def _without_hum(trace: Any, rate: float, mains: float) -> Any:
    """Less the mains in those leads that have it: 0.05 mV of it moves waves, and hides or makes bundle-branch blocks.

    Leads without it are left as they are, since no notch leaves QRS quite alone.
    """
    humming = _hum(trace, rate, mains) > _HUM
    if not humming.any():
        return trace
    clean = trace.copy()
    clean[humming] = notch(trace[humming], rate, mains)
    return clean


def _hum(trace: Any, rate: float, mains: float) -> NDArray[np.float64]:
    """Amplitude of the mains in mV in each lead, beside QRS; of a long trace, in six stretches of ten seconds."""
    length = round(_STRETCH * rate)
    begins = np.linspace(0, max(0, trace.shape[1] - length), 6 if trace.shape[1] > 6 * length else 1).astype(int)
    ends = trace.shape[1] if len(begins) == 1 else begins + length
    found = np.zeros((len(trace), len(begins)))
    for at, (begin, end) in enumerate(np.broadcast(begins, ends)):
        part = trace[:, begin:end]
        moved = np.abs(part - notch(part, rate, mains)) if part.shape[1] > rate else np.zeros((len(part), 1))
        found[:, at] = np.median(np.where(np.isfinite(moved), moved, 0.0), axis=1)
    return np.asarray(np.sqrt(2) * np.median(found, axis=1))


def _possible(trace: Any) -> Any:
    """Without what no body has (a kilovolt and more, of a damaged gain): it is missing, and overflows no square."""
    wild = np.abs(trace) >= _WILD
    return np.where(wild, np.float32(np.nan), trace) if wild.any() else trace


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
