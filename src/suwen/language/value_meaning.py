"""What a measured value means: high, low or normal, its HPO term, why, and the question where it cannot be trusted.

The range printed in the note decides, then the flag of the laboratory, then the table by age and sex; else it is
unknown. Nothing is guessed: an implausible number, an unclear unit or a flag against its range gives a question and no
code.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from suwen.language.value_grammar import Value
from suwen.language.value_table import Analyte, Degree, Range, sources
from suwen.subject import Code, Sex

__all__ = ["Level", "Meaning", "meaning"]

_TINY = Decimal("1e-9")
_FROM_BIRTH = 0.08  # years; the standards for children begin at 28 days
_ZH = {"high": "高于", "low": "低于", "normal": "在"}
_EN = {"high": "above", "low": "below", "normal": "within"}


class Level(Enum):
    """Where a value stands to its range; unknown where no range that is certain holds for the patient."""

    HIGH = "high"
    LOW = "low"
    NORMAL = "normal"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a value means. `code` is the HPO term (without label), None where normal, unknown, or without a term.

    `value` and `unit` are as used, in the unit of the table; `value` is None where the number was not used. `question`
    and `question_zh` are empty unless a person has to look; then there is no code.
    """

    level: Level
    code: Code | None = None
    value: Decimal | None = None
    unit: str = ""
    reason: str = ""
    reason_zh: str = ""
    question: str = ""
    question_zh: str = ""


@dataclass(frozen=True, slots=True)
class _Judged:
    level: Level
    ranges: tuple[Range, ...]
    by: str
    by_zh: str


def meaning(value: Value, *, sex: Sex, age_years: float | None) -> Meaning:
    """What a value means for a patient of this sex and age in years (None where unknown).

    Where sex or age is unknown, only a verdict on which all ranges that may apply agree is given. The sources of the
    ranges stand in labs.tsv.
    """
    unit, question = _unit_read(value)
    amount = value.analyte.in_unit(value.value, unit) if unit else None
    if amount is None or question is not None:
        return _questioned(*(question or _misfit(value)))
    if not value.analyte.plausible(amount):
        return _questioned(*_implausible(value))
    judged = _judged(value, amount, unit, sex, age_years)
    if isinstance(judged, Meaning):
        return judged
    return _told(value, amount, judged)


def _unit_read(value: Value) -> tuple[str, tuple[str, str] | None]:
    """The unit as written, or the only one that makes the number plausible; else the question."""
    analyte = value.analyte
    if value.doubt:
        return value.unit, (f"{_shown(value)}: {value.doubt}", f"{_shown_zh(value)}：读法不确定，请核对项目和单位")
    if value.unit:
        return value.unit, None
    units = analyte.units_for(value.value)
    if len(units) == 1:
        return units[0], None
    if not units:
        return "", _implausible(value)
    listed = " or ".join(units)
    return "", (
        f"{_shown(value)} has no unit; it may be {listed}",
        f"{_shown_zh(value)}未写单位，可能是{'或'.join(units)}",
    )


def _misfit(value: Value) -> tuple[str, str]:
    return (
        f"{_shown(value)}: the unit {value.unit} does not belong to this analyte",
        f"{_shown_zh(value)}：单位{value.unit}与该项目不符",
    )


def _implausible(value: Value) -> tuple[str, str]:
    analyte = value.analyte
    limits = f"{analyte.low} - {analyte.high} {analyte.unit}"
    return (
        f"{_shown(value)} is outside of what is possible ({limits}); a slip of the pen?",
        f"{_shown_zh(value)}超出可能范围（{limits}），疑为笔误",
    )


def _judged(value: Value, amount: Decimal, unit: str, sex: Sex, age_years: float | None) -> _Judged | Meaning:
    flagged = {"H": Level.HIGH, "L": Level.LOW}.get(value.flag)
    printed = _printed(value, unit)
    if printed is not None:
        level = _agreed([printed], value, amount)
        if flagged is not None and level not in {flagged, Level.UNKNOWN}:
            return _questioned(*_contradiction(value))
        return _Judged(flagged or level, (printed,), "the range printed in the note", "病历所印参考范围")
    ranges = _applicable(value.analyte, sex, age_years)
    level = _agreed(ranges, value, amount)
    if flagged is None:
        return _Judged(level, ranges, _cited(ranges, 0), _cited(ranges, 1))
    if {flagged, level} == {Level.HIGH, Level.LOW}:
        return _questioned(*_contradiction(value))
    return _Judged(flagged, ranges, "the flag of the laboratory", "检验科标记")


