"""Where the heart beat: QRS complexes found over all leads together, each with how sure it is.

Every lead is scored, by the shipped network or by the energy of the signal; a lead counts as much as its peaks stand
out from what lies between them; the tops of the common score are the beats, put on the largest deflection near them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.energy import STEPS, energy_score, widest
from suwen.diagnosis.rhythm.filters import bandpass, bridged, checked
from suwen.errors import InputError, MissingExtraError, NotFoundError

__all__ = ["Beats", "Method", "find_beats", "fused", "located", "picked"]

Floats = NDArray[np.float32]
Method = Literal["auto", "learned", "rules"]
_REFRACTORY = 20  # steps of 10 ms in which no ventricle beats twice
_REFINE = 0.07  # s around a top in which the deflection is looked for
_AT_ONCE = 4000  # beats put on their deflection at once
_FLATTEST = 1e-3  # mV between lowest and highest value, below which a lead shows nothing


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """Samples of the beats in order, how sure each is (0..1), and how they were found.

    `method` is "learned", "rules", or "none" where no lead shows anything; `why` then says so in both languages.
    `used` are the leads (their numbers) that were listened to.
    """

    samples: NDArray[np.int64]
    confidence: NDArray[np.float32]
    rate: float
    method: str
    used: tuple[int, ...] = ()
    why: tuple[str, str] = ("", "")

    @property
    def seconds(self) -> NDArray[np.float64]:
        """Time of the beats from the begin of the trace."""
        return self.samples / self.rate

    @property
    def intervals(self) -> NDArray[np.float64]:
        """RR in seconds, one fewer than beats."""
        return np.diff(self.seconds)


def find_beats(values: Any, rate: float, *, method: Method = "auto") -> Beats:
    """Beats of a trace (leads, time) in mV. "auto" asks the shipped network where PyTorch is there, else the rules.

    Raises:
        InputError: the trace is no array of leads and time, or the method is none of the three.
        MissingExtraError: "learned" was asked for and PyTorch is not installed.

    """
    if method not in ("auto", "learned", "rules"):
        raise InputError(
            f"beats are found by auto, learned or rules, not by {method!r}",
            zh=f"搏动检测方法为 auto、learned 或 rules，而非 {method!r}",
        )
    trace = checked(values, rate)
    used = _living(trace)
    if trace.shape[1] < 0.4 * rate:
        return _nothing(rate, "the trace is shorter than one beat", "记录短于一次心搏")
    if not len(used):
        return _nothing(rate, "no lead shows a signal: flat or missing", "所有导联均无信号：平线或缺失")
    heard = trace if len(used) == len(trace) else trace[used]
    score, how = _scored(heard, rate, method)
    samples, confidence = located(heard, rate, score, learned=how == "learned")
    why = ("", "") if len(samples) else ("no QRS complex was found", "未检出 QRS 波群")
    return Beats(samples, confidence, rate, how, tuple(int(one) for one in used), why)


def located(trace: Floats, rate: float, score: Floats, *, learned: bool) -> tuple[NDArray[np.int64], Floats]:
    """Samples of the beats that the scores (leads, steps) of a trace (leads, time) show, and how sure each is."""
    places, confidence = picked(fused(score), learned=learned)
    return _refined(trace, rate, places, confidence)


def fused(score: Floats) -> Floats:
    """One score (steps,) of all leads (leads, steps): their mean, weighed by how quiet it is between tops."""
    if len(score) == 1:
        return np.asarray(score[0], np.float32)
    tops = np.quantile(score, 0.98, axis=1)
    rest = np.quantile(score, 0.6, axis=1)
    weight = np.clip(1 - 2.2 * rest, 0.03, 1) ** 2 * np.clip(tops, 0.05, 1)
    return np.asarray((weight[:, None] * score).sum(0) / weight.sum(), np.float32)


def picked(score: Floats, *, learned: bool) -> tuple[NDArray[np.int64], Floats]:
    """Steps of the tops of a score (steps,) that are beats, and how sure each is.

    A top is the highest within a refractory time. Between two beats that are far apart, and only there, weaker tops
    count as well (search back, Pan & Tompkins 1985); a weak top soon after a strong beat is its T wave.
    """
    tops = np.flatnonzero((score >= widest(score, _REFRACTORY)) & (score > 0.05))
    tops = tops[np.concatenate([[True], np.diff(tops) > _REFRACTORY])] if len(tops) else tops
    high, low = (0.4, 0.15) if learned else (0.45, 0.33)
    found = _without_t(tops[score[tops] >= high], score, 0.0 if learned else 0.6)
    found = _searched(found, tops, score, low)
    return np.asarray(found, np.int64), np.clip(score[found], 0, 1).astype(np.float32)


def _without_t(tops: NDArray[np.int64], score: Floats, share: float) -> NDArray[np.int64]:
    """Less those within 0.36 s of a beat that reach less than `share` of it."""
    kept: list[int] = []
    for top in tops.tolist():
        if kept and top - kept[-1] < 36 and score[top] < share * score[kept[-1]]:
            continue
        kept.append(top)
    return np.array(kept, np.int64)


def _searched(found: NDArray[np.int64], tops: NDArray[np.int64], score: Floats, low: float) -> NDArray[np.int64]:
    if len(found) < 3:
        return found
    gaps = np.diff(found)
    reach = 41
    padded = np.pad(gaps, reach // 2, mode="reflect" if len(gaps) > reach // 2 else "edge")
    usual = np.median(np.lib.stride_tricks.sliding_window_view(padded, reach), axis=1)
    added: list[int] = []
    weak = tops[(score[tops] >= low)]
    for place in np.flatnonzero(gaps > 1.6 * usual):
        begin, end = found[place] + 36, found[place + 1] - 25
        inside = weak[np.searchsorted(weak, begin) : np.searchsorted(weak, end)]
        if len(inside):
            added.append(int(inside[np.argmax(score[inside])]))
    return np.sort(np.concatenate([found, np.array(added, np.int64)]))


def _scored(trace: Floats, rate: float, method: Method) -> tuple[Floats, str]:
    if method != "rules":
        from suwen.diagnosis.rhythm.network import learned_score  # noqa: PLC0415

        try:
            return learned_score(trace, rate), "learned"
        except (MissingExtraError, NotFoundError):
            if method == "learned":
                raise
    return energy_score(trace, rate), "rules"


def _living(trace: Floats) -> NDArray[np.int64]:
    """Leads of which at least a tenth is there and which are not flat."""
    kept = []
    for number, lead in enumerate(trace):
        there = np.isfinite(lead)
        low, high = lead.min(where=there, initial=np.inf), lead.max(where=there, initial=-np.inf)
        if there.sum() >= max(2, 0.1 * len(lead)) and float(high - low) > _FLATTEST:
            kept.append(number)
    return np.array(kept, np.int64)


def _refined(
    trace: Floats, rate: float, places: NDArray[np.int64], confidence: Floats
) -> tuple[NDArray[np.int64], Floats]:
    """Tops on the sample of the largest deflection over all leads, drift and muscle taken off."""
    if not len(places):
        return places, confidence
    clean, _gaps = bridged(bandpass(trace, rate, 2.0, 35.0), copy=False)
    centre = np.round(places * (rate / STEPS)).astype(np.int64)
    tops = [_largest(clean, rate, centre[begin : begin + _AT_ONCE]) for begin in range(0, len(centre), _AT_ONCE)]
    samples, first = np.unique(np.concatenate(tops), return_index=True)
    return samples, confidence[first]


def _largest(clean: Floats, rate: float, centre: NDArray[np.int64]) -> NDArray[np.int64]:
    """The sample of the largest deflection near each, nearer ones preferred."""
    reach = max(1, round(_REFINE * rate))
    window = np.clip(centre[:, None] + np.arange(-reach, reach + 1), 0, clean.shape[1] - 1)
    nearness = 1 - 0.25 * (np.arange(-reach, reach + 1) / reach) ** 2
    size = np.zeros(window.shape, np.float32)
    for lead in clean:
        size += lead[window] ** 2
    return np.asarray(window[np.arange(len(window)), np.argmax(size * nearness**2, axis=1)], np.int64)


def _nothing(rate: float, english: str, chinese: str) -> Beats:
    return Beats(np.zeros(0, np.int64), np.zeros(0, np.float32), rate, "none", (), (english, chinese))
