"""Answers of FHIR: a resource with its version in the headers, a Bundle of many, what was written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from email.utils import formatdate, parsedate_to_datetime

from fastapi import Request, Response

from suwen.consult.fhir.rest import Page, Version, Written, instant
from suwen.formats.fhir import Json, render
from suwen.formats.fhir.checking.shapes import resource_shape
from suwen.server.fhir.outcomes import FHIR_JSON, outcome, outcome_tree

__all__ = ["bundle", "etag", "fhir", "history", "narrowed", "one", "searchset", "written"]


def fhir(tree: Json, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A resource as an answer."""
    return Response(render(tree), status, headers, media_type=FHIR_JSON)


def etag(version: Version) -> str:
    """The version of a resource as the header has it."""
    return f'W/"{version.number}"'


def _headers(version: Version) -> dict[str, str]:
    when = {"last-modified": formatdate(version.at // 1_000_000, usegmt=True)} if version.at else {}
    return {"etag": etag(version), **when}


def one(request: Request, version: Version, *, elements: Sequence[str] = ()) -> Response:
    """A version of a resource, or that the client has it already, or that it was withdrawn."""
    headers = _headers(version)
    if version.resource is None:
        return outcome(410, f"this {version.kind} was withdrawn; its versions are in its history", headers)
    if _has_it(request, version):
        return Response(status_code=304, headers=headers)
    return fhir(narrowed(version.resource, elements), headers=headers)


def _has_it(request: Request, version: Version) -> bool:
    """Conditional read (http://hl7.org/fhir/R4/http.html#cread); a tag counts before a time (RFC 9110, 13.2.2)."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return etag(version) in {part.strip() for part in tags.split(",")} or tags.strip() == "*"
    since = request.headers.get("if-modified-since")
    if since is None or not version.at:
        return False
    try:
        return version.at // 1_000_000 <= parsedate_to_datetime(since).timestamp()
    except (ValueError, OverflowError, TypeError):
        return False


def narrowed(resource: Json, elements: Sequence[str]) -> Json:
    """A resource with some of its elements and those that R4 demands, marked as a part."""
    if not elements:
        return resource
    kind = str(resource["resourceType"])
    shape = resource_shape(kind)
    needed = {one.name for one in shape.required} if shape is not None else set()
    needed |= (
        {name for choice in shape.required_choices for name in shape.choices[choice]} if shape is not None else set()
    )
    kept = {*elements, *needed, "resourceType", "id", "meta"}
    part = {name: value for name, value in resource.items() if name.removeprefix("_") in kept}
    tags = [*part["meta"].get("tag", []), _SUBSETTED] if isinstance(part.get("meta"), dict) else [_SUBSETTED]
    return part | {"meta": {**part.get("meta", {}), "tag": tags}}


_SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}


def bundle(kind: str, entries: Iterable[Json], *, total: int | None = None, links: Sequence[Json] = ()) -> Json:
    """A Bundle; without entries it has no such element."""
    found = list(entries)
    made: Json = {"resourceType": "Bundle", "type": kind}
    made |= {"total": total} if total is not None else {}
    made |= {"link": list(links)} if links else {}
    return made | ({"entry": found} if found else {})


def searchset(base: str, page: Page, *, here: str, following: str, elements: Sequence[str] = ()) -> Json:
    """A page of a search; `here` and `following` are its links, "" for none."""
    entries = [
        {
            "fullUrl": f"{base}/{version.local}",
            "resource": narrowed(version.resource or {}, elements),
            "search": {"mode": mode},
        }
        for mode, versions in (("match", page.matches), ("include", page.included))
        for version in versions
        if version.resource is not None
    ]
    links = [{"relation": name, "url": url} for name, url in (("self", here), ("next", following)) if url]
    return bundle("searchset", entries, total=page.total, links=links)


def history(base: str, versions: Sequence[Version], *, total: int) -> Json:
    """Versions of a resource, the newest first."""
    first = versions[-1] if versions else None
    return bundle(
        "history", [_past(base, one, oldest=one is first and len(versions) == total) for one in versions], total=total
    )


def _past(base: str, version: Version, *, oldest: bool) -> Json:
    method = "DELETE" if version.resource is None else "POST" if oldest else "PUT"
    url = version.kind if oldest else version.local
    status = "201" if oldest else "204" if version.resource is None else "200"
    entry: Json = {"fullUrl": f"{base}/{version.local}"}
    entry |= {"resource": version.resource} if version.resource is not None else {}
    entry["request"] = {"method": method, "url": url}
    entry["response"] = {"status": status, "etag": etag(version), "lastModified": instant(version.at)}
    return entry


def written(base: str, done: Written, preference: str) -> Response:
    """What became of a resource that was sent."""
    version = done.version
    headers = {**_headers(version), "location": f"{base}/{version.local}/_history/{version.number}"}
    status = 201 if done.fresh else 200
    if preference == "minimal":
        return Response(status_code=status, headers=headers)
    if preference == "OperationOutcome":
        said = "created" if done.fresh else "it is as it was" if done.same else "updated"
        tree = outcome_tree(status, said)
        tree["issue"][0] |= {"severity": "information", "code": "informational"}
        return fhir(tree, status, headers)
    return fhir(version.resource or {}, status, headers)
