"""Which of the names found in a sentence remain: longest first, without nested ones and genes."""

from __future__ import annotations

from collections.abc import Sequence

from suwen.language.english_find import Found
from suwen.language.english_names import Word

__all__ = ["choose", "in_disease"]

_NOT_A_FINDING = frozenset(["gene", "locus", "loci", "protein", "allele", "antigen", "receptor", "virus", "vaccine"])
_DISEASE = frozenset(["syndrome"])
_APART = 2


def choose(found: Sequence[Found], words: Sequence[Word]) -> list[Found]:
    """Keep what is said and drop what is only part of it, in order of position.

    A name all of whose words belong to a longer name is dropped, also where its concept differs: whoever writes
    "hypoplastic left heart" says one thing. Names that share some words but not all are both said ("aplastic or
    hypoplastic nails").
    """
    ordered = sorted(found, key=lambda one: (one.way == _APART, -len(one.positions), -one.score, one.name.rank))
    kept: list[tuple[frozenset[int], Found]] = []
    for one in ordered:
        places = frozenset(one.positions)
        if any(places <= longer for longer, _ in kept) or (one.way == _APART and _crosses(one, kept)):
            continue
        kept.append((places, one))
    return sorted((one for _, one in kept if not _followed(one, words, _NOT_A_FINDING)), key=lambda one: one.positions)


def in_disease(one: Found, words: Sequence[Word]) -> bool:
    """Whether the name is part of a syndrome's name: "basal cell nevus syndrome" need not mean that nevi were seen."""
    return _followed(one, words, _DISEASE)


def _crosses(one: Found, kept: Sequence[tuple[frozenset[int], Found]]) -> bool:
    """Whether a divided phrase takes a word, other than its last, that already belongs to another name."""
    front = one.positions[:-1]
    return any(place in longer for longer, _ in kept for place in front)


def _followed(one: Found, words: Sequence[Word], by: frozenset[str]) -> bool:
    after = one.positions[-1] + 1
    return after < len(words) and words[after].form in by
