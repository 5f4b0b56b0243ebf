"""What a forecast says in words of both languages: value, interval, limits, domain, percentile, neighbours."""

from __future__ import annotations

import math

from suwen.drugs.admet.levels import is_sure
from suwen.drugs.admet.nouns import AtomShares, Endpoint, Forecast, Level
from suwen.drugs.units import same_decimals
from suwen.subject import Saying

__all__ = [
    "amount_text",
    "atoms_text",
    "closest_texts",
    "domain_text",
    "interval_text",
    "level_texts",
    "measured_text",
    "nearest_texts",
    "percentile_text",
    "scale_text",
    "sentences",
    "strongest_atoms",
    "value_text",
]

_WORDS = {
    "between": Saying("{low} to {high} ({coverage} of cases)", "{low} 至 {high}（{coverage}的情况）"),
    "no_interval": Saying("no interval", "无区间"),
    "only": Saying("{answer} ({coverage} of cases)", "{answer}（{coverage}的情况）"),
    "either": Saying("yes or no: neither can be excluded ({coverage} of cases)",
                     "是或否：均不能排除（{coverage}的情况）"),
    "none": Saying("unlike all that was measured: no answer fits ({coverage} of cases)",
                   "与已测分子均不相似：无合适答案（{coverage}的情况）"),
    "yes": Saying("yes", "是"),
    "no": Saying("no", "否"),
    "at_or_above": Saying("at or above {at}: {what}", "不低于{at}：{what}"),
    "below": Saying("below {at}: {what}", "低于{at}：{what}"),
    "unsure": Saying(" (the interval reaches to the other side)", "（区间跨越界限）"),
    "inside": Saying(
        "within what was measured: nearest known molecule {near:.2f}, closer than {familiar} of them are to another",
        "在已测范围内：最近的已知分子相似度{near:.2f}，近于{familiar}的已测分子彼此间的距离"),
    "outside": Saying(
        "outside of what was measured: nearest known molecule {near:.2f}; the interval does not hold",
        "超出已测范围：最近的已知分子相似度{near:.2f}；区间不再可靠"),
    "no_near": Saying("no measured molecule to compare with", "无可比较的已测分子"),
    "percentile": Saying("higher than {share} of approved medicines", "高于{share}的已获批药物"),
    "nearest": Saying("{smiles} (similarity {near:.2f}): measured {value}",
                      "{smiles}（相似度{near:.2f}）：实测 {value}"),
    "same": Saying("{smiles} (the same fingerprint): measured {value}", "{smiles}（指纹相同）：实测 {value}"),
    "atoms": Saying("atoms {atoms}: {share:+.2f} ({scale}), by trees that make up {explained} of the forecast",
                    "原子 {atoms}：{share:+.2f}（{scale}），由占预测{explained}的决策树给出"),
    "log_odds": Saying("log-odds", "对数几率"),
    "logarithm": Saying("log10 of the value", "数值的log10"),
}  # fmt: skip
_MANY = 8  # atoms that are named; more would be the whole molecule
_WEAK = 0.25  # an atom with less than this share of the strongest one's is not named


def amount_text(value: float, unit: str) -> str:
    """A number with its unit, rounded as far as such a measurement goes: logarithms to hundredths, else two digits."""
    if unit.startswith(("log", "-log")):
        return f"{value:.2f} {unit}"
    if unit == "%":
        return f"{value:.1f} %" if value >= 99.0 else f"{value:.0f} %"
    return f"{_two_digits(value)} {unit}".strip()


def _two_digits(value: float) -> str:
    if not value or not math.isfinite(value):
        return f"{value:g}"
    places = 1 - int(f"{value:.1e}".partition("e")[2])  # of the rounded number: 9.96 is 10, not 10.0
    return f"{round(value, places):.{max(0, places)}f}"


def value_text(forecast: Forecast) -> str:
    """The value: a chance in per cent, an amount with its unit."""
    if forecast.endpoint.kind == "chance":
        return _chance(forecast.value)
    return amount_text(forecast.value, forecast.endpoint.unit)


def _chance(value: float) -> str:
    """Per cent; never 0 or 100, which no model can promise."""
    if value < 0.01:
        return "<1 %"
    return ">99 %" if value > 0.99 else f"{100 * value:.0f} %"


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


def interval_text(forecast: Forecast, lang: str) -> str:
    """Between which values the truth lies (of a chance: which answers remain), and in what share of cases."""
    coverage = _share(forecast.coverage)
    if forecast.endpoint.kind == "chance":
        answers = len(forecast.classes)
        text = _WORDS["only" if answers == 1 else "either" if answers else "none"].said(lang)
        answer = _WORDS["yes" if True in forecast.classes else "no"].said(lang)
        return text.format(answer=answer, coverage=coverage)
    if forecast.low is None or forecast.high is None:
        return _WORDS["no_interval"].said(lang)
    unit = forecast.endpoint.unit
    low, high = _ends(forecast.low, forecast.high, unit)
    return _WORDS["between"].said(lang).format(low=low, high=f"{high} {unit}".strip(), coverage=coverage)


