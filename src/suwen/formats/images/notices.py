"""Every remark made while images are read, by key, in English and simplified Chinese, and the way back from its text.

A remark is a Problem in English whose `what` starts with a fixed name and a colon ("gantry tilt: ..."), so that it can
be told apart without parsing; `notice_in` finds its key and values again and says it in the other language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Literal

from suwen.errors import FormatError, Problem
from suwen.formats.images.notice_strings import NOTICES, REASONS

__all__ = ["Language", "notice", "notice_in", "notice_key", "notice_text", "reason", "refusal", "unreadable"]

Language = Literal["en", "zh"]
Value = str | float


def notice(key: str, *, where: str = "", **values: Value) -> Problem:
    """The remark `key` of the table with its values filled in; numbers are shortened to four decimals."""
    shown = {name: _shown(value) for name, value in values.items()}
    words, chinese = NOTICES[key], _in_chinese(shown)
    return Problem(
        where,
        words["en"].format(**shown),
        words.get("en_remedy", "").format(**shown),
        zh_what=words["zh"].format(**chinese),
        zh_remedy=words.get("zh_remedy", "").format(**chinese),
    )


def reason(key: str, **values: Value) -> str:
    """The sentence `key` of why something cannot be read, in English."""
    return REASONS[key]["en"].format(**{name: _shown(value) for name, value in values.items()})


def refusal(key: str, **values: Value) -> FormatError:
    """The error with the sentence `key` of why something cannot be read, in both languages."""
    shown = {name: _shown(value) for name, value in values.items()}
    return FormatError(REASONS[key]["en"].format(**shown), zh=REASONS[key]["zh"].format(**shown))


def unreadable(name: str, error: Exception) -> Problem:
    """A file that was left out, with the first line of the error that says why."""
    return notice("unreadable", where=name, why=str(error).splitlines()[0] if str(error) else "unknown")


def _shown(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:.4f}".rstrip("0").rstrip(".")


def notice_key(problem: Problem) -> str:
    """The key of a remark made here, "" for any other problem."""
    return next((key for key in NOTICES if _pattern(key, "notice").fullmatch(problem.what)), "")


def notice_in(problem: Problem, language: Language) -> Problem:
    """The same remark in another language; a problem that is not from this table comes back as it is."""
    key = notice_key(problem)
    found = _pattern(key, "notice").fullmatch(problem.what) if key else None
    if language == "en" or found is None:
        return problem
    words, values = NOTICES[key], _in_chinese(found.groupdict())
    return Problem(problem.where, words["zh"].format(**values), words.get("zh_remedy", "").format(**values))


def notice_text(problem: Problem, language: Language) -> str:
    """A remark as one line for a reader, in English or Chinese."""
    said = notice_in(problem, language)
    if language == "en":
        return str(said)
    place = f"{said.where}：" if said.where else ""
    return f"{place}{said.what}（{said.remedy}）" if said.remedy else f"{place}{said.what}"


def _in_chinese(values: Mapping[str, str]) -> dict[str, str]:
    return {name: _word(value) if name in {"why", "kind", "how"} else value for name, value in values.items()}


def _word(sentence: str) -> str:
    """A reason in Chinese, or the sentence itself where it is none of the table."""
    for key, words in REASONS.items():
        found = _pattern(key, "reason").fullmatch(sentence)
        if found is not None:
            return words["zh"].format(**found.groupdict())
    return sentence


@cache
def _pattern(key: str, table: Literal["notice", "reason"]) -> re.Pattern[str]:
    """The English sentence of a key with a group for each value; a value named twice has to be the same."""
    text = (NOTICES if table == "notice" else REASONS)[key]["en"]
    parts = re.split(r"\{(\w+)\}", text)
    seen: set[str] = set()
    made = []
    for at, part in enumerate(parts):
        if at % 2 == 0:
            made.append(re.escape(part))
        else:
            made.append(f"(?P={part})" if part in seen else f"(?P<{part}>.+?)")
            seen.add(part)
    return re.compile("".join(made), re.DOTALL)
