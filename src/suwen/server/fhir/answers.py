"""Answers of FHIR: a resource with its version in the headers, a Bundle of many, what was written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from email.utils import formatdate, parsedate_to_datetime
from functools import cache

from fastapi import Request, Response

from suwen.consult.fhir.rest import EVERY_ELEMENT, Page, Shown, Version, Written, instant
from suwen.formats.fhir import Json, render
from suwen.formats.fhir.checking.shapes import Shape, resource_shape
from suwen.formats.fhir.searching.summaries import summary_of
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


def one(request: Request, version: Version, *, shown: Shown = EVERY_ELEMENT) -> Response:
    """A version of a resource, or that the client has it already, or that it was withdrawn."""
    headers = _headers(version)
    if version.resource is None:
        return outcome(410, f"this {version.kind} was withdrawn; its versions are in its history", headers)
    if _has_it(request, version):
        return Response(status_code=304, headers=headers)
    return fhir(narrowed(version.resource, shown), headers=headers)


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


def narrowed(resource: Json, shown: Shown) -> Json:
    """A resource with some of its elements and those that R4 demands, marked as a part."""
    if shown == EVERY_ELEMENT:
        return resource
    kind = str(resource["resourceType"])
    part = {name: value for name, value in resource.items() if _is_shown(kind, name.removeprefix("_"), shown)}
    meta = part.get("meta")
    tags = [*meta.get("tag", []), _SUBSETTED] if isinstance(meta, dict) else [_SUBSETTED]
    return part | {"meta": {**part.get("meta", {}), "tag": tags}}


def _is_shown(kind: str, name: str, shown: Shown) -> bool:
    """http://hl7.org/fhir/R4/search.html#summary; elements that were named are shown beside a summary too."""
    if name in _ALWAYS or name in shown.elements or name in _demanded(kind):
        return True
    match shown.summary:
        case "true":
            return _in_summary(kind, name)
        case "data":
            return name != "text"
        case "text":
            return name == "text"
    return False


@cache
def _demanded(kind: str) -> frozenset[str]:
    """What a resource of a type must have, of a choice whatever it may be."""
    shape = resource_shape(kind)
    if shape is None:
        return frozenset()
    chosen = (name for choice in shape.required_choices for name in shape.choices[choice])
    return frozenset({*(one.name for one in shape.required), *chosen})


@cache
def _in_summary(kind: str, name: str) -> bool:
    summary, shape = summary_of(kind), resource_shape(kind)
    return name in summary or (shape is not None and f"{_choice(shape, name)}*" in summary)


def _choice(shape: Shape, name: str) -> str:
    element = shape.elements.get(name)
    return element.choice if element is not None else ""


_ALWAYS = frozenset({"resourceType", "id", "meta", "implicitRules"})
_SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}


def bundle(kind: str, entries: Iterable[Json], *, total: int | None = None, links: Sequence[Json] = ()) -> Json:
    """A Bundle; without entries it has no such element."""
    found = list(entries)
    made: Json = {"resourceType": "Bundle", "type": kind}
    made |= {"total": total} if total is not None else {}
    made |= {"link": list(links)} if links else {}
    return made | ({"entry": found} if found else {})


def searchset(base: str, page: Page, *, here: str, following: str, ignored: Sequence[str] = ()) -> Json:
    """A page of a search; `here` and `following` are its links, "" for none; what was passed over is said in it."""
    entries: list[Json] = [
        {
            "fullUrl": f"{base}/{version.local}",
            "resource": narrowed(version.resource or {}, page.shown),
            "search": {"mode": mode},
        }
        for mode, versions in (("match", page.matches), ("include", page.included))
        for version in versions
        if version.resource is not None
    ]
    entries += [_passed_over(ignored)] if ignored else []
    links = [{"relation": name, "url": url} for name, url in (("self", here), ("next", following)) if url]
    return bundle("searchset", entries, total=page.total, links=links)


def _passed_over(names: Sequence[str]) -> Json:
    """Threat: a condition that is silently left out shows what was not asked for, and nobody knows."""
    said = f"not known here and passed over, as was asked for: {', '.join(names)}"
    issue = {"severity": "warning", "code": "not-supported", "diagnostics": said}
    return {"resource": {"resourceType": "OperationOutcome", "issue": [issue]}, "search": {"mode": "outcome"}}


def history(base: str, versions: Sequence[Version], *, total: int, first: Version | None) -> Json:
    """Versions of a resource, the newest first; `first` is the one that created it."""
    return bundle("history", [_past(base, one, oldest=one is first) for one in versions], total=total)


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
