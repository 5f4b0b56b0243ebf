"""What an order or an entry of a record is of: its codes and names, and whether two are of the same thing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from suwen.formats.fhir import Json

__all__ = ["ATC", "Concept", "atc_group", "concept_of", "inside", "same"]

ATC = "http://www.whocc.no/atc"
_SUBGROUP = 5  # characters of an ATC code that name the chemical subgroup, the fourth level (WHO, ATC guidelines)
_SHORTEST = 4  # letters of a name that is looked for in another; "iron" is one, "tin" would be in "gelatin tin"
_SHORTEST_CHINESE = 2
_ALLERGY = re.compile(
    r"^(?:allergy|allergic|hypersensitivity|intolerance)\s+(?:to|of)\s+|^对|(?:严重)?(?:过敏|不耐受)$", re.I
)
_AFTER = re.compile(r"\s*\((?:finding|disorder|substance|product|situation)\)\s*$", re.I)
# Where FHIR R4 says what an order, an entry of a medication list or an allergy is of.
_PLACES = ("medicationCodeableConcept", "code", "codeCodeableConcept")


@dataclass(frozen=True, slots=True)
class Concept:
    """Codes with their systems, and names (folded for comparison); `shown` is the name a person reads."""

    codes: frozenset[tuple[str, str]]
    names: tuple[str, ...]
    shown: str

    def __bool__(self) -> bool:
        return bool(self.codes or self.names)


def concept_of(resource: Json, others: Iterable[Json] = ()) -> Concept:
    """What a resource is of; a medication that it refers to is looked for in it and among the others."""
    found = [node for place in _PLACES if isinstance(node := resource.get(place), Mapping)]
    medication = _referred(resource, others)
    if medication is not None and isinstance(medication.get("code"), Mapping):
        found.append(medication["code"])
    codes = {
        (str(one["system"]), str(one["code"]))
        for node in found
        for one in _codings(node)
        if isinstance(one.get("system"), str) and isinstance(one.get("code"), str)
    }
    texts = [text for node in found for text in _texts(node)]
    shown = next(iter(texts), next((code for _, code in sorted(codes)), ""))
    return Concept(frozenset(codes), tuple(dict.fromkeys(_folded(one) for one in texts if one.strip())), shown)


def _referred(resource: Json, others: Iterable[Json]) -> Json | None:
    node = resource.get("medicationReference")
    said = node.get("reference") if isinstance(node, Mapping) else None
    if not isinstance(said, str):
        return None
    contained = resource.get("contained")
    held = contained if isinstance(contained, list) else []
    if said.startswith("#"):
        return next((one for one in held if isinstance(one, Mapping) and one.get("id") == said[1:]), None)  # type: ignore[return-value]
    name = said.rpartition("Medication/")[2].partition("/")[0]
    return next((one for one in others if one.get("resourceType") == "Medication" and one.get("id") == name), None)


def _codings(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = node.get("coding")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _texts(node: Mapping[str, Any]) -> list[str]:
    found = [node.get("text"), *(one.get("display") for one in _codings(node))]
    return [one for one in found if isinstance(one, str) and one.strip()]


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def same(one: Concept, other: Concept) -> str:
    """How two are the same: "by_code", "by_name", or "" where nothing says so.

    Only what is equal counts: no knowledge of ingredients and brands is at hand, and none is made up.
    """
    if one.codes & other.codes:
        return "by_code"
    return "by_name" if set(one.names) & set(other.names) else ""


def atc_group(one: Concept, other: Concept) -> str:
    """The chemical subgroup of the ATC classification that both are of, "" where there is none."""
    groups = [
        {code[:_SUBGROUP] for system, code in concept.codes if system.startswith(ATC) and len(code) >= _SUBGROUP}
        for concept in (one, other)
    ]
    return next(iter(sorted(groups[0] & groups[1])), "")


def inside(substance: Concept, product: Concept) -> str:
    """How a substance (of an allergy) is in a product: as `same`, by its name as words of the product's, or by ATC."""
    if how := same(substance, product):
        return how
    for system, code in substance.codes:
        if (
            system.startswith(ATC)
            and len(code) >= 3
            and any(s == system and c.startswith(code) for s, c in product.codes)
        ):
            return "by_atc"
    names = {_bare(name) for name in substance.names}
    return "by_name" if any(_is_in(name, other) for name in names for other in product.names) else ""


def _bare(name: str) -> str:
    """The substance of an allergy's name: "Allergy to penicillin (finding)" is of penicillin."""
    return _ALLERGY.sub("", _AFTER.sub("", name)).strip()


def _is_in(name: str, other: str) -> bool:
    if name.isascii():
        return len(name) >= _SHORTEST and re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", other) is not None
    return len(name) >= _SHORTEST_CHINESE and name in other
