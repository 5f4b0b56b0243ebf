"""FHIR: read, vread, history, search and $everything (http://hl7.org/fhir/R4/http.html)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Path, Query, Request, Response

from suwen.consult.fhir.rest import (
    EVERY_ELEMENT,
    Page,
    everything,
    identifying,
    parse_asked,
    parse_shown,
    read_resource,
    read_version,
    resource_history,
    search_page,
    search_resources,
)
from suwen.errors import FormatError, NotFoundError, Problem
from suwen.server.fhir import answers
from suwen.server.fhir.asked import (
    Asking,
    Body,
    FhirRoute,
    asking_of,
    base_of,
    is_lenient,
    refused,
    relative,
    since_of,
)
from suwen.server.fhir.described import CONDITIONAL, FORM, SEARCHED
from suwen.server.fhir.outcomes import outcome, outcome_for

__all__ = ["Id", "Kind", "router"]

router = APIRouter(prefix="/fhir", tags=["FHIR R4"], route_class=FhirRoute, default_response_class=Response)

Kind = Annotated[str, Path(description="Type of resource", json_schema_extra={"pattern": "^[A-Z][A-Za-z]{1,60}$"})]
Id = Annotated[str, Path(description="Logical id", json_schema_extra={"pattern": r"^[A-Za-z0-9\-.]{1,64}$"})]
Elements = Annotated[str, Query(alias="_elements", description="Names of elements to be shown, by commas")]
Summary = Annotated[str, Query(alias="_summary", description="true, text, data or false")]
Since = Annotated[str, Query(alias="_since", description="Only what changed since this instant")]
_PAGE = "_page"
_OF_EVERYTHING = ("_type", "_count", "_since", "_elements", "_summary")
_NO_INSTANT = "_since is no instant: write YYYY-MM-DDThh:mm:ss+hh:mm"
_MOST = 1000


@router.get("/Patient/{id_}/$everything", operation_id="patientEverything")
def patient_everything(
    request: Request,
    id_: Id,
    kinds: Annotated[str, Query(alias="_type", description="Types of resource, by commas")] = "",
    count: Annotated[str, Query(alias="_count", description="Resources of a page")] = "",
    since: Since = "",
    elements: Elements = "",
    summary: Summary = "",
) -> Response:
    """Everything in a patient's chart that the caller may see, in pages."""
    sent = asking_of(request)
    who = sent.who("Patient", "r")
    size = int(count) if count.isascii() and count.isdigit() and 0 < len(count) < 6 else 200
    at = since_of(since)
    if at is None:
        return outcome(400, _NO_INSTANT)
    if wrong := refused(request, _OF_EVERYTHING):
        return wrong
    try:
        shown = parse_shown(elements, summary)
    except FormatError as unclear:
        return outcome_for(unclear, status=400)
    page = everything(
        sent.rest,
        who,
        id_,
        kinds=[one for one in kinds.split(",") if one],
        since=at,
        size=max(1, min(size, _MOST)),
        shown=shown,
    )
    here = f"{base_of(sent.house)}/Patient/{id_}/$everything"
    return answers.fhir(_set(sent, "Patient", page, here))


@router.get("/{kind}", operation_id="search", openapi_extra=dict(SEARCHED))
def search(request: Request, kind: Kind) -> Response:
    """Search by parameters that name nobody; the others go into the body of POST _search."""
    sent = asking_of(request)
    query = request.url.query
    if named := identifying(kind, query):
        return _in_the_open(kind, named)
    return _search(request, sent, kind, query, in_address=True)


@router.post("/{kind}/_search", operation_id="searchByPost", openapi_extra=dict(FORM))
def search_by_post(request: Request, kind: Kind, body: Body) -> Response:
    """Search with parameters in the body, as a form."""
    sent = asking_of(request)
    if body and not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return outcome(415, "the parameters of a search are sent as application/x-www-form-urlencoded")
    if named := identifying(kind, request.url.query):
        return _in_the_open(kind, named)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return outcome(400, "the parameters are not UTF-8; percent-encode them")
    joined = "&".join(part for part in (request.url.query, text) if part)
    return _search(request, sent, kind, joined, in_address=False)


def _in_the_open(kind: str, named: list[str]) -> Response:
    remedy = f"send them in the body of POST /fhir/{kind}/_search"
    problems = [Problem(one, "may name a person and does not belong into an address", remedy) for one in named]
    return outcome(400, "", problems=problems)


def _search(request: Request, sent: Asking, kind: str, text: str, *, in_address: bool) -> Response:
    who = sent.who(kind, "s")
    base = base_of(sent.house)
    tokens = [value for name, value in parse_qsl(text, errors="replace") if name == _PAGE]
    if tokens:
        try:
            page = search_page(sent.rest, who, tokens[0])
        except NotFoundError as over:
            return outcome_for(over, status=410)
        return answers.fhir(_set(sent, kind, page, f"{base}/{kind}?{urlencode({_PAGE: tokens[0]})}"))
    try:
        asked = parse_asked(kind, relative(text, base), lenient=is_lenient(request))
    except FormatError as wrong:
        return outcome_for(wrong, status=400)
    # What was asked for in a body stays out of every address that we write.
    shown = (f"?{asked.used}" if asked.used else "") if in_address else "/_search"
    page = search_resources(sent.rest, who, asked)
    return answers.fhir(_set(sent, kind, page, f"{base}/{kind}{shown}", asked.ignored))


def _set(sent: Asking, kind: str, page: Page, here: str, ignored: Sequence[str] = ()) -> dict[str, object]:
    base = base_of(sent.house)
    following = f"{base}/{kind}?{urlencode({_PAGE: page.following})}" if page.following else ""
    return answers.searchset(base, page, here=here, following=following, ignored=ignored)


@router.get("/{kind}/{id_}", operation_id="read", openapi_extra=dict(CONDITIONAL))
def read(request: Request, kind: Kind, id_: Id, elements: Elements = "", summary: Summary = "") -> Response:
    """The newest version of a resource."""
    sent = asking_of(request)
    who = sent.who(kind, "r")
    try:
        shown = parse_shown(elements, summary) if elements or summary else EVERY_ELEMENT
    except FormatError as wrong:
        return outcome_for(wrong, status=400)
    return answers.one(request, read_resource(sent.rest, who, kind, id_), shown=shown)


@router.get("/{kind}/{id_}/_history", operation_id="history")
def history(
    request: Request,
    kind: Kind,
    id_: Id,
    count: Annotated[str, Query(alias="_count", description="At most so many")] = "",
    since: Since = "",
) -> Response:
    """Every version of a resource, the newest first."""
    sent = asking_of(request)
    who = sent.who(kind, "r")
    at = since_of(since)
    if at is None:
        return outcome(400, _NO_INSTANT)
    if wrong := refused(request, ("_count", "_since")):
        return wrong
    every = resource_history(sent.rest, who, kind, id_)
    found = [one for one in every if one.at >= at]
    shown = found[: int(count)] if count.isascii() and count.isdigit() and len(count) < 6 else found
    return answers.fhir(answers.history(base_of(sent.house), shown, total=len(found), first=every[-1]))


@router.get("/{kind}/{id_}/_history/{number}", operation_id="vread")
def vread(
    request: Request,
    kind: Kind,
    id_: Id,
    number: Annotated[str, Path(description="Number of the version")],
) -> Response:
    """One version of a resource."""
    sent = asking_of(request)
    who = sent.who(kind, "r")
    found = read_version(sent.rest, who, kind, id_, number)
    return answers.one(request, found)
