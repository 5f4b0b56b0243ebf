"""Repolarisation: QT too long or too short for the rate, T waves that are upside down, flat or tall."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from suwen.diagnosis.rhythm.citations import INFARCTION, REPOLARISATION, SHORT_QT, YANKELSON
from suwen.diagnosis.rhythm.leads import neighbouring, places_of, usable
from suwen.diagnosis.rhythm.nouns import LeadWaves, Seen, Sign
from suwen.diagnosis.rhythm.secondary import altered, cut_short, wide
from suwen.subject import Saying, Sex

__all__ = ["adjusted_qtc", "qt_limit", "repolarisation"]

_LONG_QT = Saying(
    "QT corrected by Fridericia from 460 ms in women, 450 ms in men; from 500 ms dangerous",
    "Fridericia 校正 QT：女性 ≥460 ms，男性 ≥450 ms；≥500 ms 为危险",
)
_SHORT_QT = Saying("QT corrected by Fridericia of 340 ms or less", "Fridericia 校正 QT ≤340 ms")
_REPLACED = Saying(
    "judged with a usual QRS in place of the wide one, which lengthens QT by itself",
    "QRS 波增宽本身延长 QT，已按正常 QRS 时限校准后判断",
)
_DOWN = Saying(
    "T of -0.1 mV or lower in two neighbouring leads (not aVR, V1 and III; aVL and aVF only where QRS is upright)",
    "2 个相邻导联 T 波 ≤−0.1 mV（不计 aVR、V1、III；aVL、aVF 仅在 QRS 主波向上时计）",
)
_FLAT_T = Saying(
    "T between -0.1 and 0.1 mV, or under a tenth of R (of 0.3 mV or more), in two neighbours of I, II, aVL, V4 to V6",
    "I、II、aVL、V4–V6 中 2 个相邻且 R 波 ≥0.3 mV 的导联，T 波在 −0.1 至 0.1 mV 之间或低于 R 波的 1/10",
)
_TALL_T = Saying(
    "T over 0.5 mV in limb leads, over {chest:g} mV in chest leads, in two neighbours",
    "2 个相邻导联 T 波：肢体导联 >0.5 mV，胸导联 >{chest:g} mV",
)
_SLOWEST, _FASTEST = 40.0, 120.0  # beats a minute between which QT can be corrected
_SHORT = 340.0  # ms
_WIDE = 120.0  # ms
_CHILD = 16.0  # years under which T may point down in V1 to V4


def repolarisation(seen: Seen) -> Iterator[Sign]:
    """QT, then T; T is not judged where a wide QRS turns it, nor V1 to V3 with right bundle-branch block."""
    changed = altered(seen)
    if changed & {"preexcitation", "ventricular", "complete_block"} or cut_short(seen):
        return
    yield from _qt(seen)
    if wide(changed):
        return
    leads = usable(seen)
    if "rbbb" in changed:
        leads = {name: waves for name, waves in leads.items() if name not in ("V1", "V2", "V3")}
    yield from _inverted(seen, leads)
    yield from _flat(seen, leads)
    yield from _tall(seen, leads)


def qt_limit(sex: Sex | None) -> float:
    """Corrected QT in ms from which it is long: 460 in women (and where sex is not known), 450 in men (AHA 2009)."""
    return 450.0 if sex is Sex.MALE else 460.0


def adjusted_qtc(qtc: float, qrs: float, sex: Sex | None) -> float:
    """Corrected QT in ms with a usual QRS in place of a wide one: 88 ms in women, 95 in others (Yankelson et al. 2018).

    It foretells the QT of the same people without the block by 1.6 ms, where Bogossian's 48.5 % is 21 ms short.
    """
    return qtc - qrs + (88.0 if sex is Sex.FEMALE else 95.0) if qrs >= _WIDE else qtc


def _qt(seen: Seen) -> Iterator[Sign]:
    """By Fridericia (AHA 2009 warns of Bazett); not in fibrillation or flutter, nor under 40 or over 120 a minute."""
    measured = seen.measured
    qtc, rate = measured.qtc.get("fridericia"), measured.rate
    if qtc is None or measured.qt is None or rate is None or not _SLOWEST <= rate <= _FASTEST:
        return
    if seen.atria.fibrillation or seen.atria.flutter:
        return
    qrs = measured.qrs or 0.0
    figures = {"qt": measured.qt, "qtc": qtc, "qtc_bazett": measured.qtc["bazett"]}
    judged = adjusted_qtc(qtc, qrs, seen.sex)
    source = REPOLARISATION
    detail: tuple[Saying, ...] = ()
    if qrs >= _WIDE:
        figures |= {"qrs": qrs, "qtc_adjusted": judged}
        source, detail = f"{REPOLARISATION}; {YANKELSON}", (_REPLACED,)
    places = places_of(seen, [name for name in ("II", "V5") if name in seen.names] or [""], "qt")
    if judged >= qt_limit(seen.sex):
        yield Sign("long_qt", figures, places, source, _LONG_QT, detail)
    elif qtc <= _SHORT and qrs < _WIDE:
        yield Sign("short_qt", figures, places, SHORT_QT, _SHORT_QT)


def _inverted(seen: Seen, leads: Mapping[str, LeadWaves]) -> Iterator[Sign]:
    """T of -0.1 mV or lower in two neighbours but aVR, V1 and III; in aVL and aVF only with QRS upright there."""
    child = seen.age is not None and seen.age < _CHILD
    left = {"aVR", "V1", "III", *(("V2", "V3", "V4") if child else ())}
    down = []
    for name, waves in leads.items():
        upright = max(waves.r, waves.r2) > -min(waves.q, waves.s)
        if name not in left and waves.t <= -0.1 and (upright or name not in ("aVL", "aVF")):
            down.append(name)
    found = neighbouring(down)
    if found:
        figures = {"amplitude": min(leads[name].t for name in found), "leads": float(len(found))}
        yield Sign("t_inversion", figures, places_of(seen, found, "t"), f"{INFARCTION}; {REPOLARISATION}", _DOWN)


def _flat(seen: Seen, leads: Mapping[str, LeadWaves]) -> Iterator[Sign]:
    """T between -0.1 and 0.1 mV (flat), or under a tenth of R (low), in two neighbours of I, II, aVL, V4 to V6.

    R is to be 0.3 mV or more there; a neighbour whose T is upside down counts as well.
    """
    low = []
    for name in ("I", "II", "aVL", "V4", "V5", "V6"):
        waves = leads.get(name)
        if waves is not None and waves.r >= 0.3 and waves.t < max(0.1, 0.1 * waves.r):
            low.append(name)
    found = [name for name in neighbouring(low) if leads[name].t > -0.1]
    if found:
        figures = {"leads": float(len(found)), "amplitude": max((leads[one].t for one in found), key=abs)}
        yield Sign("t_flat", figures, places_of(seen, found, "t"), REPOLARISATION, _FLAT_T)


def _tall(seen: Seen, leads: Mapping[str, LeadWaves]) -> Iterator[Sign]:
    """T over 0.5 mV in the limbs, over 1.0 mV (in men of 18 to 29 years 1.6, in other men 1.4) in the chest, in two."""
    chest = 1.0 if seen.sex is Sex.FEMALE else 1.6 if seen.age is not None and seen.age < 30 else 1.4
    tall = [name for name, waves in leads.items() if waves.t > (chest if name.startswith("V") else 0.5)]
    found = neighbouring(tall)
    if found:
        figures = {"amplitude": max(leads[name].t for name in found), "leads": float(len(found))}
        rule = Saying(_TALL_T.en.format(chest=chest), _TALL_T.zh.format(chest=chest))
        yield Sign("t_tall", figures, places_of(seen, found, "t"), REPOLARISATION, rule)
