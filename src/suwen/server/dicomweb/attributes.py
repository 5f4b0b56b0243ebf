"""Attributes by tag or keyword, and how a search matches them (PS3.18 8.3.4, PS3.4 C.2.2.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import translate
from functools import cache
from typing import Any

__all__ = ["matches", "tag_of", "value_of", "words_of"]

Json = Mapping[str, Any]
_LONGEST = 200  # characters that a search matches with
_DATES = {"DA", "TM", "DT"}


@cache
def tag_of(name: str) -> str:
    """The tag (8 hex digits, upper case) of a keyword or a tag, "" for what is none."""
    if re.fullmatch(r"[0-9A-Fa-f]{8}", name):
        return name.upper()
    from pydicom.datadict import tag_for_keyword  # noqa: PLC0415

    found = tag_for_keyword(name) if re.fullmatch(r"[A-Za-z0-9]{1,100}", name) else None
    return "" if found is None else f"{found:08X}"


def words_of(attributes: Json, tag: str) -> list[str]:
    """The values of an attribute as text; each form of a person's name by itself."""
    found: list[str] = []
    for one in attributes.get(tag, {}).get("Value", ()):
        found += [str(form) for form in one.values()] if isinstance(one, Mapping) else [str(one)]
    return found


def value_of(attributes: Json, tag: str) -> str:
    """The first value of an attribute as text, "" where there is none."""
    return next(iter(words_of(attributes, tag)), "")


def matches(attributes: Json, tag: str, asked: str) -> bool:
    """Whether an attribute matches: by range for dates and times, by list for UIDs, else by value with `*` and `?`."""
    if not asked or asked == "*":
        return True
    element = attributes.get(tag, {})
    words = words_of(attributes, tag)
    if element.get("vr") in _DATES and "-" in asked:
        return any(_within(one, asked) for one in words)
    if element.get("vr") == "UI" or tag in {"0020000D", "0020000E", "00080018", "00080016"}:
        return any(one in re.split(r"[,\\]", asked) for one in words)
    # Viewers ask for several modalities with commas, which no code (CS) has in it, and want any of them; what several
    # values ask for is left open where nobody agreed on it (PS3.4 C.2.2.2.8, note 4).
    # Threat: a whole address of commas, each a pattern to be made for every object.
    several = re.split(r"[,\\]", asked[:_LONGEST]) if element.get("vr") == "CS" else [asked]
    spelt = [one.replace("^", " ").rstrip() for one in words] if element.get("vr") == "PN" else []
    return any(_pattern(one).match(word) for one in several for word in (*words, *spelt))


def _pattern(asked: str) -> re.Pattern[str]:
    return re.compile(translate(asked[:_LONGEST].replace("[", "[[]")), re.IGNORECASE)


def _within(value: str, asked: str) -> bool:
    low, _, high = asked.partition("-")
    return (not low or value[: len(low)] >= low) and (not high or value[: len(high)] <= high)
