"""Where the words of a name stand together in a sentence: in any order, coordinated, or with one word between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from suwen.language.english_joined import NUMERALS, coordinated, stands_before_its_head
from suwen.language.english_names import Entry, Name, Role, Word

__all__ = ["Found", "find"]

_WIDEST = 14  # tokens from the first to the last word of a name
_MOST_SKIPPED = 3
_MOST_BETWEEN = 5  # content words between in a coordinated phrase
_COPULA = frozenset(["is", "are", "was", "were"])
_GOVERNING = frozenset(["of", "in", "on", "with", "for"])
_OPPOSITE = frozenset(["no", "not", "without"])
_RANGE = "to"
_TOGETHER, _JOINED, _APART = 0, 1, 2
_DERIVED = 3  # rank of a variant made by leaving words out


@dataclass(frozen=True, slots=True)
class Found:
    """A name at positions (token numbers, ascending) of a sentence; `way` says how its words stand together."""

    positions: tuple[int, ...]
    name: Name
    way: int
    literal: int  # number of its words written in the same form

    @property
    def score(self) -> float:
        """1 literal, less for another word of the same meaning, for a coordinated and for a divided phrase."""
        return (1.0 if self.literal == len(self.name.forms) else 0.9, 0.8, 0.6)[self.way]

    @property
    def how(self) -> str:
        """How it was recognised, for a reader."""
        if self.way == _TOGETHER:
            return ("label", "synonym", "lexicon", "variant")[self.name.rank] if self.score == 1.0 else "variant"
        return "coordinated" if self.way == _JOINED else "divided"


def find(words: Sequence[Word], heads: frozenset[str]) -> list[Found]:
    """All names in a sentence, nested ones included; `heads` as `english_joined.heads` gives them."""
    found = [Found((at,), word.alone, _TOGETHER, 1) for at, word in enumerate(words) if word.alone]
    present = {word.group for word in words}
    places: dict[int, list[int]] = {}
    for at, word in enumerate(words):
        if not word.keyed:
            continue
        for second in word.keyed.keys() & present:
            for entry in word.keyed[second]:
                if entry.groups <= present:
                    places = places or _places(words)
                    found += _placed(entry, at, words, places, heads)
    return found


def _places(words: Sequence[Word]) -> dict[int, list[int]]:
    places: dict[int, list[int]] = {}
    for at, word in enumerate(words):
        if word.group >= 0:
            places.setdefault(word.group, []).append(at)
    return places


def _placed(
    entry: Entry, at: int, words: Sequence[Word], places: dict[int, list[int]], heads: frozenset[str]
) -> Iterator[Found]:
    """The entry with the nearest place of each of its words to the key word at `at`."""
    positions = sorted(
        {min(places[group], key=lambda place: abs(place - at)) for group in entry.groups - {words[at].group}} | {at}
    )
    if positions[-1] - positions[0] > _WIDEST:
        return
    way = _way(positions, words, heads, joined=entry.joined)
    if way is not None and not _unfinished(positions, words, heads):
        forms = [words[place].form for place in positions]
        name, literal = _closest(entry.names, forms)
        found = Found(tuple(positions), name, way, literal)
        if way == _TOGETHER or (name.rank < _DERIVED and literal == len(forms)) or _regular(found, words, heads):
            yield found


def _closest(names: Sequence[Name], forms: Sequence[str]) -> tuple[Name, int]:
    """Of the names that consist of the same word groups, the one written most alike.

    "Left-to-right shunt" is not "right-to-left shunt"; else the ontology wins over our lexicon, a label
    over a synonym, and the broader concept.
    """

    def likeness(name: Name) -> tuple[int, int, bool, int, int]:
        other = sum(form not in forms for form in name.forms)
        return (-max(name.rank, 1), -other, name.forms == tuple(forms), -name.rank, -name.depth)

    name = max(names, key=likeness)
    return name, sum(form in forms for form in name.forms)


def _way(positions: Sequence[int], words: Sequence[Word], heads: frozenset[str], *, joined: bool) -> int | None:
    """How far apart the words stand; None where they do not belong together. At most one gap may hold content."""
    worst, gaps = _TOGETHER, 0
    for before, after in pairwise(positions):
        if after == before + 1:
            continue
        way = _gap(words, before, after, heads, joined=joined)
        if way is None:
            return None
        gaps += way > _TOGETHER
        worst = max(worst, way)
    return worst if gaps <= 1 else None


def _gap(words: Sequence[Word], before: int, after: int, heads: frozenset[str], *, joined: bool) -> int | None:
    between = words[before + 1 : after]
    roles = [word.role for word in between]
    content = roles.count(Role.CONTENT)
    if Role.BREAK in roles or content > _MOST_BETWEEN:
        return _APART if len(between) == 1 and between[0].form in _COPULA else None  # "the liver was enlarged"
    if not content:
        return _TOGETHER if len(roles) <= _MOST_SKIPPED and (joined or Role.JOIN not in roles) else None
    if Role.JOIN in roles:
        return _JOINED if _repeated(words, before, between) or coordinated(words, before, after, heads) else None
    if content == 1 and between[0].form == _RANGE:
        return _JOINED  # "mild to moderate delay"
    return _APART if content == 1 and not between[0].alone and words[before].form not in _OPPOSITE else None


def _repeated(words: Sequence[Word], before: int, between: Sequence[Word]) -> bool:
    """Whether the one content word between is said a second time: "cleft lip, cleft palate"."""
    content = [word.form for word in between if word.role == Role.CONTENT]
    return len(content) == 1 and content[0] in [word.form for word in words[max(before - 2, 0) : before]]


def _regular(found: Found, words: Sequence[Word], heads: frozenset[str]) -> bool:
    """Whether other words than the name's own may be coordinated: a site with a head, a head with its sites."""
    positions, forms, way = found.positions, found.name.forms, found.way
    first, last = words[positions[0]], words[positions[-1]]
    site = first.adjective or first.form in forms
    return way == _JOINED and (first.form in heads or (site and last.form in heads) or last.form in NUMERALS)


def _unfinished(positions: Sequence[int], words: Sequence[Word], heads: frozenset[str]) -> bool:
    """Whether the last word only begins another phrase: "absence of retinal hamartomas" says nothing of the retina."""
    first, last = positions[0], positions[-1]
    governed = any(word.form in _GOVERNING for word in words[first + 1 : last])
    return governed and stands_before_its_head(words, last, heads)
