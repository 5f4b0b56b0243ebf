"""Times as clinical text writes them, in Chinese and English: how long, since when, at what age."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from suwen.language.nouns import When

__all__ = ["times"]

_DAY = {"minute": 1 / 1440, "hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}
_UNITS_ZH = {
    "分": "minute",
    "小": "hour",
    "时": "hour",
    "天": "day",
    "日": "day",
    "周": "week",
    "星": "week",
    "月": "month",
    "年": "year",
}
_UNITS_EN = {"mi": "minute", "h": "hour", "d": "day", "w": "week", "m": "month", "y": "year"}
_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"两": 2, "半": 0.5}
_COUNTED = "one two three four five six seven eight nine ten eleven twelve"
_WORDS = {word: count for count, word in enumerate(_COUNTED.split(), 1)} | {"a": 1, "an": 1}
_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES.split(), 1)}

_N_ZH = r"(?:\d+(?:\.\d+)?|[一二两三四五六七八九十百]+|半|数|几|多)"
_U_ZH = r"(?:分钟|小时|天|日(?!常)|周(?!围|岁)|星期|个?半?月(?!经)|年(?!龄|轻))"
_N_EN = rf"(?:\d+(?:\.\d+)?|{_COUNTED.replace(' ', '|')}|an?|several|many|few|a few|a couple of)"
_U_EN = r"(?:minutes?|mins?|hours?|hrs?|h|days?|d|weeks?|wks?|w|months?|mos?|years?|yrs?|y)"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_AGO = {
    "今": 0, "昨": 1, "前天": 2, "前日": 2, "上周": 7, "上星期": 7, "上月": 30.4375, "上个月": 30.4375, "去年": 365.25,
    "today": 0, "this morning": 0, "yesterday": 1, "last night": 1, "overnight": 1, "last week": 7,
    "last month": 30.4375, "last year": 365.25,
}  # fmt: skip

_BIRTH = re.compile(
    r"(?:自|从)?(?:出生后?|生后)(?:即|时|不久|起|以来)+|自出生"
    r"|(?:at|since|from) birth|in the (?:newborn|neonatal) period"
)
_AGE_ZH = re.compile(
    rf"(?:自|从|于)?(?:(?:生后|出生后)(?P<after>{_N_ZH})(?:余|多)?个?(?P<unit>天|日|周|月)(?:余|多)?(?:时|起|即)?|"
    rf"(?P<n>{_N_ZH})(?P<months>个?月(?=龄|大)|岁)(?P<half>半)?(?:龄|大)?(?:余|多|左右)?"
    r"(?:时|起病|起|发病|开始|始|即|后|以后|以来|前))"
)
_SINCE = r"(?:at|since|from|by|until|before|around|after)"
_AGE_EN = re.compile(
    rf"(?:{_SINCE} )?(?:the |an )?\bage (?:of )?(?P<n>{_N_EN})\b(?:[ -](?P<unit>{_U_EN})\b)?|"
    rf"\b{_SINCE} (?:about |around )?(?P<n2>{_N_EN})[ -](?P<unit2>{_U_EN})\b(?: (?:of age|old))?"
    r"(?! (?:ago|of (?!age)|history))"
)
_DATE_ZH = re.compile(
    r"(?:自|于|从)?(?P<y>(?:19|20)\d\d)(?:年(?:(?P<m>\d{1,2})月(?:(?P<d>\d{1,2})[日号])?)?"
    r"|[-./](?P<m2>\d{1,2})(?:[-./](?P<d2>\d{1,2}))?(?!\d))(?:份)?(?:起|开始|始)?|(?<!\d)\d{1,2}月\d{1,2}[日号]"
)
_DATE_EN = re.compile(
    rf"(?:(?:in|since|on|from|until|by) )?\b(?P<m>{_MONTH})\.?,? (?:(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,? )?"
    r"(?P<y>(?:19|20)\d\d)\b|(?:in|since|from|until|by) (?P<y2>(?:19|20)\d\d)\b"
)
_LASTING_ZH = re.compile(
    rf"(?<![每第\d./])(?:近|约|已|达)*(?P<n>{_N_ZH})\+?(?:余|多|来)?个?(?P<unit>{_U_ZH})(?P<half>半)?(?:\+|余|多)?"
    rf"(?:以前|之前|前|以来|来|内|后|左右)*(?!龄|大|尿|动态|心电|脑电|视频|\d)"
)
_LASTING_EN = re.compile(
    r"(?:\bfor |\bover |\bwithin |\bx ?|\bduring )?(?:the )?"
    r"(?:(?:past|last|about|approximately|almost|nearly|over|more than|at least) )*"
    rf"(?<![\w./])(?P<n>{_N_EN})(?:(?<=\d)[- ]?|[- ])(?P<unit>{_U_EN})\b(?!-old| old| of age|/)"
    r"(?:[- ]history| ago| earlier| before| prior)?"
)
_RELATIVE = re.compile(
    r"今(?:日|天|晨|早|晚)|昨(?:日|天|晚|夜)|前天|前日|上周|上星期|上个?月|去年"
    r"|\b(?:today|this morning|yesterday|last night|overnight|last (?:week|month|year))\b"
)
_YOUNG = re.compile(r"自幼|从小|幼时|幼年|儿时|婴儿期|儿童期|\b(?:since|in|from) (?:early )?(?:childhood|infancy)\b")


def times(text: str) -> Iterator[tuple[int, int, When]]:
    """Start, end and meaning of each time named in `text`, the surer readings first; none overlap.

    A month counts 30.4375 days and a year 365.25. "近2月" lasts 61 days; "several days" keeps only its words; a year
    of age is one, not a duration; the age a patient is ("36岁", "7-year-old") is no time.
    """
    small = text.lower()
    source = small if len(small) == len(text) else text
    taken: list[tuple[int, int]] = []
    for pattern, read in _READINGS:
        for found in pattern.finditer(source):
            if not any(found.start() < end and start < found.end() for start, end in taken):
                start = found.start() + len(found.group()) - len(found.group().lstrip())
                taken.append((start, found.end()))
                yield start, found.end(), read(found, text[start : found.end()])


def _birth(found: re.Match[str], text: str) -> When:
    del found
    return When(text, age_years=0.0)


def _young(found: re.Match[str], text: str) -> When:
    del found
    return When(text)


def _age_zh(found: re.Match[str], text: str) -> When:
    if found["after"]:
        return When(text, age_years=_years(_number(found["after"]), _UNITS_ZH[found["unit"][0]]))
    unit = "year" if found["months"] == "岁" else "month"
    count = _number(found["n"])
    return When(text, age_years=_years(None if count is None else count + (0.5 if found["half"] else 0), unit))


def _age_en(found: re.Match[str], text: str) -> When:
    unit = found["unit"] or found["unit2"] or "years"
    return When(text, age_years=_years(_number(found["n"] or found["n2"]), _unit_en(unit)))


def _date_zh(found: re.Match[str], text: str) -> When:
    return When(text, date=_iso(found["y"], found["m"] or found["m2"], found["d"] or found["d2"]))


def _date_en(found: re.Match[str], text: str) -> When:
    month = _MONTHS[found["m"][:3]] if found["m"] else None
    return When(text, date=_iso(found["y"] or found["y2"], month, found["d"]))


def _lasting_zh(found: re.Match[str], text: str) -> When:
    unit = found["unit"]
    count = _number(found["n"])
    if count is None:
        return When(text)
    if "半" in unit:  # "1个半月"
        count += 0.5
    name = _UNITS_ZH[unit.lstrip("个半")[0]]
    return When(text, duration_days=round((count + (0.5 if found["half"] else 0)) * _DAY[name], 4))


def _lasting_en(found: re.Match[str], text: str) -> When:
    count = _number(found["n"])
    return When(text, duration_days=None if count is None else round(count * _DAY[_unit_en(found["unit"])], 4))


def _relative(found: re.Match[str], text: str) -> When:
    said = found.group()
    return When(text, duration_days=float(_AGO[said] if said in _AGO else _AGO[said[0]]))


def _unit_en(unit: str) -> str:
    return _UNITS_EN[unit[:2] if unit.startswith("mi") else unit[0]]


def _years(count: float | None, unit: str) -> float | None:
    return None if count is None else round(count * _DAY[unit] / _DAY["year"], 4)


def _number(written: str) -> float | None:
    """The value of a number in digits, English words or Chinese signs; None for "several", 数 and the like."""
    if written.replace(".", "", 1).isdigit() and written.isascii():
        return float(written)
    if written in _WORDS or written in _DIGITS:
        return float(_WORDS.get(written, _DIGITS.get(written, 0)))
    if not written or any(sign not in _DIGITS and sign not in "十百" for sign in written):
        return None
    return float(_chinese(written))


def _chinese(written: str) -> float:
    total, digit = 0.0, 0.0
    for sign in written:
        if sign in "十百":
            total += (digit or 1) * (10 if sign == "十" else 100)
            digit = 0
        else:
            digit = _DIGITS[sign]
    return total + digit


def _iso(year: str | None, month: str | int | None, day: str | None) -> str:
    """A date as precise as it was written; "" where no year was, or where the numbers are no date."""
    if not year:
        return ""
    if not month or not 1 <= int(month) <= 12:
        return year
    if not day or not 1 <= int(day) <= 31:
        return f"{year}-{int(month):02d}"
    return f"{year}-{int(month):02d}-{int(day):02d}"


_READINGS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str], When]], ...] = (
    (_BIRTH, _birth),
    (_AGE_ZH, _age_zh),
    (_AGE_EN, _age_en),
    (_DATE_ZH, _date_zh),
    (_DATE_EN, _date_en),
    (_LASTING_ZH, _lasting_zh),
    (_LASTING_EN, _lasting_en),
    (_RELATIVE, _relative),
    (_YOUNG, _young),
)
