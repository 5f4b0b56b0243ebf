"""Every remark made while waveforms are read, by key, in English and simplified Chinese, and the way back.

A remark is a Problem in English whose `what` starts with a fixed name and a colon ("saturated: ..."), so that it can be
told apart without parsing; `notice_in` finds its key and values again and says it in the other language.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from suwen.errors import Problem
from suwen.formats.waveforms.notice_strings import NOTICES

__all__ = ["Language", "notice", "notice_in", "notice_key", "notice_text"]

Language = Literal["en", "zh"]
Value = str | float


def notice(key: str, *, where: str = "", **values: Value) -> Problem:
    """The remark `key` of the table with its values filled in; numbers are shortened to four decimals."""
    shown = {name: _shown(value) for name, value in values.items()}
    words = NOTICES[key]
    return Problem(
        where,
        words["en"].format(**shown),
        words.get("en_remedy", "").format(**shown),
        zh_what=words["zh"].format(**shown),
        zh_remedy=words.get("zh_remedy", "").format(**shown),
    )


def _shown(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:.4f}".rstrip("0").rstrip(".")


def notice_key(problem: Problem) -> str:
    """The key of a remark made here, "" for any other problem."""
    return next((key for key in NOTICES if _pattern(key).fullmatch(problem.what)), "")


def notice_in(problem: Problem, language: Language) -> Problem:
    """The same remark in another language; a problem that is not from this table comes back as it is."""
    key = notice_key(problem)
    found = _pattern(key).fullmatch(problem.what) if key else None
    if language == "en" or found is None:
        return problem
    words, values = NOTICES[key], found.groupdict()
    return Problem(problem.where, words["zh"].format(**values), words.get("zh_remedy", "").format(**values))


def notice_text(problem: Problem, language: Language) -> str:
    """A remark as one line for a reader, in English or Chinese."""
    said = notice_in(problem, language)
    if language == "en":
        return str(said)
    place = f"{said.where}：" if said.where else ""
    return f"{place}{said.what}（{said.remedy}）" if said.remedy else f"{place}{said.what}"


@cache
def _pattern(key: str) -> re.Pattern[str]:
    """The English sentence of a key with a group for each value."""
    parts = re.split(r"\{(\w+)\}", NOTICES[key]["en"])
    made = [re.escape(part) if at % 2 == 0 else f"(?P<{part}>.+?)" for at, part in enumerate(parts)]
    return re.compile("".join(made), re.DOTALL)
