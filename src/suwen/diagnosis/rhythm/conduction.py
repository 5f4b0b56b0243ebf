"""Conduction from the atria to the ventricles: AV blocks, long and short PR, with where they are seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from suwen.diagnosis.rhythm.av_block import Blocks, av_blocks
from suwen.diagnosis.rhythm.beats import Beats
from suwen.diagnosis.rhythm.citations import BRADYCARDIA, OWN, QRS
from suwen.diagnosis.rhythm.delineation import Delineation
from suwen.diagnosis.rhythm.kinds import irregularity
from suwen.diagnosis.rhythm.nouns import Place, Seen, Sign
from suwen.diagnosis.rhythm.pacing import paced
from suwen.diagnosis.rhythm.preexcitation import delta_wave
from suwen.subject import Saying

__all__ = ["apart", "conduction", "dropped"]

_RULES = {
    "wenckebach": Saying("PR grows until a P is not conducted, and is shorter after it",
                         "PR 间期逐渐延长直至 P 波未下传，其后 PR 间期缩短"),
    "mobitz_ii": Saying("PR is constant before and after a P that is not conducted", "P 波未下传前后 PR 间期固定"),
    "two_to_one": Saying("every second P is not conducted", "每 2 个 P 波仅 1 个下传"),
    "high_grade": Saying("two or more P waves in a row are not conducted, while some are",
                         "连续 2 个或以上 P 波未下传，但仍有 P 波下传"),
    "complete_block": Saying("no P is conducted: atria and ventricles each beat at an even rate of their own",
                             "P 波均不下传：心房与心室各按自身规则频率搏动"),
    "blocked_pac": Saying("an early P, on the T wave, that no QRS follows, and then a pause",
                          "提前出现的 P 波（落在 T 波上）其后无 QRS 波，随后出现间歇"),
    "first_degree": Saying("PR over 200 ms, every P conducted", "PR 间期 >200 ms，P 波均下传"),
    "short_pr": Saying("PR under 120 ms in adults, without a delta wave", "成人 PR 间期 <120 ms，无 δ 波"),
}  # fmt: skip


def conduction(seen: Seen) -> Iterator[Sign]:
    """AV block of every degree, premature atrial beats that are not conducted, PR above 200 and below 120 ms."""
    if paced(seen):
        return
    blocks = av_blocks(seen)
    yield from _steady(seen, blocks)
    yield from _events(seen, blocks)
    pr = seen.measured.pr
    measured = pr is not None and seen.atria.sinus and blocks.steady != "complete_block" and _agreed(seen)
    if pr is not None and measured and pr > 200 and seen.atria.alike >= 0.5 and not seen.atria.dropped:
        yield _sign("first_degree", {"pr": pr}, (seen.whole,))
    if pr is not None and measured and pr < 120 and not _child(seen) and delta_wave(seen) is None:
        yield _sign("short_pr", {"pr": pr}, (seen.whole,))


def _steady(seen: Seen, blocks: Blocks) -> Iterator[Sign]:
    """Block that lasts through the whole trace."""
    key = blocks.steady or ("complete_block" if seen.atria.apart else "")
    if not key:
        return
    figures = {"rate": seen.measured.rate or 0.0}
    if blocks.atrial:
        figures["atrial_rate"] = blocks.atrial
    if key != "complete_block":
        figures["ratio"] = blocks.ratio
    yield _sign(key, figures, (seen.whole,))


def _events(seen: Seen, blocks: Blocks) -> Iterator[Sign]:
    """Single beats that were dropped, in the order of what they mean."""
    periods = tuple(_after(seen.beats, one) for one in seen.atria.dropped)
    for key in ("wenckebach", "mobitz_ii", "high_grade", "blocked_pac"):
        own = periods if key == "wenckebach" and periods else blocks.events.get(key, ())
        if key in ("mobitz_ii", "blocked_pac") and periods:
            continue
        if own:
            figures = {"count": float(len(own)), "longest": max(one.end - one.begin for one in own)}
            yield _sign(key, figures, own)


def _sign(key: str, figures: dict[str, float], places: tuple[Place, ...]) -> Sign:
    source = {"blocked_pac": OWN, "short_pr": QRS}.get(key, BRADYCARDIA)
    return Sign(key, figures, places, source, _RULES[key])


def _agreed(seen: Seen) -> bool:
    """Whether PR was measured in at least half of the beats, and alike in most."""
    pr = (seen.found.qrs_on - seen.found.p_on) / seen.rate
    there = pr[np.isfinite(pr)]
    return len(there) >= 0.4 * len(pr) and float(np.median(np.abs(there - np.median(there)))) <= 0.02


def _child(seen: Seen) -> bool:
    return seen.age is not None and seen.age < 16


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
    some = max(3, 0.25 * len(beats.samples)) <= len(pr) <= 0.8 * len(beats.samples)
    return bool(slow and even and some and np.ptp(pr) > 0.06)
