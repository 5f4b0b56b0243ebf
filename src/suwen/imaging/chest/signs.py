"""Radiological signs, each by a measured criterion against limits of clear radiographs, or said to be not judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from suwen.formats.images.nouns import View
from suwen.imaging.chest.clear import Clear
from suwen.imaging.chest.nouns import Mask, Side
from suwen.imaging.chest.plane import Plane
from suwen.imaging.chest.pleural_line import PleuralLine, pleural_line
from suwen.imaging.chest.proportions import Proportions, proportions
from suwen.imaging.chest.shadow_nouns import Density, Judged, Number, Shadow, Shape, Sign, Zone
from suwen.imaging.chest.shadows import Search
from suwen.imaging.chest.sign_words import CODES, said
from suwen.subject import Code, Region, Saying

__all__ = ["CTR_LIMIT", "find_signs"]

CTR_LIMIT = 0.5  # in a PA radiograph (Danzer, Am J Med Sci 1919;157:513-554)
_CTR_ERROR = 0.05  # mean difference of the ratio from that of outlines drawn by eye (`anatomy_measures.Ratio`)
_NODULE = 30.0  # mm, up to which a rounded shadow is a nodule and not a mass (Fleischner Society glossary, 2008)
_UPPER_SHARE = 0.6  # of all shadow, for a predominance
_APICAL_LEAST = 0.02  # of a lung
_LINES = "pleural line"
_TOLD_LIMITS = {"effusion": 0.85, "pneumothorax": 0.93}  # quantile of clear radiographs the network must exceed


@dataclass(frozen=True, slots=True, eq=False)
class _Sight:
    """All that signs are read from."""

    plane: Plane
    clear: Clear
    shadows: Sequence[Shadow]
    measured: Proportions
    lines: Sequence[PleuralLine]
    view: View
    turned: bool
    image: str

    def limits(self, name: str) -> tuple[float, float] | None:
        found = self.clear.figures.get(name)
        return None if found is None else (found[0], found[2])


def find_signs(
    plane: Plane,
    clear: Clear,
    search: Search,
    shadows: Sequence[Shadow],
    *,
    view: View = View.UNKNOWN,
    turned: bool = False,
    image: str = "",
) -> tuple[Sign, ...]:
    """Every sign of the catalogue, present, absent or not judged; present ones may come once a side or a shadow.

    `turned`: the patient stood askew, so the place of the mediastinum says nothing.
    """
    lines = [pleural_line(plane, lung, search.above[lung.side]) for lung in plane.lungs]
    sight = _Sight(plane, clear, shadows, proportions(plane, search), lines, view, turned, image)
    found: list[Sign] = []
    for name, rule in RULES.items():
        seen = list(rule(sight))
        found += seen or [_sign(name, Judged.ABSENT, "absent")]
    return tuple(found)


def _sign(  # noqa: PLR0913  # a sign has as many parts
    name: str,
    state: Judged,
    basis: str,
    *,
    side: Side | None = None,
    value: float | None = None,
    limit: float | None = None,
    region: Region | None = None,
    shadow: int | None = None,
) -> Sign:
    label = said(f"name {name}")
    return Sign(
        name,
        Code(CODES[name], label.en),
        state,
        said(basis, side=side, value=value, limit=limit),
        side,
        value,
        region,
        shadow,
    )


def _cardiomegaly(sight: _Sight) -> list[Sign]:
    """The ratio holds for PA radiographs; AP magnifies the heart, so there it is given and not judged."""
    ratio = sight.measured.get("cardiothoracic")
    if ratio is None:
        return [_sign("cardiomegaly", Judged.NOT_JUDGED, "no heart")]
    if sight.view is not View.PA:
        basis = "ctr AP" if sight.view is View.AP else "ctr view"
        return [_sign("cardiomegaly", Judged.NOT_JUDGED, basis, value=ratio, limit=CTR_LIMIT)]
    if CTR_LIMIT < ratio <= CTR_LIMIT + _CTR_ERROR:
        return [_sign("cardiomegaly", Judged.NOT_JUDGED, "ctr near", value=ratio, limit=CTR_LIMIT)]
    state = Judged.PRESENT if ratio > CTR_LIMIT else Judged.ABSENT
    return [_sign("cardiomegaly", state, "ctr", value=ratio, limit=CTR_LIMIT)]


def _effusion(sight: _Sight) -> list[Sign]:
    """Where the network was asked, fluid that it sees more of than in most clear radiographs.

    Else a costophrenic recess shallower, or a costophrenic angle denser, than in 97.5 % of clear radiographs.
    """
    told = _told(sight, "effusion", "fluid")
    if told is not None:
        return told
    found = []
    for lung in sight.plane.lungs:
        side = lung.side
        shallow, dense = sight.limits(f"recess {side.value}"), sight.limits(f"basal {side.value}")
        depth, density = sight.measured.get(f"recess {side.value}"), sight.measured.get(f"basal {side.value}")
        if shallow is None or dense is None or depth is None or density is None:
            found.append(_sign("effusion", Judged.NOT_JUDGED, "no limits", side=side))
            continue
        region = _region(sight, lung.field & (lung.u > 0.5) & (lung.v > 0.75))
        if depth < shallow[0]:
            found.append(
                _sign("effusion", Judged.PRESENT, "recess", side=side, value=depth, limit=shallow[0], region=region)
            )
        elif density > dense[1]:
            found.append(
                _sign("effusion", Judged.PRESENT, "basal", side=side, value=density, limit=dense[1], region=region)
            )
    return found


_TOLD = {
    "fluid": ("fluid at the base", "肺底积液"),
    "air": ("a pleural line with air outside of it", "胸膜线及其外侧气体"),
}


def _told_basis(word: str, side: Side, value: float, limit: float) -> Saying:
    en, zh = _TOLD[word]
    chinese = {Side.RIGHT: "右", Side.LEFT: "左"}.get(side, "")
    return Saying(
        f"the network of shadows answers {en} of the {side.value} lung, "
        f"log-odds {value:.1f} (limit {limit:.1f} by clear radiographs)",
        f"阴影网络提示{chinese}侧{zh}，对数优势 {value:.1f}（据正常胸片所定界值 {limit:.1f}）",
    )


def _told(sight: _Sight, name: str, word: str) -> list[Sign] | None:
    """Lungs in which the network answers more than in clear radiographs; None where it was not asked."""
    known = sight.clear.answers.get(f"learned {name}")
    if known is None or not any(f"{word} {lung.side.value}" in sight.measured for lung in sight.plane.lungs):
        return None
    limit, found = float(np.quantile(known, _TOLD_LIMITS[name])), []
    for lung in sight.plane.lungs:
        value = sight.measured[f"{word} {lung.side.value}"]
        if value > limit:
            place = lung.v > 0.6 if word == "fluid" else lung.v < 0.6
            sign = _sign(name, Judged.PRESENT, "absent", side=lung.side, value=value)
            basis = _told_basis(word, lung.side, value, limit)
            found.append(replace(sign, basis=basis, region=_region(sight, lung.field & place)))
    return found


def _pneumothorax(sight: _Sight) -> list[Sign]:
    """Where the network was asked, by its answer; else by the line sought along the chest wall."""
    told = _told(sight, "pneumothorax", "air")
    if told is not None:
        return told
    limits = sight.limits(_LINES)
    if limits is None or not sight.lines:
        return [_sign("pneumothorax", Judged.NOT_JUDGED, "no limits")]
    return [
        _sign(
            "pneumothorax",
            Judged.PRESENT,
            "pleural line",
            side=line.side,
            value=line.width,
            region=_region(sight, line.band),
        )
        for line in sight.lines
        if line.score > limits[1]
    ]


def _hilum(sight: _Sight) -> list[Sign]:
    found = []
    for lung in sight.plane.lungs:
        name = f"hilum {lung.side.value}"
        limits, value = sight.limits(name), sight.measured.get(name)
        if limits is None or value is None:
            found.append(_sign("hilar enlargement", Judged.NOT_JUDGED, "no limits", side=lung.side))
        elif value > limits[1]:
            region = _region(sight, lung.field & (lung.u < 0.3) & (lung.v > 0.33) & (lung.v < 0.6))
            found.append(
                _sign(
                    "hilar enlargement",
                    Judged.PRESENT,
                    "hilum",
                    side=lung.side,
                    value=value,
                    limit=limits[1],
                    region=region,
                )
            )
    return found


def _shift(sight: _Sight) -> list[Sign]:
    if sight.turned:
        return [_sign("mediastinal shift", Judged.NOT_JUDGED, "turned")]
    limits, value = sight.limits("shift"), sight.measured.get("shift")
    if limits is None or value is None:
        return [_sign("mediastinal shift", Judged.NOT_JUDGED, "no limits")]
    if limits[0] <= value <= limits[1]:
        return []
    side = Side.LEFT if value > limits[1] else Side.RIGHT
    return [_sign("mediastinal shift", Judged.PRESENT, "shift", side=side, value=abs(value))]


def _volume(sight: _Sight) -> list[Sign]:
    """A lung too small beside the other, with the mediastinum drawn to it by more than in half of clear radiographs."""
    if sight.turned:
        return [_sign("volume loss", Judged.NOT_JUDGED, "turned")]
    limits, areas = sight.limits("areas"), sight.measured.get("areas")
    if limits is None or areas is None:
        return [_sign("volume loss", Judged.NOT_JUDGED, "no limits")]
    small = Side.RIGHT if areas < limits[0] else Side.LEFT if areas > limits[1] else None
    shift = sight.measured.get("shift", 0.0)
    if small is None or (shift < 0) is not (small is Side.RIGHT):
        return []
    return [_sign("volume loss", Judged.PRESENT, "volume", side=small, value=2.0 ** -abs(areas))]


def _diffuse(sight: _Sight) -> list[Sign]:
    if not sight.shadows or sight.shadows[0].number is not Number.DIFFUSE:
        return []
    return [_sign("diffuse opacity", Judged.PRESENT, "diffuse", region=_all_of(sight.shadows))]


def _upper(sight: _Sight) -> list[Sign]:
    """Shadow mostly in the upper third or the apex, of at least a fiftieth of that lung."""
    found = []
    total = sum(one.size.share for one in sight.shadows)
    upper = [at for at, one in enumerate(sight.shadows) if one.zone is Zone.UPPER and one.size.share >= _APICAL_LEAST]
    share = sum(sight.shadows[at].size.share for at in upper) / total if total else 0.0
    for at in upper if share >= _UPPER_SHARE else []:
        one = sight.shadows[at]
        found.append(
            _sign(
                "upper zone opacity", Judged.PRESENT, "upper", side=one.side, value=share, region=one.region, shadow=at
            )
        )
    return found


def _of_shadows(name: str, holds: Callable[[Shadow], bool]) -> Callable[[_Sight], list[Sign]]:
    """A sign that single shadows carry."""

    def rule(sight: _Sight) -> list[Sign]:
        return [
            _sign(name, Judged.PRESENT, f"shadow {name}", side=one.side, region=one.region, shadow=at)
            for at, one in enumerate(sight.shadows)
            if holds(one)
        ]

    return rule


def _compact(one: Shadow) -> bool:
    return one.shape in (Shape.ROUND, Shape.OVAL) and one.density is not Density.CALCIFIED


def _size_known(name: str, holds: Callable[[Shadow], bool]) -> Callable[[_Sight], list[Sign]]:
    """Nodule or mass: a matter of millimetres, so without a scale not judged."""
    plain = _of_shadows(name, holds)

    def rule(sight: _Sight) -> list[Sign]:
        if sight.plane.mm is None and any(_compact(one) for one in sight.shadows):
            return [_sign(name, Judged.NOT_JUDGED, "no scale")]
        return plain(sight)

    return rule


def _not_judged(name: str, basis: str) -> Callable[[_Sight], list[Sign]]:
    return lambda _sight: [_sign(name, Judged.NOT_JUDGED, basis)]


def _region(sight: _Sight, mask: Mask) -> Region | None:
    held = mask
    return Region(sight.image, *sight.plane.box(held)) if held.any() else None


def _all_of(shadows: Sequence[Shadow]) -> Region:
    low = tuple(min(one.region.low[axis] for one in shadows) for axis in (0, 1))
    high = tuple(max(one.region.high[axis] for one in shadows) for axis in (0, 1))
    return Region(shadows[0].region.image, low, high)


RULES: dict[str, Callable[[_Sight], list[Sign]]] = {
    "opacity": _of_shadows(
        "opacity", lambda one: not (one.nodular and _compact(one)) and one.density is not Density.CALCIFIED
    ),
    "consolidation": _of_shadows(
        "consolidation", lambda one: not one.nodular and one.density is Density.DENSE and one.shape is not Shape.BAND
    ),
    "ground glass": _of_shadows("ground glass", lambda one: not one.nodular and one.density is Density.FAINT),
    "nodule": _size_known("nodule", lambda one: _compact(one) and (one.size.long_mm or 0) <= _NODULE),
    "mass": _size_known("mass", lambda one: _compact(one) and (one.size.long_mm or 0) > _NODULE),
    "calcified nodule": _of_shadows("calcified nodule", lambda one: one.density is Density.CALCIFIED),
    "cavity": _of_shadows("cavity", lambda one: one.cavity is Judged.PRESENT),
    "upper zone opacity": _upper,
    "diffuse opacity": _diffuse,
    "effusion": _effusion,
    "pneumothorax": _pneumothorax,
    "cardiomegaly": _cardiomegaly,
    "hilar enlargement": _hilum,
    "mediastinal shift": _shift,
    "volume loss": _volume,
    "miliary pattern": _not_judged("miliary pattern", "too fine"),
    "venous congestion": _not_judged("venous congestion", "vessels"),
    "spiculation": _not_judged("spiculation", "too fine"),
}
