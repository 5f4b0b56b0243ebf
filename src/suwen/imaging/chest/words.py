"""Shadows and signs in the words of a radiological report, in English and in Chinese."""

from __future__ import annotations

from collections.abc import Sequence

from suwen.errors import InputError
from suwen.imaging.chest.nouns import Side
from suwen.imaging.chest.shadow_nouns import Density, Judged, Margin, Number, Shadow, Shape, Zone

__all__ = ["describe_lungs", "describe_shadow", "place_words", "side_words", "size_words"]

_SIDE = {
    Side.RIGHT: {"en": "right", "zh": "右"},
    Side.LEFT: {"en": "left", "zh": "左"},
    Side.MIDLINE: {"en": "midline", "zh": "中线"},
}
_ZONE = {
    Zone.UPPER: {"en": "upper", "zh": "上"},
    Zone.MIDDLE: {"en": "middle", "zh": "中"},
    Zone.LOWER: {"en": "lower", "zh": "下"},
}
_SHAPE = {
    Shape.ROUND: {"en": "rounded", "zh": "类圆形"},
    Shape.OVAL: {"en": "oval", "zh": "椭圆形"},
    Shape.IRREGULAR: {"en": "irregular", "zh": "不规则形"},
    Shape.BAND: {"en": "band-like", "zh": "条带状"},
    Shape.LOBAR: {"en": "segmental or lobar", "zh": "大片状"},
    Shape.PATCHY: {"en": "patchy", "zh": "斑片状"},
}
_DENSITY = {
    Density.FAINT: {"en": "opacity of faint (ground-glass-like) density", "zh": "淡薄（磨玻璃样）密度增高影"},
    Density.DENSE: {"en": "dense opacity", "zh": "高密度影"},
    Density.CALCIFIED: {"en": "opacity of calcific density", "zh": "钙化样高密度影"},
}
_MARGIN = {
    Margin.SHARP: {"en": "with a sharp margin", "zh": "边缘清楚"},
    Margin.ILL_DEFINED: {"en": "with an ill-defined margin", "zh": "边缘模糊"},
    Margin.NOT_JUDGED: {"en": "whose margin could not be judged", "zh": "边缘清晰度无法判断"},
}
_EVEN = {
    True: {"en": "of homogeneous density", "zh": "密度均匀"},
    False: {"en": "of inhomogeneous density", "zh": "密度不均匀"},
}
_CAVITY = {
    Judged.PRESENT: {
        "en": "with a darker centre inside a closed rim (cavity)",
        "zh": "内见透亮区，周围环壁完整（空洞）",
    },
    Judged.ABSENT: {"en": "without cavity", "zh": "未见空洞"},
    Judged.NOT_JUDGED: {
        "en": "too small, too irregular or too near the border to judge a cavity",
        "zh": "病灶过小、形态不规则或邻近边界，无法判断有无空洞",
    },
}
_NUMBER = {
    Number.SOLITARY: {"en": "solitary", "zh": "单发"},
    Number.MULTIPLE: {"en": "one of several", "zh": "为多发病灶之一"},
    Number.DIFFUSE: {"en": "part of diffuse change of both lungs", "zh": "为双肺弥漫性病变的一部分"},
}
_NEAR_HILUM = 0.2  # of the height of the lung: about 5 cm


def side_words(side: Side, lang: str) -> str:
    """The side: "right", 右. Raises InputError for another language than "en" or "zh"."""
    return _SIDE[side][_language(lang)]


def place_words(shadow: Shadow, lang: str) -> str:
    """Side and zones: "right upper lung zone", 右上肺野."""
    lang = _language(lang)
    order = sorted(shadow.zones, key=list(Zone).index)
    if lang == "zh":
        return f"{_SIDE[shadow.side]['zh']}{''.join(_ZONE[one]['zh'] for one in order)}肺野"
    zones = [_ZONE[one]["en"] for one in order]
    named = zones[0] if len(zones) == 1 else f"{', '.join(zones[:-1])} and {zones[-1]}"
    return f"{_SIDE[shadow.side]['en']} {named} lung zone{'s' if len(zones) > 1 else ''}"