def _ends(low: float, high: float, unit: str) -> tuple[str, str]:
    """Both ends without the unit, as finely told as each other: 40 to 100 %, 98.0 to 99.7 %."""
    ends = [amount_text(end, unit).removesuffix(unit).strip() for end in (low, high)]
    if unit != "%":
        return ends[0], ends[1]
    # A whole that is full is 100 and no more; nothing is added to a round 40 beside it.
    return same_decimals(*("100" if end == "100.0" else end for end in ends))


def level_texts(forecast: Forecast, lang: str) -> tuple[str, ...]:
    """For each limit on which side of it the value lies, what that means, and whether the interval crosses it."""
    return tuple(_level_text(forecast, level, lang) for level in forecast.endpoint.levels)


def closest_texts(forecast: Forecast, lang: str) -> tuple[str, ...]:
    """As `level_texts`, of the nearest limit on each side of the value only: what the farther ones say is in these."""
    levels = sorted(forecast.endpoint.levels, key=lambda level: level.at)
    passed = [level for level in levels if forecast.value >= level.at][-1:]
    ahead = [level for level in levels if forecast.value < level.at][:1]
    return tuple(_level_text(forecast, level, lang) for level in (*passed, *ahead))


def _level_text(forecast: Forecast, level: Level, lang: str) -> str:
    is_above = forecast.value >= level.at
    is_chance = forecast.endpoint.kind == "chance"
    at = _share(level.at) if is_chance else f"{level.at:g} {forecast.endpoint.unit}".strip()
    what = (level.above if is_above else level.below).said(lang)
    text = _WORDS["at_or_above" if is_above else "below"].said(lang).format(at=at, what=what)
    # Of a chance the answers that remain are told by the interval itself.
    return text if is_chance or is_sure(forecast, level) else text + _WORDS["unsure"].said(lang)


def domain_text(forecast: Forecast, lang: str) -> str:
    """Whether the molecule is like those that were measured, and how like."""
    if not forecast.nearest:
        return _WORDS["no_near"].said(lang)
    text = _WORDS["inside" if forecast.inside else "outside"].said(lang)
    return text.format(near=forecast.nearest[0].similarity, familiar=_share(forecast.familiar))


def percentile_text(forecast: Forecast, lang: str) -> str:
    """The place among approved medicines; empty without a list of them."""
    if forecast.percentile is None:
        return ""
    return _WORDS["percentile"].said(lang).format(share=f"{forecast.percentile:.0f} %")


def nearest_texts(forecast: Forecast, lang: str) -> tuple[str, ...]:
    """Each near molecule, how like it is, and what was measured of it."""
    lines = []
    for one in forecast.nearest:
        text = _WORDS["same" if one.similarity >= 1.0 else "nearest"].said(lang)
        value = measured_text(forecast.endpoint, one.measured, lang)
        lines.append(text.format(smiles=one.smiles, near=one.similarity, value=value))
    return tuple(lines)


def measured_text(endpoint: Endpoint, measured: float, lang: str) -> str:
    """What was measured of a molecule: yes or no, or an amount with its unit."""
    if endpoint.kind == "chance":
        return _WORDS["yes" if measured >= 0.5 else "no"].said(lang)
    return amount_text(measured, endpoint.unit)


def sentences(forecast: Forecast, lang: str) -> tuple[str, ...]:
    """All that is said of a forecast, most weighty first; what is not known is left out."""
    first = f"{forecast.endpoint.name.said(lang)}: {value_text(forecast)}, {interval_text(forecast, lang)}"
    levels, near = level_texts(forecast, lang), nearest_texts(forecast, lang)
    place = percentile_text(forecast, lang)
    return (first, *levels, domain_text(forecast, lang), *([place] if place else []), *near)


def strongest_atoms(shares: AtomShares, *, sign: float) -> tuple[int, ...]:
    """Atoms that drive the value most in the direction of `sign` (+1 up, -1 down), strongest first; none may."""
    pushing = {at: sign * share for at, share in enumerate(shares.atoms) if sign * share > 0}
    if not pushing:
        return ()
    least = _WEAK * max(pushing.values())
    return tuple(sorted((at for at, one in pushing.items() if one >= least), key=lambda at: (-pushing[at], at))[:_MANY])


def scale_text(endpoint: Endpoint, lang: str) -> str:
    """In what the shares of atoms are told: log-odds of a chance, the logarithm or the unit of an amount."""
    if endpoint.kind == "chance":
        return _WORDS["log_odds"].said(lang)
    return _WORDS["logarithm"].said(lang) if endpoint.log else endpoint.unit


def atoms_text(forecast: Forecast, shares: AtomShares, atoms: tuple[int, ...], lang: str) -> str:
    """What some atoms add to the value together, and how much of the forecast was explained so."""
    return _WORDS["atoms"].said(lang).format(
        atoms=",".join(map(str, atoms)),
        share=sum(shares.atoms[at] for at in atoms),
        scale=scale_text(forecast.endpoint, lang),
        explained=_share(shares.explained),
    )  # fmt: skip
