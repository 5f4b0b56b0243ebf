"""ST segments: raised or lowered, in which part of the heart, by the Fourth Universal Definition of MI (2018).

Wide QRS of the left bundle branch, of a pacemaker or without a name moves ST by itself; there the criteria of Sgarbossa
as modified by Smith (2012) are asked instead. With pre-excitation and ventricular rhythms ST is not judged at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from suwen.diagnosis.rhythm.citations import (
    ARMSTRONG,
    CORONARY,
    CORONARY_2017,
    EARLY_REPOLARISATION,
    INFARCTION,
    SMITH,
)
from suwen.diagnosis.rhythm.hypertrophy import left_voltages
from suwen.diagnosis.rhythm.leads import neighbouring, places_of, usable
from suwen.diagnosis.rhythm.nouns import LeadWaves, Seen, Sign
from suwen.diagnosis.rhythm.secondary import altered, wide
from suwen.diagnosis.rhythm.waves import limits, usual
from suwen.subject import Saying, Sex

__all__ = ["ischaemia", "notched", "raised", "st_limit"]

_RAISED = Saying("J raised by 0.1 mV or more{more} in two neighbouring leads", "2 个相邻导联 J 点抬高 ≥0.1 mV{more}")
_IN_TWO = Saying(", in V2 and V3 by {limit:g} mV or more,", "（V2、V3 导联 ≥{limit:g} mV）")
_THICK = Saying(
    "voltages of a thick left ventricle: where QRS points down, a quarter of S was asked for",
    "有左心室高电压：QRS 主波向下的导联要求抬高 ≥S 波的 1/4",
)
_LOWERED = Saying(
    "J lowered by 0.05 mV or more, ST horizontal or falling, in two neighbouring leads",
    "2 个相邻导联 J 点压低 ≥0.05 mV，ST 段呈水平型或下斜型",
)
_OPPOSITE = Saying(
    "ST is raised in other leads: this may be its mirror image", "其他导联 ST 段抬高：此处可能为对应性改变"
)
_RULES = {
    "right_ventricle": Saying("ST raised in inferior leads and by 0.1 mV or more in V1, not in V2 and V3",
                              "下壁导联 ST 段抬高，同时 V1 导联抬高 ≥0.1 mV，V2、V3 不抬高"),
    "posterior_wall": Saying("ST lowered in V1 to V3 (at most to V4) with upright T",
                             "V1–V3 导联（至多到 V4）ST 段压低而 T 波直立"),
    "diffuse_depression": Saying(
        "ST lowered by 0.1 mV or more in six leads or more, raised in aVR or V1: left main stem or several vessels",
        "6 个或以上导联 ST 段压低 ≥0.1 mV，aVR 或 V1 导联抬高：提示左主干或多支病变"),
    "early_repolarisation": Saying(
        "QRS under 120 ms ends in a notch or slur of 0.1 mV or more in two neighbouring leads (not V1 to V3)",
        "QRS 波 <120 ms，2 个相邻导联（V1–V3 除外）QRS 终末有 ≥0.1 mV 的切迹或顿挫"),
    "sgarbossa_up": Saying(
        "wide QRS: J raised by 0.1 mV or more in a lead whose QRS points up, or by a quarter of S where it points down",
        "宽 QRS 波：QRS 主波向上的导联 J 点抬高 ≥0.1 mV，或主波向下的导联抬高 ≥S 波的 1/4"),
    "sgarbossa_down": Saying("wide QRS: J lowered by 0.1 mV or more in V1 to V3, where QRS points down",
                             "宽 QRS 波：V1–V3 导联 QRS 主波向下而 J 点压低 ≥0.1 mV"),
}  # fmt: skip
_ORDER = ("I", "II", "III", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8", "V9", "V3R", "V4R")
_LOW = -0.05  # mV of ST depression
_FLAT = 0.04  # mV that a horizontal ST segment may rise from J to 80 ms later
_NOTCH = 0.1  # mV, Macfarlane 2015
_FEWEST = 6  # leads from which one alone may speak: it does of the twelve that Smith judged, not of a monitor's one
_DIFFUSE = 6  # leads with ST depression of 0.1 mV


def ischaemia(seen: Seen) -> Iterator[Sign]:
    """ST elevation, depression, early repolarisation, and what hints at the back wall, the right ventricle, the stem.

    Early repolarisation (Macfarlane et al. 2015: end of QRS notched or slurred at 0.1 mV or more in two neighbouring
    leads but V1 to V3, QRS under 120 ms) is said beside ST elevation, never instead of it. Chest leads that may be out
    of order are judged all the same: their ST is raised wherever they are.
    """
    leads, changed = usable(seen, order=False), altered(seen)
    if changed & {"preexcitation", "ventricular", "complete_block"} or not leads or seen.atria.flutter:
        return  # flutter waves run through ST
    if wide(changed):
        if len(seen.names) >= _FEWEST:
            yield from _sgarbossa(seen, leads)
        return
    thick = _thick(seen, leads)
    up = raised(leads, seen.age, seen.sex, thick=thick)
    yield from _elevation(seen, leads, up, thick=thick)
    yield from _depression(seen, _without_right(leads, changed), up)
    early = notched(seen, leads) if not changed else ()
    if early:
        figures, rule = {"leads": float(len(early))}, _RULES["early_repolarisation"]
        yield Sign("early_repolarisation", figures, places_of(seen, early, "st"), EARLY_REPOLARISATION, rule)


def st_limit(lead: str, age: float | None, sex: Sex | None) -> float:
    """Elevation of J in mV from which it counts: Fourth Universal Definition of MI 2018.

    V2 and V3: 0.15 in women, 0.2 in men from 40 years on, 0.25 in younger men; V7 to V9 0.05 (0.1 in men under 40),
    V3R and V4R 0.05 (0.1 in men under 30); 0.1 in all others. What is not known takes the higher limit.
    """
    woman = sex is Sex.FEMALE
    if lead in ("V2", "V3"):
        return 0.15 if woman else 0.2 if age is not None and age >= 40 else 0.25
    if lead in ("V7", "V8", "V9"):
        return 0.05 if woman or (age is not None and age >= 40) else 0.1
    if lead in ("V3R", "V4R"):
        return 0.05 if woman or (age is not None and age >= 30) else 0.1
    return 0.1


def raised(
    leads: Mapping[str, LeadWaves], age: float | None, sex: Sex | None, *, thick: bool = False
) -> tuple[str, ...]:
    """Leads whose ST is raised, and that of a neighbour too.

    With a `thick` left ventricle ST goes up where QRS goes down: there it counts from a quarter of S on (Armstrong et
    al. 2012), as the limits of the definition hold without hypertrophy only.
    """
    up = []
    for name in (one for one in _ORDER if one in leads):
        waves = leads[name]
        deep = -min(waves.q, waves.s)
        against = thick and max(waves.r, waves.r2) < deep
        if waves.j >= max(st_limit(name, age, sex), 0.25 * deep if against else 0.0):
            up.append(name)
    return neighbouring(up)


def _thick(seen: Seen, leads: Mapping[str, LeadWaves]) -> bool:
    voltages = left_voltages(leads, seen.measured.qrs, seen.sex)
    return any(voltages[name][0] >= voltages[name][1] for name in ("sokolow", "cornell") if name in voltages)


def _elevation(seen: Seen, leads: Mapping[str, LeadWaves], up: tuple[str, ...], *, thick: bool) -> Iterator[Sign]:
    if not up:
        return
    figures = {"elevation": max(leads[name].j for name in up), "leads": float(len(up))}
    source, detail = (f"{INFARCTION}; {ARMSTRONG}", (_THICK,)) if thick else (INFARCTION, ())
    yield Sign("st_elevation", figures, places_of(seen, up, "st"), source, _raised_rule(seen, up), detail)
    inferior = {"II", "III", "aVF"} & set(up)
    right = "V1" in leads and leads["V1"].j >= 0.1 and not {"V2", "V3"} & set(up)
    if inferior and right:
        source = f"{CORONARY_2017}; {CORONARY}"
        yield Sign("right_ventricle", {}, places_of(seen, ("V1",), "st"), source, _RULES["right_ventricle"])


def _raised_rule(seen: Seen, up: tuple[str, ...]) -> Saying:
    """The criterion with the limit that V2 and V3 have in this person, where one of them is raised."""
    more = Saying("", "")
    if {"V2", "V3"} & set(up):
        limit = st_limit("V2", seen.age, seen.sex)
        more = Saying(_IN_TWO.en.format(limit=limit), _IN_TWO.zh.format(limit=limit))
    return Saying(_RAISED.en.format(more=more.en), _RAISED.zh.format(more=more.zh))


def _depression(seen: Seen, leads: Mapping[str, LeadWaves], up: tuple[str, ...]) -> Iterator[Sign]:
    low = [name for name in _ORDER if name in leads and _lowered(leads[name])]
    low = [name for name in low if not name.endswith("R")]
    down = neighbouring(low)
    if not down:
        return
    figures = {"depression": min(leads[name].j for name in down), "leads": float(len(down))}
    detail = (_OPPOSITE,) if up else ()
    yield Sign("st_depression", figures, places_of(seen, down, "st"), INFARCTION, _LOWERED, detail)
    back = [name for name in ("V1", "V2", "V3") if name in down]
    if len(back) > 1 and set(down) <= {"V1", "V2", "V3", "V4"} and all(leads[name].t > 0 for name in back):
        yield Sign("posterior_wall", {}, places_of(seen, back, "st"), INFARCTION, _RULES["posterior_wall"])
    deep = [name for name in low if leads[name].j <= -0.1]
    above = [name for name in ("aVR", "V1") if name in leads and leads[name].j >= 0.05]
    if len(deep) >= _DIFFUSE and above:
        figures, rule = {"leads": float(len(deep))}, _RULES["diffuse_depression"]
        yield Sign("diffuse_depression", figures, places_of(seen, deep, "st"), CORONARY_2017, rule)


def _lowered(waves: LeadWaves) -> bool:
    """J, and the ST segment 60 ms later, are low, and it does not rise (within what can be measured)."""
    return waves.j <= _LOW and waves.st60 <= _LOW and waves.st80 <= waves.j + _FLAT


def _without_right(leads: Mapping[str, LeadWaves], changed: frozenset[str]) -> Mapping[str, LeadWaves]:
    """Without V1 to V3 in right bundle-branch block, where ST and T go against the late R wave."""
    if "rbbb" not in changed:
        return leads
    return {name: waves for name, waves in leads.items() if name not in ("V1", "V2", "V3")}


def _sgarbossa(seen: Seen, leads: Mapping[str, LeadWaves]) -> Iterator[Sign]:
    """Smith et al. 2012: with the QRS raised, in V1 to V3 with it lowered, or against it by a quarter of S."""
    up, down = [], []
    for name in (one for one in _ORDER if one in leads):
        waves = leads[name]
        deep = min(waves.q, waves.s)
        net = max(waves.r, waves.r2) + deep
        if waves.j >= 0.1 and (net > 0 or waves.j >= -0.25 * deep):
            up.append(name)
        elif name in ("V1", "V2", "V3") and net < 0 and waves.j <= -0.1:
            down.append(name)
    if up:
        figures = {"elevation": max(leads[name].j for name in up), "leads": float(len(up))}
        yield Sign("st_elevation", figures, places_of(seen, up, "st"), SMITH, _RULES["sgarbossa_up"])
    if down:
        figures = {"depression": min(leads[name].j for name in down), "leads": float(len(down))}
        yield Sign("st_depression", figures, places_of(seen, down, "st"), SMITH, _RULES["sgarbossa_down"])


def notched(seen: Seen, leads: Mapping[str, LeadWaves]) -> tuple[str, ...]:
    """Leads (not V1 to V3) whose R comes down over a notch or slur at 0.1 mV or more, and that of a neighbour too."""
    where = limits(usual(seen.found, seen.kinds), seen.median.shape[1])
    if where is None:
        return ()
    found = []
    for name in (one for one in _ORDER if one in leads and one not in ("V1", "V2", "V3", "V3R", "V4R")):
        line = seen.median[seen.names.index(name)].astype(np.float64)
        level = line[max(0, round(where.on - 0.02 * seen.rate)) : round(where.on)].mean()
        part = line[round(where.on) : round(where.off + 0.02 * seen.rate)] - level
        if leads[name].r >= 3 * _NOTCH and leads[name].s > -_NOTCH and _notch(part, seen.rate) >= _NOTCH:
            found.append(name)
    return neighbouring(found)


def _notch(part: np.ndarray, rate: float) -> float:
    """Height in mV of the top of a second bump on the way down from R, above the level; 0 where there is none.

    The notch is to lie above the level and in the last half of the way down (Macfarlane et al. 2015).
    """
    top = int(np.argmax(part))
    down = part[top:]
    inner = down[1:-1]
    lows = np.flatnonzero((inner < down[:-2]) & (inner <= down[2:])) + 1
    for low in lows:
        rest = down[low:]
        crest = int(np.argmax(rest))
        after = float(rest[crest] - rest[crest:].min())
        if down[low] >= 0 and rest[crest] - down[low] > 0.02 and after > 0.02 and rest[crest] < 0.5 * down[0]:
            return float(rest[crest]) if crest + low > 0.012 * rate else 0.0
    return 0.0
