"""One spelling for clinical text, with a map back: widths, traditional characters, compatibility forms, blanks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

__all__ = ["Normal", "language_of", "normalise", "simplified"]

# Superscripts, fractions and encircled numbers stay: 10⁹ is not 109, 1½ not 11/2, and ①2 mg not 12 mg.
_UNFOLDED = ("<super>", "<sub>", "<fraction>", "<circle>")
_LINE_ENDS = {"\u0085": "\n", "\u2028": "\n", "\u2029": "\n"}
# A traditional character that simplified text also writes is changed only within these words.
_WORDS = {"反覆": "反复", "覆發": "复发", "覆发": "复发", "覆診": "复诊", "覆诊": "复诊"}
_WORD = re.compile("|".join(_WORDS))
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LATIN = re.compile("[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Normal:
    """Normalised text; `places[i]` is the place in the text as given of the character that `text[i]` comes from.

    `places` has one entry more than `text` has characters: the length of the text as given. It never decreases.
    """

    text: str
    places: Sequence[int]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The span of the text as given that the span `start` (inclusive) to `end` (exclusive) comes from.

        Raises:
            IndexError: the span does not lie within the normalised text.

        """
        if not 0 <= start <= end < len(self.places):
            raise IndexError(
                f"the span {start} to {end} does not lie within a text of {len(self.places) - 1} characters"
            )
        first = self.places[start]
        return first, self.places[end - 1] + 1 if end > start else first


def normalise(text: str) -> Normal:
    """The text in one spelling: half-width, simplified, without compatibility forms and invisible characters.

    A text of ASCII alone is unchanged. Line ends stay where they are; those of Unicode become a line feed. Work is
    linear in the length of the text.
    """
    if text.isascii():
        return Normal(text, range(len(text) + 1))
    table = {ord(char): new for char in set(text) if (new := _spelling(char)) != char}
    varying = "".join(chr(code) for code, new in table.items() if len(new) != 1)
    plain = text.translate(table)
    places = _places(text, table, varying) if varying else range(len(text) + 1)
    return Normal(_WORD.sub(lambda word: _WORDS[word.group()], plain), places)


def _places(text: str, table: dict[int, str], varying: str) -> Sequence[int]:
    """The map back where some characters grow or vanish: runs between those keep their distance."""
    places: list[int] = []
    begin = 0
    for match in re.finditer(f"[{re.escape(varying)}]", text):
        at = match.start()
        places += range(begin, at)
        places += [at] * len(table[ord(match.group())])
        begin = at + 1
    places += range(begin, len(text) + 1)
    return places


def _spelling(char: str) -> str:
    """What a character becomes; nothing for invisible ones."""
    if char.isascii():
        return char
    category = unicodedata.category(char)
    if category == "Zs":
        return " "
    if category == "Cf" or "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef":
        return ""  # zero-width marks, soft hyphens, direction marks and variation selectors
    if char in _LINE_ENDS:
        return _LINE_ENDS[char]
    if not unicodedata.decomposition(char).startswith(_UNFOLDED):
        folded = unicodedata.normalize("NFKC", char)
        if not any(unicodedata.combining(one) for one in folded):
            char = folded
    return "".join(simplified().get(one, one) for one in char)


@cache
def simplified() -> dict[str, str]:
    """Traditional and variant characters, each with its simplified form (Unihan 15.0, see simplified.tsv)."""
    lines = files("suwen.language").joinpath("simplified.tsv").read_text("utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {pair[0]: pair[1] for pair in pairs}


def language_of(text: str) -> Literal["zh", "en"]:
    """Whether a stretch is to be read as Chinese or as English; a Chinese character counts as five Latin letters.

    A stretch without letters of either kind is "en". Mixed notes are better read by both matchers than by one.
    """
    han = len(_HAN.findall(text))
    return "zh" if han and han * 5 >= len(_LATIN.findall(text)) else "en"
