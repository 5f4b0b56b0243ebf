"""Questions about the members of a FHIR object that may be of any shape; nothing here fails on a wrong type."""

from __future__ import annotations

from decimal import Decimal

from suwen.formats.fhir.checking.bindings import coded
from suwen.formats.fhir.nouns import Json

__all__ = ["choice", "has", "inner", "number", "objects", "says", "text"]


def has(value: Json, *names: str) -> bool:
    """Whether any of these members is there, be it only as an extension (`_name`)."""
    return any(value.get(name) is not None or value.get(f"_{name}") is not None for name in names)


def choice(value: Json, prefix: str) -> bool:
    """Whether any element of a choice (`value[x]`) is there, be it only as an extension."""
    start = len(prefix)
    return any(
        name.startswith(prefix) and name[start : start + 1].isupper()
        for name in (one.removeprefix("_") for one, member in value.items() if member is not None)
    )


def number(value: Json, name: str) -> Decimal | None:
    """A member that is a number."""
    found = value.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float | Decimal):
        return None
    return Decimal(str(found)) if isinstance(found, float) else Decimal(found)


def text(value: Json, name: str) -> str:
    """A member that is text; "" where it is none."""
    found = value.get(name)
    return found if isinstance(found, str) else ""


def inner(value: Json, name: str) -> Json:
    """A member that is an object; an empty one where it is none."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def objects(value: Json, name: str) -> list[Json]:
    """The objects in a member that is a list."""
    found = value.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def says(value: Json, name: str, system: str, *codes: str) -> bool:
    """Whether a CodeableConcept has one of these codes of a system."""
    return not set(codes).isdisjoint(coded(value.get(name), system))
