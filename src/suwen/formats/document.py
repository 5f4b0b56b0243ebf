"""A place in a parsed JSON or YAML document that knows its path and gathers every problem met on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from suwen.errors import FormatError, Problem

__all__ = ["Place", "finish", "is_clean", "root"]

MAX_TEXT = 10_000  # characters in one string; an HPO name has at most 120
MAX_PROBLEMS = 1_000  # after this many nobody reads on, and the message would outgrow the document

_CAPITAL = re.compile(r"(?<!^)([A-Z])")
_UNCLEAN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Place:
    """An object in a document: `value` maps names to values, `path` is where it stands, `problems` is shared by all.

    Names are asked for in lowerCamelCase; the snake_case spelling of protobuf dumps is found as well. A member that is
    null counts as absent. A member of a wrong type is reported once and then counts as absent.
    """

    value: Mapping[object, object]
    path: str
    problems: list[Problem]

    def report(self, name: str, what: str, remedy: str = "") -> None:
        """Note a problem with a member, or with this object itself where `name` is empty."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(self.where(name), what, remedy))

    def where(self, name: str) -> str:
        """Path of a member, by the name it has in the document."""
        return ".".join(part for part in (self.path, self._spelt(name)) if part)

    def has(self, name: str) -> bool:
        """Whether a member is there and not null."""
        return self.value.get(self._spelt(name)) is not None

    def get(self, name: str) -> object:
        """Return a member as it is; None where absent."""
        return self.value.get(self._spelt(name))

    def inner(self, name: str) -> Place | None:
        """Return a member which is an object."""
        value = self.get(name)
        if value is None:
            return None
        return self._place(value, self.where(name))

    def entries(self, name: str) -> list[Place]:
        """Return a member which is a list of objects; entries that are none are reported and left out."""
        value = self.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.report(name, f"a list is expected, not {_kind(value)}")
            return []
        places = [self._place(entry, f"{self.where(name)}[{index}]") for index, entry in enumerate(value)]
        return [place for place in places if place is not None]

    def text(self, name: str) -> str:
        """Return a member which is text without control characters; empty where absent or unusable."""
        value = self.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.report(name, f"text is expected, not {_kind(value)}")
            return ""
        if len(value) > MAX_TEXT:
            self.report(name, f"text of {len(value)} characters; at most {MAX_TEXT} are accepted")
            return ""
        if not is_clean(value):
            self.report(name, "text contains control characters or half of a surrogate pair")
            return ""
        return value

    def flag(self, name: str) -> bool:
        """Return a member which is true or false; false where absent or unusable."""
        value = self.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.report(name, f"true or false is expected, not {_kind(value)}")
        return False

    def number(self, name: str) -> float | None:
        """Return a member which is a finite number; None where absent or unusable."""
        value = self.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            self.report(name, f"a number is expected, not {_kind(value)}")
            return None
        if not -1e15 <= value <= 1e15:  # not a number is neither
            self.report(name, "a finite number of ordinary size is expected")
            return None
        return float(value)

    def _spelt(self, name: str) -> str:
        if name in self.value:
            return name
        snake = _snake(name)
        return snake if snake in self.value else name

    def _place(self, value: object, path: str) -> Place | None:
        if isinstance(value, Mapping):
            return Place(value, path, self.problems)
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(
                Problem(
                    path, f"an object is expected, not {_kind(value)}", zh_what=f"此处须为对象，而非 {_kind(value)}"
                )
            )
        return None


def root(document: object, claim: str) -> Place:
    """Make the whole document a place.

    Raises:
        FormatError: the document is not an object; `claim` says what it was read as.

    """
    if not isinstance(document, Mapping):
        raise FormatError(
            f"not a {claim}: an object is expected, not {_kind(document)}",
            zh=f"不是 {claim}：须为对象，而非 {_kind(document)}",
        )
    return Place(document, "", [])


def finish(place: Place, claim: str) -> None:
    """Raise everything gathered as one FormatError; do nothing where there is no problem."""
    if not place.problems:
        return
    count = len(place.problems)
    more = " or more" if count >= MAX_PROBLEMS else ""
    noun = "problem" if count == 1 else "problems"
    raise FormatError(f"{count}{more} {noun} in this {claim}", place.problems, zh=f"该 {claim} 有 {count}{more} 处问题")


def is_clean(text: str) -> bool:
    """Whether text can be shown and encoded: no control characters (tab and line ends are fine), no lone surrogates."""
    return _UNCLEAN.search(text) is None


@cache
def _snake(name: str) -> str:
    return _CAPITAL.sub(r"_\1", name).lower()


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    names |= dict.fromkeys((int, float, Decimal), "a number")
    return names.get(type(value), "null" if value is None else "something else")
