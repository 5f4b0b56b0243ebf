"""Which of the names found in a sentence remain: longest first, without nested ones and genes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from suwen.language.english_find import Found
from suwen.language.english_names import Word, read_rows
from suwen.language.english_words import normal_form

__all__ = ["Company", "choose", "company", "in_disease"]

Company = Mapping[frozenset[str], frozenset[str]]

_NOT_A_FINDING = frozenset(["gene", "locus", "loci", "protein", "allele", "antigen", "receptor", "virus", "vaccine"])
_NAMED_FOR_IT = frozenset([
    "syndrome", "suppressor", "foundation", "society", "association", "consortium", "registry", "clinic", "center",
])  # fmt: skip
_ABSENT = frozenset(["aplasia", "agenesis", "absence", "absent", "missing"])
_SMALL = frozenset(["hypoplasia", "small", "short", "underdeveloped", "underdevelopment"])
_TOGETHER, _JOINED, _APART = range(3)


def company() -> Company:
    """Expressions that name no finding beside certain words, or never: words of the expression to those words."""
    rows = ([frozenset(map(normal_form, cell.split())) for cell in row] for row in read_rows("company_en.tsv"))
    return {first: frozenset[str]().union(*rest) for first, *rest in rows}


def choose(found: Sequence[Found], words: Sequence[Word], company: Company) -> list[Found]:
    """Keep what is said and drop what is only part of it, in order of position.

    A name all of whose words belong to a longer name is dropped, also where its concept differs: whoever writes
    "hypoplastic left heart" says one thing. Names that share some words but not all are both said ("aplastic or
    hypoplastic nails").
    """
    ordered = sorted(found, key=lambda one: (one.way == _APART, -len(one.positions), -one.score, one.name.rank))
    kept: list[tuple[frozenset[int], Found]] = []
    for one in ordered:
        if _said_apart(one, found, words):
            continue
        places = frozenset(one.positions)
        if any(places <= longer for longer, _ in kept) or _stolen(one, kept):
            continue
        kept.append((places, one))
    meant = (one for _, one in kept if not _followed(one, words, _NOT_A_FINDING) and not _other(one, words, company))
    return sorted(meant, key=lambda one: one.positions)


def in_disease(one: Found, words: Sequence[Word]) -> bool:
    """Whether it is part of the name of a syndrome, gene or institution.

    "Basal cell nevus syndrome" need not mean that nevi were seen, nor "tumor suppressor" a tumor.
    """
    return _followed(one, words, _NAMED_FOR_IT)


def _other(one: Found, words: Sequence[Word], company: Company) -> bool:
    """Whether the words mean something else here: the "short arm" of a chromosome."""
    beside = company.get(frozenset(words[place].form for place in one.positions))
    return beside is not None and (not beside or any(word.form in beside for word in words))


def _said_apart(one: Found, found: Sequence[Found], words: Sequence[Word]) -> bool:
    """Whether it joins two findings of which each is named: "aplastic or hypoplastic nails" says both."""
    forms = {words[place].form for place in one.positions}
    if not (forms & _ABSENT and forms & _SMALL):
        return False
    places = frozenset(one.positions)
    parts = [other for other in found if other.name.concept != one.name.concept and places > set(other.positions)]
    return len(parts) > 1 and places == frozenset[int]().union(*(part.positions for part in parts))


def _stolen(one: Found, kept: Sequence[tuple[frozenset[int], Found]]) -> bool:
    """Whether a phrase takes a word that already belongs to another name.

    A divided phrase may share its last word only; a coordinated one may not begin where a finding ends: in "short
    thumb and ear anomalies" the thumb is short.
    """
    if one.way == _APART:
        return any(place in longer for longer, _ in kept for place in one.positions[:-1])
    ends = (other.positions[-1] for _, other in kept if other.way == _TOGETHER and len(other.positions) > 1)
    return one.way == _JOINED and one.positions[0] in ends


def _followed(one: Found, words: Sequence[Word], by: frozenset[str]) -> bool:
    after = one.positions[-1] + 1
    return after < len(words) and words[after].form in by
