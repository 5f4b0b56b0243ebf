"""Who a note is about as far as it says: sex and age of the patient, in Chinese and English."""

from __future__ import annotations

import re
from dataclasses import dataclass

from suwen.subject import Sex

__all__ = ["Person", "person"]

_DAYS = {"year": 365.25, "month": 365.25 / 12, "week": 7.0, "day": 1.0}
_ENGLISH_UNITS = {"y": "year", "m": "month", "w": "week", "d": "day"}
_CHINESE_UNITS = {
    "岁": "year",
    "周岁": "year",
    "个月": "month",
    "月龄": "month",
    "月": "month",
    "周": "week",
    "天": "day",
}
_OLDEST = 130.0

_FEMALE = r"female|woman|girl|lady|women|girls"
_MALE = r"male|man|boy|gentleman|men|boys"
# "a 25-year-old woman", "3 y/o boy", "18 months old female infant"
_AGED = re.compile(
    r"\b(\d{1,3}(?:\.\d)?)[\s-]*(years?|yrs?|y|months?|mos?|weeks?|wks?|days?)[\s/-]*(?:old|o)\b"
    rf"(?:[\s,-]+(?:\w+[\s,-]+){{0,3}}?({_FEMALE}|{_MALE}|[FM]\b))?",
    re.IGNORECASE,
)
_SEX_WORD = re.compile(rf"\b(?:(?P<f>{_FEMALE})|(?P<m>{_MALE}))\b", re.IGNORECASE)
_ENGLISH_FIELD = re.compile(
    r"\b(?:sex|gender)\s*[:=]\s*(f|m|female|male)\b|\bage\s*[:=]\s*(\d{1,3}(?:\.\d)?)\s*(y|years?|months?|weeks?|days?)?",
    re.IGNORECASE,
)
_CHINESE_FIELD = re.compile(
    r"性别\s*[:：]?\s*(男|女)|年龄\s*[:：]?\s*(\d{1,3}(?:\.\d)?)\s*(周岁|岁|个月|月龄|月|周|天)?"
)
_CHINESE_SEX = re.compile(
    r"(?:患者|患儿|病人|该患|孩子)[，,、:：\s]{0,3}(?:[\u4e00-\u9fff]{2,4}[，,、\s]{1,2})?(男|女)|(?:^|[：:，,、。\s岁月])(男|女)(?:性|孩|童|婴)?[，,、。\s]"
)
_CHINESE_AGE = re.compile(
    r"(?<![\d.])(\d{1,3}(?:\.\d)?)\s*(周岁|岁|个月|月龄|天)(?:(半)|(?:零|又)?(\d{1,2})个?月)?"
    r"(?=[，,、。；\s]|男|女|患|的|龄|婴|儿|$)"
)


@dataclass(frozen=True, slots=True)
class Person:
    """Sex and age in years as a note says; unknown stays unknown."""

    sex: Sex = Sex.UNKNOWN
    age_years: float | None = None


def person(text: str) -> Person:
    """Read who the patient is from normalised text: fields first, else the first words that say an age and a sex."""
    sex, age = _fields(text)
    aged = _AGED.search(text)
    if aged is not None:
        age = _years(float(aged[1]), aged[2]) if age is None else age
        sex = _sex(aged[3] or "") if sex is Sex.UNKNOWN else sex
    if sex is Sex.UNKNOWN:
        sex = _said(text)
    if age is None:
        found = _CHINESE_AGE.search(text)
        if found is not None:
            age = _years(float(found[1]) + 0.5 * bool(found[3]), _CHINESE_UNITS[found[2]])
            age += _years(float(found[4] or 0), "month")
    return Person(sex, age if age is not None and age <= _OLDEST else None)


def _fields(text: str) -> tuple[Sex, float | None]:
    sex, age = Sex.UNKNOWN, None
    for found in (*_ENGLISH_FIELD.finditer(text), *_CHINESE_FIELD.finditer(text)):
        if found[1] and sex is Sex.UNKNOWN:
            sex = _sex(found[1])
        if found[2] and age is None:
            unit = found[3] or "year"
            age = _years(float(found[2]), _CHINESE_UNITS.get(unit, unit))
    return sex, age


def _said(text: str) -> Sex:
    found = _CHINESE_SEX.search(text)
    if found is not None:
        return _sex(found[1] or found[2])
    words = {"f" if one["f"] else "m" for one in _SEX_WORD.finditer(text[:300])}
    return {"f": Sex.FEMALE, "m": Sex.MALE}[words.pop()] if len(words) == 1 else Sex.UNKNOWN


def _sex(word: str) -> Sex:
    lowered = word.lower()
    if lowered in {"女", "f"} or re.fullmatch(_FEMALE, lowered):
        return Sex.FEMALE
    return Sex.MALE if lowered in {"男", "m"} or re.fullmatch(_MALE, lowered) else Sex.UNKNOWN


def _years(amount: float, unit: str) -> float:
    name = unit.lower()
    known = name.rstrip("s") if name.rstrip("s") in _DAYS else _ENGLISH_UNITS.get(name[0], "year")
    return amount * _DAYS[known] / _DAYS["year"]
