"""Which characters a pattern of the rule tables can begin with, so that few cues are tried at each place."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["first_signs"]

_DIGITS = frozenset("0123456789")
_CLASSES = {"d": _DIGITS, "s": frozenset(" \t\n")}


def first_signs(pattern: str) -> frozenset[str]:
    """Each character that text matched by `pattern` can begin with.

    Knows what the tables use: literals, escapes, classes without negation, groups that do not capture, look-arounds
    and the quantifiers ?, *, + and {m,n}.
    """
    found: set[str] = set()
    for signs, optional in _items(pattern):
        found |= signs
        if not optional:
            break
    return frozenset(found)


def _items(pattern: str) -> Iterator[tuple[frozenset[str], bool]]:
    """The items of one alternative, each with the characters it can begin with and whether it may be left out."""
    place = 0
    while place < len(pattern):
        sign = pattern[place]
        if sign == "(":
            end = _closing(pattern, place)
            inner = pattern[place:end]
            if inner.startswith(("(?=", "(?!", "(?<")):
                place = end + 1
                continue
            choices = list(_choices(inner[3:]))
            signs = frozenset().union(*(first_signs(one) for one in choices))
            empty = any(all(optional for _, optional in _items(one)) for one in choices)
        elif sign == "[":
            end, empty = pattern.index("]", place + 1), False
            signs = _class(pattern[place + 1 : end])
        elif sign == "\\":
            end, empty = place + 1, False
            signs = _CLASSES.get(pattern[end], frozenset(pattern[end]))
        else:
            end, empty, signs = place, False, frozenset(sign)
        place, optional = _quantified(pattern, end + 1)
        yield signs, optional or empty


def _quantified(pattern: str, place: int) -> tuple[int, bool]:
    """The place after a quantifier that stands at `place`, and whether it allows none."""
    optional = pattern.startswith(("?", "*", "{0"), place)
    if pattern.startswith("{", place):
        return pattern.index("}", place) + 1, optional
    while place < len(pattern) and pattern[place] in "?*+":
        place += 1
    return place, optional


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
