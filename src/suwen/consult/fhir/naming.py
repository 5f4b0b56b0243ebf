"""Names for resources that leave their bundles: every one has an id, every reference in its chart is `Type/id`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from suwen.consult.fhir.held import Held, digest
from suwen.formats.fhir import Json

__all__ = ["Names", "named"]

# Elements that a bundle's own addresses may stand in: http://hl7.org/fhir/R4/bundle.html#references. Not the value of
# an identifier, which may be the very same urn:uuid.
_POINTING = frozenset({"reference", "url", "uri", "valueUrl", "valueUri"})


@dataclass(slots=True)
class Names:
    """`Type/id` of everything written so far, with a digest (16 bytes) of what it is."""

    taken: dict[str, bytes] = field(default_factory=dict)


def named(chart: Sequence[Held], names: Names) -> Iterator[Json]:
    """The resources of one chart with ids and references for a world in which `names` are taken, adding theirs.

    One that was written already with the same content (an Organization that came with several patients) is left out.
    Where two systems give one id to different resources, the later is called by its record's id.
    """
    called = {_key(one): f"{one.stored.kind}/{_id(one)}" for one in chart}
    targets = _map(chart, called)
    plain = [_renamed(one, called[_key(one)], targets) for one in chart]
    here: dict[str, bytes] = {}
    for one, resource in zip(chart, plain, strict=True):
        name, seen = called[_key(one)], digest(resource)
        if names.taken.get(name, here.setdefault(name, seen)) != seen:
            called[_key(one)] = f"{one.stored.kind}/{one.record.hex()}"
    targets = _map(chart, called)
    for one in chart:
        name = called[_key(one)]
        resource = _renamed(one, name, targets)
        if name not in names.taken:
            names.taken[name] = digest(resource)
            yield resource


def _key(one: Held) -> bytes:
    return one.record


def _id(one: Held) -> str:
    id_ = one.stored.resource.get("id")
    return id_ if isinstance(id_, str) and id_ else one.record.hex()


def _map(chart: Sequence[Held], called: Mapping[bytes, str]) -> dict[tuple[str, str], str]:
    """What a reference becomes, by the source of the resource it stands in: ids of two systems may be the same."""
    found = {}
    for one in chart:
        name, source = called[_key(one)], one.stored.source
        if one.stored.full_url.startswith("urn:"):
            found[source, one.stored.full_url] = name
        if one.stored.full_url:  # resources of no source, which were written here, point at those of any
            found.setdefault(("", one.stored.full_url), name)
        found[source, f"{one.stored.kind}/{_id(one)}"] = name
    return found


def _renamed(one: Held, name: str, targets: Mapping[tuple[str, str], str]) -> Json:
    id_ = name.rpartition("/")[2]
    rest = {
        member: _pointed(value, one.stored.source, targets, member) for member, value in one.stored.resource.items()
    }
    if rest.get("id") == id_:
        return rest
    kind = rest.pop("resourceType")
    rest.pop("id", None)
    return {"resourceType": kind, "id": id_, **rest}


def _pointed(value: Any, source: str, targets: Mapping[tuple[str, str], str], member: str) -> Any:
    if isinstance(value, dict):
        return {name: _pointed(inner, source, targets, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_pointed(inner, source, targets, member) for inner in value]
    if member in _POINTING and isinstance(value, str):
        return targets.get((source, value), value)
    return value
