"""Electrodes on the wrong place: exchanged limb cables, chest electrodes out of order, leads that contradict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.citations import CHEST_LEADS, EINTHOVEN, LIMB_LEADS, OWN, TECHNOLOGY
from suwen.diagnosis.rhythm.nouns import LeadWaves, Seen, Sign
from suwen.diagnosis.rhythm.quality import Flaw
from suwen.diagnosis.rhythm.waves import limits, usual
from suwen.subject import Saying

__all__ = ["CHEST", "LIMBS", "SWAPS", "clear", "electrodes", "swapped"]

LIMBS = ("arms", "right_arm_left_leg", "left_arm_left_leg", "right_arm_right_leg", "left_arm_right_leg", "both_sides")
CHEST = tuple(f"V{a}_V{b}" for a, b in combinations(range(1, 7), 2))
SWAPS: Mapping[str, Saying] = MappingProxyType(
    {
        "arms": Saying("right and left arm exchanged", "左、右上肢电极接反"),
        "right_arm_left_leg": Saying("right arm and left leg exchanged", "右上肢与左下肢电极接反"),
        "left_arm_left_leg": Saying("left arm and left leg exchanged", "左上肢与左下肢电极接反"),
        "right_arm_right_leg": Saying("right arm and right leg exchanged", "右上肢与右下肢电极接反"),
        "left_arm_right_leg": Saying("left arm and right leg exchanged", "左上肢与右下肢电极接反"),
        "both_sides": Saying("arms and legs exchanged on both sides", "两侧上、下肢电极均接反"),
    }
    | {one: Saying(one.replace("_", " and ") + " exchanged", one.replace("_", " 与 ") + " 电极接反") for one in CHEST}
)
_LIMB_RULE = Saying(
    "P, QRS and T of the limb leads, against those of V6, are as they are when these electrodes are exchanged",
    "肢体导联 P、QRS、T 波与 V6 导联对照，符合下列电极接反的表现",
)
_CHEST_RULE = Saying(
    "from V1 to V6 neighbouring leads are much more alike in another order",
    "调换次序后，V1 至 V6 相邻导联的波形明显更连续",
)
_LAW = Saying("I + III = II; aVR + aVL + aVF = 0", "I + III = II；aVR + aVL + aVF = 0")
_FLAT, _TALL = 0.12, 0.3  # mV of QRS: between two legs there is next to none
_ROUGH = 0.05  # mV
_WORTH = 0.5  # mean quality under which a lead is not judged
# exchanged, the leads must be so much smoother, over the whole beat and over QRS
_BETTER, _QRS_TOO = 0.75, 0.9
_AGAINST = -0.3  # correlation
_NOISE = 0.05  # mV between T and P that a median beat may have, half of the smallest limit of ST elevation
Floats = NDArray[np.float64]


def electrodes(seen: Seen) -> Iterator[Sign]:
    """Exchanged electrodes (`swapped` tells which), and limb leads that are not what Einthoven's law demands."""
    wrong = swapped(seen)
    for key, source, rule, kind in (
        ("reversed_leads", f"{LIMB_LEADS}; {TECHNOLOGY}", _LIMB_RULE, LIMBS),
        ("chest_order", f"{OWN}; {CHEST_LEADS}", _CHEST_RULE, CHEST),
    ):
        likely = tuple(SWAPS[one] for one in wrong if one in kind)
        if likely:
            yield Sign(key, {}, (seen.whole,), source, rule, likely)
    off = _contradiction(seen)
    if off is not None:
        yield Sign("einthoven", {"difference": off}, (seen.whole,), EINTHOVEN, _LAW)


def swapped(seen: Seen) -> tuple[str, ...]:
    """Which electrodes (keys of `SWAPS`) are probably exchanged: at most one pair of limbs and one of the chest.

    Limbs after Rosen et al. 2014: between two legs lies next to no voltage; with the arms exchanged P is upside down in
    I, and QRS goes against that of V6 (both do so in dextrocardia); with right arm and left leg exchanged in II. Left
    arm for left leg leaves too little to be told with certainty; it is said where P is higher in I than in II and P,
    QRS and T of III all point down.
    """
    waves = clear(seen)
    found = (_limb(seen, waves | _flat(seen)), _chest(seen, waves))
    return tuple(one for one in found if one is not None)


def clear(seen: Seen) -> dict[str, LeadWaves]:
    """Waves of the leads whose quality is fair, and whose median beat is not too noisy between T and P."""
    worth = dict(zip(seen.quality.names, seen.quality.leads.tolist(), strict=False))
    return {
        name: waves for name, waves in seen.waves.items() if worth.get(name, 0.0) >= _WORTH and waves.noise <= _NOISE
    }


def _flat(seen: Seen) -> dict[str, LeadWaves]:
    """Leads that are there and show nothing at all."""
    rows = zip(seen.quality.names, seen.quality.flaws, strict=True)
    return {name: LeadWaves() for name, row in rows if len(row) and (row & int(Flaw.FLAT) > 0).mean() > _WORTH}


def _size(waves: LeadWaves) -> float:
    return max(waves.r, waves.r2) - min(waves.q, waves.s)


def _net(waves: LeadWaves) -> float:
    return max(waves.r, waves.r2) + min(waves.q, waves.s)