def _printed(value: Value, unit: str) -> Range | None:
    """The printed range in the unit of the table; it shares the unit of the value."""
    ends = [None if end is None else value.analyte.in_unit(end, unit) for end in (value.range_low, value.range_high)]
    if ends == [None, None]:
        return None
    return Range(None, 0, 200, ends[0], ends[1], high_open=False, sure_high=None, source="note")


def _applicable(analyte: Analyte, sex: Sex, age_years: float | None) -> tuple[Range, ...]:
    """Ranges that may hold for the patient; none where an age that is unknown could be one without a range."""
    found = tuple(one for one in analyte.ranges if one.holds_for(sex, age_years))
    whole = age_years is not None or any(one.from_age <= _FROM_BIRTH for one in found)
    both = sex in {Sex.FEMALE, Sex.MALE} or any(one.sex is None for one in found) or len({one.sex for one in found}) > 1
    return found if whole and both else ()


def _agreed(ranges: Sequence[Range], value: Value, amount: Decimal) -> Level:
    """The verdict on which all ranges agree, over all amounts that a "<" or ">" leaves open."""
    analyte = value.analyte
    ends = {
        "<": (analyte.low, amount - _TINY),
        "<=": (analyte.low, amount),
        ">": (amount + _TINY, analyte.high),
        ">=": (amount, analyte.high),
    }.get(value.comparator, (amount,))
    verdicts = {one.verdict(end) for one in ranges for end in ends}
    return Level(verdicts.pop()) if len(verdicts) == 1 else Level.UNKNOWN


def _told(value: Value, amount: Decimal, judged: _Judged) -> Meaning:
    code = _code(value.analyte, amount, judged)
    unit = value.analyte.unit
    shown = _plain(unit)
    if judged.level is Level.UNKNOWN:
        en, zh = "no certain range decides", "没有可靠的参考范围可以判断"
    elif judged.by == "the flag of the laboratory":
        en = f"marked {'high' if judged.level is Level.HIGH else 'low'} by {judged.by}"
        zh = f"{judged.by_zh}为{'偏高' if judged.level is Level.HIGH else '偏低'}"
    else:
        word = judged.level.value
        en = f"{_EN[word]} {_spans(judged.ranges)} {shown} ({judged.by})"
        zh = f"{_ZH[word]}参考范围{_spans(judged.ranges)} {shown}{'内' if word == 'normal' else ''}（{judged.by_zh}）"
    return Meaning(judged.level, code, amount, unit, f"{_shown(value)}: {en}", f"{_shown_zh(value)}：{zh}")


def _code(analyte: Analyte, amount: Decimal, judged: _Judged) -> Code | None:
    """The term of the gravest degree reached; degrees are listed from the mildest on."""
    found: str | None = None
    upper = max((one.high for one in judged.ranges if one.high is not None), default=None)
    if judged.level is Level.HIGH:
        for degree in analyte.high_codes:
            found = degree.code if _reached(degree, amount, upper) else found
    if judged.level is Level.LOW:
        for degree in analyte.low_codes:
            found = degree.code if degree.limit is None or amount < degree.limit else found
    return Code(found) if found else None


def _reached(degree: Degree, amount: Decimal, upper: Decimal | None) -> bool:
    if degree.limit is None:
        return True
    if degree.times:
        return upper is not None and amount > degree.limit * upper
    return amount >= degree.limit


def _contradiction(value: Value) -> tuple[str, str]:
    return (
        f"{_shown(value)} is flagged {value.flag} against its range; which of them is right?",
        f"{_shown_zh(value)}标记为{'偏高' if value.flag == 'H' else '偏低'}，与参考范围矛盾，请核对",
    )


def _questioned(question: str, question_zh: str) -> Meaning:
    return Meaning(Level.UNKNOWN, question=question, question_zh=question_zh)


def _cited(ranges: Iterable[Range], language: int) -> str:
    return "; ".join(dict.fromkeys(sources()[one.source][language] for one in ranges))


def _spans(ranges: Iterable[Range]) -> str:
    return " / ".join(dict.fromkeys(_span(one) for one in ranges))


def _span(one: Range) -> str:
    if one.low is None:
        return f"{'<' if one.high_open else '<='}{one.high}"
    return f">={one.low}" if one.high is None else f"{one.low}-{'<' if one.high_open else ''}{one.high}"


def _shown(value: Value) -> str:
    return f"{value.analyte.code.label} {value.comparator}{value.value} {_plain(value.unit)}".strip()


def _shown_zh(value: Value) -> str:
    name = next(iter(value.analyte.names_zh), value.analyte.code.label).strip("~!")
    return f"{name} {value.comparator}{value.value} {_plain(value.unit)}".strip()


def _plain(unit: str) -> str:
    return "+" if unit == "{plus}" else unit
