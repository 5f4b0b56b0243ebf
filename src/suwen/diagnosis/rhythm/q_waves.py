"""Q waves of an old infarction by the Fourth Universal Definition of MI (2018), and R waves that do not grow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from suwen.diagnosis.rhythm.citations import INFARCTION, POOR_R
from suwen.diagnosis.rhythm.leads import places_of, usable
from suwen.diagnosis.rhythm.nouns import LeadWaves, Seen, Sign
from suwen.diagnosis.rhythm.secondary import adult, altered, wide
from suwen.subject import Saying

__all__ = ["old_infarction", "q_waves"]

_Q = Saying(
    "Q over 20 ms in V2 or V3, or QS in both; elsewhere Q of 30 ms and 0.1 mV or more, or QS, in two leads of one "
    "group (I, aVL; V3 to V6; II, III, aVF)",
    "V2 或 V3 导联 Q 波 >20 ms，或两者均呈 QS 型；其他导联 Q 波 ≥30 ms 且 ≥0.1 mV 或呈 QS 型，见于同组 2 个导联"
    "（I、aVL；V3–V6；II、III、aVF）",
)
_TALL_R = Saying(
    "R of over 40 ms and taller than S in V1 and V2, with upright T",
    "V1、V2 导联 R 波 >40 ms 且高于 S 波，T 波直立",
)
_LOW_R = Saying("R of 0.3 mV or less in V3", "V3 导联 R 波 ≤0.3 mV")
_GROUPS = (("I", "aVL"), ("V3", "V4", "V5", "V6"), ("II", "III", "aVF"))
_POOR = 0.3  # mV of R in V3


def q_waves(seen: Seen) -> Iterator[Sign]:
    """Q waves of an old infarction; else R in V3 of 0.3 mV or less (Zema & Kligfield 1982).

    Not judged with left bundle-branch block, pre-excitation, pacing and other wide QRS.
    """
    changed = altered(seen)
    if wide(changed):
        return
    leads = usable(seen)
    found = old_infarction(leads)
    if found:
        depth = {name: abs(leads[name].q) for name in found}
        deepest = max(depth, key=lambda name: depth[name])
        figures = {"leads": float(len(found)), "amplitude": depth[deepest], "duration": leads[deepest].q_ms}
        yield Sign("q_waves", figures, places_of(seen, found, "qrs"), INFARCTION, _Q)
    back = _posterior(leads) if not changed else ()
    if back:
        figures = {"duration": leads[back[0]].r_ms}
        yield Sign("posterior_r", figures, places_of(seen, back, "qrs"), INFARCTION, _TALL_R)
    if not {"V2", "V3"} & set(found) and adult(seen):
        yield from _poor(seen, leads)


def old_infarction(leads: Mapping[str, LeadWaves]) -> tuple[str, ...]:
    """Leads with Q that count: over 20 ms, or QS in both, of V2 and V3; in others 30 ms and 0.1 mV, or QS, in two.

    The two are of one group: I and aVL, V4 to V6 (with V3), II with III and aVF.
    """
    right = [name for name in ("V2", "V3") if name in leads]
    bare = [name for name in right if _qs(leads[name])]
    found = [name for name in right if leads[name].r > 0 and leads[name].q < 0 and leads[name].q_ms > 20]
    found += bare if len(bare) == 2 else []
    for group in _GROUPS:
        deep = [name for name in group if name in leads and _deep(leads[name])]
        if len(deep) > 1 and set(deep) != {"V3"}:
            found += [name for name in deep if name not in found]
    return tuple(found)


def _qs(waves: LeadWaves) -> bool:
    return waves.q < 0 and waves.r == 0 and waves.r2 == 0 and waves.s == 0


def _deep(waves: LeadWaves) -> bool:
    return (_qs(waves) and waves.q <= -0.1) or (waves.q <= -0.1 and waves.q_ms >= 30)


def _posterior(leads: Mapping[str, LeadWaves]) -> tuple[str, ...]:
    """R of at least 40 ms that is taller than S, T upright, in V1 and in V2."""
    fitting = [
        name
        for name in ("V1", "V2")
        if name in leads
        and leads[name].r_ms > 40
        and leads[name].r > -leads[name].s
        and leads[name].q == 0
        and leads[name].t > 0
    ]
    return tuple(fitting) if len(fitting) == 2 else ()


def _poor(seen: Seen, leads: Mapping[str, LeadWaves]) -> Iterator[Sign]:
    """Not where the axis beyond -30 or 90 degrees explains it."""
    axis = seen.measured.axis
    if axis is not None and not -30 <= axis <= 90:
        return
    if "V3" in leads and leads["V3"].r <= _POOR < -min(leads["V3"].q, leads["V3"].s):
        yield Sign("poor_r", {"amplitude": leads["V3"].r}, places_of(seen, ("V3",), "qrs"), POOR_R, _LOW_R)
