"""A resource that comes back as it is kept: what was only said for here is said again as its source said it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from suwen.consult.fhir.rest.names import OWN
from suwen.consult.fhir.rest.served import served_from
from suwen.consult.fhir.rest.wholes import Whole
from suwen.formats.fhir import Json, Stored, canonical
from suwen.formats.fhir.compartment import references

__all__ = ["local_references", "without_version", "written_back"]

_VERSIONS = frozenset({"versionId", "lastUpdated", "_versionId", "_lastUpdated"})


def without_version(resource: Json) -> Json:
    """A resource without the version and time that some server gave it: here they are those of its record."""
    meta = resource.get("meta")
    if not isinstance(meta, dict):
        return resource
    kept = {name: value for name, value in meta.items() if name not in _VERSIONS}
    rest = {name: (kept if name == "meta" else value) for name, value in resource.items()}
    if not kept:
        del rest["meta"]
    return rest


def local_references(resource: Json) -> list[str]:
    """The references of a resource that are of this server's form, without versions."""
    plain = (one.partition("/_history/")[0] for one in references(resource))
    return [one for one in dict.fromkeys(plain) if OWN.fullmatch(one)]


def written_back(whole: Whole, before: Stored | None, resource: Json) -> Stored:
    """What is kept of a resource that was read here, changed and sent again: under the id and source it came with."""
    plain = without_version(resource)
    if before is None:
        return Stored(plain)
    said: dict[bytes, Json] = {}
    for now, then in _pairs(served_from(whole, before), before.resource):
        said.setdefault(canonical(now), then)
        if "reference" in now:
            said.setdefault(canonical({"reference": now["reference"]}), then)
    back = _again(plain, said)
    rest = {name: value for name, value in back.items() if name not in {"resourceType", "id"}}
    id_ = before.resource.get("id")
    named = {"resourceType": back["resourceType"], **({"id": id_} if id_ else {})}
    return Stored({**named, **rest}, before.full_url, before.source)


def _pairs(now: Any, then: Any) -> Iterator[tuple[Json, Json]]:
    """Each reference as it is served and as it is kept; the two trees have one shape but for those."""
    if isinstance(then, dict) and isinstance(now, dict):
        if isinstance(then.get("reference"), str) and now != then:
            yield now, then
            return
        for name, value in then.items():
            yield from _pairs(now.get(name), value)
    elif isinstance(then, list) and isinstance(now, list):
        for one, other in zip(now, then, strict=False):
            yield from _pairs(one, other)


def _again(value: Any, said: dict[bytes, Json]) -> Any:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str) or "identifier" in value:
            known = said.get(canonical(value))
            if known is not None:
                return known
            only = said.get(canonical({"reference": value["reference"]})) if "reference" in value else None
            if only is not None:
                return {**value, "reference": only["reference"]}
        return {name: _again(inner, said) for name, inner in value.items()}
    if isinstance(value, list):
        return [_again(inner, said) for inner in value]
    return value
