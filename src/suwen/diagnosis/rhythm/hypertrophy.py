"""Chambers and axis: voltages of a thick ventricle, P waves of large atria, the frontal axis, low voltage; for adults.

Sources: AHA/ACCF/HRS 2009, part V (Hancock et al., Circulation 2009;119:e251) and the papers named with each rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from suwen.diagnosis.rhythm.citations import (
    CHAMBERS,
    CORNELL,
    CORNELL_PRODUCT,
    MINNESOTA,
    P_TERMINAL,
    PEGUERO,
    QRS,
    ROMHILT_ESTES,
    SOKOLOW,
)
from suwen.diagnosis.rhythm.leads import places_of, usable
from suwen.diagnosis.rhythm.nouns import LeadWaves, Seen, Sign
from suwen.diagnosis.rhythm.secondary import adult, altered, wide
from suwen.diagnosis.rhythm.waves import limits, usual
from suwen.subject import Saying, Sex

__all__ = ["chambers", "left_points", "left_voltages", "p_terminal_force"]

_LIMB = ("I", "II", "III", "aVR", "aVL", "aVF")
_CHEST = ("V1", "V2", "V3", "V4", "V5", "V6")
_MS = 1000.0


def chambers(seen: Seen) -> Iterator[Sign]:
    """Hypertrophy, atria, axis and low voltage, where the limits of adults hold (an unknown age counts as adult)."""
    if not adult(seen):
        return
    changed, leads = altered(seen), usable(seen)
    if not wide(changed):
        yield from _left(seen, leads)
        if "rbbb" not in changed:
            yield from _right(seen, leads)
    if seen.atria.sinus:
        yield from _atria(seen, leads)
    if not wide(changed - {"lbbb"}):
        yield from _axis(seen, leads, changed)
        yield from _low(seen, leads)


def _deep(waves: LeadWaves) -> float:
    """Depth of S; a complex that only goes down counts as one."""
    return -waves.s if waves.r > 0 or waves.r2 > 0 else -min(waves.q, waves.s)


def _tall(waves: LeadWaves) -> float:
    return max(waves.r, waves.r2)


def left_voltages(leads: Mapping[str, LeadWaves], qrs: float | None, sex: Sex | None) -> dict[str, tuple[float, float]]:
    """Figure and its limit by criterion; what cannot be measured is not there; a sex not known takes the men's limit.

    Sokolow-Lyon 1949: S in V1 and R in V5 or V6, 3.5 mV. Cornell (Casale 1985): R in aVL and S in V3, over 2.8 mV in
    men, 2.0 in women. Product with QRS (Molloy 1992; Dahlof 2002), 0.8 mV added in women: over 244 mV.ms (2440
    mm.ms). Peguero-Lo Presti 2017: deepest S of any lead and S in V4, 2.8 mV in men, 2.3 in women.
    """
    woman = sex is Sex.FEMALE
    found = {}
    sides = [_tall(leads[name]) for name in ("V5", "V6") if name in leads]
    if "V1" in leads and sides:
        found["sokolow"] = (_deep(leads["V1"]) + max(sides), 3.5)
    if {"aVL", "V3"} <= set(leads):
        cornell = _tall(leads["aVL"]) + _deep(leads["V3"])
        found["cornell"] = (cornell, float(np.nextafter(2.0 if woman else 2.8, 9.0)))
        if qrs is not None:
            found["cornell_product"] = ((cornell + (0.8 if woman else 0.0)) * qrs, float(np.nextafter(244.0, 999.0)))
    if "V4" in leads and len(set(leads) & set(_LIMB + _CHEST)) == 12:
        deepest = max(_deep(leads[name]) for name in _LIMB + _CHEST)
        found["peguero"] = (deepest + _deep(leads["V4"]), 2.3 if woman else 2.8)
    return found


def left_points(seen: Seen, leads: Mapping[str, LeadWaves]) -> int | None:
    """Points of Romhilt & Estes (1968), 5 for definite hypertrophy; None without all twelve leads.

    Voltage 3, ST and T against QRS 3 (no digitalis assumed), left atrium 3, axis from -30 degrees 2, QRS from 90 ms 1,
    time to the peak of R from 50 ms 1, both in V5 or V6 alone: over all leads QRS is longer than they measured it.
    """
    if not set(_LIMB + _CHEST) <= set(leads):
        return None
    limb = max(max(_tall(leads[name]), _deep(leads[name])) for name in _LIMB)
    right = max(_deep(leads[name]) for name in ("V1", "V2"))
    left = max(_tall(leads[name]) for name in ("V5", "V6"))
    axis, times = seen.measured.axis, {name: _times(seen, name) for name in _LIMB + _CHEST}
    points = 3 * (limb >= 2.0 or right >= 3.0 or left >= 3.0)
    points += 3 * any(leads[name].j < -0.05 and leads[name].t < 0 for name in ("V5", "V6"))
    force = p_terminal_force(seen) if seen.atria.sinus else None
    points += 3 * (force is not None and force[0] <= -0.1 and force[1] >= 40)
    points += 2 * (axis is not None and -90 <= axis <= -30)
    points += max(times[name][1] for name in ("V5", "V6")) >= 90
    points += max(times[name][0] for name in ("V5", "V6")) >= 50
    return int(points)


def _times(seen: Seen, name: str) -> tuple[float, float]:
    """Ms of one lead, as on paper: from where it leaves the level by 30 uV to the top of R, and to where QRS ends."""
    where = limits(usual(seen.found, seen.kinds), seen.median.shape[1])
    if where is None:
        return 0.0, 0.0
    line = seen.median[seen.names.index(name)].astype(np.float64)
    level = line[max(0, round(where.on - 0.02 * seen.rate)) : round(where.on)].mean()
    part = line[round(where.on - 0.01 * seen.rate) : round(where.off) + 1] - level
    away = np.flatnonzero(np.abs(part) > 0.03)
    moved = np.flatnonzero(np.abs(part - part[-1]) > 0.03)
    if not len(away) or not len(moved):
        return 0.0, 0.0
    begin = int(away[0])
    return (int(np.argmax(part)) - begin) * _MS / seen.rate, (int(moved[-1]) - begin) * _MS / seen.rate


def _left(seen: Seen, leads: Mapping[str, LeadWaves]) -> Iterator[Sign]:
    """Any criterion; under 35 years voltage alone says little (AHA/ACCF/HRS 2009): 4 points are wanted beside it."""
    voltages = left_voltages(leads, seen.measured.qrs, seen.sex)
    points = left_points(seen, leads)
    met = [name for name, (value, limit) in voltages.items() if value >= limit]
    axis = seen.measured.axis
    if axis is not None and not -30 <= axis <= 90:
        met = [name for name in met if name != "peguero"]  # S is deep from the fascicle, or the right ventricle
    young = seen.age is not None and seen.age < 35
    if young and not (points is not None and points >= 4):
        met = []
    if points is not None and points >= 5:
        met.append("romhilt_estes")
    if not met:
        return
    figures = {name: value for name, (value, _limit) in voltages.items()}
    figures |= {"romhilt_estes": float(points)} if points is not None else {}
    places = places_of(seen, [name for name in ("V1", "V3", "V5", "V6", "aVL") if name in leads], "qrs")
    source = "; ".join((CHAMBERS, *(_CRITERIA[name][1] for name in met)))
    yield Sign("lvh", figures, places, source, _RULES["lvh"], tuple(_CRITERIA[name][0] for name in met))


_CRITERIA = {
    "sokolow": (Saying("Sokolow-Lyon met (from 3.5 mV)", "符合 Sokolow-Lyon（≥3.5 mV）"), SOKOLOW),
    "cornell": (Saying("Cornell met (over 2.8 mV, women 2.0)", "符合 Cornell（>2.8 mV，女性 >2.0 mV）"), CORNELL),
    "cornell_product": (
        Saying("Cornell product met (over 244 mV.ms)", "符合 Cornell 乘积（>244 mV·ms）"),
        CORNELL_PRODUCT,
    ),
    "peguero": (
        Saying("Peguero-Lo Presti met (from 2.8 mV, women 2.3)", "符合 Peguero-Lo Presti（≥2.8 mV，女性 ≥2.3 mV）"),
        PEGUERO,
    ),
    "romhilt_estes": (Saying("Romhilt-Estes met (from 5 points)", "符合 Romhilt-Estes（≥5 分）"), ROMHILT_ESTES),
}
_RULES = {
    "lvh": Saying(
        "at least one voltage or point criterion is met (under 35 years only with 4 points of Romhilt-Estes or more)",
        "至少符合一项电压或积分标准（35 岁以下另须 Romhilt-Estes ≥4 分）"),
    "rvh": Saying("axis beyond 90 degrees; R over S in V1, with R over 0.6 mV, or R with S of V5 or V6 over 1.05 mV",
                  "电轴右偏超过 90°；V1 导联 R>S，且 R>0.6 mV，或 R 与 V5、V6 导联 S 之和 >1.05 mV"),
    "left_atrial": Saying("P of 120 ms or more, or its last part in V1 of 0.04 mm.s or more below the line",
                          "P 波 ≥120 ms，或 V1 导联 P 波终末负向部分 ≥0.04 mm·s"),
    "right_atrial": Saying("P over 0.25 mV in II", "II 导联 P 波 >0.25 mV"),
    "left_axis": Saying("axis beyond -30 up to -90 degrees", "电轴 −30° 至 −90°"),
    "right_axis": Saying("axis beyond 90 up to 180 degrees", "电轴 90° 至 180°"),
    "limb": Saying("QRS under 0.5 mV from top to bottom in all limb leads", "所有肢体导联 QRS 波峰谷值均 <0.5 mV"),
    "chest": Saying("QRS under 1 mV from top to bottom in all chest leads", "所有胸导联 QRS 波峰谷值均 <1 mV"),
}  # fmt: skip


def _right(seen: Seen, leads: Mapping[str, LeadWaves]) -> Iterator[Sign]:
    """Right axis, and in V1 a tall R over S (0.6 mV), or with S in V5 or V6 over 1.05 mV, or R like S in V6."""
    axis = seen.measured.axis
    if axis is None or not {"I", "V1", "V6"} <= set(leads) or not (90 < axis <= 180 or axis < -90):
        return
    one, sides = leads["V1"], [leads[name] for name in ("V5", "V6") if name in leads]
    tall, side = _tall(one), max(_deep(waves) for waves in sides)
    over = tall > _deep(one)
    if (over and tall > 0.6) or (over and tall + side > 1.05):
        figures = {"axis": axis, "amplitude": tall}
        yield Sign("rvh", figures, places_of(seen, ("V1", "V6"), "qrs"), CHAMBERS, _RULES["rvh"])


def p_terminal_force(seen: Seen) -> tuple[float, float] | None:
    """Depth in mV (negative) and ms of the last, negative part of P in V1 of the median beat; None without P or V1."""
    where = limits(usual(seen.found, seen.kinds), seen.median.shape[1])
    if where is None or "V1" not in seen.names or not (np.isfinite(where.p_on) and np.isfinite(where.p_off)):
        return None
    line = seen.median[seen.names.index("V1")].astype(np.float64)
    calm = line[max(0, round(where.on - 0.02 * seen.rate)) : round(where.on)].mean()
    part = line[max(0, round(where.p_on - 0.008 * seen.rate)) : round(where.on - 0.006 * seen.rate)] - calm
    if len(part) < 5:
        return None
    deepest = int(np.argmin(part))
    if part[deepest] > -0.02 or part[deepest:].max() > max(0.02, -0.3 * part[deepest]):
        return 0.0, 0.0
    low = part < -0.01
    left = deepest - int(np.argmin(low[: deepest + 1][::-1])) if not low[: deepest + 1].all() else -1
    right = deepest + int(np.argmin(low[deepest:])) if not low[deepest:].all() else len(part)
    return float(part[deepest]), (right - left - 1) * _MS / seen.rate


def _atria(seen: Seen, leads: Mapping[str, LeadWaves]) -> Iterator[Sign]:
    long = _p_duration(seen)
    force = p_terminal_force(seen) if "V1" in leads else None
    strong = force is not None and force[0] * force[1] <= -4.0
    if strong or (long is not None and long >= 120):
        figures = {} if long is None else {"duration": long}
        figures |= {"amplitude": force[0]} if force is not None and strong else {}
        where = places_of(seen, ("V1",) if strong else ("II",), "p")
        yield Sign("left_atrial", figures, where, f"{CHAMBERS}; {P_TERMINAL}", _RULES["left_atrial"])
    if "II" in leads and leads["II"].p > 0.25:
        figures = {"amplitude": leads["II"].p}
        yield Sign("right_atrial", figures, places_of(seen, ("II",), "p"), CHAMBERS, _RULES["right_atrial"])


def _p_duration(seen: Seen) -> float | None:
    """Median length of P in ms over the beats that have one."""
    long = (seen.found.p_off - seen.found.p_on) * _MS / seen.rate
    there = long[np.isfinite(long)]
    return float(np.median(there)) if len(there) >= max(3, 0.5 * len(long)) else None


def _axis(seen: Seen, leads: Mapping[str, LeadWaves], changed: frozenset[str]) -> Iterator[Sign]:
    """The late part of QRS in right bundle-branch block turns the axis to the right by itself."""
    axis = seen.measured.axis
    if axis is None or len(set(leads) & set(_LIMB)) < 2:
        return
    places = places_of(seen, [name for name in ("I", "aVF") if name in leads], "qrs")
    if -90 <= axis < -30:
        yield Sign("left_axis", {"axis": axis}, places, QRS, _RULES["left_axis"])
    elif 90 < axis <= 180 and "rbbb" not in changed:
        yield Sign("right_axis", {"axis": axis}, places, QRS, _RULES["right_axis"])


def _low(seen: Seen, leads: Mapping[str, LeadWaves]) -> Iterator[Sign]:
    sizes = {name: _tall(waves) - min(waves.q, waves.s) for name, waves in leads.items()}
    for group, least in ((_LIMB, 0.5), (_CHEST, 1.0)):
        if set(group) <= set(sizes) and max(sizes[name] for name in group) < least:
            figures = {"amplitude": max(sizes[name] for name in group)}
            rule = _RULES["limb" if group is _LIMB else "chest"]
            yield Sign("low_voltage", figures, places_of(seen, group, "qrs"), MINNESOTA, rule)
            return
