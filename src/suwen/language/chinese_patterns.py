"""Findings without a dictionary entry, by a small grammar: part or quantity, what stands between, manifestation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from suwen.language.chinese_signs import Signs
from suwen.language.chinese_words import words
from suwen.language.phrases import Endings, Phrases

__all__ = ["Found", "Grammar"]

_MOST_WORDS = 6
_MOST_PARTS = 8
_JOINTS = "、和及与或"
_SHORT = re.compile("[痛痒差短小大低高慢快](?=$|[,。;、:()\\s及和或等伴并且])")
_LATIN = re.compile(r"[A-Za-zα-ω][A-Za-z0-9α-ω+\-]{1,11}\Z")
# Nouns of these endings are parts of the body, substances of the blood or quantities, whatever stands before.
_ENDING = re.compile(
    r"[\u4e00-\u9fff]{0,6}(?:酶|激素|蛋白|胆红素|细胞|球蛋白|抗体|反射|功能|肌|膜|腺|骨|神经|动脉|静脉|关节|淋巴结)\Z"
)
_QUANTITY = re.compile(r"(?:[A-Za-z][A-Za-z0-9\-]{0,9})?[\u4e00-\u9fff]{0,12}\Z")
_WINDOW = 22
_LONGEST = (
    9  # characters of a quantity; of a longer one the last `_TRIMMED`, because what stands farther left is another word
)
_TRIMMED = 6
_STOPS = re.compile(
    r".*(?:引起|导致|通过|造成|产生|所致|纠正|出现|如果|因为|虽然|以及|及其|可能|可以|也可|或者|并且"
    r"|[的是在有为其可等使伴并如见示因由者儿时后前或和及与个种些各其他以于]"
    r"|[而被随则虽未且应宜将已仍之])",
    re.DOTALL,
)
_COMPARED = re.compile(
    r"(?:低于|高于|大于|小于|超过|不足|<|>|≤|≥)\s?\d[\d.]*\s?"
    r"(?:%|mm|cm|[munμ]?mol|[mμnp]?g/|[kK]?U|[×xX]\s?10|次/|°C|/\w)[A-Za-zμ°/0-9^分]{0,12}"
)
Part = tuple[tuple[int, str], ...]  # its words, each with the place where it begins


@dataclass(frozen=True, slots=True)
class Found:
    """One reading: its span, the manifestation, and the parts it is said of."""

    start: int
    end: int
    manifestation: str
    parts: tuple[Part, ...] = ()


class Grammar:
    """The grammar, with its words indexed."""

    def __init__(self) -> None:
        self._heads = Phrases(words("manifestation"))
        self._alone = Phrases(words("alone") | (words("manifestation") - words("dependent")))
        self._signs = Signs()
        self._sides = words("side")
        self._measured = Endings(words("measured"))
        self._changes = words("change")
        self._unmeasured = Endings(words("unmeasured"))
        self._words = Endings(words("body", "measured", "side"))
        self._between = Endings(words("filler", "neutral") - self._sides)

    def find(self, text: str) -> Iterator[Found]:
        """Readings in normalised text, some of which may overlap; work is linear in its length."""
        before = Found(0, 0, "")
        for start, end in sorted([*self._heads.find(text), *(match.span() for match in _SHORT.finditer(text))]):
            parts = self._parts(text, start)
            if end == start + 1 and parts and parts[-1][-1][1].isascii():
                continue  # PID小 compares
            if parts:
                before = Found(parts[0][0][0], end, text[start:end], parts)
                yield before
            elif text[start:end] in self._changes and (quantity := self._quantity(text, start)):
                before = Found(quantity[0], end, text[start:end], ((quantity,),))
                yield before
            elif _joined(text, before.end, start):
                before = Found(start, end, text[start:end], before.parts)
                yield before
        yield from (Found(start, end, text[start:end]) for start, end in self._alone.find(text))
        yield from (Found(start, end, text[start:end]) for start, end in self._signs.find(text))
        yield from self._compared(text)

    def _compared(self, text: str) -> Iterator[Found]:
        """A quantity said to be above or below a number."""
        for match in _COMPARED.finditer(text):
            parts = self._parts(text, match.start())
            if parts and self._measured.longest(parts[-1][-1][1], len(parts[-1][-1][1])):
                yield Found(parts[0][0][0], match.end(), match.group(), parts)

    def _parts(self, text: str, end: int) -> tuple[Part, ...]:
        """The parts that end before a manifestation, from left to right: 头、颈部 before 疼痛."""
        found: list[Part] = []
        at = self._over_fillers(text, end)
        while len(found) < _MOST_PARTS:
            part = self._part(text, at)
            if not part:
                break
            found.append(part)
            at = part[0][0] - 1
            if at < 1 or text[at] not in _JOINTS:
                break
        return tuple(reversed(found))

    def _part(self, text: str, end: int) -> Part:
        """One part as the words it is made of (双侧, 下肢, 肌肉); none where no word is more than a side."""
        chain: list[tuple[int, str]] = []
        at = end
        while len(chain) < _MOST_WORDS:
            word = self._words.longest(text, at) or _unlisted(text, at)
            if not word:
                break
            chain.append((at - len(word), word))
            at = self._over_fillers(text, at - len(word))
        return () if self._sides.issuperset(word for _, word in chain) else tuple(reversed(chain))

    def _quantity(self, text: str, end: int) -> tuple[int, str] | None:
        """What a change is said of where no listed word stands before it, with its place; None for no quantity."""
        end = self._over_fillers(text, end)
        match = _QUANTITY.search(text, max(0, end - _WINDOW), end)
        word = _STOPS.sub("", match.group()) if match else ""
        word = word if len(word) <= _LONGEST or word[0].isascii() else word[-_TRIMMED:]
        if len(word) < 2 or self._unmeasured.longest(word, len(word)):
            return None
        return end - len(word), word

    def _over_fillers(self, text: str, end: int) -> int:
        """The place before the fillers that end at a place; at most three are passed."""
        for _ in range(3):
            end -= len(self._between.longest(text, end))
        return end


def _joined(text: str, before: int, start: int) -> bool:
    """Whether a manifestation shares the parts of the one that ended `before`: 腹部疼痛、肿胀."""
    return 0 < before == start - 1 and text[before] in _JOINTS


def _unlisted(text: str, end: int) -> str:
    """A Latin abbreviation, or a noun told by its ending, that ends at a place; "" for none."""
    window = text[max(0, end - 12) : end]
    match = _LATIN.search(window) or _ENDING.search(window)
    return _STOPS.sub("", match.group()) if match else ""
