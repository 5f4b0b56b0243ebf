"""How fast the heart beats, and where it pauses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from suwen.diagnosis.rhythm.nouns import Place, Seen, Sign

__all__ = ["pauses", "rates"]


def rates(seen: Seen) -> Iterator[Sign]:
    """Sinus rhythm, and a rate below 50 or above 100 a minute (ACC/AHA/HRS 2018, 2015)."""
    rate, sinus = seen.measured.rate, seen.atria.sinus
    if rate is None:
        return
    figures, source = {"rate": rate}, "ACC/AHA/HRS 2018: below 50 a minute; above 100"
    if rate < 50:
        yield Sign("sinus_bradycardia" if sinus else "bradycardia", figures, (seen.whole,), source)
    elif rate > 100:
        yield Sign("sinus_tachycardia" if sinus else "tachycardia", figures, (seen.whole,), source)
    elif sinus:
        yield Sign("sinus", figures, (seen.whole,), "ACC/AHA/HRS 2018: P of one shape before each QRS, 50 to 100")


def pauses(seen: Seen, longest: float = 2.5) -> Iterator[Sign]:
    """Intervals of 2.5 s and more that are longer than one and a half of the usual."""
    rr, usual = seen.beats.intervals, (seen.measured.rr or 0.0) / 1000
    where = np.flatnonzero((rr >= longest) & (rr > 1.5 * usual))
    if len(where):
        places = tuple(Place(float(seen.beats.seconds[at]), float(seen.beats.seconds[at + 1])) for at in where)
        yield Sign("pause", {"longest": float(rr.max()), "count": float(len(where))}, places, "over 2.5 s")
