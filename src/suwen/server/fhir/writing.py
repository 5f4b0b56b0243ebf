"""FHIR: create, update, patch, delete and $validate (http://hl7.org/fhir/R4/http.html)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from suwen.consult.fhir.rest import (
    Change,
    Limits,
    Operation,
    Who,
    create_resource,
    kept_apart,
    parse_asked,
    patch_resource,
    read_patch,
    require_selective,
    update_resource,
    withdraw_resource,
)
from suwen.errors import ConflictError, FormatError, Problem
from suwen.formats.fhir import Json, check
from suwen.server.fhir import answers
from suwen.server.fhir.asked import (
    Asking,
    Body,
    FhirRoute,
    asking_of,
    base_of,
    is_json,
    json_of,
    localised,
    prefers,
    relative,
    tree_of,
)
from suwen.server.fhir.described import PATCHED, READ, RESOURCE
from suwen.server.fhir.outcomes import issues_of, outcome, outcome_for
from suwen.server.fhir.reading import Id, Kind

__all__ = ["NO_WITHDRAWING", "UNREAD", "IfMatch", "patch_of", "resource_of", "router", "tag_of", "who_of"]

router = APIRouter(prefix="/fhir", tags=["FHIR R4"], route_class=FhirRoute, default_response_class=Response)

IfMatch = Annotated[str, Header(alias="if-match", description='Version that was read, as W/"3"')]
IfNoneExist = Annotated[str, Header(alias="if-none-exist", description="Parameters of a search")]
NO_WITHDRAWING = "a Patient is not withdrawn; the security officer erases records by destroying their key"
UNREAD = 'say which version you read: If-Match: W/"..."; else somebody else\'s change would be lost'
_NO_JSON = "send a resource as application/fhir+json in UTF-8"
_PATCH = frozenset({"application/json-patch+json"})


@router.post("/{kind}/$validate", operation_id="validate", openapi_extra=dict(RESOURCE))
def validate(request: Request, kind: Kind, body: Body) -> Response:
    """Whether a resource is valid FHIR R4; nothing is kept."""
    asking_of(request, looked_up=True)
    if not is_json(request):
        return outcome(415, _NO_JSON)
    try:
        resource = _inner(tree_of(body))
    except FormatError as wrong:
        return outcome_for(wrong, status=400)
    checked = check(resource)
    problems = list(checked.problems)
    if resource.get("resourceType") != kind:
        problems.append(Problem("", "the resource is of another type than the address"))
    issues = issues_of(problems, "invalid") + issues_of(checked.remarks, "informational", "warning")
    valid = {"severity": "information", "code": "informational", "diagnostics": "valid FHIR R4"}
    return answers.fhir({"resourceType": "OperationOutcome", "issue": issues or [valid]})


def _inner(tree: Json) -> Json:
    """The resource of Parameters, or the resource itself."""
    if tree["resourceType"] != "Parameters":
        return tree
    parts = tree.get("parameter")
    for one in parts if isinstance(parts, list) else ():
        if isinstance(one, dict) and one.get("name") == "resource" and isinstance(one.get("resource"), dict):
            found: Json = one["resource"]
            return found
    raise FormatError("the Parameters name no resource")


@router.post("/{kind}", operation_id="create", status_code=201, openapi_extra=dict(RESOURCE))
def create(request: Request, kind: Kind, body: Body, if_none_exist: IfNoneExist = "") -> Response:
    """File a new resource; the server gives it its id."""
    sent = asking_of(request)
    who = who_of(sent, kind, "c") if if_none_exist else sent.who(kind, "c")
    resource = resource_of(request, kind, body, base_of(sent.house))
    if isinstance(resource, Response):
        return resource
    condition = relative(if_none_exist.partition("?")[2] or if_none_exist, base_of(sent.house))
    try:
        unless = require_selective(parse_asked(kind, condition)) if if_none_exist else None
    except FormatError as wrong:
        return outcome_for(wrong, status=400)
    try:
        done = create_resource(sent.rest, who, resource, unless=unless)
    except ConflictError as several:
        return outcome_for(several, status=412 if unless is not None else 409)
    return answers.written(base_of(sent.house), done, prefers(request))


@router.put("/{kind}/{id_}", operation_id="update", openapi_extra=dict(READ))
def update(request: Request, kind: Kind, id_: Id, body: Body, if_match: IfMatch = "") -> Response:
    """Write the next version of a resource; which one was read says If-Match."""
    sent = asking_of(request)
    who = sent.who(kind, "u")
    resource = resource_of(request, kind, body, base_of(sent.house))
    if isinstance(resource, Response):
        return resource
    if not if_match:
        return outcome(428, UNREAD)
    try:
        done = update_resource(sent.rest, who, Change(kind, id_, resource, tag_of(if_match)))
    except ConflictError as changed:
        return outcome_for(changed, status=412)
    return answers.written(base_of(sent.house), done, prefers(request))


@router.delete("/{kind}/{id_}", operation_id="delete", status_code=204)
def delete(request: Request, kind: Kind, id_: Id, if_match: IfMatch = "") -> Response:
    """Withdraw a resource; its versions stay in its history."""
    sent = asking_of(request)
    if kind == "Patient":
        return outcome(405, NO_WITHDRAWING)
    who = sent.who(kind, "d")
    try:
        gone = withdraw_resource(sent.rest, who, kind, id_, expected=tag_of(if_match))
    except ConflictError as changed:
        return outcome_for(changed, status=412)
    return Response(status_code=204, headers={"etag": answers.etag(gone)})


@router.patch("/{kind}/{id_}", operation_id="patch", openapi_extra=dict(PATCHED))
def patch(request: Request, kind: Kind, id_: Id, body: Body, if_match: IfMatch = "") -> Response:
    """Write the next version of a resource as a JSON Patch (RFC 6902) of the one that was read."""
    sent = asking_of(request)
    who = sent.who(kind, "u")
    operations = patch_of(request, body)
    if isinstance(operations, Response):
        return operations
    if not if_match:
        return outcome(428, UNREAD)
    try:
        done = patch_resource(sent.rest, who, kind, id_, operations, expected=tag_of(if_match))
    except ConflictError as changed:
        return outcome_for(changed, status=412)
    return answers.written(base_of(sent.house), done, prefers(request))


def who_of(sent: Asking, kind: str, act: str, *more: str) -> Who:
    """Who asks by a condition; an app has to be allowed to search too, for it learns whether something answers."""
    limits: Limits = sent.limits(kind, act)
    for one in (*more, "s"):
        narrower = sent.limits(kind, one)
        limits = narrower if narrower.patient else limits
    return Who(sent.caller.actor, sent.purpose, limits)


def patch_of(request: Request, body: bytes) -> tuple[Operation, ...] | Response:
    """The patch that was sent, or why it is not taken."""
    if not is_json(request, _PATCH):
        refused = outcome(415, "send a patch as application/json-patch+json (RFC 6902)")
        refused.headers["accept-patch"] = "application/json-patch+json"  # RFC 5789, 3.1
        return refused
    try:
        return read_patch(json_of(body))
    except FormatError as wrong:
        return outcome_for(wrong, status=400)


def tag_of(header: str) -> str:
    """The number of a version in a header of the form W/"3"."""
    return header.strip().removeprefix("W/").strip('"')


def resource_of(request: Request, kind: str, body: bytes, base: str) -> Json | Response:
    """The resource that was sent, its references to this server short, or why it is not taken."""
    if not is_json(request):
        return outcome(415, _NO_JSON)
    if kept_apart(kind):
        return outcome(404, "this is no type of resource that is kept here")
    try:
        resource = tree_of(body)
    except FormatError as wrong:
        return outcome_for(wrong, status=400)
    if resource["resourceType"] != kind:
        return outcome(400, "the resource is of another type than the address")
    found: Json = localised(resource, base)
    return found