def _limb(seen: Seen, waves: Mapping[str, LeadWaves]) -> str | None:
    if not {"I", "II"} <= set(waves):
        return None
    one, two, three = waves["I"], waves["II"], waves.get("III")
    flat = _between_legs(one, two, three)
    if flat or not seen.atria.sinus:
        return flat
    if two.p < -_ROUGH / 2 and "aVR" in waves and waves["aVR"].p > _ROUGH / 2 and _against(seen, waves, "II"):
        return "right_arm_left_leg"
    if one.p < -_ROUGH / 2 and _against(seen, waves, "I"):
        return "arms"
    if three is None or "aVF" not in waves or not (_upside_down(three) and _upright(one)):
        return None
    left = one.p > two.p + _ROUGH / 2 and two.t > 0 and waves["aVF"].p < 0 and _net(two) < _net(one)
    return "left_arm_left_leg" if left else None


def _against(seen: Seen, waves: Mapping[str, LeadWaves], name: str) -> bool:
    """Whether QRS of a limb lead goes against that of V6, whose own P is upright (it is not in dextrocardia).

    In 24 traces the correlation is 0.1 to 1; but -0.5 in I with a right ventricle that is thick, where P stays upright.
    """
    where = limits(usual(seen.found, seen.kinds), seen.median.shape[1])
    side = next((one for one in ("V6", "V5") if one in waves), None)
    if where is None or side is None or waves[side].p <= 0:
        return side is None and _upside_down(waves[name])
    begin = max(0, round(where.on - 0.02 * seen.rate))
    rows = seen.median[[seen.names.index(name), seen.names.index(side)], begin : round(where.off)].astype(np.float64)
    rows -= rows[:, : max(1, round(0.014 * seen.rate))].mean(axis=1, keepdims=True)
    size = float(np.sqrt((rows[0] ** 2).sum() * (rows[1] ** 2).sum()))
    return size > 0 and float((rows[0] * rows[1]).sum()) / size < _AGAINST


def _between_legs(one: LeadWaves, two: LeadWaves, three: LeadWaves | None) -> str | None:
    """Lead that shows nothing while both others do: it lies between the legs, or electrodes of one place."""
    if three is None:
        return None
    sizes = {"both_sides": _size(one), "right_arm_right_leg": _size(two), "left_arm_right_leg": _size(three)}
    least = min(sizes, key=lambda key: sizes[key])
    others = [size for key, size in sizes.items() if key != least]
    calm = max(abs(one.noise), abs(two.noise), abs(three.noise)) < _ROUGH
    waves = {"both_sides": one, "right_arm_right_leg": two, "left_arm_right_leg": three}[least]
    nothing = sizes[least] < _FLAT and abs(waves.p) < _ROUGH / 2 and abs(waves.t) < _ROUGH / 2
    return least if nothing and calm and min(others) > _TALL else None


def _upside_down(waves: LeadWaves) -> bool:
    return waves.p < -_ROUGH / 2 and _net(waves) < 0 and waves.t < 0


def _upright(waves: LeadWaves) -> bool:
    return waves.p > _ROUGH / 2 and _net(waves) > 0 and waves.t > 0


def _chest(seen: Seen, waves: Mapping[str, LeadWaves]) -> str | None:
    """The two chest leads whose exchange makes the course over the chest much smoother than it is."""
    names = [f"V{number}" for number in range(1, 7)]
    where = limits(usual(seen.found, seen.kinds), seen.median.shape[1])
    if where is None or not set(names) <= set(waves):
        return None
    begin = max(0, round(where.on - 0.02 * seen.rate))
    end = round(where.t_off if np.isfinite(where.t_off) else where.off + 0.3 * seen.rate)
    rows = np.stack([seen.median[seen.names.index(name), begin:end] for name in names]).astype(np.float64)
    rows -= rows[:, : max(1, round(0.014 * seen.rate))].mean(axis=1, keepdims=True)
    qrs = rows[:, : round(where.off) - begin]
    pairs = list(combinations(range(6), 2))
    bends = [_bend(rows[_exchanged(a, b)]) for a, b in pairs]
    a, b = pairs[int(np.argmin(bends))]
    smoother = min(bends) < _BETTER * _bend(rows)
    # not by T alone, which ischaemia may turn in two leads
    return f"V{a + 1}_V{b + 1}" if smoother and _bend(qrs[_exchanged(a, b)]) < _QRS_TOO * _bend(qrs) else None


def _exchanged(a: int, b: int) -> list[int]:
    order = list(range(6))
    order[a], order[b] = b, a
    return order


def _bend(rows: Floats) -> float:
    """How far every lead lies from the middle of its neighbours (leads, time): the chest is a smooth surface."""
    return float(np.abs(rows[2:] - 2 * rows[1:-1] + rows[:-2]).mean())


def _contradiction(seen: Seen) -> float | None:
    """Difference in mV of limb leads from the law within QRS of the median beat, where it is not small; else None.

    In traces of real recorders it is under 0.002 mV.
    """
    where = limits(usual(seen.found, seen.kinds), seen.median.shape[1])
    if where is None:
        return None
    good = clear(seen)
    part = seen.median[:, round(where.on) : round(where.off) + 1].astype(np.float64)
    rows = {name: row for name, row in zip(seen.names, part, strict=False) if name in good}
    wrong = [0.0]
    for parts, total in ((("I", "III"), "II"), (("aVR", "aVL", "aVF"), None)):
        if set(parts) <= set(rows) and (total is None or total in rows):
            off = sum(rows[name] for name in parts) - (rows[total] if total else 0.0)
            missed = float(np.quantile(np.abs(off), 0.9))
            size = max(float(np.abs(rows[name]).max()) for name in parts)
            wrong.append(missed if missed > max(_ROUGH, 0.15 * size) else 0.0)
    return max(wrong) or None
