"""FHIR: update, patch and delete of what a search finds (http://hl7.org/fhir/R4/http.html#cond-update).

The condition stands in the address, so it may name nobody; one by an identifier is an entry of a Bundle, whose
addresses are in its body.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from suwen.consult.fhir.rest import (
    Asked,
    identifying,
    parse_asked,
    patch_where,
    require_selective,
    update_where,
    withdraw_where,
)
from suwen.errors import ConflictError, FormatError, Problem
from suwen.server.fhir import answers
from suwen.server.fhir.asked import Body, FhirRoute, asking_of, base_of, prefers, relative
from suwen.server.fhir.described import DELETED, PATCHED_WHERE, UPDATED_WHERE
from suwen.server.fhir.outcomes import outcome, outcome_for
from suwen.server.fhir.reading import Kind
from suwen.server.fhir.writing import NO_WITHDRAWING, IfMatch, patch_of, resource_of, tag_of, who_of

__all__ = ["router"]

router = APIRouter(prefix="/fhir", tags=["FHIR R4"], route_class=FhirRoute, default_response_class=Response)


@router.put("/{kind}", operation_id="updateByCondition", openapi_extra=dict(UPDATED_WHERE))
def update(request: Request, kind: Kind, body: Body, if_match: IfMatch = "") -> Response:
    """Write the next version of the one resource that answers the parameters, or file a new one where none does."""
    sent = asking_of(request)
    who = who_of(sent, kind, "u", "c")
    resource = resource_of(request, kind, body, base_of(sent.house))
    if isinstance(resource, Response):
        return resource
    where = _condition(request, kind, base_of(sent.house))
    if isinstance(where, Response):
        return where
    try:
        done = update_where(sent.rest, who, resource, where, expected=tag_of(if_match))
    except ConflictError as changed:
        return outcome_for(changed, status=412)
    return answers.written(base_of(sent.house), done, prefers(request))


@router.patch("/{kind}", operation_id="patchByCondition", openapi_extra=dict(PATCHED_WHERE))
def patch(request: Request, kind: Kind, body: Body, if_match: IfMatch = "") -> Response:
    """Write the next version of the one resource that answers the parameters as a JSON Patch of it."""
    sent = asking_of(request)
    who = who_of(sent, kind, "u")
    operations = patch_of(request, body)
    if isinstance(operations, Response):
        return operations
    where = _condition(request, kind, base_of(sent.house))
    if isinstance(where, Response):
        return where
    try:
        done = patch_where(sent.rest, who, where, operations, expected=tag_of(if_match))
    except ConflictError as changed:
        return outcome_for(changed, status=412)
    if done is None:
        return outcome(404, f"no {kind} of here answers the condition")
    return answers.written(base_of(sent.house), done, prefers(request))


@router.delete("/{kind}", operation_id="deleteByCondition", status_code=204, openapi_extra=dict(DELETED))
def delete(request: Request, kind: Kind, if_match: IfMatch = "") -> Response:
    """Withdraw the one resource that answers the parameters; where none does, nothing is done."""
    sent = asking_of(request)
    if kind == "Patient":
        return outcome(405, NO_WITHDRAWING)
    who = who_of(sent, kind, "d")
    where = _condition(request, kind, base_of(sent.house))
    if isinstance(where, Response):
        return where
    try:
        gone = withdraw_where(sent.rest, who, where, expected=tag_of(if_match))
    except ConflictError as several:
        return outcome_for(several, status=412)
    return Response(status_code=204, headers={} if gone is None else {"etag": answers.etag(gone)})


def _condition(request: Request, kind: str, base: str) -> Asked | Response:
    query = request.url.query
    if named := identifying(kind, query):
        remedy = f"send it as an entry of a Bundle, with the address {kind}?... in its request"
        problems = [Problem(one, "may name a person and does not belong into an address", remedy) for one in named]
        return outcome(400, "", problems=problems)
    if not query:
        return outcome(400, "say by parameters which resource is meant")
    try:
        return require_selective(parse_asked(kind, relative(query, base)))
    except FormatError as wrong:
        return outcome_for(wrong, status=400)
