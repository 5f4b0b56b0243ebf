"""Finds phenotypes named in Chinese text: literally, in variants, enumerated, and by a grammar those without a code."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain

from suwen.knowledge.ontology import Ontology
from suwen.language.chinese_patterns import Found, Grammar
from suwen.language.chinese_variants import Slips, Variants
from suwen.language.chinese_words import words
from suwen.language.lexicon import expressions_of
from suwen.language.nouns import Hit
from suwen.language.phrases import Phrases

__all__ = ["ChineseMatcher"]

# A symptom within the name of a medicine, a germ, a department, a test or a disease does not say that anybody has it,
# nor does the beginning of a comparison (体温低于39°C is no low temperature), nor what is to be kept (保持).
_AFTER = re.compile(
    "药|科(?!学)|疫苗|病毒(?!性)|(?:链|双|葡萄)?球菌|杆菌|支原体|衣原体|克雷伯|嗜血|基因|抗体|门诊|评分|量表|指南|协会|基金|病房|中心"
    "|性(?!质)|剂(?!量)|素|型(?!号)|病(?![史情程人例变房因理])|症(?!状)|综合[征症]|炎|(?<=[低高大小多少])于"
)
_LATIN = re.compile("[A-Za-z]")
_BEFORE = re.compile("抗|镇|退|(?<![防停终静制])止|(?<=[维保])持|(?<=保)证")
_LONGEST = 12  # characters of a compound
_SCORES = {"literal": 1.0, "variant": 0.9, "composed": 0.85, "enumeration": 0.85, "slip": 0.8, "pattern": 0.5}


class ChineseMatcher:
    """Finds expressions of phenotypes; `table` replaces the official labels and the lexicon of the package."""

    def __init__(self, ontology: Ontology, table: Mapping[str, str] | None = None) -> None:
        self._table = dict(expressions_of(ontology) if table is None else table)
        self._phrases = Phrases(self._table)
        self._variants = Variants(self._table)
        self._slips = Slips(self._table)
        self._grammar = Grammar()
        self._compounds = Phrases(words("compound"))

    def literal(self, text: str) -> list[Hit]:
        """Literal matches alone, the longest first where they overlap."""
        return sorted(_longest(self._literal(text), len(text)), key=_place)

    def hits(self, text: str) -> list[Hit]:
        """What normalised text names, in order of place. Hits overlap only where an enumeration shares words.

        A hit with code "" was read by the grammar alone (`how` "pattern").
        """
        unspoilt = _unspoilt(text, self._compounds.find(text))
        readings = list(self._grammar.find(text))
        composed = [hit for found in readings for hit in self._composed(found)]
        last = [hit for hit in composed if hit.how == "composed"]
        chosen = _longest(filter(unspoilt, chain(self._literal(text), self._other(text), last)), len(text))
        enumerated = [hit for hit in composed if hit.how == "enumeration"]
        chosen += _new(enumerated, chosen)
        patterns = (_hit(found.start, found.end, "", "pattern") for found in readings)
        chosen += _longest(filter(unspoilt, patterns), len(text), taken=chosen)
        return sorted(chosen, key=_place)

    def _literal(self, text: str) -> Iterator[Hit]:
        for start, end in self._phrases.find(text):
            yield _hit(start, end, self._table[text[start:end]], "literal")

    def _other(self, text: str) -> Iterator[Hit]:
        yield from (_hit(*span, "variant") for span in self._variants.find(text))
        yield from (_hit(*span, "slip") for span in self._slips.find(text))

    def _composed(self, found: Found) -> Iterator[Hit]:
        """The codes of a manifestation with each of its parts; the last part stands beside it, the others before."""
        for number, part in enumerate(found.parts, start=1):
            how = "composed" if number == len(found.parts) else "enumeration"
            for first, (start, _) in enumerate(part):
                expression = "".join(word for _, word in part[first:]) + found.manifestation
                code = self._table.get(expression) or self._variants.code(expression)
                if code:
                    yield _hit(start, found.end, code, how)
                    break


def _hit(start: int, end: int, code: str, how: str) -> Hit:
    return Hit(start, end, code, how, _SCORES[how])


def _place(hit: Hit) -> tuple[int, int, str]:
    return hit.start, -hit.end, hit.code


def _longest(hits: Iterable[Hit], length: int, *, taken: Iterable[Hit] = ()) -> list[Hit]:
    """Of overlapping hits the longest, then the surest, then the first; none that overlaps one already `taken`."""
    used = bytearray(length)
    for hit in taken:
        used[hit.start : hit.end] = b"\x01" * (hit.end - hit.start)
    chosen = []
    for hit in sorted(hits, key=lambda hit: (hit.start - hit.end, -hit.score, hit.start, hit.code)):
        if not any(used[hit.start : hit.end]):
            used[hit.start : hit.end] = b"\x01" * (hit.end - hit.start)
            chosen.append(hit)
    return chosen


def _new(hits: Iterable[Hit], chosen: list[Hit]) -> list[Hit]:
    """Enumerated hits whose code none of the chosen has within their span, each once; they come in order of end."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for hit in sorted(chosen, key=_place):
        spans.setdefault(hit.code, []).append((hit.start, hit.end))
    reached: dict[str, int] = {}
    added = []
    for hit in hits:
        same = spans.get(hit.code, [])
        before = bisect_left(same, (hit.end, 0))  # those that begin before this one ends; they do not overlap
        if hit.start >= reached.get(hit.code, 0) and not (before and same[before - 1][1] > hit.start):
            reached[hit.code] = hit.end
            added.append(hit)
    return added


def _unspoilt(text: str, compounds: list[tuple[int, int]]) -> Callable[[Hit], bool]:
    """Whether a hit is the finding itself, not a part of a longer word: of a medicine, a germ, a department, a test."""

    def whole(hit: Hit) -> bool:
        if _AFTER.match(text, hit.end) or _BEFORE.match(text, max(0, hit.start - 1), hit.start):
            return False
        if _in_latin(text, hit.start) or _in_latin(text, hit.end):
            return False
        near = compounds[bisect_left(compounds, (hit.start - _LONGEST, 0)) : bisect_left(compounds, (hit.end, 0))]
        return not any(hit.start < end and (start < hit.start or hit.end < end) for start, end in near)

    return whole


def _in_latin(text: str, at: int) -> bool:
    """Whether a place lies within a Latin word: pRTA is not RTA."""
    return 0 < at < len(text) and _LATIN.match(text, at) is not None and _LATIN.match(text, at - 1) is not None
