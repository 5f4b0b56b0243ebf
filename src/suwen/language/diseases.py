"""Names of diseases in a text, English and Chinese: literal, longest first, from the diseases that are known."""

from __future__ import annotations

import re
from collections.abc import Iterator

from suwen.knowledge import Diseases
from suwen.language.nouns import Hit

__all__ = ["DiseaseMatcher"]

_WORD = re.compile(r"[A-Za-z0-9]+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_ABBREVIATION = re.compile(r"[(（][^()（）]*[)）]")
_SHORTEST = 4  # letters of a name of one word, Chinese characters of any: shorter ones mean something else too often


class DiseaseMatcher:
    """Finds names of diseases; a group of equivalent diseases answers with the one that stands for it."""

    def __init__(self, diseases: Diseases) -> None:
        self._english: dict[str, dict[tuple[str, ...], str]] = {}
        self._chinese: dict[str, dict[str, str]] = {}
        for at, (english, chinese) in enumerate(zip(diseases.names, diseases.names_zh, strict=True)):
            code = diseases.ids[int(diseases.equivalent[at])]
            self._add_english(english, code)
            self._add_chinese(chinese, code)

    def _add_english(self, name: str, code: str) -> None:
        words = tuple(word.lower() for word in _WORD.findall(name))
        if words and (len(words) > 1 or len(words[0]) > _SHORTEST):
            self._english.setdefault(words[0], {}).setdefault(words, code)

    def _add_chinese(self, name: str, code: str) -> None:
        plain = _ABBREVIATION.sub("", name).strip()
        if len(plain) >= _SHORTEST and _HAN.match(plain):
            self._chinese.setdefault(plain[:2], {}).setdefault(plain, code)

    def hits(self, text: str) -> list[Hit]:
        """Every name of a disease in normalised text, none inside another."""
        return sorted([*self._in_english(text), *self._in_chinese(text)], key=lambda one: one.start)

    def _in_english(self, text: str) -> Iterator[Hit]:
        words = list(_WORD.finditer(text))
        folded = [word[0].lower() for word in words]
        at = 0
        while at < len(words):
            names = self._english.get(folded[at])
            longest = (
                max((name for name in names if self._stands(name, folded, at)), key=len, default=()) if names else ()
            )
            if names and longest:
                yield Hit(words[at].start(), words[at + len(longest) - 1].end(), names[longest], "disease name")
            at += len(longest) or 1

    @staticmethod
    def _stands(name: tuple[str, ...], folded: list[str], at: int) -> bool:
        return tuple(folded[at : at + len(name)]) == name

    def _in_chinese(self, text: str) -> Iterator[Hit]:
        at = 0
        while at < len(text) - 1:
            names = self._chinese.get(text[at : at + 2])
            longest = max((name for name in names if text.startswith(name, at)), key=len, default="") if names else ""
            if names and longest:
                yield Hit(at, at + len(longest), names[longest], "disease name")
            at += len(longest) or 1
