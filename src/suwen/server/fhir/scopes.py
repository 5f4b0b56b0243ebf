"""In which place a token's scopes let an app do something: for its whole user, or for one patient alone.

What is not understood grants nothing, and so does a scope narrowed by a query (`.rs?category=...`): to take it without
its narrowing would give more than was agreed to (SMART App Launch 2.2, Scopes and Launch Context).
"""

from __future__ import annotations

from collections.abc import Iterable

from suwen.server.smart.scopes import read_scope

__all__ = ["allowed", "place_of"]


def allowed(scopes: Iterable[str], kind: str, act: str) -> bool:
    """Whether one of the scopes lets an app do `act`, a letter of c r u d s, to resources of a type."""
    return bool(place_of(scopes, kind, act))


def place_of(scopes: Iterable[str], kind: str, act: str) -> str:
    """The widest place in which an act is allowed: `user`, `system`, `patient`, or "" where it is not.

    In the place `patient` it is allowed for the one patient of the launch alone.
    """
    read = [one for one in map(read_scope, scopes) if one is not None]
    found = {one.place for one in read if one.kind in {"*", kind} and act in one.letters}
    return next((place for place in ("user", "system", "patient") if place in found), "")
