"""When, how severe and on which side: what a clause says beside a mention."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from suwen.language.nouns import When
from suwen.language.when import times
from suwen.subject import Code

__all__ = ["Attributes", "attributes"]

# HPO, Severity (HP:0012824) and Laterality (HP:0012831). "Marked" and 明显 are no grade of HPO's: taken as moderate, so
# that no more is said than was written. A longer word wins: "mild to moderate" is moderate, 中重度 severe.
_SEVERITY = (
    (Code("HP:0012825", "Mild"), r"mild(?:ly)?|slight(?:ly)?|轻[度微]?|稍有?|略有?|轻型"),
    (
        Code("HP:0012826", "Moderate"),
        r"mild(?:ly)?[- ]to[- ]moderate(?:ly)?|moderate(?:ly)?|marked(?:ly)?|中[度等]|轻[-至到~]?中度|明显|显著|中型",
    ),
    (Code("HP:0012827", "Borderline"), r"borderline|临界|边缘性?"),
    (
        Code("HP:0012828", "Severe"),
        r"moderate(?:ly)?[- ]to[- ]severe(?:ly)?|moderate-severe|severe(?:ly)?|中[-至到~]?重度|重[度型症]|较重|严重",
    ),
    (Code("HP:0012829", "Profound"), r"profound(?:ly)?|extreme(?:ly)?|极重[度型]?|极度|深度|特重"),
)
_SIDE = (
    (Code("HP:0012832", "Bilateral"), r"bilateral(?:ly)?|both(?= \w+s\b)|on both sides|[双两]侧?|左右两侧?|两侧"),
    (Code("HP:0012833", "Unilateral"), r"unilateral(?:ly)?|one-sided|on one side|单侧|一侧|偏侧"),
    (
        Code("HP:0012834", "Right"),
        r"right(?:-sided)?(?! (?:ventric|atri|heart|bundle|away|after|before|now))|(?<!左)右(?!室|房|心|旋)侧?",
    ),
    (
        Code("HP:0012835", "Left"),
        r"left(?:-sided)?(?! (?:ventric|atri|heart|bundle|the|for|without|against|untreated|a|his|her))"
        r"|左(?!室|房|心|旋|右)侧?",
    ),
)
_NEGATED = re.compile(r"(?:无|不|未见|没有|no|not|without)\s*$")
_BREAK = re.compile(r"[、；;。]|\band\b|\bor\b|\bbut\b|及|和|伴|但")
_COMMA = re.compile(r"[,，](?! ?(?:19|20)\d\d\b)|[;；。]|\.(?=\s|$)")
_OPENING = 12  # characters: a subject, not yet a finding
_FAR = 100  # what stands on the other side of another thing is as good as that many characters further away


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is said beside a mention; None where nothing is."""

    when: When | None = None
    severity: Code | None = None
    laterality: Code | None = None


def attributes(sentence: str, span: tuple[int, int], lang: str = "") -> Attributes:
    """The nearest time, severity and side in the clause of the mention at `span` (characters of `sentence`).

    A time that opens the sentence holds for all its clauses where a clause has none of its own ("3天前受凉，出现发热").
    Words for severity and side are sought in the mention too. `lang` is taken for the sake of one call for all; words
    of both languages are always sought.
    """
    del lang
    small = sentence.lower()
    text = small if len(small) == len(sentence) else sentence
    clause = _clause(text, span)
    return Attributes(
        _when(sentence, text, span, clause),
        _code(_SEVERE, _SEVERITY, text, span, clause),
        _code(_SIDED, _SIDE, text, span, clause),
    )


def _pattern(words: Iterable[tuple[Code, str]]) -> re.Pattern[str]:
    return re.compile("|".join(f"((?<![a-z])(?:{one})(?![a-z]))" for _, one in reversed(list(words))))


_SEVERE = _pattern(_SEVERITY)
_SIDED = _pattern(_SIDE)


def _clause(text: str, span: tuple[int, int]) -> tuple[int, int]:
    start = max((found.end() for found in _COMMA.finditer(text, 0, span[0])), default=0)
    after = _COMMA.search(text, span[1])
    return start, after.start() if after else len(text)


def _code(
    pattern: re.Pattern[str],
    words: tuple[tuple[Code, str], ...],
    text: str,
    span: tuple[int, int],
    clause: tuple[int, int],
) -> Code | None:
    places = [one for one in pattern.finditer(text, *clause) if not _NEGATED.search(text[clause[0] : one.start()])]
    best = min(places, key=lambda one: _distance(text, one.span(), span), default=None)
    if best is None or _distance(text, best.span(), span) >= _FAR:
        return None
    return words[len(words) - (best.lastindex or 1)][0]


def _distance(text: str, place: tuple[int, int], span: tuple[int, int]) -> int:
    """Characters between; a word after the mention counts one more, for such words mostly stand before."""
    if place[1] <= span[0]:
        between, extra = text[place[1] : span[0]], 0
    elif span[1] <= place[0]:
        between, extra = text[span[1] : place[0]], 1
    else:
        return 0
    return len(between) + extra + _FAR * len(_BREAK.findall(between))


def _when(sentence: str, text: str, span: tuple[int, int], clause: tuple[int, int]) -> When | None:
    found = list(times(sentence))
    here = [one for one in found if clause[0] <= one[0] and one[1] <= clause[1] and not _within(one[:2], span)]
    if here:
        return min(here, key=lambda one: max(span[0] - one[1], one[0] - span[1]))[2]
    opening = [one for one in found if one[1] <= clause[0] and _opens(text, one[0])]
    return opening[-1][2] if opening else None


def _within(place: tuple[int, int], span: tuple[int, int]) -> bool:
    return place[0] < span[1] and span[0] < place[1]


def _opens(text: str, place: int) -> bool:
    """Whether a time stands where a sentence opens, after no more than its subject ("患者于", "The patient, ")."""
    before = text[:place].strip(" ,，:：")
    return len(before) <= _OPENING and not _COMMA.search(before)
