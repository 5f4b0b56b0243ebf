"""With which signs a pattern of the rule tables can begin, so that few cues are tried at each place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TypeVar

__all__ = ["alternatives", "beginnings", "first_signs", "index", "looked_up"]

_DEPTH = 3  # signs of a beginning: more of them tell no cues apart that three do not
_WIDE = 12  # a class of more signs ends a beginning: [a-z]
_DIGITS = frozenset("0123456789")
_LATIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_BLANKS = frozenset(" \t\n")
_MARKS = re.compile(r"\{(?P<least>\d+)(?:,\d*)?\}|[?*+]")
_T = TypeVar("_T")
_Heads = frozenset[tuple[str, bool]]  # the signs, and whether more of them are not to be had


def beginnings(pattern: str) -> frozenset[str]:
    """Beginnings, of at most _DEPTH signs, such that text matched by `pattern` begins with one of them.

    Knows what the tables use: literals, escapes, classes, groups that do not capture, look-arounds
    and the quantifiers ?, *, + and {m,n}. White space within a pattern ends a beginning.
    """
    return frozenset(signs for signs, _ in _heads(pattern))


def alternatives(pattern: str) -> list[str]:
    """The pattern written out for each choice of a group that opens it: "(?:a|b)c" is "ac" and "bc"."""
    if not pattern.startswith("(?:"):
        return [pattern]
    end = _closing(pattern, 0)
    rest = pattern[end + 1 :]
    if _MARKS.match(rest):
        return [pattern]
    return [one for choice in _choices(pattern[3:end]) for one in alternatives(f"{choice}{rest}")]


def index(things: Iterable[tuple[_T, frozenset[str]]]) -> dict[str, list[_T]]:
    """For each beginning that anything has, all things that text with this beginning can be; their order is kept."""
    having: dict[str, list[tuple[int, _T]]] = {}
    for number, (thing, some) in enumerate(things):
        for signs in some:
            having.setdefault(signs, []).append((number, thing))
    return {signs: _merged(having, signs) for signs in having if signs}


def first_signs(known: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds each place where one of the beginnings `known` may stand, by their first signs.

    A letter or digit of Latin script begins only where none stands before it.
    """
    signs = {one[0] for one in known}
    latin, other = "".join(sorted(signs & _LATIN)), "".join(sorted(signs - _LATIN))
    found = [f"(?<![a-z0-9])[{latin}]" if latin else "", f"[{re.escape(other)}]" if other else ""]
    return re.compile("|".join(one for one in found if one) or "(?!)")


def looked_up(found: Mapping[str, _T], text: str, place: int) -> _T | None:
    """What an index has for `text` at `place`: that of the longest beginning it knows."""
    get = found.get
    return get(text[place : place + _DEPTH]) or get(text[place : place + 2]) or get(text[place])


def _merged(having: Mapping[str, list[tuple[int, _T]]], signs: str) -> list[_T]:
    numbered = {number: thing for end in range(len(signs) + 1) for number, thing in having.get(signs[:end], [])}
    return [numbered[number] for number in sorted(numbered)]


def _heads(pattern: str) -> _Heads:
    heads: _Heads = frozenset({("", False)})
    for item in _items(pattern):
        heads = _joined(heads, item)
        if all(done for _, done in heads):
            break
    return heads


def _joined(before: _Heads, item: _Heads) -> _Heads:
    ended = {one for one in before if one[1]}
    grown = {_grown(signs, more, closed) for signs, done in before if not done for more, closed in item}
    return frozenset(ended | grown)


def _grown(signs: str, more: str, closed: bool) -> tuple[str, bool]:
    if signs and more[:1] in _BLANKS:
        return signs, True  # any white space may stand there
    longer = (signs + more)[:_DEPTH]
    return longer, closed or len(longer) == _DEPTH


def _items(pattern: str) -> Iterator[_Heads]:
    place = 0
    while place < len(pattern):
        if pattern.startswith(("(?=", "(?!", "(?<"), place):
            place = _closing(pattern, place) + 1
            continue
        end = _end(pattern, place)
        item = _item(pattern[place:end])
        mark = _MARKS.match(pattern, end)
        place = end
        while mark:
            item = _marked(item, mark)
            place = mark.end()
            mark = _MARKS.match(pattern, place)
        yield item


def _end(pattern: str, place: int) -> int:
    if pattern[place] == "(":
        return _closing(pattern, place) + 1
    if pattern[place] == "[":
        return pattern.index("]", place + 1) + 1
    return place + 1 + (pattern[place] == "\\")


@lru_cache(maxsize=4096)  # the words for relatives stand in many patterns
def _item(written: str) -> _Heads:
    if written.startswith("("):
        return frozenset().union(*(_heads(one) for one in _choices(written[3:-1])))
    if written in {".", r"\S"} or written.startswith("[^"):
        return frozenset({("", True)})
    signs = _signs(written)
    return frozenset((sign, len(signs) > _WIDE) for sign in signs)


def _signs(written: str) -> frozenset[str]:
    if written.startswith("["):
        return _class(written[1:-1])
    if written.startswith("\\"):
        return {"d": _DIGITS, "s": _BLANKS}.get(written[1], frozenset(written[1]))
    return frozenset(written)


def _marked(item: _Heads, mark: re.Match[str]) -> _Heads:
    """An item with its quantifier: one that may be left out, or be followed by itself."""
    none = frozenset({("", False)}) if mark.group()[0] in "?*" or mark["least"] == "0" else frozenset()
    again = frozenset() if mark.group() == "?" else frozenset((signs, True) for signs, _ in item if signs)
    return item | none | again


def _closing(pattern: str, place: int) -> int:
    depth = 0
    inside = False
    while True:
        sign = pattern[place]
        if sign == "\\":
            place += 1
        elif inside or sign == "[":
            inside = sign != "]"
        else:
            depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return place
        place += 1


def _choices(group: str) -> Iterator[str]:
    start = place = 0
    while place < len(group):
        if group[place] == "\\":
            place += 1
        elif group[place] == "(":
            place = _closing(group, place)
        elif group[place] == "|":
            yield group[start:place]
            start = place + 1
        place += 1
    yield group[start:]


def _class(inner: str) -> frozenset[str]:
    signs: set[str] = set()
    place = 0
    while place < len(inner):
        if inner[place + 1 : place + 2] == "-" and place + 2 < len(inner):
            signs.update(chr(code) for code in range(ord(inner[place]), ord(inner[place + 2]) + 1))
            place += 3
        else:
            signs.add(inner[place])
            place += 1
    return frozenset(signs)
