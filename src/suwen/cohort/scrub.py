"""Taking out of a text what says whose it is, by rules; rules miss things, and whoever gets the text is told so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date

__all__ = ["WARNING", "scrubbed"]

WARNING = (
    "Names, numbers, addresses and dates were taken out of these texts by rules. Rules miss things: read the texts "
    "before they go to anybody who may not know the patients. "
    "姓名、号码、地址与日期由规则去除；规则会有遗漏，交给无权知晓患者身份的人之前请先阅读。"
)
_NAME, _NUMBER, _DATE, _PLACE, _ADDRESS = "[name]", "[number]", "[date]", "[place]", "[address]"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)[a-z]*\.?"
_FULL = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})日?)(?!\d)")
# Kinds of 45 CFR 164.514(b)(2)(i) that have a shape, in the order they are looked for: the longer before the shorter.
_ADDRESSES = (
    (re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), _ADDRESS),
    (re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE), _ADDRESS),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b"), _ADDRESS),
)
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"(?im)((?:\b(?:patient|name|address|next of kin|employer)|姓名|患者姓名|联系人|住址|地址|工作单位|籍贯)"
            r"\s*[:：]\s*)[^\n,;，；。]+"
        ),
        rf"\g<1>{_NAME}",
    ),
    (
        re.compile(
            r"(?i)((?:\b(?:mrn|ssn|phone|tel|fax|mobile|account|licen[cs]e|passport|id)|住院号|门诊号|病历号|病案号|床号|"
            r"身份证号?|医保号|电话|手机|联系方式)\s*(?:no\.?|number|#)?\s*[:：#]?\s*)[A-Z]{0,4}-?\d[\w-]*"
        ),
        rf"\g<1>{_NUMBER}",
    ),
    (
        re.compile(
            rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH}(?:,?\s+\d{{4}})?|\b{_MONTH}\s+\d{{1,2}}(?:,?\s+\d{{4}})?\b"
        ),
        _DATE,
    ),
    (re.compile(rf"\b{_MONTH}\s+\d{{4}}\b"), _DATE),
    (re.compile(r"(?<![\d.])\d{1,2}([-/.])\d{1,2}\1(?:\d{4}|\d\d)(?!\d|\.\d)"), _DATE),
    (
        re.compile(
            r"(?<!\d)(?:(?:19|20)\d\d\s*年\s*)?\d{1,2}\s*月\s*\d{1,2}\s*[日号]|(?:19|20)\d\d\s*年\s*\d{1,2}\s*月"
        ),
        _DATE,
    ),
    (re.compile(r"(?<!\d)(?:19|20)\d\d-\d\d(?!\d)"), _DATE),
    (re.compile(r"(?<!\w)\+?\(?\d[\d ()-]{6,}\d(?:[Xx]\b)?"), _NUMBER),
    (re.compile(r"(?<![\d.])\d{5,}(?!\.?\d)"), _NUMBER),
    (re.compile(r"\b(?:Dr|Prof|Mr|Mrs|Ms|Miss)\.?\s+[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+)?"), _NAME),
    (re.compile(r"(?<!主)(?!副?主任)[\u4e00-\u9fff]{1,3}(?=(?:副?主任)?(?:医师|医生|教授|护士长|护士))"), _NAME),
    (re.compile(r"\b\d+\s+[A-Z]\w+\s+(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd)\b\.?"), _PLACE),
    (
        re.compile(
            r"[\u4e00-\u9fff]{2,8}(?:省|自治区)[\u4e00-\u9fff]{0,8}市?|[\u4e00-\u9fff\d]{2,12}(?:路|街|弄|村|镇|小区)\d*号?"
        ),
        _PLACE,
    ),
    (re.compile(r"(?<!\d)(?:9\d|1[0-4]\d)(?=\s*-?\s*(?:years?\b|yrs?\b|y/?o\b|year-old|岁))"), "90+"),
)


def scrubbed(text: str, identifying: Iterable[str], moved: Callable[[date], date]) -> str:
    """A text without what the record knows the patient by, and without what has the shape of a name, number or date.

    Whole dates (year first) are `moved` like all dates of the patient; others become `[date]`. Names that the record
    does not know and that stand without a title or a label stay: no rule finds them.
    """
    kept: list[str] = []

    def held(match: re.Match[str]) -> str:
        year, month, day = match[1], match[3] or match[5], match[4] or match[6]
        try:
            kept.append(moved(date(int(year), int(month), int(day))).isoformat())
        except ValueError:
            kept.append(_DATE)
        return f"\ue000{len(kept) - 1:x}\ue001".translate(_HELD)

    text = _FULL.sub(held, text.translate(_PRIVATE))
    for pattern, instead in _ADDRESSES:  # first: without the name in it, an address would no longer look like one
        text = pattern.sub(instead, text)
    text = _without(text, identifying)
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return re.sub("\ue000([\ue010-\ue01f]+)\ue001", lambda match: kept[int(match[1].translate(_FREED), 16)], text)


# A moved date waits as private characters, which no rule takes for a number.
_HELD = {ord(digit): 0xE010 + value for value, digit in enumerate("0123456789abcdef")}
_FREED = {private: digit for digit, private in _HELD.items()}
_PRIVATE = dict.fromkeys(range(0xE000, 0xE020))


def _without(text: str, identifying: Iterable[str]) -> str:
    """A text without these, whole and by word, whatever their case; the longest first."""
    parts = {part for one in identifying for part in (one.strip(), *re.split(r"[\s,;/·]+", one)) if _tells(part)}
    for part in sorted(parts, key=len, reverse=True):
        before = r"(?<!\w)" if part[0].isascii() and part[0].isalnum() else ""
        after = r"(?!\w)" if part[-1].isascii() and part[-1].isalnum() else ""
        text = re.sub(before + re.escape(part) + after, _NAME, text, flags=re.IGNORECASE)
    return text


def _tells(part: str) -> bool:
    """Whether a word says something of a person: an initial or a single digit does not, a Chinese name of two does."""
    return len(part) >= (2 if not part.isascii() else 3)
