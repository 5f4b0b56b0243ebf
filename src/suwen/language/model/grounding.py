"""What of a model's proposals stands in the text and in the ontology; the rest is dropped and counted."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from suwen.knowledge import Ontology
from suwen.knowledge.ontology import fold
from suwen.language.attributes import attributes
from suwen.language.chinese import ChineseMatcher
from suwen.language.english import EnglishMatcher
from suwen.language.model.nouns import Dropped, Grounded, Proposal
from suwen.language.model.relation import Matcher, Related, related
from suwen.language.normal import Normal, language_of, normalise
from suwen.language.nouns import Kind, Mention, Section, Status
from suwen.language.scope import PATIENT, Judged, judge
from suwen.language.sections import sections
from suwen.language.sentences import sentences

__all__ = ["Grounder", "Part", "ground"]

_LONGEST = 120  # characters of a quote; the longest names of the ontology have about as many
_CODE = re.compile(r"HP:\d{7}(?!\d)")
_CHINESE = {
    Status.PRESENT: "有",
    Status.ABSENT: "无",
    Status.POSSIBLE: "可能",
    Status.CONDITIONAL: "有条件",
    Status.FAMILY: "家族",
    Status.PAST: "既往",
    Status.PLANNED: "待查",
}
_BLANKS = re.compile(r"\s+")
# A sentence that speaks to the model. It keeps out the clumsy; what keeps out the others is that a mention must stand
# in the text, and that rules judge it.
_INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:above|previous|prior|earlier|instruct\w*|prompts?|rules?)\b"
    r"|\byou are (?:now )?(?:an? |the )?(?:ai|assistant|(?:language )?model|system)\b|\bsystem prompt\b"
    r"|\b(?:report|output|list|return|answer|respond)\b.{0,60}\bHP:\d{7}"
    r"|(?:忽略|无视|忘记|不要理会|不用管).{0,12}(?:以上|上述|上面|之前|前面|先前|指令|指示|规则|提示)"
    r"|你(?:现在)?是.{0,6}(?:助手|模型|AI|系统)|系统提示|(?:报告|输出|返回|列出|回答).{0,30}HP:\d{7}",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Grounder:
    """An ontology with the rules that read it; made once, it may be used by several threads."""

    ontology: Ontology = field(repr=False)
    matchers: tuple[Matcher, ...] = field(repr=False)

    @staticmethod
    def of(ontology: Ontology) -> Grounder:
        """With the English and the Chinese matcher of the package; takes about two seconds."""
        return Grounder(ontology, (EnglishMatcher(ontology), ChineseMatcher(ontology)))

    def term(self, concept: str) -> int | None:
        """The number of a phenotype by code (a retired one by its successor), label or synonym; None for others."""
        found = _CODE.match(concept.strip())
        code = found[0] if found else self.ontology.by_name.get(fold(normalise(concept).text), "")
        code = self.ontology.retired.get(code, code)
        term = self.ontology.number.get(code)
        return term if term is not None and self.ontology.in_branch(term) else None


@dataclass(frozen=True, slots=True)
class Part:
    """A text as given and normalised, with its sentences and sections; a stretch of the normal text; the language."""

    normal: Normal = field(repr=False)
    given: str = field(repr=False)
    start: int
    end: int
    lang: str
    sentences: Sequence[tuple[int, int]] = field(repr=False)
    sections: Sequence[tuple[Section, int, int, tuple[int, int]]] = field(repr=False)

    @staticmethod
    def whole(text: str, lang: str | None) -> Part:
        """All of a text, in `lang` or in the language that most of it is in."""
        normal = normalise(text)
        plain = normal.text
        return Part(normal, text, 0, len(plain), lang or language_of(plain), sentences(plain), sections(plain))


@dataclass(frozen=True, slots=True)
class _Kept:
    """A proposal that stands: its place in the normal text, its term, and how it is related."""

    start: int
    end: int
    term: int
    said: Related
    proposal: Proposal


def ground(
    text: str | Part,
    proposals: Iterable[Proposal],
    grounder: Grounder,
    *,
    taken: Sequence[Mention] = (),
    model: str = "",
    lang: str | None = None,
) -> Grounded:
    """Keep each proposal whose quote stands in the text once, or once after its `before`, and says its concept.

    The quote must stand literally, after `normalise`; only blanks may differ. Words that `taken` has read stay with
    the rules, unless the proposal is narrower, or nothing was read but that there is a symptom. Status and relatives
    are judged by the rules of scope. Where these say nothing and the model something else than present, the model's
    status is kept with a `question`, so that the mention is shown and not used.
    """
    part = text if isinstance(text, Part) else Part.whole(text, lang)
    dropped: Counter[Dropped] = Counter()
    kept: list[_Kept] = []
    for proposal in proposals:
        found = _check(part, proposal, grounder)
        reason = found if isinstance(found, Dropped) else _refused(part, found, taken, grounder.ontology)
        if reason is None and isinstance(found, _Kept):
            kept.append(found)
        elif reason is not None:
            dropped[reason] += 1
    best = _without_overlap(kept)
    if len(best) < len(kept):
        dropped[Dropped.REPEATED] += len(kept) - len(best)
    named = [*((one.start, one.end) for one in best), *(_normal_span(part, one) for one in taken)]
    return Grounded(tuple(_mention(part, one, named, grounder.ontology, model) for one in best), dict(dropped))


def _normal_span(part: Part, one: Mention) -> tuple[int, int]:
    return bisect_left(part.normal.places, one.start), bisect_left(part.normal.places, one.end)


def _check(part: Part, proposal: Proposal, grounder: Grounder) -> _Kept | Dropped:
    quote = normalise(proposal.quote).text.strip()
    if len(quote) > _LONGEST:
        return Dropped.TOO_LONG
    places = _places(part, quote)
    if len(places) > 1:
        places = _after(part, places, normalise(proposal.before).text)
    if len(places) != 1:
        return Dropped.AMBIGUOUS if places else Dropped.NOT_QUOTED
    term = grounder.term(proposal.concept)
    if term is None:
        return Dropped.UNKNOWN
    start, end = places[0]
    said = related(part.normal.text[start:end], term, grounder.ontology, grounder.matchers)
    return Dropped.UNRELATED if said is None else _Kept(start + said.start, start + said.end, term, said, proposal)


def _places(part: Part, quote: str) -> list[tuple[int, int]]:
    """Where a quote stands in the stretch: whole words, blanks and line breaks alike."""
    if not any(sign.isalnum() for sign in quote):
        return []
    words = r"\s+".join(re.escape(word) for word in _BLANKS.split(quote))
    pattern = re.compile(rf"(?<![A-Za-z0-9]){words}" if quote[0].isascii() and quote[0].isalnum() else words)
    found = [one.span() for one in pattern.finditer(part.normal.text, part.start, part.end)]
    return [one for one in found if not _inside_word(part.normal.text, one[1])]


def _inside_word(text: str, end: int) -> bool:
    near = text[end - 1 : end + 1]
    return len(near) == 2 and near.isascii() and near.isalnum()


def _after(part: Part, places: list[tuple[int, int]], before: str) -> list[tuple[int, int]]:
    """Those that `before` stands directly before, blanks aside; all of them where it does not tell them apart."""
    wanted = _BLANKS.sub("", before)
    text = part.normal.text
    chosen = [
        one
        for one in places
        if wanted and _BLANKS.sub("", text[max(part.start, one[0] - 80) : one[0]]).endswith(wanted)
    ]
    return chosen or places


def _refused(part: Part, one: _Kept, taken: Sequence[Mention], ontology: Ontology) -> Dropped | None:
    low, high = _sentence(part, one.start, one.end)
    if _INSTRUCTION.search(part.normal.text[low:high]):
        return Dropped.INSTRUCTION
    start, end = part.normal.original(one.start, one.end)
    over = [other for other in taken if other.start < end and start < other.end]
    return None if all(_narrower(one.term, other, ontology) for other in over) else Dropped.TAKEN


def _narrower(term: int, other: Mention, ontology: Ontology) -> bool:
    """Whether a term says more of the same thing than a mention of the rules, or that one has no concept."""
    if not other.code.value:
        return True
    read = ontology.number.get(other.code.value)
    return read is not None and read != term and read in ontology.ancestors(term) and other.measurement is None


def _without_overlap(kept: Sequence[_Kept]) -> list[_Kept]:
    """Of proposals for the same words the best, then the first."""
    chosen: list[_Kept] = []
    for one in sorted(kept, key=lambda one: -one.said.score):
        if not any(one.start < other.end and other.start < one.end for other in chosen):
            chosen.append(one)
    return sorted(chosen, key=lambda one: one.start)


def _sentence(part: Part, start: int, end: int) -> tuple[int, int]:
    inside = [one for one in part.sentences if one[0] < end and start < one[1]]
    return min([start, *(low for low, _ in inside)]), max([end, *(high for _, high in inside)])


def _mention(part: Part, one: _Kept, named: Sequence[tuple[int, int]], ontology: Ontology, model: str) -> Mention:
    text = part.normal.text
    low, high = _sentence(part, one.start, one.end)
    section = _section(part, low, one.start)
    low = max(low, section[1])
    sentence, span, lang = text[low:high], (one.start - low, one.end - low), language_of(text[low:high])
    # What else is named there counts too: the "absent" of "absent speech" denies nothing beside it.
    beside = [(max(0, begin - low), min(end, high) - low) for begin, end in named if begin < high and low < end]
    judged = judge(sentence, [span, *beside], section=section[0], lang=lang)[0]
    status, about, rule, question = _status(judged, one.proposal.status, lang)
    start, end = part.normal.original(one.start, one.end)
    more = attributes(sentence, span, lang)
    return Mention(
        start=start,
        end=end,
        text=part.given[start:end],
        code=ontology.code(one.term, part.lang),
        kind=Kind.PHENOTYPE,
        status=status,
        about=about,
        when=more.when,
        severity=more.severity,
        laterality=more.laterality,
        section=section[0],
        rule="; ".join(filter(None, [f"model {model or 'unnamed'}; quote grounded by {one.said.how}", rule])),
        score=one.said.score,
        question=question,
    )


def _section(part: Part, low: int, at: int) -> tuple[Section, int]:
    """The section of a place, and where its sentence begins after a heading that stands in it."""
    for section, start, end, heading in part.sections:
        if start <= at < end:
            return section, heading[1] if low <= heading[0] and heading[1] <= at else low
    return Section.NONE, low


def _status(judged: Judged, said: str, lang: str) -> tuple[Status, str, str, str]:
    """Status, whom it is about, the rule, and a question: rules win; where they are silent the model only asks."""
    known = {status.value: status for status in Status}
    claimed = known.get(said, judged.status)
    if claimed is judged.status:
        return judged.status, judged.about, judged.rule, ""
    if judged.rule:
        return judged.status, judged.about, f"{judged.rule}; model said {claimed.value}", ""
    relative = "家族" if lang == "zh" else "family"
    about = relative if claimed is Status.FAMILY else PATIENT
    question = f"只有模型读作“{_CHINESE[claimed]}”" if lang == "zh" else f"only the model reads this as {claimed.value}"
    return claimed, about, f"status {claimed.value} by the model alone", question
