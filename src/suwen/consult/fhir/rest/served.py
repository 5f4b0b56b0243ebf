"""A stored resource as this server serves it: its id and version of here, every reference one that can be followed.

What a source wrote is not changed in the record. A reference to what the chart holds becomes `Type/id` of here; one
that points at nothing here becomes an absolute address at its source, or where none is known a logical reference
(http://hl7.org/fhir/R4/references.html#logical) by what it said.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from suwen.consult.fhir.exporting import registered
from suwen.consult.fhir.held import resource_in
from suwen.consult.fhir.rest.names import OWN, Named
from suwen.consult.fhir.rest.nouns import Version
from suwen.consult.fhir.rest.wholes import Whole
from suwen.errors import NotFoundError
from suwen.formats.fhir import Json, Stored
from suwen.records.demographics import KIND as DEMOGRAPHICS
from suwen.records.store.charts import Record

__all__ = ["instant", "resource_of", "served_from", "version_of"]

_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_PLACES = frozenset({"url", "uri", "valueUrl", "valueUri"})  # where a bundle's own addresses may stand as well
_CONDITION = re.compile(r"(?P<kind>[A-Z][A-Za-z]+)\?identifier=(?:(?P<system>[^|&]*)\|)?(?P<value>[^|&]+)")
_TYPED = re.compile(r"(?P<kind>[A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}")
_URI = "urn:ietf:rfc3986"


def instant(microseconds: int) -> str:
    """A time of the store as an instant of FHIR, to the millisecond."""
    at = _1970 + timedelta(milliseconds=microseconds // 1000)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def version_of(whole: Whole, name: Named, record: Record) -> Version:
    """What a version of a record is as a served resource; without one where it was withdrawn."""
    if record.kind == DEMOGRAPHICS and not record.withdrawn:
        resource = registered(record).stored.resource
        number = f"r{record.version}"
    else:
        stored = resource_in(record)
        resource = {} if stored is None else served_from(whole, stored)
        number = str(record.version)
    if record.withdrawn:
        return Version(name.kind, name.id, number, record.at)
    if not resource:
        raise NotFoundError(f"there is no {name.kind} with this id")
    return Version(name.kind, name.id, number, record.at, resource_of(resource, name.id, number, record.at))


def resource_of(resource: Json, id_: str, version: str, at: int) -> Json:
    """A resource with the id, version and time of here; what else its source said of it stays."""
    rest = {member: value for member, value in resource.items() if member not in {"resourceType", "id", "meta"}}
    said = resource.get("meta")
    more = {name: one for name, one in said.items() if name not in _OURS} if isinstance(said, dict) else {}
    meta = {"versionId": version, "lastUpdated": instant(at), **more}
    return {"resourceType": resource["resourceType"], "id": id_, "meta": meta, **rest}


_OURS = frozenset({"versionId", "lastUpdated", "_versionId", "_lastUpdated"})


def served_from(whole: Whole, stored: Stored) -> Json:
    """A resource with its references as they hold here."""
    return {name: _turned(value, whole, stored.source, name) for name, value in stored.resource.items()}


def _turned(value: Any, whole: Whole, source: str, member: str) -> Any:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            value = _followed(value, whole, source)
        return {name: _turned(inner, whole, source, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_turned(inner, whole, source, member) for inner in value]
    if member in _PLACES and isinstance(value, str) and (found := whole.target(source, value)):
        return found.local
    return value


def _followed(node: Json, whole: Whole, source: str) -> Json:
    said = node["reference"]
    plain = said.partition("/_history/")[0]
    found = whole.target(source, plain) or whole.target("", plain)
    if found is not None:
        return {**node, "reference": found.local}
    if said.startswith(("#", "http://", "https://")) or OWN.fullmatch(plain):
        return node
    if source.startswith(("http://", "https://")) and _TYPED.fullmatch(plain):
        return {**node, "reference": f"{source.rstrip('/')}/{plain}"}
    return _logical(node, said, whole)


def _logical(node: Json, said: str, whole: Whole) -> Json:
    rest = {name: one for name, one in node.items() if name not in {"reference", "_reference"}}
    condition, typed = _CONDITION.fullmatch(said), _TYPED.match(said)
    if condition:
        system = unquote(condition["system"] or "")
        value = unquote(condition["value"])
        if found := whole.identified(condition["kind"], system, value):
            return {**node, "reference": found.local}
        identifier = {**({"system": system} if system else {}), "value": value}
        return {"type": condition["kind"], "identifier": identifier, **rest}
    identifier = {"system": _URI, "value": said} if said.startswith("urn:") else {"value": said}
    return {**({"type": typed["kind"]} if typed else {}), "identifier": identifier, **rest}
