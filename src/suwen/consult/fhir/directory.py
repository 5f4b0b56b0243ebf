"""The directory of the house: practitioners, organisations, places and other FHIR resources about no patient."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from suwen.consult.fhir.held import digest, place_of
from suwen.consult.fhir.imported import Imported
from suwen.errors import FormatError, Problem
from suwen.formats.fhir import Entry, Stored
from suwen.formats.fhir.compartment import sort_by_patient
from suwen.formats.fhir.documents import Document
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.audit import EventKind
from suwen.records.gate import Records, Work
from suwen.records.people import Actor
from suwen.records.store import documents as sealed
from suwen.subject import Saying

__all__ = [
    "NO_PATIENT",
    "REMEDY",
    "file_entries",
    "import_directory",
    "list_directory",
    "may_file",
    "opened_from",
    "stored_from",
    "type_tag",
]

_KIND = "directory"
_LISTED = 500  # documents named by one audit entry
NO_PATIENT = Saying("is about no patient", "不涉及任何患者")
REMEDY = Saying(
    "import it with the one patient it came with, or let the administrator file it in the directory",
    "请与其所属的患者一并导入，或由管理员归入院内目录",
)


def import_directory(
    actor: Actor, records: Records, document: Document | Sequence[Entry], *, source: str = ""
) -> Imported:
    """File the resources of a document in the directory, all or none.

    Raises AccessError (the administrator keeps the directory), FormatError when some are about patients: what the
    administrator may not see must not come in by this door.
    """
    entries = document.entries if isinstance(document, Document) else tuple(document)
    found = sort_by_patient(entries, source=source)
    ours = set(map(id, found.unplaced))
    about = [one for one in entries if id(one) not in ours]
    problems = [
        *(
            Problem(
                one.where,
                "is about a patient",
                "let who treats the patient import it",
                zh_what="涉及患者",
                zh_remedy="请由诊治该患者的人员导入",
            )
            for one in about
        )
    ]
    problems += found.problems
    if problems:
        raise FormatError("the document is not for the directory:", problems, zh="该文档不能归入院内目录：")
    with records.acting(actor, Purpose.OPERATIONS) as work:
        filed = file_entries(work, found.unplaced, source)
    return Imported(unchanged=len(found.unplaced) - filed, directory=filed)


def list_directory(actor: Actor, records: Records, *, purpose: Purpose = Purpose.TREATMENT) -> tuple[Stored, ...]:
    """Every resource of the directory, by type and id. Raises AccessError.

    The purpose is treatment or an emergency for clinicians, operations for the administrator.
    """
    with records.acting(actor, purpose) as work:
        work.require(Act.VIEW, ResourceKind.DIRECTORY)
        found = [opened_from(one) for one in work.store.documents.find(work.connection, _KIND)]
        work.note(EventKind.QUERY, act=Act.VIEW.value, detail={"what": "directory", "found": len(found)})
        return tuple(sorted(found, key=place_of))


def may_file(work: Work) -> bool:
    """Whether the actor of a piece of work may keep the directory; for operations, whatever the work is for."""
    return _for_operations(work).permits(Act.MANAGE, ResourceKind.DIRECTORY)


def file_entries(work: Work, entries: Iterable[Entry], source: str) -> int:
    """File resources within a transaction; how many were new or changed. A changed one replaces what was there.

    Raises AccessError.
    """
    operating = _for_operations(work)
    operating.require(Act.MANAGE, ResourceKind.DIRECTORY)
    written = [name for one in entries if (name := _file(operating, stored_from(one, source)))]
    for low in range(0, len(written), _LISTED):
        detail = {"what": "directory", "records": written[low : low + _LISTED]}
        operating.note(EventKind.SEAL, act=Act.MANAGE.value, detail=detail)
    return len(written)


def stored_from(entry: Entry, source: str) -> Stored:
    """A resource as it will lie in its record: its own server is the source, or else the one given."""
    server, mark, _ = entry.full_url.rpartition(f"/{entry.kind}/")
    return Stored(entry.resource, entry.full_url, server if mark and ":" in server else source.rstrip("/"))


def _file(work: Work, stored: Stored) -> str:
    """Id and revision of the document that was written, "" where the same was there."""
    documents, place = work.store.documents, place_of(stored)
    id_ = work.store.keys.blind.tag(_KIND, hashlib.sha256(place.encode()).hexdigest())  # the tag itself folds case
    first = type_tag(work, stored.kind)
    known = documents.get(work.connection, _KIND, id_) if documents.exists(work.connection, _KIND, id_) else None
    if known is not None and digest(opened_from(known).resource) == digest(stored.resource):
        return ""
    # As text: what puts documents into JSON would lose the digits of numbers.
    content = {"format": 1, "resource": stored.to_bytes().decode()}
    revision = known.revision if known is not None else 0
    documents.put(work.connection, sealed.Document(_KIND, id_, content, first, None, revision))
    return f"{id_.hex()}:{revision + 1}"


def type_tag(work: Work, kind: str) -> bytes:
    """By which tag the resources of a type are found in the directory."""
    return work.store.keys.blind.tag(f"{_KIND} type", kind)


def opened_from(document: sealed.Document) -> Stored:
    """The resource in a document of the directory. Raises FormatError."""
    if document.content.get("format") != 1:
        raise FormatError(
            "the directory was filed by a newer Suwen; install it", zh="院内目录由更新版本的 Suwen 归档；请升级"
        )
    return Stored.from_bytes(document.content["resource"].encode())


def _for_operations(work: Work) -> Work:
    """The same actor in the same transaction, keeping the house: nothing of the directory is done to treat anybody."""
    operating = Work(work.records, work.transaction, work.actor, Purpose.OPERATIONS)
    operating.principal = work.principal
    return operating
