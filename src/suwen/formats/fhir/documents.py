"""Reads whole FHIR R4 documents, a Bundle or one resource, and writes resources as a Bundle again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from suwen.errors import FormatError, Problem
from suwen.formats.decode import decode, unpack
from suwen.formats.document import MAX_PROBLEMS, Place, finish
from suwen.formats.fhir.checking.members import text
from suwen.formats.fhir.checking.shapes import resource_shape
from suwen.formats.fhir.checking.validate import check
from suwen.formats.fhir.nouns import Entry, Json
from suwen.formats.fhir.stored import Stored
from suwen.formats.fhir.tree import canonical, parse_tree

__all__ = ["Document", "read_document", "write_bundle"]

_CLAIM = "FHIR document"
_RESTFUL = re.compile(r"/(?P<kind>[A-Z][A-Za-z]*)/(?P<id>[A-Za-z0-9\-.]{1,64})$")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read: `kind` is the type of the Bundle (`collection` ...), or `resource` for a single one.

    `remarks` says what was noticed and is no fault: unknown elements (kept), entries without a resource, doubles.
    """

    kind: str
    entries: tuple[Entry, ...] = field(repr=False)
    remarks: tuple[Problem, ...]


def read_document(data: bytes) -> Document:
    """Read a Bundle or a single resource of FHIR R4 in JSON, plain or packed with gzip or xz.

    Every resource is checked (see `validate`), and kept as it is, digit by digit.

    Raises FormatError: with all problems and their paths, at most 1,000 of them.
    """
    tree = parse_tree(decode(unpack(data)))
    if not isinstance(tree, dict) or not isinstance(tree.get("resourceType"), str):
        raise FormatError(
            f"not a {_CLAIM}: an object with a resourceType is expected",
            zh=f"不是 {_CLAIM}：须为含 resourceType 的对象",
        )
    checked = check(tree)
    problems, remarks = list(checked.problems), list(checked.remarks)
    is_bundle = tree["resourceType"] == "Bundle"
    entries = list(_entries(tree, problems, remarks)) if is_bundle else [Entry(tree)]
    kept = tuple(_once(entries, problems, remarks))
    finish(Place(tree, "", problems[:MAX_PROBLEMS]), _CLAIM)
    kind = str(tree.get("type")) if is_bundle else "resource"
    return Document(kind, kept, tuple(remarks[:MAX_PROBLEMS]))


def _entries(bundle: Json, problems: list[Problem], remarks: list[Problem]) -> Iterator[Entry]:
    entries = bundle.get("entry")
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        where = f"entry[{number}].resource"
        if not isinstance(resource, dict):
            remarks.append(Problem(f"entry[{number}]", "has no resource, and is left out", zh_what="没有资源，已略过"))
        elif resource.get("resourceType") == "Bundle":
            problems.append(
                Problem(
                    where,
                    "a Bundle within a Bundle",
                    "give each Bundle as a document of its own",
                    zh_what="Bundle 中嵌套了 Bundle",
                    zh_remedy="请将各 Bundle 作为单独文档给出",
                )
            )
        else:
            found = Entry(resource, text(entry, "fullUrl"), where)
            if not _agrees(found):
                what = "names another resource than that in its entry: their type or id differ"
                chinese = "所称资源与条目中的不同：类型或 id 不符"
                problems.append(Problem(f"entry[{number}].fullUrl", what, zh_what=chinese))
            yield found


def _agrees(entry: Entry) -> bool:
    """The fullUrl SHALL NOT disagree with the id in the resource (http://hl7.org/fhir/R4/bundle.html)."""
    match = _RESTFUL.search(entry.full_url)
    if match is None or resource_shape(match["kind"]) is None:
        return True
    return match["kind"] == entry.kind and entry.id in {"", match["id"]}


def _once(entries: Iterable[Entry], problems: list[Problem], remarks: list[Problem]) -> Iterator[Entry]:
    """Leave out what stands twice; two different resources under one name are a problem."""
    known: dict[str, tuple[Entry, bytes]] = {}
    for entry in entries:
        content = canonical(entry.resource)
        twins = [known[name] for name in _names(entry) if name in known]
        if not twins:
            known.update((name, (entry, content)) for name in _names(entry))
            yield entry
        elif all(other == content for _, other in twins):
            remarks.append(
                Problem(
                    entry.where,
                    f"is the same as {twins[0][0].where}, and is left out",
                    zh_what=f"与 {twins[0][0].where} 相同，已略过",
                )
            )
        else:
            first = next(twin for twin, other in twins if other != content)
            what = f"has the address or the type and id of {first.where}, and other content"
            chinese = f"与 {first.where} 的地址或类型和 id 相同，而内容不同"
            problems.append(
                Problem(
                    entry.where,
                    what,
                    "give each resource once, in its newest version",
                    zh_what=chinese,
                    zh_remedy="每个资源请只给出一次，取最新版本",
                )
            )


def _names(entry: Entry) -> list[str]:
    local = f"{entry.kind}/{entry.id}" if entry.id else ""
    return [name for name in dict.fromkeys((entry.full_url, local)) if name]


def write_bundle(
    stored: Iterable[Stored], *, kind: Literal["collection", "transaction", "searchset"], total: int | None = None
) -> Json:
    """Make a Bundle of resources that passes `check`; `total` is that of a searchset, of which this may be one page.

    An entry keeps its fullUrl. Where it had none, it is the address at its source, or `urn:uuid:` and an id that is a
    UUID. In a transaction, a resource with an id is PUT there, and one without is created by POST.
    """
    bundle: Json = {"resourceType": "Bundle", "type": kind}
    if total is not None and kind == "searchset":
        bundle["total"] = total
    entries = [_entry(one, kind) for one in stored]
    return bundle | ({"entry": entries} if entries else {})


def _entry(stored: Stored, kind: str) -> Json:
    address = stored.full_url or _address(stored)
    entry: dict[str, Any] = {"fullUrl": address} if address else {}
    entry["resource"] = stored.resource
    if kind == "searchset":
        entry["search"] = {"mode": "match"}
    elif kind == "transaction":
        entry["request"] = _request(stored)
    return entry


def _address(stored: Stored) -> str:
    id_ = stored.resource.get("id")
    if not isinstance(id_, str) or not id_:
        return ""
    if stored.source:
        return f"{stored.source.rstrip('/')}/{stored.kind}/{id_}"
    return f"urn:uuid:{id_}" if _UUID.fullmatch(id_) else ""


def _request(stored: Stored) -> Json:
    id_ = stored.resource.get("id")
    if id_:
        return {"method": "PUT", "url": f"{stored.kind}/{id_}"}
    return {"method": "POST", "url": stored.kind}
