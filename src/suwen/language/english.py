"""English clinical text to phenotype concepts, from the names of the ontology and what is known of English words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from suwen.language.english_choose import choose, company, in_disease
from suwen.language.english_find import Found, find
from suwen.language.english_joined import heads
from suwen.language.english_names import Lexicon, Word, compile_names, read_rows
from suwen.language.english_short import short_hits
from suwen.language.english_words import TOKEN, lowered
from suwen.language.nouns import Hit

if TYPE_CHECKING:
    from suwen.knowledge.ontology import Ontology

__all__ = ["IN_DISEASE", "EnglishMatcher"]

IN_DISEASE = "in the name of a syndrome"  # `how` of a hit that a reader of a patient's findings may want to leave out
_SCORE_IN_DISEASE = 0.5
_ENDS = frozenset([".", "?", "!", ";"])
_LONGEST_SENTENCE = 250  # tokens; a text without full stops must not cost the square of its length
_WORDS_REMEMBERED = 1 << 16


class EnglishMatcher:
    """Finds the concepts that English text names. Nothing of it changes after it was built; threads may share it."""

    def __init__(self, ontology: Ontology) -> None:
        """Compile the names of the phenotype branch; takes about two seconds."""
        lexicon: Lexicon = compile_names(ontology)
        usual = {row[0] for row in read_rows("short_en.tsv")}
        self._ids = ontology.ids
        self._heads, self._company = heads(), company()
        self._usual = {text: ontology.ids[name.concept] for text, name in lexicon.short.items() if text in usual}
        self._word = lru_cache(maxsize=_WORDS_REMEMBERED)(lexicon.word)

    def hits(self, text: str) -> list[Hit]:
        """Concepts named in `text`, in order of position; `start` and `end` are characters of `text`."""
        found = [hit for sentence in self._sentences(text) for hit in self._in_sentence(*sentence)]
        found += short_hits(text, found, self._usual)
        return sorted(found, key=lambda hit: (hit.start, hit.end, hit.code))

    def _sentences(self, text: str) -> Iterator[tuple[list[Word], list[tuple[int, int]]]]:
        words: list[Word] = []
        spans: list[tuple[int, int]] = []
        for match in TOKEN.finditer(lowered(text)):
            raw = match.group()
            if raw in _ENDS or raw[0] == "\n" or len(words) == _LONGEST_SENTENCE:
                yield words, spans
                words, spans = [], []
            words.append(self._word(raw))
            spans.append(match.span())
        yield words, spans

    def _in_sentence(self, words: Sequence[Word], spans: Sequence[tuple[int, int]]) -> Iterator[Hit]:
        found: list[Found] = find(words, self._heads)
        for one in choose(found, words, self._company) if found else ():
            start, end = spans[one.positions[0]][0], spans[one.positions[-1]][1]
            how, score = (IN_DISEASE, _SCORE_IN_DISEASE) if in_disease(one, words) else (one.how, one.score)
            yield Hit(start, end, self._ids[one.name.concept], how, score)
