"""Whether words say a concept: by the names of the ontology, by what the rules read in them, by words in common."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from suwen.knowledge import Ontology
from suwen.knowledge.ontology import fold
from suwen.language.english_words import TOKEN, lowered, normal_form, stem
from suwen.language.normal import normalise
from suwen.language.nouns import Hit

__all__ = ["ENOUGH", "Matcher", "Related", "related"]

ENOUGH = 0.6  # share of the words of a name that a quote must have; below it the two are taken as unrelated
_ALL = 0.999  # asked where the rules read something broader: a narrower concept must be said word by word
_BROADER = 0.8
_BY_WORDS = 0.9
_WIDER = 3  # how many words more than the name has may lie between its first and its last word
_HAN = re.compile(r"[\u4e00-\u9fff]")
_EMPTY = frozenset("of the in a an with and or on at to for by from his her their is was are be has had as s".split())  # noqa: SIM905
_NEGATING = frozenset("no not without absent absence lack lacking loss lost never unable inability cannot".split())  # noqa: SIM905
_NEGATING_ZH = re.compile("[无不未缺失没]")
_OPPOSITES = tuple(
    tuple(frozenset(side.split()) for side in pair.split("|"))
    for pair in (
        # More and less in any measure are one pair: the names of a term say "slow", "reduced" and "low" of one thing.
        "increased increase elevated raised high large big enlarged long tall broad wide thick deep fast rapid"
        "|decreased decrease reduced reduction low lowered small tiny short narrow thin shallow slow slowed diminished",
        "left|right",
        "upper|lower",
        "proximal|distal",
        "anterior|posterior",
        "early|late delayed",
    )
)
_OPPOSITES_ZH = ("高低", "大小", "多少", "增减", "长短", "宽窄", "快慢", "厚薄", "粗细", "左右", "亢减", "升降")


class Matcher(Protocol):
    """What reads concepts by rule."""

    def hits(self, text: str) -> list[Hit]:
        """Concepts named in normalised text."""


@dataclass(frozen=True, slots=True)
class Related:
    """How a quote says a concept: `score` in 0..1, the words that say it (characters of the quote), and by what."""

    score: float
    start: int
    end: int
    how: str


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    end: int
    text: str
    key: str


def related(quote: str, term: int, ontology: Ontology, matchers: Sequence[Matcher]) -> Related | None:
    """How `quote`, in normalised text, says the term numbered `term`; None where it does not.

    In this order: the quote is a name of the term (score 1); the rules read the term in the quote (their score), or a
    term below it (0.8 of their score); at least 0.6 of the words of one name, in Chinese of its pairs of characters,
    stand close together in the quote (0.9 of that share). Words in common do not count where the rules read something
    unrelated in them, where the quote has the opposite of a word of the name, nor, where the rules read something
    broader, unless every word is there: a model may not say more than is written.
    """
    names = tuple(_names(ontology, term))
    if fold(quote) in {fold(name) for name in names}:
        return Related(1.0, 0, len(quote), "name")
    hits = [hit for matcher in matchers for hit in matcher.hits(quote) if hit.code in ontology.number]
    return _by_rule(hits, term, ontology) or _by_words(quote, names, hits, term, ontology)


def _names(ontology: Ontology, term: int) -> Iterator[str]:
    yield ontology.labels[term]
    if ontology.labels_zh[term]:
        yield normalise(ontology.labels_zh[term]).text
    yield from filter(None, ontology.synonyms[term].split("\t"))


def _by_rule(hits: Sequence[Hit], term: int, ontology: Ontology) -> Related | None:
    found = []
    for hit in hits:
        read = ontology.number[hit.code]
        if read == term:
            found.append(Related(hit.score, hit.start, hit.end, "rule"))
        elif term in ontology.ancestors(read):
            found.append(Related(_BROADER * hit.score, hit.start, hit.end, "rule, broader"))
    best = max(found, key=lambda one: one.score, default=None)
    return best if best is not None and best.score >= ENOUGH else None


def _by_words(quote: str, names: Sequence[str], hits: Sequence[Hit], term: int, ontology: Ontology) -> Related | None:
    above = set(ontology.ancestors(term).tolist())
    other = [hit for hit in hits if ontology.number[hit.code] not in above]
    enough = _ALL if len(other) < len(hits) else ENOUGH
    if any(_opposite(quote, name) for name in names):
        return None
    found = [one for name in names if (one := _shared(quote, name, enough)) is not None]
    free = [one for one in found if not any(hit.start < one.end and one.start < hit.end for hit in other)]
    return max(free, key=lambda one: one.score, default=None)


def _shared(quote: str, name: str, enough: float) -> Related | None:
    """The share of the words of a name that stand close together in the quote."""
    wanted = {word.key for word in _words(name)}
    words = list(_words(quote))
    said = [number for number, word in enumerate(words) if word.key in wanted]
    if not said:
        return None
    share = len({words[number].key for number in said}) / len(wanted)
    if share < enough or said[-1] - said[0] >= len(wanted) + _WIDER:
        return None
    first = _negation(name, words, said[0])
    return Related(_BY_WORDS * share, words[first].start, words[said[-1]].end, "words")


def _negation(name: str, words: Sequence[_Word], first: int) -> int:
    """Where a name denies something ("absent speech"), the nearest denial before its words belongs to it."""
    own = _NEGATING & {word.text for word in _words(name)}
    if not own and not _NEGATING_ZH.search(name):
        return first
    before = [
        number
        for number, word in enumerate(words[: first + 1])
        if word.text in _NEGATING or (_HAN.match(word.text) and _NEGATING_ZH.search(word.text))
    ]
    return before[-1] if before else first


def _words(text: str) -> Iterator[_Word]:
    """English words by their stem, and pairs of Chinese characters; a single Chinese character stands for itself."""
    small = lowered(text)
    for found in TOKEN.finditer(small):
        word = found.group()
        if word.isascii() and any(sign.isalnum() for sign in word) and word not in _EMPTY:
            yield _Word(found.start(), found.end(), word, stem(normal_form(word)))
    for run in re.finditer(r"[\u4e00-\u9fff]+", small):
        start, end = run.span()
        for place in range(start, max(start + 1, end - 1)):
            pair = small[place : min(place + 2, end)]
            yield _Word(place, place + len(pair), pair, pair)


def _opposite(quote: str, name: str) -> bool:
    """Whether one says high and the other low, or the like."""
    said, wanted = {word.text for word in _words(quote)}, {word.text for word in _words(name)}
    for one, other in _OPPOSITES:
        for here, there in ((one, other), (other, one)):
            if wanted & here and said & there and not said & here:
                return True
    return any(
        (one in name and other in quote and one not in quote) or (other in name and one in quote and other not in quote)
        for one, other in map(tuple, _OPPOSITES_ZH)
    )
