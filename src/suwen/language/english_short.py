"""Abbreviations: those a text defines for itself, and the few that mean one thing in every clinical text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from suwen.language.nouns import Hit

__all__ = ["short_hits"]

_DEFINED = re.compile(r"\s?[(\[]([A-Z][A-Za-z0-9-]{0,6}[A-Z0-9])s?[)\];,]")
_ANY_DEFINED = re.compile(r"\(([A-Z][A-Za-z0-9-]{0,6}[A-Z0-9])s?\)")
_CAPITALS = re.compile(r"\b([A-Z][A-Za-z0-9-]{0,6}[A-Z0-9])s?\b")
_SCORE_DEFINED, _SCORE_USUAL = 0.95, 0.8


def short_hits(text: str, hits: Sequence[Hit], usual: Mapping[str, str]) -> Iterator[Hit]:
    """Hits of abbreviations, those already in `hits` left out.

    "global developmental delay (GDD)" defines GDD for the whole text. An abbreviation defined by something that is no
    concept of ours ("general dental data (GDD)") means nothing here. `usual`: abbreviation -> code, used undefined.
    """
    own = dict(_defined(text, hits))
    foreign = {match.group(1) for match in _ANY_DEFINED.finditer(text)} - own.keys()
    taken = {place for hit in hits for place in (hit.start, hit.end - 1)}
    for match in _CAPITALS.finditer(text):
        written = match.group(1)
        code = own.get(written) or ("" if written in foreign else usual.get(written, ""))
        if code and match.start() not in taken:
            score = _SCORE_DEFINED if written in own else _SCORE_USUAL
            yield Hit(match.start(), match.end(), code, "abbreviation", score)


def _defined(text: str, hits: Sequence[Hit]) -> Iterator[tuple[str, str]]:
    for hit in hits:
        match = _DEFINED.match(text, hit.end)
        if match and _stands_for(match.group(1), text[hit.start : hit.end]):
            yield match.group(1), hit.code


def _stands_for(written: str, full: str) -> bool:
    """Whether the letters of an abbreviation occur in order in the full form, the first at its beginning."""
    if any(sign.isdigit() and sign not in full for sign in written):
        return False  # "neurofibromatosis (NF2)" is more than neurofibromatosis
    rest = iter(full.lower())
    letters = [letter for letter in written.lower() if letter.isalpha()]
    return full[:1].lower() == letters[0] and all(letter in rest for letter in letters)
