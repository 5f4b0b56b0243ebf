"""Conduction from the atria to the ventricles: AV blocks, with where they are seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from suwen.diagnosis.rhythm.beats import Beats
from suwen.diagnosis.rhythm.delineation import Delineation
from suwen.diagnosis.rhythm.kinds import irregularity
from suwen.diagnosis.rhythm.nouns import Place, Seen, Sign

__all__ = ["apart", "conduction", "dropped"]

_SOURCE = "ACC/AHA/HRS 2018"


def conduction(seen: Seen) -> Iterator[Sign]:
    """First-degree, Mobitz I and third-degree block (ACC/AHA/HRS 2018 on bradycardia and conduction delay)."""
    atria, pr = seen.atria, seen.measured.pr
    if atria.dropped:
        places = tuple(_after(seen.beats, one) for one in atria.dropped)
        figures = {"count": float(len(places))}
        yield Sign("wenckebach", figures, places, f"{_SOURCE}: PR grows until a beat is dropped")
    if atria.apart:
        yield Sign("complete_block", {"rate": seen.measured.rate or 0.0}, (seen.whole,), _SOURCE)
    if pr is not None and pr > 200 and atria.alike >= 0.5 and atria.sinus and not atria.dropped:
        yield Sign("first_degree", {"pr": pr}, (seen.whole,), f"{_SOURCE}: PR above 200 ms")


def _after(beats: Beats, second: float) -> Place:
    following = beats.seconds[beats.seconds > second + 1e-6]
    return Place(second, float(following[0]) if len(following) else second)


def dropped(beats: Beats, kinds: Sequence[str], found: Delineation) -> tuple[float, ...]:
    """Begins of long intervals that PR is longer before than after, each time by about the same (Mobitz I, 1924).

    A long interval after a premature beat is its pause, and no beat was dropped.
    """
    rr = beats.intervals
    pr = (found.qrs_on - found.p_peak) / beats.rate
    if len(rr) < 5:
        return ()
    regular = np.array([kind == "N" for kind in kinds[:-1]])
    long = np.flatnonzero((rr > 1.25 * np.median(rr)) & (rr < 2.2 * np.median(rr)) & regular)
    fall = pr[long] - pr[long + 1]
    there = np.isfinite(fall)
    fitting = there & (fall > 0.03) & (fall < 0.3)
    if fitting.sum() < 2 or fitting.sum() < 0.8 * len(long) or np.std(fall[fitting]) > 0.03:
        return ()
    return tuple(float(beats.seconds[at]) for at in long[fitting])


def apart(beats: Beats, found: Delineation, rate: float | None) -> bool:
    """A slow and even rhythm: before some of its beats stand P waves, at changing distances, before others none."""
    pr = (found.qrs_on - found.p_peak) / beats.rate
    pr = pr[np.isfinite(pr)]
    slow = rate is not None and rate < 50
    even = irregularity(beats.seconds) < 0.05
    return bool(slow and even and 3 <= len(pr) <= 0.8 * len(beats.samples) and np.ptp(pr) > 0.06)
