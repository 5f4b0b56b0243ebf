"""Scopes of SMART App Launch 2.2 (and its version 1): read, narrowed to what an app may be granted, asked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["CONTEXT", "Scope", "allows", "granted", "read_scope"]

# What says for which patient an app is launched, and nothing of what it may do.
CONTEXT = frozenset({"launch", "launch/patient"})
_SCOPE = re.compile(r"(patient|user|system)/([A-Z][A-Za-z]{1,60}|\*)\.(c?r?u?d?s?|read|write|\*)")
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}


@dataclass(frozen=True, slots=True)
class Scope:
    """One clinical scope: in whose place (patient, user, system), of which type (* all), letters of c r u d s."""

    place: str
    kind: str
    letters: str

    def __str__(self) -> str:
        return f"{self.place}/{self.kind}.{self.letters}"


def read_scope(text: str) -> Scope | None:
    """A clinical scope, None for any other text; one narrowed by a query (`?category=…`) is none, and never granted."""
    found = _SCOPE.fullmatch(text)
    if found is None or not found[3]:
        return None
    return Scope(found[1], found[2], _VERSION_1.get(found[3], found[3]))


def granted(asked: Iterable[str], registered: Iterable[str], *, places: frozenset[str]) -> tuple[str, ...]:
    """What of the scopes asked for an app may be granted: each narrowed to what it is registered for, in order.

    A scope that is granted in full stays as it was written. Context, identity and offline access are no clinical
    scopes and stand in none of them.
    """
    known = [scope for text in registered if (scope := read_scope(text)) is not None and scope.place in places]
    found: dict[str, None] = {}
    for text in asked:
        scope = read_scope(text)
        if scope is None or scope.place not in places:
            continue
        for narrowed in (_both(scope, one) for one in known):
            if narrowed is not None:
                found[text if narrowed == scope else str(narrowed)] = None
    return tuple(found)


def _both(one: Scope, other: Scope) -> Scope | None:
    letters = "".join(letter for letter in one.letters if letter in other.letters)
    if one.place != other.place or not letters:
        return None
    if "*" in (one.kind, other.kind) or one.kind == other.kind:
        return Scope(one.place, other.kind if one.kind == "*" else one.kind, letters)
    return None


def allows(scopes: Iterable[str], kind: str, letter: str, *, of_patient: bool) -> bool:
    """Whether scopes cover an act on a type; `of_patient`: it is about the one patient the app was launched for."""
    read = (read_scope(text) for text in scopes)
    return any(
        scope.kind in {"*", kind} and letter in scope.letters
        for scope in read
        if scope is not None and (scope.place != "patient" or of_patient)
    )
