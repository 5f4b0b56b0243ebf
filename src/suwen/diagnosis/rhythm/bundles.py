"""Conduction within the ventricles: blocks of bundles and fascicles, on the median beat, by AHA/ACCF/HRS 2009."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.citations import QRS, STRAUSS
from suwen.diagnosis.rhythm.ectopy import wide_tachycardia
from suwen.diagnosis.rhythm.intervals import frontal_axis
from suwen.diagnosis.rhythm.nouns import Place, Seen, Sign
from suwen.diagnosis.rhythm.pacing import paced
from suwen.diagnosis.rhythm.preexcitation import delta_wave
from suwen.subject import Saying, Sex

__all__ = ["Deflection", "bundles", "deflections", "widths"]

Floats = NDArray[np.float64]
_RULES = {
    "rbbb": Saying("QRS of {complete:g} ms or more; R' or a late R in V1 or V2, broad S in I and V6",
                   "QRS 波 ≥{complete:g} ms；V1 或 V2 导联有 R′ 或迟发 R 波，I、V6 导联 S 波增宽"),
    "incomplete_rbbb": Saying(
        "QRS of {incomplete:g} to under {complete:g} ms; R' or a late R in V1 or V2, broad S in I and V6",
        "QRS 波 {incomplete:g} 至不足 {complete:g} ms；V1 或 V2 导联有 R′ 或迟发 R 波，I、V6 导联 S 波增宽"),
    "lbbb": Saying("QRS of {complete:g} ms or more; QS or rS in V1, R without q and with a late top in I and V6",
                   "QRS 波 ≥{complete:g} ms；V1 导联呈 QS 或 rS 型，I、V6 导联无 q 波、R 峰时间延长"),
    "wide_qrs": Saying("QRS above {wide:g} ms, with the shape of neither bundle-branch block",
                       "QRS 波 >{wide:g} ms，图形不符合任一束支传导阻滞"),
    "left_anterior": Saying("axis from -45 to -90 degrees, qR in aVL with the top of R at 45 ms or later",
                            "电轴 −45° 至 −90°，aVL 导联呈 qR 型且 R 峰时间 ≥45 ms"),
    "left_posterior": Saying(
        "axis beyond 90 up to 180 degrees, rS in I and aVL, qR in III and aVF, no tall R in V1",
        "电轴 90° 至 180°，I、aVL 导联呈 rS 型，III、aVF 导联呈 qR 型，V1 导联 R 波不高"),
}  # fmt: skip
_STRICT = {
    True: Saying("the stricter criteria of Strauss are met too (from {limit} ms, notched in two leads)",
                 "同时符合 Strauss 严格标准（≥{limit} ms，至少 2 个导联有切迹）"),
    False: Saying("the stricter criteria of Strauss are not met (from {limit} ms, notched in two leads)",
                  "不符合 Strauss 严格标准（≥{limit} ms，至少 2 个导联有切迹）"),
}  # fmt: skip
_WORTH = 0.55  # mean quality of the best lead, under which the width of QRS is that of noise
_WAVES = 30  # ms that flutter waves seem to add to QRS
_LEAST, _SHORT = 0.03, 8.0  # mV and ms, under which a deflection is none
_NOTCH = 0.04  # of the height of a wave, that a second top in it stands out


@dataclass(frozen=True, slots=True)
class Deflection:
    """A part of QRS on one side of the level: its height in mV, its begin, end and top in ms from the begin of QRS."""

    height: float
    begin: float
    end: float
    top: float

    @property
    def lasts(self) -> float:
        """Its duration in ms."""
        return self.end - self.begin


def widths(age: float | None) -> tuple[float, float, float]:
    """QRS in ms: above which it is wide, from which a block is incomplete, and from which it is complete.

    Adults and from 16 years: 110, 110, 120; from 4 years 99, 90, 100; younger 89, 86, 90 (AHA/ACCF/HRS 2009).
    """
    if age is None or age >= 16:
        return 110.0, 110.0, 120.0
    return (99.0, 90.0, 100.0) if age >= 4 else (89.0, 86.0, 90.0)


def bundles(seen: Seen) -> Iterator[Sign]:
    """Right and left bundle-branch block, complete and incomplete, fascicular blocks, and wide QRS of neither kind.

    Not where a pacemaker, an accessory pathway or a ventricle leads, as QRS is wide for another reason then.
    """
    qrs = seen.measured.qrs
    if (
        qrs is None
        or seen.quality.leads.max() < _WORTH
        or paced(seen)
        or wide_tachycardia(seen)
        or delta_wave(seen) is not None
    ):
        return
    wide, incomplete, complete = widths(seen.age)
    shapes = _shapes(seen)
    right, left = _right(shapes), _left(shapes)
    mostly = seen.kinds.count("V") * 2 < len(seen.kinds) and not seen.atria.apart
    if mostly and qrs >= complete and right:
        yield _sign(seen, "rbbb", _RIGHT)
    elif mostly and qrs >= complete and left:
        yield _left_sign(seen, qrs, shapes)
    elif mostly and incomplete <= qrs < complete and right:
        yield _sign(seen, "incomplete_rbbb", _RIGHT)
    elif qrs > wide + (_WAVES if seen.atria.flutter else 0):
        yield _sign(seen, "wide_qrs")
    if mostly and (qrs < 120 or right):
        yield from _fascicles(seen, shapes)


_RIGHT = ("V1", "V2", "I", "V6")


def _sign(seen: Seen, key: str, leads: tuple[str, ...] = (), **figures: float) -> Sign:
    """A sign of this file on its leads, or on all, with the width of QRS and the rule with the limits of the age."""
    wide, incomplete, complete = widths(seen.age)
    limits = {"wide": wide, "incomplete": incomplete, "complete": complete}
    rule = Saying(*(one.format(**limits) for one in (_RULES[key].en, _RULES[key].zh)))
    where = _seen_in(seen, leads) if leads else (seen.whole,)
    return Sign(key, figures | {"qrs": seen.measured.qrs or 0.0}, where, QRS, rule)


def _right(shapes: Mapping[str, tuple[Deflection, ...]]) -> bool:
    """Whether V1 or V2 ends upwards, and I and V6 (those that are there) end in a broad S."""
    front = [_late_r(shapes[name]) for name in ("V1", "V2") if name in shapes]
    side = [_broad_s(shapes[name]) for name in ("I", "V6") if name in shapes]
    return any(front) and bool(side) and all(side)


def _late_r(parts: tuple[Deflection, ...]) -> bool:
    """R' after an S as rsR', rSR' or rSr' (qR too), or a single R whose top comes after 50 ms."""
    if not parts or parts[-1].height < 2 * _LEAST:
        return False
    return len(parts) > 1 or parts[0].top > 50


def _broad_s(parts: tuple[Deflection, ...]) -> bool:
    """Whether it ends downwards for longer than its R lasts, or for more than 40 ms."""
    if len(parts) < 2 or parts[-1].height > 0:
        return False
    r = max((part.lasts for part in parts if part.height > 0), default=0.0)
    return parts[-1].lasts > min(r, 40.0)


def _left(shapes: Mapping[str, tuple[Deflection, ...]]) -> bool:
    """Whether V1 is QS or rS, and in I and V6 there is no q, and R in V5 or V6 (else I) has its top after 60 ms."""
    side = [shapes[name] for name in ("I", "V6") if shapes.get(name)]
    late = [shapes[name] for name in ("V5", "V6") if shapes.get(name)] or side
    if "V1" not in shapes or not side or not shapes["V1"]:
        return False
    downwards = shapes["V1"][-1].height < 0 and sum(part.height * part.lasts for part in shapes["V1"]) < 0
    without_q = all(parts[0].height > 0 for parts in side)
    upwards = any(max(parts, key=lambda part: abs(part.height)).height > 0 for parts in side)
    return downwards and without_q and upwards and any(_top_of_r(parts) > 60 for parts in late)


def _top_of_r(parts: tuple[Deflection, ...]) -> float:
    """Ms from the begin of QRS to the top of the highest upward part; 0 where there is none."""
    up = [part for part in parts if part.height > 0]
    return max(up, key=lambda part: part.height).top if up else 0.0


def _left_sign(seen: Seen, qrs: float, shapes: Mapping[str, tuple[Deflection, ...]]) -> Sign:
    """Left block, and whether the stricter definition of Strauss (Am J Cardiol 2011;107:927) holds as well."""
    notched = [name for name in ("I", "aVL", "V1", "V2", "V5", "V6") if name in shapes and _notched(seen, name)]
    limit = 130 if seen.sex is Sex.FEMALE else 140
    strict = qrs >= limit and len(notched) >= 2
    said = _STRICT[strict]
    detail = (Saying(said.en.format(limit=limit), said.zh.format(limit=limit)),)
    plain = _sign(seen, "lbbb", ("V1", "I", "V5", "V6"))
    figures = {"qrs": qrs, "leads": float(len(notched))}
    return replace(plain, figures=figures, source=f"{QRS}; {STRAUSS}", detail=detail)


def _fascicles(seen: Seen, shapes: Mapping[str, tuple[Deflection, ...]]) -> Iterator[Sign]:
    """Left anterior and left posterior fascicular block; the axis of the first 80 ms, as the right bundle may block."""
    axis = _first_axis(seen)
    if axis is None or not {"I", "aVL", "aVF", "III"} <= set(shapes) or (seen.age is not None and seen.age < 16):
        return
    if -90 <= axis <= -45 and _is(shapes["aVL"], "qR") and _top_of_r(shapes["aVL"]) >= 45:
        yield _sign(seen, "left_anterior", ("aVL", "II", "III", "aVF"), axis=axis)
    away = all(_is(shapes[name], "rS") for name in ("I", "aVL"))
    down = all(_is(shapes[name], "qR") for name in ("III", "aVF"))
    if 90 < axis <= 180 and away and down and (_right(shapes) or not _tall_right(shapes)):
        yield _sign(seen, "left_posterior", ("I", "aVL", "III", "aVF"), axis=axis)


def _is(parts: tuple[Deflection, ...], pattern: str) -> bool:
    """Whether a small first deflection goes against a larger second one: "qR" or "rS"."""
    if len(parts) < 2:
        return False
    first, second = parts[0].height, parts[1].height
    up = pattern == "qR"
    return (first < 0 < second) == up and (first > 0 > second) != up and abs(first) < abs(second)


def _tall_right(shapes: Mapping[str, tuple[Deflection, ...]]) -> bool:
    """R over S in V1: the right ventricle turns the axis, no fascicle does."""
    heights = [part.height for part in shapes.get("V1", ())]
    return max(heights, default=0.0) > -min(heights, default=0.0)


def _first_axis(seen: Seen) -> float | None:
    """The frontal axis of the first 80 ms of QRS, in degrees."""
    if not {"I", "aVF"} <= set(seen.names):
        return None
    part = _part(seen)
    if part is None:
        return None
    first = part[:, : max(2, round(0.08 * seen.rate))].sum(axis=1)
    return frontal_axis(float(first[seen.names.index("I")]), float(first[seen.names.index("aVF")]))


def _seen_in(seen: Seen, leads: tuple[str, ...]) -> tuple[Place, ...]:
    return tuple(Place(seen.whole.begin, seen.whole.end, name) for name in leads if name in seen.names)


def _part(seen: Seen) -> Floats | None:
    """QRS of the median beat (leads, time), less the level at its begin."""
    before, after = seen.found.beats - seen.found.qrs_on, seen.found.qrs_off - seen.found.beats
    usual = np.array([kind == "N" for kind in seen.kinds]) & np.isfinite(before)
    there = usual if usual.any() else np.isfinite(before)
    if not there.any():
        return None
    centre = seen.median.shape[1] // 2
    begin = max(0, int(centre - np.median(before[there])))
    end = int(centre + np.median(after[there])) + 1
    level = seen.median[:, max(0, begin - max(1, round(0.01 * seen.rate))) : begin + 1].mean(axis=1, keepdims=True)
    return np.asarray(seen.median[:, begin:end] - level, np.float64)


def _shapes(seen: Seen) -> dict[str, tuple[Deflection, ...]]:
    part = _part(seen)
    if part is None:
        return {}
    return {name: deflections(line, seen.rate) for name, line in zip(seen.names, part, strict=False)}


def deflections(line: Floats, rate: float) -> tuple[Deflection, ...]:
    """The parts of QRS of one lead (time,) in mV, in order; what is under 0.03 mV or 8 ms is none."""
    step = 1000 / rate
    side = np.where(line > _LEAST, 1, np.where(line < -_LEAST, -1, 0))
    edges = [0, *(np.flatnonzero(np.diff(side)) + 1).tolist(), len(line)]
    found = []
    for begin, end in pairwise(edges):
        if side[begin] and (end - begin) * step >= _SHORT:
            top = begin + int(np.argmax(np.abs(line[begin:end])))
            first, last = _crossed(line, begin - 1, begin), _crossed(line, end, end - 1)
            found.append(Deflection(float(line[top]), first * step, last * step, top * step))
    return tuple(found)


def _crossed(line: Floats, outside: int, inside: int) -> float:
    """Where, between two samples, the line comes to the least height; the inner one at the ends."""
    if not 0 <= outside < len(line):
        return float(inside)
    side = float(np.sign(line[inside]))
    low, high = side * float(line[outside]), side * float(line[inside])
    return outside + (inside - outside) * (_LEAST - low) / max(high - low, 1e-9)


def _notched(seen: Seen, name: str) -> bool:
    """Whether the largest wave of the lead has two tops, the lower one standing out from the dip between them."""
    part = _part(seen)
    if part is None:
        return False
    line = part[seen.names.index(name)]
    line = line * np.sign(line[np.argmax(np.abs(line))])
    inner = np.flatnonzero((line[1:-1] >= line[:-2]) & (line[1:-1] > line[2:])) + 1
    tops = [int(at) for at in inner if line[at] > 0.3 * line.max()]
    return any(
        min(line[a], line[b]) - line[a:b].min() > _NOTCH * line.max()
        for a, b in pairwise(tops)
        if b - a >= 0.015 * seen.rate
    )