def size_words(shadow: Shadow, lang: str) -> str:
    """Diameters in mm where the image has a scale, else the share of the lung."""
    lang = _language(lang)
    size = shadow.size
    if size.long_mm is None or size.short_mm is None:
        share = f"{100 * size.share:.1f}" if size.share < 0.1 else f"{100 * size.share:.0f}"
        return f"约占该侧肺野 {share}%" if lang == "zh" else f"about {share}% of the area of that lung"
    return f"{'约' if lang == 'zh' else 'about'} {size.long_mm:.0f} mm × {size.short_mm:.0f} mm"


def describe_shadow(shadow: Shadow, lang: str = "en") -> str:
    """One shadow in one sentence, as a report says it."""
    return _chinese(shadow) if _language(lang) == "zh" else _english(shadow)


def _chinese(shadow: Shadow) -> str:
    parts = [
        f"{place_words(shadow, 'zh')}见一{_SHAPE[shadow.shape]['zh']}{_DENSITY[shadow.density]['zh']}",
        size_words(shadow, "zh"),
        _MARGIN[shadow.margin]["zh"],
        _EVEN[shadow.homogeneous]["zh"],
        _CAVITY[shadow.cavity]["zh"],
        *(["位于肺尖"] if shadow.apical else []),
        *(["邻近肺门"] if shadow.perihilar < _NEAR_HILUM else []),
        *(["累及肋膈角"] if shadow.costophrenic else ["与胸膜相邻"] if shadow.pleural else []),
        *(["对侧相应部位亦见类似病灶"] if shadow.mirrored else []),
        _NUMBER[shadow.number]["zh"],
    ]
    return "，".join(parts) + "；支气管充气征无法判断。"


def _english(shadow: Shadow) -> str:
    where = [
        *(["at the apex"] if shadow.apical else []),
        *(["next to the hilum"] if shadow.perihilar < _NEAR_HILUM else []),
        *(
            ["filling the costophrenic angle"]
            if shadow.costophrenic
            else ["abutting the pleura"]
            if shadow.pleural
            else []
        ),
        *(["with a similar shadow opposite"] if shadow.mirrored else []),
    ]
    parts = [
        f"{place_words(shadow, 'en').capitalize()}: {_SHAPE[shadow.shape]['en']} {_DENSITY[shadow.density]['en']}",
        size_words(shadow, "en"),
        _MARGIN[shadow.margin]["en"],
        _EVEN[shadow.homogeneous]["en"],
        _CAVITY[shadow.cavity]["en"],
        *where,
        _NUMBER[shadow.number]["en"],
    ]
    return ", ".join(parts) + "; air bronchogram not judged."


def describe_lungs(shadows: Sequence[Shadow], lang: str = "en") -> str:
    """What was seen in both lungs, in one sentence; without shadows it says what that is worth."""
    lang = _language(lang)
    if not shadows:
        return (
            "双肺野未检出超出阈值的异常阴影；这不能排除病变。"
            if lang == "zh"
            else "No shadow above the threshold was detected in either lung; this does not rule out disease."
        )
    if shadows[0].number is Number.DIFFUSE:
        return "双肺弥漫性密度增高。" if lang == "zh" else "Diffuse increase of density in both lungs."
    count = len(shadows)
    if lang == "zh":
        return f"检出 {count} 处异常阴影{'，对称分布' if all(one.mirrored for one in shadows) else ''}。"
    also = ", symmetrical" if all(one.mirrored for one in shadows) else ""
    return f"{count} abnormal shadow{'s' if count > 1 else ''} detected{also}."


def _language(lang: str) -> str:
    if lang not in ("en", "zh"):
        raise InputError(f"the language is 'en' or 'zh', not {lang!r}", zh=f"语言须为 'en' 或 'zh'，而非 {lang!r}")
    return lang
