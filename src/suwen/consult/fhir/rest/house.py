"""The directory of the house over REST: practitioners, organisations and places, read by ids and pointed at."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from sqlalchemy import select

from suwen.consult.fhir.directory import opened_from, type_tag
from suwen.consult.fhir.rest.names import Named
from suwen.consult.fhir.rest.nouns import Version
from suwen.errors import NotFoundError
from suwen.formats.fhir import Json, Stored
from suwen.records.access import Act, ResourceKind
from suwen.records.audit import EventKind
from suwen.records.gate import Work
from suwen.records.store.tables import DOCUMENT

__all__ = ["Elsewhere", "address_key", "condition_key", "holds_kind", "house_version", "house_versions"]

_KIND = "directory"
_LASTS = 60.0  # seconds until a change of the directory is seen in what points at it


def address_key(source: str, reference: str) -> bytes:
    """What an address in resources of a source is remembered by: its digest, for it may be an id of a person."""
    return hashlib.sha256(f"{source.rstrip('/')}\x00{reference}".encode()).digest()[:16]


def condition_key(kind: str, system: str, value: str) -> bytes:
    """What a reference by identifier is remembered by."""
    return hashlib.sha256(f"?\x00{kind}\x00{system}\x00{value}".encode()).digest()[:16]


class Elsewhere:
    """What references point at that lies in no chart: addresses and identifiers of the directory, no content."""

    def __init__(self) -> None:
        self._known: Mapping[bytes, Named] = MappingProxyType({})
        self._until = float("-inf")
        self._lock = threading.Lock()

    def of(self, work: Work) -> Mapping[bytes, Named]:
        """Every address of the directory, as it was at most a minute ago."""
        now = work.store.clock()
        with self._lock:
            if now >= self._until:
                self._known = MappingProxyType(dict(_addresses(work)))
                self._until = now + _LASTS
            return self._known


def _addresses(work: Work) -> Iterator[tuple[bytes, Named]]:
    for document in work.store.documents.find(work.connection, _KIND):
        stored = opened_from(document)
        name = Named(stored.kind, b"", document.id)
        id_ = stored.resource.get("id")
        if isinstance(id_, str) and id_:
            yield address_key(stored.source, f"{stored.kind}/{id_}"), name
            yield address_key("", f"{stored.kind}/{id_}"), name
        if stored.full_url:
            yield address_key("", stored.full_url), name
        yield from ((condition_key(stored.kind, *one), name) for one in _identifiers(stored))


def _identifiers(stored: Stored) -> Iterator[tuple[str, str]]:
    found = stored.resource.get("identifier")
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict) and isinstance(one.get("value"), str):
            yield str(one.get("system", "")), one["value"]


def house_version(work: Work, known: Mapping[bytes, Named], name: Named) -> Version:
    """A resource of the directory, its references within it as they hold here. Raises AccessError, NotFoundError."""
    work.require(Act.VIEW, ResourceKind.DIRECTORY)
    documents = work.store.documents
    if not documents.exists(work.connection, _KIND, name.record):
        raise NotFoundError(f"there is no {name.kind} with this id")
    document = documents.get(work.connection, _KIND, name.record)
    stored = opened_from(document)
    if stored.kind != name.kind:
        raise NotFoundError(f"there is no {name.kind} with this id")
    work.note(EventKind.QUERY, act=Act.VIEW.value, detail={"what": "directory", "records": [name.id]})
    number = str(document.revision)
    return Version(name.kind, name.id, number, 0, _served(stored, known, name, number))


def holds_kind(work: Work, kind: str) -> bool:
    """Whether anything of a type is filed in the directory; nothing is opened to know it."""
    here = (DOCUMENT.c.kind == _KIND, DOCUMENT.c.first == type_tag(work, kind))
    return work.connection.execute(select(DOCUMENT.c.id).where(*here).limit(1)).first() is not None


def house_versions(work: Work, known: Mapping[bytes, Named], kind: str) -> Iterator[tuple[Named, Version]]:
    """Every resource of a type in the directory, after its decision; what of them is told is for the caller to note."""
    for document in work.store.documents.find(work.connection, _KIND, first=type_tag(work, kind)):
        stored = opened_from(document)
        if stored.kind == kind:
            name, number = Named(kind, b"", document.id), str(document.revision)
            yield name, Version(kind, name.id, number, 0, _served(stored, known, name, number))


def _served(stored: Stored, known: Mapping[bytes, Named], name: Named, number: str) -> Json:
    rest = {member: one for member, one in stored.resource.items() if member not in {"resourceType", "id", "meta"}}
    turned = {member: _turned(one, known, stored.source) for member, one in rest.items()}
    return {"resourceType": name.kind, "id": name.id, "meta": {"versionId": number}, **turned}


def _turned(value: object, known: Mapping[bytes, Named], source: str) -> object:
    if isinstance(value, dict):
        said = value.get("reference")
        if isinstance(said, str):
            found = known.get(address_key(source, said)) or known.get(address_key("", said))
            value = {**value, "reference": found.local} if found is not None else value
        return {name: _turned(one, known, source) for name, one in value.items()}
    return [_turned(one, known, source) for one in value] if isinstance(value, list) else value
