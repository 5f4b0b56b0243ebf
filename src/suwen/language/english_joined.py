"""Whether the words of a coordinated phrase belong together: "renal and cardiac defects" names a defect of each."""

from __future__ import annotations

from collections.abc import Sequence

from suwen.language.english_names import Role, Word, read_rows
from suwen.language.english_words import normal_form

__all__ = ["NUMERALS", "coordinated", "heads", "stands_before_its_head"]

_GOVERNING = frozenset(["of", "in", "on", "to", "for"])
_PREPOSITIONS = _GOVERNING | {"with", "from", "by", "at"}
NUMERALS = frozenset("i ii iii iv v vi 1 2 3 4 5 1st 2nd 3rd 4th 5th first second third fourth fifth".split())  # noqa: SIM905
_CONJUNCTIONS = frozenset(["and", "or", "&", "/"])


def heads() -> frozenset[str]:
    """Nouns that head the name of a finding ("cyst", "atrophy"), in normal form; the words before say where or how."""
    return frozenset(normal_form(word) for row in read_rows("heads_en.tsv") for word in row)


def coordinated(words: Sequence[Word], before: int, after: int, heads: frozenset[str]) -> bool:
    """Whether the words at `before` and `after` belong together over an "and", "or" or comma between them.

    Three shapes: modifiers share a head ("renal and cardiac defects"), sites share a beginning ("defects of the
    kidney and heart"), heads share a modifier ("branchial fistulas or cysts"). A fourth, a range, is said with "to".
    """
    between = words[before + 1 : after]
    if between[0].role == Role.JOIN:
        return between[-1].role == Role.CONTENT and _modifies(words[before], between, heads)
    if between[0].role == Role.CONTENT:
        return between[-1].role == Role.JOIN and _shared_modifier(words, before, after, heads)
    last = next((word.role for word in reversed(between) if word.role != Role.SKIP), Role.SKIP)
    return last == Role.JOIN and between[0].form in _GOVERNING and not stands_before_its_head(words, after, heads)


def stands_before_its_head(words: Sequence[Word], at: int, heads: frozenset[str]) -> bool:
    """Whether the word at `at` only modifies the next one: "retinal" in "absence of retinal hamartomas"."""
    if at + 1 >= len(words) or words[at + 1].role != Role.CONTENT:
        return False
    return (words[at].adjective and not words[at].alone) or words[at + 1].form in heads


def _is_head(word: Word, heads: frozenset[str]) -> bool:
    """Whether it is a head itself and not its adjective: "hypoplastic" has the normal form of "hypoplasia"."""
    return word.form in heads and not word.adjective


def _modifies(first: Word, between: Sequence[Word], heads: frozenset[str]) -> bool:
    """Whether `first` modifies the head after `between`.

    A finding by itself before the "and" is complete: in "hypotonia and seizures" it modifies nothing. Nor does a
    head, nor a word whose list has ended ("ribs and spine, abnormal calcifications").
    """
    if (first.alone and first.noun) or _is_head(first, heads):
        return False
    if any(_is_head(word, heads) or word.form in _PREPOSITIONS or (word.alone and word.noun) for word in between):
        return False
    signs = [word.form for word in between if word.role == Role.JOIN]
    if not _CONJUNCTIONS & set(signs):
        return not first.noun
    plain = all(word.adjective for word in between if word.role == Role.CONTENT)
    return signs[-1] != "," and (plain or _one_conjunction(between))


def _one_conjunction(between: Sequence[Word]) -> bool:
    """Whether an "and" or "and/or" stands in one place only, and no comma after it: two would be two phrases."""
    places = [at for at, word in enumerate(between) if word.form in _CONJUNCTIONS]
    ended = any(word.form == "," for word in between[places[0] :])
    return not ended and places[-1] - places[0] == len(places) - 1


def _shared_modifier(words: Sequence[Word], before: int, after: int, heads: frozenset[str]) -> bool:
    """Whether heads share the modifier at `before`; a head that is a finding by itself needs none."""
    last = words[after]
    content = [word for word in words[before + 1 : after] if word.role == Role.CONTENT]
    if last.form in NUMERALS:
        return all(word.form in NUMERALS for word in content)  # "metacarpals IV and V"
    if not _is_head(last, heads) or last.alone or _is_head(words[before], heads) or words[after - 1].form == ",":
        return False
    if after + 1 < len(words) and words[after + 1].form == "of":
        return False  # "renal cysts or malformations of the ear" names its own site
    return all(word.form in heads for word in content) and not stands_before_its_head(words, after, heads)
