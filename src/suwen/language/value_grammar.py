"""How a measured value is written: the number, and after it unit, flag and reference range in any order."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

from suwen.language.units import read_unit
from suwen.language.value_table import Analyte

__all__ = ["NUMBER", "Tail", "Value", "as_number", "comparator", "fold", "read_range", "read_tail"]

NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d+)(?:\.\d+)?"
_BETWEEN = r"\s*(?:-|~|至|到|to)\s*"
_LABEL = (
    r"(?:(?:参考|正常)(?:值|范围|区间|参考值)?|(?i:ref(?:erence)?(?:\s*(?:range|interval))?|normal(?:\s*range)?)|NR|RR)"
    r"\s*[:,]?\s*"
)
_LESS = {"<": "<", "<=": "<=", "≤": "<=", "小于": "<", "低于": "<", "不足": "<", "不超过": "<="}
_MORE = {">": ">", ">=": ">=", "≥": ">=", "大于": ">", "高于": ">", "超过": ">", "不低于": ">="}
_SIGNS = _LESS | _MORE
_FOLDED = str.maketrans(
    {
        **dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True)),
        **dict(zip("μµ×✕–—−～〜∼", "uuxx---~~~", strict=True)),
        **dict(zip("\u3000\u00a0\u2009", "   ", strict=True)),
        **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if chr(code) not in "，；～"},
    }
)
_MAX_PARTS = 6


@dataclass(frozen=True, slots=True)
class Value:
    """A measured value as written: `start` and `end` in characters of the text that was given.

    `unit` is UCUM, "" where none was written; the printed range and the value share it. `comparator` is "", "<", "<=",
    ">" or ">="; `flag` is "", "H" or "L". `doubt` says in English what makes the reading itself uncertain.
    """

    start: int
    end: int
    analyte: Analyte
    value: Decimal
    comparator: str = ""
    unit: str = ""
    range_low: Decimal | None = None
    range_high: Decimal | None = None
    flag: str = ""
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Tail:
    """What stands after a number: unit, printed range, flag, and where it all ends."""

    end: int
    unit: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    flag: str = ""

    @property
    def tells(self) -> bool:
        """Whether it says anything that a bare number does not."""
        return bool(self.unit or self.flag or self.low is not None or self.high is not None)


def fold(text: str) -> str:
    """The text with superscripts, micro signs, dashes and full-width forms made plain, character for character."""
    return text.translate(_FOLDED)


def as_number(text: str) -> Decimal:
    """The number that NUMBER matched; commas group thousands."""
    return Decimal(text.replace(",", ""))


def comparator(text: str) -> str:
    """One of "", "<", "<=", ">", ">=" for a sign or word before a number."""
    return _SIGNS.get(text.strip(), "")


def read_tail(text: str, at: int) -> Tail:
    """Unit, flag and range after a number, in whatever order they stand; a cell border counts as a blank."""
    tail = Tail(at)
    for _ in range(_MAX_PARTS):
        start = _blank(text, tail.end)
        grown = _unit(text, start, tail) or _flag(text, start, tail) or _span(text, start, tail)
        if grown is None:
            return tail
        tail = grown
    return tail


def read_range(text: str, at: int = 0) -> tuple[Decimal | None, Decimal | None, int] | None:
    """A reference range "3.5-5.3", "<40", ">=60" at `at`: lowest, highest, end; None where none stands there."""
    two, one = _ranges()
    if match := two.match(text, at):
        low, high = as_number(match.group(1)), as_number(match.group(2))
        return (low, high, match.end()) if low <= high else None
    if match := one.match(text, at):
        number = as_number(match.group(2))
        return (None, number, match.end()) if match.group(1) in _LESS else (number, None, match.end())
    return None


def _unit(text: str, at: int, tail: Tail) -> Tail | None:
    code, end = read_unit(text, at) if not tail.unit else ("", at)
    return replace(tail, unit=code, end=end) if code else None


def _flag(text: str, at: int, tail: Tail) -> Tail | None:
    match = _flags().match(text, at) if not tail.flag else None
    if match is None:
        return None
    word = (match.group(1) or match.group(2)).lower()
    return replace(tail, flag="H" if word.strip("偏")[0] in "↑h高" else "L", end=match.end())


def _span(text: str, at: int, tail: Tail) -> Tail | None:
    """A range in brackets, or after the word for one, or bare where the line or cell ends with it."""
    if tail.low is not None or tail.high is not None:
        return None
    opened = _openings().match(text, at)
    found = read_range(text, opened.end() if opened else at)
    if found is None:
        return None
    low, high, end = found
    end = read_unit(text, _blank(text, end))[1] if read_unit(text, _blank(text, end))[0] else end
    if opened and opened.group(1):
        closing = re.compile(r"\s*[)\]]").match(text, end)
        return replace(tail, low=low, high=high, end=closing.end()) if closing else None
    bare = opened is None and (low is None or high is None or not _edge().match(text, end) or at == tail.end)
    return None if bare else replace(tail, low=low, high=high, end=end)


def _blank(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t|":
        at += 1
    return at


@cache
def _flags() -> re.Pattern[str]:
    return re.compile(
        r"[(\[]\s*(↑+|↓+|HH?|LL?|(?i:high|low)|偏?[高低])\s*[)\]]|(↑+|↓+|HH?(?![A-Za-z0-9])|LL?(?![A-Za-z0-9/])|偏[高低])"
    )


@cache
def _openings() -> re.Pattern[str]:
    return re.compile(rf"([(\[])\s*(?:{_LABEL})?|[,;，；]?\s*{_LABEL}")


@cache
def _edge() -> re.Pattern[str]:
    return re.compile(r"[ \t|]*(?:$|\n|↑|↓|[HL](?![A-Za-z])|\||\t)")


@cache
def _ranges() -> tuple[re.Pattern[str], re.Pattern[str]]:
    signs = "|".join(sorted(map(re.escape, _SIGNS), key=len, reverse=True))
    return re.compile(rf"({NUMBER}){_BETWEEN}({NUMBER})(?![\d/])"), re.compile(rf"({signs})\s*({NUMBER})")
