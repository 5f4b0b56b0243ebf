"""What a sentence says of the things it names: present, absent, possible, conditional, planned, past, or a relative's.

Cues (the tables in rules/) act on mentions beside them, as NegEx and ConText do (Chapman et al., J Biomed Inform
2001;34:301-310; Harkema et al., J Biomed Inform 2009;42:839-851), here for English and Chinese alike. What several
cues say of one mention is settled by a fixed order, then the section has its word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from suwen.language.nouns import Section, Status
from suwen.language.scope_rules import MENTION, Cue, Rulebook, cues_in, packaged_rules

__all__ = ["PATIENT", "Judged", "judge"]

PATIENT = "patient"
_FAMILY = ("family", "家族")  # of whom, where no relative is named; the second in a Chinese sentence
_OVER = "over"  # "no further seizures since": past, whatever says that other things go on
_ORDER = (
    "conditional",
    "absent",
    "possible",
    "planned",
    _OVER,
    "past",
)  # the first that holds decides, relatives apart
_STATUS = {one.value: one for one in Status} | {_OVER: Status.PAST}
_HALF_WIDTH = str.maketrans("（）：？！；，［］＋－−–—’‘～＜＞", "():?!;,[]+----''~<>")
_STRONG = re.compile(r"[;。!\n]|\.(?=\s|$)")
_JOINED = re.compile(r"\b(?:and|or|nor|both|all)\b|[、及和或与均皆都]")
_STOPS = {
    "": ("wall", "verb", "patient"),
    "absent": ("wall", "verb", "patient", "aim"),
    "conditional": ("wall",),  # "if she has fever": a new subject and verb are still under the condition
    "family": ("patient",),
    "past": ("wall", "verb", "patient", "planned"),
}
_SIDE = re.compile(r"(?<=\w) on (?=the |his |her )", re.IGNORECASE)
_NEAR = 12  # characters that a word right beside may be away: "absent deep knee jerk"
_BY_SECTION = {
    Section.FAMILY_HISTORY: Status.FAMILY,
    Section.PAST_HISTORY: Status.PAST,
    Section.PLAN: Status.PLANNED,
}


@dataclass(frozen=True, slots=True)
class Judged:
    """What was decided of one mention: its status, whom it is about, and the rule (`effect:pattern`) that decided."""

    status: Status
    about: str
    rule: str


class _Found(NamedTuple):
    start: int
    end: int
    cue: Cue


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    masked: str
    found: list[_Found]
    book: Rulebook
    section: Section
    chinese: bool

    def relative(self, cue: _Found) -> str:
        """The relative as written in the cue ("his mother" is mother), the last of several; else the family.

        Whose side of the family it is comes after the relative: "a cousin on the mother's side" is a cousin.
        """
        said = _SIDE.split(self.text[cue.start : cue.end])[0] or self.text[cue.start : cue.end]
        named = self.book.kin.findall(said)
        return named[-1].lower() if named else _FAMILY[self.chinese]


def judge(
    sentence: str,
    spans: Sequence[tuple[int, int]],
    *,
    section: Section = Section.NONE,
    lang: str = "",
    rules: Rulebook | None = None,
) -> list[Judged]:
    """Status of each mention, given by start and end in characters of `sentence`; the order is that of `spans`.

    `lang` ("en", "zh" or "") only names a family without a named relative: cues of both languages are always sought.
    """
    if not spans:
        return []
    book = rules or packaged_rules()
    masked = _masked(sentence, spans)
    found = [_Found(*one) for one in cues_in(book, masked) if one[2].effect != "nothing"]
    chinese = lang == "zh" or (lang != "en" and _has_chinese(sentence))
    said = _Sentence(sentence, masked, found, book, section, chinese)
    return [_judged(said, span) for span in spans]


def _masked(sentence: str, spans: Sequence[tuple[int, int]]) -> str:
    """Small letters and half-width marks, as the tables are written, with mentions hidden; of the same length."""
    small = sentence.lower()
    signs = (small if len(small) == len(sentence) else sentence).translate(_HALF_WIDTH)
    for start, end in spans:
        signs = signs[:start] + MENTION * (end - start) + signs[end:]
    return signs


def _has_chinese(sentence: str) -> bool:
    return any("\u4e00" <= sign <= "\u9fff" for sign in sentence)


def _judged(said: _Sentence, span: tuple[int, int]) -> Judged:
    holding = [one for one in said.found if _holds(one, span, said)]
    kin = [(said.relative(one), _gap(one, span), one.cue.name) for one in holding if one.cue.effect == "family"]
    if kin:
        about, _, rule = min(kin, key=lambda one: (one[0] in _FAMILY, one[1]))  # a named relative says more
        return Judged(Status.FAMILY, about, rule)
    return _by_section(_of_patient(holding, said, span), said, holding)


def _of_patient(holding: list[_Found], said: _Sentence, span: tuple[int, int]) -> Judged:
    effects = {one.cue.effect: one.cue for one in reversed(holding)}
    ongoing = effects.get("ongoing")
    for effect in _ORDER:
        decisive = effects.get(effect)
        if decisive and not (effect == "past" and ongoing and decisive.side == "after"):
            return Judged(_STATUS[effect], PATIENT, decisive.name)
    for cue in said.book.within:
        if re.search(cue.pattern, said.text[span[0] : span[1]].lower()):
            return Judged(Status(cue.effect), PATIENT, cue.name)
    return Judged(Status.PRESENT, PATIENT, ongoing.name if ongoing else "")


def _by_section(judged: Judged, said: _Sentence, holding: list[_Found]) -> Judged:
    """A section speaks where the sentence says no more than that the thing is; that of the family always does."""
    status = _BY_SECTION.get(said.section)
    if status is None:
        return judged
    rule = f"section:{said.section.value}"
    if status is Status.FAMILY:
        return Judged(status, _FAMILY[said.chinese], rule)
    if judged.status is not Status.PRESENT or any(one.cue.effect == "ongoing" for one in holding):
        return judged
    return Judged(status, judged.about, rule)


def _holds(one: _Found, span: tuple[int, int], said: _Sentence) -> bool:
    """Whether a cue reaches a mention: on the right side, with no border of its reach and no wall between."""
    side = one.cue.side
    if side in ("after", "both") and one.end <= span[0]:
        return _reaches(one, one.end, span[0], said)
    if side in ("before", "both") and span[1] <= one.start:
        return _reaches(one, span[1], one.start, said) and _one_list(one, said.masked[span[1] : one.start])
    return False


def _reaches(one: _Found, start: int, end: int, said: _Sentence) -> bool:
    reach = one.cue.reach
    if reach == "sentence" and one.cue.effect != "family":
        return True
    between = said.masked[start:end]
    if _STRONG.search(between):
        return False
    stops = _STOPS.get(one.cue.effect, _STOPS[""])
    if any(_stops(other, one, start, end) for other in said.found if other.cue.effect in stops):
        return False
    if reach == "near":
        return len(between) <= _NEAR and "," not in between
    return reach != "clause" or "," not in between


def _stops(other: _Found, one: _Found, start: int, end: int) -> bool:
    """Whether `other` stands between; what is grown together with the cue does not ("曾有", "was excluded")."""
    beside = int(other.cue.effect in {"verb", "aim"})  # the space between English words
    first = start if one.end != start else start + 1 + beside
    last = end if one.start != end or not beside else end - 1 - beside
    return first <= other.start and other.end <= last


def _one_list(one: _Found, between: str) -> bool:
    """Said after what a list names: over commas only where the last is joined to the rest ("A, B and C absent")."""
    if "," not in between or one.cue.reach == "sentence":
        return True
    return _JOINED.search(between[between.rindex(",") :]) is not None


def _gap(one: _Found, span: tuple[int, int]) -> int:
    return max(span[0] - one.end, one.start - span[1])
