"""How fast the heart beats, what leads it, and where it pauses."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.av_block import av_blocks, steady_block
from suwen.diagnosis.rhythm.citations import BRADYCARDIA, CHILDREN, OWN, SUPRAVENTRICULAR_2015
from suwen.diagnosis.rhythm.ectopy import wide_tachycardia
from suwen.diagnosis.rhythm.nouns import Place, Seen, Sign
from suwen.diagnosis.rhythm.pacing import paced
from suwen.subject import Saying

__all__ = ["limits_of_rate", "pauses", "rates"]

# awake children by the AHA's Pediatric Advanced Life Support, as Fleming et al. (Lancet 2011;377:1011) list it in
# their appendix: up to this age in years, from, to beats a minute
_CHILDREN = ((0.25, 85.0, 205.0), (2.0, 100.0, 190.0), (10.0, 60.0, 140.0), (16.0, 60.0, 100.0))
_ADULTS = (60.0, 100.0)
_SLOW = 50.0  # beats a minute, under which a ventricular rate of adults is slow whatever leads it
_PAUSED = 1.5  # times the usual RR
_WORTH, _HARDLY = 0.9, 0.12  # quality of the best lead, as noise hides P; share of beats with a P wave
_WINDOW = 10.0  # s in which the longest and the shortest interval are compared, as on a standard page
_SINUS = Saying(
    "P of one shape before each QRS, {low:g} to {high:g} beats a minute",
    "每个 QRS 前有形态一致的 P 波，{low:g}–{high:g} 次/分",
)
_BRADYCARDIA = Saying(
    "sinus rhythm under 60 beats a minute, as readers commonly say; ACC/AHA/HRS 2018 counts bradycardia from under 50",
    "窦性心律，低于 60 次/分（临床判读惯例；ACC/AHA/HRS 2018 指南以低于 50 次/分为心动过缓）",
)
_BELOW = Saying("{what} under {low:g} beats a minute{age}", "{what}，低于 {low:g} 次/分{age}")
_ABOVE = Saying("{what} above {high:g} beats a minute{age}", "{what}，高于 {high:g} 次/分{age}")
_WHAT = {True: Saying("sinus rhythm", "窦性心律"), False: Saying("ventricular rate", "心室率")}
_AGE = Saying(", the limit at this age", "（该年龄界值）")
_ARRHYTHMIA = Saying(
    "sinus rhythm whose longest and shortest RR within ten seconds differ by over 120 ms and by over 10 % of RR",
    "窦性心律，10 秒内最长与最短 RR 之差超过 120 ms 且超过 RR 的 10%",
)
_JUNCTIONAL = Saying(
    "even RR, narrow QRS, no P before it, up to 100 beats a minute (the junction by itself beats 40 to 60)",
    "RR 规则，QRS 波不宽，其前无 P 波，不超过 100 次/分（交界区自身频率 40–60 次/分）",
)
_IDIOVENTRICULAR = Saying(
    "even RR, QRS of 120 ms or more, no P before it, up to 100 beats a minute (ventricles by themselves beat 20 to 40)",
    "RR 规则，QRS 波 ≥120 ms，其前无 P 波，不超过 100 次/分（心室自身频率 20–40 次/分）",
)
_PAUSE = Saying("an interval of 3 s or more, half as long again as usual", "RR 间期 ≥3 秒，且比平均水平长一半以上")
_SHORT_PAUSE = Saying(
    "an interval of 2 s to less than 3 s, half as long again as usual; guidelines name a pause from over 3 s",
    "RR 间期 2 秒至不足 3 秒，且比平均水平长一半以上；指南以超过 3 秒为长间歇",
)


def limits_of_rate(age: float | None) -> tuple[float, float]:
    """Beats a minute under and over which sinus rhythm is called slow and fast; age in years, none for an adult.

    Adults: 60 and 100, as readers and the labels of PhysioNet have it (ACC/AHA/HRS 2018 counts bradycardia from under
    50). Children: the ranges of Pediatric Advanced Life Support for awake children.
    """
    if age is not None:
        for until, low, high in _CHILDREN:
            if age < until:
                return low, high
    return _ADULTS


def rates(seen: Seen) -> Iterator[Sign]:
    """Sinus rhythm and its rate, or another even rhythm by its rate, QRS and P waves."""
    rate = seen.measured.rate
    if rate is None or paced(seen):
        return
    block = steady_block(seen).steady
    sinus = seen.atria.sinus and not block and not wide_tachycardia(seen) and not _without_p(seen, rate)
    if sinus:
        yield from _sinus(seen, rate)
    else:
        yield from _ventricular(seen, rate)
    if not sinus and not block and not seen.atria.apart:
        yield from _escape(seen, rate)


def _ventricular(seen: Seen, rate: float) -> Iterator[Sign]:
    """A ventricular rate that no sinus node leads, where it is slow or fast."""
    low, high = limits_of_rate(seen.age)
    grown = (low, high) == _ADULTS
    low = _SLOW if grown else low
    if rate < low:
        source = BRADYCARDIA if grown else CHILDREN
        yield Sign("bradycardia", {"rate": rate}, (seen.whole,), source, _limit(_BELOW, seen, low, high))
    elif rate > high and not wide_tachycardia(seen):
        source = SUPRAVENTRICULAR_2015 if grown else CHILDREN
        yield Sign("tachycardia", {"rate": rate}, (seen.whole,), source, _limit(_ABOVE, seen, low, high))


def _limit(said: Saying, seen: Seen, low: float, high: float, *, sinus: bool = False) -> Saying:
    """The limit in words; that of a child says so."""
    age = Saying("", "") if limits_of_rate(seen.age) == _ADULTS else _AGE
    what = _WHAT[sinus]
    return Saying(
        said.en.format(what=what.en, low=low, high=high, age=age.en),
        said.zh.format(what=what.zh, low=low, high=high, age=age.zh),
    )


def _sinus(seen: Seen, rate: float) -> Iterator[Sign]:
    low, high = limits_of_rate(seen.age)
    grown, figures, where = (low, high) == _ADULTS, {"rate": rate}, (seen.whole,)
    of_node = _conducted(seen)
    if of_node is not None:
        rate, figures = of_node, figures | {"atrial_rate": of_node}
    if rate < low:
        rule = _BRADYCARDIA if grown else _limit(_BELOW, seen, low, high, sinus=True)
        source = f"{OWN}; {BRADYCARDIA}" if grown else CHILDREN
        yield Sign("sinus_bradycardia", figures, where, source, rule)
    elif rate > high:
        source = SUPRAVENTRICULAR_2015 if grown else CHILDREN
        yield Sign("sinus_tachycardia", figures, where, source, _limit(_ABOVE, seen, low, high, sinus=True))
    else:
        source = f"{OWN}; {SUPRAVENTRICULAR_2015}" if grown else CHILDREN
        yield Sign("sinus", figures, where, source, _limit(_SINUS, seen, low, high))
    uneven = _sinus_arrhythmia(seen)
    if uneven is not None:
        yield Sign("sinus_arrhythmia", figures | {"variation": uneven}, where, OWN, _ARRHYTHMIA)


def _conducted(seen: Seen) -> float | None:
    """Beats a minute of the sinus node where P waves are not conducted: the long intervals are left out; else None."""
    events = (place.begin for places in av_blocks(seen).events.values() for place in places)
    begins = np.array([*seen.atria.dropped, *events])
    rr = seen.beats.intervals
    if not len(begins):
        return None
    kept = rr[np.abs(seen.beats.seconds[:-1, None] - begins).min(axis=1) > 1e-3]
    return float(60 / kept.mean()) if len(kept) else None


def _sinus_arrhythmia(seen: Seen) -> float | None:
    """Longest less shortest RR in ms between usual beats, median over ten seconds each, where it is over 120 and 10 %.

    Both usual limits are asked for together: one alone is passed by healthy slow, or by healthy fast hearts.
    """
    plain = np.array([kind == "N" for kind in seen.kinds])
    rr, at = seen.beats.intervals, seen.beats.seconds[1:]
    keep = plain[1:] & plain[:-1] & (rr < _PAUSED * np.median(rr))  # a pause or a dropped beat is none of breathing
    if keep.mean() < 0.7 or seen.atria.dropped:
        return None
    swings = [swing for part in _windows(rr, at, keep) if (swing := _swing(part)) is not None]
    if not swings:
        return None
    wide = float(np.median(swings))
    return 1000 * wide if wide > 0.12 and wide > 0.1 * float(np.median(rr)) else None


def _windows(rr: NDArray[np.float64], at: NDArray[np.float64], keep: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    number = ((at - at[0]) // _WINDOW).astype(int)
    edges = np.searchsorted(number, np.arange(number[-1] + 2))
    return [rr[a:b][keep[a:b]] for a, b in pairwise(edges.tolist())]


def _swing(rr: NDArray[np.float64]) -> float | None:
    """Longest less shortest of five intervals or more."""
    return float(np.ptp(rr)) if len(rr) >= 5 else None


def _without_p(seen: Seen, rate: float) -> bool:
    """Whether an even rhythm up to 100 a minute has P waves before hardly any beat, in a trace that could show them."""
    rr = seen.beats.intervals
    if seen.atria.fibrillation or seen.atria.flutter or len(rr) < 5 or rate > 100:
        return False
    even = float(np.median(np.abs(np.diff(rr)))) < 0.05 * float(np.median(rr)) and float(np.ptp(rr)) < 0.2
    few = _led_by_p(seen) < _HARDLY and np.isfinite(seen.found.p_peak).mean() < 0.3
    return bool(even and few and seen.quality.leads.max() > _WORTH)


def _led_by_p(seen: Seen) -> float:
    """Share of the beats with a P wave at the usual distance; what noise is taken for one stands anywhere."""
    pr = (seen.found.qrs_on - seen.found.p_peak) / seen.rate
    there = pr[np.isfinite(pr)]
    return float((np.abs(there - np.median(there)) < 0.03).sum() / len(pr)) if len(there) else 0.0


def _escape(seen: Seen, rate: float) -> Iterator[Sign]:
    """Of such a rhythm where it comes from: junctional where QRS is narrow, idioventricular where it is wide."""
    qrs = seen.measured.qrs
    if qrs is not None and _without_p(seen, rate):
        key, rule = ("junctional", _JUNCTIONAL) if qrs < 120 else ("idioventricular", _IDIOVENTRICULAR)
        yield Sign(key, {"rate": rate, "qrs": qrs}, (seen.whole,), OWN, rule)


def pauses(seen: Seen) -> Iterator[Sign]:
    """Intervals from 2 s, half as long again as usual: from 3 s the pause that ACC/AHA/HRS 2018 and ESC 2021 name."""
    rr, usual = seen.beats.intervals, (seen.measured.rr or 0.0) / 1000
    where = np.flatnonzero((rr >= 2.0) & (rr > 1.5 * usual))
    where = np.array([at for at in where.tolist() if _visible(seen, at)], np.int64)
    long = rr[where] >= 3.0
    for key, inside, rule in (("pause", long, _PAUSE), ("short_pause", ~long, _SHORT_PAUSE)):
        own = where[inside]
        if len(own):
            at = seen.beats.seconds
            places = tuple(Place(float(at[one]), float(at[one + 1])) for one in own)
            figures = {"longest": float(rr[own].max()), "count": float(len(own))}
            yield Sign(key, figures, places, BRADYCARDIA, rule)


def _visible(seen: Seen, number: int) -> bool:
    """Whether some lead could have shown a beat in this interval: it is there, not flat and not cut off."""
    begin, end = seen.beats.seconds[number : number + 2]
    index = seen.quality.index[:, int(begin) : int(end) + 1]
    return bool(index.size and (index.max(axis=0) >= 0.4).all())
